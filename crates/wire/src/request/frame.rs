//! Offers and requests as bytes.

use std::fmt;

use undertone_ratchet::handshake::{PUBLIC_KEYS_LEN, PublicKeys};
use zeroize::Zeroizing;

use super::{MAX_GREETING, MAX_GREETING_LEN, MAX_NAME_LEN, REQUEST_VERSION, RequestError};
use crate::address::OnionAddress;
use crate::card::is_usable_x25519;

/// The first byte of an offer.
const OFFER: u8 = 1;

/// The first byte of a request.
const REQUEST: u8 = 2;

/// Bytes of an offer: kind and version, client-auth key, handshake keys.
pub const OFFER_LEN: usize = 2 + 32 + PUBLIC_KEYS_LEN;

/// Bytes of a request, which all have one length: kind and version, place, handshake keys, tag,
/// name and greeting, each with its length in front and padded with zeros.
pub const REQUEST_LEN: usize =
    2 + 32 + PUBLIC_KEYS_LEN + 32 + 1 + MAX_NAME_LEN + 2 + MAX_GREETING_LEN;

/// What is behind kind and version of a frame that is to have `length` bytes. A version that isn't
/// known is told from a wrong length, for a later one may have another.
fn body(frame: &[u8], kind: u8, length: usize) -> Result<&[u8], RequestError> {
    let (first, rest) = frame.split_first().ok_or(RequestError::Length)?;
    if *first != kind {
        return Err(RequestError::Kind);
    }
    let (version, body) = rest.split_first().ok_or(RequestError::Length)?;
    if *version != REQUEST_VERSION {
        return Err(RequestError::Version);
    }
    if frame.len() == length { Ok(body) } else { Err(RequestError::Length) }
}

/// Takes the first `N` bytes off `rest`.
fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Result<&'a [u8; N], RequestError> {
    let (first, others) = rest.split_first_chunk().ok_or(RequestError::Length)?;
    *rest = others;
    Ok(first)
}

/// The public half of what an owner made for one stream.
#[derive(Clone, PartialEq, Eq)]
pub struct Offer {
    pub(super) client_auth: [u8; 32],
    pub(super) keys: PublicKeys,
}

impl Offer {
    /// The X25519 public key with which the owner will dial the asker's place.
    #[must_use]
    pub fn client_auth(&self) -> &[u8; 32] {
        &self.client_auth
    }

    /// The handshake's keys.
    #[must_use]
    pub fn keys(&self) -> &PublicKeys {
        &self.keys
    }

    /// The whole frame: [`OFFER_LEN`] bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        [&[OFFER, REQUEST_VERSION], self.client_auth.as_slice(), &self.keys.encode()].concat()
    }

    /// Reads a whole frame, and checks that each key can be used.
    ///
    /// # Errors
    /// [`RequestError::Kind`], [`RequestError::Version`], [`RequestError::Length`],
    /// [`RequestError::Keys`], [`RequestError::ClientAuth`].
    pub fn decode(frame: &[u8]) -> Result<Self, RequestError> {
        let rest = &mut body(frame, OFFER, OFFER_LEN)?;
        let client_auth: &[u8; 32] = take(rest)?;
        if !is_usable_x25519(client_auth) {
            return Err(RequestError::ClientAuth);
        }
        let keys = PublicKeys::decode(take::<PUBLIC_KEYS_LEN>(rest)?)?;
        Ok(Self { client_auth: *client_auth, keys })
    }
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Offer(…)")
    }
}

/// What an asker says.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The one-time onion address at which the asker waits for the owner.
    pub place: OnionAddress,
    /// The handshake's keys.
    pub keys: PublicKeys,
    /// Random in this version, and without a meaning.
    pub tag: [u8; 32],
    /// What the asker wishes to be called: 1 to [`MAX_NAME_LEN`] bytes. Control and direction
    /// characters are the business of whoever shows it.
    pub name: Zeroizing<String>,
    /// What the asker says to be let in: at most [`MAX_GREETING`] UTF-16 units, or nothing.
    pub greeting: Zeroizing<String>,
}

impl Request {
    /// The whole frame: [`REQUEST_LEN`] bytes.
    ///
    /// # Errors
    /// [`RequestError::Name`] or [`RequestError::Greeting`] if that has a wrong length.
    pub fn encode(&self) -> Result<Vec<u8>, RequestError> {
        write(&self.place, &self.keys, &self.tag, &self.name, &self.greeting)
    }

    /// Reads a whole frame, and checks that place and keys can be used and that name and greeting
    /// are text of a right length.
    ///
    /// # Errors
    /// [`RequestError::Kind`], [`RequestError::Version`], [`RequestError::Length`],
    /// [`RequestError::Place`], [`RequestError::Keys`], [`RequestError::Name`],
    /// [`RequestError::Greeting`], [`RequestError::Padding`].
    pub fn decode(frame: &[u8]) -> Result<Self, RequestError> {
        let rest = &mut body(frame, REQUEST, REQUEST_LEN)?;
        let place = take(rest)?;
        let keys = take::<PUBLIC_KEYS_LEN>(rest)?;
        let tag = *take(rest)?;
        let [name_len] = *take(rest)?;
        let name = take::<MAX_NAME_LEN>(rest)?;
        let greeting_len = u16::from_be_bytes(*take(rest)?);
        let greeting = take::<MAX_GREETING_LEN>(rest)?;
        // Cheap checks first: a point's order and an ML-KEM key cost more than all the others.
        let name = text(name, name_len.into(), RequestError::Name)?;
        let greeting = text(greeting, greeting_len.into(), RequestError::Greeting)?;
        check(name, greeting)?;
        Ok(Self {
            place: OnionAddress::from_key(place).map_err(|_| RequestError::Place)?,
            keys: PublicKeys::decode(keys)?,
            tag,
            name: Zeroizing::new(name.to_owned()),
            greeting: Zeroizing::new(greeting.to_owned()),
        })
    }
}

impl fmt::Debug for Request {
    /// Who asks, and what for, stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Request(…)")
    }
}

/// The text in the first `length` bytes of a field, with nothing but zeros behind it; `otherwise` if
/// the field has fewer or they are no UTF-8.
fn text(field: &[u8], length: usize, otherwise: RequestError) -> Result<&str, RequestError> {
    let (said, padding) = field.split_at_checked(length).ok_or(otherwise)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(RequestError::Padding);
    }
    str::from_utf8(said).map_err(|_| otherwise)
}

/// Whether a name and a greeting have lengths that a request takes.
fn check(name: &str, greeting: &str) -> Result<(), RequestError> {
    if name.is_empty() || name.len() > MAX_NAME_LEN {
        return Err(RequestError::Name);
    }
    // A unit is at most three bytes, so nothing longer than the field has few enough of them.
    if greeting.len() > MAX_GREETING_LEN || greeting.encode_utf16().count() > MAX_GREETING {
        return Err(RequestError::Greeting);
    }
    Ok(())
}

/// The frame of a request.
pub(super) fn write(
    place: &OnionAddress,
    keys: &PublicKeys,
    tag: &[u8; 32],
    name: &str,
    greeting: &str,
) -> Result<Vec<u8>, RequestError> {
    check(name, greeting)?;
    let name_len = u8::try_from(name.len()).map_err(|_| RequestError::Name)?;
    let greeting_len = u16::try_from(greeting.len()).map_err(|_| RequestError::Greeting)?;
    // All of it at once, so that no part is left behind where the frame grew.
    let mut frame = Vec::with_capacity(REQUEST_LEN);
    frame.extend_from_slice(&[REQUEST, REQUEST_VERSION]);
    frame.extend_from_slice(&place.0);
    frame.extend_from_slice(&keys.encode());
    frame.extend_from_slice(tag);
    frame.push(name_len);
    frame.extend_from_slice(name.as_bytes());
    frame.resize(REQUEST_LEN.saturating_sub(MAX_GREETING_LEN.saturating_add(2)), 0);
    frame.extend_from_slice(&greeting_len.to_be_bytes());
    frame.extend_from_slice(greeting.as_bytes());
    frame.resize(REQUEST_LEN, 0);
    Ok(frame)
}
