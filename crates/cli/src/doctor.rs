//! `undertone doctor`.

use std::io::Write as _;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use undertone_handle::event::{Event, NetworkStep};
use undertone_handle::words::Kind;
use undertone_handle::{Command, Handle};
use undertone_node::environment::doctor::{Facts, Report, State, Step};

use crate::Exit;
use crate::args::{Doctor, NetworkChoice};
use crate::config::Settings;
use crate::failure::{failure, internal};
use crate::world::{Interrupts, Prepared, connect};

/// How long the doctor waits for the network.
const PATIENCE: Duration = Duration::from_secs(90);

/// What the program was built with.
const FEATURES: &[&str] = match (cfg!(feature = "arti"), cfg!(feature = "sqlcipher")) {
    (true, true) => &["arti", "local", "sqlcipher"],
    (true, false) => &["arti", "local"],
    (false, true) => &["local", "sqlcipher"],
    (false, false) => &["local"],
};

/// Looks at the machine and at the network, and prints a report that is safe to show in public.
pub(crate) async fn doctor(settings: &Settings, doctor: Doctor, prepared: Prepared) -> Exit {
    let facts = Facts::gather(
        env!("CARGO_PKG_VERSION"),
        FEATURES,
        &prepared.hardening,
        prepared.log.as_ref(),
    );
    let interrupts = Interrupts::new(prepared.signals);
    let steps =
        if doctor.offline { Vec::new() } else { network(settings, interrupts.face()).await };
    if let Some(code) = interrupts.code() {
        return Exit::Code(code);
    }
    let report = Report::new(facts, steps);
    let text = if settings.json() { report.to_json().to_string() + "\n" } else { report.to_text() };
    if let Err(error) = std::io::stdout().write_all(text.as_bytes()) {
        return Exit::Failed(internal(&error.kind()));
    }
    if report.is_good() {
        Exit::Code(0)
    } else {
        Exit::Told(failure(Kind::Environment, "Something is not as it should be.", ""))
    }
}

/// Tries the network, in the steps that are seen.
async fn network(settings: &Settings, wishes: mpsc::Receiver<()>) -> Vec<Step> {
    let name = match settings.network.value {
        NetworkChoice::Arti => "Tor",
        NetworkChoice::Local => "loopback",
    };
    let step = |state, words: String, took| Step { name: name.to_owned(), state, words, took };
    let connection = match connect(settings.network.value, &settings.details()) {
        Ok(connection) => connection,
        Err(error) => return vec![step(State::Bad, error.message, None)],
    };
    let mut steps: Vec<Step> =
        connection.notices.iter().map(|words| step(State::Plain, words.clone(), None)).collect();
    match undertone_node::start(connection.network.clone(), undertone_node::in_memory()) {
        Ok((handle, node)) => {
            steps.extend(look(handle, wishes, step).await);
            node.ended().await;
        }
        Err(error) => steps.push(step(State::Bad, error.to_string(), None)),
    }
    steps
}

/// Follows the way to the network until it is found, time is up, or somebody wishes an end.
async fn look(
    mut handle: Handle,
    mut wishes: mpsc::Receiver<()>,
    step: impl Fn(State, String, Option<Duration>) -> Step,
) -> Vec<Step> {
    let begin = Instant::now();
    let mut steps = Vec::new();
    let mut last = String::from("nothing was seen of it");
    loop {
        let left = PATIENCE.saturating_sub(begin.elapsed());
        let event = tokio::select! {
            event = tokio::time::timeout(left, handle.event()) => event,
            Some(()) = wishes.recv() => break,
        };
        let Ok(Some(event)) = event else {
            steps.push(step(State::Bad, format!("not reached: {last}"), Some(begin.elapsed())));
            break;
        };
        let Event::Network(state) = event else { continue };
        if let Some(off) = state.clock_off_by_seconds {
            let words = undertone_handle::words::clock_off(off);
            steps.push(step(State::Bad, words, Some(begin.elapsed())));
        }
        match state.step {
            NetworkStep::Ready => {
                steps.push(step(State::Good, "reached".to_owned(), Some(begin.elapsed())));
                break;
            }
            NetworkStep::Finding { percent } => last = format!("found to {percent} %"),
            NetworkStep::Blocked { reason } => last = reason,
        }
    }
    // The node may have ended already.
    let _ended = handle.send(Command::Shutdown).await;
    while handle.event().await.is_some() {}
    steps
}
