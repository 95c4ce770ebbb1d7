//! Two programs meet over onion services of the private Tor network and talk.

mod support;

use std::time::Instant;

use support::chats::{screen_guest, screen_host};
use support::tor::{Side, TOR, Tor, agreed_code};

#[test]
fn a_code_said_and_typed_leads_to_a_first_message_and_an_end_on_both_terminals() {
    let tor = Tor::attach();
    let begin = Instant::now();
    let (mut host, code) = screen_host("hilde", &tor.options(), TOR);
    println!("start to reachable: {:.1} s", begin.elapsed().as_secs_f64());
    let begin = Instant::now();
    let mut guest = screen_guest("gustav", &tor.options(), &code);
    for side in [&mut host, &mut guest] {
        side.wait_for("Check by a shared secret? (y/N)", TOR);
        side.keys("n");
    }
    for side in [&host, &guest] {
        side.wait_for("The conversation is open.", TOR);
    }
    guest.line("grüße über Tor");
    host.wait_for_row(&["gustav", "grüße über Tor"], TOR);
    println!("guest started to first message: {:.1} s", begin.elapsed().as_secs_f64());
    guest.wait_for_row(&["gustav", "grüße über Tor", "✓✓"], TOR);
    host.line("zurück");
    guest.wait_for_row(&["hilde", "zurück"], TOR);
    guest.line(".quit");
    host.wait_for("gustav ended the conversation.", TOR);
    host.keys("\r");
    for side in [&mut host, &mut guest] {
        assert_eq!(side.exit_code(TOR), 0);
        side.assert_restored();
    }
}

/// UTF-8 of every width, with combining marks, joiners and both directions.
const WIDTHS: [&str; 6] = ["a", "é", "€uro", "👩\u{200d}🔬", "e\u{301}", "שלום"];

fn texts(name: &str) -> Vec<String> {
    (0..100).map(|i| format!("{name} {i} {}", WIDTHS[i % WIDTHS.len()])).collect()
}

#[test]
fn a_hundred_texts_each_way_arrive_once_and_in_order_and_nothing_is_left() {
    let tor = Tor::attach();
    let code = agreed_code();
    let mut host = Side::start(&tor, "-s", &["--no-smp"]);
    host.program.line(&code);
    assert_eq!(host.serve("y"), code);
    println!("start to reachable: {:.1} s", host.begin.elapsed().as_secs_f64());
    let mut guest = Side::start(&tor, "-c", &["--no-smp"]);
    guest.program.line(&code);
    guest.program.line("y");
    let typed = Instant::now();
    let (from_host, from_guest) = (texts("hilde"), texts("gustav"));
    guest.send(&from_guest[0]);
    assert_eq!(host.text(TOR), from_guest[0]);
    println!("code typed to first message: {:.1} s", typed.elapsed().as_secs_f64());
    let begin = Instant::now();
    for (i, text) in from_host.iter().enumerate() {
        host.send(text);
        if let Some(text) = from_guest.get(i + 1) {
            guest.send(text);
        }
    }
    for text in &from_host {
        assert_eq!(guest.text(TOR), *text);
    }
    for text in &from_guest[1..] {
        assert_eq!(host.text(TOR), *text);
    }
    println!("100 texts each way: {:.1} s", begin.elapsed().as_secs_f64());
    // Once each is with the partner, the guest leaves and the host hears of it.
    guest.program.line(".quit");
    host.event("conversation.peer_left", TOR);
    host.ends(0);
    guest.ends(0);
    assert_eq!(host.texts(), from_guest);
    assert_eq!(guest.texts(), from_host);
}
