//! The two ends between an interface and its node.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::mpsc;

use crate::{Command, ConversationId, Event, MessageId, Ticket};

/// Commands that may wait for the node. An interface that is faster than that waits.
const COMMANDS: usize = 256;

/// Events that may wait for an interface before its node stops reading what partners send.
///
/// The channel itself has no end: a node that waited for its interface while the interface waited
/// for the node would wait for ever.
pub const EVENTS: usize = 4096;

/// The node behind a handle has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node has ended")]
pub struct Closed;

/// An interface's end.
#[derive(Debug)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    events: Events,
    ids: Arc<AtomicU64>,
}

/// The receiving half of a [`Handle`].
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::UnboundedReceiver<Event>,
    waiting: Arc<AtomicUsize>,
}

impl Events {
    /// The next event; `None` when the node has ended. Safe to drop while waiting.
    pub async fn recv(&mut self) -> Option<Event> {
        let event = self.receiver.recv().await?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Some(event)
    }
}

/// A node's end.
#[derive(Debug)]
pub struct NodeSide {
    /// What the interface asks for.
    pub commands: mpsc::Receiver<Command>,
    events: mpsc::UnboundedSender<Event>,
    waiting: Arc<AtomicUsize>,
}

impl NodeSide {
    /// Tells the interface something, without waiting for it.
    ///
    /// # Errors
    /// [`Closed`] when the interface is gone.
    pub fn tell(&self, event: Event) -> Result<(), Closed> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.events.send(event).map_err(|_| Closed)
    }

    /// Whether more than [`EVENTS`] events wait: a node then stops reading what partners send.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > EVENTS
    }
}

/// Makes the two ends.
#[must_use]
pub fn channel() -> (Handle, NodeSide) {
    let (commands, commands_out) = mpsc::channel(COMMANDS);
    let (events, receiver) = mpsc::unbounded_channel();
    let ids = Arc::new(AtomicU64::new(1));
    let waiting = Arc::new(AtomicUsize::new(0));
    (
        Handle { commands, events: Events { receiver, waiting: Arc::clone(&waiting) }, ids },
        NodeSide { commands: commands_out, events, waiting },
    )
}

impl Handle {
    /// Sends a command.
    ///
    /// # Errors
    /// [`Closed`] when the node has ended.
    pub async fn send(&self, command: Command) -> Result<(), Closed> {
        self.commands.send(command).await.map_err(|_| Closed)
    }

    /// Sends a text and says at once under which ticket it will be taken in or refused.
    ///
    /// # Errors
    /// [`Closed`] when the node has ended.
    pub async fn send_text(
        &self,
        conversation: ConversationId,
        body: String,
    ) -> Result<Ticket, Closed> {
        let ticket = Ticket(self.ids.fetch_add(1, Ordering::Relaxed));
        self.send(Command::Send { conversation, ticket, body, reply: None }).await?;
        Ok(ticket)
    }

    /// The next event; `None` when the node has ended. Safe to drop while waiting.
    pub async fn event(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Both halves apart, for an interface that reads and writes in different tasks.
    #[must_use]
    pub fn split(self) -> (Commander, Events) {
        (Commander { commands: self.commands, ids: self.ids }, self.events)
    }
}

/// The sending half of a [`Handle`].
#[derive(Clone, Debug)]
pub struct Commander {
    commands: mpsc::Sender<Command>,
    ids: Arc<AtomicU64>,
}

impl Commander {
    /// See [`Handle::send`].
    ///
    /// # Errors
    /// [`Closed`] when the node has ended.
    pub async fn send(&self, command: Command) -> Result<(), Closed> {
        self.commands.send(command).await.map_err(|_| Closed)
    }

    /// See [`Handle::send_text`].
    ///
    /// # Errors
    /// [`Closed`] when the node has ended.
    pub async fn send_text(
        &self,
        conversation: ConversationId,
        body: String,
    ) -> Result<Ticket, Closed> {
        let ticket = Ticket(self.ids.fetch_add(1, Ordering::Relaxed));
        self.send(Command::Send { conversation, ticket, body, reply: None }).await?;
        Ok(ticket)
    }

    /// As [`Commander::send_text`], for a text that answers a message.
    ///
    /// # Errors
    /// [`Closed`] when the node has ended.
    pub async fn send_answer(
        &self,
        conversation: ConversationId,
        answered: MessageId,
        body: String,
    ) -> Result<Ticket, Closed> {
        let ticket = Ticket(self.ids.fetch_add(1, Ordering::Relaxed));
        self.send(Command::Send { conversation, ticket, body, reply: Some(answered) }).await?;
        Ok(ticket)
    }
}
