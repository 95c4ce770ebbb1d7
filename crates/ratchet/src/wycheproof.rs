//! Project Wycheproof's vectors against the primitives as this crate calls them. ML-KEM's are in
//! `handshake/wycheproof.rs`.
//!
//! Of the three classes, "valid" has to give what the vector says, and "invalid" has to be refused. "Acceptable" occurs
//! for X25519 alone, where each case falls under the rule of `docs/ratchet.md`, "Keys": a point of low order and an
//! encoding that is not canonical are refused, though RFC 7748 accepts the latter, because one key must have one
//! encoding; a point on the twist is computed with, because X25519 is as hard there.
//!
//! What a type makes impossible is not called: keys of another length than 32 bytes where 32 is the type, nonces of a
//! wrong length. How many vectors remain is asserted, so that none drops out unnoticed.

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::aead::array::Array;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, XChaCha20Poly1305};
use wycheproof::TestResult;

use crate::dh::{KeyPair, Point, PointError};
use crate::kdf;
use crate::secret::Secret;

#[test]
fn x25519() {
    use wycheproof::xdh::{TestFlag, TestName, TestSet};

    let (mut computed, mut refused) = (0, 0);
    for test in TestSet::load(TestName::X25519).unwrap().test_groups.iter().flat_map(|g| &g.tests) {
        let has = |flag| test.flags.contains(&flag);
        let private = test.private_key[..].try_into().unwrap();
        let own = KeyPair::from_secret(Secret::from_bytes(private));
        let is_zero = has(TestFlag::ZeroSharedSecret);
        assert_eq!(is_zero, test.shared_secret.iter().all(|byte| *byte == 0), "{}", test.tc_id);
        match Point::parse(test.public_key[..].try_into().unwrap()) {
            Ok(public) => {
                assert_ne!(test.result, TestResult::Invalid, "{}", test.tc_id);
                assert!(!is_zero && !has(TestFlag::NonCanonicalPublic), "{}", test.tc_id);
                assert_eq!(&own.agree(&public).as_bytes()[..], &test.shared_secret[..]);
                computed += 1;
            }
            Err(why) => {
                assert_eq!(test.result, TestResult::Acceptable, "{}", test.tc_id);
                match why {
                    // Some of those that give zero are not canonical either, and are not marked.
                    PointError::NotCanonical => {
                        assert!(is_zero || has(TestFlag::NonCanonicalPublic), "{}", test.tc_id);
                    }
                    PointError::LowOrder => assert!(is_zero, "{}", test.tc_id),
                }
                refused += 1;
            }
        }
    }
    assert_eq!((computed, refused), (474, 44));
}

#[test]
fn hkdf_sha_256() {
    use wycheproof::hkdf::{TestFlag, TestName, TestSet};

    // The longest output that HKDF has; a shorter one is a beginning of it.
    const LONGEST: usize = 255 * 32;
    let (mut computed, mut impossible) = (0, 0);
    let set = TestSet::load(TestName::HkdfSha256).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        if test.flags.contains(&TestFlag::SizeTooLarge) {
            // Does not compile: `expand` asserts it of its type.
            assert!(test.result.must_fail() && test.size > LONGEST);
            impossible += 1;
            continue;
        }
        assert_eq!(test.result, TestResult::Valid);
        let Some(salt) = padded(&test.salt) else {
            impossible += 1;
            continue;
        };
        let prk = kdf::extract(&salt, [&test.ikm[..]]);
        let (label, context) = test.info.split_at(test.info.len() / 2);
        let okm: Secret<LONGEST> = kdf::expand(&prk, label, context);
        assert_eq!(okm.as_bytes()[..test.size], test.okm[..], "{}", test.tc_id);
        computed += 1;
    }
    assert_eq!((computed, impossible), (72, 14));
}

#[test]
fn hmac_sha_256() {
    use wycheproof::mac::{TestName, TestSet};

    let (mut computed, mut impossible) = (0, 0);
    for group in TestSet::load(TestName::HmacSha256).unwrap().test_groups {
        for test in &group.tests {
            let Some(key) = padded(&test.key) else {
                impossible += 1;
                continue;
            };
            let (one, two) = test.msg.split_at(test.msg.len() / 3);
            let tag = kdf::hmac(&Secret::from_bytes(&key), &[one, two]);
            let equal = tag.as_bytes()[..group.tag_size / 8] == test.tag[..];
            assert_eq!(equal, !test.result.must_fail(), "{}", test.tc_id);
            computed += 1;
        }
    }
    assert_eq!((computed, impossible), (168, 6));
}

#[test]
fn chacha20_poly1305() {
    assert_eq!(
        aead::<ChaCha20Poly1305, 12>(wycheproof::aead::TestName::ChaCha20Poly1305),
        (256, 60, 9)
    );
}

#[test]
fn xchacha20_poly1305() {
    assert_eq!(
        aead::<XChaCha20Poly1305, 24>(wycheproof::aead::TestName::XChaCha20Poly1305),
        (246, 60, 9)
    );
}

/// Seals and opens in place with the tag apart, as packets, headers and chunks do. Gives how many were right, how many
/// were refused, and of how many the nonce has another length than the type.
fn aead<C: AeadInOut + KeyInit, const NONCE: usize>(
    name: wycheproof::aead::TestName,
) -> (usize, usize, usize) {
    let (mut right, mut refused, mut impossible) = (0, 0, 0);
    let set = wycheproof::aead::TestSet::load(name).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        if test.nonce.len() != NONCE {
            assert!(test.result.must_fail());
            impossible += 1;
            continue;
        }
        let cipher = C::new_from_slice(&test.key).unwrap();
        let nonce = Array::try_from(&test.nonce[..]).unwrap();
        let tag = Array::try_from(&test.tag[..]).unwrap();
        let mut text = test.ct.to_vec();
        let buffer = text.as_mut_slice().into();
        let opened = cipher.decrypt_inout_detached(&nonce, &test.aad, buffer, &tag);
        assert_eq!(opened.is_err(), test.result.must_fail(), "{}", test.tc_id);
        if opened.is_err() {
            assert_eq!(text, test.ct.to_vec(), "what is refused is not decrypted");
            refused += 1;
            continue;
        }
        assert_eq!(text, test.pt.to_vec());
        let buffer = text.as_mut_slice().into();
        let sealed = cipher.encrypt_inout_detached(&nonce, &test.aad, buffer).unwrap();
        assert_eq!((text, sealed.to_vec()), (test.ct.to_vec(), test.tag.to_vec()));
        right += 1;
    }
    (right, refused, impossible)
}

/// A key or salt as long as ours: HMAC fills shorter ones up with zeros itself.
fn padded(key: &[u8]) -> Option<[u8; 32]> {
    let mut padded = [0; 32];
    padded.get_mut(..key.len())?.copy_from_slice(key);
    Some(padded)
}
