use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use clap::Parser as _;

use super::*;

/// A folder with a configuration of this text, and what the program makes of it.
struct Place {
    folder: tempfile::TempDir,
    variables: BTreeMap<&'static str, String>,
}

impl Place {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Self { variables: BTreeMap::new(), folder };
        std::fs::create_dir(place.folder.path().join("undertone")).unwrap();
        std::fs::write(place.file(), text).unwrap();
        place.with("XDG_CONFIG_HOME", place.folder.path().to_str().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("undertone/config.toml")
    }

    fn with(&self, name: &'static str, value: &str) -> Self {
        // The same folder, so that it lives as long as the first.
        let folder = tempfile::tempdir().unwrap();
        let mut variables = self.variables.clone();
        variables.insert(name, value.to_owned());
        std::fs::create_dir(folder.path().join("undertone")).unwrap();
        std::fs::copy(self.file(), folder.path().join("undertone/config.toml")).unwrap();
        variables.insert("XDG_CONFIG_HOME", folder.path().to_str().unwrap().to_owned());
        Self { folder, variables }
    }

    fn gather(&self, arguments: &[&str]) -> Result<Settings, UserError> {
        let cli = Cli::parse_from(["undertone"].into_iter().chain(arguments.iter().copied()));
        Settings::gather(&cli, &|name| self.variables.get(name).map(OsString::from))
    }

    fn well(&self, arguments: &[&str]) -> Settings {
        self.gather(arguments).unwrap()
    }

    /// What is said of a file with this in it, without the folder of the test.
    fn refused(text: &str) -> String {
        let place = Self::new(text);
        let error = place.gather(&["config"]).unwrap_err();
        assert_eq!(error.kind, Kind::Usage);
        error.to_string().replace(place.file().to_str().unwrap(), "FILE")
    }
}

#[test]
fn option_environment_file_default_in_this_order() {
    let place = Place::new("# mine\nnetwork = \"local\"\nlog_level = \"warn\"\n");
    let origin = |place: &Place, arguments: &[&str]| {
        let settings = place.well(arguments);
        (settings.network.value, settings.network.origin)
    };
    let (local, arti) = (NetworkChoice::Local, NetworkChoice::Arti);
    assert_eq!(origin(&place, &["config"]), (local, Origin::File(2)));
    let set = place.with("UNDERTONE_NETWORK", "arti");
    assert_eq!(origin(&set, &["config"]), (arti, Origin::Environment("UNDERTONE_NETWORK")));
    let option = ["chat", "-s", "--network", "local"];
    assert_eq!(origin(&set, &option), (local, Origin::Option("--network")));
    let empty = place.with("UNDERTONE_NETWORK", "");
    assert_eq!(origin(&empty, &["config"]), (local, Origin::File(2)));
    let nothing = Place::new("");
    let default = (crate::args::default_network(), Origin::Default);
    assert_eq!(origin(&nothing, &["config"]), default);
    assert_eq!(place.well(&["config"]).log_level.value, LogLevel::Warn);
}

#[test]
fn each_setting_has_its_effect_and_its_bounds() {
    let text = "local_name = \"ours\"\ntor_config = \"tor.toml\"\nprofile = \"work\"\n\
                idle_lock = 0\nhistory = \"30 days\"\ninterface = \"plain\"\ncolour = \"never\"\n\
                log = \"out.log\"\n";
    let place = Place::new(text);
    let settings = place.well(&["config"]);
    let folder = place.folder.path().join("undertone");
    assert_eq!(settings.details().local_name, "ours");
    assert_eq!(settings.tor_config.value, Some(folder.join("tor.toml")));
    assert_eq!(settings.profile.value.as_deref(), Some("work"));
    assert_eq!(settings.idle_lock.value, 0);
    assert_eq!(settings.history.value, History::Days(30));
    assert!(!settings.screen() && !settings.json());
    assert_eq!(settings.colour.value, Colour::Never);
    assert_eq!(settings.log.value.as_deref(), folder.join("out.log").to_str());
    assert!(place.well(&["--json", "config"]).json());
    assert_eq!(Place::new("").well(&["config"]).colour.value, Colour::Auto);
    let plain = Place::new("colour = \"auto\"").with("NO_COLOR", "1");
    assert_eq!(plain.well(&["config"]).colour.value, Colour::Never);
    for line in [
        "network = \"pigeon\"",
        "local_name = \"\"",
        "idle_lock = 1441",
        "idle_lock = -1",
        "idle_lock = 0x10",
        "idle_lock = 1.5",
        "history = \"0 days\"",
        "history = \"3651 days\"",
        "history = \"forever\"",
        "interface = \"web\"",
        "colour = \"always\"",
        "log_level = \"all\"",
        "profile = [\"a\"]",
        "log = true",
    ] {
        let words = Place::refused(line);
        assert!(words.starts_with("Line 1 of FILE can't be used:"), "{words}");
    }
    for (line, settled) in [
        ("history = \"off\"", History::Off),
        ("history = \"1 days\"", History::Days(1)),
        ("history = \"1 day\"", History::Days(1)),
        ("history = \"kept\"", History::Kept),
    ] {
        assert_eq!(Place::new(line).well(&["config"]).history.value, settled);
    }
}

#[test]
fn what_can_t_be_used_is_said_with_its_line() {
    let told = [
        "netwrok = \"arti\"",
        "\n\nLog-Level = \"info\"",
        "password = \"swordfish\"",
        "[network]\nname = \"arti\"",
        "wallpaper = 1",
        "network = \"arti\"\nnetwork = \"local\"",
        "network = arti",
        "history = \"forever\"",
        "\"a\\nb\\u001b[2J\" = 1",
    ]
    .map(|text| format!("{text:?}\n    {}\n", Place::refused(text)))
    .concat();
    insta::assert_snapshot!(told);
    assert!(!told.contains("swordfish\\\"\n    "), "a value was repeated");
}

#[test]
fn a_file_that_is_named_has_to_be_there() {
    let place = Place::new("network = \"local\"");
    let other = place.folder.path().join("other.toml");
    let named = other.to_str().unwrap();
    let error = place.gather(&["--config", named, "config"]).unwrap_err();
    assert!(error.message.ends_with("could not be read: entity not found."), "{error}");
    assert!(place.with("UNDERTONE_CONFIG", named).gather(&["config"]).is_err());
    std::fs::write(&other, "idle_lock = 3").unwrap();
    assert_eq!(place.well(&["--config", named, "config"]).idle_lock.value, 3);
    assert_eq!(place.with("UNDERTONE_CONFIG", named).well(&["config"]).idle_lock.value, 3);
    // With a home of its own, the program looks nowhere else.
    let home = place.with("UNDERTONE_HOME", place.folder.path().to_str().unwrap());
    assert_eq!(home.well(&["config"]).network.origin, Origin::Default);
}

#[test]
fn a_file_that_others_may_write_or_that_is_too_long_is_refused() {
    let place = Place::new("network = \"local\"");
    std::fs::set_permissions(place.file(), std::fs::Permissions::from_mode(0o666)).unwrap();
    let error = place.gather(&["config"]).unwrap_err();
    assert_eq!(error.kind, Kind::Environment);
    assert!(error.message.starts_with("Other users may write"), "{error}");
    let long = Place::new(&"#".repeat(70_000));
    assert!(long.gather(&["config"]).unwrap_err().message.contains("could not be read"));
}

#[test]
fn a_level_without_a_log_makes_no_sense() {
    let place = Place::new("");
    let error = place.gather(&["--log-level", "debug", "doctor"]).unwrap_err();
    assert!(error.message.starts_with("--log-level"), "{error}");
    assert!(Place::new("log = \"stderr\"").gather(&["--log-level", "debug", "doctor"]).is_ok());
}

#[test]
fn the_example_names_each_setting_and_means_nothing_else() {
    let example = show::commented();
    // The default of a build without the Tor client is another.
    insta::assert_snapshot!(example.replace("network = \"local\"", "network = \"arti\""));
    let place = Place::new(&example);
    let settings = place.well(&["config"]);
    assert_eq!(settings.network.origin, Origin::Default);
    // Each of its lines is a setting with its default.
    let set: String = example
        .lines()
        .filter_map(|line| line.strip_prefix("# ").filter(|line| line.contains(" = ")))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(set.lines().count(), show::names().len());
    let settings = Place::new(&set).well(&["config"]);
    assert_eq!(settings.network.value, crate::args::default_network());
    assert!(matches!(settings.log_level.origin, Origin::File(_)));
}

#[test]
fn what_holds_is_a_configuration_again() {
    let place = Place::new("history = \"7 days\"\n").with("UNDERTONE_IDLE_LOCK", "5");
    let settings = place.well(&["config", "--plain"]);
    let shown = show::effective(&settings).replace(place.file().to_str().unwrap(), "FILE");
    insta::assert_snapshot!(shown.replace("\"local\" ", "\"arti\"  "));
    let again = Place::new(&shown).well(&["config"]);
    assert_eq!((again.history.value, again.idle_lock.value), (History::Days(7), 5));
    assert_eq!(again.interface.value, Interface::Plain);
}

#[test]
fn the_manual_has_every_setting() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/manual.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let (_, section) = manual.split_once("\n## Configuration\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    let listed: Vec<&str> = rows.iter().filter_map(|row| row.split('`').next()).collect();
    assert_eq!(listed, show::names());
}
