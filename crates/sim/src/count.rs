//! What came up in a run, counted.

use std::fmt;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A connection was lost with bytes under way.
    Cut,
    /// A connection went dead without a word.
    Hole,
    /// One direction fell behind the other by seconds.
    Reorder,
    /// Both directions were late by seconds.
    Delay,
    /// A packet was lost without its connection.
    Loss,
    /// A frame came twice in a row.
    Duplicate,
    /// A frame of an earlier moment came once more.
    Replay,
    /// A crash before a commit, with inputs handled.
    CrashBefore,
    /// A crash in a commit.
    CrashDuring,
    /// A crash after a commit, before, between or after its effects.
    CrashAfter,
    /// A commit that failed because the disk was full.
    DiskFull,
    /// The wall clock went ahead by hours.
    ClockForward,
    /// The wall clock went back by hours.
    ClockBack,
    /// The monotonic clock leapt by hours.
    Leap,
    /// A machine lost its network.
    Offline,
    /// A disk was replaced by an old copy of it.
    Restore,
    /// A machine was put back to an old copy, random numbers included.
    Rewind,
    /// The liar said something.
    Lie,
}

impl Fault {
    /// All kinds, in the order of their counts.
    pub const ALL: [Self; 18] = [
        Self::Cut,
        Self::Hole,
        Self::Reorder,
        Self::Delay,
        Self::Loss,
        Self::Duplicate,
        Self::Replay,
        Self::CrashBefore,
        Self::CrashDuring,
        Self::CrashAfter,
        Self::DiskFull,
        Self::ClockForward,
        Self::ClockBack,
        Self::Leap,
        Self::Offline,
        Self::Restore,
        Self::Rewind,
        Self::Lie,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Cut => "connections cut",
            Self::Hole => "connections gone dead",
            Self::Reorder => "directions reordered",
            Self::Delay => "delays",
            Self::Loss => "packets lost on the way",
            Self::Duplicate => "duplicates",
            Self::Replay => "replays",
            Self::CrashBefore => "crashes before a commit",
            Self::CrashDuring => "crashes in a commit",
            Self::CrashAfter => "crashes after a commit",
            Self::DiskFull => "commits on a full disk",
            Self::ClockForward => "clocks put ahead by hours",
            Self::ClockBack => "clocks put back by hours",
            Self::Leap => "leaps of a sleeping machine",
            Self::Offline => "machines without network",
            Self::Restore => "restored disks",
            Self::Rewind => "rewound machines",
            Self::Lie => "lies",
        }
    }
}

/// What came up in one run or in many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Runs.
    pub runs: u64,
    /// Inputs that engines handled.
    pub inputs: u64,
    /// Transactions that were committed.
    pub commits: u64,
    /// Programs that fell down, those on a full disk aside.
    pub crashes: u64,
    /// Frames that did not arrive, or not whole.
    pub drops: u64,
    /// Texts that were taken by an engine.
    pub texts: u64,
    /// Texts that arrived.
    pub arrived: u64,
    /// By kind of fault.
    pub faults: [u64; Fault::ALL.len()],
}

impl Counts {
    pub(crate) fn fault(&mut self, fault: Fault) {
        self.faults[fault as usize] += 1;
        if matches!(fault, Fault::CrashBefore | Fault::CrashDuring | Fault::CrashAfter) {
            self.crashes += 1;
        }
    }

    /// How often a kind of fault came up.
    #[must_use]
    pub fn of(&self, fault: Fault) -> u64 {
        self.faults[fault as usize]
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        let Self { runs, inputs, commits, crashes, drops, texts, arrived, faults } = other;
        self.runs += runs;
        self.inputs += inputs;
        self.commits += commits;
        self.crashes += crashes;
        self.drops += drops;
        self.texts += texts;
        self.arrived += arrived;
        self.faults.iter_mut().zip(faults).for_each(|(sum, count)| *sum += count);
    }

    /// What is too little for these runs to show anything: inputs or crashes per run, or a kind of
    /// fault that came up less often than `least`.
    #[must_use]
    pub fn lacks(&self, inputs: u64, crashes: u64, least: u64) -> Vec<String> {
        let mut lacks = Vec::new();
        if self.inputs < self.runs.saturating_mul(inputs) {
            lacks.push(format!("fewer than {inputs} inputs in a run on average"));
        }
        if self.crashes < self.runs.saturating_mul(crashes) {
            lacks.push(format!("fewer than {crashes} crashes in a run on average"));
        }
        let rare = Fault::ALL.into_iter().filter(|fault| self.of(*fault) < least);
        lacks.extend(rare.map(|fault| format!("fewer than {least} {}", fault.name())));
        lacks
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, inputs, commits, crashes, drops, texts, arrived, faults: _ } = self;
        let counts = [
            ("runs", runs),
            ("inputs", inputs),
            ("commits", commits),
            ("crashes", crashes),
            ("dropped frames", drops),
            ("texts taken", texts),
            ("texts arrived", arrived),
        ];
        for (name, count) in counts {
            writeln!(f, "{count:>12}  {name}")?;
        }
        Fault::ALL
            .into_iter()
            .try_for_each(|fault| writeln!(f, "{:>12}  {}", self.of(fault), fault.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_little_is_said() {
        let mut counts = Counts { runs: 2, inputs: 599, crashes: 6, ..Counts::default() };
        counts.faults = [5; Fault::ALL.len()];
        assert_eq!(counts.lacks(300, 3, 5), ["fewer than 300 inputs in a run on average"]);
        counts.inputs = 600;
        assert_eq!(counts.lacks(300, 3, 5), [""; 0]);
        counts.crashes = 5;
        counts.faults[Fault::Lie as usize] = 4;
        let lacks = ["fewer than 3 crashes in a run on average", "fewer than 5 lies"];
        assert_eq!(counts.lacks(300, 3, 5), lacks);
    }

    #[test]
    fn each_fault_has_its_own_place() {
        let mut counts = Counts::default();
        for fault in Fault::ALL {
            counts.fault(fault);
        }
        assert_eq!(counts.faults, [1; Fault::ALL.len()]);
        assert_eq!(counts.crashes, 3);
        let mut twice = counts.clone();
        twice.add(&counts);
        assert!(twice.faults.iter().all(|count| *count == 2));
    }
}
