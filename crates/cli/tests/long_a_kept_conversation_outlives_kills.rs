//! Both sides of a lasting conversation send all the time and are killed again and again, many times
//! right behind a commit: every text that was taken in arrives once and in order, and the program
//! opens at once each time.
//!
//! The profiles themselves are the witnesses: at the end what one side sent is what the other has.

#![cfg(feature = "sqlcipher")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a helper fails its test")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::ratchet::Person;
use support::{PROGRAM, SOON, local, local_name};

/// How often somebody is killed, if it isn't said in [`KILLS`].
const FEW: usize = 40;
/// Says how often: `cargo xtask soak` has it done more often.
const KILLS: &str = "UNDERTONE_KILLS";

/// How soon a started program has its profile open and says so by its first event.
const AT_ONCE: Duration = Duration::from_secs(10);

/// A pause between two texts of one side: short, so that something is always on its way.
const PACE: Duration = Duration::from_millis(4);

/// One side: its home with a profile, and the program if it runs.
struct Side {
    person: Person,
    network: String,
    partner: &'static str,
    sent: Arc<Mutex<usize>>,
    /// Texts that the program said it had taken in.
    queued: Vec<String>,
    running: Option<Running>,
}

struct Running {
    child: Child,
    lines: Receiver<String>,
    stop: Arc<AtomicBool>,
}

impl Side {
    fn new(network: &str, partner: &'static str) -> Self {
        let person = Person::without_database();
        let side = Self {
            person,
            network: network.to_owned(),
            partner,
            sent: Arc::default(),
            queued: Vec::new(),
            running: None,
        };
        let made =
            side.person.program(PROGRAM).args(["profile", "new", "p", "--no-password"]).output();
        assert!(made.unwrap().status.success());
        side
    }

    fn start(&mut self, arguments: &[&str], feed: bool) {
        let mut command = self.person.program(PROGRAM);
        command.args(["--json", "chat"]).args(arguments).args(["--no-password"]);
        command.args(local(&self.network));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (tell, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        let stop = Arc::new(AtomicBool::new(!feed));
        let mut input = child.stdin.take().unwrap();
        let (stopped, sent) = (Arc::clone(&stop), Arc::clone(&self.sent));
        std::thread::spawn(move || {
            let mut alive = true;
            while alive {
                if !stopped.load(Ordering::SeqCst) {
                    let mut number = sent.lock().unwrap();
                    *number += 1;
                    alive = writeln!(input, "{{\"send\":\"text {number}\"}}").is_ok();
                }
                std::thread::park_timeout(PACE);
            }
        });
        self.running = Some(Running { child, lines, stop });
    }

    fn resume(&mut self, feed: bool) {
        let partner = self.partner;
        self.start(&["--with", partner], feed);
        let begin = Instant::now();
        self.wait_for("network.ready", AT_ONCE);
        assert!(begin.elapsed() < AT_ONCE);
    }

    /// The next event, if one comes in time.
    fn event(&mut self, within: Duration) -> Option<Value> {
        let running = self.running.as_ref().unwrap();
        match running.lines.recv_timeout(within) {
            Ok(line) => {
                let event: Value = serde_json::from_str(&line).unwrap();
                if event["event"] == "message.queued" {
                    self.queued.push(event["text"].as_str().unwrap().to_owned());
                }
                Some(event)
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    fn wait_for(&mut self, name: &str, within: Duration) {
        let begin = Instant::now();
        while let Some(left) = within.checked_sub(begin.elapsed()) {
            match self.event(left) {
                Some(event) if event["event"] == name => return,
                Some(_) => {}
                None => break,
            }
        }
        panic!("no {name} within {within:?}");
    }

    /// Kills the program. What it had said before counts.
    fn kill(&mut self) {
        let mut running = self.running.take().unwrap();
        running.child.kill().unwrap();
        running.child.wait().unwrap();
        while let Ok(line) = running.lines.recv_timeout(SOON) {
            // The last line may be cut.
            let Ok(event) = serde_json::from_str::<Value>(&line) else { break };
            if event["event"] == "message.queued" {
                self.queued.push(event["text"].as_str().unwrap().to_owned());
            }
        }
    }

    /// What the profile keeps: the own texts, those of the partner, and how many wait for a receipt.
    fn kept(&self) -> (Vec<String>, Vec<String>, u64) {
        let lines = |arguments: &[&str]| -> Vec<Value> {
            let mut command = self.person.program(PROGRAM);
            let output = command.args(["--json"]).args(arguments).args(["--no-password"]).output();
            let output = output.unwrap();
            assert!(output.status.success());
            let text = String::from_utf8(output.stdout).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        let messages = lines(&["message", "list", self.partner]);
        let of = |own: bool| {
            let mine = messages.iter().filter(|line| line["own"] == own);
            mine.map(|line| line["text"].as_str().unwrap().to_owned()).collect()
        };
        let waiting = lines(&["contact", "list"])[0]["waiting"].as_u64().unwrap();
        (of(true), of(false), waiting)
    }
}

#[test]
fn every_text_arrives_once_and_in_order() {
    let name = local_name();
    let mut sides = [Side::new(&name, "guest"), Side::new(&name, "host")];
    let code = sides[0].person.home().join("code");
    std::fs::write(&code, "93-anchor-basket-cabin\n").unwrap();
    let code = code.to_str().unwrap().to_owned();
    for (side, role, own) in [(0, "-s", "host"), (1, "-c", "guest")] {
        let partner = sides[side].partner;
        let arguments =
            [role, "--keep", "--no-smp", "--nick", own, "--peer", partner, "--code-file", &code];
        sides[side].start(&arguments, false);
    }
    for side in &mut sides {
        side.wait_for("conversation.open", SOON);
        side.running.as_ref().unwrap().stop.store(false, Ordering::SeqCst);
    }

    let kills = std::env::var(KILLS).map_or(FEW, |kills| kills.parse().unwrap());
    let mut behind_a_commit = 0;
    for round in 0..kills {
        let side = &mut sides[round % 2];
        // Both have heard each other since the last kill.
        side.wait_for("message.received", SOON);
        if round / 2 % 2 == 0 {
            // What is told was committed just before.
            side.wait_for(if round % 4 == 0 { "message.received" } else { "message.queued" }, SOON);
            behind_a_commit += 1;
        } else {
            std::thread::park_timeout(Duration::from_millis(37 * round as u64 % 400));
        }
        side.kill();
        side.resume(true);
    }
    assert!(behind_a_commit * 4 >= kills);

    // Nobody writes any more; what is on its way arrives.
    for side in &mut sides {
        side.running.as_ref().unwrap().stop.store(true, Ordering::SeqCst);
    }
    for side in &mut sides {
        while side.event(Duration::from_secs(8)).is_some() {}
        side.kill();
    }
    let [host, guest] = &sides;
    let (hosts, to_host, host_waits) = host.kept();
    let (guests, to_guest, guest_waits) = guest.kept();
    assert_eq!((host_waits, guest_waits), (0, 0));
    assert_eq!(to_guest, hosts);
    assert_eq!(to_host, guests);
    for (side, own) in [(host, &hosts), (guest, &guests)] {
        assert!(own.len() > kills, "they hardly talked: {}", own.len());
        let mut kept = own.iter();
        for queued in &side.queued {
            assert!(kept.any(|text| text == queued), "{queued} was taken in and is not there");
        }
    }
    println!(
        "{kills} kills, {behind_a_commit} right behind a commit; {} texts one way, {} the other",
        hosts.len(),
        guests.len()
    );
}
