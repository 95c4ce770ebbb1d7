//! `/cancel`, or `{"cancel":true}`, calls a check off at every moment of it; a secret that was begun
//! when the partner calls it off is used for nothing.

use undertone_handle::Event;
use undertone_handle::command::Role;
use undertone_handle::event::{CheckEvent, ConversationEvent, MeetingEvent};
use undertone_handle::words::{Kind, UserError};
use undertone_tui::End;
use undertone_tui::plain::Options;

use crate::player::{JSON, Player, WORDS, full_plan};

fn paired(options: Options) -> Player {
    let mut player = Player::new(full_plan(Role::Host), options);
    player.meeting(MeetingEvent::Paired);
    player.transcript.clear();
    player
}

fn check(player: &mut Player, event: CheckEvent) {
    player.tell(ConversationEvent::Check(event));
}

const MOMENTS: [CheckEvent; 3] =
    [CheckEvent::SecretWanted, CheckEvent::ConfirmationWanted, CheckEvent::WaitingForPeer];

#[test]
fn at_every_moment_of_it() {
    for (options, line) in [(WORDS, "/cancel"), (JSON, "/cancel"), (JSON, r#"{"cancel":true}"#)] {
        for moment in MOMENTS {
            for open in [false, true] {
                let mut player = if open {
                    Player::open(full_plan(Role::Host), options)
                } else {
                    paired(options)
                };
                check(&mut player, moment);
                player.line(line);
                assert!(player.transcript.ends_with("* cancel\n"), "{moment:?} {line}");
                check(&mut player, CheckEvent::Cancelled);
                if !open {
                    player.tell(ConversationEvent::Open);
                }
                player.line("hello");
                assert!(player.transcript.ends_with("* text \"hello\"\n"), "{moment:?} {line}");
            }
        }
    }
}

#[test]
fn without_a_check_it_is_said_that_there_is_none() {
    for (options, line) in [(WORDS, "/cancel"), (JSON, "/cancel"), (JSON, r#"{"cancel":true}"#)] {
        let mut player = Player::open(full_plan(Role::Host), options);
        player.line(line);
        assert!(player.transcript.contains("No check is running."), "{}", player.transcript);
        assert!(!player.transcript.contains("* cancel"), "{}", player.transcript);
    }
}

#[test]
fn a_partner_who_calls_it_off_before_the_conversation_leaves_the_choice() {
    for (answer, asked) in [("", "leave"), ("n", "leave"), ("y", "stay"), ("/quit", "leave")] {
        let mut player = paired(WORDS);
        check(&mut player, CheckEvent::SecretWanted);
        check(&mut player, CheckEvent::PeerCancelled);
        assert!(player.transcript.ends_with("* show\n! Go on without the check? (y/N)\n"));
        // Begun as the secret.
        player.line("blue bench").line(answer);
        assert!(player.transcript.ends_with(&format!("* {asked}\n")), "{}", player.transcript);
        assert!(!player.transcript.contains("* secret"), "{}", player.transcript);
        player.tell(ConversationEvent::Left { confirmed: true }).event(Event::Ended);
        if asked == "leave" {
            let Some(End::Failed(UserError { kind, message, .. })) = &player.end else { panic!() };
            assert_eq!(*kind, Kind::CheckFailed);
            assert!(message.contains("cancelled"), "{message}");
        }
    }
}

#[test]
fn a_secret_that_nobody_asks_for_any_more_is_no_text() {
    let mut player = Player::open(full_plan(Role::Host), WORDS);
    check(&mut player, CheckEvent::SecretWanted);
    check(&mut player, CheckEvent::PeerCancelled);
    player.line("blue bench").line("hello");
    assert!(!player.transcript.contains("* text \"blue"), "{}", player.transcript);
    assert!(player.transcript.ends_with("* text \"hello\"\n"), "{}", player.transcript);

    // A program says what a line is, and its texts need no line before them.
    let mut player = Player::open(full_plan(Role::Host), JSON);
    check(&mut player, CheckEvent::SecretWanted);
    check(&mut player, CheckEvent::PeerCancelled);
    player.line(r#"{"secret":"blue bench"}"#).line(r#"{"send":"hello"}"#);
    assert!(!player.transcript.contains("* secret"), "{}", player.transcript);
    assert!(player.transcript.ends_with("* text \"hello\"\n"), "{}", player.transcript);
}

/// In a script the secret stands right below the command.
#[test]
fn a_secret_below_its_command_is_no_text() {
    let mut player = Player::open(full_plan(Role::Host), WORDS);
    player.line("/check").line("blue bench").line("hello");
    check(&mut player, CheckEvent::SecretWanted);
    check(&mut player, CheckEvent::WaitingForPeer);
    assert!(player.transcript.contains("* secret \"blue bench\""), "{}", player.transcript);
    assert!(!player.transcript.contains("* text \"blue"), "{}", player.transcript);
    assert!(player.transcript.contains("* text \"hello\""), "{}", player.transcript);
    player.line("/check");
    assert!(player.transcript.contains("A check is running already."), "{}", player.transcript);
}

#[test]
fn after_failures_a_word_comes_before_the_secret() {
    for (options, word) in [(WORDS, "check"), (JSON, r#"{"confirm":"check"}"#)] {
        let mut player = Player::open(full_plan(Role::Host), options);
        player.line("/check");
        check(&mut player, CheckEvent::ConfirmationWanted);
        player.line("no idea");
        assert!(player.transcript.ends_with("* confirm \"no idea\"\n"), "{}", player.transcript);
        check(&mut player, CheckEvent::ConfirmationWanted);
        player.line(word).line("blue bench");
        assert!(player.transcript.contains("* confirm \"check\""), "{}", player.transcript);
        assert!(!player.transcript.contains("bench\"\n"), "{}", player.transcript);
        check(&mut player, CheckEvent::SecretWanted);
        assert!(player.transcript.contains("* secret \"blue bench\""), "{}", player.transcript);
    }
}

#[test]
fn an_input_that_ends_within_a_check_leaves() {
    for (event, kind) in [
        (CheckEvent::ConfirmationWanted, Kind::Usage),
        (CheckEvent::PeerCancelled, Kind::CheckFailed),
    ] {
        let mut player = paired(WORDS);
        check(&mut player, event);
        player.input_ended().tell(ConversationEvent::Left { confirmed: true }).event(Event::Ended);
        match &player.end {
            Some(End::Failed(error)) => assert_eq!(error.kind, kind, "{event:?}"),
            end => panic!("{event:?}: {end:?}"),
        }
    }
    let mut player = Player::open(full_plan(Role::Host), WORDS);
    check(&mut player, CheckEvent::SecretWanted);
    check(&mut player, CheckEvent::PeerCancelled);
    player.input_ended();
    assert!(player.transcript.ends_with("* leave\n"), "{}", player.transcript);
}
