//! The model behind lines: what is asked, what waits, what was said.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use undertone_handle::command::{Command, History, Meet, Name, Role};
use undertone_handle::event::{
    LinkState, MeetingEnd, NetworkKind, NetworkState, NotSent, StorageFault, Trust,
};
use undertone_handle::json::{self, Prompt, Request};
use undertone_handle::words::{self, Kind, UserError};
use undertone_handle::{ConversationId, Event, MessageId, SecretText};
use undertone_wire::code::Code;

use super::rooms::Room;
use crate::asking::{Asking, Dialogue};
use crate::changes::Numbers;
use crate::keeper::Wanted;
use crate::plan::{End, Now, Outcome, Plan};

/// The most lines that wait for their turn before no more are read.
const MAX_WAITING: usize = 64;

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Words for people.
    Words,
    /// One JSON object per line.
    Json,
}

/// What the end of the input means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtEnd {
    /// When all texts are delivered, say goodbye.
    Leave,
    /// Go on listening until the partner leaves.
    Stay,
}

/// How lines are read and written.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How lines look.
    pub shape: Shape,
    /// What the end of the input means.
    pub at_end: AtEnd,
    /// Whether somebody sits at a terminal: only then is a profile locked by idleness.
    pub terminal: bool,
}

/// Something that the model asks for.
pub enum Act {
    /// Write this to the output, as one or more whole lines.
    Out(String),
    /// Write this to the second output, as one or more whole lines.
    Say(String),
    /// The next line is a secret: a terminal should not show it. `false` ends that.
    Hide(bool),
    /// Send this to the node.
    Command(Command),
    /// Send this text.
    Text(ConversationId, String),
    /// Send this text, which answers a message.
    Answer(ConversationId, MessageId, String),
    /// Take what is shown off a terminal, with all that can be scrolled back to.
    Clear,
    /// Ask this of the profile's keeper, and tell the model by [`Talk::found`].
    Keep(Wanted),
    /// The face has ended.
    Finish(Outcome),
}

impl std::fmt::Debug for Act {
    /// Says nothing of any text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Out(_) => "Out(…)",
            Self::Say(_) => "Say(…)",
            Self::Hide(_) => "Hide",
            Self::Command(_) => "Command(…)",
            Self::Text(..) => "Text(…)",
            Self::Answer(..) => "Answer(…)",
            Self::Clear => "Clear",
            Self::Keep(_) => "Keep(…)",
            Self::Finish(_) => "Finish(…)",
        })
    }
}

/// What the next typed line is.
#[derive(Debug)]
pub(super) enum Wait {
    /// The answer to this question before the meeting.
    Prompt(Prompt),
    /// Whether this code is meant as it stands.
    Meant(Box<Code>),
    /// Nothing yet: a meeting or the partner's part of a check goes on.
    Nothing,
    /// Whether to run the check.
    Wish,
    /// The check's secret.
    Secret,
    /// The word without which no further check runs.
    Confirm,
    /// Whether to stay after a failed check.
    Stay,
    /// Whether to go on without the check that the partner cancelled.
    Without,
    /// Nothing: the line was begun as a secret that nobody asks for any more.
    Unused,
    /// A text or a command.
    Text,
    /// The profile's present password.
    OldPassword,
    /// The profile's new password.
    NewPassword,
    /// The new password once more.
    PasswordAgain,
    /// The next answer about a request or the public address.
    Asking(Box<Dialogue>),
    /// Nothing: the keeper is at work.
    Keeper,
    /// Nothing any more: the goodbye is on its way, or the node is ending.
    Closing,
}

/// The lines as a model: no IO, no clock.
pub struct Talk {
    pub(super) plan: Plan,
    pub(super) options: Options,
    pub(super) wait: Wait,
    pub(super) id: Option<ConversationId>,
    pub(super) proposal: Option<Code>,
    /// Lines whose turn has not come.
    pub(super) lines: VecDeque<Request>,
    /// Texts that wait for the conversation to open.
    pub(super) texts: VecDeque<String>,
    /// Texts that were handed out and not taken yet.
    pub(super) handed: usize,
    /// Our numbers of messages that are not confirmed yet.
    pub(super) ours: BTreeMap<MessageId, u64>,
    /// Messages of which it was said that they wait.
    pub(super) said_waiting: BTreeSet<MessageId>,
    /// How many messages of ours were taken.
    pub(super) count: u64,
    /// The numbers of all messages, as commands name them.
    pub(super) numbers: Numbers,
    /// What the text that is being handed out answers.
    pub(super) reply: Option<MessageId>,
    /// Texts that the node refused to take.
    pub(super) lost: usize,
    /// Whether keys are agreed on.
    pub(super) paired: bool,
    pub(super) open: bool,
    /// The user has blocked the partner.
    pub(super) blocked: bool,
    /// Whether a check runs that can be cancelled.
    pub(super) checking: bool,
    pub(super) input_ended: bool,
    pub(super) giving_up: bool,
    /// The tens of percent that were told of the way to the network.
    pub(super) told_percent: Option<u8>,
    pub(super) was_lost: bool,
    pub(super) said_refused: bool,
    shutting_down: bool,
    /// How far the partner is known, the timer, and how long this side keeps messages.
    pub(super) trust: Option<Trust>,
    pub(super) timer: Option<u32>,
    pub(super) keeps: History,
    /// The conversations of the profile that are not open here.
    pub(super) rooms: Vec<Room>,
    /// Whether the profile has more than one.
    pub(super) several: bool,
    /// The public address and requests.
    pub(super) asking: Asking,
    /// The passwords that were typed so far.
    pub(super) passwords: (Option<SecretText>, Option<SecretText>),
    pub(super) network: Option<NetworkState>,
    pub(super) link: Option<LinkState>,
    pub(super) storage: Option<StorageFault>,
    /// When a line was read last.
    pub(super) last_line: Option<Now>,
    pub(super) end: Option<End>,
    pub(super) acts: Vec<Act>,
}

impl std::fmt::Debug for Talk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Talk").field("wait", &self.wait).finish_non_exhaustive()
    }
}

impl Talk {
    /// The model at its beginning and what it asks for at once.
    #[must_use]
    pub fn new(plan: Plan, options: Options) -> (Self, Vec<Act>) {
        let mut talk = Self {
            plan,
            options,
            wait: Wait::Nothing,
            id: None,
            proposal: None,
            lines: VecDeque::new(),
            texts: VecDeque::new(),
            handed: 0,
            ours: BTreeMap::new(),
            said_waiting: BTreeSet::new(),
            count: 0,
            numbers: Numbers::default(),
            reply: None,
            lost: 0,
            paired: false,
            open: false,
            blocked: false,
            checking: false,
            input_ended: false,
            giving_up: false,
            told_percent: None,
            was_lost: false,
            said_refused: false,
            shutting_down: false,
            trust: None,
            timer: None,
            keeps: History::Kept,
            rooms: Vec::new(),
            several: false,
            asking: Asking::default(),
            passwords: (None, None),
            network: None,
            link: None,
            storage: None,
            last_line: None,
            end: None,
            acts: Vec::new(),
        };
        if talk.plan.network == NetworkKind::Local {
            talk.say(words::NO_ANONYMITY_LONG);
        }
        if talk.plan.demo {
            talk.say("A demo: your partner is played by this program.");
        }
        talk.take_rooms();
        let resumed = talk.plan.resume.take();
        let listed = resumed.is_none() && talk.plan.role.is_none() && talk.plan.profile.is_some();
        talk.say_asking(listed);
        match resumed {
            Some(id) => talk.go_to(id),
            None if listed => {
                talk.wait = Wait::Text;
                talk.say_list();
            }
            None => talk.next_question(),
        }
        let acts = std::mem::take(&mut talk.acts);
        (talk, acts)
    }

    /// Whether another line of input should be read now.
    #[must_use]
    pub fn wants_line(&self) -> bool {
        !self.input_ended
            && !matches!(self.wait, Wait::Closing | Wait::Keeper)
            && self.lines.len() < MAX_WAITING
            && self.texts.len() < MAX_WAITING
    }

    /// Takes in a line of input, without its end.
    #[must_use]
    pub fn line(&mut self, line: &str) -> Vec<Act> {
        match self.options.shape {
            Shape::Words => self.request(Request::Typed(line.to_owned())),
            Shape::Json => match json::request(line) {
                Ok(request) => self.request(request),
                Err(error) => self.complain(&crate::code::sentence(&error.to_string())),
            },
        }
        std::mem::take(&mut self.acts)
    }

    /// A line of input was longer than any text: it was passed over.
    #[must_use]
    pub fn too_long(&mut self) -> Vec<Act> {
        self.lost += 1;
        self.complain(&words::not_sent(NotSent::TooLong).to_string());
        std::mem::take(&mut self.acts)
    }

    /// The input has ended.
    #[must_use]
    pub fn input_ended(&mut self) -> Vec<Act> {
        self.input_ended = true;
        self.take_turns();
        self.perhaps_leave();
        std::mem::take(&mut self.acts)
    }

    /// Takes in what the node told.
    #[must_use]
    pub fn event(&mut self, event: Event) -> Vec<Act> {
        self.told(event);
        self.take_turns();
        self.perhaps_leave();
        std::mem::take(&mut self.acts)
    }

    /// The node has ended without a word.
    #[must_use]
    pub fn node_gone(&mut self) -> Vec<Act> {
        let end = self.end.take().unwrap_or_else(|| End::Failed(words::node_gone()));
        self.finish(end);
        std::mem::take(&mut self.acts)
    }

    /// Somebody wants an end: in order the first time, at once the second.
    #[must_use]
    pub fn interrupt(&mut self) -> Vec<Act> {
        match &self.wait {
            Wait::Prompt(_) | Wait::Meant(_) => self.close(End::Done),
            Wait::Closing => {
                let end = self.end.take().unwrap_or(End::Done);
                self.finish(end);
            }
            _ => self.quit(),
        }
        std::mem::take(&mut self.acts)
    }

    /// Asks the first question that is open, or begins the meeting.
    pub(super) fn next_question(&mut self) {
        let host = self.plan.role == Some(Role::Host);
        let (prompt, question) = match &self.plan {
            Plan { role: None, .. } => {
                (Prompt::Role, "Say a code (s) or join by one (c)?".to_owned())
            }
            Plan { nick: None, .. } => {
                (Prompt::Nick, "Your name, as your partner will see it:".to_owned())
            }
            Plan { peer: None, .. } => {
                (Prompt::Peer, "Your partner's name, as you want to see it:".to_owned())
            }
            Plan { code: None, .. } if host => {
                let proposal = (self.plan.propose)();
                let question = format!(
                    "The code: an empty line takes {}, or type one you agreed on:",
                    *proposal.text()
                );
                self.proposal = Some(proposal);
                (Prompt::Code, question)
            }
            Plan { code: None, .. } => {
                self.acts.push(Act::Hide(true));
                (Prompt::Code, "The code that your partner says:".to_owned())
            }
            _ => {
                self.meet();
                return;
            }
        };
        self.prompt(prompt, &question);
        self.wait = Wait::Prompt(prompt);
    }

    pub(super) fn prompt(&mut self, prompt: Prompt, question: &str) {
        match self.options.shape {
            Shape::Words => self.say(question),
            Shape::Json => self.acts.push(Act::Out(json::prompt_line(prompt))),
        }
    }

    fn meet(&mut self) {
        let (Some(role), Some(nick), Some(peer), Some(code)) =
            (self.plan.role, self.plan.nick.clone(), self.plan.peer.clone(), self.plan.code.take())
        else {
            return;
        };
        let conversation = (self.plan.conversation)();
        self.id = Some(conversation);
        self.wait = Wait::Nothing;
        if role == Role::Host {
            match self.options.shape {
                Shape::Words => {
                    self.say(&format!("Say this code to your partner: {}", *code.text()));
                    self.say("They run: undertone chat -c");
                }
                Shape::Json => {
                    let line = json::code_line(conversation, &code.text());
                    self.acts.push(Act::Out(line.to_string()));
                }
            }
        }
        let (check, secret) = (self.plan.check, self.plan.secret.take());
        let lasting = self.plan.lasting;
        let meet = Box::new(Meet { role, nick, peer, code, check, secret, lasting });
        self.acts.push(Act::Command(Command::Meet { conversation, meet }));
    }

    /// What the user asked for by quitting, wherever things are.
    pub(super) fn quit(&mut self) {
        match (&self.wait, self.id) {
            (Wait::Closing, _) => {}
            (Wait::Stay | Wait::Without, _) => {
                let end = self.end_of_leaving();
                self.leave(end);
            }
            (Wait::Prompt(_) | Wait::Meant(_), _) | (_, None) => self.close(End::Done),
            // What has ended, or has just begun, is there the next time as well.
            (Wait::Text | Wait::Asking(_), Some(_)) if self.plan.lasting => self.close(End::Done),
            (Wait::Nothing, Some(id)) if !self.open && !self.is_paired() => {
                let role = self.plan.role.unwrap_or(Role::Guest);
                let end = End::Failed(words::meeting_end(&MeetingEnd::GivenUp, role));
                if self.giving_up {
                    self.finish(end);
                } else {
                    self.giving_up = true;
                    self.end = Some(end);
                    self.acts.push(Act::Command(Command::GiveUp(id)));
                }
            }
            _ => self.leave(End::Done),
        }
    }

    /// Says goodbye.
    pub(super) fn leave(&mut self, end: End) {
        // What lasts goes on the next time; nothing is said.
        if self.plan.lasting && self.open {
            return self.close(end);
        }
        self.end = Some(end);
        self.wait = Wait::Closing;
        if let Some(id) = self.id {
            self.acts.push(Act::Command(Command::Leave(id)));
        }
    }

    /// Asks the node to end; the face ends with it.
    pub(super) fn close(&mut self, end: End) {
        let unconfirmed = self.unconfirmed() + self.lost;
        self.end = Some(match end {
            // That texts may be lost is the more useful half of a lost connection.
            End::Done if unconfirmed > 0 && !self.plan.lasting => {
                End::Failed(words::undelivered(unconfirmed))
            }
            End::Failed(UserError { kind: Kind::PartnerGone, .. }) if unconfirmed > 0 => {
                End::Failed(words::undelivered(unconfirmed))
            }
            end => end,
        });
        self.wait = Wait::Closing;
        if !std::mem::replace(&mut self.shutting_down, true) {
            self.acts.push(Act::Command(Command::Shutdown));
        }
    }

    /// The face ends now; a failure is the last thing that is said.
    pub(super) fn finish(&mut self, end: End) {
        if let End::Failed(error) = &end {
            match self.options.shape {
                Shape::Words => {
                    let (message, hint) = (error.message.clone(), error.hint.clone());
                    self.say(&message);
                    self.say(&hint);
                }
                Shape::Json => self.acts.push(Act::Out(json::error_line(error))),
            }
        }
        self.acts.push(Act::Finish(Outcome { end, told: true }));
    }

    /// After the end of the input: goodbye, once everything has arrived.
    pub(super) fn perhaps_leave(&mut self) {
        if self.input_ended
            && self.options.at_end == AtEnd::Leave
            && self.open
            && matches!(self.wait, Wait::Text)
            && self.lines.is_empty()
            && self.texts.is_empty()
            && self.unconfirmed() == 0
        {
            self.leave(End::Done);
        }
    }

    /// Texts that the partner's program has not confirmed.
    fn unconfirmed(&self) -> usize {
        self.handed + self.ours.len() + self.texts.len()
    }

    /// Says something in words; with JSON lines the events say it.
    pub(super) fn say(&mut self, words: &str) {
        if self.options.shape == Shape::Words {
            self.acts.push(Act::Say(words.to_owned()));
        }
    }

    /// Says that a line could not be used.
    pub(super) fn complain(&mut self, message: &str) {
        match self.options.shape {
            Shape::Words => self.say(message),
            Shape::Json => {
                let error = UserError::new(Kind::Usage, message, "Nothing was sent.");
                self.acts.push(Act::Out(json::error_line(&error)));
            }
        }
    }

    pub(super) fn peer(&self) -> String {
        self.plan.peer.as_ref().map_or("partner", Name::as_str).to_owned()
    }

    /// Hands a text out.
    pub(super) fn send(&mut self, text: String) {
        let Some(id) = self.id else { return };
        if text.len() > undertone_handle::command::MAX_TEXT {
            self.lost += 1;
            self.complain(&words::not_sent(NotSent::TooLong).to_string());
            return;
        }
        self.handed += 1;
        self.acts.push(match self.reply {
            Some(answered) => Act::Answer(id, answered, text),
            None => Act::Text(id, text),
        });
    }
}
