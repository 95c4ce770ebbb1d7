//! The profile, in lines: its lock, its password, and what is looked up in it.

use std::time::Duration;

use undertone_handle::SecretText;
use undertone_handle::command::{Command, Name};
use undertone_handle::json::{self, ProfileRequest};
use undertone_handle::query::{Line, Search};
use undertone_handle::words::{self, Locked};
use undertone_wire::code::guessing_bits;
use zeroize::Zeroizing;

use super::talk::{Act, Shape, Talk, Wait};
use crate::deeds::Deed;
use crate::keeper::{Found, Hit, Wanted, nothing_lasts};
use crate::plan::{End, Now};
use crate::text;

/// The most columns of a name in what a search found.
const MAX_NAME: usize = 20;

/// The most columns of what was said beside what was found.
const BESIDE: usize = 60;

const NO_CONVERSATION: &str =
    "There is no conversation here; /list shows all, /open NAME goes to one.";

impl Talk {
    /// Does what a command wants.
    pub(super) fn deed(&mut self, deed: Deed) {
        match deed {
            Deed::Lock => self.lock(Locked::Asked),
            Deed::Login => self.say("You are logged in."),
            Deed::SetPassword | Deed::ChangePassword => self.ask_password(&deed),
            Deed::Rename(name) => match self.id {
                Some(id) => self.acts.push(Act::Command(Command::Rename(id, name))),
                None => self.complain(NO_CONVERSATION),
            },
            Deed::History(history) => match self.id {
                Some(id) => self.acts.push(Act::Command(Command::SetHistory(id, history))),
                None => self.complain(NO_CONVERSATION),
            },
            Deed::Block(_) | Deed::Leave(_) if !self.plan.lasting => {
                self.complain(&nothing_lasts().to_string());
            }
            Deed::Block(blocked) => match self.id {
                Some(id) => self.acts.push(Act::Command(Command::Block(id, blocked))),
                None => self.complain(NO_CONVERSATION),
            },
            Deed::Leave(name) => match self.id {
                Some(id) if name == self.peer() => {
                    self.acts.push(Act::Command(Command::Leave(id)));
                }
                Some(_) => self.complain(&words::leave_how(&self.peer())),
                None => self.complain(NO_CONVERSATION),
            },
            Deed::Search(search) => self.acts.push(Act::Keep(Wanted::Search(search))),
            Deed::Status => self.say_status(),
            Deed::Config => {
                for line in self.plan.settings.clone() {
                    self.say(&line);
                }
            }
            Deed::Clear => self.acts.push(Act::Clear),
            Deed::Reset => self.reset(),
            Deed::List if self.plan.profile.is_some() => self.say_list(),
            Deed::List => self.complain(&nothing_lasts().to_string()),
            Deed::Open(which) => self.open_called(&which),
            Deed::Asking(wish) => self.asked_for(wish),
        }
    }

    /// What a script asks for.
    pub(super) fn profile_request(&mut self, request: ProfileRequest) {
        match request {
            ProfileRequest::Lock => self.lock(Locked::Asked),
            ProfileRequest::Login(_) => self.complain("The profile is open already."),
            ProfileRequest::Password { old, new } => {
                if self.plan.profile.is_none() {
                    return self.complain(&nothing_lasts().to_string());
                }
                if new.reveal().is_empty() {
                    return self.complain("A password needs at least one character.");
                }
                self.passwords = (None, Some(new.clone()));
                self.wait = Wait::Keeper;
                self.acts.push(Act::Keep(Wanted::Password { old, new }));
            }
            ProfileRequest::Rename(name) => match Name::parse(&name) {
                Ok(name) => self.deed(Deed::Rename(name)),
                Err(error) => self.complain(&crate::code::sentence(&error.to_string())),
            },
            ProfileRequest::History(history) => self.deed(Deed::History(history)),
            ProfileRequest::Block(blocked) => self.deed(Deed::Block(blocked)),
            ProfileRequest::Leave(name) => self.deed(Deed::Leave(name)),
            ProfileRequest::Search(words) => match Search::parse(&words) {
                Some(search) => self.deed(Deed::Search(search)),
                None => {
                    self.complain("There is nothing to look for: words have two letters or more.");
                }
            },
            ProfileRequest::Conversations => self.deed(Deed::List),
            ProfileRequest::Open(which) => self.open_called(&which),
        }
    }

    fn ask_password(&mut self, deed: &Deed) {
        let has = match &self.plan.profile {
            Some(profile) => profile.password,
            None => return self.complain(&nothing_lasts().to_string()),
        };
        if has && *deed == Deed::SetPassword {
            return self.complain(
                "The profile has a password; /changepassword puts another one in its place.",
            );
        }
        self.passwords = (None, None);
        let (wait, question) = if has {
            (Wait::OldPassword, "The present password:")
        } else {
            (Wait::NewPassword, "The new password:")
        };
        self.wait = wait;
        self.acts.push(Act::Hide(true));
        self.prompt(json::Prompt::Password, question);
    }

    /// A line that is a password.
    pub(super) fn password(&mut self, typed: &str) {
        if typed.is_empty() {
            self.acts.push(Act::Hide(false));
            self.wait = Wait::Text;
            return self.complain("The password stays as it is.");
        }
        let typed = SecretText::new(typed.to_owned());
        match self.wait {
            Wait::OldPassword => {
                self.passwords.0 = Some(typed);
                self.wait = Wait::NewPassword;
                self.prompt(json::Prompt::Password, "The new password:");
            }
            Wait::NewPassword => {
                let bits = guessing_bits(typed.reveal());
                self.say(&format!("An estimate: {}.", words::password_strength(bits)));
                self.passwords.1 = Some(typed);
                self.wait = Wait::PasswordAgain;
                self.prompt(json::Prompt::Password, "The same again:");
            }
            _ => {
                self.acts.push(Act::Hide(false));
                if self.passwords.1.as_ref() == Some(&typed) {
                    let old = self.passwords.0.take();
                    self.wait = Wait::Keeper;
                    self.acts.push(Act::Keep(Wanted::Password { old, new: typed }));
                } else {
                    self.passwords = (None, None);
                    self.wait = Wait::Text;
                    self.complain(&words::password_differs().to_string());
                }
            }
        }
    }

    /// What the keeper did.
    #[must_use]
    pub fn found(&mut self, found: Found) -> Vec<Act> {
        if matches!(self.wait, Wait::Keeper) {
            self.wait = Wait::Text;
        }
        match found {
            Found::Password(true) => {
                if let Some(profile) = &mut self.plan.profile {
                    profile.password = true;
                }
                let bits = self.passwords.1.take().map_or(0, |new| guessing_bits(new.reveal()));
                match self.options.shape {
                    Shape::Words => self.say(words::PASSWORD_CHANGED),
                    Shape::Json => self.acts.push(Act::Out(json::password_line(bits))),
                }
            }
            Found::Password(false) => {
                self.passwords = (None, None);
                self.complain("That is not the present password. Nothing was changed.");
            }
            Found::Hits(hits) => self.say_hits(&hits),
            // Lines stay on the terminal: nobody asks for older ones.
            Found::Page(..) => {}
            // Too late, after a lock.
            Found::Requests(_) | Found::Names { .. } if matches!(self.wait, Wait::Closing) => {}
            Found::Requests(known) => self.requests_found(known),
            Found::Names { conversation, nick, peer } => self.named(conversation, nick, peer),
            Found::Failed(error) => {
                self.asking.not_found();
                self.passwords = (None, None);
                self.complain(&error.to_string());
            }
        }
        self.take_turns();
        self.perhaps_leave();
        std::mem::take(&mut self.acts)
    }

    fn say_hits(&mut self, hits: &[Hit]) {
        if self.options.shape == Shape::Json {
            for hit in hits {
                let line = json::found_line(hit.conversation, &hit.name, &hit.line);
                self.acts.push(Act::Out(line));
            }
            self.acts.push(Act::Out(json::search_done_line(hits.len())));
            return;
        }
        // The newest last, where the eye is.
        for hit in hits.iter().rev() {
            let name = text::cut(&hit.name, MAX_NAME);
            let way = |line: &Line| if line.own { "->" } else { "<-" };
            let beside = |line: &Line| {
                let said = Zeroizing::new(text::lines(&line.body).join(" "));
                Act::Out(format!("  \u{b7} {name} {} {}", way(line), text::cut(&said, BESIDE)))
            };
            self.acts.extend(hit.before.iter().map(beside));
            let said = text::lines(&hit.line.body).join("\n  ");
            self.acts.push(Act::Out(format!("{name} {} {said}", way(&hit.line))));
            self.acts.extend(hit.after.iter().map(beside));
        }
        match hits.len() {
            0 => self.say("Nothing was found."),
            1 => self.say("One message was found."),
            count => self.say(&format!("{count} messages were found.")),
        }
    }

    fn say_status(&mut self) {
        if let Some(state) = &self.network {
            let words = text::one_line(&words::network(state));
            self.say(&words);
        }
        if let Some(trust) = self.trust {
            let words = words::trust_sentence(trust, &self.peer());
            self.say(&words);
        }
        if self.blocked {
            let words = words::blocked(&self.peer(), true);
            self.say(&words);
        } else if let Some(link) = &self.link {
            let words = words::link(link);
            self.say(&words);
        }
        if self.asking.address().is_some() {
            let words = words::address_line(self.asking.address());
            self.say(&words);
        }
        if self.id.is_some() {
            match self.timer {
                Some(seconds) => self.say(&words::timer_stands(seconds)),
                None => self.say("There is no timer on new messages."),
            }
            if self.plan.lasting {
                self.say(&words::history(self.keeps));
            }
        }
        let words = match &self.plan.profile {
            Some(profile) => {
                let how = if profile.password { "under a password" } else { "without a password" };
                format!("What lasts is in the profile \u{201c}{}\u{201d}, {how}.", profile.name)
            }
            None => "Nothing is kept: all of it is in memory alone.".to_owned(),
        };
        self.say(&words);
        if let Some(fault) = self.storage {
            self.say(&words::storage(fault).to_string());
        }
    }

    /// Locks the profile: the node ends, and nothing of it stays in this model.
    pub(super) fn lock(&mut self, why: Locked) {
        match &self.plan.profile {
            None => return self.complain(&nothing_lasts().to_string()),
            Some(profile) if !profile.password => {
                return self.complain(words::NOT_LOCKED_BY_WORDS);
            }
            Some(_) => {}
        }
        if matches!(self.wait, Wait::Closing) {
            return;
        }
        self.unask();
        let shown = self.id.filter(|_| self.paired);
        self.close(End::Locked(why, shown));
        self.rooms.clear();
        self.asking = crate::asking::Asking::default();
        self.texts.clear();
        self.lines.clear();
        self.id = None;
        self.plan.peer = None;
        self.acts.push(Act::Clear);
    }

    /// Time went by: locks the profile when nobody typed for as long as the settings say.
    #[must_use]
    pub fn tick(&mut self, now: Now) -> Vec<Act> {
        let last = *self.last_line.get_or_insert(now);
        if let Some(limit) = self.idle_limit() {
            let wall = Duration::from_secs(now.wall.saturating_sub(last.wall));
            let steady = now.monotonic.saturating_sub(last.monotonic);
            // While a machine sleeps, one of its clocks stands still.
            if steady.max(wall) >= limit {
                self.lock(Locked::Idle);
            }
        }
        std::mem::take(&mut self.acts)
    }

    /// After so long without a line the profile is locked, if at all: only where somebody can type.
    #[must_use]
    pub fn idle_limit(&self) -> Option<Duration> {
        let waits = self.options.terminal && !matches!(self.wait, Wait::Closing);
        let profile = self.plan.profile.as_ref().filter(|profile| waits && profile.password)?;
        profile.idle_lock
    }

    /// A line was read at this moment.
    pub fn typed_at(&mut self, now: Now) {
        self.last_line = Some(now);
    }
}
