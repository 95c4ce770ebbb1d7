//! Along a chain, packets are made and read without a single allocation, counted by the allocator.

use crate::ends::{heal, pass, rng, sessions};

#[test]
fn when_the_buffers_have_the_room() {
    let mut rng = rng(1);
    let (mut ana, mut ben) = sessions(&mut rng);
    heal(&mut ana, &mut ben, &mut rng);
    pass(&mut ana, &mut ben, b"there", &mut rng);
    pass(&mut ben, &mut ana, b"and back", &mut rng);
    pass(&mut ana, &mut ben, b"a new chain", &mut rng);

    let mut packet = Vec::with_capacity(1_000);
    let mut text = Vec::with_capacity(1_000);
    let counted = allocation_counter::measure(|| {
        for _ in 0..200 {
            packet.clear();
            text.clear();
            ana.encrypt(&[7; 400], &mut packet, &mut rng).unwrap();
            ben.decrypt(&packet, 0, &mut text).unwrap();
            assert_eq!(text, [7; 400]);
            // A refused packet costs none either.
            assert!(ben.decrypt(&packet, 0, &mut text).is_err());
        }
    });
    assert_eq!(counted.count_total, 0);
    // The counter counts: a turn makes keys, and those are on the heap.
    let counted = allocation_counter::measure(|| {
        ben.encrypt(&[7; 400], &mut text, &mut rng).unwrap();
    });
    assert!(counted.count_total > 0);
}
