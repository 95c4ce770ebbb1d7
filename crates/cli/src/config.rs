//! The configuration: what each setting is, and where that was said.
//!
//! A setting comes from the option, else from the environment, else from the file, else it is the
//! default. The program reads the file and never writes it. No setting is a secret.

mod file;
mod keys;
mod show;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use undertone_handle::words::{Kind, UserError};

pub(crate) use self::keys::{Colour, History, Interface};
pub(crate) use self::show::{config, example};

use self::file::File;
use self::keys::Key;
use crate::args::{Cli, Command, LogLevel, NetworkArgs, NetworkChoice, NetworkDetails};
use crate::failure::failure;

/// Where a setting was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// On the command line, by this option.
    Option(&'static str),
    /// In the environment, by this variable.
    Environment(&'static str),
    /// In the file, in this line.
    File(usize),
    /// Nowhere.
    Default,
}

/// A setting with where it was said.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    origin: Origin,
}

/// All settings.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) network: Setting<NetworkChoice>,
    pub(crate) local_name: Setting<String>,
    pub(crate) tor_config: Setting<Option<PathBuf>>,
    pub(crate) profile: Setting<Option<String>>,
    pub(crate) idle_lock: Setting<u16>,
    pub(crate) history: Setting<History>,
    pub(crate) interface: Setting<Interface>,
    pub(crate) colour: Setting<Colour>,
    pub(crate) log: Setting<Option<String>>,
    pub(crate) log_level: Setting<LogLevel>,
    /// The file that was looked for, and whether it was there.
    file: Option<(PathBuf, bool)>,
}

/// The environment, or what stands for it in a test.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What the command line says about settings.
#[derive(Default)]
struct Options {
    network: Option<NetworkChoice>,
    local_name: Option<String>,
    tor_config: Option<PathBuf>,
    interface: Option<Interface>,
    log: Option<String>,
    log_level: Option<LogLevel>,
}

impl Options {
    fn of(cli: &Cli) -> Self {
        let common = &cli.common;
        let interface = match (common.json, common.plain) {
            (true, _) => Some(Interface::Json),
            (_, true) => Some(Interface::Plain),
            _ => None,
        };
        let (network, details) = match &cli.command {
            Some(Command::Chat(chat)) => of_network(&chat.network),
            Some(Command::Doctor(doctor)) => of_network(&doctor.network),
            // What it runs on is its own choice: `local`, unless an option says otherwise.
            Some(Command::Demo(demo)) => (None, Some(&demo.network.details)),
            _ => (None, None),
        };
        Self {
            network,
            local_name: details.and_then(|details| details.local_name.clone()),
            tor_config: details.and_then(|details| details.tor_config.clone()),
            interface,
            log: common.log.clone(),
            log_level: common.log_level,
        }
    }
}

fn of_network(args: &NetworkArgs) -> (Option<NetworkChoice>, Option<&NetworkDetails>) {
    (args.network, Some(&args.details))
}

impl Settings {
    /// What the command line, the environment and the file say together.
    pub(crate) fn gather(cli: &Cli, environment: Environment<'_>) -> Result<Self, UserError> {
        let options = Options::of(cli);
        let place = file::place(cli.common.config.as_deref(), environment)?;
        let file = match &place {
            Some(place) => File::read(place)?,
            None => File::default(),
        };
        let (file, environment) = (&file, environment);
        let settings = Self {
            network: settle(&keys::NETWORK, options.network, environment, file)?,
            local_name: settle(&keys::LOCAL_NAME, options.local_name, environment, file)?,
            tor_config: settle(&keys::TOR_CONFIG, options.tor_config.map(Some), environment, file)?,
            profile: settle(&keys::PROFILE, None, environment, file)?,
            idle_lock: settle(&keys::IDLE_LOCK, None, environment, file)?,
            history: settle(&keys::HISTORY, None, environment, file)?,
            interface: settle(&keys::INTERFACE, options.interface, environment, file)?,
            colour: settle(&keys::COLOUR, None, environment, file)?,
            log: settle(&keys::LOG, options.log.map(Some), environment, file)?,
            log_level: settle(&keys::LOG_LEVEL, options.log_level, environment, file)?,
            file: place.map(|place| (place.path, file.found)),
        };
        if settings.log.value.is_none() && matches!(settings.log_level.origin, Origin::Option(_)) {
            return Err(failure(
                Kind::Usage,
                "--log-level says how much to log, but nothing is logged.",
                "Add --log with a file or stderr; see --help.",
            ));
        }
        Ok(settings)
    }

    /// The details of a network.
    pub(crate) fn details(&self) -> Details {
        Details {
            tor_config: self.tor_config.value.clone(),
            local_name: self.local_name.value.clone(),
        }
    }

    /// Whether lines are written for programs.
    pub(crate) fn json(&self) -> bool {
        self.interface.value == Interface::Json
    }

    /// Whether a full screen is drawn where there can be one.
    pub(crate) fn screen(&self) -> bool {
        self.interface.value == Interface::Screen
    }
}

/// The details of a network, settled.
#[derive(Clone, Debug)]
pub(crate) struct Details {
    #[cfg_attr(
        not(any(feature = "arti", feature = "sqlcipher")),
        expect(dead_code, reason = "for the Tor client, which this build has not")
    )]
    pub(crate) tor_config: Option<PathBuf>,
    pub(crate) local_name: String,
}

/// The first of option, environment and file that says something.
fn settle<T>(
    key: &Key<T>,
    option: Option<T>,
    environment: Environment<'_>,
    file: &File,
) -> Result<Setting<T>, UserError> {
    if let Some(value) = option {
        return Ok(Setting { value, origin: Origin::Option(key.option) });
    }
    let set = environment(key.variable).filter(|value| !value.is_empty());
    if let Some(value) = set {
        let value = value.to_str().and_then(|text| (key.parse)(text, None)).ok_or_else(|| {
            failure(
                Kind::Usage,
                &format!("The variable {} is none of: {}.", key.variable, key.range),
                "Set it to one of these, or unset it.",
            )
        })?;
        return Ok(Setting { value, origin: Origin::Environment(key.variable) });
    }
    if let Some(entry) = file.get(key.name) {
        let base = file.folder.as_deref();
        let value = entry.text.as_deref().and_then(|text| (key.parse)(text, base));
        let value = value.ok_or_else(|| {
            failure(
                Kind::Usage,
                &format!(
                    "Line {} of {} can't be used: {} is none of: {}.",
                    entry.line,
                    file.shown(),
                    key.name,
                    key.range
                ),
                "Put one of these there, or take the line out.",
            )
        })?;
        return Ok(Setting { value, origin: Origin::File(entry.line) });
    }
    Ok(Setting { value: (key.default)(), origin: Origin::Default })
}

/// The environment of this process.
pub(crate) fn of_process(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// A path in a file is meant from where the file is.
fn from_folder(text: &str, base: Option<&Path>) -> PathBuf {
    base.map_or_else(|| PathBuf::from(text), |base| base.join(text))
}

#[cfg(test)]
mod tests;
