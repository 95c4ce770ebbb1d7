//! Ends that disagree about identities, transcript or roles have sessions that don't meet.

use undertone_ratchet::handshake::{OwnKeys, Role};
use undertone_ratchet::session::DecryptError;
use undertone_ratchet::transcript::Transcript;

use crate::ends::{handshake, open, rng, seal};

#[test]
fn another_transcript() {
    let mut rng = rng(1);
    let pair = handshake(&mut rng);
    let mut other = pair.transcript.clone();
    other.absorb(b"confirmation", b"only seen here");
    let session = |role, transcript: &Transcript| match role {
        Role::Initiator => {
            let peer = pair.responder.public();
            pair.initiator_root.clone().into_session(role, &pair.initiator, &peer, transcript)
        }
        Role::Responder => {
            let peer = pair.initiator.public();
            pair.responder_root.clone().into_session(role, &pair.responder, &peer, transcript)
        }
    };
    let packet = seal(&mut session(Role::Initiator, &pair.transcript), b"text", &mut rng);
    let mut same = session(Role::Responder, &pair.transcript);
    let mut different = session(Role::Responder, &other);
    assert_eq!(open(&mut different, &packet), Err(DecryptError::Header));
    assert_eq!(open(&mut same, &packet).unwrap(), b"text");
}

#[test]
fn another_identity_with_the_same_root() {
    let mut rng = rng(2);
    let pair = handshake(&mut rng);
    let stranger = OwnKeys::generate(&mut rng).public().encode();
    let mut claimed = pair.initiator.public().encode();
    claimed[..32].copy_from_slice(&stranger[..32]);
    let claimed = undertone_ratchet::handshake::PublicKeys::decode(&claimed).unwrap();

    let mut initiator = pair.initiator_root.into_session(
        Role::Initiator,
        &pair.initiator,
        &pair.responder.public(),
        &pair.transcript,
    );
    let mut misled = pair.responder_root.into_session(
        Role::Responder,
        &pair.responder,
        &claimed,
        &pair.transcript,
    );
    let packet = seal(&mut initiator, b"text", &mut rng);
    assert_eq!(open(&mut misled, &packet), Err(DecryptError::Header));
}
