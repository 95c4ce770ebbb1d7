//! A backup onto a full and a read-only disk: a sentence, no half file, and it goes on
//! when there is room.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::num::NonZeroU16;
use std::path::Path;
use std::process::Command;

use undertone_store::backup::{Reader, WriteError, Writer};
use undertone_store::key::{Cost, Passphrase};

/// The folder in which this process, run anew, finds its small disk.
const INSIDE: &str = "UNDERTONE_TEST_SMALL_DISK";

fn passphrase() -> Passphrase {
    Passphrase::new("swordfish").unwrap()
}

/// A backup of so many records of 10,000 bytes.
fn back_up(path: &Path, records: usize) -> Result<(), WriteError> {
    let mut writer = Writer::create(path, &passphrase(), Cost::FLOOR)?;
    for _ in 0..records {
        writer.put(NonZeroU16::MIN, &[7; 10_000])?;
    }
    writer.finish()
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

/// Runs this test again as root of a namespace of its own, in which it may mount.
fn run_inside(folder: &Path) {
    let script = r#"
        mount -t tmpfs -o size=256k,mode=700 tmpfs "$1"
        "$0" --exact no_room_and_read_only
        mount -o remount,ro "$1"
        UNDERTONE_TEST_READ_ONLY=1 "$0" --exact no_room_and_read_only
    "#;
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-ec", script]);
    let output = command.args([own.as_path(), folder]).env(INSIDE, folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let ran = String::from_utf8_lossy(&output.stdout).matches("1 passed").count();
    assert_eq!(ran, 2, "it did not run inside");
}

#[test]
fn no_room_and_read_only() {
    let Some(folder) = std::env::var_os(INSIDE) else {
        let folder = tempfile::tempdir().unwrap();
        run_inside(folder.path());
        return;
    };
    let folder = Path::new(&folder);
    let path = folder.join("work.backup");
    if std::env::var_os("UNDERTONE_TEST_READ_ONLY").is_some() {
        let error = back_up(&folder.join("other.backup"), 1).unwrap_err();
        assert_eq!(error.to_string(), "the backup can't be written there: the folder is read-only");
        assert_eq!(Reader::open(&path, &passphrase()).unwrap().count(), 10);
        return;
    }
    // More than there is room for; and less, but the room is taken by something else.
    assert_eq!(back_up(&path, 100).unwrap_err(), WriteError::NoRoom);
    assert_eq!(files(folder), 0);
    let filler = folder.join("filler");
    std::fs::write(&filler, vec![0; 150_000]).unwrap();
    assert_eq!(back_up(&path, 10).unwrap_err(), WriteError::NoRoom);
    assert_eq!(files(folder), 1);
    std::fs::remove_file(&filler).unwrap();
    back_up(&path, 10).unwrap();
    assert_eq!(files(folder), 1);
    let records = Reader::open(&path, &passphrase()).unwrap();
    for record in records {
        match record {
            Ok(record) => assert_eq!(record.bytes.as_slice(), [7; 10_000]),
            Err(error) => panic!("{error}"),
        }
    }
}
