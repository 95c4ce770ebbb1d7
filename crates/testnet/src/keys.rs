//! Identity keys of authorities and relays, made by Tor's own programs.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process;

/// Keys of a node could not be made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A program of the package `tor` is missing.
    #[error(
        "`{name}` isn't on this machine: install the package `tor` (Debian: apt-get install tor)"
    )]
    Missing {
        /// The program.
        name: &'static str,
    },
    /// A program failed.
    #[error("`{name}` failed: {said}")]
    Failed {
        /// The program.
        name: &'static str,
        /// The end of what it said.
        said: String,
    },
    /// A file could not be read or written.
    #[error("can't use {path}: {source}", path = path.display())]
    Io {
        /// The file or program.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file that Tor wrote isn't as expected.
    #[error("{path} has no fingerprint: is this version of tor supported?", path = path.display())]
    Format {
        /// The file.
        path: PathBuf,
    },
}

/// Where Tor's programs are.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) tor: PathBuf,
    gencert: PathBuf,
}

impl Programs {
    pub(crate) fn find() -> Result<Self, KeyError> {
        let find = |name| process::find(name).ok_or(KeyError::Missing { name });
        Ok(Self { tor: find("tor")?, gencert: find("tor-gencert")? })
    }
}

/// A relay's two identities as Tor prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// RSA identity, 40 hexadecimal digits.
    pub(crate) rsa: String,
    /// Ed25519 identity, base64 without padding.
    pub(crate) ed25519: String,
}

/// Makes an authority's long-term identity and its certificate, valid for a year, under `directory/keys`; gives the
/// identity's fingerprint, which clients know the authority by.
pub(crate) fn certify(
    programs: &Programs,
    directory: &Path,
    directory_port: u16,
) -> Result<String, KeyError> {
    let keys = directory.join("keys");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, directory_port));
    let mut command = process::command(&programs.gencert, &keys);
    command
        .args(["--create-identity-key", "-m", "12", "--passphrase-fd", "0", "-a"])
        .arg(address.to_string());
    run("tor-gencert", command, b"\n")?;
    let certificate = keys.join("authority_certificate");
    second_word(&certificate, |line| line.starts_with("fingerprint "))
}

/// Makes a relay's identity keys under `directory` and reads their fingerprints.
pub(crate) fn identify(
    programs: &Programs,
    directory: &Path,
    nickname: &str,
) -> Result<Identity, KeyError> {
    let mut command = process::command(&programs.tor, directory);
    command
        .args(["-f", "/dev/null", "--defaults-torrc", "/dev/null", "--ignore-missing-torrc"])
        .args(["--quiet", "--ORPort", "1", "--SocksPort", "0", "--Nickname", nickname])
        .args(["--list-fingerprint", "--DataDirectory"])
        .arg(directory);
    run("tor", command, b"")?;
    Ok(Identity {
        rsa: second_word(&directory.join("fingerprint"), |_| true)?,
        ed25519: second_word(&directory.join("fingerprint-ed25519"), |_| true)?,
    })
}

fn run(name: &'static str, mut command: Command, input: &[u8]) -> Result<(), KeyError> {
    let failed = |source| KeyError::Io { path: name.into(), source };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        // It may end without reading: its exit says more than the broken pipe.
        drop(stdin.write_all(input));
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(KeyError::Failed { name, said: tail(&String::from_utf8_lossy(&said)) })
}

/// The last lines of a log: enough to see why, short enough for an error.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

fn second_word(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<String, KeyError> {
    let text = fs::read_to_string(path)
        .map_err(|source| KeyError::Io { path: path.to_owned(), source })?;
    text.lines()
        .find(|line| wanted(line))
        .and_then(|line| line.split_whitespace().nth(1))
        .map(str::to_owned)
        .ok_or_else(|| KeyError::Format { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tail_is_the_last_eight_lines() {
        let text: String = (0..20).map(|n| format!("line {n}\n")).collect();
        assert!(tail(&text).starts_with("line 12\n") && tail(&text).ends_with("line 19"));
        assert_eq!(tail("one"), "one");
    }

    #[test]
    fn a_failing_program_is_reported_with_what_it_said() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo unhappy >&2; exit 3"]);
        let error = run("tor", command, b"").unwrap_err();
        assert_eq!(error.to_string(), "`tor` failed: unhappy");
    }

    #[test]
    fn a_file_without_a_fingerprint_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("fingerprint");
        fs::write(&file, "alone\n").unwrap();
        assert!(matches!(second_word(&file, |_| true), Err(KeyError::Format { .. })));
        fs::write(&file, "relay0 ABCD\n").unwrap();
        assert_eq!(second_word(&file, |_| true).unwrap(), "ABCD");
    }
}
