use std::borrow::Borrow as _;

use undertone_smp::{Reply, Smp};

use crate::support::{Use, in_each_use, run_to};

/// What both sides learn.
fn outcome<U: Use>(seed: u8, starters: &str, answerers: &str) -> bool {
    // The answerer's outcome is compared in `run_to`.
    let mut run = run_to::<U>(4, seed, starters, answerers);
    let reply = run.receive(&run.messages[3].clone()).unwrap();
    let Reply::Finished { matched, send: None } = reply else { panic!("{reply:?}") };
    assert!(run.starter.is_idle() && run.answerer.is_idle());
    matched
}

fn equal_secrets_match_on_both_sides<U: Use>() {
    for seed in 0..3 {
        assert!(outcome::<U>(seed, "under the bridge", "under the bridge"));
    }
}

fn different_secrets_do_not_match_on_either_side<U: Use>() {
    for seed in 0..3 {
        assert!(!outcome::<U>(seed, "under the bridge", "over the bridge"));
    }
}

fn roles_may_change_from_run_to_run<U: Use>() {
    let mut run = run_to::<U>(4, 1, "no", "yes");
    let end = run.receive(&run.messages[3].clone()).unwrap();
    assert!(matches!(end, Reply::Finished { matched: false, send: None }));
    let (one, two) = (&mut run.answerer, &mut run.starter);
    let first = one.start(&U::secret("yes"), None, &mut run.rng).unwrap();
    let asked = two.receive(first.borrow(), &mut run.rng).unwrap();
    assert!(matches!(asked, Reply::SecretWanted { question: None }));
    let second = two.answer(&U::secret("yes"), &mut run.rng).unwrap();
    let Reply::Send(third) = one.receive(second.borrow(), &mut run.rng).unwrap() else { panic!() };
    let end = two.receive(third.borrow(), &mut run.rng).unwrap();
    let Reply::Finished { matched: true, send: Some(fourth) } = end else { panic!("{end:?}") };
    let end = one.receive(fourth.borrow(), &mut run.rng).unwrap();
    assert!(matches!(end, Reply::Finished { matched: true, send: None }));
}

fn one_run_at_a_time<U: Use>() {
    let mut run = run_to::<U>(2, 3, "yes", "yes");
    assert!(run.starter.start(&U::secret("yes"), None, &mut run.rng).is_err());
    assert!(run.answerer.start(&U::secret("yes"), None, &mut run.rng).is_err());
    assert!(run.starter.answer(&U::secret("yes"), &mut run.rng).is_err());
    assert!(run.answerer.answer(&U::secret("yes"), &mut run.rng).is_err());
    assert!(Smp::<U>::new().answer(&U::secret("yes"), &mut run.rng).is_err());
    // The run goes on unharmed.
    let Reply::Send(third) = run.receive(&run.messages[1].clone()).unwrap() else { panic!() };
    let end = run.answerer.receive(third.borrow(), &mut run.rng).unwrap();
    assert!(matches!(end, Reply::Finished { matched: true, .. }));
}

in_each_use!(
    equal_secrets_match_on_both_sides,
    different_secrets_do_not_match_on_either_side,
    roles_may_change_from_run_to_run,
    one_run_at_a_time,
);
