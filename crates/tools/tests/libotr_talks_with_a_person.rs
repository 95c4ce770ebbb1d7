//! `otr talk` over a port with libotr: a private conversation in versions 2 and 3, in short lines, a
//! check that either side begins, the extra key and an end.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a helper fails its test")]

#[path = "talk/mod.rs"]
mod talk;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use talk::Person;
use undertone_interop::{Libotr, POLICY_V2, POLICY_V3, Said, folder};

/// libotr at the other end of a connection, whose lines are what it sends and receives.
struct Ben {
    libotr: Libotr,
    lines: BufReader<TcpStream>,
    stream: TcpStream,
    said: Vec<Said>,
}

impl Ben {
    fn connect(port: &str, policy: u32) -> Self {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let libotr = Libotr::start(target, &folder().unwrap(), policy, Some(400)).unwrap();
        let stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap());
        Self { libotr, lines, stream, said: Vec::new() }
    }

    /// Gives a command, sends what libotr wants sent, and notes the rest.
    fn does(&mut self, command: &str, texts: &[&str]) {
        for said in self.libotr.tell(command, texts).unwrap() {
            if said.name == "send" {
                // A query of libotr has a line end in it, which would end a line of the carrier.
                let line = said.text(0).replace('\n', " ");
                self.stream.write_all(format!("{line}\n").as_bytes()).unwrap();
            } else {
                self.said.push(said);
            }
        }
    }

    /// Reads lines until libotr has said this.
    fn reads_until(&mut self, name: &str, is_it: impl Fn(&Said) -> bool) -> Said {
        loop {
            let found = self.said.iter().position(|said| said.name == name && is_it(said));
            if let Some(at) = found {
                return self.said.remove(at);
            }
            let mut line = String::new();
            self.lines.read_line(&mut line).unwrap();
            assert!(!line.is_empty() && line.len() <= 401, "{line:?}; {:?}", self.said);
            self.does("recv", &[line.trim_end_matches('\n')]);
        }
    }

    fn hears(&mut self, text: &str) {
        self.reads_until("text", |said| said.text(0) == text);
    }

    fn learns(&mut self, outcome: &str) {
        self.reads_until("smp", |said| said.words[0] == outcome);
    }
}

/// Both in private, in this version.
fn meet(versions: &str, spoken: &str, policy: u32, we_ask: bool) -> (Person, Ben) {
    let mut ana = Person::start(&["--listen", "0", "--versions", versions, "--max-line", "400"]);
    let mut ben = Ben::connect(&ana.port(), policy);
    if we_ask {
        ana.types("/otr");
    } else {
        ben.does("query", &[]);
    }
    ben.reads_until("secure", |said| said.words[0] == format!("v{spoken}"));
    ana.reads(&format!("A private conversation has begun, in version {spoken}."));
    (ana, ben)
}

#[test]
fn they_talk_in_private_whoever_asks() {
    for (versions, spoken, policy) in [
        ("3", "3", POLICY_V3),
        ("2", "2", POLICY_V2 | POLICY_V3),
        ("2,3", "3", POLICY_V2 | POLICY_V3),
        ("2,3", "2", POLICY_V2),
    ] {
        for we_ask in [true, false] {
            let (mut ana, mut ben) = meet(versions, spoken, policy, we_ask);
            let theirs = ben.libotr.tell("fingerprint", &[]).unwrap();
            ana.types("/fingerprint");
            let shown = ana.reads("Their fingerprint: ");
            assert!(shown.ends_with(&theirs[0].words[1..].join(" ")), "{shown} {theirs:?}");
            let long = "a long text ".repeat(100);
            for text in ["hello", "ünïcödé ✓", long.trim()] {
                ana.types(text);
                ben.hears(text);
                ben.does("say", &[text]);
                ana.hears(&format!("them: {text}"));
            }
            ana.types("/quit");
            ben.reads_until("disconnected", |_| true);
            assert_eq!(ana.leaves(), Ok(()));
        }
    }
}

#[test]
fn either_side_asks_for_a_secret() {
    let (mut ana, mut ben) = meet("3", "3", POLICY_V3, true);
    for (secret, outcome, told) in
        [("swan", "success", "The check succeeded"), ("goose", "failure", "The check failed")]
    {
        ana.types("/smp Which bird?");
        ana.types("swan");
        let asked = ben.reads_until("smp", |said| said.words[0] == "ask-answer");
        assert_eq!(asked.text(2), "Which bird?");
        ben.does("answer", &[secret]);
        ben.learns(outcome);
        ana.reads(told);

        ben.does("smp", &["swan"]);
        ana.reads("The other side asks whether you know the same secret.");
        ana.types("/answer");
        ana.types(secret);
        ben.learns(outcome);
        ana.reads(told);
    }
    ana.types("/extra-key 7 file");
    let ours = ana.reads("The extra key, for use 7: ");
    let theirs = ben.reads_until("symkey", |said| said.words[0] == "7");
    assert!(ours.ends_with(&theirs.words[2]), "{ours} {theirs:?}");
    ben.does("end", &[]);
    ana.reads("The other side has ended the private conversation.");
}
