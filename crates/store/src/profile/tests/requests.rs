use undertone_engine::storage::{AskRow, PublicAddress, RequestRow, SentRequest, View as _};
use undertone_handle::command::Greeting;

use super::*;

#[path = "../../../tests/support/requests.rs"]
mod support;

use support::{address, ask, request};

/// A profile with an address, a request and one of ours, of which nothing is left to erase.
fn with_requests() -> Profile {
    let mut profile = Profile::in_memory().unwrap();
    keep(&mut profile, Write::PutAddress(address()));
    keep(&mut profile, Write::PutRequest(Box::new(request(1, "Ana", "hello"))));
    keep(&mut profile, Write::PutAsk(Box::new(ask(2, "Ben", "hello"))));
    profile.settle().unwrap();
    profile
}

fn keep(profile: &mut Profile, write: Write) {
    profile.apply(&[write]).unwrap();
    profile.commit().unwrap();
}

/// What a row holds that it can't hold, as only damage does.
fn spoil(profile: &Profile, sql: &str) {
    profile.connection.execute_batch("PRAGMA ignore_check_constraints = ON").unwrap();
    assert_eq!(profile.connection.execute(sql, []).unwrap(), 1, "{sql}");
    profile.connection.execute_batch("PRAGMA ignore_check_constraints = OFF").unwrap();
}

#[test]
fn a_row_that_can_not_be_read_is_damage() {
    let whole = with_requests();
    assert_eq!((whole.requests().len(), whole.asks().len(), whole.fault()), (1, 1, None));
    for (sql, shown) in [
        ("UPDATE address SET seed = x'00'", true),
        ("UPDATE request SET at = -1", true),
        ("UPDATE request SET state = 4", true),
        ("UPDATE request SET name = ''", true),
        ("UPDATE request SET greeting = char(8238)", true),
        // No key that a service can have, and one of another length.
        ("UPDATE request SET place = CAST(char(1) || printf('%.*c', 31, 'x') AS BLOB)", false),
        ("UPDATE request SET place = x'01'", false),
        ("UPDATE request SET tag = zeroblob(31)", false),
        ("UPDATE request SET hash = zeroblob(33)", false),
        ("UPDATE request SET keys = zeroblob(1312)", false),
        ("UPDATE request SET offer = x'01'", false),
        ("UPDATE request SET nick = NULL", false),
        ("UPDATE request SET peer = NULL", false),
        ("UPDATE request SET accepted = -1", false),
        ("UPDATE asked SET tries = 4294967296", false),
        ("UPDATE asked SET address = zeroblob(32)", true),
        ("UPDATE asked SET peer = char(27)", true),
        ("UPDATE asked SET nick = ''", false),
        ("UPDATE asked SET greeting = printf('%.*c', 2001, 'x')", false),
        ("UPDATE asked SET own = CAST('x' || substr(own, 2) AS BLOB)", false),
        ("UPDATE asked SET hash = NULL", false),
        ("UPDATE asked SET offer = NULL", false),
        ("UPDATE asked SET offer = zeroblob(1346)", false),
    ] {
        let profile = with_requests();
        spoil(&profile, sql);
        let read = (profile.address(), profile.requests().len(), profile.asks().len());
        assert_eq!(profile.fault(), Some(Fault::Damaged), "{sql}: {read:?}");
        let reader = profile.reader().unwrap();
        let faults =
            [reader.address_line().err(), reader.request_lines().err(), reader.ask_lines().err()];
        // What isn't shown isn't read for that.
        assert_eq!(faults.contains(&Some(Fault::Damaged)), shown, "{sql}: {faults:?}");
    }
}

#[test]
fn no_row_of_another_form_is_written() {
    let profile = with_requests();
    for change in [
        "address SET id = 2",
        "address SET seed = zeroblob(31)",
        "address SET served = 2",
        "request SET at = -1",
        "request SET state = 4",
        "request SET name = ''",
        "request SET name = printf('%.*c', 121, 'x')",
        "request SET greeting = printf('%.*c', 6001, 'x')",
        "request SET place = zeroblob(33)",
        "request SET tag = zeroblob(31)",
        "request SET hash = zeroblob(31)",
        "request SET keys = zeroblob(1311)",
        "request SET offer = x''",
        "request SET nick = NULL",
        "request SET peer = ''",
        "request SET accepted = -1",
        "asked SET at = -1",
        "asked SET arrived = 2",
        "asked SET tries = -1",
        "asked SET address = zeroblob(31)",
        "asked SET peer = ''",
        "asked SET nick = printf('%.*c', 121, 'x')",
        "asked SET greeting = printf('%.*c', 6001, 'x')",
        "asked SET own = x''",
        "asked SET hash = zeroblob(31)",
        "asked SET hash = NULL",
        "asked SET offer = zeroblob(1345)",
    ] {
        let refused = profile.connection.execute(&format!("UPDATE {change}"), []);
        let refused = refused.unwrap_err().sqlite_error_code();
        assert_eq!(refused, Some(rusqlite::ErrorCode::ConstraintViolation), "{change}");
    }
    profile.check().unwrap();
}

/// Whatever is no longer in a row is swept; a row that only grows leaves nothing to sweep.
#[test]
fn what_is_replaced_or_dropped_is_to_be_erased() {
    let (own, row, asked) = (address(), request(1, "Ana", "hello"), ask(2, "Ben", "hello"));
    let other = PublicAddress { seed: ask(3, "Cy", "").own.place().clone(), on: true };
    let let_go = RequestRow { greeting: Greeting::parse("").unwrap(), offer: None, ..row.clone() };
    let again = SentRequest { hash: [1; 32], ..asked.sent.clone().unwrap() };
    let boxed = |row: AskRow| Write::PutAsk(Box::new(row));
    for (write, erases) in [
        (Write::PutAddress(PublicAddress { on: false, ..own }), false),
        (Write::PutAddress(other), true),
        (Write::PutRequest(Box::new(request(4, "Cy", ""))), false),
        (Write::PutRequest(Box::new(let_go)), true),
        (Write::DropRequest(row.id), true),
        (Write::DropRequest(asked.id), false),
        (boxed(ask(5, "Cy", "")), false),
        (boxed(AskRow { tries: 9, arrived: false, ..asked.clone() }), false),
        (boxed(AskRow { sent: Some(again), ..asked.clone() }), true),
        (boxed(AskRow { sent: None, ..asked.clone() }), true),
        (boxed(AskRow { greeting: Greeting::parse("").unwrap(), ..asked.clone() }), true),
        (boxed(AskRow { own: ask(7, "Ben", "").own, ..asked.clone() }), true),
        (Write::DropAsk(asked.id), true),
        (Write::DropAsk(row.id), false),
    ] {
        let mut profile = with_requests();
        let told = format!("{write:?}");
        keep(&mut profile, write);
        assert_eq!(profile.owed, erases, "{told}");
        profile.settle().unwrap();
        assert!(!profile.is_unsettled(), "{told}");
    }
    // Sent for the first time, it has nothing to lose.
    let mut profile = with_requests();
    keep(&mut profile, boxed(AskRow { sent: None, ..ask(8, "Dee", "") }));
    keep(&mut profile, boxed(ask(8, "Dee", "")));
    assert!(!profile.owed);
}
