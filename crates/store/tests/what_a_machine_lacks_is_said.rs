//! A full disk, a read-only one, missing rights, another program, damage: each is told apart, nothing
//! is lost by it, and when it is over the profile goes on.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

#[path = "support/profile.rs"]
mod support;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{MESSAGES_OF, contact, message};
use undertone_engine::storage::{View as _, Write, message_id};
use undertone_store::key::{Cost, Protection};
use undertone_store::profile::Profile;
use undertone_store::{Fault, OpenError};

/// Where the part of a test that needs another machine runs.
const PLACE: &str = "UNDERTONE_TEST_PLACE";

fn place() -> Option<PathBuf> {
    std::env::var_os(PLACE).map(PathBuf::from)
}

fn create(path: &Path) -> Profile {
    let mut profile = Profile::create(path, &Protection::Nothing, Cost::FLOOR).unwrap();
    profile.apply(&[Write::PutContact(Box::new(contact(1)))]).unwrap();
    profile.apply(&[put(1, "one")]).unwrap();
    profile.commit().unwrap();
    profile
}

fn put(place: u32, body: &str) -> Write {
    Write::PutMessage(MESSAGES_OF, Box::new(message(place, body)))
}

fn open(path: &Path) -> Result<Profile, OpenError> {
    Profile::open(path, &Protection::Nothing)
}

/// Runs a test of this file again behind other commands of a shell.
fn again(test: &str, place: &Path, wrap: &[&str], script: &str) {
    let status = Command::new(wrap[0])
        .args(&wrap[1..])
        .args(["sh", "-ec", script])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env(PLACE, place)
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
}

const MOUNTING: [&str; 4] = ["unshare", "--user", "--map-root-user", "--mount"];

#[test]
fn a_full_disk() {
    let Some(place) = place() else {
        let folder = tempfile::tempdir().unwrap();
        let script =
            r#"mount -t tmpfs -o size=3m,mode=700 tmpfs "$UNDERTONE_TEST_PLACE"; exec "$0" "$@""#;
        return again("a_full_disk", folder.path(), &MOUNTING, script);
    };
    let path = place.join("profile.db");
    let mut profile = create(&path);
    let filler = place.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 512]).is_ok() {}
    drop(file);
    let mut kept = 1;
    let fault = loop {
        profile.apply(&[put(kept + 1, &"more and more ".repeat(300))]).unwrap();
        match profile.commit() {
            Ok(()) => kept += 1,
            Err(fault) => break fault,
        }
    };
    assert_eq!(fault, Fault::Full);
    assert_eq!(profile.fault(), None, "it can be tried again");
    let there = |profile: &Profile, place| profile.message(message_id(1, place)).is_some();
    assert!((1..=kept).all(|place| there(&profile, place)) && !there(&profile, kept + 1));
    std::fs::remove_file(&filler).unwrap();
    profile.apply(&[put(kept + 1, "there is room")]).unwrap();
    profile.commit().unwrap();
    profile.settle().unwrap();
    drop(profile);
    let profile = open(&path).unwrap();
    assert!((1..=kept + 1).all(|place| there(&profile, place)));
    profile.check().unwrap();
}

#[test]
fn a_read_only_disk() {
    let Some(place) = place() else {
        let folder = tempfile::tempdir().unwrap();
        drop(create(&folder.path().join("profile.db")));
        let script = r#"p="$UNDERTONE_TEST_PLACE"; mount --bind "$p" "$p"; mount -o remount,ro,bind "$p"; exec "$0" "$@""#;
        return again("a_read_only_disk", folder.path(), &MOUNTING, script);
    };
    let error = open(&place.join("profile.db")).unwrap_err();
    assert_eq!(error, OpenError::Fault(Fault::ReadOnly));
}

#[test]
fn no_right_to_the_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let Some(place) = place() else {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("profile.db");
        drop(create(&path));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        let caps =
            ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"];
        again("no_right_to_the_file", folder.path(), &caps, r#"exec "$0" "$@""#);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        return assert!(open(&path).is_ok());
    };
    let error = open(&place.join("profile.db")).unwrap_err();
    assert_eq!(error, OpenError::Fault(Fault::Denied));
}

#[test]
fn another_program_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.db");
    let (mut profile, mut other) = (create(&path), open(&path).unwrap());
    other.begin().unwrap();
    assert_eq!(profile.apply(&[put(2, "two")]), Err(Fault::Busy));
    assert_eq!(profile.commit(), Err(Fault::Busy));
    other.roll_back();
    profile.apply(&[put(2, "two")]).unwrap();
    profile.commit().unwrap();
    assert!(profile.message(message_id(1, 2)).is_some());
}

/// A look-up that meets damage answers nothing, and nothing that was decided on it is kept.
#[test]
fn damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.db");
    let mut profile = create(&path);
    for place in 2..400 {
        profile.apply(&[put(place, &"many words ".repeat(30))]).unwrap();
    }
    profile.commit().unwrap();
    profile.settle().unwrap();
    drop(profile);
    let whole = std::fs::read(&path).unwrap();
    let mut bytes = whole.clone();
    // All but the first pages, on which the tables are described.
    for page in bytes.chunks_exact_mut(4096).skip(24) {
        page[2_000] ^= 1;
    }
    std::fs::write(&path, &bytes).unwrap();
    let mut profile = open(&path).unwrap();
    assert_eq!(profile.check(), Err(Fault::Damaged));
    let lost = (1..400).find(|place| profile.message(message_id(1, *place)).is_none());
    assert!(lost.is_some());
    assert_eq!(profile.fault(), Some(Fault::Damaged));
    assert_eq!(profile.apply(&[put(400, "new")]), Err(Fault::Damaged));
    assert_eq!(profile.commit(), Err(Fault::Damaged));
    drop(profile);

    for bytes in [&whole[..100], &[0; 8192], &whole[4096..]] {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(open(&path).unwrap_err(), OpenError::Fault(Fault::Damaged));
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "nothing is made anew in its place");
    }
    std::fs::write(&path, &whole).unwrap();
    assert!(open(&path).unwrap().message(message_id(1, 399)).is_some());
}

#[test]
fn every_fault_has_its_sentences() {
    let faults = [
        Fault::Denied,
        Fault::ReadOnly,
        Fault::Full,
        Fault::Busy,
        Fault::Damaged,
        Fault::Io(std::io::ErrorKind::Other),
    ];
    let told: Vec<String> =
        faults.iter().map(|fault| format!("{fault}\n  {}", fault.hint())).collect();
    insta::assert_snapshot!(told.join("\n"));
}
