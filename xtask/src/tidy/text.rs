//! Rules for every text file.

use super::{File, Finding};

/// Words that promise work instead of doing it. Cut in two, so that this file doesn't break its own rule.
const PROMISES: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Folders of somebody's machine.
const FOLDERS: [&str; 5] = [
    concat!("/", "home/"),
    concat!("/", "root/"),
    concat!("/", "work/"),
    concat!("/", "farm/"),
    concat!("/", "Users/"),
];

/// Starts of paths of files that name such folders, each with the reason.
const NAMES_FOLDERS: [(&str, &str); 2] = [
    ("crates/node/src/environment/", "takes the names of people's folders out of what is shown"),
    ("crates/node/tests/environment_", "sees that no such name is shown"),
];

/// Where a machine gets its crates from is a matter of that machine.
const REGISTRIES: [&str; 5] = [
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("sparse", "+http"),
    concat!("registry.", "npmjs.org"),
    concat!("proxy.", "golang.org"),
];

/// Written by programs or by others, and kept byte for byte.
fn is_made(path: &str) -> bool {
    path.ends_with("Cargo.lock")
        || path.ends_with(".snap")
        || path.ends_with("-NOTICE.txt")
        || path.starts_with("docs/generated/")
        || path.contains("/golden/")
        || path.contains("/vectors/")
}

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    files.iter().filter(|file| !is_made(&file.path)).flat_map(of_file).collect()
}

fn of_file(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let names_folders = NAMES_FOLDERS.iter().any(|(start, _)| file.path.starts_with(start));
    for (number, line) in (1..).zip(file.text.lines()) {
        let mut found = |what: String| findings.push(Finding::at(&file.path, number, what));
        if line.ends_with([' ', '\t', '\r']) {
            found("white space at the end of the line".to_owned());
        }
        for word in PROMISES.iter().filter(|word| has_word(line, word)) {
            found(format!("{word}: do it, or leave it out"));
        }
        let folders = if names_folders { &[] } else { FOLDERS.as_slice() };
        for folder in folders.iter().filter(|folder| line.contains(**folder)) {
            found(format!("{folder} is a folder of one machine"));
        }
        for registry in REGISTRIES.iter().filter(|registry| line.contains(**registry)) {
            found(format!("{registry} belongs into the machine's own configuration of cargo"));
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        findings.push(Finding::whole(&file.path, "the last line has no end"));
    }
    findings
}

/// Whether `word` stands in `line` by itself, not as a part of another.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let (before, rest) = line.split_at(at);
        let after = rest.get(word.len()..).unwrap_or_default();
        !before.ends_with(part) && !after.starts_with(part)
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&[file(path, text)]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn white_space_at_the_end_is_found() {
        assert_eq!(found("a.md", "one\ntwo \n"), ["a.md:2: white space at the end of the line"]);
        assert_eq!(found("a.md", "one\ttwo\n").len(), 0);
    }

    #[test]
    fn promises_are_found_as_words_only() {
        for promise in PROMISES {
            assert_eq!(found("a.rs", &format!("// {promise}: later\n")).len(), 1);
            assert_eq!(found("a.rs", &format!("// A{promise}B\n")).len(), 0);
        }
    }

    #[test]
    fn folders_of_a_machine_and_registries_are_found() {
        for folder in FOLDERS {
            assert_eq!(found("a.sh", &format!("cd {folder}ana\n")).len(), 1);
        }
        for registry in REGISTRIES {
            assert_eq!(found(".cargo/config.toml", &format!("x = \"{registry}\"\n")).len(), 1);
        }
        assert_eq!(found("a.sh", "cd $HOME/ana\n").len(), 0);
        for (start, _) in NAMES_FOLDERS {
            assert_eq!(found(&format!("{start}a.rs"), &format!("\"{}\"\n", FOLDERS[0])).len(), 0);
        }
    }

    #[test]
    fn a_last_line_without_an_end_is_found() {
        assert_eq!(found("a.md", "one"), ["a.md: the last line has no end"]);
    }

    #[test]
    fn what_programs_and_others_wrote_is_left_alone() {
        for path in [
            "Cargo.lock",
            "crates/x/src/list-NOTICE.txt",
            "crates/x/tests/golden/a.txt",
            "crates/x/src/snapshots/a.snap",
        ] {
            assert_eq!(found(path, "one \n").len(), 0, "{path}");
        }
    }
}
