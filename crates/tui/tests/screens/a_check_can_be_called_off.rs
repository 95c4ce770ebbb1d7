//! A check that runs can be called off from either side: before the conversation with Esc, in it
//! with /cancel. What was being typed as a secret never becomes a text or an answer.

use undertone_handle::Event;
use undertone_handle::command::Role;
use undertone_handle::event::{CheckEvent, ConversationEvent, MeetingEvent, Trust};
use undertone_handle::words::{Kind, UserError};
use undertone_tui::End;

use crate::player::{Player, full_plan};

fn check(player: &mut Player, event: CheckEvent) {
    player.tell(ConversationEvent::Check(event));
}

/// Before the conversation, asked for the secret.
fn asked(columns: u16, rows: u16) -> Player {
    let mut player = Player::new(full_plan(Role::Host), columns, rows);
    player.ready().meeting(MeetingEvent::Paired);
    player.tell(ConversationEvent::Trust(Trust::Verified { skipped: false }));
    check(&mut player, CheckEvent::WishWanted);
    player.keys("y");
    check(&mut player, CheckEvent::SecretWanted);
    player.asked.clear();
    player
}

/// In an open conversation with an open question for the secret.
fn asked_while_talking() -> Player {
    let mut player = Player::talking(full_plan(Role::Host), 80, 24);
    player.keys("/check<Enter>");
    check(&mut player, CheckEvent::SecretWanted);
    player.asked.clear();
    player
}

#[test]
fn before_the_conversation_escape_calls_it_off() {
    for typed in ["", "blue"] {
        let mut player = asked(80, 24);
        player.keys(typed).keys("<Esc>");
        assert_eq!(player.asked, ["cancel"]);
        check(&mut player, CheckEvent::Cancelled);
        player.tell(ConversationEvent::Trust(Trust::Verified { skipped: true }));
        player.tell(ConversationEvent::Open).keys("hello<Enter>");
        assert_eq!(player.asked, ["cancel", "text \"hello\""]);
        insta::assert_snapshot!("cancelled", player.screen());
    }
}

#[test]
fn while_the_partner_types_escape_calls_it_off_too() {
    let mut player = asked(80, 24);
    player.keys("blue bench<Enter>");
    check(&mut player, CheckEvent::WaitingForPeer);
    player.keys("<Esc>");
    assert_eq!(player.asked, ["secret \"blue bench\"", "cancel"]);
}

#[test]
fn nothing_but_a_running_check_is_called_off() {
    let mut player = asked(80, 24);
    player.keys("one<Enter>");
    check(&mut player, CheckEvent::Mismatch);
    player.asked.clear();
    player.keys("y<Esc>");
    assert_eq!(player.asked, ["stay"]);

    let mut player = Player::talking(full_plan(Role::Host), 80, 24);
    player.keys("/cancel<Enter>");
    assert!(player.asked.is_empty());
    assert!(player.screen().contains("No check is running."));
}

#[test]
fn in_a_conversation_a_command_does() {
    let mut player = asked_while_talking();
    player.keys("blue<Esc>/cancel<Enter>");
    assert_eq!(player.asked, ["cancel"]);
    check(&mut player, CheckEvent::Cancelled);
    player.keys("hello<Enter>/check<Enter>");
    assert_eq!(player.asked[1..], ["text \"hello\"", "wish true"]);
}

#[test]
fn a_partner_who_calls_it_off_before_the_conversation_leaves_the_choice() {
    for (columns, rows) in [(80, 24), (20, 5)] {
        let mut player = asked(columns, rows);
        player.keys("blue bench<Enter>");
        check(&mut player, CheckEvent::WaitingForPeer);
        check(&mut player, CheckEvent::PeerCancelled);
        insta::assert_snapshot!(format!("partner_cancelled_{columns}x{rows}"), player.screen());
        player.asked.clear();
        player.keys("x<Tab>y");
        assert_eq!(player.asked, ["stay"]);
    }
    for leave in ["n", "<Enter>", "<Esc>", "<C-c>"] {
        let mut player = asked(80, 24);
        player.keys("pond<Enter>");
        check(&mut player, CheckEvent::PeerCancelled);
        player.asked.clear();
        player.keys(leave);
        assert_eq!(player.asked, ["leave"], "{leave}");
        player.tell(ConversationEvent::Left { confirmed: true }).event(Event::Ended);
        let Some(End::Failed(UserError { kind, message, .. })) = &player.end else {
            panic!("{leave}: {:?}", player.end)
        };
        assert_eq!(*kind, Kind::CheckFailed, "{leave}");
        assert!(message.contains("cancelled"), "{message}");
    }
}

#[test]
fn the_rest_of_a_secret_is_nothing_else() {
    let mut player = asked(80, 24);
    player.keys("su");
    check(&mut player, CheckEvent::PeerCancelled);
    player.keys("nny<Enter>");
    assert!(player.asked.is_empty(), "{:?}", player.asked);
    assert!(player.screen().contains("Go on without the check?"));
    player.keys("y");
    assert_eq!(player.asked, ["stay"]);

    let mut player = asked_while_talking();
    player.keys("su");
    check(&mut player, CheckEvent::PeerCancelled);
    player.keys("nny<Enter>");
    assert!(player.asked.is_empty(), "{:?}", player.asked);
    assert!(!player.screen().contains("nny"), "{}", player.screen());
    player.keys("hello<Enter>");
    assert_eq!(player.asked, ["text \"hello\""]);
}

#[test]
fn a_cancel_while_leaving_asks_nothing() {
    let mut player = asked(80, 24);
    player.keys("<C-c><C-c>");
    assert_eq!(player.asked, ["leave"]);
    check(&mut player, CheckEvent::PeerCancelled);
    player.keys("y");
    assert_eq!(player.asked, ["leave"]);
    assert!(player.screen().contains("Saying goodbye"));
}
