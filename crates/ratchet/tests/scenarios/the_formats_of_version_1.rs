//! `tests/golden/version_1.txt` holds keys, a state and a packet as version 1 writes them. It is
//! read by every later version, and never changed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use undertone_ratchet::handshake::{OwnKeys, PublicKeys, Role};
use undertone_ratchet::session::Session;

use crate::ends::{handshake, open, pass, rng, seal};

const GOLDEN: &str = include_str!("../golden/version_1.txt");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn golden() -> BTreeMap<&'static str, Vec<u8>> {
    let bytes = |hex: &str| {
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    };
    GOLDEN
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(" = ").unwrap())
        .map(|(name, hex)| (name, bytes(hex)))
        .collect()
}

#[test]
fn are_what_this_version_writes() {
    // ChaCha20 from the seed of 32 bytes 0x2a.
    let mut rng = rng(0x2a);
    let pair = handshake(&mut rng);
    let root = pair.initiator_root.clone();
    let mut ana = pair.initiator_root.into_session(
        Role::Initiator,
        &pair.initiator,
        &pair.responder.public(),
        &pair.transcript,
    );
    let mut ben = pair.responder_root.into_session(
        Role::Responder,
        &pair.responder,
        &pair.initiator.public(),
        &pair.transcript,
    );
    let fresh = ana.to_bytes();
    let skipped = seal(&mut ana, b"skipped", &mut rng);
    pass(&mut ana, &mut ben, b"there", &mut rng);
    pass(&mut ben, &mut ana, b"and back", &mut rng);
    let packet = seal(&mut ana, b"a new chain", &mut rng);
    let state = ben.to_bytes();

    let mut written = "# Both ends of a session, format version 1.\n".to_owned();
    for (name, bytes) in [
        ("initiator keys", pair.initiator.to_bytes().as_bytes().as_slice()),
        ("initiator public keys", &pair.initiator.public().encode()),
        ("responder keys", pair.responder.to_bytes().as_bytes()),
        ("responder public keys", &pair.responder.public().encode()),
        ("transcript", &pair.transcript.hash()),
        ("initiator confirmation", &root.confirmation(Role::Initiator)),
        ("responder confirmation", &root.confirmation(Role::Responder)),
        ("link key", root.link_key().as_bytes()),
        ("authenticator", root.authenticator().as_bytes()),
        ("recovery key", root.recovery_key().as_bytes()),
        ("initiator state at first", &fresh),
        ("responder state", &state),
        ("skipped packet", &skipped),
        ("packet", &packet),
    ] {
        writeln!(written, "{name} = {}", hex(bytes)).unwrap();
    }
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/version_1.txt");
    std::fs::write(path, &written).unwrap();
    assert!(written == GOLDEN, "compare {path} with tests/golden/version_1.txt");
}

#[test]
fn are_read() {
    let golden = golden();
    let keys = OwnKeys::from_bytes(&golden["responder keys"]).unwrap();
    let public = PublicKeys::decode(&golden["responder public keys"]).unwrap();
    assert!(keys.public() == public);
    assert!(Session::from_bytes(&golden["initiator state at first"]).is_ok());

    let mut session = Session::from_bytes(&golden["responder state"]).unwrap();
    assert_eq!(open(&mut session, &golden["packet"]).unwrap(), b"a new chain");
    assert_eq!(open(&mut session, &golden["skipped packet"]).unwrap(), b"skipped");
}
