//! What is kept and what is asked, for the tests of both faces.

use undertone_handle::address;
use undertone_handle::command::{Answer, CheckCommand, Command, Greeting, History, Name};
use undertone_handle::event::{Delivery, RequestEvent, Trust};
use undertone_handle::query::{AddressLine, AskLine, Line, RequestLine, RequestState};
use undertone_handle::{ConversationId, Event, MessageId};
use undertone_tui::keeper::Wanted;
use undertone_tui::{Plan, Profile, Requests, Resume};

/// Friday 20 November 2026, 14:02 UTC.
pub(crate) const WALL: u64 = 1_795_183_320;

/// A message of a conversation that is kept.
pub(crate) fn line(message: u64, own: bool, body: &str) -> Line {
    Line {
        message: MessageId(message),
        own,
        body: body.to_owned().into(),
        at: WALL,
        delivery: Delivery::Delivered,
        seen: true,
        edited: None,
        reply: None,
        own_reaction: None,
        peer_reaction: None,
        timer: None,
        expires: None,
    }
}

fn room(id: ConversationId, peer: &str, lines: Vec<Line>) -> Resume {
    Resume {
        conversation: id,
        nick: Some(Name::parse("bob").unwrap()),
        peer: Name::parse(peer).unwrap(),
        trust: Trust::Verified { skipped: false },
        ended: false,
        blocked: false,
        unread: 0,
        lines,
        timer: None,
        history: History::Kept,
        draft: None,
    }
}

/// What was said with ana, in this conversation, and with ben.
pub(crate) fn rooms(first: ConversationId) -> Vec<Resume> {
    let ana = vec![line(3, false, "the papers are under the blue bench"), line(4, true, "thanks")];
    let ben = vec![line(8, true, "see you")];
    vec![room(first, "ana", ana), room(ConversationId(2), "ben", ben)]
}

/// The same plan for a profile under a password, with these conversations.
pub(crate) fn kept(plan: Plan, conversations: Vec<Resume>) -> Plan {
    let profile = Profile {
        name: "home".to_owned(),
        password: true,
        idle_lock: None,
        history: None,
        conversations,
        requests: Requests::default(),
    };
    Plan { lasting: true, profile: Some(profile), ..plan }
}

/// A public address.
pub(crate) const ADDRESS: &str =
    "undertone:2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid";

/// Somebody asks for a conversation.
pub(crate) fn comes(id: u64, name: &str, greeting: &str) -> Event {
    let name = Name::parse(name).unwrap();
    let greeting = Greeting::parse(greeting).unwrap();
    Event::Request(ConversationId(id), RequestEvent::Came { name, greeting, at: WALL })
}

/// What is kept where carla asked, dan was refused, and eve was asked.
pub(crate) fn requests() -> Requests {
    let came = |id, name: &str, greeting: &str, state| RequestLine {
        conversation: ConversationId(id),
        name: Name::parse(name).unwrap(),
        greeting: Greeting::parse(greeting).unwrap(),
        at: WALL,
        state,
    };
    let address = address::parse(ADDRESS).unwrap();
    Requests {
        address: Some(AddressLine { address, on: true }),
        came: vec![
            came(0xc1, "carla", "from the pond\nnot the lake", RequestState::Pending),
            came(0xd1, "dan", "", RequestState::Refused),
        ],
        own: vec![AskLine {
            conversation: ConversationId(0xe1),
            address,
            peer: Name::parse("eve").unwrap(),
            at: WALL,
            arrived: true,
        }],
    }
}

/// The same plan with these requests.
pub(crate) fn asked(mut plan: Plan, requests: Requests) -> Plan {
    if let Some(profile) = &mut plan.profile {
        profile.requests = requests;
    }
    plan
}

/// What is asked of whoever keeps the profile, in words.
pub(crate) fn wanted(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Password { old, new } => {
            let old = old.as_ref().map(|old| old.reveal().to_owned());
            format!("password {old:?} -> {:?}", new.reveal())
        }
        other => format!("{other:?}"),
    }
}

/// What is asked of the node, in words.
pub(crate) fn words(command: &Command) -> String {
    match command {
        Command::GiveUp(_) => "give up".to_owned(),
        Command::Check(_, CheckCommand::Wish(wish)) => format!("wish {wish}"),
        Command::Check(_, CheckCommand::Secret(secret)) => format!("secret {:?}", secret.reveal()),
        Command::Check(_, CheckCommand::Confirm(word)) => format!("confirm {word:?}"),
        Command::Check(_, CheckCommand::Cancel) => "cancel".to_owned(),
        Command::Check(_, CheckCommand::Stay) => "stay".to_owned(),
        Command::Heal(_) => "heal".to_owned(),
        Command::Leave(_) => "leave".to_owned(),
        Command::Shutdown => "shutdown".to_owned(),
        Command::Draft(_, draft) => format!("draft {:?}", draft.reveal()),
        Command::Rename(_, name) => format!("rename {name}"),
        Command::Ask(ask) => format!(
            "ask {} as {}, {}: {:?} for {}",
            ask.conversation,
            ask.nick,
            ask.peer,
            ask.greeting.as_str(),
            address::public(&ask.address)
        ),
        Command::Answer(id, Answer::Accept { nick, peer }) => {
            format!("accept {id} as {nick}, {peer}")
        }
        Command::Answer(id, answer) => format!("{answer:?} {id}").to_lowercase(),
        Command::Withdraw(id) => format!("withdraw {id}"),
        other => format!("{other:?}"),
    }
}
