//! Commands that change a message, on the full screen.

use undertone_handle::command::Command;
use zeroize::Zeroizing;

use super::app::{Action, App};
use crate::changes::{Change, Which};

/// There is no such message.
const UNKNOWN: &str = "There is no message of this number.";

impl App {
    /// Does what a command wants. An error says why not.
    pub(super) fn change(&mut self, change: Change) -> Result<(), &'static str> {
        let id = self.id.filter(|_| self.open).ok_or("The conversation is not open yet.")?;
        let find = |which: Which| self.chat.numbers.find(which).ok_or(UNKNOWN);
        let action = match change {
            Change::Edit(which, body) => {
                Action::Command(Command::Edit { message: find(which)?, body })
            }
            Change::Cancel(which) => Action::Command(Command::Cancel(find(which)?)),
            Change::Delete(which) => Action::Command(Command::Delete(find(which)?)),
            Change::Reply(which, body) => {
                let message = find(which)?;
                self.unnumbered.push_back(Zeroizing::new(body.clone()));
                Action::Answer(id, message, body)
            }
            Change::React(which, reaction) => {
                Action::Command(Command::React(find(which)?, reaction))
            }
            Change::Timer(seconds) => Action::Command(Command::SetTimer(id, seconds)),
        };
        self.actions.push(action);
        Ok(())
    }

    /// Puts the last message of this side into the input, to be changed. `false`: there is none.
    pub(super) fn edit_last(&mut self) -> bool {
        let Some(message) = self.chat.numbers.find(Which { own: true, number: None }) else {
            return false;
        };
        let Some(text) = self.chat.text_of(message) else { return false };
        let Some(number) = self.chat.numbers.name(message) else { return false };
        let command = Zeroizing::new(format!("/edit {number} {text}"));
        self.input.set(&command);
        true
    }
}
