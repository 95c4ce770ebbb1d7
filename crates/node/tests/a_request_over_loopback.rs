//! Somebody asks at a public address over loopback sockets, and is accepted.

mod asking;
mod common;

use common::unique;
use undertone_handle::Command;
use undertone_handle::event::{ConversationEvent, LinkState};
use undertone_node::network::local;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asked_and_was_accepted_can_talk() {
    let name = unique("request");
    let (mut owner, mut asker) = (asking::node(local(&name)), asking::node(local(&name)));
    let address = asking::serve(&mut owner).await;
    asking::ask(&mut asker, address).await;
    let (request, claimed, greeting) = asking::asked(&mut owner).await;
    assert_eq!((claimed.as_str(), greeting.as_str()), ("carla", "I saw the barges."));
    asking::accept(&mut owner, &mut asker, request).await;
    asking::talk(&mut owner, &mut asker).await;

    // The contact has services and certificates of its own by now.
    owner.handle.send(Command::Reconnect(request)).await.unwrap();
    let away = ConversationEvent::Link(LinkState::Away);
    asker.told(away).await;
    asker.told(ConversationEvent::Link(LinkState::Up)).await;
    asking::talk(&mut asker, &mut owner).await;

    // A long text, after all that: the streams of strangers are bounded, this one is not.
    let long = "x".repeat(64 * 1024);
    asker.say(&long).await;
    assert_eq!(owner.text().await, long);
}
