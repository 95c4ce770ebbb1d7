//! What the authorities serve.

use std::collections::BTreeSet;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An authority that doesn't answer within this time is asked again later.
const ANSWER: Duration = Duration::from_secs(3);

/// A consensus of a dozen relays has a few kilobytes.
const LONGEST: u64 = 1 << 20;

/// Flags that each relay needs before clients use it. Not `Fast` and `Stable`: the slowest eighth never gets the one,
/// and the other takes time.
const NEEDED: [&str; 5] = ["Guard", "HSDir", "Running", "V2Dir", "Valid"];

/// Nicknames of the relays that the authority's current consensus lists with every needed flag.
pub(crate) fn usable_relays(authority: SocketAddr) -> io::Result<BTreeSet<String>> {
    let mut stream = TcpStream::connect_timeout(&authority, ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    stream.write_all(
        b"GET /tor/status-vote/current/consensus-microdesc HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n",
    )?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    if head.split_whitespace().nth(1) == Some("200") {
        Ok(with_needed_flags(body))
    } else {
        Err(io::Error::other("no consensus yet"))
    }
}

fn with_needed_flags(consensus: &str) -> BTreeSet<String> {
    let mut usable = BTreeSet::new();
    let mut nickname = "";
    for line in consensus.lines() {
        let mut words = line.split(' ');
        match words.next() {
            Some("r") => nickname = words.next().unwrap_or_default(),
            Some("s") => {
                let flags: BTreeSet<&str> = words.collect();
                if NEEDED.iter().all(|flag| flags.contains(flag)) {
                    usable.insert(nickname.to_owned());
                }
            }
            _ => {}
        }
    }
    usable
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    const CONSENSUS: &str = "network-status-version 3 microdesc
r relay0 AAAA 2026-11-20 14:02:00 127.0.0.1 20000 0
m digest
s Exit Guard HSDir Running V2Dir Valid
r relay1 BBBB 2026-11-20 14:02:00 127.0.0.1 20001 0
s Fast Guard Running V2Dir Valid
";

    fn serve(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            assert!(stream.read(&mut request).unwrap() > 0);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        address
    }

    #[test]
    fn only_relays_with_every_needed_flag_are_usable() {
        assert_eq!(with_needed_flags(CONSENSUS), BTreeSet::from(["relay0".to_owned()]));
        assert!(with_needed_flags("").is_empty());
    }

    #[test]
    fn an_authority_without_a_consensus_is_an_error() {
        let missing = serve("HTTP/1.0 404 Consensus not found\r\n\r\n");
        assert!(usable_relays(missing).is_err());
        let there =
            serve("HTTP/1.0 200 OK\r\n\r\nr relay7 A\ns Guard HSDir Running Stable V2Dir Valid\n");
        assert_eq!(usable_relays(there).unwrap(), BTreeSet::from(["relay7".to_owned()]));
    }
}
