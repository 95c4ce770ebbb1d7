use std::borrow::Borrow as _;

use undertone_smp::{ReceiveError, Reply, Smp};

use crate::support::{Use, in_each_use, rng, run_to};

/// A side at each step, with the number of the message that it waits for (1 for an idle one, none
/// while its user is being asked).
fn sides_at_each_step<U: Use>() -> Vec<(Smp<U>, Option<usize>)> {
    let mut asked = run_to::<U>(1, 7, "yes", "yes");
    assert!(asked.receive(&asked.messages[0].clone()).is_ok());
    vec![
        (Smp::new(), Some(1)),
        (run_to(1, 7, "yes", "yes").starter, Some(2)),
        (run_to(2, 7, "yes", "yes").answerer, Some(3)),
        (run_to(3, 7, "yes", "yes").starter, Some(4)),
        (asked.answerer, None),
    ]
}

fn only_the_message_that_a_step_waits_for_is_taken<U: Use>() {
    let messages = run_to::<U>(4, 7, "yes", "yes").messages;
    for number in 1..=4 {
        for (mut side, waits_for) in sides_at_each_step::<U>() {
            let reply = side.receive(messages[number - 1].borrow(), &mut rng(1));
            if waits_for == Some(number) {
                assert!(reply.is_ok(), "{number}: {reply:?}");
            } else {
                let crossed = number == 1 && waits_for == Some(2);
                let error = if crossed { ReceiveError::Crossed } else { ReceiveError::OutOfTurn };
                assert_eq!(reply, Err(error), "message {number} when waiting for {waits_for:?}");
                assert!(side.is_idle());
            }
        }
    }
}

/// Between the same sides, with the same secrets.
fn a_message_of_another_run_ends_this_one<U: Use>() {
    for number in 2..=4 {
        let mut other = run_to::<U>(number, 8, "yes", "yes");
        let this = run_to::<U>(number, 9, "yes", "yes");
        let reply = other.receive(&this.messages[number - 1]);
        assert_eq!(reply, Err(ReceiveError::Proof), "{number}");
        assert!(other.receiver().is_idle());
    }
}

fn a_replayed_message_ends_the_run_or_is_refused_after_it<U: Use>() {
    let mut run = run_to::<U>(3, 10, "yes", "yes");
    let third = run.messages[2].clone();
    assert!(matches!(run.receive(&third), Ok(Reply::Finished { .. })));
    assert_eq!(run.receive(&third), Err(ReceiveError::OutOfTurn));
    let again = run.starter.receive(run.messages[1].borrow(), &mut run.rng);
    assert_eq!(again, Err(ReceiveError::OutOfTurn));
    assert!(run.starter.is_idle());
}

/// Reflection: what a side said is no answer to it.
fn a_sides_own_messages_sent_back_to_it_end_the_run<U: Use>() {
    for number in 1..=4 {
        let mut run = run_to::<U>(number, 11, "yes", "yes");
        let own = run.messages[number - 1].clone();
        let sender = if number % 2 == 1 { &mut run.starter } else { &mut run.answerer };
        let reply = sender.receive(own.borrow(), &mut run.rng);
        let error = if number == 1 { ReceiveError::Crossed } else { ReceiveError::OutOfTurn };
        assert_eq!(reply, Err(error), "{number}");
        assert!(sender.is_idle());
    }
}

/// Reflection of values: a starter is answered with its own first element and the proof that it
/// made of it, in the answerer's place.
fn proofs_of_one_side_do_not_serve_the_other<U: Use>() {
    let mut run = run_to::<U>(2, 12, "yes", "yes");
    let (mut first, mut answer) = (run.messages[0].clone(), run.messages[1].clone());
    let own = U::bytes(&mut first).clone();
    let from = U::fields(1, &first);
    let pick = |fields: &[(_, std::ops::Range<usize>)], what, nth: usize| {
        let mut places = fields.iter().filter(|(other, _)| *other == what);
        places.nth(nth).unwrap().1.clone()
    };
    use crate::support::What::{Element, Scalar};
    for (what, nth) in [(Element, 0), (Scalar, 0), (Scalar, 1)] {
        let into = pick(&U::fields(2, &answer), what, nth);
        answer = crate::support::replaced::<U>(&answer, into, &own[pick(&from, what, nth)]);
    }
    assert_eq!(run.receive(&answer), Err(ReceiveError::Proof));
}

fn two_runs_started_at_once_end_on_both_sides_and_leave_room_for_the_next<U: Use>() {
    let mut rng = rng(12);
    let (mut one, mut two) = (Smp::<U>::new(), Smp::<U>::new());
    let from_one = one.start(&U::secret("yes"), None, &mut rng).unwrap();
    let from_two = two.start(&U::secret("yes"), None, &mut rng).unwrap();
    assert_eq!(one.receive(from_two.borrow(), &mut rng), Err(ReceiveError::Crossed));
    assert_eq!(two.receive(from_one.borrow(), &mut rng), Err(ReceiveError::Crossed));
    let (end_one, end_two) = (one.abort(), two.abort());
    assert_eq!(one.receive(end_two.borrow(), &mut rng), Ok(Reply::Aborted));
    assert_eq!(two.receive(end_one.borrow(), &mut rng), Ok(Reply::Aborted));
    let next = one.start(&U::secret("yes"), None, &mut rng).unwrap();
    let asked = two.receive(next.borrow(), &mut rng);
    assert_eq!(asked, Ok(Reply::SecretWanted { question: None }));
}

in_each_use!(
    only_the_message_that_a_step_waits_for_is_taken,
    a_message_of_another_run_ends_this_one,
    a_replayed_message_ends_the_run_or_is_refused_after_it,
    a_sides_own_messages_sent_back_to_it_end_the_run,
    proofs_of_one_side_do_not_serve_the_other,
    two_runs_started_at_once_end_on_both_sides_and_leave_room_for_the_next,
);
