//! `/quit` and `.quit` end the program in order wherever it asks for something: before the meeting
//! and in the check.

mod support;

use support::chats::{plain_arguments, plain_guest, plain_host};
use support::{Place, Plain, SOON, local_name};

/// The answers to the questions before the meeting, in their order.
const ANSWERS: [&str; 2] = ["hilde", "gustav"];

const QUESTIONS: [&str; 3] = ["Your name,", "Your partner's name,", "The code"];

#[test]
fn before_the_meeting() {
    for role in ["-s", "-c"] {
        for (asked, question) in QUESTIONS.into_iter().enumerate() {
            for quit in ["/quit", ".quit"] {
                let name = local_name();
                let network = ["--network", "local", "--local-name", &name];
                let mut program =
                    Plain::start(&[&["chat", role, "--plain"], &network[..]].concat());
                for answer in &ANSWERS[..asked] {
                    program.line(answer);
                }
                program.words.wait_for(question, SOON);
                program.line(quit);
                assert_eq!(program.exit_code(SOON), 0, "{role} {question} {quit}");
                let words = program.all_words(SOON);
                let said = |text: &&str| words.lines().any(|line| line.starts_with(*text));
                assert_eq!(QUESTIONS.iter().filter(|text| said(text)).count(), asked + 1);
                assert!(!words.contains("Making the meeting place"), "{words}");
            }
        }
    }
}

/// Both sides are paired; one of them leaves at a question of the check, and the other is told.
#[test]
fn in_the_check() {
    const WISH: &str = "Check by a shared secret? (y/N)";
    const SECRET: &str = "Type the secret that you share.";
    const STAY: &str = "Stay all the same, unverified? (y/N)";
    for (question, code) in [(WISH, 0), (SECRET, 0), (STAY, 7)] {
        let name = local_name();
        let (mut host, code_said) = plain_host(&Place::default(), &name, &[]);
        let mut guest = plain_guest(&Place::default(), &name, &code_said, &[]);
        if question != WISH {
            guest.words.wait_for(WISH, SOON);
            guest.line("y");
            host.words.wait_for(SECRET, SOON);
        }
        if question == STAY {
            guest.words.wait_for(SECRET, SOON);
            for (side, secret) in [(&mut host, "left"), (&mut guest, "right")] {
                side.line(secret);
            }
        }
        guest.words.wait_for(question, SOON);
        guest.line("/quit");
        assert_eq!(guest.exit_code(SOON), code, "{question}");
        guest.words.wait_for("You ended the conversation on both sides.", SOON);
        host.words.wait_for("gustav ended the conversation.", SOON);
        assert_eq!(host.exit_code(SOON), code, "{question}");
    }
}

#[test]
fn at_a_question_of_a_program() {
    let name = local_name();
    let mut arguments = plain_arguments("-c", &name, &[]);
    arguments.retain(|argument| *argument != "--plain");
    arguments.push("--json");
    let mut program = Plain::start(&arguments);
    program.out.wait_for(r#""what":"code""#, SOON);
    program.line(".quit");
    assert_eq!(program.exit_code(SOON), 0);
}
