//! The same work is done whether the secrets are equal or not: not by the clock, which tells a
//! test nothing for certain, but operation by operation.

use std::borrow::Borrow as _;
use std::cell::RefCell;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::via::{Hook, Via};
use crate::{Ed448, Modp1536, Reply, Ristretto, Smp, Suite};

thread_local! {
    static SEEN: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

struct Listed;

impl Hook for Listed {
    fn seen(operation: &'static str) {
        SEEN.with_borrow_mut(|seen| seen.push(operation));
    }
}

/// What both sides do in a run, and what they find.
fn run<S: Suite>(starters: &S::Secret, answerers: &S::Secret) -> (bool, Vec<&'static str>) {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let (mut one, mut two) = (Smp::<Via<S, Listed>>::new(), Smp::<Via<S, Listed>>::new());
    SEEN.take();
    let first = one.start(starters, Some("Who?"), &mut rng).unwrap();
    two.receive(first.borrow(), &mut rng).unwrap();
    let second = two.answer(answerers, &mut rng).unwrap();
    let Reply::Send(third) = one.receive(second.borrow(), &mut rng).unwrap() else { panic!() };
    let end = two.receive(third.borrow(), &mut rng).unwrap();
    let Reply::Finished { matched, send: Some(fourth) } = end else { panic!() };
    let end = one.receive(fourth.borrow(), &mut rng).unwrap();
    assert!(matches!(end, Reply::Finished { matched: also, send: None } if also == matched));
    (matched, SEEN.take())
}

fn same_operations<S: Suite>(secret: impl Fn(&str) -> S::Secret) {
    let (matched, equal) = run::<S>(&secret("yes"), &secret("yes"));
    assert!(matched);
    // Two comparisons of P and Q on each side, eight proofs, one comparison at each end.
    let compared = |what| equal.iter().filter(|seen| **seen == what).count();
    assert_eq!((compared("elements compared"), compared("scalars compared")), (6, 8));
    for other in ["no", "yes!", "a much longer one, in more words than the other has"] {
        let (matched, different) = run::<S>(&secret("yes"), &secret(other));
        assert!(!matched);
        assert_eq!(equal, different);
    }
}

#[test]
fn a_match_and_a_mismatch_take_the_same_operations_in_the_native_use() {
    same_operations::<Ristretto>(crate::samples::native_secret);
}

#[test]
fn a_match_and_a_mismatch_take_the_same_operations_in_otr_version_3() {
    same_operations::<Modp1536>(crate::samples::otr3_secret);
}

#[test]
fn a_match_and_a_mismatch_take_the_same_operations_in_otr_version_4() {
    same_operations::<Ed448>(crate::samples::otr4_secret);
}
