use undertone_engine::storage::{Reader as _, message_id};
use undertone_handle::query::Search;

use super::*;

#[path = "../../tests/support/profile.rs"]
mod support;

use support::{MESSAGES_OF, contact, message};

/// A profile with so many messages, all of them in the index that can be.
fn with(messages: u32) -> Profile {
    let mut profile = Profile::in_memory().unwrap();
    profile.apply(&[Write::PutContact(Box::new(contact(1)))]).unwrap();
    for place in 1..=messages {
        let row = Box::new(message(place, "a word and another"));
        profile.apply(&[Write::PutMessage(MESSAGES_OF, row)]).unwrap();
    }
    profile.commit().unwrap();
    profile.settle().unwrap();
    profile
}

fn found(profile: &Profile) -> usize {
    let search = Search::parse("anoth").unwrap();
    profile.reader().unwrap().search(&search, None, usize::MAX >> 1).unwrap().len()
}

fn indexed(profile: &Profile) -> i64 {
    profile.connection.query_row("SELECT indexed FROM own", [], |row| row.get(0)).unwrap()
}

#[test]
fn an_index_by_other_rules_is_made_anew() {
    let profile = with(600);
    assert_eq!((found(&profile), indexed(&profile)), (600, 600));
    profile.connection.execute("UPDATE own SET splitter = 'another'", []).unwrap();
    profile.check_splitter().unwrap();
    assert_eq!((found(&profile), indexed(&profile)), (600, 0));
    let mut profile = profile;
    profile.settle().unwrap();
    assert_eq!((found(&profile), indexed(&profile)), (600, 0), "nothing was committed since");
    profile.apply(&[Write::Purge(vec![message_id(1, 5)])]).unwrap();
    profile.commit().unwrap();
    assert_eq!((found(&profile), indexed(&profile)), (599, 600));
    profile.check().unwrap();
}

#[test]
fn what_goes_in_great_numbers_is_gone_and_the_rest_is_found() {
    let mut profile = with(1_300);
    let other = contact(2);
    let mut row = message(1, "another word");
    row.message = message_id(2, 1);
    let id = other.id;
    profile
        .apply(&[Write::PutContact(Box::new(other)), Write::PutMessage(id, Box::new(row))])
        .unwrap();
    profile.commit().unwrap();
    assert_eq!(found(&profile), 1_301);
    profile.apply(&[Write::Forget(MESSAGES_OF)]).unwrap();
    profile.commit().unwrap();
    assert_eq!(found(&profile), 1);
    let left: i64 = profile
        .connection
        .query_row("SELECT count(*) FROM words WHERE words MATCH 'another'", [], |row| row.get(0))
        .unwrap();
    assert!(left <= 1, "the one may still wait for the index");
    profile.check().unwrap();
}

#[test]
fn a_profile_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.db");
    let open = || Profile::open(&path, &Protection::Nothing);
    drop(Profile::create(&path, &Protection::Nothing, Cost::FLOOR).unwrap());
    let profile = open().unwrap();
    let known = i64::try_from(SCHEMA.migrations.len()).unwrap();
    profile.connection.pragma_update(None, "user_version", known + 1).unwrap();
    drop(profile);
    let refused = open().map(drop);
    assert_eq!((known, refused), (3, Err(OpenError::Newer(known + 1, known))));
}

mod requests;
