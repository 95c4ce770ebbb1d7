//! With JSON lines the output has one object per line and nothing else.

use std::time::Duration;

use undertone_handle::command::Role;
use undertone_handle::event::{
    CheckEvent, ConversationEvent, Delivery, MeetingEnd, MeetingEvent, MeetingStep, Trust,
};
use undertone_handle::{Event, MessageId};
use undertone_tui::End;

use crate::player::{JSON, Player, full_plan, plan};

fn every_line_is_an_object(transcript: &str) {
    for line in transcript.lines() {
        match line.split_once(' ') {
            Some((">", object)) => {
                let value: serde_json::Value = serde_json::from_str(object).unwrap();
                assert_eq!(value["v"], 1, "{line}");
            }
            Some(("!", words)) => panic!("said in words: {words}"),
            _ => {}
        }
    }
}

#[test]
fn a_whole_conversation() {
    let mut player = Player::new(plan(), JSON);
    player.line("s").line("bob").line("doug").line("");
    player.meeting(MeetingEvent::Step(MeetingStep::Reachable { lives: Duration::from_secs(600) }));
    player.line(r#"{"send":"sent as soon as it opens"}"#);
    player.meeting(MeetingEvent::Paired);
    player.tell(ConversationEvent::Check(CheckEvent::WishWanted)).line(r#"{"check":true}"#);
    player.tell(ConversationEvent::Check(CheckEvent::SecretWanted));
    player.line(r#"{"secret":"blue bench"}"#);
    player.tell(ConversationEvent::Check(CheckEvent::Match));
    player.tell(ConversationEvent::Trust(Trust::Authenticated)).tell(ConversationEvent::Open);
    player.queued(1, "sent as soon as it opens");
    player.tell(ConversationEvent::Delivery(MessageId(1), Delivery::Delivered));
    player.received("one\ntwo \u{1b}[31m");
    player.line(r#"{"send":"/quit is only a text here"}"#).line("{oops").line(r#"{"stay":true}"#);
    player.queued(2, "/quit is only a text here");
    player.tell(ConversationEvent::Delivery(MessageId(2), Delivery::Delivered));
    player.line(r#"{"quit":true}"#);
    player.tell(ConversationEvent::Left { confirmed: true }).event(Event::Ended);
    assert_eq!(player.end, Some(End::Done));
    every_line_is_an_object(&player.transcript);
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn a_failure_is_the_last_line() {
    let mut player = Player::new(full_plan(Role::Guest), JSON);
    player.meeting(MeetingEvent::Ended(MeetingEnd::WrongPassword)).event(Event::Ended);
    every_line_is_an_object(&player.transcript);
    let last = player.transcript.lines().rfind(|line| line.starts_with('>')).unwrap();
    assert!(last.contains(r#""event":"error","kind":"code","exit_code":5"#), "{last}");
}

#[test]
fn events_of_other_conversations_are_not_written() {
    let mut player = Player::open(full_plan(Role::Guest), JSON);
    player.event(Event::Conversation(
        undertone_handle::ConversationId(1),
        ConversationEvent::PeerLeft,
    ));
    assert_eq!(player.transcript, "");
}
