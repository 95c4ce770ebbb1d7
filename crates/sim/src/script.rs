//! What happens in a run, line by line; and how it is written down, so that a run can be repeated.

use std::fmt;
use std::str::FromStr;

/// Everything that happens in a run. The same script gives the same run to the last byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What keys, random numbers and delays come from.
    pub seed: u64,
    /// How many engines there are.
    pub engines: usize,
    /// Whether one more party is there that lies: the last one.
    pub liar: bool,
    /// What happens, one after the other.
    pub lines: Vec<Line>,
}

/// One line of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Milliseconds that pass before.
    pub wait: u64,
    /// What the delays after this line are drawn from, so that a line that is taken out of the script
    /// changes none of those.
    pub salt: u32,
    /// What happens.
    pub deed: Deed,
}

/// Something that happens. Parties are counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A user writes so many texts of at least so many bytes to another.
    Say(Way, u64, u64),
    /// A user answers a message of the other's; the how manieth newest, from 0, as in what follows.
    Reply(Way, u64),
    /// A user gives a message of theirs another text.
    Edit(Way, u64),
    /// A user takes a message of theirs back, if it has not left.
    Cancel(Way, u64),
    /// A user deletes a message of theirs on both sides.
    Delete(Way, u64),
    /// A user deletes a message of the other's on this side.
    Erase(Way, u64),
    /// A user answers a message with a sign; an odd number is one of theirs.
    React(Way, u64),
    /// A user has seen all that came from the other.
    Seen(Way),
    /// A user puts a timer of so many seconds on new messages; 0: none.
    Timer(Way, u32),
    /// A user keeps messages for so many seconds; 0: not at all; the highest number: for ever.
    Keep(Way, u32),
    /// A user wants the keys renewed at once.
    Heal(Way),
    /// A user blocks another for so many milliseconds.
    Block(Way, u64),
    /// A user says goodbye for ever.
    Leave(Way),
    /// A program is ended in order, and starts again after so many milliseconds.
    Stop(usize, u64),
    /// The next packet from the one to the other is lost, and soon after that the connection.
    Lose(Way),
    /// After so many further bytes from the one to the other the connection is lost.
    Cut(Way, u64),
    /// The connection goes dead for both, and neither is told.
    Hole(Way),
    /// For ten seconds everything from the one to the other takes so many milliseconds longer; what
    /// goes the other way doesn't.
    Slow(Way, u64),
    /// For ten seconds everything between the two takes so many milliseconds longer.
    Delay(Way, u64),
    /// The next frame from the one to the other comes twice.
    Twice(Way),
    /// A frame of an earlier moment, perhaps of an earlier connection, comes once more.
    Again(Way),
    /// The program falls down, and starts again after so many milliseconds.
    Crash(usize, Fall, u64),
    /// The next so many commits fail.
    Full(usize, u64),
    /// The wall clock is put forward or back by so many seconds.
    Clock(usize, i64),
    /// The machine sleeps: its monotonic clock leaps by so many seconds.
    Leap(usize, u64),
    /// No network for so many milliseconds.
    Offline(usize, u64),
    /// The disk is copied.
    Backup(usize),
    /// The program is ended and the disk replaced by the last copy of it.
    Restore(usize),
    /// The whole machine is put back to its last copy, random numbers included.
    Rewind(usize),
    /// The liar says something that no honest engine says.
    Lie(usize, Lie),
    /// Nothing goes wrong until all that waits must have arrived; then it is looked at.
    Calm,
}

/// From whom to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// The one.
    pub from: usize,
    /// The other.
    pub to: usize,
}

/// Where in the handling of its next inputs a program falls down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fall {
    /// So many inputs are handled, and nothing of that is stored or done.
    Before(u64),
    /// While the transaction is committed: the old state or the new one is there.
    During,
    /// All is stored, and so many effects are done.
    After(u64),
}

/// What a liar says. The number makes one lie of a kind differ from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// A text as it should be, so that there is something to lie about.
    Text,
    /// A text under the number of the one before.
    Repeated,
    /// A text under a number far ahead.
    Ahead,
    /// A text under a number a little ahead: there is a hole before it.
    Hole,
    /// A receipt for more than was ever sent.
    Receipt,
    /// A receipt for nothing, whatever came.
    Forgetful,
    /// A receipt with a window in which every second number is missing.
    Gaps,
    /// Bytes that are no payload.
    Garbage,
    /// A payload that is cut off.
    Short,
    /// A packet that the ratchet did not seal.
    Unsealed,
    /// A chunk of an epoch that nobody began.
    Chunk,
    /// A message of a check that nobody began.
    Check,
    /// A goodbye's confirmation without a goodbye.
    Seen,
    /// A frame of another kind in the middle of a conversation.
    Frame,
    /// Another text for a message that may not be there, or not be its own.
    Edit,
    /// The end of a message that may not be there, or not be its own.
    Delete,
    /// A sign on a message that may not be there; perhaps one that no terminal should see.
    React,
    /// Another timer, changed more often than ever before.
    Timer,
}

impl Lie {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Text,
        Self::Repeated,
        Self::Ahead,
        Self::Hole,
        Self::Receipt,
        Self::Forgetful,
        Self::Gaps,
        Self::Garbage,
        Self::Short,
        Self::Unsealed,
        Self::Chunk,
        Self::Check,
        Self::Seen,
        Self::Frame,
        Self::Edit,
        Self::Delete,
        Self::React,
        Self::Timer,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Repeated => "repeated",
            Self::Ahead => "ahead",
            Self::Hole => "hole",
            Self::Receipt => "receipt",
            Self::Forgetful => "forgetful",
            Self::Gaps => "gaps",
            Self::Garbage => "garbage",
            Self::Short => "short",
            Self::Unsealed => "unsealed",
            Self::Chunk => "chunk",
            Self::Check => "check",
            Self::Seen => "seen",
            Self::Frame => "frame",
            Self::Edit => "edit",
            Self::Delete => "delete",
            Self::React => "react",
            Self::Timer => "timer",
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let liar = if self.liar { " liar" } else { "" };
        writeln!(f, "seed {} engines {}{liar}", self.seed, self.engines)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{} ~{:x} {}", self.wait, self.salt, self.deed)
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.from, self.to)
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Say(way, count, length) => write!(f, "say {way} {count} {length}"),
            Self::Reply(way, back) => write!(f, "reply {way} {back}"),
            Self::Edit(way, back) => write!(f, "edit {way} {back}"),
            Self::Cancel(way, back) => write!(f, "cancel {way} {back}"),
            Self::Delete(way, back) => write!(f, "delete {way} {back}"),
            Self::Erase(way, back) => write!(f, "erase {way} {back}"),
            Self::React(way, back) => write!(f, "react {way} {back}"),
            Self::Seen(way) => write!(f, "seen {way}"),
            Self::Timer(way, seconds) => write!(f, "timer {way} {seconds}"),
            Self::Keep(way, seconds) => write!(f, "keep {way} {seconds}"),
            Self::Heal(way) => write!(f, "heal {way}"),
            Self::Block(way, time) => write!(f, "block {way} {time}"),
            Self::Leave(way) => write!(f, "leave {way}"),
            Self::Stop(node, down) => write!(f, "stop {node} {down}"),
            Self::Lose(way) => write!(f, "lose {way}"),
            Self::Cut(way, bytes) => write!(f, "cut {way} {bytes}"),
            Self::Hole(way) => write!(f, "hole {way}"),
            Self::Slow(way, by) => write!(f, "slow {way} {by}"),
            Self::Delay(way, by) => write!(f, "delay {way} {by}"),
            Self::Twice(way) => write!(f, "twice {way}"),
            Self::Again(way) => write!(f, "again {way}"),
            Self::Crash(node, Fall::Before(inputs), down) => {
                write!(f, "crash {node} before {inputs} {down}")
            }
            Self::Crash(node, Fall::During, down) => write!(f, "crash {node} during {down}"),
            Self::Crash(node, Fall::After(effects), down) => {
                write!(f, "crash {node} after {effects} {down}")
            }
            Self::Full(node, commits) => write!(f, "full {node} {commits}"),
            Self::Clock(node, by) => write!(f, "clock {node} {by}"),
            Self::Leap(node, by) => write!(f, "leap {node} {by}"),
            Self::Offline(node, time) => write!(f, "offline {node} {time}"),
            Self::Backup(node) => write!(f, "backup {node}"),
            Self::Restore(node) => write!(f, "restore {node}"),
            Self::Rewind(node) => write!(f, "rewind {node}"),
            Self::Lie(to, lie) => write!(f, "lie {to} {}", lie.name()),
            Self::Calm => f.write_str("calm"),
        }
    }
}

/// Why a text is no script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// Not `seed N engines N`, with `liar` behind it or not.
    #[error("a script begins with a line like: seed 7 engines 3 liar")]
    Head,
    /// A line that says nothing known.
    #[error("line {0} of the script can't be read; compare it with docs/simulator.md")]
    Line(usize),
    /// A party that isn't there, or one that has to do with itself.
    #[error("line {0} of the script names a party that isn't there")]
    Party(usize),
}

impl FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let (_, head) = lines.next().ok_or(ScriptError::Head)?;
        let words: Vec<&str> = head.split_whitespace().collect();
        let ["seed", seed, "engines", engines, rest @ ..] = words.as_slice() else {
            return Err(ScriptError::Head);
        };
        let seed = seed.parse().map_err(|_| ScriptError::Head)?;
        let engines: usize = engines.parse().map_err(|_| ScriptError::Head)?;
        let liar = match rest {
            [] => false,
            ["liar"] => true,
            _ => return Err(ScriptError::Head),
        };
        if !(2..=1_000).contains(&engines) {
            return Err(ScriptError::Head);
        }
        let parties = engines + usize::from(liar);
        let lines = lines.map(|(index, text)| {
            let line = Line::parse(text).ok_or(ScriptError::Line(index + 1))?;
            let fits = line.deed.parties().iter().all(|party| *party < parties);
            let apart = line.deed.way().is_none_or(|way| way.from != way.to);
            if fits && apart { Ok(line) } else { Err(ScriptError::Party(index + 1)) }
        });
        Ok(Self { seed, engines, liar, lines: lines.collect::<Result<_, _>>()? })
    }
}

impl Line {
    fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [wait, salt, deed @ ..] = words.as_slice() else { return None };
        let wait = wait.strip_prefix('+')?.parse().ok()?;
        let salt = u32::from_str_radix(salt.strip_prefix('~')?, 16).ok()?;
        Some(Self { wait, salt, deed: Deed::parse(deed)? })
    }
}

fn number<T: FromStr>(word: &str) -> Option<T> {
    word.parse().ok()
}

fn way(from: &str, to: &str) -> Option<Way> {
    Some(Way { from: number(from)?, to: number(to)? })
}

impl Deed {
    fn parse(words: &[&str]) -> Option<Self> {
        Some(match words {
            ["say", from, to, count, length] => {
                Self::Say(way(from, to)?, number(count)?, number(length)?)
            }
            ["reply", from, to, back] => Self::Reply(way(from, to)?, number(back)?),
            ["edit", from, to, back] => Self::Edit(way(from, to)?, number(back)?),
            ["cancel", from, to, back] => Self::Cancel(way(from, to)?, number(back)?),
            ["delete", from, to, back] => Self::Delete(way(from, to)?, number(back)?),
            ["erase", from, to, back] => Self::Erase(way(from, to)?, number(back)?),
            ["react", from, to, back] => Self::React(way(from, to)?, number(back)?),
            ["seen", from, to] => Self::Seen(way(from, to)?),
            ["timer", from, to, seconds] => Self::Timer(way(from, to)?, number(seconds)?),
            ["keep", from, to, seconds] => Self::Keep(way(from, to)?, number(seconds)?),
            ["heal", from, to] => Self::Heal(way(from, to)?),
            ["block", from, to, time] => Self::Block(way(from, to)?, number(time)?),
            ["leave", from, to] => Self::Leave(way(from, to)?),
            ["stop", node, down] => Self::Stop(number(node)?, number(down)?),
            ["lose", from, to] => Self::Lose(way(from, to)?),
            ["cut", from, to, bytes] => Self::Cut(way(from, to)?, number(bytes)?),
            ["hole", from, to] => Self::Hole(way(from, to)?),
            ["slow", from, to, by] => Self::Slow(way(from, to)?, number(by)?),
            ["delay", from, to, by] => Self::Delay(way(from, to)?, number(by)?),
            ["twice", from, to] => Self::Twice(way(from, to)?),
            ["again", from, to] => Self::Again(way(from, to)?),
            ["crash", node, "before", inputs, down] => {
                Self::Crash(number(node)?, Fall::Before(number(inputs)?), number(down)?)
            }
            ["crash", node, "during", down] => {
                Self::Crash(number(node)?, Fall::During, number(down)?)
            }
            ["crash", node, "after", effects, down] => {
                Self::Crash(number(node)?, Fall::After(number(effects)?), number(down)?)
            }
            ["full", node, commits] => Self::Full(number(node)?, number(commits)?),
            ["clock", node, by] => Self::Clock(number(node)?, number(by)?),
            ["leap", node, by] => Self::Leap(number(node)?, number(by)?),
            ["offline", node, time] => Self::Offline(number(node)?, number(time)?),
            ["backup", node] => Self::Backup(number(node)?),
            ["restore", node] => Self::Restore(number(node)?),
            ["rewind", node] => Self::Rewind(number(node)?),
            ["lie", to, lie] => {
                Self::Lie(number(to)?, Lie::ALL.into_iter().find(|one| one.name() == *lie)?)
            }
            ["calm"] => Self::Calm,
            _ => return None,
        })
    }

    pub(crate) fn way(&self) -> Option<Way> {
        match *self {
            Self::Say(way, ..)
            | Self::Reply(way, _)
            | Self::Edit(way, _)
            | Self::Cancel(way, _)
            | Self::Delete(way, _)
            | Self::Erase(way, _)
            | Self::React(way, _)
            | Self::Seen(way)
            | Self::Timer(way, _)
            | Self::Keep(way, _)
            | Self::Heal(way)
            | Self::Block(way, _)
            | Self::Leave(way)
            | Self::Lose(way)
            | Self::Cut(way, _)
            | Self::Hole(way)
            | Self::Slow(way, _)
            | Self::Delay(way, _)
            | Self::Twice(way)
            | Self::Again(way) => Some(way),
            _ => None,
        }
    }

    fn parties(&self) -> Vec<usize> {
        match *self {
            Self::Stop(node, _)
            | Self::Crash(node, ..)
            | Self::Full(node, _)
            | Self::Clock(node, _)
            | Self::Leap(node, _)
            | Self::Offline(node, _)
            | Self::Backup(node)
            | Self::Restore(node)
            | Self::Rewind(node)
            | Self::Lie(node, _) => vec![node],
            _ => self.way().map_or(Vec::new(), |way| vec![way.from, way.to]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = "seed 7 engines 3 liar
+0 ~0 say 0 1 3 40
+12 ~ff say 2 3 1 9
+1 ~1 reply 0 1 2
+1 ~1 edit 0 1 2
+1 ~1 cancel 0 1 2
+1 ~1 delete 0 1 2
+1 ~1 erase 0 1 2
+1 ~1 react 0 1 2
+1 ~1 seen 0 1
+1 ~1 timer 0 1 60
+1 ~1 keep 0 1 60
+1 ~1 heal 0 1
+1 ~1 block 0 1 5000
+1 ~1 leave 0 1
+1 ~1 stop 0 900
+1 ~1 lose 0 1
+1 ~1 cut 0 1 1000
+1 ~1 hole 0 1
+1 ~1 slow 1 0 300
+1 ~1 delay 1 2 300
+1 ~1 twice 0 1
+1 ~1 again 0 1
+1 ~1 crash 0 before 2 5000
+1 ~1 crash 1 during 10
+1 ~1 crash 2 after 1 20
+1 ~1 full 2 4
+1 ~1 clock 1 -7200
+1 ~1 leap 1 7200
+1 ~1 offline 1 9000
+1 ~1 backup 0
+1 ~1 restore 0
+1 ~1 rewind 0
+1 ~1 lie 0 garbage
+1 ~1 calm
";

    #[test]
    fn a_script_is_read_as_it_is_written() {
        let script: Script = ALL.parse().unwrap();
        assert_eq!(script.to_string(), ALL);
        assert_eq!(script.lines.len(), 34);
        for lie in Lie::ALL {
            let text = format!("seed 1 engines 2\n+1 ~0 lie 0 {}\n", lie.name());
            let script: Script = text.parse().unwrap();
            assert_eq!(script.lines[0].deed, Deed::Lie(0, lie));
        }
    }

    #[test]
    fn what_is_no_script_is_refused() {
        for head in ["", "seed x engines 2", "seed 1 engines 1", "seed 1 engines 2 thief"] {
            assert_eq!(head.parse::<Script>(), Err(ScriptError::Head), "{head}");
        }
        for line in ["say 0 1", "+1 ~1 say 0 1 x 1", "+1 ~1 fly", "+1 say 0 1 1 1", "+ ~1 calm"] {
            let text = format!("seed 1 engines 2\n\n{line}\n");
            assert_eq!(text.parse::<Script>(), Err(ScriptError::Line(3)), "{line}");
        }
        for line in ["+1 ~1 say 0 2 1 1", "+1 ~1 crash 2 during 1", "+1 ~1 hole 1 1"] {
            let text = format!("seed 1 engines 2\n{line}\n");
            assert_eq!(text.parse::<Script>(), Err(ScriptError::Party(2)), "{line}");
        }
    }
}
