//! Where a passphrase or a password comes from: a terminal, a file, or an open file of the caller's. Never an
//! argument or a variable, which other programs can see.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write as _};
use std::path::Path;

use rustix::termios::{self, LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use undertone_store::key::{MAX_PASSPHRASE, Passphrase, PassphraseError, Protection};
use zeroize::Zeroizing;

use crate::failure::{Failure, Kind};
use crate::streams::{Streams, first_line};

/// What it is called, where, and how it can be given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Noun {
    /// That of a database of the tools.
    #[default]
    Passphrase,
    /// That of a profile.
    Password,
    /// That of a backup.
    Backup,
}

impl Noun {
    fn word(self) -> &'static str {
        match self {
            Self::Passphrase | Self::Backup => "passphrase",
            Self::Password => "password",
        }
    }

    fn new_question(self) -> &'static str {
        match self {
            Self::Passphrase => "A new passphrase for the database: ",
            Self::Password => "A new password for the profile: ",
            Self::Backup => "A new passphrase for the backup: ",
        }
    }
}

/// How a passphrase is given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source {
    pub(crate) noun: Noun,
    pub(crate) file: Option<std::path::PathBuf>,
    pub(crate) descriptor: Option<u32>,
    pub(crate) none: bool,
}

impl Source {
    /// The protection of a database that is there.
    pub(crate) fn present(
        &self,
        needed: bool,
        question: &str,
        streams: &mut Streams,
    ) -> Result<Protection, Failure> {
        match self.given(streams)? {
            Some(protection) => Ok(protection),
            None if !needed => Ok(Protection::Nothing),
            None => {
                let typed = ask_for_text(self.noun, question, streams)?;
                Ok(Protection::Passphrase(parse(self.noun, &typed)?))
            }
        }
    }

    /// The protection of a database that is to be made: a passphrase that is typed is typed twice.
    pub(crate) fn fresh(&self, streams: &mut Streams) -> Result<Protection, Failure> {
        if let Some(protection) = self.given(streams)? {
            return Ok(protection);
        }
        let first = ask_for_text(self.noun, self.noun.new_question(), streams)?;
        let second = ask_for_text(self.noun, "The same again: ", streams)?;
        if first != second {
            return Err(Failure::new(
                Kind::Usage,
                format!("The two {}s differ.", self.noun.word()),
                "Run the command again and type the same one twice.",
            ));
        }
        parse(self.noun, &first).map(Protection::Passphrase)
    }

    /// What was given without asking anybody, if anything was.
    pub(crate) fn given(&self, streams: &mut Streams) -> Result<Option<Protection>, Failure> {
        if self.none {
            return Ok(Some(Protection::Nothing));
        }
        let word = self.noun.word();
        let line = if let Some(file) = &self.file {
            let mut file = File::open(file)
                .map_err(|error| Failure::stream(&format!("Reading the {word} file"), &error))?;
            first_line(&mut file, MAX_PASSPHRASE)
        } else if let Some(descriptor) = self.descriptor {
            match descriptor {
                // Its other lines are the command's input.
                0 => first_line(&mut streams.input, MAX_PASSPHRASE),
                number => {
                    let path = format!("/dev/fd/{number}");
                    let mut file = File::open(Path::new(&path)).map_err(|error| {
                        let which = format!("Opening file descriptor {number}");
                        Failure::stream(&which, &error)
                    })?;
                    first_line(&mut file, MAX_PASSPHRASE)
                }
            }
        } else {
            return Ok(None);
        };
        let line = line.map_err(|error| Failure::stream(&format!("Reading the {word}"), &error))?;
        let line = line.ok_or_else(|| {
            Failure::new(
                Kind::Usage,
                format!("The first line is no {word}: empty, or over {MAX_PASSPHRASE} bytes."),
                format!("Put the {word} into the first line."),
            )
        })?;
        parse(self.noun, &line).map(|passphrase| Some(Protection::Passphrase(passphrase)))
    }
}

pub(crate) fn parse(noun: Noun, line: &[u8]) -> Result<Passphrase, Failure> {
    let word = noun.word();
    let text = std::str::from_utf8(line).map_err(|_| {
        Failure::new(Kind::Usage, format!("The {word} is not UTF-8."), "Write it as UTF-8.")
    })?;
    Passphrase::new(text).map_err(|error| {
        let message = match error {
            PassphraseError::Empty => format!("The {word} is empty."),
            _ => format!("The {word} is longer than {MAX_PASSPHRASE} bytes."),
        };
        Failure::new(Kind::Usage, message, "Take several words that nobody would guess.")
    })
}

/// Asks on the terminal, whatever standard input and output are.
fn ask_for_text(
    noun: Noun,
    question: &str,
    streams: &Streams,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let word = noun.word();
    let nobody = || {
        Failure::new(
            Kind::Environment,
            format!("A {word} is needed, and there is no terminal to ask for it on."),
            format!("Give it by --{word}-file or --{word}-fd."),
        )
    };
    if !streams.may_ask {
        return Err(nobody());
    }
    let mut terminal =
        OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|_| nobody())?;
    let before = termios::tcgetattr(&terminal).map_err(|_| nobody())?;
    let mut silent = before.clone();
    // Signals come as characters too: nothing ends the process while its terminal is silent.
    silent.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    silent.special_codes[SpecialCodeIndex::VMIN] = 1;
    silent.special_codes[SpecialCodeIndex::VTIME] = 0;
    let failed = |error: std::io::Error| Failure::stream("Asking on the terminal", &error);
    // Silent before anybody knows that there is something to type. What was typed before is not
    // meant for this.
    set(&terminal, &silent, OptionalActions::Flush)?;
    let typed = terminal.write_all(question.as_bytes()).and_then(|()| read_keys(&mut terminal));
    set(&terminal, &before, OptionalActions::Drain)?;
    drop(terminal.write_all(b"\n"));
    typed.map_err(failed)?.ok_or_else(|| {
        let message = format!("No {word} was typed.");
        Failure::new(Kind::Usage, message, "Run the command again.")
    })
}

fn set(terminal: &File, modes: &Termios, when: OptionalActions) -> Result<(), Failure> {
    termios::tcsetattr(terminal, when, modes)
        .map_err(|error| Failure::stream("Setting the terminal", &error.into()))
}

/// Keys up to Enter; none for whoever changes their mind.
fn read_keys(terminal: &mut impl Read) -> std::io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_PASSPHRASE.saturating_add(4)));
    let mut key = Zeroizing::new([0]);
    loop {
        match terminal.read(key.as_mut_slice()) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        match key[0] {
            b'\r' | b'\n' => return Ok(Some(line)),
            // Ctrl-C, Ctrl-D, Ctrl-\.
            3 | 4 | 28 => return Ok(None),
            // Backspace takes a whole character.
            8 | 127 => while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            // Ctrl-U.
            21 => line.clear(),
            // Other control characters are slips.
            byte if byte < 32 => {}
            byte if line.len() <= MAX_PASSPHRASE => line.push(byte),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Option<Vec<u8>> {
        read_keys(&mut &*keys).unwrap().map(|line| line.to_vec())
    }

    #[test]
    fn keys_make_a_line() {
        assert_eq!(typed(b"abc\r").unwrap(), b"abc");
        assert_eq!(typed(b"abx\x7fc\n").unwrap(), b"abc");
        assert_eq!(typed("a\u{e4}\u{1f600}\x7f\x7fbc\n".as_bytes()).unwrap(), b"abc");
        assert_eq!(typed(b"wrong\x15abc\n").unwrap(), b"abc");
        assert_eq!(typed(b"a\tb\x1bc\n").unwrap(), b"abc");
        assert_eq!(typed(b"\x7f\n").unwrap(), b"");
        for given_up in [b"abc\x03\n".as_slice(), b"\x04", b"abc\x1c", b"abc", b""] {
            assert_eq!(typed(given_up), None);
        }
        assert_eq!(typed(&[b"a".repeat(5_000), b"\n".to_vec()].concat()).unwrap().len(), 1025);
    }

    #[test]
    fn a_line_of_the_input_leaves_the_rest_as_input() {
        let (mut streams, _) = Streams::in_memory(b"swordfish\nthe text");
        let source = Source { descriptor: Some(0), ..Source::default() };
        assert!(matches!(source.given(&mut streams), Ok(Some(Protection::Passphrase(_)))));
        let mut rest = String::new();
        streams.input.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "the text");
    }

    #[test]
    fn without_a_terminal_the_ways_to_give_it_are_said() {
        let (mut streams, _) = Streams::in_memory(b"");
        let failure = Source::default().present(true, "?", &mut streams).unwrap_err();
        assert_eq!(failure.kind, Kind::Environment);
        assert!(failure.hint.contains("--passphrase-file"), "{failure}");
        assert!(matches!(
            Source::default().present(false, "?", &mut streams),
            Ok(Protection::Nothing)
        ));
    }
}
