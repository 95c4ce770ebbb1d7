//! Tags and session at rest: `docs/sealed.md`, section "State".

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::chain::{Chain, KEPT, Kept, Seed, TAG_LEN, Tag, WINDOW};
use super::tags::{Receiving, Sending};
use crate::secret::Secret;
use crate::session::{Session, StateError};

/// The first byte of a state. A change of the format gets a new number.
const VERSION: u8 = 1;

/// Seed 32 ‖ number 4 ‖ count 4 ‖ kept tags.
const CHAIN_LEN: usize = 32 + 4 + 4 + KEPT * (4 + TAG_LEN + 32);
/// The most bytes of tags.
const MAX_TAGS_LEN: usize = 1 + (32 + 4 + 1 + 32) + 4 + 2 + 3 * CHAIN_LEN;

pub(super) fn encode(
    sending: &Sending,
    receiving: &Receiving,
    session: &Session,
) -> Zeroizing<Vec<u8>> {
    let session = session.to_bytes();
    // The whole capacity at once: a buffer that grows leaves copies of secrets behind.
    let capacity = MAX_TAGS_LEN.saturating_add(session.len());
    let mut out = Zeroizing::new(Vec::with_capacity(capacity));
    out.push(VERSION);
    out.extend_from_slice(sending.seed.0.as_bytes());
    out.extend_from_slice(&sending.number.to_be_bytes());
    out.push(u8::from(sending.next.is_some()));
    if let Some(next) = &sending.next {
        out.extend_from_slice(next.as_bytes());
    }
    out.extend_from_slice(&receiving.serial.to_be_bytes());
    out.push(u8::from(receiving.previous.is_some()));
    out.push(u8::from(receiving.next.is_some()));
    let chains = [receiving.previous.as_ref(), Some(&receiving.current), receiving.next.as_ref()];
    for chain in chains.into_iter().flatten() {
        out.extend_from_slice(chain.low.0.as_bytes());
        out.extend_from_slice(&chain.number.to_be_bytes());
        let count = u32::try_from(chain.kept.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&count.to_be_bytes());
        for Kept { number, tag, key } in &chain.kept {
            out.extend_from_slice(&number.to_be_bytes());
            out.extend_from_slice(&tag.0);
            out.extend_from_slice(key.as_bytes());
        }
    }
    out.extend_from_slice(&session);
    out
}

pub(super) fn decode(bytes: &[u8]) -> Result<(Sending, Receiving, Session), StateError> {
    match bytes.split_first() {
        Some((&VERSION, mut rest)) => {
            let (sending, receiving) = decode_tags(&mut rest).ok_or(StateError::Damaged)?;
            Ok((sending, receiving, Session::from_bytes(rest)?))
        }
        Some((&version, _)) => Err(StateError::Version(version)),
        None => Err(StateError::Damaged),
    }
}

fn decode_tags(rest: &mut &[u8]) -> Option<(Sending, Receiving)> {
    let seed = Seed(secret(rest)?);
    let number = number(rest)?;
    let next = if flag(rest)? { Some(secret(rest)?) } else { None };
    let sending = Sending { seed, number, next };
    let serial = self::number(rest)?;
    let (has_previous, has_next) = (flag(rest)?, flag(rest)?);
    // There is a chain before exactly if this isn't the first, and the first alone may be without one after it.
    if has_previous != (serial > 0) || (!has_next && serial > 0) {
        return None;
    }
    let previous = if has_previous { Some(chain(rest)?) } else { None };
    let current = chain(rest)?;
    let next = if has_next { Some(chain(rest)?) } else { None };
    Some((sending, Receiving { serial, previous, current, next }))
}

fn chain(rest: &mut &[u8]) -> Option<Chain> {
    let low = Seed(secret(rest)?);
    let next = number(rest)?;
    next.checked_add(WINDOW)?;
    let count = usize::try_from(number(rest)?).ok().filter(|count| *count <= KEPT)?;
    let mut kept: VecDeque<Kept> = VecDeque::with_capacity(count);
    for _ in 0..count {
        let number = number(rest).filter(|number| *number < next)?;
        if kept.back().is_some_and(|last| last.number >= number) {
            return None;
        }
        let tag = Tag(*take(rest)?);
        kept.push_back(Kept { number, tag, key: secret(rest)? });
    }
    Some(Chain::from_parts(low, next, kept))
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (first, others) = rest.split_first_chunk()?;
    *rest = others;
    Some(first)
}

fn secret(rest: &mut &[u8]) -> Option<Secret<32>> {
    take(rest).map(Secret::from_bytes)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    take(rest).copied().map(u32::from_be_bytes)
}

fn flag(rest: &mut &[u8]) -> Option<bool> {
    match *take(rest)? {
        [0] => Some(false),
        [1] => Some(true),
        [_] => None,
    }
}
