//! Older messages of a lasting conversation, read from the profile when the view comes near the first one that is here.

use undertone_handle::query::Line;
use undertone_handle::{ConversationId, MessageId};

use super::app::{Action, App};
use super::chat::{Chat, View};
use crate::keeper::{PAGE, Wanted};

/// What is known of messages from before the first one here.
#[derive(Debug, Default)]
pub(super) enum Older {
    /// There may be some.
    #[default]
    Perhaps,
    /// They are being read.
    Asked {
        /// Something changed meanwhile that may be among them: what was read is not what is so.
        stale: bool,
    },
    /// There are none, or no room for more.
    Enough,
}

impl Chat {
    /// The oldest message here, if older ones should be read now.
    pub(super) fn wants_older(&mut self, view: &View) -> Option<MessageId> {
        let near = matches!(self.older, Older::Perhaps) && self.is_top_near(view);
        let oldest = near.then(|| self.oldest()).flatten()?;
        self.older = Older::Asked { stale: false };
        Some(oldest)
    }

    /// They were read: some, or fewer than were wanted because there are no more.
    pub(super) fn take_older(&mut self, lines: &[Line]) {
        match std::mem::take(&mut self.older) {
            // They are read again.
            Older::Asked { stale: true } | Older::Perhaps => return,
            Older::Asked { stale: false } | Older::Enough => {}
        }
        let room = self.put_before(lines);
        if lines.len() < PAGE || !room {
            self.older = Older::Enough;
        }
    }

    /// They could not be read.
    pub(super) fn no_older(&mut self) {
        if matches!(self.older, Older::Asked { .. }) {
            self.older = Older::Perhaps;
        }
    }
}

impl App {
    /// Reads older messages, if the view is near the first one here.
    pub(super) fn look_back(&mut self) {
        let view = self.view();
        let Some(id) = self.id.filter(|_| self.plan.profile.is_some()) else { return };
        if let Some(before) = self.chat.wants_older(&view) {
            self.actions.push(Action::Keep(Wanted::Page { conversation: id, before }));
        }
    }

    /// Older messages of a conversation, shown or not.
    pub(super) fn take_page(&mut self, id: ConversationId, lines: &[Line]) {
        if self.id == Some(id) {
            self.chat.take_older(lines);
        } else if let Some(room) = self.rooms.iter_mut().find(|room| room.id == Some(id)) {
            room.chat.take_older(lines);
        }
    }
}
