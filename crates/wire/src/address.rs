//! Onion addresses and the seeds behind them.

use std::fmt;

use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::traits::IsIdentity;
use data_encoding::BASE32_NOPAD;
use ed25519_dalek::SigningKey;
use rand_core::CryptoRng;
use sha3::{Digest, Sha3_256};
use undertone_ratchet::secret::Secret;

/// Length of an address without `.onion`, in characters.
pub const LABEL_LEN: usize = 56;

const SUFFIX: &str = ".onion";
const VERSION: u8 = 3;
const CHECKSUM_LABEL: &[u8] = b".onion checksum";

/// A v3 onion service's address: its Ed25519 public key (Tor's `rend-spec-v3`, "Encoding onion
/// addresses").
///
/// [`OnionAddress::parse`] gives only addresses of keys that can exist. Bytes from a card are
/// checked by [`OnionAddress::from_key`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OnionAddress(pub [u8; 32]);

/// Why a text or key is no onion address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not 56 characters, with or without `.onion` after them.
    #[error("an onion address has 56 characters before .onion")]
    Length,
    /// A character other than a letter or the digits 2 to 7.
    #[error("an onion address has only letters and the digits 2 to 7")]
    Character,
    /// Another version than 3.
    #[error("only onion addresses of version 3 are understood")]
    Version,
    /// The checksum is another one: something was mistyped.
    #[error("the onion address has a typing mistake: its checksum is wrong")]
    Checksum,
    /// The key is no canonical point of prime order, so no service can have it.
    #[error("the onion address belongs to no possible key")]
    Key,
}

impl OnionAddress {
    /// Reads the 56 characters, in upper or lower case, with or without `.onion`.
    ///
    /// # Errors
    /// [`AddressError`], one variant for each thing that can be wrong.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.as_bytes();
        let label = match text.split_at_checked(LABEL_LEN) {
            Some((label, rest))
                if rest.is_empty() || rest.eq_ignore_ascii_case(SUFFIX.as_bytes()) =>
            {
                label
            }
            Some(_) | None => return Err(AddressError::Length),
        };
        let decoded = BASE32_NOPAD
            .decode(&label.to_ascii_uppercase())
            .map_err(|_| AddressError::Character)?;
        let Some((key, [check_a, check_b, version])) = decoded.split_first_chunk::<32>() else {
            return Err(AddressError::Length);
        };
        if *version != VERSION {
            return Err(AddressError::Version);
        }
        if [*check_a, *check_b] != checksum(key) {
            return Err(AddressError::Checksum);
        }
        Self::from_key(key)
    }

    /// Takes a key after checking that it is the canonical encoding of a point of prime order.
    ///
    /// # Errors
    /// [`AddressError::Key`] for everything else, the identity and points with a torsion part
    /// among it: with those, several addresses would lead to one service.
    pub fn from_key(key: &[u8; 32]) -> Result<Self, AddressError> {
        let compressed = CompressedEdwardsY(*key);
        let point = compressed.decompress().ok_or(AddressError::Key)?;
        let good =
            point.compress() == compressed && point.is_torsion_free() && !point.is_identity();
        if good { Ok(Self(*key)) } else { Err(AddressError::Key) }
    }

    /// The 56 lower-case characters, without `.onion`.
    ///
    /// There is no `Display`, so that an address is written only where somebody meant to.
    #[must_use]
    pub fn label(&self) -> String {
        let [check_a, check_b] = checksum(&self.0);
        let bytes: Vec<u8> = self.0.iter().copied().chain([check_a, check_b, VERSION]).collect();
        let mut label = BASE32_NOPAD.encode(&bytes);
        label.make_ascii_lowercase();
        label
    }
}

impl fmt::Debug for OnionAddress {
    /// Addresses stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnionAddress(…)")
    }
}

/// The two bytes `SHA3-256(".onion checksum" ‖ key ‖ version)[..2]`.
fn checksum(key: &[u8; 32]) -> [u8; 2] {
    let hash: [u8; 32] = Sha3_256::new()
        .chain_update(CHECKSUM_LABEL)
        .chain_update(key)
        .chain_update([VERSION])
        .finalize()
        .into();
    let [a, b, ..] = hash;
    [a, b]
}

/// The 32-byte Ed25519 seed (RFC 8032, 5.1.5) behind an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnionSeed(pub Secret<32>);

impl OnionSeed {
    /// Draws the seed of a fresh service.
    #[must_use]
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// The address of the service whose key comes from this seed.
    #[must_use]
    pub fn address(&self) -> OnionAddress {
        let key = SigningKey::from_bytes(self.0.as_bytes());
        OnionAddress(key.verifying_key().to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    /// Key and address of the Tor Project's own service, as it publishes them.
    const TOR_PROJECT: &str = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid";

    fn resealed(key: [u8; 32], version: u8) -> String {
        let [a, b] = checksum(&key);
        let bytes: Vec<u8> = key.into_iter().chain([a, b, version]).collect();
        BASE32_NOPAD.encode(&bytes)
    }

    #[test]
    fn a_known_address_is_read_in_each_spelling_and_written_back() {
        let address = OnionAddress::parse(TOR_PROJECT).unwrap();
        assert_eq!(address.label(), TOR_PROJECT);
        let upper = format!("{}.ONION", TOR_PROJECT.to_uppercase());
        assert_eq!(OnionAddress::parse(&upper), Ok(address));
        assert_eq!(OnionAddress::parse(&format!("{TOR_PROJECT}.onion")), Ok(address));
    }

    #[test]
    fn every_wrong_letter_is_noticed() {
        for place in 0..LABEL_LEN {
            let mut text = TOR_PROJECT.as_bytes().to_vec();
            text[place] = if text[place] == b'a' { b'b' } else { b'a' };
            assert!(OnionAddress::parse(std::str::from_utf8(&text).unwrap()).is_err(), "{place}");
        }
    }

    #[test]
    fn lengths_and_characters_are_checked() {
        let long = format!("{TOR_PROJECT}a");
        let other = format!("{TOR_PROJECT}.onions");
        for text in ["", ".onion", &TOR_PROJECT[1..], &long, &other] {
            assert_eq!(OnionAddress::parse(text), Err(AddressError::Length), "{text}");
        }
        for wrong in ['1', '=', '.', '\0'] {
            let text = format!("{wrong}{}", &TOR_PROJECT[1..]);
            assert_eq!(OnionAddress::parse(&text), Err(AddressError::Character));
        }
        // Two bytes in one character: the cut falls within it, and nothing breaks.
        let text = format!("{}é", &TOR_PROJECT[1..]);
        assert!(OnionAddress::parse(&text).is_err());
    }

    #[test]
    fn another_version_or_checksum_is_refused() {
        let key = OnionAddress::parse(TOR_PROJECT).unwrap().0;
        assert_eq!(OnionAddress::parse(&resealed(key, 2)), Err(AddressError::Version));
        let mut other = key;
        other[0] ^= 1;
        let [a, b] = checksum(&other);
        let bytes: Vec<u8> = key.into_iter().chain([a, b, 3]).collect();
        assert_eq!(OnionAddress::parse(&BASE32_NOPAD.encode(&bytes)), Err(AddressError::Checksum));
    }

    #[test]
    fn impossible_keys_are_refused() {
        let mut keys: Vec<[u8; 32]> = curve25519_dalek::constants::EIGHT_TORSION
            .iter()
            .map(|point| point.compress().to_bytes())
            .collect();
        // A true key with a torsion part added.
        let key = OnionAddress::parse(TOR_PROJECT).unwrap().0;
        let point = CompressedEdwardsY(key).decompress().unwrap();
        let mixed = point + curve25519_dalek::constants::EIGHT_TORSION[1];
        keys.push(mixed.compress().to_bytes());
        // y = p + 1, the non-canonical form of 1.
        let mut high = [0xff; 32];
        high[0] = 0xee;
        high[31] = 0x7f;
        keys.push(high);
        // y = 2 is on no point of the curve.
        let mut off = [0; 32];
        off[0] = 2;
        keys.push(off);
        for key in keys {
            assert_eq!(OnionAddress::parse(&resealed(key, 3)), Err(AddressError::Key), "{key:?}");
        }
    }

    #[test]
    fn a_seeds_address_is_that_of_rfc_8032() {
        let seed: [u8; 32] = data_encoding::HEXLOWER
            .decode(b"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
            .unwrap()
            .try_into()
            .unwrap();
        let public = data_encoding::HEXLOWER
            .decode(b"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
            .unwrap();
        let seed = OnionSeed(Secret::from_bytes(&seed));
        assert_eq!(seed.address().0.as_slice(), public);
    }

    #[test]
    fn drawn_seeds_differ_and_their_addresses_are_read_back() {
        let mut rng = ChaCha20Rng::from_seed([7; 32]);
        let one = OnionSeed::random(&mut rng);
        let two = OnionSeed::random(&mut rng);
        assert_ne!(one, two);
        assert_eq!(OnionAddress::parse(&one.address().label()), Ok(one.address()));
    }

    #[test]
    fn nothing_is_shown_in_debug() {
        let seed = OnionSeed(Secret::from_bytes(&[0x5a; 32]));
        assert_eq!(format!("{seed:?}"), "OnionSeed(Secret<32>(…))");
        assert_eq!(format!("{:?}", seed.address()), "OnionAddress(…)");
    }
}
