//! The chunks of a stream can be sealed and opened in any order, on any thread, and are the same; that they are all
//! there and in their order, the opener sees to.

use undertone_ratchet::stream::{
    CHUNK, HEADER_LEN, OpenError, Opened, Opener, Place, SEALED_CHUNK, SealError, Sealer,
};

use crate::ends::rng;
use crate::streams::{bytes, key, seal};

/// A stream of three chunks, and what opens it.
fn stream() -> (Vec<u8>, Opener) {
    let sealed = seal(&bytes(2 * CHUNK + 5), 1);
    let opener = Opener::new(&key(), b"", sealed.first_chunk().unwrap(), 0).unwrap();
    (sealed[HEADER_LEN..].to_vec(), opener)
}

#[test]
fn sealed_backwards_it_is_the_same_stream() {
    let text = bytes(2 * CHUNK + 5);
    let expected = seal(&text, 1);
    let (mut sealer, header) = Sealer::new(&key(), b"", &mut rng(1));
    let taken = [false, false, true].map(|last| sealer.take_chunk(last).unwrap());
    assert_eq!(sealer.next_chunk(), Some(3));
    assert_eq!(sealer.take_chunk(true).unwrap_err(), SealError::Ended);
    let mut chunks: Vec<Vec<u8>> = Vec::new();
    for (taken, text) in taken.into_iter().rev().zip(text.chunks(CHUNK).rev()) {
        let mut chunk = Vec::new();
        taken.seal(text, &mut chunk).unwrap();
        chunks.insert(0, chunk);
    }
    assert!([header.to_vec(), chunks.concat()].concat() == expected);
}

#[test]
fn a_chunk_of_a_wrong_length_is_not_sealed() {
    let (mut sealer, _) = Sealer::new(&key(), b"", &mut rng(1));
    let mut out = b"kept".to_vec();
    for (last, length) in [(false, 0), (false, CHUNK - 1), (false, CHUNK + 1), (true, 0)] {
        let taken = sealer.take_chunk(last).unwrap();
        let refused = taken.seal(&vec![0; length], &mut out);
        assert_eq!(refused, Err(SealError::Length(length)), "{length} bytes");
        assert_eq!(out, b"kept");
    }
    let (mut sealer, _) = Sealer::resume(&key(), b"", u64::MAX, &mut rng(1));
    sealer.take_chunk(false).unwrap();
    assert_eq!(sealer.take_chunk(false).unwrap_err(), SealError::Full);
}

#[test]
fn opened_backwards_it_is_accepted_forwards_only() {
    let (sealed, mut opener) = stream();
    let mut all: Vec<(Opened, Vec<u8>)> = [2, 1, 0]
        .into_iter()
        .zip(sealed.chunks(SEALED_CHUNK).rev())
        .map(|(ahead, chunk)| {
            let mut out = Vec::new();
            (opener.chunk_ahead(ahead).unwrap().open(chunk, &mut out).unwrap(), out)
        })
        .collect();
    let first = all.remove(2);
    let (last, end) = all.remove(0);
    // The last before the others: refused, and they are still wanted.
    assert_eq!(opener.accept(last), Err(OpenError::Damaged(0)));
    assert_eq!(opener.next_chunk(), Some(0));
    assert_eq!(opener.accept(first.0), Ok(Place::Inner));
    let second = all.remove(0);
    assert_eq!(opener.accept(second.0), Ok(Place::Inner));
    let last = opener.chunk_ahead(0).unwrap();
    let last = last.open(sealed.chunks(SEALED_CHUNK).nth(2).unwrap(), &mut Vec::new()).unwrap();
    assert_eq!(opener.accept(last), Ok(Place::Last));
    assert!([first.1, second.1, end].concat() == bytes(2 * CHUNK + 5));
    assert_eq!(opener.chunk_ahead(0).unwrap_err(), OpenError::Ended);
    opener.finish().unwrap();
}

#[test]
fn no_chunk_opens_at_the_place_of_another() {
    let (sealed, opener) = stream();
    let mut out = Vec::new();
    for (number, chunk) in sealed.chunks(SEALED_CHUNK).enumerate() {
        for ahead in 0..4 {
            let opened = opener.chunk_ahead(ahead).unwrap().open(chunk, &mut out);
            assert_eq!(opened.is_ok(), ahead == number as u64);
        }
    }
    assert_eq!(out.len(), 2 * CHUNK + 5, "what is refused leaves nothing");
    assert_eq!(opener.finish().unwrap_err().next, 0, "what nobody accepted doesn't count");
}

#[test]
fn a_chunk_after_the_end_is_not_accepted() {
    let (sealed, mut opener) = stream();
    let other = opener.chunk_ahead(2).unwrap();
    let last = sealed.chunks(SEALED_CHUNK).nth(2).unwrap();
    for chunk in sealed.chunks(SEALED_CHUNK) {
        opener.open_chunk(chunk, &mut Vec::new()).unwrap();
    }
    let again = other.open(last, &mut Vec::new()).unwrap();
    assert_eq!(opener.accept(again), Err(OpenError::Ended));
}

#[test]
fn no_chunk_comes_after_the_last_number() {
    let (_, header) = Sealer::resume(&key(), b"", 0, &mut rng(1));
    let opener = Opener::new(&key(), b"", &header, u64::MAX - 1).unwrap();
    assert!(opener.chunk_ahead(1).is_ok());
    assert_eq!(opener.chunk_ahead(2).unwrap_err(), OpenError::Ended);
}

#[test]
fn debug_shows_numbers_and_no_keys() {
    let (mut sealer, header) = Sealer::resume(&key(), b"", 3, &mut rng(1));
    let opener = Opener::new(&key(), b"", &header, 5).unwrap();
    let taken = sealer.take_chunk(true).unwrap();
    insta::assert_snapshot!(format!("{taken:?}"), @"ChunkSealer { number: 3, .. }");
    let ahead = opener.chunk_ahead(2).unwrap();
    insta::assert_snapshot!(format!("{ahead:?}"), @"ChunkOpener { number: 7, .. }");
}
