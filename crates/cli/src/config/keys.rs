//! Every setting: its name, its default, what it may be, and what it does.

use std::path::{Path, PathBuf};

use clap::ValueEnum as _;

use super::from_folder;
use crate::args::{LogLevel, NetworkChoice, default_network};

/// A setting of type `T`.
pub(super) struct Key<T> {
    /// In the file.
    pub(super) name: &'static str,
    /// In the environment.
    pub(super) variable: &'static str,
    /// On the command line, if anything there says it.
    pub(super) option: &'static str,
    /// What it does.
    pub(super) says: &'static str,
    /// What it may be, in words.
    pub(super) range: &'static str,
    pub(super) default: fn() -> T,
    /// From a text; a path in a file is meant from that folder.
    pub(super) parse: fn(&str, Option<&Path>) -> Option<T>,
    /// As it stands in the file.
    pub(super) shown: fn(&T) -> String,
}

/// Over which network, Tor unless said otherwise.
pub(super) const NETWORK: Key<NetworkChoice> = Key {
    name: "network",
    variable: "UNDERTONE_NETWORK",
    option: "--network",
    says: "Over which network: Tor, or this machine's own sockets without anonymity.",
    range: "\"arti\" or \"local\"",
    default: default_network,
    parse: |text, _| NetworkChoice::from_str(text, false).ok(),
    shown: |value| quoted(name_of(value)),
};

pub(super) const LOCAL_NAME: Key<String> = Key {
    name: "local_name",
    variable: "UNDERTONE_LOCAL_NAME",
    option: "--local-name",
    says: "Which loopback network; ends with different names don't see each other.",
    range: "1 to 60 characters",
    default: || "default".to_owned(),
    parse: |text, _| (1..=60).contains(&text.chars().count()).then(|| text.to_owned()),
    shown: |value| quoted(value),
};

pub(super) const TOR_CONFIG: Key<Option<PathBuf>> = Key {
    name: "tor_config",
    variable: "UNDERTONE_TOR_CONFIG",
    option: "--tor-config",
    says: "A configuration for the Tor client, such as bridges'; found from the folder of this file.",
    range: "a file, or \"\" for none",
    default: || None,
    parse: |text, base| Some((!text.is_empty()).then(|| from_folder(text, base))),
    shown: |value| quoted(value.as_ref().map(|path| path.to_string_lossy()).unwrap_or_default()),
};

pub(super) const PROFILE: Key<Option<String>> = Key {
    name: "profile",
    variable: "UNDERTONE_PROFILE",
    option: "",
    says: "Which lasting profile is meant where none is named.",
    range: "a profile's name, or \"\" for the one that was used last",
    default: || None,
    parse: |text, _| Some((!text.is_empty()).then(|| text.to_owned())),
    shown: |value| quoted(value.as_deref().unwrap_or_default()),
};

pub(super) const IDLE_LOCK: Key<u16> = Key {
    name: "idle_lock",
    variable: "UNDERTONE_IDLE_LOCK",
    option: "",
    says: "Lock a lasting profile after so many minutes without a key being pressed.",
    range: "0 to 1440; 0 is never",
    default: || 15,
    parse: |text, _| text.parse().ok().filter(|minutes| *minutes <= 1_440),
    shown: |value| value.to_string(),
};

/// How long a lasting profile keeps what was said, where a conversation says nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum History {
    /// Until it is deleted.
    Kept,
    /// For so many days.
    Days(u16),
    /// Not at all.
    Off,
}

pub(super) const HISTORY: Key<History> = Key {
    name: "history",
    variable: "UNDERTONE_HISTORY",
    option: "",
    says: "How long a lasting profile keeps what is said in new conversations.",
    range: "\"kept\", \"off\", or \"1 day\" to \"3650 days\"",
    default: || History::Kept,
    parse: |text, _| match text {
        "kept" => Some(History::Kept),
        "off" => Some(History::Off),
        _ => {
            let number = text.strip_suffix(" days").or_else(|| text.strip_suffix(" day"))?;
            let days = number.parse().ok()?;
            (1..=3_650).contains(&days).then_some(History::Days(days))
        }
    },
    shown: |value| match value {
        History::Kept => quoted("kept"),
        History::Off => quoted("off"),
        History::Days(1) => quoted("1 day"),
        History::Days(days) => quoted(format!("{days} days")),
    },
};

/// What the program shows itself by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interface {
    /// A full screen.
    Screen,
    /// Lines for people.
    Plain,
    /// Lines for programs.
    Json,
}

pub(super) const INTERFACE: Key<Interface> = Key {
    name: "interface",
    variable: "UNDERTONE_INTERFACE",
    option: "--plain or --json",
    says: "A full screen, lines for pipes and screen readers, or JSON lines for programs.",
    range: "\"screen\", \"plain\" or \"json\"",
    default: || Interface::Screen,
    parse: |text, _| match text {
        "screen" => Some(Interface::Screen),
        "plain" => Some(Interface::Plain),
        "json" => Some(Interface::Json),
        _ => None,
    },
    shown: |value| {
        quoted(match value {
            Interface::Screen => "screen",
            Interface::Plain => "plain",
            Interface::Json => "json",
        })
    },
};

/// Whether colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// As far as the terminal has them.
    Auto,
    /// Never.
    Never,
}

pub(super) const COLOUR: Key<Colour> = Key {
    name: "colour",
    variable: "NO_COLOR",
    option: "",
    says: "Whether the screen has colours. NO_COLOR in the environment means \"never\".",
    range: "\"auto\" or \"never\"",
    default: || Colour::Auto,
    // The variable switches colours off whatever its text is (no-color.org).
    parse: |text, base| match (text, base) {
        ("auto", Some(_)) => Some(Colour::Auto),
        ("never", _) | (_, None) => Some(Colour::Never),
        _ => None,
    },
    shown: |value| {
        quoted(match value {
            Colour::Auto => "auto",
            Colour::Never => "never",
        })
    },
};

pub(super) const LOG: Key<Option<String>> = Key {
    name: "log",
    variable: "UNDERTONE_LOG",
    option: "--log",
    says: "Log to a file or to stderr, without addresses, names, codes, keys and texts.",
    range: "a file, \"stderr\", or \"\" for no log",
    default: || None,
    parse: |text, base| {
        Some(match text {
            "" => None,
            "stderr" => Some(text.to_owned()),
            _ => Some(from_folder(text, base).to_string_lossy().into_owned()),
        })
    },
    shown: |value| quoted(value.as_deref().unwrap_or_default()),
};

pub(super) const LOG_LEVEL: Key<LogLevel> = Key {
    name: "log_level",
    variable: "UNDERTONE_LOG_LEVEL",
    option: "--log-level",
    says: "How much to log.",
    range: "\"warn\", \"info\" or \"debug\"",
    default: || LogLevel::Info,
    parse: |text, _| LogLevel::from_str(text, false).ok(),
    shown: |value| quoted(name_of(value)),
};

/// The name that clap knows a choice by.
fn name_of(value: &impl clap::ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// A text as TOML has it.
fn quoted(text: impl AsRef<str>) -> String {
    toml::Value::String(text.as_ref().to_owned()).to_string()
}
