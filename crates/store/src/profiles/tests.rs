use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::fault::Fault;
use crate::key::Passphrase;

/// A home in a folder of its own.
struct Place {
    folder: tempfile::TempDir,
    home: Home,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        Self { folder, home }
    }

    fn make(&self, name: &str) -> (Held, DatabaseKey) {
        self.try_make(name).unwrap()
    }

    fn try_make(&self, name: &str) -> Result<(Held, DatabaseKey), HomeError> {
        let name = ProfileName::parse(name).unwrap();
        self.home.create(&name, &Protection::Nothing, Cost::FLOOR, |path, _| {
            Ok::<_, HomeError>(std::fs::write(path, b"a database")?)
        })
    }

    fn hold(&self, name: &str) -> Result<Held, HomeError> {
        self.home.hold(&self.home.choose(Some(name))?)
    }

    fn labels(&self) -> Vec<String> {
        let all = self.home.list().unwrap();
        all.iter()
            .map(|one| format!("{}{}", one.label(), if one.last { " *" } else { "" }))
            .collect()
    }

    /// What is in the folder of the profiles, without what is always there.
    fn left(&self) -> Vec<String> {
        let mut names = entries(&self.home.profiles()).unwrap();
        names.retain(|name| name != LAST);
        names
    }
}

fn password(text: &str) -> Protection {
    Protection::Passphrase(Passphrase::new(text).unwrap())
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_environment_says_where_they_are() {
    let find = |own: &str, data: &str, home: &str| {
        let set = |text: &str| (text != "-").then(|| OsString::from(text));
        Home::find(Variables {
            undertone_home: set(own),
            xdg_data_home: set(data),
            home: set(home),
        })
        .map(|home| home.root().to_str().unwrap().to_owned())
    };
    assert_eq!(find("/own", "/data", "/ana"), Ok("/own".to_owned()));
    assert_eq!(find("-", "/data", "/ana"), Ok("/data/undertone".to_owned()));
    assert_eq!(find("", "", "/ana"), Ok("/ana/.local/share/undertone".to_owned()));
    assert_eq!(find("-", "data", "/ana"), Ok("/ana/.local/share/undertone".to_owned()));
    assert_eq!(find("own", "/data", "/ana"), Err(NoHome::Relative));
    assert_eq!(find("-", "-", "-"), Err(NoHome::Unknown));
    assert_eq!(find("-", "-", "ana"), Err(NoHome::Unknown));
}

#[test]
fn a_profile_is_made_found_and_used_by_one_process_at_a_time() {
    let place = Place::new();
    assert_eq!(place.home.list().unwrap(), []);
    assert_eq!(place.home.choose(None).unwrap_err(), HomeError::None);
    let (held, made) = place.make("Work");
    assert_eq!(held.label(), "Work");
    assert_eq!(std::fs::read(held.database()).unwrap(), b"a database");
    let refused = place.hold("work").unwrap_err();
    assert_eq!(refused, HomeError::Busy(Some(std::process::id())));
    drop(held);
    let held = place.hold("work").unwrap();
    let key = held.unlock(&Protection::Nothing).unwrap();
    assert_eq!(key.statement().as_str(), made.statement().as_str());
    assert!(!held.needs_password().unwrap());
    assert_eq!(place.left(), [held.id().as_str()]);
    assert_eq!(place.hold("play").unwrap_err(), HomeError::NoSuch);
}

#[test]
fn folders_and_files_are_for_their_owner_alone() {
    let place = Place::new();
    let (held, _) = place.make("work");
    for folder in [place.home.root(), &place.home.profiles(), held.folder()] {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
    for file in [NAME, "lock", "profile.db.key"] {
        assert_eq!(mode(&held.folder().join(file)), 0o600, "{file}");
    }
    assert_eq!(mode(&place.home.profiles().join(LAST)), 0o600);
    let folder = held.folder().to_owned();
    drop(held);
    // What others may read is closed to them; what they may write is not trusted.
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    drop(place.hold("work").unwrap());
    assert_eq!(mode(&folder), 0o700);
    for open in [place.home.root(), &place.home.profiles(), &folder] {
        std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o770)).unwrap();
        assert_eq!(place.hold("work").unwrap_err(), HomeError::FolderOpen, "{}", open.display());
        std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    drop(place.hold("work").unwrap());
}

#[test]
fn a_name_is_taken_once() {
    let place = Place::new();
    let (_held, _) = place.make("Work");
    assert_eq!(place.try_make("work").unwrap_err(), HomeError::NameTaken);
    // A second one that was begun at the same time loses the name at the end.
    let name = ProfileName::parse("play").unwrap();
    let late = place.home.create(&name, &Protection::Nothing, Cost::FLOOR, |_, _| {
        place.make("play");
        Ok::<_, HomeError>(())
    });
    assert_eq!(late.unwrap_err(), HomeError::NameTaken);
    assert_eq!(place.labels(), ["play *", "Work"]);
    assert_eq!(place.left().len(), 2);
}

#[test]
fn the_last_one_used_is_remembered() {
    let place = Place::new();
    drop(place.make("ana"));
    assert_eq!(place.home.choose(None).unwrap().label(), "ana");
    drop(place.make("ben"));
    assert_eq!(place.labels(), ["ana", "ben *"]);
    let ana = place.hold("ana").unwrap();
    assert!(ana.unlock(&password("wrong")).is_err());
    assert_eq!(place.labels(), ["ana", "ben *"], "it was not even opened");
    drop(ana.unlock(&Protection::Nothing).unwrap());
    assert_eq!(place.labels(), ["ana *", "ben"]);
    drop(ana);
    assert_eq!(place.home.choose(None).unwrap().label(), "ana");
    // Forgotten or damaged, it decides nothing.
    for damaged in ["", "x", "0123456789abcdef\n", "../../../etc/passwd\n"] {
        std::fs::write(place.home.profiles().join(LAST), damaged).unwrap();
        assert_eq!(place.home.choose(None).unwrap_err(), HomeError::Several, "{damaged}");
    }
    let ana = place.home.choose(Some("ana")).unwrap();
    assert_eq!(place.home.choose(Some(ana.id().as_str())).unwrap(), ana);
    assert_eq!(place.home.unused_name().unwrap().as_str(), "profile 1");
    drop(place.make("Profile 1"));
    assert_eq!(place.home.unused_name().unwrap().as_str(), "profile 2");
}

#[test]
fn the_password_changes_and_the_key_stays() {
    let place = Place::new();
    let (held, made) = place.make("work");
    held.protect(&made, &password("old"), Cost::FLOOR).unwrap();
    let wrong = held.unlock(&password("wrong")).unwrap_err();
    assert_eq!(wrong, PasswordError(KeyError::WrongPassphrase));
    assert_eq!(
        held.unlock(&Protection::Nothing).unwrap_err(),
        PasswordError(KeyError::PassphraseNeeded)
    );
    let key = held.unlock(&password("old")).unwrap();
    assert_eq!(key.statement().as_str(), made.statement().as_str());
    held.protect(&key, &password("new"), Cost::FLOOR).unwrap();
    let late = held.unlock(&password("old")).unwrap_err();
    assert_eq!(late, PasswordError(KeyError::WrongPassphrase));
    let key = held.unlock(&password("new")).unwrap();
    assert_eq!(key.statement().as_str(), made.statement().as_str());
    assert_eq!(std::fs::read(held.database()).unwrap(), b"a database");
}

#[test]
fn a_good_login_raises_what_the_next_try_costs() {
    let place = Place::new();
    let (held, made) = place.make("work");
    held.protect(&made, &password("old"), Cost::FLOOR).unwrap();
    let file = key_file(&held.database());
    let before = std::fs::read(&file).unwrap();
    let more = Cost::from_parts(64 * 1024, 4).unwrap();
    let wrong = held.unlock_and_weigh(&password("wrong"), |_, _| Some(more));
    assert_eq!(wrong.unwrap_err(), PasswordError(KeyError::WrongPassphrase));
    assert_eq!(std::fs::read(&file).unwrap(), before, "a wrong password changed something");
    // A file that can't be written anew keeps nobody out.
    std::fs::create_dir(files::beside(&file)).unwrap();
    drop(held.unlock_and_weigh(&password("old"), |_, _| Some(more)).unwrap());
    assert_eq!(std::fs::read(&file).unwrap(), before);
    std::fs::remove_dir(files::beside(&file)).unwrap();
    let weighed = |cost: Cost, took| {
        assert_eq!(cost, Cost::FLOOR);
        assert_ne!(took, std::time::Duration::ZERO);
        Some(more)
    };
    drop(held.unlock_and_weigh(&password("old"), weighed).unwrap());
    assert_ne!(std::fs::read(&file).unwrap(), before);
    let key = held.unlock_and_weigh(&password("old"), |cost, _| {
        assert_eq!(cost, more);
        None
    });
    assert_eq!(key.unwrap().statement().as_str(), made.statement().as_str());
}

#[test]
fn one_that_fails_to_be_made_leaves_nothing() {
    let place = Place::new();
    let name = ProfileName::parse("work").unwrap();
    let failed = place.home.create(&name, &Protection::Nothing, Cost::FLOOR, |path, _| {
        std::fs::write(path, b"half")?;
        Err(HomeError::Fault(Fault::Full))
    });
    assert_eq!(failed.unwrap_err(), HomeError::Fault(Fault::Full));
    assert_eq!(place.left(), Vec::<String>::new());
    drop(place.make("work"));
}

#[test]
fn what_a_killed_process_left_is_put_in_order() {
    let place = Place::new();
    let (held, _) = place.make("work");
    let work = held.folder().to_owned();
    drop(held);
    let stand_in = |name: &str, files: &[&str]| {
        let folder = place.home.profiles().join(name);
        std::fs::create_dir(&folder).unwrap();
        for file in files {
            std::fs::write(folder.join(file), b"something").unwrap();
        }
        folder
    };
    let unfinished = ["0000000000000000.new", "0000000000000001.new"];
    stand_in(unfinished[0], &[]);
    stand_in(unfinished[1], &["lock", "profile.db.key.new"]);
    stand_in("0000000000000002.gone", &["lock", "name", "profile.db.key", "profile.db"]);
    let busy = stand_in("0000000000000003.new", &["lock"]);
    let other = held::lock(&busy).unwrap();
    let strange = stand_in("somebody's own.new", &["file"]);
    std::fs::write(work.join("profile.db.key.new"), b"half a key").unwrap();
    std::fs::write(work.join("name.new"), b"half a name").unwrap();
    std::fs::write(place.home.profiles().join("last.new"), b"half").unwrap();

    assert_eq!(place.home.mend().unwrap(), Mended { unfinished: 2, destroyed: 1 });
    assert_eq!(place.home.mend().unwrap(), Mended::default());
    assert!(busy.exists() && strange.exists());
    assert!(!place.home.profiles().join("last.new").exists());
    drop(other);
    assert_eq!(place.home.mend().unwrap(), Mended { unfinished: 1, destroyed: 0 });
    assert_eq!(place.labels(), ["work *"]);
    drop(place.hold("work").unwrap());
    assert_eq!(entries(&work).unwrap().len(), 4, "name, lock, key, database");
}

#[test]
fn destroying_asks_for_the_whole_name_and_overwrites_the_key() {
    let place = Place::new();
    let (held, _) = place.make("Work");
    drop(place.make("play"));
    let key = place.folder.path().join("link to the key");
    std::fs::hard_link(held.folder().join("profile.db.key"), &key).unwrap();
    let folder = held.folder().to_owned();
    std::fs::create_dir(folder.join("files")).unwrap();
    std::fs::write(folder.join("files/one"), b"kept by the profile").unwrap();
    drop(held);
    for slip in ["", "work", "Wor", "Work!"] {
        let held = place.hold("Work").unwrap();
        assert_eq!(place.home.destroy(held, slip).unwrap_err(), HomeError::NotTyped, "{slip}");
    }
    assert!(std::fs::read(&key).unwrap().iter().any(|byte| *byte != 0));
    let held = place.hold("Work").unwrap();
    place.home.destroy(held, " Work\n").unwrap();
    assert!(std::fs::read(&key).unwrap().iter().all(|byte| *byte == 0));
    assert_eq!(place.labels(), ["play *"]);
    assert_eq!(place.left().len(), 1);
    assert_eq!(place.home.choose(None).unwrap().label(), "play");
    assert_eq!(place.hold("Work").unwrap_err(), HomeError::NoSuch);
}

/// Destroying follows no link out of the profile.
#[test]
fn what_a_link_leads_to_stays() {
    let place = Place::new();
    let outside = place.folder.path().join("outside");
    std::fs::write(&outside, b"precious").unwrap();
    let (held, _) = place.make("work");
    let key = held.folder().join("profile.db.key");
    std::fs::remove_file(&key).unwrap();
    std::os::unix::fs::symlink(&outside, &key).unwrap();
    std::os::unix::fs::symlink(place.folder.path(), held.folder().join("files")).unwrap();
    place.home.destroy(held, "work").unwrap();
    assert_eq!(std::fs::read(&outside).unwrap(), b"precious");
}

#[test]
fn one_whose_files_are_damaged_is_seen_and_can_be_destroyed() {
    let place = Place::new();
    let (held, _) = place.make("work");
    let (folder, id) = (held.folder().to_owned(), held.id().clone());
    drop(held);
    let state = || place.home.list().unwrap().first().map(Profile::state);
    assert_eq!(state(), Some(State::NoPassword));
    let good = std::fs::read(folder.join("profile.db.key")).unwrap();
    std::fs::write(folder.join("profile.db.key"), &good[..20]).unwrap();
    assert_eq!(state(), Some(State::Damaged));
    let error = place.hold("work").unwrap().unlock(&Protection::Nothing).unwrap_err();
    assert_eq!(error, PasswordError(KeyError::Damaged));
    std::fs::write(folder.join("profile.db.key"), good).unwrap();
    std::fs::write(folder.join(NAME), b"undertone profile 2\nwork\n").unwrap();
    assert_eq!(state(), Some(State::Newer));
    assert_eq!(place.hold(id.as_str()).unwrap_err(), HomeError::Newer);
    std::fs::write(folder.join(NAME), b"undertone profile 1\nwo").unwrap();
    assert_eq!((state(), place.labels()), (Some(State::Damaged), vec![format!("{id} *")]));
    let held = place.hold(id.as_str()).unwrap();
    drop(held.unlock(&Protection::Nothing).unwrap());
    place.home.destroy(held, id.as_str()).unwrap();
    assert_eq!(place.left(), Vec::<String>::new());
    assert!(!place.home.profiles().join(LAST).exists(), "its id is still remembered");
}

#[test]
fn the_name_file_of_version_1_is_what_it_was() {
    let golden =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/profile-name-v1"))
            .unwrap();
    let name = ProfileName::parse("Ren\u{e9} at work").unwrap();
    assert_eq!(parse_name(&golden), Label::Name(name.clone()));
    let place = Place::new();
    let (held, _) = place.make(name.as_str());
    assert_eq!(std::fs::read(held.folder().join(NAME)).unwrap(), golden);
    for (bytes, label) in [
        (b"undertone profile 1\n \n".as_slice(), Label::Damaged),
        (b"undertone profile 1\na\nb\n", Label::Damaged),
        (b"undertone profile 1\n\xff\n", Label::Damaged),
        (b"undertone profile x\na\n", Label::Damaged),
        (b"undertone profile 12", Label::Damaged),
        (b"undertone profile 12\n", Label::Newer),
        (b"", Label::Damaged),
    ] {
        assert_eq!(parse_name(bytes), label, "{bytes:?}");
    }
}

#[test]
fn debug_shows_no_name() {
    let place = Place::new();
    let (held, _) = place.make("marmalade");
    let shown = format!("{held:?} {:?}", place.home.list().unwrap());
    assert!(!shown.contains("marma"), "{shown}");
}
