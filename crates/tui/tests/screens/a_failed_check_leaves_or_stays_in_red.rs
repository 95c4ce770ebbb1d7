//! After a failed check the default is to leave; who stays does so in red.

use undertone_handle::Event;
use undertone_handle::command::Role;
use undertone_handle::event::{CheckEvent, ConversationEvent, Delivery, MeetingEvent, Trust};
use undertone_handle::words::{Kind, UserError};
use undertone_tui::End;

use crate::player::{Player, full_plan};

fn failed() -> Player {
    let mut player = Player::new(full_plan(Role::Guest), 80, 24);
    player.ready().meeting(MeetingEvent::Paired);
    player.tell(ConversationEvent::Trust(Trust::Verified { skipped: false }));
    player.tell(ConversationEvent::Check(CheckEvent::Mismatch));
    player.tell(ConversationEvent::Trust(Trust::Unverified));
    player.asked.clear();
    player
}

fn ended_with(player: &mut Player) -> Option<Kind> {
    player.tell(ConversationEvent::Left { confirmed: true }).event(Event::Ended);
    match &player.end {
        Some(End::Failed(UserError { kind, .. })) => Some(*kind),
        _ => None,
    }
}

#[test]
fn enter_leaves() {
    let mut player = failed();
    insta::assert_snapshot!("check_failed", player.screen_with_styles());
    player.keys("<Enter>");
    assert_eq!(player.asked, ["leave"]);
    assert_eq!(ended_with(&mut player), Some(Kind::CheckFailed));
    assert_eq!(player.asked, ["leave", "shutdown"]);
}

#[test]
fn ctrl_c_leaves_at_the_first_press() {
    let mut player = failed();
    player.keys("<C-c>");
    assert_eq!(player.asked, ["leave"]);
    assert_eq!(ended_with(&mut player), Some(Kind::CheckFailed));
}

#[test]
fn other_keys_do_nothing() {
    let mut player = failed();
    player.keys("x<Tab>q");
    assert!(player.asked.is_empty());
}

#[test]
fn who_stays_writes_in_red() {
    let mut player = failed();
    player.keys("y");
    assert_eq!(player.asked, ["stay"]);
    player.tell(ConversationEvent::Open);
    player.received("so who is it?");
    player.sent("you tell me", Delivery::Delivered);
    player.keys("hm");
    insta::assert_snapshot!("stayed_in_red", player.screen_with_styles());
}

#[test]
fn an_opening_does_not_answer_the_question() {
    let mut player = failed();
    player.tell(ConversationEvent::Open).keys("hello");
    assert!(player.screen().contains("Stay all the same"));
    player.keys("y");
    assert!(player.screen().contains("> "));
}
