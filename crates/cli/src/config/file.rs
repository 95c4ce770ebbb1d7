//! The file: where it is, and what stands in it.

use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use undertone_handle::words::{Kind, UserError};

use super::Environment;
use super::show::names;
use crate::failure::failure;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Words that somebody might take for keys, whose values would be secrets.
const SECRETS: [&str; 6] = ["password", "passphrase", "secret", "code", "key", "token"];

/// Where the file is.
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// Somebody named it: then it has to be there.
    named: bool,
}

/// The file of `--config` or `UNDERTONE_CONFIG`; else `config.toml` in `UNDERTONE_HOME`, or in
/// `undertone` in `XDG_CONFIG_HOME`, or in `.config/undertone` in `HOME`. None without any of them.
pub(super) fn place(
    option: Option<&Path>,
    environment: Environment<'_>,
) -> Result<Option<Place>, UserError> {
    let set = |name: &str| environment(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = option.map(Path::to_owned).or_else(|| set("UNDERTONE_CONFIG")) {
        // What it names by relative paths is meant from its folder, wherever the program goes.
        let path = std::path::absolute(&path).map_err(|error| unreadable(&path, error.kind()))?;
        return Ok(Some(Place { path, named: true }));
    }
    let whole = |name| set(name).filter(|path| path.is_absolute());
    let own = set("UNDERTONE_HOME");
    if own.as_ref().is_some_and(|own| !own.is_absolute()) {
        // Passed over, it would be another home than the one that is meant.
        return Err(failure(
            Kind::Environment,
            "UNDERTONE_HOME is not a whole path, which begins with a slash.",
            "Set UNDERTONE_HOME to a folder for Undertone alone, or set HOME.",
        ));
    }
    let folder = own
        .or_else(|| Some(whole("XDG_CONFIG_HOME")?.join("undertone")))
        .or_else(|| Some(whole("HOME")?.join(".config/undertone")));
    Ok(folder.map(|folder| Place { path: folder.join("config.toml"), named: false }))
}

/// What stands behind a key.
pub(super) struct Entry {
    /// From 1 on.
    pub(super) line: usize,
    /// The text or the number; none for anything else.
    pub(super) text: Option<String>,
}

/// A file that was read; empty if there is none.
#[derive(Default)]
pub(super) struct File {
    path: PathBuf,
    pub(super) folder: Option<PathBuf>,
    pub(super) found: bool,
    entries: Vec<(String, Entry)>,
}

impl File {
    pub(super) fn read(place: &Place) -> Result<Self, UserError> {
        let Place { path, named } = place;
        let text = match load(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !named => {
                return Ok(Self::default());
            }
            Err(error) => return Err(unreadable(path, error.kind())),
        };
        let Some(text) = text else {
            return Err(failure(
                Kind::Environment,
                &format!("Other users may write to the configuration {}.", path.display()),
                "Take that right away with chmod go-w, so that nobody else says what this does.",
            ));
        };
        Self::parse(path, &text)
    }

    /// Takes a file apart and refuses keys that are none.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, UserError> {
        let line = |at: usize| {
            text.bytes().take(at).filter(|byte| *byte == b'\n').count().saturating_add(1)
        };
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            failure(
                Kind::Usage,
                &format!(
                    "Line {} of {} is no TOML: {}.",
                    line(at),
                    path.display(),
                    error.message().trim_end_matches('.').replace('\n', ", ")
                ),
                "`undertone config --example` writes a file that is.",
            )
        })?;
        let mut entries = Vec::new();
        for (key, value) in table.get_ref() {
            let name: &str = key.get_ref();
            let line = line(key.span().start);
            if !names().contains(&name) {
                return Err(unknown(path, line, name));
            }
            let text = match value.get_ref() {
                DeValue::String(text) => Some(text.clone().into_owned()),
                DeValue::Integer(number) if number.radix() == 10 => {
                    Some(number.as_str().to_owned())
                }
                _ => None,
            };
            entries.push((name.to_owned(), Entry { line, text }));
        }
        let folder = path.parent().map(Path::to_owned);
        Ok(Self { path: path.to_owned(), folder, found: true, entries })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|(key, _)| key == name).map(|(_, entry)| entry)
    }

    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

/// The text of the file; none if others may write to it.
fn load(path: &Path) -> io::Result<Option<String>> {
    let file = std::fs::File::open(path)?;
    let found = file.metadata()?;
    if found.is_file() && found.permissions().mode() & 0o022 != 0 {
        return Ok(None);
    }
    let mut text = String::new();
    file.take(LONGEST.saturating_add(1)).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(Some(text))
}

fn unreadable(path: &Path, kind: io::ErrorKind) -> UserError {
    failure(
        Kind::Usage,
        &format!("The configuration {} could not be read: {kind}.", path.display()),
        "Name a file of at most 64 KiB, or none.",
    )
}

fn unknown(path: &Path, line: usize, name: &str) -> UserError {
    let shown: String = name.chars().take(40).flat_map(char::escape_debug).collect();
    let message = format!("Line {line} of {}: there is no setting {shown}.", path.display());
    let hint = match nearest(name) {
        _ if SECRETS.iter().any(|secret| name.to_lowercase().contains(secret)) => {
            "No secret belongs into this file; the program asks for it.".to_owned()
        }
        Some(near) => format!("Did you mean {near}?"),
        None => "`undertone config` shows all settings.".to_owned(),
    };
    failure(Kind::Usage, &message, &hint)
}

/// The setting whose name takes the fewest changes, if those are few.
fn nearest(name: &str) -> Option<&'static str> {
    let plain = name.to_lowercase().replace('-', "_");
    names()
        .into_iter()
        .map(|key| (edits(&plain, key), key))
        .min()
        .filter(|(edits, key)| *edits <= 2.max(key.len() / 3))
        .map(|(_, key)| key)
}

/// How many letters have to be put in, taken out or changed (Levenshtein).
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for c in one.chars().take(64) {
        let mut corner = row.first().copied().unwrap_or_default();
        let mut left = corner.saturating_add(1);
        let mut next = vec![left];
        for (d, above) in other.iter().zip(row.iter().skip(1)) {
            let change = corner.saturating_add(usize::from(c != *d));
            left = change.min(above.saturating_add(1)).min(left.saturating_add(1));
            corner = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (one, other, count) in [
            ("", "", 0),
            ("", "ab", 2),
            ("netwrok", "network", 2),
            ("log", "log", 0),
            ("lg", "log", 1),
        ] {
            assert_eq!(edits(one, other), count, "{one} {other}");
        }
        assert_eq!(nearest("netwrok"), Some("network"));
        assert_eq!(nearest("Log-Level"), Some("log_level"));
        assert_eq!(nearest("idlelock"), Some("idle_lock"));
        assert_eq!(nearest("wallpaper"), None);
        assert_eq!(nearest(&"n".repeat(10_000)), None);
    }
}
