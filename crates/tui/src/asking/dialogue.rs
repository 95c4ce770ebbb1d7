//! What is asked before somebody is asked or accepted, or before another address takes the place of
//! the present one. No name is filled in beforehand: one that was used elsewhere would tell who asks.

use undertone_handle::address::{self, REPLACEMENT};
use undertone_handle::command::{AddressCommand, Answer, Ask, Greeting, MAX_NAME, Name};
use undertone_handle::json::Prompt;
use undertone_handle::{Command, ConversationId, words};
use undertone_wire::address::OnionAddress;
use undertone_wire::request::MAX_GREETING_LEN;

use crate::code;

/// Questions that are asked one after the other.
#[derive(Debug)]
pub(crate) struct Dialogue {
    about: About,
    nick: Option<Name>,
    peer: Option<Name>,
}

#[derive(Debug)]
enum About {
    Ask(OnionAddress),
    /// Which, and the name that was suggested, made harmless.
    Accept(ConversationId, String),
    Replace,
}

/// What an answer led to.
#[derive(Debug)]
pub(crate) enum Next {
    /// Another question.
    Question,
    /// The same question again, for this reason.
    Wrong(String),
    /// Nothing is done after all, in words.
    Over(&'static str),
    /// This goes to the node.
    Done(Command),
}

impl Dialogue {
    pub(super) fn ask(address: OnionAddress) -> Self {
        Self { about: About::Ask(address), nick: None, peer: None }
    }

    pub(super) fn accept(id: ConversationId, name: String) -> Self {
        Self { about: About::Accept(id, name), nick: None, peer: None }
    }

    pub(super) fn replace() -> Self {
        Self { about: About::Replace, nick: None, peer: None }
    }

    /// What all of it is about.
    pub(crate) fn title(&self) -> String {
        match &self.about {
            About::Ask(address) => format!("Ask at {}", address::public(address)),
            About::Accept(_, name) => format!("Accept the request of \u{201c}{name}\u{201d}"),
            About::Replace => "Another address".to_owned(),
        }
    }

    /// What is asked now.
    pub(crate) fn question(&self) -> &'static str {
        match self.prompt() {
            Prompt::Nick => words::NICK_QUESTION,
            Prompt::Peer => words::PEER_QUESTION,
            Prompt::Greeting => words::GREETING_QUESTION,
            _ => words::REPLACE_QUESTION,
        }
    }

    /// The same for programs.
    pub(crate) fn prompt(&self) -> Prompt {
        match (&self.about, &self.nick, &self.peer) {
            (About::Replace, ..) => Prompt::Replace,
            (_, None, _) => Prompt::Nick,
            (_, _, None) => Prompt::Peer,
            _ => Prompt::Greeting,
        }
    }

    /// The longest answer to this question, in bytes.
    pub(crate) fn limit(&self) -> usize {
        if self.prompt() == Prompt::Greeting { MAX_GREETING_LEN } else { 4 * MAX_NAME }
    }

    /// What is said when nothing is done after all.
    pub(crate) fn over(&self) -> &'static str {
        match self.about {
            About::Ask(_) => words::NOT_ASKED,
            About::Accept(..) => words::NOT_ANSWERED,
            About::Replace => words::ADDRESS_STAYS,
        }
    }

    /// Takes an answer in. `id` draws the number of a request of ours.
    pub(crate) fn answer(&mut self, typed: &str, id: impl FnOnce() -> ConversationId) -> Next {
        let prompt = self.prompt();
        if typed.trim().is_empty() && prompt != Prompt::Greeting {
            return Next::Over(self.over());
        }
        let name = match prompt {
            Prompt::Nick | Prompt::Peer => match Name::parse(typed) {
                Ok(name) => name,
                Err(error) => return Next::Wrong(code::sentence(&error.to_string())),
            },
            _ => return self.last(typed, id),
        };
        match (&self.about, self.nick.clone()) {
            (About::Accept(request, _), Some(nick)) => {
                Next::Done(Command::Answer(*request, Answer::Accept { nick, peer: name }))
            }
            (_, Some(_)) => {
                self.peer = Some(name);
                Next::Question
            }
            (_, None) => {
                self.nick = Some(name);
                Next::Question
            }
        }
    }

    /// The last question: what to say, or the word.
    fn last(&mut self, typed: &str, id: impl FnOnce() -> ConversationId) -> Next {
        let (About::Ask(address), Some(nick), Some(peer)) =
            (&self.about, self.nick.clone(), self.peer.clone())
        else {
            return match typed.trim() {
                REPLACEMENT => Next::Done(Command::Address(AddressCommand::Replace)),
                _ => Next::Over(self.over()),
            };
        };
        match Greeting::parse(typed) {
            Ok(greeting) => Next::Done(Command::Ask(Box::new(Ask {
                conversation: id(),
                address: *address,
                nick,
                peer,
                greeting,
            }))),
            Err(error) => Next::Wrong(code::sentence(&error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABEL: &str = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid";

    fn id() -> ConversationId {
        ConversationId(7)
    }

    #[test]
    fn both_names_and_a_greeting_make_a_request() {
        let mut ask = Dialogue::ask(address::parse(LABEL).unwrap());
        assert_eq!(ask.prompt(), Prompt::Nick);
        assert!(matches!(ask.answer("a\u{202e}b", id), Next::Wrong(_)));
        assert!(matches!(ask.answer("ana", id), Next::Question));
        assert!(matches!(ask.answer("doug", id), Next::Question));
        assert_eq!(ask.prompt(), Prompt::Greeting);
        assert!(matches!(ask.answer(&"x".repeat(2_001), id), Next::Wrong(_)));
        let Next::Done(Command::Ask(ask)) = ask.answer("", id) else { panic!("no request") };
        assert_eq!((ask.nick.as_str(), ask.peer.as_str()), ("ana", "doug"));
        assert_eq!((ask.greeting.as_str(), ask.conversation), ("", id()));
    }

    #[test]
    fn both_names_accept_a_request() {
        let mut accept = Dialogue::accept(ConversationId(3), "ben".into());
        assert!(matches!(accept.answer("ana", id), Next::Question));
        let done = accept.answer("ben", id);
        let Next::Done(Command::Answer(ConversationId(3), Answer::Accept { nick, peer })) = done
        else {
            panic!("{done:?}")
        };
        assert_eq!((nick.as_str(), peer.as_str()), ("ana", "ben"));
    }

    #[test]
    fn nothing_but_the_word_replaces_the_address() {
        for no in ["", "y", "yes", "Replace", "/address replace"] {
            assert!(matches!(Dialogue::replace().answer(no, id), Next::Over(_)), "{no}");
        }
        assert!(matches!(
            Dialogue::replace().answer(" replace ", id),
            Next::Done(Command::Address(AddressCommand::Replace))
        ));
    }

    #[test]
    fn an_empty_name_gives_it_up() {
        let mut ask = Dialogue::ask(address::parse(LABEL).unwrap());
        assert!(matches!(ask.answer(" ", id), Next::Over(words::NOT_ASKED)));
        assert!(matches!(ask.answer("ana", id), Next::Question));
        assert!(matches!(ask.answer("", id), Next::Over(words::NOT_ASKED)));
    }
}
