//! Commands about messages and how a conversation is kept: to whom they go.

use std::collections::BTreeMap;

use undertone_handle::{Command, ConversationId, MessageId};

use crate::Cx;
use crate::conversation::Conversation;

type Conversations = BTreeMap<ConversationId, Conversation>;

/// Takes a command about a message or a conversation that is there; any other changes nothing.
pub(crate) fn message_in(command: Command, conversations: &mut Conversations, cx: &mut Cx<'_, '_>) {
    match command {
        Command::Edit { message, body } => {
            with(conversations, message, |conversation| conversation.edit(message, body, cx));
        }
        Command::Cancel(message) => {
            with(conversations, message, |conversation| conversation.cancel_text(message, cx));
        }
        Command::Delete(message) => {
            with(conversations, message, |conversation| conversation.delete(message, cx));
        }
        Command::React(message, reaction) => {
            with(conversations, message, |conversation| conversation.react(message, reaction, cx));
        }
        Command::Seen(id, last) => {
            if let Some(conversation) = conversations.get_mut(&id) {
                conversation.seen(last, cx);
            }
        }
        Command::SetTimer(id, seconds) => {
            if let Some(conversation) = conversations.get_mut(&id) {
                conversation.set_timer(seconds, cx);
            }
        }
        Command::SetHistory(id, history) => {
            if let Some(conversation) = conversations.get_mut(&id) {
                conversation.set_history(history, cx);
            }
        }
        Command::Draft(id, draft) => {
            if let Some(conversation) = conversations.get_mut(&id) {
                conversation.draft(&draft, cx);
            }
        }
        Command::Block(id, blocked) => {
            if let Some(conversation) = conversations.get_mut(&id) {
                conversation.block(blocked, cx);
            }
        }
        Command::Rename(id, name) => {
            if let Some(conversation) = conversations.get_mut(&id) {
                conversation.rename(name, cx);
            }
        }
        // A command of a later interface that this engine does not know changes nothing.
        _ => {}
    }
}

/// Does something in the conversation that a message is of, if there is one.
fn with(
    conversations: &mut Conversations,
    message: MessageId,
    act: impl FnOnce(&mut Conversation),
) {
    if let Some(conversation) = conversations.values_mut().find(|c| c.owns(message)) {
        act(conversation);
    }
}
