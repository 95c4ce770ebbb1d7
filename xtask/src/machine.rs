//! What the machine needs: packages of the system, and developer tools in a folder of the project's own.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::step;
use crate::tiers::Tier;

/// What shows that a package is there.
#[derive(Debug, Clone, Copy)]
enum Sign {
    /// A program of this name.
    Program(&'static str),
    /// A library that `pkg-config` knows by this name, with its headers.
    Library(&'static str),
}

impl Sign {
    fn is_there(self) -> bool {
        match self {
            Self::Program(name) => find(name).is_some(),
            Self::Library(name) => {
                let mut ask = Command::new("pkg-config");
                ask.args(["--exists", name]).stdin(Stdio::null()).stderr(Stdio::null());
                ask.status().is_ok_and(|status| status.success())
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Program(name) | Self::Library(name) => name,
        }
    }
}

/// A program or a library that comes with a package of the system.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Package {
    /// What is looked for.
    sign: Sign,
    /// Debian's package that has it.
    package: &'static str,
    /// The first tier that needs it.
    tier: Tier,
    /// What for.
    purpose: &'static str,
}

const PACKAGES: [Package; 11] = [
    Package {
        sign: Sign::Program("git"),
        package: "git",
        tier: Tier::Quick,
        purpose: "tidy asks it for the project's files",
    },
    Package {
        sign: Sign::Program("cc"),
        package: "build-essential",
        tier: Tier::Local,
        purpose: "aws-lc, zstd, liblzma and SQLite are C",
    },
    Package {
        sign: Sign::Program("pkg-config"),
        package: "pkg-config",
        tier: Tier::Local,
        purpose: "the build finds OpenSSL by it",
    },
    Package {
        sign: Sign::Library("libcrypto"),
        package: "libssl-dev",
        tier: Tier::Local,
        purpose: "SQLCipher encrypts with it; the one that users get is built along, for minutes",
    },
    Package {
        sign: Sign::Program("strace"),
        package: "strace",
        tier: Tier::Local,
        purpose: "tests see what files and addresses the program opens",
    },
    Package {
        sign: Sign::Program("tmux"),
        package: "tmux",
        tier: Tier::Local,
        purpose: "tests see the full screen in a foreign terminal",
    },
    Package {
        sign: Sign::Library("libotr"),
        package: "libotr5-dev",
        tier: Tier::Local,
        purpose: "tests talk OTR with another program",
    },
    Package {
        sign: Sign::Library("libgcrypt"),
        package: "libgcrypt20-dev",
        tier: Tier::Local,
        purpose: "that other program is linked with it",
    },
    Package {
        sign: Sign::Program("otr_parse"),
        package: "libotr5-bin",
        tier: Tier::Local,
        purpose: "tests forge OTR messages with its programs",
    },
    Package {
        sign: Sign::Program("tor"),
        package: "tor",
        tier: Tier::Tor,
        purpose: "relays of the private Tor network",
    },
    Package {
        sign: Sign::Program("tor-gencert"),
        package: "tor",
        tier: Tier::Tor,
        purpose: "keys of its authorities",
    },
];

/// Folders of system programs that an ordinary user's `PATH` may lack.
const MORE_FOLDERS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Sees to it that every package that `tiers` need is there: installs what is missing where that is possible, and
/// fails otherwise.
pub(crate) fn packages(tiers: &[Tier]) -> Result<(), String> {
    let missing = missing(tiers);
    if missing.is_empty() {
        return Ok(());
    }
    if let (true, Some(apt_get)) = (is_root(), find("apt-get")) {
        let mut packages: Vec<&str> = missing.iter().map(|missing| missing.package).collect();
        packages.dedup();
        println!("installing {}", packages.join(" "));
        let apt_get = |arguments: &[&str]| {
            let mut command = Command::new(&apt_get);
            command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
            command
        };
        step::run(apt_get(&["-qq", "update"]))?;
        let mut install = apt_get(&["-qq", "install", "--yes", "--no-install-recommends"]);
        install.args(packages);
        step::run(install)?;
    }
    let missing = self::missing(tiers);
    if missing.is_empty() { Ok(()) } else { Err(complaint(&missing)) }
}

fn missing(tiers: &[Tier]) -> Vec<Package> {
    let last = tiers.iter().max();
    let needed = PACKAGES.into_iter().filter(|package| Some(&package.tier) <= last);
    needed.filter(|package| !package.sign.is_there()).collect()
}

fn complaint(missing: &[Package]) -> String {
    let lines: String = missing
        .iter()
        .map(|Package { sign, package, purpose, .. }| {
            format!("\n  {}, in Debian's package {package}: {purpose}", sign.name())
        })
        .collect();
    format!("packages are missing on this machine; install them and try again:{lines}")
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(MORE_FOLDERS.iter().map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn is_root() -> bool {
    let mut id = Command::new("id");
    id.arg("-u");
    step::output(id).is_ok_and(|uid| uid.trim() == "0")
}

/// A developer tool of crates.io, at the version that the project was last seen to work with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Runs tests, each in a process of its own, and ends those that hang.
pub(crate) const NEXTEST: Tool = Tool { name: "cargo-nextest", version: "0.9.143" };
/// Checks licences, sources and advisories.
pub(crate) const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
/// Builds and runs fuzz targets.
pub(crate) const FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2" };
/// Changes the code and sees whether tests notice.
pub(crate) const MUTANTS: Tool = Tool { name: "cargo-mutants", version: "27.1.0" };

/// Where everything goes that isn't the project's own.
pub(crate) fn cache_folder() -> PathBuf {
    std::env::var_os("UNDERTONE_CACHE").map(PathBuf::from).unwrap_or_else(|| {
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        home.join(".cache/undertone")
    })
}

/// Where the project's tools are installed.
pub(crate) fn tools_folder() -> PathBuf {
    cache_folder().join("tools")
}

/// Sees to it that a tool is there, of its version or a newer compatible one.
pub(crate) fn tool(tool: Tool) -> Result<(), String> {
    let Tool { name, version } = tool;
    // By way of Cargo: not every one of its tools knows what to do when it is called by itself.
    let mut ask = step::cargo(&[name.trim_start_matches("cargo-"), "--version"]);
    ask.stderr(Stdio::null());
    if let Ok(output) = ask.output()
        && serves(&String::from_utf8_lossy(&output.stdout), version)
    {
        return Ok(());
    }
    println!("installing {name} {version}: some minutes, once");
    let mut install = step::cargo(&["install", "--locked", "--force", "--root"]);
    install.arg(tools_folder()).arg(format!("{name}@{version}"));
    // It would leave its own build among the project's.
    install.env_remove("CARGO_TARGET_DIR");
    step::run(install)
}

/// Whether a tool that says `said` for its version can stand in for `wanted`: the same but for a newer patch.
fn serves(said: &str, wanted: &str) -> bool {
    let numbers = |version: &str| -> Vec<u64> {
        version.split('.').map_while(|number| number.parse().ok()).collect()
    };
    let wanted = numbers(wanted);
    let found = said.split_whitespace().map(numbers).find(|found| found.len() == 3);
    found.is_some_and(|found| found[..2] == wanted[..2] && found >= wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_serves_from_its_version_on_while_compatible() {
        assert!(serves(
            "cargo-nextest 0.9.143 (60fa45f63 2026-08-04)\nrelease: 0.9.143",
            "0.9.143"
        ));
        assert!(serves("cargo-nextest 0.9.151", "0.9.143"));
        assert!(!serves("cargo-nextest 0.9.99", "0.9.143"));
        assert!(!serves("cargo-nextest 0.10.0", "0.9.143"));
        assert!(!serves("", "0.9.143"));
    }

    #[test]
    fn a_missing_program_is_named_with_its_package_and_purpose() {
        let nowhere = Package {
            sign: Sign::Program("no-such-program-anywhere"),
            package: "none",
            tier: Tier::Quick,
            purpose: "to be missed",
        };
        assert!(!nowhere.sign.is_there());
        assert!(!Sign::Library("no-such-library-anywhere").is_there());
        let complaint = complaint(&[nowhere]);
        assert!(
            complaint.contains("no-such-program-anywhere, in Debian's package none: to be missed")
        );
    }

    #[test]
    fn a_tier_needs_what_the_tiers_before_it_need() {
        let needed = |last: Tier| PACKAGES.iter().filter(|package| package.tier <= last).count();
        assert_eq!(needed(Tier::Quick), 1);
        assert_eq!(needed(Tier::Long), PACKAGES.len());
    }
}
