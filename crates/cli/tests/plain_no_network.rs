//! Without a way to the network both sides say so in time.

mod support;

use std::time::{Duration, Instant};

use support::reading::read;
use support::tor::{entries, home};
use support::{Place, Plain, SOON};

/// What the manual promises, with the start of the program.
const TOLD: Duration = Duration::from_secs(90);

/// One authority, at a port where nobody listens.
const NOWHERE: &str = r#"
[tor_network]
fallback_caches = [
  { rsa_identity = "5515FEF91DFC83950548DF872034C46429D4153A", ed_identity = "UnYGZFJSvoJ6HUhoHpIba3l91qM5vTIBwQDRcj9EoGw", orports = ["127.0.0.1:1"] },
]
[tor_network.authorities]
v3idents = ["89DAD492510CBC5DA244496D15AE4A6BE6A66D0F"]
uploads = [["127.0.0.1:1"]]
downloads = [["127.0.0.1:1"]]
votes = [["127.0.0.1:1"]]
"#;

#[test]
fn both_sides_are_told_and_nothing_is_left() {
    let configuration = home();
    let path = configuration.path().join("arti.toml");
    std::fs::write(&path, NOWHERE).unwrap();
    let begin = Instant::now();
    let mut sides = [("-s", "host"), ("-c", "guest")].map(|(role, who)| {
        let home = home();
        let place = Place { home: Some(home.path()), variables: Vec::new() };
        let arguments = ["chat", role, "--plain", "--nick", "hilde", "--peer", "gustav"];
        let network = ["--network", "arti", "--tor-config", path.to_str().unwrap()];
        let mut side = Plain::start_in(&place, &[&arguments[..], &network].concat());
        side.line("93-otter-lantern-mesa");
        (side, home, who)
    });
    for (side, home, who) in &mut sides {
        let read = read(side, begin, TOLD + SOON, &[("93-otter-lantern-mesa", "CODE")]);
        assert_eq!(read.code, 3);
        assert!(read.took < TOLD, "{:?}", read.took);
        assert_eq!(entries(home.path()).len(), 0, "left behind");
        insta::assert_snapshot!(*who, read.text);
    }
}
