//! Somebody asks at a public address and is accepted: two programs with profiles of their own, killed and
//! started again on the way.

#![expect(clippy::panic, clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::fs;

use support::kept::Side;
use support::{Plain, SOON, local_name};

/// The address in a line that says one.
fn address_in(line: &str) -> String {
    let words = line.split_whitespace();
    let mut found = words.filter(|word| word.starts_with("undertone:") && word.len() == 66);
    found.next_back().unwrap_or_else(|| panic!("no address in {line:?}")).to_owned()
}

/// No file of a side's home has one of these texts in it.
fn assert_nowhere(side: &Side, texts: &[&str]) {
    let (mut folders, mut files) = (vec![side.home().to_path_buf()], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = fs::read(&path) {
                files += 1;
                for text in texts {
                    let found = bytes.windows(text.len()).any(|there| there == text.as_bytes());
                    assert!(!found, "{text} stands in {}", path.display());
                }
            }
        }
    }
    assert!(files > 2, "the profile's files are not found");
}

/// Answers questions, each when it is asked.
fn answer(side: &mut Plain, answers: [(&str, &str); 2]) {
    for (question, said) in answers {
        side.words.wait_for(question, SOON);
        side.line(said);
    }
}

/// Asks as bob, and waits until that has arrived.
fn ask(asker: &mut Plain, address: &str, greeting: &str) {
    asker.line(&format!("/ask {address}"));
    answer(asker, [("Your name, as they will see it", "bob"), ("Their name", "Ana")]);
    asker.words.wait_for("What to say with it", SOON);
    asker.line(greeting);
    asker.words.wait_for("Your request has arrived", SOON);
}

/// Starts the program of who has accepted until it has reached whoever asked: each start tries at once, and then
/// not for twenty minutes.
fn reached(side: &Side, network: &str) -> Plain {
    for _ in 0..5 {
        let mut owner = side.plain(network, &[]);
        let told = owner.words.wait_until("reached or not", SOON, |line| {
            let begun = line.contains("has begun");
            (begun || line.contains("was not reached")).then_some(begun)
        });
        if told {
            return owner;
        }
        end(&mut owner);
    }
    panic!("never reached")
}

fn end(side: &mut Plain) {
    side.line("/quit");
    assert_eq!(side.exit_code(SOON), 0, "{}", side.words.all().join("\n"));
}

#[test]
fn a_request_and_its_acceptance_outlive_kills() {
    let (ana, bob) = (Side::new("ana", None), Side::new("bob", Some("anchor basket cabin")));
    let name = local_name();
    let mut owner = ana.plain(&name, &[]);
    owner.words.wait_for("nobody yet", SOON);
    owner.line("/address on");
    let address = address_in(&owner.words.wait_for("Your address is reachable", SOON));

    let mut asker = bob.plain(&name, &[]);
    asker.words.wait_for("nobody yet", SOON);
    ask(&mut asker, &address, "I saw the barges.");
    asker.kill();
    owner.words.wait_for("Somebody who calls themselves “bob” asks you", SOON);
    owner.words.wait_for("| I saw the barges.", SOON);
    owner.kill();

    // Both know of it, without a network too.
    assert!(ana.reads(&["address"]).contains(&address));
    assert!(ana.reads(&["request", "list"]).contains("bob"));
    assert!(bob.reads(&["request", "list"]).contains("arrived"));
    let label = address.trim_start_matches("undertone:");
    for side in [&ana, &bob] {
        assert_nowhere(side, &["barges", label]);
    }

    let mut owner = ana.plain(&name, &[]);
    owner.words.wait_for("+ 1 request", SOON);
    owner.line("/accept bob");
    answer(&mut owner, [("Your name, as they will see it", "ana"), ("Their name", "Robert")]);
    owner.words.wait_for("They are called until they answer", SOON);
    // Whoever asked is away; both programs are started again before they meet.
    owner.kill();
    let mut asker = bob.plain(&name, &[]);
    asker.words.wait_for("The local network is ready", SOON);
    let mut owner = reached(&ana, &name);
    for (side, partner) in [(&mut owner, "Robert"), (&mut asker, "Ana")] {
        if partner == "Ana" {
            side.words.wait_for("has begun", SOON);
        }
        side.line(&format!("/open {partner}"));
        side.words.wait_for("unverified", SOON);
    }
    asker.line("seven of them");
    owner.out.wait_for("seven of them", SOON);
    owner.line("tell me more");
    asker.out.wait_for("tell me more", SOON);
    end(&mut asker);
    end(&mut owner);
    for (side, partner) in [(&ana, "Robert"), (&bob, "Ana")] {
        assert!(side.reads(&["contact", "list"]).contains(partner));
        let left = side.reads(&["request", "list"]);
        assert!(!left.contains("bob") && !left.contains("Ana"), "a request is left: {left}");
    }
}

#[test]
fn who_is_refused_learns_nothing_and_is_not_heard_again() {
    let (ana, bob) = (Side::new("ana", None), Side::new("bob", None));
    let name = local_name();
    let mut owner = ana.plain(&name, &[]);
    owner.line("/address on");
    let address = address_in(&owner.words.wait_for("Your address is reachable", SOON));
    let mut asker = bob.plain(&name, &[]);
    ask(&mut asker, &address, "");
    owner.words.wait_for("“bob” asks you", SOON);
    owner.line("/refuse bob");
    owner.words.wait_for("They learn nothing of a refusal", SOON);
    asker.line("/requests");
    asker.words.wait_for("arrived, no answer yet", SOON);
    asker.line("/withdraw Ana");
    asker.words.wait_for("You have taken your request to Ana back", SOON);
    end(&mut asker);
    end(&mut owner);
}
