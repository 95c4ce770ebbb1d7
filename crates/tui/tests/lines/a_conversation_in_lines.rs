//! A whole conversation with a screen reader: every step in words, every question a line.

use std::time::Duration;

use undertone_handle::Event;
use undertone_handle::command::Role;
use undertone_handle::event::{
    CheckEvent, ConversationEvent, Delivery, LinkState, MeetingEnd, MeetingEvent, MeetingStep,
    NetworkKind, NetworkState, NetworkStep, NotSent, Trust,
};
use undertone_handle::words::{Kind, UserError};
use undertone_handle::{MessageId, Ticket};
use undertone_tui::{End, Plan};

use crate::player::{Player, WORDS, full_plan, plan};

fn kind(end: &Option<End>) -> Option<Kind> {
    match end {
        Some(End::Failed(UserError { kind, .. })) => Some(*kind),
        _ => None,
    }
}

#[test]
fn from_the_first_question_to_the_goodbye() {
    let mut player = Player::new(plan(), WORDS);
    player.line("x").line("s").line("").line("bob").line("doug").line("");
    for percent in [3, 5, 42, 47] {
        player.event(Event::Network(NetworkState {
            kind: NetworkKind::Arti,
            step: NetworkStep::Finding { percent },
            clock_off_by_seconds: None,
        }));
    }
    player.event(Event::Network(NetworkState {
        kind: NetworkKind::Arti,
        step: NetworkStep::Ready,
        clock_off_by_seconds: Some(7500),
    }));
    let lives = Duration::from_secs(600);
    for step in [
        MeetingStep::MakingPlace,
        MeetingStep::LookingWhetherTaken,
        MeetingStep::Publishing,
        MeetingStep::Reachable { lives },
        MeetingStep::Agreeing,
    ] {
        player.meeting(MeetingEvent::Step(step));
    }
    player.meeting(MeetingEvent::Paired);
    player.tell(ConversationEvent::Trust(Trust::Verified { skipped: false }));
    player.tell(ConversationEvent::Check(CheckEvent::WishWanted)).line("perhaps").line("y");
    player.tell(ConversationEvent::Check(CheckEvent::SecretWanted)).line("blue bench");
    player.tell(ConversationEvent::Check(CheckEvent::WaitingForPeer));
    player.tell(ConversationEvent::Check(CheckEvent::Match));
    player.tell(ConversationEvent::Trust(Trust::Authenticated)).tell(ConversationEvent::Open);
    player.tell(ConversationEvent::PeerName("D\u{1b}oug".into()));
    player.line("the papers are under the blue bench");
    player.queued(1, "the papers are under the blue bench");
    player.tell(ConversationEvent::Delivery(MessageId(1), Delivery::Sent));
    player.tell(ConversationEvent::Delivery(MessageId(1), Delivery::Delivered));
    player.received("the one by the pond?\nbob: forged \u{1b}[31m\u{202e}\nשלום");
    player.tell(ConversationEvent::Refused).tell(ConversationEvent::Refused);
    player.tell(ConversationEvent::Link(LinkState::Lost { redial_for: lives }));
    player.line("//etc").line("/frob").line("/help").line("   ");
    player.queued(2, "/etc").tell(ConversationEvent::Delivery(MessageId(2), Delivery::Waiting));
    player.tell(ConversationEvent::Link(LinkState::Up));
    player.tell(ConversationEvent::Delivery(MessageId(2), Delivery::Delivered));
    player.line("/quit").tell(ConversationEvent::Left { confirmed: true }).event(Event::Ended);
    assert_eq!(player.end, Some(End::Done));
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn the_joining_side_hides_its_code_and_is_asked_about_an_odd_one() {
    let mut player = Player::new(plan(), WORDS);
    player.line("c").line("doug").line("bob").line("nonsense").line("93-otter-lantern-mesx");
    player.line("n").line("93-otter-lantern-mesa");
    player.meeting(MeetingEvent::Ended(MeetingEnd::NobodyAnswers)).event(Event::Ended);
    assert_eq!(kind(&player.end), Some(Kind::NobodyAnswers));
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn a_failed_check_ends_unless_the_answer_is_yes() {
    for (answer, asked) in [("", "leave"), ("n", "leave"), ("y", "stay"), ("/quit", "leave")] {
        let mut player = Player::new(full_plan(Role::Guest), WORDS);
        player.meeting(MeetingEvent::Paired);
        player.tell(ConversationEvent::Check(CheckEvent::Mismatch)).line(answer);
        assert!(player.transcript.ends_with(&format!("* {asked}\n")), "{}", player.transcript);
        player.tell(ConversationEvent::Left { confirmed: true }).event(Event::Ended);
        if asked == "leave" {
            assert_eq!(kind(&player.end), Some(Kind::CheckFailed), "{answer:?}");
        }
    }
}

#[test]
fn the_local_network_and_the_demo_are_named_first() {
    let plan = Plan { network: NetworkKind::Local, demo: true, ..full_plan(Role::Guest) };
    let player = Player::new(plan, WORDS);
    let first: Vec<_> = player.transcript.lines().take(2).collect();
    assert!(first[0].contains("no anonymity") && first[1].contains("demo"), "{first:?}");
}

#[test]
fn each_end_has_its_kind() {
    let mut left = Player::open(full_plan(Role::Host), WORDS);
    left.tell(ConversationEvent::PeerLeft).event(Event::Ended);
    assert_eq!(left.end, Some(End::Done));

    let mut lost = Player::open(full_plan(Role::Host), WORDS);
    lost.tell(ConversationEvent::Link(LinkState::GivenUp)).event(Event::Ended);
    assert_eq!(kind(&lost.end), Some(Kind::PartnerGone));

    let mut undelivered = Player::open(full_plan(Role::Host), WORDS);
    undelivered.line("hello").tell(ConversationEvent::Link(LinkState::GivenUp)).node_gone();
    assert_eq!(kind(&undelivered.end), Some(Kind::NotDelivered));

    let mut refused = Player::open(full_plan(Role::Host), WORDS);
    refused.line("hello");
    refused.tell(ConversationEvent::NotSent(Ticket(1), NotSent::OutboxFull)).line("/quit");
    refused.tell(ConversationEvent::Left { confirmed: true }).event(Event::Ended);
    assert_eq!(kind(&refused.end), Some(Kind::NotDelivered));

    let mut vanished = Player::open(full_plan(Role::Host), WORDS);
    vanished.node_gone();
    assert_eq!(kind(&vanished.end), Some(Kind::Internal));

    let mut fatal = Player::new(full_plan(Role::Host), WORDS);
    fatal.event(Event::Fatal(UserError::new(Kind::Environment, "What.", "Do."))).node_gone();
    assert_eq!(kind(&fatal.end), Some(Kind::Environment));
}

#[test]
fn an_interrupt_gives_up_or_says_goodbye_and_a_second_one_ends() {
    let mut asked = Player::new(plan(), WORDS);
    asked.interrupt();
    assert!(asked.transcript.ends_with("* shutdown\n"));

    let mut meeting = Player::new(full_plan(Role::Host), WORDS);
    meeting.interrupt();
    assert!(meeting.transcript.ends_with("* give up\n"));
    meeting.interrupt();
    assert_eq!(kind(&meeting.end), Some(Kind::Code));

    let mut open = Player::open(full_plan(Role::Host), WORDS);
    open.interrupt();
    assert!(open.transcript.ends_with("* leave\n"));
    open.interrupt();
    assert_eq!(open.end, Some(End::Done));
}

#[test]
fn quitting_during_the_meeting_gives_it_up() {
    let mut player = Player::new(full_plan(Role::Host), WORDS);
    player.line(".quit");
    assert!(player.transcript.ends_with("* give up\n"));
    player.meeting(MeetingEvent::Ended(MeetingEnd::GivenUp)).event(Event::Ended);
    assert_eq!(kind(&player.end), Some(Kind::Code));
}

/// The partner's wish comes while the answer to one's own is being typed.
#[test]
fn an_answer_to_the_earlier_question_is_not_taken_for_the_secret() {
    let mut player = Player::open(full_plan(Role::Host), WORDS);
    player.tell(ConversationEvent::Check(CheckEvent::SecretWanted));
    player.line("n").line("yes").line("pond");
    assert!(!player.transcript.contains("* secret \"n\""), "{}", player.transcript);
    assert!(!player.transcript.contains("* secret \"yes\""), "{}", player.transcript);
    assert!(player.transcript.contains("* secret \"pond\""), "{}", player.transcript);
}

#[test]
fn a_check_in_an_open_conversation() {
    let mut player = Player::open(full_plan(Role::Host), WORDS);
    player.line("/check").tell(ConversationEvent::Check(CheckEvent::SecretWanted));
    player.line("/quit is our word").line("a text");
    assert!(player.transcript.contains("* secret \"/quit is our word\""));
    assert!(player.transcript.contains("* text \"a text\""));
}
