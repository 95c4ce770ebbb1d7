//! A session at rest: `docs/ratchet.md`, section "State".

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::chain::{ChainKey, EpochKeys};
use super::exchange::{
    Answered, CIPHERTEXT_UNITS, Exchange, KEY_UNITS, Offered, Opened, SEED_LEN, UNIT_LEN, Units,
};
use super::skipped::{MAX_SKIPPED, MAX_SKIPPED_PER_CHAIN, Skipped, SkippedChain, SkippedKey};
use super::{MAX_CHAIN, Receiving, Sending, Session, TagSeeds};
use crate::dh::{KeyPair, Point};
use crate::secret::Secret;

/// The first byte of a state. A change of the format gets a new number.
const VERSION: u8 = 1;

/// Bytes of everything but the exchange and skipped keys, when both chains are there.
const FIXED_LEN: usize = 1
    + 32
    + 32
    + 32
    + (1 + 3 * 32 + 4)
    + 32
    + 4
    + (1 + 2 * 32 + 8)
    + 32
    + 4
    + (1 + 4 + 4 * 32 + 4 + 4)
    + 4
    + 4;
/// The longest exchange: one that was answered.
const MAX_EXCHANGE_LEN: usize = 1 + 32 + (KEY_UNITS + CIPHERTEXT_UNITS) * UNIT_LEN + 1;
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
        .saturating_add(FIXED_LEN)
        .saturating_add(MAX_EXCHANGE_LEN);
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
        Some(Receiving { chain, header, next, epoch }) => {
            out.put(&[1]);
            out.put(chain.0.as_bytes());
            out.put(header.as_bytes());
            out.number(*next);
            out.number(*epoch);
        }
    }
    out.put(session.next_receiving_header.as_bytes());
    out.number(session.answered);
    out.put(&[u8::from(session.offers_odd)]);
    out.number(session.epoch);
    for keys in [Some(&session.keys), session.previous_keys.as_ref()].into_iter().flatten() {
        out.put(keys.link.as_bytes());
        out.put(keys.authenticator.as_bytes());
    }
    out.number(session.unhealed);
    out.number(session.link_time);
    out.exchange(&session.exchange);
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
        Some(Receiving { chain, header, next: input.number()?, epoch: input.number()? })
    } else {
        None
    };
    let next_receiving_header = input.secret()?;
    let answered = input.number()?;
    let offers_odd = input.flag()?;
    let epoch = input.number()?;
    let keys = input.epoch_keys()?;
    let previous_keys = if epoch > 0 { Some(input.epoch_keys()?) } else { None };
    let unhealed = input.number()?;
    let link_time = input.number()?;
    let exchange = decode_exchange(input)?;
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
        offers_odd,
        epoch,
        keys,
        previous_keys,
        unhealed,
        link_time,
        exchange,
        skipped,
        tag_seeds: TagSeeds::default(),
    };
    (input.0.is_empty() && is_consistent(&session)).then_some(session)
}

/// The exchange is preceded by its length, so that its form is its own.
fn decode_exchange(input: &mut Reader<'_>) -> Option<Exchange> {
    let length = input.count(MAX_EXCHANGE_LEN)?;
    let (bytes, rest) = input.0.split_at_checked(length)?;
    input.0 = rest;
    let mut input = Reader(bytes);
    let exchange = match bytes.first() {
        None => Exchange::Idle,
        Some(_) => match *input.take()? {
            [ASKING] => Exchange::Asking,
            [OFFERED] => {
                let mut offered = Offered::new(input.take().map(Secret::from_bytes)?);
                offered.cursor = input.cursor(KEY_UNITS)?;
                offered.ciphertext = input.units()?;
                Exchange::Offered(offered)
            }
            [OPENED] => Exchange::Opened(Opened {
                shared: input.secret()?,
                key_hash: *input.take()?,
                ciphertext: input.whole()?,
            }),
            [GATHERING] => Exchange::Gathering(input.units().filter(|key| key.have() != 0)?),
            [ANSWERED] => Exchange::Answered(Answered {
                shared: input.secret()?,
                key: input.whole()?,
                ciphertext: input.whole()?,
                cursor: input.cursor(CIPHERTEXT_UNITS)?,
            }),
            [_] => return None,
        },
    };
    input.0.is_empty().then_some(exchange)
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
    // We mix in only with a chain of our own, and only what we offered: until the other side's next
    // chain, the one being read is of the epoch before.
    let chain_epoch = session.receiving.as_ref().is_none_or(|receiving| {
        let is_behind = receiving.epoch.checked_add(1) == Some(session.epoch);
        receiving.epoch == session.epoch
            || (is_behind && session.sending.is_some() && !session.offers_next())
    }) && (session.receiving.is_some() || session.epoch == 0);
    let exchange = match session.exchange {
        Exchange::Idle => true,
        Exchange::Offered(_) | Exchange::Opened(_) => session.offers_next(),
        Exchange::Asking | Exchange::Gathering(_) | Exchange::Answered(_) => !session.offers_next(),
    };
    has_chain && session.answered <= received && skipped_before && chain_epoch && exchange
}

/// The first byte of an exchange; one that is idle has no bytes.
const ASKING: u8 = 1;
const OFFERED: u8 = 2;
const OPENED: u8 = 3;
const GATHERING: u8 = 4;
const ANSWERED: u8 = 5;

struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn number(&mut self, number: u32) {
        self.put(&number.to_be_bytes());
    }

    fn exchange(&mut self, exchange: &Exchange) {
        match exchange {
            Exchange::Idle => self.number(0),
            Exchange::Asking => self.tagged(ASKING, 0),
            Exchange::Offered(Offered { seed, cursor, ciphertext, .. }) => {
                let units = ciphertext.count().saturating_mul(UNIT_LEN);
                self.tagged(OFFERED, units.saturating_add(SEED_LEN + 1 + 8));
                self.put(seed.as_bytes());
                self.cursor(*cursor);
                self.units(ciphertext);
            }
            Exchange::Opened(Opened { shared, key_hash, ciphertext }) => {
                self.tagged(OPENED, 2 * 32 + CIPHERTEXT_UNITS * UNIT_LEN);
                self.put(shared.as_bytes());
                self.put(key_hash);
                self.put(ciphertext.as_bytes());
            }
            Exchange::Gathering(key) => {
                let units = key.count().saturating_mul(UNIT_LEN);
                self.tagged(GATHERING, units.saturating_add(8));
                self.units(key);
            }
            Exchange::Answered(Answered { shared, key, ciphertext, cursor }) => {
                self.tagged(ANSWERED, 32 + (KEY_UNITS + CIPHERTEXT_UNITS) * UNIT_LEN + 1);
                self.put(shared.as_bytes());
                self.put(key.as_bytes());
                self.put(ciphertext.as_bytes());
                self.cursor(*cursor);
            }
        }
    }

    /// The length of an exchange, whose body has `length` bytes, and its first byte.
    fn tagged(&mut self, tag: u8, length: usize) {
        self.count(length.saturating_add(1));
        self.put(&[tag]);
    }

    /// The number of a unit, which fits.
    fn cursor(&mut self, cursor: usize) {
        self.put(&[u8::try_from(cursor).unwrap_or(0)]);
    }

    fn units<const N: usize>(&mut self, units: &Units<N>) {
        self.put(&units.have().to_be_bytes());
        for unit in units.present() {
            self.put(unit);
        }
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

    fn epoch_keys(&mut self) -> Option<EpochKeys> {
        Some(EpochKeys { link: self.secret()?, authenticator: self.secret()? })
    }

    /// The number of a unit below `end`.
    fn cursor(&mut self, end: usize) -> Option<usize> {
        self.take().map(|[cursor]| usize::from(*cursor)).filter(|cursor| *cursor < end)
    }

    /// Some units: which ones, and the bytes of each.
    fn units<const N: usize>(&mut self) -> Option<Units<N>> {
        let have = u64::from_be_bytes(*self.take()?);
        let count = usize::try_from(have.count_ones()).ok()?;
        Units::partial(have, self.chunks(count)?)
    }

    /// All units.
    fn whole<const N: usize>(&mut self) -> Option<Units<N>> {
        self.chunks(N).map(|units| Units::whole(units.as_flattened()))
    }

    fn chunks(&mut self, count: usize) -> Option<&'a [[u8; UNIT_LEN]]> {
        let (units, rest) = self.0.split_at_checked(count.checked_mul(UNIT_LEN)?)?;
        self.0 = rest;
        Some(units.as_chunks().0)
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
