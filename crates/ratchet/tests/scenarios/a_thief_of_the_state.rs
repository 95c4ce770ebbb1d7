//! Someone who copied the stored state reads nothing from before, and after a turn nothing new.

use crate::ends::{copy, open, pass, rng, seal, sessions};

#[test]
fn cannot_read_what_was_read_before() {
    let mut rng = rng(1);
    let (mut ana, mut ben) = sessions(&mut rng);
    let mut recorded = Vec::new();
    for turn in 0..10_u8 {
        for _ in 0..3 {
            let packet = seal(&mut ana, &[turn; 8], &mut rng);
            assert!(open(&mut ben, &packet).is_ok());
            recorded.push(packet);
        }
        if turn < 9 {
            pass(&mut ben, &mut ana, b"turn", &mut rng);
        }
    }
    let next = seal(&mut ana, b"next", &mut rng);
    for packet in &recorded {
        assert!(open(&mut copy(&ben), packet).is_err());
        assert!(open(&mut copy(&ana), packet).is_err(), "not even with the sender's state");
    }
    // The copy is a working one: it reads what the true receiver could read now.
    assert_eq!(open(&mut copy(&ben), &next).unwrap(), b"next");
}

#[test]
fn reads_on_until_the_next_turn_and_no_further() {
    let mut rng = rng(2);
    let (mut ana, mut ben) = sessions(&mut rng);
    pass(&mut ana, &mut ben, b"there", &mut rng);
    pass(&mut ben, &mut ana, b"and back", &mut rng);
    pass(&mut ana, &mut ben, b"there", &mut rng);

    let mut thief = copy(&ben);
    let packet = seal(&mut ana, b"same chain", &mut rng);
    assert_eq!(open(&mut thief, &packet).unwrap(), b"same chain", "nothing has healed yet");
    assert!(open(&mut ben, &packet).is_ok());

    // Ben's next packet has a key that was made after the theft.
    pass(&mut ben, &mut ana, b"turn", &mut rng);
    for _ in 0..5 {
        let packet = seal(&mut ana, b"healed", &mut rng);
        assert!(open(&mut thief, &packet).is_err());
        assert!(open(&mut ben, &packet).is_ok());
        pass(&mut ben, &mut ana, b"turn", &mut rng);
    }
}

#[test]
fn of_the_sender_reads_on_until_both_have_turned() {
    let mut rng = rng(3);
    let (mut ana, mut ben) = sessions(&mut rng);
    pass(&mut ana, &mut ben, b"there", &mut rng);
    pass(&mut ben, &mut ana, b"and back", &mut rng);
    pass(&mut ana, &mut ben, b"there", &mut rng);

    // Ana's state holds the private key that Ben's next chain is for.
    let mut thief = copy(&ana);
    let packet = seal(&mut ben, b"for the stolen key", &mut rng);
    assert_eq!(open(&mut thief, &packet).unwrap(), b"for the stolen key");
    assert!(open(&mut ana, &packet).is_ok());

    pass(&mut ana, &mut ben, b"turn", &mut rng);
    let packet = seal(&mut ben, b"healed", &mut rng);
    assert!(open(&mut thief, &packet).is_err());
    assert!(open(&mut ana, &packet).is_ok());
}
