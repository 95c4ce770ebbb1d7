//! Whatever is asked, `/quit` and `.quit` end the program in order and are no answer.

use undertone_handle::Event;
use undertone_handle::command::{Name, Role};
use undertone_handle::event::{CheckEvent, ConversationEvent, MeetingEvent};
use undertone_handle::words::{Kind, UserError};
use undertone_tui::{End, Plan};

use crate::player::{JSON, Player, WORDS, full_plan, plan};

/// Each question before the meeting: its name, and a plan that leaves it open first.
fn questions(role: Role) -> [(&'static str, Plan); 4] {
    let bob = || Some(Name::parse("bob").unwrap());
    [
        ("role", plan()),
        ("nick", Plan { role: Some(role), ..plan() }),
        ("peer", Plan { role: Some(role), nick: bob(), ..plan() }),
        ("code", Plan { role: Some(role), nick: bob(), peer: bob(), ..plan() }),
    ]
}

#[test]
fn before_the_meeting() {
    for role in [Role::Host, Role::Guest] {
        for quit in ["/quit", ".quit", " /quit "] {
            for shape in [WORDS, JSON] {
                for (name, plan) in questions(role) {
                    let mut player = Player::new(plan, shape);
                    player.line(quit);
                    assert!(player.transcript.ends_with("* shutdown\n"), "{name} {quit}");
                    player.event(Event::Ended);
                    assert_eq!(player.end, Some(End::Done), "{name} {quit}");
                }
            }
        }
    }
}

#[test]
fn at_a_code_that_may_be_a_slip() {
    let mut player = Player::new(Plan { code: None, ..full_plan(Role::Guest) }, WORDS);
    player.line("93-otter-lantern-mesx").line("/quit").event(Event::Ended);
    assert!(!player.transcript.contains("* meet"), "{}", player.transcript);
    assert_eq!(player.end, Some(End::Done));
}

#[test]
fn at_each_question_of_the_check() {
    for (event, failed) in [
        (CheckEvent::WishWanted, false),
        (CheckEvent::SecretWanted, false),
        (CheckEvent::WaitingForPeer, false),
        (CheckEvent::Mismatch, true),
    ] {
        for quit in ["/quit", ".quit"] {
            let mut player = Player::new(full_plan(Role::Host), WORDS);
            player.meeting(MeetingEvent::Paired).tell(ConversationEvent::Check(event));
            player.line(quit);
            assert!(player.transcript.ends_with("* leave\n"), "{event:?} {quit}");
            player.tell(ConversationEvent::Left { confirmed: true }).event(Event::Ended);
            match player.end {
                Some(End::Done) => assert!(!failed, "{event:?}"),
                Some(End::Failed(UserError { kind: Kind::CheckFailed, .. })) => assert!(failed),
                end => panic!("{event:?}: {end:?}"),
            }
        }
    }
}
