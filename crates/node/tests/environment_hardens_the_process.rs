//! Core dumps are off, nobody attaches, and memory is locked where the limit allows it.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod environment;

use environment::{role, say, start, wait_forever};
use rustix::process::{DumpableBehavior, Signal};
use undertone_node::environment::hardening::{self, LockLimit, MIN_LOCK_LIMIT, MemoryLock};

fn kibibytes(id: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn there_are_no_core_dumps() {
    if role().is_some() {
        let hardening = hardening::harden(LockLimit { bytes: Some(8 << 20), privileged: false });
        assert!(hardening.no_core_files && hardening.not_dumpable);
        let dumpable = rustix::process::dumpable_behavior().unwrap();
        say(matches!(dumpable, DumpableBehavior::NotDumpable));
        wait_forever();
    }
    let mut child = start("there_are_no_core_dumps", "x", |_| {});
    assert_eq!(child.line(), "true");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let limits: Vec<_> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(limits, ["0", "0"], "{core}");
    assert_eq!(kibibytes(child.id(), "VmLck"), 0, "nothing is locked below the limit");
    child.signal(Signal::ABORT);
    let ended = child.end();
    assert_eq!((ended.signal, ended.dumped), (Some(6), false), "{ended:?}");
}

#[test]
fn memory_is_locked_as_it_is_touched() {
    if role().is_some() {
        // This process may lock anything, or at least as much as it has; what is tried is what
        // happens from a sufficient limit on.
        let hardening =
            hardening::harden(LockLimit { bytes: Some(MIN_LOCK_LIMIT), privileged: true });
        let later = vec![1_u8; 4 << 20];
        say(match &hardening.memory {
            MemoryLock::Locked => "locked",
            MemoryLock::Refused { .. } => "refused",
            _ => "not tried",
        });
        assert_eq!(later.iter().map(|byte| u64::from(*byte)).sum::<u64>(), 4 << 20);
        wait_forever();
    }
    let mut child = start("memory_is_locked_as_it_is_touched", "x", |_| {});
    let limit = LockLimit::read();
    let said = child.line();
    if limit.privileged || limit.bytes.is_none_or(|bytes| bytes >= MIN_LOCK_LIMIT) {
        assert_eq!(said, "locked");
        let id = child.id();
        assert!(kibibytes(id, "VmLck") >= 4 << 10, "what came later is locked too");
        assert!(kibibytes(id, "VmRSS") < kibibytes(id, "VmSize"), "only what was touched is there");
    } else {
        assert_eq!(said, "refused");
        assert_eq!(kibibytes(child.id(), "VmLck"), 0);
    }
    child.signal(Signal::KILL);
    let _ended = child.end();
}

#[test]
fn the_allocator_is_bound_by_running_the_program_once_more() {
    const ARENAS: &str = "MALLOC_ARENA_MAX";
    if let Some(role) = role() {
        let bytes = if role == "bound" { MIN_LOCK_LIMIT } else { MIN_LOCK_LIMIT - 1 };
        hardening::bound_allocator(LockLimit { bytes: Some(bytes), privileged: false });
        say(std::process::id());
        say(std::env::var(ARENAS).unwrap_or("unset".to_owned()));
        say(std::env::args().nth(2).unwrap());
        return;
    }
    let test = "the_allocator_is_bound_by_running_the_program_once_more";
    for (role, before, after) in
        [("bound", None, "1"), ("bound", Some("4"), "4"), ("free", None, "unset")]
    {
        let mut child = start(test, role, |command| {
            command.env_remove(ARENAS);
            command.envs(before.map(|value| (ARENAS, value)));
        });
        let id = child.id().to_string();
        assert_eq!(
            [child.line(), child.line(), child.line()],
            [id, after.to_owned(), test.to_owned()]
        );
        assert_eq!(child.end().code, Some(0));
    }
}
