//! What a client publishes so that others can write while it is offline (OTRv4 "Prekey Profile",
//! "Prekey message", "Validating Prekey Ensembles").

use super::curve::{Point, SIGNATURE_LEN, verify};
use super::dh;
use super::identity::{Identity, SHARED_PREKEY};
use super::profile::{ClientProfile, ProfileError, read_key};
use crate::codec::{DecodeError, Reader, Writer};
use crate::tag::InstanceTag;
use crate::version::Version;

/// Type of a prekey message.
const PREKEY_MESSAGE: u8 = 0x0f;

/// A shared prekey with its owner's signature (PREKEY-PROF). [`PrekeyProfile::check`] tells whose
/// it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrekeyProfile {
    owner: InstanceTag,
    expires: u64,
    key: Point,
    signature: [u8; SIGNATURE_LEN],
}

impl PrekeyProfile {
    /// Signs a shared prekey of ours.
    pub(crate) fn sign(identity: &Identity, owner: InstanceTag, expires: u64, key: Point) -> Self {
        let expires = expires.min(i64::MAX.unsigned_abs());
        let unsigned = Self { owner, expires, key, signature: [0; SIGNATURE_LEN] };
        let signature = identity.keys().sign(unsigned.body().bytes());
        Self { signature, ..unsigned }
    }

    fn body(&self) -> Writer {
        Writer::new()
            .int(self.owner.number())
            .raw(&self.expires.to_be_bytes())
            .raw(&SHARED_PREKEY)
            .raw(self.key.bytes())
    }

    /// The 185 bytes that are published.
    #[must_use]
    pub fn encoded(&self) -> Vec<u8> {
        self.body().raw(&self.signature).finish()
    }

    /// Reads a prekey profile that is all of `bytes`.
    ///
    /// # Errors
    /// [`DecodeError`] if it is none.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let profile = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(profile)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let owner = InstanceTag::new(reader.int()?).ok_or(DecodeError::Value)?;
        let expires = u64::try_from(i64::from_be_bytes(reader.array()?));
        let expires = expires.map_err(|_| DecodeError::Value)?;
        let key = read_key(SHARED_PREKEY, reader)?;
        Ok(Self { owner, expires, key, signature: reader.array()? })
    }

    /// Whether it is good at `now`, in Unix time, and belongs to the client of this profile.
    ///
    /// # Errors
    /// [`ProfileError`] if not.
    pub fn check(&self, owner: &ClientProfile, now: u64) -> Result<(), ProfileError> {
        if self.owner != owner.owner() {
            return Err(ProfileError::Apart);
        }
        if !verify(owner.identity(), self.body().bytes(), &self.signature) {
            return Err(ProfileError::Signature);
        }
        if self.expires <= now {
            return Err(ProfileError::Expired);
        }
        Ok(())
    }

    /// The shared prekey (`D`).
    pub(crate) fn key(&self) -> &Point {
        &self.key
    }

    /// Until when it is good, in Unix time.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.expires
    }
}

/// Keys for one message that comes while their owner is offline. Each is used once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrekeyMessage {
    pub(crate) id: u32,
    pub(crate) owner: InstanceTag,
    /// `Y`.
    pub(crate) point: Point,
    /// `B`.
    pub(crate) number: dh::Public,
}

impl PrekeyMessage {
    /// The bytes that are published: at most 456.
    #[must_use]
    pub fn encoded(&self) -> Vec<u8> {
        Writer::new()
            .short(Version::V4.number())
            .byte(PREKEY_MESSAGE)
            .int(self.id)
            .int(self.owner.number())
            .raw(self.point.bytes())
            .mpi(&self.number.bytes())
            .finish()
    }

    /// Reads a prekey message that is all of `bytes`.
    ///
    /// # Errors
    /// [`DecodeError`] if it is none.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let message = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(message)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if reader.short()? != Version::V4.number() || reader.byte()? != PREKEY_MESSAGE {
            return Err(DecodeError::Value);
        }
        let id = reader.int()?;
        let owner = InstanceTag::new(reader.int()?).ok_or(DecodeError::Value)?;
        let point = Point::read(reader.array()?)?;
        let number = dh::Public::from_mpi(reader.mpi()?)?;
        Ok(Self { id, owner, point, number })
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The client that it is of.
    #[must_use]
    pub fn owner(&self) -> InstanceTag {
        self.owner
    }
}

/// What a first message to an offline client needs ("Prekey Ensemble").
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ensemble {
    /// Who the client is.
    pub profile: ClientProfile,
    /// Its shared prekey.
    pub prekey_profile: PrekeyProfile,
    /// Keys for this message alone.
    pub message: PrekeyMessage,
}

impl Ensemble {
    /// Client profile, prekey profile and prekey message, one after the other.
    #[must_use]
    pub fn encoded(&self) -> Vec<u8> {
        let Self { profile, prekey_profile, message } = self;
        [profile.encoded(), &prekey_profile.encoded(), &message.encoded()].concat()
    }

    /// Reads an ensemble that is all of `bytes`.
    ///
    /// # Errors
    /// [`ProfileError`] if it is none.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProfileError> {
        let mut reader = Reader::new(bytes);
        let ensemble = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(ensemble)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ProfileError> {
        let profile = ClientProfile::read(reader)?;
        let prekey_profile = PrekeyProfile::read(reader)?;
        let message = PrekeyMessage::read(reader)?;
        Ok(Self { profile, prekey_profile, message })
    }

    /// Whether its parts belong together and are good at `now`, in Unix time.
    ///
    /// # Errors
    /// [`ProfileError`] if not.
    pub fn check(&self, now: u64) -> Result<(), ProfileError> {
        if self.message.owner != self.profile.owner() {
            return Err(ProfileError::Apart);
        }
        self.profile.check(self.message.owner, now)?;
        self.prekey_profile.check(&self.profile, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4::curve::Pair;
    use crate::v4::vectors::{array, hex, load};
    use crate::version::Versions;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    fn tag(number: u32) -> InstanceTag {
        InstanceTag::new(number).unwrap()
    }

    #[test]
    fn what_is_published_is_that_of_the_vectors() {
        let vectors = load("prekey_profile");
        let case = &vectors["cases"][0];
        let identity = Identity::from_parts(&array(&case["identity_sym"]), Point::generator());
        let owner = tag(u32::from_be_bytes(array(&case["instance_tag"])));
        let key = Pair::from_sym(&array(&case["shared_prekey_sym"])).public;
        let expires = case["expiration"].as_u64().unwrap();
        let made = PrekeyProfile::sign(&identity, owner, expires, key);
        assert_eq!(made.encoded(), hex(&case["encoded"]));
        assert_eq!(made.encoded().len(), 185);
        assert_eq!(PrekeyProfile::decode(&made.encoded()).unwrap(), made);

        let vectors = load("xzdh_keys");
        let message = PrekeyMessage {
            id: 0x0102_0304,
            owner,
            point: Pair::from_sym(&array(&vectors["syms"]["y"])).public,
            number: dh::Pair::from_secret(&array(&vectors["dh"]["b"])).unwrap().public,
        };
        assert_eq!(message.encoded(), hex(&vectors["prekey_message"]));
        assert_eq!(PrekeyMessage::decode(&message.encoded()).unwrap(), message);
    }

    pub(crate) fn ensemble() -> (Identity, Ensemble) {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let identity = Identity::generate(&mut rng);
        let versions = Versions::NONE.with(Version::V4);
        let profile =
            ClientProfile::sign(&identity, tag(0x300), versions, 1_000, None, &mut rng).unwrap();
        let key = Pair::random(&mut rng).public;
        let prekey_profile = PrekeyProfile::sign(&identity, tag(0x300), 900, key);
        let message = PrekeyMessage {
            id: 5,
            owner: tag(0x300),
            point: Pair::random(&mut rng).public,
            number: dh::Pair::random(&mut rng).public,
        };
        (identity, Ensemble { profile, prekey_profile, message })
    }

    #[test]
    fn parts_that_do_not_belong_together_are_refused() {
        let (identity, good) = ensemble();
        assert_eq!(good.check(899), Ok(()));
        assert_eq!(good.check(900), Err(ProfileError::Expired));
        assert_eq!(good.check(1_000), Err(ProfileError::Expired));
        let mut other = good.clone();
        other.message.owner = tag(0x301);
        assert_eq!(other.check(0), Err(ProfileError::Apart));
        let mut other = good;
        let key = *other.prekey_profile.key();
        other.prekey_profile = PrekeyProfile::sign(&identity, tag(0x301), 900, key);
        assert_eq!(other.check(0), Err(ProfileError::Apart));
        let mut rng = ChaCha20Rng::from_seed([4; 32]);
        let stranger = Identity::generate(&mut rng);
        other.prekey_profile = PrekeyProfile::sign(&stranger, tag(0x300), 900, key);
        assert_eq!(other.check(0), Err(ProfileError::Signature));
    }

    #[test]
    fn every_cut_and_every_longer_ensemble_is_refused() {
        let (_, good) = ensemble();
        let encoded = good.encoded();
        assert_eq!(Ensemble::decode(&encoded), Ok(good.clone()));
        for end in 0..encoded.len() {
            assert!(Ensemble::decode(&encoded[..end]).is_err(), "{end}");
        }
        assert!(Ensemble::decode(&[&encoded[..], &[0]].concat()).is_err());
        let mut message = good.message.encoded();
        message[1] = 3;
        assert_eq!(PrekeyMessage::decode(&message), Err(DecodeError::Value));
        message[1] = 4;
        message[2] = 3;
        assert_eq!(PrekeyMessage::decode(&message), Err(DecodeError::Value));
    }
}
