//! The private halves of an offer and of a request.

use std::fmt;

use curve25519_dalek::montgomery::MontgomeryPoint;
use rand_core::CryptoRng;
use undertone_ratchet::handshake::{OWN_KEYS_LEN, OwnKeys};
use undertone_ratchet::secret::Secret;
use zeroize::Zeroizing;

use super::frame::write;
use super::{Offer, REQUEST_VERSION, RequestError};
use crate::address::OnionSeed;

/// Bytes of a stored [`OwnOffer`].
pub const OWN_OFFER_LEN: usize = 1 + 32 + OWN_KEYS_LEN;

/// Bytes of a stored [`OwnRequest`].
pub const OWN_REQUEST_LEN: usize = 1 + 32 + 32 + OWN_KEYS_LEN;

/// The version in front and the `parts` behind it, which add up to `N` bytes.
fn join<const N: usize>(parts: &[&[u8]]) -> Secret<N> {
    let mut out = Zeroizing::new([0; N]);
    let bytes = [REQUEST_VERSION].into_iter().chain(parts.iter().copied().flatten().copied());
    out.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    Secret::from_bytes(&out)
}

/// What is behind the version of `bytes`, which are to be `length`.
fn stored(bytes: &[u8], length: usize) -> Result<&[u8], RequestError> {
    if bytes.len() != length {
        return Err(RequestError::Stored);
    }
    let (version, rest) = bytes.split_first().ok_or(RequestError::Stored)?;
    if *version == REQUEST_VERSION { Ok(rest) } else { Err(RequestError::StoredVersion) }
}

/// Takes a secret of 32 bytes off `rest`.
fn take(rest: &mut &[u8]) -> Result<Secret<32>, RequestError> {
    let (first, others) = rest.split_first_chunk().ok_or(RequestError::Stored)?;
    *rest = others;
    Ok(Secret::from_bytes(first))
}

/// What an owner makes for one stream: an offer with its private halves. It goes with the stream
/// unless a request comes on it. Everything is erased on drop.
#[derive(Clone)]
pub struct OwnOffer {
    client_auth_secret: Secret<32>,
    keys: OwnKeys,
}

impl OwnOffer {
    /// Makes an offer.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let client_auth_secret = Secret::random(rng);
        Self { client_auth_secret, keys: OwnKeys::generate(rng) }
    }

    /// The half to send.
    #[must_use]
    pub fn public(&self) -> Offer {
        let client_auth = MontgomeryPoint::mul_base_clamped(*self.client_auth_secret.as_bytes());
        Offer { client_auth: client_auth.to_bytes(), keys: self.keys.public() }
    }

    /// The X25519 secret key with which the owner dials the asker's place.
    #[must_use]
    pub fn client_auth_secret(&self) -> &Secret<32> {
        &self.client_auth_secret
    }

    /// The private halves of the handshake's keys.
    #[must_use]
    pub fn keys(&self) -> &OwnKeys {
        &self.keys
    }

    /// As it is stored with the request that answered it: `version u8 ‖ client-auth secret 32 ‖
    /// keys`. Private: only for an encrypted database.
    #[must_use]
    pub fn to_bytes(&self) -> Secret<OWN_OFFER_LEN> {
        join(&[self.client_auth_secret.as_bytes(), self.keys.to_bytes().as_bytes()])
    }

    /// Reads a stored offer, all of it.
    ///
    /// # Errors
    /// [`RequestError::StoredVersion`] if a later program wrote it, else [`RequestError::Stored`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RequestError> {
        let rest = &mut stored(bytes, OWN_OFFER_LEN)?;
        let client_auth_secret = take(rest)?;
        let keys = OwnKeys::from_bytes(rest).map_err(|_| RequestError::Stored)?;
        Ok(Self { client_auth_secret, keys })
    }
}

impl fmt::Debug for OwnOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnOffer(…)")
    }
}

/// What an asker makes for one request: it lasts until the request is accepted or given up.
/// Everything is erased on drop.
#[derive(Clone)]
pub struct OwnRequest {
    place: OnionSeed,
    tag: Secret<32>,
    keys: OwnKeys,
}

impl OwnRequest {
    /// Makes everything that a request needs but the words.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let place = OnionSeed::random(rng);
        Self { place, tag: Secret::random(rng), keys: OwnKeys::generate(rng) }
    }

    /// The seed of the one-time onion service at which the owner will dial us.
    #[must_use]
    pub fn place(&self) -> &OnionSeed {
        &self.place
    }

    /// The private halves of the handshake's keys.
    #[must_use]
    pub fn keys(&self) -> &OwnKeys {
        &self.keys
    }

    /// The request's frame, [`REQUEST_LEN`](super::REQUEST_LEN) bytes. The same words give the same
    /// frame.
    ///
    /// # Errors
    /// [`RequestError::Name`] or [`RequestError::Greeting`] if that has a wrong length.
    pub fn encode(&self, name: &str, greeting: &str) -> Result<Vec<u8>, RequestError> {
        write(&self.place.address(), &self.keys.public(), self.tag.as_bytes(), name, greeting)
    }

    /// As it is stored: `version u8 ‖ onion seed 32 ‖ tag 32 ‖ keys`. Private: only for an encrypted
    /// database.
    #[must_use]
    pub fn to_bytes(&self) -> Secret<OWN_REQUEST_LEN> {
        let keys = self.keys.to_bytes();
        join(&[self.place.0.as_bytes(), self.tag.as_bytes(), keys.as_bytes()])
    }

    /// Reads a stored request, all of it.
    ///
    /// # Errors
    /// [`RequestError::StoredVersion`] if a later program wrote it, else [`RequestError::Stored`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RequestError> {
        let rest = &mut stored(bytes, OWN_REQUEST_LEN)?;
        let place = OnionSeed(take(rest)?);
        let tag = take(rest)?;
        let keys = OwnKeys::from_bytes(rest).map_err(|_| RequestError::Stored)?;
        Ok(Self { place, tag, keys })
    }
}

impl fmt::Debug for OwnRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnRequest(…)")
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::request::Request;

    /// What reading some bytes at rest ends in.
    type Reader = fn(&[u8]) -> Option<RequestError>;

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::from_seed([1; 32])
    }

    #[test]
    fn client_auth_halves_belong_together() {
        let own = OwnOffer::generate(&mut rng());
        let public = MontgomeryPoint::mul_base_clamped(*own.client_auth_secret().as_bytes());
        assert_eq!(public.to_bytes(), *own.public().client_auth());
        assert!(own.keys().public() == *own.public().keys());
    }

    #[test]
    fn a_request_says_what_was_made_for_it() {
        let own = OwnRequest::generate(&mut rng());
        let request = Request::decode(&own.encode("Ada", "").unwrap()).unwrap();
        assert_eq!(request.place, own.place().address());
        assert!(request.keys == own.keys().public());
        assert_eq!(request.tag, *own.tag.as_bytes());
    }

    #[test]
    fn nothing_is_made_twice() {
        let rng = &mut rng();
        let offers = [OwnOffer::generate(rng), OwnOffer::generate(rng)];
        assert_ne!(offers[0].public().client_auth(), offers[1].public().client_auth());
        assert!(offers[0].public().keys() != offers[1].public().keys());
        let requests = [OwnRequest::generate(rng), OwnRequest::generate(rng)];
        assert_ne!(requests[0].place().address(), requests[1].place().address());
        assert!(requests[0].tag != requests[1].tag);
        assert!(requests[0].keys().public() != requests[1].keys().public());
    }

    #[test]
    fn what_is_stored_comes_back_and_only_whole() {
        let offer = OwnOffer::generate(&mut rng());
        let bytes = offer.to_bytes();
        let back = OwnOffer::from_bytes(bytes.as_bytes()).unwrap();
        assert!(back.public() == offer.public());
        assert_eq!(back.to_bytes(), bytes);
        let request = OwnRequest::generate(&mut rng());
        let kept = request.to_bytes();
        let back = OwnRequest::from_bytes(kept.as_bytes()).unwrap();
        assert_eq!(back.encode("Ada", "hello"), request.encode("Ada", "hello"));
        assert_eq!(back.to_bytes(), kept);

        let (bytes, kept) = (bytes.as_bytes().as_slice(), kept.as_bytes().as_slice());
        let read: [(&[u8], Reader, usize); 2] = [
            (bytes, |bytes| OwnOffer::from_bytes(bytes).err(), 33),
            (kept, |bytes| OwnRequest::from_bytes(bytes).err(), 65),
        ];
        for (whole, error, keys) in read {
            assert_eq!(error(whole), None);
            let longer = [whole, &[0]].concat();
            for wrong in [&[], &whole[..whole.len() - 1], &whole[1..], longer.as_slice()] {
                assert_eq!(error(wrong), Some(RequestError::Stored));
            }
            let with = |at: usize, to: u8| {
                let mut changed = whole.to_vec();
                changed[at] = to;
                error(&changed)
            };
            for version in [0, 2, 255] {
                assert_eq!(with(0, version), Some(RequestError::StoredVersion));
            }
            assert_eq!(with(keys, 2), Some(RequestError::Stored));
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let (offer, own) = (OwnOffer::generate(&mut rng()), OwnRequest::generate(&mut rng()));
        let request = Request::decode(&own.encode("Ada", "hello").unwrap()).unwrap();
        let shown = format!("{offer:?} {:?} {own:?} {request:?}", offer.public());
        assert_eq!(shown, "OwnOffer(…) Offer(…) OwnRequest(…) Request(…)");
    }
}
