//! Nobody without the recovery key costs more than a MAC; nothing recorded, reflected or changed is taken; and an older
//! copy of the contact is not the contact.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{TryCryptoRng, TryRng};
use undertone_ratchet::repair::{
    Incarnations, Initiator, RecoveryKeys, RepairError, Responder, Waiting,
};
use undertone_ratchet::secret::Secret;

use crate::ends::rng;
use crate::repairs::{CHANNEL, Kept, paired, repair};

/// Counts what is drawn: making a key or encapsulating can't do without.
struct Counted(ChaCha20Rng, usize);

impl TryRng for Counted {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        self.1 += 4;
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        self.1 += 8;
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.1 += bytes.len();
        self.0.try_fill_bytes(bytes)
    }
}

impl TryCryptoRng for Counted {}

/// What the responder says to a request, and how many random bytes it drew.
fn ask(two: &Kept, binding: &[u8; 32], request: &[u8]) -> (Option<RepairError>, usize) {
    let mut rng = Counted(rng(77), 0);
    let refused = Responder::answer(&two.contact(), binding, request, &mut rng).err();
    (refused, rng.1)
}

/// A request that `one` makes for the channel.
fn request(one: &Kept, rng: &mut ChaCha20Rng) -> Vec<u8> {
    let contact = one.contact();
    Initiator::start(&contact, contact.recovery().current(), &CHANNEL, rng).1.to_vec()
}

fn with_other_recovery(kept: &Kept) -> Kept {
    Kept { recovery: RecoveryKeys::new(Secret::from_bytes(&[3; 32])), ..kept.clone() }
}

#[test]
fn a_wrong_recovery_key_costs_no_key_and_no_encapsulation() {
    let mut rng = rng(1);
    let [one, two] = paired(&mut rng);
    let good = request(&one, &mut rng);
    let (refused, drawn) = ask(&two, &CHANNEL, &good);
    // Two X25519 keys, an ML-KEM key, entropy, an encapsulation, a nonce.
    assert_eq!((refused, drawn), (None, 2 * 32 + 64 + 32 + 32 + 24));

    let wrong = request(&with_other_recovery(&one), &mut rng);
    assert_eq!(ask(&two, &CHANNEL, &wrong), (Some(RepairError::Unproved), 0));

    // Nor can the initiator be made to work by an answer under another key.
    let contact = one.contact();
    let (initiator, _) =
        Initiator::start(&contact, contact.recovery().current(), &CHANNEL, &mut rng);
    let liar = with_other_recovery(&two).contact();
    let asked = request(&with_other_recovery(&one), &mut rng);
    let (_, answer) = Responder::answer(&liar, &CHANNEL, &asked, &mut rng).unwrap();
    let mut counted = Counted(rng, 0);
    let refused = initiator.prove(&contact, answer.as_slice(), &mut counted).err();
    assert_eq!((refused, counted.1), (Some(RepairError::Unproved), 0));
}

#[test]
fn an_older_incarnation_is_refused() {
    let mut rng = rng(2);
    let [one, two] = paired(&mut rng);
    let known = two.incarnations.peer;
    for (shown, refused) in [
        (known, None),
        (known + 1, None),
        (u64::MAX, None),
        (known - 1, Some(RepairError::Incarnation { known, shown: known - 1 })),
        (0, Some(RepairError::Incarnation { known, shown: 0 })),
    ] {
        let incarnations = Incarnations { own: shown, ..one.incarnations };
        let older = Kept { incarnations, ..one.clone() };
        let (said, drawn) = ask(&two, &CHANNEL, &request(&older, &mut rng));
        assert_eq!(said, refused);
        assert_eq!(drawn == 0, refused.is_some(), "no work for an older copy");

        // The same the other way: the answer of an older copy.
        let known = one.incarnations.peer;
        let shown = if refused.is_some() { known - 1 } else { known };
        let incarnations = Incarnations { own: shown, ..two.incarnations };
        let older = Kept { incarnations, ..two.clone() };
        let refused = refused.map(|_| RepairError::Incarnation { known, shown });
        assert_eq!(repair(&one, &older, &mut rng).err(), refused);
    }
}

#[test]
fn after_a_restore_the_old_machine_is_refused() {
    let mut rng = rng(3);
    let [one, two] = paired(&mut rng);
    let incarnations = Incarnations { own: one.incarnations.own + 100, ..one.incarnations };
    let newer = Kept { incarnations, ..one.clone() };
    let (_, far, _) = repair(&newer, &two, &mut rng).unwrap();
    // The consent is still unsettled, so the old recovery key opens; the incarnation doesn't.
    let two = two.after(&far);
    assert!(two.recovery.former().is_some());
    let refused = RepairError::Incarnation {
        known: 105.max(one.incarnations.own + 100),
        shown: one.incarnations.own,
    };
    assert_eq!(ask(&two, &CHANNEL, &request(&one, &mut rng)).0, Some(refused));
}

#[test]
fn an_identity_that_is_not_the_contacts_is_refused() {
    let mut rng = rng(4);
    let [one, two] = paired(&mut rng);
    // Another contact of theirs that knows this one's recovery key: the identities are in what the MAC covers.
    let identity = Secret::from_bytes(&[5; 32]);
    let other = Kept { identity, ..one };
    assert_eq!(ask(&two, &CHANNEL, &request(&other, &mut rng)), (Some(RepairError::Unproved), 0));
}

#[test]
fn a_replayed_message_opens_nothing() {
    let mut rng = rng(5);
    let [one, two] = paired(&mut rng);
    let (near, far, messages) = repair(&one, &two, &mut rng).unwrap();
    // On another channel not even before the repair.
    let replayed = ask(&two, &[8; 32], &messages.request);
    assert_eq!(replayed, (Some(RepairError::Unproved), 0));
    // On the same channel, were there one: an answer, which is of no use to who lacks the keys.
    let two = two.contact();
    let (responder, answer) =
        Responder::answer(&two, &CHANNEL, &messages.request, &mut rng).unwrap();
    assert_ne!(*answer, messages.answer);
    let refused = responder.consent(&messages.proof, &mut rng).err();
    assert_eq!(refused, Some(RepairError::Unproved));

    // To the initiator: answers and consents of earlier repairs.
    let one = one.contact();
    let start =
        |rng: &mut ChaCha20Rng| Initiator::start(&one, one.recovery().current(), &CHANNEL, rng);
    let (initiator, request) = start(&mut rng);
    let refused = initiator.prove(&one, &messages.answer, &mut rng).err();
    assert_eq!(refused, Some(RepairError::Unproved));
    drop(request);
    let (initiator, request) = start(&mut rng);
    let (_, answer) = Responder::answer(&two, &CHANNEL, request.as_slice(), &mut rng).unwrap();
    let (waiting, _) = initiator.prove(&one, answer.as_slice(), &mut rng).unwrap();
    assert_eq!(waiting.finish(&messages.consent).err(), Some(RepairError::Unproved));

    // Nor do old messages serve after the repair, once it is settled.
    let [first, second] = paired(&mut crate::ends::rng(5));
    let (_, mut second) = (first.after(&near), second.after(&far));
    second.recovery.settle();
    assert_eq!(ask(&second, &CHANNEL, &messages.request), (Some(RepairError::Unproved), 0));
}

#[test]
fn our_own_messages_are_not_the_others() {
    let mut rng = rng(6);
    let [one, two] = paired(&mut rng);
    for end in [&one, &two] {
        let own = request(end, &mut rng);
        assert_eq!(ask(end, &CHANNEL, &own), (Some(RepairError::Unproved), 0));
    }
}

#[test]
fn somebody_in_between_with_two_channels_is_found_out() {
    let mut rng = rng(7);
    let [one, two] = paired(&mut rng);
    let asked = request(&one, &mut rng);
    assert_eq!(ask(&two, &[1; 32], &asked), (Some(RepairError::Unproved), 0));
}

#[test]
fn no_message_stands_in_for_another() {
    let mut rng = rng(8);
    let [one, two] = paired(&mut rng);
    let (_, _, messages) = repair(&one, &two, &mut rng).unwrap();
    let all: [&[u8]; 4] = [&messages.request, &messages.answer, &messages.proof, &messages.consent];
    for (n, message) in all.into_iter().enumerate().skip(1) {
        let refused = ask(&two, &CHANNEL, message);
        assert_eq!(refused, (Some(RepairError::Length(message.len())), 0), "message {n}");
    }
}

/// An initiator that has sent its proof, and what it waits for.
fn waiting(one: &Kept, two: &Kept, rng: &mut ChaCha20Rng) -> (Waiting, Vec<u8>) {
    let (one, two) = (one.contact(), two.contact());
    let (initiator, request) = Initiator::start(&one, one.recovery().current(), &CHANNEL, rng);
    let (responder, answer) = Responder::answer(&two, &CHANNEL, request.as_slice(), rng).unwrap();
    let (waiting, proof) = initiator.prove(&one, answer.as_slice(), rng).unwrap();
    let (_, consent) = responder.consent(proof.as_slice(), rng).unwrap();
    (waiting, consent.to_vec())
}

/// What is to be said to a message with this byte changed.
fn expected(place: usize, byte: u8) -> Option<RepairError> {
    Some(if place == 0 { RepairError::Version(byte) } else { RepairError::Unproved })
}

#[test]
fn each_byte_counts() {
    let [one, two] = paired(&mut rng(9));
    let (near, far) = (one.contact(), two.contact());
    // Everything is made anew from the same seed for each byte, up to the message that is changed.
    let start = || {
        let mut rng = rng(10);
        let key = near.recovery().current();
        let (initiator, request) = Initiator::start(&near, key, &CHANNEL, &mut rng);
        (initiator, request, rng)
    };
    let (_, request, mut rng) = start();
    let (_, answer) = Responder::answer(&far, &CHANNEL, request.as_slice(), &mut rng).unwrap();

    for place in 0..request.len() {
        let mut changed = request.clone();
        changed[place] ^= 1 << (place % 8);
        let refused = ask(&two, &CHANNEL, changed.as_slice());
        assert_eq!(refused, (expected(place, changed[place]), 0), "byte {place} of the request");
    }
    for place in 0..answer.len() {
        let mut changed = answer.clone();
        changed[place] ^= 1 << (place % 8);
        let (initiator, _, mut rng) = start();
        let refused = initiator.prove(&near, changed.as_slice(), &mut rng).err();
        assert_eq!(refused, expected(place, changed[place]), "byte {place} of the answer");
    }
    let proof_of = |rng: &mut ChaCha20Rng| {
        let (initiator, request) =
            Initiator::start(&near, near.recovery().current(), &CHANNEL, rng);
        let (responder, answer) =
            Responder::answer(&far, &CHANNEL, request.as_slice(), rng).unwrap();
        let (_, proof) = initiator.prove(&near, answer.as_slice(), rng).unwrap();
        (responder, proof)
    };
    let mut places = crate::ends::rng(11);
    for place in 0..undertone_ratchet::repair::PROOF_LEN {
        let (responder, mut proof) = proof_of(&mut places);
        proof[place] ^= 1 << (place % 8);
        let refused = responder.consent(proof.as_slice(), &mut places).err();
        assert_eq!(refused, expected(place, proof[place]), "byte {place} of the proof");
    }
    for place in 0..undertone_ratchet::repair::CONSENT_LEN {
        let (waiting, mut consent) = waiting(&one, &two, &mut places);
        consent[place] ^= 1 << (place % 8);
        let refused = waiting.finish(&consent).err();
        assert_eq!(refused, expected(place, consent[place]), "byte {place} of the consent");
    }
}

#[test]
fn each_message_has_one_length() {
    let [one, two] = paired(&mut rng(12));
    let mut rng = rng(13);
    let (_, _, messages) = repair(&one, &two, &mut rng).unwrap();
    let near = one.contact();
    let sizes = [0, 1, 16, 40, 41];
    for length in sizes.into_iter().chain([messages.request.len() - 1, messages.request.len() + 1])
    {
        let refused = ask(&two, &CHANNEL, &vec![1; length]);
        assert_eq!(refused, (Some(RepairError::Length(length)), 0));
    }
    for length in sizes.into_iter().chain([messages.answer.len() - 1, messages.answer.len() + 1]) {
        let key = near.recovery().current();
        let (initiator, _) = Initiator::start(&near, key, &CHANNEL, &mut rng);
        let refused = initiator.prove(&near, &vec![1; length], &mut rng).err();
        assert_eq!(refused, Some(RepairError::Length(length)));
    }
    for length in [messages.consent.len() - 1, messages.consent.len() + 1] {
        let (waiting, _) = waiting(&one, &two, &mut rng);
        assert_eq!(waiting.finish(&vec![1; length]).err(), Some(RepairError::Length(length)));
    }
}
