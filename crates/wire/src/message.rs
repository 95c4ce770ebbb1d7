//! What is inside ratchet packets: numbered, padded payloads.
//!
//! A payload is `version u8 ‖ sequence u64 ‖ length u32 ‖ body ‖ padding`, all big-endian. The
//! padding makes the ratchet packet around it fill whole cells, so that a length on the wire says how
//! many cells there are and nothing else. It is `length u16 ‖ chunk ‖ zeros`, where the ratchet's
//! post-quantum epochs have their room, or zeros alone where it has less than two bytes. A body is
//! `kind u8 ‖ content`. (`docs/protocol.md`, "Messages".)

mod body;

use std::fmt;

use undertone_ratchet::session::OVERHEAD as PACKET_OVERHEAD;
use zeroize::Zeroizing;

use crate::cell::{MAX_CELLS, cells_for, frame_len};

/// The version of payloads that this code writes, and the only one it reads.
pub const PAYLOAD_VERSION: u8 = 1;

/// Bytes of the longest text: what a person may paste at once.
pub const MAX_TEXT: usize = 64 * 1024;

/// Bytes of the longest name: 30 characters of at most four bytes.
pub const MAX_NAME: usize = 120;

/// Bytes of the longest message of a check: the largest message of the protocol with its question.
pub const MAX_CHECK: usize = 4096;

/// Bytes of an epoch's number.
const EPOCH_LEN: usize = 4;

/// Bytes before the body.
const HEADER_LEN: usize = 13;

/// Bytes of the length before a chunk.
const CHUNK_LENGTH_LEN: usize = 2;

/// Bytes of the longest sign that answers a message.
pub const MAX_SIGN: usize = 64;

/// Bytes of the longest body: a kind, what can stand before a text, and the text.
const MAX_BODY: usize = 1 + 1 + 4 + 8 + MAX_TEXT;

/// A message as both ends can name it: who sent it, and under which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Whether whoever refers to it also sent it.
    pub own: bool,
    /// Its sequence number, from 1.
    pub sequence: u64,
}

const _: () = assert!(packet_len_for(MAX_CELLS) >= HEADER_LEN + MAX_BODY + PACKET_OVERHEAD);

/// Bytes of the ratchet packet that exactly fills so many cells.
#[must_use]
pub const fn packet_len_for(cells: usize) -> usize {
    frame_len(cells)
}

/// Bytes of the payload whose ratchet packet exactly fills so many cells.
#[must_use]
pub const fn payload_len_for(cells: usize) -> usize {
    packet_len_for(cells).saturating_sub(PACKET_OVERHEAD)
}

/// One message of a conversation, or what accompanies them.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// A text, at most [`MAX_TEXT`] bytes. Nothing is assumed about its characters.
    Text {
        /// What it says.
        text: Zeroizing<String>,
        /// The message that it answers.
        reply: Option<Reference>,
        /// The seconds that it lasts: at the receiver from when it is seen, at the sender from its
        /// receipt. Never 0.
        timer: Option<u32>,
    },
    /// Another text for a message of the sender's.
    Edit {
        /// Its sequence number.
        of: u64,
        /// What it says now, at most [`MAX_TEXT`] bytes.
        text: Zeroizing<String>,
    },
    /// A message of the sender's is to go at both ends.
    Delete {
        /// Its sequence number.
        of: u64,
    },
    /// A sign that answers a message, at most [`MAX_SIGN`] bytes; empty: none any more.
    React {
        /// Which message.
        to: Reference,
        /// The sign.
        sign: Zeroizing<String>,
    },
    /// The timer on new messages of both sides is another one.
    Timer {
        /// How often it was changed by either side, this time included.
        changes: u32,
        /// In seconds; 0: messages stay.
        seconds: u32,
    },
    /// Nothing any more: what had this number was taken back before it left.
    Withdrawn,
    /// What has arrived. Unsequenced: sent again whenever it may have been lost.
    Receipt {
        /// The highest sequence number up to which everything arrived; 0 for nothing.
        highest: u64,
        /// Bit `i`, counted from the lowest, is set if `highest + 1 + i` arrived. Bit 0 is never
        /// set: that number would be `highest`.
        window: u64,
    },
    /// The name by which the sender wishes to be shown, at most [`MAX_NAME`] bytes.
    Name(String),
    /// Whether the sender wishes the check before the conversation.
    CheckWish(bool),
    /// A message of the Socialist Millionaire Protocol after the first of a run, at most
    /// [`MAX_CHECK`] bytes.
    Check(Vec<u8>),
    /// The first message of a run.
    CheckBegin {
        /// The post-quantum epoch whose authenticator the run's secret is bound to.
        epoch: u32,
        /// The message of the protocol, at most [`MAX_CHECK`] bytes.
        message: Vec<u8>,
    },
    /// The sender no longer has the authenticator of the epoch that the first message named, and
    /// asks for another first message.
    CheckAnew,
    /// The sender ended the check.
    CheckAbort,
    /// The sender leaves for good.
    Goodbye,
    /// The sender saw the goodbye. Unsequenced: whoever said goodbye repeats it until this comes.
    GoodbyeSeen,
    /// Nothing; carries the ratchet on. Unsequenced.
    Empty,
    /// What opens a connection: a receipt, and from where on the sender can still send. Unsequenced.
    Resume {
        /// As in a receipt.
        highest: u64,
        /// As in a receipt.
        window: u64,
        /// What the sender sent up to this number it keeps no more, and it never comes again.
        gone: u64,
    },
    /// The next number of the sender's is this one; none between comes. Only a sender that was
    /// restored says so, whose lost self may have used numbers that it doesn't know.
    Skip {
        /// The next number.
        to: u64,
    },
}

impl fmt::Debug for Body {
    /// What people write stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text { .. } => "Text(…)",
            Self::Edit { .. } => "Edit(…)",
            Self::Delete { .. } => "Delete(…)",
            Self::React { .. } => "React(…)",
            Self::Timer { .. } => "Timer(…)",
            Self::Withdrawn => "Withdrawn",
            Self::Receipt { .. } => "Receipt(…)",
            Self::Name(_) => "Name(…)",
            Self::CheckWish(_) => "CheckWish(…)",
            Self::Check(_) => "Check(…)",
            Self::CheckBegin { .. } => "CheckBegin(…)",
            Self::CheckAnew => "CheckAnew",
            Self::CheckAbort => "CheckAbort",
            Self::Goodbye => "Goodbye",
            Self::GoodbyeSeen => "GoodbyeSeen",
            Self::Empty => "Empty",
            Self::Resume { .. } => "Resume(…)",
            Self::Skip { .. } => "Skip(…)",
        })
    }
}

/// Why a body or payload can't be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Text, name or check message are longer than their bound.
    #[error("too long to send as one message; shorten or split it")]
    TooLong,
    /// A receipt whose window names its successor as arrived.
    #[error("a receipt's window begins after a number that is missing")]
    Receipt,
    /// Number 0 on a body that is counted, or another on one that isn't.
    #[error("counted bodies have numbers from 1, the others have 0")]
    Sequence,
}

/// Why bytes are no payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Written by a version that this code doesn't know.
    #[error("a message of an unknown version; one side's program is too old")]
    Version,
    /// A kind of body that this code doesn't know.
    #[error("a message of an unknown kind; one side's program is too old")]
    Kind,
    /// A length that isn't the content's, or is beyond its bound.
    #[error("a message's length is wrong")]
    Length,
    /// A size that no cells are filled by.
    #[error("a message isn't padded to whole cells")]
    Size,
    /// Bytes other than zero after body and chunk.
    #[error("a message's padding isn't zero")]
    Padding,
    /// Text that isn't UTF-8, a truth value that is neither, a receipt that contradicts itself.
    #[error("a message's content can't be read")]
    Content,
    /// Number 0 on a body that is counted, or another on one that isn't.
    #[error("a message has a number that it can't have")]
    Sequence,
}

/// The plaintext of one ratchet packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// 1, 2, 3, … per direction for bodies that are counted ([`Body::is_sequenced`]); 0 for others.
    pub sequence: u64,
    /// What it says.
    pub body: Body,
}

impl Payload {
    /// Encodes and pads the payload, ready to be encrypted.
    ///
    /// # Errors
    /// See [`EncodeError`].
    pub fn encode(&self) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
        if self.body.is_sequenced() != (self.sequence != 0) {
            return Err(EncodeError::Sequence);
        }
        Self::encode_kept(self.sequence, &self.body.encode()?)
    }

    /// Numbers and pads a body that was encoded earlier by [`Body::encode`].
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] if `body` is longer than any body.
    pub fn encode_kept(sequence: u64, body: &[u8]) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
        Self::encode_with_chunk(sequence, body, |_, _| ())
    }

    /// Like [`Payload::encode_kept`], and lets `fill` append a chunk of the ratchet's where padding
    /// would stand: at most as many bytes as it is told, which are [`Payload::room`].
    ///
    /// # Errors
    /// [`EncodeError::TooLong`] if `body` is longer than any body, or the chunk than its room.
    pub fn encode_with_chunk(
        sequence: u64,
        body: &[u8],
        fill: impl FnOnce(usize, &mut Vec<u8>),
    ) -> Result<Zeroizing<Vec<u8>>, EncodeError> {
        if body.len() > MAX_BODY {
            return Err(EncodeError::TooLong);
        }
        let length = u32::try_from(body.len()).map_err(|_| EncodeError::TooLong)?;
        let padded = padded_len(body.len());
        let mut out = Zeroizing::new(Vec::with_capacity(padded));
        out.push(PAYLOAD_VERSION);
        out.extend_from_slice(&sequence.to_be_bytes());
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(body);
        let room = Self::room(body.len());
        if room > 0 {
            let mut chunk = Zeroizing::new(Vec::with_capacity(room));
            fill(room, &mut chunk);
            let length = u16::try_from(chunk.len()).ok().filter(|_| chunk.len() <= room);
            out.extend_from_slice(&length.ok_or(EncodeError::TooLong)?.to_be_bytes());
            out.extend_from_slice(&chunk);
        }
        out.resize(padded, 0);
        Ok(out)
    }

    /// The bytes that a chunk may have behind an encoded body of so many.
    #[must_use]
    pub const fn room(body: usize) -> usize {
        padded_len(body)
            .saturating_sub(HEADER_LEN)
            .saturating_sub(body)
            .saturating_sub(CHUNK_LENGTH_LEN)
    }

    /// Reads a payload, all of it, padding included, and passes over its chunk.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::decode_with_chunk(bytes).map(|(payload, _)| payload)
    }

    /// Reads a payload, and the chunk in its padding; that is empty if there is none.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode_with_chunk(bytes: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
        let (version, rest) = bytes.split_first().ok_or(DecodeError::Length)?;
        if *version != PAYLOAD_VERSION {
            return Err(DecodeError::Version);
        }
        let (sequence, rest) = rest.split_first_chunk::<8>().ok_or(DecodeError::Length)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(DecodeError::Length)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok();
        let length = length.filter(|l| *l <= MAX_BODY).ok_or(DecodeError::Length)?;
        let (body, padding) = if cfg!(planted = "alive") {
            rest.split_at(length)
        } else {
            rest.split_at_checked(length).ok_or(DecodeError::Length)?
        };
        if bytes.len() != padded_len(length) {
            return Err(DecodeError::Size);
        }
        let (chunk, zeros) = match padding.split_first_chunk() {
            Some((length, rest)) => {
                let length = usize::from(u16::from_be_bytes(*length));
                rest.split_at_checked(length).ok_or(DecodeError::Length)?
            }
            None => ([].as_slice(), padding),
        };
        if zeros.iter().any(|byte| *byte != 0) {
            return Err(DecodeError::Padding);
        }
        let (sequence, body) = (u64::from_be_bytes(*sequence), Body::decode(body)?);
        if body.is_sequenced() != (sequence != 0) {
            return Err(DecodeError::Sequence);
        }
        Ok((Self { sequence, body }, chunk))
    }
}

/// Bytes of the payload around a body of so many: the least that fills whole cells.
const fn padded_len(body: usize) -> usize {
    let packet = HEADER_LEN.saturating_add(body).saturating_add(PACKET_OVERHEAD);
    payload_len_for(cells_for(packet))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(text: &str) -> Body {
        Body::text(text.to_owned())
    }

    fn text(length: usize) -> Body {
        plain(&"x".repeat(length))
    }

    fn all() -> Vec<Payload> {
        let sequenced = [
            text(0),
            plain("die Möwe 🜁"),
            Body::Text {
                text: Zeroizing::new("that one".into()),
                reply: Some(Reference { own: false, sequence: 7 }),
                timer: Some(60),
            },
            Body::Text {
                text: Zeroizing::new(String::new()),
                reply: Some(Reference { own: true, sequence: u64::MAX }),
                timer: None,
            },
            Body::Edit { of: 3, text: Zeroizing::new("better".into()) },
            Body::Delete { of: 4 },
            Body::React {
                to: Reference { own: true, sequence: 9 },
                sign: Zeroizing::new("👍".into()),
            },
            Body::React { to: Reference { own: false, sequence: 9 }, sign: Zeroizing::default() },
            Body::Timer { changes: 2, seconds: 3600 },
            Body::Withdrawn,
            Body::Name("Ada".into()),
            Body::CheckWish(false),
            Body::CheckWish(true),
            Body::Check(vec![1, 2, 3]),
            Body::CheckBegin { epoch: 7, message: vec![1, 2, 3] },
            Body::CheckAnew,
            Body::CheckAbort,
            Body::Goodbye,
            Body::Skip { to: 1 << 33 },
        ];
        let others = [
            Body::Receipt { highest: 7, window: 0b110 },
            Body::GoodbyeSeen,
            Body::Empty,
            Body::Resume { highest: 7, window: 0b110, gone: 5 },
        ];
        let sequenced = sequenced.into_iter().zip(1..).map(|(body, sequence)| (sequence, body));
        let others = others.into_iter().map(|body| (0, body));
        sequenced.chain(others).map(|(sequence, body)| Payload { sequence, body }).collect()
    }

    #[test]
    fn every_kind_comes_back() {
        for payload in all() {
            let bytes = payload.encode().unwrap();
            assert_eq!(bytes.len(), payload_len_for(1), "{payload:?}");
            assert_eq!(Payload::decode(&bytes).unwrap(), payload);
        }
    }

    #[test]
    fn what_fits_one_cell_is_one_size_and_one_byte_more_takes_two() {
        // The kind and the flags of a text.
        let room = payload_len_for(1) - HEADER_LEN - 2;
        let payload = |length| Payload { sequence: 1, body: text(length) }.encode().unwrap();
        assert_eq!(payload(0).len(), payload_len_for(1));
        assert_eq!(payload(room).len(), payload_len_for(1));
        assert_eq!(payload(room + 1).len(), payload_len_for(2));
        assert!(payload(MAX_TEXT).len() <= payload_len_for(MAX_CELLS));
    }

    #[test]
    fn bounds_hold_on_both_sides() {
        let over = [
            text(MAX_TEXT + 1),
            Body::Name("x".repeat(121)),
            Body::Check(vec![0; 4097]),
            Body::CheckBegin { epoch: 0, message: vec![0; 4097] },
        ];
        for body in over {
            assert_eq!(body.encode().unwrap_err(), EncodeError::TooLong, "{body:?}");
        }
        let kinds = [
            (1, 1 + MAX_TEXT),
            (3, MAX_NAME),
            (5, MAX_CHECK),
            (9, 8 + MAX_TEXT),
            (11, 9 + MAX_SIGN),
            (14, EPOCH_LEN + MAX_CHECK),
        ];
        for (kind, length) in kinds {
            let mut bytes = vec![b'x'; length + 2];
            bytes[0] = kind;
            if matches!(kind, 1 | 11) {
                bytes[1] = 0;
            }
            assert_eq!(Body::decode(&bytes).unwrap_err(), DecodeError::Length, "{kind}");
            bytes.pop();
            assert!(Body::decode(&bytes).is_ok(), "{kind}");
        }
        let long = vec![1; MAX_BODY + 1];
        assert_eq!(Payload::encode_kept(1, &long).unwrap_err(), EncodeError::TooLong);
    }

    #[test]
    fn numbers_fit_their_bodies() {
        for Payload { sequence, body } in all() {
            let wrong = Payload { sequence: u64::from(sequence == 0), body };
            assert_eq!(wrong.encode().unwrap_err(), EncodeError::Sequence);
            let bytes =
                Payload::encode_kept(wrong.sequence, &wrong.body.encode().unwrap()).unwrap();
            assert_eq!(Payload::decode(&bytes).unwrap_err(), DecodeError::Sequence);
        }
    }

    #[test]
    fn a_receipt_that_contradicts_itself_is_refused() {
        let body = Body::Receipt { highest: 1, window: 1 };
        assert_eq!(body.encode().unwrap_err(), EncodeError::Receipt);
        let mut bytes = [0; 17];
        bytes[0] = 2;
        assert!(Body::decode(&bytes).is_ok());
        bytes[16] = 1;
        assert_eq!(Body::decode(&bytes).unwrap_err(), DecodeError::Content);
    }

    #[test]
    fn each_wrong_turn_has_its_name() {
        let good = Payload { sequence: 9, body: Body::Name("Ada".into()) }.encode().unwrap();
        let with = |at: usize, to: u8| {
            let mut bytes = good.clone();
            bytes[at] = to;
            Payload::decode(&bytes).unwrap_err()
        };
        assert_eq!(with(0, 2), DecodeError::Version);
        assert_eq!(with(9, 1), DecodeError::Length);
        // What is left over of the body would be a chunk beyond the end.
        assert_eq!(with(12, 3), DecodeError::Length);
        assert_eq!(with(13, 99), DecodeError::Kind);
        assert_eq!(with(14, 0xff), DecodeError::Content);
        assert_eq!(with(good.len() - 1, 1), DecodeError::Padding);
        assert_eq!(Payload::decode(&good[..good.len() - 1]).unwrap_err(), DecodeError::Size);
        let mut longer = good.to_vec();
        longer.resize(payload_len_for(2), 0);
        assert_eq!(Payload::decode(&longer).unwrap_err(), DecodeError::Size);
        for length in 0..HEADER_LEN {
            assert!(Payload::decode(&good[..length]).is_err());
        }
    }

    #[test]
    fn debug_shows_no_text() {
        let payload = Payload { sequence: 1, body: plain("secret") };
        assert_eq!(format!("{payload:?}"), "Payload { sequence: 1, body: Text(…) }");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in ".{0,400}", sequence in 1..u64::MAX) {
            let payload = Payload { sequence, body: plain(&text) };
            let bytes = payload.encode().unwrap();
            prop_assert_eq!(Payload::decode(&bytes).unwrap(), payload);
        }

        #[test]
        fn what_decodes_from_garbage_encodes_to_the_same(
            kind in 0..17_u8,
            content in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let bytes = [&[kind], content.as_slice()].concat();
            if let Ok(body) = Body::decode(&bytes) {
                prop_assert_eq!(&*body.encode().unwrap(), &bytes);
            }
        }

        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            prop_assert!(Payload::decode(&bytes).is_err() || bytes[0] == PAYLOAD_VERSION);
        }
    }

    #[test]
    fn a_chunk_takes_the_place_of_padding_and_no_more() {
        for body in (0..1_000).chain([MAX_TEXT]) {
            let encoded = text(body).encode().unwrap();
            let without = Payload::encode_kept(1, &encoded).unwrap();
            let room = Payload::room(encoded.len());
            for length in [0, 1, room / 2, room] {
                let chunk = vec![7; length.min(room)];
                let bytes = Payload::encode_with_chunk(1, &encoded, |told, out| {
                    assert_eq!(told, room);
                    out.extend_from_slice(&chunk);
                })
                .unwrap();
                assert_eq!(bytes.len(), without.len());
                let (payload, read) = Payload::decode_with_chunk(&bytes).unwrap();
                assert_eq!((payload.body, read), (text(body), chunk.as_slice()));
                assert!(!chunk.is_empty() || bytes == without);
            }
            if room > 0 {
                let fill = |room, out: &mut Vec<u8>| out.resize(room + 1, 7);
                let long = Payload::encode_with_chunk(1, &encoded, fill);
                assert_eq!(long.err(), Some(EncodeError::TooLong));
            }
        }
        assert_eq!(Payload::room(17), 330, "behind a receipt: ten parts of a key");
    }

    #[test]
    fn padding_behind_a_chunk_is_zero_and_a_chunk_is_whole() {
        let body = Body::Empty.encode().unwrap();
        let fill = |_, out: &mut Vec<u8>| out.extend_from_slice(b"chunk");
        let bytes = Payload::encode_with_chunk(0, &body, fill).unwrap();
        let behind = HEADER_LEN + body.len();
        for place in behind + 2 + 5..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] = 1;
            assert_eq!(Payload::decode(&changed).err(), Some(DecodeError::Padding));
        }
        let mut changed = bytes;
        changed[behind..behind + 2].copy_from_slice(&400_u16.to_be_bytes());
        assert_eq!(Payload::decode(&changed).err(), Some(DecodeError::Length));
    }
}
