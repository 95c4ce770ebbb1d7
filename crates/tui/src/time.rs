//! Days and times as people read them, from seconds since 1970.

const DAY: i64 = 86_400;

/// A wall-clock moment in local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Local(i64);

impl Local {
    /// The moment `wall` (seconds since 1970, UTC) where local time is `offset` seconds ahead.
    pub(crate) fn new(wall: u64, offset: i32) -> Self {
        Self(i64::try_from(wall).unwrap_or(i64::MAX / 2).saturating_add(i64::from(offset)))
    }

    /// The number of the day, to compare days by.
    pub(crate) fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    /// Hours and minutes: `14:02`.
    pub(crate) fn time(self) -> String {
        let minutes = self.0.rem_euclid(DAY) / 60;
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// The day in words: `Friday 20 November`, with the year if it is not that of `today`.
    pub(crate) fn date(self, today: Self) -> String {
        const WEEKDAYS: [&str; 7] =
            ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let (year, month, day) = civil(self.day());
        let weekday = usize::try_from(self.day().rem_euclid(7)).unwrap_or_default();
        let weekday = WEEKDAYS.get(weekday).copied().unwrap_or_default();
        let month = MONTHS.get(month).copied().unwrap_or_default();
        if year == civil(today.day()).0 {
            format!("{weekday} {day} {month}")
        } else {
            format!("{weekday} {day} {month} {year}")
        }
    }
}

/// Year, month from 0, and day from 1, of a day counted from 1 January 1970. Years are counted
/// from March here, so that the leap day is a year's last.
fn civil(day: i64) -> (i64, usize, i64) {
    let shifted = day.saturating_add(719_468); // from 1 March of year 0
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    let year = year_of_era + era * 400 + i64::from(month < 2);
    (year, usize::try_from(month).unwrap_or_default(), day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_around_leap_days_and_years() {
        let today = Local::new(1_795_176_000, 0);
        let cases = [
            (0, "Thursday 1 January 1970"),
            (951_782_399, "Monday 28 February 2000"),
            (951_782_400, "Tuesday 29 February 2000"),
            (951_868_800, "Wednesday 1 March 2000"),
            (1_735_689_599, "Tuesday 31 December 2024"),
            (1_735_689_600, "Wednesday 1 January 2025"),
            (4_107_542_400, "Monday 1 March 2100"),
            (1_795_176_000, "Friday 20 November"),
        ];
        for (wall, text) in cases {
            assert_eq!(Local::new(wall, 0).date(today), text);
        }
    }

    #[test]
    fn local_time_is_offset_and_never_overflows() {
        assert_eq!(Local::new(1_795_176_000, 0).time(), "12:00");
        assert_eq!(Local::new(1_795_176_000, -5 * 3600).time(), "07:00");
        assert_eq!(Local::new(0, -60).time(), "23:59");
        assert_eq!(Local::new(0, -60).day(), -1);
        let far = Local::new(u64::MAX, i32::MAX);
        assert!(!far.date(far).is_empty());
    }
}
