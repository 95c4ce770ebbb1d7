use super::*;

fn view(height: usize) -> View {
    View { columns: Columns::new(80, "bob", "doug"), height, offset: 0 }
}

fn filled(count: u64) -> Chat {
    let mut chat = Chat::default();
    for n in 0..count {
        chat.theirs(MessageId(n), 1_000, format!("message {n}"), None);
    }
    chat
}

#[test]
fn scrolling_stops_at_both_ends() {
    let view = view(10);
    let mut chat = filled(25); // 26 rows, with the day
    chat.scroll(true, 9, &view);
    assert_eq!(chat.bottom(&view), Some((15, 0)));
    chat.scroll(true, 900, &view);
    assert_eq!(chat.bottom(&view), Some((8, 0)));
    chat.scroll(true, 1, &view);
    assert_eq!(chat.bottom(&view), Some((8, 0)));
    chat.scroll(false, 7, &view);
    assert_eq!(chat.bottom(&view), Some((15, 0)));
    chat.scroll(false, 9, &view);
    assert!(chat.is_at_end());
    let mut short = filled(3);
    short.scroll(true, 5, &view);
    assert!(short.is_at_end());
}

#[test]
fn the_view_stays_where_it_is_when_messages_come_and_go() {
    let view = view(10);
    let mut chat = filled(MAX_ENTRIES as u64);
    chat.scroll(true, 10, &view);
    let (before, _) = chat.bottom(&view).unwrap();
    let seen = chat.get(before).unwrap().what.text().to_owned();
    for _ in 0..5 {
        chat.theirs(MessageId(u64::MAX), 1_000, "new".into(), None);
    }
    let (after, _) = chat.bottom(&view).unwrap();
    assert_eq!(chat.get(after).unwrap().what.text(), seen);
    assert_eq!(after, before - 5);
    assert_eq!((chat.unseen(), chat.len(), chat.is_cut()), (5, MAX_ENTRIES, true));
}

#[test]
fn a_long_message_is_scrolled_within() {
    let view = view(10);
    let mut chat = Chat::default();
    chat.theirs(MessageId(1), 1_000, "x".repeat(64 * 1024), None);
    let rows = chat.rows(0, &view);
    assert!(rows > 900);
    chat.scroll(true, 100, &view);
    assert_eq!(chat.bottom(&view), Some((0, 100)));
    chat.scroll(true, rows, &view);
    assert_eq!(chat.bottom(&view), Some((0, rows - 10)));
    let narrow = View { columns: Columns::new(400, "bob", "doug"), ..view };
    assert!(chat.bottom(&narrow).unwrap().1 < chat.rows(0, &narrow));
}

#[test]
fn what_is_kept_is_bounded_in_bytes() {
    let mut chat = Chat::default();
    for _ in 0..600 {
        chat.theirs(MessageId(1), 1_000, "x".repeat(64 * 1024), None);
    }
    assert!(chat.bytes <= MAX_BYTES);
    assert_eq!(chat.len(), MAX_BYTES / (64 * 1024));
}

#[test]
fn fates_reach_their_message_and_unknown_ones_nobody() {
    let mut chat = Chat::default();
    chat.ours(MessageId(7), 1_000, "one".into(), None);
    chat.ours(MessageId(8), 1_000, "two".into(), None);
    assert_eq!(chat.unconfirmed(), 2);
    assert!(chat.fate(MessageId(7), Delivery::Delivered));
    assert!(!chat.fate(MessageId(9), Delivery::Sent));
    assert_eq!(chat.unconfirmed(), 1);
    assert!(matches!(chat.get(0).unwrap().what, What::Ours(_, Delivery::Delivered)));
}

#[test]
fn what_is_deleted_leaves_no_words_behind() {
    let mut chat = Chat::default();
    chat.theirs(MessageId(1), 1_000, "the secret".into(), None);
    chat.ours(MessageId(2), 1_000, "an answer".into(), Some(MessageId(1)));
    assert_eq!(
        chat.get(1).unwrap().beside.quote.as_deref().map(String::as_str),
        Some("the secret")
    );
    let rows = chat.rows(1, &view(10));
    chat.edit(MessageId(1), "the other secret".into());
    chat.react(MessageId(2), false, Reaction::parse("+"));
    assert_eq!(chat.rows(1, &view(10)), rows + 1);
    chat.delete(MessageId(1), "gone".into());
    assert_eq!(chat.text_of(MessageId(1)), None);
    assert_eq!(chat.get(0).unwrap().what.text(), "gone");
    assert_eq!(chat.get(1).unwrap().beside.quote.as_deref().map(String::as_str), Some(QUOTE_GONE));
    assert_eq!(chat.bytes, "gone".len() + "an answer".len());
    // What is not here changes nothing.
    chat.edit(MessageId(1), "again".into());
    chat.delete(MessageId(1), "again".into());
    assert_eq!(chat.get(0).unwrap().what.text(), "gone");
}

fn line(number: u64, own: bool, body: &str) -> Line {
    Line {
        message: MessageId(number),
        own,
        body: Zeroizing::new(body.to_owned()),
        at: 1_000,
        delivery: Delivery::Waiting,
        seen: true,
        edited: None,
        reply: None,
        own_reaction: None,
        peer_reaction: None,
        timer: None,
        expires: None,
    }
}

#[test]
fn older_messages_come_before_the_first_and_the_view_stays() {
    let view = view(10);
    let mut chat = Chat::default();
    for number in 1_000..1_030 {
        chat.theirs(MessageId(number), 1_000, format!("message {number}"), None);
    }
    assert_eq!(chat.wants_older(&view), None, "the view is at the end");
    chat.scroll(true, 12, &view);
    assert_eq!(chat.wants_older(&view), Some(MessageId(1_000)));
    assert_eq!(chat.wants_older(&view), None, "they are asked for once");
    let seen = |chat: &Chat| {
        let (index, _) = chat.bottom(&view).unwrap();
        chat.get(index).unwrap().what.text().to_owned()
    };
    let before = seen(&chat);
    let mut lines: Vec<Line> = (900..1_000).map(|n| line(n, n % 2 == 0, "older")).collect();
    lines[99].reply = Some(MessageId(998));
    lines[99].edited = Some(1);
    chat.take_older(&lines);
    assert_eq!((seen(&chat), chat.len()), (before, 130));
    let entry = chat.get(99).unwrap();
    assert_eq!(entry.beside.quote.as_deref().map(String::as_str), Some("older"));
    assert!(entry.beside.edited);
    assert!(chat.fate(MessageId(998), Delivery::Delivered));
    assert!(matches!(chat.get(98).unwrap().what, What::Ours(_, Delivery::Delivered)));
    assert_eq!(chat.text_of(MessageId(1_029)), Some("message 1029"));
    // Commands count from the first that was here: an older one takes nobody's number.
    assert_eq!(chat.numbers.find(Which { own: false, number: Some(1) }), Some(MessageId(1_000)));

    chat.scroll(true, 900, &view);
    assert_eq!(chat.wants_older(&view), Some(MessageId(900)));
    // One of them is deleted while they are read: what was read is not shown.
    chat.delete(MessageId(899), "gone".into());
    chat.take_older(&[line(899, false, "the secret")]);
    assert_eq!(chat.len(), 130);
    assert_eq!(chat.wants_older(&view), Some(MessageId(900)));
    chat.no_older();
    assert_eq!(chat.wants_older(&view), Some(MessageId(900)));
    chat.take_older(&[line(898, false, "the first of all")]);
    assert_eq!(chat.len(), 131);
    chat.scroll(true, 900, &view);
    assert_eq!(chat.wants_older(&view), None, "there are no more");
}

#[test]
fn as_many_are_read_as_there_is_room_for() {
    let view = view(10);
    let mut chat = filled(MAX_ENTRIES as u64 - 50);
    chat.scroll(true, MAX_ENTRIES, &view);
    assert!(chat.wants_older(&view).is_some());
    chat.take_older(&vec![line(1, false, "older"); 100]);
    assert_eq!((chat.len(), chat.wants_older(&view)), (MAX_ENTRIES - 50, None));
}
