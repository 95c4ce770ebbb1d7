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
    // Longer than any that is sealed with HMAC, by a byte.
    let long = seal(&mut ana, &[0x2b; 2_049], &mut rng);

    // An epoch: every kind of exchange, and a chunk of each direction.
    let mut exchange = Vec::new();
    ben.begin_epoch(&mut rng);
    exchange.push(("state asking", ben.to_bytes()));
    assert!(open(&mut ben, &packet).is_ok());
    let mut take = |from: &mut Session, to: &mut Session, room| {
        let mut chunk = Vec::new();
        from.next_chunk(room, &mut chunk);
        pass(from, to, &chunk, &mut rng);
        to.take_chunk(&chunk, &mut rng).unwrap();
        chunk
    };
    let wish = take(&mut ben, &mut ana, 5);
    let key_chunk = take(&mut ana, &mut ben, 1_200);
    exchange.push(("state gathering", ben.to_bytes()));
    take(&mut ana, &mut ben, 1_200);
    let ciphertext_chunk = take(&mut ben, &mut ana, 1_000);
    exchange.push(("state answered", ben.to_bytes()));
    exchange.push(("state offered", ana.to_bytes()));
    take(&mut ben, &mut ana, 1_000);
    exchange.push(("state opened", ana.to_bytes()));
    let mixing = seal(&mut ana, b"a new epoch", &mut rng);
    exchange.push(("state one epoch ahead", ana.to_bytes()));
    assert_eq!((ana.epoch(), ana.shared_epoch()), (1, 0));

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
        ("long packet", &long),
        ("wish", &wish),
        ("key chunk", &key_chunk),
        ("ciphertext chunk", &ciphertext_chunk),
        ("packet of epoch 1", &mixing),
        ("link key of epoch 1", ana.link_key(1).unwrap().as_bytes()),
        ("authenticator of epoch 1", ana.authenticator(1).unwrap().as_bytes()),
    ]
    .into_iter()
    .chain(exchange.iter().map(|(name, state)| (*name, state.as_slice())))
    {
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
    assert_eq!(open(&mut session, &golden["long packet"]).unwrap(), [0x2b; 2_049]);
    assert_eq!(open(&mut session, &golden["skipped packet"]).unwrap(), b"skipped");

    for (name, epoch) in [
        ("asking", 0),
        ("gathering", 0),
        ("offered", 0),
        ("opened", 0),
        ("answered", 0),
        ("one epoch ahead", 1),
    ] {
        let session = Session::from_bytes(&golden[format!("state {name}").as_str()]).unwrap();
        assert_eq!(session.epoch(), epoch, "{name}");
    }
    let mut session = Session::from_bytes(&golden["state answered"]).unwrap();
    assert_eq!(open(&mut session, &golden["packet of epoch 1"]).unwrap(), b"a new epoch");
    assert_eq!(session.link_key(1).unwrap().as_bytes().as_slice(), golden["link key of epoch 1"]);
}
