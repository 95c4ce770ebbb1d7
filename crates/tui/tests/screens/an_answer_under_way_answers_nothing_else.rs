//! A question can change in the moment in which its answer is typed. The keys that come then answer
//! neither the new question nor become a part of the secret.

use undertone_handle::command::Role;
use undertone_handle::event::{CheckEvent, ConversationEvent, MeetingEvent, Trust};

use crate::player::{Player, full_plan};

/// Before the check: the user is asked whether to run it.
fn asked(columns: u16, rows: u16) -> Player {
    let mut player = Player::new(full_plan(Role::Host), columns, rows);
    player.ready().meeting(MeetingEvent::Paired);
    player.tell(ConversationEvent::Trust(Trust::Verified { skipped: false }));
    player.tell(ConversationEvent::Check(CheckEvent::WishWanted));
    player.asked.clear();
    player
}

/// The partner's wish comes while the user is about to answer.
fn overtaken(player: &mut Player) {
    player.tell(ConversationEvent::Check(CheckEvent::PeerAsked));
    player.tell(ConversationEvent::Check(CheckEvent::SecretWanted));
}

#[test]
fn a_late_yes_or_no_is_no_part_of_the_secret() {
    for late in ["y", "n", "Y", "N", "yes", "no", "yy", "<Esc>", "<BS>", "<Tab>"] {
        let mut player = asked(80, 24);
        overtaken(&mut player);
        player.keys(late).paste("y");
        assert!(player.asked.is_empty(), "{late}: {:?}", player.asked);
        let picture = player.screen();
        assert!(picture.contains("doug asks for the check."), "{picture}");
        assert!(!picture.contains("The shared secret:"), "{picture}");
        player.keys("<Enter>");
        assert!(player.screen().contains("The shared secret:"));
        player.keys("blue bench<Enter>");
        assert_eq!(player.asked, ["secret \"blue bench\""], "{late}");
    }
}

#[test]
fn an_answer_with_its_enter_only_goes_on() {
    for late in ["y<Enter>", "n<Enter>", "yes<Enter>", "<Enter>"] {
        let mut player = asked(80, 24);
        overtaken(&mut player);
        player.keys(late).keys("blue bench<Enter>");
        assert_eq!(player.asked, ["secret \"blue bench\""], "{late}");
    }
}

#[test]
fn the_change_is_said() {
    for (columns, rows) in [(80, 24), (20, 5)] {
        let mut player = asked(columns, rows);
        overtaken(&mut player);
        insta::assert_snapshot!(format!("partner_asks_{columns}x{rows}"), player.screen());
    }
}

#[test]
fn who_wished_the_check_is_asked_for_the_secret_at_once() {
    let mut player = asked(80, 24);
    player.keys("y");
    player.tell(ConversationEvent::Check(CheckEvent::SecretWanted));
    player.keys("blue bench<Enter>");
    assert_eq!(player.asked, ["wish true", "secret \"blue bench\""]);
}

#[test]
fn who_declined_reads_that_the_partner_asks() {
    let mut player = asked(80, 24);
    player.keys("n");
    overtaken(&mut player);
    player.keys("n<Enter>blue bench<Enter>");
    assert_eq!(player.asked, ["wish false", "secret \"blue bench\""]);
}

/// The rest of a secret has its y, its n and its Enter: none of them decides what a failure means.
#[test]
fn the_rest_of_a_secret_neither_stays_nor_leaves() {
    for open in [false, true] {
        let mut player = if open {
            let mut player = Player::talking(full_plan(Role::Host), 80, 24);
            player.keys("/check<Enter>");
            player
        } else {
            let mut player = asked(80, 24);
            player.keys("y");
            player
        };
        player.tell(ConversationEvent::Check(CheckEvent::SecretWanted)).keys("su");
        player.asked.clear();
        player.tell(ConversationEvent::Check(CheckEvent::Aborted));
        player.tell(ConversationEvent::Trust(Trust::Unverified));
        insta::assert_snapshot!(format!("broken_off_open_{open}"), player.screen());
        player.keys("nny");
        assert!(player.asked.is_empty(), "{:?}", player.asked);
        player.keys("<Enter>");
        assert!(player.asked.is_empty(), "{:?}", player.asked);
        assert!(!player.screen().contains("nny"), "{}", player.screen());
        player.keys(if open { "/stay<Enter>" } else { "y" });
        assert_eq!(player.asked, ["stay"]);
    }
}
