//! Edits are marked, answers quote, signs stand below, deletions leave a note, and the timer is in
//! the header; commands do each of it, and Up takes the last message up again.

use undertone_handle::MessageId;
use undertone_handle::command::{Reaction, Role};
use undertone_handle::event::{ConversationEvent, Deletion, Delivery, NotDone};

use crate::player::{Player, full_plan};

fn edited(message: MessageId, body: &str) -> ConversationEvent {
    ConversationEvent::Edited { message, body: body.to_owned(), at: 0 }
}

fn reacted(message: MessageId, own: bool, sign: &str) -> ConversationEvent {
    ConversationEvent::Reacted { message, own, reaction: Reaction::parse(sign) }
}

fn answer(message: u64, body: &str, reply: MessageId) -> ConversationEvent {
    ConversationEvent::Received {
        message: MessageId(message),
        body: body.to_owned(),
        at: 1_795_183_320,
        reply: Some(reply),
        timer: None,
    }
}

/// Ours and three of the partner's; the last answers ours.
fn talking(columns: u16, rows: u16) -> (Player, MessageId) {
    let mut player = Player::talking(full_plan(Role::Host), columns, rows);
    let ours = player.sent("shall we meet by the old pond tomorrow evening?", Delivery::Delivered);
    player.received("teh cat").received("too much");
    player.tell(answer(900, "yes", ours));
    player.asked.clear();
    (player, ours)
}

#[test]
fn everything_is_shown_beside_the_text() {
    for (name, columns, rows) in [("wide", 80, 24), ("narrow", 40, 24)] {
        let (mut player, ours) = talking(columns, rows);
        let (second, third) = (MessageId(ours.0 + 1), MessageId(ours.0 + 2));
        for event in [
            edited(second, "the cat"),
            reacted(second, true, "👍"),
            reacted(ours, false, "🎉"),
            reacted(MessageId(900), true, "+"),
            reacted(MessageId(900), true, ""),
            ConversationEvent::Deleted(third, Deletion::Peer),
            ConversationEvent::Timer { seconds: Some(7 * 86_400), own: false },
        ] {
            player.tell(event);
        }
        insta::assert_snapshot!(format!("beside_{name}"), player.screen());
        // What is gone is gone from the answers to it.
        player.tell(ConversationEvent::Deleted(ours, Deletion::Own));
        assert!(!player.screen().contains("pond"), "{}", player.screen());
    }
}

#[test]
fn each_command_asks_for_its_change() {
    let (mut player, ours) = talking(80, 24);
    let commands = "/edit better<Enter>.reply yes<Enter>/reply 1 so I said<Enter>/react +<Enter>\
                    .react p1 off<Enter>/delete 1<Enter>/cancel 1<Enter>/timer 1h<Enter>\
                    .timer off<Enter>";
    player.keys(commands);
    let number = ours.0;
    let first = number + 1;
    assert!(player.asked[0].starts_with(&format!("Edit {{ message: MessageId({number})")));
    assert_eq!(player.asked[1], "text \"yes\" answers 900");
    assert_eq!(player.asked[2], format!("text \"so I said\" answers {number}"));
    assert_eq!(player.asked[3], "React(MessageId(900), Some(Reaction(…)))");
    assert_eq!(player.asked[4], format!("React(MessageId({first}), None)"));
    assert_eq!(player.asked[5], format!("Delete(MessageId({number}))"));
    assert_eq!(player.asked[6], format!("Cancel(MessageId({number}))"));
    assert!(player.asked[7].contains("Some(3600)"), "{}", player.asked[7]);
    assert!(player.asked[8].contains("None"), "{}", player.asked[8]);
    assert_eq!(player.asked.len(), 9);
    // What cannot be done is said, and the line stays to be corrected.
    player.keys("/delete 7<Enter>");
    assert!(player.screen().contains("> /delete 7"), "{}", player.screen());
    player.tell(ConversationEvent::NotDone(ours, NotDone::Gone));
    assert_eq!(player.asked.len(), 9);
}

#[test]
fn up_takes_the_last_message_up_again() {
    let (mut player, ours) = talking(80, 24);
    player.keys("<Up>");
    assert!(player.screen().contains("> /edit 1 shall we meet"), "{}", player.screen());
    player.keys(" 8?<Enter>");
    assert_eq!(player.asked.len(), 1);
    let asked = &player.asked[0];
    assert!(asked.starts_with(&format!("Edit {{ message: MessageId({})", ours.0)), "{asked}");
    assert!(asked.contains("evening? 8?"), "{asked}");
}

/// What was not on the screen was not seen.
#[test]
fn only_what_is_on_the_screen_is_seen() {
    let (mut player, _) = talking(80, 12);
    assert_eq!(player.seen, Some(MessageId(900)));
    for n in 0..20 {
        player.tell(answer(901 + n, "more", MessageId(1)));
    }
    player.keys("<PgUp>");
    player.tell(answer(990, "below the view", MessageId(1)));
    assert_eq!(player.seen, Some(MessageId(920)));
    player.keys("<End>");
    assert_eq!(player.seen, Some(MessageId(990)));
}
