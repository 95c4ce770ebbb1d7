use std::sync::LazyLock;

use proptest::prelude::*;
use undertone_ratchet::handshake::PublicKeysError;
use undertone_wire::cell::{Assembler, CellError, Frame, FrameKind, cut};
use undertone_wire::request::{
    MAX_GREETING, MAX_GREETING_LEN, MAX_NAME_LEN, MAX_STRANGER_FRAME, OFFER_LEN, Offer, RECEIVED,
    REQUEST_LEN, Request, RequestError,
};

use crate::asking::{GREETING, NAME, asked};

// Where the fields of a frame begin.
const KEYS: usize = 34;
const NAME_FIELD: usize = KEYS + 1312 + 32;
const GREETING_FIELD: usize = NAME_FIELD + 1 + MAX_NAME_LEN;

static OFFER: LazyLock<Vec<u8>> = LazyLock::new(|| asked().2);
static REQUEST: LazyLock<Vec<u8>> = LazyLock::new(|| asked().3);

fn with(frame: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[at..at + bytes.len()].copy_from_slice(bytes);
    frame
}

fn offer_with(at: usize, bytes: &[u8]) -> Option<RequestError> {
    Offer::decode(&with(&OFFER, at, bytes)).err()
}

fn request_with(at: usize, bytes: &[u8]) -> Option<RequestError> {
    Request::decode(&with(&REQUEST, at, bytes)).err()
}

#[test]
fn what_was_said_is_read() {
    let offer = Offer::decode(&OFFER).unwrap();
    assert_eq!(offer.encode(), *OFFER);
    let request = Request::decode(&REQUEST).unwrap();
    assert_eq!((request.name.as_str(), request.greeting.as_str()), (NAME, GREETING));
    assert_eq!(request.encode().unwrap(), *REQUEST);
}

#[test]
fn all_lengths_but_the_right_one_are_refused() {
    assert_eq!((OFFER.len(), REQUEST.len()), (OFFER_LEN, REQUEST_LEN));
    let longer = |frame: &[u8]| [frame, &[0; 300]].concat();
    let (offer, request) = (longer(&OFFER), longer(&REQUEST));
    for length in (0..offer.len()).filter(|length| *length != OFFER_LEN) {
        let error = Offer::decode(&offer[..length]).err();
        assert_eq!(error, Some(RequestError::Length), "{length}");
    }
    for length in (0..request.len()).filter(|length| *length != REQUEST_LEN) {
        let error = Request::decode(&request[..length]).err();
        assert_eq!(error, Some(RequestError::Length), "{length}");
    }
}

#[test]
fn other_kinds_and_versions_are_refused() {
    for kind in (0..=255).filter(|kind| *kind != 1) {
        assert_eq!(offer_with(0, &[kind]), Some(RequestError::Kind), "{kind}");
    }
    for kind in (0..=255).filter(|kind| *kind != 2) {
        assert_eq!(request_with(0, &[kind]), Some(RequestError::Kind), "{kind}");
    }
    for version in (0..=255).filter(|version| *version != 1) {
        assert_eq!(offer_with(1, &[version]), Some(RequestError::Version), "{version}");
        assert_eq!(request_with(1, &[version]), Some(RequestError::Version), "{version}");
    }
    // A later version may have another length, and is to be told from a broken frame.
    assert_eq!(Offer::decode(&[1, 2, 3]).err(), Some(RequestError::Version));
    for other in [RECEIVED, REQUEST.as_slice()] {
        assert_eq!(Offer::decode(other).err(), Some(RequestError::Kind));
    }
    for other in [RECEIVED, OFFER.as_slice()] {
        assert_eq!(Request::decode(other).err(), Some(RequestError::Kind));
    }
}

#[test]
fn keys_that_nobody_can_have_are_refused() {
    let prime = [&[0xed][..], &[0xff; 30], &[0x7f]].concat();
    let one = [&[1][..], &[0; 31]].concat();
    let mut high = OFFER[2..34].to_vec();
    high[31] |= 0x80;
    for key in [&[0; 32][..], &[0xff; 32], &prime, &one, &high] {
        assert_eq!(offer_with(2, key), Some(RequestError::ClientAuth), "{key:?}");
    }
    for at in [KEYS, KEYS + 32, KEYS + 64] {
        let low = RequestError::Keys(PublicKeysError::LowOrder);
        assert_eq!(offer_with(at, &[0; 32]), Some(low));
        assert_eq!(request_with(at, &[0; 32]), Some(low));
        let form = RequestError::Keys(PublicKeysError::NotCanonical);
        assert_eq!(offer_with(at, &[0xff; 32]), Some(form));
        assert_eq!(request_with(at, &[0xff; 32]), Some(form));
    }
    let kem = RequestError::Keys(PublicKeysError::Kem);
    assert_eq!(offer_with(KEYS + 96, &[0xff; 3]), Some(kem));
    assert_eq!(request_with(KEYS + 96, &[0xff; 3]), Some(kem));
    for place in [&[0; 32][..], &[0xff; 32], &one] {
        assert_eq!(request_with(2, place), Some(RequestError::Place), "{place:?}");
    }
}

#[test]
fn padding_is_zero() {
    let after_name = NAME_FIELD + 1 + NAME.len();
    for at in after_name..GREETING_FIELD {
        assert_eq!(request_with(at, &[1]), Some(RequestError::Padding), "{at}");
    }
    let after_greeting = GREETING_FIELD + 2 + GREETING.len();
    for at in after_greeting..REQUEST_LEN {
        assert_eq!(request_with(at, &[0x80]), Some(RequestError::Padding), "{at}");
    }
    // One way to say a name: not with a shorter length.
    assert_eq!(request_with(NAME_FIELD, &[2]), Some(RequestError::Padding));
}

#[test]
fn names_are_text_of_a_bounded_length() {
    assert_eq!(request_with(NAME_FIELD, &[0; 4]), Some(RequestError::Name));
    assert_eq!(request_with(NAME_FIELD, &[120]), None);
    for length in [121, 255] {
        assert_eq!(request_with(NAME_FIELD, &[length]), Some(RequestError::Name));
    }
    for bad in [&b"\xff\xff\xff"[..], b"\xc3\x28a", b"\xed\xa0\x80", b"ab\xc3"] {
        assert_eq!(request_with(NAME_FIELD + 1, bad), Some(RequestError::Name), "{bad:?}");
    }
    let (_, own, _, _) = asked();
    for name in ["a", &"x".repeat(120), &"ö".repeat(60)] {
        let request = Request::decode(&own.encode(name, "").unwrap()).unwrap();
        assert_eq!(request.name.as_str(), name);
    }
    for name in ["", &"x".repeat(121), &"ö".repeat(61), &"x".repeat(1 << 20)] {
        assert_eq!(own.encode(name, "").err(), Some(RequestError::Name));
    }
}

#[test]
fn greetings_are_text_of_a_bounded_length() {
    let units = |text: &str| text.encode_utf16().count();
    let (_, own, _, _) = asked();
    let longest = ["x", "ö", "—", "𝄞"].map(|sign| sign.repeat(MAX_GREETING / units(sign)));
    assert_eq!(longest[2].len(), MAX_GREETING_LEN);
    for greeting in longest.iter().map(String::as_str).chain([""]) {
        let request = Request::decode(&own.encode(NAME, greeting).unwrap()).unwrap();
        assert_eq!(request.greeting.as_str(), greeting);
    }
    for greeting in &longest {
        for end in ["x", "𝄞"] {
            let long = format!("{greeting}{end}");
            assert_eq!(own.encode(NAME, &long).err(), Some(RequestError::Greeting));
        }
    }
    assert_eq!(own.encode(NAME, &"x".repeat(1 << 20)).err(), Some(RequestError::Greeting));

    // What the sender's own program refuses may come nevertheless.
    let said = |greeting: &[u8]| {
        let length = u16::try_from(greeting.len()).unwrap().to_be_bytes();
        Request::decode(&with(&REQUEST, GREETING_FIELD, &[&length, greeting].concat())).err()
    };
    assert_eq!(said(&[b'x'; MAX_GREETING]), None);
    assert_eq!(said(&[b'x'; MAX_GREETING + 1]), Some(RequestError::Greeting));
    assert_eq!(said("𝄞".repeat(MAX_GREETING / 2 + 1).as_bytes()), Some(RequestError::Greeting));
    assert_eq!(said(&[0xff; 100]), Some(RequestError::Greeting));
    for length in [6001_u16, u16::MAX] {
        let error = request_with(GREETING_FIELD, &length.to_be_bytes());
        assert_eq!(error, Some(RequestError::Greeting), "{length}");
    }
}

#[test]
fn a_request_goes_through_a_strangers_stream_and_nothing_longer() {
    let mut assembler = Assembler::with_limit(MAX_STRANGER_FRAME);
    for frame in [OFFER.as_slice(), &REQUEST, RECEIVED] {
        let cells = cut(FrameKind::Request, frame).unwrap();
        let got = cells.map(|cell| assembler.push(&cell).unwrap()).last().unwrap();
        assert_eq!(got, Some(Frame { kind: FrameKind::Request, bytes: frame.to_vec() }));
    }
    let longer = vec![1; MAX_STRANGER_FRAME + 1];
    let cell = cut(FrameKind::Request, &longer).unwrap().next().unwrap();
    assert_eq!(assembler.push(&cell), Err(CellError::TooLong));
    let mut unknown = cut(FrameKind::Request, RECEIVED).unwrap().next().unwrap();
    assert_eq!(unknown[0], 6);
    unknown[0] = 7;
    assert_eq!(assembler.push(&unknown), Err(CellError::UnknownKind));
}

/// Whatever is read is written the same way again.
fn read_back(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(offer) = Offer::decode(bytes) {
        prop_assert_eq!(offer.encode(), bytes);
    }
    if let Ok(request) = Request::decode(bytes) {
        prop_assert_eq!(request.encode().unwrap(), bytes);
    }
    Ok(())
}

proptest! {
    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..8000)) {
        read_back(&bytes)?;
    }

    #[test]
    fn garbage_of_the_right_length_never_panics(
        kind in 0..4_u8,
        fill in prop::collection::vec(any::<u8>(), REQUEST_LEN),
    ) {
        let frame = with(&fill, 0, &[kind, 1]);
        read_back(&frame)?;
        read_back(&frame[..OFFER_LEN])?;
    }

    #[test]
    fn whatever_is_read_is_written_alike(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        for frame in [&*OFFER, &*REQUEST] {
            let mut frame = frame.clone();
            for (at, to) in &changes {
                let at = at.index(frame.len());
                frame[at] = *to;
            }
            read_back(&frame)?;
        }
    }

    #[test]
    fn any_fields_of_text_are_read_or_refused(
        name_len in any::<u8>(),
        greeting_len in 0..7000_u16,
        name in "\\PC{1,40}",
        greeting in "\\PC{0,400}",
    ) {
        let name = name.as_bytes();
        let name = &name[..name.len().min(MAX_NAME_LEN)];
        let frame = with(&REQUEST, NAME_FIELD, &[&[name_len], name].concat());
        let said = [&greeting_len.to_be_bytes(), greeting.as_bytes()].concat();
        read_back(&with(&frame, GREETING_FIELD, &said))?;
    }

    #[test]
    fn any_words_come_back(name in "\\PC{1,30}", greeting in "\\PC{0,900}") {
        let request = Request::decode(&REQUEST).unwrap();
        let request = Request {
            name: zeroize::Zeroizing::new(name),
            greeting: zeroize::Zeroizing::new(greeting),
            ..request
        };
        prop_assert!(Request::decode(&request.encode().unwrap()).unwrap() == request);
    }
}
