//! A stream of any length is opened as it was sealed, from its beginning, from any chunk, and after a break.

use proptest::prelude::*;
use undertone_ratchet::secret::Secret;
use undertone_ratchet::stream::{
    CHUNK, HEADER_LEN, HeaderError, OpenError, Opener, Place, SEALED_CHUNK, SealError, Sealer,
    TAG_LEN, first_chunk,
};

use crate::ends::rng;
use crate::streams::{bytes, key, open, pieces, seal};

#[test]
fn lengths_around_the_ends_of_chunks() {
    let lengths = [0, 1, 2, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1];
    for length in lengths {
        let text = bytes(length);
        let sealed = seal(&text, 1);
        // An empty stream has one empty chunk; no other ends in an empty one.
        let chunks = length.div_ceil(CHUNK).max(1);
        assert_eq!(sealed.len(), HEADER_LEN + length + chunks * TAG_LEN);
        assert!(open(&sealed).unwrap() == text, "{length} bytes");
    }
}

#[test]
fn chunks_of_a_wrong_length_are_not_sealed() {
    let (mut sealer, _) = Sealer::new(&key(), b"", &mut rng(1));
    let mut out = b"kept".to_vec();
    let mut refused = |sealer: &mut Sealer, length, last| {
        let refused = sealer.seal_chunk(&vec![0; length], last, &mut out);
        assert_eq!(refused, Err(SealError::Length(length)));
        assert_eq!(out, b"kept");
    };
    for length in [0, 1, CHUNK - 1, CHUNK + 1] {
        refused(&mut sealer, length, false);
    }
    refused(&mut sealer, CHUNK + 1, true);
    sealer.seal_chunk(&[0; CHUNK], false, &mut Vec::new()).unwrap();
    refused(&mut sealer, 0, true);
    sealer.seal_chunk(&[0], true, &mut Vec::new()).unwrap();
    assert_eq!(sealer.seal_chunk(&[0], true, &mut Vec::new()), Err(SealError::Ended));

    let (mut sealer, _) = Sealer::resume(&key(), b"", 1, &mut rng(1));
    refused(&mut sealer, 0, true);
}

#[test]
fn opening_starts_at_any_chunk() {
    let text = bytes(3 * CHUNK + 5);
    let sealed = seal(&text, 1);
    let header = sealed.first_chunk().unwrap();
    assert_eq!(first_chunk(header), 0);
    for at in 0..4 {
        let mut opener = Opener::new(&key(), b"", header, at as u64).unwrap();
        let mut opened = Vec::new();
        for chunk in sealed[HEADER_LEN + at * SEALED_CHUNK..].chunks(SEALED_CHUNK) {
            opener.open_chunk(chunk, &mut opened).unwrap();
        }
        opener.finish().unwrap();
        assert!(opened == text[at * CHUNK..]);
    }
}

#[test]
fn after_a_break_the_rest_comes_under_a_key_of_its_own() {
    let text = bytes(4 * CHUNK + 5);
    let whole = seal(&text, 1);
    let (header, mut opened) = (whole.first_chunk().unwrap(), Vec::new());
    let mut opener = Opener::new(&key(), b"", header, 0).unwrap();
    for chunk in pieces(&whole).into_iter().skip(1).take(2) {
        opener.open_chunk(chunk, &mut opened).unwrap();
    }
    // Cut within the third chunk.
    let cut = &whole[HEADER_LEN + 2 * SEALED_CHUNK..][..100];
    assert_eq!(opener.open_chunk(cut, &mut opened), Err(OpenError::Damaged(2)));
    let next = opener.next_chunk().unwrap();
    assert_eq!(opener.finish().unwrap_err().next, 2);

    let (mut sealer, header) = Sealer::resume(&key(), b"", next, &mut rng(2));
    assert_eq!(first_chunk(&header), 2);
    assert_eq!(Opener::new(&key(), b"", &header, 1).err(), Some(HeaderError::Start(2)));
    let mut opener = Opener::new(&key(), b"", &header, next).unwrap();
    let rest: Vec<&[u8]> = text[2 * CHUNK..].chunks(CHUNK).collect();
    for (n, chunk) in rest.iter().enumerate() {
        let mut sealed = Vec::new();
        sealer.seal_chunk(chunk, n + 1 == rest.len(), &mut sealed).unwrap();
        // The same bytes at the same place, and nothing in common: no two-time pad if the file has changed.
        let before = &whole[HEADER_LEN + (2 + n) * SEALED_CHUNK..][..sealed.len()];
        let equal = before.iter().zip(&sealed).filter(|(a, b)| a == b).count();
        assert!(equal < sealed.len() / 64 + 4, "{equal} of {} bytes", sealed.len());
        let place = opener.open_chunk(&sealed, &mut opened).unwrap();
        assert_eq!(place == Place::Last, n + 1 == rest.len());
    }
    opener.finish().unwrap();
    assert!(opened == text);
}

#[test]
fn a_resumed_stream_does_not_stand_in_for_the_whole() {
    let (mut sealer, header) = Sealer::resume(&key(), b"", 1, &mut rng(1));
    let mut sealed = header.to_vec();
    sealer.seal_chunk(b"end", true, &mut sealed).unwrap();
    assert_eq!(Opener::new(&key(), b"", &header, 0).err(), Some(HeaderError::Start(1)));
    // Nor with its number changed.
    sealed[8] = 0;
    let header = sealed.first_chunk().unwrap();
    assert_eq!(Opener::new(&key(), b"", header, 0).err(), Some(HeaderError::Key));
}

#[test]
fn another_key_purpose_or_version_is_said_at_once() {
    let sealed = seal(b"text", 1);
    let header = sealed.first_chunk::<HEADER_LEN>().unwrap();
    let other = Secret::from_bytes(&[8; 32]);
    assert_eq!(Opener::new(&other, b"", header, 0).err(), Some(HeaderError::Key));
    assert_eq!(Opener::new(&key(), b"x", header, 0).err(), Some(HeaderError::Key));
    let mut later = *header;
    later[0] = 2;
    assert_eq!(Opener::new(&key(), b"", &later, 0).err(), Some(HeaderError::Version(2)));
}

#[test]
fn two_streams_under_one_key_have_nothing_in_common() {
    let (one, two) = (seal(&[0; 1_000], 1), seal(&[0; 1_000], 2));
    let equal = one[9..].iter().zip(&two[9..]).filter(|(a, b)| a == b).count();
    assert!(equal < 30, "{equal} bytes");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_its_length(length in 0..3 * CHUNK + 2, seed: u8) {
        let text = bytes(length);
        prop_assert!(open(&seal(&text, seed)).unwrap() == text);
    }
}
