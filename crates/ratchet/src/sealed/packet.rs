//! The bytes of a sealed packet: `docs/sealed.md`, section "Packet".

use alloc::vec::Vec;

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};
use rand_core::CryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

use super::chain::{TAG_LEN, Tag};
use crate::kdf::{self, label};
use crate::secret::Secret;

/// The lengths that a sealed packet can have, in bytes.
///
/// Most texts fit into the first. The second holds what a page or a card with its keys has. The third holds the longest
/// text, 64 KiB. Three lengths tell an onlooker less than two bits, and more of them would tell more; one for all would
/// make each line of a chat as long as the longest text.
pub const SIZES: [usize; 3] = [1_024, 8_192, 66_560];

const IV_LEN: usize = 24;
const HASH_LEN: usize = 16;
/// Bytes before the ciphertext: IV 24 ‖ tag 16 ‖ keyed hash 16.
const HEAD_LEN: usize = PREFIX_LEN + HASH_LEN;
/// What the packet's key is bound to: IV ‖ tag.
const PREFIX_LEN: usize = IV_LEN + TAG_LEN;
/// The length of the content, before it.
const LENGTH_LEN: usize = 4;

/// The most content in bytes that a packet of the last of [`SIZES`] holds.
pub(super) const MAX_CONTENT: usize = 66_560 - HEAD_LEN - LENGTH_LEN;

/// Each key seals one packet, so its nonce may be constant.
const NONCE: [u8; 12] = [0; 12];

/// The tag of a packet, if it has one of the [`SIZES`].
pub(super) fn tag_of(packet: &[u8]) -> Option<Tag> {
    if !SIZES.contains(&packet.len()) {
        return None;
    }
    let (_, rest) = packet.split_first_chunk::<IV_LEN>()?;
    rest.first_chunk().copied().map(Tag)
}

/// The key of one packet. The random IV is in it: a tag's key that serves twice, after a roll-back of the disk, makes no
/// two-time pad.
fn cipher(key: &Secret<32>, prefix: &[u8; PREFIX_LEN]) -> ChaCha20Poly1305 {
    let key: Secret<32> = kdf::expand(key, label::SEALED_PAYLOAD, prefix);
    ChaCha20Poly1305::new(&(*key.as_bytes()).into())
}

/// Appends a packet to `out`. On `None`, for content longer than [`MAX_CONTENT`], nothing was appended.
pub(super) fn seal(
    tag: &Tag,
    key: &Secret<32>,
    content: &[u8],
    out: &mut Vec<u8>,
    rng: &mut impl CryptoRng,
) -> Option<()> {
    let needed = content.len().checked_add(HEAD_LEN)?.checked_add(LENGTH_LEN)?;
    let size = SIZES.into_iter().find(|size| *size >= needed)?;
    let length = u32::try_from(content.len()).ok()?.to_be_bytes();
    let mut prefix = [0; PREFIX_LEN];
    let (iv, rest) = prefix.split_first_chunk_mut::<IV_LEN>()?;
    rng.fill_bytes(iv);
    rest.copy_from_slice(&tag.0);

    let start = out.len();
    out.reserve(size);
    out.extend_from_slice(&prefix);
    out.extend_from_slice(&[0; HASH_LEN]);
    out.extend_from_slice(&length);
    out.extend_from_slice(content);
    out.resize(start.checked_add(size)?, 0);
    let sealed = out.get_mut(start..).and_then(|packet| {
        let (head, body) = packet.split_first_chunk_mut::<HEAD_LEN>()?;
        let hash = cipher(key, &prefix)
            .encrypt_inout_detached(&NONCE.into(), &prefix, body.into())
            .ok()?;
        head.get_mut(PREFIX_LEN..)?.copy_from_slice(&hash);
        Some(())
    });
    if sealed.is_none() {
        if let Some(written) = out.get_mut(start..) {
            written.zeroize();
        }
        out.truncate(start);
    }
    sealed
}

/// Why a packet with one of our tags holds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PacketError {
    /// The keyed hash is wrong.
    Hash,
    /// Its length is more than there is, or the padding isn't zero.
    Padding,
}

/// Opens a packet: its content, if the keyed hash is right.
pub(super) fn open(key: &Secret<32>, packet: &[u8]) -> Result<Zeroizing<Vec<u8>>, PacketError> {
    let (head, body) = packet.split_first_chunk::<HEAD_LEN>().ok_or(PacketError::Hash)?;
    let (prefix, hash) = head.split_first_chunk::<PREFIX_LEN>().ok_or(PacketError::Hash)?;
    let hash: [u8; HASH_LEN] = hash.try_into().map_err(|_| PacketError::Hash)?;
    let mut body = Zeroizing::new(body.to_vec());
    cipher(key, prefix)
        .decrypt_inout_detached(&NONCE.into(), prefix, body.as_mut_slice().into(), &hash.into())
        .map_err(|_| PacketError::Hash)?;
    let (length, rest) = body.split_first_chunk::<LENGTH_LEN>().ok_or(PacketError::Padding)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| PacketError::Padding)?;
    let (content, padding) = rest.split_at_checked(length).ok_or(PacketError::Padding)?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(PacketError::Padding);
    }
    Ok(Zeroizing::new(content.to_vec()))
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    #[test]
    fn content_takes_the_smallest_size_that_holds_it() {
        let rng = &mut ChaCha20Rng::from_seed([1; 32]);
        let (tag, key) = (Tag([1; 16]), Secret::random(rng));
        for (length, size) in [
            (0, Some(1_024)),
            (964, Some(1_024)),
            (965, Some(8_192)),
            (8_132, Some(8_192)),
            (8_133, Some(66_560)),
            (MAX_CONTENT, Some(66_560)),
            (MAX_CONTENT + 1, None),
        ] {
            let mut packet = b"kept".to_vec();
            let content = vec![7; length];
            let done = seal(&tag, &key, &content, &mut packet, rng);
            assert_eq!(done.is_some(), size.is_some());
            assert_eq!(packet.len(), 4 + size.unwrap_or(0), "{length}");
            if done.is_some() {
                assert_eq!(tag_of(&packet[4..]), Some(Tag([1; 16])));
                assert!(*open(&key, &packet[4..]).unwrap() == content);
            }
        }
    }

    #[test]
    fn each_byte_counts() {
        let rng = &mut ChaCha20Rng::from_seed([2; 32]);
        let (tag, key) = (Tag([1; 16]), Secret::random(rng));
        let mut packet = Vec::new();
        seal(&tag, &key, b"text", &mut packet, rng).unwrap();
        for place in 0..packet.len() {
            packet[place] ^= 1 << (place % 8);
            assert_eq!(open(&key, &packet), Err(PacketError::Hash), "byte {place}");
            packet[place] ^= 1 << (place % 8);
        }
        assert!(open(&key, &packet).is_ok());
        assert_eq!(open(&Secret::random(rng), &packet), Err(PacketError::Hash));
        assert_eq!(open(&key, &packet[..40]), Err(PacketError::Hash));
    }

    #[test]
    fn a_wrong_length_or_padding_under_the_right_key_is_refused() {
        let rng = &mut ChaCha20Rng::from_seed([3; 32]);
        let key = Secret::random(rng);
        let seal_body = |length: u32, last: u8| {
            let prefix = [5; PREFIX_LEN];
            let mut body = vec![0; SIZES[0] - HEAD_LEN];
            body[..4].copy_from_slice(&length.to_be_bytes());
            *body.last_mut().unwrap() = last;
            let hash = cipher(&key, &prefix)
                .encrypt_inout_detached(&NONCE.into(), &prefix, body.as_mut_slice().into())
                .unwrap();
            [prefix.as_slice(), &hash, &body].concat()
        };
        assert!(open(&key, &seal_body(964, 1)).is_ok());
        assert!(open(&key, &seal_body(963, 0)).is_ok());
        for (length, last) in [(963, 1), (0, 1), (965, 0), (u32::MAX, 0)] {
            assert_eq!(open(&key, &seal_body(length, last)), Err(PacketError::Padding));
        }
    }
}
