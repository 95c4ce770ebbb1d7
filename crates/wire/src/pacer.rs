//! When a cell leaves, and when a silent stream counts as dead.
//!
//! All times are milliseconds of one monotonic clock, whose zero is the caller's.
//! (`docs/protocol.md`, "Pacer".)

/// An `off` sender that had nothing to say for so long sends a keep-alive cell.
pub const KEEP_ALIVE_MS: u64 = 30_000;

/// A stream without a cell for so long is dead, if its sender's mode is `calm` or `off`.
pub const DEAD_AFTER_SLOW_MS: u64 = 75_000;

/// A stream without a cell for so long is dead, if its sender's mode is `constant` or `lively`.
pub const DEAD_AFTER_MS: u64 = 15_000;

/// How a sender paces its cells, as it announces in the first frame of each link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Cells leave when there is something to say; a keep-alive when there long wasn't. Shows
    /// whoever watches the line when something is said, and about how much.
    Off,
    /// One cell a second.
    Calm,
    /// Five cells a second.
    Constant,
    /// Twenty cells a second.
    Lively,
}

impl Mode {
    /// The mode as announced on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Off => 0,
            Self::Calm => 1,
            Self::Constant => 2,
            Self::Lively => 3,
        }
    }

    /// The mode that a code announces, if any does.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Off),
            1 => Some(Self::Calm),
            2 => Some(Self::Constant),
            3 => Some(Self::Lively),
            _ => None,
        }
    }

    /// Cells that leave in a second whether or not there is something to say; 0 for [`Mode::Off`].
    #[must_use]
    pub const fn cells_per_second(self) -> u32 {
        match self {
            Self::Off => 0,
            Self::Calm => 1,
            Self::Constant => 5,
            Self::Lively => 20,
        }
    }

    /// Milliseconds without a cell after which a stream from such a sender is dead.
    #[must_use]
    pub const fn dead_after(self) -> u64 {
        match self {
            Self::Off | Self::Calm => DEAD_AFTER_SLOW_MS,
            Self::Constant | Self::Lively => DEAD_AFTER_MS,
        }
    }
}

/// The sending side of a link in mode [`Mode::Off`].
#[derive(Clone, Copy, Debug)]
pub struct KeepAlive {
    last: u64,
}

impl KeepAlive {
    /// The link's first cell left now.
    #[must_use]
    pub const fn new(now: u64) -> Self {
        Self { last: now }
    }

    /// A cell left now, of whatever kind.
    pub const fn sent(&mut self, now: u64) {
        self.last = now;
    }

    /// When a keep-alive cell is to leave, if none does before.
    #[must_use]
    pub const fn due_at(&self) -> u64 {
        self.last.saturating_add(KEEP_ALIVE_MS)
    }

    /// True if a keep-alive cell is to leave now.
    #[must_use]
    pub const fn is_due(&self, now: u64) -> bool {
        now >= self.due_at()
    }
}

/// The receiving side of a link: hears, or no longer hears, the other side.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    mode: Mode,
    last: u64,
}

impl Watch {
    /// The link's first cell came now, and announced the sender's mode.
    #[must_use]
    pub const fn new(mode: Mode, now: u64) -> Self {
        Self { mode, last: now }
    }

    /// A cell came now, of whatever kind.
    pub const fn received(&mut self, now: u64) {
        self.last = now;
    }

    /// When the link will be dead, if no cell comes before.
    #[must_use]
    pub const fn dead_at(&self) -> u64 {
        self.last.saturating_add(self.mode.dead_after())
    }

    /// True if the link is dead: close it.
    #[must_use]
    pub const fn is_dead(&self, now: u64) -> bool {
        now >= self.dead_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keep_alive_is_due_thirty_seconds_after_the_last_cell() {
        let mut sender = KeepAlive::new(1_000);
        assert!(!sender.is_due(30_999));
        assert!(sender.is_due(31_000));
        sender.sent(20_000);
        assert!(!sender.is_due(49_999));
        assert_eq!(sender.due_at(), 50_000);
        assert!(sender.is_due(50_000));
    }

    #[test]
    fn a_stream_dies_by_its_senders_mode() {
        for (mode, after) in [
            (Mode::Off, 75_000),
            (Mode::Calm, 75_000),
            (Mode::Constant, 15_000),
            (Mode::Lively, 15_000),
        ] {
            let mut watch = Watch::new(mode, 5);
            watch.received(10);
            assert!(!watch.is_dead(9 + after), "{mode:?}");
            assert!(watch.is_dead(10 + after), "{mode:?}");
        }
    }

    #[test]
    fn two_keep_alives_may_be_lost_before_a_stream_is_dead() {
        assert!(2 * KEEP_ALIVE_MS < Mode::Off.dead_after());
    }

    #[test]
    fn a_clock_that_stands_at_its_end_is_no_overflow() {
        assert!(KeepAlive::new(u64::MAX).is_due(u64::MAX));
        assert!(!Watch::new(Mode::Off, u64::MAX).is_dead(0));
    }

    #[test]
    fn each_code_is_one_mode() {
        let modes: Vec<_> = (0..=255).filter_map(Mode::from_code).collect();
        assert_eq!(modes, [Mode::Off, Mode::Calm, Mode::Constant, Mode::Lively]);
        assert!(modes.iter().all(|mode| Mode::from_code(mode.code()) == Some(*mode)));
        let rates: Vec<_> = modes.iter().map(|mode| mode.cells_per_second()).collect();
        assert_eq!(rates, [0, 1, 5, 20]);
    }
}
