//! Over onion services: somebody asks at a public address, waits at a place that only the owner can find, and is
//! reached there.

#![cfg(feature = "arti")]
#![expect(clippy::expect_used, reason = "what fails in a helper fails the test")]

mod asking;
mod common;

use std::time::Instant;

use undertone_handle::Command;
use undertone_handle::event::{ConversationEvent, LinkState};
use undertone_node::network::{self, AnyNetwork};
use undertone_testnet::Network as PrivateNetwork;

/// A client of the private network with a directory in memory.
fn client(config: &str) -> (AnyNetwork, tempfile::TempDir) {
    let directory = tempfile::tempdir_in("/dev/shm").expect("a directory in memory");
    let network = network::arti(directory.path(), Some(config.to_owned())).expect("a client");
    (network, directory)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asked_and_was_accepted_can_talk() {
    let private = PrivateNetwork::attach_from_env().unwrap_or_else(|error| panic!("{error}"));
    let (owners, _directory) = client(private.arti_toml());
    let (askers, _other_directory) = client(private.arti_toml());
    let (mut owner, mut asker) = (asking::node(owners), asking::node(askers));
    let begin = Instant::now();
    let address = asking::serve(&mut owner).await;
    println!("switched on to reachable: {:.1?}", begin.elapsed());
    let begin = Instant::now();
    asking::ask(&mut asker, address).await;
    println!("asked to arrived, a second of waiting in it: {:.1?}", begin.elapsed());
    let (request, claimed, greeting) = asking::asked(&mut owner).await;
    assert_eq!((claimed.as_str(), greeting.as_str()), ("carla", "I saw the barges."));
    let begin = Instant::now();
    asking::accept(&mut owner, &mut asker, request).await;
    println!("accepted to open: {:.1?}", begin.elapsed());
    asking::talk(&mut owner, &mut asker).await;

    owner.handle.send(Command::Reconnect(request)).await.unwrap();
    asker.told(ConversationEvent::Link(LinkState::Away)).await;
    asker.told(ConversationEvent::Link(LinkState::Up)).await;
    asking::talk(&mut asker, &mut owner).await;
}
