//! Every way in which a meeting can end without a conversation.

use undertone_handle::Event;
use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, MeetingEnd, MeetingEvent, MeetingStep};
use undertone_handle::words::{self, Kind, UserError};
use undertone_tui::End;

use crate::player::{Player, full_plan};

#[test]
fn nobody_answers_and_another_code_is_typed() {
    let mut player = Player::new(full_plan(Role::Guest), 80, 24);
    player.ready().step(MeetingStep::Dialling { attempt: 1 });
    player.meeting(MeetingEvent::Ended(MeetingEnd::NobodyAnswers));
    insta::assert_snapshot!("nobody_answers", player.screen_with_styles());
    player.keys("<Enter>7-otter-lantern-mesa<Enter>");
    assert!(player.asked[1].starts_with("meet 00000000000000a8"), "{:?}", player.asked);
    assert!(player.asked[1].contains("7-otter-lantern-mesa"), "{:?}", player.asked);
    // What still comes of the first meeting means nothing any more.
    player.event(Event::Meeting(
        undertone_handle::ConversationId(0xa7),
        MeetingEvent::Ended(MeetingEnd::NoNetwork),
    ));
    assert!(player.screen().contains("Joining under the code"));
}

#[test]
fn leaving_after_a_failure_ends_with_its_kind() {
    for (end, kind) in [
        (MeetingEnd::WrongPassword, Kind::Code),
        (MeetingEnd::Expired, Kind::Code),
        (MeetingEnd::NeverReachable, Kind::Network),
        (MeetingEnd::PartnerGone, Kind::PartnerGone),
    ] {
        let mut player = Player::new(full_plan(Role::Host), 80, 24);
        player.meeting(MeetingEvent::Ended(end));
        let message = words::meeting_end(&end, Role::Host).message;
        let first = message.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
        assert!(player.screen().contains(&first), "{end:?}");
        player.keys("<Esc>").event(Event::Ended);
        assert!(
            matches!(&player.end, Some(End::Failed(error)) if error.kind == kind),
            "{:?}",
            player.end
        );
    }
}

#[test]
fn ctrl_c_gives_up_and_a_second_one_does_not_wait() {
    let mut player = Player::new(full_plan(Role::Host), 80, 24);
    player.step(MeetingStep::Publishing).keys("<C-c>");
    assert_eq!(player.asked[1..], ["give up"]);
    assert!(player.screen().contains("Giving up"));
    player.meeting(MeetingEvent::Ended(MeetingEnd::GivenUp));
    assert_eq!(player.asked[2..], ["shutdown"]);
    player.event(Event::Ended);
    assert!(matches!(player.end, Some(End::Failed(UserError { kind: Kind::Code, .. }))));

    let mut player = Player::new(full_plan(Role::Host), 80, 24);
    player.keys("<C-c><C-c>");
    assert!(player.end.is_some());
}

#[test]
fn giving_up_a_moment_too_late_says_goodbye() {
    let mut player = Player::new(full_plan(Role::Guest), 80, 24);
    player.keys("<C-c>").meeting(MeetingEvent::Paired);
    assert_eq!(player.asked[1..], ["give up", "leave"]);
    player.tell(ConversationEvent::Left { confirmed: true }).event(Event::Ended);
    assert!(matches!(player.end, Some(End::Failed(UserError { kind: Kind::Code, .. }))));
}

#[test]
fn a_node_that_cannot_go_on_offers_nothing_else() {
    let mut player = Player::new(full_plan(Role::Host), 80, 24);
    let error = UserError::new(Kind::Environment, "No memory.", "Free some.");
    player.event(Event::Fatal(error.clone())).keys("r");
    assert_eq!(player.asked.len(), 1, "no new meeting");
    player.node_gone();
    assert_eq!(player.end, Some(End::Failed(error)));
}

#[test]
fn a_node_that_vanishes_is_told() {
    let mut player = Player::talking(full_plan(Role::Host), 80, 24);
    player.node_gone();
    assert!(player.screen().contains("ended unexpectedly"));
}
