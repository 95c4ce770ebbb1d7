//! Each event, in each of its states, has one JSON line: as in the golden file, and as the schema
//! in `docs/json/` says. A state that only the schema or only the program knows fails here.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use undertone_handle::address;
use undertone_handle::command::{Greeting, History, Name, Reaction};
use undertone_handle::event::{
    AddressEvent, AskedEvent, CheckEvent, ConversationEvent, Deletion, Delivery, HealingEvent,
    LinkState, MeetingEnd, MeetingEvent, MeetingStep, NetworkKind, NetworkState, NetworkStep,
    NotDone, NotKept, NotSent, RepairEvent, RequestEvent, StorageEvent, StorageFault, Trust,
};
use undertone_handle::query::{AddressLine, AskLine, Line, Overview, RequestLine, RequestState};
use undertone_handle::words::{self, Kind, UserError};
use undertone_handle::{ConversationId, Event, MessageId, Ticket, json};

const GOLDEN: &str = include_str!("golden/events.v1.jsonl");
const SCHEMA: &str = include_str!("../../../docs/json/events.v1.json");
const REQUESTS: &str = include_str!("../../../docs/json/requests.v1.json");

fn all_lines() -> Vec<String> {
    let id = ConversationId(0xa7);
    let mut lines = Vec::new();
    for (kind, step, clock_off_by_seconds) in [
        (NetworkKind::Arti, NetworkStep::Finding { percent: 45 }, None),
        (NetworkKind::Arti, NetworkStep::Ready, Some(-7200)),
        (NetworkKind::Local, NetworkStep::Ready, None),
        (NetworkKind::Arti, NetworkStep::Blocked { reason: "no route".into() }, None),
    ] {
        lines.push(json::line(&Event::Network(NetworkState { kind, step, clock_off_by_seconds })));
    }
    let faults = [
        StorageFault::Full,
        StorageFault::ReadOnly,
        StorageFault::Denied,
        StorageFault::Busy,
        StorageFault::Damaged,
        StorageFault::Machine,
    ];
    lines.extend(faults.map(|fault| json::line(&Event::Storage(StorageEvent::Failed(fault)))));
    lines.push(json::line(&Event::Storage(StorageEvent::Well)));
    for prompt in [
        json::Prompt::Role,
        json::Prompt::Nick,
        json::Prompt::Peer,
        json::Prompt::Code,
        json::Prompt::CodeMeant,
        json::Prompt::Password,
        json::Prompt::Greeting,
        json::Prompt::Replace,
    ] {
        lines.push(json::prompt_line(prompt));
    }
    lines.push(json::code_line(id, "93-otter-lantern-mesa").to_string());
    let ten = Duration::from_secs(600);
    let mut meeting: Vec<_> = [
        MeetingStep::MakingPlace,
        MeetingStep::LookingWhetherTaken,
        MeetingStep::Publishing,
        MeetingStep::Reachable { lives: ten },
        MeetingStep::Dialling { attempt: 2 },
        MeetingStep::Agreeing,
    ]
    .map(MeetingEvent::Step)
    .into();
    meeting.extend([MeetingEvent::GuessesLeft(2), MeetingEvent::Paired]);
    meeting.extend(
        [
            MeetingEnd::NobodyAnswers,
            MeetingEnd::CodeTaken,
            MeetingEnd::WrongPassword,
            MeetingEnd::TooManyUnconfirmed,
            MeetingEnd::Expired,
            MeetingEnd::NeverReachable,
            MeetingEnd::PartnerGone,
            MeetingEnd::NoCommonVersion,
            MeetingEnd::ProtocolViolation,
            MeetingEnd::NoNetwork,
            MeetingEnd::NotStored,
            MeetingEnd::GivenUp,
        ]
        .map(MeetingEvent::Ended),
    );
    lines.extend(meeting.into_iter().map(|event| json::line(&Event::Meeting(id, event))));
    let mut conversation: Vec<_> = [
        CheckEvent::WishWanted,
        CheckEvent::PeerAsked,
        CheckEvent::SecretWanted,
        CheckEvent::WaitingForPeer,
        CheckEvent::Match,
        CheckEvent::Mismatch,
        CheckEvent::Skipped,
        CheckEvent::Aborted,
        CheckEvent::ConfirmationWanted,
        CheckEvent::Cancelled,
        CheckEvent::PeerCancelled,
        CheckEvent::BegunAnew,
    ]
    .map(ConversationEvent::Check)
    .into();
    conversation.extend(
        [
            Trust::Unverified,
            Trust::Verified { skipped: false },
            Trust::Verified { skipped: true },
            Trust::Authenticated,
        ]
        .map(ConversationEvent::Trust),
    );
    let hostile = "two\nlines \u{1b}[31m \u{202e}“👩\u{200d}🔬”".to_owned();
    let (message, at) = (MessageId(3), 1_763_647_380);
    conversation.extend([
        ConversationEvent::Open,
        ConversationEvent::Queued {
            ticket: Ticket(1),
            message,
            body: "yes".into(),
            at,
            reply: Some(message),
            timer: Some(60),
        },
        ConversationEvent::Received { message, body: hostile, at, reply: None, timer: None },
    ]);
    conversation.extend(
        [Delivery::Waiting, Delivery::Sent, Delivery::Delivered]
            .map(|state| ConversationEvent::Delivery(message, state)),
    );
    conversation.extend(
        [
            NotSent::TooLong,
            NotSent::OutboxFull,
            NotSent::NotStored,
            NotSent::Blocked,
            NotSent::NotOpen,
        ]
        .map(|reason| ConversationEvent::NotSent(Ticket(1), reason)),
    );
    conversation.push(ConversationEvent::Edited { message, body: "no".into(), at });
    conversation.extend(
        [Deletion::Cancelled, Deletion::Own, Deletion::Peer, Deletion::Timer]
            .map(|how| ConversationEvent::Deleted(message, how)),
    );
    conversation.extend(
        [NotDone::Gone, NotDone::NotOurs, NotDone::TooLong, NotDone::OutboxFull, NotDone::NotOpen]
            .map(|reason| ConversationEvent::NotDone(message, reason)),
    );
    conversation.extend([
        ConversationEvent::Reacted { message, own: true, reaction: Reaction::parse("👍") },
        ConversationEvent::Reacted { message, own: false, reaction: None },
        ConversationEvent::Timer { seconds: Some(3600), own: true },
        ConversationEvent::Timer { seconds: None, own: false },
        ConversationEvent::History(History::Kept),
        ConversationEvent::History(History::For(86_400)),
        ConversationEvent::History(History::NotKept),
        ConversationEvent::Renamed("doug from the pond".into()),
        ConversationEvent::Blocked(true),
        ConversationEvent::Blocked(false),
    ]);
    conversation.push(ConversationEvent::PeerName("doug".into()));
    conversation.extend(
        [LinkState::Up, LinkState::Lost { redial_for: ten }, LinkState::Away, LinkState::GivenUp]
            .map(ConversationEvent::Link),
    );
    conversation.extend(
        [
            HealingEvent::Begun,
            HealingEvent::Waiting,
            HealingEvent::Renewed,
            HealingEvent::Late,
            HealingEvent::Stopped,
        ]
        .map(ConversationEvent::Healing),
    );
    conversation.extend(
        [
            RepairEvent::Needed,
            RepairEvent::Broken,
            RepairEvent::Restored,
            RepairEvent::PeerRestored,
            RepairEvent::Repaired,
            RepairEvent::Missing,
            RepairEvent::OlderCopy,
            RepairEvent::Refused,
            RepairEvent::Unreached,
            RepairEvent::Elsewhere,
        ]
        .map(ConversationEvent::Repair),
    );
    conversation.extend([
        ConversationEvent::Refused,
        ConversationEvent::PeerLeft,
        ConversationEvent::Left { confirmed: true },
        ConversationEvent::Left { confirmed: false },
    ]);
    lines.extend(conversation.into_iter().map(|event| json::line(&Event::Conversation(id, event))));
    for why in [words::Locked::Start, words::Locked::Asked, words::Locked::Idle] {
        lines.push(json::locked_line("home", why));
    }
    lines.push(json::opened_line("home", true));
    lines.push(json::password_line(41));
    lines.push(json::selected_line(id, "doug"));
    for trust in [Trust::Unverified, Trust::Verified { skipped: true }, Trust::Authenticated] {
        lines.push(json::overview_line(&Overview {
            conversation: id,
            name: Name::parse("doug").unwrap(),
            trust,
            ended: false,
            blocked: false,
            since: at,
            last: None,
            unread: 2,
            waiting: 1,
            draft: true,
        }));
    }
    lines.push(json::found_line(
        id,
        "doug",
        &Line {
            message,
            own: true,
            body: "the blue bench".to_owned().into(),
            at,
            delivery: Delivery::Delivered,
            seen: true,
            edited: None,
            reply: None,
            own_reaction: None,
            peer_reaction: None,
            timer: None,
            expires: None,
        },
    ));
    lines.push(json::search_done_line(1));
    lines.extend(asking_lines());
    for kind in Kind::ALL {
        lines.push(json::line(&Event::Fatal(UserError::new(kind, "What.", "Do."))));
    }
    lines.push(json::error_line(&words::check_failed()));
    lines.push(json::line(&Event::Ended));
    lines
}

/// What is told of the public address and of requests.
fn asking_lines() -> Vec<String> {
    let (id, at) = (ConversationId(0xa7), 1_763_647_380);
    let address =
        address::parse("2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid").unwrap();
    let name = Name::parse("ana").unwrap();
    let greeting = Greeting::parse("it's me\nfrom the “pond”").unwrap();
    let mut lines: Vec<_> = [
        AddressEvent::Publishing(address),
        AddressEvent::Reachable(address),
        AddressEvent::Unreachable(address),
        AddressEvent::Elsewhere(address),
        AddressEvent::Off,
    ]
    .map(|event| json::line(&Event::Address(event)))
    .into();
    lines.push(json::address_line(None));
    lines.push(json::address_line(Some(&AddressLine { address, on: true })));
    lines.extend(
        [
            RequestEvent::Came { name: name.clone(), greeting: greeting.clone(), at },
            RequestEvent::Accepted,
            RequestEvent::NotReached,
            RequestEvent::Stranger,
            RequestEvent::Refused,
            RequestEvent::Blocked,
            RequestEvent::Unblocked,
            RequestEvent::Expired,
        ]
        .map(|event| json::line(&Event::Request(id, event))),
    );
    lines.extend(
        [
            AskedEvent::Kept,
            AskedEvent::Dialling { attempt: 2 },
            AskedEvent::NotReached,
            AskedEvent::Arrived,
            AskedEvent::NotUnderstood,
            AskedEvent::Withdrawn,
            AskedEvent::Expired,
            AskedEvent::NotKept(NotKept::TooMany),
            AskedEvent::NotKept(NotKept::OwnAddress),
            AskedEvent::NotKept(NotKept::Already),
            AskedEvent::NotKept(NotKept::NotStored),
        ]
        .map(|event| json::line(&Event::Asked(id, event))),
    );
    for state in [
        RequestState::Pending,
        RequestState::Accepted,
        RequestState::Refused,
        RequestState::Blocked,
    ] {
        let (name, greeting) = (name.clone(), greeting.clone());
        let line = RequestLine { conversation: id, name, greeting, at, state };
        lines.push(json::request_line(&line));
    }
    let own = AskLine { conversation: id, address, peer: name, at, arrived: true };
    lines.push(json::ask_line(&own));
    lines.push(json::requests_done_line(4, 1));
    lines
}

#[test]
fn the_lines_are_those_of_the_golden_file() {
    let lines = all_lines();
    let golden: Vec<_> = GOLDEN.lines().collect();
    for (number, (line, golden)) in lines.iter().zip(&golden).enumerate() {
        assert_eq!(line, golden, "line {}", number + 1);
    }
    assert_eq!(lines.len(), golden.len(), "all lines:\n{}", lines.join("\n"));
}

#[test]
fn the_schema_lists_every_event_and_state_and_no_other() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut documented: BTreeMap<String, &Value> = BTreeMap::new();
    for entry in schema["oneOf"].as_array().unwrap() {
        let name = entry["properties"]["event"]["const"].as_str().unwrap();
        assert!(documented.insert(name.to_owned(), entry).is_none(), "{name} twice");
    }
    assert_eq!(
        documented.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        json::EVENTS.into_iter().collect()
    );

    let mut seen = BTreeSet::new();
    for line in all_lines() {
        let value: Value = serde_json::from_str(&line).unwrap();
        let object = value.as_object().unwrap();
        let name = value["event"].as_str().unwrap();
        assert_eq!(value["v"], json::VERSION);
        let entry = documented[name];
        let properties = entry["properties"].as_object().unwrap();
        for required in entry["required"].as_array().unwrap() {
            assert!(object.contains_key(required.as_str().unwrap()), "{required} in {line}");
        }
        for (key, value) in object {
            let property = properties.get(key).unwrap_or_else(|| panic!("{key} in {line}"));
            assert!(fits(property, value), "{key} in {line} against {property}");
            seen.insert(format!("{name}.{key}"));
            if property.get("enum").is_some() {
                seen.insert(format!("{name}.{key}={}", value.as_str().unwrap()));
            }
        }
    }

    for (name, entry) in &documented {
        for (key, property) in entry["properties"].as_object().unwrap() {
            assert!(seen.contains(&format!("{name}.{key}")), "{name}.{key} is never written");
            for value in property.get("enum").and_then(Value::as_array).into_iter().flatten() {
                if key == "network" {
                    continue; // both are written, though not with every event
                }
                let state = format!("{name}.{key}={}", value.as_str().unwrap());
                assert!(seen.contains(&state), "{state} is never written");
            }
        }
    }
}

#[test]
fn a_line_of_one_of_two_sides_says_which_as_the_schema_has_it() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let documented = &schema["properties"]["side"];
    let plain: Value = serde_json::from_str(&json::line(&Event::Ended)).unwrap();
    assert_eq!(plain.get("side"), None);
    for side in documented["enum"].as_array().unwrap() {
        let line = json::side_line(side.as_str().unwrap(), &Event::Ended);
        let mut value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value.as_object_mut().unwrap().remove("side").as_ref(), Some(side));
        assert_eq!(value, plain);
    }
    assert_eq!(schema["properties"].as_object().unwrap().len(), 1);
}

/// The part of JSON Schema that the file uses.
fn fits(property: &Value, value: &Value) -> bool {
    if let Some(expected) = property.get("const") {
        return expected == value;
    }
    if let Some(choices) = property.get("enum").and_then(Value::as_array) {
        return choices.contains(value);
    }
    let types: Vec<_> = match &property["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let bounded = |n: i64| {
        property.get("minimum").and_then(Value::as_i64).is_none_or(|least| n >= least)
            && property.get("maximum").and_then(Value::as_i64).is_none_or(|most| n <= most)
    };
    types.iter().any(|wanted| match *wanted {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_i64().is_some_and(bounded),
        "null" => value.is_null(),
        _ => false,
    })
}

#[test]
fn every_documented_request_is_understood() {
    let schema: Value = serde_json::from_str(REQUESTS).unwrap();
    let entries = schema["oneOf"].as_array().unwrap();
    assert_eq!(entries.len(), 33);
    for entry in entries {
        let (key, property) = entry["properties"].as_object().unwrap().iter().next().unwrap();
        let example = if property["type"] == "string" { r#""x""# } else { "true" };
        let line = match entry.get("examples") {
            Some(examples) => examples[0].to_string(),
            None => format!("{{\"{key}\":{example}}}"),
        };
        assert!(json::request(&line).is_ok(), "{line}");
        assert!(!matches!(json::request(&line), Ok(json::Request::Typed(_))), "{line}");
    }
}
