//! A host whose meeting place cannot be made reachable is told so, and that nobody could have come.
//!
//! The system refuses to bind the place's socket, as a sandbox would: `strace` has it fail.

mod support;

use std::time::{Duration, Instant};

use support::chats::plain_arguments;
use support::reading::read;
use support::strace::STRACE;
use support::{PROGRAM, Place, Plain, SOON, local_name};

/// On loopback sockets a refusal is known as soon as the place is made.
const TOLD: Duration = Duration::from_secs(30);

const INJECTED: [&str; 8] =
    ["-f", "-qq", "-o", "/dev/null", "-e", "trace=bind", "-e", "inject=bind:error=EACCES"];

#[test]
fn the_host_is_told() {
    let name = local_name();
    let chat = plain_arguments("-s", &name, &["--no-smp"]);
    let arguments = [&INJECTED[..], &[PROGRAM], &chat].concat();
    let begin = Instant::now();
    let mut host = Plain::start_program(STRACE, &Place::default(), &arguments);
    host.line("93-otter-lantern-mesa");
    let read = read(&mut host, begin, TOLD + SOON, &[]);
    assert_eq!(read.code, 3);
    assert!(read.took < TOLD, "{:?}", read.took);
    insta::assert_snapshot!("host", read.text);
}
