//! A packet's bytes: sealed header and sealed payload.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use rand_core::CryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

use crate::dh::POINT_LEN;
use crate::kdf::{self, label};
use crate::secret::Secret;

const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;
/// Ratchet key 32 ‖ PN u32 ‖ N u32 ‖ epoch u32.
const HEADER_LEN: usize = POINT_LEN + 3 * 4;

/// Nonce 24 ‖ encrypted header 44 ‖ tag 16.
pub(super) const SEALED_HEADER_LEN: usize = NONCE_LEN + HEADER_LEN + TAG_LEN;

/// How many bytes a packet is longer than its plaintext.
pub const OVERHEAD: usize = SEALED_HEADER_LEN + TAG_LEN;

/// The longest plaintext in bytes: 1 MiB, sixteen times the longest text, so that no length that
/// the other side claims leads to an unbounded allocation.
pub const MAX_PLAINTEXT: usize = 1 << 20;

/// What a header says: Double Ratchet §4.4, and the post-quantum epoch.
pub(super) struct Header {
    /// The sender's ratchet key.
    pub(super) key: [u8; POINT_LEN],
    /// PN: how many packets the sender's previous chain had.
    pub(super) previous: u32,
    /// N: this packet's number in its chain, from 0.
    pub(super) number: u32,
    /// The last post-quantum epoch that the sender mixed in.
    pub(super) epoch: u32,
}

impl Header {
    /// Encrypts the header under the packet's [`nonce`].
    pub(super) fn seal(
        &self,
        key: &Secret<32>,
        associated_data: &[u8; 32],
        nonce: [u8; NONCE_LEN],
    ) -> Option<[u8; SEALED_HEADER_LEN]> {
        let numbers = [self.previous, self.number, self.epoch].map(u32::to_be_bytes);
        let mut header = [0; HEADER_LEN];
        fill(&mut header, self.key.iter().chain(numbers.iter().flatten()));
        let tag = XChaCha20Poly1305::new(&(*key.as_bytes()).into())
            .encrypt_inout_detached(&nonce.into(), associated_data, header.as_mut_slice().into())
            .ok()?;
        let mut sealed = [0; SEALED_HEADER_LEN];
        fill(&mut sealed, nonce.iter().chain(&header).chain(&tag));
        Some(sealed)
    }

    /// Decrypts a header, if `key` is the one that sealed it.
    pub(super) fn open(
        sealed: &[u8; SEALED_HEADER_LEN],
        key: &Secret<32>,
        associated_data: &[u8; 32],
    ) -> Option<Self> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let (header, rest) = rest.split_first_chunk::<HEADER_LEN>()?;
        let tag: &[u8; TAG_LEN] = rest.try_into().ok()?;
        let mut header = *header;
        XChaCha20Poly1305::new(&(*key.as_bytes()).into())
            .decrypt_inout_detached(
                &XNonce::from(*nonce),
                associated_data,
                header.as_mut_slice().into(),
                &Tag::from(*tag),
            )
            .ok()?;
        let (key, numbers) = header.split_first_chunk::<POINT_LEN>()?;
        let (previous, numbers) = numbers.split_first_chunk::<4>()?;
        let (number, epoch) = numbers.split_first_chunk::<4>()?;
        Some(Self {
            key: *key,
            previous: u32::from_be_bytes(*previous),
            number: u32::from_be_bytes(*number),
            epoch: u32::from_be_bytes(epoch.try_into().ok()?),
        })
    }
}

/// The nonce of a packet's header, on which the key of its payload depends.
///
/// Fresh random bytes, because a state that was restored from an old copy of the disk repeats what
/// derives from the state alone; and the text, because a machine that was copied while it ran
/// repeats its random bytes as well. Two packets have one nonce only if all three are alike, and
/// then they are one packet. 24 bytes are long enough for chance never to repeat one.
pub(super) fn nonce(
    message_key: &[u8; 32],
    plaintext: &[u8],
    rng: &mut impl CryptoRng,
) -> [u8; NONCE_LEN] {
    let mut random = [0; 32];
    rng.fill_bytes(&mut random);
    let text = if cfg!(planted = "nonce") { &[] } else { plaintext };
    let mut mac = [0; 32];
    kdf::hmac_to(message_key, &[label::HEADER_NONCE, &random, text], &mut mac);
    let mut nonce = [0; NONCE_LEN];
    fill(&mut nonce, mac.iter());
    nonce
}

/// The key of one payload. It derives from the whole sealed header too, nonce included: a message
/// key that is used twice, after a roll-back of the disk, still never makes a two-time pad.
struct Payload(ChaCha20Poly1305);

/// Each key seals one payload, so its nonce may be constant.
const PAYLOAD_NONCE: [u8; 12] = [0; 12];

impl Payload {
    fn new(message_key: &[u8; 32], sealed_header: &[u8; SEALED_HEADER_LEN]) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        kdf::expand_to(message_key, label::PAYLOAD, sealed_header, &mut key);
        Self(ChaCha20Poly1305::new(&(*key).into()))
    }
}

/// Appends header and encrypted `plaintext` to `out`. On `None` nothing was appended.
pub(super) fn seal(
    message_key: &[u8; 32],
    sealed_header: &[u8; SEALED_HEADER_LEN],
    associated_data: &[u8; 32],
    plaintext: &[u8],
    out: &mut Vec<u8>,
) -> Option<()> {
    let start = out.len();
    out.reserve(plaintext.len().saturating_add(OVERHEAD));
    out.extend_from_slice(sealed_header);
    out.extend_from_slice(plaintext);
    let tag = out.get_mut(start.saturating_add(SEALED_HEADER_LEN)..).and_then(|body| {
        Payload::new(message_key, sealed_header)
            .0
            .encrypt_inout_detached(&PAYLOAD_NONCE.into(), associated_data, body.into())
            .ok()
    });
    match tag {
        Some(tag) => {
            out.extend_from_slice(&tag);
            Some(())
        }
        None => {
            take_back(out, start);
            None
        }
    }
}

/// Decrypts a payload, if it is whole, and appends it to `out`. On `None` nothing was appended.
pub(super) fn open(
    message_key: &[u8; 32],
    sealed_header: &[u8; SEALED_HEADER_LEN],
    associated_data: &[u8; 32],
    sealed: &[u8],
    out: &mut Vec<u8>,
) -> Option<()> {
    let (body, tag) = sealed.split_last_chunk::<TAG_LEN>()?;
    let start = out.len();
    out.extend_from_slice(body);
    let opened = out.get_mut(start..).and_then(|body| {
        Payload::new(message_key, sealed_header)
            .0
            .decrypt_inout_detached(
                &PAYLOAD_NONCE.into(),
                associated_data,
                body.into(),
                &Tag::from(*tag),
            )
            .ok()
    });
    if opened.is_none() {
        take_back(out, start);
    }
    opened
}

/// Erases what was appended to `out` from `start` on.
fn take_back(out: &mut Vec<u8>, start: usize) {
    if let Some(written) = out.get_mut(start..) {
        written.zeroize();
    }
    out.truncate(start);
}

/// Copies `source` into `target`; their lengths are equal.
fn fill<'a>(target: &mut [u8], source: impl Iterator<Item = &'a u8>) {
    for (to, from) in target.iter_mut().zip(source) {
        *to = *from;
    }
}
