//! Hashes and keys of version 4 (OTRv4 "Key Derivation Functions"): SHAKE-256, each use with its
//! number.

use shake::Shake256;
use shake::digest::{ExtendableOutput as _, Update as _, XofReader as _};
use zeroize::Zeroizing;

/// Begins everything that is hashed.
const DOMAIN: &[u8] = b"OTRv4";

/// What a hash is for ("usage ID").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Usage {
    Fingerprint = 0x00,
    ThirdBraceKey = 0x01,
    BraceKey = 0x02,
    SharedSecret = 0x03,
    Ssid = 0x04,
    AuthRBobProfile = 0x05,
    AuthRAliceProfile = 0x06,
    AuthRPhi = 0x07,
    AuthIBobProfile = 0x08,
    AuthIAliceProfile = 0x09,
    AuthIPhi = 0x0a,
    FirstRootKey = 0x0b,
    TmpKey = 0x0c,
    AuthMacKey = 0x0d,
    OfflineBobProfile = 0x0e,
    OfflineAliceProfile = 0x0f,
    OfflinePhi = 0x10,
    AuthMac = 0x11,
    RootKey = 0x12,
    ChainKey = 0x13,
    NextChainKey = 0x14,
    MessageKey = 0x15,
    MacKey = 0x16,
    ExtraSymmetricKey = 0x17,
    Authenticator = 0x18,
    Auth = 0x1a,
}

/// `KDF(usage, parts, N)`: the first `N` bytes of `SHAKE-256("OTRv4" ‖ usage ‖ parts)`.
pub(crate) fn kdf<const N: usize>(usage: Usage, parts: &[&[u8]]) -> Zeroizing<[u8; N]> {
    numbered(DOMAIN, usage as u8, parts)
}

/// The same with any number, for extra symmetric keys, and with the domain of another protocol.
pub(crate) fn numbered<const N: usize>(
    domain: &[u8],
    number: u8,
    parts: &[&[u8]],
) -> Zeroizing<[u8; N]> {
    let mut out = Zeroizing::new([0; N]);
    fill(domain, number, parts, &mut *out);
    out
}

/// The extra symmetric key of a record, from the one before it.
pub(crate) fn extra_key(index: u8, context: [u8; 4], before: &[u8; 64]) -> Zeroizing<[u8; 64]> {
    numbered(DOMAIN, index, &[&context, before])
}

/// Fills `out` with `SHAKE-256(domain ‖ number ‖ parts)`.
pub(crate) fn fill(domain: &[u8], number: u8, parts: &[&[u8]], out: &mut [u8]) {
    let mut hash = Shake256::default();
    hash.update(domain);
    hash.update(&[number]);
    for part in parts {
        hash.update(part);
    }
    hash.finalize_xof().read(out);
}

/// Plain SHAKE-256, without domain and number.
pub(crate) fn shake<const N: usize>(parts: &[&[u8]]) -> Zeroizing<[u8; N]> {
    let mut hash = Shake256::default();
    for part in parts {
        hash.update(part);
    }
    let mut out = Zeroizing::new([0; N]);
    hash.finalize_xof().read(&mut *out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4::curve::Scalar;
    use crate::v4::vectors::{hex, load};

    #[test]
    fn hashes_are_those_of_the_vectors() {
        let vectors = load("kdf");
        let number =
            |case: &serde_json::Value| u8::try_from(case["usage"].as_u64().unwrap()).unwrap();
        for (name, domain) in [("cases", DOMAIN), ("prekey_server", b"OTR-Prekey-Server")] {
            for case in vectors[name].as_array().unwrap() {
                let mut out = vec![0; usize::try_from(case["size"].as_u64().unwrap()).unwrap()];
                fill(domain, number(case), &[&hex(&case["input"])], &mut out);
                assert_eq!(out, hex(&case["output"]), "{case}");
            }
        }
        for case in vectors["hash_to_scalar"].as_array().unwrap() {
            let scalar = Scalar::hash(DOMAIN, number(case), &[&hex(&case["input"])]);
            assert_eq!(scalar.bytes()[..], hex(&case["scalar_reduced"]), "{case}");
        }
    }

    #[test]
    fn names_have_the_vectors_numbers() {
        let vectors = load("kdf");
        let number = |name: &str| {
            let cases = vectors["cases"].as_array().unwrap();
            cases.iter().find(|case| case["name"] == name).unwrap()["usage"].as_u64().unwrap()
        };
        for (usage, name) in [
            (Usage::Fingerprint, "fingerprint"),
            (Usage::ThirdBraceKey, "third_brace_key"),
            (Usage::BraceKey, "brace_key"),
            (Usage::SharedSecret, "shared_secret"),
            (Usage::Ssid, "SSID"),
            (Usage::FirstRootKey, "first_root_key"),
            (Usage::RootKey, "root_key"),
            (Usage::ChainKey, "chain_key"),
            (Usage::NextChainKey, "next_chain_key"),
            (Usage::MessageKey, "message_key"),
            (Usage::MacKey, "MAC_key"),
            (Usage::ExtraSymmetricKey, "extra_symm_key"),
            (Usage::Authenticator, "authenticator"),
            (Usage::Auth, "auth"),
        ] {
            assert_eq!(u64::from(usage as u8), number(name), "{name}");
        }
    }
}
