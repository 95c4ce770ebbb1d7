//! What carries lines between the two ends.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Kind};
use crate::streams::Streams;

/// How long the carrier gets to bring out what it has after the last line.
pub(super) const LAST_WORDS: Duration = Duration::from_secs(3);

/// A port of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(SocketAddr);

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let address = if let Ok(port) = text.parse() {
            SocketAddr::new(here, port)
        } else if let Some(port) = text.strip_prefix("localhost:") {
            SocketAddr::new(here, port.parse().map_err(|_| "that is no port".to_owned())?)
        } else {
            text.parse().map_err(|_| "that is neither a port nor an address with one".to_owned())?
        };
        if address.ip().is_loopback() {
            Ok(Self(address))
        } else {
            Err("only this machine's own addresses are taken; for others let a program carry the lines, as in \
                 `-- nc ana.example 5000`"
                .to_owned())
        }
    }
}

/// Which carrier it is to be.
#[derive(Debug)]
pub(super) enum Way {
    Listen(Place),
    Connect(Place),
    Pipes { from: PathBuf, to: PathBuf },
    Stdio,
    Program(Vec<OsString>),
}

impl Way {
    pub(super) fn of(arguments: super::Carrier) -> Result<Self, Failure> {
        let super::Carrier { listen, connect, pipes, stdio, command } = arguments;
        let pipes = pipes.and_then(|pipes| <[PathBuf; 2]>::try_from(pipes).ok());
        match (listen, connect, pipes, command) {
            (Some(place), ..) => Ok(Self::Listen(place)),
            (_, Some(place), ..) => Ok(Self::Connect(place)),
            (_, _, Some([from, to]), _) => Ok(Self::Pipes { from, to }),
            (.., Some(command)) => Ok(Self::Program(command)),
            _ if stdio => Ok(Self::Stdio),
            _ => Err(Failure::new(Kind::Usage, "No carrier was named.", "See --help.")),
        }
    }
}

/// An open carrier, and who speaks with the person.
pub(super) struct Open {
    pub(super) from: End<dyn Read + Send>,
    pub(super) to: End<dyn Write + Send>,
    pub(super) last: Last,
    pub(super) person: Streams,
    /// Whether the person types at a terminal, which can keep from showing what is typed.
    pub(super) terminal: bool,
}

/// Gives a half of a carrier when it is there: a named pipe opens only when the other end does, so
/// each half is opened by who uses it.
pub(super) type End<T> = Box<dyn FnOnce() -> io::Result<Box<T>> + Send>;

/// What is to be done with a carrier at the end.
pub(super) enum Last {
    Nothing,
    Connection(TcpStream),
    Program(Child),
}

impl Last {
    /// Gives the carrier time to bring out what it has, and ends it.
    pub(super) fn end(self) {
        match self {
            Self::Nothing => {}
            Self::Connection(stream) => drop(stream.shutdown(Shutdown::Both)),
            Self::Program(mut child) => {
                let begin = Instant::now();
                while begin.elapsed() < LAST_WORDS {
                    match child.try_wait() {
                        Ok(None) => std::thread::park_timeout(Duration::from_millis(10)),
                        Ok(Some(_)) | Err(_) => return,
                    }
                }
                drop(child.kill());
                drop(child.wait());
            }
        }
    }
}

/// Opens the carrier.
pub(super) fn open(way: Way, mut person: Streams) -> Result<Open, Failure> {
    match way {
        Way::Listen(Place(address)) => {
            let listener =
                TcpListener::bind(address).map_err(|error| unreachable(address, &error))?;
            let address = listener.local_addr().unwrap_or(address);
            person.say(&format!("Waiting for the other end at {address}."));
            let (stream, _) = listener.accept().map_err(|error| unreachable(address, &error))?;
            connection(stream, person)
        }
        Way::Connect(Place(address)) => {
            let stream = TcpStream::connect(address).map_err(|error| {
                Failure::new(
                    Kind::PartnerGone,
                    format!("Nobody could be reached at {address}: {}.", error.kind()),
                    "Start the other end first, with --listen.",
                )
            })?;
            connection(stream, person)
        }
        Way::Pipes { from, to } => Ok(Open {
            from: Box::new(move || Ok(Box::new(File::open(from)?))),
            to: Box::new(move || Ok(Box::new(OpenOptions::new().write(true).open(to)?))),
            last: Last::Nothing,
            terminal: is_terminal(&person),
            person,
        }),
        Way::Stdio => {
            let no_terminal = |_| {
                Failure::new(
                    Kind::Environment,
                    "There is no terminal to type at, and standard input and output carry lines.",
                    "Run it from a terminal, or take another carrier.",
                )
            };
            let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty");
            let terminal = terminal.map_err(no_terminal)?;
            let other = || terminal.try_clone().map_err(no_terminal);
            let (shown, words) = (other()?, other()?);
            let Streams { input, output, may_ask, .. } = person;
            let person = Streams {
                input: Box::new(terminal),
                output: Box::new(shown),
                words: Box::new(words),
                may_ask,
            };
            Ok(Open {
                from: Box::new(|| Ok(input)),
                to: Box::new(|| Ok(output)),
                last: Last::Nothing,
                terminal: true,
                person,
            })
        }
        Way::Program(command) => {
            let mut child = start(&command)?;
            let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
                return Err(Failure::new(
                    Kind::Internal,
                    "The carrier has no pipes.",
                    "Report it.",
                ));
            };
            Ok(Open {
                from: Box::new(|| Ok(Box::new(from))),
                to: Box::new(|| Ok(Box::new(to))),
                last: Last::Program(child),
                terminal: is_terminal(&person),
                person,
            })
        }
    }
}

fn connection(stream: TcpStream, person: Streams) -> Result<Open, Failure> {
    let failed = |error: io::Error| Failure::stream("The connection", &error);
    // What is typed is to arrive at once.
    stream.set_nodelay(true).map_err(failed)?;
    let (from, to) = (stream.try_clone().map_err(failed)?, stream.try_clone().map_err(failed)?);
    Ok(Open {
        from: Box::new(|| Ok(Box::new(from))),
        to: Box::new(|| Ok(Box::new(to))),
        last: Last::Connection(stream),
        terminal: is_terminal(&person),
        person,
    })
}

fn is_terminal(person: &Streams) -> bool {
    person.may_ask && io::stdin().is_terminal()
}

fn unreachable(address: SocketAddr, error: &io::Error) -> Failure {
    Failure::new(
        Kind::Environment,
        format!("Nobody can be waited for at {address}: {}.", error.kind()),
        "Take another port; with 0 any free one is taken.",
    )
}

fn start(command: &[OsString]) -> Result<Child, Failure> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| Failure::new(Kind::Usage, "No program was named.", "See --help."))?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().map_err(|error| {
        Failure::new(
            Kind::Usage,
            format!("The program that is to carry lines could not be started: {}.", error.kind()),
            "Look at what stands after `--`.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_on_this_machine() {
        let place = |text: &str| text.parse::<Place>().map(|Place(address)| address.to_string());
        for (text, address) in [
            ("5000", "127.0.0.1:5000"),
            ("localhost:5000", "127.0.0.1:5000"),
            ("127.0.0.2:1", "127.0.0.2:1"),
            ("[::1]:5000", "[::1]:5000"),
        ] {
            assert_eq!(place(text).unwrap(), address);
        }
        for text in ["", "ana.example:5000", "localhost:x", "70000"] {
            assert!(place(text).is_err(), "{text}");
        }
        assert!(place("0.0.0.0:5000").unwrap_err().contains("nc ana.example"));
    }
}
