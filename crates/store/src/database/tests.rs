use super::*;

const ONE: &str = "CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (7);";
const TWO: &str = "ALTER TABLE t ADD COLUMN b INTEGER; UPDATE t SET b = a + 1;";

const OLD: Schema = Schema { application: 7, migrations: &[ONE] };
const NEW: Schema = Schema { application: 7, migrations: &[ONE, TWO] };
/// Its last step fails half-way.
const BROKEN: Schema =
    Schema { application: 7, migrations: &[ONE, "DELETE FROM t; SELECT a FROM nowhere;"] };

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.db");
        let protection = Protection::Nothing;
        create(&path, &protection, Cost::FLOOR, &OLD, |_| Ok(())).unwrap();
        Self { _folder: folder, path }
    }

    fn open(&self, schema: &Schema) -> Result<Connection, OpenError> {
        open(&self.path, &Protection::Nothing, schema).map(|(connection, _)| connection)
    }

    fn copy(&self) -> PathBuf {
        files::with_suffix(&self.path, COPY)
    }
}

fn column(connection: &Connection, name: &str) -> Result<i64, rusqlite::Error> {
    connection.query_row(&format!("SELECT {name} FROM t"), [], |row| row.get(0))
}

#[test]
fn a_migration_keeps_a_copy_until_the_next_good_start() {
    let place = Place::new();
    drop(place.open(&OLD).unwrap());
    assert!(!place.copy().exists());
    let before = std::fs::read(&place.path).unwrap();

    assert_eq!(column(&place.open(&NEW).unwrap(), "b").unwrap(), 8);
    assert_eq!(std::fs::read(place.copy()).unwrap(), before);

    assert_eq!(column(&place.open(&NEW).unwrap(), "b").unwrap(), 8);
    assert!(!place.copy().exists(), "it has opened twice");
}

#[test]
fn a_migration_that_broke_off_changes_nothing_and_is_done_again() {
    let place = Place::new();
    assert!(place.open(&BROKEN).is_err());
    assert!(place.copy().exists());
    assert_eq!(column(&place.open(&OLD).unwrap(), "a").unwrap(), 7);
    // Killed while it was copied, too.
    std::fs::write(files::beside(&place.copy()), b"half of somethi").unwrap();
    assert_eq!(column(&place.open(&NEW).unwrap(), "b").unwrap(), 8);
}

#[test]
fn a_newer_database_is_refused_and_left_as_it_is() {
    let place = Place::new();
    drop(place.open(&NEW).unwrap());
    let before = std::fs::read(&place.path).unwrap();
    assert_eq!(place.open(&OLD).err(), Some(OpenError::Newer(2, 1)));
    assert_eq!(std::fs::read(&place.path).unwrap(), before);
    assert!(place.copy().exists(), "for the program that can read it");
}

#[test]
fn a_database_that_is_in_use_is_not_copied() {
    let place = Place::new();
    let other = place.open(&OLD).unwrap();
    other.execute_batch("UPDATE t SET a = 9").unwrap();
    assert_eq!(place.open(&NEW).err(), Some(OpenError::Fault(Fault::Busy)));
    drop(other);
    assert_eq!(column(&place.open(&NEW).unwrap(), "b").unwrap(), 10);
}
