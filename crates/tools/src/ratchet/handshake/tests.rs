use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::*;

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn ready(progress: Progress) -> Ready {
    match progress {
        Progress::Ready(ready) => *ready,
        Progress::Answer(_) => panic!("not ready"),
    }
}

fn answer(progress: Progress) -> Card {
    match progress {
        Progress::Answer(card) => *card,
        Progress::Ready(_) => panic!("ready"),
    }
}

/// Goes through a text, as the card does.
fn sent(card: &Card) -> Card {
    let bytes = card.encode();
    assert!(bytes.len() <= MAX_CARD);
    Card::decode(&bytes).unwrap()
}

/// Goes through the database, as each end does between two commands.
fn stored(handshake: &Handshake) -> Handshake {
    Handshake::from_bytes(&handshake.to_bytes()).unwrap()
}

fn talk(mut one: Session, mut two: Session) {
    let rng = &mut rng(99);
    for text in [b"one".as_slice(), b"two"] {
        let (mut packet, mut out) = (Vec::new(), Vec::new());
        one.encrypt(text, &mut packet, rng).unwrap();
        two.decrypt(&packet, 0, &mut out).unwrap();
        assert_eq!(out, text);
        std::mem::swap(&mut one, &mut two);
    }
}

#[test]
fn three_cards_make_a_conversation() {
    // Both orders of keys, so that the one who begins has either role.
    for seed in 1..9 {
        let rng = &mut rng(seed);
        let (mut ana, mut ben) = (Handshake::new(rng), Handshake::new(rng));
        let first = sent(&ana.card());
        let second = sent(&answer(ben.advance(&first, rng).unwrap()));
        ben = stored(&ben);
        ana = stored(&ana);
        let at_ana = ready(ana.advance(&second, rng).unwrap());
        let third = sent(&at_ana.card);
        assert!(third.is_confirmed() && !second.is_confirmed());
        let at_ben = ready(ben.advance(&third, rng).unwrap());
        assert_eq!(at_ana.fingerprint, at_ben.fingerprint);
        talk(at_ana.session, at_ben.session);
    }
}

#[test]
fn both_may_begin_at_once() {
    let rng = &mut rng(1);
    let (mut ana, mut ben) = (Handshake::new(rng), Handshake::new(rng));
    let (of_ana, of_ben) = (ana.card(), ben.card());
    let to_ben = answer(ana.advance(&of_ben, rng).unwrap());
    let to_ana = answer(ben.advance(&of_ana, rng).unwrap());
    let at_ana = ready(ana.advance(&sent(&to_ana), rng).unwrap());
    let at_ben = ready(ben.advance(&sent(&to_ben), rng).unwrap());
    assert_eq!(at_ana.fingerprint, at_ben.fingerprint);
    talk(at_ana.session, at_ben.session);
}

#[test]
fn a_card_given_twice_is_answered_with_the_same_secret() {
    let rng = &mut rng(1);
    let (ana, mut ben) = (Handshake::new(rng), Handshake::new(rng));
    let once = answer(ben.advance(&ana.card(), rng).unwrap());
    let mut again = stored(&ben);
    assert!(answer(again.advance(&ana.card(), rng).unwrap()) == once);
    assert!(stored(&again).card() == once);
}

#[test]
fn cards_of_others_bring_nobody_further() {
    let rng = &mut rng(1);
    let (mut ana, mut ben, mut eve) =
        (Handshake::new(rng), Handshake::new(rng), Handshake::new(rng));
    let refused = |end: &mut Handshake, card: &Card| {
        let before = end.to_bytes();
        let error = end.advance(card, &mut self::rng(7)).err();
        assert_eq!(*end.to_bytes(), *before, "a refused card changes nothing");
        error
    };
    let own = ana.card();
    assert_eq!(refused(&mut ana, &own), Some(HandshakeError::Own));
    let for_eve = answer(ben.advance(&eve.card(), rng).unwrap());
    assert_eq!(refused(&mut ana, &for_eve), Some(HandshakeError::OtherCard));
    ana.advance(&eve.card(), rng).unwrap();
    let of_ben = ben.card();
    assert_eq!(refused(&mut ana, &of_ben), Some(HandshakeError::OtherPeer));
    let to_eve = ana.card();
    assert!(matches!(eve.advance(&to_eve, rng), Ok(Progress::Ready(_))));
}

#[test]
fn whoever_changes_a_card_on_its_way_is_found_out() {
    let rng = &mut rng(1);
    let (mut ana, mut ben) = (Handshake::new(rng), Handshake::new(rng));
    let second = answer(ben.advance(&ana.card(), rng).unwrap());
    let third = ready(ana.advance(&second, rng).unwrap()).card.encode();
    // A bit of the ciphertext, and of the confirmation.
    for place in [2 + PUBLIC_KEYS_LEN + HASH_LEN, MAX_CARD - 1] {
        let mut changed = third.clone();
        changed[place] ^= 1;
        let changed = Card::decode(&changed).unwrap();
        let error = stored(&ben).advance(&changed, rng).err();
        assert_eq!(error, Some(HandshakeError::Confirmation), "{place}");
    }
}

#[test]
fn the_two_with_somebody_in_between_see_different_fingerprints() {
    let rng = &mut rng(1);
    let (mut ana, mut ben) = (Handshake::new(rng), Handshake::new(rng));
    let (mut to_ana, mut to_ben) = (Handshake::new(rng), Handshake::new(rng));
    let mut pair = |one: &mut Handshake, two: &mut Handshake| {
        let second = answer(two.advance(&one.card(), rng).unwrap());
        ready(one.advance(&second, rng).unwrap()).fingerprint
    };
    let at_ana = pair(&mut ana, &mut to_ana);
    let at_ben = pair(&mut ben, &mut to_ben);
    assert_ne!(at_ana, at_ben);
    assert_ne!(digits(&at_ana), digits(&at_ben));
}

#[test]
fn cards_are_read_strictly() {
    let rng = &mut rng(1);
    let (mut ana, mut ben) = (Handshake::new(rng), Handshake::new(rng));
    let first = ana.card().encode();
    let second = answer(ben.advance(&ana.card(), rng).unwrap());
    let third = ready(ana.advance(&second, rng).unwrap()).card.encode();
    for good in [&first, &second.encode(), &third] {
        assert_eq!(&Card::decode(good).unwrap().encode(), good);
        for length in [0, 1, 2, 700, good.len() - 1] {
            assert_eq!(Card::decode(&good[..length]), Err(CardError::Damaged), "{length}");
        }
        let longer = [good.as_slice(), &[0]].concat();
        assert_eq!(Card::decode(&longer), Err(CardError::Damaged));
    }
    let with = |place: usize, byte: u8| {
        let mut bytes = first.clone();
        bytes[place] = byte;
        Card::decode(&bytes).err()
    };
    assert_eq!(with(0, 2), Some(CardError::Version(2)));
    assert_eq!(with(1, 1), Some(CardError::Damaged));
    assert_eq!(with(1, 3), Some(CardError::Damaged));
    assert!(matches!(with(2 + 31, 0xff), Some(CardError::Keys(_))));
}

#[test]
fn a_fingerprint_is_sixty_digits() {
    let text = digits(&[7; 32]);
    let groups: Vec<&str> = text.split(' ').collect();
    assert_eq!(groups.len(), 12);
    assert!(groups.iter().all(|group| group.len() == 5));
    assert!(text.bytes().all(|byte| byte == b' ' || byte.is_ascii_digit()));
    assert_ne!(digits(&[7; 32]), digits(&[8; 32]));
}

#[test]
fn a_stored_handshake_is_read_strictly() {
    let rng = &mut rng(1);
    let (ana, mut ben) = (Handshake::new(rng), Handshake::new(rng));
    ben.advance(&ana.card(), rng).unwrap();
    let good = ben.to_bytes();
    for length in [0, 1, 200, 226, 227, 1_000, good.len() - 1] {
        assert!(Handshake::from_bytes(&good[..length]).is_err(), "{length}");
    }
    assert!(Handshake::from_bytes(&[good.as_slice(), &[0]].concat()).is_err());
    let mut later = good;
    later[0] = 2;
    assert!(Handshake::from_bytes(&later).is_err());
}

#[test]
fn nothing_secret_is_shown_in_debug() {
    let rng = &mut rng(1);
    let (mut ana, mut ben) = (Handshake::new(rng), Handshake::new(rng));
    assert_eq!(format!("{ana:?} {:?}", ana.card()), "Handshake(…) Card(…)");
    let progress = ben.advance(&ana.card(), rng).unwrap();
    assert_eq!(format!("{progress:?}"), "Answer(…)");
    let progress = ana.advance(&answer(progress), rng).unwrap();
    assert_eq!(format!("{progress:?}"), "Ready(…)");
    assert_eq!(format!("{:?}", ready(progress)), "Ready(…)");
}
