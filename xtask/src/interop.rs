//! Live sessions with programs of others that have no place in the workspace.

use crate::step::{self, Tally};
use crate::{Outcome, machine, nextest, no_arguments};

/// A peer: its name, and the manifest of its workspace.
type Peer = (&'static str, &'static str);

/// The peers, each a workspace of its own: otrr is under the LGPL and stands on an older generation of primitives.
const PEERS: [Peer; 1] = [("otrr", "interop/otrr/Cargo.toml")];

/// Runs the tests with one peer or all.
pub(crate) fn command(arguments: &[String]) -> Outcome {
    let chosen = chosen(arguments)?;
    machine::tool(machine::NEXTEST)?;
    let mut tally = Tally::default();
    tests(&mut tally, &chosen);
    println!("{}", tally.summary());
    Ok(tally.is_well())
}

fn chosen(arguments: &[String]) -> Result<Vec<Peer>, String> {
    let Some((name, rest)) = arguments.split_first() else { return Ok(PEERS.to_vec()) };
    no_arguments("interop NAME", rest)?;
    let found = PEERS.into_iter().find(|(peer, _)| peer == name);
    let names = PEERS.map(|(peer, _)| peer).join(", ");
    Ok(vec![found.ok_or_else(|| format!("{name} is no peer; there are: {names}"))?])
}

/// Gets what all peers are made of.
pub(crate) fn fetch() -> Result<(), String> {
    for (_, manifest) in PEERS {
        step::run(step::cargo(&["fetch", "--locked", "--manifest-path", manifest]))?;
    }
    Ok(())
}

/// Runs the tests with all peers, as steps of a longer run.
pub(crate) fn all(tally: &mut Tally) {
    tests(tally, &PEERS);
}

fn tests(tally: &mut Tally, peers: &[Peer]) {
    for (name, manifest) in peers {
        tally.step(&format!("live sessions with {name}"), |tally| {
            let command = step::cargo(&["nextest", "run", "--locked", "--manifest-path", manifest]);
            nextest::nextest(command, tally).map(drop)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_peer_has_its_workspace_and_others_are_refused() {
        for (name, manifest) in PEERS {
            let text = std::fs::read_to_string(step::root().join(manifest)).unwrap();
            assert!(text.contains("\n[workspace]\n"), "{name}");
        }
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(chosen(&words("otrr")), Ok(vec![PEERS[0]]));
        assert!(chosen(&words("libotr-ng")).unwrap_err().contains("there are: otrr"));
        assert!(chosen(&words("otrr more")).is_err());
    }
}
