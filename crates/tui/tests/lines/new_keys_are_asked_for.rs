//! `/heal`, `.heal` or `{"heal":true}` asks for new keys, and what becomes of keys is said in words or as
//! a JSON line.

use undertone_handle::command::Role;
use undertone_handle::event::{CheckEvent, ConversationEvent, HealingEvent};
use undertone_handle::words;

use crate::player::{JSON, Player, WORDS, full_plan};

const STATES: [HealingEvent; 5] = [
    HealingEvent::Begun,
    HealingEvent::Waiting,
    HealingEvent::Late,
    HealingEvent::Stopped,
    HealingEvent::Renewed,
];

#[test]
fn in_every_spelling() {
    for (options, line) in [
        (WORDS, "/heal"),
        (WORDS, ".heal"),
        (JSON, "/heal"),
        (JSON, ".heal"),
        (JSON, r#"{"heal":true}"#),
    ] {
        let mut player = Player::open(full_plan(Role::Host), options);
        player.line(line);
        assert!(player.transcript.ends_with("* heal\n"), "{line}: {}", player.transcript);
    }
}

#[test]
fn before_there_is_a_conversation_it_is_said_that_there_is_none() {
    let mut player = Player::new(full_plan(Role::Host), JSON);
    player.line(r#"{"heal":true}"#);
    assert!(player.transcript.contains("There is no conversation yet."), "{}", player.transcript);
    assert!(!player.transcript.contains("* heal"));
}

#[test]
fn each_state_is_said_in_words() {
    let mut player = Player::open(full_plan(Role::Host), WORDS);
    player.transcript.clear();
    for state in STATES {
        player.tell(ConversationEvent::Healing(state));
        assert!(player.transcript.contains(words::healing(state)), "{}", player.transcript);
    }
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn each_state_is_one_json_line() {
    let mut player = Player::open(full_plan(Role::Host), JSON);
    for (state, name) in STATES.into_iter().zip(["begun", "waiting", "late", "stopped", "renewed"])
    {
        player.transcript.clear();
        player.tell(ConversationEvent::Healing(state));
        assert_eq!(player.transcript.lines().count(), 1);
        assert!(player.transcript.contains(r#""event":"healing""#), "{}", player.transcript);
        assert!(player.transcript.contains(&format!(r#""state":"{name}""#)));
    }
}

/// The secret that is asked for is asked for still.
#[test]
fn a_check_that_begins_anew_takes_no_question_away() {
    for options in [WORDS, JSON] {
        let mut player = Player::open(full_plan(Role::Host), options);
        player.tell(ConversationEvent::Check(CheckEvent::SecretWanted));
        player.tell(ConversationEvent::Check(CheckEvent::BegunAnew));
        player.line("blue bench");
        assert!(player.transcript.contains("* secret \"blue bench\""), "{}", player.transcript);
    }
}
