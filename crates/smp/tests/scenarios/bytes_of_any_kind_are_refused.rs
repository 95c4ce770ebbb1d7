use std::borrow::Borrow as _;

use undertone_smp::{Reply, Smp};

use crate::support::{Use, in_each_use, rng, run_to};

/// Message `number` with the bytes that `change` makes of its own.
fn with_bytes<U: Use>(number: usize, change: impl FnOnce(&mut Vec<u8>)) -> U::Message {
    let mut message = run_to::<U>(number, 41, "yes", "yes").messages.remove(number - 1);
    change(U::bytes(&mut message));
    message
}

/// Within the first message anywhere, in the others within each field: those need a fresh
/// run each time.
fn a_message_cut_short_or_too_long_ends_the_run<U: Use>() {
    let first = with_bytes::<U>(1, |_| ());
    for length in 0..U::bytes(&mut first.clone()).len() {
        let mut cut = first.clone();
        U::bytes(&mut cut).truncate(length);
        let reply = Smp::<U>::new().receive(cut.borrow(), &mut rng(1));
        assert!(reply.is_err(), "{length} bytes: {reply:?}");
    }
    for number in 2..=4 {
        let whole = with_bytes::<U>(number, |_| ());
        for (_, place) in U::fields(number, &whole) {
            let mut run = run_to::<U>(number, 41, "yes", "yes");
            let mut cut = whole.clone();
            U::bytes(&mut cut).truncate(place.end - 1);
            let reply = run.receive(&cut);
            assert!(reply.is_err(), "message {number}, {place:?}: {reply:?}");
            assert!(run.receiver().is_idle());
        }
    }
    for number in 1..=4 {
        let mut run = run_to::<U>(number, 41, "yes", "yes");
        assert!(run.receive(&with_bytes::<U>(number, |bytes| bytes.push(0))).is_err());
    }
}

/// Bytes from a generator, in full and after the beginning of a good message.
fn garbage_ends_the_run<U: Use>() {
    use rand_core::Rng as _;
    let mut random = rng(42);
    for number in 1..=4 {
        for kept in [0, 5, 250] {
            let garbage = with_bytes::<U>(number, |bytes| {
                let kept = kept.min(bytes.len() / 2);
                random.fill_bytes(&mut bytes[kept..]);
            });
            let mut run = run_to::<U>(number, 41, "yes", "yes");
            let reply = run.receive(&garbage);
            assert!(matches!(reply, Err(_) | Ok(Reply::Aborted)), "{reply:?}");
            assert!(run.receiver().is_idle());
            assert!(Smp::<U>::new().receive(garbage.borrow(), &mut rng(1)).is_err());
        }
    }
}

in_each_use!(a_message_cut_short_or_too_long_ends_the_run, garbage_ends_the_run);
