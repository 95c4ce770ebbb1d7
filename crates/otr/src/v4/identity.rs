//! Long-term keys of version 4 (OTRv4 "Public keys, Shared Prekeys, Forging Keys and
//! Fingerprints").

use std::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::curve::{LEN, Pair, Point, SigningPair};
use super::kdf::{Usage, kdf};
use crate::codec::{DecodeError, Reader, Writer};
use crate::fingerprint::Fingerprint;

/// First byte of a stored identity.
const STORED_VERSION: u8 = 1;

/// Types of public keys, in the order of their bytes.
pub(crate) const ED448_KEY: [u8; 2] = [0x10, 0x00];
pub(crate) const SHARED_PREKEY: [u8; 2] = [0x11, 0x00];
pub(crate) const FORGING_KEY: [u8; 2] = [0x12, 0x00];

/// An account's long-term keys in version 4: one that signs (`H`), and a public one whose secret
/// was thrown away (`F`), with which others can forge key exchanges of ours. To be kept as long as
/// the account, and shown to nobody.
#[derive(Clone)]
pub struct Identity {
    keys: SigningPair,
    forging: Point,
}

impl Identity {
    /// Makes an identity.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self { keys: SigningPair::random(rng), forging: Pair::random(rng).public }
    }

    pub(crate) fn keys(&self) -> &SigningPair {
        &self.keys
    }

    pub(crate) fn forging(&self) -> &Point {
        &self.forging
    }

    /// What people compare.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        fingerprint(self.keys.public(), &self.forging)
    }

    /// The identity as this library stores it: `u8 version = 1 ‖ 57 bytes of the signing key's
    /// secret ‖ POINT F`. Secret.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let writer = Writer::new().byte(STORED_VERSION).raw(self.keys.sym());
        writer.raw(self.forging.bytes()).secret()
    }

    /// Reads what [`Identity::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`StoredError`] if the bytes are of a later version or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoredError> {
        let mut reader = Reader::new(bytes);
        if reader.byte()? != STORED_VERSION {
            return Err(StoredError::Version);
        }
        let sym = Zeroizing::new(reader.array::<LEN>()?);
        let forging = Point::read(reader.array()?)?;
        reader.finish()?;
        Ok(Self { keys: SigningPair::from_sym(&sym), forging })
    }

    #[cfg(test)]
    pub(crate) fn from_parts(sym: &[u8; LEN], forging: Point) -> Self {
        Self { keys: SigningPair::from_sym(sym), forging }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.fingerprint())
    }
}

/// The fingerprint of both keys: over their 57 bytes each.
pub(crate) fn fingerprint(identity: &Point, forging: &Point) -> Fingerprint {
    let hash = kdf(Usage::Fingerprint, &[identity.bytes(), forging.bytes()]);
    Fingerprint::of_version_4(*hash)
}

/// Why stored bytes of version 4 can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoredError {
    /// They were written by a later version of this library.
    #[error("this was stored by a later version of the program; update it to read this")]
    Version,
    /// They are damaged.
    #[error("what was stored can't be read: {0}")]
    Bytes(#[from] DecodeError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4::vectors::{array, hex, load};

    #[test]
    fn fingerprints_are_those_of_the_vectors() {
        let vectors = load("ed448_keys");
        for case in vectors["fingerprints"].as_array().unwrap() {
            let point = |name: &str| Point::read(array(&case[name])).unwrap();
            let made = fingerprint(&point("identity"), &point("forging"));
            assert_eq!(made.bytes(), hex(&case["fingerprint"]));
        }
    }

    #[test]
    fn a_stored_identity_has_a_version_and_one_form() {
        let identity = Identity::from_parts(&[7; LEN], Point::generator());
        let stored = identity.to_bytes();
        let read = Identity::from_bytes(&stored).unwrap();
        assert_eq!(read.to_bytes(), stored);
        let refused = |bytes: &[u8]| Identity::from_bytes(bytes).err();
        assert_eq!(refused(&[&[2], &stored[1..]].concat()), Some(StoredError::Version));
        for end in 0..stored.len() {
            assert!(refused(&stored[..end]).is_some(), "{end}");
        }
        let long = [&stored[..], &[0]].concat();
        assert_eq!(refused(&long), Some(StoredError::Bytes(DecodeError::Long)));
    }

    #[test]
    fn debug_shows_nothing_secret() {
        let identity = Identity::from_parts(&[7; LEN], Point::generator());
        let shown = format!("{identity:?}");
        assert!(shown.starts_with("Identity(Fingerprint(") || shown.starts_with("Identity("));
        assert!(!shown.to_lowercase().contains("07070707"));
    }
}
