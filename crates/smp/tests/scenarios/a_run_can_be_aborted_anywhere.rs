use std::borrow::Borrow as _;

use undertone_smp::{AnswerError, ReceiveError, Reply, Smp};

use crate::support::{Use, in_each_use, rng, run_to};

fn an_abort_ends_the_run_on_both_sides_at_each_step<U: Use>() {
    for step in 1..=4 {
        for starter_aborts in [true, false] {
            let mut run = run_to::<U>(step, 20, "yes", "yes");
            let (one, two) = if starter_aborts {
                (&mut run.starter, &mut run.answerer)
            } else {
                (&mut run.answerer, &mut run.starter)
            };
            let abort = one.abort();
            assert_eq!(two.receive(abort.borrow(), &mut run.rng), Ok(Reply::Aborted));
            assert!(one.is_idle() && two.is_idle());
            // What is still under way finds no run any more; a first message begins one.
            let late = two.receive(run.messages[step - 1].borrow(), &mut run.rng);
            if step == 1 {
                assert!(matches!(late, Ok(Reply::SecretWanted { .. })));
            } else {
                assert_eq!(late, Err(ReceiveError::OutOfTurn));
            }
        }
    }
}

fn an_abort_while_the_user_is_being_asked_leaves_nothing_to_answer<U: Use>() {
    for by_peer in [true, false] {
        let mut run = run_to::<U>(1, 21, "yes", "yes");
        assert!(run.receive(&run.messages[0].clone()).is_ok());
        let abort = if by_peer { run.starter.abort() } else { run.answerer.abort() };
        let other = if by_peer { &mut run.answerer } else { &mut run.starter };
        assert_eq!(other.receive(abort.borrow(), &mut run.rng), Ok(Reply::Aborted));
        let late = run.answerer.answer(&U::secret("yes"), &mut run.rng);
        assert_eq!(late, Err(AnswerError::NothingAsked));
        assert!(run.answerer.is_idle());
    }
}

fn an_abort_without_a_run_is_harmless_and_says_nothing_else<U: Use>() {
    let mut side = Smp::<U>::new();
    let mut abort = side.abort();
    assert_eq!(side.receive(abort.borrow(), &mut rng(22)), Ok(Reply::Aborted));
    U::bytes(&mut abort).push(1);
    assert_eq!(side.receive(abort.borrow(), &mut rng(22)), Err(ReceiveError::Malformed));
}

in_each_use!(
    an_abort_ends_the_run_on_both_sides_at_each_step,
    an_abort_while_the_user_is_being_asked_leaves_nothing_to_answer,
    an_abort_without_a_run_is_harmless_and_says_nothing_else,
);
