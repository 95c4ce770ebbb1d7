//! A log of the whole process holds no address, key or code, whoever logs.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod environment;

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt as _;

use environment::{role, start};
use undertone_node::environment::log::{self, LogError, LogLevel, LogTarget};

const ONION: &str = "7zzfpbd3hsnbxwyrd5b5qnnl2jmjr3bcmqxqxp3cnk3dnsbb7fsjrjad";

fn act(argument: &str) {
    let target = LogTarget::from_argument(OsStr::new(argument));
    log::init(&target, LogLevel::Info).unwrap();
    assert!(matches!(log::init(&target, LogLevel::Info), Err(LogError::Twice)));
    tracing::info!(target: "tor_hsclient::connect", "trying {ONION}.onion by 192.0.2.7");
    tracing::debug!("not asked for");
    let inner = std::thread::spawn(|| tracing::error!(code = "93-otter-lantern-mesa", "thread"));
    inner.join().unwrap();
}

fn check(text: &str) {
    let lines: Vec<_> = text.lines().filter(|line| line.contains("Z ")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].ends_with("INFO tor_hsclient::connect: trying [id].onion by [ip]"), "{text}");
    assert!(lines[1].contains("ERROR") && lines[1].contains("[code]"), "{text}");
}

#[test]
fn the_file_has_what_was_asked_for_and_nothing_secret() {
    if let Some(role) = role() {
        return act(&role);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let test = "the_file_has_what_was_asked_for_and_nothing_secret";
    let ended = start(test, path.to_str().unwrap(), |_| {}).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    check(&std::fs::read_to_string(&path).unwrap());
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let ended = start(test, "stderr", |_| {}).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    check(&ended.errors);
}
