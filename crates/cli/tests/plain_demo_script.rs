//! `demo --script`: lines in, both sides' events out, and a failure when a line is not delivered.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::fs;

use serde_json::Value;
use support::{Plain, SOON};

/// The events of a side, by name.
fn events<'a>(lines: &'a [Value], side: &str, name: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["side"] == side && line["event"] == name).collect()
}

fn parsed(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_line_arrives_once_and_in_order() {
    let texts: Vec<String> = (0..40).map(|number| format!("line {number} grüße 日本")).collect();
    let mut demo = Plain::start(&["demo", "--script", "-"]);
    for text in &texts {
        demo.line(text);
    }
    demo.close_input();
    assert_eq!(demo.exit_code(SOON), 0, "{:?}", demo.words.all());
    let lines = parsed(&demo.out.to_the_end(SOON));
    let received = events(&lines, "b", "message.received");
    let received: Vec<_> = received.iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(received, texts);
    let delivered = events(&lines, "a", "message.delivery");
    let delivered = delivered.iter().filter(|line| line["state"] == "delivered").count();
    assert_eq!(delivered, texts.len());
    assert_eq!(events(&lines, "b", "conversation.peer_left").len(), 1);
    for line in &lines {
        assert_eq!(line["v"], 1);
    }
}

#[test]
fn a_line_that_is_too_long_is_said_and_fails() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("script");
    fs::write(&script, format!("short\n{}\n", "x".repeat(64 * 1024 + 1))).unwrap();
    let mut demo = Plain::start(&["demo", "--script", script.to_str().unwrap()]);
    demo.close_input();
    assert_eq!(demo.exit_code(SOON), 9);
    let words = demo.all_words(SOON);
    assert!(words.contains("Not sent: the text is longer than 64 KiB."), "{words}");
    let lines = parsed(&demo.out.to_the_end(SOON));
    assert_eq!(events(&lines, "a", "message.not_sent").len(), 1);
}

#[test]
fn a_script_that_cannot_be_read_is_a_wrong_command_line() {
    let mut demo = Plain::start(&["demo", "--script", "/nowhere/at/all"]);
    demo.close_input();
    assert_eq!(demo.exit_code(SOON), 2);
    assert!(demo.all_words(SOON).contains("The script could not be read"));
}
