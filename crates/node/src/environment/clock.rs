//! Wall time as people read it.
//!
//! The local offset comes from `TZ` and `/etc/localtime`, read by a crate without C: the system's
//! own functions read the environment while other threads may change it. Where there is no time
//! zone, the caller shows UTC and says so.

use std::time::{SystemTime, UNIX_EPOCH};

use tz::TimeZone;

/// Seconds since 1970 in UTC, negative before.
#[must_use]
pub fn unix_now() -> i64 {
    let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs());
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => seconds(since).unwrap_or(i64::MAX),
        Err(before) => seconds(before.duration()).map_or(i64::MIN, |seconds| -seconds),
    }
}

/// Seconds that local time is ahead of UTC at a moment, `None` when the machine's time zone
/// can't be read.
///
/// It reads files: take it once at the start, or once an hour, not for each line.
#[must_use]
pub fn utc_offset_seconds(unix: i64) -> Option<i32> {
    let zone = match std::env::var("TZ") {
        // An empty variable means UTC, a missing one the machine's setting.
        Ok(text) if text.is_empty() => return Some(0),
        Ok(text) => TimeZone::from_posix_tz(&text).ok()?,
        Err(_) => TimeZone::local().ok()?,
    };
    Some(zone.find_local_time_type(unix).ok()?.ut_offset())
}

/// A moment as `2026-11-21 14:05`, at an offset in seconds ahead of UTC.
#[must_use]
pub fn date_and_time(unix: i64, offset: i32) -> String {
    let local = unix.saturating_add(offset.into());
    let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    // Years that begin in March, so that the leap day is a year's last: eras of 400 years.
    let days = days.saturating_add(719_468);
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

/// An offset as `+01:00`.
#[must_use]
pub fn offset_text(offset: i32) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (unix, text) in [
            (0, "1970-01-01 00:00"),
            (-1, "1969-12-31 23:59"),
            (951_782_399, "2000-02-28 23:59"),
            (951_782_400, "2000-02-29 00:00"),
            (951_868_800, "2000-03-01 00:00"),
            (1_795_269_900, "2026-11-21 14:05"),
            (4_107_542_399, "2100-02-28 23:59"),
            (4_107_542_400, "2100-03-01 00:00"),
        ] {
            assert_eq!(date_and_time(unix, 0), text);
        }
        assert_eq!(date_and_time(0, -3_600), "1969-12-31 23:00");
        assert_eq!(date_and_time(0, 20_700), "1970-01-01 05:45");
    }

    #[test]
    fn any_moment_has_a_date() {
        for unix in [i64::MIN, i64::MAX] {
            assert!(!date_and_time(unix, i32::MAX).is_empty());
            assert!(!date_and_time(unix, i32::MIN).is_empty());
        }
    }

    #[test]
    fn offsets_are_written_with_a_sign() {
        assert_eq!(offset_text(0), "+00:00");
        assert_eq!(offset_text(20_700), "+05:45");
        assert_eq!(offset_text(-12_600), "-03:30");
        assert_eq!(offset_text(i32::MIN).get(..1), Some("-"));
    }
}
