//! Benches of Undertone against its peers.
//!
//! Each goal is a line: name, ours, the peer's, the ratio with its 95 % interval, the goal, and
//! whether it is met. Ours and the peer's alternate, so that both see the same machine. What has a
//! bound and no peer is told by its median and by that of its values which the bound is for. Other
//! lines report what has no goal.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool at the terminal, and between its processes, speaks on the standard streams"
)]

mod goals;
#[cfg(feature = "tor")]
mod latency;
mod measure;
mod otr;
mod ratchet;
mod run;
mod sessions;
#[cfg(feature = "store")]
mod store;

use std::process::ExitCode;

use crate::goals::{CHUNK, PACKET_1K, PACKET_32, PACKET_64K, SESSIONS, TURN, Wanted};
use crate::goals::{OTR_CHECK, OTR_MESSAGE, OTR_MESSAGE_1K, OTR_SESSION, OTR_TURN};
use crate::run::{Measure, MeasureAlone, Measures, Report};

/// What measures the goals.
const GOALS: &[(Wanted, Measure)] = &[
    (PACKET_32, ratchet::short),
    (PACKET_1K, ratchet::kib),
    (PACKET_64K, ratchet::long),
    (TURN, ratchet::turn),
    (CHUNK, ratchet::chunk),
    (OTR_MESSAGE, otr::message),
    (OTR_MESSAGE_1K, otr::kib),
    (OTR_TURN, otr::turn),
    (OTR_SESSION, otr::session),
    (OTR_CHECK, otr::check),
    #[cfg(feature = "tor")]
    (goals::LATENCY, latency::measure),
    #[cfg(feature = "store")]
    (goals::STORE_SENDS, store::sends),
];

const BOUNDS: &[(goals::Bound, MeasureAlone)] = &[
    #[cfg(feature = "store")]
    (goals::STORE_SCREEN, store::screen),
    #[cfg(feature = "store")]
    (goals::STORE_PAGE, store::page),
    #[cfg(feature = "store")]
    (goals::STORE_SEARCH, store::search),
    #[cfg(feature = "store")]
    (goals::STORE_MEMORY, store::memory),
];

const REPORTS: &[(&str, Report)] = &[(SESSIONS, sessions::report)];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    #[cfg(feature = "tor")]
    if let [first, configuration] = arguments.as_slice()
        && first == latency::PEER
    {
        return match latency::peer(configuration.as_ref()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    run::run(&arguments, Measures { goals: GOALS, bounds: BOUNDS, reports: REPORTS })
}
