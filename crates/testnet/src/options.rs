//! What a private network is made of.

use std::time::Duration;

/// Half an hour in seconds: C tor wants a whole number of votes in it.
const HALF_HOUR: u16 = 1800;

/// C tor ignores the consensus parameter `hsdir_interval` on a testing network and takes this number of voting
/// intervals for a time period: twelve rounds in each of the two phases of the shared-random protocol.
pub(crate) const VOTES_PER_TIME_PERIOD: u64 = 24;

/// The parts of a network and how long to wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Directory authorities; 3 by default, at least 1.
    pub authorities: u8,
    /// Plain relays; 6 by default. A client takes its paths from these alone, because authorities are never measured,
    /// so fewer than 5 leave too few for an onion service.
    pub relays: u8,
    /// C tor clients with a SOCKS and a control port; none by default. They take up to 90 s more.
    pub clients: u8,
    /// Time between two consensuses.
    pub interval: VotingInterval,
    /// How long [`Network::start`](crate::Network::start) waits for a usable consensus; 4 min by default, which leaves
    /// room for some lost rounds on a busy machine.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            authorities: 3,
            relays: 6,
            clients: 0,
            interval: VotingInterval::default(),
            patience: Duration::from_secs(240),
        }
    }
}

/// Time between two consensuses, in whole seconds; 60 s by default.
///
/// A time period of onion services is 24 intervals long, and a service can be missing for up to one consensus download
/// after a switch of periods, so a short interval meets more of these gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VotingInterval(u16);

impl Default for VotingInterval {
    fn default() -> Self {
        Self(60)
    }
}

impl VotingInterval {
    /// Takes an interval of `seconds` if both Tor implementations accept it.
    ///
    /// # Errors
    /// [`IntervalError`] unless it divides half an hour, is at least 20 s (both voting delays must fit into its half)
    /// and 24 of it are whole minutes (the embedded client counts time periods in minutes).
    pub const fn from_seconds(seconds: u16) -> Result<Self, IntervalError> {
        let legal =
            seconds >= 20 && HALF_HOUR.is_multiple_of(seconds) && (24 * seconds).is_multiple_of(60);
        if legal { Ok(Self(seconds)) } else { Err(IntervalError(seconds)) }
    }

    /// The interval in seconds.
    #[must_use]
    pub const fn seconds(self) -> u16 {
        self.0
    }

    /// How long an authority waits for votes, and then for signatures, in seconds. Generous, because on a busy machine
    /// a vote that comes later is a lost round; both delays together must stay below half the interval.
    pub(crate) fn delay(self) -> u16 {
        (self.0 / 5).min(6)
    }

    /// Length of a run of the shared-random protocol, in seconds.
    pub(crate) fn shared_random_run(self) -> u64 {
        VOTES_PER_TIME_PERIOD * u64::from(self.0)
    }
}

/// The voting interval is none that Tor accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a voting interval of {0} s isn't possible: take 20, 25, 30, 40, 45, 50, 60, 75, 90, 100, 120, 150, 180, 200, \
     225, 300, 360, 450, 600, 900 or 1800"
)]
pub struct IntervalError(u16);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legal_intervals_are_those_that_the_error_names() {
        let named = IntervalError(0).to_string();
        let (_, list) = named.split_once("take ").unwrap();
        let named: Vec<u16> = list
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|word| word.parse().ok())
            .collect();
        let legal: Vec<u16> =
            (0..=2000).filter(|&s| VotingInterval::from_seconds(s).is_ok()).collect();
        assert_eq!(legal, named);
    }

    #[test]
    fn both_delays_fit_into_half_of_each_legal_interval() {
        for interval in (0..=1800).filter_map(|s| VotingInterval::from_seconds(s).ok()) {
            assert!(interval.delay() >= 4 && 2 * interval.delay() < interval.seconds().div_ceil(2));
        }
    }

    #[test]
    fn a_minute_of_voting_gives_runs_of_24_minutes() {
        assert_eq!(VotingInterval::default().shared_random_run(), 1440);
    }
}
