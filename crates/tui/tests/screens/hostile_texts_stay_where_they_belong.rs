//! Whatever a partner sends, it is text in its place and nothing else.

use undertone_handle::command::{Role, is_deceptive};
use undertone_handle::event::{ConversationEvent, Delivery};

use crate::player::{Player, full_plan};

fn talking(columns: u16, rows: u16) -> Player {
    Player::talking(full_plan(Role::Host), columns, rows)
}

const HOSTILE: [&str; 9] = [
    "\u{1b}[2J\u{1b}[31mred\u{1b}]0;title\u{7}",
    "\u{9b}31m and \u{90}1$r\u{9c}",
    "invoice\u{202e}fdp.exe",
    "zero\u{200b}width\u{feff} and \u{e0041}tags",
    "two\nbob  this is not from bob",
    "carriage\rreturn \u{8}\u{8}\u{8}back",
    "\u{301}\u{302}\u{303} marks alone",
    "\u{115f}\u{1160}\u{ffa0}|",
    "a\u{200d}\u{200d}\u{200d}b",
];

#[test]
fn no_control_character_reaches_a_cell() {
    for (columns, rows) in [(80, 24), (20, 5), (3, 3), (1, 1)] {
        let mut player = talking(columns, rows);
        for text in HOSTILE {
            player.received(text);
            player.tell(ConversationEvent::PeerName(text.to_owned()));
            for symbol in player.symbols() {
                let ours = |c| matches!(c, '\u{2068}' | '\u{2069}');
                assert!(!symbol.contains(|c| is_deceptive(c) && !ours(c)), "{symbol:?}");
            }
        }
    }
}

#[test]
fn tricks_are_seen_as_what_they_are() {
    let mut player = talking(80, 24);
    for text in HOSTILE {
        player.received(text);
    }
    insta::assert_snapshot!("hostile", player.screen());
}

#[test]
fn every_script_keeps_its_columns() {
    let mut player = talking(80, 24);
    for text in [
        "日本語のとても長い文章は、行の終わりで折り返されなければなりません。そうでしょう？はい。",
        "👩\u{200d}👩\u{200d}👧\u{200d}👦 👍🏽 🇨🇭 emoji",
        "cafe\u{301} nai\u{308}ve Z\u{351}\u{352}a\u{35b}lgo",
        "שלום לך, מה שלומך?",
        "مرحبا كيف حالك",
        "mixed שלום and hello",
        "ﾊﾟｶﾞ halfwidth",
        "नमस्ते दुनिया",
        "a\ttab",
    ] {
        player.received(text);
        player.sent(text, Delivery::Delivered);
    }
    insta::assert_snapshot!("scripts_80x24", player.screen());
    player.resize(30, 12);
    insta::assert_snapshot!("scripts_30x12", player.screen());
}

#[test]
fn a_pile_of_marks_covers_no_neighbour() {
    let mut player = talking(80, 24);
    player.received(&format!("o{}", "\u{336}".repeat(30_000)));
    player.received("next");
    assert!(player.symbols().iter().all(|symbol| symbol.chars().count() <= 18));
    insta::assert_snapshot!("pile_of_marks", player.screen());
}

#[test]
fn a_line_of_64_kib_and_ten_thousand_messages_are_read_page_by_page() {
    let mut player = talking(80, 24);
    for n in 0..10_000 {
        player.received(&format!("message {n}"));
    }
    player.received(&"long ".repeat(64 * 1024 / 5));
    player.keys("<PgUp><PgUp>");
    insta::assert_snapshot!("long_line", player.screen());
    for _ in 0..60 {
        player.keys("<PgUp>");
    }
    let picture = player.screen();
    assert!(picture.contains("message 9"), "{picture}");
    player.keys("<Esc>");
    assert!(player.screen().contains("long long"));
}

#[test]
fn a_flood_of_refusals_is_one_note() {
    let mut player = talking(80, 24);
    for _ in 0..1000 {
        player.tell(ConversationEvent::Refused);
    }
    assert_eq!(player.screen().matches("forged").count(), 1);
}
