//! The public address and requests, in lines. Whatever conversation is open, a request that comes is told;
//! a conversation that begins with one waits to be opened, so that no line goes to somebody new unmeant.

use undertone_handle::command::{AddressCommand, Answer, Ask, Command, Greeting, Name};
use undertone_handle::event::{AddressEvent, AskedEvent, RequestEvent};
use undertone_handle::json::{self, AddressRequest, AskingRequest};
use undertone_handle::query::RequestState;
use undertone_handle::{ConversationId, address, words};

use super::rooms::Room;
use super::talk::{Act, Shape, Talk, Wait};
use crate::asking::{Dialogue, Led, Next, Said, Show, Wish};
use crate::code;
use crate::keeper::{Wanted, nothing_lasts};
use crate::plan::Requests;
use crate::text;

impl Talk {
    /// Says what there is of all this when the face begins. A list of the conversations says how many requests
    /// wait.
    pub(super) fn say_asking(&mut self, listed: bool) {
        match self.options.shape {
            Shape::Words => {
                if self.asking.address().is_some_and(|line| line.on) {
                    let words = words::address_line(self.asking.address());
                    self.say(&words);
                }
                if !listed {
                    self.say_pending();
                }
            }
            Shape::Json => {
                if let Some(line) = self.asking.address() {
                    self.acts.push(Act::Out(json::address_line(Some(line))));
                }
                let came = self.asking.came().iter().map(|one| Act::Out(json::request_line(one)));
                let own = self.asking.own().iter().map(|one| Act::Out(json::ask_line(one)));
                let rows: Vec<Act> = came.chain(own).collect();
                self.acts.extend(rows);
            }
        }
    }

    /// Says how many requests wait for an answer.
    pub(super) fn say_pending(&mut self) {
        let count = self.asking.pending();
        if count > 0 {
            let words = format!("{}; /requests shows what came.", words::requests_short(count));
            self.say(&words);
        }
    }

    /// What was typed about the address and requests.
    pub(super) fn asked_for(&mut self, wish: Wish) {
        if self.plan.profile.is_none() {
            return self.complain(&nothing_lasts().to_string());
        }
        match self.asking.wish(wish) {
            Ok(Led::Command(command)) => self.acts.push(Act::Command(command)),
            Ok(Led::Look) => self.acts.push(Act::Keep(Wanted::Requests)),
            Ok(Led::Questions(dialogue)) => {
                self.say(&dialogue.title());
                self.ask_next(dialogue);
            }
            Err(why) => self.complain(&why),
        }
    }

    fn ask_next(&mut self, dialogue: Box<Dialogue>) {
        self.prompt(dialogue.prompt(), dialogue.question());
        self.wait = Wait::Asking(dialogue);
    }

    /// The answer to a question about a request.
    pub(super) fn answer_asking(&mut self, typed: &str) {
        let wait = std::mem::replace(&mut self.wait, Wait::Text);
        let Wait::Asking(mut dialogue) = wait else { return };
        let draw = &mut self.plan.conversation;
        match dialogue.answer(typed, draw) {
            Next::Question => self.ask_next(dialogue),
            Next::Wrong(why) => {
                self.complain(&why);
                self.ask_next(dialogue);
            }
            Next::Over(words) => self.say(words),
            Next::Done(command) => self.ask_node(command),
        }
    }

    /// Something else is asked for, so this is not any more.
    pub(super) fn drop_asking(&mut self) {
        if let Wait::Asking(dialogue) = &self.wait {
            let words = dialogue.over();
            self.say(words);
        }
    }

    fn ask_node(&mut self, command: Command) {
        self.asking.asks(&command);
        self.acts.push(Act::Command(command));
    }

    /// What a script asks for; it names requests as the events do.
    pub(super) fn asking_request(&mut self, request: AskingRequest) {
        if self.plan.profile.is_none() {
            return self.complain(&nothing_lasts().to_string());
        }
        let led = match request {
            AskingRequest::Address(AddressRequest::Show) => {
                return self.asked_for(Wish::ShowAddress);
            }
            AskingRequest::List => return self.asked_for(Wish::List),
            AskingRequest::Address(what) => Ok(Command::Address(match what {
                AddressRequest::Off => AddressCommand::Off,
                AddressRequest::Replace => AddressCommand::Replace,
                AddressRequest::On | AddressRequest::Show => AddressCommand::On,
            })),
            AskingRequest::Ask { address, nick, peer, greeting } => {
                self.request_of(&address, &nick, &peer, &greeting)
            }
            AskingRequest::Withdraw(id) => self.numbered(&id).map(Command::Withdraw),
            AskingRequest::Accept { request, nick, peer } => {
                self.numbered(&request).and_then(|id| {
                    let answer = Answer::Accept { nick: name(&nick)?, peer: name(&peer)? };
                    Ok(Command::Answer(id, answer))
                })
            }
            AskingRequest::Refuse(id) => {
                self.numbered(&id).map(|id| Command::Answer(id, Answer::Refuse))
            }
            AskingRequest::Block(id) => {
                self.numbered(&id).map(|id| Command::Answer(id, Answer::Block))
            }
            AskingRequest::Unblock(id) => {
                self.numbered(&id).map(|id| Command::Answer(id, Answer::Unblock))
            }
        };
        match led {
            Ok(command) => self.ask_node(command),
            Err(why) => self.complain(&why),
        }
    }

    fn request_of(
        &mut self,
        to: &str,
        nick: &str,
        peer: &str,
        greeting: &str,
    ) -> Result<Command, String> {
        let address = address::parse(to).map_err(|error| code::sentence(&error.to_string()))?;
        let greeting =
            Greeting::parse(greeting).map_err(|error| code::sentence(&error.to_string()))?;
        let (nick, peer) = (name(nick)?, name(peer)?);
        let conversation = (self.plan.conversation)();
        Ok(Command::Ask(Box::new(Ask { conversation, address, nick, peer, greeting })))
    }

    /// The request of this number.
    fn numbered(&self, text: &str) -> Result<ConversationId, String> {
        let id = json::request_id(text).filter(|id| self.asking.knows(*id));
        id.ok_or_else(|| words::no_such_request().to_string())
    }

    pub(super) fn address_told(&mut self, event: &AddressEvent) {
        let words = self.asking.address_told(event);
        self.say(&words);
    }

    pub(super) fn request_told(&mut self, id: ConversationId, event: &RequestEvent) {
        let said = self.asking.request_told(id, event);
        self.say_all(said);
    }

    pub(super) fn asked_told(&mut self, id: ConversationId, event: AskedEvent) {
        let said = self.asking.asked_told(id, event);
        self.say_all(said);
    }

    fn say_all(&mut self, said: Option<Said>) {
        let Some(Said { words, quoted }) = said else { return };
        self.say(&words);
        for line in quoted {
            self.say(&line);
        }
    }

    /// Whether a pairing of this id is that of a request: one's own meetings have an id here from their
    /// beginning.
    pub(super) fn begins(&self, id: ConversationId) -> bool {
        self.plan.profile.is_some()
            && !matches!(self.wait, Wait::Closing)
            && self.id != Some(id)
            && !self.rooms.iter().any(|room| room.id == Some(id))
    }

    /// A conversation begins with a request that was accepted at either end.
    pub(super) fn begun(&mut self, id: ConversationId) {
        let (nick, peer) = self.asking.begun(id);
        let said = nick.is_some().then(|| peer.clone()).flatten();
        self.several |= self.id.is_some() || !self.rooms.is_empty();
        self.rooms.push(Room::begun(id, nick, peer));
        match said {
            Some(peer) => self.say(&words::begun(&text::one_line(peer.as_str()))),
            // The names were given before this program began.
            None => self.acts.push(Act::Keep(Wanted::Names(id))),
        }
    }

    /// The names of a conversation that has begun.
    pub(super) fn named(&mut self, id: ConversationId, nick: Name, peer: Name) {
        let words = words::begun(&text::one_line(peer.as_str()));
        if self.id == Some(id) {
            (self.plan.nick, self.plan.peer) = (Some(nick), Some(peer));
        } else if let Some(room) = self.rooms.iter_mut().find(|room| room.id == Some(id)) {
            (room.nick, room.peer) = (Some(nick), Some(peer));
        }
        self.say(&words);
    }

    /// What the keeper knows of the address and of requests.
    pub(super) fn requests_found(&mut self, known: Requests) {
        let (own, rooms) = (self.id, &self.rooms);
        let begun = |id| own == Some(id) || rooms.iter().any(|room| room.id == Some(id));
        match (self.asking.found(known, begun), self.options.shape) {
            (Some(Show::Address), Shape::Words) => {
                let words = words::address_line(self.asking.address());
                self.say(&words);
            }
            (Some(Show::Address), Shape::Json) => {
                let line = json::address_line(self.asking.address());
                self.acts.push(Act::Out(line));
            }
            (Some(Show::Requests), Shape::Words) => {
                let now = self.last_line.map_or_else(|| self.newest_request(), |now| now.wall);
                for line in self.asking.listing(now, self.plan.utc_offset_seconds) {
                    self.say(&line);
                }
            }
            (Some(Show::Requests), Shape::Json) => {
                let came = self.asking.came().iter().map(|one| Act::Out(json::request_line(one)));
                let own = self.asking.own().iter().map(|one| Act::Out(json::ask_line(one)));
                let mut rows: Vec<Act> = came.chain(own).collect();
                let counts = (self.asking.came().len(), self.asking.own().len());
                rows.push(Act::Out(json::requests_done_line(counts.0, counts.1)));
                self.acts.extend(rows);
            }
            (None, _) => {}
        }
    }

    /// A moment of about now, for a model that was never told the time.
    fn newest_request(&self) -> u64 {
        let pending = |state| matches!(state, RequestState::Pending | RequestState::Accepted);
        self.asking
            .came()
            .iter()
            .filter(|one| pending(one.state))
            .map(|one| one.at)
            .max()
            .unwrap_or(0)
    }
}

fn name(text: &str) -> Result<Name, String> {
    Name::parse(text).map_err(|error| code::sentence(&error.to_string()))
}
