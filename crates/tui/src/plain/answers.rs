//! What a line of input does, when its turn has come.

use undertone_handle::SecretText;
use undertone_handle::command::{CheckCommand, Command, Name, Role};
use undertone_handle::json::{ProfileRequest, Prompt, Request};
use undertone_handle::words::{Kind, Locked, UserError};
use zeroize::{Zeroize as _, Zeroizing};

use super::talk::{Act, Talk, Wait};
use crate::changes;
use crate::code::{self, Typed};
use crate::deeds;
use crate::plan::End;

impl Talk {
    /// A line was read. Ending is heard at once; everything else waits for its turn.
    pub(super) fn request(&mut self, request: Request) {
        match request {
            Request::Quit => self.quit(),
            Request::Typed(text) if is_quit(&text) && !self.reads_a_password() => self.quit(),
            Request::Profile(ProfileRequest::Lock) => self.lock(Locked::Asked),
            Request::Typed(text) if is_lock(&text) && !self.reads_a_password() => {
                self.lock(Locked::Asked);
            }
            Request::Cancel => self.cancel_check(),
            Request::Heal => self.heal(),
            Request::Reset => self.reset(),
            Request::Typed(text) if is_cancel(&text) && self.checking => self.cancel_check(),
            Request::Send(text) => {
                self.texts.push_back(text);
                self.take_turns();
            }
            request => {
                self.lines.push_back(request);
                self.take_turns();
            }
        }
        self.perhaps_leave();
    }

    /// Uses up what waits, as far as its turn has come.
    pub(super) fn take_turns(&mut self) {
        loop {
            if self.open && matches!(self.wait, Wait::Text) {
                while let Some(text) = self.texts.pop_front() {
                    self.send(text);
                }
            }
            if matches!(self.wait, Wait::Nothing | Wait::Keeper | Wait::Closing) {
                return;
            }
            match self.lines.pop_front() {
                Some(request) => self.answer(request),
                None if self.input_ended => {
                    self.no_answer();
                    return;
                }
                None => return,
            }
        }
    }

    fn answer(&mut self, request: Request) {
        let text = match request {
            Request::Typed(text) => Zeroizing::new(text),
            other => {
                self.object(other);
                return;
            }
        };
        match &self.wait {
            Wait::Prompt(prompt) => self.answer_prompt(*prompt, &text),
            Wait::Meant(_) => match yes_or_no(&text) {
                Some(true) => {
                    if let Wait::Meant(code) = std::mem::replace(&mut self.wait, Wait::Nothing) {
                        self.plan.code = Some(*code);
                    }
                    self.next_question();
                }
                _ => self.next_question(),
            },
            Wait::Wish => match yes_or_no(&text) {
                Some(wish) => self.wish(wish),
                None => self.complain("Please answer y or n."),
            },
            Wait::Secret => self.secret(&text),
            Wait::Confirm => self.confirm(&text),
            Wait::Unused => self.wait = Wait::Text,
            Wait::Stay | Wait::Without => match yes_or_no(&text) {
                Some(stay) => self.stay(stay),
                None => self.complain("Please answer y or n."),
            },
            Wait::Text => self.typed_text(&text),
            Wait::Asking(_) => self.answer_asking(&text),
            Wait::OldPassword | Wait::NewPassword | Wait::PasswordAgain => self.password(&text),
            Wait::Keeper | Wait::Nothing | Wait::Closing => {}
        }
    }

    /// An object of a script.
    fn object(&mut self, request: Request) {
        match (request, &self.wait) {
            (Request::Check(wish), Wait::Wish) => self.wish(wish),
            (Request::Check(true), Wait::Text) => self.check_again(),
            (Request::Secret(secret), Wait::Secret) => self.give_secret(secret),
            (Request::Confirm(word), Wait::Confirm) => self.confirm(&word),
            (Request::Stay(stay), Wait::Stay | Wait::Without) => self.stay(stay),
            (Request::Message(request), _) => self.change_by_id(request),
            (Request::Profile(request), Wait::Text) => self.profile_request(request),
            (Request::Asking(request), Wait::Text) => self.asking_request(request),
            (Request::Profile(_) | Request::Asking(_), _) => {
                self.complain("Something else is asked for now.");
            }
            (Request::Check(_), _) => self.complain("The check's wish is not asked for now."),
            (Request::Secret(_), _) => self.complain("The check's secret is not asked for now."),
            (Request::Confirm(_), _) => self.complain("No word for a check is asked for now."),
            (Request::Stay(_), _) => self.complain("No check has failed."),
            _ => {}
        }
    }

    fn answer_prompt(&mut self, prompt: Prompt, text: &str) {
        match prompt {
            Prompt::Role => match text.trim() {
                "s" => self.plan.role = Some(Role::Host),
                "c" => self.plan.role = Some(Role::Guest),
                _ => self.complain("Please answer s or c."),
            },
            Prompt::Nick | Prompt::Peer => match Name::parse(text) {
                Ok(name) if prompt == Prompt::Nick => self.plan.nick = Some(name),
                Ok(name) => self.plan.peer = Some(name),
                Err(error) => self.complain(&code::sentence(&error.to_string())),
            },
            // These are asked for elsewhere.
            Prompt::Password | Prompt::Greeting | Prompt::Replace => {}
            Prompt::Code | Prompt::CodeMeant => {
                if self.proposal.is_none() {
                    self.acts.push(Act::Hide(false));
                }
                let proposal = self.proposal.take();
                match (text.trim().is_empty(), proposal) {
                    (true, Some(proposal)) => self.plan.code = Some(proposal),
                    _ => match code::typed(text) {
                        Typed::Good(code) => self.plan.code = Some(*code),
                        Typed::Doubtful(code, question) => {
                            self.prompt(Prompt::CodeMeant, &question);
                            self.wait = Wait::Meant(code);
                            return;
                        }
                        Typed::Wrong(reason) => self.complain(&reason),
                    },
                }
            }
        }
        self.next_question();
    }

    fn wish(&mut self, wish: bool) {
        self.wait = Wait::Nothing;
        if let Some(id) = self.id {
            self.acts.push(Act::Command(Command::Check(id, CheckCommand::Wish(wish))));
        }
        self.say("Waiting for your partner's choice.");
    }

    fn check_again(&mut self) {
        if self.checking {
            self.complain("A check is running already.");
        } else if let Some(id) = self.id {
            // The next line may be the secret: it must not go out as a text.
            self.wait = Wait::Nothing;
            self.acts.push(Act::Command(Command::Check(id, CheckCommand::Wish(true))));
        }
    }

    fn secret(&mut self, text: &str) {
        if text.trim().is_empty() {
            self.complain("The secret needs at least one character.");
            return;
        }
        // The partner's wish may come while the answer to the question before it is being typed.
        if matches!(text.trim(), "y" | "n" | "Y" | "N" | "yes" | "no") {
            self.complain("That answers the earlier question. The check runs: type the secret.");
            return;
        }
        self.give_secret(SecretText::new(text.to_owned()));
    }

    fn give_secret(&mut self, secret: SecretText) {
        self.acts.push(Act::Hide(false));
        self.wait = if self.open { Wait::Text } else { Wait::Nothing };
        if let Some(id) = self.id {
            self.acts.push(Act::Command(Command::Check(id, CheckCommand::Secret(secret))));
        }
    }

    /// Sends the word that was typed; the node says whether it is the right one.
    fn confirm(&mut self, word: &str) {
        self.wait = Wait::Nothing;
        if let Some(id) = self.id {
            let word = CheckCommand::Confirm(word.to_owned());
            self.acts.push(Act::Command(Command::Check(id, word)));
        }
    }

    /// No check after all.
    fn cancel_check(&mut self) {
        let Some(id) = self.id.filter(|_| self.checking) else {
            self.complain(NO_CHECK);
            return;
        };
        self.unask();
        if matches!(self.wait, Wait::Secret | Wait::Confirm) {
            self.wait = if self.open { Wait::Text } else { Wait::Nothing };
        }
        self.acts.push(Act::Command(Command::Check(id, CheckCommand::Cancel)));
    }

    /// New keys, wherever the conversation is.
    fn heal(&mut self) {
        match self.id.filter(|_| self.is_paired()) {
            Some(id) => self.acts.push(Act::Command(Command::Heal(id))),
            None => self.complain("There is no conversation yet."),
        }
    }

    /// Another connection.
    pub(super) fn reset(&mut self) {
        match self.id.filter(|_| self.is_paired()) {
            Some(id) => self.acts.push(Act::Command(Command::Reconnect(id))),
            None => self.complain("There is no conversation yet."),
        }
    }

    fn stay(&mut self, stay: bool) {
        if !stay {
            let end = self.end_of_leaving();
            self.leave(end);
            return;
        }
        self.wait = if self.open { Wait::Text } else { Wait::Nothing };
        if let Some(id) = self.id {
            self.acts.push(Act::Command(Command::Check(id, CheckCommand::Stay)));
        }
    }

    /// A line in the conversation.
    fn typed_text(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        match changes::parse(text) {
            Some(Ok(change)) => return self.change(change),
            Some(Err(usage)) => return self.complain(usage),
            None => {}
        }
        match deeds::parse(text) {
            Some(Ok(deed)) => return self.deed(deed),
            Some(Err(usage)) => return self.complain(usage),
            None => {}
        }
        match text.trim_end() {
            "/help" => {
                let more = HELP_OF_PROFILE.iter().filter(|_| self.plan.profile.is_some());
                for line in HELP.iter().chain(more).copied().collect::<Vec<_>>() {
                    self.say(line);
                }
            }
            "/who" => {
                let who = format!("You talk with {}.", self.peer());
                self.say(&who);
            }
            "/check" | "/auth" => self.check_again(),
            "/cancel" => self.complain(NO_CHECK),
            "/heal" | ".heal" => self.heal(),
            command if command.starts_with('/') && !command.starts_with("//") => {
                let name = command.split_whitespace().next().unwrap_or_default();
                let words = format!(
                    "There is no command {}; /help lists them all. A text that begins with / is \
                     sent by typing // there.",
                    crate::text::one_line(name)
                );
                self.complain(&words);
            }
            _ if self.id.is_none() => {
                self.lost += 1;
                self.complain(
                    "Not sent: no conversation is open; /list shows all, /open NAME goes to one.",
                );
            }
            _ => {
                let body = if text.starts_with("//") { text.get(1..) } else { Some(text) };
                self.send(body.unwrap_or_default().to_owned());
            }
        }
    }

    /// The input has ended while something was asked.
    fn no_answer(&mut self) {
        let missing = |what: &str| {
            End::Failed(UserError::new(
                Kind::Usage,
                format!("The input ended before {what}."),
                "Give it on the command line, or on one more line of input.",
            ))
        };
        match &self.wait {
            Wait::Prompt(_) | Wait::Meant(_) | Wait::Asking(_) => {
                self.close(missing("every question was answered"));
            }
            Wait::Wish => self.wish(false),
            Wait::Secret => self.leave(missing("the check's secret was given")),
            Wait::Confirm => self.leave(missing("the word for another check was given")),
            Wait::Stay | Wait::Without => self.stay(false),
            Wait::Unused => self.wait = Wait::Text,
            Wait::OldPassword | Wait::NewPassword | Wait::PasswordAgain => {
                self.acts.push(Act::Hide(false));
                self.close(missing("the password was given"));
            }
            Wait::Text if self.id.is_none() => self.close(End::Done),
            Wait::Nothing | Wait::Text | Wait::Keeper | Wait::Closing => {}
        }
    }

    /// Whether the next line is a password, whatever it looks like.
    fn reads_a_password(&self) -> bool {
        matches!(self.wait, Wait::OldPassword | Wait::NewPassword | Wait::PasswordAgain)
    }
}

impl Drop for Talk {
    /// Lines that never had their turn may hold a secret.
    fn drop(&mut self) {
        for line in &mut self.lines {
            if let Request::Typed(text) | Request::Send(text) = line {
                text.zeroize();
            }
        }
        for text in &mut self.texts {
            text.zeroize();
        }
    }
}

const NO_CHECK: &str = "No check is running.";

const HELP: [&str; 10] = [
    "A line is a text and is sent. //… sends a text that begins with /.",
    "/check compares a secret that only you two know; /cancel calls it off.",
    "/heal makes new keys, against somebody who may have copied the present ones.",
    "/reset makes the connection anew, on other circuits.",
    "/edit TEXT, /reply TEXT, /react SIGN, /delete 3, /cancel 3 change or answer a message: 3 is your \
     third, p3 your partner's; without a number the last.",
    "/timer 1h lets new messages disappear an hour after they were seen, /timer off lets them stay.",
    "/status says what holds, /config the settings; /clear empties the terminal.",
    "/who says with whom you talk.",
    "/quit ends the conversation on both sides.",
    "/help says this.",
];

/// The same of a lasting profile.
const HELP_OF_PROFILE: [&str; 6] = [
    "/rename NAME shows your partner under another name, here alone; /history keep, none or days 30 says \
     how long messages are kept here.",
    "/list shows the conversations of the profile, /open NAME goes to one; /search WORDS looks in all.",
    "/block shuts the door to your partner, who isn't told, /unblock opens it; /leave NAME says goodbye and \
     deletes the contact with all that was said.",
    "/address says the address at which others can ask you for a conversation, /address on and off switch \
     it, /address replace makes another; /ask ADDRESS asks somebody.",
    "/requests shows the requests that came and your own; /accept NAME, /refuse NAME, /block-request NAME \
     answer one, and they learn of nothing but an acceptance; /withdraw NAME takes one of yours back.",
    "/lock locks the profile; /setpassword and /changepassword give it another password.",
];

fn is_quit(text: &str) -> bool {
    matches!(text.trim(), "/quit" | ".quit" | "/exit")
}

fn is_lock(text: &str) -> bool {
    matches!(text.trim(), "/lock" | ".lock")
}

fn is_cancel(text: &str) -> bool {
    text.trim() == "/cancel"
}

/// No is the default.
fn yes_or_no(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "" | "n" | "no" => Some(false),
        _ => None,
    }
}
