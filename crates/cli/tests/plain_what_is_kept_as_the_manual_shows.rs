//! What the manual shows of conversations that last, done by two people in a home each: what one said is in both
//! profiles, found, exported and deleted.

#![cfg(feature = "sqlcipher")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use support::chats::code_in;
use support::ratchet::{Person, finish, start, words};
use support::{PROGRAM, Place, Plain, SOON, local, local_name};

fn run(person: &Person, arguments: &[&str], input: &str) -> Output {
    let mut command = person.program(PROGRAM);
    command.args(arguments);
    finish(start(command, input.as_bytes()))
}

fn well(person: &Person, arguments: &[&str], input: &str) -> String {
    let output = run(person, arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", words(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// A chat of somebody with a profile.
fn chat(person: &Person, network: &str, arguments: &[&str]) -> Plain {
    let home = person.home();
    let place = Place {
        home: Some(home),
        // The test's own may be set.
        variables: vec![("UNDERTONE_HOME", ""), ("XDG_DATA_HOME", "")],
    };
    let all = [&["chat", "--plain", "--no-password"], arguments, &local(network)].concat();
    Plain::start_in(&place, &all)
}

#[test]
fn list_search_export_and_delete() {
    let network = local_name();
    let [hilde, gustav] = [(); 2].map(|()| {
        let person = Person::without_database();
        well(&person, &["profile", "new", "home", "--no-password"], "");
        person
    });
    let keep = ["--keep", "--no-smp"];
    let names = ["--nick", "hilde", "--peer", "gustav"];
    let mut host = chat(&hilde, &network, &[&["-s"], &keep[..], &names].concat());
    host.line("");
    let code = code_in(&host.words.wait_for("Say this code to your partner: ", SOON)).unwrap();
    host.words.wait_for("Reachable", SOON);
    let names = ["--nick", "gustav", "--peer", "hilde"];
    let mut guest = chat(&gustav, &network, &[&["-c"], &keep[..], &names].concat());
    guest.line(&code);
    for side in [&mut host, &mut guest] {
        side.words.wait_for("The conversation is open.", SOON);
    }
    host.line("a blue bench by the river");
    host.words.wait_for("Message 1: delivered.", SOON);
    guest.line("I like benches");
    guest.words.wait_for("Message 1: delivered.", SOON);
    // Another is taken back on both sides when its time is over, and exported never.
    host.line("/timer 1h");
    guest.words.wait_for("hilde set a timer", SOON);
    host.line("a bench that goes");
    host.words.wait_for("Message 2: delivered.", SOON);
    for side in [&mut host, &mut guest] {
        side.line("/quit");
        assert_eq!(side.exit_code(SOON), 0);
    }

    let own = ["--no-password"];
    let listed = well(&gustav, &[&["contact", "list"], &own[..]].concat(), "");
    assert!(listed.contains("hilde"), "{listed}");
    let said = well(&gustav, &[&["message", "list", "hilde"], &own[..]].concat(), "");
    assert_eq!(
        said,
        "hilde <- a blue bench by the river\nhilde -> I like benches\nhilde <- a bench that goes\n"
    );
    let found = well(&hilde, &[&["message", "search", "BLUE", "ben"], &own[..]].concat(), "");
    assert_eq!(found, "gustav -> a blue bench by the river\n");
    let newest = ["message", "search", "bench", "--limit", "1"];
    let found = well(&hilde, &[&newest[..], &own].concat(), "");
    assert_eq!(found, "gustav -> a bench that goes\n");

    let around = ["message", "search", "bench", "--context", "1"];
    let found = well(&hilde, &[&around[..], &own].concat(), "");
    assert_eq!(
        found,
        "  gustav <- I like benches\n* gustav -> a bench that goes\n--\n\
         \x20 gustav -> a blue bench by the river\n* gustav <- I like benches\n  gustav -> a bench that goes\n--\n\
         * gustav -> a blue bench by the river\n  gustav <- I like benches\n"
    );
    let around = ["message", "search", "blue", "-C", "1", "--json"];
    let found = well(&hilde, &[&around[..], &own].concat(), "");
    let marks: Vec<bool> = found.lines().map(|line| line.contains("\"found\":true")).collect();
    assert_eq!(marks, [true, false], "{found}");

    let export = [&["message", "export", "hilde", "hilde.txt"], &own[..]].concat();
    let output = run(&gustav, &export, "");
    assert!(output.status.success(), "{}", words(&output));
    assert!(words(&output).contains("2 messages are in the file"), "{}", words(&output));
    assert!(words(&output).contains("One that is to disappear was left out."));
    let file = gustav.home().join("hilde.txt");
    let exported = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = exported.lines().collect();
    assert_eq!(lines.len(), 2, "{exported}");
    assert!(lines[0].ends_with("Z  hilde: a blue bench by the river"), "{exported}");
    assert!(lines[1].ends_with("Z  I: I like benches"), "{exported}");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let again = run(&gustav, &export, "");
    assert_eq!(again.status.code(), Some(2), "{}", words(&again));
    assert!(words(&again).contains("There is a file of that name already"), "{}", words(&again));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), exported);

    let delete = [&["contact", "delete", "hilde"], &own[..]].concat();
    let kept = run(&gustav, &delete, "Hilde\n");
    assert_eq!(kept.status.code(), Some(2), "{}", words(&kept));
    assert!(words(&kept).contains("nothing was deleted"), "{}", words(&kept));
    assert!(well(&gustav, &[&["contact", "list"], &own[..]].concat(), "").contains("hilde"));
    well(&gustav, &delete, "hilde\n");
    assert_eq!(well(&gustav, &[&["contact", "list"], &own[..]].concat(), ""), "");
    assert_eq!(well(&gustav, &[&["message", "search", "bench"], &own[..]].concat(), ""), "");
    let gone = run(&gustav, &[&["chat", "--plain", "--with", "hilde"], &own[..]].concat(), "");
    assert!(words(&gone).contains("There is no contact of this name."), "{}", words(&gone));
}
