//! A partner who asks for a check in the middle of a sentence doesn't get the rest of it as an
//! answer.

use undertone_handle::command::Role;
use undertone_handle::event::{CheckEvent, ConversationEvent, Trust};

use crate::player::{Player, full_plan};

#[test]
fn what_is_being_typed_stays_a_text() {
    let mut player = Player::talking(full_plan(Role::Host), 80, 24);
    player.keys("half a sen");
    player.tell(ConversationEvent::Check(CheckEvent::PeerAsked));
    player.tell(ConversationEvent::Check(CheckEvent::SecretWanted));
    player.keys("tence<Enter>");
    assert_eq!(player.asked, ["text \"half a sentence\""]);
    insta::assert_snapshot!("asked_while_talking", player.screen());
    player.keys("/check<Enter>blue bench<Enter>");
    assert_eq!(player.asked[1..], ["secret \"blue bench\""]);
    player.tell(ConversationEvent::Check(CheckEvent::WaitingForPeer));
    player.tell(ConversationEvent::Check(CheckEvent::Match));
    player.keys("good<Enter>");
    assert_eq!(player.asked[2..], ["text \"good\""]);
}

#[test]
fn a_failure_is_answered_by_a_command() {
    let mut player = Player::talking(full_plan(Role::Host), 80, 24);
    player.keys("/check<Enter>");
    player.tell(ConversationEvent::Check(CheckEvent::SecretWanted));
    player.keys("one<Enter>y");
    player.tell(ConversationEvent::Check(CheckEvent::Mismatch));
    player.tell(ConversationEvent::Trust(Trust::Unverified));
    player.keys("es<Enter>");
    assert_eq!(player.asked, ["wish true", "secret \"one\""], "no text before the answer");
    player.keys("<C-u>/stay<Enter>yes<Enter>");
    assert_eq!(player.asked[2..], ["stay", "text \"yes\""]);
}
