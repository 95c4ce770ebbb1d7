//! Either side, at each step.

use undertone_smp::{AnswerError, ReceiveError, Reply};

use super::run::{Side, run_to, secret};

#[test]
fn an_abort_ends_the_run_on_both_sides_at_each_step() {
    for step in 1..=4 {
        for starter_aborts in [true, false] {
            let mut run = run_to(step, 20, "yes", "yes");
            let (one, two) = if starter_aborts {
                (&mut run.starter, &mut run.answerer)
            } else {
                (&mut run.answerer, &mut run.starter)
            };
            let abort = one.abort();
            assert_eq!(two.receive(&abort, &mut run.rng), Ok(Reply::Aborted));
            assert!(one.is_idle() && two.is_idle());
            // What is still under way finds no run any more; a first message begins one.
            let late = two.receive(&run.messages[step - 1], &mut run.rng);
            if step == 1 {
                assert!(matches!(late, Ok(Reply::SecretWanted { .. })));
            } else {
                assert_eq!(late, Err(ReceiveError::OutOfTurn));
            }
        }
    }
}

#[test]
fn an_abort_while_the_user_is_being_asked_leaves_nothing_to_answer() {
    for by_peer in [true, false] {
        let mut run = run_to(1, 21, "yes", "yes");
        let asked = run.answerer.receive(&run.messages[0], &mut run.rng).unwrap();
        assert!(matches!(asked, Reply::SecretWanted { .. }));
        if by_peer {
            let abort = run.starter.abort();
            assert_eq!(run.answerer.receive(&abort, &mut run.rng), Ok(Reply::Aborted));
        } else {
            let abort = run.answerer.abort();
            assert_eq!(run.starter.receive(&abort, &mut run.rng), Ok(Reply::Aborted));
        }
        let late = run.answerer.answer(&secret("yes"), &mut run.rng);
        assert_eq!(late, Err(AnswerError::NothingAsked));
        assert!(run.answerer.is_idle());
    }
}

#[test]
fn an_abort_without_a_run_is_harmless() {
    let mut side = Side::new();
    let abort = side.abort();
    let mut rng = super::run::rng(22);
    assert_eq!(side.receive(&abort, &mut rng), Ok(Reply::Aborted));
    let mut changed = abort;
    *changed.last_mut().unwrap() = 1;
    assert_eq!(side.receive(&changed, &mut rng), Err(ReceiveError::Malformed));
}
