//! What two people exchange when they pair: everything made for this one contact.
//!
//! A card is `version u8 ‖ address 32 ‖ client-auth key 32 ‖ certificate 32 ‖ keys`, where the keys
//! are [`PublicKeys`]. Nothing in it comes from a profile, another contact or a clock.
//! (`docs/protocol.md`, "Cards".)

use std::fmt;

use curve25519_dalek::montgomery::MontgomeryPoint;
use ed25519_dalek::SigningKey;
use rand_core::CryptoRng;
use undertone_ratchet::handshake::{OwnKeys, PUBLIC_KEYS_LEN, PublicKeys, PublicKeysError};
use undertone_ratchet::secret::Secret;
use zeroize::Zeroizing;

use crate::address::{OnionAddress, OnionSeed};

/// The version of cards that this code writes, and the only one it reads.
pub const CARD_VERSION: u8 = 1;

/// Bytes of a card.
pub const CARD_LEN: usize = 1 + 3 * 32 + PUBLIC_KEYS_LEN;

/// The version of [`KeptCard`]s that this code writes, and the only one it reads.
pub const KEPT_CARD_VERSION: u8 = 1;

/// Bytes of a stored [`KeptCard`].
pub const KEPT_CARD_LEN: usize = 1 + 4 * 32 + CARD_LEN;

/// 2^255 − 19, least significant byte first.
const FIELD_PRIME: [u8; 32] = {
    let mut p = [0xff; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    p
};

/// The public half of what one person made for one contact.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    address: OnionAddress,
    client_auth: [u8; 32],
    certificate: [u8; 32],
    keys: PublicKeys,
}

/// Why a card was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// Not [`CARD_LEN`] bytes.
    #[error("the card has a wrong length; pair again")]
    Length,
    /// Another version.
    #[error("the card is of an unknown version; one side's program is too old")]
    Version,
    /// The address is no canonical point of prime order.
    #[error("the card's address belongs to no possible service; pair again")]
    Address,
    /// The client-auth key is not canonical, or of low order (zero among them).
    #[error("the card's client key can't be used; pair again")]
    ClientAuth,
    /// The certificate's key is no canonical point of prime order.
    #[error("the card's certificate can't be used; pair again")]
    Certificate,
    /// One of the handshake's keys can't be used.
    #[error("the card's keys can't be used; pair again")]
    Keys(#[from] PublicKeysError),
    /// A key of our own card is on it.
    #[error("the card has keys of our own card on it; pair again with someone else")]
    Reflected,
    /// Stored: a private half is not of this card.
    #[error("the stored card's halves don't belong together; restore it from a copy")]
    Halves,
}

impl Card {
    /// The onion address at which its owner waits for this contact.
    #[must_use]
    pub fn address(&self) -> &OnionAddress {
        &self.address
    }

    /// The X25519 public key with which its owner dials this contact's service.
    #[must_use]
    pub fn client_auth(&self) -> &[u8; 32] {
        &self.client_auth
    }

    /// The Ed25519 public key of its owner's certificate.
    #[must_use]
    pub fn certificate(&self) -> &[u8; 32] {
        &self.certificate
    }

    /// The handshake's keys.
    #[must_use]
    pub fn keys(&self) -> &PublicKeys {
        &self.keys
    }

    /// The X25519 identity of its owner towards this contact.
    #[must_use]
    pub fn identity(&self) -> &[u8; 32] {
        self.keys.identity()
    }

    /// Encodes the card.
    #[must_use]
    pub fn encode(&self) -> [u8; CARD_LEN] {
        let keys = self.keys.encode();
        let parts: [&[u8]; 5] =
            [&[CARD_VERSION], &self.address.0, &self.client_auth, &self.certificate, &keys];
        let mut out = [0; CARD_LEN];
        out.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        out
    }

    /// Reads a card, all of it, and checks that each key can be used.
    ///
    /// # Errors
    /// See [`CardError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CardError> {
        let bytes: &[u8; CARD_LEN] = bytes.try_into().map_err(|_| CardError::Length)?;
        let (version, rest) = bytes.split_first().ok_or(CardError::Length)?;
        if *version != CARD_VERSION {
            return Err(CardError::Version);
        }
        let (address, rest) = rest.split_first_chunk().ok_or(CardError::Length)?;
        let (client_auth, rest) = rest.split_first_chunk().ok_or(CardError::Length)?;
        let (certificate, keys) = rest.split_first_chunk().ok_or(CardError::Length)?;
        let address = OnionAddress::from_key(address).map_err(|_| CardError::Address)?;
        if !is_usable_x25519(client_auth) {
            return Err(CardError::ClientAuth);
        }
        // An address is an Ed25519 key too, and what makes one good makes the other good.
        OnionAddress::from_key(certificate).map_err(|_| CardError::Certificate)?;
        Ok(Self {
            address,
            client_auth: *client_auth,
            certificate: *certificate,
            keys: PublicKeys::decode(keys)?,
        })
    }

    /// Reads the other side's card, which must not have anything of `own` on it: whoever sends our
    /// keys back to us is not a contact.
    ///
    /// # Errors
    /// See [`CardError`].
    pub fn decode_peer(bytes: &[u8], own: &Self) -> Result<Self, CardError> {
        let card = Self::decode(bytes)?;
        // Past the version, every key and the entropy begin at a multiple of 32 bytes.
        let (theirs, ours) = (card.encode(), own.encode());
        let chunks = |card: &[u8; CARD_LEN]| -> Vec<[u8; 32]> {
            card.split_first().map(|(_, keys)| keys.as_chunks().0.to_vec()).unwrap_or_default()
        };
        let ours = chunks(&ours);
        if chunks(&theirs).iter().any(|chunk| ours.contains(chunk)) {
            return Err(CardError::Reflected);
        }
        Ok(card)
    }
}

impl fmt::Debug for Card {
    /// A card says who belongs together: it stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Card(…)")
    }
}

/// True for canonical encodings of points that aren't of low order, so that no agreed secret is
/// known beforehand.
pub(crate) fn is_usable_x25519(key: &[u8; 32]) -> bool {
    let canonical = key.iter().rev().lt(FIELD_PRIME.iter().rev());
    canonical && MontgomeryPoint(*key).mul_clamped([1; 32]).to_bytes() != [0; 32]
}

/// A card with its private halves.
#[derive(Clone)]
pub struct OwnCard {
    onion_seed: OnionSeed,
    client_auth_secret: Secret<32>,
    certificate_seed: Secret<32>,
    keys: OwnKeys,
    public: Card,
}

impl OwnCard {
    /// Makes everything that a new contact needs.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let onion_seed = OnionSeed::random(rng);
        let client_auth_secret = Secret::random(rng);
        let certificate_seed = Secret::random(rng);
        let keys = OwnKeys::generate(rng);
        let certificate = SigningKey::from_bytes(certificate_seed.as_bytes()).verifying_key();
        let client_auth = MontgomeryPoint::mul_base_clamped(*client_auth_secret.as_bytes());
        let public = Card {
            address: onion_seed.address(),
            client_auth: client_auth.to_bytes(),
            certificate: certificate.to_bytes(),
            keys: keys.public(),
        };
        Self { onion_seed, client_auth_secret, certificate_seed, keys, public }
    }

    /// The half to show to the contact.
    #[must_use]
    pub fn public(&self) -> &Card {
        &self.public
    }

    /// The seed of the onion service at which this contact will dial us.
    #[must_use]
    pub fn onion_seed(&self) -> &OnionSeed {
        &self.onion_seed
    }

    /// The X25519 secret key with which we dial this contact's service.
    #[must_use]
    pub fn client_auth_secret(&self) -> &Secret<32> {
        &self.client_auth_secret
    }

    /// The Ed25519 seed (RFC 8032) of the certificate that we show this contact.
    #[must_use]
    pub fn certificate_seed(&self) -> &Secret<32> {
        &self.certificate_seed
    }

    /// The private halves of the handshake's keys.
    #[must_use]
    pub fn keys(&self) -> &OwnKeys {
        &self.keys
    }

    /// What a contact needs after the handshake; the handshake's one-time keys are erased.
    #[must_use]
    pub fn into_kept(self) -> KeptCard {
        let Self { onion_seed, client_auth_secret, certificate_seed, keys, public } = self;
        let identity_secret = keys.into_identity();
        KeptCard { onion_seed, client_auth_secret, certificate_seed, identity_secret, public }
    }
}

/// A card with those private halves that outlive the handshake.
#[derive(Clone)]
pub struct KeptCard {
    onion_seed: OnionSeed,
    client_auth_secret: Secret<32>,
    certificate_seed: Secret<32>,
    identity_secret: Secret<32>,
    public: Card,
}

impl KeptCard {
    /// The half that the contact has.
    #[must_use]
    pub fn public(&self) -> &Card {
        &self.public
    }

    /// The seed of the onion service at which this contact dials us.
    #[must_use]
    pub fn onion_seed(&self) -> &OnionSeed {
        &self.onion_seed
    }

    /// The X25519 secret key with which we dial this contact's service.
    #[must_use]
    pub fn client_auth_secret(&self) -> &Secret<32> {
        &self.client_auth_secret
    }

    /// The Ed25519 seed (RFC 8032) of the certificate that we show this contact.
    #[must_use]
    pub fn certificate_seed(&self) -> &Secret<32> {
        &self.certificate_seed
    }

    /// The X25519 identity towards this contact, for a repair.
    #[must_use]
    pub fn identity_secret(&self) -> &Secret<32> {
        &self.identity_secret
    }

    /// The card as it is stored: `version u8 ‖ onion seed 32 ‖ client-auth secret 32 ‖ certificate
    /// seed 32 ‖ identity secret 32 ‖ card`. Private: only for an encrypted database.
    #[must_use]
    pub fn to_bytes(&self) -> Secret<KEPT_CARD_LEN> {
        let public = self.public.encode();
        let parts: [&[u8]; 6] = [
            &[KEPT_CARD_VERSION],
            self.onion_seed.0.as_bytes(),
            self.client_auth_secret.as_bytes(),
            self.certificate_seed.as_bytes(),
            self.identity_secret.as_bytes(),
            &public,
        ];
        let mut out = Zeroizing::new([0; KEPT_CARD_LEN]);
        out.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        Secret::from_bytes(&out)
    }

    /// Reads a stored card, all of it, and checks that its halves belong together.
    ///
    /// # Errors
    /// See [`CardError`]; [`CardError::Halves`] where a private half is of another card.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CardError> {
        let bytes: &[u8; KEPT_CARD_LEN] = bytes.try_into().map_err(|_| CardError::Length)?;
        let (version, rest) = bytes.split_first().ok_or(CardError::Length)?;
        if *version != KEPT_CARD_VERSION {
            return Err(CardError::Version);
        }
        let (onion_seed, rest) = rest.split_first_chunk().ok_or(CardError::Length)?;
        let (client_auth, rest) = rest.split_first_chunk().ok_or(CardError::Length)?;
        let (certificate, rest) = rest.split_first_chunk().ok_or(CardError::Length)?;
        let (identity, public) = rest.split_first_chunk().ok_or(CardError::Length)?;
        let public = Card::decode(public)?;
        let onion_seed = OnionSeed(Secret::from_bytes(onion_seed));
        let x25519 = |secret: &[u8; 32]| MontgomeryPoint::mul_base_clamped(*secret).to_bytes();
        let belong = onion_seed.address() == public.address
            && x25519(client_auth) == public.client_auth
            && SigningKey::from_bytes(certificate).verifying_key().to_bytes() == public.certificate
            && x25519(identity) == *public.identity();
        if !belong {
            return Err(CardError::Halves);
        }
        Ok(Self {
            onion_seed,
            client_auth_secret: Secret::from_bytes(client_auth),
            certificate_seed: Secret::from_bytes(certificate),
            identity_secret: Secret::from_bytes(identity),
            public,
        })
    }
}

impl fmt::Debug for KeptCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeptCard(…)")
    }
}

impl fmt::Debug for OwnCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnCard(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    fn own(seed: u8) -> OwnCard {
        OwnCard::generate(&mut ChaCha20Rng::from_seed([seed; 32]))
    }

    fn with(at: usize, bytes: &[u8]) -> Result<Card, CardError> {
        let mut card = own(1).public().encode();
        card[at..at + bytes.len()].copy_from_slice(bytes);
        Card::decode(&card)
    }

    #[test]
    fn what_is_kept_belongs_to_the_card_that_was_shown() {
        let card = own(1);
        let shown = card.public().clone();
        let kept = card.into_kept();
        assert_eq!(*kept.public(), shown);
        assert_eq!(kept.onion_seed().address(), *shown.address());
        let identity = MontgomeryPoint::mul_base_clamped(*kept.identity_secret().as_bytes());
        assert_eq!(identity.to_bytes(), *shown.identity());
        let client_auth = MontgomeryPoint::mul_base_clamped(*kept.client_auth_secret().as_bytes());
        assert_eq!(client_auth.to_bytes(), *shown.client_auth());
    }

    #[test]
    fn a_kept_card_comes_back_and_only_whole() {
        let kept = own(1).into_kept();
        let bytes = kept.to_bytes();
        let back = KeptCard::from_bytes(bytes.as_bytes()).unwrap();
        assert_eq!(back.to_bytes(), bytes);
        assert_eq!(back.public(), kept.public());
        let bytes = bytes.as_bytes();
        let cut = &bytes[..KEPT_CARD_LEN - 1];
        assert_eq!(KeptCard::from_bytes(cut).unwrap_err(), CardError::Length);
        for (at, error) in [
            (0, CardError::Version),
            (1, CardError::Halves),
            (40, CardError::Halves),
            (70, CardError::Halves),
            (100, CardError::Halves),
            (129, CardError::Version),
        ] {
            let mut changed = *bytes;
            // Not the lowest bits: X25519 clamps those of its secrets.
            changed[at] ^= 8;
            assert_eq!(KeptCard::from_bytes(&changed).unwrap_err(), error, "{at}");
        }
    }

    #[test]
    fn a_card_comes_back() {
        let card = own(1).public().clone();
        assert_eq!(Card::decode(&card.encode()).unwrap(), card);
        assert_eq!(Card::decode_peer(&card.encode(), own(2).public()).unwrap(), card);
    }

    #[test]
    fn client_auth_halves_belong_together() {
        let (a, b) = (own(1), own(2));
        let shared = |secret: &OwnCard, public: &OwnCard| {
            MontgomeryPoint(*public.public().client_auth())
                .mul_clamped(*secret.client_auth_secret().as_bytes())
        };
        assert_eq!(shared(&a, &b), shared(&b, &a));
    }

    #[test]
    fn lengths_and_versions_are_checked() {
        let card = own(1).public().encode();
        assert_eq!(Card::decode(&card[1..]).unwrap_err(), CardError::Length);
        assert_eq!(Card::decode(&[&card, &[0][..]].concat()).unwrap_err(), CardError::Length);
        assert_eq!(with(0, &[2]).unwrap_err(), CardError::Version);
    }

    #[test]
    fn keys_that_cannot_be_used_are_refused() {
        let identity = {
            let mut point = [0; 32];
            point[0] = 1;
            point
        };
        let not_canonical = {
            let mut point = FIELD_PRIME;
            point[0] += 1;
            point
        };
        for bad in [[0; 32], identity, not_canonical, [0xff; 32]] {
            assert_eq!(with(1, &bad).unwrap_err(), CardError::Address);
            assert_eq!(with(33, &bad).unwrap_err(), CardError::ClientAuth);
            assert_eq!(with(65, &bad).unwrap_err(), CardError::Certificate);
            for at in [97, 129, 161] {
                assert!(matches!(with(at, &bad).unwrap_err(), CardError::Keys(_)), "{at}");
            }
        }
        assert!(matches!(with(193, &[0xff; 1184]).unwrap_err(), CardError::Keys(_)));
    }

    #[test]
    fn each_reflected_key_is_refused() {
        let (ours, theirs) = (own(1), own(2).public().encode());
        let own_bytes = ours.public().encode();
        let keys = [1..33, 33..65, 65..97, 97..129, 129..161, 161..193, 193..1377, 1377..1409];
        for range in keys {
            let mut card = theirs;
            card[range.clone()].copy_from_slice(&own_bytes[range.clone()]);
            let got = Card::decode_peer(&card, ours.public()).unwrap_err();
            assert_eq!(got, CardError::Reflected, "{range:?}");
        }
        let swapped = {
            let mut card = theirs;
            card[97..129].copy_from_slice(&own_bytes[129..161]);
            card
        };
        let got = Card::decode_peer(&swapped, ours.public()).unwrap_err();
        assert_eq!(got, CardError::Reflected);
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?} {:?}", own(1), own(1).public()), "OwnCard(…) Card(…)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_decodes_encodes_to_the_same(at in 1..CARD_LEN, to in any::<u8>()) {
            let mut bytes = own(1).public().encode();
            bytes[at] = to;
            if let Ok(card) = Card::decode(&bytes) {
                prop_assert_eq!(card.encode(), bytes);
            }
        }

        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), CARD_LEN)) {
            prop_assert!(Card::decode(&bytes).is_err());
        }
    }
}
