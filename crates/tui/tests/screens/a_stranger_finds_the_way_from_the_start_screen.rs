//! From the three choices to the first message, in the order nickname, partner's name, code.

use undertone_handle::event::{
    CheckEvent, ConversationEvent, Delivery, MeetingEvent, MeetingStep, NetworkKind, NetworkStep,
    Trust,
};
use undertone_tui::{End, Plan};

use crate::player::{Player, plan};

#[test]
fn the_serving_side() {
    let mut player = Player::new(plan(), 80, 24);
    insta::assert_snapshot!("serve_1_start", player.screen_with_styles());
    player.network(NetworkKind::Arti, NetworkStep::Finding { percent: 45 });
    player.keys("<Enter>");
    insta::assert_snapshot!("serve_2_nick", player.screen());
    player.keys("bob<Enter>doug<Enter>");
    insta::assert_snapshot!("serve_3_code", player.screen());
    player.keys("<Enter>");
    assert_eq!(
        player.asked,
        ["meet 00000000000000a7 as Host: bob calls doug under 93-otter-lantern-mesa, check None"]
    );
    player.step(MeetingStep::MakingPlace).wait(2);
    insta::assert_snapshot!("serve_4_network", player.screen());
    player.wait(25);
    insta::assert_snapshot!("serve_5_slow_network", player.screen());
    player.ready().step(MeetingStep::LookingWhetherTaken).wait(4).step(MeetingStep::Publishing);
    player.wait(7);
    insta::assert_snapshot!("serve_6_publishing", player.screen_with_styles());
    player.step(MeetingStep::Reachable { lives: std::time::Duration::from_secs(600) }).wait(79);
    insta::assert_snapshot!("serve_7_reachable", player.screen());
    player.step(MeetingStep::Agreeing).meeting(MeetingEvent::GuessesLeft(2)).wait(2);
    insta::assert_snapshot!("serve_8_wrong_guess", player.screen());
    player.step(MeetingStep::Agreeing).meeting(MeetingEvent::Paired);
    player.tell(ConversationEvent::Trust(Trust::Verified { skipped: false }));
    player.tell(ConversationEvent::Check(CheckEvent::WishWanted));
    insta::assert_snapshot!("serve_9_check_wish", player.screen_with_styles());
    player.keys("n");
    player.tell(ConversationEvent::Check(CheckEvent::Skipped));
    player.tell(ConversationEvent::Trust(Trust::Verified { skipped: true }));
    player.tell(ConversationEvent::Open);
    insta::assert_snapshot!("serve_10_open", player.screen_with_styles());
    assert_eq!(player.asked.last().unwrap(), "wish false");
}

#[test]
fn the_joining_side_with_a_check() {
    let mut player = Player::new(plan(), 80, 24);
    player.ready().keys("2doug<Enter>bob<Enter>");
    player.keys("93-ottex");
    insta::assert_snapshot!("join_1_slip_hidden", player.screen_with_styles());
    player.keys("<C-r>");
    insta::assert_snapshot!("join_2_slip_shown", player.screen());
    player.keys("<BS>r-lanter<Tab>mes");
    player.keys("<C-r><Tab>");
    insta::assert_snapshot!("join_3_completed", player.screen());
    player.keys("a<Enter>");
    assert_eq!(
        player.asked,
        ["meet 00000000000000a7 as Guest: doug calls bob under 93-otter-lantern-mesa, check None"]
    );
    player.step(MeetingStep::MakingPlace).wait(1);
    player.step(MeetingStep::Dialling { attempt: 1 }).wait(12);
    player.step(MeetingStep::Dialling { attempt: 2 }).wait(1);
    insta::assert_snapshot!("join_4_calling", player.screen());
    player.meeting(MeetingEvent::Paired);
    player.tell(ConversationEvent::Trust(Trust::Verified { skipped: false }));
    player.tell(ConversationEvent::Check(CheckEvent::WishWanted)).keys("y");
    player.tell(ConversationEvent::Check(CheckEvent::SecretWanted));
    player.keys("blue-bench");
    let hidden = player.screen();
    assert!(!hidden.contains("blue"), "{hidden}");
    insta::assert_snapshot!("join_5_secret", hidden);
    player.keys("<Enter>").tell(ConversationEvent::Check(CheckEvent::WaitingForPeer));
    insta::assert_snapshot!("join_6_waiting", player.screen());
    player.tell(ConversationEvent::Check(CheckEvent::Match));
    player.tell(ConversationEvent::Trust(Trust::Authenticated)).tell(ConversationEvent::Open);
    player.wait(60).sent("the papers are under the blue bench", Delivery::Delivered);
    player.received("the one by the pond?").wait(60);
    player.sent("yes. read them, then burn them", Delivery::Sent);
    player.sent("and bring the key", Delivery::Waiting);
    player.keys("and the umbrella");
    insta::assert_snapshot!("join_7_conversation", player.screen_with_styles());
    assert_eq!(
        player.asked[1..],
        [
            "wish true",
            "secret \"blue-bench\"",
            "text \"the papers are under the blue bench\"",
            "text \"yes. read them, then burn them\"",
            "text \"and bring the key\"",
        ]
    );
}

#[test]
fn names_and_codes_are_checked_where_they_are_typed() {
    let mut player = Player::new(plan(), 80, 24);
    player.keys("2 <Enter>");
    assert!(player.screen().contains("A name needs at least one character."));
    player.keys("ana<Enter><Esc>");
    assert!(player.screen().contains("> ana"), "Esc goes back with the answer kept");
    player.keys("<Enter>bo<Enter>93-xyz1zy<Enter>");
    insta::assert_snapshot!("join_chosen_code", player.screen());
    player.keys("n");
    assert!(player.asked.is_empty(), "anything but y is no");
    player.keys("<Enter>y");
    assert!(player.asked[0].contains("93-xyz1zy"), "{:?}", player.asked);
}

#[test]
fn the_demo_is_the_callers_and_ctrl_c_leaves() {
    let mut player = Player::new(plan(), 80, 24);
    player.keys("<Up><Enter>");
    assert_eq!(player.asked, ["shutdown"]);
    player.event(undertone_handle::Event::Ended);
    assert_eq!(player.end, Some(End::Demo));

    let mut player = Player::new(plan(), 80, 24);
    player.keys("1bo<C-c>").node_gone();
    assert_eq!(player.end, Some(End::Done));
}

#[test]
fn a_demo_and_a_local_network_say_so_on_every_screen() {
    let plan = Plan { network: NetworkKind::Local, demo: true, ..plan() };
    let mut player = Player::new(plan, 80, 24);
    let mut pictures = vec![player.screen()];
    player.network(NetworkKind::Local, NetworkStep::Ready);
    for keys in ["1", "bob<Enter>", "doug<Enter>", "<Enter>", "<F1>"] {
        player.keys(keys);
        pictures.push(player.screen());
    }
    player.keys("x").meeting(MeetingEvent::Paired);
    player.tell(ConversationEvent::Check(CheckEvent::WishWanted));
    pictures.push(player.screen());
    player.tell(ConversationEvent::Open);
    pictures.push(player.screen());
    player.keys("/help<Enter>");
    pictures.push(player.screen());
    player.keys("x").tell(ConversationEvent::PeerLeft);
    pictures.push(player.screen());
    player.keys("<Enter>");
    pictures.push(player.screen());
    for picture in pictures {
        assert!(picture.contains("no anonymity"), "{picture}");
        assert!(picture.contains("demo"), "{picture}");
    }
}
