//! The storage in memory does what every storage does.

mod conformance;

use conformance::Plain;

#[test]
fn its_facts() {
    conformance::plain_facts(Plain::default);
}

#[test]
fn its_requests() {
    conformance::requests(Plain::default);
}

/// Against itself: what the suite compares does not depend on more than the writes.
#[test]
fn random_writes_give_the_same_answers_twice() {
    conformance::random_writes(16, 40, Plain::default);
}
