//! Messages in pieces, for carriers whose lines are short (OTRv3 "Fragmentation").

use std::time::Duration;

use crate::line::MESSAGE_MAX;
use crate::tag::{self, InstanceTag, TagError};
use crate::version::Version;

/// Messages of how many senders are put together at a time; the one that waited longest makes room.
pub const ASSEMBLIES_MAX: usize = 8;

/// How long the next piece of a message is waited for. A carrier that lets a line through every two
/// seconds needs less.
pub const FRAGMENT_WAIT: Duration = Duration::from_secs(300);

/// The shortest line that a carrier may have, in bytes: the frame of a piece of version 3 and 14
/// bytes of message, or that of version 4 and 5, which keeps the number of pieces within bounds.
pub const LINE_MIN: usize = 50;

/// Who sends a piece to whom. Version 2 names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    V2,
    V3 {
        sender: InstanceTag,
        receiver: Option<InstanceTag>,
    },
    V4 {
        identifier: u32,
        sender: InstanceTag,
        receiver: Option<InstanceTag>,
    },
    /// A client and a prekey server, which has no tag.
    Prekeys {
        identifier: u32,
        sender: Option<InstanceTag>,
        receiver: Option<InstanceTag>,
    },
}

/// The mark of pieces of a prekey server's protocol.
pub(crate) const PREKEYS_MARK: &str = "?OTRP";

impl Ends {
    fn frame(self, number: usize, of: usize, piece: &str) -> String {
        match self {
            Self::V2 => format!("?OTR,{number:05},{of:05},{piece},"),
            Self::V3 { sender, receiver } => {
                let receiver = receiver.map_or(0, InstanceTag::number);
                format!("?OTR|{sender}|{receiver:08x},{number:05},{of:05},{piece},")
            }
            Self::V4 { identifier, sender, receiver } => {
                let receiver = receiver.map_or(0, InstanceTag::number);
                let head = format!("?OTR|{identifier:08x}|{sender}|{receiver:08x}");
                format!("{head},{number:05},{of:05},{piece},")
            }
            Self::Prekeys { identifier, sender, receiver } => {
                let tag = |tag: Option<InstanceTag>| tag.map_or(0, InstanceTag::number);
                let (sender, receiver) = (tag(sender), tag(receiver));
                let head = format!("{PREKEYS_MARK}|{identifier:08x}|{sender:08x}|{receiver:08x}");
                format!("{head},{number:05},{of:05},{piece},")
            }
        }
    }
}

/// Cuts an encoded message into lines of at most `longest` bytes, or [`LINE_MIN`] if that is more. One
/// that fits goes as it is. Nothing that this library sends makes too many pieces.
pub(crate) fn cut(message: String, ends: Ends, longest: Option<usize>) -> Vec<String> {
    let Some(longest) = longest.filter(|longest| *longest < message.len()) else {
        return vec![message];
    };
    let room = longest.max(LINE_MIN).saturating_sub(ends.frame(0, 0, "").len()).max(1);
    // An encoded message is ASCII, so every place is a boundary.
    let pieces: Vec<&str> = message
        .as_bytes()
        .chunks(room)
        .filter_map(|piece| std::str::from_utf8(piece).ok())
        .collect();
    let of = pieces.len();
    (1..).zip(pieces).map(|(number, piece)| ends.frame(number, of, piece)).collect()
}

/// A piece of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece<'a> {
    /// Sender and receiver, of version 3.
    tags: Option<(u32, u32)>,
    number: u16,
    of: u16,
    text: &'a str,
}

impl<'a> Piece<'a> {
    /// Reads what follows `?OTR`.
    fn read(line: &'a str) -> Option<Self> {
        let (tags, rest) = if let Some(rest) = line.strip_prefix('|') {
            let (sender, rest) = rest.split_once('|')?;
            let (receiver, rest) = rest.split_once(',')?;
            (Some((hexadecimal(sender)?, hexadecimal(receiver)?)), rest)
        } else {
            (None, line.strip_prefix(',')?)
        };
        let (number, rest) = rest.split_once(',')?;
        let (of, rest) = rest.split_once(',')?;
        let (text, _) = rest.split_once(',')?;
        let (number, of) = (decimal(number)?, decimal(of)?);
        let whole = number > 0 && number <= of && !text.is_empty();
        whole.then_some(Self { tags, number, of, text })
    }
}

/// Digits only: Rust's own parser takes a sign too.
pub(crate) fn decimal(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

pub(crate) fn hexadecimal(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| u32::from_str_radix(text, 16).ok())?
}

/// What came of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Assembled {
    /// More pieces have to come, or the piece didn't fit those before it: then all are forgotten.
    Wait,
    /// The last piece came: the whole line, and the version of the pieces' form.
    Whole(String, Version),
    /// The piece is for another client of ours, or for nobody.
    NotOurs(TagError),
    /// It is no piece.
    Malformed,
}

/// A message that is being put together.
#[derive(Debug)]
struct Assembly {
    /// None for version 2.
    sender: Option<InstanceTag>,
    number: u16,
    of: u16,
    text: String,
    last: Duration,
}

/// Puts messages together, for each sender by itself. Pieces come in order or not at all. At most
/// [`ASSEMBLIES_MAX`] times [`MESSAGE_MAX`] characters wait.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    assemblies: Vec<Assembly>,
}

impl Assembler {
    /// Takes what follows `?OTR` in a fragment.
    pub(crate) fn take(&mut self, line: &str, ours: InstanceTag, now: Duration) -> Assembled {
        let Some(piece) = Piece::read(line) else { return Assembled::Malformed };
        let sender = match piece.tags {
            None => None,
            Some((sender, receiver)) => match tag::sender(sender, receiver, ours, true) {
                Ok(sender) => Some(sender),
                Err(error) => return Assembled::NotOurs(error),
            },
        };
        let before = self.forget(sender);
        let text = match before {
            _ if piece.number == 1 => piece.text.to_owned(),
            Some(before)
                if before.of == piece.of && before.number.checked_add(1) == Some(piece.number) =>
            {
                before.text + piece.text
            }
            _ => return Assembled::Wait,
        };
        if text.len() > MESSAGE_MAX {
            return Assembled::Wait;
        }
        if piece.number == piece.of {
            let version = if sender.is_some() { Version::V3 } else { Version::V2 };
            return Assembled::Whole(text, version);
        }
        if self.assemblies.len() >= ASSEMBLIES_MAX {
            self.assemblies.remove(0);
        }
        let Piece { number, of, .. } = piece;
        self.assemblies.push(Assembly { sender, number, of, text, last: now });
        Assembled::Wait
    }

    /// Forgets the pieces of a sender, because something whole came from there.
    pub(crate) fn whole(&mut self, sender: Option<InstanceTag>) {
        let _dropped = self.forget(sender);
    }

    fn forget(&mut self, sender: Option<InstanceTag>) -> Option<Assembly> {
        let at = self.assemblies.iter().position(|assembly| assembly.sender == sender)?;
        Some(self.assemblies.remove(at))
    }

    /// Forgets what was waited for too long.
    pub(crate) fn tick(&mut self, now: Duration) {
        self.assemblies.retain(|assembly| now.saturating_sub(assembly.last) < FRAGMENT_WAIT);
    }

    /// When [`Assembler::tick`] has something to do.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.assemblies.iter().map(|assembly| assembly.last.saturating_add(FRAGMENT_WAIT)).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn tags(number: u32) -> InstanceTag {
        InstanceTag::new(number).unwrap()
    }

    fn take(assembler: &mut Assembler, line: &str) -> Assembled {
        assembler.take(line.strip_prefix("?OTR").unwrap(), tags(0x200), NOW)
    }

    fn whole(text: &str) -> Assembled {
        Assembled::Whole(text.to_owned(), Version::V3)
    }

    #[test]
    fn pieces_are_at_most_as_long_as_the_carrier_allows() {
        let ends = Ends::V3 { sender: tags(0x300), receiver: Some(tags(0x200)) };
        let message = format!("?OTR:{}.", "A".repeat(1_000));
        for (ends, longest) in [(ends, 100), (ends, 400), (ends, LINE_MIN), (Ends::V2, 100)] {
            let lines = cut(message.clone(), ends, Some(longest));
            assert!(lines.iter().all(|line| line.len() <= longest));
            let mut assembler = Assembler::default();
            let (last, first) = lines.split_last().unwrap();
            for line in first {
                assert_eq!(take(&mut assembler, line), Assembled::Wait);
            }
            let Assembled::Whole(text, _) = take(&mut assembler, last) else { panic!("{last}") };
            assert_eq!(text, message);
        }
        assert_eq!(cut(message.clone(), ends, Some(message.len())).concat(), message);
        assert_eq!(cut(message.clone(), ends, None), [message]);
    }

    #[test]
    fn the_longest_message_in_the_shortest_lines_has_numbers_for_its_pieces() {
        let ends = Ends::V3 { sender: tags(0x300), receiver: Some(tags(0x200)) };
        let lines = cut("A".repeat(MESSAGE_MAX), ends, Some(LINE_MIN));
        assert!(lines.len() <= usize::from(u16::MAX));
        assert!(lines.iter().all(|line| line.len() == LINE_MIN || line.ends_with("AA,")));
    }

    #[test]
    fn impossible_pieces_are_malformed() {
        for line in [
            "?OTR|00000300|00000200,0,2,abc,",
            "?OTR|00000300|00000200,1,0,abc,",
            "?OTR|00000300|00000200,3,2,abc,",
            "?OTR|00000300|00000200,1,2,,",
            "?OTR|00000300|00000200,1,2,abc",
            "?OTR|00000300|00000200,+1,2,abc,",
            "?OTR|0000030g|00000200,1,2,abc,",
            "?OTR|100000300|00000200,1,2,abc,",
            "?OTR|00000300|00000200,1,65536,abc,",
            "?OTR|00000300|1,2,abc,",
            "?OTR,1",
        ] {
            assert_eq!(take(&mut Assembler::default(), line), Assembled::Malformed, "{line}");
        }
    }

    #[test]
    fn leading_zeros_and_case_are_free() {
        let line = "?OTR|300|200,1,1,abc,";
        assert_eq!(take(&mut Assembler::default(), line), whole("abc"));
        let line = "?OTR|0000ABCD|0,00001,00001,abc,";
        assert_eq!(take(&mut Assembler::default(), line), whole("abc"));
    }

    #[test]
    fn a_piece_out_of_order_forgets_those_before_it() {
        let piece = |number: u16| format!("?OTR|300|200,{number},3,x{number},");
        for order in [&[1, 3, 2, 3][..], &[1, 2, 2, 3], &[2, 3], &[1, 1, 3]] {
            let mut assembler = Assembler::default();
            for number in order {
                assert_eq!(take(&mut assembler, &piece(*number)), Assembled::Wait, "{order:?}");
            }
            for number in [1, 2] {
                assert_eq!(take(&mut assembler, &piece(number)), Assembled::Wait);
            }
            assert_eq!(take(&mut assembler, &piece(3)), whole("x1x2x3"));
        }
        let mut assembler = Assembler::default();
        assert_eq!(take(&mut assembler, "?OTR|300|200,1,2,a,"), Assembled::Wait);
        assert_eq!(take(&mut assembler, "?OTR|300|200,2,3,b,"), Assembled::Wait);
        assert_eq!(take(&mut assembler, "?OTR|300|200,3,3,c,"), Assembled::Wait);
    }

    #[test]
    fn senders_do_not_disturb_each_other_and_are_bounded() {
        let mut assembler = Assembler::default();
        for sender in 0x300..0x300 + ASSEMBLIES_MAX {
            let line = format!("?OTR|{sender:x}|200,1,2,a,");
            assert_eq!(take(&mut assembler, &line), Assembled::Wait);
        }
        assert_eq!(take(&mut assembler, "?OTR,1,2,v,"), Assembled::Wait);
        assert_eq!(assembler.assemblies.len(), ASSEMBLIES_MAX);
        assert_eq!(take(&mut assembler, "?OTR|300|200,2,2,b,"), Assembled::Wait, "made room");
        assert_eq!(take(&mut assembler, "?OTR|301|200,2,2,b,"), whole("ab"));
        let v2 = Assembled::Whole("vw".to_owned(), Version::V2);
        assert_eq!(take(&mut assembler, "?OTR,2,2,w,"), v2);
    }

    #[test]
    fn a_message_without_end_is_forgotten() {
        let mut assembler = Assembler::default();
        let piece = "A".repeat(MESSAGE_MAX / 2);
        for number in 1..=3 {
            take(&mut assembler, &format!("?OTR|300|200,{number},9,{piece},"));
        }
        assert!(assembler.assemblies.is_empty());
        take(&mut assembler, "?OTR|300|200,1,2,a,");
        assert_eq!(assembler.deadline(), Some(FRAGMENT_WAIT));
        assembler.tick(FRAGMENT_WAIT - Duration::from_secs(1));
        assert_eq!(assembler.assemblies.len(), 1);
        assembler.tick(FRAGMENT_WAIT);
        assert!(assembler.assemblies.is_empty());
    }

    #[test]
    fn pieces_for_others_are_left_alone() {
        let mut assembler = Assembler::default();
        for (line, error) in [
            ("?OTR|300|201,1,1,a,", TagError::Other),
            ("?OTR|300|1,1,1,a,", TagError::Invalid),
            ("?OTR|ff|200,1,1,a,", TagError::Invalid),
            ("?OTR|200|200,1,1,a,", TagError::Reflected),
        ] {
            assert_eq!(take(&mut assembler, line), Assembled::NotOurs(error), "{line}");
        }
    }

    #[test]
    fn pieces_are_those_of_the_vectors() {
        let vectors = crate::vectors::fragments();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let v3 = &vectors["v3"];
        let tag = |name: &str| tags(u32::from_str_radix(&text(&v3[name]), 16).unwrap());
        let ends = Ends::V3 { sender: tag("sender"), receiver: Some(tag("receiver")) };
        let pieces: Vec<String> = v3["fragments"].as_array().unwrap().iter().map(text).collect();
        let longest = pieces[0].len();
        assert_eq!(cut(text(&v3["message"]), ends, Some(longest)), pieces);
        let mut assembler = Assembler::default();
        let mut took = |piece: &String| {
            assembler.take(piece.strip_prefix("?OTR").unwrap(), tag("receiver"), NOW)
        };
        let (last, first) = pieces.split_last().unwrap();
        assert!(first.iter().all(|piece| took(piece) == Assembled::Wait));
        assert_eq!(took(last), whole(&text(&v3["message"])));
        // What version 4 must reject is nothing for version 3 either.
        for line in vectors["must_reject_v4"].as_array().unwrap() {
            assert_eq!(took(&text(line)), Assembled::Malformed);
        }
    }
}
