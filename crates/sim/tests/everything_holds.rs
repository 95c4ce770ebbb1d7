//! Some seeds, and each fault alone, so that a mistake shows before the long run.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use undertone_sim::{Counts, Fault, Lie, Outcome, Script, Size, generate, play};

/// Plays lines among two engines that have met; all must hold.
fn held(head: &str, lines: &str) -> Counts {
    let script: Script = format!("{head}\n{lines}").parse().unwrap();
    let Outcome { counts, violation } = play(&script);
    assert_eq!(violation, None, "{script}");
    counts
}

const TWO: &str = "seed 3 engines 2";

#[test]
fn seeds_hold_and_show_something() {
    let mut counts = Counts::default();
    for seed in 0..60 {
        let script = generate(seed, Size::Small);
        let outcome = play(&script);
        assert_eq!(outcome.violation, None, "{script}");
        counts.add(&outcome.counts);
    }
    assert_eq!(counts.lacks(300, 3, 1), [""; 0], "{counts}");
}

#[test]
fn a_hundred_engines_hold() {
    let outcome = play(&generate(1, Size::Large));
    assert_eq!(outcome.violation, None);
    assert!(outcome.counts.inputs > 1_000, "{}", outcome.counts);
}

#[test]
fn the_same_script_gives_the_same_run() {
    for seed in 100..110 {
        let script = generate(seed, Size::Small);
        let written: Script = script.to_string().parse().unwrap();
        assert_eq!(play(&script).counts, play(&written).counts);
    }
    let other = |seed| play(&generate(seed, Size::Small)).counts;
    assert_ne!(other(1), other(2));
}

#[test]
fn a_text_arrives_without_any_fault() {
    let counts = held(TWO, "+9000 ~1 say 0 1 2 9\n+9 ~1 say 1 0 1 70000\n+9000 ~2 calm");
    // The last one is longer than a text may be.
    assert_eq!((counts.texts, counts.arrived), (2, 2));
    assert_eq!(counts.faults, [0; Fault::ALL.len()]);
}

/// Each fault happens, is counted as what it is, and loses nothing.
#[test]
fn each_fault_is_what_it_is_called() {
    let faults = [
        (Fault::Cut, "cut 0 1 500"),
        (Fault::Hole, "hole 0 1"),
        (Fault::Reorder, "slow 0 1 3000"),
        (Fault::Delay, "delay 0 1 3000"),
        (Fault::Duplicate, "twice 0 1"),
        (Fault::Replay, "again 0 1"),
        (Fault::CrashBefore, "crash 0 before 1 500"),
        (Fault::CrashDuring, "crash 0 during 500"),
        (Fault::CrashAfter, "crash 0 after 1 500"),
        (Fault::DiskFull, "full 0 1"),
        (Fault::ClockForward, "clock 0 7200"),
        (Fault::ClockBack, "clock 0 -7200"),
        (Fault::Leap, "leap 0 7200"),
        (Fault::Offline, "offline 0 5000"),
    ];
    for (fault, line) in faults {
        let said = "+0 ~3 say 0 1 1 1000";
        let lines = format!("+9000 ~1 say 1 0 1 9\n{said}\n+5000 ~2 {line}\n{said}\n+9 ~4 calm");
        let counts = held(TWO, &lines);
        assert_eq!(counts.of(fault), 1, "{line}");
        assert_eq!(counts.faults.iter().sum::<u64>(), 1, "{line}");
        assert_eq!(counts.texts, counts.arrived, "{line}");
        // A text that was asked for in what was not stored was never taken.
        assert!(counts.texts >= 2, "{line}");
    }
}

/// A crash at every place around a commit takes the old state or the new one.
#[test]
fn a_crash_leaves_a_text_taken_or_not_taken() {
    let taken = |how: &str| {
        let lines = format!("+9000 ~1 crash 0 {how} 500\n+0 ~2 say 0 1 1 9\n+9 ~3 calm");
        held(TWO, &lines).texts
    };
    assert_eq!(taken("before 1"), 0);
    assert_eq!(taken("after 0"), 1);
    assert_eq!(taken("after 1"), 1);
    assert_eq!(taken("after 99"), 1);
}

#[test]
fn an_old_disk_and_an_old_machine_come_back() {
    for (fault, line) in [(Fault::Restore, "restore 0"), (Fault::Rewind, "rewind 0")] {
        let lines = format!(
            "+9000 ~1 backup 0\n+0 ~2 say 0 1 9 9\n+5000 ~3 {line}\n+9000 ~4 say 0 1 9 30\n+9 ~5 calm"
        );
        assert_eq!(held(TWO, &lines).of(fault), 1, "{line}");
    }
}

/// On a slow way a repair may be done on the next stream before its end arrives on the one before; what comes late
/// then puts nothing in the place of the newer session.
#[test]
fn the_late_end_of_an_older_repair_changes_nothing() {
    let lines = "+1000 ~2ef7ec2f backup 1\n+100 ~5ddf9689 restore 1\n+10 ~6720b9fe crash 2 after 3 33387\n\
                 +1544 ~115ba2e5 slow 0 1 4673\n+10000 ~65493367 calm";
    assert_eq!(held("seed 503 engines 3", lines).of(Fault::Restore), 1);
}

/// Whatever a contact says, nothing that must hold breaks, and the conversation with somebody else
/// goes on.
#[test]
fn each_lie_is_told_and_breaks_nothing() {
    for lie in Lie::ALL {
        let name = format!("{lie:?}").to_lowercase();
        let told = format!("+700 ~3 lie 1 {name}\n").repeat(5);
        let lines = format!("+20000 ~1 lie 1 text\n{told}+9 ~4 say 1 0 3 9\n+9 ~5 calm");
        let counts = held("seed 4 engines 2 liar", &lines);
        assert!(counts.of(Fault::Lie) >= 2, "{name}");
        assert!(counts.arrived >= 3, "{name}");
    }
}
