//! The report's words, from facts given.

use super::*;
use crate::environment::hardening::Hardening;
use crate::environment::ram::{MemoryKind, Place};
use crate::environment::swap::Swap;

fn place(label: &'static str, verdict: Verdict) -> (Place, Verdict) {
    (Place { label, path: "/home/ana/secret".into() }, verdict)
}

fn facts() -> Facts {
    let usable = Verdict::Usable { kind: MemoryKind::Tmpfs, free: Some(600 << 20) };
    Facts {
        version: "0.1.0".to_owned(),
        features: vec!["arti".to_owned()],
        system: "Debian GNU/Linux 13".to_owned(),
        kernel: "Linux 6.18.44 x86_64".to_owned(),
        now: 1_795_269_900,
        utc_offset: Some(3_600),
        terminal: Terminal {
            input: true,
            output: true,
            errors: false,
            size: Some((80, 24)),
            term: Some("xterm-256color".to_owned()),
            colorterm: None,
            no_color: false,
            utf8: true,
        },
        places: vec![
            place("$XDG_RUNTIME_DIR", Verdict::Full { free: 3 << 20 }),
            place("/dev/shm", usable),
            place("/run/user/<your id>", Verdict::Missing),
            place("/tmp", Verdict::Disk),
        ],
        hardening: Hardening {
            no_core_files: true,
            not_dumpable: true,
            memory: MemoryLock::LimitTooLow { limit: 8 << 20 },
            swap: Swap::Unencrypted { places: vec!["/dev/sda2".to_owned()] },
            can_hibernate: true,
        },
        lock_limit: Some(8 << 20),
        open_files: Some(1_024),
        log: None,
    }
}

fn steps() -> Vec<Step> {
    let step = |name: &str, state, words: &str, took| Step {
        name: name.to_owned(),
        state,
        words: words.to_owned(),
        took,
    };
    vec![
        step("directory", State::Good, "fetched", Some(Duration::from_millis(12_340))),
        step("guard", State::Bad, "192.0.2.7:443 refused\nfor /home/ana", None),
        step("onion service", State::Plain, "not tried", None),
    ]
}

#[test]
fn the_text_is_the_golden_one() {
    let text = Report::new(facts(), steps()).to_text();
    assert_eq!(text, include_str!("../../../tests/golden/doctor.txt"));
}

#[test]
fn the_json_is_the_golden_one() {
    let found = Report::new(facts(), steps()).to_json();
    let golden: Value =
        serde_json::from_str(include_str!("../../../tests/golden/doctor.json")).unwrap();
    assert_eq!(found, golden, "{found:#}");
}

#[test]
fn only_what_keeps_the_program_from_running_is_bad() {
    assert!(!Report::new(facts(), steps()).is_good());
    assert!(Report::new(facts(), Vec::new()).is_good());
    let mut nowhere = facts();
    nowhere.places.remove(1);
    let report = Report::new(nowhere, Vec::new());
    assert!(!report.is_good());
    assert!(report.to_text().contains("! one can be used      no: Undertone can't start"));
}

#[test]
fn foreign_words_are_scrubbed_wherever_they_stand() {
    let secret = "7zzfpbd3hsnbxwyrd5b5qnnl2jmjr3bcmqxqxp3cnk3dnsbb7fsjrjad";
    let mut facts = facts();
    for field in [&mut facts.system, &mut facts.kernel, &mut facts.version] {
        field.push_str(secret);
    }
    facts.hardening.memory = MemoryLock::Refused { reason: secret.to_owned() };
    facts.features.push(secret.to_owned());
    let step =
        Step { name: secret.to_owned(), state: State::Good, words: secret.to_owned(), took: None };
    let report = Report::new(facts, vec![step]);
    for text in [report.to_text(), report.to_json().to_string()] {
        assert!(!text.contains("7zzfpbd3"), "{text}");
    }
}

#[test]
fn a_clock_before_the_program_is_wrong() {
    let mut facts = facts();
    facts.now = 0;
    facts.utc_offset = None;
    let text = Report::new(facts, Vec::new()).to_text();
    assert!(text.contains("! UTC                  1970-01-01 00:00\n"), "{text}");
    assert!(text.contains("  time zone            unknown: times are shown in UTC\n"), "{text}");
}

#[test]
fn the_log_that_was_asked_for_is_named_as_written() {
    let mut facts = facts();
    facts.log = Some(LogTarget::File("/home/ana/log".into()));
    let text = Report::new(facts, Vec::new()).to_text();
    assert!(text.contains("the log, to the file that you named"), "{text}");
    assert!(!text.contains("ana"), "{text}");
}
