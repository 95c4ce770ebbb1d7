//! A day of two people with lasting profiles, over the loopback network: nothing of it can be read in any file of
//! theirs, whether the program ended in order or was killed; and of what they deleted nothing is left in the pages of
//! the database either, whoever has the key.

#![cfg(feature = "sqlcipher")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

#[path = "../../store/tests/support/mod.rs"]
mod bytes;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::{Value, json};
use support::{Place, Plain, SOON, local, local_name};
use undertone_engine::storage::View as _;
use undertone_store::key::Protection;
use undertone_store::profile::Profile;

const PASSWORD: &str = "bramble-otter-lantern";
const CODE: &str = "93-anchor-basket-cabin";
const NAMES: [&str; 2] = ["Wilhelmina", "Ottokarius"];

/// One of the two: where everything of theirs is, and where nothing is looked for.
struct One {
    home: tempfile::TempDir,
    outside: tempfile::TempDir,
    network: String,
    own: &'static str,
    peer: &'static str,
}

impl One {
    fn new(network: &str, own: &'static str, peer: &'static str) -> Self {
        let (home, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        fs::write(outside.path().join("code"), format!("{CODE}\n")).unwrap();
        let one = Self { home, outside, network: network.to_owned(), own, peer };
        one.run(&["profile", "new", "p", "--password-file", &one.given("password")]);
        one
    }

    fn given(&self, name: &str) -> String {
        self.outside.path().join(name).to_str().unwrap().to_owned()
    }

    fn start(&self, arguments: &[&str]) -> Plain {
        let home = self.home.path();
        let variables = vec![("XDG_DATA_HOME", home.to_str().unwrap()), ("UNDERTONE_HOME", "")];
        Plain::start_in(&Place { home: Some(home), variables }, arguments)
    }

    /// Runs a command that ends by itself, and gives what it wrote.
    fn run(&self, arguments: &[&str]) -> String {
        let mut program = self.start(arguments);
        program.close_input();
        let code = program.exit_code(SOON);
        assert_eq!(code, 0, "{arguments:?}: {}", program.all_words(SOON));
        program.out.to_the_end(SOON).join("\n")
    }

    fn chat(&self, arguments: &[&str]) -> Plain {
        let password = self.given("password");
        let mut all = vec!["--json", "chat", "--password-file", &password];
        all.extend(local(&self.network));
        all.extend(arguments);
        self.start(&all)
    }

    fn meet(&self, role: &str) -> Plain {
        let names = ["--nick", self.own, "--peer", self.peer];
        let code = self.given("code");
        self.chat(&[&[role, "--keep", "--no-smp", "--code-file", &code], &names[..]].concat())
    }

    fn resume(&self) -> Plain {
        self.chat(&["--with", self.peer])
    }

    fn database(&self) -> PathBuf {
        let profiles = fs::read_dir(self.home.path().join("undertone/profiles")).unwrap();
        let folder = profiles.map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
        folder.unwrap().join("profile.db")
    }
}

fn wait(program: &mut Plain, event: &str) -> Value {
    program.out.wait_until(event, SOON, |line| {
        let line: Value = serde_json::from_str(line).ok()?;
        (line["event"] == event).then_some(line)
    })
}

fn say(from: &mut Plain, to: &mut Plain, text: &str) -> [u64; 2] {
    from.line(&json!({ "send": text }).to_string());
    let own = wait(from, "message.queued")["message"].as_u64().unwrap();
    [own, wait(to, "message.received")["message"].as_u64().unwrap()]
}

/// Ends a program in order.
fn end(program: &mut Plain) {
    program.signal(Signal::TERM);
    assert_eq!(program.exit_code(SOON), 143);
}

fn nowhere(folder: &Path, canaries: &[(&str, Vec<u8>)], when: &str) {
    let files = bytes::files(folder);
    assert!(!files.is_empty());
    for file in files {
        for (what, canary) in canaries {
            assert_eq!(bytes::count(&file, canary), 0, "{what} in a file {when}");
        }
    }
}

fn words(words: &[&'static str]) -> Vec<(&'static str, Vec<u8>)> {
    words.iter().map(|word| (*word, word.as_bytes().to_vec())).collect()
}

/// The keys of the only contact, once the database's own lies in the clear.
fn keys(database: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let profile = Profile::open(database, &Protection::Nothing).unwrap();
    let id = profile.contacts()[0];
    let contact = profile.contact(id).unwrap();
    let session = profile.session(id).unwrap();
    let own = &contact.own;
    vec![
        ("address", contact.card.address().0.to_vec()),
        ("own address", own.public().address().0.to_vec()),
        ("onion seed", own.onion_seed().0.as_bytes().to_vec()),
        ("client key", own.client_auth_secret().as_bytes().to_vec()),
        ("certificate seed", own.certificate_seed().as_bytes().to_vec()),
        ("identity", own.identity_secret().as_bytes().to_vec()),
        ("recovery key", contact.recovery.keys.current().as_bytes().to_vec()),
        // Not its first bytes, which every session has.
        ("session", session[session.len() / 2..][..24].to_vec()),
    ]
}

#[test]
fn nor_is_anything_left_of_what_was_deleted() {
    let name = local_name();
    let ones = [One::new(&name, NAMES[0], NAMES[1]), One::new(&name, NAMES[1], NAMES[0])];
    let [host, guest] = &ones;

    // The morning: they meet, talk, change what they said. One ends in order, the other falls down.
    let (mut hosts, mut guests) = (host.meet("-s"), guest.meet("-c"));
    for program in [&mut hosts, &mut guests] {
        wait(program, "conversation.open");
    }
    say(&mut hosts, &mut guests, "quokkasunrise by the weir");
    let [_, received] = say(&mut guests, &mut hosts, "bring the marzipanladder");
    let [edited, _] = say(&mut hosts, &mut guests, "nobody at trellisfog");
    hosts.line(
        &json!({ "edit": { "message": edited, "text": "not before gondolaharvest" } }).to_string(),
    );
    wait(&mut guests, "message.edited");
    hosts.line(&json!({ "react": { "message": received, "sign": "👍" } }).to_string());
    wait(&mut guests, "message.reacted");
    let seen = words(&[
        "quokkasunrise",
        "marzipanladder",
        "trellisfog",
        "gondolaharvest",
        PASSWORD,
        CODE,
        NAMES[0],
        NAMES[1],
    ]);
    for one in &ones {
        nowhere(one.home.path(), &seen, "while they talk");
    }
    end(&mut hosts);
    guests.kill();
    for one in &ones {
        nowhere(one.home.path(), &seen, "after the morning");
    }

    // The afternoon: both come back, look something up, and delete. What was deleted is known by its words.
    let password = host.given("password");
    let found = host.run(&["--json", "message", "search", "quokka", "--password-file", &password]);
    assert!(found.contains("quokkasunrise"), "{found}");
    let (mut hosts, mut guests) = (host.resume(), guest.resume());
    let [gone, gone_there] = say(&mut hosts, &mut guests, "meet me at the velvetobservatory");
    say(&mut guests, &mut hosts, "periwinkleengine it is");
    hosts.line(&json!({ "delete": gone }).to_string());
    assert_eq!(wait(&mut guests, "message.deleted")["message"], gone_there);
    hosts.line(&json!({ "delete": received }).to_string());
    wait(&mut hosts, "message.deleted");
    end(&mut guests);
    end(&mut hosts);

    // The evening: a thief has the files, and later the password too.
    let stolen: Vec<Vec<u8>> = ones.iter().flat_map(|one| bytes::files(one.home.path())).collect();
    for one in &ones {
        let password = one.given("password");
        one.run(&["profile", "password", "p", "--password-file", &password, "--new-none"]);
    }
    let all = words(&["velvetobservatory", "periwinkleengine"]).into_iter().chain(seen);
    let keys: Vec<_> = ones.iter().map(|one| keys(&one.database())).collect();
    let key_files = ones.iter().map(|one| {
        let file = fs::read(one.database().with_extension("db.key")).unwrap();
        ("the database's key", file[17..].to_vec())
    });
    let canaries: Vec<_> = all.chain(keys.iter().flatten().cloned()).chain(key_files).collect();
    for file in &stolen {
        for (what, canary) in &canaries {
            assert_eq!(bytes::count(file, canary), 0, "{what} in a file");
        }
    }
    for (one, gone) in [
        (host, ["velvetobservatory", "trellisfog", "marzipanladder"].as_slice()),
        (guest, &["velvetobservatory", "trellisfog"]),
    ] {
        let pages = bytes::pages(&one.database());
        for word in gone {
            assert_eq!(bytes::count(&pages, word.as_bytes()), 0, "{word} after it was deleted");
        }
        for word in ["quokkasunrise", "gondolaharvest", "periwinkleengine", one.peer] {
            assert!(bytes::count(&pages, word.as_bytes()) > 0, "{word} is kept");
        }
    }

    // The night: the host deletes the guest with all that belongs to it.
    let mut delete = host.start(&["contact", "delete", host.peer, "--no-password"]);
    delete.line(host.peer);
    assert_eq!(delete.exit_code(SOON), 0, "{}", delete.all_words(SOON));
    let pages = bytes::pages(&host.database());
    let kept = keys[0].iter().cloned().chain(words(&[
        "quokkasunrise",
        "gondolaharvest",
        host.peer,
        host.own,
    ]));
    for (what, canary) in kept {
        assert_eq!(bytes::count(&pages, &canary), 0, "{what} after the contact was deleted");
    }
}

/// A program that falls down leaves no image of its memory.
#[test]
fn no_core_is_dumped() {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{Command, Stdio};

    let home = tempfile::tempdir().unwrap();
    for signal in [Signal::ABORT, Signal::ILL] {
        // A shell that lets its children dump as much as they like.
        let mut shell = Command::new("sh");
        let program = format!(
            "ulimit -c unlimited 2>/dev/null; exec {} --json chat -s --network local",
            support::PROGRAM
        );
        shell.args(["-c", &program]).env("HOME", home.path()).current_dir(home.path());
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = shell.spawn().unwrap();
        let mut first = [0];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut first).unwrap();
        support::signal(child.id(), signal);
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(signal.as_raw()));
        assert!(!status.core_dumped());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
