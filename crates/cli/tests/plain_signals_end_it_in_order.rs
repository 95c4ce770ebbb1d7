//! Signals and closed pipes end the program on lines: in order, soon, and with the right code.

mod support;

use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::chats::{plain_arguments, plain_conversation, plain_guest, plain_host};
use support::{Place, Plain, SOON, local_name, poll};

/// How long an orderly end may take: three seconds, and what a busy machine adds.
const END: Duration = Duration::from_secs(5);

const SIGNALS: [(Signal, i32); 3] = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)];

#[test]
fn a_signal_says_goodbye() {
    for (signal, code) in SIGNALS {
        let name = local_name();
        let (mut host, mut guest) = plain_conversation(&name, &[]);
        host.signal(signal);
        assert_eq!(host.exit_code(END), code);
        let words = host.all_words(SOON);
        assert!(words.contains("You ended the conversation on both sides."), "{words}");
        guest.words.wait_for("hilde ended the conversation.", SOON);
        assert_eq!(guest.exit_code(SOON), 0);
    }
}

#[test]
fn a_signal_while_waiting_for_a_partner_ends_it() {
    for (signal, code) in SIGNALS {
        let name = local_name();
        let (mut host, _) = plain_host(&Place::default(), &name, &["--no-smp"]);
        host.signal(signal);
        assert_eq!(host.exit_code(END), code);
    }
}

#[test]
fn a_second_interrupt_ends_it_at_once() {
    let name = local_name();
    let (mut host, guest) = plain_conversation(&name, &[]);
    // A partner who stands still confirms no goodbye.
    guest.signal(Signal::STOP);
    let begin = Instant::now();
    host.signal(Signal::INT);
    // Two signals of a kind that are not read yet are one: the second is sent until it counts.
    let code = poll(
        END,
        || {
            host.signal(Signal::INT);
            host.ended()
        },
        || "still running".to_owned(),
    );
    assert_eq!(code, 130);
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    guest.signal(Signal::CONT);
}

#[test]
fn a_partner_who_stands_still_holds_up_no_end() {
    let name = local_name();
    let (mut host, guest) = plain_conversation(&name, &[]);
    guest.signal(Signal::STOP);
    host.signal(Signal::TERM);
    assert_eq!(host.exit_code(END), 143);
    guest.signal(Signal::CONT);
}

#[test]
fn a_reader_who_goes_away_ends_it() {
    let name = local_name();
    let arguments = plain_arguments("-s", &name, &["--no-smp"]);
    let (mut host, output) = Plain::start_with_output(&Place::default(), &arguments);
    host.line("");
    let said = host.words.wait_for("Say this code to your partner: ", SOON);
    let code = support::chats::code_in(&said).unwrap();
    let mut guest = plain_guest(&Place::default(), &name, &code, &["--no-smp"]);
    guest.words.wait_for("The conversation is open.", SOON);
    drop(output);
    guest.line("nobody reads this");
    assert_eq!(host.exit_code(SOON), 8);
    let words = host.all_words(SOON);
    assert!(words.contains("The output cannot be written"), "{words}");
    // It went in order: the partner was told.
    guest.words.wait_for("hilde ended the conversation.", SOON);
}

#[test]
fn a_closed_input_says_goodbye_once_all_is_delivered() {
    let name = local_name();
    let (mut host, mut guest) = plain_conversation(&name, &[]);
    for number in 0..20 {
        guest.line(&format!("line {number}"));
    }
    guest.close_input();
    assert_eq!(guest.exit_code(SOON), 0);
    host.words.wait_for("gustav ended the conversation.", SOON);
    assert_eq!(host.exit_code(SOON), 0);
    let expected: Vec<_> = (0..20).map(|number| format!("gustav: line {number}")).collect();
    assert_eq!(host.out.to_the_end(SOON), expected);
    assert!(guest.all_words(SOON).contains("Message 20: delivered."));
}

#[test]
fn a_scripted_demo_ends_at_a_signal() {
    for (signal, code) in SIGNALS {
        let mut demo = Plain::start(&["demo", "--script", "-"]);
        // Signals are its own once it reads.
        demo.line("");
        wait_until_it_listens(&demo);
        demo.signal(signal);
        assert_eq!(demo.exit_code(END), code);
    }
}

/// Waits until a program takes its signals itself.
fn wait_until_it_listens(program: &Plain) {
    let path = format!("/proc/{}/status", program.process());
    poll(
        SOON,
        || {
            let status = std::fs::read_to_string(&path).ok()?;
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
            let caught = u64::from_str_radix(caught.trim(), 16).ok()?;
            // HUP, INT and TERM are 1, 2 and 15.
            let wanted = 1 | 1 << 1 | 1 << 14;
            (caught & wanted == wanted).then_some(())
        },
        || "it takes no signals".to_owned(),
    );
}
