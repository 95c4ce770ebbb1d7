//! What the scenarios share: two sides, their secrets, and a run up to some message.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use undertone_smp::{Context, Reply, Ristretto, Smp, SmpSecret};

pub(crate) type Side = Smp<Ristretto>;

/// The one seed of a scenario's random numbers, so that each failure comes again.
pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

pub(crate) fn secret(words: &str) -> SmpSecret {
    let context = Context {
        initiator_identity: &[1; 32],
        responder_identity: &[2; 32],
        pairing_transcript: &[3; 32],
        epoch: 4,
        epoch_authenticator: &[5; 32],
    };
    SmpSecret::derive(&context, words)
}

/// Two sides in the middle of a run.
pub(crate) struct Run {
    pub(crate) starter: Side,
    pub(crate) answerer: Side,
    /// Messages 1, 2, … as they were sent; the last one hasn't been received yet.
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) rng: ChaCha20Rng,
}

/// A run in which messages 1 to `last` were sent and all but the last were received.
pub(crate) fn run_to(last: usize, seed: u8, starters: &str, answerers: &str) -> Run {
    let mut rng = rng(seed);
    let (mut starter, mut answerer) = (Side::new(), Side::new());
    let first = starter.start(&secret(starters), Some("Which bridge?"), &mut rng).unwrap();
    let mut messages = vec![first];
    if last >= 2 {
        let reply = answerer.receive(&messages[0], &mut rng).unwrap();
        assert_eq!(reply, Reply::SecretWanted { question: Some("Which bridge?".to_owned()) });
        messages.push(answerer.answer(&secret(answerers), &mut rng).unwrap());
    }
    if last >= 3 {
        let reply = starter.receive(&messages[1], &mut rng).unwrap();
        let Reply::Send(third) = reply else { panic!("{reply:?}") };
        messages.push(third);
    }
    if last >= 4 {
        let reply = answerer.receive(&messages[2], &mut rng).unwrap();
        let Reply::Finished { matched, send: Some(fourth) } = reply else { panic!("{reply:?}") };
        assert_eq!(matched, starters == answerers);
        messages.push(fourth);
    }
    Run { starter, answerer, messages, rng }
}
