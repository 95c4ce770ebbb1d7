//! Hashes, authenticators and the cipher of version 3, under the names of the specification.

use aes::{Aes128, Aes128Enc};
use ctr::Ctr128BE;
use ctr::cipher::{InnerIvInit, KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Length of a key of AES-128.
pub(crate) const AES_LEN: usize = 16;
/// Length of an authenticator, and of a key that authenticates data.
pub(crate) const MAC_LEN: usize = 20;

/// `h1(b) = SHA-1(b ‖ secbytes)`.
pub(super) fn h1(byte: u8, secbytes: &[u8]) -> Zeroizing<[u8; 20]> {
    Zeroizing::new(Sha1::new().chain_update([byte]).chain_update(secbytes).finalize().into())
}

/// `h2(b) = SHA-256(b ‖ secbytes)`.
pub(super) fn h2(byte: u8, secbytes: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(Sha256::new().chain_update([byte]).chain_update(secbytes).finalize().into())
}

pub(super) fn sha1(bytes: &[u8]) -> Zeroizing<[u8; 20]> {
    Zeroizing::new(Sha1::digest(bytes).into())
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// HMAC-SHA256 over the joined parts.
pub(super) fn hmac256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A key of fixed length is never refused.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The first 160 bits of HMAC-SHA256.
pub(super) fn hmac256_160(key: &[u8; 32], bytes: &[u8]) -> [u8; MAC_LEN] {
    let whole = hmac256(key, &[bytes]);
    let mut out = [0; MAC_LEN];
    for (place, byte) in out.iter_mut().zip(whole) {
        *place = byte;
    }
    out
}

/// The keys of one direction, set up once for all messages under them. Erased on drop.
pub(super) struct Direction {
    aes: Aes128Enc,
    mac: Hmac<Sha1>,
    /// As it is revealed.
    mac_key: Zeroizing<[u8; MAC_LEN]>,
}

impl Direction {
    /// The keys of the direction whose byte this is.
    pub(super) fn derive(byte: u8, secbytes: &[u8]) -> Self {
        let aes = first::<AES_LEN>(&*h1(byte, secbytes));
        let mac_key = sha1(&*aes);
        Self {
            aes: Aes128Enc::new((&*aes).into()),
            mac: <Hmac<Sha1> as KeyInit>::new(&block(&mac_key).into()),
            mac_key,
        }
    }

    /// AES-128 in counter mode, in place; `top` is the upper half of the first counter, the lower
    /// is 0.
    pub(super) fn crypt(&self, top: [u8; 8], bytes: &mut [u8]) {
        let core = ctr::CtrCore::inner_iv_init(&self.aes, &counter(top).into());
        Ctr128BE::<&Aes128Enc>::from_core(core).apply_keystream(bytes);
    }

    /// HMAC-SHA1 over all bytes.
    pub(super) fn mac(&self, bytes: &[u8]) -> [u8; MAC_LEN] {
        self.mac.clone().chain_update(bytes).finalize().into_bytes().into()
    }

    /// Whether this is the authenticator of all bytes.
    pub(super) fn is_mac(&self, bytes: &[u8], mac: &[u8; MAC_LEN]) -> bool {
        self.mac(bytes).ct_eq(mac).into()
    }

    /// The key that authenticates.
    pub(super) fn mac_key(&self) -> &[u8; MAC_LEN] {
        &self.mac_key
    }
}

/// A key of HMAC-SHA1, filled up to a block with zeros as HMAC does with it.
fn block(key: &[u8; MAC_LEN]) -> [u8; 64] {
    let mut block = [0; 64];
    for (place, byte) in block.iter_mut().zip(key) {
        *place = *byte;
    }
    block
}

/// AES-128 in counter mode, in place; `top` is the upper half of the first counter, the lower is 0.
pub(super) fn aes_ctr(key: &[u8; AES_LEN], top: [u8; 8], bytes: &mut [u8]) {
    Ctr128BE::<Aes128>::new(key.into(), &counter(top).into()).apply_keystream(bytes);
}

fn counter(top: [u8; 8]) -> [u8; 16] {
    let mut counter = [0; 16];
    for (place, byte) in counter.iter_mut().zip(top) {
        *place = byte;
    }
    counter
}

/// The first or last `N` bytes of a hash.
pub(super) fn first<const N: usize>(hash: &[u8]) -> Zeroizing<[u8; N]> {
    let mut out = Zeroizing::new([0; N]);
    for (place, byte) in out.iter_mut().zip(hash) {
        *place = *byte;
    }
    out
}

pub(super) fn last<const N: usize>(hash: &[u8]) -> Zeroizing<[u8; N]> {
    first(hash.get(hash.len().saturating_sub(N)..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{self, hex};

    #[test]
    fn keys_of_a_direction_are_those_of_the_vectors() {
        let v = vectors::ake();
        let (data, secbytes) = (&v["data"], hex(&v["secbytes"]));
        assert_eq!(data["bob_is_high_end"], true);
        let sending = Direction::derive(1, &secbytes);
        assert_eq!(sending.mac_key().as_slice(), hex(&data["bob_sending_mac"]));
        let mut stream = [0; 40];
        sending.crypt([7; 8], &mut stream);
        let mut expected = [0; 40];
        aes_ctr(&hex(&data["bob_sending_aes"]).try_into().unwrap(), [7; 8], &mut expected);
        assert_eq!(stream, expected);
        let receiving = Direction::derive(2, &secbytes);
        receiving.crypt([7; 8], &mut stream);
        aes_ctr(&hex(&data["bob_receiving_aes"]).try_into().unwrap(), [7; 8], &mut expected);
        assert_eq!(stream, expected);
    }
}
