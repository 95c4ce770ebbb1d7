//! No byte of a stream can be changed, moved, left out or added without being found out, and what was opened before is
//! a beginning of what was sealed.

use proptest::prelude::*;
use proptest::sample::Index;
use undertone_ratchet::stream::{CHUNK, HEADER_LEN, SEALED_CHUNK, TAG_LEN};

use crate::streams::{bytes, open, pieces, seal};

/// What somebody in between can do to a stream.
#[derive(Debug, Clone)]
enum Attack {
    CutAt(Index),
    LeaveOut(Index),
    Double(Index),
    Swap(Index, Index),
    Flip(Index, u8),
    Append(Vec<u8>),
    AppendChunk(Index),
    Foreign(Index),
}

fn attacks() -> impl Strategy<Value = Attack> {
    let index = any::<Index>;
    prop_oneof![
        index().prop_map(Attack::CutAt),
        index().prop_map(Attack::LeaveOut),
        index().prop_map(Attack::Double),
        (index(), index()).prop_map(|(one, other)| Attack::Swap(one, other)),
        (index(), 0..8_u8).prop_map(|(place, bit)| Attack::Flip(place, bit)),
        prop::collection::vec(any::<u8>(), 1..40).prop_map(Attack::Append),
        index().prop_map(Attack::AppendChunk),
        index().prop_map(Attack::Foreign),
    ]
}

/// The stream after an attack, or none if the attack left it as it was.
fn attacked(sealed: &[u8], other: &[u8], attack: &Attack) -> Option<Vec<u8>> {
    let mut all = pieces(sealed);
    let changed = match attack {
        Attack::CutAt(place) => sealed[..place.index(sealed.len())].to_vec(),
        Attack::Flip(place, bit) => {
            let mut changed = sealed.to_vec();
            changed[place.index(sealed.len())] ^= 1 << bit;
            changed
        }
        Attack::Append(bytes) => [sealed, bytes].concat(),
        Attack::LeaveOut(which) => {
            all.remove(which.index(all.len()));
            all.concat()
        }
        Attack::Double(which) => {
            let which = which.index(all.len());
            all.insert(which, all[which]);
            all.concat()
        }
        Attack::Swap(one, other) => {
            let (one, other) = (one.index(all.len()), other.index(all.len()));
            all.swap(one, other);
            all.concat()
        }
        Attack::AppendChunk(which) => {
            all.push(all[which.index(all.len())]);
            all.concat()
        }
        Attack::Foreign(which) => {
            let which = which.index(all.len());
            all[which] = pieces(other)[which];
            all.concat()
        }
    };
    (changed != sealed).then_some(changed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_is_done_to_it(
        length in prop_oneof![
            0..64_usize,
            0..3 * CHUNK,
            prop::sample::select(vec![0, CHUNK, 2 * CHUNK, 3 * CHUNK]),
        ],
        attack in attacks(),
    ) {
        let text = bytes(length);
        let sealed = seal(&text, 1);
        if let Some(changed) = attacked(&sealed, &seal(&text, 2), &attack) {
            let opened = open(&changed).unwrap_err();
            prop_assert!(text.starts_with(&opened));
            prop_assert!(opened.len().is_multiple_of(CHUNK) || opened.len() == text.len());
        }
    }
}

#[test]
fn each_bit_of_a_short_stream() {
    for text in [b"".as_slice(), b"text"] {
        let sealed = seal(text, 1);
        for place in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[place / 8] ^= 1 << (place % 8);
            assert_eq!(open(&changed), Err(Vec::new()), "bit {place}");
        }
    }
}

#[test]
fn each_length_that_a_short_stream_is_cut_to() {
    let sealed = seal(b"some text", 1);
    for length in 0..sealed.len() {
        assert_eq!(open(&sealed[..length]), Err(Vec::new()), "{length} bytes");
    }
}

#[test]
fn a_stream_cut_at_the_end_of_a_chunk_is_not_whole() {
    let text = bytes(3 * CHUNK);
    let sealed = seal(&text, 1);
    for chunks in 0..3 {
        let cut = &sealed[..HEADER_LEN + chunks * SEALED_CHUNK];
        assert!(open(cut).unwrap_err() == text[..chunks * CHUNK]);
    }
}

#[test]
fn all_orders_of_three_chunks_but_one() {
    let text = bytes(3 * CHUNK);
    let sealed = seal(&text, 1);
    let all = pieces(&sealed);
    for order in [[1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
        let changed = [all[0], all[order[0]], all[order[1]], all[order[2]]].concat();
        let right = usize::from(order[0] == 1);
        assert!(open(&changed).unwrap_err() == text[..right * CHUNK]);
    }
}

#[test]
fn nothing_can_follow_the_end() {
    for length in [0, 1, CHUNK] {
        let text = bytes(length);
        let sealed = seal(&text, 1);
        for more in [1, TAG_LEN - 1, TAG_LEN, TAG_LEN + 1, SEALED_CHUNK] {
            let longer = [sealed.as_slice(), &vec![0; more]].concat();
            assert!(open(&longer).is_err(), "{length} bytes and {more}");
        }
    }
}
