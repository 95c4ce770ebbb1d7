//! The prekeys of one of our clients: what is published, and the secrets behind it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::super::curve::{self, Scalar};
use super::super::dh;
use super::super::identity::{Identity, StoredError};
use super::super::message::{KeyPairs, OfflineAuth};
use super::super::prekey::{PrekeyMessage, PrekeyProfile};
use super::super::profile::{ClientProfile, PROFILE_LIFETIME};
use super::{AkeError, Ends, Established, Own, Secrets, accept};
use crate::codec::{DecodeError, Reader, Writer};
use crate::key::{PrivateKey, RandomnessError};
use crate::tag::InstanceTag;
use crate::version::Versions;

/// How many prekey messages are kept at a time: as many as one publication may have.
pub const PREKEYS_MAX: usize = 255;

/// How long a shared prekey is good, in seconds.
pub const PREKEY_LIFETIME: u64 = PROFILE_LIFETIME;

/// How long what is over is still taken, in seconds: messages of the last hours come late.
const GRACE: u64 = 24 * 60 * 60;

/// How many profiles and shared prekeys are kept; older ones go.
const KEPT: usize = 3;

/// First byte of stored prekeys.
const STORED_VERSION: u8 = 1;

/// What a client publishes, so that others can write to it while it is offline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Who the client is.
    pub profile: ClientProfile,
    /// Its shared prekey.
    pub prekey_profile: PrekeyProfile,
    /// Keys for one message each. Those that were made for this publication; earlier ones are where
    /// they were published.
    pub messages: Vec<PrekeyMessage>,
}

/// The prekeys of one of our clients. Clones are the same prekeys: those of all conversations of an
/// account. They change with each message that comes to them, and are then to be stored again.
#[derive(Clone, Default)]
pub struct Prekeys {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
pub(in super::super) struct Inner {
    profiles: Vec<ClientProfile>,
    pub(in super::super) shared: Vec<Shared>,
    pub(in super::super) messages: Vec<(u32, KeyPairs)>,
    /// Whether something changed since it was last stored.
    changed: bool,
}

pub(in super::super) struct Shared {
    pub(in super::super) pair: curve::Pair,
    expires: u64,
}

impl Prekeys {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nobody can leave the list half changed, so one who gave up in the middle does no harm.
    pub(in super::super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes what is to be published: a profile, renewed if it has less than a day; a shared
    /// prekey, the same; and so many new prekey messages that there are `count`, at most
    /// [`PREKEYS_MAX`].
    ///
    /// # Errors
    /// [`RandomnessError`] if the random numbers are no such.
    #[expect(clippy::too_many_arguments, reason = "all that a profile says")]
    pub fn publish(
        &self,
        identity: &Identity,
        owner: InstanceTag,
        versions: Versions,
        dsa: Option<&PrivateKey>,
        count: usize,
        unix: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Publication, RandomnessError> {
        let mut inner = self.lock();
        let renew = unix.saturating_add(GRACE);
        let current = inner.profiles.last();
        let current = current.filter(|it| {
            it.expires() > renew && it.owner() == owner && it.identity() == identity.keys().public()
        });
        let profile = match current {
            Some(profile) => profile.clone(),
            None => {
                let expires = unix.saturating_add(PROFILE_LIFETIME);
                let profile = ClientProfile::sign(identity, owner, versions, expires, dsa, rng)?;
                inner.profiles.push(profile.clone());
                profile
            }
        };
        if inner.shared.last().is_none_or(|shared| shared.expires <= renew) {
            let expires = unix.saturating_add(PREKEY_LIFETIME);
            inner.shared.push(Shared { pair: curve::Pair::random(rng), expires });
        }
        inner.forget(unix);
        let (key, expires) = match inner.shared.last() {
            Some(shared) => (shared.pair.public, shared.expires),
            // One was just pushed.
            None => return Err(RandomnessError),
        };
        let prekey_profile = PrekeyProfile::sign(identity, owner, expires, key);
        let mut messages = Vec::new();
        while inner.messages.len() < count.min(PREKEYS_MAX) {
            let mut id = [0; 4];
            rng.fill_bytes(&mut id);
            let id = u32::from_be_bytes(id);
            if inner.messages.iter().any(|(other, _)| *other == id) {
                continue;
            }
            let pairs = KeyPairs::random(rng);
            let public = pairs.public();
            inner.messages.push((id, pairs));
            messages.push(PrekeyMessage { id, owner, point: public.point, number: public.number });
        }
        inner.changed = true;
        Ok(Publication { profile, prekey_profile, messages })
    }

    /// How many prekey messages are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.lock().messages.len()
    }

    /// Whether something changed since [`Prekeys::to_bytes`] was last called.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.lock().changed
    }

    /// Takes a Non-Interactive-Auth message; its prekeys are used up if it is right.
    pub(crate) fn accept(
        &self,
        theirs: &OfflineAuth,
        own: &Own<'_>,
        ends: Ends<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Established, AkeError> {
        let mut inner = self.lock();
        inner.forget(own.now);
        let position = inner.messages.iter().position(|(id, _)| *id == theirs.prekey);
        let position = position.ok_or(AkeError::Prekey)?;
        let (_, keys) = inner.messages.get(position).ok_or(AkeError::Prekey)?;
        let shared: Vec<_> = inner.shared.iter().map(|shared| shared.pair.clone()).collect();
        let secrets = Secrets { keys, shared: &shared, profiles: &inner.profiles };
        let established = accept(theirs, &secrets, own, ends, rng)?;
        inner.messages.remove(position);
        inner.changed = true;
        Ok(established)
    }

    /// All of it as this library stores it. Secret.
    ///
    /// `u8 version = 1 ‖ u8 count ‖ profiles as DATA ‖ u8 count ‖ (57 bytes scalar ‖ u64 expires)
    /// each ‖ u8 count ‖ (u32 id ‖ 57 bytes scalar ‖ 80 bytes exponent) each`.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut inner = self.lock();
        inner.changed = false;
        let count = |len: usize| u8::try_from(len).unwrap_or(u8::MAX);
        let mut writer = Writer::new().byte(STORED_VERSION).byte(count(inner.profiles.len()));
        for profile in &inner.profiles {
            writer = writer.data(profile.encoded());
        }
        writer = writer.byte(count(inner.shared.len()));
        for Shared { pair, expires } in &inner.shared {
            writer = writer.raw(&*pair.secret().bytes()).raw(&expires.to_be_bytes());
        }
        writer = writer.byte(count(inner.messages.len()));
        for (id, KeyPairs { ecdh, dh }) in &inner.messages {
            writer = writer.int(*id).raw(&*ecdh.secret().bytes()).raw(&*dh.secret());
        }
        writer.secret()
    }

    /// Reads what [`Prekeys::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`StoredError`] if the bytes are of a later version or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoredError> {
        let mut reader = Reader::new(bytes);
        if reader.byte()? != STORED_VERSION {
            return Err(StoredError::Version);
        }
        let mut inner = Inner::default();
        for _ in 0..reader.byte()? {
            let profile = ClientProfile::decode(reader.data()?).map_err(|_| DecodeError::Value)?;
            inner.profiles.push(profile);
        }
        for _ in 0..reader.byte()? {
            let pair = read_pair(&mut reader)?;
            inner.shared.push(Shared { pair, expires: u64::from_be_bytes(reader.array()?) });
        }
        for _ in 0..reader.byte()? {
            let id = reader.int()?;
            let ecdh = read_pair(&mut reader)?;
            let secret = Zeroizing::new(reader.array()?);
            let dh = dh::Pair::from_secret(&secret).ok_or(DecodeError::Value)?;
            inner.messages.push((id, KeyPairs { ecdh, dh }));
        }
        reader.finish()?;
        Ok(Self { inner: Arc::new(Mutex::new(inner)) })
    }
}

/// Reads a scalar in its one form.
fn read_pair(reader: &mut Reader<'_>) -> Result<curve::Pair, DecodeError> {
    let bytes = Zeroizing::new(reader.array::<{ curve::LEN }>()?);
    let scalar = Scalar::reduce(&*bytes);
    if *scalar.bytes() != *bytes || bool::from(scalar.ct_eq(&Scalar::zero())) {
        return Err(DecodeError::Value);
    }
    Ok(curve::Pair::from_secret(scalar))
}

impl Inner {
    /// Forgets profiles and shared prekeys that were over long ago, or are too many.
    fn forget(&mut self, unix: u64) {
        let good = |expires: u64| expires.saturating_add(GRACE) > unix;
        self.profiles.retain(|profile| good(profile.expires()));
        self.shared.retain(|shared| good(shared.expires));
        let too_many = self.profiles.len().saturating_sub(KEPT);
        self.profiles.drain(..too_many);
        let too_many = self.shared.len().saturating_sub(KEPT);
        self.shared.drain(..too_many);
    }
}

impl fmt::Debug for Prekeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        f.debug_struct("Prekeys")
            .field("profiles", &inner.profiles.len())
            .field("shared", &inner.shared.len())
            .field("messages", &inner.messages.len())
            .finish_non_exhaustive()
    }
}
