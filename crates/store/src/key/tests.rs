use std::path::PathBuf;

use super::*;

fn passphrase(text: &str) -> Protection {
    Protection::Passphrase(Passphrase::new(text).unwrap())
}

/// A key file in a folder of its own.
struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db.key");
        Self { _folder: folder, path }
    }

    fn make(&self, protection: &Protection) -> DatabaseKey {
        let folder = Folder::of(&self.path).unwrap();
        make(&folder, &self.path, protection, Cost::FLOOR).unwrap()
    }
}

#[test]
fn a_key_comes_back_under_its_passphrase_alone() {
    let place = Place::new();
    let key = place.make(&passphrase("correct horse"));
    assert_eq!(take(&place.path, &passphrase("correct horse")).unwrap().0, key.0);
    let wrong = [
        (passphrase("correct horse "), KeyError::WrongPassphrase),
        (passphrase("Correct horse"), KeyError::WrongPassphrase),
        (Protection::Nothing, KeyError::PassphraseNeeded),
    ];
    for (protection, error) in wrong {
        assert_eq!(take(&place.path, &protection).unwrap_err(), error);
    }
    assert!(needs_passphrase(&place.path).unwrap());
}

#[test]
fn a_key_without_a_passphrase_says_so() {
    let place = Place::new();
    let key = place.make(&Protection::Nothing);
    assert_eq!(take(&place.path, &Protection::Nothing).unwrap().0, key.0);
    assert_eq!(take(&place.path, &passphrase("any")).unwrap_err(), KeyError::NoPassphrase);
    assert!(!needs_passphrase(&place.path).unwrap());
}

#[test]
fn the_passphrase_changes_and_the_key_stays() {
    let place = Place::new();
    let key = place.make(&passphrase("old"));
    let folder = Folder::of(&place.path).unwrap();
    put(&folder, &place.path, &key, &passphrase("new"), Cost::FLOOR).unwrap();
    assert_eq!(take(&place.path, &passphrase("new")).unwrap().0, key.0);
    assert_eq!(take(&place.path, &passphrase("old")).unwrap_err(), KeyError::WrongPassphrase);
}

/// Every byte counts: the ones that the seal covers, and the ones before.
#[test]
fn a_changed_cut_or_longer_file_gives_no_key() {
    let place = Place::new();
    place.make(&passphrase("p"));
    let good = std::fs::read(&place.path).unwrap();
    assert_eq!(good.len(), SEALED_LEN);
    let refused = |bytes: &[u8]| {
        std::fs::write(&place.path, bytes).unwrap();
        take(&place.path, &passphrase("p")).unwrap_err()
    };
    for length in [0, 1, 15, 16, 17, 48, SEALED_LEN - 1] {
        assert_eq!(refused(&good[..length]), KeyError::Damaged, "{length}");
    }
    assert_eq!(refused(&[good.as_slice(), &[0]].concat()), KeyError::Damaged);
    // A byte of each part: kind, memory, passes, salt, nonce, key, tag.
    for place in [0, 15, 16, 17, 24, 25, 41, 65, 97, 112] {
        let mut changed = good.clone();
        changed[place] ^= 2;
        let error = refused(&changed);
        assert!(matches!(error, KeyError::Damaged | KeyError::WrongPassphrase), "{place}: {error}");
    }
    assert_eq!(refused(&[b"undertone key 2\n".as_slice(), &[9; 400]].concat()), KeyError::Newer);
    std::fs::remove_file(&place.path).unwrap();
    assert_eq!(take(&place.path, &passphrase("p")).unwrap_err(), KeyError::Missing);
}

#[test]
fn nobody_lowers_or_raises_the_cost_beyond_its_bounds() {
    let key = DatabaseKey::generate().unwrap();
    let own = Passphrase::new("p").unwrap();
    let mut bytes = seal(&key, &own, Cost::FLOOR).unwrap();
    for (memory, passes) in [
        (64 * 1024 - 1, 3),
        (64 * 1024, 2),
        (256 * 1024 + 1, 3),
        (64 * 1024, 25),
        (u32::MAX, u32::MAX),
    ] {
        bytes[17..21].copy_from_slice(&u32::to_be_bytes(memory));
        bytes[21..25].copy_from_slice(&u32::to_be_bytes(passes));
        assert_eq!(parse(&bytes).err(), Some(KeyError::Damaged), "{memory} {passes}");
    }
}

#[test]
fn calibration_aims_at_half_a_second_above_the_floor() {
    let cost = |millis| {
        let cost = Cost::for_a_floor_of(Duration::from_millis(millis));
        assert!(cost.is_allowed());
        (cost.memory_kib / 1024, cost.passes)
    };
    assert_eq!(cost(2_000), (64, 3), "a slow machine has the floor");
    assert_eq!(cost(500), (64, 3));
    assert_eq!(cost(250), (128, 3));
    assert_eq!(cost(125), (256, 3));
    assert_eq!(cost(25), (256, 15), "256 MiB take 100 ms");
    assert_eq!(cost(0), (256, 24));
}

#[test]
fn parameters_only_ever_rise_and_only_when_it_is_worth_it() {
    let cost = |memory_mib: u32, passes| Cost { memory_kib: memory_mib * 1024, passes };
    let raised = |old: Cost, millis| {
        let new = old.raised(Duration::from_millis(millis));
        assert!(new.is_none_or(Cost::is_allowed));
        new.map(|new| (new.memory_kib / 1024, new.passes))
    };
    assert_eq!(raised(Cost::FLOOR, 125), Some((256, 3)), "a machine four times as fast");
    assert_eq!(raised(Cost::FLOOR, 250), Some((128, 3)));
    assert_eq!(raised(Cost::FLOOR, 400), None, "nearly half a second is enough");
    assert_eq!(raised(Cost::FLOOR, 5_000), None, "a slower machine lowers nothing");
    assert_eq!(raised(cost(256, 3), 500), None);
    assert_eq!(raised(cost(256, 3), 250), Some((256, 6)));
    assert_eq!(raised(cost(256, 24), 1), None, "there is nothing above");
    assert_eq!(raised(Cost::FLOOR, 0), Some((256, 24)));
}

#[test]
fn composed_and_decomposed_letters_are_one_passphrase() {
    let bytes = |text: &str| Passphrase::new(text).unwrap().0;
    assert_eq!(bytes("caf\u{e9}"), bytes("cafe\u{301}"));
    assert_ne!(bytes("cafe"), bytes("caf\u{e9}"));
    assert_ne!(bytes(" a"), bytes("a"));
    assert_eq!(Passphrase::new("").err(), Some(PassphraseError::Empty));
    assert_eq!(Passphrase::new(&"a".repeat(1025)).err(), Some(PassphraseError::TooLong));
    // The longest composed form for its length, so that the buffer never grows.
    let worst = Passphrase::new(&"\u{fb2c}".repeat(341)).unwrap();
    assert!(worst.0.capacity() <= 3 * 1023, "it grew to {}", worst.0.capacity());
}

#[test]
fn the_key_goes_to_the_cipher_as_hex() {
    let mut key = [0; 32];
    key[0] = 0x0f;
    key[31] = 0xa0;
    let statement = DatabaseKey::copy_of(&key).statement();
    let expected = format!("PRAGMA key = \"x'0f{}a0'\"", "0".repeat(60));
    assert_eq!(statement.as_str(), expected);
    assert!(statement.capacity() == 96, "it grew");
}

#[test]
fn debug_shows_no_secret() {
    assert_eq!(format!("{:?}", passphrase("swordfish")), "Passphrase(Passphrase(…))");
    let key = DatabaseKey::copy_of(&[7; 32]);
    assert_eq!(format!("{key:?}"), "DatabaseKey(…)");
}

#[test]
fn the_file_of_version_1_is_what_it_was() {
    let golden =
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/key-v1.key"))
            .unwrap();
    let key = DatabaseKey::copy_of(&std::array::from_fn(|i| i as u8));
    let own = Passphrase::new("an old passphr\u{e4}se").unwrap();
    let sealed = seal_with(&key, &own, Cost::FLOOR, &[3; SALT_LEN], &[5; NONCE_LEN]).unwrap();
    assert_eq!(sealed.as_slice(), golden);
}

/// Where in this process's memory these bytes are, given under a mask so that the search itself has
/// no copy of them.
fn found_in_memory(masked: &[u8]) -> Vec<String> {
    use std::os::unix::fs::FileExt as _;
    let memory = std::fs::File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let first = masked[0] ^ MASK;
    let mut buffer = vec![0; 1 << 20];
    let own = buffer.as_ptr() as u64..buffer.as_ptr() as u64 + buffer.len() as u64;
    let mut found = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [mut at, to] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
        while at < to {
            let want = buffer.len().min(usize::try_from(to - at).unwrap());
            // What another test has given back meanwhile can't be read.
            let Ok(read) = memory.read_at(&mut buffer[..want], at) else { break };
            let mut place = 0;
            while let Some(next) = buffer[place..read].iter().position(|byte| *byte == first) {
                place += next;
                let same = buffer[place..read].iter().zip(masked);
                let same = same.take_while(|(byte, hidden)| **byte == *hidden ^ MASK).count();
                let here = at + place as u64;
                if same == masked.len() && !own.contains(&here) {
                    found.push(format!("{here:x} in {line}"));
                }
                place += 1;
            }
            // The pieces overlap by what could be cut in two.
            let whole = at + read as u64 >= to;
            at +=
                (if whole { read } else { (read + 1).saturating_sub(masked.len()).max(1) }) as u64;
        }
    }
    buffer.zeroize();
    found
}

/// What hides a key from the search for it.
const MASK: u8 = 0xa5;

fn masked(key: &DatabaseKey) -> [u8; 32] {
    std::array::from_fn(|i| key.0[i] ^ MASK)
}

/// A profile is locked by dropping its key: then it is nowhere in the memory of the process.
#[test]
fn a_key_that_was_dropped_is_nowhere_in_memory() {
    let place = Place::new();
    let mask = masked(&place.make(&passphrase("p")));
    assert_eq!(found_in_memory(&mask), Vec::<String>::new(), "after it was made");
    let key = take(&place.path, &passphrase("p")).unwrap();
    assert_eq!(found_in_memory(&mask).len(), 1, "while it is there");
    drop(key);
    assert_eq!(found_in_memory(&mask), Vec::<String>::new(), "after it was taken");
    let folder = Folder::of(&place.path).unwrap();
    let key = take(&place.path, &passphrase("p")).unwrap();
    put(&folder, &place.path, &key, &Protection::Nothing, Cost::FLOOR).unwrap();
    drop(key);
    assert_eq!(found_in_memory(&mask), Vec::<String>::new(), "after its file was written anew");
    drop(take(&place.path, &Protection::Nothing).unwrap());
    assert_eq!(found_in_memory(&mask), Vec::<String>::new(), "after it was read in the clear");
}

/// As above, with SQLCipher between: neither the key nor the digits that it is told by are left.
#[test]
fn a_closed_profile_leaves_no_key_in_memory() {
    use crate::profile::Profile;
    use crate::profiles::{Home, HomeError, ProfileName};
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    let name = ProfileName::parse("work").unwrap();
    let mut hidden = None;
    let made = home.create(&name, &Protection::Nothing, Cost::FLOOR, |path, key| {
        let statement = key.statement();
        let digits = statement.as_bytes()[16..80].iter().map(|digit| digit ^ MASK);
        hidden = Some((masked(key), digits.collect::<Vec<u8>>()));
        Profile::create_under(path, key).unwrap();
        Ok::<_, HomeError>(())
    });
    let (held, key) = made.unwrap();
    drop(key);
    let (key, digits) = hidden.unwrap();
    let left = || [found_in_memory(&key), found_in_memory(&digits)].concat();
    assert_eq!(left(), Vec::<String>::new(), "after it was made");
    let open = Profile::open_under(&held.database(), held.unlock(&Protection::Nothing).unwrap());
    let mut open = open.unwrap();
    open.begin().unwrap();
    open.commit().unwrap();
    assert_ne!(found_in_memory(&key), Vec::<String>::new(), "the search finds nothing");
    drop(open);
    assert_eq!(left(), Vec::<String>::new(), "after it was locked");
}
