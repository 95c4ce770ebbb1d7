//! What a `kill -9` leaves is removed at the next start, and nothing else is.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod environment;

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use environment::{entries, memory, place, role, say, start, wait_forever};
use rustix::process::Signal;
use undertone_node::environment::ram::{Place, RamDir};

const NAME: &str = "undertone-0123456789abcdef0123456789abcdef";

fn closed(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_killed_process_directory_goes_and_a_living_ones_stays() {
    if let Some(path) = role() {
        let ram = RamDir::create_in(&[Place { label: "test", path: path.into() }]).unwrap();
        std::fs::create_dir(ram.path().join("state")).unwrap();
        std::fs::write(ram.path().join("state/guards"), "x").unwrap();
        say(ram.path().display());
        wait_forever();
    }
    let base = memory();
    let test = "a_killed_process_directory_goes_and_a_living_ones_stays";
    let role = base.path().to_str().unwrap().to_owned();
    let (mut killed, mut living) = (start(test, &role, |_| {}), start(test, &role, |_| {}));
    let (left, kept) = (killed.line(), living.line());
    killed.signal(Signal::KILL);
    assert_eq!(killed.end().signal, Some(9));
    assert!(Path::new(&left).join("state/guards").exists());

    let ram = RamDir::create_in(&[place(&base)]).unwrap();
    assert_eq!(ram.swept(), 1);
    assert!(!Path::new(&left).exists());
    assert!(Path::new(&kept).join("state/guards").exists());

    living.signal(Signal::KILL);
    let _ended = living.end();
    let other = RamDir::create_in(&[place(&base)]).unwrap();
    assert_eq!(other.swept(), 1);
    assert_eq!(entries(base.path()).len(), 2);
}

#[test]
fn only_what_could_be_ours_is_swept() {
    let (base, outside) = (memory(), memory());
    std::fs::write(outside.path().join("kept"), "kept").unwrap();
    closed(outside.path());
    // A link by our name, a file by our name, a directory open to others, other names.
    symlink(outside.path(), base.path().join(NAME)).unwrap();
    std::fs::write(base.path().join(NAME.replace('0', "1")), "file").unwrap();
    let open = base.path().join(NAME.replace('0', "2"));
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
    for other in ["undertone-", "undertone-notes", "mutter-0123456789abcdef0123456789abcdef"] {
        std::fs::create_dir(base.path().join(other)).unwrap();
        closed(&base.path().join(other));
    }
    let before = entries(base.path());
    let ram = RamDir::create_in(&[place(&base)]).unwrap();
    assert_eq!(ram.swept(), 0);
    drop(ram);
    assert_eq!(entries(base.path()), before);
    assert!(outside.path().join("kept").exists());
}

#[test]
fn links_inside_what_is_swept_are_not_followed() {
    let (base, outside) = (memory(), memory());
    std::fs::write(outside.path().join("kept"), "kept").unwrap();
    let left = base.path().join(NAME);
    std::fs::create_dir_all(left.join("a/b")).unwrap();
    closed(&left);
    symlink(outside.path(), left.join("link")).unwrap();
    symlink(outside.path().join("kept"), left.join("a/b/link")).unwrap();
    symlink("/dev/shm", left.join("a/up")).unwrap();
    let ram = RamDir::create_in(&[place(&base)]).unwrap();
    assert_eq!(ram.swept(), 1);
    assert!(!left.exists());
    assert!(outside.path().join("kept").exists());
}

#[test]
fn starts_at_the_same_time_each_keep_their_own() {
    let base = memory();
    let place = place(&base);
    let made: Vec<RamDir> = std::thread::scope(|scope| {
        let start = || RamDir::create_in(std::slice::from_ref(&place)).unwrap();
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(start)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for ram in &made {
        assert!(ram.path().is_dir());
    }
    assert_eq!(entries(base.path()).len(), made.len());
    drop(made);
    assert!(entries(base.path()).is_empty());
}
