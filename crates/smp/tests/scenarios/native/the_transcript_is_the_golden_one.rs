//! The bytes on the wire are a format: a change needs a new version.

use std::fmt::Write as _;

use undertone_smp::Reply;

use super::run::run_to;

const GOLDEN: &str = include_str!("../../golden/smp-v1-ristretto255.txt");

#[test]
fn the_transcript_is_the_golden_one() {
    let mut run = run_to(4, 60, "under the bridge", "under the bridge");
    let end = run.starter.receive(&run.messages[3], &mut run.rng).unwrap();
    assert_eq!(end, Reply::Finished { matched: true, send: None });
    assert!(run.answerer.is_idle());

    let golden: Vec<&str> = GOLDEN.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(golden.len(), run.messages.len());
    for (place, (message, golden)) in run.messages.iter().zip(golden).enumerate() {
        let mut text = format!("{} ", place + 1);
        for byte in message {
            write!(text, "{byte:02x}").unwrap();
        }
        assert_eq!(text, golden, "a message of protocol version 1 has changed");
    }
}
