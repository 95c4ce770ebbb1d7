//! A locked profile in lines: people log in with `/login`, programs with a request; everything else is
//! refused until then, no text that comes meanwhile is shown, and the end of the input is said.

#![cfg(feature = "sqlcipher")]

mod support;

use serde_json::Value;
use support::kept::{Side, pair};
use support::{SOON, local_name};

/// Two who keep each other, the first under a password.
fn two(network: &str) -> (Side, Side) {
    let (hilde, gustav) = (Side::new("hilde", Some("marmalade")), Side::new("gustav", None));
    pair(&hilde, &gustav, network);
    (hilde, gustav)
}

#[test]
fn people_log_in_and_what_waited_comes_then() {
    let network = local_name();
    let (hilde, gustav) = two(&network);
    let mut lines = hilde.lines(&network, &["--with", "gustav"]);
    lines.words.wait_for("The profile “home” is locked.", SOON);
    for refused in ["a text", "/status", "/rename x", "/setpassword"] {
        lines.line(refused);
        lines.words.wait_for("The profile is locked, so that was not done.", SOON);
    }
    lines.line("/login");
    lines.words.wait_for("The password:", SOON);
    lines.line("/lock");
    lines.words.wait_for("The password is wrong.", SOON);
    lines.line("/login");
    lines.words.wait_for("The password:", SOON);
    lines.line("marmalade");
    lines.words.wait_for("Not connected.", SOON);
    let mut other = gustav.plain(&network, &["--with", "hilde"]);
    lines.line("hello");
    other.out.wait_for("hilde: hello", SOON);
    lines.words.wait_for("Message 1: delivered.", SOON);
    lines.line(".lock");
    lines.words.wait_for("The profile “home” is locked.", SOON);
    other.line("meanwhile");
    other.words.wait_for("Message 1: waiting.", SOON);
    assert!(!lines.out.all().iter().any(|line| line.contains("meanwhile")));
    lines.line("/login");
    lines.line("marmalade");
    lines.out.wait_for("gustav: meanwhile", SOON);
    lines.line("/lock");
    lines.words.wait_for("is locked.", SOON);
    lines.line("/quit");
    assert_eq!(lines.exit_code(SOON), 0);
}

#[test]
fn programs_log_in_lock_and_change_the_password() {
    let network = local_name();
    let (hilde, _gustav) = two(&network);
    let mut json = hilde.lines(&network, &["--json"]);
    let event = |json: &mut support::Plain, name: &str| -> Value {
        let line = json.out.wait_for(&format!("\"event\":\"{name}\""), SOON);
        serde_json::from_str(&line).unwrap()
    };
    assert_eq!(event(&mut json, "profile.locked")["why"], "start");
    assert_eq!(event(&mut json, "prompt")["what"], "password");
    json.line(r#"{"send":"hello"}"#);
    assert_eq!(event(&mut json, "error")["kind"], "usage");
    json.line(r#"{"login":"marmelade"}"#);
    assert_eq!(event(&mut json, "error")["message"], "The password is wrong.");
    json.line(r#"{"login":"marmalade"}"#);
    assert_eq!(event(&mut json, "profile.opened")["password"], true);
    let listed = event(&mut json, "conversation.listed");
    assert_eq!((&listed["name"], &listed["trust"]), (&"gustav".into(), &"verified".into()));
    json.line(r#"{"open":"gustav"}"#);
    assert_eq!(event(&mut json, "conversation.selected")["conversation"], listed["conversation"]);
    json.line(r#"{"change_password":{"old":"marmelade","new":"otter lantern"}}"#);
    assert_eq!(event(&mut json, "error")["kind"], "usage");
    json.line(r#"{"change_password":{"old":"marmalade","new":"otter lantern"}}"#);
    assert_eq!(event(&mut json, "profile.password")["bits"], 28);
    json.line(r#"{"lock":true}"#);
    assert_eq!(event(&mut json, "profile.locked")["why"], "asked");
    json.line(r#"{"login":"otter lantern"}"#);
    event(&mut json, "profile.opened");
    assert_eq!(event(&mut json, "conversation.selected")["conversation"], listed["conversation"]);
    json.line(r#"{"quit":true}"#);
    assert_eq!(json.exit_code(SOON), 0);
}

#[test]
fn an_input_that_ends_before_the_login_is_said() {
    let network = local_name();
    let (hilde, _gustav) = two(&network);
    let mut lines = hilde.lines(&network, &[]);
    lines.words.wait_for("is locked.", SOON);
    lines.line("/login");
    lines.close_input();
    assert_eq!(lines.exit_code(SOON), 2);
    let words = lines.all_words(SOON);
    assert!(words.contains("The input ended before the password was given."), "{words}");
}

/// Renamed, and kept for so long: both are there after a restart, and so is what was begun to be written.
#[test]
fn what_was_chosen_for_a_conversation_outlives_the_program() {
    let network = local_name();
    let (hilde, _gustav) = two(&network);
    let mut first = hilde.plain(&network, &["--with", "gustav"]);
    first.line("/rename Gustav Adolf");
    first.words.wait_for("gustav is Gustav Adolf from now on", SOON);
    first.line("/history days 30");
    first.words.wait_for("Messages are kept here for", SOON);
    first.line("/quit");
    assert_eq!(first.exit_code(SOON), 0);
    assert!(hilde.reads(&["contact", "list"]).contains("Gustav Adolf"));
    let mut second = hilde.plain(&network, &["--with", "gustav adolf"]);
    second.words.wait_for("Gustav Adolf is verified", SOON);
    second.line("/status");
    second.words.wait_for("Messages are kept here for", SOON);
    second.line("/search nothing");
    second.words.wait_for("Nothing was found.", SOON);
    second.line("/quit");
    assert_eq!(second.exit_code(SOON), 0);
}
