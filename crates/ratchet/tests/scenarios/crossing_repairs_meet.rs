//! Both ends start a repair at once: both find the same one to go on with, and nobody else can make either give up.

use undertone_ratchet::repair::{Crossed, Initiator, RecoveryKeys, RepairError};
use undertone_ratchet::secret::Secret;

use crate::ends::rng;
use crate::repairs::{Kept, paired, talk};

/// The two channels on which the requests cross.
const TO_TWO: [u8; 32] = [1; 32];
const TO_ONE: [u8; 32] = [2; 32];

#[test]
fn the_lower_identity_stays_the_initiator() {
    for seed in 0..6 {
        let mut rng = rng(seed);
        // The lower identity is the first.
        let [one, two] = paired(&mut rng).map(|kept| kept.contact());
        let (first, request_one) =
            Initiator::start(&one, one.recovery().current(), &TO_TWO, &mut rng);
        let (second, request_two) =
            Initiator::start(&two, two.recovery().current(), &TO_ONE, &mut rng);

        let kept = first.cross(&one, &TO_ONE, request_two.as_slice(), &mut rng).unwrap();
        assert!(matches!(kept, Crossed::Keep));
        let yielded = second.cross(&two, &TO_TWO, request_one.as_slice(), &mut rng).unwrap();
        let Crossed::Yield(responder, answer) = yielded else {
            panic!("both keep their own");
        };
        drop(second);
        let (waiting, proof) = first.prove(&one, answer.as_slice(), &mut rng).unwrap();
        let (mut far, consent) = responder.consent(proof.as_slice(), &mut rng).unwrap();
        let mut near = waiting.finish(consent.as_slice()).unwrap();
        talk(&mut near.session, &mut far.session, &mut rng);
    }
}

#[test]
fn a_stranger_makes_neither_give_up() {
    let mut rng = rng(20);
    let ends = paired(&mut rng);
    let strange = |kept: &Kept| Kept {
        recovery: RecoveryKeys::new(Secret::from_bytes(&[3; 32])),
        ..kept.clone()
    };
    for (end, other) in [(&ends[0], &ends[1]), (&ends[1], &ends[0])] {
        let stranger = strange(other).contact();
        let key = stranger.recovery().current();
        let (_, request) = Initiator::start(&stranger, key, &TO_ONE, &mut rng);
        let contact = end.contact();
        let key = contact.recovery().current();
        let (own, _) = Initiator::start(&contact, key, &TO_TWO, &mut rng);
        for request in [request.as_slice(), &[], &[1; 40]] {
            let refused = own.cross(&contact, &TO_ONE, request, &mut rng).err().unwrap();
            assert!(matches!(refused, RepairError::Unproved | RepairError::Length(_)));
        }
    }
}
