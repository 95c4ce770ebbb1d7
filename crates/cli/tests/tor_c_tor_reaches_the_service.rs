//! Debian's tor finds and reaches the meeting place that this program publishes.

mod support;

use std::io::{Read as _, Write as _};
use std::time::Instant;

use support::ctor::{CTor, place_of};
use support::tor::{Side, TOR, Tor};

/// The beginning of a TLS record with a `ClientHello`, and then nonsense.
const ALMOST_HELLO: &[u8] = b"\x16\x03\x01\x00\x10\x01\x00\x00\x0c\x03\x03nonsense..";

#[test]
fn a_stream_by_c_tor_arrives_and_nonsense_in_it_closes_it() {
    let tor = Tor::attach();
    let (host, code) = Side::host(&tor, &["--no-smp"]);
    let client = CTor::start(&tor);
    let begin = Instant::now();
    let mut stream = client.reach(&place_of(&code), "nonsense");
    println!("C tor reached our service: {:.2?}", begin.elapsed());
    stream.set_read_timeout(Some(TOR)).unwrap();
    stream.write_all(ALMOST_HELLO).unwrap();
    let mut answer = Vec::new();
    // Closed, in whatever way C tor passes that on; a read that is still open would time out.
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }
    assert!(answer.len() < 100, "more than an alert: {} bytes", answer.len());
    let last = host.program.out.all().pop().unwrap();
    assert!(last.contains(r#""step":"reachable""#), "nonsense costs no guess: {last}");
}
