//! Pairing by request: with somebody who asked at a public address.
//!
//! A profile may have an onion address that only takes requests. Whoever wants to talk with its
//! *owner*, the *asker*, dials it; three frames of kind [`Request`](crate::cell::FrameKind::Request)
//! go over that stream (`docs/protocol.md`, "Pairing by request"):
//!
//! | | from | frame | says |
//! |---|---|---|---|
//! | 1 | owner | offer | a client key and handshake keys, made for this stream |
//! | 2 | asker | request | who asks, what for, at which one-time place and with which keys |
//! | 3 | owner | received | that it came; never what becomes of it |
//!
//! Later, if the owner accepts, it dials the place, and both run the acceptance, in frames of kind
//! [`Pairing`](crate::cell::FrameKind::Pairing):
//!
//! | | from | frame | says |
//! |---|---|---|---|
//! | 1 | accepter | share | versions, an ML-KEM ciphertext |
//! | 2 | asker | share | versions, an ML-KEM ciphertext, the first root's confirmation |
//! | 3 | accepter | card, sealed | its card |
//! | 4 | asker | card, sealed | its card, an ML-KEM ciphertext |
//! | 5 | accepter | proof, sealed | an ML-KEM ciphertext, the root's confirmation |
//! | 6 | asker | proof, sealed | the root's confirmation |
//!
//! Frames 3 to 6 are those of [`crate::pairing`], and so is what comes of it:
//! [`Paired`](crate::pairing::Paired). The first root is bound to [`request_hash`], so that a request
//! that was recorded and said again elsewhere leads to nothing.
//!
//! ```
//! use rand_chacha::ChaCha20Rng;
//! use rand_core::SeedableRng;
//! use undertone_wire::address::OnionSeed;
//! use undertone_wire::pairing::Exporters;
//! use undertone_wire::request::{
//!     AcceptanceStage, Accepter, Asker, Offer, OwnOffer, OwnRequest, Request, request_hash,
//! };
//!
//! let rng = &mut ChaCha20Rng::from_seed([7; 32]);
//! let public = OnionSeed::random(rng).address();
//! let binding = [1; 32]; // from the TLS session at the public address
//!
//! // The asker dials; the owner makes an offer for this stream.
//! let own_offer = OwnOffer::generate(rng);
//! let offer = own_offer.public().encode();
//! let own_request = OwnRequest::generate(rng);
//! let said = own_request.encode("Ada", "We met at the harbour.")?;
//! let request = Request::decode(&said)?;
//! assert_eq!(request.name.as_str(), "Ada");
//! let hash = request_hash("local", &public, &binding, &offer, &said);
//!
//! // The owner accepts and dials the place; this is another TLS session.
//! let exporters = Exporters { sid: [2; 32], binding: [3; 32] };
//! let offer = Offer::decode(&offer)?;
//! let mut asker = Asker::new(&own_request, offer.keys(), &hash, "local", &exporters);
//! let (peer, place) = (&request.keys, &request.place);
//! let (mut accepter, mut frame) =
//!     Accepter::new(&own_offer, peer, &hash, "local", place, &exporters, rng);
//! let (accepter, asker) = loop {
//!     let asker_said = asker.handle(&frame, rng)?;
//!     let accepter_said = accepter.handle(&asker_said.send.unwrap(), rng)?;
//!     if let (AcceptanceStage::Paired(accepter), AcceptanceStage::Paired(asker)) =
//!         (accepter_said.stage, asker_said.stage)
//!     {
//!         break (accepter, asker);
//!     }
//!     frame = accepter_said.send.unwrap();
//! };
//! assert_eq!(accepter.transcript.hash(), asker.transcript.hash());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod acceptance;
mod frame;
mod own;

use undertone_ratchet::handshake::PublicKeysError;
use undertone_ratchet::transcript::Transcript;

pub use self::acceptance::{AcceptanceStage, Accepter, Asker};
pub use self::frame::{OFFER_LEN, Offer, REQUEST_LEN, Request};
pub use self::own::{OWN_OFFER_LEN, OWN_REQUEST_LEN, OwnOffer, OwnRequest};
use crate::address::OnionAddress;
use crate::pairing::MAX_PAIRING_FRAME;

/// The version of offers, requests and what is stored of them: the one that this code writes, and
/// the only one it reads.
pub const REQUEST_VERSION: u8 = 1;

/// The longest greeting, in UTF-16 units: what people count as characters, in the unit that is the
/// same in every program.
pub const MAX_GREETING: usize = 2000;

/// Bytes that a request has for its greeting, in UTF-8: enough for every greeting of
/// [`MAX_GREETING`] units.
pub const MAX_GREETING_LEN: usize = 3 * MAX_GREETING;

/// Bytes that a request has for its name, in UTF-8.
pub const MAX_NAME_LEN: usize = 120;

/// Bytes of the longest frame that a stranger may send or be sent, in whatever way of pairing: the
/// limit for [`Assembler::with_limit`](crate::cell::Assembler::with_limit).
pub const MAX_STRANGER_FRAME: usize =
    if MAX_PAIRING_FRAME > REQUEST_LEN { MAX_PAIRING_FRAME } else { REQUEST_LEN };

/// The owner's answer to every request that it could read, whatever becomes of it.
pub const RECEIVED: &[u8] = &[3];

const REQUEST_HASH: &[u8] = b"undertone/1 request";

/// What binds an acceptance to one request on one stream: all that both ends saw of it.
///
/// `network_id` and `address` name where the asker dialled, `binding` is the TLS exporter value under
/// [`EXPORTER_BINDING`](crate::pairing::EXPORTER_BINDING) of that stream, `offer` and `request` are
/// the two frames, whole.
#[must_use]
pub fn request_hash(
    network_id: &str,
    address: &OnionAddress,
    binding: &[u8; 32],
    offer: &[u8],
    request: &[u8],
) -> [u8; 32] {
    let mut transcript = Transcript::new(REQUEST_HASH);
    transcript.absorb(b"version", &[REQUEST_VERSION]);
    transcript.absorb(b"network", network_id.as_bytes());
    transcript.absorb(b"address", &address.0);
    transcript.absorb(b"exporter binding", binding);
    transcript.absorb(b"offer", offer);
    transcript.absorb(b"request", request);
    transcript.hash()
}

/// Why an offer, a request or a stored half of one was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Not as long as such a frame is.
    #[error("the frame has a wrong length and can't be read; close the stream")]
    Length,
    /// Another version.
    #[error("the frame is of an unknown version; one side's program is too old, update it")]
    Version,
    /// Another frame than the one to come now.
    #[error("the other side doesn't keep to the order; close the stream")]
    Kind,
    /// The place is no canonical point of prime order.
    #[error("the request's place belongs to no possible service and can't be answered; drop it")]
    Place,
    /// The client-auth key is not canonical, or of low order (zero among them).
    #[error("the offer's client key can't be used, so no answer could come; close the stream")]
    ClientAuth,
    /// One of the handshake's keys can't be used.
    #[error("the keys of the offer or request can't be used: {0}")]
    Keys(#[from] PublicKeysError),
    /// No name, one of more than [`MAX_NAME_LEN`] bytes, or no UTF-8.
    #[error("a request's name is text of 1 to {MAX_NAME_LEN} bytes; choose another")]
    Name,
    /// A greeting of more than [`MAX_GREETING`] UTF-16 units, or no UTF-8.
    #[error("a request's greeting is text of at most {MAX_GREETING} characters; shorten it")]
    Greeting,
    /// Bytes behind the name or the greeting that aren't zero.
    #[error("the request's padding isn't zero, so it is no request of ours; drop it")]
    Padding,
    /// Stored: not as long as such a thing is, or with other contents.
    #[error("the stored offer or request is damaged; restore it from a copy, or ask again")]
    Stored,
    /// Stored: another version.
    #[error("the stored offer or request is of an unknown version; use the program that wrote it")]
    StoredVersion,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_the_specification() {
        assert_eq!((OFFER_LEN, REQUEST_LEN), (1346, 7501));
        assert_eq!((OWN_OFFER_LEN, OWN_REQUEST_LEN), (226, 258));
        assert_eq!(MAX_STRANGER_FRAME, 7501);
    }

    #[test]
    fn the_hash_takes_everything_in() {
        let [here, there] = [OnionAddress([1; 32]), OnionAddress([2; 32])];
        let all = [
            request_hash("local", &here, &[3; 32], b"offer", b"request"),
            request_hash("tor", &here, &[3; 32], b"offer", b"request"),
            request_hash("local", &there, &[3; 32], b"offer", b"request"),
            request_hash("local", &here, &[4; 32], b"offer", b"request"),
            request_hash("local", &here, &[3; 32], b"Offer", b"request"),
            request_hash("local", &here, &[3; 32], b"offer", b"Request"),
            request_hash("local", &here, &[3; 32], b"offerr", b"equest"),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
