//! Requests to fill profiles with.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_engine::storage::{AskRow, PublicAddress, RequestRow, SentRequest};
use undertone_handle::ConversationId;
use undertone_handle::command::{Greeting, Name};
use undertone_handle::query::RequestState;
use undertone_ratchet::secret::Secret;
use undertone_wire::address::OnionSeed;
use undertone_wire::request::{OwnOffer, OwnRequest};

/// The public address.
pub(crate) fn address() -> PublicAddress {
    PublicAddress { seed: OnionSeed(Secret::from_bytes(&[6; 32])), on: true }
}

/// A request that was accepted, with keys of its own for each number.
pub(crate) fn request(number: u8, name: &str, greeting: &str) -> RequestRow {
    let mut rng = ChaCha20Rng::from_seed([number; 32]);
    let offer = OwnOffer::generate(&mut rng);
    let own = OwnRequest::generate(&mut rng);
    RequestRow {
        id: ConversationId(u64::MAX - u64::from(number)),
        at: 1_763_700_000 + u64::from(number),
        name: Name::parse(name).unwrap(),
        greeting: Greeting::parse(greeting).unwrap(),
        place: own.place().address(),
        keys: own.keys().public(),
        tag: [number; 32],
        offer: Some(offer),
        hash: [number ^ 0x55; 32],
        state: RequestState::Accepted,
        names: Some((Name::parse("me").unwrap(), Name::parse("Ben").unwrap())),
        accepted: Some(1_763_800_000),
    }
}

/// A request of ours that has arrived, with keys of its own for each number.
pub(crate) fn ask(number: u8, peer: &str, greeting: &str) -> AskRow {
    let mut rng = ChaCha20Rng::from_seed([!number; 32]);
    let own = OwnRequest::generate(&mut rng);
    let offer = OwnOffer::generate(&mut rng).public();
    AskRow {
        id: ConversationId(u64::from(number)),
        address: OnionSeed::random(&mut rng).address(),
        nick: Name::parse("me").unwrap(),
        peer: Name::parse(peer).unwrap(),
        greeting: Greeting::parse(greeting).unwrap(),
        own,
        at: 1_763_700_000 + u64::from(number),
        tries: 3,
        sent: Some(SentRequest { hash: [number ^ 0xaa; 32], offer }),
        arrived: true,
    }
}
