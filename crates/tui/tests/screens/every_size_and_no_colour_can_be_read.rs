//! The same screens on a large, an ordinary and a tiny terminal, and without colours.

use std::time::Duration;

use undertone_handle::command::Role;
use undertone_handle::event::{
    CheckEvent, ConversationEvent, Delivery, MeetingEnd, MeetingEvent, MeetingStep, NetworkKind,
    NetworkStep, Trust,
};
use undertone_tui::Plan;

use crate::player::{Player, full_plan, plan};

fn tour(
    local: bool,
    colour: bool,
    columns: u16,
    rows: u16,
    mut see: impl FnMut(&str, &mut Player),
) {
    let network = if local { NetworkKind::Local } else { NetworkKind::Arti };
    let begun = |plan: Plan| {
        let mut player = Player::new(Plan { network, colour, ..plan }, columns, rows);
        player.network(network, NetworkStep::Ready);
        player
    };
    let mut player = begun(plan());
    see("start", &mut player);
    player.keys("2");
    see("nick", &mut player);
    player.keys("doug<Enter>bob<Enter>93-otter-lantern-me");
    see("code", &mut player);
    let mut player = begun(full_plan(Role::Host));
    player.step(MeetingStep::MakingPlace).wait(1).step(MeetingStep::Publishing).wait(9);
    player.step(MeetingStep::Reachable { lives: Duration::from_secs(600) }).wait(1);
    see("meeting", &mut player);
    player.meeting(MeetingEvent::Paired);
    player.tell(ConversationEvent::Trust(Trust::Verified { skipped: false }));
    player.tell(ConversationEvent::Check(CheckEvent::WishWanted));
    see("wish", &mut player);
    player.keys("y").tell(ConversationEvent::Check(CheckEvent::SecretWanted)).keys("bench");
    see("secret", &mut player);
    player.keys("<Enter>").tell(ConversationEvent::Check(CheckEvent::Match));
    player.tell(ConversationEvent::Trust(Trust::Authenticated)).tell(ConversationEvent::Open);
    player.received("hello, and 日本語 too");
    player.sent("hi", Delivery::Delivered);
    player.keys("more to sa");
    see("conversation", &mut player);
    player.keys("<F1>");
    see("help", &mut player);
    let mut player = begun(full_plan(Role::Guest));
    player.meeting(MeetingEvent::Ended(MeetingEnd::WrongPassword));
    see("failure", &mut player);
}

#[test]
fn at_20_by_5() {
    tour(false, true, 20, 5, |name, player| {
        insta::assert_snapshot!(format!("20x5_{name}"), player.screen());
    });
}

#[test]
fn at_20_by_5_on_the_local_network() {
    tour(true, true, 20, 5, |name, player| {
        let picture = player.screen();
        assert!(picture.contains("no anonymity"), "{name}\n{picture}");
    });
}

#[test]
fn at_120_by_40() {
    tour(false, true, 120, 40, |name, player| {
        insta::assert_snapshot!(format!("120x40_{name}"), player.screen());
    });
}

#[test]
fn without_colours() {
    tour(false, false, 80, 24, |name, player| {
        assert!(!player.has_colour(), "{name}");
        if name == "conversation" {
            insta::assert_snapshot!("no_colour_conversation", player.screen_with_styles());
        }
    });
}

#[test]
fn no_size_is_too_small_to_draw() {
    for columns in [1, 2, 3, 7, 19, 41, 59, 300] {
        for rows in [1, 2, 3, 4, 9, 10, 100] {
            tour(false, true, columns, rows, |_, player| drop(player.screen()));
        }
    }
}
