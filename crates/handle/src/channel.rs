//! The two ends between an interface and its node.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use crate::{Command, ConversationId, Event, MessageId};

/// Commands that may wait for the node. An interface that is faster than that waits.
const COMMANDS: usize = 256;

/// Events that may wait for an interface before the node waits for it.
const EVENTS: usize = 4096;

/// The node behind a handle has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node has ended")]
pub struct Closed;

/// An interface's end.
#[derive(Debug)]
pub struct Handle {
    commands: mpsc::Sender<Command>,
    events: mpsc::Receiver<Event>,
    ids: Arc<AtomicU64>,
}

/// A node's end.
#[derive(Debug)]
pub struct NodeSide {
    /// What the interface asks for.
    pub commands: mpsc::Receiver<Command>,
    /// What the node tells.
    pub events: mpsc::Sender<Event>,
    /// The counter behind message ids, which both ends draw from.
    pub ids: Arc<AtomicU64>,
}

/// Makes the two ends.
#[must_use]
pub fn channel() -> (Handle, NodeSide) {
    let (commands, commands_out) = mpsc::channel(COMMANDS);
    let (events_in, events) = mpsc::channel(EVENTS);
    let ids = Arc::new(AtomicU64::new(1));
    (
        Handle { commands, events, ids: Arc::clone(&ids) },
        NodeSide { commands: commands_out, events: events_in, ids },
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

    /// Sends a text and says at once under which id its fate will be told.
    ///
    /// # Errors
    /// [`Closed`] when the node has ended.
    pub async fn send_text(
        &self,
        conversation: ConversationId,
        body: String,
    ) -> Result<MessageId, Closed> {
        let message = MessageId(self.ids.fetch_add(1, Ordering::Relaxed));
        self.send(Command::Send { conversation, message, body }).await?;
        Ok(message)
    }

    /// The next event; `None` when the node has ended. Safe to drop while waiting.
    pub async fn event(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// Both halves apart, for an interface that reads and writes in different tasks.
    #[must_use]
    pub fn split(self) -> (Commander, mpsc::Receiver<Event>) {
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
    ) -> Result<MessageId, Closed> {
        let message = MessageId(self.ids.fetch_add(1, Ordering::Relaxed));
        self.send(Command::Send { conversation, message, body }).await?;
        Ok(message)
    }
}
