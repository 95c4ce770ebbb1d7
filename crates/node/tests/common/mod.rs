//! Nodes and what to wait for, shared by the scenarios.

#![allow(dead_code, reason = "each scenario uses its part")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of tests fails like a test"
)]

use std::time::Duration;

use tokio::time::timeout;
use undertone_engine::storage::Storage;
use undertone_handle::command::{Meet, Name, Role};
use undertone_handle::event::{ConversationEvent, Event, MeetingEvent};
use undertone_handle::{Command, ConversationId, Handle, MessageId};
use undertone_node::network::AnyNetwork;
use undertone_node::{draw_conversation, in_memory, start};
use undertone_wire::code::Code;

/// Nothing on loopback takes that long, even on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// A node in a meeting or a conversation.
pub(crate) struct End {
    pub(crate) handle: Handle,
    pub(crate) conversation: ConversationId,
}

impl End {
    pub(crate) async fn begin(network: AnyNetwork, role: Role, code: &Code) -> Self {
        Self::begin_on(network, in_memory(), role, code).await
    }

    pub(crate) async fn begin_on(
        network: AnyNetwork,
        storage: Box<dyn Storage + Send>,
        role: Role,
        code: &Code,
    ) -> Self {
        let (handle, _node) = start(network, storage).unwrap();
        let conversation = draw_conversation().unwrap();
        let meet = Box::new(Meet {
            role,
            nick: Name::parse("someone").unwrap(),
            peer: Name::parse("partner").unwrap(),
            code: code.clone(),
            check: Some(false),
            secret: None,
            lasting: false,
        });
        handle.send(Command::Meet { conversation, meet }).await.unwrap();
        Self { handle, conversation }
    }

    /// Waits for an event that `wanted` recognises; every event before it is let go.
    pub(crate) async fn event<T>(&mut self, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        let found = timeout(PATIENCE, async {
            loop {
                let event = self.handle.event().await.expect("the node ended");
                if let Some(found) = wanted(&event) {
                    return found;
                }
                if let Event::Meeting(_, MeetingEvent::Ended(why)) = event {
                    panic!("the meeting ended: {why:?}");
                }
            }
        });
        found.await.expect("nothing of that kind in time")
    }

    pub(crate) async fn wait<T>(
        &mut self,
        mut wanted: impl FnMut(&ConversationEvent) -> Option<T>,
    ) -> T {
        self.event(|event| match event {
            Event::Conversation(_, event) => wanted(event),
            _ => None,
        })
        .await
    }

    pub(crate) async fn told(&mut self, event: ConversationEvent) {
        self.wait(|told| (*told == event).then_some(())).await;
    }

    pub(crate) async fn open(&mut self) {
        self.told(ConversationEvent::Open).await;
    }

    pub(crate) async fn say(&self, body: &str) -> undertone_handle::Ticket {
        self.handle.send_text(self.conversation, body.to_owned()).await.unwrap()
    }

    /// Says something, and which message it has become.
    pub(crate) async fn say_and_queue(&mut self, body: &str) -> MessageId {
        let said = self.say(body).await;
        self.wait(|event| match event {
            ConversationEvent::Queued { ticket, message, .. } => {
                (*ticket == said).then_some(*message)
            }
            _ => None,
        })
        .await
    }

    pub(crate) async fn text(&mut self) -> String {
        self.wait(|event| match event {
            ConversationEvent::Received { body, .. } => Some(body.clone()),
            _ => None,
        })
        .await
    }
}

/// A name for a loopback network that no other test uses.
pub(crate) fn unique(what: &str) -> String {
    format!("{what}-{}", std::process::id())
}
