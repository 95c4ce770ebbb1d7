use std::convert::Infallible;

use rand_core::Rng as _;

use super::*;

type Never<T> = Result<T, ChangeError<Infallible>>;

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("own/ratchet.db");
        Self { _folder: folder, path }
    }

    fn create(&self) -> Sessions {
        Sessions::create(&self.path, &Protection::Nothing, Cost::FLOOR).unwrap()
    }

    fn open(&self) -> Result<Sessions, OpenError> {
        Sessions::open(&self.path, &Protection::Nothing)
    }
}

fn add(sessions: &mut Sessions, name: &str) -> Never<()> {
    sessions.add(name, 7, |_| Ok(Zeroizing::new(b"state".to_vec())))
}

#[test]
fn what_was_stored_is_there_when_it_is_opened_again() {
    let place = Place::new();
    let mut sessions = place.create();
    add(&mut sessions, "bob").unwrap();
    let done: Never<u8> = sessions.change("bob", |turn| {
        turn.record.stage = Stage::Open;
        turn.record.state = Zeroizing::new(vec![9; 5_000]);
        turn.record.peer = Some([1; 32]);
        turn.record.fingerprint = Some([2; 32]);
        turn.record.verified = true;
        Ok(3)
    });
    assert_eq!(done.unwrap(), 3);
    drop(sessions);
    let sessions = place.open().unwrap();
    let record = sessions.get::<Infallible>("bob").unwrap();
    assert_eq!(record.stage, Stage::Open);
    assert_eq!(record.state.as_slice(), [9; 5_000]);
    assert_eq!((record.peer, record.fingerprint), (Some([1; 32]), Some([2; 32])));
    assert_eq!((record.verified, record.created), (true, 7));
    assert_eq!(sessions.list().unwrap().len(), 1);
}

#[test]
fn a_refused_step_changes_nothing() {
    let place = Place::new();
    let mut sessions = place.create();
    add(&mut sessions, "bob").unwrap();
    let refused = sessions.change("bob", |turn| {
        turn.record.state = Zeroizing::new(b"other".to_vec());
        turn.keep(b"packet", b"text").unwrap();
        Err::<(), _>("no")
    });
    assert_eq!(refused, Err(ChangeError::Step("no")));
    let kept: Never<_> = sessions.change("bob", |turn| {
        assert_eq!(turn.record.state.as_slice(), b"state");
        Ok(turn.kept(b"packet").unwrap())
    });
    assert!(kept.unwrap().is_none());
}

#[test]
fn a_text_is_kept_until_it_is_forgotten_and_goes_with_its_conversation() {
    let place = Place::new();
    let mut sessions = place.create();
    add(&mut sessions, "bob").unwrap();
    add(&mut sessions, "eve").unwrap();
    let kept = |sessions: &mut Sessions, name: &str| -> Option<Vec<u8>> {
        let kept: Never<_> = sessions.change(name, |turn| Ok(turn.kept(b"packet").unwrap()));
        kept.unwrap().map(|text| text.to_vec())
    };
    let keep: Never<()> = sessions.change("bob", |turn| {
        turn.keep(b"packet", b"text").unwrap();
        Ok(())
    });
    keep.unwrap();
    assert_eq!(kept(&mut sessions, "bob").unwrap(), b"text");
    assert_eq!(kept(&mut sessions, "eve"), None, "of another conversation");
    sessions.forget("eve", b"packet").unwrap();
    assert_eq!(kept(&mut sessions, "bob").unwrap(), b"text");
    sessions.forget("bob", b"packet").unwrap();
    assert_eq!(kept(&mut sessions, "bob"), None);
    let keep: Never<()> = sessions.change("bob", |turn| {
        turn.keep(b"packet", b"text").unwrap();
        Ok(())
    });
    keep.unwrap();
    sessions.delete::<Infallible>("bob").unwrap();
    let left: i64 =
        sessions.connection.query_row("SELECT count(*) FROM kept", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
    assert_eq!(sessions.delete::<Infallible>("bob"), Err(ChangeError::NoSuch));
}

#[test]
fn names_and_partners_are_there_once() {
    let place = Place::new();
    let mut sessions = place.create();
    add(&mut sessions, "bob").unwrap();
    add(&mut sessions, "eve").unwrap();
    assert_eq!(add(&mut sessions, "bob"), Err(ChangeError::NameTaken));
    let peer = |sessions: &mut Sessions, name| -> Never<()> {
        sessions.change(name, |turn| {
            turn.record.peer = Some([1; 32]);
            Ok(())
        })
    };
    peer(&mut sessions, "bob").unwrap();
    assert_eq!(peer(&mut sessions, "eve"), Err(ChangeError::PeerTaken));
    for bad in ["", " bob", "bob ", "b\nb", "b\u{85}b", &"x".repeat(65)] {
        assert_eq!(add(&mut sessions, bad), Err(ChangeError::BadName), "{bad:?}");
    }
    add(&mut sessions, &"\u{e4}".repeat(64)).unwrap();
}

#[test]
fn a_database_that_is_there_is_not_made_again() {
    let place = Place::new();
    drop(place.create());
    let again = Sessions::create(&place.path, &Protection::Nothing, Cost::FLOOR);
    assert_eq!(again.err(), Some(OpenError::Exists));
}

#[test]
fn what_is_no_database_of_ours_is_told_apart() {
    let place = Place::new();
    assert_eq!(place.open().err(), Some(OpenError::Missing));
    assert_eq!(Sessions::needs_passphrase(&place.path).err(), Some(OpenError::Missing));
    drop(place.create());
    let good = std::fs::read(&place.path).unwrap();
    let damaged = Some(OpenError::Fault(Fault::Damaged));
    // Empty, cut within a page and between pages, a bit in the salt, in the first page, another key.
    for length in [0, 1, 100, 4_000] {
        std::fs::write(&place.path, &good[..length]).unwrap();
        assert_eq!(place.open().err(), damaged, "{length} bytes");
    }
    for at in [3, 20, 2_000] {
        let mut changed = good.clone();
        changed[at] ^= 1;
        std::fs::write(&place.path, &changed).unwrap();
        assert_eq!(place.open().err(), damaged, "a bit at {at}");
    }
    std::fs::write(&place.path, &good).unwrap();
    drop(place.open().unwrap());
    let mut key = std::fs::read(database::key_file(&place.path)).unwrap();
    key[20] ^= 1;
    std::fs::write(database::key_file(&place.path), key).unwrap();
    assert_eq!(place.open().err(), damaged, "another key");
}

#[test]
fn a_database_cut_behind_its_first_page_is_damaged_and_stays() {
    let place = Place::new();
    let mut sessions = place.create();
    add(&mut sessions, "bob").unwrap();
    drop(sessions);
    let good = std::fs::read(&place.path).unwrap();
    std::fs::write(&place.path, &good[..8192]).unwrap();
    let looked = place.open().and_then(|sessions| Ok(sessions.list()?));
    assert_eq!(looked.err(), Some(OpenError::Fault(Fault::Damaged)));
    assert_eq!(std::fs::read(&place.path).unwrap(), &good[..8192], "never made anew");
}

#[test]
fn a_newer_database_and_one_of_another_kind_are_refused() {
    let place = Place::new();
    let sessions = place.create();
    sessions.connection.pragma_update(None, "user_version", 2).unwrap();
    drop(sessions);
    assert_eq!(place.open().err(), Some(OpenError::Newer(2, 1)));
    let connection = connect_raw(&place.path);
    connection.pragma_update(None, "application_id", 5).unwrap();
    drop(connection);
    assert_eq!(place.open().err(), Some(OpenError::Foreign));
}

fn connect_raw(path: &Path) -> Connection {
    let key = key::take(&database::key_file(path), &Protection::Nothing).unwrap();
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(&key.statement()).unwrap();
    connection
}

#[test]
fn a_process_killed_while_making_it_leaves_nothing_in_the_way() {
    let place = Place::new();
    drop(place.create());
    // Killed after the key: with half a database beside it.
    let half = std::fs::read(&place.path).unwrap()[..5_000].to_vec();
    std::fs::remove_file(&place.path).unwrap();
    std::fs::write(crate::files::beside(&place.path), half).unwrap();
    let key = std::fs::read(database::key_file(&place.path)).unwrap();
    let mut sessions = place.create();
    add(&mut sessions, "bob").unwrap();
    assert_eq!(std::fs::read(database::key_file(&place.path)).unwrap(), key, "the key is kept");
    assert!(!crate::files::beside(&place.path).exists());
}

#[test]
fn a_folder_that_others_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    drop(place.create());
    let folder = place.path.parent().unwrap();
    for (mode, refused) in [(0o770, true), (0o707, true), (0o755, false), (0o1777, false)] {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
        let opened = place.open().err();
        assert_eq!(opened, refused.then_some(OpenError::FolderOpen), "{mode:o}");
    }
}

#[test]
fn all_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let mut sessions = place.create();
    add(&mut sessions, "bob").unwrap();
    let folder = place.path.parent().unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 4, "database, key, log and its index: {files:?}");
    for file in files {
        assert_eq!(mode(&file.path()), 0o600, "{file:?}");
    }
    drop(sessions);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2, "the log goes with its last user");
}

/// Where the system's generator repeats itself, the state still doesn't.
#[test]
fn each_source_of_randomness_matters() {
    let first = |hedge: &[u8], system, state: &[u8]| -> [u8; 32] {
        let mut out = [0; 32];
        seeded(hedge, &[system; 32], state).fill_bytes(&mut out);
        out
    };
    let one = first(b"hedge", 1, b"state");
    assert_eq!(one, first(b"hedge", 1, b"state"));
    assert_ne!(one, first(b"hedgf", 1, b"state"));
    assert_ne!(one, first(b"hedge", 2, b"state"));
    assert_ne!(one, first(b"hedge", 1, b"statf"));
    let place = Place::new();
    let mut sessions = place.create();
    add(&mut sessions, "bob").unwrap();
    let mut draw = || -> [u8; 32] {
        let drawn: Never<_> = sessions.change("bob", |turn| {
            let mut out = [0; 32];
            turn.rng().fill_bytes(&mut out);
            Ok(out)
        });
        drawn.unwrap()
    };
    assert_ne!(draw(), draw(), "the same state twice");
}

#[test]
fn debug_shows_no_name_and_no_state() {
    let place = Place::new();
    let mut sessions = place.create();
    add(&mut sessions, "bob").unwrap();
    let record = sessions.get::<Infallible>("bob").unwrap();
    assert_eq!(format!("{record:?}"), "Record { stage: Offered, verified: false, .. }");
    assert_eq!(format!("{sessions:?}"), "Sessions(…)");
}
