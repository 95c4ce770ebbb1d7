//! The public address, the requests that came and those of ours.

use std::sync::LazyLock;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_engine::storage::{
    AskRow, PublicAddress, RequestRow, SentRequest, View, Write, message_id,
};
use undertone_handle::ConversationId;
use undertone_handle::command::{Greeting, MAX_NAME, Name};
use undertone_handle::query::{AddressLine, AskLine, RequestLine, RequestState};
use undertone_ratchet::secret::Secret;
use undertone_wire::address::OnionSeed;
use undertone_wire::request::{MAX_GREETING, OwnOffer, OwnRequest};

use super::{Act, Look, Row, Storage, WHO};

/// Ids of requests. Some of contacts are among them: nothing may come of that.
const IDS: [ConversationId; 4] = [WHO[0], ConversationId(8), WHO[2], WHO[1]];

/// Something to do; `which` is an index into [`IDS`], and what a row has follows from `how`.
#[derive(Clone, Debug)]
pub(super) enum RequestAct {
    Address { seed: u8, on: bool },
    Put { which: usize, how: u16 },
    Drop { which: usize },
    Ask { which: usize, how: u16 },
    DropAsk { which: usize },
}

pub(super) fn act() -> impl Strategy<Value = RequestAct> {
    let which = || 0..IDS.len();
    prop_oneof![
        1 => any::<(u8, bool)>().prop_map(|(seed, on)| RequestAct::Address { seed, on }),
        4 => (which(), any::<u16>()).prop_map(|(which, how)| RequestAct::Put { which, how }),
        1 => which().prop_map(|which| RequestAct::Drop { which }),
        4 => (which(), any::<u16>()).prop_map(|(which, how)| RequestAct::Ask { which, how }),
        1 => which().prop_map(|which| RequestAct::DropAsk { which }),
    ]
}

impl RequestAct {
    pub(super) fn write(self) -> Write {
        match self {
            Self::Address { seed, on } => Write::PutAddress(address(seed, on)),
            Self::Put { which, how } => Write::PutRequest(Box::new(request(IDS[which], how))),
            Self::Drop { which } => Write::DropRequest(IDS[which]),
            Self::Ask { which, how } => Write::PutAsk(Box::new(ask(IDS[which], how))),
            Self::DropAsk { which } => Write::DropAsk(IDS[which]),
        }
    }
}

/// What two ends made: keys take a while.
static MADE: LazyLock<[(OwnOffer, OwnRequest); 2]> = LazyLock::new(|| {
    [3, 4].map(|seed| {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        (OwnOffer::generate(&mut rng), OwnRequest::generate(&mut rng))
    })
});

fn address(seed: u8, on: bool) -> PublicAddress {
    PublicAddress { seed: OnionSeed(Secret::from_bytes(&[seed; 32])), on }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// The longest in bytes, an empty one and one of several lines are among them.
fn greeting(how: u16) -> Greeting {
    let longest = "語".repeat(MAX_GREETING);
    let texts = ["it's me\nfrom the pond", "", "東京 at seven?", &longest];
    Greeting::parse(texts[usize::from(how % 4)]).unwrap()
}

fn request(id: ConversationId, how: u16) -> RequestRow {
    let bit = |bit: u8| how & (1 << bit) != 0;
    let [low, high] = how.to_le_bytes();
    let (offer, own) = &MADE[usize::from(bit(2))];
    RequestRow {
        id,
        // Of several of one second the one with the lower id comes first.
        at: u64::from(how >> 14),
        name: name(if bit(3) { "Ana" } else { "Ben 😀" }),
        greeting: greeting(how),
        place: own.place().address(),
        keys: own.keys().public(),
        tag: [low; 32],
        offer: bit(4).then(|| offer.clone()),
        hash: [high; 32],
        state: [
            RequestState::Pending,
            RequestState::Accepted,
            RequestState::Refused,
            RequestState::Blocked,
        ][usize::from(how >> 5) % 4],
        names: bit(7).then(|| (name("me"), name(&"😀".repeat(MAX_NAME)))),
        accepted: bit(8).then(|| 1_800_000_000 + u64::from(how)),
    }
}

fn ask(id: ConversationId, how: u16) -> AskRow {
    let bit = |bit: u8| how & (1 << bit) != 0;
    let [low, high] = how.to_le_bytes();
    let (offer, own) = &MADE[usize::from(bit(2))];
    AskRow {
        id,
        address: OnionSeed(Secret::from_bytes(&[high; 32])).address(),
        nick: name(&"😀".repeat(MAX_NAME)),
        peer: name(if bit(3) { "Ana" } else { "Ben 😀" }),
        greeting: greeting(how),
        own: own.clone(),
        at: u64::from(how >> 14),
        tries: if bit(5) { u32::MAX } else { u32::from(how) },
        sent: bit(6).then(|| SentRequest { hash: [low; 32], offer: offer.public() }),
        arrived: bit(7),
    }
}

/// Everything that look-ups answer, secrets and all, as lines of text.
pub(super) fn answers(view: &dyn View) -> Vec<String> {
    let address = view.address().map(|own| (*own.seed.0.as_bytes(), own.on));
    let mut lines = vec![format!("address {address:?}")];
    lines.extend(view.requests().iter().map(told));
    lines.extend(view.asks().iter().map(told_ask));
    lines
}

fn told(row: &RequestRow) -> String {
    let offer = row.offer.as_ref().map(OwnOffer::to_bytes);
    let names = row.names.as_ref().map(|(nick, peer)| (nick.as_str(), peer.as_str()));
    let RequestRow { id, at, place, tag, hash, state, accepted, .. } = row;
    format!(
        "request {id:?} {at} {:?} {:?} {:?} {:?} {tag:?} {:?} {hash:?} {state:?} {names:?} {accepted:?}",
        row.name.as_str(),
        row.greeting.as_str(),
        place.0,
        row.keys.encode(),
        offer.as_ref().map(Secret::as_bytes),
    )
}

fn told_ask(row: &AskRow) -> String {
    let sent = row.sent.as_ref().map(|sent| (sent.hash, sent.offer.encode()));
    let AskRow { id, at, address, tries, arrived, .. } = row;
    format!(
        "ask {id:?} {at} {:?} {:?} {:?} {:?} {:?} {tries} {sent:?} {arrived}",
        address.0,
        row.nick.as_str(),
        row.peer.as_str(),
        row.greeting.as_str(),
        row.own.to_bytes().as_bytes(),
    )
}

/// Everything that interfaces see.
pub(super) fn seen(look: &dyn Look) -> Vec<String> {
    let address = look.address_line().map(|AddressLine { address, on }| (address.0, on));
    let mut lines = vec![format!("address {address:?}")];
    lines.extend(look.request_lines().into_iter().map(|line| {
        let RequestLine { conversation, name, greeting, at, state } = line;
        format!("request {conversation:?} {} {:?} {at} {state:?}", name.as_str(), greeting.as_str())
    }));
    lines.extend(look.ask_lines().into_iter().map(|line| {
        let AskLine { conversation, address, peer, at, arrived } = line;
        format!("ask {conversation:?} {:?} {} {at} {arrived}", address.0, peer.as_str())
    }));
    lines
}

/// What is true of requests in every storage.
pub(crate) fn requests<S: Storage>(make: impl Fn() -> S) {
    let mut storage = make();
    assert_eq!(storage.address(), None);
    assert!(storage.requests().is_empty() && storage.asks().is_empty());
    storage.read(&mut |look| {
        assert_eq!(look.address_line(), None);
        assert!(look.request_lines().is_empty() && look.ask_lines().is_empty());
    });
    what_is_put_is_replaced_and_dropped(&mut storage);
    the_oldest_is_first(&mut storage);
    what_was_not_committed_is_gone(&mut storage);
    a_contact_of_the_same_id_is_another_thing(&mut storage);
}

fn what_is_put_is_replaced_and_dropped<S: Storage>(storage: &mut S) {
    storage.apply(vec![Write::PutAddress(address(1, true))]);
    assert_eq!(storage.address(), Some(address(1, true)));
    storage.apply(vec![Write::PutAddress(address(2, false))]);
    assert_eq!(storage.address(), Some(address(2, false)));

    let (id, other) = (IDS[0], IDS[1]);
    let first = RequestRow {
        offer: Some(MADE[0].0.clone()),
        names: None,
        state: RequestState::Pending,
        ..request(id, 0)
    };
    storage.apply(vec![Write::PutRequest(Box::new(first.clone()))]);
    assert_eq!(answers(storage)[1..], [told(&first)]);
    // Let go: what was said and what was offered go with it.
    let second = RequestRow {
        greeting: Greeting::parse("").unwrap(),
        offer: None,
        state: RequestState::Refused,
        accepted: Some(5),
        names: Some((name("me"), name("them"))),
        ..first
    };
    storage.apply(vec![Write::PutRequest(Box::new(second.clone()))]);
    assert_eq!(answers(storage)[1..], [told(&second)]);

    let first = AskRow { sent: None, arrived: false, tries: 0, ..ask(id, 0) };
    storage.apply(vec![Write::PutAsk(Box::new(first.clone()))]);
    assert_eq!(answers(storage)[1..], [told(&second), told_ask(&first)]);
    let sent = Some(SentRequest { hash: [7; 32], offer: MADE[1].0.public() });
    let sent = AskRow { sent, arrived: true, tries: 1, ..first };
    storage.apply(vec![Write::PutAsk(Box::new(sent.clone()))]);
    assert_eq!(answers(storage)[1..], [told(&second), told_ask(&sent)]);
    storage.commit();
    storage.read(&mut |look| {
        let address_line = AddressLine { address: address(2, false).seed.address(), on: false };
        assert_eq!(look.address_line(), Some(address_line));
        assert_eq!(look.request_lines(), [second.line()]);
        assert_eq!(look.ask_lines(), [sent.line()]);
    });

    // A request and one of ours may have one id; what isn't there is dropped without a word.
    storage.apply(vec![Write::DropAsk(other), Write::DropRequest(other), Write::DropRequest(id)]);
    assert_eq!(answers(storage)[1..], [told_ask(&sent)]);
    storage.apply(vec![Write::DropAsk(id)]);
    assert_eq!(answers(storage).len(), 1);
    storage.commit();
    storage.restart();
    assert_eq!(answers(storage).len(), 1);
    assert_eq!(storage.address(), Some(address(2, false)));
    storage.read(&mut |look| assert_eq!(seen(look).len(), 1));
}

fn the_oldest_is_first<S: Storage>(storage: &mut S) {
    // The newest has the lowest id; ids of one second are in their order, the highest bit and all.
    let times = [(IDS[0], 9), (IDS[3], 4), (IDS[1], 4), (IDS[2], 4)];
    for (id, at) in times {
        let request = RequestRow { at, ..request(id, 1) };
        let ask = AskRow { at, ..ask(id, 1) };
        storage.apply(vec![Write::PutRequest(Box::new(request)), Write::PutAsk(Box::new(ask))]);
    }
    let order = [IDS[1], IDS[2], IDS[3], IDS[0]];
    assert_eq!(storage.requests().iter().map(|row| row.id).collect::<Vec<_>>(), order);
    assert_eq!(storage.asks().iter().map(|row| row.id).collect::<Vec<_>>(), order);
    storage.commit();
    storage.read(&mut |look| {
        let requests = look.request_lines();
        assert_eq!(requests.iter().map(|line| line.conversation).collect::<Vec<_>>(), order);
        let asks = look.ask_lines();
        assert_eq!(asks.iter().map(|line| line.conversation).collect::<Vec<_>>(), order);
    });
}

fn what_was_not_committed_is_gone<S: Storage>(storage: &mut S) {
    let before = answers(storage);
    let changes = || {
        vec![
            Write::PutAddress(address(9, true)),
            Write::PutRequest(Box::new(request(IDS[0], 77))),
            Write::DropRequest(IDS[1]),
            Write::PutAsk(Box::new(ask(IDS[0], 77))),
            Write::DropAsk(IDS[1]),
        ]
    };
    let mut shown = Vec::new();
    storage.read(&mut |look| shown = seen(look));
    storage.apply(changes());
    assert_ne!(answers(storage), before);
    storage.roll_back();
    assert_eq!(answers(storage), before);
    storage.read(&mut |look| assert_eq!(seen(look), shown));
    storage.restart();
    assert_eq!(answers(storage), before);
    storage.apply(changes());
    let after = answers(storage);
    storage.commit();
    storage.restart();
    assert_eq!(answers(storage), after);
}

fn a_contact_of_the_same_id_is_another_thing<S: Storage>(storage: &mut S) {
    let before = answers(storage);
    let (who, id) = (0, WHO[0]);
    assert!(storage.requests().iter().any(|row| row.id == id), "a request has its id");
    assert!(storage.asks().iter().any(|row| row.id == id));
    storage.apply(Act::Contact { who, how: 0 }.writes());
    let row = Row {
        place: 1,
        own: false,
        sequence: 1,
        words: 0,
        seen: true,
        extras: 0,
        timer: None,
        expires: None,
    };
    storage.apply(Act::Message { who, row }.writes());
    assert_eq!(answers(storage), before);
    storage.apply(vec![Write::Forget(id)]);
    storage.commit();
    assert!(storage.contact(id).is_none());
    assert_eq!(answers(storage), before, "the requests are still there");

    storage.apply(Act::Contact { who, how: 0 }.writes());
    storage.apply(vec![Write::DropRequest(id), Write::DropAsk(id)]);
    storage.commit();
    assert!(storage.contact(id).is_some(), "the contact is still there");
    assert!(storage.message(message_id(1, 1)).is_none());
}
