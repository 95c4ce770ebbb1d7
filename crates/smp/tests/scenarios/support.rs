//! Two sides in any use, and where each value stands in their messages.

use std::borrow::Borrow;
use std::ops::Range;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use undertone_smp::{
    Context, Ed448, Modp1536, ReceiveError, Reply, Ristretto, Smp, SmpSecret, Suite, otr, otr3,
    otr4,
};

/// Makes the scenarios named, which are functions generic in the use, tests of each use.
macro_rules! in_each_use {
    ($($scenario:ident),+ $(,)?) => {
        crate::support::in_quick_uses!($($scenario),+);
        mod in_otr3 {
            $(#[test] fn $scenario() { super::$scenario::<undertone_smp::Modp1536>(); })+
        }
    };
}
/// The same without MODP-1536, which is slow. For what the explorer beside the code does to each
/// field in that group too.
macro_rules! in_quick_uses {
    ($($scenario:ident),+ $(,)?) => {
        mod in_native {
            $(#[test] fn $scenario() { super::$scenario::<undertone_smp::Ristretto>(); })+
        }
        mod in_otr4 {
            $(#[test] fn $scenario() { super::$scenario::<undertone_smp::Ed448>(); })+
        }
    };
}
pub(crate) use {in_each_use, in_quick_uses};

/// What stands in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Element,
    Scalar,
}
use What::{Element, Scalar};

/// What stands in messages 1 to 4 of OTR, in this order.
const OTR: [&[What]; 4] = [
    &[Element, Scalar, Scalar, Element, Scalar, Scalar],
    &[Element, Scalar, Scalar, Element, Scalar, Scalar, Element, Element, Scalar, Scalar, Scalar],
    &[Element, Element, Scalar, Scalar, Scalar, Element, Scalar, Scalar],
    &[Element, Scalar, Scalar],
];

/// How many elements and scalars messages 1 to 4 of the native use have, and where they begin.
const NATIVE: [(usize, usize, usize); 4] = [(203, 2, 4), (2, 4, 7), (2, 3, 5), (2, 1, 2)];

pub(crate) trait Use: Suite<Message: Clone + PartialEq + std::fmt::Debug> {
    fn secret(words: &str) -> Self::Secret;
    fn bytes(message: &mut Self::Message) -> &mut Vec<u8>;
    /// Elements and scalars of message `number`, with the place of each.
    fn fields(number: usize, message: &Self::Message) -> Vec<(What, Range<usize>)>;
    /// Encodings of what is no element or must not be taken as one.
    fn bad_elements() -> Vec<(&'static str, Vec<u8>)>;
    /// Encodings of what is no scalar or must not be taken as one.
    fn bad_scalars() -> Vec<(&'static str, Vec<u8>)>;
    /// An element and a scalar that anybody could send: the generator, and one.
    fn known(what: What) -> Vec<u8>;
}

impl Use for Ristretto {
    fn secret(words: &str) -> SmpSecret {
        let context = Context {
            initiator_identity: &[1; 32],
            responder_identity: &[2; 32],
            pairing_transcript: &[3; 32],
            epoch: 4,
            epoch_authenticator: &[5; 32],
        };
        SmpSecret::derive(&context, words)
    }

    fn bytes(message: &mut Vec<u8>) -> &mut Vec<u8> {
        message
    }

    fn fields(number: usize, _message: &Vec<u8>) -> Vec<(What, Range<usize>)> {
        let (start, elements, scalars) = NATIVE[number - 1];
        let what = |index| if index < elements { Element } else { Scalar };
        (0..elements + scalars)
            .map(|index| (what(index), start + 32 * index..start + 32 * (index + 1)))
            .collect()
    }

    fn bad_elements() -> Vec<(&'static str, Vec<u8>)> {
        let mut negative = Self::known(Element);
        negative[0] |= 1;
        vec![
            ("the identity", vec![0; 32]),
            ("beyond the field", vec![0xff; 32]),
            ("a negative one", negative),
        ]
    }

    fn bad_scalars() -> Vec<(&'static str, Vec<u8>)> {
        vec![("zero", vec![0; 32]), ("not reduced", vec![0xff; 32])]
    }

    fn known(what: What) -> Vec<u8> {
        match what {
            Element => vec![
                0xe2, 0xf2, 0xae, 0x0a, 0x6a, 0xbc, 0x4e, 0x71, 0xa8, 0x84, 0xa9, 0x61, 0xc5, 0x00,
                0x51, 0x5f, 0x58, 0xe3, 0x0b, 0x6a, 0xa5, 0x82, 0xdd, 0x8d, 0xb6, 0xa6, 0x59, 0x45,
                0xe0, 0x8d, 0x2d, 0x76,
            ],
            Scalar => [&[1][..], &[0; 31]].concat(),
        }
    }
}

/// The prime of the MODP group, big-endian.
const MODP_PRIME: &str = "\
ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd\
ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed\
ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f\
83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca237327ffffffffffffffff";

fn mpi(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat()
}

impl Use for Modp1536 {
    fn secret(words: &str) -> otr3::Secret {
        let context = otr3::Context {
            initiator_fingerprint: &[1; 20],
            responder_fingerprint: &[2; 20],
            ssid: &[3; 8],
        };
        otr3::Secret::derive(&context, words.as_bytes())
    }

    fn bytes(message: &mut otr::Message) -> &mut Vec<u8> {
        &mut message.payload
    }

    fn fields(number: usize, message: &otr::Message) -> Vec<(What, Range<usize>)> {
        let payload = &message.payload;
        let mut start = 4;
        if message.kind == otr::Kind::FirstWithQuestion {
            start += payload.iter().position(|byte| *byte == 0).unwrap() + 1;
        }
        let field = |what: &What| {
            let header = payload[start..start + 4].try_into().unwrap();
            let place = start..start + 4 + u32::from_be_bytes(header) as usize;
            start = place.end;
            (*what, place)
        };
        OTR[number - 1].iter().map(field).collect()
    }

    fn bad_elements() -> Vec<(&'static str, Vec<u8>)> {
        let prime = hex(MODP_PRIME);
        let last = |byte: u8| [&prime[..191], &[byte]].concat();
        vec![
            ("zero", mpi(&[])),
            ("the identity", mpi(&[1])),
            ("two with a leading zero", mpi(&[0, 2])),
            ("of order two: p - 1", mpi(&last(0xfe))),
            ("of twice the prime order: p - 2", mpi(&last(0xfd))),
            ("the prime itself", mpi(&prime)),
            ("beyond the prime", mpi(&[0xff; 192])),
            ("one byte too long", mpi(&[1; 193])),
        ]
    }

    fn bad_scalars() -> Vec<(&'static str, Vec<u8>)> {
        let order = hex(MODP_PRIME);
        let mut carry = 0;
        let half = |byte: &u8| {
            let halved = carry << 7 | byte >> 1;
            carry = byte & 1;
            halved
        };
        let order: Vec<u8> = order.iter().map(half).collect();
        vec![
            ("zero", mpi(&[])),
            ("one with a leading zero", mpi(&[0, 1])),
            ("the order", mpi(&order)),
            ("beyond the order", mpi(&[0xff; 192])),
            ("one byte too long", mpi(&[1; 193])),
        ]
    }

    fn known(what: What) -> Vec<u8> {
        mpi(&[if what == Element { 2 } else { 1 }])
    }
}

/// Ed448's order and base point.
pub(crate) const ED448_ORDER: &str = "f34458ab92c27823558fc58d72c26c219036d6ae49db4ec4e923ca7c\
                           ffffffffffffffffffffffffffffffffffffffffffffffffffffff3f00";
const ED448_BASE: &str = "14fa30f25b790898adc8d74e2c13bdfdc4397ce61cffd33ad7c2a005\
                          1e9c78874098a36c7373ea4b62c7c9563720768824bcb66e71463f6900";

pub(crate) fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

impl Use for Ed448 {
    fn secret(words: &str) -> otr4::Secret {
        let context = otr4::Context {
            initiator_fingerprint: &[1; 56],
            responder_fingerprint: &[2; 56],
            ssid: &[3; 8],
        };
        otr4::Secret::derive(&context, words)
    }

    fn bytes(message: &mut otr::Message) -> &mut Vec<u8> {
        &mut message.payload
    }

    fn fields(number: usize, message: &otr::Message) -> Vec<(What, Range<usize>)> {
        let start = if number == 1 {
            let length = message.payload[..4].try_into().unwrap();
            4 + u32::from_be_bytes(length) as usize
        } else {
            0
        };
        let place =
            |(index, what): (usize, &What)| (*what, start + 57 * index..start + 57 * (index + 1));
        OTR[number - 1].iter().enumerate().map(place).collect()
    }

    fn bad_elements() -> Vec<(&'static str, Vec<u8>)> {
        let bytes =
            |first: u8, middle: u8, last: u8| [&[first][..], &[middle; 55], &[last]].concat();
        let prime = |first: u8| {
            let mut prime = [&[0xff; 28][..], &[0xfe], &[0xff; 27], &[0]].concat();
            prime[0] = first;
            prime
        };
        let mut stray = hex(ED448_BASE);
        stray[56] |= 1;
        let mut off_curve = hex(ED448_BASE);
        off_curve[0] ^= 2;
        vec![
            ("the identity", bytes(1, 0, 0)),
            ("the identity with a sign", bytes(1, 0, 0x80)),
            ("of order two", prime(0xfe)),
            ("of order four", bytes(0, 0, 0)),
            ("of order four, the other", bytes(0, 0, 0x80)),
            ("not reduced", prime(0xff)),
            ("all ones", bytes(0xff, 0xff, 0xff)),
            ("a stray bit", stray),
            ("off the curve or the subgroup", off_curve),
        ]
    }

    fn bad_scalars() -> Vec<(&'static str, Vec<u8>)> {
        vec![("zero", vec![0; 57]), ("the order", hex(ED448_ORDER))]
    }

    fn known(what: What) -> Vec<u8> {
        match what {
            Element => hex(ED448_BASE),
            Scalar => [&[1][..], &[0; 56]].concat(),
        }
    }
}

/// The one seed of a scenario's random numbers, so that each failure comes again.
pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// Two sides in the middle of a run.
pub(crate) struct Run<U: Use> {
    pub(crate) starter: Smp<U>,
    pub(crate) answerer: Smp<U>,
    /// Messages 1, 2, … as they were sent; the last one hasn't been received yet.
    pub(crate) messages: Vec<U::Message>,
    pub(crate) rng: ChaCha20Rng,
}

impl<U: Use> Run<U> {
    /// The side that waits for the last message.
    pub(crate) fn receiver(&mut self) -> &mut Smp<U> {
        if self.messages.len() % 2 == 1 { &mut self.answerer } else { &mut self.starter }
    }

    /// Gives it something.
    pub(crate) fn receive(
        &mut self,
        message: &U::Message,
    ) -> Result<Reply<U::Message>, ReceiveError> {
        let mut rng = rng(99);
        self.receiver().receive(message.borrow(), &mut rng)
    }
}

/// A run in which messages 1 to `last` were sent and all but the last were received.
pub(crate) fn run_to<U: Use>(last: usize, seed: u8, starters: &str, answerers: &str) -> Run<U> {
    let mut rng = rng(seed);
    let (mut starter, mut answerer) = (Smp::<U>::new(), Smp::<U>::new());
    let question = Some("Which bridge?");
    let first = starter.start(&U::secret(starters), question, &mut rng).unwrap();
    let mut messages = vec![first];
    if last >= 2 {
        let reply = answerer.receive(messages[0].borrow(), &mut rng).unwrap();
        assert!(
            matches!(reply, Reply::SecretWanted { question: Some(it) } if it == "Which bridge?")
        );
        messages.push(answerer.answer(&U::secret(answerers), &mut rng).unwrap());
    }
    if last >= 3 {
        let reply = starter.receive(messages[1].borrow(), &mut rng).unwrap();
        let Reply::Send(third) = reply else { panic!("{reply:?}") };
        messages.push(third);
    }
    if last >= 4 {
        let reply = answerer.receive(messages[2].borrow(), &mut rng).unwrap();
        let Reply::Finished { matched, send: Some(fourth) } = reply else { panic!("{reply:?}") };
        assert_eq!(matched, starters == answerers);
        messages.push(fourth);
    }
    Run { starter, answerer, messages, rng }
}

/// The message with other bytes in place of one field.
pub(crate) fn replaced<U: Use>(
    message: &U::Message,
    place: Range<usize>,
    bytes: &[u8],
) -> U::Message {
    let mut message = message.clone();
    U::bytes(&mut message).splice(place, bytes.iter().copied());
    message
}
