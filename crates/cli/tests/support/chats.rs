//! Two sides of a conversation, brought together.

use std::time::Duration;

use super::{Place, Plain, SOON, Terminal, local};

/// The code on a line that shows one: a number, a hyphen, words with hyphens.
pub(crate) fn code_in(text: &str) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .find(|word| {
            let (number, rest) = word.split_once('-').unwrap_or_default();
            !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
                && rest.len() >= 6
                && rest.contains('-')
        })
        .map(str::to_owned)
}

/// `chat` of both sides on lines, in this loopback network; more arguments for both.
pub(crate) fn plain_arguments<'a>(role: &'a str, name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let names: [&str; 4] = match role {
        "-s" => ["--nick", "hilde", "--peer", "gustav"],
        _ => ["--nick", "gustav", "--peer", "hilde"],
    };
    let mut arguments = vec!["chat", role, "--plain"];
    arguments.extend(names);
    arguments.extend(local(name));
    arguments.extend(more);
    arguments
}

/// A host on lines that is reachable, and its code.
pub(crate) fn plain_host(place: &Place<'_>, name: &str, more: &[&str]) -> (Plain, String) {
    let mut host = Plain::start_in(place, &plain_arguments("-s", name, more));
    host.line("");
    let said = host.words.wait_for("Say this code to your partner: ", SOON);
    let code = code_in(&said).expect("a code");
    host.words.wait_for("Reachable", SOON);
    (host, code)
}

/// A guest on lines that has been given this code.
pub(crate) fn plain_guest(place: &Place<'_>, name: &str, code: &str, more: &[&str]) -> Plain {
    let mut guest = Plain::start_in(place, &plain_arguments("-c", name, more));
    guest.line(code);
    guest
}

/// Both sides on lines in an open conversation, without a check.
pub(crate) fn plain_conversation(name: &str, more: &[&str]) -> (Plain, Plain) {
    let more: Vec<&str> = [&["--no-smp"], more].concat();
    let (mut host, code) = plain_host(&Place::default(), name, &more);
    let mut guest = plain_guest(&Place::default(), name, &code, &more);
    for side in [&mut host, &mut guest] {
        side.words.wait_for("The conversation is open.", SOON);
    }
    (host, guest)
}

/// A host on a terminal, everything typed, that is reachable; and its code, read off the screen.
pub(crate) fn screen_host(name: &str, network: &[&str], within: Duration) -> (Terminal, String) {
    let mut host = Terminal::start(&[&["chat", "-s"], network].concat());
    host.wait_for("Your name, as your partner will see it:", SOON);
    host.line(name);
    host.wait_for("Your partner's name, as you want to see it:", SOON);
    host.line(if name == "hilde" { "gustav" } else { "hilde" });
    host.wait_for("The code: Enter takes", SOON);
    host.keys("\r");
    let row = host.wait_for_row(&["Say this code to your partner:"], SOON);
    let code = code_in(&row).expect("a code");
    host.wait_for("✓ published it: reachable", within);
    (host, code)
}

/// A guest on a terminal, everything typed, up to and with the code.
pub(crate) fn screen_guest(name: &str, network: &[&str], code: &str) -> Terminal {
    let mut guest = Terminal::start(&[&["chat", "-c"], network].concat());
    guest.wait_for("Your name, as your partner will see it:", SOON);
    guest.line(name);
    guest.wait_for("Your partner's name, as you want to see it:", SOON);
    guest.line(if name == "hilde" { "gustav" } else { "hilde" });
    guest.wait_for("The code that your partner says:", SOON);
    guest.line(code);
    guest
}

/// Both sides on terminals in an open conversation, without a check: hilde serves, gustav joins.
pub(crate) fn screen_conversation(network: &[&str], within: Duration) -> (Terminal, Terminal) {
    let (mut host, code) = screen_host("hilde", network, within);
    let mut guest = screen_guest("gustav", network, &code);
    for side in [&mut host, &mut guest] {
        side.wait_for("Check by a shared secret? (y/N)", within);
        side.keys("n");
    }
    for side in [&host, &guest] {
        side.wait_for("The conversation is open.", within);
    }
    (host, guest)
}
