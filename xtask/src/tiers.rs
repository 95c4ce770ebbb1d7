//! The tiers of tests, from seconds to minutes.

use std::collections::BTreeSet;
use std::fs;
use std::time::Instant;

use crate::step::{self, Tally};
use crate::testnet::Keeper;
use crate::{Outcome, check, interop, machine, nextest, sim};

/// Crates without C, network or clock: what they mean can be tested within a minute. `tui` is among them because it
/// knows nothing but a handle.
pub(crate) const CORE: [&str; 8] = [
    "undertone-ratchet",
    "undertone-smp",
    "undertone-otr",
    "undertone-wire",
    "undertone-handle",
    "undertone-engine",
    "undertone-sim",
    "undertone-tui",
];

/// Holds the least number of tests over onion services that a run must have.
const TOR_TESTS: &str = "xtask/tor-tests.min";

/// The crate whose tests are about the private network itself and no onion service.
const NETWORK_CRATE: &str = "undertone-testnet";

/// A tier; a later one takes longer and stands on those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// Formatting, lints, licences and tests of the core crates.
    Quick,
    /// Everything else that needs no Tor.
    Local,
    /// Onion services of a private Tor network.
    Tor,
    /// Simulation, fuzz replay, kills.
    Long,
}

const TIERS: [(Tier, &str); 4] =
    [(Tier::Quick, "quick"), (Tier::Local, "local"), (Tier::Tor, "tor"), (Tier::Long, "long")];

impl Tier {
    /// Selects the tier's tests by the names of their binaries. nextest refuses a pattern that nothing matches; `xtask`,
    /// which is no integration test, keeps each one legal.
    fn filter(self) -> String {
        let chosen = match self {
            Self::Quick => "not (kind(test) & binary(/^(tor_|long_|xtask$)/))",
            Self::Local => {
                let core = CORE.map(|name| format!("package({name})")).join(" | ");
                return format!("{} - ({core})", Self::Quick.filter());
            }
            Self::Tor => "kind(test) & binary(/^(tor_|xtask$)/)",
            Self::Long => "kind(test) & binary(/^(long_|xtask$)/)",
        };
        chosen.to_owned()
    }
}

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Wish<'a> {
    tiers: Vec<Tier>,
    /// Parts of names; a test runs if it has one of them, or if there are none.
    names: &'a [String],
}

impl<'a> Wish<'a> {
    fn parse(arguments: &'a [String]) -> Result<Self, String> {
        let cut = arguments.iter().position(|word| word == "--").unwrap_or(arguments.len());
        let (words, names) = arguments.split_at(cut);
        let mut tiers = BTreeSet::new();
        for word in words {
            let found = TIERS.iter().find(|(_, name)| name == word);
            let (tier, _) = found.ok_or_else(|| {
                format!(
                    "{word} is no tier: take some of quick, local, tor and long, or none for all"
                )
            })?;
            tiers.insert(*tier);
        }
        if tiers.is_empty() {
            tiers.extend(TIERS.iter().map(|(tier, _)| *tier));
        }
        Ok(Self { tiers: tiers.into_iter().collect(), names: names.get(1..).unwrap_or_default() })
    }

    fn has(&self, tier: Tier) -> bool {
        self.tiers.contains(&tier)
    }
}

/// Runs tiers of tests. Ends after `quick` or the build if these fail; a later tier's failure stops nothing.
pub(crate) fn test(arguments: &[String]) -> Outcome {
    let wish = Wish::parse(arguments)?;
    let mut tally = Tally::default();
    let begin = Instant::now();
    tally.step("packages and tools", |_| {
        machine::packages(&wish.tiers)?;
        machine::tool(machine::NEXTEST)?;
        if wish.has(Tier::Quick) { machine::tool(machine::DENY) } else { Ok(()) }
    });
    if tally.is_well() {
        tally.step("fetch", |_| {
            step::run(step::cargo(&["fetch", "--locked"]))?;
            if wish.has(Tier::Long) { interop::fetch() } else { Ok(()) }
        });
    }
    if tally.is_well() && wish.has(Tier::Quick) {
        timed("quick", || quick(&mut tally, &wish));
    }
    if tally.is_well() && wish.tiers.iter().any(|tier| *tier > Tier::Quick) {
        let mut built = false;
        timed("build", || built = build(&mut tally));
        if built {
            for (tier, name) in
                TIERS.into_iter().filter(|(tier, _)| *tier > Tier::Quick && wish.has(*tier))
            {
                timed(name, || match tier {
                    Tier::Quick | Tier::Local => local(&mut tally, &wish),
                    Tier::Tor => tor(&mut tally, &wish),
                    Tier::Long => long(&mut tally, &wish),
                });
            }
        }
    }
    println!("whole run: {:.0} s\n", begin.elapsed().as_secs_f64());
    println!("{}", tally.summary());
    Ok(tally.is_well())
}

fn timed(tier: &str, work: impl FnOnce()) {
    let begin = Instant::now();
    work();
    println!("<== {tier}: {:.1} s in all\n", begin.elapsed().as_secs_f64());
}

/// The cheapest first, so that a mistake shows within seconds.
fn quick(tally: &mut Tally, wish: &Wish<'_>) {
    tally.step("quick: formatting", |_| check::formatting());
    tally.step("quick: tidy", |_| crate::tidy::tidy());
    tally.step("quick: licences, bans, sources", |_| check::licences());
    let core: Vec<&str> = CORE.iter().flat_map(|name| ["-p", name]).collect();
    tally.step("quick: lints of the core crates", |_| check::lints(&core));
    tally.step("quick: tests of the core crates", |tally| {
        nextest::nextest(tests(Tier::Quick, &core, wish), tally).map(drop)
    });
    doctests(tally, "quick: documentation tests", &core, wish);
}

/// Builds everything once, before a network runs: votes that a compiler delays are lost. Says whether it could.
fn build(tally: &mut Tally) -> bool {
    let before = tally.broken.len();
    tally.step("build: programs and tests", |_| {
        step::run(step::cargo(&["build", "--locked", "--workspace", "--all-targets"]))?;
        step::run(step::cargo(&["nextest", "run", "--locked", "--workspace", "--no-run"]))
    });
    tally.broken.len() == before
}

/// Always over the whole workspace: another choice of crates would give their dependencies other features, and Tor would
/// be compiled once more.
fn local(tally: &mut Tally, wish: &Wish<'_>) {
    tally.step("local: lints", |_| check::lints(&["--workspace"]));
    tally.step("local: documentation", |_| check::documentation());
    tally.step("local: tests", |tally| {
        nextest::nextest(tests(Tier::Local, &["--workspace"], wish), tally).map(drop)
    });
    doctests(tally, "local: documentation tests", &["--workspace"], wish);
}

fn tor(tally: &mut Tally, wish: &Wish<'_>) {
    let mut network = None;
    tally.step("tor: private network", |_| {
        network = Some(Keeper::start(&[])?);
        Ok(())
    });
    let Some(network) = network else { return };
    tally.step("tor: tests", |tally| {
        let mut command = tests(Tier::Tor, &["--workspace", "--status-level", "pass"], wish);
        command.env(crate::testnet::ENVIRONMENT, network.description());
        let report = nextest::nextest(command, tally)?;
        let ran = report.names.iter().filter(|name| !name.starts_with(NETWORK_CRATE)).count();
        println!("{ran} tests passed over real onion services");
        if wish.names.is_empty() { enough(ran) } else { Ok(()) }
    });
    tally.step("tor: end of the network", |_| network.stop());
}

fn long(tally: &mut Tally, wish: &Wish<'_>) {
    tally.step("long: tests", |tally| {
        nextest::nextest(tests(Tier::Long, &["--workspace"], wish), tally).map(drop)
    });
    if wish.names.is_empty() {
        interop::all(tally);
        tally.step("long: simulator", |_| sim::simulate(&["seeds", sim::IN_CI]).map(drop));
    }
}

/// A run in which tests over onion services went missing must not pass for a whole one.
fn enough(ran: usize) -> Result<(), String> {
    let text = fs::read_to_string(step::root().join(TOR_TESTS))
        .map_err(|error| format!("{TOR_TESTS}: {error}"))?;
    let least = least(&text).ok_or_else(|| format!("{TOR_TESTS} has no number"))?;
    if ran >= least {
        Ok(())
    } else {
        Err(format!("{ran} tests passed over real onion services, and {TOR_TESTS} wants {least}"))
    }
}

fn least(text: &str) -> Option<usize> {
    text.lines().find(|line| !line.starts_with('#'))?.trim().parse().ok()
}

fn tests(tier: Tier, which: &[&str], wish: &Wish<'_>) -> std::process::Command {
    let mut command = step::cargo(&["nextest", "run", "--locked", "--no-tests=pass"]);
    command.args(which).args(["-E", &tier.filter()]);
    command.env_remove(crate::testnet::ENVIRONMENT);
    command.args(wish.names);
    command
}

/// Examples of the documentation, unless tests were asked for by name.
fn doctests(tally: &mut Tally, name: &str, which: &[&str], wish: &Wish<'_>) {
    if wish.names.is_empty() {
        tally.step(name, |tally| {
            let mut command = step::cargo(&["test", "--locked", "--doc"]);
            command.args(which);
            nextest::doctests(command, tally).map(drop)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn no_tier_means_all_and_tiers_come_in_their_order() {
        assert_eq!(Wish::parse(&[]).unwrap().tiers.len(), 4);
        let words = words("long quick long");
        assert_eq!(Wish::parse(&words).unwrap().tiers, [Tier::Quick, Tier::Long]);
    }

    #[test]
    fn names_follow_a_double_dash() {
        let words = words("tor -- strangers kills");
        let wish = Wish::parse(&words).unwrap();
        assert_eq!((wish.tiers.as_slice(), wish.names), (&[Tier::Tor][..], &words[2..]));
    }

    #[test]
    fn an_unknown_tier_is_refused() {
        assert!(Wish::parse(&words("slow")).unwrap_err().contains("slow is no tier"));
    }

    #[test]
    fn the_least_number_is_the_first_line_that_is_no_comment() {
        assert_eq!(least("# why\n12\n"), Some(12));
        assert_eq!(least("# why\n"), None);
        assert_eq!(least("many"), None);
    }
}
