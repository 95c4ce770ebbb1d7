//! Every way out restores the terminal, removes the directory in memory and ends everything.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod environment;

use std::time::Duration;

use environment::{Ended, Running, entries, memory, role, say, start, wait_forever};
use rustix::process::Signal;
use undertone_node::environment::ram::{Place, RamDir};
use undertone_node::environment::{ending, hardening, signals};

fn restore() {
    say("restored");
}

/// Makes the directory in the place that the role names; what is left of the role is the way out.
fn begin(role: &str) -> (RamDir, &str) {
    let (path, way) = role.split_once(' ').unwrap();
    let ram = RamDir::create_in(&[Place { label: "test", path: path.into() }]).unwrap();
    std::fs::write(ram.path().join("file"), "x").unwrap();
    (ram, way)
}

fn run(test: &str, way: &str, act: impl FnOnce(&mut Running)) -> Ended {
    let base = memory();
    let mut child = start(test, &format!("{} {way}", base.path().display()), |_| {});
    act(&mut child);
    let ended = child.end();
    assert!(entries(base.path()).is_empty(), "{ended:?}");
    ended
}

#[test]
fn a_panic_ends_the_program_without_its_words() {
    if let Some(role) = role() {
        let _hardening = hardening::harden(hardening::LockLimit::read());
        ending::install_panic_hook(restore);
        let (_ram, way) = begin(&role);
        match way {
            "thread" => {
                let _thread = std::thread::spawn(|| panic!("93-otter-lantern-mesa"));
                wait_forever();
            }
            "caught" => {
                let _caught = std::panic::catch_unwind(|| panic!("93-otter-lantern-mesa"));
            }
            "task" => {
                let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
                let task = runtime.spawn(async { panic!("93-otter-lantern-mesa") });
                let _lost = runtime.block_on(task);
            }
            "many" => {
                for _ in 0..8 {
                    let _thread = std::thread::spawn(|| panic!("93-otter-lantern-mesa"));
                }
                wait_forever();
            }
            _ => panic!("93-otter-lantern-mesa"),
        }
        say("went on");
        return;
    }
    for way in ["here", "thread", "caught", "task", "many"] {
        let ended = run("a_panic_ends_the_program_without_its_words", way, |_| {});
        assert_eq!(ended.code, Some(1), "{way} {ended:?}");
        assert!(!ended.dumped);
        assert_eq!(ended.out.matches("restored").count(), 1, "{way} {ended:?}");
        assert!(!ended.out.contains("went on"), "{way} {ended:?}");
        let sentences: Vec<_> = ended.errors.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(sentences.len(), 1, "{way} {ended:?}");
        assert!(
            sentences[0].starts_with("Undertone has ended because of a fault in the program (")
                && sentences[0].contains("environment_ends_whole_and_leaves_nothing.rs:"),
            "{way} {ended:?}"
        );
        assert!(!ended.errors.contains("otter"), "{way} {ended:?}");
    }
}

#[test]
fn an_ending_that_hangs_is_cut_short() {
    if let Some(role) = role() {
        ending::install_panic_hook(|| wait_forever());
        let (_ram, _way) = begin(&role);
        panic!("fault");
    }
    let ended = run("an_ending_that_hangs_is_cut_short", "", |_| {});
    assert_eq!(ended.signal, Some(9), "{ended:?}");
}

#[test]
fn a_second_panic_in_the_hook_dumps_nothing() {
    if let Some(role) = role() {
        let _hardening = hardening::harden(hardening::LockLimit::read());
        ending::install_panic_hook(|| panic!("in the hook"));
        say(role);
        panic!("fault");
    }
    let ended = start("a_second_panic_in_the_hook_dumps_nothing", "x", |_| {}).end();
    assert_eq!(ended.signal, Some(6), "{ended:?}");
    assert!(!ended.dumped, "{ended:?}");
}

#[test]
fn an_orderly_end_has_a_deadline() {
    if let Some(role) = role() {
        ending::install_panic_hook(restore);
        let (_ram, _way) = begin(&role);
        ending::end_within(Duration::from_millis(10), 143);
        wait_forever();
    }
    let ended = run("an_orderly_end_has_a_deadline", "", |_| {});
    assert_eq!(ended.code, Some(143), "{ended:?}");
    assert!(ended.out.contains("restored"), "{ended:?}");
}

#[test]
fn the_first_signal_asks_and_a_second_interrupt_insists() {
    if let Some(role) = role() {
        ending::install_panic_hook(restore);
        let (ram, way) = begin(&role);
        let mut signals = signals::listen().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        say("ready");
        let first = runtime.block_on(signals.next()).unwrap();
        say("asked");
        if way == "twice" {
            // An orderly end that never comes: not even the receiver is looked at.
            wait_forever();
        }
        drop(ram);
        std::process::exit(first.exit_code().into());
    }
    let test = "the_first_signal_asks_and_a_second_interrupt_insists";
    for (signal, code) in
        [(Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131), (Signal::TERM, 143)]
    {
        let ended = run(test, "once", |child| {
            assert_eq!(child.line(), "ready");
            child.signal(signal);
            assert_eq!(child.line(), "asked");
        });
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(!ended.out.contains("restored"), "an orderly end restores by itself");

        let ended = run(test, "twice", |child| {
            assert_eq!(child.line(), "ready");
            child.signal(signal);
            assert_eq!(child.line(), "asked");
            child.signal(Signal::INT);
        });
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert!(ended.out.contains("restored"), "{ended:?}");
    }
}
