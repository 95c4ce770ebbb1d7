//! Rules for Rust source.

use super::source::{closing, code, line_of, without_tests};
use super::text::has_word;
use super::{CORE, File, Finding};

/// The most lines of a file, tests aside: more are two ideas.
const LONGEST: usize = 600;

/// Files that may be longer, each with the reason.
const LONG_FILES: [(&str, &str); 0] = [];

/// What a core crate is given and must not take.
const TAKEN: [(&str, &str); 12] = [
    ("std::fs", "a core crate has no files"),
    ("std::net", "a core crate has no sockets"),
    ("std::env", "a core crate has no environment"),
    ("std::process", "a core crate runs nothing and ends nothing"),
    ("std::thread", "a core crate runs on its caller's thread"),
    ("Instant::now", "time is an argument"),
    ("SystemTime", "time is an argument"),
    ("OsRng", "randomness is an argument: `rng: &mut impl CryptoRng`"),
    ("SysRng", "randomness is an argument: `rng: &mut impl CryptoRng`"),
    ("getrandom", "randomness is an argument: `rng: &mut impl CryptoRng`"),
    ("thread_rng", "randomness is an argument: `rng: &mut impl CryptoRng`"),
    ("rand::rng", "randomness is an argument: `rng: &mut impl CryptoRng`"),
];

/// Modules of `std` as they stand in `use std::{…}`.
const TAKEN_MODULES: [&str; 5] = ["env", "fs", "net", "process", "thread"];

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let sources = files.iter().filter(|file| file.path.ends_with(".rs"));
    let mut findings: Vec<Finding> = sources.flat_map(of_file).collect();
    findings.extend(stale_long_files(&LONG_FILES, files));
    findings
}

fn of_file(file: &File) -> Vec<Finding> {
    let code = code(&file.text);
    let mut findings = attributes(&file.path, &code);
    if is_test(&file.path) {
        findings.extend(sleeps(&file.path, &code));
        return findings;
    }
    let program = without_tests(&code);
    findings.extend(sleeps(&file.path, &rest(&code, &program)));
    findings.extend(length(&file.path, &file.text, &code, &program));
    if CORE.iter().any(|name| file.path.starts_with(&format!("crates/{name}/src/"))) {
        findings.extend(taken(&file.path, &program));
    }
    findings
}

/// Whether the whole file is compiled for tests only, going by its place.
fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.contains("/benches/")
}

/// What `program` lacks of `code`: its tests.
fn rest(code: &str, program: &str) -> String {
    let pairs = code.bytes().zip(program.bytes());
    let bytes = pairs.map(|(all, plain)| {
        if plain == b' ' {
            all
        } else if plain == b'\n' {
            b'\n'
        } else {
            b' '
        }
    });
    String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned()
}

/// Tests wait for what they wait for, not for a time.
fn sleeps(path: &str, tests: &str) -> Vec<Finding> {
    tests
        .match_indices("thread::sleep")
        .map(|(at, _)| {
            let what = "a test that sleeps is slow or flaky: wait for the event itself";
            Finding::at(path, line_of(tests, at), what)
        })
        .collect()
}

/// Attributes that take a test or a lint out of service.
fn attributes(path: &str, code: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, _) in code.match_indices("#[").chain(code.match_indices("#![")) {
        let open = at + code[at..].find('[').unwrap_or_default();
        let attribute = &code[open..closing(code.as_bytes(), open)];
        let line = line_of(code, at);
        if has_word(attribute, "ignore") {
            findings.push(Finding::at(path, line, "a test runs or is removed; none is ignored"));
        }
        let lint = attribute.contains("allow(") || attribute.contains("expect(");
        if lint && !has_word(attribute, "reason") {
            let what = "an exception from a lint says why: #[expect(lint, reason = \"…\")]";
            findings.push(Finding::at(path, line, what));
        }
    }
    findings
}

/// Lines of program and of its comments; those of test modules don't count.
fn length(path: &str, text: &str, code: &str, program: &str) -> Option<Finding> {
    let tests = rest(code, program).lines().filter(|line| !line.trim().is_empty()).count();
    let lines = text.lines().count().saturating_sub(tests);
    let allowed = LONG_FILES.iter().any(|(long, _)| *long == path);
    (lines > LONGEST && !allowed).then(|| {
        let what = format!("{lines} lines without tests are two ideas; cut it below {LONGEST}");
        Finding::whole(path, what)
    })
}

/// Exceptions from the longest file that no file needs.
fn stale_long_files(exceptions: &[(&str, &str)], files: &[File]) -> Vec<Finding> {
    let needed = |path: &str| {
        files.iter().any(|file| file.path == path && file.text.lines().count() > LONGEST)
    };
    exceptions
        .iter()
        .filter(|(path, reason)| reason.is_empty() || !needed(path))
        .map(|(path, _)| Finding::whole(*path, "its exception from the longest file is needless"))
        .collect()
}

/// What a core crate takes instead of being given it.
fn taken(path: &str, program: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(program.lines()) {
        for (name, why) in TAKEN.iter().filter(|(name, _)| has_word(line, name)) {
            findings.push(Finding::at(path, number, format!("{name}: {why}")));
        }
    }
    let group = concat!("std", "::{");
    for (at, _) in program.match_indices(group) {
        let open = at + group.len() - 1;
        let names = &program[open + 1..closing(program.as_bytes(), open)];
        for name in TAKEN_MODULES.iter().filter(|name| heads(names).any(|head| head == **name)) {
            let what = format!("std::{name}: a core crate is given what it needs");
            findings.push(Finding::at(path, line_of(program, at), what));
        }
    }
    findings
}

/// The first words of the parts between commas, and of nested parts too.
fn heads(names: &str) -> impl Iterator<Item = &str> {
    names
        .split([',', '{', '}'])
        .map(|part| part.trim().split("::").next().unwrap_or_default())
        .map(|part| part.split_whitespace().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&[file(path, text)]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_a_core_crate_takes_is_found() {
        for (name, _) in TAKEN {
            let text = format!("fn f() {{\n    {name}();\n}}\n");
            assert_eq!(found("crates/wire/src/x.rs", &text).len(), 1, "{name}");
            assert_eq!(found("crates/node/src/x.rs", &text).len(), 0, "{name} in another crate");
        }
    }

    #[test]
    fn groups_of_imports_are_looked_into() {
        for name in TAKEN_MODULES {
            let text = format!("use std::{{fmt, {name}::something}};\n");
            assert_eq!(found("crates/engine/src/x.rs", &text).len(), 1, "{name}");
        }
        assert_eq!(
            found("crates/engine/src/x.rs", "use std::{fmt, collections::BTreeMap};\n").len(),
            0
        );
    }

    #[test]
    fn tests_comments_and_strings_of_a_core_crate_are_free() {
        let text =
            "// std::fs\nconst A: &str = \"std::fs\";\n#[cfg(test)]\nmod tests { use std::fs; }\n";
        assert_eq!(found("crates/wire/src/x.rs", text).len(), 0);
        assert_eq!(found("crates/wire/src/x/tests.rs", "use std::fs;\n").len(), 0);
        assert_eq!(found("crates/wire/tests/x.rs", "use std::fs;\n").len(), 0);
    }

    #[test]
    fn an_ignored_test_is_found() {
        for attribute in ["#[ignore]", "#[ignore = \"slow\"]", "#[cfg_attr(x, ignore)]"] {
            let text = format!("#[test]\n{attribute}\nfn f() {{}}\n");
            assert_eq!(found("crates/x/tests/a.rs", &text).len(), 1, "{attribute}");
        }
    }

    #[test]
    fn an_exception_without_a_reason_is_found() {
        for attribute in ["#[allow(x)]", "#![allow(x)]", "#[expect(x)]", "#[cfg_attr(t, allow(x))]"]
        {
            let text = format!("{attribute}\nfn f() {{}}\n");
            assert_eq!(found("crates/x/src/a.rs", &text).len(), 1, "{attribute}");
        }
        let text = "#[expect(\n    x,\n    reason = \"because\"\n)]\nfn f() { y.expect(\"z\"); }\n";
        assert_eq!(found("crates/x/src/a.rs", text).len(), 0);
    }

    #[test]
    fn a_sleeping_test_is_found_and_a_sleeping_program_is_not() {
        let test = "#[cfg(test)]\nmod tests { fn f() { std::thread::sleep(X); } }\n";
        assert_eq!(found("crates/x/src/a.rs", test).len(), 1);
        assert_eq!(found("crates/x/tests/a.rs", "fn f() { thread::sleep(X); }\n").len(), 1);
        assert_eq!(found("crates/x/src/a.rs", "fn f() { thread::sleep(X); }\n").len(), 0);
    }

    #[test]
    fn a_long_file_is_found_by_what_is_not_tests() {
        let lines = |count: usize| "fn f() {}\n".repeat(count);
        assert_eq!(found("crates/x/src/a.rs", &lines(LONGEST + 1)).len(), 1);
        assert_eq!(found("crates/x/src/a.rs", &lines(LONGEST)).len(), 0);
        let tested = format!("{}#[cfg(test)]\nmod tests {{\n{}}}\n", lines(LONGEST), lines(50));
        assert_eq!(found("crates/x/src/a.rs", &tested).len(), 0);
        assert_eq!(found("crates/x/tests/a.rs", &lines(LONGEST + 1)).len(), 0);
    }

    #[test]
    fn a_needless_exception_for_a_long_file_is_found() {
        let files = [file("a.rs", "fn f() {}\n"), file("b.rs", &"\n".repeat(LONGEST + 1))];
        assert_eq!(stale_long_files(&[("a.rs", "why"), ("c.rs", "why")], &files).len(), 2);
        assert_eq!(stale_long_files(&[("b.rs", "why")], &files).len(), 0);
        assert_eq!(stale_long_files(&[("b.rs", "")], &files).len(), 1);
    }
}
