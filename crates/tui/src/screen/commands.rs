//! The commands of the full screen.

use undertone_handle::command::{CheckCommand, Command};
use undertone_handle::words;

use super::app::{Action, App, Ask, Stage};
use super::chat::Tone;
use crate::changes::{self, Change};
use crate::deeds::{self, Deed};

/// The commands of a conversation, with what each does. The first spelling is the one in the help.
pub(super) const COMMANDS: [(&[&str], &str); 10] = [
    (&["/quit", ".quit", "/exit"], "end the conversation on both sides"),
    (&["/check", "/auth"], "compare a secret that only you two know"),
    (&["/cancel"], "call a check off"),
    (&["/heal", "/reset"], "make new keys now; connect anew, on other circuits"),
    (&["/edit", "/delete"], "/edit TEXT changes your last text; /delete 3, /cancel 3"),
    (&["/reply", "/react"], "/reply TEXT and /react SIGN answer; p3 is their third"),
    (&["/timer", ".timer"], "/timer 1h: new texts disappear; off"),
    (&["/who", "/status"], "say who is here; all that holds"),
    (&["/network", "/config"], "say what the network does; the settings"),
    (&["/help", "/clear"], "show this; empty the screen"),
];

/// The commands of a lasting profile, on a page of their own.
pub(super) const OF_PROFILE: [(&[&str], &str); 12] = [
    (&["/list", "/convs"], "the conversations of the profile"),
    (&["/open", "/select"], "/open NAME goes to one of them"),
    (&["/rename", "/nick"], "/rename NAME: show your partner so, here alone"),
    (&["/history"], "keep, none or days 30: what is kept of this here"),
    (&["/block", "/unblock"], "shut the door to your partner, who isn't told"),
    (&["/leave"], "/leave NAME: say goodbye, delete the contact for good"),
    (&["/search"], "/search WORDS, in all conversations"),
    (&["/address"], "where others can ask you: /address on, off, replace"),
    (&["/ask", "/requests"], "/ask ADDRESS asks somebody; all requests"),
    (&["/accept", "/refuse"], "answer one; /block-request NAME, /withdraw NAME"),
    (&["/lock", ".lock"], "nothing is shown, sent or taken in until you log in"),
    (&["/changepassword"], "/setpassword where there is none"),
];

/// What a line is.
pub(super) enum Typed {
    /// About a message; an error says how it is written.
    Change(Result<Change, &'static str>),
    /// About the profile or how the conversation is kept.
    Deed(Result<Deed, &'static str>),
    /// One of the commands without anything behind it, in its first spelling.
    Known(&'static str),
    /// None of them.
    Text,
}

/// Reads a line.
pub(super) fn typed(line: &str) -> Typed {
    if let Some(change) = changes::parse(line) {
        return Typed::Change(change);
    }
    if let Some(deed) = deeds::parse(line) {
        return Typed::Deed(deed);
    }
    let line = line.trim_end();
    let line = if line == ".heal" { "/heal" } else { line };
    let known = COMMANDS.iter().find(|(names, _)| names.contains(&line));
    known.and_then(|(names, _)| names.first()).map_or(Typed::Text, |name| Typed::Known(name))
}

impl App {
    pub(super) fn command(&mut self, name: &str) {
        match name {
            "/quit" => {
                let end = self.end_of_leaving();
                self.leave(end);
            }
            "/check" => match (&self.ask, self.id) {
                (Ask::Secret(..) | Ask::Confirm(_), _) => {
                    self.wants_check = true;
                    self.stage = Stage::Check;
                }
                (_, Some(id)) => {
                    self.wants_check = true;
                    let wish = CheckCommand::Wish(true);
                    self.actions.push(Action::Command(Command::Check(id, wish)));
                }
                (_, None) => {}
            },
            "/cancel" if self.checking => self.cancel_check(),
            "/cancel" => self.note("No check is running.", Tone::Plain),
            "/heal" => {
                if let Some(id) = self.id {
                    self.actions.push(Action::Command(Command::Heal(id)));
                }
            }
            "/who" => {
                let who = match self.trust {
                    Some((level, _)) => words::trust_sentence(level, self.peer()),
                    None => format!("{} is here.", self.peer()),
                };
                let note = format!("You are {} here. {who}", self.nick());
                self.note(note, Tone::Plain);
            }
            "/network" => {
                let note = self
                    .network
                    .as_ref()
                    .map_or_else(|| "The network has said nothing yet.".to_owned(), words::network);
                self.note(note, Tone::Plain);
            }
            _ => self.help = true,
        }
    }
}
