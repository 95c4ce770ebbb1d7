//! Every single bit of every message, flipped. Here and not in `tests/`, for it needs copies of
//! a run's state, which nobody else may make.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;

const SEED: [u8; 32] = [0x42; 32];

fn copy(smp: &Smp<Ristretto>) -> Smp<Ristretto> {
    Smp { state: smp.state.clone() }
}

fn secret(words: &str) -> SmpSecret {
    let context = Context {
        initiator_identity: &[1; 32],
        responder_identity: &[2; 32],
        pairing_transcript: &[3; 32],
        epoch: 4,
        epoch_authenticator: &[5; 32],
    };
    SmpSecret::derive(&context, words)
}

fn matched(reply: &Reply) -> bool {
    matches!(reply, Reply::Finished { matched: true, .. })
}

/// Gives each variant of `message` with one bit flipped to a copy of `receiver`, and asserts
/// that each of them ends the run.
fn no_flipped_bit_passes(receiver: &Smp<Ristretto>, message: &[u8]) {
    let mut rng = ChaCha20Rng::from_seed(SEED);
    let mut changed = message.to_vec();
    for bit in 0..message.len() * 8 {
        let mask = 1 << (bit % 8);
        changed[bit / 8] ^= mask;
        let mut receiver = copy(receiver);
        let reply = receiver.receive(&changed, &mut rng);
        assert!(reply.is_err(), "bit {bit}: {reply:?}");
        assert!(receiver.is_idle(), "bit {bit}");
        changed[bit / 8] ^= mask;
    }
}

#[test]
fn no_flipped_bit_of_any_message_passes() {
    let mut rng = ChaCha20Rng::from_seed(SEED);
    let mut starter = Smp::<Ristretto>::new();
    let mut answerer = Smp::<Ristretto>::new();
    let first = starter.start(&secret("yes"), Some("Who?"), &mut rng).unwrap();
    no_flipped_bit_passes(&answerer, &first);
    assert!(matches!(
        answerer.receive(&first, &mut rng),
        Ok(Reply::SecretWanted { question: Some(question) }) if question == "Who?"
    ));
    let second = answerer.answer(&secret("yes"), &mut rng).unwrap();
    no_flipped_bit_passes(&starter, &second);
    let Ok(Reply::Send(third)) = starter.receive(&second, &mut rng) else { panic!() };
    no_flipped_bit_passes(&answerer, &third);
    let end = answerer.receive(&third, &mut rng).unwrap();
    assert!(matched(&end));
    let Reply::Finished { send: Some(fourth), .. } = end else { panic!() };
    no_flipped_bit_passes(&starter, &fourth);
    assert!(matched(&starter.receive(&fourth, &mut rng).unwrap()));
}
