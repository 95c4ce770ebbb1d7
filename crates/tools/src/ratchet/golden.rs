//! The formats of version 1, byte for byte. After a change that is meant, the test's message has
//! the new text.

use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::handshake::{Card, Handshake, Progress};
use super::message::put_packet;
use super::state::Open;

const GOLDEN: &str = include_str!("../../tests/golden/conversation_1.txt");

#[test]
fn the_formats_are_what_they_were() {
    let rng = &mut ChaCha20Rng::from_seed([42; 32]);
    let (mut ana, mut ben) = (Handshake::new(rng), Handshake::new(rng));
    let mut text = String::new();
    let mut put = |name: &str, bytes: &[u8]| {
        writeln!(text, "{name} = {}", HEXLOWER.encode(bytes)).unwrap();
    };
    put("handshake offered", &ana.to_bytes());
    put("card with keys", &ana.card().encode());
    let Ok(Progress::Answer(second)) = ben.advance(&ana.card(), rng) else { panic!() };
    put("handshake answered", &ben.to_bytes());
    put("card with answer", &second.encode());
    let Ok(Progress::Ready(ready)) = ana.advance(&second, rng) else { panic!() };
    put("card with confirmation", &ready.card.encode());
    put("fingerprint", &ready.fingerprint);
    put("digits", super::handshake::digits(&ready.fingerprint).as_bytes());
    let session = ready.session.to_bytes().len();
    let open = Open { card: b"a card".to_vec(), session: ready.session }.to_bytes();
    put("conversation without its session", &open[..open.len() - session]);
    let mut message = Vec::new();
    put_packet(&mut message, b"a packet").unwrap();
    put("message of one packet", &message);
    assert!(text == GOLDEN, "it is now:\n{text}");
}

/// What an earlier program wrote is taken up by this one.
#[test]
fn the_golden_handshake_goes_on() {
    let bytes = |name: &str| {
        let start = format!("{name} = ");
        let line = GOLDEN.lines().find_map(|line| line.strip_prefix(&start)).unwrap();
        HEXLOWER.decode(line.as_bytes()).unwrap()
    };
    let mut ben = Handshake::from_bytes(&bytes("handshake answered")).unwrap();
    let third = Card::decode(&bytes("card with confirmation")).unwrap();
    let rng = &mut ChaCha20Rng::from_seed([0; 32]);
    let Ok(Progress::Ready(ready)) = ben.advance(&third, rng) else { panic!() };
    assert_eq!(ready.fingerprint.as_slice(), bytes("fingerprint"));
}
