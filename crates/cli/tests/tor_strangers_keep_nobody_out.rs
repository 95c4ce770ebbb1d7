//! Twenty strangers at the meeting place, by C tor, while the honest guest comes.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use support::ctor::{CTor, place_of};
use support::poll;
use support::tor::{Side, TOR, Tor};

const STRANGERS: usize = 20;

/// How much more memory the host may have in the end, in KiB.
const GROWTH: u64 = 64 * 1024;

/// One stranger: garbage, nothing, or one byte and then silence; again and again until `done`.
fn pester(client: &CTor, place: &str, number: usize, done: &AtomicBool, came: &AtomicUsize) {
    let purpose = format!("stranger {number}");
    while !done.load(Ordering::Relaxed) {
        let Ok(mut stream) = client.connect(place, &purpose) else { continue };
        came.fetch_add(1, Ordering::Relaxed);
        let sent: &[u8] = match number % 3 {
            0 => &[0xa5; 4096],
            1 => &[],
            _ => &[0x16],
        };
        // The host may have hung up by now, which is as good.
        let _closed = stream.write_all(sent);
        linger(stream, done);
    }
}

/// Stays until the host hangs up.
fn linger(mut stream: TcpStream, done: &AtomicBool) {
    stream.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
    while !done.load(Ordering::Relaxed) {
        match stream.read(&mut [0; 1024]) {
            Ok(1..) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            _ => return,
        }
    }
}

#[test]
fn the_guest_pairs_among_twenty_strangers_and_the_host_s_memory_stays_bounded() {
    let tor = Tor::attach();
    let client = CTor::start(&tor);
    let (mut host, code) = Side::host(&tor, &["--no-smp"]);
    let place = place_of(&code);
    drop(client.reach(&place, "the first"));
    let before = host.resident();
    let (done, came) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        // However this ends, the strangers go.
        let _gone = Done(&done);
        for number in 0..STRANGERS {
            let (client, place, done, came) = (&client, &place, &done, &came);
            scope.spawn(move || pester(client, place, number, done, came));
        }
        let all = || (came.load(Ordering::Relaxed) >= STRANGERS).then_some(());
        poll(TOR, all, || format!("only {came:?} strangers came"));
        let begin = Instant::now();
        let mut guest = Side::guest(&tor, &code, &["--no-smp"]);
        host.open();
        guest.open();
        println!("paired among {came:?} visits of strangers after {:.1?}", begin.elapsed());
        guest.send("through the crowd");
        assert_eq!(host.text(TOR), "through the crowd");
        let after = host.resident();
        println!("resident: {before} KiB before, {after} KiB after");
        assert!(after < before + GROWTH, "{before} KiB before, {after} KiB after");
        guest.program.line("/quit");
        guest.ends(0);
        host.ends(0);
    });
}

/// Tells the strangers that it is over, however that came.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
