//! What other processes need to know of a running network, as JSON.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::process;

/// Environment variable that names the description of the network that a run of tests shares.
pub const ENVIRONMENT: &str = "UNDERTONE_TESTNET";

/// The shape of the description; raised when a field changes its meaning.
const FORMAT: u32 = 1;

/// A running network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    format: u32,
    /// The network's directory, removed when it stops.
    pub directory: PathBuf,
    /// The process that the network ends with.
    pub owner: u32,
    /// Seconds between two consensuses.
    pub interval: u16,
    /// The directory authorities, which relay too.
    pub authorities: Vec<Authority>,
    /// The plain relays; the first two are exits, to loopback alone.
    pub relays: Vec<Relay>,
    /// C tor clients.
    pub clients: Vec<Client>,
}

/// A relay of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relay {
    /// Nickname, also the name of its directory in the network's.
    pub nickname: String,
    /// Process number.
    pub pid: u32,
    /// Port for other relays and for clients, on `127.0.0.1`.
    pub or_port: u16,
    /// Control port, on `127.0.0.1`.
    pub control_port: u16,
    /// RSA identity, 40 hexadecimal digits.
    pub fingerprint: String,
    /// Ed25519 identity, base64 without padding.
    pub ed25519: String,
}

/// A directory authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// Its part as a relay.
    #[serde(flatten)]
    pub relay: Relay,
    /// Port on which it serves the directory by HTTP, on `127.0.0.1`.
    pub directory_port: u16,
    /// Fingerprint of the key that certifies its signatures, 40 hexadecimal digits.
    pub v3_identity: String,
}

/// A C tor client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Nickname, also the name of its directory in the network's.
    pub nickname: String,
    /// Process number.
    pub pid: u32,
    /// SOCKS port, on `127.0.0.1`.
    pub socks_port: u16,
    /// Control port, on `127.0.0.1`.
    pub control_port: u16,
}

impl Authority {
    /// Where it serves the directory.
    #[must_use]
    pub fn directory_address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.directory_port))
    }
}

impl Description {
    pub(crate) fn new(directory: PathBuf, interval: u16) -> Self {
        Self {
            format: FORMAT,
            directory,
            owner: std::process::id(),
            interval,
            authorities: Vec::new(),
            relays: Vec::new(),
            clients: Vec::new(),
        }
    }

    /// Where the description itself is kept: the value for [`ENVIRONMENT`].
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.directory.join("network.json")
    }

    /// Where the embedded Tor client's configuration for this network is kept.
    #[must_use]
    pub fn arti_toml_path(&self) -> PathBuf {
        self.directory.join("arti.toml")
    }

    /// Where the process with this nickname keeps its control cookie.
    #[must_use]
    pub fn cookie_path(&self, nickname: &str) -> PathBuf {
        self.directory.join(nickname).join("control_auth_cookie")
    }

    /// Authorities and plain relays: everything that relays.
    pub fn all_relays(&self) -> impl Iterator<Item = &Relay> {
        self.authorities.iter().map(|authority| &authority.relay).chain(&self.relays)
    }

    /// The numbers of all processes of the network.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        self.all_relays()
            .map(|relay| relay.pid)
            .chain(self.clients.iter().map(|client| client.pid))
            .collect()
    }

    /// Writes the description beside itself first, so that a reader never sees half of it.
    pub(crate) fn write(&self) -> io::Result<()> {
        let path = self.path();
        let draft = path.with_extension("draft");
        fs::write(&draft, serde_json::to_vec_pretty(self).map_err(io::Error::other)?)?;
        fs::rename(draft, path)
    }

    /// Reads the description of a running network.
    ///
    /// # Errors
    /// [`AttachError`], except `NotNamed`.
    pub fn read(path: &Path) -> Result<Self, AttachError> {
        let text = fs::read_to_string(path)
            .map_err(|source| AttachError::Unreadable { path: path.to_owned(), source })?;
        let description: Self = serde_json::from_str(&text)
            .ok()
            .filter(|description: &Self| description.format == FORMAT)
            .ok_or_else(|| AttachError::Foreign { path: path.to_owned() })?;
        if !process::exists(description.owner) {
            return Err(AttachError::Ended { owner: description.owner });
        }
        Ok(description)
    }

    /// Reads the description that `variable`, the value of [`ENVIRONMENT`], names.
    pub(crate) fn read_named(variable: Option<OsString>) -> Result<Self, AttachError> {
        let path = variable.filter(|path| !path.is_empty()).ok_or(AttachError::NotNamed)?;
        Self::read(Path::new(&path))
    }
}

/// There is no running network to attach to.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The environment names no network.
    #[error(
        "this test needs the private Tor network, and {ENVIRONMENT} names none: run cargo xtask test tor"
    )]
    NotNamed,
    /// The description can't be read.
    #[error("the private Tor network at {path} is gone ({source}): run cargo xtask test tor", path = path.display())]
    Unreadable {
        /// The file that was named.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file describes no network, or one of another version.
    #[error("{path} doesn't describe a network of this version: run cargo xtask test tor", path = path.display())]
    Foreign {
        /// The file that was named.
        path: PathBuf,
    },
    /// The network's owner has ended, and the network with it.
    #[error(
        "the private Tor network ended with its owner, process {owner}: run cargo xtask test tor"
    )]
    Ended {
        /// The process that owned it.
        owner: u32,
    },
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Two authorities and one relay that nobody runs.
    pub(crate) fn example(directory: &Path) -> Description {
        let relay = |nickname: &str, port| Relay {
            nickname: nickname.to_owned(),
            pid: 4_000_000,
            or_port: port,
            control_port: port + 1,
            fingerprint: "A1".repeat(20),
            ed25519: "b".repeat(43),
        };
        let authority = |nickname: &str, port| Authority {
            relay: relay(nickname, port),
            directory_port: port + 2,
            v3_identity: "C3".repeat(20),
        };
        Description {
            authorities: vec![authority("auth0", 20_000), authority("auth1", 20_010)],
            relays: vec![relay("relay0", 20_020)],
            ..Description::new(directory.to_owned(), 60)
        }
    }

    #[test]
    fn a_description_comes_back_as_it_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let description = example(directory.path());
        description.write().unwrap();
        assert_eq!(Description::read(&description.path()).unwrap(), description);
        assert_eq!(Description::read_named(Some(description.path().into())).unwrap(), description);
    }

    #[test]
    fn a_network_of_a_dead_owner_has_ended() {
        let directory = tempfile::tempdir().unwrap();
        let description = Description { owner: u32::MAX, ..example(directory.path()) };
        description.write().unwrap();
        let error = Description::read(&description.path()).unwrap_err();
        assert!(matches!(error, AttachError::Ended { owner: u32::MAX }));
    }

    #[test]
    fn each_failure_to_attach_says_what_to_run() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing");
        let foreign = directory.path().join("foreign");
        fs::write(&foreign, "{}").unwrap();
        let old = directory.path().join("old");
        let description = Description { format: 0, ..example(directory.path()) };
        fs::write(&old, serde_json::to_vec(&description).unwrap()).unwrap();
        let errors = [
            Description::read_named(None),
            Description::read_named(Some(OsString::new())),
            Description::read(&missing),
            Description::read(&foreign),
            Description::read(&old),
        ];
        for error in errors {
            assert!(error.unwrap_err().to_string().contains("run cargo xtask test tor"));
        }
    }
}
