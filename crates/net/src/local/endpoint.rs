//! Where on this machine an address leads.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::task::{Context, Poll};

use sha2::{Digest, Sha256};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
#[cfg(target_os = "linux")]
use tokio::net::{UnixListener, UnixStream};
use undertone_wire::address::OnionAddress;

use super::Sockets;
use crate::Stream;

const LABEL: &[u8] = b"undertone local endpoint 1";

/// Ports that an address may have. Four unrelated programs on just these is an accident that
/// doesn't happen.
const PORTS: usize = 4;

/// Ports 16384 to 32767: below those that systems give out by themselves.
const FIRST_PORT: u16 = 0x4000;

/// Connections that the kernel keeps for us while we greet others.
const BACKLOG: u32 = 1024;

/// What namespace and address come to: all that others on this machine can see of either.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Endpoint([u8; 32]);

impl Endpoint {
    pub(super) fn derive(namespace: &str, address: &OnionAddress) -> Self {
        // The address has a fixed length and the namespace comes last: no two inputs are alike.
        let hash = Sha256::new()
            .chain_update(LABEL)
            .chain_update(address.0)
            .chain_update(namespace)
            .finalize();
        Self(hash.into())
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The doors at which the endpoint may be served.
    pub(super) fn doors(&self, sockets: Sockets) -> Vec<Door> {
        match sockets {
            #[cfg(target_os = "linux")]
            Sockets::Unix => {
                // The leading zero byte makes the name an abstract one: no file, gone with its
                // socket.
                let mut name = String::from("\0");
                for byte in self.0 {
                    for digit in [byte >> 4, byte & 15] {
                        name.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
                    }
                }
                vec![Door::Unix(name)]
            }
            Sockets::Tcp => self
                .0
                .as_chunks()
                .0
                .iter()
                .take(PORTS)
                .map(|bytes| Door::Tcp(FIRST_PORT | (u16::from_be_bytes(*bytes) % FIRST_PORT)))
                .collect(),
        }
    }
}

/// One socket address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Door {
    #[cfg(target_os = "linux")]
    Unix(String),
    Tcp(u16),
}

/// Why no connection came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectError {
    Nobody,
    /// Somebody listens and has too much to do.
    Busy,
    Failed(ErrorKind),
}

/// Why a door could not be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BindError {
    InUse,
    Failed(ErrorKind),
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::NotFound => Self::Nobody,
            // A Unix socket whose queue is full says so at once; TCP drops and resets.
            ErrorKind::WouldBlock | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
                Self::Busy
            }
            kind => Self::Failed(kind),
        }
    }
}

impl From<io::Error> for BindError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::AddrInUse => Self::InUse,
            kind => Self::Failed(kind),
        }
    }
}

impl Door {
    pub(super) async fn connect(&self) -> Result<Stream, ConnectError> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unix(name) => Ok(Box::new(UnixStream::connect(name).await?)),
            Self::Tcp(port) => {
                let stream = TcpStream::connect(loopback(*port)).await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }

    pub(super) fn bind(&self) -> Result<Listener, BindError> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unix(name) => Ok(Listener::Unix(UnixListener::bind(name)?)),
            Self::Tcp(port) => {
                let socket = TcpSocket::new_v4()?;
                // On Unix this lets a port be used again at once, but never by two listeners; on
                // Windows it would let another program take the port over.
                #[cfg(unix)]
                socket.set_reuseaddr(true)?;
                socket.bind(loopback(*port))?;
                Ok(Listener::Tcp(socket.listen(BACKLOG)?))
            }
        }
    }
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// A bound door.
#[derive(Debug)]
pub(super) enum Listener {
    #[cfg(target_os = "linux")]
    Unix(UnixListener),
    Tcp(TcpListener),
}

impl Listener {
    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unix(listener) => {
                listener.poll_accept(cx).map_ok(|(stream, _)| -> Stream { Box::new(stream) })
            }
            Self::Tcp(listener) => listener.poll_accept(cx).map(|accepted| {
                let (stream, _) = accepted?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream) as Stream)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespace_and_address_both_count() {
        let endpoint = |namespace, byte| Endpoint::derive(namespace, &OnionAddress([byte; 32]));
        assert_eq!(endpoint("a", 1), endpoint("a", 1));
        assert_ne!(endpoint("a", 1), endpoint("b", 1));
        assert_ne!(endpoint("a", 1), endpoint("a", 2));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_unix_door_shows_nothing_but_a_hash() {
        let doors = Endpoint::derive("a name", &OnionAddress([1; 32])).doors(Sockets::Unix);
        let [Door::Unix(name)] = doors.as_slice() else { panic!("{doors:?}") };
        assert_eq!(name.len(), 65);
        assert!(name.strip_prefix('\0').unwrap().bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn ports_stay_in_their_range() {
        for byte in 0..=255 {
            let doors = Endpoint([byte; 32]).doors(Sockets::Tcp);
            assert_eq!(doors.len(), PORTS);
            for door in doors {
                assert!(matches!(door, Door::Tcp(0x4000..=0x7fff)), "{door:?}");
            }
        }
    }
}
