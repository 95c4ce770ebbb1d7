use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use undertone_wire::cell::{Assembler, FrameKind, MAX_CELLS, cut};
use undertone_wire::message::{Body, MAX_TEXT, Payload, packet_len_for};

use crate::support::{ends, run};

/// From a text to cells and back, and how many cells there were.
fn cells_of(text: &str) -> usize {
    let rng = &mut ChaCha20Rng::from_seed([9; 32]);
    let outcome = run(ends(), |_, _| {});
    let [mut guest, mut host] = [outcome.guest, outcome.host].map(|fate| {
        let it = fate.paired();
        it.root.into_session(it.role, it.own.keys(), it.peer.keys(), &it.transcript)
    });
    let payload = Payload { sequence: 1, body: Body::text(text.to_owned()) };
    let mut packet = Vec::new();
    guest.encrypt(&payload.encode().unwrap(), &mut packet, rng).unwrap();
    let cells = cut(FrameKind::Packet, &packet).unwrap();
    assert_eq!(packet.len(), packet_len_for(cells.len()));

    let count = cells.len();
    let mut assembler = Assembler::new();
    let frames: Vec<_> = cells.filter_map(|cell| assembler.push(&cell).unwrap()).collect();
    assert_eq!(frames.len(), 1);
    let mut plain = Vec::new();
    host.decrypt(&frames[0].bytes, 0, &mut plain).unwrap();
    assert_eq!(Payload::decode(&plain).unwrap(), payload);
    count
}

#[test]
fn short_texts_are_all_one_cell() {
    assert_eq!(cells_of(""), 1);
    assert_eq!(cells_of("yes"), 1);
    assert_eq!(cells_of(&"x".repeat(347)), 1);
    assert_eq!(cells_of(&"x".repeat(348)), 2);
}

#[test]
fn the_longest_text_fits_the_longest_frame() {
    assert_eq!(cells_of(&"x".repeat(MAX_TEXT)), MAX_CELLS);
}
