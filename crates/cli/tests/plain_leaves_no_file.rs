//! Over the loopback network a conversation touches no file at all.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::chats::{plain_guest, plain_host};
use support::{Place, SOON, local_name};
#[cfg(feature = "sqlcipher")]
use support::{Plain, local};

/// Everything below a directory.
fn below(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(below(&path));
        }
        found.push(path);
    }
    found
}

#[test]
fn neither_while_it_lasts_nor_after() {
    // Without a word about it, and in words.
    nothing_stays(&[]);
    if cfg!(feature = "sqlcipher") {
        nothing_stays(&["--ephemeral"]);
    }
}

fn nothing_stays(option: &[&str]) {
    let options = [&["--no-smp"], option].concat();
    let name = local_name();
    let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, two] =
        homes.each_ref().map(|home| Place { home: Some(home.path()), ..Place::default() });
    let (mut host, code) = plain_host(&one, &name, &options);
    let mut guest = plain_guest(&two, &name, &code, &options);
    for side in [&mut host, &mut guest] {
        side.words.wait_for("The conversation is open.", SOON);
    }
    host.line("kept nowhere");
    guest.out.wait_for("hilde: kept nowhere", SOON);
    for (home, process) in homes.iter().zip([host.process(), guest.process()]) {
        assert_eq!(below(home.path()), Vec::<PathBuf>::new());
        // No file is open either, not even one without a name. The hardening keeps this list from
        // everybody but root.
        let open = match fs::read_dir(format!("/proc/{process}/fd")) {
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => continue,
            open => open.unwrap(),
        };
        for entry in open {
            let target = fs::read_link(entry.unwrap().path()).unwrap();
            let is_file = target.is_absolute() && !target.starts_with("/dev");
            assert!(!is_file, "{} is open", target.display());
        }
    }
    guest.line("/quit");
    assert_eq!((host.exit_code(SOON), guest.exit_code(SOON)), (0, 0));
    for home in &homes {
        assert_eq!(below(home.path()), Vec::<PathBuf>::new());
    }
}

/// What is to be kept and what is not exclude each other, and nobody has to guess which won.
#[cfg(feature = "sqlcipher")]
#[test]
fn ephemeral_and_kept_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let place = Place { home: Some(home.path()), ..Place::default() };
    for other in [&["--keep"][..], &["--profile", "home"]] {
        let arguments = [&["chat", "--plain", "-s", "--ephemeral"], other].concat();
        assert_eq!(Plain::start_in(&place, &arguments).exit_code(SOON), 2, "{other:?}");
    }
    let with = ["chat", "--plain", "--ephemeral", "--with", "ana"];
    assert_eq!(Plain::start_in(&place, &with).exit_code(SOON), 2);
    // Alone it begins as the program without any command does.
    let name = local_name();
    let alone = [&["chat", "--plain", "--ephemeral"][..], &local(&name)].concat();
    let mut alone = Plain::start_in(&place, &alone);
    alone.words.wait_for("Say a code", SOON);
    alone.line("/quit");
    assert_eq!(alone.exit_code(SOON), 0);
    assert_eq!(below(home.path()), Vec::<PathBuf>::new());
}
