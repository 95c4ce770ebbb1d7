//! The public address and requests in lines: with nobody yet, in the middle of a conversation, and for
//! programs.

use undertone_handle::address;
use undertone_handle::command::Name;
use undertone_handle::event::{
    AddressEvent, AskedEvent, ConversationEvent, Event, LinkState, MeetingEvent, NotKept,
    RequestEvent, Trust,
};
use undertone_handle::{ConversationId, MessageId};
use undertone_tui::keeper::Found;
use undertone_tui::plain::Options;
use undertone_tui::{Plan, Requests};

use crate::common::{ADDRESS, asked, comes, requests};
use crate::player::{ID, JSON, Player, WORDS, kept_plan, plan, rooms};

fn nobody(options: Options) -> Player {
    Player::new(kept_plan(Vec::new()), options)
}

fn asking(options: Options) -> Player {
    let mut player = Player::new(asked(kept_plan(rooms()), requests()), options);
    player.transcript.clear();
    player
}

fn request(player: &mut Player, id: u64, event: RequestEvent) {
    player.event(Event::Request(ConversationId(id), event));
}

/// What a node tells when somebody was reached.
fn begins(player: &mut Player, id: ConversationId) {
    player.event(Event::Meeting(id, MeetingEvent::Paired));
    player.tell_to(id, ConversationEvent::Trust(Trust::Unverified));
    player.tell_to(id, ConversationEvent::Open);
}

#[test]
fn a_profile_without_anybody_has_an_address_and_waits() {
    let mut player = nobody(WORDS);
    let address = address::parse(ADDRESS).unwrap();
    player.line("/address").found(Found::Requests(Requests::default()));
    player.line("/address on").event(Event::Address(AddressEvent::Publishing(address)));
    player.event(Event::Address(AddressEvent::Reachable(address)));
    player.event(comes(0xc1, "carla", "it's me\nfrom the pond")).line("to whom?");
    player.line("/accept").line("bob").line("Carla");
    request(&mut player, 0xc1, RequestEvent::Accepted);
    request(&mut player, 0xc1, RequestEvent::NotReached);
    request(&mut player, 0xc1, RequestEvent::NotReached);
    begins(&mut player, ConversationId(0xc1));
    // Nothing goes to somebody new before the user has gone there.
    player.line("still to whom?").line("/list").line("/open carla").line("hello");
    player.line("/address off").event(Event::Address(AddressEvent::Off));
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn a_profile_without_anybody_asks_somebody() {
    let mut player = nobody(WORDS);
    player.line("/ask nonsense").line(&format!("/ask {ADDRESS}"));
    player.line("a\u{202e}b").line("bob").line("doug").line("the one from the pond");
    for event in [
        AskedEvent::Kept,
        AskedEvent::Dialling { attempt: 1 },
        AskedEvent::NotReached,
        AskedEvent::Dialling { attempt: 2 },
        AskedEvent::Arrived,
    ] {
        player.event(Event::Asked(ID, event));
    }
    begins(&mut player, ID);
    player.line("/open doug").line("hello").line("/quit").event(Event::Ended);
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn requests_are_told_and_answered_in_whatever_is_open() {
    let mut player =
        Player::new(Plan { resume: Some(ID), ..asked(kept_plan(rooms()), requests()) }, WORDS);
    player.event(comes(0xf1, "frank", "")).line("/requests").found(Found::Requests(requests()));
    player.line("/accept nobody").line("/accept dan").line("/refuse carla");
    request(&mut player, 0xc1, RequestEvent::Refused);
    player.line("/block-request 00000000000000c1");
    request(&mut player, 0xc1, RequestEvent::Blocked);
    player.line("/unblock-request carla");
    request(&mut player, 0xc1, RequestEvent::Unblocked);
    player.line("/withdraw eve").event(Event::Asked(ConversationId(0xe1), AskedEvent::Withdrawn));
    player.line("/withdraw eve").line("/status");
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn another_address_needs_a_typed_word() {
    let mut player = asking(WORDS);
    player.line("/address replace").line("yes").line("/address replace").line("replace");
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn an_empty_name_gives_a_request_up_and_a_check_takes_its_place() {
    let mut player =
        Player::new(Plan { resume: Some(ID), ..asked(kept_plan(rooms()), requests()) }, WORDS);
    player.transcript.clear();
    player.line("/accept carla").line("").line("/ask ").line(&format!("/ask {ADDRESS}"));
    let secret = undertone_handle::event::CheckEvent::SecretWanted;
    player.tell(ConversationEvent::Check(secret));
    assert!(player.transcript.contains("! The request stays as it is.\n"), "{}", player.transcript);
    assert!(player.transcript.contains("! Nobody was asked.\n"), "{}", player.transcript);
    player.transcript.clear();
    player.line("the blue bench");
    assert_eq!(player.transcript, "< the blue bench\n* show\n* secret \"the blue bench\"\n");
}

#[test]
fn names_that_were_given_before_this_program_began_are_looked_up() {
    let mut kept = requests();
    kept.came[0].state = undertone_handle::query::RequestState::Accepted;
    let mut player = Player::new(asked(kept_plan(Vec::new()), kept), WORDS);
    player.transcript.clear();
    begins(&mut player, ConversationId(0xc1));
    assert_eq!(player.transcript, "* keep Names(…)\n");
    let (nick, peer) = (Name::parse("bob").unwrap(), Name::parse("Carla B").unwrap());
    player.found(Found::Names { conversation: ConversationId(0xc1), nick, peer });
    player.line("/open carla b").line("hello");
    assert!(player.transcript.contains("/open Carla B goes there."), "{}", player.transcript);
    assert!(player.transcript.ends_with("* text \"hello\"\n"), "{}", player.transcript);
}

#[test]
fn nothing_of_a_request_is_said_after_a_lock() {
    for options in [WORDS, JSON] {
        let mut player = asking(options);
        player.line(if options.shape == JSON.shape { r#"{"lock":true}"# } else { "/lock" });
        player.transcript.clear();
        player.event(comes(0xf1, "frank", "too late"));
        request(&mut player, 0xc1, RequestEvent::NotReached);
        player.found(Found::Requests(requests()));
        begins(&mut player, ConversationId(0xe1));
        assert_eq!(player.transcript, "");
    }
}

#[test]
fn without_a_profile_there_are_no_requests() {
    let mut player =
        Player::open(crate::player::full_plan(undertone_handle::command::Role::Host), WORDS);
    for line in ["/address on", "/requests", "/ask x", "/accept ana"] {
        player.transcript.clear();
        player.line(line);
        assert!(player.transcript.contains("Nothing of this is kept"), "{}", player.transcript);
    }
    assert!(plan().profile.is_none());
}

#[test]
fn who_waits_goes_on_when_the_last_conversation_ends() {
    for (waits, ends) in [(requests(), false), (Requests::default(), true)] {
        let one = rooms().into_iter().take(1).collect();
        let mut player =
            Player::new(Plan { resume: Some(ID), ..asked(kept_plan(one), waits) }, WORDS);
        player.tell(ConversationEvent::PeerLeft);
        assert_eq!(player.transcript.contains("shutdown"), ends, "{}", player.transcript);
    }
}

#[test]
fn quitting_deletes_nobody_who_has_ended_or_just_begun() {
    let mut player = asking(WORDS);
    player.event(Event::Meeting(ConversationId(0xe1), MeetingEvent::Paired));
    player.found(Found::Names {
        conversation: ConversationId(0xe1),
        nick: Name::parse("bob").unwrap(),
        peer: Name::parse("eve").unwrap(),
    });
    player.line("/open eve").line("/quit");
    assert!(player.transcript.ends_with("* shutdown\n"), "{}", player.transcript);
    assert!(!player.transcript.contains("* leave"), "{}", player.transcript);
    let mut ended = rooms();
    ended[1].ended = true;
    let mut player = Player::new(kept_plan(ended), WORDS);
    player.line("/open ben").line("/quit");
    assert!(!player.transcript.contains("* leave"), "{}", player.transcript);
}

#[test]
fn programs_ask_and_answer_by_numbers() {
    let mut player = Player::new(asked(kept_plan(Vec::new()), requests()), JSON);
    player.line(r#"{"address":"show"}"#).found(Found::Requests(requests()));
    player.line(r#"{"requests":true}"#).found(Found::Requests(requests()));
    player.line(r#"{"address":"on"}"#).line(r#"{"address":"off"}"#);
    player.line(r#"{"address":"replace"}"#);
    player.event(comes(0xf1, "frank", "two\nlines"));
    player.line(r#"{"accept":{"request":"00000000000000f1","nick":"bob","peer":"Frank"}}"#);
    request(&mut player, 0xf1, RequestEvent::Accepted);
    begins(&mut player, ConversationId(0xf1));
    player.line(r#"{"conversations":true}"#).line(r#"{"open":"00000000000000f1"}"#);
    player.line(r#"{"send":"hello"}"#);
    player.line(r#"{"refuse":"00000000000000c1"}"#);
    player.line(r#"{"block_request":"00000000000000c1"}"#);
    player.line(r#"{"unblock_request":"00000000000000c1"}"#);
    player.line(r#"{"withdraw":"00000000000000e1"}"#);
    // A name is no number, whoever has taken it.
    player.line(r#"{"refuse":"carla"}"#).line(r#"{"withdraw":"00000000000000ff"}"#);
    let ask = |to: &str, nick: &str| {
        format!(r#"{{"ask":{{"address":"{to}","nick":"{nick}","peer":"doug","greeting":""}}}}"#)
    };
    player.line(&ask(ADDRESS, "bob")).line(&ask("nonsense", "bob")).line(&ask(ADDRESS, ""));
    player.event(Event::Asked(ID, AskedEvent::NotKept(NotKept::OwnAddress)));
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn programs_are_asked_for_the_same_when_they_type() {
    let mut player = asking(JSON);
    player.line(&format!("/ask {ADDRESS}")).line("bob").line("doug").line("hello");
    player.line("/address replace").line("replace");
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn a_conversation_that_begins_takes_its_first_texts_in() {
    let mut player = asking(WORDS);
    player.line("/accept carla").line("bob").line("carla");
    let carla = ConversationId(0xc1);
    begins(&mut player, carla);
    player.tell_to(
        carla,
        ConversationEvent::Received {
            message: MessageId(9),
            body: "it worked".into(),
            at: 1_795_183_320,
            reply: None,
            timer: None,
        },
    );
    player.tell_to(carla, ConversationEvent::Link(LinkState::Away));
    player.line("/open carla");
    insta::assert_snapshot!(player.transcript);
}
