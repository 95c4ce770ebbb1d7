//! The ratchet's parsers and state machines against bytes of a stranger and a peer at fault.
//!
//! Most inputs are not raw bytes, which no MAC would let through, but a list of things to do: so the fuzzer reaches what
//! lies behind acceptance. Every target checks what has to hold, not only that nothing panics, and gives how many things
//! were accepted.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_ratchet::handshake::{OwnKeys, PublicKeys, Role, Root, derive_root, encapsulate};
use undertone_ratchet::repair::{Contact, Incarnations, Initiator, RecoveryKeys, Responder};
use undertone_ratchet::sealed::{SIZES, SealedSession, TagTable};
use undertone_ratchet::secret::Secret;
use undertone_ratchet::session::Session;
use undertone_ratchet::stream::{CHUNK, HEADER_LEN, Opener, Place, SEALED_CHUNK, Sealer};
use undertone_ratchet::transcript::Transcript;

use super::input::Input;

/// The most steps of one input, so that a run is short.
const STEPS: usize = 64;

/// What a handshake leaves, made once: its keys cost more than all the rest of a run.
struct Made {
    own: [OwnKeys; 2],
    roots: [Root; 2],
    transcript: Transcript,
}

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let rng = &mut rng(1);
        let own = [OwnKeys::generate(rng), OwnKeys::generate(rng)];
        let [(_, one), (_, two)] = [&own[1], &own[0]].map(|keys| encapsulate(&keys.public(), rng));
        let transcript = Transcript::new(b"fuzz");
        let root = |role, this: &OwnKeys, other: &OwnKeys| {
            derive_root(role, this, &other.public(), &one, &two, &[], &transcript)
                .expect("two ends with keys of their own")
        };
        let roots =
            [root(Role::Initiator, &own[0], &own[1]), root(Role::Responder, &own[1], &own[0])];
        Made { own, roots, transcript }
    })
}

fn sealed_states() -> &'static [Vec<u8>; 2] {
    static MADE: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    MADE.get_or_init(|| {
        let Made { own, roots, transcript } = made();
        [(Role::Initiator, 0, 1), (Role::Responder, 1, 0)].map(|(role, this, other)| {
            let (root, table) = (roots[this].clone(), &mut TagTable::new());
            let peer = own[other].public();
            SealedSession::start(root, role, &own[this], &peer, transcript, (0, table))
                .to_bytes()
                .to_vec()
        })
    })
}

fn states() -> &'static [Vec<u8>; 2] {
    static MADE: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    MADE.get_or_init(|| {
        let Made { own, roots, transcript } = made();
        [(Role::Initiator, 0, 1), (Role::Responder, 1, 0)].map(|(role, this, other)| {
            let peer = own[other].public();
            let session = roots[this].clone().into_session(role, &own[this], &peer, transcript);
            session.to_bytes().to_vec()
        })
    })
}

fn session(state: &[u8]) -> Session {
    Session::from_bytes(state).expect("a state that was written by a session")
}

/// Public keys: raw, or right ones changed. There is one encoding of what is accepted.
pub fn public_keys(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let bytes = if input.byte() & 1 == 0 {
        input.0.to_vec()
    } else {
        let mut bytes = made().own[0].public().encode().to_vec();
        input.edit(&mut bytes);
        bytes
    };
    let decoded = PublicKeys::decode(&bytes);
    if let Ok(keys) = &decoded {
        assert_eq!(keys.encode().as_slice(), bytes);
        assert_eq!(keys.identity().as_slice(), &bytes[..32]);
        let (ciphertext, secret) = encapsulate(keys, &mut rng(2));
        assert_eq!(made().own[0].decapsulate(&ciphertext) == secret, {
            let right = made().own[0].public().encode();
            bytes[96..1280] == right[96..1280]
        });
    }
    usize::from(decoded.is_ok())
}

/// States at rest: raw, or of sessions in the middle of things and changed. What is accepted is written as it was read,
/// and can be used.
pub fn stored_states(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let which = input.byte();
    let mut bytes = match which & 0x07 {
        0 => input.0.to_vec(),
        1 => made().own[0].to_bytes().as_bytes().to_vec(),
        2 | 3 => states()[usize::from(which & 1)].clone(),
        4 | 5 => sealed_states()[usize::from(which & 1)].clone(),
        _ => {
            // With skipped keys and kept tags.
            let mut tables = [TagTable::new(), TagTable::new()];
            let mut ends = sealed_ends(&mut tables);
            let mut rng = rng(3);
            for round in 0..3_u8 {
                let [one, two] = &mut ends;
                let [_, table] = &mut tables;
                let (from, to) = (one, two);
                let mut packet = Vec::new();
                for _ in 0..round + 2 {
                    packet.clear();
                    from.seal(b"text", &mut packet, &mut rng).expect("a short chain");
                }
                if let Some(found) = table.find(&packet) {
                    to.open(found, &packet, 0, table, &mut Vec::new()).expect("an honest packet");
                }
                ends.reverse();
                tables.reverse();
            }
            ends[usize::from(which & 1)].to_bytes().to_vec()
        }
    };
    input.edit(&mut bytes);
    let mut accepted = 0;
    if let Ok(keys) = OwnKeys::from_bytes(&bytes) {
        accepted += 1;
        assert_eq!(keys.to_bytes().as_bytes().as_slice(), bytes);
    }
    if let Ok(mut session) = Session::from_bytes(&bytes) {
        accepted += 1;
        assert_eq!(*session.to_bytes(), bytes);
        let mut packet = Vec::new();
        if session.encrypt(b"text", &mut packet, &mut rng(4)).is_ok() {
            assert!(session.decrypt(&packet, 0, &mut Vec::new()).is_err(), "our own packet");
        }
    }
    let mut table = TagTable::new();
    if let Ok(mut session) = SealedSession::from_bytes(&bytes, (0, &mut table)) {
        accepted += 1;
        assert_eq!(*session.to_bytes(), bytes);
        let mut packet = Vec::new();
        if session.seal(b"text", &mut packet, &mut rng(4)).is_ok() {
            assert!(SIZES.contains(&packet.len()));
        }
        session.leave(&mut table);
    }
    accepted
}

/// Two sessions and whoever is between them: packets in any order, changed, twice, lost. What is read was sent, once,
/// and what is refused changes nothing.
pub fn packets(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let mut ends = [session(&states()[0]), session(&states()[1])];
    let mut rng = rng(5);
    let mut sent: [Vec<(Vec<u8>, u64)>; 2] = Default::default();
    let mut read: [BTreeSet<u64>; 2] = Default::default();
    let (mut now, mut next) = (0_u64, 0_u64);
    for _ in 0..STEPS {
        if input.is_over() {
            break;
        }
        let what = input.byte();
        let who = usize::from(what & 1);
        match what >> 1 & 0x07 {
            0 | 1 => {
                let mut packet = Vec::new();
                if ends[who].encrypt(&next.to_be_bytes(), &mut packet, &mut rng).is_ok() {
                    sent[who].push((packet, next));
                    next += 1;
                }
            }
            2 => drop(sent[who].pop()),
            3 => {
                let state = ends[who].to_bytes();
                ends[who] = session(&state);
            }
            4 => {
                now += u64::from(input.byte()) * 1_000;
                ends[who].expire(now);
            }
            mode => {
                let to = 1 - who;
                let (mut packet, number) = match sent[who].len() {
                    0 => (input.bytes(200).to_vec(), None),
                    some => {
                        let (packet, number) = &sent[who][usize::from(input.byte()) % some];
                        (packet.clone(), Some(*number))
                    }
                };
                let before = packet.clone();
                if mode == 6 {
                    input.edit(&mut packet);
                }
                let to = if mode == 7 { who } else { to };
                let (state, mut text) = (ends[to].to_bytes(), Vec::new());
                match ends[to].decrypt(&packet, now, &mut text) {
                    Ok(()) => {
                        assert!(packet == before && to != who, "changed or reflected");
                        let number = number.expect("made by nobody");
                        assert_eq!(text, number.to_be_bytes());
                        assert!(read[to].insert(number), "read twice");
                    }
                    Err(_) => {
                        assert!(*ends[to].to_bytes() == *state && text.is_empty());
                    }
                }
            }
        }
    }
    read.iter().map(BTreeSet::len).sum()
}

/// A stream, sealed and changed: what is opened is a beginning of it, and the whole only if nothing was changed. Or one
/// that is made by the input alone.
pub fn streams(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let key = Secret::from_bytes(&[7; 32]);
    let what = input.byte();
    let first = u64::from(input.byte() & 3);
    let text = match what & 0x03 {
        0 => input.bytes(300).to_vec(),
        1 => vec![0; CHUNK],
        2 => vec![0; CHUNK + 1 + input.number() % 300],
        _ => vec![0; 2 * CHUNK],
    };
    let (mut sealer, header) = Sealer::resume(&key, b"", first, &mut rng(6));
    let mut sealed = header.to_vec();
    let mut chunks: Vec<&[u8]> = text.chunks(CHUNK).collect();
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    for (n, chunk) in chunks.iter().enumerate() {
        if sealer.seal_chunk(chunk, n + 1 == chunks.len(), &mut sealed).is_err() {
            assert!(chunk.is_empty() && first > 0, "an honest chunk");
            return 0;
        }
    }
    let before = sealed.clone();
    match what >> 2 & 0x03 {
        0 => {}
        1 => input.edit(&mut sealed),
        2 => {
            // Chunks in another order.
            let (header, rest) = before.split_at(HEADER_LEN);
            let pieces: Vec<&[u8]> = rest.chunks(SEALED_CHUNK).collect();
            sealed = header.to_vec();
            for _ in 0..input.byte() & 0x03 {
                sealed.extend_from_slice(pieces[usize::from(input.byte()) % pieces.len()]);
            }
        }
        _ => sealed.splice(HEADER_LEN.., input.bytes(600).to_vec()).for_each(drop),
    }
    let Some((header, rest)) = sealed.split_first_chunk() else { return 0 };
    let Ok(mut opener) = Opener::new(&key, b"", header, first) else {
        assert_ne!(sealed[..HEADER_LEN], before[..HEADER_LEN]);
        return 0;
    };
    let (mut opened, mut is_whole) = (Vec::new(), false);
    for chunk in rest.chunks(SEALED_CHUNK) {
        match opener.open_chunk(chunk, &mut opened) {
            Ok(place) => is_whole = place == Place::Last,
            Err(_) => {
                is_whole = false;
                break;
            }
        }
    }
    assert!(text.starts_with(&opened));
    assert_eq!(is_whole, sealed == before);
    // Behind the end there may be bytes that were refused; before it there can't.
    let has_ended = opener.finish().is_ok();
    assert!(has_ended || !is_whole);
    assert!(!has_ended || opened == text);
    usize::from(has_ended)
}

/// A repair in which each message may be changed: it is done exactly if none was.
pub fn repairs(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let what = input.byte();
    let contact = |this: usize, own: u64, peer: u64| {
        let keys = &made().own;
        let recovery = RecoveryKeys::from_parts(
            Secret::from_bytes(&[3; 32]),
            (what & 1 == 1).then(|| Secret::from_bytes(&[4; 32])),
        );
        let identity = keys[this].clone().into_identity();
        let peer_identity = *keys[1 - this].public().identity();
        Contact::new(&identity, peer_identity, Incarnations { own, peer }, recovery)
    };
    let incarnations = [input.byte(), input.byte(), input.byte(), input.byte()].map(u64::from);
    let one = contact(0, incarnations[0], incarnations[1]);
    let two = contact(1, incarnations[2], incarnations[3]);
    let key = match what >> 1 & 1 {
        0 => one.recovery().current().clone(),
        _ => Secret::from_bytes(&[4; 32]),
    };
    let knows = what >> 1 & 1 == 0 || what & 1 == 1;
    let older = incarnations[0] < incarnations[3] || incarnations[2] < incarnations[1];
    let mut rng = rng(7);
    let mut changed = false;
    let mut pass = |message: &[u8]| {
        let mut bytes = message.to_vec();
        input.edit(&mut bytes);
        changed |= bytes != message;
        bytes
    };
    let mut done = || {
        let (initiator, request) = Initiator::start(&one, &key, &[0; 32], &mut rng);
        let request = pass(request.as_slice());
        let (responder, answer) = Responder::answer(&two, &[0; 32], &request, &mut rng).ok()?;
        let answer = pass(answer.as_slice());
        let (waiting, proof) = initiator.prove(&one, &answer, &mut rng).ok()?;
        let proof = pass(proof.as_slice());
        let (far, consent) = responder.consent(&proof, &mut rng).ok()?;
        let consent = pass(consent.as_slice());
        let near = waiting.finish(&consent).ok()?;
        Some((near, far))
    };
    match done() {
        Some((mut near, mut far)) => {
            assert!(!changed && knows && !older);
            let (mut packet, mut text) = (Vec::new(), Vec::new());
            near.session.encrypt(b"text", &mut packet, &mut rng).expect("a new chain");
            far.session.decrypt(&packet, 0, &mut text).expect("an honest packet");
            assert_eq!(text, b"text");
            assert!(near.recovery.current() == far.recovery.current());
            1
        }
        None => {
            assert!(changed || !knows || older);
            0
        }
    }
}

fn sealed_ends(tables: &mut [TagTable; 2]) -> [SealedSession; 2] {
    let [one, two] = tables;
    let read = |state: &[u8], table| {
        SealedSession::from_bytes(state, (9, table)).expect("a state that was written by a session")
    };
    [read(&sealed_states()[0], one), read(&sealed_states()[1], two)]
}

/// Two ends and a carrier that everybody can read and write: packets in any order, reflected, replayed, changed.
pub fn sealed_packets(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let mut tables = [TagTable::new(), TagTable::new()];
    let mut ends = sealed_ends(&mut tables);
    let mut rng = rng(8);
    let mut sent: [Vec<(Vec<u8>, u64)>; 2] = Default::default();
    let mut read: [BTreeSet<u64>; 2] = Default::default();
    let mut next = 0_u64;
    for _ in 0..STEPS {
        if input.is_over() {
            break;
        }
        let what = input.byte();
        let who = usize::from(what & 1);
        let to = 1 - who;
        match what >> 1 & 0x07 {
            0 | 1 => {
                let mut packet = Vec::new();
                if ends[who].seal(&next.to_be_bytes(), &mut packet, &mut rng).is_ok() {
                    assert_eq!(packet.len(), SIZES[0]);
                    assert!(tables[who].find(&packet).is_none(), "reflected");
                    sent[who].push((packet, next));
                    next += 1;
                }
            }
            2 => drop(sent[who].pop()),
            3 => {
                let state = ends[who].to_bytes();
                let count = tables[who].len();
                tables[who] = TagTable::new();
                ends[who] = SealedSession::from_bytes(&state, (9, &mut tables[who]))
                    .expect("a state that was written by a session");
                assert_eq!(tables[who].len(), count);
            }
            4 => {
                // By a link.
                let (mut packet, mut text) = (Vec::new(), Vec::new());
                if ends[who].encrypt(b"link", &mut packet, &mut rng).is_ok() {
                    ends[to]
                        .decrypt(&packet, 0, &mut tables[to], &mut text)
                        .expect("an honest packet");
                }
            }
            mode => {
                let (mut packet, number) = match sent[who].len() {
                    0 => (input.bytes(2_000).to_vec(), None),
                    some => {
                        let (packet, number) = &sent[who][usize::from(input.byte()) % some];
                        (packet.clone(), Some(*number))
                    }
                };
                let before = packet.clone();
                if mode == 6 {
                    input.edit(&mut packet);
                }
                let Some(found) = tables[to].find(&packet) else { continue };
                let (state, mut text) = (ends[to].to_bytes(), Vec::new());
                match ends[to].open(found, &packet, 0, &mut tables[to], &mut text) {
                    Ok(()) => {
                        assert!(packet == before, "changed");
                        let number = number.expect("made by nobody");
                        assert_eq!(text, number.to_be_bytes());
                        assert!(read[to].insert(number), "read twice");
                        assert!(tables[to].find(&packet).is_none(), "replayed");
                    }
                    Err(_) => {
                        assert!(packet != before, "an honest packet");
                        assert!(*ends[to].to_bytes() == *state && text.is_empty());
                    }
                }
            }
        }
    }
    read.iter().map(BTreeSet::len).sum()
}
