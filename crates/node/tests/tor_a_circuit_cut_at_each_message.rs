//! Over onion services: the circuit is torn down at each message of a pairing. Whoever is left is
//! told, and before the guest's confirmation the two pair all the same.

#![cfg(feature = "arti")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod common;
mod tor;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use common::End;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, duplex, split};
use tor::{Client, Fate, TOR, Wire, fate, private, reachable};
use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, Event, MeetingEnd, MeetingEvent};
use undertone_net::Stream;
use undertone_net::tls::RECORD_LEN;
use undertone_node::propose_code;
use undertone_wire::cell::cells_for;

/// Bytes of the eight messages of a pairing (docs/protocol.md); odd ones are the guest's.
const MESSAGES: [usize; 8] = [36, 36, 33, 33, 1426, 2514, 1137, 49];

/// The guest's guess is spent once this message is out.
const GUEST_CONFIRMATION: usize = 3;

/// Passes on whole TLS records, and ends when the one that begins with cell `stop` has come.
async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    stop: Option<usize>,
) -> io::Result<()> {
    let mut cells = 0;
    loop {
        let mut record = vec![0; 5];
        from.read_exact(&mut record).await?;
        let body = usize::from(u16::from_be_bytes([record[3], record[4]]));
        record.resize(5 + body, 0);
        from.read_exact(&mut record[5..]).await?;
        // What belongs to the handshake has other types or lengths.
        if record[0] == 23 && record.len() == RECORD_LEN {
            if stop == Some(cells) {
                return Ok(());
            }
            cells += 1;
        }
        to.write_all(&record).await?;
        to.flush().await?;
    }
}

/// Tears down the first circuit that is dialled when message `cut`, from 1, would go over it.
fn cut_at(cut: usize) -> Wire {
    let first = Arc::new(AtomicBool::new(true));
    Box::new(move |far: Stream| {
        let armed = first.swap(false, Ordering::SeqCst);
        let same_way = |n: &usize| n % 2 == cut % 2;
        let before: usize = (1..cut).filter(same_way).map(|n| cells_for(MESSAGES[n - 1])).sum();
        let stop = |guests: bool| (armed && guests == (cut % 2 == 1)).then_some(before);
        let (up, down) = (stop(true), stop(false));
        let (near, carried) = duplex(4096);
        tokio::spawn(async move {
            let (from_guest, to_guest) = split(carried);
            let (from_host, to_host) = split(far);
            // The end of one way is the end of both, and of the circuit.
            tokio::select! {
                _ended = pass(from_guest, to_host, up) => {}
                _ended = pass(from_host, to_guest, down) => {}
            }
        });
        Box::new(near)
    })
}

/// A host that can be reached and a guest whose circuit is cut.
async fn pair(hosts: &Client, guests: &Client, cut: usize) -> (End, End) {
    let code = propose_code().unwrap();
    let mut host = End::begin(hosts.lend(), Role::Host, &code).await;
    reachable(&mut host).await;
    let guests = guests.lend_with(None, Some(cut_at(cut)));
    let guest = End::begin(guests, Role::Guest, &code).await;
    (host, guest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_circuit_torn_down_at_any_message_of_the_pairing_is_told() {
    let private = private();
    let (hosts, guests) = tokio::join!(Client::ready(&private), Client::ready(&private));
    for cut in 1..=MESSAGES.len() {
        let begin = Instant::now();
        let (mut host, mut guest) = pair(&hosts, &guests, cut).await;
        println!("cut at {cut}: reachable after {:.1?}", begin.elapsed());
        if cut < GUEST_CONFIRMATION {
            // Nothing is lost: the guest dials again.
            guest.open().await;
            host.open().await;
        } else {
            let gone = Fate::Ended(MeetingEnd::PartnerGone);
            assert_eq!(fate(&mut guest).await, gone, "cut at {cut}");
            match cut {
                // The confirmation never came: one share is used up, and the code lives on.
                GUEST_CONFIRMATION => {
                    let left = |event: &Event| match event {
                        Event::Meeting(_, MeetingEvent::GuessesLeft(left)) => Some(*left),
                        _ => None,
                    };
                    assert_eq!(host.event(left).await, 2);
                }
                4..8 => assert_eq!(fate(&mut host).await, gone, "cut at {cut}"),
                // The host has all it needs and cannot know; it takes the connection for lost.
                _ => {
                    assert_eq!(fate(&mut host).await, Fate::Paired);
                    let event = |event: &ConversationEvent| match event {
                        ConversationEvent::Open => Some(true),
                        ConversationEvent::Link(_) => Some(false),
                        _ => None,
                    };
                    assert!(!host.wait(event).await, "open without a guest");
                }
            }
        }
        println!("cut at {cut}: told after {:.1?}", begin.elapsed());
        assert!(begin.elapsed() < TOR);
    }
}
