//! How long it takes to find the conversation of a sealed packet among ten thousand, and to open it:
//! `cargo bench -p undertone-ratchet`.
#![expect(clippy::print_stdout, reason = "a bench tells what it measured")]
#![expect(clippy::disallowed_methods, reason = "a bench has a clock")]
#![expect(clippy::unwrap_used, reason = "what fails ends the bench")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_ratchet::handshake::{OwnKeys, Role, derive_root, encapsulate};
use undertone_ratchet::sealed::{SIZES, SealedSession, TagTable};
use undertone_ratchet::transcript::Transcript;

const CONVERSATIONS: u64 = 10_000;

fn pair(rng: &mut ChaCha20Rng, ours: (u64, &mut TagTable)) -> [SealedSession; 2] {
    let keys = [OwnKeys::generate(rng), OwnKeys::generate(rng)];
    let [(_, one), (_, two)] = [&keys[1], &keys[0]].map(|keys| encapsulate(&keys.public(), rng));
    let transcript = Transcript::new(b"bench");
    let start = |role, own: &OwnKeys, peer: &OwnKeys, table: (u64, &mut TagTable)| {
        let peer = peer.public();
        let root = derive_root(role, own, &peer, &one, &two, &[], &transcript).unwrap();
        SealedSession::start(root, role, own, &peer, &transcript, table)
    };
    [
        start(Role::Initiator, &keys[0], &keys[1], (0, &mut TagTable::new())),
        start(Role::Responder, &keys[1], &keys[0], ours),
    ]
}

/// The median and the longest.
fn tell(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let middle = times[times.len() / 2].as_secs_f64() * 1e6;
    let longest = times.last().unwrap().as_secs_f64() * 1e6;
    println!("{name}: median {middle:.2} µs, longest {longest:.1} µs, {} times", times.len());
}

fn timed<T>(times: &mut Vec<Duration>, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = black_box(work());
    times.push(start.elapsed());
    done
}

fn main() {
    let rng = &mut ChaCha20Rng::from_seed([1; 32]);
    let mut table = TagTable::new();
    let mut pairs: Vec<_> = (0..CONVERSATIONS).map(|n| pair(rng, (n, &mut table))).collect();
    println!("{CONVERSATIONS} conversations, {} tags", table.len());

    let (mut found_in, mut opened_in, mut missed_in) = (Vec::new(), Vec::new(), Vec::new());
    for (n, [far, near]) in (0..).zip(&mut pairs).step_by(7) {
        let mut packet = Vec::with_capacity(SIZES[0]);
        far.seal(b"a line of a chat", &mut packet, rng).unwrap();
        let found = timed(&mut found_in, || table.find(black_box(&packet))).unwrap();
        assert_eq!(found.conversation, n);
        let mut text = Vec::with_capacity(SIZES[0]);
        timed(&mut opened_in, || near.open(found, &packet, 0, &mut table, &mut text)).unwrap();
        assert!(timed(&mut missed_in, || table.find(black_box(&packet))).is_none());
    }
    tell("found", found_in);
    tell("found to be nobody's", missed_in);
    tell("opened, 1,024 bytes", opened_in);
}
