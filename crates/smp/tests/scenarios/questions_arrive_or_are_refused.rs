use std::borrow::Borrow as _;

use undertone_smp::{Ed448, Modp1536, ReceiveError, Reply, Smp, StartError, otr, otr3, otr4};

use crate::support::{Use, in_each_use, rng};

fn the_longest_question_arrives_whole_and_a_longer_one_is_refused<U: Use>() {
    let mut rng = rng(9);
    let longest = format!("ü{}", "?".repeat(U::QUESTION_MAX - 2));
    let first = Smp::<U>::new().start(&U::secret("x"), Some(&longest), &mut rng).unwrap();
    let asked = Smp::<U>::new().receive(first.borrow(), &mut rng);
    assert!(asked == Ok(Reply::SecretWanted { question: Some(longest.clone()) }));

    let mut starter = Smp::<U>::new();
    let refused = starter.start(&U::secret("x"), Some(&format!("{longest}?")), &mut rng);
    assert_eq!(refused, Err(StartError::QuestionTooLong { max: U::QUESTION_MAX }));
    assert!(starter.is_idle());
}

fn an_empty_question_is_none<U: Use>() {
    let mut rng = rng(9);
    let none = Smp::<U>::new().start(&U::secret("x"), None, &mut rng.clone()).unwrap();
    let empty = Smp::<U>::new().start(&U::secret("x"), Some(""), &mut rng).unwrap();
    assert_eq!(none, empty);
    let asked = Smp::<U>::new().receive(empty.borrow(), &mut rng);
    assert_eq!(asked, Ok(Reply::SecretWanted { question: None }));
}

in_each_use!(
    the_longest_question_arrives_whole_and_a_longer_one_is_refused,
    an_empty_question_is_none,
);

#[test]
fn a_question_makes_another_tlv_in_version_3_and_cannot_have_its_end_in_it() {
    let mut rng = rng(9);
    let secret = Modp1536::secret("x");
    let first = Smp::<Modp1536>::new().start(&secret, None, &mut rng).unwrap();
    assert_eq!(first.kind, otr::Kind::First);
    let mut asks = Smp::<Modp1536>::new().start(&secret, Some("Who?"), &mut rng).unwrap();
    assert_eq!(asks.kind, otr::Kind::FirstWithQuestion);
    assert_eq!(asks.payload[..9], *b"Who?\0\0\0\0\x06");

    let refused = Smp::<Modp1536>::new().start(&secret, Some("Wh\0o?"), &mut rng);
    assert_eq!(refused, Err(StartError::QuestionEnds));

    // Not UTF-8, and no end.
    asks.payload[0] = 0xff;
    let mut side = Smp::<Modp1536>::new();
    assert_eq!(side.receive(&asks, &mut rng), Err(ReceiveError::Malformed));
    let endless = otr::Message { kind: asks.kind, payload: vec![b'?'; 1000] };
    assert_eq!(side.receive(&endless, &mut rng), Err(ReceiveError::Malformed));
    // Longer than a TLV can be.
    let mut long = otr::Message { kind: asks.kind, payload: vec![b'?'; otr3::QUESTION_MAX + 2000] };
    long.payload.push(0);
    long.payload.extend_from_slice(&first.payload);
    assert_eq!(side.receive(&long, &mut rng), Err(ReceiveError::Malformed));
}

/// The most bytes of a TLV's value.
const TLV_MAX: usize = 0xffff;

#[test]
fn the_longest_question_is_what_a_tlv_has_room_for_beside_the_longest_fields() {
    // Its end, the number of MPIs, and six of them with their lengths.
    assert_eq!(otr3::QUESTION_MAX + 1 + 4 + 6 * (4 + 192), TLV_MAX);
    // Its length, two points and four scalars.
    assert_eq!(otr4::QUESTION_MAX + 4 + 6 * 57, TLV_MAX);
}

/// With a question that makes it as long, for fields may be shorter than they could be.
fn a_message_as_long_as_a_tlv_can_be_is_read_and_no_longer_one<U>()
where
    U: Use<Message = otr::Message, Received = otr::Message>,
{
    let mut rng = rng(9);
    let first = Smp::<U>::new().start(&U::secret("x"), Some("?"), &mut rng).unwrap();
    let before = first.payload.iter().position(|byte| *byte == b'?').unwrap();
    for (length, is_read) in [(TLV_MAX, true), (TLV_MAX + 1, false)] {
        let more = length - first.payload.len();
        let mut payload = first.payload.clone();
        payload.splice(before..before, vec![b'?'; more]);
        if let Some(length) = payload.first_chunk_mut::<4>().filter(|_| before == 4) {
            *length = u32::try_from(more + 1).unwrap().to_be_bytes();
        }
        assert_eq!(payload.len(), length);
        let reply = Smp::<U>::new().receive(&otr::Message { kind: first.kind, payload }, &mut rng);
        let asked = Reply::SecretWanted { question: Some("?".repeat(more + 1)) };
        let expected = if is_read { Ok(asked) } else { Err(ReceiveError::Malformed) };
        assert!(reply == expected, "{length}: {reply:?}");
    }
}

#[test]
fn a_message_as_long_as_a_tlv_can_be_is_read_in_version_3() {
    a_message_as_long_as_a_tlv_can_be_is_read_and_no_longer_one::<Modp1536>();
}

#[test]
fn a_message_as_long_as_a_tlv_can_be_is_read_in_version_4() {
    a_message_as_long_as_a_tlv_can_be_is_read_and_no_longer_one::<Ed448>();
}

#[test]
fn version_4_has_no_tlv_of_its_own_for_questions() {
    let mut rng = rng(9);
    let mut first = Smp::<Ed448>::new().start(&Ed448::secret("x"), Some("Who?"), &mut rng).unwrap();
    assert_eq!(first.kind, otr::Kind::First);
    first.kind = otr::Kind::FirstWithQuestion;
    let refused = Smp::<Ed448>::new().receive(&first, &mut rng);
    assert_eq!(refused, Err(ReceiveError::Malformed));
}
