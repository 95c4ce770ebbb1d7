//! A thousand strangers at the meeting place, all at once: some send garbage, some nothing, some a
//! byte now and then. The honest guest pairs, and the host's memory stays where it was.

#![expect(clippy::unwrap_used, reason = "helpers of a test fail like the test")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::{End, PATIENCE, unique};
use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinSet;
use tokio::time::timeout;
use undertone_handle::command::Role;
use undertone_handle::event::{Event, MeetingEvent, MeetingStep};
use undertone_net::local::LocalNetwork;
use undertone_net::{Dial, Network as _};
use undertone_node::network::local;
use undertone_node::propose_code;
use undertone_wire::address::OnionAddress;
use undertone_wire::locator;

const STRANGERS: usize = 1_000;

/// What the strangers may cost at most: 64 streams before their share, and what is on its way.
const ROOM: u64 = 96 * 1024 * 1024;

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Knocks for ever: each stranger that is thrown out comes again.
async fn stranger(
    network: Arc<LocalNetwork>,
    address: OnionAddress,
    manner: usize,
    visits: Arc<AtomicUsize>,
) {
    loop {
        let dial = Dial { address, client_auth: None, timeout: Duration::from_secs(10) };
        let Ok(mut stream) = network.dial(dial).await else {
            tokio::task::yield_now().await;
            continue;
        };
        visits.fetch_add(1, Ordering::Relaxed);
        let byte = [u8::try_from(manner % 256).unwrap()];
        let mut beat = tokio::time::interval(Duration::from_secs(2));
        match manner % 3 {
            // Garbage until the other end has had enough.
            0 => while stream.write_all(&byte.repeat(1_000)).await.is_ok() {},
            // Nothing for a while.
            1 => {
                beat.tick().await;
                beat.tick().await;
            }
            // A byte now and then.
            _ => loop {
                beat.tick().await;
                if stream.write_all(&byte).await.is_err() {
                    break;
                }
            },
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_honest_guest_pairs_and_memory_stays_bounded() {
    let name = unique("crowd");
    let code = propose_code().unwrap();
    let mut host = End::begin(local(&name), Role::Host, &code).await;
    host.event(|event| {
        let Event::Meeting(_, MeetingEvent::Step(step)) = event else { return None };
        matches!(step, MeetingStep::Reachable { .. }).then_some(())
    })
    .await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let day = locator::days(now.as_secs()).today;
    let address = locator::derive(&code.locator(), "local", day).unwrap().address();

    let before = resident();
    let crowd = Arc::new(LocalNetwork::new(&name));
    crowd.start();
    let mut strangers = JoinSet::new();
    let visits = Arc::new(AtomicUsize::new(0));
    for manner in 0..STRANGERS {
        let (crowd, visits) = (Arc::clone(&crowd), Arc::clone(&visits));
        strangers.spawn(stranger(crowd, address, manner, visits));
    }
    // The guest comes into the thick of it, not before the crowd.
    let thick = async {
        while visits.load(Ordering::Relaxed) < STRANGERS {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, thick).await.expect("the strangers found the way");
    let begin = Instant::now();
    let mut guest = End::begin(local(&name), Role::Guest, &code).await;
    guest.open().await;
    host.open().await;
    let visits = visits.load(Ordering::Relaxed);
    println!("paired among {STRANGERS} strangers, {visits} visits, within {:?}", begin.elapsed());
    guest.say("through the crowd").await;
    assert_eq!(host.text().await, "through the crowd");
    // A derivation takes 256 MiB and gives them back; near midnight the other day's may still be under way. What is left
    // after it must be little.
    let derived = timeout(PATIENCE, async {
        while resident().saturating_sub(before) >= ROOM {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let settled = derived.await.is_ok();
    let grown = resident().saturating_sub(before);
    println!("memory grew by {} KiB, the strangers' own ends included", grown / 1024);
    assert!(settled, "memory grew by {grown} bytes and stayed");
}
