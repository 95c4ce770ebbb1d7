//! ChaCha20 with HMAC-SHA-256: the construction of RFC 8439, §2.8, with another authenticator.
//!
//! The first block of the key stream gives the authenticator's key, the others encrypt; the tag is over the associated
//! data and the ciphertext, which needs no lengths because associated data under one key always has the same. Beside Poly1305 in its place: a short text costs a third, because a key takes two
//! compressions to set up and no vectors; a tag fits under two keys with the chance of a guess, where for Poly1305 one can
//! compute a ciphertext that does; and a nonce that comes twice gives the two texts' difference away, but no forgery.

use chacha20::cipher::StreamCipher;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Bytes of a tag: the first half of the HMAC, which RFC 2104 (§5) has as the least.
pub(crate) const TAG_LEN: usize = 16;

/// A block of ChaCha20: RFC 8439, §2.3.
const BLOCK_LEN: usize = 64;

/// Encrypts `text` in place with a fresh `cipher`, and gives the tag. `None` where the key stream ends, behind 256 GiB.
pub(crate) fn seal<const N: usize>(
    mut cipher: impl StreamCipher,
    associated_data: &[u8; N],
    text: &mut [u8],
) -> Option<[u8; TAG_LEN]> {
    let mut mac = authenticator(&mut cipher)?;
    cipher.try_apply_keystream(text).ok()?;
    mac.update(associated_data);
    mac.update(text);
    mac.finalize().into_bytes().first_chunk().copied()
}

/// Decrypts `text` in place with a fresh `cipher`, if the tag is right; else it is unchanged.
pub(crate) fn open<const N: usize>(
    mut cipher: impl StreamCipher,
    associated_data: &[u8; N],
    text: &mut [u8],
    tag: &[u8; TAG_LEN],
) -> Option<()> {
    let mut mac = authenticator(&mut cipher)?;
    mac.update(associated_data);
    mac.update(text);
    mac.verify_truncated_left(tag).ok()?;
    cipher.try_apply_keystream(text).ok()
}

fn authenticator(cipher: &mut impl StreamCipher) -> Option<Hmac<Sha256>> {
    let mut block = Zeroizing::new([0; BLOCK_LEN]);
    cipher.try_apply_keystream(block.as_mut_slice()).ok()?;
    Hmac::new_from_slice(block.first_chunk::<32>()?).ok()
}

#[cfg(test)]
mod tests {
    use chacha20::cipher::KeyIvInit as _;
    use chacha20::{ChaCha20, XChaCha20};

    use super::*;

    /// What `scripts/chacha_hmac.py` prints: the length of the text, sealed with ChaCha20, and with XChaCha20.
    const KNOWN: [(usize, &str, &str); 3] = [
        (0, "3a311afd3640b1412fdb49eb703d164d", "28d9742dea613ebeed33802cfdcd430f"),
        (
            44,
            "18bf4c24b1c58ce02b5e1a2cfb182c4e88c68d706d3ec1fd44574aafeefea78592efe6982ded364c859e7e09\
             7ad895be791a1e9081b6d68d8aa80571",
            "9ec5016a8cf1a79f0b7b60839f09ca813b3056207145874ad7b5890bf9662780bee15811bd640375cd8a8874\
             00e8c00a162a3cc8896b51263a392aac",
        ),
        (
            130,
            "18bf4c24b1c58ce02b5e1a2cfb182c4e88c68d706d3ec1fd44574aafeefea78592efe6982ded364c859e7e09\
             50354275cbf7a83bb22e234f85a5dce2953ee8748235e3097ba9782494588ce23d955012501441730bb9e4d6\
             9b8fea4d4a0b717b240facae369fc1f54c12da60afe85277d7f0be5d61c799a3a2ce348f05aeef5a672cda3f\
             4e76dcae5dd06af098ed2b1ed6e0",
            "9ec5016a8cf1a79f0b7b60839f09ca813b3056207145874ad7b5890bf9662780bee15811bd640375cd8a8874\
             fb1a112b21edbc3c2b0781988f1405a02b4cf64d72e73166d47a8e74d4a020cc4f7e2b8b693722dfff5667f8\
             3eff4b0a359ae1d5cea3dbf9abd3ba1a3dd2db3ac7fa5f552028d1deca684125813e087203e2ab90922284b1\
             a9fda03203fb75f56990a6c9222a",
        ),
    ];

    fn key() -> [u8; 32] {
        std::array::from_fn(|place| place as u8)
    }

    fn short() -> ChaCha20 {
        ChaCha20::new(&key().into(), &[0; 12].into())
    }

    fn long() -> XChaCha20 {
        let nonce: [u8; 24] = std::array::from_fn(|place| place as u8);
        XChaCha20::new(&key().into(), &nonce.into())
    }

    fn text(length: usize) -> Vec<u8> {
        (0..length).map(|place| (7 * place) as u8).collect()
    }

    fn hex(bytes: &[u8], tag: &[u8]) -> String {
        bytes.iter().chain(tag).map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_answers_are_known() {
        for (length, by_chacha, by_xchacha) in KNOWN {
            let mut sealed = text(length);
            let tag = seal(short(), &[], &mut sealed).unwrap();
            assert_eq!(hex(&sealed, &tag), by_chacha);
            open(short(), &[], &mut sealed, &tag).unwrap();
            assert_eq!(sealed, text(length));

            let tag = seal(long(), &[0xad; 32], &mut sealed).unwrap();
            assert_eq!(hex(&sealed, &tag), by_xchacha);
            open(long(), &[0xad; 32], &mut sealed, &tag).unwrap();
            assert_eq!(sealed, text(length));
        }
    }

    #[test]
    fn what_is_refused_is_not_decrypted() {
        let mut sealed = text(44);
        let data = [0xad; 32];
        let tag = seal(long(), &data, &mut sealed).unwrap();
        let refused = |sealed: &[u8], data: &[u8; 32], tag: &[u8; TAG_LEN]| {
            let mut text = sealed.to_vec();
            assert!(open(long(), data, &mut text, tag).is_none());
            assert_eq!(text, sealed);
        };
        for place in 0..sealed.len() {
            let mut other = sealed.clone();
            other[place] ^= 1;
            refused(&other, &data, &tag);
        }
        for place in 0..data.len() {
            let mut other = data;
            other[place] ^= 0x80;
            refused(&sealed, &other, &tag);
        }
        for place in 0..TAG_LEN {
            let mut other = tag;
            other[place] ^= 0x10;
            refused(&sealed, &data, &other);
        }
        refused(&sealed[..43], &data, &tag);
        let mut under_another = sealed.clone();
        let cipher = XChaCha20::new(&[1; 32].into(), &[0; 24].into());
        assert!(open(cipher, &data, &mut under_another, &tag).is_none());
        assert_eq!(under_another, sealed);
    }
}
