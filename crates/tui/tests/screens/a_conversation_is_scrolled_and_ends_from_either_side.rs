//! Reading back, commands, history, and every way in which a conversation ends.

use std::time::Duration;

use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, Delivery, LinkState, NotSent};
use undertone_handle::words::{Kind, UserError};
use undertone_handle::{Event, MessageId, Ticket};
use undertone_tui::End;

use crate::player::{Player, full_plan};

fn talking() -> Player {
    Player::talking(full_plan(Role::Host), 80, 24)
}

#[test]
fn reading_back_stays_while_messages_come() {
    let mut player = talking();
    for n in 0..40 {
        player.received(&format!("message {n}"));
    }
    player.wait(86_400).keys("<PgUp>");
    player.received("news").received("more news");
    insta::assert_snapshot!("scrolled_back", player.screen());
    let before = player.screen();
    player.resize(100, 24).resize(80, 24);
    assert_eq!(player.screen(), before, "a resize keeps the place");
    player.keys("<End>");
    insta::assert_snapshot!("scrolled_to_the_end", player.screen());
    player.keys("<PgUp><PgUp><PgUp><PgUp><PgUp>");
    insta::assert_snapshot!("scrolled_to_the_top", player.screen());
}

#[test]
fn the_input_grows_and_keeps_its_text_over_a_resize() {
    let mut player = talking();
    player.paste("one\r\ntwo\nthree").keys("<A-Enter>four<C-j>five");
    player.resize(40, 12);
    insta::assert_snapshot!("input_of_five_lines", player.screen());
    player.resize(80, 24).keys("<Enter>");
    assert_eq!(player.asked, ["text \"one\\ntwo\\nthree\\nfour\\nfive\""]);
}

#[test]
fn history_brings_texts_back_and_keeps_the_draft() {
    let mut player = talking();
    player.sent("first", Delivery::Delivered);
    player.sent("second", Delivery::Delivered);
    player.keys("draft<Up><Up>");
    assert!(player.screen().contains("> first"));
    player.keys("<Down>");
    assert!(player.screen().contains("> second"));
    player.keys("<Down>");
    assert!(player.screen().contains("> draft"));
}

#[test]
fn commands_are_not_sent_and_slashes_can_be() {
    let mut player = talking();
    player.keys("/who<Enter>/network<Enter>/frob x<Enter>");
    insta::assert_snapshot!("commands", player.screen());
    player.keys("<C-u>//etc<Enter>?");
    insta::assert_snapshot!("help", player.screen());
    player.keys("?<Enter>");
    assert_eq!(player.asked, ["text \"/etc\"", "text \"?\""]);
    player.keys("/qu<Tab>");
    assert!(player.screen().contains("> /quit"));
}

#[test]
fn quitting_waits_for_the_goodbye() {
    for quit in ["/quit<Enter>", ".quit<Enter>", "<C-c><C-c>"] {
        let mut player = talking();
        player.keys(quit);
        assert_eq!(player.asked, ["leave"], "{quit}");
        assert_eq!(player.end, None);
        player.tell(ConversationEvent::Left { confirmed: true });
        assert_eq!(player.asked[1..], ["shutdown"]);
        player.event(Event::Ended);
        assert_eq!(player.end, Some(End::Done));
    }
}

#[test]
fn one_ctrl_c_is_forgotten_after_a_while() {
    let mut player = talking();
    player.keys("<C-c>");
    assert!(player.screen().contains("Ctrl-C again"));
    player.wait(4).keys("<C-c>");
    assert!(player.asked.is_empty());
}

#[test]
fn a_signal_leaves_at_once_and_a_second_one_ends() {
    let mut player = talking();
    player.interrupt();
    assert_eq!(player.asked, ["leave"]);
    player.interrupt();
    assert_eq!(player.end, Some(End::Done));
}

#[test]
fn what_was_not_confirmed_is_told_at_the_end() {
    let mut player = talking();
    player.sent("one", Delivery::Delivered);
    player.sent("two", Delivery::Sent);
    player.keys("/quit<Enter>").tell(ConversationEvent::Left { confirmed: false });
    player.event(Event::Ended);
    assert!(matches!(player.end, Some(End::Failed(UserError { kind: Kind::NotDelivered, .. }))));
}

#[test]
fn the_partners_goodbye_leaves_everything_to_be_read() {
    let mut player = talking();
    player.received("bye").tell(ConversationEvent::PeerLeft).keys("too late");
    insta::assert_snapshot!("peer_left", player.screen_with_styles());
    player.keys("<Enter>").event(Event::Ended);
    assert_eq!(player.end, Some(End::Done));
}

#[test]
fn a_lost_connection_is_shown_until_it_is_back_or_given_up() {
    let mut player = talking();
    let lost = LinkState::Lost { redial_for: Duration::from_secs(600) };
    player.tell(ConversationEvent::Link(lost));
    player.sent("are you there?", Delivery::Waiting);
    insta::assert_snapshot!("link_lost", player.screen_with_styles());
    player.tell(ConversationEvent::Link(LinkState::Up));
    assert!(player.screen().contains("online · you hear each other"));
    player.tell(ConversationEvent::Delivery(MessageId(1), Delivery::Delivered));
    player.tell(ConversationEvent::Link(lost)).tell(ConversationEvent::Link(LinkState::GivenUp));
    player.keys("<Enter>").event(Event::Ended);
    assert!(matches!(player.end, Some(End::Failed(UserError { kind: Kind::PartnerGone, .. }))));
}

#[test]
fn a_text_that_was_not_taken_comes_back_to_the_input() {
    let mut player = talking();
    player.keys("precious<Enter>");
    player.tell(ConversationEvent::NotSent(Ticket(1), NotSent::OutboxFull));
    insta::assert_snapshot!("not_sent", player.screen());
}

#[test]
fn too_long_a_paste_is_refused_with_a_word() {
    let mut player = talking();
    player.paste(&"x".repeat(64 * 1024 + 1));
    assert!(player.screen().contains("longer than 64 KiB"));
    player.keys("short<Enter>");
    assert_eq!(player.asked, ["text \"short\""]);
}
