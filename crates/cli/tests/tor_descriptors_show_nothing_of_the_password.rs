//! What Tor's directories keep of a meeting place follows from the locator and the day: two codes
//! that differ in the password alone are published under one key, in descriptors of one shape.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what fails in a helper fails its test"
)]

mod support;

use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE64;
use support::ctor::{CTor, place_of};
use support::tor::{Side, Tor, random};
use undertone_wire::address::OnionAddress;

/// The part of a descriptor that no key of the service's own making is in. The rest is drawn anew
/// for each descriptor: a signing key, the counter of revisions, what is encrypted, a signature.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    version: String,
    lifetime: String,
    /// Type, kind of key, and everything else of the certificate's shape.
    certificate: [u8; 7],
    /// The key that signs the certificate, and under which directories keep the descriptor.
    blinded: [u8; 32],
    /// Length of the encrypted part, in bytes.
    encrypted: usize,
}

/// The lines after this one up to the end of the object, as bytes.
fn object(descriptor: &str, after: &str) -> Vec<u8> {
    let (_, rest) = descriptor.split_once(&format!("{after}\n-----BEGIN ")).expect("an object");
    let (_, rest) = rest.split_once("-----\n").expect("a beginning");
    let (body, _) = rest.split_once("\n-----END ").expect("an end");
    BASE64.decode(body.replace('\n', "").as_bytes()).expect("base64")
}

fn shown(descriptor: &str) -> Shown {
    let descriptor = descriptor.replace('\r', "");
    let line = |name: &str| {
        let line = descriptor.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("no {name} in {descriptor}")).to_owned()
    };
    // Tor's cert-spec, 2.1: version, type, expiration 4, kind of key, key 32, extensions, and the
    // one extension's length 2, type, flags, key 32; then a signature of 64 bytes.
    let certificate = object(&descriptor, "descriptor-signing-key-cert");
    assert_eq!(certificate.len(), 1 + 1 + 4 + 1 + 32 + 1 + 2 + 1 + 1 + 32 + 64);
    let shape = [0, 1, 6, 39, 40, 41, 42].map(|at| certificate[at]);
    Shown {
        version: line("hs-descriptor"),
        lifetime: line("descriptor-lifetime"),
        certificate: shape,
        blinded: certificate[44..76].try_into().unwrap(),
        encrypted: object(&descriptor, "superencrypted").len(),
    }
}

#[test]
fn two_passwords_are_published_under_one_key_in_one_shape() {
    let tor = Tor::attach();
    let client = CTor::start(&tor);
    let front = format!("{}-otter", random() % 1000);
    let descriptors = ["lantern-mesa", "basket-cabin"].map(|password| {
        let code = format!("{front}-{password}");
        let mut host = Side::start(&tor, "-s", &["--no-smp"]);
        assert_eq!(host.serve(&code), code);
        let place = place_of(&code);
        drop(client.reach(&place, password));
        let descriptor = client.descriptor(&place);
        host.program.line("/quit");
        // Nobody came.
        host.ends(5);
        (OnionAddress::parse(&place).unwrap(), descriptor)
    });
    let [(one, first), (two, second)] = descriptors;
    assert_ne!(first, second, "the second host published its own");
    assert_eq!(one, two);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let keys = tor.network.periods_around(now).map(|period| period.blinded_key(&one.0));
    let (first, second) = (shown(&first), shown(&second));
    println!("{first:?}");
    assert!(keys.contains(&Some(first.blinded)) && keys.contains(&Some(second.blinded)));
    // Tor's time period may have changed in between, and the key with it.
    let blinded = second.blinded;
    assert_eq!(Shown { blinded, ..first }, second);
}
