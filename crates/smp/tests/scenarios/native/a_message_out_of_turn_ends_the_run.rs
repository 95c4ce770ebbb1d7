//! Wrong steps, replays, and messages of another run.

use undertone_smp::{ReceiveError, Reply};

use super::run::{Run, Side, rng, run_to, secret};

/// Both sides at each step, with the number of the message that the side waits for (1 for an
/// idle one, none while its user is being asked).
fn sides_at_each_step(seed: u8) -> Vec<(Side, Option<usize>)> {
    let Run { starter: waits_for_second, mut rng, messages, .. } = run_to(1, seed, "yes", "yes");
    let mut asked = Side::new();
    assert!(asked.receive(&messages[0], &mut rng).is_ok());
    let waits_for_third = run_to(2, seed, "yes", "yes").answerer;
    let waits_for_fourth = run_to(3, seed, "yes", "yes").starter;
    vec![
        (Side::new(), Some(1)),
        (waits_for_second, Some(2)),
        (waits_for_third, Some(3)),
        (waits_for_fourth, Some(4)),
        (asked, None),
    ]
}

#[test]
fn only_the_message_that_a_step_waits_for_is_taken() {
    let messages = run_to(4, 7, "yes", "yes").messages;
    for number in 1..=4 {
        for (mut side, waits_for) in sides_at_each_step(7) {
            let reply = side.receive(&messages[number - 1], &mut rng(1));
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

#[test]
fn a_message_of_another_run_ends_this_one() {
    for number in 2..=4 {
        let mut other = run_to(number, 8, "yes", "yes");
        let this = run_to(number, 9, "yes", "yes");
        let receiver = if number == 3 { &mut other.answerer } else { &mut other.starter };
        let reply = receiver.receive(&this.messages[number - 1], &mut rng(1));
        assert_eq!(reply, Err(ReceiveError::Proof), "{number}");
        assert!(receiver.is_idle());
    }
}

#[test]
fn a_replayed_message_ends_the_run_or_is_refused_after_it() {
    let mut run = run_to(3, 10, "yes", "yes");
    let end = run.answerer.receive(&run.messages[2], &mut run.rng).unwrap();
    assert!(matches!(end, Reply::Finished { .. }));
    let again = run.answerer.receive(&run.messages[2], &mut run.rng);
    assert_eq!(again, Err(ReceiveError::OutOfTurn));
    let again = run.starter.receive(&run.messages[1], &mut run.rng);
    assert_eq!(again, Err(ReceiveError::OutOfTurn));
    assert!(run.starter.is_idle());
}

#[test]
fn a_sides_own_messages_sent_back_to_it_end_the_run() {
    let mut run = run_to(1, 11, "yes", "yes");
    let own = run.starter.receive(&run.messages[0], &mut run.rng);
    assert_eq!(own, Err(ReceiveError::Crossed));
    let mut run = run_to(2, 11, "yes", "yes");
    let own = run.answerer.receive(&run.messages[1], &mut run.rng);
    assert_eq!(own, Err(ReceiveError::OutOfTurn));
    let mut run = run_to(3, 11, "yes", "yes");
    let own = run.starter.receive(&run.messages[2], &mut run.rng);
    assert_eq!(own, Err(ReceiveError::OutOfTurn));
}

#[test]
fn two_runs_started_at_once_end_on_both_sides_and_leave_room_for_the_next() {
    let mut rng = rng(12);
    let (mut one, mut two) = (Side::new(), Side::new());
    let from_one = one.start(&secret("yes"), None, &mut rng).unwrap();
    let from_two = two.start(&secret("yes"), None, &mut rng).unwrap();
    assert_eq!(one.receive(&from_two, &mut rng), Err(ReceiveError::Crossed));
    assert_eq!(two.receive(&from_one, &mut rng), Err(ReceiveError::Crossed));
    let (end_one, end_two) = (one.abort(), two.abort());
    assert_eq!(one.receive(&end_two, &mut rng), Ok(Reply::Aborted));
    assert_eq!(two.receive(&end_one, &mut rng), Ok(Reply::Aborted));
    let next = one.start(&secret("yes"), None, &mut rng).unwrap();
    assert_eq!(two.receive(&next, &mut rng), Ok(Reply::SecretWanted { question: None }));
}
