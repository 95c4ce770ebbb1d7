use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use undertone_ratchet::handshake::Role;
use undertone_ratchet::session::Session;
use undertone_wire::message::{Body, Payload};
use undertone_wire::pairing::Paired;

use crate::support::{FRAMES, ends, run};

fn session(paired: Paired) -> Session {
    paired.root.into_session(paired.role, paired.own.keys(), paired.peer.keys(), &paired.transcript)
}

#[test]
fn both_ends_have_the_same() {
    let outcome = run(ends(), |_, _| {});
    assert_eq!(outcome.frames.len(), FRAMES);
    let (guest, host) = (outcome.guest.paired(), outcome.host.paired());
    assert_eq!((guest.role, host.role), (Role::Initiator, Role::Responder));
    assert_eq!((guest.version, host.version), (1, 1));
    assert_eq!(guest.transcript.hash(), host.transcript.hash());
    assert_eq!(guest.peer, *host.own.public());
    assert_eq!(host.peer, *guest.own.public());
    assert_eq!(guest.root.link_key(), host.root.link_key());
    assert_eq!(guest.root.authenticator(), host.root.authenticator());
    assert_eq!(guest.root.recovery_key(), host.root.recovery_key());
}

#[test]
fn another_stream_gives_another_root() {
    let one = run(ends(), |_, _| {}).guest.paired();
    let (mut guest, mut host) = ends();
    guest.exporters.binding = [8; 32];
    host.exporters.binding = [8; 32];
    let two = run((guest, host), |_, _| {}).guest.paired();
    assert_ne!(one.root.link_key(), two.root.link_key());
}

#[test]
fn they_talk_whoever_begins() {
    let outcome = run(ends(), |_, _| {});
    let mut guest = session(outcome.guest.paired());
    let mut host = session(outcome.host.paired());
    let rng = &mut ChaCha20Rng::from_seed([3; 32]);
    for sequence in 1..4 {
        let text = |who: &str| Body::text(format!("{who} {sequence}"));
        let mut packets = [Vec::new(), Vec::new()];
        let payloads = ["guest", "host"].map(|who| Payload { sequence, body: text(who) });
        guest.encrypt(&payloads[0].encode().unwrap(), &mut packets[0], rng).unwrap();
        host.encrypt(&payloads[1].encode().unwrap(), &mut packets[1], rng).unwrap();
        let mut plain = [Vec::new(), Vec::new()];
        host.decrypt(&packets[0], 0, &mut plain[0]).unwrap();
        guest.decrypt(&packets[1], 0, &mut plain[1]).unwrap();
        for (plain, payload) in plain.iter().zip(&payloads) {
            assert_eq!(Payload::decode(plain).unwrap(), *payload);
        }
    }
}
