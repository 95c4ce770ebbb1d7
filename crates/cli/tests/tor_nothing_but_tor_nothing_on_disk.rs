//! A whole conversation, with the kernel's record of it: the program connects to Tor's relays alone
//! and changes nothing but its own directory in memory.

mod support;

use std::net::TcpListener;
use std::process::Command;

use serde_json::json;
use support::PROGRAM;
use support::strace::{self, Allowed};
use support::tor::{Side, TOR, Tor, home};

const SECRET: &str = "the bench by the pond";

#[test]
fn a_whole_conversation_connects_to_relays_alone_and_leaves_no_file() {
    let tor = Tor::attach();
    let traces = [home(), home()];
    let prefixes = traces.each_ref().map(|traces| traces.path().join("thread"));
    let traced = |index: usize| Some(prefixes[index].to_str().unwrap());
    let mut host = Side::start_traced(home(), &tor, "-s", &["--smp"], traced(0));
    let code = host.serve("");
    let mut guest = Side::start_traced(home(), &tor, "-c", &["--smp"], traced(1));
    guest.program.line(&code);
    for side in [&mut host, &mut guest] {
        side.check("secret_wanted");
        side.program.line(&json!({ "secret": SECRET }).to_string());
    }
    for side in [&mut host, &mut guest] {
        side.check("match");
        side.open();
    }
    for i in 0..20 {
        let text = format!("text {i}");
        host.send(&text);
        assert_eq!(guest.text(TOR), text);
        guest.send(&text);
        assert_eq!(host.text(TOR), text);
    }
    host.program.line("/quit");
    guest.event("conversation.peer_left", TOR);
    for (side, traces) in [&mut host, &mut guest].into_iter().zip(&traces) {
        side.ends(0);
        let ports = tor.network.or_ports();
        let allowed = Allowed { ports: &ports, home: side.home.path(), program: PROGRAM };
        let seen = strace::read(traces.path(), &allowed);
        assert_eq!(seen.violations, [""; 0]);
        // The record is one of a program that was on Tor and made files.
        assert!(!seen.ports.is_empty() && seen.in_memory > 20, "{} calls", seen.calls);
    }
}

#[test]
fn a_planted_connection_and_planted_files_are_found() {
    let (home, traces) = (home(), home());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let planted = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{port}; exec 4<>/dev/udp/127.0.0.1/53; echo x > planted; \
         mkdir undertone-00000000000000000000000000000000; mv planted moved; rm moved; \
         : > /dev/null; cat /etc/resolv.conf > undertone-00000000000000000000000000000000/fine",
    );
    let prefix = traces.path().join("thread");
    let program = "/bin/bash";
    let arguments = strace::arguments(prefix.to_str().unwrap(), program, &["-c", &planted]);
    let status = Command::new(strace::STRACE).args(arguments).current_dir(home.path()).status();
    assert!(status.unwrap().success());
    let found = |ports: &[u16]| {
        let seen = strace::read(traces.path(), &Allowed { ports, home: home.path(), program });
        assert!(seen.ports.contains(&port) && seen.in_memory > 0);
        seen.violations
    };
    let violations = found(&[]);
    for expected in [
        "connects to another port: connect",
        "not a stream, as DNS would be: socket",
        "changes something outside of its directory: openat",
        "changes something outside of its directory: rename",
        "changes something outside of its directory: unlink",
        "runs another program: execve",
        "looks up names: openat",
    ] {
        assert!(
            violations.iter().any(|line| line.starts_with(expected)),
            "{expected}\n{violations:#?}"
        );
    }
    assert!(!violations.iter().any(|line| line.contains("/dev/null")), "{violations:#?}");
    let tcp = |violations: &[String]| {
        violations.iter().filter(|v| v.contains(&format!("htons({port})"))).count()
    };
    assert_eq!((tcp(&violations), tcp(&found(&[port]))), (1, 0), "{violations:#?}");
}
