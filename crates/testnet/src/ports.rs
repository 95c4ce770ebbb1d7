//! Free loopback ports.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// Listeners live below the range from which systems take the ports of outgoing connections (32768 on Linux, 49152
/// elsewhere): a port that is free now is then not taken by a passing connection before its `tor` binds it.
const LOWEST: u16 = 10_240;
const HIGHEST: u16 = 32_767;

/// Tries per port before the machine counts as full.
const TRIES: usize = 1000;

/// Hands out distinct free ports and keeps them bound until dropped, so that no other process takes them meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    held: Vec<TcpListener>,
}

impl Ports {
    /// Takes one free port of `127.0.0.1`.
    pub(crate) fn take(&mut self) -> io::Result<u16> {
        let mut last = io::Error::other("no port tried");
        for _ in 0..TRIES {
            let mut random = [0; 2];
            getrandom::fill(&mut random).map_err(io::Error::other)?;
            let port = LOWEST + u16::from_le_bytes(random) % (HIGHEST - LOWEST + 1);
            match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
                Ok(listener) => {
                    self.held.push(listener);
                    return Ok(port);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ports_are_distinct_and_out_of_the_way_of_outgoing_connections() {
        let mut ports = Ports::default();
        let taken: BTreeSet<u16> = (0..40).map(|_| ports.take().unwrap()).collect();
        assert_eq!(taken.len(), 40);
        assert!(taken.iter().all(|port| (LOWEST..=HIGHEST).contains(port)));
    }
}
