//! Messages are edited, taken back, deleted and answered by commands or JSON requests, and what
//! becomes of them is said in words.

use undertone_handle::MessageId;
use undertone_handle::command::{History, Reaction, Role};
use undertone_handle::event::{ConversationEvent, Deletion, Delivery, NotDone};

use crate::player::{JSON, Player, WORDS, full_plan};

/// Two of ours, 1 and 2, and two of the partner's, 1000 and 1001.
fn talk(player: &mut Player) {
    for (number, body) in [(1, "first"), (2, "second")] {
        player.line(body).queued(number, body);
    }
    for message in [1000, 1001] {
        player.tell(ConversationEvent::Received {
            message: MessageId(message),
            body: "theirs".to_owned(),
            at: 1_795_183_320,
            reply: (message == 1001).then_some(MessageId(2)),
            timer: None,
        });
    }
}

#[test]
fn by_number_and_without() {
    let mut player = Player::open(full_plan(Role::Host), WORDS);
    talk(&mut player);
    assert_eq!(player.seen, Some(MessageId(1001)), "what is written is seen");
    for line in [
        "/edit better",
        "/edit 1 the first",
        "/cancel 2",
        "/delete 1",
        "/delete p1",
        "/reply yes",
        "/reply 1 as I said",
        "/react 👍",
        "/react p1 off",
        "/timer 1h",
        ".timer off",
        "/delete 3",
        "/delete",
        "/cancel",
    ] {
        player.line(line);
    }
    insta::assert_snapshot!(player.transcript);
}

#[test]
fn what_becomes_of_them_is_said() {
    let mut player = Player::open(full_plan(Role::Host), WORDS);
    talk(&mut player);
    player.transcript.clear();
    let at = 1_795_183_400;
    let edited = |message, body: &str| ConversationEvent::Edited {
        message: MessageId(message),
        body: body.to_owned(),
        at,
    };
    let reacted = |message, own, sign: &str| ConversationEvent::Reacted {
        message: MessageId(message),
        own,
        reaction: Reaction::parse(sign),
    };
    for event in [
        edited(1, "the first"),
        edited(1001, "theirs\nand more"),
        reacted(2, false, "👍"),
        reacted(1000, true, "👎"),
        reacted(2, false, ""),
        ConversationEvent::Deleted(MessageId(2), Deletion::Cancelled),
        ConversationEvent::Deleted(MessageId(1), Deletion::Own),
        ConversationEvent::Deleted(MessageId(1001), Deletion::Peer),
        ConversationEvent::Deleted(MessageId(1000), Deletion::Own),
        ConversationEvent::Deleted(MessageId(1000), Deletion::Timer),
        ConversationEvent::NotDone(MessageId(1), NotDone::Gone),
        ConversationEvent::Timer { seconds: Some(3_600), own: false },
        ConversationEvent::Timer { seconds: None, own: true },
        ConversationEvent::History(History::NotKept),
    ] {
        player.tell(event);
    }
    insta::assert_snapshot!(player.transcript);
}

/// A text that was taken back keeps nobody from leaving.
#[test]
fn what_was_deleted_is_not_waited_for() {
    let mut player = Player::open(full_plan(Role::Host), WORDS);
    player.line("one").queued(1, "one").line("two").queued(2, "two");
    player.input_ended();
    player.tell(ConversationEvent::Delivery(MessageId(2), Delivery::Delivered));
    assert!(!player.transcript.contains("* leave"));
    player.tell(ConversationEvent::Deleted(MessageId(1), Deletion::Cancelled));
    assert!(player.transcript.contains("* leave"), "{}", player.transcript);
}

#[test]
fn a_script_names_them_as_the_events_do() {
    let mut player = Player::open(full_plan(Role::Host), JSON);
    for line in [
        r#"{"reply":{"message":1000,"text":"yes"}}"#,
        r#"{"edit":{"message":1,"text":"better"}}"#,
        r#"{"take_back":1}"#,
        r#"{"delete":1000}"#,
        r#"{"react":{"message":1000,"sign":"👍"}}"#,
        r#"{"react":{"message":1000,"sign":null}}"#,
        r#"{"react":{"message":1000,"sign":"a b"}}"#,
        r#"{"timer":60}"#,
        r#"{"timer":0}"#,
    ] {
        player.line(line);
    }
    insta::assert_snapshot!(player.transcript);
}
