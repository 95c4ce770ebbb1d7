//! All sentences in one snapshot, and the rules that each of them keeps.

use std::fmt::Write as _;
use std::time::Duration;

use undertone_handle::address;
use undertone_handle::command::{Greeting, History, Name, Role};
use undertone_handle::event::{
    AddressEvent, AskedEvent, CheckEvent, Delivery, HealingEvent, LinkState, MeetingEnd,
    MeetingStep, NetworkKind, NetworkState, NetworkStep, NotDone, NotKept, NotSent, RepairEvent,
    RequestEvent, StorageFault, Trust,
};
use undertone_handle::query::{AddressLine, RequestState};
use undertone_handle::words::{self, HealingColour, HealingWords, UserError};

const ENDS: [MeetingEnd; 12] = [
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
];

const CHECKS: [CheckEvent; 12] = [
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
];

const HEALINGS: [HealingEvent; 5] = [
    HealingEvent::Begun,
    HealingEvent::Waiting,
    HealingEvent::Renewed,
    HealingEvent::Late,
    HealingEvent::Stopped,
];

const REPAIRS: [RepairEvent; 10] = [
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
];

fn errors() -> Vec<(String, UserError)> {
    let mut errors = Vec::new();
    for role in [Role::Host, Role::Guest] {
        for end in ENDS {
            errors.push((format!("{end:?}, {role:?}"), words::meeting_end(&end, role)));
        }
    }
    for reason in [
        NotSent::TooLong,
        NotSent::OutboxFull,
        NotSent::NotStored,
        NotSent::Blocked,
        NotSent::NotOpen,
    ] {
        errors.push((format!("{reason:?}"), words::not_sent(reason)));
    }
    for reason in
        [NotDone::Gone, NotDone::NotOurs, NotDone::TooLong, NotDone::OutboxFull, NotDone::NotOpen]
    {
        errors.push((format!("not done: {reason:?}"), words::not_done(reason)));
    }
    for fault in [
        StorageFault::Full,
        StorageFault::ReadOnly,
        StorageFault::Denied,
        StorageFault::Busy,
        StorageFault::Damaged,
        StorageFault::Machine,
    ] {
        errors.push((format!("storage: {fault:?}"), words::storage(fault)));
    }
    for reason in [NotKept::TooMany, NotKept::OwnAddress, NotKept::Already, NotKept::NotStored] {
        errors.push((format!("not asked: {reason:?}"), words::not_kept(reason)));
    }
    errors.push(("no such request".into(), words::no_such_request()));
    errors.push(("several such requests".into(), words::several_such_requests()));
    errors.push(("one undelivered".into(), words::undelivered(1)));
    errors.push(("three undelivered".into(), words::undelivered(3)));
    errors.push(("check failed".into(), words::check_failed()));
    errors.push(("check cancelled".into(), words::check_cancelled()));
    errors.push(("link given up".into(), words::link_given_up()));
    errors.push(("node gone".into(), words::node_gone()));
    errors.push(("locked".into(), words::profile_is_locked()));
    errors.push(("password differs".into(), words::password_differs()));
    errors
}

fn sentences() -> Vec<(String, String)> {
    let ten = Duration::from_secs(600);
    let mut all = vec![
        ("not audited".to_owned(), words::NOT_AUDITED.to_owned()),
        ("local".to_owned(), words::NO_ANONYMITY_LONG.to_owned()),
        ("storage well".to_owned(), words::STORAGE_WELL.to_owned()),
        ("away".to_owned(), words::link(&LinkState::Away)),
        ("timer set".to_owned(), words::timer(Some(604_800), true, "ana")),
        ("timer taken off".to_owned(), words::timer(None, false, "ana")),
        ("blocked".to_owned(), words::blocked("ana", true)),
        ("not blocked".to_owned(), words::blocked("ana", false)),
        ("leave".to_owned(), words::leave_how("ana")),
        ("history kept".to_owned(), words::history(History::Kept)),
        ("history for a day".to_owned(), words::history(History::For(86_400))),
        ("history not kept".to_owned(), words::history(History::NotKept)),
        ("timer stands".to_owned(), words::timer_stands(3600)),
        ("no password".to_owned(), words::NO_PASSWORD.to_owned()),
        ("not lockable".to_owned(), words::NOT_LOCKED_BY_WORDS.to_owned()),
        ("password changed".to_owned(), words::PASSWORD_CHANGED.to_owned()),
        ("locked at the start".to_owned(), words::locked("home", words::Locked::Start)),
        ("locked".to_owned(), words::locked("home", words::Locked::Asked)),
        ("locked by idleness".to_owned(), words::locked("home", words::Locked::Idle)),
        ("weak".to_owned(), format!("An estimate: {}.", words::password_strength(12))),
        ("fair".to_owned(), format!("An estimate: {}.", words::password_strength(30))),
        ("good".to_owned(), format!("An estimate: {}.", words::password_strength(45))),
        ("strong".to_owned(), format!("An estimate: {}.", words::password_strength(70))),
        ("slow".to_owned(), words::NETWORK_SLOW.to_owned()),
        ("clock ahead".to_owned(), words::clock_off(7500)),
        ("clock behind".to_owned(), words::clock_off(-86_400)),
        ("paired".to_owned(), words::PAIRED.to_owned()),
        ("open".to_owned(), words::OPEN.to_owned()),
        ("refused".to_owned(), words::REFUSED.to_owned()),
        ("peer left".to_owned(), words::peer_left("doug")),
        ("left".to_owned(), words::left(true).to_owned()),
        ("left, unconfirmed".to_owned(), words::left(false).to_owned()),
        ("peer's name".to_owned(), words::peer_name("doug", "D. Adams")),
        ("guesses left".to_owned(), words::guesses_left(2)),
        ("guess left".to_owned(), words::guesses_left(1)),
    ];
    for kind in [NetworkKind::Arti, NetworkKind::Local] {
        for step in [
            NetworkStep::Finding { percent: 45 },
            NetworkStep::Ready,
            NetworkStep::Blocked { reason: "no route to any relay.".into() },
        ] {
            let state = NetworkState { kind, step, clock_off_by_seconds: None };
            let name = format!("{kind:?}, {:?}", state.step);
            all.push((name, words::network(&state)));
        }
    }
    for event in REPAIRS {
        all.push((format!("repair: {event:?}"), words::repair(event, "doug")));
    }
    for step in [
        MeetingStep::MakingPlace,
        MeetingStep::LookingWhetherTaken,
        MeetingStep::Publishing,
        MeetingStep::Reachable { lives: ten },
        MeetingStep::Dialling { attempt: 1 },
        MeetingStep::Dialling { attempt: 3 },
        MeetingStep::Agreeing,
    ] {
        all.push((format!("{step:?}"), words::step_sentence(&step)));
    }
    for check in CHECKS {
        all.push((format!("{check:?}"), words::check(check).to_owned()));
    }
    for healing in HEALINGS {
        all.push((format!("{healing:?}"), words::healing(healing).to_owned()));
    }
    for link in [LinkState::Up, LinkState::Lost { redial_for: ten }, LinkState::GivenUp] {
        all.push((format!("{link:?}"), words::link(&link)));
    }
    for trust in [
        Trust::Unverified,
        Trust::Verified { skipped: false },
        Trust::Verified { skipped: true },
        Trust::Authenticated,
    ] {
        all.push((format!("{trust:?}"), words::trust_sentence(trust, "doug")));
    }
    all.extend(asking_sentences());
    all
}

/// What is said about the public address and requests.
#[expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]
fn asking_sentences() -> Vec<(String, String)> {
    let address =
        address::parse("2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid").unwrap();
    let mut all = vec![
        ("no address".to_owned(), words::address_line(None)),
        ("address stays".to_owned(), words::ADDRESS_STAYS.to_owned()),
        ("another address".to_owned(), words::REPLACE_QUESTION.to_owned()),
        ("nobody asked".to_owned(), words::NOT_ASKED.to_owned()),
        ("not answered".to_owned(), words::NOT_ANSWERED.to_owned()),
        ("begun".to_owned(), words::begun("ana")),
    ];
    for on in [true, false] {
        let line = AddressLine { address, on };
        all.push((format!("address, on: {on}"), words::address_line(Some(&line))));
    }
    for event in [
        AddressEvent::Publishing(address),
        AddressEvent::Reachable(address),
        AddressEvent::Unreachable(address),
        AddressEvent::Elsewhere(address),
        AddressEvent::Off,
    ] {
        all.push((format!("address: {event:?}"), words::address(&event)));
    }
    let (name, greeting) = (Name::parse("ana").unwrap(), Greeting::parse("hello").unwrap());
    for event in [
        RequestEvent::Came { name, greeting, at: 0 },
        RequestEvent::Accepted,
        RequestEvent::NotReached,
        RequestEvent::Stranger,
        RequestEvent::Refused,
        RequestEvent::Blocked,
        RequestEvent::Unblocked,
        RequestEvent::Expired,
    ] {
        all.push((format!("request: {event:?}"), words::request(&event, "ana")));
    }
    for event in [
        AskedEvent::Kept,
        AskedEvent::Dialling { attempt: 1 },
        AskedEvent::Dialling { attempt: 3 },
        AskedEvent::NotReached,
        AskedEvent::Arrived,
        AskedEvent::NotUnderstood,
        AskedEvent::Withdrawn,
        AskedEvent::Expired,
    ] {
        all.push((format!("asked: {event:?}"), words::asked(event, "doug")));
    }
    all
}

#[test]
fn the_sentences_are_those_of_the_snapshot() {
    let mut text = String::new();
    for (name, error) in errors() {
        let UserError { kind, message, hint } = error;
        writeln!(text, "{name} ({} {})\n  {message}\n  {hint}", kind.exit_code(), kind.name())
            .unwrap();
    }
    for (name, sentence) in sentences() {
        writeln!(text, "{name}\n  {sentence}").unwrap();
    }
    for delivery in [Delivery::Waiting, Delivery::Sent, Delivery::Delivered] {
        writeln!(text, "{}: {}", words::delivery_mark(delivery), words::delivery_word(delivery))
            .unwrap();
    }
    for healing in HEALINGS {
        if let Some(HealingWords { mark, word, colour }) = words::healing_short(healing) {
            writeln!(text, "{mark} {word} ({colour:?})").unwrap();
        }
    }
    for state in [
        RequestState::Pending,
        RequestState::Accepted,
        RequestState::Refused,
        RequestState::Blocked,
    ] {
        writeln!(text, "{}", words::request_state(state)).unwrap();
    }
    for said in [words::ask_state(false), words::ask_state(true), &words::requests_short(1)] {
        writeln!(text, "{said}").unwrap();
    }
    for question in [words::NICK_QUESTION, words::PEER_QUESTION, words::GREETING_QUESTION] {
        writeln!(text, "{question}").unwrap();
    }
    for question in [words::CHECK_QUESTION, words::STAY_QUESTION, words::WITHOUT_QUESTION] {
        writeln!(text, "{question}").unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn no_sentence_shouts_blames_or_promises() {
    let mut all: Vec<String> = sentences().into_iter().map(|(_, sentence)| sentence).collect();
    for (_, error) in errors() {
        assert!(error.message.ends_with('.'), "{}", error.message);
        assert!(error.hint.ends_with('.'), "{}", error.hint);
        all.push(error.to_string());
    }
    for sentence in all {
        assert!(sentence.ends_with('.'), "{sentence}");
        assert!(!sentence.contains('!'), "{sentence}");
        assert!(!sentence.contains("  ") && !sentence.contains('\n'), "{sentence}");
        let lower = sentence.to_lowercase();
        for word in ["secure", "safe", "invalid", "illegal", "your fault", "failed to", "oops"] {
            assert!(!lower.contains(word), "“{word}” in: {sentence}");
        }
    }
}

#[test]
fn the_word_that_is_wanted_is_the_word_that_is_taken() {
    let question = words::check(CheckEvent::ConfirmationWanted);
    assert!(question.ends_with(&format!(" {}.", undertone_handle::command::CONFIRMATION)));
}

#[test]
fn what_a_public_address_costs_is_said_wherever_it_is_shown_in_use() {
    let address =
        address::parse("2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid").unwrap();
    for said in [
        words::address(&AddressEvent::Reachable(address)),
        words::address_line(Some(&AddressLine { address, on: true })),
    ] {
        assert!(said.contains(&address::public(&address)), "{said}");
        assert!(said.contains(words::ADDRESS_COSTS), "{said}");
    }
    let word = format!(" {}.", address::REPLACEMENT);
    assert!(words::REPLACE_QUESTION.ends_with(&word));
}

#[test]
fn exit_codes_are_one_to_nine_and_names_differ() {
    let codes: Vec<_> = words::Kind::ALL.iter().map(|kind| kind.exit_code()).collect();
    assert_eq!(codes, (1..=9).collect::<Vec<_>>());
    let names: std::collections::BTreeSet<_> =
        words::Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), codes.len());
}

#[test]
fn each_level_of_trust_has_its_own_mark_word_and_colour() {
    let levels = [Trust::Unverified, Trust::Verified { skipped: false }, Trust::Authenticated]
        .map(words::trust);
    for (i, one) in levels.iter().enumerate() {
        for other in levels.iter().skip(i + 1) {
            assert!(one.mark != other.mark && one.word != other.word && one.colour != other.colour);
        }
    }
}

/// Amber and red are told apart from each other, and from every level of trust, without colours.
#[test]
fn each_state_of_the_keys_has_its_own_mark_and_word() {
    let trust = [Trust::Unverified, Trust::Verified { skipped: false }, Trust::Authenticated];
    let mut marks: Vec<_> = trust.map(words::trust).map(|trust| trust.mark).into();
    for state in [HealingEvent::Begun, HealingEvent::Late, HealingEvent::Stopped] {
        let HealingWords { mark, word, .. } = words::healing_short(state).unwrap();
        assert!(!marks.contains(&mark) && !word.is_empty());
        marks.push(mark);
    }
    let colour = |state| words::healing_short(state).map(|words| words.colour);
    assert_eq!(colour(HealingEvent::Late), Some(HealingColour::Amber));
    assert_eq!(colour(HealingEvent::Stopped), Some(HealingColour::Red));
    assert_eq!(colour(HealingEvent::Renewed), None);
}

#[test]
fn durations_read_well() {
    let said = |seconds| words::duration(Duration::from_secs(seconds));
    assert_eq!(
        [0, 59, 60, 61, 120, 598, 600, 3600, 7500, 86_400].map(said),
        [
            "0 s",
            "59 s",
            "one minute",
            "1 min 1 s",
            "2 min",
            "9 min 58 s",
            "ten minutes",
            "1 h",
            "2 h 5 min",
            "24 h"
        ]
    );
}
