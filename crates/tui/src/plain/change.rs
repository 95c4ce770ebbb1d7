//! Messages that are changed, in lines: what is asked for, and what the node tells of it.

use undertone_handle::command::{Command, Reaction};
use undertone_handle::event::{ConversationEvent, Deletion};
use undertone_handle::json::MessageRequest;
use undertone_handle::{MessageId, words};

use super::rooms::in_brackets;
use super::talk::{Act, Shape, Talk};
use crate::changes::{Change, Which};
use crate::text;

/// Columns of a sign that the partner answered with.
const MAX_SIGN: usize = 8;

impl Talk {
    /// A command that was typed.
    pub(super) fn change(&mut self, change: Change) {
        let Some(id) = self.id else { return };
        match change {
            Change::Edit(which, body) => {
                if let Some(message) = self.find(which) {
                    self.acts.push(Act::Command(Command::Edit { message, body }));
                }
            }
            Change::Cancel(which) => {
                if let Some(message) = self.find(which) {
                    self.acts.push(Act::Command(Command::Cancel(message)));
                }
            }
            Change::Delete(which) => {
                if let Some(message) = self.find(which) {
                    self.acts.push(Act::Command(Command::Delete(message)));
                }
            }
            Change::Reply(which, body) => {
                if let Some(message) = self.find(which) {
                    self.answer_with(message, body);
                }
            }
            Change::React(which, reaction) => {
                if let Some(message) = self.find(which) {
                    self.acts.push(Act::Command(Command::React(message, reaction)));
                }
            }
            Change::Timer(seconds) => {
                self.acts.push(Act::Command(Command::SetTimer(id, seconds)));
            }
        }
    }

    fn find(&mut self, which: Which) -> Option<MessageId> {
        let found = self.numbers.find(which);
        if found.is_none() {
            self.complain("There is no message of this number.");
        }
        found
    }

    fn answer_with(&mut self, message: MessageId, body: String) {
        self.reply = Some(message);
        self.send(body);
        self.reply = None;
    }

    /// What a script asks for; it names messages as the events do.
    pub(super) fn change_by_id(&mut self, request: MessageRequest) {
        let Some(id) = self.id else { return };
        let command = match request {
            MessageRequest::Reply { message, text } => {
                return self.answer_with(MessageId(message), text);
            }
            MessageRequest::Edit { message, text } => {
                Command::Edit { message: MessageId(message), body: text }
            }
            MessageRequest::TakeBack(message) => Command::Cancel(MessageId(message)),
            MessageRequest::Delete(message) => Command::Delete(MessageId(message)),
            MessageRequest::React { message, sign } => {
                let reaction = sign.as_deref().map(Reaction::parse);
                if reaction == Some(None) {
                    return self.complain("This is no sign: it is empty, too long, or hides text.");
                }
                Command::React(MessageId(message), reaction.flatten())
            }
            MessageRequest::Timer(seconds) => {
                Command::SetTimer(id, Some(seconds).filter(|seconds| *seconds > 0))
            }
        };
        self.acts.push(Act::Command(command));
    }

    /// What the node tells of a change; JSON lines have it already.
    pub(super) fn changed(&mut self, event: ConversationEvent) {
        let name = |talk: &Self, message| talk.numbers.name(message).unwrap_or_default();
        match event {
            ConversationEvent::Edited { message, body, .. } => {
                let name = name(self, message);
                if name.starts_with('p') {
                    let lead = format!("{} (edited {name})", self.peer());
                    self.block(&lead, &body);
                } else {
                    self.say(&format!("Message {name}: edited."));
                }
            }
            ConversationEvent::Deleted(message, how) => {
                // Nothing is waited for any more.
                self.ours.remove(&message);
                self.said_waiting.remove(&message);
                let name = name(self, message);
                let whose =
                    if name.starts_with('p') && how == Deletion::Own { ", here" } else { "" };
                self.say(&format!("Message {name}: {}{whose}.", words::deleted(how)));
            }
            ConversationEvent::NotDone(message, reason) => {
                let name = name(self, message);
                self.say(&format!("Message {name}: {}", words::not_done(reason)));
            }
            ConversationEvent::Reacted { message, own, reaction } => {
                let who = if own { "You".to_owned() } else { self.peer() };
                let name = name(self, message);
                let words = match reaction {
                    Some(sign) => {
                        let sign = text::cut(sign.as_str(), MAX_SIGN);
                        format!("Message {name}: {who} answered with {sign}")
                    }
                    None => format!("Message {name}: {who} took the sign away."),
                };
                self.say(&words);
            }
            ConversationEvent::Timer { seconds, own } => {
                self.timer = seconds;
                let words = words::timer(seconds, own, &self.peer());
                self.say(&words);
            }
            ConversationEvent::Blocked(blocked) => {
                self.blocked = blocked;
                self.say(&words::blocked(&self.peer(), blocked));
            }
            ConversationEvent::History(history) => {
                self.keeps = history;
                self.say(&words::history(history));
            }
            _ => {}
        }
    }

    /// A text of the partner's, with further lines of it indented.
    pub(super) fn block(&mut self, lead: &str, body: &str) {
        if self.options.shape == Shape::Json {
            return;
        }
        let mut block = String::with_capacity(lead.len() + body.len() + 64);
        for (number, line) in text::lines(body).iter().enumerate() {
            block.push_str(if number == 0 { lead } else { "\n  " });
            if number == 0 {
                block.push_str(": ");
            }
            block.push_str(line);
        }
        self.acts.push(Act::Out(block));
    }

    /// A text came, and is shown by being written.
    pub(super) fn received(&mut self, message: MessageId, body: &str, reply: Option<MessageId>) {
        self.received_with(message, body, reply, &[]);
    }

    /// The same, with what stands beside it.
    pub(super) fn received_with(
        &mut self,
        message: MessageId,
        body: &str,
        reply: Option<MessageId>,
        beside: &[String],
    ) {
        self.numbers.add(false, message);
        let answers = reply.and_then(|to| self.numbers.name(to));
        let answers = answers.map(|name| format!("answers {name}"));
        let all: Vec<String> = answers.into_iter().chain(beside.iter().cloned()).collect();
        let lead = format!("{}{}", self.peer(), in_brackets(&all));
        self.block(&lead, body);
        if let Some(id) = self.id {
            self.acts.push(Act::Command(Command::Seen(id, message)));
        }
    }
}
