//! After several failed checks the screen asks for the word that the node wants, and only then for
//! the secret.

use undertone_handle::command::Role;
use undertone_handle::event::{CheckEvent, ConversationEvent};

use crate::player::{Player, full_plan};

fn check(player: &mut Player, event: CheckEvent) {
    player.tell(ConversationEvent::Check(event));
}

#[test]
fn who_asks_types_it_first() {
    for (columns, rows) in [(80, 24), (20, 5)] {
        let mut player = Player::talking(full_plan(Role::Host), columns, rows);
        player.keys("/check<Enter>");
        check(&mut player, CheckEvent::ConfirmationWanted);
        player.keys("chec");
        insta::assert_snapshot!(format!("word_{columns}x{rows}"), player.screen());
        // The node says whether it was the right one.
        player.keys("<Enter>");
        check(&mut player, CheckEvent::ConfirmationWanted);
        insta::assert_snapshot!(format!("not_the_word_{columns}x{rows}"), player.screen());
        player.keys("check<Enter>");
        check(&mut player, CheckEvent::SecretWanted);
        player.keys("blue bench<Enter>");
        assert_eq!(
            player.asked,
            ["wish true", "confirm \"chec\"", "confirm \"check\"", "secret \"blue bench\""]
        );
    }
}

#[test]
fn who_is_asked_goes_on_talking_until_the_answer() {
    let mut player = Player::talking(full_plan(Role::Host), 80, 24);
    player.keys("half a sen");
    check(&mut player, CheckEvent::PeerAsked);
    check(&mut player, CheckEvent::ConfirmationWanted);
    player.keys("tence<Enter>/check<Enter>check<Enter>");
    check(&mut player, CheckEvent::SecretWanted);
    player.keys("blue bench<Enter>");
    assert_eq!(
        player.asked,
        ["text \"half a sentence\"", "confirm \"check\"", "secret \"blue bench\""]
    );
}

#[test]
fn who_is_asked_can_call_it_off() {
    let mut player = Player::talking(full_plan(Role::Host), 80, 24);
    check(&mut player, CheckEvent::PeerAsked);
    check(&mut player, CheckEvent::ConfirmationWanted);
    player.keys("/check<Enter>che<Esc>/cancel<Enter>");
    assert_eq!(player.asked, ["cancel"]);
}
