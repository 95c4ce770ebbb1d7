//! Two nodes of which one asks the other at its public address.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a helper of tests fails like a test")]

use undertone_handle::command::{AddressCommand, Answer, Ask, Greeting, Name};
use undertone_handle::event::{
    AddressEvent, AskedEvent, ConversationEvent, Event, RequestEvent, Trust,
};
use undertone_handle::{Command, ConversationId};
use undertone_node::network::AnyNetwork;
use undertone_node::{draw_conversation, in_memory, start};
use undertone_wire::address::OnionAddress;

use crate::common::End;

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

/// A node without a conversation yet.
pub(crate) fn node(network: AnyNetwork) -> End {
    let (handle, _node) = start(network, in_memory()).unwrap();
    End { handle, conversation: draw_conversation().unwrap() }
}

/// Turns the public address on, and waits until it can be reached.
pub(crate) async fn serve(owner: &mut End) -> OnionAddress {
    owner.handle.send(Command::Address(AddressCommand::On)).await.unwrap();
    owner
        .event(|event| match event {
            Event::Address(AddressEvent::Reachable(address)) => Some(*address),
            _ => None,
        })
        .await
}

/// Asks, and waits until that has arrived.
pub(crate) async fn ask(asker: &mut End, address: OnionAddress) {
    let ask = Ask {
        conversation: asker.conversation,
        address,
        nick: name("carla"),
        peer: name("the paper"),
        greeting: Greeting::parse("I saw the barges.").unwrap(),
    };
    asker.handle.send(Command::Ask(Box::new(ask))).await.unwrap();
    asker.event(|event| matches!(event, Event::Asked(_, AskedEvent::Arrived)).then_some(())).await;
}

/// Waits for the request; gives what it says.
pub(crate) async fn asked(owner: &mut End) -> (ConversationId, String, String) {
    owner
        .event(|event| match event {
            Event::Request(id, RequestEvent::Came { name, greeting, .. }) => {
                Some((*id, name.as_str().to_owned(), greeting.as_str().to_owned()))
            }
            _ => None,
        })
        .await
}

/// Accepts, and waits until both are in the conversation, in which nothing vouches for the other yet.
pub(crate) async fn accept(owner: &mut End, asker: &mut End, request: ConversationId) {
    let answer = Answer::Accept { nick: name("press"), peer: name("carla c") };
    owner.handle.send(Command::Answer(request, answer)).await.unwrap();
    owner.conversation = request;
    for end in [owner, asker] {
        end.told(ConversationEvent::Trust(Trust::Unverified)).await;
        end.open().await;
    }
}

/// Both say something, and it comes.
pub(crate) async fn talk(one: &mut End, other: &mut End) {
    one.say("tell me").await;
    other.say("seven of them").await;
    assert_eq!(other.text().await, "tell me");
    assert_eq!(one.text().await, "seven of them");
}
