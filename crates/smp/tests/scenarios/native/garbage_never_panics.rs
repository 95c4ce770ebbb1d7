//! Any bytes, at each step.

use proptest::prelude::*;
use undertone_smp::Reply;

use super::run::{Side, run_to};

/// Gives the bytes to both sides of a run at each step; nothing comes of them but an error or,
/// where they happen to be an abort, that.
fn receive_everywhere(bytes: &[u8]) {
    for step in 1..=4 {
        let mut run = run_to(step, 40, "yes", "yes");
        for side in [&mut run.starter, &mut run.answerer] {
            let reply = side.receive(bytes, &mut run.rng);
            assert!(matches!(reply, Err(_) | Ok(Reply::Aborted)), "{reply:?}");
            assert!(side.is_idle());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn bytes_of_any_length_end_the_run(bytes in prop::collection::vec(any::<u8>(), 0..1000)) {
        receive_everywhere(&bytes);
    }

    #[test]
    fn bytes_of_the_right_length_and_beginning_end_the_run(
        kind in 0..7_u8,
        mut bytes in prop::collection::vec(any::<u8>(), Side::MESSAGE_LEN),
    ) {
        bytes[0] = 1;
        bytes[1] = kind;
        receive_everywhere(&bytes);
    }
}

#[test]
fn a_message_cut_short_or_too_long_ends_the_run() {
    let first = run_to(1, 41, "yes", "yes").messages.remove(0);
    for length in 0..first.len() {
        assert!(Side::new().receive(&first[..length], &mut super::run::rng(1)).is_err());
    }
    let long = [&first[..], &[0]].concat();
    assert!(Side::new().receive(&long, &mut super::run::rng(1)).is_err());
}
