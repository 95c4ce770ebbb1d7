//! What the program can print about itself: licences, completions, the manual page.

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use undertone_handle::words::Kind;

use crate::Exit;
use crate::args::Cli;
use crate::failure::{failure, internal};

/// The notices of everything that is linked in; `cargo xtask generate` writes the file.
const NOTICES: &str = include_str!("../notices.txt");

/// The project's own licences and the word list's notice.
const OWN: [(&str, &str); 3] = [
    (
        "Undertone is licensed under either of the two licences below, at your choice.",
        include_str!("../../../LICENSE-MIT"),
    ),
    ("", include_str!("../../../LICENSE-APACHE")),
    ("The list of words in codes", include_str!("../../wire/src/words-NOTICE.txt")),
];

/// `undertone licences`.
pub(crate) fn licences() -> Exit {
    let mut text = String::new();
    for (title, licence) in OWN {
        if !title.is_empty() {
            text.push_str(title);
            text.push_str("\n\n");
        }
        text.push_str(licence);
        text.push('\n');
    }
    text.push_str(NOTICES);
    print(text.as_bytes())
}

/// `undertone completions SHELL`.
pub(crate) fn completions(shell: clap_complete::Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "undertone", &mut script);
    print(&script)
}

/// `undertone man`.
pub(crate) fn manual() -> Exit {
    match page() {
        Ok(page) => print(&page),
        Err(error) => Exit::Failed(internal(&error.kind())),
    }
}

/// The manual page: every command with its options and examples, one section each.
pub(crate) fn page() -> io::Result<Vec<u8>> {
    let mut command = Cli::command();
    // So that each command's synopsis begins with the program's name.
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    sections(&command, "undertone", &mut page)?;
    Ok(page)
}

/// A section for each command beneath, and for those beneath it.
fn sections(command: &clap::Command, name: &str, page: &mut Vec<u8>) -> io::Result<()> {
    for sub in command.get_subcommands() {
        let name = format!("{name}-{}", sub.get_name());
        clap_mangen::Man::new(sub.clone()).title(name.clone()).render(page)?;
        sections(sub, &name, page)?;
    }
    Ok(())
}

/// Writes to standard output. A reader that has read enough is no failure.
pub(crate) fn print(bytes: &[u8]) -> Exit {
    match io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()) {
        Ok(()) => Exit::Code(0),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Code(0),
        Err(error) => Exit::Failed(failure(
            Kind::Environment,
            &format!("Standard output could not be written: {}.", error.kind()),
            "Look whether there is room where it goes.",
        )),
    }
}
