use undertone_smp::ReceiveError;

use crate::support::{Use, What, in_each_use, replaced, run_to};

/// Gives the side that waits for message `number` that message with each field replaced by what
/// `others` gives for it, and asserts that this ends the run as it says. Messages after the first
/// need a fresh run each time: there a field gets two of the others, the next field the next two.
fn each_field_replaced<U: Use>(
    number: usize,
    others: impl Fn(What, &[u8]) -> Vec<(&'static str, Vec<u8>)>,
    expected: impl Fn(What) -> ReceiveError,
) {
    let mut run = run_to::<U>(number, 30, "yes", "yes");
    let message = run.messages[number - 1].clone();
    let bytes = U::bytes(&mut message.clone()).clone();
    for (index, (what, place)) in U::fields(number, &message).into_iter().enumerate() {
        let others = others(what, &bytes[place.clone()]);
        let most = if number == 1 { others.len() } else { others.len().min(2) };
        for (name, other) in others.iter().cycle().skip(2 * index).take(most) {
            let reply = run.receive(&replaced::<U>(&message, place.clone(), other));
            let expected = expected(what);
            assert_eq!(reply.err(), Some(expected), "{name} in message {number} at {place:?}");
            assert!(run.receiver().is_idle());
            run = run_to::<U>(number, 30, "yes", "yes");
        }
    }
}

fn what_is_no_element_is_refused_at_every_place<U: Use>() {
    for number in 1..=4 {
        let bad = |what, _: &[u8]| if what == What::Element { U::bad_elements() } else { vec![] };
        each_field_replaced::<U>(number, bad, |_| ReceiveError::Element);
    }
}

fn what_is_no_scalar_is_refused_at_every_place<U: Use>() {
    for number in 1..=4 {
        let bad = |what, _: &[u8]| if what == What::Scalar { U::bad_scalars() } else { vec![] };
        each_field_replaced::<U>(number, bad, |_| ReceiveError::Proof);
    }
}

/// The generator, whose exponent everybody knows, and the scalar one: no proof survives either,
/// and each proof checks each of its scalars.
fn another_valid_value_is_refused_at_every_place<U: Use>() {
    for number in 1..=4 {
        let known = |what, _: &[u8]| vec![("known", U::known(what))];
        each_field_replaced::<U>(number, known, |_| ReceiveError::Proof);
    }
}

/// The values of another run between the same sides with the same secrets.
fn a_value_of_another_run_is_refused_at_every_place<U: Use>() {
    for number in 1..=4 {
        let mut other = run_to::<U>(number, 31, "yes", "yes").messages.remove(number - 1);
        let fields = U::fields(number, &other);
        let other = U::bytes(&mut other).clone();
        let message = run_to::<U>(number, 30, "yes", "yes").messages.remove(number - 1);
        for ((_, place), (_, from)) in U::fields(number, &message).into_iter().zip(fields) {
            let mut run = run_to::<U>(number, 30, "yes", "yes");
            let reply = run.receive(&replaced::<U>(&message, place.clone(), &other[from]));
            assert_eq!(reply.err(), Some(ReceiveError::Proof), "message {number} at {place:?}");
        }
    }
}

/// A value exchanged with the one of its kind before it: proofs know their places.
fn exchanged_values_are_refused<U: Use>() {
    for number in 1..=4 {
        let message = run_to::<U>(number, 30, "yes", "yes").messages.remove(number - 1);
        let bytes = U::bytes(&mut message.clone()).clone();
        let fields = U::fields(number, &message);
        for (index, (what, late)) in fields.iter().enumerate() {
            if let Some((_, early)) = fields[..index].iter().rfind(|(other, _)| other == what) {
                let (one, two) = (&bytes[early.clone()], &bytes[late.clone()]);
                let once = replaced::<U>(&message, late.clone(), one);
                let twice = replaced::<U>(&once, early.clone(), two);
                let reply = run_to::<U>(number, 30, "yes", "yes").receive(&twice);
                let message = format!("message {number}: {early:?} and {late:?}");
                assert_eq!(reply.err(), Some(ReceiveError::Proof), "{message}");
            }
        }
    }
}

/// `Pa = Pb` or `Qa = Qb`: what a side sent comes back to it.
fn blinded_secrets_that_repeat_ours_are_refused<U: Use>() {
    let run = run_to::<U>(3, 30, "yes", "yes");
    let second = U::bytes(&mut run.messages[1].clone()).clone();
    let elements = |number: usize| -> Vec<_> {
        let fields = U::fields(number, &run.messages[number - 1]);
        let places = fields.into_iter().filter(|(what, _)| *what == What::Element);
        places.map(|(_, place)| place).collect()
    };
    let (ours, theirs) = (elements(2), elements(3));
    for (ours, theirs) in
        [(ours[2].clone(), theirs[0].clone()), (ours[3].clone(), theirs[1].clone())]
    {
        let message = replaced::<U>(&run.messages[2], theirs, &second[ours]);
        let reply = run_to::<U>(3, 30, "yes", "yes").receive(&message);
        assert_eq!(reply.err(), Some(ReceiveError::Element));
    }
}

in_each_use!(
    what_is_no_element_is_refused_at_every_place,
    what_is_no_scalar_is_refused_at_every_place,
    blinded_secrets_that_repeat_ours_are_refused,
);

mod in_quick_uses {
    use super::{
        a_value_of_another_run_is_refused_at_every_place,
        another_valid_value_is_refused_at_every_place, exchanged_values_are_refused,
    };
    crate::support::in_quick_uses!(
        another_valid_value_is_refused_at_every_place,
        a_value_of_another_run_is_refused_at_every_place,
        exchanged_values_are_refused,
    );
}
