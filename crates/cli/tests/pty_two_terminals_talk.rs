//! Two people on two terminals: everything typed as a person types it.

mod support;

use support::chats::{screen_conversation, screen_guest, screen_host};
use support::{SOON, Terminal, local, local_name};

const GREEN: vt100::Color = vt100::Color::Idx(2);

/// Ends a conversation from one side and sees it end on both, with both terminals given back.
fn leave(leaver: &mut Terminal, other: &mut Terminal, command: &str, name: &str) {
    leaver.line(command);
    other.wait_for(&format!("{name} ended the conversation."), SOON);
    other.keys("\r");
    for side in [leaver, other] {
        assert_eq!(side.exit_code(SOON), 0);
        side.assert_restored();
    }
}

#[test]
fn names_code_check_texts_of_every_width_and_the_end() {
    let name = local_name();
    let network = local(&name);
    let (mut host, code) = screen_host("hilde", &network, SOON);
    host.wait_for("no anonymity", SOON);
    let mut guest = screen_guest("gustav", &network, &code);
    for side in [&mut host, &mut guest] {
        side.wait_for("Check by a shared secret? (y/N)", SOON);
        side.wait_for("no anonymity", SOON);
        assert!(side.is_on_its_own_screen());
        side.keys("n");
    }
    for (side, partner) in [(&host, "gustav"), (&guest, "hilde")] {
        side.wait_for("The conversation is open.", SOON);
        let header = format!("{partner} ● verified (by code, check skipped)");
        side.wait_for(&header, SOON);
        side.wait_for_colour("● verified", GREEN, SOON);
        side.wait_for("no anonymity", SOON);
        assert!(!side.contents().contains(&code), "the code is not shown once it is spent");
    }

    let texts = ["hello", "grüße aus Łódź", "日本語も大丈夫", "👋 and e\u{301}", "שלום עולם"];
    for text in texts {
        guest.line(text);
        host.wait_for_row(&["gustav", text], SOON);
        guest.wait_for_row(&["gustav", text, "✓✓"], SOON);
        let answer = format!("{text} too");
        host.line(&answer);
        guest.wait_for_row(&["hilde", &answer], SOON);
        host.wait_for_row(&["hilde", &answer, "✓✓"], SOON);
    }
    leave(&mut host, &mut guest, "/quit", "hilde");
}

#[test]
fn a_slip_in_the_code_is_noticed_while_it_is_typed() {
    let name = local_name();
    let network = local(&name);
    let mut guest = screen_guest("gustav", &network, "nonsense");
    guest.wait_for("A code begins with a number and a hyphen", SOON);
    guest.keys(&"\x7f".repeat("nonsense".len()));
    guest.keys("93-ottex-");
    guest.wait_for("One word is not in the list; Ctrl-R shows what you typed.", SOON);
    assert!(!guest.contents().contains("ottex"));
    guest.keys("\x12");
    guest.wait_for("93-ottex-", SOON);
    guest.keys("\x03");
    assert_eq!(guest.exit_code(SOON), 0);
    guest.assert_restored();
}

#[test]
fn a_dot_ends_it_like_a_slash() {
    let name = local_name();
    let (mut host, mut guest) = screen_conversation(&local(&name), SOON);
    leave(&mut guest, &mut host, ".quit", "gustav");
}
