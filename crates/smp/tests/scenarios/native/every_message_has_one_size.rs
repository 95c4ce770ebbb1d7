//! Sizes tell nothing: neither the step, nor the question, nor the outcome.

use super::run::{Side, run_to, secret};

#[test]
fn every_message_of_twenty_runs_has_one_size() {
    assert_eq!(Side::MESSAGE_LEN, 395);
    for seed in 0..20 {
        let answer = if seed % 2 == 0 { "yes" } else { "no" };
        let mut run = run_to(4, seed, "yes", answer);
        run.messages.push(run.starter.abort());
        run.messages.push(run.answerer.abort());
        let question = "?".repeat(usize::from(seed) * 10);
        let first = Side::new().start(&secret("yes"), Some(&question), &mut run.rng).unwrap();
        run.messages.push(first);
        for message in run.messages {
            assert_eq!(message.len(), Side::MESSAGE_LEN);
        }
    }
}
