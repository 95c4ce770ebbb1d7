//! A lasting profile in lines: its conversations, its lock, its password, for people and programs.

use std::time::Duration;

use undertone_handle::event::{ConversationEvent, LinkState};
use undertone_handle::words::Locked;
use undertone_handle::{ConversationId, Event, MessageId};
use undertone_tui::keeper::{Found, Hit};
use undertone_tui::plain::Options;
use undertone_tui::{End, Plan};

use crate::player::{ID, JSON, Player, WORDS, kept_plan, line, rooms};

const BEN: ConversationId = ConversationId(2);

fn with_ana() -> Plan {
    Plan { resume: Some(ID), ..kept_plan(rooms()) }
}

fn comes(player: &mut Player, id: ConversationId, message: u64, body: &str) {
    let received = ConversationEvent::Received {
        message: MessageId(message),
        body: body.to_owned(),
        at: 1_795_183_320,
        reply: None,
        timer: None,
    };
    player.event(Event::Conversation(id, received));
}

#[test]
fn conversations_are_listed_opened_and_told_of() {
    let mut player = Player::new(kept_plan(rooms()), WORDS);
    player.line("hello?").line("/open ana").line("hello").line("/list");
    comes(&mut player, BEN, 90, "are you there?");
    player.line("/open ben").line("/open carla").line("/rename Ben B").line("/history days 7");
    player.tell_to(BEN, ConversationEvent::Renamed("Ben B".into()));
    player.line("/status").line("/config").line("/clear");
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn programs_are_told_everything_at_once() {
    let mut player = Player::new(kept_plan(rooms()), JSON);
    comes(&mut player, BEN, 90, "are you there?");
    player.line(r#"{"open":"0000000000000002"}"#).line(r#"{"send":"yes"}"#);
    player.line(r#"{"conversations":true}"#).line(r#"{"rename":"Ben B"}"#);
    player.line(r#"{"history":{"keeps":"not_kept"}}"#).line(r#"{"search":"bench"}"#);
    let hit = Hit {
        conversation: ID,
        name: "ana".into(),
        line: line(3, false, "the blue bench"),
        before: Some(line(2, true, "where?")),
        after: None,
    };
    player.found(Found::Hits(vec![hit]));
    player.line(r#"{"change_password":{"old":"marmalade","new":"otter"}}"#);
    player.found(Found::Password(false));
    player.line(r#"{"change_password":{"old":"marmelade","new":"otter lantern"}}"#);
    player.found(Found::Password(true));
    player.line(r#"{"lock":true}"#).event(Event::Ended);
    insta::assert_snapshot!(player.transcript);
    assert_eq!(player.end, Some(End::Locked(Locked::Asked, Some(BEN))));
}

#[test]
fn a_lock_takes_everything_off_the_terminal() {
    for command in ["/lock", ".lock"] {
        let mut player = Player::new(with_ana(), WORDS);
        player.transcript.clear();
        player.line(command);
        comes(&mut player, ID, 91, "too late");
        player.event(Event::Ended);
        assert_eq!(player.transcript, format!("< {command}\n* shutdown\n* clear\n* finish\n"));
        assert_eq!(player.end, Some(End::Locked(Locked::Asked, Some(ID))));
    }
}

#[test]
fn idleness_locks_where_somebody_sits_and_nowhere_else() {
    let terminal = Options { terminal: true, ..WORDS };
    for (options, minutes, locks) in
        [(terminal, 15, true), (terminal, 0, false), (WORDS, 15, false), (JSON, 15, false)]
    {
        let mut plan = with_ana();
        if let Some(profile) = &mut plan.profile {
            profile.idle_lock = (minutes > 0).then(|| Duration::from_secs(60 * minutes));
        }
        let mut player = Player::new(plan, options);
        player.transcript.clear();
        player.second(0).second(15 * 60 - 1);
        assert_eq!(player.transcript, "");
        player.second(15 * 60);
        assert_eq!(player.transcript.contains("shutdown"), locks, "{options:?} {minutes}");
    }
}

#[test]
fn passwords_are_asked_for_unseen() {
    let mut player = Player::new(with_ana(), WORDS);
    player.transcript.clear();
    player.line("/setpassword").line("/changepassword").line("marmalade");
    // What looks like a command is a password here.
    player.line("/lock").line("/lock");
    player.found(Found::Password(true));
    player.line("/changepassword").line("").line("/changepassword marmalade");
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn a_profile_without_a_password_says_so() {
    for options in [WORDS, JSON] {
        let mut plan = with_ana();
        if let Some(profile) = &mut plan.profile {
            profile.password = false;
        }
        let mut player = Player::new(plan, options);
        player.line(if options.shape == JSON.shape { r#"{"lock":true}"# } else { "/lock" });
        assert!(player.transcript.contains("can't be locked"), "{}", player.transcript);
        assert_eq!(player.end, None);
    }
}

#[test]
fn a_contact_is_blocked_and_left() {
    let mut player = Player::new(with_ana(), WORDS);
    player.transcript.clear();
    player.line("/block").tell_to(ID, ConversationEvent::Blocked(true));
    player.tell_to(ID, ConversationEvent::Link(LinkState::Away)).line("/status");
    player.line("/unblock").tell_to(ID, ConversationEvent::Blocked(false));
    player.line("/leave").line("/leave ben").line("/leave ana");
    player.tell_to(ID, ConversationEvent::Left { confirmed: false });
    player.line("to nobody").line("/open ben").line("/leave ben");
    player.tell_to(BEN, ConversationEvent::Left { confirmed: true });
    player.event(Event::Ended);
    insta::assert_snapshot!(player.transcript);
    assert_eq!(player.end, Some(End::Done));
}

#[test]
fn programs_block_and_leave_too() {
    let mut player = Player::new(with_ana(), JSON);
    player.transcript.clear();
    player.line(r#"{"block":true}"#).tell_to(ID, ConversationEvent::Blocked(true));
    player.line(r#"{"conversations":true}"#).line(r#"{"block":false}"#);
    player.line(r#"{"leave":"ben"}"#).line(r#"{"leave":"ana"}"#);
    player.tell_to(ID, ConversationEvent::Left { confirmed: true });
    player.line(r#"{"conversations":true}"#);
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn what_is_found_is_shown_with_what_stands_beside_it() {
    let mut player = Player::new(with_ana(), WORDS);
    player.transcript.clear();
    player.line("/search bench");
    let hit = |message, before, after| Hit {
        conversation: ID,
        name: "ana".into(),
        line: line(message, false, "the blue bench\nby the pond"),
        before,
        after,
    };
    let (asked, long) = (line(2, true, "where?\nwhen?"), line(4, false, &"very ".repeat(40)));
    player.found(Found::Hits(vec![hit(9, None, None), hit(3, Some(asked), Some(long))]));
    insta::assert_snapshot!(player.transcript);
}
