//! The doctor's report, made of this very machine, names neither its user nor itself.

mod environment;

use environment::{role, say, start};
use undertone_node::environment::doctor::{Facts, Report, State, Step};
use undertone_node::environment::hardening::{LockLimit, harden};
use undertone_node::environment::log::LogTarget;

const CANARIES: [(&str, &str); 9] = [
    ("HOME", "/srv/canary home"),
    ("USER", "canaryuser"),
    ("LOGNAME", "canarylogname"),
    ("HOSTNAME", "canaryhost"),
    ("TERM", "canary term"),
    ("COLORTERM", "/home/canarycolor"),
    ("LANG", "canary_LANG.UTF-8"),
    ("XDG_RUNTIME_DIR", "/home/canaryruntime"),
    ("SSH_CONNECTION", "192.0.2.7 22 192.0.2.8 22"),
];

#[test]
fn canaries_do_not_show() {
    if role().is_some() {
        let log = LogTarget::File("/home/canarylog/log".into());
        let facts = Facts::gather("0.1.0", &["arti"], &harden(LockLimit::read()), Some(&log));
        let step = Step {
            name: "directory".to_owned(),
            state: State::Bad,
            words: "192.0.2.7:9001 refused, see /srv/canary home/x".to_owned(),
            took: None,
        };
        let report = Report::new(facts, vec![step]);
        for line in report.to_text().lines() {
            say(line);
        }
        say(report.to_json());
        return;
    }
    let ended = start("canaries_do_not_show", "x", |command| {
        command.envs(CANARIES);
    })
    .end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.contains("+ UTF-8                yes"), "{}", ended.out);
    assert!(ended.out.contains("[ip]:9001 refused, see [home]/x"), "{}", ended.out);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    // A host may be called like a word of the report.
    let host = Some(host.trim()).filter(|host| host.len() > 4);
    for secret in ["canary", "192.0.2"].into_iter().chain(host) {
        assert!(!ended.out.contains(secret), "{secret} in {}", ended.out);
    }
}
