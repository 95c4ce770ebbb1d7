//! Client profiles (OTRv4 "Client Profile"): who a client is, what it speaks and until when,
//! signed.

use rand_core::CryptoRng;

use super::curve::{Point, SIGNATURE_LEN, verify};
use super::identity::{ED448_KEY, FORGING_KEY, Identity, fingerprint};
use crate::codec::{DecodeError, Reader, Writer};
use crate::fingerprint::Fingerprint;
use crate::key::{KeyError, PrivateKey, PublicKey, RandomnessError};
use crate::tag::InstanceTag;
use crate::version::{Version, Versions};

/// How long a profile of ours is good, in seconds: the week that the specification advises.
pub const PROFILE_LIFETIME: u64 = 7 * 24 * 60 * 60;

/// Types of fields.
mod field {
    pub(super) const OWNER: u16 = 1;
    pub(super) const IDENTITY: u16 = 2;
    pub(super) const FORGING: u16 = 3;
    pub(super) const VERSIONS: u16 = 4;
    pub(super) const EXPIRES: u16 = 5;
    pub(super) const DSA: u16 = 6;
    pub(super) const TRANSITIONAL: u16 = 7;
}

/// Fields that must be there, and that may.
const FIELDS: std::ops::RangeInclusive<u32> = 5..=7;

/// The longest list of versions that is read, in digits.
const VERSIONS_MAX: usize = 16;

/// Why a profile was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Its bytes can't be read.
    #[error("the peer's profile can't be read: {0}")]
    Bytes(#[from] DecodeError),
    /// A field is missing, there twice, out of order or unknown.
    #[error("the peer's profile has not the fields that a profile has")]
    Fields,
    /// It names versions that no such client speaks, or not version 4.
    #[error("the peer's profile says that it speaks other versions than it does")]
    Versions,
    /// Its signature is wrong.
    #[error("the signature of the peer's profile is wrong; it was changed or made up")]
    Signature,
    /// Its key of version 3 can't be used.
    #[error("the key of version 3 in the peer's profile can't be used: {0}")]
    Key(#[from] KeyError),
    /// The signature of its key of version 3 is wrong.
    #[error(
        "the signature of the peer's older key in its profile is wrong; it was changed or made up"
    )]
    Transitional,
    /// It is over.
    #[error(
        "the peer's profile is no longer good; its program has to renew it, or a clock is wrong"
    )]
    Expired,
    /// It belongs to another client than the one that sent it.
    #[error("the peer's profile belongs to another client than the one that sent it")]
    Owner,
    /// Its parts belong to different profiles.
    #[error("what was published for the peer does not belong together")]
    Apart,
}

/// A profile whose signatures are right. Whether it is still good, [`ClientProfile::check`] tells.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientProfile {
    encoded: Vec<u8>,
    owner: InstanceTag,
    identity: Point,
    forging: Point,
    versions: Versions,
    expires: u64,
    dsa: Option<Fingerprint>,
}

impl ClientProfile {
    /// Signs a profile of ours for `versions`, good until `expires` in Unix time, with the key of
    /// version 3 if one is given, which then vouches for the identity.
    ///
    /// # Errors
    /// [`RandomnessError`] if the random numbers are no such; only the key of version 3 needs some.
    pub fn sign(
        identity: &Identity,
        owner: InstanceTag,
        versions: Versions,
        expires: u64,
        dsa: Option<&PrivateKey>,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, RandomnessError> {
        let versions = versions.with(Version::V4).without(Version::V2);
        let expires = expires.min(i64::MAX.unsigned_abs());
        let mut fields = Writer::new()
            .short(field::OWNER)
            .int(owner.number())
            .short(field::IDENTITY)
            .raw(&ED448_KEY)
            .raw(identity.keys().public().bytes())
            .short(field::FORGING)
            .raw(&FORGING_KEY)
            .raw(identity.forging().bytes())
            .short(field::VERSIONS)
            .data(versions.profile_digits().as_bytes())
            .short(field::EXPIRES)
            .raw(&expires.to_be_bytes());
        let mut count = 5;
        if let Some(key) = dsa {
            count = 7;
            fields = fields.short(field::DSA).raw(key.public().encoded());
            let signature = key.sign(fields.bytes(), rng)?;
            fields = fields.short(field::TRANSITIONAL).raw(&signature);
        }
        let signature = identity.keys().sign(fields.bytes());
        let encoded = Writer::new().int(count).raw(fields.bytes()).raw(&signature).finish();
        Ok(Self {
            encoded,
            owner,
            identity: *identity.keys().public(),
            forging: *identity.forging(),
            versions,
            expires,
            dsa: dsa.map(|key| key.public().fingerprint()),
        })
    }

    /// Reads a profile that is all of `bytes`.
    ///
    /// # Errors
    /// [`ProfileError`] unless it has each field in its place and right signatures.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProfileError> {
        let mut reader = Reader::new(bytes);
        let profile = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(profile)
    }

    /// Reads a profile, and checks its signatures. Fields come in the order of their types, in
    /// which all programs write them.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ProfileError> {
        let all = reader.rest();
        let count = reader.int()?;
        if !FIELDS.contains(&count) {
            return Err(ProfileError::Fields);
        }
        let start = reader.rest();
        let signed = |reader: &Reader<'_>| {
            let len = start.len().saturating_sub(reader.rest().len());
            start.get(..len).unwrap_or_default()
        };
        let expect = |kind: u16, reader: &mut Reader<'_>| match reader.short()? {
            found if found == kind => Ok(()),
            _ => Err(ProfileError::Fields),
        };
        expect(field::OWNER, reader)?;
        let owner = InstanceTag::new(reader.int()?).ok_or(ProfileError::Owner)?;
        expect(field::IDENTITY, reader)?;
        let identity = read_key(ED448_KEY, reader)?;
        expect(field::FORGING, reader)?;
        let forging = read_key(FORGING_KEY, reader)?;
        expect(field::VERSIONS, reader)?;
        let digits = reader.data()?;
        if digits.len() > VERSIONS_MAX {
            return Err(ProfileError::Versions);
        }
        let versions = Versions::from_profile(digits).ok_or(ProfileError::Versions)?;
        if !versions.has(Version::V4) {
            return Err(ProfileError::Versions);
        }
        expect(field::EXPIRES, reader)?;
        let expires = u64::try_from(i64::from_be_bytes(reader.array()?));
        let mut dsa = None;
        if count > 5 {
            // A key without its signature says nothing, nor does a signature without its key.
            if count != 7 {
                return Err(ProfileError::Fields);
            }
            expect(field::DSA, reader)?;
            let key = PublicKey::read(reader)?;
            let message = signed(reader);
            expect(field::TRANSITIONAL, reader)?;
            if !key.verify(message, &reader.array()?) {
                return Err(ProfileError::Transitional);
            }
            dsa = Some(key.fingerprint());
        }
        let message = signed(reader);
        let signature: [u8; SIGNATURE_LEN] = reader.array()?;
        if !verify(&identity, message, &signature) {
            return Err(ProfileError::Signature);
        }
        let len = all.len().saturating_sub(reader.rest().len());
        let encoded = all.get(..len).unwrap_or_default().to_vec();
        // One that was over before 1970 is over.
        let expires = expires.unwrap_or(0);
        Ok(Self { encoded, owner, identity, forging, versions, expires, dsa })
    }

    /// Whether it is good at `now`, in Unix time, and belongs to `owner`.
    ///
    /// # Errors
    /// [`ProfileError::Expired`] and [`ProfileError::Owner`].
    pub fn check(&self, owner: InstanceTag, now: u64) -> Result<(), ProfileError> {
        if self.owner != owner {
            return Err(ProfileError::Owner);
        }
        if self.expires <= now {
            return Err(ProfileError::Expired);
        }
        Ok(())
    }

    /// The profile as it is sent (CLIENT-PROF).
    #[must_use]
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// The client that it belongs to.
    #[must_use]
    pub fn owner(&self) -> InstanceTag {
        self.owner
    }

    /// What people compare.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        fingerprint(&self.identity, &self.forging)
    }

    /// The fingerprint of the key of version 3 that vouches for this identity, if one does.
    #[must_use]
    pub fn vouched_by(&self) -> Option<Fingerprint> {
        self.dsa
    }

    /// The versions that its client speaks.
    #[must_use]
    pub fn versions(&self) -> Versions {
        self.versions
    }

    /// Until when it is good, in Unix time.
    #[must_use]
    pub fn expires(&self) -> u64 {
        self.expires
    }

    /// The key that signs (`H`).
    pub(crate) fn identity(&self) -> &Point {
        &self.identity
    }

    /// The key that nobody has the secret of (`F`).
    pub(crate) fn forging(&self) -> &Point {
        &self.forging
    }
}

impl std::fmt::Debug for ClientProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientProfile")
            .field("owner", &self.owner)
            .field("fingerprint", &self.fingerprint())
            .field("versions", &self.versions)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Reads the type of a public key, and its point.
pub(crate) fn read_key(kind: [u8; 2], reader: &mut Reader<'_>) -> Result<Point, DecodeError> {
    if reader.array::<2>()? != kind {
        return Err(DecodeError::Value);
    }
    Point::read(reader.array()?)
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::key::tests::key;
    use crate::v4::vectors::{array, hex, load};

    fn identity() -> Identity {
        Identity::generate(&mut ChaCha20Rng::from_seed([1; 32]))
    }

    fn tag() -> InstanceTag {
        InstanceTag::new(0x300).unwrap()
    }

    /// Signs fields that no program would.
    fn odd(count: u32, fields: &[u8]) -> Result<ClientProfile, ProfileError> {
        let signature = identity().keys().sign(fields);
        let bytes = Writer::new().int(count).raw(fields).raw(&signature).finish();
        ClientProfile::decode(&bytes)
    }

    /// The fields of a good profile, one by one.
    fn fields() -> [Vec<u8>; 5] {
        let identity = identity();
        let forging = identity.forging();
        [
            Writer::new().short(1).int(0x300).finish(),
            Writer::new().short(2).raw(&ED448_KEY).raw(identity.keys().public().bytes()).finish(),
            Writer::new().short(3).raw(&FORGING_KEY).raw(forging.bytes()).finish(),
            Writer::new().short(4).data(b"4").finish(),
            Writer::new().short(5).raw(&1_000_u64.to_be_bytes()).finish(),
        ]
    }

    #[test]
    fn profiles_are_those_of_the_vectors() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        for case in load("client_profile")["cases"].as_array().unwrap() {
            let forging = Point::read(array(&case["forging_point"])).unwrap();
            let identity = Identity::from_parts(&array(&case["identity_sym"]), forging);
            let owner = u32::from_be_bytes(array(&case["instance_tag"]));
            let owner = InstanceTag::new(owner).unwrap();
            let expires = case["expiration"].as_u64().unwrap();
            let versions = Versions::NONE.with(Version::V4);
            let made =
                ClientProfile::sign(&identity, owner, versions, expires, None, &mut rng).unwrap();
            assert_eq!(made.encoded(), hex(&case["encoded"]));
            assert_eq!(ClientProfile::decode(made.encoded()).unwrap(), made);
        }
    }

    /// A profile that otr4j made, with a key of version 3.
    #[test]
    fn a_profile_of_another_program_is_read() {
        let encoded = hex(&load("client_profile")["otr4j_real_profile"]["encoded"]);
        let profile = ClientProfile::decode(&encoded).unwrap();
        assert!(profile.vouched_by().is_some());
        assert_eq!(profile.owner().number(), 0xd7ba_32d8);
        // Each field in turn.
        for at in (0..encoded.len()).step_by(7) {
            let mut changed = encoded.clone();
            changed[at] ^= 1;
            assert!(ClientProfile::decode(&changed).is_err(), "{at}");
        }
    }

    #[test]
    fn a_key_of_version_3_vouches_for_an_identity() {
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        let versions = Versions::NONE.with(Version::V3).with(Version::V4);
        let dsa = key();
        let identity = identity();
        let made =
            ClientProfile::sign(&identity, tag(), versions, 9, Some(&dsa), &mut rng).unwrap();
        let read = ClientProfile::decode(made.encoded()).unwrap();
        assert_eq!(read.vouched_by(), Some(dsa.public().fingerprint()));
        assert_eq!(read.versions(), versions);
        // Signed anew by its owner, but not by the older key.
        let len = made.encoded().len();
        let mut fields = made.encoded()[4..len - SIGNATURE_LEN].to_vec();
        *fields.last_mut().unwrap() ^= 1;
        assert_eq!(odd(7, &fields), Err(ProfileError::Transitional));
        // The older key without its signature.
        let end = fields.len() - 42;
        assert_eq!(odd(6, &fields[..end]), Err(ProfileError::Fields));
    }

    #[test]
    fn each_field_is_there_once_and_in_its_place() {
        let good = fields();
        assert!(odd(5, &good.concat()).is_ok());
        for missing in 0..5 {
            let rest: Vec<_> = (0..5).filter(|at| *at != missing).map(|at| &good[at][..]).collect();
            assert!(odd(4, &rest.concat()).is_err(), "{missing}");
            assert!(odd(5, &rest.concat()).is_err(), "{missing}");
            let twice: Vec<_> = (0..5).map(|at| if at == missing { 0 } else { at }).collect();
            let twice: Vec<_> = twice.into_iter().map(|at| &good[at][..]).collect();
            assert_eq!(odd(5, &twice.concat()).is_ok(), missing == 0);
        }
        let mut swapped = good.clone();
        swapped.swap(1, 2);
        assert_eq!(odd(5, &swapped.concat()), Err(ProfileError::Fields));
        for count in [0, 4, 8, u32::MAX] {
            assert_eq!(odd(count, &good.concat()), Err(ProfileError::Fields), "{count}");
        }
        let mut unknown = good;
        unknown[4][1] = 9;
        assert_eq!(odd(5, &unknown.concat()), Err(ProfileError::Fields));
    }

    #[test]
    fn versions_that_cannot_be_are_refused() {
        for (digits, good) in [
            (&b"4"[..], true),
            (b"43", true),
            (b"4x", true),
            (b"3", false),
            (b"", false),
            (b"421", false),
            (b"24", false),
            (b"44444444444444444", false),
        ] {
            let mut fields = fields();
            fields[3] = Writer::new().short(4).data(digits).finish();
            let read = odd(5, &fields.concat());
            assert_eq!(read.err(), (!good).then_some(ProfileError::Versions), "{digits:?}");
        }
        let mut fields = fields();
        fields[3] = Writer::new().short(4).int(u32::MAX).raw(b"4").finish();
        assert_eq!(odd(5, &fields.concat()).err(), Some(ProfileError::Bytes(DecodeError::Short)));
    }

    #[test]
    fn a_profile_is_good_for_its_owner_until_its_end() {
        let profile = odd(5, &fields().concat()).unwrap();
        assert_eq!(profile.check(tag(), 999), Ok(()));
        assert_eq!(profile.check(tag(), 1_000), Err(ProfileError::Expired));
        let other = InstanceTag::new(0x301).unwrap();
        assert_eq!(profile.check(other, 0), Err(ProfileError::Owner));
        let mut fields = fields();
        fields[4] = Writer::new().short(5).raw(&[0xff; 8]).finish();
        let before = odd(5, &fields.concat()).unwrap();
        assert_eq!(before.check(tag(), 0), Err(ProfileError::Expired));
        fields[0] = Writer::new().short(1).int(0xff).finish();
        assert_eq!(odd(5, &fields.concat()), Err(ProfileError::Owner));
    }

    #[test]
    fn keys_and_signatures_that_are_wrong_are_refused() {
        let value = Some(ProfileError::Bytes(DecodeError::Value));
        for at in [1, 2] {
            let mut identity = Vec::from([1_u8]);
            identity.resize(57, 0);
            let mut kinds = fields();
            kinds[at][2] ^= 1;
            assert_eq!(odd(5, &kinds.concat()).err(), value);
            let mut points = fields();
            points[at].truncate(4);
            points[at].extend(identity);
            assert_eq!(odd(5, &points.concat()).err(), value);
        }
        let good = odd(5, &fields().concat()).unwrap();
        for end in 0..good.encoded().len() {
            assert!(ClientProfile::decode(&good.encoded()[..end]).is_err(), "{end}");
        }
        let long = [good.encoded(), &[0]].concat();
        assert_eq!(ClientProfile::decode(&long), Err(ProfileError::Bytes(DecodeError::Long)));
        // The count is not signed in version 4 as it is spoken; changing it breaks the fields.
        let mut changed = good.encoded().to_vec();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(ClientProfile::decode(&changed), Err(ProfileError::Signature));
    }
}
