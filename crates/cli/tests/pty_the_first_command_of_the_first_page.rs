//! The first command that the first page shows is run as it stands there, but for the build, which
//! has been made: on a terminal, up to an answer, and left in order.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of a test fail like the test")]

mod support;

use std::path::Path;
use std::time::Duration;

use support::{SOON, Terminal};

/// The arguments behind `cargo run --release --` in the README's first block of commands.
fn arguments() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let text = std::fs::read_to_string(root.join("README.md")).unwrap();
    let (_, block) = text.split_once("```sh\n").unwrap();
    let (first, _) = block.split_once('\n').unwrap();
    let arguments = first.strip_prefix("cargo run --release -- ").unwrap_or_else(|| {
        panic!("the first command of the README is “{first}”, which this test does not know")
    });
    arguments.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn it_holds_a_conversation_with_a_partner_who_answers() {
    let arguments = arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut program = Terminal::start(&arguments);
    program.wait_for("Hello. Both of us are on this machine", Duration::from_secs(30));
    program.line("is this what the README says");
    program.wait_for("I heard you: is this what the README says", SOON);
    program.wait_for_row(&["is this what the README says", "✓✓"], SOON);
    program.line("/quit");
    assert_eq!(program.exit_code(SOON), 0);
    program.assert_restored();
}
