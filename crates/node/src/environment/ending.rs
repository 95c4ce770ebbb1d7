//! The ways out of the program that drop nothing: a panic, a second Ctrl-C, a deadline.
//!
//! Each restores the terminal, removes the directory in memory and ends the whole process. A
//! panic in one task never leaves half a program running: the hook itself ends the process, so
//! nothing can catch the panic, and no payload is printed, for it could quote what was typed.
//!
//! The first thread that gets here does it all; others that follow wait for the end. Should it
//! hang (the terminal's lock may be held by a thread that waits, and the C library's exit
//! handlers run beside threads that still work), a watchdog thread removes the directory and kills
//! the process. `SIGKILL` instead of `abort`: it can't be caught, and asks for no core dump. A panic
//! inside the hook aborts the process, as Rust has it; core dumps are off then (see
//! [`hardening`](super::hardening)), and the directory goes at the next start.

use std::io::Write as _;
use std::panic::{Location, PanicHookInfo};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{ram, redact};

/// The exit code after a panic: a fault of the program itself.
pub const EXIT_FAULT: u8 = 1;
/// How long an ending may take before the watchdog kills the process.
const GRACE: Duration = Duration::from_secs(2);

static RESTORE: OnceLock<fn()> = OnceLock::new();
static ENDING: AtomicBool = AtomicBool::new(false);

/// Makes every panic end the program, and tells all endings how to restore the terminal.
///
/// `restore` puts the terminal back as it was found; it must do nothing if that was done before,
/// and must not panic. Only the first call's is kept.
pub fn install_panic_hook(restore: fn()) {
    // A second installation changes nothing.
    let _ = RESTORE.set(restore);
    std::panic::set_hook(Box::new(on_panic));
}

/// Ends the program now: restores the terminal, removes the directory in memory, exits.
///
/// Nothing is dropped and nobody is told goodbye. For the second Ctrl-C.
pub fn end_now(code: u8) -> ! {
    end(code, None)
}

/// Ends the program with `code` when it hasn't ended by itself within `limit`, for the time after
/// a signal asked for an orderly end.
pub fn end_within(limit: Duration, code: u8) {
    // Without a thread to spare the orderly end has all the time it takes.
    drop(std::thread::Builder::new().name("deadline".to_owned()).spawn(move || {
        std::thread::sleep(limit);
        end_now(code)
    }));
}

fn on_panic(info: &PanicHookInfo<'_>) {
    end(EXIT_FAULT, Some(info.location()));
}

/// `fault` is where a panic came from, if this is one.
fn end(code: u8, fault: Option<Option<&Location<'_>>>) -> ! {
    if ENDING.swap(true, Ordering::SeqCst) {
        loop {
            std::thread::park();
        }
    }
    watch();
    if let Some(restore) = RESTORE.get() {
        restore();
    }
    if let Some(location) = fault {
        // There is nobody to tell when the error stream is closed.
        drop(writeln!(std::io::stderr(), "{}", sentence(location)));
    }
    ram::remove_all();
    std::process::exit(code.into())
}

/// Kills the process if the ending that begins now hangs.
fn watch() {
    // No thread, no watchdog: the ending goes on.
    drop(std::thread::Builder::new().name("watchdog".to_owned()).spawn(|| {
        std::thread::sleep(GRACE);
        ram::remove_all();
        let this = rustix::process::getpid();
        let _ = rustix::process::kill_process(this, rustix::process::Signal::KILL);
    }));
}

/// What is said after a panic: where it was, never what it was about.
fn sentence(location: Option<&Location<'_>>) -> String {
    let place = location.map(|location| {
        // The last three parts name crate, module and file; what is before them, the machine
        // that the program was built on.
        let parts: Vec<&str> = location.file().split('/').collect();
        let file = parts.get(parts.len().saturating_sub(3)..).unwrap_or_default().join("/");
        format!(" ({}:{})", redact::scrub(&file), location.line())
    });
    format!(
        "Undertone has ended because of a fault in the program{}. Nothing of this conversation \
         was kept.",
        place.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_says_where_and_nothing_else() {
        let here = Location::caller();
        let line = here.line();
        assert_eq!(
            sentence(Some(here)),
            format!(
                "Undertone has ended because of a fault in the program \
                 (src/environment/ending.rs:{line}). Nothing of this conversation was kept."
            )
        );
        assert!(sentence(None).contains("program. Nothing"));
    }
}
