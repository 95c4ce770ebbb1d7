//! Databases that earlier programs wrote open in this one, with everything that was in them.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use undertone_store::OpenError;
use undertone_store::key::{KeyError, Passphrase, Protection};
use undertone_store::sessions::{Sessions, Stage};

/// A copy of a golden database, which opening may change.
fn copy(name: &str, folder: &Path) -> PathBuf {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let path = folder.join(name);
    for suffix in ["", ".key"] {
        let from = golden.join(format!("{name}{suffix}"));
        std::fs::copy(from, folder.join(format!("{name}{suffix}"))).unwrap();
    }
    path
}

fn passphrase(text: &str) -> Protection {
    Protection::Passphrase(Passphrase::new(text).unwrap())
}

#[test]
fn version_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = copy("sessions-v1.db", folder.path());
    assert!(Sessions::needs_passphrase(&path).unwrap());
    let wrong = Sessions::open(&path, &passphrase("another")).err();
    assert_eq!(wrong, Some(OpenError::Key(KeyError::WrongPassphrase)));

    let mut sessions = Sessions::open(&path, &passphrase("an old passphr\u{e4}se")).unwrap();
    let all = sessions.list().unwrap();
    let told: Vec<_> =
        all.iter().map(|one| (one.name.as_str(), one.stage, one.verified, one.created)).collect();
    assert_eq!(
        told,
        [
            ("ana", Stage::Offered, false, 1_763_700_000),
            ("ben", Stage::Open, true, 1_763_700_001),
            ("cy", Stage::Exported, false, 1_763_700_002),
        ]
    );
    let ben = sessions.get::<Infallible>("ben").unwrap();
    assert_eq!(ben.state.as_slice(), [7; 6_000]);
    assert_eq!((ben.peer, ben.fingerprint), (Some([1; 32]), Some([2; 32])));
    let kept = sessions.change("ben", |turn| Ok::<_, Infallible>(turn.kept(b"packet").unwrap()));
    assert_eq!(kept.unwrap().unwrap().as_slice(), b"a kept text");
}
