use undertone_smp::{Ed448, Reply};

use crate::support::{ED448_ORDER, Use as _, What, hex, replaced, run_to};

/// OTRv4 reduces the scalars that it reads, so a scalar with the order added is the same one: the
/// message says the same in other bytes. (No other use has such messages.)
#[test]
fn otr4_scalars_are_reduced() {
    let order = hex(ED448_ORDER);
    for number in 1..=4 {
        let message = run_to::<Ed448>(number, 50, "yes", "no").messages.remove(number - 1);
        let scalars = Ed448::fields(number, &message).into_iter();
        for (_, place) in scalars.filter(|(what, _)| *what == What::Scalar) {
            let mut carry = 0;
            let add = |(one, two): (&u8, &u8)| {
                let sum = u16::from(*one) + u16::from(*two) + carry;
                carry = sum >> 8;
                sum.to_le_bytes()[0]
            };
            let other: Vec<u8> =
                message.payload[place.clone()].iter().zip(&order).map(add).collect();
            assert_eq!(carry, 0);
            let mut run = run_to::<Ed448>(number, 50, "yes", "no");
            let reply = run.receive(&replaced::<Ed448>(&message, place, &other)).unwrap();
            assert!(!matches!(reply, Reply::Finished { matched: true, .. } | Reply::Aborted));
        }
    }
}
