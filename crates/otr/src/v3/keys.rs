//! Keys of data messages: which are in use, how they change, and which are revealed (OTRv3 "Key
//! Management", "Data Message", "Revealing MAC keys").

use std::sync::Arc;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::codec::Writer;
use crate::group::{Pair, Public};

use super::ake::{Established, FIRST_KEYID};
use super::crypto::{Direction, MAC_LEN, h2};
use super::message::{Data, Header};

/// How many keys wait to be revealed. Only a peer that changes its keys with every message, against
/// the rules, makes more of them than a few; the oldest are dropped then.
const REVEAL_MAX: usize = 256;

/// Why a data message was refused. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// It names keys that are gone or never were.
    #[error("it is encrypted with keys that are no longer, or not yet, in use")]
    Keys,
    /// The authenticator is wrong.
    #[error(
        "its authenticator is wrong: it was changed on the way, or is meant for another session"
    )]
    Mac,
    /// It came before.
    #[error("it came before, or a later one came first")]
    Replay,
}

/// Both ends' keys. Of each end the latest two are in use.
pub(crate) struct Keys {
    ours: Ours,
    theirs: Theirs,
    /// Of our latest pair and the one before it, with the same of theirs.
    sessions: [[Option<SessionKeys>; 2]; 2],
    reveal: Vec<[u8; MAC_LEN]>,
}

struct Ours {
    keyid: u32,
    latest: Pair,
    before: Arc<Pair>,
}

struct Theirs {
    keyid: u32,
    latest: Public,
    before: Option<Public>,
}

/// Which of two keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    Latest,
    Before,
}

impl Age {
    fn of(keyid: u32, latest: u32) -> Option<Self> {
        if keyid == latest {
            Some(Self::Latest)
        } else {
            (keyid.checked_add(1) == Some(latest)).then_some(Self::Before)
        }
    }
}

impl Keys {
    /// The keys after a key exchange: our pair of the exchange is number 1, a fresh one number 2.
    /// `before` are the keys of the session that this one replaces; those of them that
    /// authenticated something are revealed, for nothing is taken under them any more.
    pub(crate) fn new(
        established: &Established,
        before: Option<Self>,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let reveal = before.map(Self::into_revealed).unwrap_or_default();
        Self {
            ours: Ours {
                keyid: FIRST_KEYID.saturating_add(1),
                latest: Pair::random(rng),
                before: Arc::clone(&established.ours),
            },
            theirs: Theirs {
                keyid: established.their_keyid,
                latest: established.theirs,
                before: None,
            },
            sessions: Default::default(),
            reveal,
        }
    }

    /// Encrypts a plaintext, which the caller writes behind what is there already. Gives the whole
    /// message, and the extra symmetric key that a record of it may speak of.
    pub(crate) fn seal(
        &mut self,
        header: Header,
        flags: u8,
        plaintext: impl FnOnce(Writer) -> Writer,
    ) -> (Vec<u8>, ExtraKey) {
        let next = self.ours.latest.public.bytes();
        let our_keyid = self.ours.keyid.saturating_sub(1);
        let their_keyid = self.theirs.keyid;
        let reveal = std::mem::take(&mut self.reveal).concat();
        let session = place(&mut self.sessions, Age::Before, Age::Latest);
        let session = session
            .get_or_insert_with(|| SessionKeys::derive(&self.ours.before, &self.theirs.latest));
        session.sent = session.sent.saturating_add(1);
        let top = session.sent.to_be_bytes();
        let sending = &session.sending;
        let covered = header
            .write()
            .byte(flags)
            .int(our_keyid)
            .int(their_keyid)
            .mpi(&next)
            .raw(&top)
            .data_in_place(plaintext, |bytes| sending.crypt(top, bytes));
        let mac = sending.mac(covered.bytes());
        let message = covered.raw(&mac).data(&reveal).finish();
        (message, session.extra.clone())
    }

    /// Encrypts the last message of a session, and reveals all keys that authenticated something.
    pub(crate) fn seal_last(
        mut self,
        header: Header,
        flags: u8,
        plaintext: impl FnOnce(Writer) -> Writer,
    ) -> Vec<u8> {
        for session in self.sessions.iter().flatten().flatten() {
            self.reveal.extend(session.used());
        }
        self.seal(header, flags, plaintext).0
    }

    /// Opens a message. Changes nothing unless it is authentic and new.
    pub(crate) fn open(
        &mut self,
        data: &Data<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Zeroizing<Vec<u8>>, ExtraKey), DataError> {
        let our_age = Age::of(data.recipient_keyid, self.ours.keyid).ok_or(DataError::Keys)?;
        let their_age = Age::of(data.sender_keyid, self.theirs.keyid).ok_or(DataError::Keys)?;
        let session = self.session(our_age, their_age).ok_or(DataError::Keys)?;
        if !session.receiving.is_mac(data.covered, &data.mac) {
            return Err(DataError::Mac);
        }
        let counter = u64::from_be_bytes(data.counter);
        if counter <= session.received {
            return Err(DataError::Replay);
        }
        session.received = counter;
        let mut plaintext = Zeroizing::new(data.ciphertext.to_vec());
        session.receiving.crypt(data.counter, &mut plaintext);
        let extra = session.extra.clone();
        if our_age == Age::Latest {
            self.rotate_ours(rng);
        }
        if their_age == Age::Latest {
            self.rotate_theirs(data.next);
        }
        let too_many = self.reveal.len().saturating_sub(REVEAL_MAX);
        self.reveal.drain(..too_many);
        Ok((plaintext, extra))
    }

    /// The session of two keys, derived when it is first used.
    fn session(&mut self, our_age: Age, their_age: Age) -> Option<&mut SessionKeys> {
        let ours = match our_age {
            Age::Latest => &self.ours.latest,
            Age::Before => &*self.ours.before,
        };
        let theirs = match their_age {
            Age::Latest => self.theirs.latest,
            Age::Before => self.theirs.before?,
        };
        let place = place(&mut self.sessions, our_age, their_age);
        Some(place.get_or_insert_with(|| SessionKeys::derive(ours, &theirs)))
    }

    fn rotate_ours(&mut self, rng: &mut impl CryptoRng) {
        let Ours { keyid, latest, before } = &mut self.ours;
        // After four thousand million turns the latest key stays.
        let Some(next) = keyid.checked_add(1) else { return };
        *keyid = next;
        *before = Arc::new(std::mem::replace(latest, Pair::random(rng)));
        let [latest, dropped] = std::mem::take(&mut self.sessions);
        self.reveal.extend(dropped.iter().flatten().filter_map(SessionKeys::used));
        self.sessions = [Default::default(), latest];
    }

    fn rotate_theirs(&mut self, new: Public) {
        let Theirs { keyid, latest, before } = &mut self.theirs;
        let Some(next) = keyid.checked_add(1) else { return };
        *keyid = next;
        *before = Some(std::mem::replace(latest, new));
        for [latest, before] in &mut self.sessions {
            let dropped = std::mem::replace(before, latest.take());
            self.reveal.extend(dropped.as_ref().and_then(SessionKeys::used));
        }
    }

    /// All receiving keys that authenticated something and were not revealed yet.
    fn into_revealed(self) -> Vec<[u8; MAC_LEN]> {
        let used = self.sessions.iter().flatten().flatten().filter_map(SessionKeys::used);
        self.reveal.iter().copied().chain(used).collect()
    }
}

/// Where the session of two keys stands.
fn place(
    sessions: &mut [[Option<SessionKeys>; 2]; 2],
    our_age: Age,
    their_age: Age,
) -> &mut Option<SessionKeys> {
    fn of<T>([latest, before]: &mut [T; 2], age: Age) -> &mut T {
        if age == Age::Latest { latest } else { before }
    }
    of(of(sessions, our_age), their_age)
}

/// The extra symmetric key of two data keys: 32 bytes for anything outside the conversation, such
/// as a file (OTRv3 "Extra symmetric key").
#[derive(Clone)]
pub struct ExtraKey(Zeroizing<[u8; 32]>);

impl ExtraKey {
    /// The key's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for ExtraKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ExtraKey(..)")
    }
}

impl PartialEq for ExtraKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&*other.0).into()
    }
}

/// The keys of one of our pairs with one of their public values.
struct SessionKeys {
    sending: Direction,
    receiving: Direction,
    extra: ExtraKey,
    /// The counter of the last message in either direction.
    sent: u64,
    received: u64,
}

impl SessionKeys {
    fn derive(ours: &Pair, theirs: &Public) -> Self {
        let secbytes = ours.shared(theirs);
        let (sending, receiving) = if ours.public.is_above(theirs) { (1, 2) } else { (2, 1) };
        Self {
            sending: Direction::derive(sending, &secbytes),
            receiving: Direction::derive(receiving, &secbytes),
            extra: ExtraKey(h2(0xff, &secbytes)),
            sent: 0,
            received: 0,
        }
    }

    /// The receiving key, if it authenticated anything.
    fn used(&self) -> Option<[u8; MAC_LEN]> {
        (self.received > 0).then_some(*self.receiving.mac_key())
    }
}

impl Drop for SessionKeys {
    fn drop(&mut self) {
        self.sent.zeroize();
        self.received.zeroize();
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { ours, theirs, sessions: _, reveal } = self;
        f.debug_struct("Keys")
            .field("our_keyid", &ours.keyid)
            .field("their_keyid", &theirs.keyid)
            .field("to_reveal", &reveal.len())
            .finish_non_exhaustive()
    }
}
