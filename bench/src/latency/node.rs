//! A node as the bench uses it: events in the order in which they are waited for.

use std::time::Duration;

use tokio::time::timeout;
use undertone_handle::command::{Meet, Name, Role};
use undertone_handle::event::{ConversationEvent, Delivery, MeetingEvent, MeetingStep};
use undertone_handle::{Command, ConversationId, Event, Handle};
use undertone_node::draw_conversation;
use undertone_wire::code::Code;

use crate::run::Failure;

/// Nothing on a private network takes longer, however busy the machine is.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// A text as people write them; with everything around it, one cell.
const TEXT: &str = "See you at eight, then. I'll bring the maps and something to eat.";

/// A conversation of a node.
pub(super) struct Conversation {
    pub(super) handle: Handle,
    id: ConversationId,
}

impl Conversation {
    /// Begins a meeting; the conversation follows if it succeeds.
    pub(super) async fn begin(handle: Handle, role: Role, code: &str) -> Result<Self, Failure> {
        let id = draw_conversation()?;
        let meet = Box::new(Meet {
            role,
            nick: Name::parse("one")?,
            peer: Name::parse("other")?,
            code: Code::parse(code)?,
            check: Some(false),
            secret: None,
            lasting: false,
        });
        handle.send(Command::Meet { conversation: id, meet }).await?;
        Ok(Self { handle, id })
    }

    /// Host: waits until a guest can come.
    pub(super) async fn reachable(&mut self) -> Result<(), Failure> {
        let step = |event: &Event| {
            matches!(event, Event::Meeting(_, MeetingEvent::Step(MeetingStep::Reachable { .. })))
        };
        self.wait(step).await
    }

    /// Waits until texts flow.
    pub(super) async fn open(&mut self) -> Result<(), Failure> {
        self.wait(|event| matches!(event, Event::Conversation(_, ConversationEvent::Open))).await
    }

    /// Sends a text and waits for its receipt.
    pub(super) async fn deliver(&mut self) -> Result<(), Failure> {
        let sent = self.handle.send_text(self.id, TEXT.to_owned()).await?;
        let mut ours = None;
        self.wait(|event| match event {
            Event::Conversation(_, ConversationEvent::Queued { ticket, message, .. }) => {
                ours = ours.or((*ticket == sent).then_some(*message));
                false
            }
            Event::Conversation(_, ConversationEvent::Delivery(message, Delivery::Delivered)) => {
                ours == Some(*message)
            }
            _ => false,
        })
        .await
    }

    /// Says goodbye and waits until it was heard.
    pub(super) async fn leave(mut self) -> Result<Handle, Failure> {
        self.handle.send(Command::Leave(self.id)).await?;
        self.wait(|event| matches!(event, Event::Conversation(_, ConversationEvent::Left { .. })))
            .await?;
        Ok(self.handle)
    }

    /// Waits until the partner has said goodbye.
    pub(super) async fn left(mut self) -> Result<Handle, Failure> {
        self.wait(|event| matches!(event, Event::Conversation(_, ConversationEvent::PeerLeft)))
            .await?;
        Ok(self.handle)
    }

    /// Lets events go until one says that the conversation broke.
    pub(super) async fn broken(&mut self) -> Failure {
        loop {
            match self.event().await {
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    }

    async fn wait(&mut self, mut wanted: impl FnMut(&Event) -> bool) -> Result<(), Failure> {
        let found = async {
            loop {
                if wanted(&self.event().await?) {
                    return Ok(());
                }
            }
        };
        timeout(PATIENCE, found).await.map_err(|_| "nothing came in time")?
    }

    /// The next event of this conversation; an error if it is one that nobody measures.
    async fn event(&mut self) -> Result<Event, Failure> {
        loop {
            let event = self.handle.event().await.ok_or("the node has ended")?;
            match event {
                Event::Meeting(id, _) | Event::Conversation(id, _) if id != self.id => {}
                Event::Meeting(_, MeetingEvent::Ended(end)) => {
                    return Err(format!("the meeting ended: {end:?}").into());
                }
                Event::Conversation(
                    _,
                    event @ (ConversationEvent::NotSent(..)
                    | ConversationEvent::Refused
                    | ConversationEvent::Link(_)),
                ) => return Err(format!("the conversation broke: {event:?}").into()),
                Event::Fatal(error) => return Err(error.message.into()),
                event => return Ok(event),
            }
        }
    }
}
