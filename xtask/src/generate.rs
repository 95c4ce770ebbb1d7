//! `cargo xtask generate`: the files that programs write and people read, kept beside what they are made from.

mod notices;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{Outcome, step};
use notices::Crate;

/// The notices of others, which the program carries inside and shows.
const NOTICES: &str = "crates/cli/notices.txt";

/// What the program writes about itself: the file, and the arguments that make the program write it.
const PAPERS: [(&str, &[&str]); 4] = [
    ("docs/generated/undertone.1", &["man"]),
    ("docs/generated/undertone.bash", &["completions", "bash"]),
    ("docs/generated/undertone.fish", &["completions", "fish"]),
    ("docs/generated/undertone.zsh", &["completions", "zsh"]),
];

/// The program is made for this; the crates for other systems aren't in it.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// How the names of files begin that hold a licence or a notice, in capitals.
const LICENCE_FILES: [&str; 6] =
    ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// Such files that say nothing about the program, each with the reason.
const LEFT_OUT: [(&str, &str, &str); 6] = [
    ("liblzma-sys", "xz/COPYING.GPLv2", "for scripts, which aren't in the library"),
    ("liblzma-sys", "xz/COPYING.GPLv3", "for tools that build xz"),
    ("liblzma-sys", "xz/COPYING.LGPLv2.1", "for the command line tools of xz"),
    ("liblzma-sys", "xz/build-aux/license-check.sh", "a script about licences"),
    ("visibility", "LICENSE", "says nothing; the three files beside it have the licences"),
    ("zstd-sys", "zstd/COPYING", "GPLv2, the choice beside BSD, which we take"),
];

/// Writes every generated file, or with `--check` tells which of them are out of date.
pub(crate) fn command(arguments: &[String]) -> Outcome {
    let check = match arguments {
        [] => false,
        [only] if only == "--check" => true,
        _ => return Err(format!("generate takes --check or nothing, not {}", arguments.join(" "))),
    };
    let mut stale = Vec::new();
    // The notices come first: the program, which writes the other files, has them inside.
    take(NOTICES, &notices::text(&crates()?), check, &mut stale)?;
    for (path, arguments) in PAPERS {
        take(path, &said_by_the_program(arguments)?, check, &mut stale)?;
    }
    for path in &stale {
        println!("{path} is out of date: cargo xtask generate");
    }
    Ok(stale.is_empty())
}

/// Whether the notices are those of the crates that `Cargo.lock` gives the program. That the other files are up to date
/// is a test of the program, which is built for its tests and needn't be built once more for this.
pub(crate) fn notices_are_current() -> Result<(), String> {
    let mut stale = Vec::new();
    take(NOTICES, &notices::text(&crates()?), true, &mut stale)?;
    match stale.as_slice() {
        [] => Ok(()),
        _ => Err(format!("{NOTICES} is out of date: cargo xtask generate")),
    }
}

/// Writes a file if it differs, or only notes that it does.
fn take(path: &str, text: &str, check: bool, stale: &mut Vec<String>) -> Result<(), String> {
    let file = step::root().join(path);
    if fs::read(&file).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(());
    }
    if check {
        stale.push(path.to_owned());
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| format!("{path}: {error}"))?;
    }
    fs::write(&file, text).map_err(|error| format!("{path}: {error}"))?;
    println!("wrote {path}");
    Ok(())
}

/// What the program, built as its users get it but not optimised, writes when called with these arguments.
fn said_by_the_program(arguments: &[&str]) -> Result<String, String> {
    let mut command =
        step::cargo(&["run", "--quiet", "--locked", "-p", "undertone-cli", "--bin", "undertone"]);
    command.arg("--").args(arguments);
    step::output(command)
}

/// Every crate of others that the program is made of, with the texts that come with it.
fn crates() -> Result<Vec<Crate>, String> {
    let arguments = ["tree", "--locked", "--prefix", "none", "-e", "normal", "-f", "{p}"];
    let mut tree = step::cargo(&arguments);
    tree.args(["-p", "undertone-cli", "--target", PLATFORM]);
    let arguments = ["metadata", "--locked", "--format-version", "1", "--filter-platform"];
    let mut metadata = step::cargo(&arguments);
    metadata.arg(PLATFORM);
    let crates = described(&step::output(tree)?, &step::output(metadata)?)?;
    let mut left_out = BTreeSet::new();
    let mut with_texts = Vec::new();
    for (mut described, folder) in crates {
        for path in licence_files(&folder)? {
            let is_here = |entry: &&(&str, &str, &str)| {
                entry.0 == described.name && path == Path::new(entry.1)
            };
            if let Some((name, path, _)) = LEFT_OUT.iter().find(is_here) {
                left_out.insert((*name, *path));
                continue;
            }
            let text = fs::read_to_string(folder.join(&path))
                .map_err(|error| format!("{}: {}: {error}", described.name, path.display()))?;
            described.texts.push(text);
        }
        with_texts.push(described);
    }
    match LEFT_OUT.iter().find(|(name, path, _)| !left_out.contains(&(*name, *path))) {
        Some((name, path, _)) => Err(format!("{name} has no {path} any more to leave out")),
        None => Ok(with_texts),
    }
}

/// The crates of `tree` that aren't our own, as `metadata` describes them, with the folders where they are.
///
/// Only the tree knows which crates a build of this one package has; the metadata are of all that the workspace and its
/// tests and benches could ever have.
fn described(tree: &str, metadata: &str) -> Result<Vec<(Crate, PathBuf)>, String> {
    let built: BTreeSet<(&str, &str)> = tree.lines().filter_map(name_and_version).collect();
    let metadata: Value = serde_json::from_str(metadata)
        .map_err(|error| format!("cargo metadata is no JSON: {error}"))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata names no packages")?;
    let mut crates = Vec::new();
    let mut known = BTreeSet::new();
    for package in packages {
        let text = |field: &str| package[field].as_str();
        let (Some(name), Some(version)) = (text("name"), text("version")) else {
            return Err("cargo metadata has a package without name or version".to_owned());
        };
        if !built.contains(&(name, version)) {
            continue;
        }
        known.insert((name, version));
        if text("source").is_none() {
            continue;
        }
        let manifest = text("manifest_path").map(Path::new).and_then(Path::parent);
        let folder = manifest.ok_or_else(|| format!("{name} has no folder"))?;
        let licence = text("license").ok_or_else(|| format!("{name} names no licence"))?;
        let authors = package["authors"].as_array().into_iter().flatten();
        crates.push((
            Crate {
                name: name.to_owned(),
                version: version.to_owned(),
                licence: licence.to_owned(),
                authors: authors.filter_map(Value::as_str).map(str::to_owned).collect(),
                repository: text("repository").map(str::to_owned),
                texts: Vec::new(),
            },
            folder.to_owned(),
        ));
    }
    if let Some((name, version)) = built.difference(&known).next() {
        return Err(format!("cargo metadata doesn't know {name} {version}"));
    }
    crates.sort_by(|(one, _), (other, _)| {
        (&one.name, &one.version).cmp(&(&other.name, &other.version))
    });
    Ok(crates)
}

/// The name and version of a line `name vVERSION (more)`.
fn name_and_version(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    Some((words.next()?, words.next()?.strip_prefix('v')?))
}

/// The files of licences and notices in a folder and those beneath, in order.
fn licence_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(beneath) = folders.pop() {
        let unreadable = |error| format!("{}: {error}", folder.join(&beneath).display());
        for entry in fs::read_dir(folder.join(&beneath)).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let path = beneath.join(entry.file_name());
            if entry.file_type().map_err(unreadable)?.is_dir() {
                folders.push(path);
            } else if is_licence_file(&entry.file_name().to_string_lossy()) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_licence_file(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_code = [".RS", ".C", ".H"].iter().any(|end| name.ends_with(end));
    LICENCE_FILES.iter().any(|begin| name.starts_with(begin)) && !is_code
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{"packages": [
        {"name": "b", "version": "1.0.0", "source": "r", "license": "MIT", "manifest_path": "x/b/Cargo.toml",
         "authors": ["Ana"], "repository": "https://example.org/b"},
        {"name": "a", "version": "2.0.0", "source": "r", "license": "ISC", "manifest_path": "x/a/Cargo.toml"},
        {"name": "a", "version": "1.0.0", "source": "r", "license": "ISC", "manifest_path": "x/a1/Cargo.toml"},
        {"name": "own", "version": "0.1.0", "source": null, "license": "MIT", "manifest_path": "own/Cargo.toml"}
    ]}"#;

    #[test]
    fn only_crates_of_others_that_are_built_are_described() {
        let tree = "own v0.1.0 (a folder)\nb v1.0.0 (proc-macro)\na v2.0.0\nb v1.0.0 (*)\n";
        let crates = described(tree, METADATA).unwrap();
        let names: Vec<_> =
            crates.iter().map(|(one, _)| (one.name.as_str(), one.version.as_str())).collect();
        assert_eq!(names, [("a", "2.0.0"), ("b", "1.0.0")]);
        assert_eq!(crates[1].1, Path::new("x/b"));
        assert_eq!(crates[1].0.authors, ["Ana"]);
    }

    #[test]
    fn a_crate_that_is_built_but_not_described_is_an_error() {
        let why = described("c v1.0.0\n", METADATA).unwrap_err();
        assert_eq!(why, "cargo metadata doesn't know c 1.0.0");
    }

    #[test]
    fn a_crate_without_a_licence_is_an_error() {
        let metadata = METADATA.replace("\"license\": \"ISC\",", "");
        assert_eq!(described("a v1.0.0\n", &metadata).unwrap_err(), "a names no licence");
    }

    #[test]
    fn files_of_licences_are_told_by_their_names() {
        for name in ["LICENSE", "License-MIT.txt", "COPYING.0BSD", "NOTICE", "UNLICENSE", "LICENCE"]
        {
            assert!(is_licence_file(name), "{name}");
        }
        for name in ["README.md", "license.rs", "copyright.c", "MIT.txt"] {
            assert!(!is_licence_file(name), "{name}");
        }
    }

    #[test]
    fn anything_but_check_is_refused() {
        assert!(command(&["--chek".to_owned()]).is_err());
        assert!(command(&["--check".to_owned(), "more".to_owned()]).is_err());
    }

    #[test]
    fn every_exception_has_its_reason() {
        for (name, path, reason) in LEFT_OUT {
            assert!(is_licence_file(path.rsplit('/').next().unwrap()), "{name} {path}");
            assert!(!reason.is_empty(), "{name} {path}");
        }
    }
}
