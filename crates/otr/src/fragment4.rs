//! Messages in pieces in version 4 (OTRv4 "Fragmentation"): each message has an identifier, so its
//! pieces may come in any order.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::fragment::{ASSEMBLIES_MAX, Assembled, FRAGMENT_WAIT, decimal, hexadecimal};
use crate::line::MESSAGE_MAX;
use crate::tag::{self, InstanceTag};
use crate::version::Version;

/// A piece of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece4<'a> {
    pub(crate) identifier: u32,
    pub(crate) sender: u32,
    pub(crate) receiver: u32,
    number: u16,
    of: u16,
    text: &'a str,
}

impl<'a> Piece4<'a> {
    /// Whether what follows `?OTR` has the form of version 4: three numbers before the first comma.
    pub(crate) fn is_one(line: &str) -> bool {
        let head = line.split(',').next().unwrap_or_default();
        head.matches('|').count() == 3
    }

    /// Reads what follows the mark.
    pub(crate) fn read(line: &'a str) -> Option<Self> {
        let (identifier, rest) = line.strip_prefix('|')?.split_once('|')?;
        let (sender, rest) = rest.split_once('|')?;
        let (receiver, rest) = rest.split_once(',')?;
        let (number, rest) = rest.split_once(',')?;
        let (of, rest) = rest.split_once(',')?;
        let (text, _) = rest.split_once(',')?;
        let piece = Self {
            identifier: hexadecimal(identifier)?,
            sender: hexadecimal(sender)?,
            receiver: hexadecimal(receiver)?,
            number: decimal(number)?,
            of: decimal(of)?,
            text,
        };
        let whole = piece.number > 0 && piece.number <= piece.of && !text.is_empty();
        whole.then_some(piece)
    }
}

/// A message that is being put together.
#[derive(Debug)]
struct Assembly<K> {
    /// Who sent it, and its identifier.
    whose: K,
    of: u16,
    pieces: BTreeMap<u16, String>,
    len: usize,
    last: Duration,
}

/// Messages that are being put together, at most [`ASSEMBLIES_MAX`] at a time with
/// [`MESSAGE_MAX`] characters each; the oldest makes room.
#[derive(Debug)]
pub(crate) struct Assemblies<K>(Vec<Assembly<K>>);

/// What came of a piece that is in the right form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// More have to come.
    Wait,
    /// It was the last.
    Whole(String),
    /// It came already, or doesn't fit the others, which are kept.
    Unfit,
}

impl<K> Default for Assemblies<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq> Assemblies<K> {
    /// Takes a piece of the message that is `whose`.
    pub(crate) fn put(&mut self, whose: K, piece: Piece4<'_>, now: Duration) -> Put {
        let Piece4 { number, of, text, .. } = piece;
        if text.len() > MESSAGE_MAX {
            return Put::Unfit;
        }
        let index = match self.0.iter().position(|it| it.whose == whose) {
            Some(index) => index,
            None => {
                if self.0.len() >= ASSEMBLIES_MAX {
                    self.0.remove(0);
                }
                let pieces = BTreeMap::new();
                self.0.push(Assembly { whose, of, pieces, len: 0, last: now });
                self.0.len().saturating_sub(1)
            }
        };
        let Some(assembly) = self.0.get_mut(index) else { return Put::Wait };
        if assembly.of != of || assembly.pieces.contains_key(&number) {
            return Put::Unfit;
        }
        assembly.len = assembly.len.saturating_add(text.len());
        if assembly.len > MESSAGE_MAX {
            self.0.remove(index);
            return Put::Unfit;
        }
        assembly.last = now;
        assembly.pieces.insert(number, text.to_owned());
        if assembly.pieces.len() < usize::from(of) {
            return Put::Wait;
        }
        let Assembly { pieces, .. } = self.0.remove(index);
        Put::Whole(pieces.into_values().collect())
    }

    /// Forgets what was waited for too long.
    pub(crate) fn tick(&mut self, now: Duration) {
        self.0.retain(|assembly| now.saturating_sub(assembly.last) < FRAGMENT_WAIT);
    }

    /// When [`Assemblies::tick`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.0.iter().map(|assembly| assembly.last.saturating_add(FRAGMENT_WAIT)).min()
    }
}

/// Puts messages of conversations together.
#[derive(Debug, Default)]
pub(crate) struct Assembler4(Assemblies<(InstanceTag, u32)>);

impl Assembler4 {
    /// Takes what follows `?OTR` in a fragment. A piece that came already, or doesn't fit the
    /// others, is refused, and they are kept.
    pub(crate) fn take(&mut self, line: &str, ours: InstanceTag, now: Duration) -> Assembled {
        let Some(piece) = Piece4::read(line) else { return Assembled::Malformed };
        let sender = match tag::sender(piece.sender, piece.receiver, ours, true) {
            Ok(sender) => sender,
            Err(error) => return Assembled::NotOurs(error),
        };
        match self.0.put((sender, piece.identifier), piece, now) {
            Put::Wait => Assembled::Wait,
            Put::Whole(text) => Assembled::Whole(text, Version::V4),
            Put::Unfit => Assembled::Malformed,
        }
    }

    /// Forgets what was waited for too long.
    pub(crate) fn tick(&mut self, now: Duration) {
        self.0.tick(now);
    }

    /// When [`Assembler4::tick`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.0.deadline()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fragment::{Ends, LINE_MIN, cut};
    use crate::tag::TagError;

    const NOW: Duration = Duration::ZERO;

    fn tags(number: u32) -> InstanceTag {
        InstanceTag::new(number).unwrap()
    }

    fn take(assembler: &mut Assembler4, line: &str) -> Assembled {
        let line = line.strip_prefix("?OTR").unwrap();
        if Piece4::is_one(line) {
            assembler.take(line, tags(0x200), NOW)
        } else {
            Assembled::Malformed
        }
    }

    fn whole(text: &str) -> Assembled {
        Assembled::Whole(text.to_owned(), Version::V4)
    }

    #[test]
    fn pieces_are_those_of_the_vectors() {
        let vectors = crate::vectors::fragments();
        let v4 = &vectors["v4"];
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let number = |name: &str| u32::from_str_radix(&text(&v4[name]), 16).unwrap();
        let ends = Ends::V4 {
            identifier: number("identifier"),
            sender: tags(number("sender")),
            receiver: Some(tags(number("receiver"))),
        };
        let pieces: Vec<String> = v4["fragments"].as_array().unwrap().iter().map(text).collect();
        assert_eq!(cut(text(&v4["message"]), ends, Some(pieces[0].len())), pieces);
        let mut assembler = Assembler4::default();
        let ours = tags(number("receiver"));
        let mut took = |piece: &str| assembler.take(piece.strip_prefix("?OTR").unwrap(), ours, NOW);
        // Backwards.
        for piece in pieces.iter().skip(1).rev() {
            assert_eq!(took(piece), Assembled::Wait);
        }
        assert_eq!(took(&pieces[0]), whole(&text(&v4["message"])));
        for line in vectors["must_reject_v4"].as_array().unwrap() {
            assert_eq!(took(&text(line)), Assembled::Malformed, "{line}");
        }
    }

    #[test]
    fn the_longest_message_in_the_shortest_lines_has_numbers_for_its_pieces() {
        let ends = Ends::V4 { identifier: 7, sender: tags(0x300), receiver: Some(tags(0x200)) };
        let lines = cut("A".repeat(MESSAGE_MAX), ends, Some(LINE_MIN));
        assert!(lines.len() <= usize::from(u16::MAX));
        assert!(lines.iter().all(|line| line.len() <= LINE_MIN));
        let mut assembler = Assembler4::default();
        let (last, first) = lines.split_last().unwrap();
        for line in first {
            assert_eq!(take(&mut assembler, line), Assembled::Wait);
        }
        assert_eq!(take(&mut assembler, last), whole(&"A".repeat(MESSAGE_MAX)));
        assert!(assembler.0.0.is_empty());
    }

    #[test]
    fn pieces_that_do_not_fit_are_refused_and_the_others_kept() {
        let mut assembler = Assembler4::default();
        assert_eq!(take(&mut assembler, "?OTR|7|300|200,2,3,b,"), Assembled::Wait);
        for line in ["?OTR|7|300|200,2,3,x,", "?OTR|7|300|200,3,4,x,", "?OTR|7|300|200,1,2,x,"] {
            assert_eq!(take(&mut assembler, line), Assembled::Malformed, "{line}");
        }
        // Another message, and another sender's of the same number.
        assert_eq!(take(&mut assembler, "?OTR|8|300|200,1,1,other,"), whole("other"));
        assert_eq!(take(&mut assembler, "?OTR|7|301|0,1,3,x,"), Assembled::Wait);
        assert_eq!(take(&mut assembler, "?OTR|7|300|200,3,3,c,"), Assembled::Wait);
        assert_eq!(take(&mut assembler, "?OTR|00000007|300|200,1,3,a,"), whole("abc"));
        for (line, error) in [
            ("?OTR|7|300|201,1,1,a,", TagError::Other),
            ("?OTR|7|300|1,1,1,a,", TagError::Invalid),
            ("?OTR|7|ff|200,1,1,a,", TagError::Invalid),
            ("?OTR|7|200|200,1,1,a,", TagError::Reflected),
        ] {
            assert_eq!(take(&mut assembler, line), Assembled::NotOurs(error), "{line}");
        }
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut assembler = Assembler4::default();
        for number in 0..=ASSEMBLIES_MAX {
            let line = format!("?OTR|{number:x}|300|200,1,2,a,");
            assert_eq!(take(&mut assembler, &line), Assembled::Wait);
        }
        assert_eq!(assembler.0.0.len(), ASSEMBLIES_MAX);
        assert_eq!(assembler.0.0[0].whose.1, 1, "the oldest made room");
        let half = "A".repeat(MESSAGE_MAX / 2 + 1);
        assert_eq!(take(&mut assembler, &format!("?OTR|99|300|200,1,3,{half},")), Assembled::Wait);
        let last = take(&mut assembler, &format!("?OTR|99|300|200,2,3,{half},"));
        assert_eq!(last, Assembled::Malformed);
        assert_eq!(assembler.deadline(), Some(FRAGMENT_WAIT));
        assembler.tick(FRAGMENT_WAIT);
        assert!(assembler.0.0.is_empty());
    }
}
