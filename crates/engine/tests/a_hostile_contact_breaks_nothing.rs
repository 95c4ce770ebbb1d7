//! A contact with a right session who keeps to no rule: nothing panics, nothing is delivered twice,
//! nothing grows without bound, and an honest text still arrives.

mod common;

use common::outside::Puppet;
use common::{Net, TALK};
use proptest::prelude::*;
use undertone_engine::limits::{IN_FLIGHT, UNPROVEN_LINKS};
use undertone_engine::storage::{View as _, message_id};
use undertone_handle::command::{CheckCommand, History, MAX_TEXT, Reaction};
use undertone_handle::event::{CheckEvent, ConversationEvent, Trust};
use undertone_handle::{Command, SecretText};
use undertone_wire::cell::FrameKind;
use undertone_wire::message::{Body, Payload, Reference};

fn text(sequence: u64, body: &str) -> Payload {
    Payload { sequence, body: Body::text(body.to_owned()) }
}

fn refusals(net: &Net) -> usize {
    net.told(0).into_iter().filter(|e| **e == ConversationEvent::Refused).count()
}

/// A puppet in an open conversation with node 0: its name is number 1, its wish number 2.
fn open(seed: u8) -> (Net, Puppet) {
    let mut net = Net::new(seed, 1);
    let mut puppet = Puppet::pair(&mut net, seed, Some(false));
    puppet.send(&mut net, &Payload { sequence: 1, body: Body::Name("puppet".to_owned()) });
    puppet.send(&mut net, &Payload { sequence: 2, body: Body::CheckWish(false) });
    puppet.send(&mut net, &receipt(2, 0));
    assert!(net.says(0, &ConversationEvent::Open));
    (net, puppet)
}

fn receipt(highest: u64, window: u64) -> Payload {
    Payload { sequence: 0, body: Body::Receipt { highest, window } }
}

#[test]
fn a_text_that_comes_often_is_delivered_once() {
    let (mut net, mut puppet) = open(1);
    for _ in 0..100 {
        puppet.send(&mut net, &text(3, "once"));
    }
    // Not even with another content under the same number.
    puppet.send(&mut net, &text(3, "twice"));
    assert_eq!(net.received(0), ["once"]);
}

/// Only a restored partner says these; what a lying one gains by them is its own texts refused.
#[test]
fn a_skip_that_leads_nowhere_and_a_resume_out_of_place_change_nothing() {
    let (mut net, mut puppet) = open(21);
    let skip = |sequence, to| Payload { sequence, body: Body::Skip { to } };
    let resume = |highest, gone| {
        let body = Body::Resume { highest, window: 0, gone };
        Payload { sequence: 0, body }
    };
    puppet.send(&mut net, &skip(3, u64::MAX));
    puppet.send(&mut net, &skip(4, 2));
    puppet.send(&mut net, &resume(u64::MAX, 0));
    assert_eq!(refusals(&net), 3);
    puppet.send(&mut net, &resume(2, u64::MAX));
    puppet.send(&mut net, &text(5, "next"));
    puppet.send(&mut net, &skip(6, 1 << 32));
    puppet.send(&mut net, &text(7, "skipped"));
    puppet.send(&mut net, &text(1 << 32, "there"));
    assert_eq!(net.received(0), ["next", "there"]);
    assert_eq!(refusals(&net), 3);
}

/// Whoever sends and sends and reads nothing stops the other side's receipts; when they read again,
/// what they are owed comes without another text.
#[test]
fn a_receipt_that_found_no_room_is_made_up_for() {
    let (mut net, mut puppet) = open(12);
    while puppet.session.room() > 1 {
        puppet.send(&mut net, &text(3, "again"));
    }
    puppet.send(&mut net, &text(4, "the last that fits"));
    assert_eq!(net.received(0), ["again", "the last that fits"]);
    let told = puppet.read(&mut net);
    assert!(!told.contains(&receipt(4, 0)), "there was room: the test is too weak");
    puppet.send(&mut net, &Payload { sequence: 0, body: Body::Empty });
    assert_eq!(puppet.read(&mut net), [receipt(4, 0)]);
}

#[test]
fn a_number_far_ahead_is_refused_and_what_is_in_the_window_is_taken_once() {
    let (mut net, mut puppet) = open(2);
    for ahead in [3 + IN_FLIGHT, 10_000, u64::MAX] {
        puppet.send(&mut net, &text(ahead, "far"));
    }
    assert!(net.received(0).is_empty());
    assert_eq!(refusals(&net), 3);
    // Backwards through the window, twice.
    for sequence in (3..3 + IN_FLIGHT).rev().chain(3..3 + IN_FLIGHT) {
        puppet.send(&mut net, &text(sequence, &sequence.to_string()));
        puppet.read(&mut net);
    }
    let mut received = net.received(0);
    received.sort_by_key(|body| body.parse::<u64>().unwrap());
    let expected: Vec<String> = (3..3 + IN_FLIGHT).map(|n| n.to_string()).collect();
    assert_eq!(received, expected);
}

#[test]
fn a_receipt_for_what_was_never_sent_moves_nothing() {
    let (mut net, mut puppet) = open(3);
    for highest in [3, 1_000, u64::MAX] {
        puppet.send(&mut net, &receipt(highest, u64::MAX << 1));
    }
    assert_eq!(refusals(&net), 3);
    puppet.send(&mut net, &receipt(0, 0));
    puppet.send(&mut net, &receipt(2, u64::MAX << 1));
    puppet.read(&mut net);
    net.say(0, "still sent");
    let payloads = puppet.read(&mut net);
    assert!(payloads.contains(&text(3, "still sent")), "{payloads:?}");
}

#[test]
fn the_longest_text_is_taken_and_its_characters_are_not_touched() {
    let (mut net, mut puppet) = open(4);
    let bodies = ["x".repeat(MAX_TEXT), "\u{1b}[2J\u{202e}\u{0}\r\n".to_owned(), String::new()];
    for (sequence, body) in (3..).zip(&bodies) {
        puppet.send(&mut net, &text(sequence, body));
    }
    assert_eq!(net.received(0), bodies);
}

#[test]
fn a_name_that_disguises_something_is_refused() {
    let (mut net, mut puppet) = open(5);
    let names = ["", "  ", "a\u{1b}[31mb", "a\u{202e}b", "a\nb", "\u{200b}", &"n".repeat(31)];
    for (sequence, name) in (3..).zip(names) {
        puppet.send(&mut net, &Payload { sequence, body: Body::Name(name.to_owned()) });
    }
    assert_eq!(refusals(&net), names.len());
    let told = net.told(0).into_iter();
    let told: Vec<_> =
        told.filter(|e| matches!(e, ConversationEvent::PeerName(_))).cloned().collect();
    assert_eq!(told, [ConversationEvent::PeerName("puppet".to_owned())]);
}

/// Wishes without end ask the user once, and what is no proof leads to a failed check, once.
#[test]
fn wishes_and_garbage_in_the_check_ask_and_fail_once() {
    let (mut net, mut puppet) = open(6);
    let mut sequence = 3;
    let mut send = |net: &mut Net, puppet: &mut Puppet, body: Body| {
        puppet.send(net, &Payload { sequence, body });
        puppet.read(net);
        sequence += 1;
    };
    let count = |net: &Net, event: CheckEvent| {
        let event = ConversationEvent::Check(event);
        net.told(0).into_iter().filter(|e| **e == event).count()
    };
    for _ in 0..50 {
        send(&mut net, &mut puppet, Body::CheckWish(true));
        send(&mut net, &mut puppet, Body::CheckWish(false));
    }
    assert_eq!(count(&net, CheckEvent::SecretWanted), 1);
    for bytes in [vec![], vec![0; 4096], vec![1; 100], vec![2; 600]] {
        send(&mut net, &mut puppet, Body::Check(bytes));
        send(&mut net, &mut puppet, Body::CheckAbort);
    }
    assert_eq!(count(&net, CheckEvent::Aborted), 1);
    assert_eq!(net.nodes[0].memory().contact(TALK).unwrap().trust, Trust::Unverified);
    // Texts go on; nothing of the check waits in the outbox without end.
    send(&mut net, &mut puppet, Body::text("on".to_owned()));
    assert_eq!(net.received(0), ["on"]);
    assert!(net.nodes[0].memory().outbox(TALK, 0, 1_000).len() <= 8);
}

/// Aborts without end, none of whose answers the contact says to have read, fill no outbox.
#[test]
fn aborts_without_end_get_one_answer_at_a_time() {
    let (mut net, mut puppet) = open(16);
    for sequence in 3..303 {
        puppet.send(&mut net, &Payload { sequence, body: Body::CheckAbort });
        puppet.read(&mut net);
    }
    assert!(net.nodes[0].memory().outbox(TALK, 0, 1_000).len() <= 8);
    let told = net.told(0).into_iter();
    assert_eq!(told.filter(|e| matches!(e, ConversationEvent::Check(_))).count(), 1, "skipped");
}

#[test]
fn two_goodbyes_are_one() {
    let (mut net, mut puppet) = open(7);
    for sequence in [3, 3, 4] {
        puppet.send(&mut net, &Payload { sequence, body: Body::Goodbye });
    }
    let left = net.told(0).into_iter().filter(|e| **e == ConversationEvent::PeerLeft).count();
    assert_eq!(left, 1);
    assert!(net.nodes[0].memory().contacts().is_empty());
    assert_eq!((net.services(0), net.streams()), (0, 0));
}

/// A frame of a kind that has no place on the connection closes it, and the way back is open.
#[test]
fn a_frame_of_the_wrong_kind_costs_the_connection_and_not_the_conversation() {
    for kind in [FrameKind::Pairing, FrameKind::Link] {
        let (mut net, mut puppet) = open(8);
        net.speak(&puppet.line, kind, &[1; 38]);
        assert!(net.is_closed(&puppet.line));
        assert!(puppet.come_back(&mut net));
        puppet.send(&mut net, &text(3, "back"));
        assert_eq!(net.received(0), ["back"]);
    }
}

/// Streams at the contact's service that prove nothing: few wait, the connection stays.
#[test]
fn streams_without_a_proof_are_few_and_disturb_nobody() {
    let (mut net, mut puppet) = open(9);
    for i in 0..100_u8 {
        let line = net.knock(0).unwrap();
        match i % 3 {
            0 => {}
            1 => net.speak(&line, FrameKind::Link, &[1; 38]),
            _ => net.speak(&line, FrameKind::Packet, &[0; 466]),
        }
        assert!(net.streams() <= UNPROVEN_LINKS + 1, "{}", net.streams());
    }
    puppet.send(&mut net, &text(3, "undisturbed"));
    assert_eq!(net.received(0), ["undisturbed"]);
    net.pass(20_000);
    assert_eq!(net.streams(), 1);
}

/// The partner comes back on a new stream while this side waits for the answer to its goodbye.
#[test]
fn a_new_connection_during_the_goodbye_leaves_nothing_behind() {
    let (mut net, mut puppet) = open(10);
    net.command(0, Command::Leave(TALK));
    assert!(puppet.come_back(&mut net));
    assert!(net.says(0, &ConversationEvent::Left { confirmed: false }));
    assert!(net.nodes[0].memory().session(TALK).is_none(), "the session outlived the goodbye");
    assert_eq!((net.services(0), net.streams()), (0, 0));
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Move {
    /// A body under a number relative to the next honest one.
    Body(i64, Body),
    /// Any bytes, well sealed.
    Sealed(Vec<u8>),
    /// Any bytes, of any kind.
    Frame(u8, Vec<u8>),
    Receipt(u64, u64),
    Unnumbered(u8),
    ComeBack,
    HangUp,
    /// The honest user types, wishes, gives a secret, stays.
    Say,
    Wish(bool),
    Secret,
    Stay,
    Pass(u64),
    /// The honest user does something to a message at this place.
    Change(u8, u32),
}

fn bodies() -> impl Strategy<Value = Body> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..300);
    prop_oneof![
        4 => ".{0,40}".prop_map(Body::text),
        1 => ".{0,30}".prop_map(Body::Name),
        2 => any::<bool>().prop_map(Body::CheckWish),
        1 => bytes().prop_map(Body::Check),
        // What begins like the messages of the check.
        1 => (0..8_u8, bytes()).prop_map(|(kind, rest)| Body::Check([&[1, kind], &rest[..]].concat())),
        1 => (0..3_u32, bytes()).prop_map(|(epoch, message)| Body::CheckBegin { epoch, message }),
        1 => Just(Body::CheckAnew),
        1 => Just(Body::CheckAbort),
        1 => (1..20_u64, ".{0,40}").prop_map(|(of, text)| Body::Edit { of, text: text.into() }),
        1 => (1..20_u64).prop_map(|of| Body::Delete { of }),
        1 => (any::<bool>(), 1..20_u64, ".{0,10}").prop_map(|(own, sequence, sign)| Body::React {
            to: Reference { own, sequence },
            sign: sign.into(),
        }),
        1 => (0..6_u32, 0..40_u32).prop_map(|(changes, seconds)| Body::Timer { changes, seconds }),
        1 => (any::<u32>(), any::<u32>())
            .prop_map(|(changes, seconds)| Body::Timer { changes, seconds }),
        1 => Just(Body::Withdrawn),
        2 => (".{0,20}", any::<bool>(), 1..20_u64, prop::option::of(1..40_u32)).prop_map(
            |(text, own, sequence, timer)| Body::Text {
                text: text.into(),
                reply: Some(Reference { own, sequence }),
                timer,
            }
        ),
    ]
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        12 => (-3..4_i64, bodies()).prop_map(|(at, body)| Move::Body(at, body)),
        2 => (60..70_i64, bodies()).prop_map(|(at, body)| Move::Body(at, body)),
        1 => prop::collection::vec(any::<u8>(), 0..600).prop_map(Move::Sealed),
        1 => (0..4_u8, prop::collection::vec(any::<u8>(), 0..600))
            .prop_map(|(kind, bytes)| Move::Frame(kind, bytes)),
        2 => (0..12_u64, any::<u64>()).prop_map(|(h, w)| Move::Receipt(h, w << 1)),
        1 => (0..2_u8).prop_map(Move::Unnumbered),
        1 => Just(Move::ComeBack),
        1 => Just(Move::HangUp),
        2 => Just(Move::Say),
        1 => any::<bool>().prop_map(Move::Wish),
        1 => Just(Move::Secret),
        1 => Just(Move::Stay),
        1 => (0..20_000_u64).prop_map(Move::Pass),
        4 => (0..9_u8, 1..20_u32).prop_map(|(how, place)| Move::Change(how, place)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    #[test]
    fn no_sequence_of_moves_breaks_anything(
        wish in any::<Option<bool>>(),
        moves in prop::collection::vec(moves(), 0..60),
    ) {
        let mut net = Net::new(11, 1);
        let mut puppet = Puppet::pair(&mut net, 11, wish);
        // Every number that the puppet has sent something under, with what was delivered for it.
        let mut next = 1;
        let mut texts = Vec::new();
        for played in moves {
            match played {
                Move::Body(at, body) => {
                    let sequence = u64::try_from((next + at).max(1)).unwrap();
                    if let Body::Text { text, .. } = &body {
                        texts.push((sequence, text.as_str().to_owned()));
                    }
                    puppet.send(&mut net, &Payload { sequence, body });
                    next += i64::from(at == 0);
                }
                Move::Sealed(bytes) => { puppet.send_plain(&mut net, &bytes); }
                Move::Frame(kind, bytes) => {
                    let kinds =
                        [FrameKind::Pairing, FrameKind::Link, FrameKind::Packet, FrameKind::KeepAlive];
                    net.speak(&puppet.line, kinds[usize::from(kind)], &bytes);
                }
                Move::Receipt(highest, window) => { puppet.send(&mut net, &receipt(highest, window)); }
                Move::Unnumbered(kind) => {
                    let body = if kind == 0 { Body::Empty } else { Body::GoodbyeSeen };
                    puppet.send(&mut net, &Payload { sequence: 0, body });
                }
                Move::ComeBack => { puppet.come_back(&mut net); }
                Move::HangUp => net.drop_visitor(&puppet.line),
                Move::Say => { net.say(0, "honest"); }
                Move::Wish(wish) => net.command(0, Command::Check(TALK, CheckCommand::Wish(wish))),
                Move::Secret => {
                    let words = SecretText::new("pond".to_owned());
                    net.command(0, Command::Check(TALK, CheckCommand::Secret(words)));
                }
                Move::Stay => net.command(0, Command::Check(TALK, CheckCommand::Stay)),
                Move::Pass(millis) => net.pass(millis),
                Move::Change(how, place) => {
                    let message = message_id(1, place);
                    let body = "changed".to_owned();
                    net.command(0, match how {
                        0 => Command::Edit { message, body },
                        1 => Command::Cancel(message),
                        2 => Command::Delete(message),
                        3 => Command::React(message, Reaction::parse("+")),
                        4 => Command::Seen(TALK, message),
                        5 => Command::SetTimer(TALK, Some(place)),
                        6 => Command::SetTimer(TALK, None),
                        7 => Command::SetHistory(TALK, History::NotKept),
                        _ => Command::SetHistory(TALK, History::Kept),
                    });
                }
            }
            puppet.read(&mut net);
        }
        // No number was delivered twice: there are never more texts than numbers, and each delivered
        // text was sent.
        let received = net.received(0);
        let mut numbers: Vec<u64> = texts.iter().map(|(sequence, _)| *sequence).collect();
        numbers.sort_unstable();
        numbers.dedup();
        prop_assert!(received.len() <= numbers.len());
        for body in &received {
            prop_assert!(texts.iter().any(|(_, sent)| sent == body));
        }
        // Nothing waits without bound: what the user said, and a few messages of the check.
        let waiting = net.nodes[0].memory().outbox(TALK, 0, usize::MAX).len();
        prop_assert!(waiting <= 60 + 8, "{waiting}");
        prop_assert!(net.streams() <= UNPROVEN_LINKS + 1);
        prop_assert!(net.nodes[0].memory().session(TALK).is_none_or(|s| s.len() < 200_000));
        // Whatever came before, an honest user can leave.
        net.command(0, Command::Shutdown);
        net.pass(3_000);
        prop_assert!(net.nodes[0].finished);
    }
}
