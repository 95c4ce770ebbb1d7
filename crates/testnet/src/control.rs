//! A client of Tor's control port.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Tor answers at once; an onion service is published after its answer.
const ANSWER: Duration = Duration::from_secs(10);

/// The longest answer asked for is a list of circuits.
const LONGEST: u64 = 1 << 20;

/// Talking to a control port failed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The connection could not be made or broke.
    #[error("the control port doesn't answer: {0}")]
    Io(#[from] io::Error),
    /// The cookie that opens the port can't be read.
    #[error("can't read the cookie {path}: {source}", path = path.display())]
    Cookie {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Tor refused a command.
    #[error("tor refused: {status} {said}")]
    Refused {
        /// Three digits, `250` being success.
        status: String,
        /// What it said.
        said: String,
    },
    /// Something that isn't the control protocol.
    #[error("the control port sent something else than a reply")]
    Format,
    /// A command with a line break in it, which would be two.
    #[error("a control command is one line")]
    Lines,
}

/// The lines of a reply, without their status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply(Vec<String>);

impl Reply {
    /// The lines; data after a `key=` line follow it.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.0
    }

    /// The value of the line `key=value`.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
    }
}

/// An authenticated connection to one control port. Asynchronous events aren't read: send no `SETEVENTS`.
#[derive(Debug)]
pub struct Control {
    reader: BufReader<TcpStream>,
}

impl Control {
    /// Connects to a control port of `127.0.0.1` and shows it the cookie.
    ///
    /// # Errors
    /// [`ControlError`] when the process isn't there (yet), or the cookie isn't its.
    pub fn connect(port: u16, cookie: &Path) -> Result<Self, ControlError> {
        let cookie = fs::read(cookie)
            .map_err(|source| ControlError::Cookie { path: cookie.to_owned(), source })?;
        let stream = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), ANSWER)?;
        stream.set_read_timeout(Some(ANSWER))?;
        stream.set_write_timeout(Some(ANSWER))?;
        let mut control = Self { reader: BufReader::new(stream) };
        control.command(&format!("AUTHENTICATE {}", data_encoding::HEXLOWER.encode(&cookie)))?;
        Ok(control)
    }

    /// Sends one command and reads its reply.
    ///
    /// # Errors
    /// [`ControlError`], `Refused` among them when tor knows better.
    pub fn command(&mut self, command: &str) -> Result<Reply, ControlError> {
        if command.contains(['\r', '\n']) {
            return Err(ControlError::Lines);
        }
        self.reader.get_mut().write_all(format!("{command}\r\n").as_bytes())?;
        self.reply()
    }

    /// The value of one `GETINFO` key.
    ///
    /// # Errors
    /// [`ControlError`], `Refused` for a key that tor doesn't know.
    pub fn get_info(&mut self, key: &str) -> Result<String, ControlError> {
        let reply = self.command(&format!("GETINFO {key}"))?;
        let first = reply.value(key).ok_or(ControlError::Format)?;
        if !first.is_empty() {
            return Ok(first.to_owned());
        }
        let rest = reply.lines().iter().skip(1).map(String::as_str);
        Ok(rest.filter(|line| *line != "OK").collect::<Vec<_>>().join("\n"))
    }

    fn reply(&mut self) -> Result<Reply, ControlError> {
        let mut lines = Vec::new();
        let mut limited = (&mut self.reader).take(LONGEST);
        let mut in_data = false;
        loop {
            let mut line = String::new();
            if limited.read_line(&mut line)? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            let line = line.trim_end_matches(['\r', '\n']);
            if in_data {
                in_data = line != ".";
                if in_data {
                    lines.push(line.to_owned());
                }
                continue;
            }
            let (status, rest) = line.split_at_checked(3).ok_or(ControlError::Format)?;
            let (mark, said) = rest.split_at_checked(1).ok_or(ControlError::Format)?;
            if !status.starts_with('2') {
                return Err(ControlError::Refused {
                    status: status.to_owned(),
                    said: said.to_owned(),
                });
            }
            lines.push(said.to_owned());
            match mark {
                "+" => in_data = true,
                "-" => {}
                " " => return Ok(Reply(lines)),
                _ => return Err(ControlError::Format),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A control port that accepts any cookie and then gives `answers`, one to each line.
    fn port_with(answers: &'static [&'static str]) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            for answer in [&["250 OK\r\n"], answers].concat() {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                reader.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        port
    }

    fn connect(answers: &'static [&'static str]) -> Control {
        let directory = tempfile::tempdir().unwrap();
        let cookie = directory.path().join("cookie");
        fs::write(&cookie, [7; 32]).unwrap();
        Control::connect(port_with(answers), &cookie).unwrap()
    }

    #[test]
    fn values_come_from_one_line_or_from_data() {
        let mut control = connect(&[
            "250-version=0.4.9.11\r\n250 OK\r\n",
            "250+circuit-status=\r\n1 BUILT\r\n2 BUILT\r\n.\r\n250 OK\r\n",
        ]);
        assert_eq!(control.get_info("version").unwrap(), "0.4.9.11");
        assert_eq!(control.get_info("circuit-status").unwrap(), "1 BUILT\n2 BUILT");
    }

    #[test]
    fn a_refusal_is_an_error_with_its_words() {
        let mut control = connect(&["552 Unrecognized key \"x\"\r\n"]);
        let error = control.get_info("x").unwrap_err();
        assert_eq!(error.to_string(), "tor refused: 552 Unrecognized key \"x\"");
    }

    #[test]
    fn nonsense_and_a_closed_port_are_errors() {
        let mut control = connect(&["hi\r\n"]);
        assert!(matches!(control.command("GETINFO x"), Err(ControlError::Format)));
        let mut control = connect(&[]);
        assert!(matches!(control.command("GETINFO x"), Err(ControlError::Io(_))));
    }

    #[test]
    fn a_command_of_two_lines_is_not_sent() {
        let mut control = connect(&["250 OK\r\n"]);
        assert!(matches!(control.command("GETINFO x\r\nSIGNAL HALT"), Err(ControlError::Lines)));
        assert!(control.command("SIGNAL NEWNYM").is_ok());
    }
}
