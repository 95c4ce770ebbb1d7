//! `undertone config` as the manual shows it, and what a broken file is answered with.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::process::Output;

use support::ratchet::{Person, finish, start, words};

/// Runs a line of the shell in this home, in which `undertone` is the program.
fn shell(person: &Person, line: &str) -> Output {
    let tools = person.home().join("tools");
    if !tools.exists() {
        std::fs::create_dir(&tools).unwrap();
        std::os::unix::fs::symlink(support::PROGRAM, tools.join("undertone")).unwrap();
    }
    let mut shell = person.program("sh");
    let path = std::env::var("PATH").unwrap();
    shell.env("PATH", format!("{}:{path}", tools.display())).args(["-ec", line]);
    finish(start(shell, b""))
}

fn well(person: &Person, line: &str) -> String {
    let output = shell(person, line);
    assert!(output.status.success(), "{line}: {}", words(&output));
    assert_eq!(words(&output), "", "{line}");
    String::from_utf8(output.stdout).unwrap()
}

/// The line of a setting.
fn line<'a>(shown: &'a str, key: &str) -> Vec<&'a str> {
    let begin = format!("{key} = ");
    let line = shown.lines().find(|line| line.starts_with(&begin)).unwrap();
    line.split("  ").filter(|part| !part.is_empty()).map(str::trim).collect()
}

#[test]
fn each_setting_says_where_it_comes_from() {
    let person = Person::without_database();
    let folder = person.home().join(".config/undertone");
    let shown = well(&person, "undertone config");
    let nothing = format!("# Nothing is at {}", folder.join("config.toml").display());
    assert_eq!(shown.lines().next(), Some(nothing.as_str()));
    assert_eq!(line(&shown, "idle_lock"), ["idle_lock = 15", "# default"]);

    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), "idle_lock = 5\nlog_level = \"warn\"\n").unwrap();
    let set = "UNDERTONE_LOG_LEVEL=debug NO_COLOR=1 undertone --log stderr config";
    let shown = well(&person, set);
    assert_eq!(line(&shown, "idle_lock"), ["idle_lock = 5", "# line 1"]);
    assert_eq!(line(&shown, "log_level"), ["log_level = \"debug\"", "# $UNDERTONE_LOG_LEVEL"]);
    assert_eq!(line(&shown, "colour"), ["colour = \"never\"", "# $NO_COLOR"]);
    assert_eq!(line(&shown, "log"), ["log = \"stderr\"", "# --log"]);

    // What the manual shows.
    let lines = well(&person, "undertone config --json");
    let told: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let idle = told.iter().find(|line| line["key"] == "idle_lock").unwrap();
    assert_eq!(
        idle,
        &serde_json::json!({"v": 1, "key": "idle_lock", "value": 5, "from": "file", "at": 1})
    );
    well(&person, "undertone config --example > config.toml");
    assert_eq!(
        line(&well(&person, "undertone --config config.toml config"), "idle_lock"),
        ["idle_lock = 15", "# default"]
    );
}

#[test]
fn a_broken_file_is_said_and_stops_nothing_that_needs_none() {
    let person = Person::without_database();
    std::fs::write(person.home().join("broken"), "netwrok = \"local\"\n").unwrap();
    let broken = format!("UNDERTONE_CONFIG={}/broken undertone", person.home().display());
    for command in ["config", "chat -s --plain", "doctor --offline", "demo --script /dev/null"] {
        let output = shell(&person, &format!("{broken} {command}"));
        assert_eq!(output.status.code(), Some(2), "{command}: {}", words(&output));
        let told = words(&output);
        let mut told = told.lines();
        assert!(told.next().unwrap().ends_with("broken: there is no setting netwrok."));
        assert_eq!((told.next(), told.next()), (Some("Did you mean network?"), None));
        assert_eq!(output.stdout, b"", "{command}");
    }
    let json = shell(&person, &format!("{broken} --json doctor --offline"));
    let told: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&told["event"], &told["exit_code"]), (&"error".into(), &2.into()));
    for command in ["licences", "completions bash", "man", "config --example"] {
        assert!(shell(&person, &format!("{broken} {command}")).status.success(), "{command}");
    }
}

#[test]
fn the_file_decides_how_the_program_speaks() {
    let person = Person::without_database();
    let set = "interface = \"json\"\nnetwork = \"local\"\n";
    std::fs::write(person.home().join("set"), set).unwrap();
    let report = well(&person, "undertone --config set doctor --offline || true");
    assert!(serde_json::from_str::<serde_json::Value>(&report).is_ok(), "{report}");
    // Failures too; and an option comes first.
    let failed = shell(&person, "undertone --config set chat -s --nick ''");
    assert!(serde_json::from_slice::<serde_json::Value>(&failed.stdout).is_ok(), "{failed:?}");
    let failed = shell(&person, "undertone --config set --plain chat -s --nick ''");
    assert_eq!(failed.stdout, b"");
}
