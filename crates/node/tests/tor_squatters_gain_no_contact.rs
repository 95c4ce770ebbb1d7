//! A second Tor client serves a code's meeting place, before the host and after it. Either service
//! may win the guest; nobody gets a contact but with the other honest end, and each end is told
//! within its own limit.

#![cfg(feature = "arti")]
#![expect(clippy::print_stdout, reason = "how long each end took, for who asks")]

mod common;
mod tor;

use std::time::{Duration, Instant};

use common::End;
use tokio::time::timeout;
use tor::{Client, Fate, Leg, TOR, fate, place, private, reachable};
use undertone_engine::limits::{ANSWER_PATIENCE, GUEST_PATIENCE, LOOK_TIMEOUT, LOOKS};
use undertone_handle::Command;
use undertone_handle::command::Role;
use undertone_handle::event::MeetingEnd;
use undertone_node::propose_code;
use undertone_wire::pairing::Host;

/// Beyond a limit: the derivation, and a machine that has other things to do.
const SLACK: Duration = Duration::from_secs(10);

/// A host's limit until it knows whether its code is taken.
const HOST_LIMIT: Duration = Duration::from_millis(LOOK_TIMEOUT * LOOKS as u64);

/// A guest's limit.
const GUEST_LIMIT: Duration = Duration::from_millis(GUEST_PATIENCE + ANSWER_PATIENCE);

/// Waits for the fate of an end that has just begun, no longer than its limit.
async fn fate_within(end: &mut End, limit: Duration) -> Fate {
    let begin = Instant::now();
    let fate = fate(end).await;
    let told = begin.elapsed();
    println!("{fate:?} after {told:.1?}");
    assert!(told < limit + SLACK, "{told:?}");
    fate
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_squatter_before_the_host_is_found_and_the_guest_gives_up() {
    let private = private();
    let (squatters, hosts) = tokio::join!(Client::ready(&private), Client::ready(&private));
    let code = propose_code().unwrap();
    let mut service = squatters.publish(&place(code.locator()).await).await;
    // Takes every stream in, and never says a word.
    let silent = tokio::spawn(async move {
        let mut legs = Vec::new();
        while let Some(stream) = service.incoming.recv().await {
            legs.extend(Leg::answered(stream).await);
        }
    });

    let mut host = End::begin(hosts.lend(), Role::Host, &code).await;
    let told = fate_within(&mut host, HOST_LIMIT).await;
    assert_eq!(told, Fate::Ended(MeetingEnd::CodeTaken));

    let mut guest = End::begin(hosts.lend(), Role::Guest, &code).await;
    let told = fate_within(&mut guest, GUEST_LIMIT).await;
    assert_eq!(told, Fate::Ended(MeetingEnd::PartnerGone));
    silent.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guessing_squatter_after_the_host_gains_nothing_and_the_guest_is_told() {
    let private = private();
    let (squatters, hosts, guests) =
        tokio::join!(Client::ready(&private), Client::ready(&private), Client::ready(&private));
    let (code, wrong) = (propose_code().unwrap(), propose_code().unwrap());
    let seed = place(code.locator()).await;
    let mut host = End::begin(hosts.lend(), Role::Host, &code).await;
    reachable(&mut host).await;
    let mut service = squatters.publish_over(&seed).await;
    let address = seed.address();
    let guessing = tokio::spawn(async move {
        let stream = service.incoming.recv().await.expect("the service lives");
        let mut leg = Leg::answered(stream).await.expect("a channel");
        let player = Host::new(&wrong.password(), "tor", &address, &leg.exporters);
        leg.play_host(player).await
    });

    let mut guest = End::begin(guests.lend(), Role::Guest, &code).await;
    match fate_within(&mut guest, GUEST_LIMIT).await {
        // The guest came to the host.
        Fate::Paired => {
            assert_eq!(fate(&mut host).await, Fate::Paired);
            assert!(!guessing.is_finished());
            guessing.abort();
        }
        told => {
            assert_eq!(told, Fate::Ended(MeetingEnd::PartnerGone));
            assert!(!timeout(TOR, guessing).await.expect("in time").unwrap());
            // The host has heard nothing, waits for the rest of its ten minutes, and can be told
            // to stop by whoever has heard from the guest.
            host.handle.send(Command::GiveUp(host.conversation)).await.unwrap();
            let told = fate_within(&mut host, Duration::ZERO).await;
            assert_eq!(told, Fate::Ended(MeetingEnd::GivenUp));
        }
    }
}
