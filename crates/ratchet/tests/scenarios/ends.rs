//! Two ends that have paired, for the scenarios.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_ratchet::handshake::{OwnKeys, Role, Root, derive_root, encapsulate};
use undertone_ratchet::session::{
    ChunkError, DecryptError, EncryptError, MAX_CHUNK, Session, Taken,
};
use undertone_ratchet::transcript::Transcript;

/// The random bytes of a test, the same in each run.
pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// Both ends of a handshake.
pub(crate) struct Handshake {
    pub(crate) initiator: OwnKeys,
    pub(crate) responder: OwnKeys,
    pub(crate) transcript: Transcript,
    pub(crate) initiator_root: Root,
    pub(crate) responder_root: Root,
}

/// Runs a handshake with an extra secret, as a pairing by code does.
pub(crate) fn handshake(rng: &mut ChaCha20Rng) -> Handshake {
    let initiator = OwnKeys::generate(rng);
    let responder = OwnKeys::generate(rng);
    let (for_responder, kem_i) = encapsulate(&responder.public(), rng);
    let (for_initiator, kem_r) = encapsulate(&initiator.public(), rng);
    let mut transcript = Transcript::new(b"test");
    transcript.absorb(b"initiator keys", &initiator.public().encode());
    transcript.absorb(b"responder keys", &responder.public().encode());
    transcript.absorb(b"ciphertext", for_responder.as_slice());
    transcript.absorb(b"ciphertext", for_initiator.as_slice());
    let extra: &[&[u8]] = &[&[7; 64]];
    let initiator_root = derive_root(
        Role::Initiator,
        &initiator,
        &responder.public(),
        &kem_i,
        &initiator.decapsulate(&for_initiator),
        extra,
        &transcript,
    )
    .unwrap();
    let responder_root = derive_root(
        Role::Responder,
        &responder,
        &initiator.public(),
        &responder.decapsulate(&for_responder),
        &kem_r,
        extra,
        &transcript,
    )
    .unwrap();
    Handshake { initiator, responder, transcript, initiator_root, responder_root }
}

/// Two sessions after a handshake: initiator's and responder's.
pub(crate) fn sessions(rng: &mut ChaCha20Rng) -> (Session, Session) {
    let Handshake { initiator, responder, transcript, initiator_root, responder_root } =
        handshake(rng);
    let one =
        initiator_root.into_session(Role::Initiator, &initiator, &responder.public(), &transcript);
    let two =
        responder_root.into_session(Role::Responder, &responder, &initiator.public(), &transcript);
    (one, two)
}

/// A second session with the same state.
pub(crate) fn copy(session: &Session) -> Session {
    Session::from_bytes(&session.to_bytes()).unwrap()
}

/// Encrypts into a fresh packet.
pub(crate) fn try_seal(
    session: &mut Session,
    text: &[u8],
    rng: &mut ChaCha20Rng,
) -> Result<Vec<u8>, EncryptError> {
    let mut packet = Vec::new();
    session.encrypt(text, &mut packet, rng).map(|()| packet)
}

/// Encrypts into a fresh packet, which has to go well.
pub(crate) fn seal(session: &mut Session, text: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
    try_seal(session, text, rng).unwrap()
}

/// Decrypts at second 0.
pub(crate) fn open(session: &mut Session, packet: &[u8]) -> Result<Vec<u8>, DecryptError> {
    open_at(session, packet, 0)
}

/// Decrypts at the given second, and checks that a refused packet changed nothing.
pub(crate) fn open_at(
    session: &mut Session,
    packet: &[u8],
    now: u64,
) -> Result<Vec<u8>, DecryptError> {
    let before = session.to_bytes();
    let mut text = b"kept".to_vec();
    match session.decrypt(packet, now, &mut text) {
        Ok(()) => Ok(text.split_off(4)),
        Err(error) => {
            assert!(*session.to_bytes() == *before, "a refused packet changed the session");
            assert_eq!(text, b"kept");
            Err(error)
        }
    }
}

/// Encrypts the next chunk that there is room for, alone in a packet.
pub(crate) fn seal_chunk(session: &mut Session, room: usize, rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut chunk = Vec::new();
    assert_eq!(session.next_chunk(room, &mut chunk), chunk.len());
    assert!(chunk.len() <= room);
    seal(session, &chunk, rng)
}

/// Takes a chunk, and checks that a refused one changed nothing.
pub(crate) fn take(
    session: &mut Session,
    chunk: &[u8],
    rng: &mut ChaCha20Rng,
) -> Result<Taken, ChunkError> {
    let before = session.to_bytes();
    let result = session.take_chunk(chunk, rng);
    assert!(result.is_ok() || *session.to_bytes() == *before, "a refused chunk changed something");
    result
}

/// One packet with a chunk from one end to the other, if there is a chunk.
pub(crate) fn pass_chunk(
    from: &mut Session,
    to: &mut Session,
    room: usize,
    rng: &mut ChaCha20Rng,
) -> Option<Taken> {
    let packet = seal_chunk(from, room, rng);
    let chunk = open(to, &packet).unwrap();
    (!chunk.is_empty()).then(|| take(to, &chunk, rng).unwrap())
}

/// One epoch, in packets of which none is lost. The last one is of `two`, and a turn.
pub(crate) fn heal(one: &mut Session, two: &mut Session, rng: &mut ChaCha20Rng) {
    let epoch = one.epoch() + 1;
    one.begin_epoch(rng);
    while (one.shared_epoch(), two.shared_epoch()) != (epoch, epoch) {
        pass_chunk(one, two, MAX_CHUNK, rng);
        pass_chunk(two, one, MAX_CHUNK, rng);
    }
}

/// One packet from one end to the other.
pub(crate) fn pass(from: &mut Session, to: &mut Session, text: &[u8], rng: &mut ChaCha20Rng) {
    let packet = seal(from, text, rng);
    assert_eq!(open(to, &packet).as_deref(), Ok(text));
}
