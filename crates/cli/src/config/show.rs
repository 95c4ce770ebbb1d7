//! `undertone config`: every setting with where it was said, or a file to begin with.

use serde_json::json;

use super::keys::{self, Key};
use super::{Origin, Setting, Settings};
use crate::Exit;
use crate::papers::print;

/// The version in lines for programs.
const JSON_VERSION: u8 = 1;

/// What is told of a setting, whatever its type.
struct Told {
    name: &'static str,
    says: &'static str,
    range: &'static str,
    default: String,
    value: String,
    origin: Origin,
}

fn told<T>(key: &Key<T>, setting: Option<&Setting<T>>) -> Told {
    let default = (key.shown)(&(key.default)());
    let (value, origin) = match setting {
        Some(setting) => ((key.shown)(&setting.value), setting.origin),
        None => (default.clone(), Origin::Default),
    };
    let Key { name, says, range, .. } = *key;
    Told { name, says, range, default, value, origin }
}

/// Every setting, in the order of the manual.
fn all(settings: Option<&Settings>) -> Vec<Told> {
    vec![
        told(&keys::NETWORK, settings.map(|s| &s.network)),
        told(&keys::LOCAL_NAME, settings.map(|s| &s.local_name)),
        told(&keys::TOR_CONFIG, settings.map(|s| &s.tor_config)),
        told(&keys::PROFILE, settings.map(|s| &s.profile)),
        told(&keys::IDLE_LOCK, settings.map(|s| &s.idle_lock)),
        told(&keys::HISTORY, settings.map(|s| &s.history)),
        told(&keys::INTERFACE, settings.map(|s| &s.interface)),
        told(&keys::COLOUR, settings.map(|s| &s.colour)),
        told(&keys::LOG, settings.map(|s| &s.log)),
        told(&keys::LOG_LEVEL, settings.map(|s| &s.log_level)),
    ]
}

impl Settings {
    /// Every setting as it stands in a file, one a line.
    pub(crate) fn said(&self) -> Vec<String> {
        all(Some(self)).into_iter().map(|told| format!("{} = {}", told.name, told.value)).collect()
    }
}

/// The names of all settings.
pub(super) fn names() -> Vec<&'static str> {
    all(None).into_iter().map(|told| told.name).collect()
}

/// `undertone config`.
pub(crate) fn config(settings: &Settings) -> Exit {
    let text = if settings.json() { lines(settings) } else { effective(settings) };
    print(text.as_bytes())
}

/// `undertone config --example`, which works whatever stands in the file that is there.
pub(crate) fn example() -> Exit {
    print(commented().as_bytes())
}

/// The settings as they are, which is a configuration again.
pub(super) fn effective(settings: &Settings) -> String {
    let mut text = match &settings.file {
        None => "# There is no home folder, and so no configuration.\n".to_owned(),
        Some((path, true)) => format!("# Read from {}\n", path.display()),
        Some((path, false)) => format!("# Nothing is at {}\n", path.display()),
    };
    let rows: Vec<(String, Origin)> = all(Some(settings))
        .into_iter()
        .map(|told| (format!("{} = {}", told.name, told.value), told.origin))
        .collect();
    let width = rows.iter().map(|(row, _)| row.chars().count()).max().unwrap_or(0).min(40);
    for (row, origin) in rows {
        text.push_str(&format!("{row:width$}  # {}\n", words(origin)));
    }
    text
}

fn words(origin: Origin) -> String {
    match origin {
        Origin::Option(option) => option.to_owned(),
        Origin::Environment(variable) => format!("${variable}"),
        Origin::File(line) => format!("line {line}"),
        Origin::Default => "default".to_owned(),
    }
}

/// The settings for programs.
fn lines(settings: &Settings) -> String {
    let mut text = String::new();
    for told in all(Some(settings)) {
        let value: Option<toml::Value> = toml::from_str(&format!("value = {}", told.value))
            .ok()
            .and_then(|mut table: toml::Table| table.remove("value"));
        let (from, at) = match told.origin {
            Origin::Option(option) => ("option", json!(option)),
            Origin::Environment(variable) => ("environment", json!(variable)),
            Origin::File(line) => ("file", json!(line)),
            Origin::Default => ("default", json!(null)),
        };
        let line = json!({
            "v": JSON_VERSION, "key": told.name, "value": value, "from": from, "at": at,
        });
        text.push_str(&format!("{line}\n"));
    }
    text
}

/// A file with every setting as a comment, to begin with.
pub(super) fn commented() -> String {
    let mut text = String::from(
        "# The configuration of Undertone, which only reads it. Options and the environment come\n\
         # first. No secret belongs in here. Take the sign from the beginning of a line to set it.\n",
    );
    for told in all(None) {
        text.push_str(&format!(
            "\n# {}\n# One of: {}.\n# {} = {}\n",
            told.says, told.range, told.name, told.default
        ));
    }
    text
}
