//! No room, read-only, no right, damaged, newer, busy: a sentence each, exit code 8, nothing lost,
//! and it goes on when the cause is gone.

#![cfg(feature = "sqlcipher")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use support::ratchet::{Person, finish, pair, start, words};

/// Runs a script of the shell as root of a namespace of its own, in which it may mount. `$0` is the
/// program.
fn in_own_namespace(person: &Person, script: &str, input: &[u8]) -> Output {
    let mut command = person.program("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-ec", script, support::PROGRAM]);
    finish(start(command, input))
}

/// Runs a command without the rights of root over the files of others and its own.
fn without_rights(person: &Person, arguments: &[&str], input: &[u8]) -> Output {
    if !rustix::process::geteuid().is_root() {
        return person.run(arguments, input);
    }
    let mut command = person.program("setpriv");
    command.args(["--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"]);
    command.args([support::PROGRAM, "ratchet"]).args(arguments);
    finish(start(command, input))
}

fn assert_says(output: &Output, sentence: &str) {
    assert_eq!(output.status.code(), Some(8), "{}", words(output));
    let words = words(output);
    assert!(words.contains(sentence), "{words}");
    assert_eq!(words.lines().count(), 2, "what happened, and what to do: {words}");
    assert!(words.lines().all(|line| line.ends_with('.')), "{words}");
}

/// A conversation that still works: nothing was lost.
fn assert_goes_on(ana: &Person, ben: &Person) {
    let packet = ana.well(&["encrypt", "ben"], b"on it goes");
    assert_eq!(ben.well(&["decrypt", "ana"], &packet), b"on it goes");
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn no_room() {
    let (ana, ben) = pair();
    // The database on a disk that is filled up to the last byte, and freed again.
    let script = r#"
        mkdir small && mount -t tmpfs -o size=256k,mode=700 tmpfs small
        cp .local/share/undertone/* small/
        cat /dev/zero > small/filler 2> errors || true
        "$0" ratchet --db small/ratchet.db encrypt ben < /etc/hostname > packet && exit 99
        test ! -s packet || exit 98
        rm small/filler
        "$0" ratchet --db small/ratchet.db encrypt ben < /etc/hostname > packet
        exit 8
    "#;
    let output = in_own_namespace(&ana, script, b"");
    assert_says(&output, "no room");
    let packet = std::fs::read(ana.home().join("packet")).unwrap();
    let text = ben.well(&["decrypt", "ana"], &packet);
    assert_eq!(text, std::fs::read("/etc/hostname").unwrap());
}

#[test]
fn no_room_for_what_was_read() {
    let (ana, ben) = pair();
    let text = vec![b'x'; 300_000];
    let packet = ana.well(&["encrypt", "ben"], &text);
    std::fs::write(ben.home().join("packet"), packet).unwrap();
    let script = r#"
        mkdir small && mount -t tmpfs -o size=64k,mode=700 tmpfs small
        "$0" ratchet decrypt ana --output small/out < packet && exit 99
        test -z "$(ls -A small)" || exit 98
        "$0" ratchet decrypt ana > small/out < packet 2> errors && exit 97
        "$0" ratchet decrypt ana --output out < packet
        exit 8
    "#;
    let output = in_own_namespace(&ben, script, b"");
    assert_says(&output, "nothing is lost");
    assert!(std::fs::read(ben.home().join("out")).unwrap() == text);
}

#[test]
fn read_only() {
    let (ana, ben) = pair();
    let script = r#"
        mount --bind .local/share/undertone .local/share/undertone
        mount -o remount,bind,ro .local/share/undertone
        exec "$0" ratchet encrypt ben
    "#;
    let output = in_own_namespace(&ana, script, b"text");
    assert_says(&output, "read-only");
    assert_eq!(output.stdout, b"");
    assert_goes_on(&ana, &ben);
}

#[test]
fn no_right() {
    let (ana, ben) = pair();
    for (path, mode) in [
        (ana.data(), 0o700),
        (ana.data().join("ratchet.db"), 0o600),
        (ana.data().join("ratchet.db.key"), 0o600),
    ] {
        set_mode(&path, 0);
        let output = without_rights(&ana, &["encrypt", "ben"], b"text");
        assert_says(&output, "no right");
        set_mode(&path, mode);
    }
    set_mode(&ana.data(), 0o770);
    assert_says(&ana.run(&["list"], b""), "Other users may write");
    set_mode(&ana.data(), 0o700);
    assert_goes_on(&ana, &ben);
}

#[test]
fn damaged_cut_off_or_without_its_key() {
    let (ana, ben) = pair();
    for name in ["ratchet.db", "ratchet.db.key"] {
        let path = ana.data().join(name);
        let good = std::fs::read(&path).unwrap();
        for length in [0, 10, good.len() / 2] {
            std::fs::write(&path, &good[..length]).unwrap();
            assert_says(&ana.run(&["encrypt", "ben"], b"text"), "damaged");
            // Never made anew.
            assert_eq!(ana.run(&["--no-passphrase", "init", "eve"], b"").status.code(), Some(8));
            assert_eq!(std::fs::read(&path).unwrap(), &good[..length]);
        }
        std::fs::write(&path, &good).unwrap();
    }
    let key = ana.data().join("ratchet.db.key");
    std::fs::rename(&key, ana.home().join("elsewhere")).unwrap();
    assert_says(&ana.run(&["list"], b""), "key file of the database is missing");
    std::fs::rename(ana.home().join("elsewhere"), &key).unwrap();
    assert_goes_on(&ana, &ben);
}

#[test]
fn standard_output_without_room() {
    let (ana, _ben) = pair();
    // Standard output is gone: the packet is not out, and that is said.
    let mut shell = ana.program("sh");
    shell.args(["-c", "\"$0\" ratchet encrypt ben < /dev/null > /dev/full", support::PROGRAM]);
    let output = finish(start(shell, b""));
    assert_says(&output, "Writing the output failed");
}
