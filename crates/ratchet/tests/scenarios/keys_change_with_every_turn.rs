//! Root, chain and header keys after some turns are all others than before.

use crate::ends::{pass, rng, seal, sessions};

#[test]
fn three_turns_change_root_chain_and_header_keys() {
    let mut rng = rng(1);
    let (mut ana, mut ben) = sessions(&mut rng);
    let mut seen = [vec![ana.key_hashes()], vec![ben.key_hashes()]];
    for _ in 0..3 {
        pass(&mut ana, &mut ben, b"there", &mut rng);
        pass(&mut ben, &mut ana, b"and back", &mut rng);
        for (end, seen) in [&ana, &ben].into_iter().zip(&mut seen) {
            for old in &*seen {
                for (new, old) in end.key_hashes().iter().zip(old) {
                    assert_ne!(new, old);
                }
            }
            seen.push(end.key_hashes());
        }
    }
}

#[test]
fn each_packet_moves_its_chain_alone() {
    let mut rng = rng(2);
    let (mut ana, _) = sessions(&mut rng);
    for _ in 0..5 {
        let [root, chain, header] = ana.key_hashes();
        seal(&mut ana, b"on", &mut rng);
        assert_eq!(ana.key_hashes()[0], root);
        assert_ne!(ana.key_hashes()[1], chain);
        assert_eq!(ana.key_hashes()[2], header);
    }
}

#[test]
fn what_is_shown_of_the_keys_is_not_the_keys() {
    let mut rng = rng(3);
    let (mut ana, mut ben) = sessions(&mut rng);
    pass(&mut ana, &mut ben, b"there", &mut rng);
    pass(&mut ben, &mut ana, b"and back", &mut rng);
    let state = ana.to_bytes();
    for hash in ana.key_hashes() {
        assert!(!state.windows(32).any(|window| window == hash));
    }
}
