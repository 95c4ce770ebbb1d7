//! The way to the network: tries until it is there, and says what was seen on the way.

use std::time::Duration;

use arti_client::status::BootstrapStatus;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tor_circmgr::DirInfo;
use tor_netdir::Timeliness;
use undertone_net::{NetworkStatus, NetworkStep};

use crate::{Attempt, Client, bootstrap, words};

/// The pause after the first failure; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_secs(2);
/// The longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// A clock is told to be wrong from here on. Directories are valid for hours and don't show it, but
/// both ends must agree on the day to find each other.
const SKEW_NOTABLE: i64 = 15 * 60;
/// How often a relay is asked for the time while that fails, and otherwise.
const SKEW_RETRY: Duration = Duration::from_secs(15);
const SKEW_AGAIN: Duration = Duration::from_secs(15 * 60);
/// How long a relay may take to answer.
const SKEW_TIMEOUT: Duration = Duration::from_secs(60);

/// Without news Arti's state is looked at so often: a directory expires silently.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// Follows `client` until `closing` is true.
pub(crate) async fn run(
    client: Client,
    mut attempt: Attempt,
    status: watch::Sender<NetworkStatus>,
    mut closing: watch::Receiver<bool>,
) {
    let mut events = client.bootstrap_events();
    let mut found = false;
    let mut trouble = None;
    let mut pause = PAUSE_MIN;
    let mut skew = None;
    // Arti's own estimate comes from eight relays on: so many it meets only while none lets it in,
    // as with a clock that is off by days and finds all their certificates expired.
    let mut estimates = match client.circmgr() {
        Ok(circuits) => circuits.skew_events().boxed(),
        Err(_) => futures::stream::pending().boxed(),
    };
    let mut asking = ask_time(client.clone(), Instant::now());
    loop {
        let step = step(&client.bootstrap_status(), trouble.as_deref(), skew);
        status.send_if_modified(|old| {
            let new = NetworkStatus { step, clock_skew: skew };
            let changed = *old != new;
            *old = new;
            changed
        });
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => return,
            outcome = &mut attempt, if !found => match outcome {
                Ok(()) => {
                    found = true;
                    trouble = None;
                }
                Err(kind) => {
                    trouble = Some(words::of(kind));
                    attempt = after(pause, client.clone());
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            },
            answer = &mut asking => {
                let again = match answer {
                    Some(seconds) => {
                        skew = notable(seconds);
                        SKEW_AGAIN
                    }
                    None => SKEW_RETRY,
                };
                asking = ask_time(client.clone(), Instant::now() + again);
            }
            Some(estimate) = estimates.next() => {
                if let Some(estimate) = estimate.filter(|estimate| estimate.noteworthy()) {
                    skew = notable(estimate.skew().as_secs_f64());
                }
            }
            event = timeout(LOOK_AGAIN, events.next()) => {
                if matches!(event, Ok(None)) {
                    return;
                }
            }
        }
    }
}

fn after(pause: Duration, client: Client) -> Attempt {
    Box::pin(async move {
        tokio::time::sleep(pause).await;
        bootstrap(&client).await
    })
}

/// Asks the relay that we talk to for its time, as it said in its handshake: how far our clock is
/// ahead, in seconds. One relay can err or lie, so this is told and nothing is done about it.
fn ask_time(client: Client, when: Instant) -> BoxFuture<'static, Option<f64>> {
    let ask = async move {
        let circuits = client.circmgr().ok()?;
        let directory = client.dirmgr().ok()?.netdir(Timeliness::Unchecked).ok();
        let relays = directory.as_deref().map_or(DirInfo::Nothing, DirInfo::from);
        match circuits.get_or_launch_dir(relays).await {
            Ok(circuit) => Some(circuit.first_hop_clock_skew().await.ok()?.as_secs_f64()),
            Err(error) => time_in(&error),
        }
    };
    async move {
        sleep_until(when).await;
        timeout(SKEW_TIMEOUT, ask).await.ok().flatten()
    }
    .boxed()
}

/// What relays said of the time before a handshake with them failed: a clock that is off by days
/// finds their certificates expired.
fn time_in(error: &tor_circmgr::Error) -> Option<f64> {
    match error {
        tor_circmgr::Error::Channel { cause, .. } => Some(cause.clock_skew()?.as_secs_f64()),
        tor_circmgr::Error::RequestFailed(attempts) => {
            attempts.sources().find_map(|attempt| time_in(attempt))
        }
        _ => None,
    }
}

/// The skew in whole seconds, if it is worth telling.
fn notable(seconds: f64) -> Option<i64> {
    let seconds = seconds as i64;
    (seconds.saturating_abs() >= SKEW_NOTABLE).then_some(seconds)
}

fn step(seen: &BootstrapStatus, trouble: Option<&str>, skew: Option<i64>) -> NetworkStep {
    if seen.ready_for_traffic() {
        return NetworkStep::Ready;
    }
    if let Some(seconds) = skew {
        return NetworkStep::Blocked(words::skew(seconds));
    }
    if let Some(why) = seen.blocked().and_then(|blockage| words::blockage(&blockage.kind())) {
        return NetworkStep::Blocked(why);
    }
    match trouble {
        Some(why) => NetworkStep::Blocked(why.to_owned()),
        // 100 would say that it is there; it is there when Arti says so.
        None => NetworkStep::Finding((seen.as_frac() * 100.0).clamp(0.0, 99.0) as u8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_skew_of_a_quarter_of_an_hour_is_told() {
        assert_eq!(notable(0.0), None);
        assert_eq!(notable(899.0), None);
        assert_eq!(notable(900.5), Some(900));
        assert_eq!(notable(-86_400.0), Some(-86_400));
        assert_eq!(notable(f64::INFINITY), Some(i64::MAX));
    }

    #[test]
    fn nothing_seen_is_zero_percent() {
        let nothing = BootstrapStatus::default();
        assert_eq!(step(&nothing, None, None), NetworkStep::Finding(0));
    }

    #[test]
    fn a_wrong_clock_is_said_before_anything_else() {
        let nothing = BootstrapStatus::default();
        let told = step(&nothing, Some("something else"), Some(7_200));
        assert_eq!(told, NetworkStep::Blocked(words::skew(7_200)));
    }
}
