//! What a session takes of memory and of the disk, and how fast it is read back.

use undertone_ratchet::session::{MAX_CHAIN, MAX_SKIPPED, Session};

use crate::goals::SESSIONS;
use crate::measure::{median, microseconds};
use crate::ratchet::Ours;
use crate::run::Failure;

/// Measurements of each time, and restores in each.
const TIMES: usize = 100;
const RESTORES: u32 = 8;

/// Lines after each epoch.
const LINES: u32 = 40;

/// The states of all copies together, in bytes: far more than what is free in the allocator before.
const COPIES: usize = 32 << 20;

pub(crate) fn report() -> Result<(), Failure> {
    let ours = Ours::meet()?;
    told("fresh", &ours.ends[0])?;

    let mut ours = Ours::meet()?;
    for _ in 0..3 {
        ours.pass_epoch()?;
        for _ in 0..LINES {
            ours.say(b"a line of a conversation")?;
            ours.turn_round();
        }
    }
    told("after 3 epochs and 120 lines", &ours.ends[0])?;

    told(&format!("with {MAX_SKIPPED} skipped keys"), &with_skipped()?)
}

/// An end that waits for as many packets as it ever does.
fn with_skipped() -> Result<Session, Failure> {
    let mut ours = Ours::meet()?;
    let mut packet = Vec::new();
    for _ in 0..=MAX_SKIPPED.div_ceil(usize::try_from(MAX_CHAIN)?) {
        ours.pass_epoch()?;
        // All of a chain gets lost but its last packet.
        while ours.ends[0].room() > 0 {
            packet.clear();
            ours.ends[0].encrypt(b"lost", &mut packet, &mut ours.rng)?;
        }
        ours.ends[1].decrypt(&packet, 0, &mut Vec::new())?;
        ours.turn_round();
        ours.say(b"answer")?;
        ours.turn_round();
    }
    Ok(Session::from_bytes(&ours.ends[1].to_bytes())?)
}

fn told(name: &str, session: &Session) -> Result<(), Failure> {
    let state = session.to_bytes();
    let restore = || -> Result<f64, Failure> {
        microseconds(RESTORES, || {
            Session::from_bytes(&state)?;
            Ok(())
        })
    };
    let times = (0..TIMES).map(|_| restore()).collect::<Result<Vec<_>, _>>()?;
    let time = median(times).ok_or("no time")?;
    println!(
        "{SESSIONS}: {name}: {} bytes in memory, {} bytes as state, read back in {time:.1} µs: {:.0} a second",
        memory(&state)?,
        state.len(),
        1e6 / time
    );
    Ok(())
}

/// What each of many copies adds to the memory of this process, the allocator's own bytes included.
fn memory(state: &[u8]) -> Result<usize, Failure> {
    let copies = COPIES / state.len();
    let before = resident()?;
    let held = (0..copies).map(|_| Session::from_bytes(state)).collect::<Result<Vec<_>, _>>()?;
    let after = resident()?;
    Ok(after.saturating_sub(before) / held.len().max(1))
}

/// Resident bytes of this process, which Linux tells in thousands of 1,024.
fn resident() -> Result<usize, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(number.ok_or("no resident memory in /proc/self/status")?.trim().parse::<usize>()? << 10)
}
