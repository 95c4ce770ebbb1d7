//! The public address and requests, as both faces know them: what is typed about them, what is asked
//! for one after the other, and what is shown of them.
//!
//! What a stranger sent is checked when it comes, cut and quoted here, and never stands at the
//! beginning of a line.

mod dialogue;

use std::collections::{BTreeMap, BTreeSet};

use undertone_handle::command::{Answer, Greeting, Name};
use undertone_handle::event::{AddressEvent, AskedEvent, RequestEvent};
use undertone_handle::query::{AddressLine, AskLine, RequestLine, RequestState};
use undertone_handle::{Command, ConversationId, address, words};

pub(crate) use self::dialogue::{Dialogue, Next};
use crate::plan::Requests;
use crate::text;
use crate::time::Local;

/// The most columns of a name in a sentence.
const MAX_NAME: usize = 40;

/// The most lines of a greeting that are shown when it comes; `/requests` shows all.
const FIRST_LINES: usize = 6;

/// The most columns of each of them.
const FIRST_COLUMNS: usize = 240;

/// What stands before each line that a stranger wrote.
pub(crate) const QUOTE: &str = "    | ";

/// What is typed about the address and requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    ShowAddress,
    AddressOn,
    AddressOff,
    Replace,
    /// With the address as it was typed.
    Ask(String),
    List,
    /// With the name or number of a request; empty: the only one.
    Accept(String),
    Refuse(String),
    Block(String),
    Unblock(String),
    Withdraw(String),
}

/// Reads a command without its slash. `None`: it is none of these.
pub(crate) fn parse(name: &str, rest: &str) -> Option<Result<Wish, &'static str>> {
    let which = || rest.to_owned();
    Some(match (name, rest) {
        ("address", "") => Ok(Wish::ShowAddress),
        ("address", "on") => Ok(Wish::AddressOn),
        ("address", "off") => Ok(Wish::AddressOff),
        ("address", "replace") => Ok(Wish::Replace),
        ("address", _) => Err(
            "/address says your public address, /address on lets others ask you there, /address off \
             ends that, /address replace makes another one.",
        ),
        ("ask" | "req-send" | "request", "") => {
            Err("/ask ADDRESS asks somebody for a conversation: undertone: and 56 characters.")
        }
        ("ask" | "req-send" | "request", _) => Ok(Wish::Ask(which())),
        ("requests" | "req-list", "") => Ok(Wish::List),
        ("requests" | "req-list", _) => {
            Err("/requests takes nothing after it; it shows those that came and your own.")
        }
        ("accept" | "req-accept", _) => Ok(Wish::Accept(which())),
        ("refuse" | "req-reject" | "reject", _) => Ok(Wish::Refuse(which())),
        ("block-request", _) => Ok(Wish::Block(which())),
        ("unblock-request", _) => Ok(Wish::Unblock(which())),
        ("withdraw", _) => Ok(Wish::Withdraw(which())),
        _ => return None,
    })
}

/// What was asked of the keeper to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    Address,
    Requests,
}

/// What a wish leads to.
#[derive(Debug)]
pub(crate) enum Led {
    /// This goes to the node.
    Command(Command),
    /// The questions of this are asked.
    Questions(Box<Dialogue>),
    /// The keeper is asked for what is there.
    Look,
}

/// What is to be said, and what a stranger wrote, line by line and quoted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) words: String,
    pub(crate) quoted: Vec<String>,
}

impl Said {
    fn words(words: String) -> Self {
        Self { words, quoted: Vec::new() }
    }
}

/// The public address and requests, as far as they were told.
#[derive(Default)]
pub(crate) struct Asking {
    known: Requests,
    /// The names that were given here for a conversation that is to begin: ours, and theirs.
    names: BTreeMap<ConversationId, (Name, Name)>,
    /// Of whom it was said that they are not reached.
    away: BTreeSet<ConversationId>,
    show: Option<Show>,
}

impl std::fmt::Debug for Asking {
    /// Says nothing of names and greetings.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asking").finish_non_exhaustive()
    }
}

impl Asking {
    pub(crate) fn new(known: Requests) -> Self {
        Self { known, ..Self::default() }
    }

    /// The public address, if there is one.
    pub(crate) fn address(&self) -> Option<&AddressLine> {
        self.known.address.as_ref()
    }

    /// The requests that came.
    pub(crate) fn came(&self) -> &[RequestLine] {
        &self.known.came
    }

    /// Our own.
    pub(crate) fn own(&self) -> &[AskLine] {
        &self.known.own
    }

    /// How many wait for the user's answer.
    pub(crate) fn pending(&self) -> usize {
        self.known.came.iter().filter(|one| one.state == RequestState::Pending).count()
    }

    /// Whether something may come of all this yet, so that the face goes on without a conversation.
    pub(crate) fn waits(&self) -> bool {
        let open =
            |one: &RequestLine| matches!(one.state, RequestState::Pending | RequestState::Accepted);
        self.address().is_some_and(|line| line.on)
            || !self.known.own.is_empty()
            || self.known.came.iter().any(open)
    }

    /// What a wish leads to; an error says why it leads to nothing.
    pub(crate) fn wish(&mut self, wish: Wish) -> Result<Led, String> {
        use undertone_handle::command::AddressCommand;

        let command = |command| Ok(Led::Command(command));
        match wish {
            Wish::ShowAddress => self.look(Show::Address),
            Wish::List => self.look(Show::Requests),
            Wish::AddressOn => command(Command::Address(AddressCommand::On)),
            Wish::AddressOff => command(Command::Address(AddressCommand::Off)),
            Wish::Replace => Ok(Led::Questions(Box::new(Dialogue::replace()))),
            Wish::Ask(typed) => match address::parse(&typed) {
                Ok(address) => Ok(Led::Questions(Box::new(Dialogue::ask(address)))),
                Err(error) => Err(crate::code::sentence(&error.to_string())),
            },
            Wish::Accept(which) => {
                let one = self.find(&which, &[RequestState::Pending])?;
                let name = shown(one.name.as_str());
                Ok(Led::Questions(Box::new(Dialogue::accept(one.conversation, name))))
            }
            Wish::Refuse(which) => {
                let states = [RequestState::Pending, RequestState::Accepted];
                command(Command::Answer(self.find(&which, &states)?.conversation, Answer::Refuse))
            }
            Wish::Block(which) => {
                let states = [RequestState::Pending, RequestState::Accepted, RequestState::Refused];
                command(Command::Answer(self.find(&which, &states)?.conversation, Answer::Block))
            }
            Wish::Unblock(which) => {
                let one = self.find(&which, &[RequestState::Blocked])?;
                command(Command::Answer(one.conversation, Answer::Unblock))
            }
            Wish::Withdraw(which) => {
                let called =
                    |one: &&AskLine| is_called(&which, one.conversation, one.peer.as_str());
                let found: Vec<&AskLine> = self.known.own.iter().filter(called).collect();
                command(Command::Withdraw(only(&found)?.conversation))
            }
        }
    }

    fn look(&mut self, show: Show) -> Result<Led, String> {
        self.show = Some(show);
        Ok(Led::Look)
    }

    /// The request of this name or number that is in one of these states; no name: the only one.
    fn find(&self, which: &str, states: &[RequestState]) -> Result<&RequestLine, String> {
        let called = |one: &&RequestLine| is_called(which, one.conversation, one.name.as_str());
        let all: Vec<&RequestLine> = self.known.came.iter().filter(called).collect();
        let possible: Vec<&RequestLine> =
            all.iter().copied().filter(|one| states.contains(&one.state)).collect();
        // What was decided before is more to the point than that there is none.
        if let ([], [one]) = (possible.as_slice(), all.as_slice())
            && !which.is_empty()
        {
            return Err(format!(
                "Nothing was done: the request of \u{201c}{}\u{201d} is in the state \u{201c}{}\u{201d}.",
                shown(one.name.as_str()),
                words::request_state(one.state)
            ));
        }
        only(&possible)
    }

    /// A request of ours goes out to the node.
    pub(crate) fn asks(&mut self, command: &Command) {
        match command {
            Command::Ask(ask) => {
                self.names.insert(ask.conversation, (ask.nick.clone(), ask.peer.clone()));
                self.known.own.push(AskLine {
                    conversation: ask.conversation,
                    address: ask.address,
                    peer: ask.peer.clone(),
                    at: 0,
                    arrived: false,
                });
            }
            Command::Answer(id, Answer::Accept { nick, peer }) => {
                self.names.insert(*id, (nick.clone(), peer.clone()));
            }
            _ => {}
        }
    }

    /// The address moved on.
    pub(crate) fn address_told(&mut self, event: &AddressEvent) -> String {
        match event {
            AddressEvent::Publishing(address)
            | AddressEvent::Reachable(address)
            | AddressEvent::Unreachable(address)
            | AddressEvent::Elsewhere(address) => {
                self.known.address = Some(AddressLine { address: *address, on: true });
            }
            AddressEvent::Off => {
                if let Some(line) = &mut self.known.address {
                    line.on = false;
                }
            }
        }
        words::address(event)
    }

    /// A request that came moved on. `None`: it is not worth saying again.
    pub(crate) fn request_told(
        &mut self,
        id: ConversationId,
        event: &RequestEvent,
    ) -> Option<Said> {
        if let RequestEvent::Came { name, greeting, at } = event {
            self.known.came.retain(|one| one.conversation != id);
            self.known.came.push(RequestLine {
                conversation: id,
                name: name.clone(),
                greeting: greeting.clone(),
                at: *at,
                state: RequestState::Pending,
            });
            let words = words::request(event, &shown(name.as_str()));
            return Some(Said { words, quoted: first_lines(greeting) });
        }
        let place = self.known.came.iter().position(|one| one.conversation == id)?;
        let line = self.known.came.get_mut(place)?;
        let words = words::request(event, &shown(line.name.as_str()));
        match event {
            RequestEvent::NotReached if !self.away.insert(id) => return None,
            RequestEvent::NotReached | RequestEvent::Came { .. } => {}
            RequestEvent::Accepted => line.state = RequestState::Accepted,
            RequestEvent::Refused | RequestEvent::Unblocked | RequestEvent::Stranger => {
                line.state = RequestState::Refused;
            }
            RequestEvent::Blocked => line.state = RequestState::Blocked,
            RequestEvent::Expired => {
                self.known.came.remove(place);
            }
        }
        Some(Said::words(words))
    }

    /// A request of ours moved on. `None`: it is not worth saying again.
    pub(crate) fn asked_told(&mut self, id: ConversationId, event: AskedEvent) -> Option<Said> {
        let place = self.known.own.iter().position(|one| one.conversation == id)?;
        let line = self.known.own.get_mut(place)?;
        let words = words::asked(event, &text::cut(line.peer.as_str(), MAX_NAME));
        match event {
            AskedEvent::Dialling { attempt } if attempt > 1 => return None,
            AskedEvent::NotReached if !self.away.insert(id) => return None,
            AskedEvent::Kept | AskedEvent::Dialling { .. } | AskedEvent::NotReached => {}
            AskedEvent::Arrived => line.arrived = true,
            AskedEvent::NotUnderstood
            | AskedEvent::Withdrawn
            | AskedEvent::Expired
            | AskedEvent::NotKept(_) => {
                self.known.own.remove(place);
                self.names.remove(&id);
            }
        }
        Some(Said::words(words))
    }

    /// Whether this is a request, of either direction.
    pub(crate) fn knows(&self, id: ConversationId) -> bool {
        self.known.came.iter().any(|one| one.conversation == id)
            || self.known.own.iter().any(|one| one.conversation == id)
    }

    /// A request was accepted, at this end or the other, and its conversation begins: under these names,
    /// as far as they are known. Whose were given before the program began are for the keeper to say.
    pub(crate) fn begun(&mut self, id: ConversationId) -> (Option<Name>, Option<Name>) {
        let came = self.known.came.iter().find(|one| one.conversation == id);
        let own = self.known.own.iter().find(|one| one.conversation == id);
        let known = own.map(|one| one.peer.clone()).or_else(|| came.map(|one| one.name.clone()));
        self.known.came.retain(|one| one.conversation != id);
        self.known.own.retain(|one| one.conversation != id);
        self.away.remove(&id);
        match self.names.remove(&id) {
            Some((nick, peer)) => (Some(nick), Some(peer)),
            None => (None, known),
        }
    }

    /// What is there, as the keeper says, without those of which there are conversations. Gives what was
    /// to be shown of it.
    pub(crate) fn found(
        &mut self,
        known: Requests,
        begun: impl Fn(ConversationId) -> bool,
    ) -> Option<Show> {
        self.known = known;
        self.known.came.retain(|one| !begun(one.conversation));
        self.known.own.retain(|one| !begun(one.conversation));
        self.show.take()
    }

    /// Nothing is to be shown: the keeper could not say it.
    pub(crate) fn not_found(&mut self) {
        self.show = None;
    }

    /// All requests, one line each and their greetings below them.
    pub(crate) fn listing(&self, now: u64, offset: i32) -> Vec<String> {
        if self.known.came.is_empty() && self.known.own.is_empty() {
            return vec!["No request came, and none of yours is under way.".to_owned()];
        }
        let today = Local::new(now, offset);
        let when = |at: u64| {
            let at = Local::new(at, offset);
            format!("{}, {}", at.date(today), at.time())
        };
        let mut lines = Vec::new();
        if !self.known.came.is_empty() {
            lines.push("Requests that came; nothing vouches for the names:".to_owned());
        }
        for one in &self.known.came {
            lines.push(format!(
                "  {}  {}  {}  {}",
                shown(one.name.as_str()),
                one.conversation,
                when(one.at),
                words::request_state(one.state)
            ));
            lines.extend(quoted(&one.greeting));
        }
        if !self.known.own.is_empty() {
            lines.push("Requests of yours:".to_owned());
        }
        for one in &self.known.own {
            lines.push(format!(
                "  {}  {}  {}  {}",
                shown(one.peer.as_str()),
                one.conversation,
                when(one.at),
                words::ask_state(one.arrived)
            ));
            lines.push(format!("    {}", address::public(&one.address)));
        }
        lines.push(
            "/accept, /refuse, /block-request, /unblock-request and /withdraw take a name, or the \
             sixteen characters beside it."
                .to_owned(),
        );
        lines
    }
}

/// A name that may be anything, to stand in a sentence, from whose marks it can't get out.
fn shown(name: &str) -> String {
    text::cut(&name.replace(['\u{201c}', '\u{201d}'], "'"), MAX_NAME)
}

/// A greeting, line by line, none of which can be taken for anything else.
fn quoted(greeting: &Greeting) -> Vec<String> {
    if greeting.as_str().is_empty() {
        return Vec::new();
    }
    text::lines(greeting.as_str()).into_iter().map(|line| format!("{QUOTE}{line}")).collect()
}

/// The beginning of a greeting, as it is shown to somebody who is doing something else.
fn first_lines(greeting: &Greeting) -> Vec<String> {
    let all = quoted(greeting);
    let more = all.len() > FIRST_LINES || all.iter().any(|line| text::width(line) > FIRST_COLUMNS);
    let mut lines: Vec<String> =
        all.iter().take(FIRST_LINES).map(|line| text::cut(line, FIRST_COLUMNS)).collect();
    if more {
        lines.push("    /requests shows all of it.".to_owned());
    }
    lines
}

fn is_called(which: &str, id: ConversationId, name: &str) -> bool {
    let wanted = which.trim().to_lowercase();
    wanted.is_empty() || id.to_string() == wanted || name.to_lowercase() == wanted
}

fn only<'a, T>(found: &[&'a T]) -> Result<&'a T, String> {
    match found {
        [one] => Ok(one),
        [] => Err(words::no_such_request().to_string()),
        _ => Err(words::several_such_requests().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use undertone_handle::event::NotKept;

    use super::*;

    const LABEL: &str = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid";

    fn came(asking: &mut Asking, id: u64, name: &str, greeting: &str) -> Said {
        let name = Name::parse(name).unwrap();
        let greeting = Greeting::parse(greeting).unwrap();
        let event = RequestEvent::Came { name, greeting, at: 1_795_183_320 };
        asking.request_told(ConversationId(id), &event).unwrap()
    }

    #[test]
    fn every_command_is_read() {
        let which = || "ana b".to_owned();
        for (name, rest, wish) in [
            ("address", "", Wish::ShowAddress),
            ("address", "on", Wish::AddressOn),
            ("address", "off", Wish::AddressOff),
            ("address", "replace", Wish::Replace),
            ("ask", "ana b", Wish::Ask(which())),
            ("req-send", "ana b", Wish::Ask(which())),
            ("request", "ana b", Wish::Ask(which())),
            ("requests", "", Wish::List),
            ("req-list", "", Wish::List),
            ("accept", "ana b", Wish::Accept(which())),
            ("req-accept", "", Wish::Accept(String::new())),
            ("refuse", "ana b", Wish::Refuse(which())),
            ("req-reject", "ana b", Wish::Refuse(which())),
            ("reject", "ana b", Wish::Refuse(which())),
            ("block-request", "ana b", Wish::Block(which())),
            ("unblock-request", "ana b", Wish::Unblock(which())),
            ("withdraw", "ana b", Wish::Withdraw(which())),
        ] {
            assert_eq!(parse(name, rest), Some(Ok(wish)), "{name} {rest}");
        }
        for (name, rest) in
            [("address", "now"), ("address", "On"), ("ask", ""), ("requests", "ana")]
        {
            assert!(matches!(parse(name, rest), Some(Err(_))), "{name} {rest}");
        }
        for name in ["block", "list", "addresses", ""] {
            assert_eq!(parse(name, ""), None, "{name}");
        }
    }

    #[test]
    fn a_name_that_several_have_answers_none_of_them() {
        let mut asking = Asking::default();
        came(&mut asking, 1, "Ana", "");
        assert!(matches!(
            asking.wish(Wish::Refuse("ana".into())),
            Ok(Led::Command(Command::Answer(ConversationId(1), Answer::Refuse)))
        ));
        // Without a name, too, while there is only one.
        assert!(matches!(asking.wish(Wish::Refuse(String::new())), Ok(Led::Command(_))));
        came(&mut asking, 2, "ana", "");
        // Somebody calls themselves by the number of another request.
        came(&mut asking, 3, "0000000000000001", "");
        for which in ["ana", "", "0000000000000001"] {
            let several = words::several_such_requests().to_string();
            assert_eq!(asking.wish(Wish::Refuse(which.into())).unwrap_err(), several, "{which}");
        }
        assert!(matches!(
            asking.wish(Wish::Refuse("0000000000000002".into())),
            Ok(Led::Command(Command::Answer(ConversationId(2), Answer::Refuse)))
        ));
        let none = words::no_such_request().to_string();
        assert_eq!(asking.wish(Wish::Accept("carla".into())).unwrap_err(), none);
        assert_eq!(asking.wish(Wish::Withdraw("ana".into())).unwrap_err(), none);
    }

    #[test]
    fn what_was_decided_is_said_in_place_of_an_answer_that_cannot_be() {
        let mut asking = Asking::default();
        came(&mut asking, 1, "ana", "");
        asking.request_told(ConversationId(1), &RequestEvent::Refused).unwrap();
        let why = asking.wish(Wish::Accept("ana".into())).unwrap_err();
        assert!(why.contains("refused"), "{why}");
        assert!(asking.wish(Wish::Unblock("ana".into())).is_err());
        assert!(matches!(asking.wish(Wish::Block("ana".into())), Ok(Led::Command(_))));
        assert!(!asking.waits());
    }

    #[test]
    fn a_long_greeting_is_cut_when_it_comes_and_whole_in_the_list() {
        let mut asking = Asking::default();
        let tall = "x\n".repeat(900);
        let said = came(&mut asking, 1, "ana", &tall);
        assert_eq!(said.quoted.len(), FIRST_LINES + 1);
        let all = asking.listing(1_795_183_320, 0);
        assert_eq!(all.iter().filter(|line| *line == "    | x").count(), 900);
        let wide = came(&mut asking, 2, "ben", &"w".repeat(2_000)).quoted;
        assert!(wide.iter().all(|line| text::width(line) <= FIRST_COLUMNS), "{wide:?}");
        assert!(came(&mut asking, 3, "carla", "").quoted.is_empty());
    }

    #[test]
    fn nothing_that_a_stranger_sent_begins_a_line() {
        let mut asking = Asking::default();
        let said = came(&mut asking, 1, "/quit", "ana: hello\n/quit\nשלום");
        assert!(said.words.starts_with("Somebody "), "{}", said.words);
        for line in said.quoted.into_iter().chain(asking.listing(0, 0)) {
            assert!(!line.starts_with("/quit") && !line.starts_with("ana"), "{line}");
        }
    }

    #[test]
    fn a_name_does_not_get_out_of_its_marks() {
        let mut asking = Asking::default();
        let words = came(&mut asking, 1, "ana\u{201d}, verified \u{201c}by code", "").words;
        assert_eq!(words.matches(['\u{201c}', '\u{201d}']).count(), 2, "{words}");
        // Whoever types it as it is means it still.
        let wish = Wish::Refuse("ana\u{201d}, verified \u{201c}by code".into());
        assert!(asking.wish(wish).is_ok());
    }

    #[test]
    fn what_is_tried_again_and_again_is_said_once() {
        let mut asking = Asking::default();
        let id = ConversationId(1);
        came(&mut asking, 1, "ana", "");
        assert!(asking.request_told(id, &RequestEvent::NotReached).is_some());
        assert!(asking.request_told(id, &RequestEvent::NotReached).is_none());
        let ask = undertone_handle::command::Ask {
            conversation: ConversationId(2),
            address: address::parse(LABEL).unwrap(),
            nick: Name::parse("bob").unwrap(),
            peer: Name::parse("doug").unwrap(),
            greeting: Greeting::parse("").unwrap(),
        };
        asking.asks(&Command::Ask(Box::new(ask)));
        let id = ConversationId(2);
        assert!(asking.asked_told(id, AskedEvent::Dialling { attempt: 1 }).is_some());
        assert!(asking.asked_told(id, AskedEvent::NotReached).is_some());
        assert!(asking.asked_told(id, AskedEvent::Dialling { attempt: 2 }).is_none());
        assert!(asking.asked_told(id, AskedEvent::NotReached).is_none());
        assert!(asking.asked_told(id, AskedEvent::NotKept(NotKept::Already)).is_some());
        assert!(!asking.knows(id));
    }

    #[test]
    fn debug_shows_no_name() {
        let mut asking = Asking::default();
        came(&mut asking, 1, "ana", "hello");
        assert_eq!(format!("{asking:?}"), "Asking { .. }");
    }
}
