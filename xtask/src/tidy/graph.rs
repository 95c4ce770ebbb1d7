//! Which crate may know which.

use serde_json::Value;

use super::Finding;

/// The arrows of the house: what each crate may name among our own. Whatever isn't here may name nothing.
const ARROWS: [(&str, &[&str]); 17] = [
    (
        "undertone-cli",
        &[
            "undertone-tui",
            "undertone-tools",
            "undertone-node",
            "undertone-handle",
            "undertone-net",
            "undertone-wire",
        ],
    ),
    ("undertone-tui", &["undertone-handle", "undertone-wire"]),
    (
        "undertone-node",
        &[
            "undertone-handle",
            "undertone-engine",
            "undertone-net",
            "undertone-net-arti",
            "undertone-wire",
            "undertone-ratchet",
        ],
    ),
    ("undertone-net-arti", &["undertone-net", "undertone-wire"]),
    ("undertone-net", &["undertone-wire"]),
    (
        "undertone-engine",
        &["undertone-wire", "undertone-handle", "undertone-ratchet", "undertone-smp"],
    ),
    ("undertone-handle", &["undertone-wire"]),
    ("undertone-wire", &["undertone-ratchet"]),
    ("undertone-ratchet", &[]),
    ("undertone-smp", &[]),
    ("undertone-otr", &["undertone-smp"]),
    ("undertone-interop", &["undertone-otr"]),
    (
        "undertone-store",
        &["undertone-engine", "undertone-handle", "undertone-wire", "undertone-ratchet"],
    ),
    (
        "undertone-tools",
        &[
            "undertone-handle",
            "undertone-otr",
            "undertone-ratchet",
            "undertone-smp",
            "undertone-store",
        ],
    ),
    (
        "undertone-sim",
        &["undertone-engine", "undertone-handle", "undertone-wire", "undertone-ratchet"],
    ),
    ("undertone-testnet", &[]),
    ("xtask", &[]),
];

/// Measures everything, so may name everything.
const BENCH: &str = "undertone-bench";

/// What any crate's tests may name besides, and besides all that the crate stands on: a private network, and programs of
/// others.
const FOR_TESTS: [&str; 2] = ["undertone-testnet", "undertone-interop"];

/// Crates of others that only some of ours may name, so that a change of them ends at a wall.
const WALLS: [(&str, &[&str]); 7] = [
    ("arti-", &["undertone-net-arti"]),
    ("tor-", &["undertone-net-arti"]),
    ("safelog", &["undertone-net-arti"]),
    // The embedded client needs its provider installed before its first use.
    ("rustls", &["undertone-net", "undertone-net-arti"]),
    ("tokio-rustls", &["undertone-net"]),
    ("rcgen", &["undertone-net"]),
    ("rusqlite", &["undertone-store"]),
];

/// What no core crate may name itself.
const NOT_IN_CORE: [&str; 6] = ["getrandom", "rand", "rustix", "libc", "async-trait", "futures"];

/// The core crates that build without the standard library; that they name nothing of it, the compiler checks.
const WITHOUT_STD: [&str; 2] = ["ratchet", "smp"];

/// Checks what our crates name, from `cargo metadata --no-deps`.
pub(super) fn directions(metadata: &str) -> Result<Vec<Finding>, String> {
    let metadata: Value = serde_json::from_str(metadata).map_err(|error| error.to_string())?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata names no packages")?;
    let mut findings = Vec::new();
    for package in packages {
        let name = package["name"].as_str().ok_or("a package has no name")?;
        let dependencies = package["dependencies"].as_array().ok_or("a package has no list")?;
        for dependency in dependencies {
            let other = dependency["name"].as_str().ok_or("a dependency has no name")?;
            let for_tests = dependency["kind"].as_str() == Some("dev");
            if let Some(why) = refused(name, other, for_tests) {
                findings.push(Finding::whole(name, format!("names {other}: {why}")));
            }
            if other == "tokio"
                && is_core(name)
                && let Some(why) = refused_tokio(name, dependency)
            {
                findings.push(Finding::whole(name, why));
            }
        }
    }
    Ok(findings)
}

fn arrows(package: &str) -> &'static [&'static str] {
    ARROWS.iter().find(|(from, _)| *from == package).map_or(&[], |(_, to)| to)
}

/// Whether arrows lead from one crate to the other, over others if need be. They go round no circle.
fn is_beneath(package: &str, other: &str) -> bool {
    arrows(package).iter().any(|next| *next == other || is_beneath(next, other))
}

fn is_core(package: &str) -> bool {
    package.strip_prefix("undertone-").is_some_and(|name| super::CORE.contains(&name))
}

fn refused(package: &str, other: &str, for_tests: bool) -> Option<String> {
    if package == BENCH {
        return None;
    }
    if other.starts_with("undertone-") || other == "xtask" {
        let there = arrows(package).contains(&other);
        let allowed =
            there || (for_tests && (FOR_TESTS.contains(&other) || is_beneath(package, other)));
        return (!allowed)
            .then(|| "no arrow of the house goes there (xtask/src/tidy/graph.rs)".to_owned());
    }
    let wall = WALLS.iter().find(|(start, _)| {
        if start.ends_with('-') { other.starts_with(start) } else { other == *start }
    });
    if let Some((_, inside)) = wall
        && !inside.contains(&package)
    {
        return Some(format!("only {} may", inside.join(" and ")));
    }
    (is_core(package) && !for_tests && NOT_IN_CORE.contains(&other))
        .then(|| "a core crate has no IO, randomness or waiting of its own".to_owned())
}

/// Channels are all of tokio that a core crate may have, and only the handle may.
fn refused_tokio(package: &str, dependency: &Value) -> Option<String> {
    let features = dependency["features"].as_array().map(Vec::as_slice).unwrap_or_default();
    let bare = dependency["uses_default_features"].as_bool() == Some(false);
    if dependency["kind"].as_str() == Some("dev") || package != "undertone-handle" {
        return Some("names tokio: a core crate waits for nothing".to_owned());
    }
    let channels_only = bare && features.iter().all(|feature| feature.as_str() == Some("sync"));
    (!channels_only).then(|| "names more of tokio than the feature sync".to_owned())
}

/// Checks everything that core crate `name` is built from, a line each as `name vVERSION|features`: no C, no runtime,
/// no source of randomness.
pub(super) fn tree(name: &str, tree: &str) -> Vec<Finding> {
    let package = format!("undertone-{name}");
    let mut findings: Vec<Finding> = tree
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(other, rest)| {
            let features = rest.split_once('|').map_or("", |(_, features)| features);
            let why = refused_below(other, features).or_else(|| {
                // What runs while a crate is built may have it.
                let needs_std =
                    other != "semver" && features.split(',').any(|feature| feature == "std");
                (WITHOUT_STD.contains(&name) && needs_std)
                    .then_some("with the feature std, which its crate does without")
            })?;
            Some(Finding::whole(&package, format!("is built from {other}: {why}")))
        })
        .collect();
    if findings.is_empty() && !tree.starts_with(&package) {
        findings.push(Finding::whole(&package, "cargo tree doesn't tell what it is built from"));
    }
    findings.sort();
    findings.dedup();
    findings
}

fn refused_below(other: &str, features: &str) -> Option<&'static str> {
    // Rust's own descriptions of system calls: no C in them.
    let described = ["linux-raw-sys", "windows-sys"].contains(&other);
    match other {
        "cc" | "cmake" | "bindgen" | "pkg-config" => Some("a core crate builds without C"),
        "getrandom" | "rand" | "fastrand" => Some("randomness is an argument"),
        "tokio" if features.split(',').any(|feature| !["sync", ""].contains(&feature)) => {
            Some("channels are all of tokio that a core crate may have")
        }
        "mio" | "async-std" | "smol" => Some("a core crate waits for nothing"),
        _ if other.ends_with("-sys") && !described => Some("a core crate builds without C"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(package: &str, dependency: Value) -> Vec<String> {
        let metadata = json!({ "packages": [{ "name": package, "dependencies": [dependency] }] });
        directions(&metadata.to_string()).unwrap().iter().map(ToString::to_string).collect()
    }

    fn named(package: &str, other: &str) -> bool {
        !found(package, json!({ "name": other, "kind": null })).is_empty()
    }

    #[test]
    fn an_arrow_against_the_direction_is_found() {
        for (from, to) in [
            ("undertone-wire", "undertone-engine"),
            ("undertone-engine", "undertone-node"),
            ("undertone-tui", "undertone-engine"),
            ("undertone-smp", "undertone-wire"),
            ("undertone-net", "undertone-testnet"),
            ("undertone-new", "undertone-wire"),
        ] {
            assert!(named(from, to), "{from} → {to}");
        }
    }

    #[test]
    fn every_arrow_of_the_house_is_allowed() {
        for (from, all) in ARROWS {
            for to in all {
                assert!(!named(from, to), "{from} → {to}");
            }
        }
        assert!(!named(BENCH, "undertone-engine"));
    }

    #[test]
    fn the_arrows_go_round_no_circle() {
        let mut left: Vec<_> = ARROWS.to_vec();
        while !left.is_empty() {
            let names: Vec<&str> = left.iter().map(|(from, _)| *from).collect();
            let before = left.len();
            left.retain(|(_, to)| to.iter().any(|to| names.contains(to)));
            assert!(left.len() < before, "a circle among {names:?}");
        }
    }

    #[test]
    fn tests_may_name_what_is_for_them_and_what_their_crate_stands_on() {
        let dependency = |name| json!({ "name": name, "kind": "dev" });
        for name in FOR_TESTS {
            assert!(found("undertone-net-arti", dependency(name)).is_empty());
            assert!(named("undertone-net-arti", name));
        }
        assert!(found("undertone-net-arti", dependency("undertone-ratchet")).is_empty());
        assert!(!found("undertone-net-arti", dependency("undertone-smp")).is_empty());
        assert!(!found("undertone-wire", dependency("undertone-engine")).is_empty());
    }

    #[test]
    fn walls_hold() {
        for (from, other) in [
            ("undertone-node", "arti-client"),
            ("undertone-cli", "tor-hsservice"),
            ("undertone-node", "rustls"),
            ("undertone-net-arti", "rcgen"),
            ("undertone-node", "safelog"),
            ("undertone-node", "rusqlite"),
        ] {
            assert!(named(from, other), "{from} → {other}");
        }
        for (from, other) in [
            ("undertone-net-arti", "tor-hsservice"),
            ("undertone-net-arti", "rustls"),
            ("undertone-net", "rcgen"),
            ("undertone-store", "rusqlite"),
            ("undertone-node", "tokio"),
            ("undertone-node", "getrandom"),
        ] {
            assert!(!named(from, other), "{from} → {other}");
        }
    }

    #[test]
    fn a_core_crate_with_randomness_of_its_own_is_found() {
        for other in NOT_IN_CORE {
            assert!(named("undertone-wire", other), "{other}");
        }
    }

    #[test]
    fn the_handle_may_have_channels_and_no_more() {
        let tokio = |features: Value, default: bool| json!({ "name": "tokio", "kind": null, "features": features, "uses_default_features": default });
        assert!(found("undertone-handle", tokio(json!(["sync"]), false)).is_empty());
        assert!(!found("undertone-handle", tokio(json!(["sync", "rt"]), false)).is_empty());
        assert!(!found("undertone-handle", tokio(json!(["sync"]), true)).is_empty());
        assert!(!found("undertone-engine", tokio(json!(["sync"]), false)).is_empty());
    }

    #[test]
    fn c_randomness_and_runtimes_below_a_core_crate_are_found() {
        let root = "undertone-wire v0.1.0 (/x)|\n";
        for line in [
            "cc v1.0.0|",
            "zstd-sys v2.0.0|",
            "getrandom v0.4.0|",
            "tokio v1.0.0|rt,sync",
            "mio v1.0.0|net",
        ] {
            assert_eq!(tree("wire", &format!("{root}{line}\n{line}\n")).len(), 1, "{line}");
        }
        for line in ["tokio v1.0.0|sync", "linux-raw-sys v0.12.1|general", "sha2 v0.11.1|"] {
            assert_eq!(tree("wire", &format!("{root}{line}\n")).len(), 0, "{line}");
        }
    }

    #[test]
    fn the_standard_library_below_a_crate_without_it_is_found() {
        let tree_of = |name: &str, features: &str| {
            tree(name, &format!("undertone-{name} v0.1.0 (/x)|\nthiserror v2.0.0|{features}\n"))
        };
        assert_eq!(tree_of("ratchet", "default,std").len(), 1);
        assert_eq!(tree_of("ratchet", "").len(), 0);
        assert_eq!(tree_of("wire", "default,std").len(), 0);
    }

    #[test]
    fn a_tree_that_tells_nothing_is_found() {
        assert_eq!(tree("wire", "").len(), 1);
    }
}
