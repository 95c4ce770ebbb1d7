//! A session at rest: `docs/ratchet.md`, section "State".

use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::chain::ChainKey;
use super::skipped::{MAX_SKIPPED, MAX_SKIPPED_PER_CHAIN, Skipped, SkippedChain, SkippedKey};
use super::{MAX_CHAIN, Receiving, Sending, Session, TagSeeds};
use crate::dh::{KeyPair, Point};
use crate::secret::Secret;

/// The first byte of a state. A change of the format gets a new number.
const VERSION: u8 = 1;

/// Bytes of everything but skipped keys, when both chains are there.
const FIXED_LEN: usize =
    1 + 32 + 32 + 32 + (1 + 3 * 32 + 4) + 32 + 4 + (1 + 2 * 32 + 4) + 32 + 12 + 4;
/// Header key and number of keys.
const SKIPPED_CHAIN_LEN: usize = 32 + 4;
/// Number, time and key.
const SKIPPED_KEY_LEN: usize = 4 + 8 + 32;

/// Why bytes are no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// A version that this program doesn't know.
    #[error("a session of version {0} is unknown; use the program that wrote it")]
    Version(u8),
    /// No session has such a state: cut off, overlong, or contradicting itself.
    #[error("the stored session is damaged; repair the contact")]
    Damaged,
}

pub(super) fn encode(session: &Session) -> Zeroizing<Vec<u8>> {
    let skipped = &session.skipped;
    let capacity = skipped
        .chains
        .len()
        .saturating_mul(SKIPPED_CHAIN_LEN)
        .saturating_add(skipped.len().saturating_mul(SKIPPED_KEY_LEN))
        .saturating_add(FIXED_LEN);
    // The whole capacity at once: a buffer that grows leaves copies of secrets behind.
    let mut out = Writer(Zeroizing::new(Vec::with_capacity(capacity)));
    out.put(&[VERSION]);
    out.put(&session.associated_data);
    out.put(session.root.as_bytes());
    out.put(session.peer.as_bytes());
    match &session.sending {
        None => out.put(&[0]),
        Some(Sending { own, chain, header, sent }) => {
            out.put(&[1]);
            out.put(own.secret().as_bytes());
            out.put(chain.0.as_bytes());
            out.put(header.as_bytes());
            out.number(*sent);
        }
    }
    out.put(session.next_sending_header.as_bytes());
    out.number(session.previous_sent);
    match &session.receiving {
        None => out.put(&[0]),
        Some(Receiving { chain, header, next }) => {
            out.put(&[1]);
            out.put(chain.0.as_bytes());
            out.put(header.as_bytes());
            out.number(*next);
        }
    }
    out.put(session.next_receiving_header.as_bytes());
    out.number(session.answered);
    out.number(session.epoch);
    // The length of what an unfinished post-quantum epoch has to keep.
    out.number(0);
    out.count(skipped.chains.len());
    for chain in &skipped.chains {
        out.put(chain.header.as_bytes());
        out.count(chain.keys.len());
        for key in &chain.keys {
            out.number(key.number);
            out.put(&key.since.to_be_bytes());
            out.put(key.key.as_bytes());
        }
    }
    out.0
}

pub(super) fn decode(bytes: &[u8]) -> Result<Session, StateError> {
    match bytes.first() {
        Some(&VERSION) => decode_body(&mut Reader(bytes)).ok_or(StateError::Damaged),
        Some(&version) => Err(StateError::Version(version)),
        None => Err(StateError::Damaged),
    }
}

fn decode_body(input: &mut Reader<'_>) -> Option<Session> {
    let [_version] = *input.take()?;
    let associated_data = *input.take()?;
    let root = input.secret()?;
    let peer = Point::parse(input.take()?).ok()?;
    let sending = if input.flag()? {
        let own = KeyPair::from_secret(input.secret()?);
        let chain = ChainKey(input.secret()?);
        let header = input.secret()?;
        let sent = input.number().filter(|sent| *sent <= MAX_CHAIN)?;
        Some(Sending { own, chain, header, sent })
    } else {
        None
    };
    let next_sending_header = input.secret()?;
    let previous_sent = input.number().filter(|sent| *sent <= MAX_CHAIN)?;
    let receiving = if input.flag()? {
        let chain = ChainKey(input.secret()?);
        let header = input.secret()?;
        Some(Receiving { chain, header, next: input.number()? })
    } else {
        None
    };
    let next_receiving_header = input.secret()?;
    let answered = input.number()?;
    let epoch = input.number().filter(|epoch| *epoch == 0)?;
    input.number().filter(|length| *length == 0)?;
    let skipped = decode_skipped(input)?;
    let session = Session {
        associated_data,
        root,
        peer,
        sending,
        next_sending_header,
        previous_sent,
        receiving,
        next_receiving_header,
        answered,
        epoch,
        skipped,
        tag_seeds: TagSeeds::default(),
    };
    (input.0.is_empty() && is_consistent(&session)).then_some(session)
}

fn decode_skipped(input: &mut Reader<'_>) -> Option<Skipped> {
    let mut skipped = Skipped::new();
    for _ in 0..input.count(MAX_SKIPPED)? {
        let header = input.secret()?;
        let mut keys: VecDeque<SkippedKey> = VecDeque::new();
        for _ in 0..input.count(MAX_SKIPPED_PER_CHAIN)? {
            let number = input.number()?;
            if keys.back().is_some_and(|last| last.number >= number) {
                return None;
            }
            let since = u64::from_be_bytes(*input.take()?);
            keys.push_back(SkippedKey { number, since, key: input.secret()? });
        }
        let is_known = skipped.chains.iter().any(|chain| chain.header == header);
        if keys.is_empty() || is_known {
            return None;
        }
        skipped.chains.push(SkippedChain { header, keys });
    }
    (skipped.len() <= MAX_SKIPPED).then_some(skipped)
}

/// What holds for every session beyond the form of its parts.
fn is_consistent(session: &Session) -> bool {
    let received = session.received();
    let has_chain = session.sending.is_some() || session.receiving.is_some();
    let skipped_before = session.receiving.iter().all(|receiving| {
        let chains = session.skipped.chains.iter();
        chains
            .filter(|chain| chain.header == receiving.header)
            .all(|chain| chain.keys.back().is_none_or(|last| last.number < received))
    });
    has_chain && session.answered <= received && skipped_before
}

struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn number(&mut self, number: u32) {
        self.put(&number.to_be_bytes());
    }

    /// A number of entries, which never comes near the type's limit.
    fn count(&mut self, count: usize) {
        self.number(u32::try_from(count).unwrap_or(u32::MAX));
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(first)
    }

    fn secret(&mut self) -> Option<Secret<32>> {
        self.take().map(Secret::from_bytes)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().copied().map(u32::from_be_bytes)
    }

    fn flag(&mut self) -> Option<bool> {
        match *self.take()? {
            [0] => Some(false),
            [1] => Some(true),
            [_] => None,
        }
    }

    fn count(&mut self, limit: usize) -> Option<usize> {
        self.number().and_then(|count| usize::try_from(count).ok()).filter(|count| *count <= limit)
    }
}
