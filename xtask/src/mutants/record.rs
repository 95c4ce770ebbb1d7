//! What became of each mutant: a text of the repository, without lines of the code in it, so that it changes only where
//! the code or its tests do.
//!
//! ```text
//! 5c1f09aa3be0d172 secret.rs: SmpSecret::derive
//!   caught    replace SmpSecret::derive -> Self with Default::default()
//!   missed    replace + with * in SmpSecret::derive
//!             because one of the two is always 0
//! ```
//! The number before a function is of its source: when that changes, its mutants are new.

use std::collections::BTreeMap;

/// What a mutant is known by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// Its file, below the crate's `src`.
    pub(super) file: String,
    /// The function that it is in; `-` for none.
    pub(super) function: String,
    /// What is changed.
    pub(super) change: String,
}

/// What became of a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// A test failed.
    Caught,
    /// A test came to no end.
    Hangs,
    /// It doesn't compile.
    Unviable,
    /// No test noticed.
    Missed,
}

const FATES: [Fate; 4] = [Fate::Caught, Fate::Hangs, Fate::Unviable, Fate::Missed];

impl Fate {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Caught => "caught",
            Self::Hangs => "hangs",
            Self::Unviable => "unviable",
            Self::Missed => "missed",
        }
    }

    /// Whether a reason may stand below it: what lives has one, and keeps it while it is tried once more.
    const fn may_have_reason(self) -> bool {
        matches!(self, Self::Missed)
    }
}

/// A mutant that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tried {
    /// Of the function's source at that time.
    print: u64,
    pub(super) fate: Fate,
    /// Why it may live.
    pub(super) because: Option<String>,
}

/// What became of the mutants of a crate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    tried: BTreeMap<Key, Tried>,
}

/// How a reason begins.
const BECAUSE: &str = "because ";

impl Record {
    /// Reads what [`Record::text`] wrote, and reasons that people wrote into it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut record = Self::default();
        let mut function: Option<(u64, &str, &str)> = None;
        let mut last: Option<Key> = None;
        for (number, line) in (1..).zip(text.lines()) {
            let wrong = |what: &str| format!("line {number}: {what}: {line}");
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let inner = line.trim_start();
            if inner.len() == line.len() {
                let head = line.split_once(' ').and_then(|(print, place)| {
                    let (file, function) = place.split_once(": ")?;
                    Some((u64::from_str_radix(print, 16).ok()?, file, function))
                });
                function = Some(head.ok_or_else(|| wrong("no function"))?);
                last = None;
            } else if let Some(reason) = inner.strip_prefix(BECAUSE) {
                let tried = last.as_ref().and_then(|key| record.tried.get_mut(key));
                let tried = tried.filter(|tried| {
                    tried.fate.may_have_reason() && tried.because.is_none() && !reason.is_empty()
                });
                tried.ok_or_else(|| wrong("a reason for nothing"))?.because =
                    Some(reason.to_owned());
            } else {
                let (print, file, function) = function.ok_or_else(|| wrong("no function yet"))?;
                let (word, change) = inner.split_once(' ').ok_or_else(|| wrong("no change"))?;
                let fate = FATES.into_iter().find(|fate| fate.word() == word);
                let fate = fate.ok_or_else(|| wrong("no fate of a mutant"))?;
                let key = Key {
                    file: file.to_owned(),
                    function: function.to_owned(),
                    change: change.trim_start().to_owned(),
                };
                let tried = Tried { print, fate, because: None };
                if record.tried.insert(key.clone(), tried).is_some() {
                    return Err(wrong("twice"));
                }
                last = Some(key);
            }
        }
        Ok(record)
    }

    /// The record as it is kept.
    pub(super) fn text(&self, name: &str) -> String {
        let mut text = format!(
            "# What became of the mutants of undertone-{name}: CONTRIBUTING.md, \"Mutants\". Written by\n\
             # cargo xtask mutants {name}; people add why a missed one may live: a line \"because …\" below it.\n"
        );
        let mut function = None;
        for (key, tried) in &self.tried {
            let Key { file, function: name, change } = key;
            let this = (tried.print, file, name);
            if function != Some(this) {
                text.push_str(&format!("\n{:016x} {file}: {name}\n", tried.print));
                function = Some(this);
            }
            text.push_str(&format!("  {:<9} {change}\n", tried.fate.word()));
            if let Some(because) = &tried.because {
                text.push_str(&format!("            {BECAUSE}{because}\n"));
            }
        }
        text
    }

    /// What became of a mutant in a function of this print.
    pub(super) fn tried(&self, key: &Key, print: u64) -> Option<&Tried> {
        self.tried.get(key).filter(|tried| tried.print == print)
    }

    /// Whether the mutant has to be tried: it is new, its function has changed, not all tests were asked, or it lived and
    /// nobody said why.
    pub(super) fn wants(&self, key: &Key, print: u64) -> bool {
        self.tried(key, print).is_none_or(|tried| match tried.fate {
            Fate::Caught | Fate::Hangs | Fate::Unviable => false,
            Fate::Missed => tried.because.is_none(),
        })
    }

    /// Writes down what became of a mutant. A reason outlasts a change of the function while the mutant lives.
    pub(super) fn note(&mut self, key: Key, print: u64, fate: Fate) {
        let before = self.tried.get(&key).and_then(|tried| tried.because.clone());
        let because = before.filter(|_| fate.may_have_reason());
        self.tried.insert(key, Tried { print, fate, because });
    }

    /// Forgets mutants that there are no more.
    pub(super) fn keep_only(&mut self, is_there: impl Fn(&Key) -> bool) {
        self.tried.retain(|key, _| is_there(key));
    }
}

/// A number of some lines of source: FNV-1a in 64 bits, the same on every machine.
pub(super) fn print<'a>(lines: impl Iterator<Item = &'a str>) -> u64 {
    let bytes = lines.flat_map(|line| line.bytes().chain([b'\n']));
    bytes.fold(0xcbf2_9ce4_8422_2325, |print, byte| {
        (print ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# What became of the mutants of undertone-x: CONTRIBUTING.md, \"Mutants\". Written by
# cargo xtask mutants x; people add why a missed one may live: a line \"because …\" below it.

00000000000000ff a.rs: <impl From<A> for B>::from
  missed    replace + with * in <impl From<A> for B>::from
            because both are 2
  caught    replace + with - in <impl From<A> for B>::from

0000000000000001 b/c.rs: f
  unviable  replace f -> T with Default::default()
  hangs     replace f with ()
";

    fn key(change: &str) -> Key {
        Key { file: "b/c.rs".to_owned(), function: "f".to_owned(), change: change.to_owned() }
    }

    #[test]
    fn a_record_is_written_as_it_was_read_in_the_order_of_names() {
        let record = Record::parse(TEXT).unwrap();
        assert_eq!(record.text("x"), TEXT);
        let [head, one, two] = TEXT.splitn(3, "\n\n").collect::<Vec<_>>().try_into().unwrap();
        let exchanged = format!("{head}\n\n{two}\n{one}\n");
        assert_eq!(Record::parse(&exchanged).unwrap(), record);
    }

    #[test]
    fn what_is_no_record_is_refused_with_its_line() {
        for (wrong, line) in [
            ("  caught    x\n", 1),
            ("nonsense\n", 1),
            ("1 a.rs: f\n  lives     x\n", 2),
            ("1 a.rs: f\n  caught    x\n  caught    x\n", 3),
            ("1 a.rs: f\n  caught    x\n    because y\n", 3),
            ("1 a.rs: f\n    because y\n", 2),
            ("1 a.rs: f\n  missed    x\n    because y\n    because z\n", 4),
        ] {
            let why = Record::parse(wrong).unwrap_err();
            assert!(why.starts_with(&format!("line {line}: ")), "{why}");
        }
    }

    #[test]
    fn a_mutant_is_tried_once_until_its_function_changes() {
        let mut record = Record::parse(TEXT).unwrap();
        assert!(!record.wants(&key("replace f with ()"), 1));
        assert!(record.wants(&key("replace f with ()"), 2), "changed");
        assert!(record.wants(&key("delete !"), 1), "new");
        for (fate, again) in [
            (Fate::Caught, false),
            (Fate::Hangs, false),
            (Fate::Unviable, false),
            (Fate::Missed, true),
        ] {
            record.note(key("delete !"), 1, fate);
            assert_eq!(record.wants(&key("delete !"), 1), again, "{fate:?}");
        }
    }

    #[test]
    fn a_reason_stays_while_the_mutant_lives_and_goes_with_it() {
        let mut record = Record::parse(TEXT).unwrap();
        let name = "<impl From<A> for B>::from";
        let change = format!("replace + with * in {name}");
        let key = Key { file: "a.rs".to_owned(), function: name.to_owned(), change };
        assert!(!record.wants(&key, 255));
        record.note(key.clone(), 7, Fate::Missed);
        assert_eq!(record.tried(&key, 7).unwrap().because.as_deref(), Some("both are 2"));
        assert_eq!(Record::parse(&record.text("x")).as_ref(), Ok(&record));
        assert!(!record.wants(&key, 7));
        record.note(key.clone(), 7, Fate::Caught);
        record.note(key.clone(), 7, Fate::Missed);
        assert_eq!(record.tried(&key, 7).unwrap().because, None);
        record.keep_only(|there| *there != key);
        assert!(record.tried(&key, 7).is_none());
        assert!(record.tried(&self::key("replace f with ()"), 1).is_some());
    }

    #[test]
    fn a_print_is_of_the_lines_and_where_they_end() {
        // The published values of FNV-1a for these bytes.
        assert_eq!(print(std::iter::empty()), 0xcbf2_9ce4_8422_2325);
        assert_ne!(print(["ab"].into_iter()), print(["a", "b"].into_iter()));
        assert_ne!(print(["a", "b"].into_iter()), print(["b", "a"].into_iter()));
    }
}
