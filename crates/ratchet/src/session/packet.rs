//! A packet's bytes: sealed header and sealed payload.

use alloc::vec::Vec;

use chacha20::cipher::KeyIvInit as _;
use chacha20::{ChaCha20, XChaCha20};
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Tag};
use poly1305::Poly1305;
use rand_core::CryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

use crate::chacha_hmac::{self, TAG_LEN};
use crate::dh::POINT_LEN;
use crate::kdf::{Keyed, label};
use crate::secret::Secret;

/// XChaCha20's, 192 bits: chance repeats none.
const NONCE_LEN: usize = 24;
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
        let cipher = XChaCha20::new(key.as_bytes().into(), &nonce.into());
        let tag = chacha_hmac::seal(cipher, associated_data, &mut header)?;
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
        let cipher = XChaCha20::new(key.as_bytes().into(), nonce.into());
        chacha_hmac::open(cipher, associated_data, &mut header, tag)?;
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

/// The longest text that is sealed with HMAC-SHA-256, in bytes; a longer one is with Poly1305, whose key takes long to set
/// up and whose bytes are fast. Between 2 and 4 KiB both take the same time on a processor with AVX2 and SHA instructions.
const LONGEST_SHORT: usize = 2_048;

/// The key of one packet, for what derives from it.
pub(super) struct MessageKey(Keyed);

impl MessageKey {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(Keyed::new(key))
    }

    /// The nonce of the packet's header, on which the key of its payload depends.
    ///
    /// Fresh random bytes, because a state that was restored from an old copy of the disk repeats what
    /// derives from the state alone; and the text, because a machine that was copied while it ran
    /// repeats its random bytes as well. Two packets have one nonce only if all three are alike, and
    /// then they are one packet. 24 bytes are long enough for chance never to repeat one.
    pub(super) fn nonce(&self, plaintext: &[u8], rng: &mut impl CryptoRng) -> [u8; NONCE_LEN] {
        let mut random = [0; 32];
        rng.fill_bytes(&mut random);
        let mut mac = [0; 32];
        if plaintext.len() <= LONGEST_SHORT {
            let text = if cfg!(planted = "nonce") { &[] } else { plaintext };
            self.0.hmac_to(&[label::HEADER_NONCE, &random, text], &mut mac);
        } else {
            // A keyed hash under HMAC is as good as HMAC of it all: two texts are alike to it for one key in 2^87.
            let mut key = Zeroizing::new([0; 32]);
            self.0.hmac_to(&[label::LONG_HASH], &mut key);
            let hash = Poly1305::new((&*key).into()).compute_unpadded(plaintext);
            self.0.hmac_to(&[label::LONG_HEADER_NONCE, &random, &hash], &mut mac);
        }
        let mut nonce = [0; NONCE_LEN];
        fill(&mut nonce, mac.iter());
        nonce
    }

    /// The cipher of this packet's payload of `len` bytes. Its key derives from the whole sealed header too, nonce
    /// included: a message key that is used twice, after a roll-back of the disk, still never makes a two-time pad. The
    /// associated data go into the key and not into the cipher, whose long texts begin at a full block so.
    fn payload(
        &self,
        sealed_header: &[u8; SEALED_HEADER_LEN],
        associated_data: &[u8; 32],
        len: usize,
    ) -> Payload {
        let mut key = Zeroizing::new([0; 32]);
        if len <= LONGEST_SHORT {
            self.0.hmac_to(&[label::PAYLOAD, associated_data, sealed_header], &mut key);
            Payload::Short(ChaCha20::new((&*key).into(), &PAYLOAD_NONCE.into()))
        } else {
            self.0.hmac_to(&[label::LONG_PAYLOAD, associated_data, sealed_header], &mut key);
            Payload::Long(ChaCha20Poly1305::new((&*key).into()))
        }
    }
}

/// Each key seals one payload, so its nonce may be constant.
const PAYLOAD_NONCE: [u8; 12] = [0; 12];

enum Payload {
    Short(ChaCha20),
    Long(ChaCha20Poly1305),
}

impl Payload {
    fn seal(self, body: &mut [u8]) -> Option<[u8; TAG_LEN]> {
        match self {
            Self::Short(cipher) => chacha_hmac::seal(cipher, &[], body),
            Self::Long(cipher) => cipher
                .encrypt_inout_detached(&PAYLOAD_NONCE.into(), &[], body.into())
                .ok()
                .map(Into::into),
        }
    }

    fn open(self, body: &mut [u8], tag: &[u8; TAG_LEN]) -> Option<()> {
        match self {
            Self::Short(cipher) => chacha_hmac::open(cipher, &[], body, tag),
            Self::Long(cipher) => cipher
                .decrypt_inout_detached(&PAYLOAD_NONCE.into(), &[], body.into(), &Tag::from(*tag))
                .ok(),
        }
    }
}

/// Appends header and encrypted `plaintext` to `out`. On `None` nothing was appended.
pub(super) fn seal(
    message_key: &MessageKey,
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
        message_key.payload(sealed_header, associated_data, body.len()).seal(body)
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
    message_key: &MessageKey,
    sealed_header: &[u8; SEALED_HEADER_LEN],
    associated_data: &[u8; 32],
    sealed: &[u8],
    out: &mut Vec<u8>,
) -> Option<()> {
    let (body, tag) = sealed.split_last_chunk::<TAG_LEN>()?;
    let start = out.len();
    out.extend_from_slice(body);
    let opened = out.get_mut(start..).and_then(|body| {
        message_key.payload(sealed_header, associated_data, body.len()).open(body, tag)
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
