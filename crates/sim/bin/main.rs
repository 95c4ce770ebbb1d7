//! The process around the simulator: arguments, threads, what is printed. `cargo xtask sim` runs it.

#![expect(clippy::print_stdout, reason = "a tool at the terminal speaks on standard output")]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use undertone_sim::{Counts, Invariant, Script, Size, generate, play, shrink};

const HELP: &str = "\
undertone-sim seeds N [FROM]     plays N seeds, of which each hundredth is of a hundred engines
undertone-sim soak SECONDS FROM  plays seeds from FROM on until the time is over
undertone-sim script FILE        plays a script
undertone-sim find NAME N        succeeds if one of N seeds breaks the invariant, and none breaks another before";

/// What a run of this many seeds or more must show at the least: inputs and crashes in a seed on average, and how
/// often each kind of fault came up.
const WHOLE: u64 = 10_000;
const INPUTS: u64 = 300;
const CRASHES: u64 = 3;
const FAULTS: u64 = 1_000;

/// Each so manieth seed is of a hundred engines.
const LARGE: u64 = 100;

/// Lines of the longest script that a failure is told by.
const SHORT: usize = 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["seeds", count] => seeds(count, "0"),
        ["seeds", count, from] => seeds(count, from),
        ["soak", seconds, from] => soak(seconds, from),
        ["script", file] => script(file),
        ["find", name, count] => find(name, count),
        _ => Err(HELP.to_owned()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn number(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("{word} is no number"))
}

fn size(seed: u64) -> Size {
    if seed % LARGE == LARGE - 1 { Size::Large } else { Size::Small }
}

/// Plays a number of seeds, and says whether they showed enough and all held.
fn seeds(count: &str, from: &str) -> Result<bool, String> {
    let (count, from) = (number(count)?, number(from)?);
    let end = from.checked_add(count).ok_or("so many seeds there are not")?;
    let run = Run::over(from, end, None);
    println!("{}", run.counts);
    if let Some(seed) = run.failed {
        tell(&generate(seed, size(seed)));
        return Ok(false);
    }
    // Fewer seeds must show as much each.
    let faults = FAULTS.saturating_mul(count) / WHOLE;
    let lacks = run.counts.lacks(INPUTS, CRASHES, faults.min(FAULTS));
    for lack in &lacks {
        println!("too little to show anything: {lack}");
    }
    Ok(lacks.is_empty())
}

/// Plays seeds until the time is over.
fn soak(seconds: &str, from: &str) -> Result<bool, String> {
    let (seconds, from) = (number(seconds)?, number(from)?);
    let run = Run::over(from, u64::MAX, Some(Duration::from_secs(seconds)));
    println!("{}", run.counts);
    if let Some(seed) = run.failed {
        tell(&generate(seed, size(seed)));
    } else {
        println!("goes on with seed {}", from.saturating_add(run.counts.runs));
    }
    Ok(run.failed.is_none())
}

fn script(file: &str) -> Result<bool, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let script: Script = text.parse().map_err(|error| format!("{file}: {error}"))?;
    let outcome = play(&script);
    println!("{}", outcome.counts);
    if let Some(violation) = &outcome.violation {
        println!("{violation}");
    }
    Ok(outcome.violation.is_none())
}

/// Looks for a seed that breaks an invariant, as a planted bug has to.
fn find(name: &str, count: &str) -> Result<bool, String> {
    let wanted = Invariant::ALL.into_iter().find(|invariant| invariant.name() == name);
    let wanted = wanted.ok_or_else(|| format!("there is no invariant {name}"))?;
    let Some(seed) = quietly(|| Run::over(0, number(count).unwrap_or(0), None).failed) else {
        println!("{count} seeds break nothing");
        return Ok(false);
    };
    let script = generate(seed, size(seed));
    let Some(found) = quietly(|| shrink(&script)) else { return Ok(false) };
    let lines = found.script.lines.len();
    println!("seed {seed} shrunk to {lines} lines: {}\n{}", found.violation, found.script);
    Ok(found.violation.invariant == wanted && lines <= SHORT)
}

/// Says what a seed breaks, by a script as short as it can be.
fn tell(script: &Script) {
    println!("FAILED: seed {}", script.seed);
    let Some(found) = quietly(|| shrink(script)) else { return };
    println!("{}\n\n{}", found.violation, found.script);
    println!("Write these lines to a file and play it by: cargo xtask sim --script FILE");
    if found.violation.invariant == Invariant::Alive {
        // Once more, so that the place is told.
        drop(play(&found.script));
    }
}

/// Thousands of runs that end in the same panic need no thousand messages.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = work();
    std::panic::set_hook(hook);
    done
}

/// What many seeds came to.
struct Run {
    counts: Counts,
    /// The first seed, in their order, in which something did not hold.
    failed: Option<u64>,
}

impl Run {
    /// Plays seeds on all processors.
    fn over(from: u64, end: u64, time: Option<Duration>) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the process around the core has a clock")]
        let begin = Instant::now();
        let over = |_: &()| time.is_some_and(|time| begin.elapsed() >= time);
        let (next, stop) = (AtomicU64::new(from), AtomicBool::new(false));
        let sum = Mutex::new(Self { counts: Counts::default(), failed: None });
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) && !over(&()) {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= end {
                            break;
                        }
                        let outcome = play(&generate(seed, size(seed)));
                        let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                        sum.counts.add(&outcome.counts);
                        if outcome.violation.is_some() {
                            // Smaller seeds are with other workers already, or done.
                            sum.failed = Some(sum.failed.map_or(seed, |other| other.min(seed)));
                            stop.store(true, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        sum.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}
