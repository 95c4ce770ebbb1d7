//! From a script that fails to a short one that fails in the same way.

use crate::play;
use crate::script::Script;
use crate::watch::Violation;

/// Scripts that are tried at most.
const TRIES: u32 = 3_000;

/// What a failing script was shrunk to.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The short script.
    pub script: Script,
    /// What does not hold in it.
    pub violation: Violation,
}

/// Takes lines out of a script, and time out of what is left, as long as the same invariant is
/// broken. Gives `None` if the script breaks none.
#[must_use]
pub fn shrink(script: &Script) -> Option<Shrunk> {
    shrink_by(script, |script| play(script).violation)
}

fn shrink_by(script: &Script, play: impl Fn(&Script) -> Option<Violation>) -> Option<Shrunk> {
    let violation = play(script)?;
    let best = Shrunk { script: script.clone(), violation };
    let mut work = Work { play, best, tries: 0 };
    let mut length = 0;
    // What could not be taken out may be gone without what was taken out since.
    while length != work.best.script.lines.len() && work.tries < TRIES {
        length = work.best.script.lines.len();
        work.take_out_lines();
    }
    work.take_out_time();
    Some(work.best)
}

struct Work<Play> {
    play: Play,
    best: Shrunk,
    tries: u32,
}

impl<Play: Fn(&Script) -> Option<Violation>> Work<Play> {
    /// Tries a script, and keeps it if it breaks the same invariant.
    fn try_this(&mut self, script: Script) -> bool {
        if self.tries >= TRIES {
            return false;
        }
        self.tries += 1;
        match (self.play)(&script) {
            Some(violation) if violation.invariant == self.best.violation.invariant => {
                self.best = Shrunk { script, violation };
                true
            }
            _ => false,
        }
    }

    /// Takes out runs of lines, halves first and single ones last.
    fn take_out_lines(&mut self) {
        let mut size = self.best.script.lines.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < self.best.script.lines.len() {
                let mut script = self.best.script.clone();
                let end = (at + size).min(script.lines.len());
                // The time that the lines took passes all the same, so that the rest stays in place.
                let waited: u64 = script.lines.drain(at..end).map(|line| line.wait).sum();
                if let Some(next) = script.lines.get_mut(at) {
                    next.wait += waited;
                }
                if !self.try_this(script) {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    fn take_out_time(&mut self) {
        for at in 0..self.best.script.lines.len() {
            for wait in [0, 10, 100, 1_000, 10_000] {
                let mut script = self.best.script.clone();
                let Some(line) = script.lines.get_mut(at).filter(|line| line.wait > wait) else {
                    break;
                };
                line.wait = wait;
                if self.try_this(script) {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Deed;
    use crate::watch::Invariant;
    use crate::{Size, generate};

    fn breach(invariant: Invariant) -> Option<Violation> {
        Some(Violation { invariant, what: String::new() })
    }

    /// Breaks one invariant by a crash of each of two machines, two minutes in; and another one by
    /// one of them alone.
    fn falls(script: &Script) -> Option<Violation> {
        let crashed = |one| {
            script.lines.iter().any(|line| matches!(line.deed, Deed::Crash(who, ..) if who == one))
        };
        let time: u64 = script.lines.iter().map(|line| line.wait).sum();
        match (crashed(0), crashed(1)) {
            (true, true) if time >= 20_000 => breach(Invariant::Order),
            (true, _) => breach(Invariant::Once),
            _ => None,
        }
    }

    #[test]
    fn what_is_not_needed_is_taken_out_and_the_failure_stays_the_same() {
        let found = |seed: &u64| {
            let failed = falls(&generate(*seed, Size::Small));
            failed.is_some_and(|violation| violation.invariant == Invariant::Order)
        };
        let script = generate((0..).find(found).unwrap(), Size::Small);
        let short = shrink_by(&script, falls).unwrap();
        assert_eq!(short.violation.invariant, Invariant::Order);
        assert_eq!(short.script.lines.len(), 2, "{}", short.script);
        assert_eq!(falls(&short.script), Some(short.violation));
    }

    #[test]
    fn what_does_not_fail_is_not_shrunk() {
        assert!(shrink_by(&generate(1, Size::Small), |_| None).is_none());
    }
}
