//! Plays lines and a node to the model and writes down what comes out.

use undertone_handle::command::{Command, Name, Role};
use undertone_handle::event::{ConversationEvent, MeetingEvent, NetworkKind};
use undertone_handle::{ConversationId, Event, MessageId, Ticket};
use undertone_tui::keeper::Found;
use undertone_tui::plain::{Act, AtEnd, Options, Shape, Talk};
use undertone_tui::{End, Now, Plan, Resume};
use undertone_wire::code::Code;

use crate::common;
pub(crate) use crate::common::line;

pub(crate) const ID: ConversationId = ConversationId(0xa7);

pub(crate) fn plan() -> Plan {
    Plan {
        role: None,
        nick: None,
        peer: None,
        code: None,
        check: None,
        lasting: false,
        profile: None,
        resume: None,
        settings: vec!["idle_lock = 15".to_owned()],
        secret: None,
        network: NetworkKind::Arti,
        demo: false,
        colour: false,
        utc_offset_seconds: 0,
        propose: Box::new(|| Code::parse("93-otter-lantern-mesa").unwrap()),
        conversation: Box::new(|| ID),
    }
}

pub(crate) fn full_plan(role: Role) -> Plan {
    Plan {
        role: Some(role),
        nick: Some(Name::parse("bob").unwrap()),
        peer: Some(Name::parse("doug").unwrap()),
        code: Some(Code::parse("93-otter-lantern-mesa").unwrap()),
        ..plan()
    }
}

/// What was said with ana and ben.
pub(crate) fn rooms() -> Vec<Resume> {
    common::rooms(ID)
}

/// A profile under a password, with these conversations.
pub(crate) fn kept_plan(conversations: Vec<Resume>) -> Plan {
    common::kept(plan(), conversations)
}

pub(crate) const WORDS: Options =
    Options { shape: Shape::Words, at_end: AtEnd::Leave, terminal: false };
pub(crate) const JSON: Options =
    Options { shape: Shape::Json, at_end: AtEnd::Leave, terminal: false };

/// The model and a transcript: `<` lines read, `>` the output, `!` the second output, `*` what
/// the node is asked.
pub(crate) struct Player {
    talk: Talk,
    next_id: u64,
    pub(crate) transcript: String,
    pub(crate) end: Option<End>,
    /// The last message that was said to be seen.
    pub(crate) seen: Option<MessageId>,
}

impl Player {
    pub(crate) fn new(plan: Plan, options: Options) -> Self {
        let (talk, acts) = Talk::new(plan, options);
        let mut player =
            Self { talk, next_id: 1, transcript: String::new(), end: None, seen: None };
        player.perform(acts);
        player
    }

    pub(crate) fn open(plan: Plan, options: Options) -> Self {
        let mut player = Self::new(plan, options);
        player.meeting(MeetingEvent::Paired).tell(ConversationEvent::Open);
        player.transcript.clear();
        player
    }

    fn write(&mut self, mark: char, text: &str) {
        for line in text.split('\n') {
            self.transcript.push_str(&format!("{mark} {line}\n"));
        }
    }

    fn perform(&mut self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Out(text) => self.write('>', &text),
                Act::Say(text) => self.write('!', &text),
                Act::Hide(hidden) => self.write('*', if hidden { "hide" } else { "show" }),
                // Whatever is written is seen.
                Act::Command(Command::Seen(_, message)) => self.seen = Some(message),
                Act::Answer(_, MessageId(answered), text) => {
                    self.write('*', &format!("text {text:?} answers {answered}"));
                    self.next_id += 1;
                }
                Act::Command(command) => self.write('*', &words(&command)),
                Act::Clear => self.write('*', "clear"),
                Act::Keep(wanted) => self.write('*', &format!("keep {}", common::wanted(&wanted))),
                Act::Text(_, text) => {
                    self.write('*', &format!("text {text:?}"));
                    self.next_id += 1;
                }
                Act::Finish(outcome) => {
                    assert!(outcome.told);
                    self.write('*', "finish");
                    self.end = Some(outcome.end);
                }
            }
        }
    }

    pub(crate) fn line(&mut self, line: &str) -> &mut Self {
        self.write('<', line);
        assert!(self.talk.wants_line());
        let acts = self.talk.line(line);
        self.perform(acts);
        self
    }

    pub(crate) fn found(&mut self, found: Found) -> &mut Self {
        let acts = self.talk.found(found);
        self.perform(acts);
        self
    }

    /// It is this second of both clocks, and nobody typed.
    pub(crate) fn second(&mut self, second: u64) -> &mut Self {
        let monotonic = std::time::Duration::from_secs(second);
        let acts = self.talk.tick(Now { wall: 1_795_183_320 + second, monotonic });
        self.perform(acts);
        self
    }

    pub(crate) fn wants_line(&self) -> bool {
        self.talk.wants_line()
    }

    pub(crate) fn input_ended(&mut self) -> &mut Self {
        let acts = self.talk.input_ended();
        self.perform(acts);
        self
    }

    pub(crate) fn interrupt(&mut self) -> &mut Self {
        let acts = self.talk.interrupt();
        self.perform(acts);
        self
    }

    pub(crate) fn node_gone(&mut self) -> &mut Self {
        let acts = self.talk.node_gone();
        self.perform(acts);
        self
    }

    pub(crate) fn event(&mut self, event: Event) -> &mut Self {
        let acts = self.talk.event(event);
        self.perform(acts);
        self
    }

    pub(crate) fn tell(&mut self, event: ConversationEvent) -> &mut Self {
        self.event(Event::Conversation(ID, event))
    }

    pub(crate) fn tell_to(&mut self, id: ConversationId, event: ConversationEvent) -> &mut Self {
        self.event(Event::Conversation(id, event))
    }

    pub(crate) fn meeting(&mut self, event: MeetingEvent) -> &mut Self {
        self.event(Event::Meeting(ID, event))
    }

    pub(crate) fn received(&mut self, body: &str) -> &mut Self {
        let message = MessageId(1000);
        self.tell(ConversationEvent::Received {
            message,
            body: body.to_owned(),
            at: 1_795_183_320,
            reply: None,
            timer: None,
        })
    }

    /// The node takes the text with this number into the outbox.
    pub(crate) fn queued(&mut self, number: u64, body: &str) -> &mut Self {
        let message = MessageId(number);
        self.tell(ConversationEvent::Queued {
            ticket: Ticket(number),
            message,
            body: body.to_owned(),
            at: 1_795_183_320,
            reply: None,
            timer: None,
        })
    }
}

fn words(command: &Command) -> String {
    match command {
        Command::Meet { meet, .. } => format!(
            "meet as {:?}: {} calls {} under {}, check {:?}",
            meet.role,
            meet.nick,
            meet.peer,
            *meet.code.text(),
            meet.check
        ),
        other => common::words(other),
    }
}
