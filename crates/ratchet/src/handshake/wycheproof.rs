//! Project Wycheproof's vectors of ML-KEM-768 through the calls of this module: keys from a seed, the check of a public
//! key, encapsulation and decapsulation. There is no "acceptable" among them.
//!
//! Secrets never leave the crate as FIPS 203 gives them, but bound to key and ciphertext: each expected one is bound in
//! the same way here. The set of private keys in expanded form is not run, because ours are kept as seeds and the
//! expanded form is never read.

use rand_core::{TryCryptoRng, TryRng};
use wycheproof::TestResult;
use wycheproof::mlkem::{TestName, TestSet};

use super::keys::{
    CIPHERTEXT_LEN, KemSecret, OWN_KEYS_LEN, OwnKeys, PublicKeys, PublicKeysError, encapsulate,
};
use crate::kdf::{self, label};

/// Where the ML-KEM key stands among public keys.
const EK: std::ops::Range<usize> = 96..1280;

/// Gives the bytes of a vector in place of random ones, once.
struct Given<'a>(&'a [u8]);

impl TryRng for Given<'_> {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        panic!("bytes alone are drawn")
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        panic!("bytes alone are drawn")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        let (given, rest) = self.0.split_at(bytes.len());
        bytes.copy_from_slice(given);
        self.0 = rest;
        Ok(())
    }
}

impl TryCryptoRng for Given<'_> {}

/// Keys with this ML-KEM seed.
fn own(seed: &[u8]) -> OwnKeys {
    let mut bytes = [1; OWN_KEYS_LEN];
    bytes[97..161].copy_from_slice(seed);
    OwnKeys::from_bytes(&bytes).unwrap()
}

/// The public keys of a peer with this ML-KEM key.
fn public(ek: &[u8]) -> Result<PublicKeys, PublicKeysError> {
    let mut bytes = own(&[2; 64]).public().encode();
    bytes[EK].copy_from_slice(ek);
    PublicKeys::decode(&bytes)
}

fn bound(shared: &[u8], ek: &[u8], ct: &[u8]) -> KemSecret {
    KemSecret(kdf::extract(&[0; 32], [label::KEM, shared, ek, ct]))
}

#[test]
fn keys_from_a_seed() {
    let mut made = 0;
    let set = TestSet::load(TestName::MlKem768KeyGenSeed).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        assert_eq!(test.result, TestResult::Valid);
        let keys = own(test.seed.as_deref().unwrap());
        assert_eq!(&keys.public().encode()[EK], test.encaps_key.as_deref().unwrap());
        made += 1;
    }
    assert_eq!(made, 100);
}

#[test]
fn encapsulation() {
    let (mut right, mut refused, mut impossible) = (0, 0, 0);
    let set = TestSet::load(TestName::MlKem768Encaps).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let ek = test.encaps_key.as_deref().unwrap();
        if ek.len() != EK.len() {
            // Public keys have one length, of which this is a part.
            assert!(test.result.must_fail());
            impossible += 1;
            continue;
        }
        match public(ek) {
            Ok(peer) => {
                assert_eq!(test.result, TestResult::Valid, "{}", test.tc_id);
                let mut rng = Given(test.msg.as_deref().unwrap());
                let (ct, secret) = encapsulate(&peer, &mut rng);
                assert_eq!(ct.as_slice(), test.ct.as_deref().unwrap());
                assert!(secret == bound(test.shared_secret.as_deref().unwrap(), ek, ct.as_slice()));
                right += 1;
            }
            Err(why) => {
                assert!(test.result.must_fail(), "{}", test.tc_id);
                assert_eq!(why, PublicKeysError::Kem);
                refused += 1;
            }
        }
    }
    assert_eq!((right, refused, impossible), (133, 112, 20));
}

#[test]
fn decapsulation() {
    let (mut right, mut impossible) = (0, 0);
    let set = TestSet::load(TestName::MlKem768).unwrap();
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let (seed, ct) = (test.seed.as_ref().unwrap(), test.ct.as_ref().unwrap());
        let Ok(ct) = <&[u8; CIPHERTEXT_LEN]>::try_from(ct.as_slice()) else {
            assert!(test.result.must_fail(), "{}", test.tc_id);
            impossible += 1;
            continue;
        };
        if seed.len() != 64 {
            assert!(test.result.must_fail(), "{}", test.tc_id);
            impossible += 1;
            continue;
        }
        assert_eq!(test.result, TestResult::Valid, "{}", test.tc_id);
        let keys = own(seed);
        let ek = &keys.public().encode()[EK];
        assert_eq!(ek, test.encaps_key.as_deref().unwrap());
        let expected = bound(test.shared_secret.as_deref().unwrap(), ek, ct);
        assert!(keys.decapsulate(ct) == expected, "{}", test.tc_id);
        right += 1;
    }
    assert_eq!((right, impossible), (161, 40));
}
