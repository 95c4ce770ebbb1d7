use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use undertone_wire::cell::{Assembler, CELL_LEN, CellError, FrameKind, cut};
use undertone_wire::pairing::{MAX_PAIRING_FRAME, PairingError};

use crate::support::{ends, run};

#[test]
fn the_longest_frame_of_a_pairing_is_the_bound() {
    let longest = run(ends(), |_, _| {}).frames.iter().map(Vec::len).max();
    assert_eq!(longest, Some(MAX_PAIRING_FRAME));
}

#[test]
fn a_longer_announcement_is_refused_at_its_first_cell() {
    let frame = vec![1; MAX_PAIRING_FRAME + 1];
    let cell = cut(FrameKind::Pairing, &frame).unwrap().next().unwrap();
    let mut assembler = Assembler::with_limit(MAX_PAIRING_FRAME);
    assert_eq!(assembler.push(&cell), Err(CellError::TooLong));
}

#[test]
fn a_share_of_any_length_is_refused_without_an_answer() {
    let (_, end) = ends();
    for length in (0..200).chain([1 << 10, 1 << 16, 1 << 24]).filter(|length| *length != 36) {
        let mut rng = ChaCha20Rng::from_seed([4; 32]);
        let mut frame = vec![1; length];
        let error = end.host().handle(&frame, &mut rng).unwrap_err();
        assert_eq!(error, PairingError::Malformed, "{length}");
        frame.fill(0);
        assert!(end.host().handle(&frame, &mut rng).is_err(), "{length}");
    }
}

proptest! {
    #[test]
    fn garbage_never_pairs_nor_panics(
        place in 0..8_usize,
        code in 0..17_u8,
        bytes in prop::collection::vec(any::<u8>(), 0..2600),
    ) {
        let outcome = run(ends(), |now, frame| {
            if now == place {
                frame.clear();
                frame.push(code);
                frame.extend_from_slice(&bytes);
            }
        });
        prop_assert!(!outcome.guest.is_paired());
        prop_assert_eq!(outcome.host.is_paired(), place == 7);
    }

    #[test]
    fn garbage_cells_never_make_a_longer_frame(
        cells in prop::collection::vec((any::<u8>(), any::<u16>(), any::<u8>()), 0..20),
    ) {
        let mut assembler = Assembler::with_limit(MAX_PAIRING_FRAME);
        for (head, length, fill) in cells {
            let mut cell = [fill; CELL_LEN];
            cell[0] = head;
            cell[1] = 0;
            cell[2..4].copy_from_slice(&length.to_be_bytes());
            if let Ok(Some(frame)) = assembler.push(&cell) {
                prop_assert!(frame.bytes.len() <= MAX_PAIRING_FRAME);
            }
        }
    }
}
