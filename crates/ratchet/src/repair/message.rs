//! The four messages of a repair: `docs/repair.md`, section "Messages".

use alloc::boxed::Box;
use alloc::vec::Vec;

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::RepairError;
use crate::handshake::{CIPHERTEXT_LEN, PUBLIC_KEYS_LEN};
use crate::kdf::{self, label};
use crate::secret::Secret;
use crate::transcript::Transcript;

const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;
/// Version 1 ‖ nonce 24 before what is sealed, tag 16 behind it.
const OVERHEAD: usize = 1 + NONCE_LEN + TAG_LEN;
/// Incarnation 8 ‖ public keys.
const SHOWN_LEN: usize = 8 + PUBLIC_KEYS_LEN;
const CONFIRMATION_LEN: usize = 32;

/// Bytes of a [`Request`].
pub const REQUEST_LEN: usize = OVERHEAD + SHOWN_LEN;
/// Bytes of an [`Answer`].
pub const ANSWER_LEN: usize = OVERHEAD + SHOWN_LEN + CIPHERTEXT_LEN;
/// Bytes of a [`Proof`].
pub const PROOF_LEN: usize = OVERHEAD + CIPHERTEXT_LEN + CONFIRMATION_LEN;
/// Bytes of a [`Consent`].
pub const CONSENT_LEN: usize = OVERHEAD + CONFIRMATION_LEN;

/// The initiator's first message: its incarnation and keys.
pub type Request = Box<[u8; REQUEST_LEN]>;
/// The responder's first message: its incarnation and keys, and a ciphertext.
pub type Answer = Box<[u8; ANSWER_LEN]>;
/// The initiator's second message: a ciphertext and its confirmation.
pub type Proof = Box<[u8; PROOF_LEN]>;
/// The responder's second message: its confirmation.
pub type Consent = Box<[u8; CONSENT_LEN]>;

/// The first byte of each message. A change of the protocol gets a new number.
const VERSION: u8 = 1;

/// Which of the four messages: each has a key of its own.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Request = 1,
    Answer = 2,
    Proof = 3,
    Consent = 4,
}

fn cipher(kind: Kind, recovery: &Secret<32>) -> XChaCha20Poly1305 {
    let key: Secret<32> = kdf::expand(recovery, label::REPAIR, &[kind as u8]);
    XChaCha20Poly1305::new(&(*key.as_bytes()).into())
}

/// Seals `parts`, which add up to `N` less [`OVERHEAD`] bytes. `transcript` is everything before this message.
pub(super) fn seal<const N: usize>(
    kind: Kind,
    recovery: &Secret<32>,
    transcript: &Transcript,
    parts: &[&[u8]],
    rng: &mut impl CryptoRng,
) -> Box<[u8; N]> {
    const { assert!(N > OVERHEAD) }
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    let mut message = Box::new([0; N]);
    let source = [VERSION].into_iter().chain(nonce).chain(parts.iter().copied().flatten().copied());
    for (to, from) in message.iter_mut().zip(source) {
        *to = from;
    }
    let body = message.get_mut(1_usize.saturating_add(NONCE_LEN)..N.saturating_sub(TAG_LEN));
    #[expect(
        clippy::expect_used,
        reason = "N is longer than OVERHEAD and shorter than the cipher's limit"
    )]
    let tag = body
        .and_then(|body| {
            let data = transcript.hash();
            cipher(kind, recovery).encrypt_inout_detached(&nonce.into(), &data, body.into()).ok()
        })
        .expect("a few kilobytes can be sealed");
    for (to, from) in message.iter_mut().rev().zip(tag.iter().rev()) {
        *to = *from;
    }
    message
}

/// Opens a message of `N` bytes, if it was sealed as this kind, under this key, after this transcript.
pub(super) fn open<const N: usize>(
    kind: Kind,
    recovery: &Secret<32>,
    transcript: &Transcript,
    message: &[u8],
) -> Result<Zeroizing<Vec<u8>>, RepairError> {
    let wrong = || RepairError::Length(message.len());
    if message.len() != N {
        return Err(wrong());
    }
    let ([version], rest) = message.split_first_chunk().ok_or_else(wrong)?;
    if *version != VERSION {
        return Err(RepairError::Version(*version));
    }
    let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(wrong)?;
    let (body, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or_else(wrong)?;
    let mut body = Zeroizing::new(body.to_vec());
    cipher(kind, recovery)
        .decrypt_inout_detached(
            &XNonce::from(*nonce),
            &transcript.hash(),
            body.as_mut_slice().into(),
            &Tag::from(*tag),
        )
        .map_err(|_| RepairError::Unproved)?;
    Ok(body)
}
