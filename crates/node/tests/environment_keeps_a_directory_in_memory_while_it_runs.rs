//! The directory for Arti is in memory, ours alone, and gone afterwards.

mod environment;

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use environment::{entries, memory, place};
use undertone_node::environment::ram::{Place, RamDir, RamError, Verdict};

#[test]
fn it_is_in_memory_and_ours_alone() {
    let base = memory();
    let ram = RamDir::create_in(&[place(&base)]).unwrap();
    let found = std::fs::symlink_metadata(ram.path()).unwrap();
    assert!(found.is_dir());
    assert_eq!(found.mode() & 0o7777, 0o700);
    assert_eq!(found.uid(), rustix::process::geteuid().as_raw());
    assert_eq!(rustix::fs::statfs(ram.path()).unwrap().f_type, 0x0102_1994);
    assert_eq!(ram.path().parent().unwrap(), base.path());
    assert!(!format!("{ram:?}").contains("undertone-"));
}

#[test]
fn it_goes_with_everything_in_it_when_dropped_or_removed() {
    for explicit in [false, true] {
        let base = memory();
        let outside = memory();
        std::fs::write(outside.path().join("kept"), "kept").unwrap();
        let ram = RamDir::create_in(&[place(&base)]).unwrap();
        let deep = ram.path().join("state/a/b/c");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(deep.join("file"), "x").unwrap();
        symlink(outside.path(), ram.path().join("link")).unwrap();
        symlink(outside.path(), deep.join("link")).unwrap();
        if explicit {
            ram.remove().unwrap();
        } else {
            drop(ram);
        }
        assert_eq!(entries(base.path()), Vec::<std::path::PathBuf>::new());
        assert_eq!(std::fs::read_to_string(outside.path().join("kept")).unwrap(), "kept");
    }
}

#[test]
fn bare_names_are_in_it_once_it_is_entered_and_it_goes_all_the_same() {
    let base = memory();
    let ram = RamDir::create_in(&[place(&base)]).unwrap();
    ram.enter().unwrap();
    std::fs::write("bare", "x").unwrap();
    assert_eq!(entries(ram.path()), [ram.path().join("bare")]);
    drop(ram);
    assert_eq!(entries(base.path()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn the_first_usable_place_is_taken() {
    let (disk, base) = (tempfile::tempdir_in("/var/tmp").unwrap(), memory());
    let ram = RamDir::create_in(&[place(&disk), place(&base)]).unwrap();
    assert!(ram.path().starts_with(base.path()));
    assert!(entries(disk.path()).is_empty());
}

#[test]
fn a_place_that_turns_out_unusable_is_passed_over() {
    // A directory that is gone but still open: nothing can be made in it, by root neither.
    let (gone, base) = (memory(), memory());
    let open = std::fs::File::open(gone.path()).unwrap();
    gone.close().unwrap();
    let link = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&open));
    let gone = Place { label: "gone", path: link.into() };
    assert!(matches!(gone.examine(), Verdict::Usable { .. }));
    let ram = RamDir::create_in(&[gone.clone(), place(&base)]).unwrap();
    assert!(ram.path().starts_with(base.path()));
    let error = RamDir::create_in(&[gone]).unwrap_err();
    assert!(error.to_string().starts_with("No directory could be made in gone: "), "{error}");
}

#[test]
fn without_a_memory_file_system_it_refuses_and_says_what_was_tried() {
    let disk = tempfile::tempdir_in("/var/tmp").unwrap();
    let missing = Place { label: "/dev/shm", path: disk.path().join("missing") };
    let open = memory();
    std::fs::set_permissions(open.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let open = Place { label: "/tmp", path: open.path().to_path_buf() };
    let error = RamDir::create_in(&[place(&disk), missing, open]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "There is no memory file system to work in, and Undertone leaves no files on disks. \
         Tried: test (not in memory); /dev/shm (not there); /tmp (others may change what is in it)."
    );
    assert!(error.hint().contains("mount -t tmpfs"), "{}", error.hint());
    assert!(matches!(error, RamError::NoMemoryFileSystem { tried } if tried.len() == 3));
    assert!(entries(disk.path()).is_empty());
}

#[test]
fn a_place_that_others_write_to_will_do_only_with_the_sticky_bit() {
    let base = memory();
    let mode = |mode| std::fs::set_permissions(base.path(), std::fs::Permissions::from_mode(mode));
    mode(0o777).unwrap();
    assert_eq!(place(&base).examine(), Verdict::Open);
    mode(0o1777).unwrap();
    assert!(matches!(place(&base).examine(), Verdict::Usable { .. }));
}
