//! Both sides learn whether the secrets are equal.

use undertone_smp::{AnswerError, QUESTION_MAX, Reply, StartError};

use super::run::{Run, Side, rng, run_to, secret};

/// What the starter learns from the fourth message.
fn outcome(mut run: Run) -> bool {
    let reply = run.starter.receive(&run.messages[3], &mut run.rng).unwrap();
    let Reply::Finished { matched, send: None } = reply else { panic!("{reply:?}") };
    assert!(run.starter.is_idle() && run.answerer.is_idle());
    matched
}

#[test]
fn equal_secrets_match_on_both_sides() {
    for seed in 0..8 {
        assert!(outcome(run_to(4, seed, "under the bridge", "under the bridge")));
    }
}

#[test]
fn different_secrets_do_not_match_on_either_side() {
    for seed in 0..8 {
        assert!(!outcome(run_to(4, seed, "under the bridge", "over the bridge")));
    }
}

#[test]
fn one_side_can_check_again_and_again() {
    let mut run = run_to(4, 1, "no", "yes");
    let end = run.starter.receive(&run.messages[3], &mut run.rng).unwrap();
    assert_eq!(end, Reply::Finished { matched: false, send: None });
    // The roles may change from run to run.
    let first = run.answerer.start(&secret("yes"), None, &mut run.rng).unwrap();
    let asked = run.starter.receive(&first, &mut run.rng).unwrap();
    assert_eq!(asked, Reply::SecretWanted { question: None });
    let second = run.starter.answer(&secret("yes"), &mut run.rng).unwrap();
    let Reply::Send(third) = run.answerer.receive(&second, &mut run.rng).unwrap() else { panic!() };
    let end = run.starter.receive(&third, &mut run.rng).unwrap();
    let Reply::Finished { matched: true, send: Some(fourth) } = end else { panic!() };
    let end = run.answerer.receive(&fourth, &mut run.rng).unwrap();
    assert_eq!(end, Reply::Finished { matched: true, send: None });
}

#[test]
fn a_question_is_bounded_and_arrives_whole() {
    let mut rng = rng(9);
    let longest = "ü".repeat(QUESTION_MAX / 2);
    let mut starter = Side::new();
    let first = starter.start(&secret("x"), Some(&longest), &mut rng).unwrap();
    let asked = Side::new().receive(&first, &mut rng).unwrap();
    assert_eq!(asked, Reply::SecretWanted { question: Some(longest.clone()) });

    let mut starter = Side::new();
    let longer = format!("{longest}?");
    let refused = starter.start(&secret("x"), Some(&longer), &mut rng);
    assert_eq!(refused, Err(StartError::QuestionTooLong { max: QUESTION_MAX }));
    let refused = starter.start(&secret("x"), Some(&"?".repeat(100_000)), &mut rng);
    assert_eq!(refused, Err(StartError::QuestionTooLong { max: QUESTION_MAX }));
    assert!(starter.is_idle());

    let first = starter.start(&secret("x"), Some(""), &mut rng).unwrap();
    let asked = Side::new().receive(&first, &mut rng).unwrap();
    assert_eq!(asked, Reply::SecretWanted { question: None });
}

#[test]
fn calls_out_of_turn_change_nothing() {
    let mut run = run_to(2, 3, "yes", "yes");
    assert_eq!(run.starter.start(&secret("yes"), None, &mut run.rng), Err(StartError::Running));
    let refused = run.starter.answer(&secret("yes"), &mut run.rng);
    assert_eq!(refused, Err(AnswerError::NothingAsked));
    let refused = run.answerer.answer(&secret("yes"), &mut run.rng);
    assert_eq!(refused, Err(AnswerError::NothingAsked));
    let reply = run.starter.receive(&run.messages[1], &mut run.rng).unwrap();
    let Reply::Send(third) = reply else { panic!() };
    let end = run.answerer.receive(&third, &mut run.rng).unwrap();
    assert!(matches!(end, Reply::Finished { matched: true, .. }));
}
