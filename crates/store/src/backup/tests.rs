use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use undertone_ratchet::secret::Secret;
use undertone_ratchet::stream::{CHUNK, HEADER_LEN, SEALED_CHUNK, Sealer};

use super::*;
use crate::key::{Cost, KeyError, Passphrase};

fn passphrase() -> Passphrase {
    Passphrase::new("an old passphr\u{e4}se").unwrap()
}

fn kind(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

struct Place {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("work.backup");
        Self { folder, path }
    }

    fn create(&self) -> Result<Writer, WriteError> {
        Writer::create(&self.path, &passphrase(), Cost::FLOOR)
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}

type Plain = (u16, Vec<u8>);

fn collect<R: std::io::Read>(reader: Reader<R>) -> (Vec<Plain>, Option<ReadError>) {
    let mut records = Vec::new();
    for record in reader {
        match record {
            Ok(record) => records.push((record.kind.get(), record.bytes.to_vec())),
            Err(error) => return (records, Some(error)),
        }
    }
    (records, None)
}

#[test]
fn records_of_any_length_come_back_in_their_order() {
    let place = Place::new();
    let mut records: Vec<Plain> =
        vec![(7, Vec::new()), (1, b"ben".to_vec()), (u16::MAX, vec![0; 40])];
    // Around the ends of chunks: the next record begins before, at, and behind one.
    let mut at: usize = records.iter().map(|(_, bytes)| RECORD_HEAD + bytes.len()).sum();
    for (to, number) in [(CHUNK - 1, 3), (2 * CHUNK, 4), (3 * CHUNK - 6, 5), (4 * CHUNK + 5, 6)] {
        let length = to - at - RECORD_HEAD;
        records.push((number, vec![number as u8; length]));
        at = to;
    }
    records.push((8, vec![9; MAX_RECORD]));
    let mut writer = place.create().unwrap();
    for (number, bytes) in &records {
        writer.put(kind(*number), bytes).unwrap();
    }
    assert!(!place.path.exists(), "it has its name too early");
    writer.finish().unwrap();
    assert_eq!(place.files(), 1);
    let (read, error) = collect(Reader::open(&place.path, &passphrase()).unwrap());
    assert_eq!(error, None);
    assert!(read == records);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(&place.path).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

/// For all that can be around the end: the last record ends so many bytes before its chunk does.
#[test]
fn every_way_to_end_a_chunk_is_an_end() {
    let key = Secret::from_bytes(&[4; 32]);
    for left in 0..=8 {
        let place = Place::new();
        let rng = &mut ChaCha20Rng::from_seed([1; 32]);
        let (sealer, header): (_, [u8; HEADER_LEN]) = Sealer::new(&key, b"head", rng);
        let mut writer = write::under(&place.path, sealer, &header);
        let record = vec![1; CHUNK - RECORD_HEAD - left];
        writer.put(kind(1), &record).unwrap();
        writer.finish().unwrap();
        let file = std::fs::read(&place.path).unwrap();
        let chunks = if left < RECORD_HEAD { 2 } else { 1 };
        assert_eq!(file.len(), HEADER_LEN + chunks * SEALED_CHUNK, "{left} bytes left");
        let (read, error) = collect(Reader::keyed(file.as_slice(), b"head", &key).unwrap());
        assert_eq!((read.len(), error), (1, None), "{left} bytes left");
    }
}

#[test]
fn nothing_takes_the_place_of_another_file_and_half_a_backup_of_none() {
    let place = Place::new();
    std::fs::write(&place.path, b"precious").unwrap();
    assert_eq!(place.create().unwrap_err(), WriteError::Exists);
    std::fs::remove_file(&place.path).unwrap();
    let writer = place.create().unwrap();
    assert_eq!(place.create().unwrap_err(), WriteError::Busy);
    std::fs::write(&place.path, b"precious").unwrap();
    assert_eq!(writer.finish().unwrap_err(), WriteError::Exists);
    assert_eq!(std::fs::read(&place.path).unwrap(), b"precious");
    assert_eq!(place.files(), 1);
    std::fs::remove_file(&place.path).unwrap();
    let mut writer = place.create().unwrap();
    let long = vec![0; MAX_RECORD + 1];
    assert_eq!(writer.put(kind(1), &long).unwrap_err(), WriteError::TooLong(long.len()));
    drop(writer);
    assert_eq!(place.files(), 0);
    // What a killed process left is written over.
    std::fs::write(place.folder.path().join("work.backup.new"), vec![1; 100_000]).unwrap();
    place.create().unwrap().finish().unwrap();
    assert_eq!(collect(Reader::open(&place.path, &passphrase()).unwrap()), (Vec::new(), None));
    assert_eq!(place.files(), 1);
    let nowhere = place.folder.path().join("no such folder/backup");
    let error = Writer::create(&nowhere, &passphrase(), Cost::FLOOR).unwrap_err();
    assert_eq!(error.to_string(), "the backup can't be written there: there is no such folder");
}

#[test]
fn the_file_of_version_1_is_what_it_was() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/backup-v1.backup");
    let records = [(1, b"a contact".to_vec()), (2, vec![7; 3_000]), (1, Vec::new())];
    let place = Place::new();
    let rng = &mut ChaCha20Rng::from_seed([3; 32]);
    let mut writer =
        Writer::create_with(&place.path, &passphrase(), Cost::FLOOR, &[5; SALT_LEN], rng).unwrap();
    for (number, bytes) in &records {
        writer.put(kind(*number), bytes).unwrap();
    }
    writer.finish().unwrap();
    let written = std::fs::read(&place.path).unwrap();
    assert!(written == std::fs::read(&golden).unwrap(), "the format has changed");
    let (read, error) = collect(Reader::open(&golden, &passphrase()).unwrap());
    assert_eq!((read.as_slice(), error), (records.as_slice(), None));
    let wrong = Passphrase::new("another").unwrap();
    assert_eq!(Reader::open(&golden, &wrong).unwrap_err(), ReadError::WrongPassphrase);
}

#[test]
fn what_is_no_backup_is_refused_before_a_passphrase_is_tried() {
    let head = write::head(Cost::FLOOR, &[5; SALT_LEN]);
    let refused = |bytes: &[u8]| Reader::new(bytes, &passphrase()).unwrap_err();
    assert_eq!(refused(b""), ReadError::Foreign);
    assert_eq!(refused(b"PK\x03\x04 and so on, an archive of another program"), ReadError::Foreign);
    assert_eq!(refused(b"undertone backup 2\nwhatever that has"), ReadError::Newer);
    assert_eq!(refused(b"undertone backup x\nwhatever that has"), ReadError::Foreign);
    for length in MAGIC.len()..HEAD_LEN {
        assert_eq!(refused(&head[..length]), ReadError::CutOff, "{length}");
    }
    // Cheaper than the floor, or more than anybody has.
    for (at, byte) in [(20, 0), (19, 1), (26, 2), (23, 1)] {
        let mut changed = head.clone();
        changed[at] = byte;
        assert_eq!(refused(&changed), ReadError::Damaged, "{at}");
    }
    assert_eq!(refused(&head), ReadError::CutOff);
}

#[test]
fn each_failure_has_its_sentences() {
    use crate::fault::Fault;
    let io = std::io::ErrorKind::Other;
    let writing = [
        WriteError::Exists,
        WriteError::Busy,
        WriteError::TooLong(9),
        WriteError::Full,
        WriteError::Key(KeyError::Memory),
        WriteError::NoRoom,
        WriteError::Place(Fault::Denied),
        WriteError::Place(Fault::ReadOnly),
        WriteError::Place(Fault::Io(std::io::ErrorKind::NotFound)),
        WriteError::Io(io),
    ];
    let reading = [
        ReadError::Foreign,
        ReadError::Newer,
        ReadError::WrongPassphrase,
        ReadError::Damaged,
        ReadError::CutOff,
        ReadError::Memory,
        ReadError::Missing,
        ReadError::Denied,
        ReadError::Io(io),
    ];
    let mut told = String::new();
    for (words, hint) in writing
        .map(|error| (error.to_string(), error.hint()))
        .into_iter()
        .chain(reading.map(|error| (error.to_string(), error.hint())))
    {
        told.push_str(&format!("{words}\n    {hint}\n"));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn debug_shows_no_secret() {
    let place = Place::new();
    let mut writer = place.create().unwrap();
    assert_eq!(format!("{writer:?}"), "Writer(…)");
    writer.put(kind(3), b"swordfish").unwrap();
    writer.finish().unwrap();
    let mut reader = Reader::open(&place.path, &passphrase()).unwrap();
    assert_eq!(format!("{reader:?}"), "Reader(…)");
    let record = reader.next().unwrap().unwrap();
    assert_eq!(format!("{record:?}"), "Record(kind 3, 9 bytes)");
}

/// A backup of these records under a key that costs nothing, behind its head.
fn sealed(plain: &[u8], key: &Secret<32>) -> Vec<u8> {
    let rng = &mut ChaCha20Rng::from_seed([2; 32]);
    let (mut sealer, header) = Sealer::new(key, b"head", rng);
    let mut file = header.to_vec();
    let last = plain.len().saturating_sub(1) / CHUNK;
    for (number, chunk) in plain.chunks(CHUNK).enumerate() {
        sealer.seal_chunk(chunk, number == last, &mut file).unwrap();
    }
    if plain.is_empty() {
        sealer.seal_chunk(&[], true, &mut file).unwrap();
    }
    file
}

fn read(file: &[u8], key: &Secret<32>) -> (Vec<Plain>, Option<ReadError>) {
    match Reader::keyed(file, b"head", key) {
        Ok(reader) => collect(reader),
        Err(error) => (Vec::new(), Some(error)),
    }
}

/// Three chunks with records across their ends, sealed and plain.
fn sample(key: &Secret<32>) -> (Vec<u8>, Vec<u8>) {
    let mut plain = Vec::new();
    for number in 1..=5_u8 {
        let bytes = vec![number; 30_000];
        plain.extend_from_slice(&u16::from(number).to_be_bytes());
        plain.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
        plain.extend_from_slice(&bytes);
    }
    let padding = 3 * CHUNK - plain.len() - RECORD_HEAD;
    plain.extend_from_slice(&[0, 0]);
    plain.extend_from_slice(&u32::try_from(padding).unwrap().to_be_bytes());
    plain.resize(3 * CHUNK, 0);
    (sealed(&plain, key), plain)
}

#[test]
fn each_cut_is_found_out_and_so_are_bytes_behind_the_end() {
    let key = Secret::from_bytes(&[4; 32]);
    let (file, _) = sample(&key);
    let (all, error) = read(&file, &key);
    assert_eq!((all.len(), error), (5, None));
    let ends = (0..4).map(|chunks| HEADER_LEN + chunks * SEALED_CHUNK);
    for end in ends {
        for length in [end.saturating_sub(1), end, end + 1].into_iter().filter(|l| *l < file.len())
        {
            let (some, error) = read(&file[..length], &key);
            assert_eq!(error, Some(ReadError::CutOff), "{length}");
            assert!(all.starts_with(&some));
        }
    }
    let longer = [file.as_slice(), &[0]].concat();
    assert_eq!(read(&longer, &key).1, Some(ReadError::Damaged));
    let doubled = [file.as_slice(), &file[HEADER_LEN..]].concat();
    assert_eq!(read(&doubled, &key).1, Some(ReadError::Damaged));
}

/// Whoever has the passphrase may write what they like: it is refused or read, and never more.
#[test]
fn there_is_one_way_to_write_records() {
    let key = Secret::from_bytes(&[4; 32]);
    let end = |length: u32| [&[0, 0], length.to_be_bytes().as_slice()].concat();
    let with = |head: &[u8], total: usize| {
        let mut plain = head.to_vec();
        plain.resize(total, 0);
        read(&sealed(&plain, &key), &key).1
    };
    let fits = u32::try_from(CHUNK - RECORD_HEAD).unwrap();
    assert_eq!(with(&end(fits), CHUNK), None);
    assert_eq!(with(&end(fits - 1), CHUNK), Some(ReadError::Damaged), "something behind the end");
    assert_eq!(with(&end(fits + 1), CHUNK), Some(ReadError::Damaged), "an end behind the end");
    let long = u32::try_from(2 * CHUNK - RECORD_HEAD).unwrap();
    assert_eq!(
        with(&end(long), 2 * CHUNK),
        Some(ReadError::Damaged),
        "more padding than is needed"
    );
    assert_eq!(with(&end(fits), 2 * CHUNK), Some(ReadError::Damaged), "a chunk behind the end");
    let hidden = [end(fits), vec![1]].concat();
    assert_eq!(with(&hidden, CHUNK), Some(ReadError::Damaged), "something in the padding");
    let huge = [&[0, 1], u32::MAX.to_be_bytes().as_slice()].concat();
    assert_eq!(with(&huge, CHUNK), Some(ReadError::Damaged), "a record that is too long");
    assert_eq!(with(&[], 0), Some(ReadError::CutOff), "no end at all");
    assert_eq!(with(&end(fits), CHUNK - 1), Some(ReadError::CutOff), "a short last chunk");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_changed_byte_is_found_out(at in 0_usize..HEADER_LEN + 3 * SEALED_CHUNK, flip in 1_u8..) {
        let key = Secret::from_bytes(&[4; 32]);
        let (mut file, _) = sample(&key);
        let all = read(&file, &key).0;
        file[at] ^= flip;
        let (some, error) = read(&file, &key);
        prop_assert!(error.is_some());
        prop_assert!(all.starts_with(&some));
    }

    #[test]
    fn any_file_is_read_or_refused(file in proptest::collection::vec(any::<u8>(), 0..400)) {
        let key = Secret::from_bytes(&[4; 32]);
        prop_assert!(read(&file, &key).1.is_some());
        let head = [MAGIC.as_slice(), &file].concat();
        let _: Result<_, ReadError> = read::parse_head(&head);
        prop_assert!(read::parse_head(&file).is_err());
    }

    /// Random records, well formed or not, sealed by somebody who has the key.
    #[test]
    fn any_plaintext_is_read_or_refused(
        heads in proptest::collection::vec((0_u16..3, 0_u32..200_000, 0_usize..70_000), 0..5),
    ) {
        let key = Secret::from_bytes(&[4; 32]);
        let mut plain = Vec::new();
        for (number, length, bytes) in heads {
            plain.extend_from_slice(&number.to_be_bytes());
            plain.extend_from_slice(&length.to_be_bytes());
            plain.resize(plain.len() + bytes, 0);
        }
        plain.resize(plain.len().next_multiple_of(CHUNK).max(CHUNK), 0);
        let (records, _) = read(&sealed(&plain, &key), &key);
        let taken: usize = records.iter().map(|(_, bytes)| bytes.len() + RECORD_HEAD).sum();
        prop_assert!(taken <= plain.len());
    }
}
