//! A program holds a conversation by JSON lines, and no secret is in any argument.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a helper fails its test")]

mod support;

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use support::plain::Lines;
use support::{Plain, SOON, local, local_name, poll};

const SCHEMA: &str = include_str!("../../../docs/json/events.v1.json");
const SECRET: &str = "blue bench";

/// Waits for the event of this name that has these fields.
fn event(lines: &mut Lines, name: &str, fields: &Value) -> Value {
    lines.wait_until(&format!("{name} {fields}"), SOON, |line| {
        let value: Value = serde_json::from_str(line).unwrap();
        let fits = fields.as_object().unwrap().iter().all(|(key, field)| value[key] == *field);
        (value["event"] == name && fits).then_some(value)
    })
}

/// Every line is an object of version 1 and of a kind that is documented.
fn assert_documented(lines: &[String]) {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let kinds = schema["oneOf"].as_array().unwrap().iter();
    let kinds: BTreeSet<_> = kinds.map(|kind| kind["title"].as_str().unwrap()).collect();
    assert!(!lines.is_empty());
    for line in lines {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert_eq!(value["v"], 1, "{line}");
        assert!(kinds.contains(value["event"].as_str().unwrap()), "{line}");
    }
}

/// The arguments of a process, once it has them.
fn arguments_of(process: u32) -> String {
    let path = format!("/proc/{process}/cmdline");
    let read = || Some(fs::read_to_string(&path).unwrap()).filter(|text| !text.is_empty());
    poll(SOON, read, || "no arguments".to_owned()).replace('\0', " ")
}

#[test]
fn both_sides_of_a_checked_conversation() {
    let name = local_name();
    let network = local(&name);
    let nothing = json!({});
    let named = ["--nick", "hilde", "--peer", "gustav"];
    let mut host = Plain::start(&[&["chat", "-s", "--json"], &named[..], &network].concat());
    event(&mut host.out, "prompt", &json!({"what": "code"}));
    host.line("");
    let code = event(&mut host.out, "meeting.code", &nothing)["code"].as_str().unwrap().to_owned();
    event(&mut host.out, "meeting.step", &json!({"step": "reachable"}));

    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("secret");
    fs::write(&secret, format!("{SECRET}\nthis line is not read\n")).unwrap();
    let named = ["--nick", "gustav", "--peer", "hilde"];
    let files = ["--smp", "--code-file", "-", "--secret-file", secret.to_str().unwrap()];
    let mut guest =
        Plain::start(&[&["chat", "-c", "--json"], &named[..], &files, &network].concat());
    guest.line(&code);
    for process in [host.process(), guest.process()] {
        let arguments = arguments_of(process);
        assert!(arguments.contains("--json"), "{arguments}");
        assert!(!arguments.contains(&code) && !arguments.contains(SECRET), "{arguments}");
    }

    event(&mut host.out, "check", &json!({"state": "wish_wanted"}));
    host.line(r#"{"check":false}"#);
    event(&mut host.out, "check", &json!({"state": "secret_wanted"}));
    host.line(&json!({ "secret": SECRET }).to_string());
    for side in [&mut host, &mut guest] {
        event(&mut side.out, "check", &json!({"state": "match"}));
        event(&mut side.out, "trust", &json!({"level": "authenticated"}));
        event(&mut side.out, "conversation.open", &nothing);
    }

    let text = "two\nlines, “quotes” and /quit \u{1b}[31m 日本";
    host.line(&json!({ "send": text }).to_string());
    let message = event(&mut host.out, "message.queued", &json!({"text": text}));
    event(&mut guest.out, "message.received", &json!({"text": text}));
    let delivered = json!({"message": message["message"], "state": "delivered"});
    event(&mut host.out, "message.delivery", &delivered);
    guest.line(r#"{"send":"/quit is only a text"}"#);
    event(&mut host.out, "message.received", &json!({"text": "/quit is only a text"}));
    guest.line(r#"{"sing":"a song"}"#);
    event(&mut guest.out, "error", &json!({"kind": "usage", "exit_code": 2}));
    guest.line(r#"{"quit":true}"#);
    event(&mut guest.out, "conversation.left", &json!({"confirmed": true}));
    event(&mut host.out, "conversation.peer_left", &nothing);
    for side in [&mut host, &mut guest] {
        assert_eq!(side.exit_code(SOON), 0);
        let lines = side.out.to_the_end(SOON);
        assert_documented(&lines);
        let last: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
        assert_eq!(last["event"], "ended");
    }
}

#[test]
fn a_failure_is_a_line_with_the_exit_code() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("code");
    fs::write(&file, "nonsense").unwrap();
    let path = file.to_str().unwrap();
    let mut guest =
        Plain::start(&["chat", "-c", "--json", "--network", "local", "--code-file", path]);
    guest.close_input();
    assert_eq!(guest.exit_code(SOON), 2);
    let lines = guest.out.to_the_end(SOON);
    assert_documented(&lines);
    let error: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!((&error["kind"], &error["exit_code"]), (&json!("usage"), &json!(2)));
    assert!(!lines.concat().contains("nonsense"));
}
