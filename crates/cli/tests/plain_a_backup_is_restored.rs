//! A profile is backed up, its home is gone, and the backup is restored in another: both sides are
//! told, and texts flow both ways.

#![cfg(feature = "sqlcipher")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a helper fails its test")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use serde_json::Value;
use support::ratchet::Person;
use support::{PROGRAM, SOON, local, local_name};

/// A program that runs, and its events.
struct Running {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Running {
    fn start(person: &Person, network: &str, arguments: &[&str]) -> Self {
        let mut command = person.program(PROGRAM);
        command.args(["--json", "chat"]).args(arguments).arg("--no-password").args(local(network));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (tell, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
        });
        let input = child.stdin.take().unwrap();
        Self { child, input, lines }
    }

    fn say(&mut self, text: &str) {
        writeln!(self.input, "{{\"send\":\"{text}\"}}").unwrap();
    }

    /// Waits for an event with this value in a field. Events before it are passed over.
    fn wait_for(&self, name: &str, field: &str, value: &str) -> Value {
        let begin = Instant::now();
        let mut all = Vec::new();
        while let Some(left) = SOON.checked_sub(begin.elapsed()) {
            let Ok(line) = self.lines.recv_timeout(left) else { break };
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["event"] == name && (field.is_empty() || event[field] == value) {
                return event;
            }
            all.push(line);
        }
        panic!("no {name} with {field} {value}:\n{}", all.join("\n"));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended in between.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn run(person: &Person, arguments: &[&str]) -> Output {
    person.program(PROGRAM).args(arguments).output().unwrap()
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What the profile keeps of the conversation with somebody.
fn kept(person: &Person, partner: &str) -> Vec<String> {
    let output = run(person, &["--json", "message", "list", partner, "--no-password"]);
    assert!(output.status.success(), "{}", words(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| line["text"].as_str().unwrap().to_owned()).collect()
}

fn owner() -> Person {
    let person = Person::without_database();
    let made = run(&person, &["profile", "new", "p", "--no-password"]);
    assert!(made.status.success());
    person
}

#[test]
fn texts_flow_both_ways_after_a_restore_on_another_machine() {
    let network = local_name();
    let (host, guest) = (owner(), owner());
    let shared = host.home().to_owned();
    let put = |name: &str, line: &str| {
        let path = shared.join(name);
        std::fs::write(&path, format!("{line}\n")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let code = put("code", "93-anchor-basket-cabin");
    let passphrase = put("words", "other words than those of any profile");
    let backup = shared.join("p.backup").to_str().unwrap().to_owned();

    let meet = |role, own, peer| {
        [role, "--keep", "--no-smp", "--nick", own, "--peer", peer, "--code-file", &code]
    };
    let mut one = Running::start(&host, &network, &meet("-s", "hilde", "gustav"));
    let mut two = Running::start(&guest, &network, &meet("-c", "gustav", "hilde"));
    one.wait_for("conversation.open", "", "");
    two.wait_for("conversation.open", "", "");
    one.say("before");
    two.wait_for("message.received", "text", "before");
    two.say("before too");
    one.wait_for("message.received", "text", "before too");
    drop(two);

    let create = ["backup", "create", &backup, "--no-password", "--passphrase-file", &passphrase];
    let made = run(&guest, &create);
    assert!(made.status.success(), "{}", words(&made));
    assert!(words(&made).contains("one contact, 2 messages"), "{}", words(&made));
    assert!(words(&made).contains("each contact is told"), "{}", words(&made));
    let again = run(&guest, &create);
    assert_eq!(again.status.code(), Some(2), "{}", words(&again));

    let two = Running::start(&guest, &network, &["--with", "hilde"]);
    one.say("after the backup");
    let queued = one.wait_for("message.queued", "text", "after the backup");
    two.wait_for("message.received", "text", "after the backup");
    // What has no receipt would come once more.
    while one.wait_for("message.delivery", "state", "delivered")["message"] != queued["message"] {}
    drop((one, two));
    drop(guest);

    let other = Person::without_database();
    let restore =
        ["--json", "backup", "restore", &backup, "--no-password", "--passphrase-file", &passphrase];
    let wrong = put("wrong", "no such words");
    let refused = run(&other, &[&restore[..6], &[wrong.as_str()]].concat());
    assert_eq!(refused.status.code(), Some(2), "{}", words(&refused));
    let made = run(&other, &restore);
    assert!(made.status.success(), "{}", words(&made));
    let line: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!((&line["event"], &line["profile"]), (&"backup.restored".into(), &"p".into()));
    assert_eq!((&line["contacts"], &line["messages"]), (&1.into(), &2.into()));
    assert!(words(&made).contains("nothing is sent before both sides"), "{}", words(&made));
    let taken = run(&other, &restore);
    assert_eq!(taken.status.code(), Some(2), "{}", words(&taken));
    assert_eq!(kept(&other, "hilde"), ["before", "before too"]);

    let mut one = Running::start(&host, &network, &["--with", "gustav"]);
    let mut two = Running::start(&other, &network, &["--with", "hilde"]);
    two.wait_for("repair", "state", "needed");
    two.say("from another machine");
    two.wait_for("repair", "state", "restored");
    one.wait_for("repair", "state", "peer_restored");
    one.wait_for("message.received", "text", "from another machine");
    one.say("glad to hear it");
    two.wait_for("message.received", "text", "glad to hear it");
    drop((one, two));
    assert_eq!(
        kept(&other, "hilde"),
        ["before", "before too", "from another machine", "glad to hear it"]
    );
    assert_eq!(
        kept(&host, "gustav"),
        ["before", "before too", "after the backup", "from another machine", "glad to hear it"]
    );
    assert!(!Path::new(&format!("{backup}.new")).exists());
}

/// Contacts alone: nothing of what was said is in it.
#[test]
fn a_backup_without_history_has_contacts_alone() {
    let person = owner();
    let file = person.home().join("p.backup");
    let file = file.to_str().unwrap();
    let passphrase = person.home().join("words");
    std::fs::write(&passphrase, "words\n").unwrap();
    let passphrase = passphrase.to_str().unwrap();
    let made = run(
        &person,
        &[
            "backup",
            "create",
            file,
            "--no-history",
            "--no-password",
            "--passphrase-file",
            passphrase,
        ],
    );
    assert!(made.status.success(), "{}", words(&made));
    assert!(words(&made).contains("0 contacts, 0 messages"), "{}", words(&made));
    let restored = run(
        &person,
        &[
            "backup",
            "restore",
            file,
            "--profile",
            "q",
            "--no-password",
            "--passphrase-file",
            passphrase,
        ],
    );
    assert!(restored.status.success(), "{}", words(&restored));
    let list = run(&person, &["profile", "list"]);
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(list.contains("p  ") && list.contains("q  "), "{list}");
}
