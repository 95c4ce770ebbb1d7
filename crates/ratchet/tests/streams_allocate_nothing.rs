//! Sealing and opening a chunk into a buffer with room allocates nothing, however long the stream is.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_ratchet::secret::Secret;
use undertone_ratchet::stream::{CHUNK, Opener, Place, SEALED_CHUNK, Sealer};

#[test]
fn per_chunk() {
    let rng = &mut ChaCha20Rng::from_seed([1; 32]);
    let key = Secret::random(rng);
    let (mut sealer, header) = Sealer::new(&key, b"", rng);
    let mut opener = Opener::new(&key, b"", &header, 0).unwrap();
    let text = vec![7; CHUNK];
    let (mut sealed, mut opened) = (Vec::with_capacity(SEALED_CHUNK), Vec::with_capacity(CHUNK));
    let mut passed = 0;
    let allocated = allocation_counter::measure(|| {
        for number in 0..100 {
            sealed.clear();
            opened.clear();
            sealer.seal_chunk(&text, number == 99, &mut sealed).unwrap();
            let place = opener.open_chunk(&sealed, &mut opened).unwrap();
            assert_eq!(place == Place::Last, number == 99);
            passed += usize::from(opened == text);
            // A chunk that is refused costs nothing either.
            opened.clear();
            assert!(opener.open_chunk(&sealed, &mut opened).is_err());
        }
    });
    assert_eq!(passed, 100);
    assert_eq!((allocated.count_total, allocated.bytes_total), (0, 0));

    // The counter does count.
    let counted = allocation_counter::measure(|| drop(std::hint::black_box(vec![0_u8; 64])));
    assert_eq!(counted.count_total, 1);
}
