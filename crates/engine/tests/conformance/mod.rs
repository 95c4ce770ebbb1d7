//! What every storage does with writes, whatever it is made of: the same as the plain one in memory.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod requests;

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_engine::Memory;
use undertone_engine::storage::{
    AskRow, Contact, Counters, EarlyRow, Expiry, MessageRow, OutboxRow, Policy, Profile,
    PublicAddress, Reader, Recovery, RepairState, RequestRow, View, Write, message_id,
};
use undertone_handle::command::{History, Name, Reaction, Role};
use undertone_handle::event::{Delivery, Trust};
use undertone_handle::query::{AddressLine, AskLine, Before, Hit, RequestLine, Search};
use undertone_handle::{ConversationId, MessageId};
use undertone_ratchet::repair::{Incarnations, RecoveryKeys};
use undertone_ratchet::secret::Secret;
use undertone_wire::card::{Card, KeptCard, OwnCard};
use zeroize::Zeroizing;

use self::requests::RequestAct;
pub(crate) use self::requests::requests;

/// A storage under test. What it can't do it panics at.
pub(crate) trait Storage: View {
    /// Applies writes; they are seen at once.
    fn apply(&mut self, writes: Vec<Write>);
    /// Keeps what was applied.
    fn commit(&mut self);
    /// Drops what was applied since the last commit.
    fn roll_back(&mut self);
    /// As after a restart, where the storage outlives one.
    fn restart(&mut self);
    /// What interfaces see.
    fn read(&self, look: &mut dyn FnMut(&dyn Look));
}

/// [`Reader`] with faults that fail the test.
pub(crate) trait Look {
    fn overviews(&self) -> Vec<String>;
    fn page(&self, who: ConversationId, before: Option<MessageId>, limit: usize) -> Vec<String>;
    fn around(&self, message: MessageId, each: usize) -> Vec<String>;
    fn draft(&self, who: ConversationId) -> Option<String>;
    fn search(&self, search: &Search, before: Option<Before>, limit: usize) -> Vec<Hit>;
    fn address_line(&self) -> Option<AddressLine>;
    fn request_lines(&self) -> Vec<RequestLine>;
    fn ask_lines(&self) -> Vec<AskLine>;
}

impl<R: Reader<Fault: std::fmt::Debug>> Look for R {
    fn overviews(&self) -> Vec<String> {
        let all = Reader::overviews(self).unwrap();
        all.into_iter()
            .map(|one| format!("{one:?} {} {:?}", one.name, one.last.as_ref().map(shown)))
            .collect()
    }

    fn page(&self, who: ConversationId, before: Option<MessageId>, limit: usize) -> Vec<String> {
        Reader::page(self, who, before, limit).unwrap().iter().map(shown).collect()
    }

    fn around(&self, message: MessageId, each: usize) -> Vec<String> {
        Reader::around(self, message, each).unwrap().iter().map(shown).collect()
    }

    fn draft(&self, who: ConversationId) -> Option<String> {
        Reader::draft(self, who).unwrap().map(|text| text.reveal().to_owned())
    }

    fn search(&self, search: &Search, before: Option<Before>, limit: usize) -> Vec<Hit> {
        Reader::search(self, search, before, limit).unwrap()
    }

    fn address_line(&self) -> Option<AddressLine> {
        Reader::address_line(self).unwrap()
    }

    fn request_lines(&self) -> Vec<RequestLine> {
        Reader::request_lines(self).unwrap()
    }

    fn ask_lines(&self) -> Vec<AskLine> {
        Reader::ask_lines(self).unwrap()
    }
}

fn shown(line: &undertone_handle::query::Line) -> String {
    let signs = [&line.own_reaction, &line.peer_reaction];
    let signs = signs.map(|sign| sign.as_ref().map(|sign| sign.as_str().to_owned()));
    format!(
        "{line:?} {} {} {} {:?} {:?} {:?} {:?} {signs:?}",
        line.body.as_str(),
        line.at,
        line.seen,
        line.edited,
        line.reply,
        line.timer,
        line.expires
    )
}

/// The plain storage, with the state of its last commit.
#[derive(Default)]
pub(crate) struct Plain {
    now: Memory,
    kept: Memory,
}

impl View for Plain {
    fn profile(&self) -> Profile {
        self.now.profile()
    }
    fn contacts(&self) -> Vec<ConversationId> {
        self.now.contacts()
    }
    fn contact(&self, id: ConversationId) -> Option<Contact> {
        self.now.contact(id)
    }
    fn session(&self, id: ConversationId) -> Option<Zeroizing<Vec<u8>>> {
        self.now.session(id)
    }
    fn counters(&self, id: ConversationId) -> Option<Counters> {
        self.now.counters(id)
    }
    fn outbox(&self, id: ConversationId, from: u64, limit: usize) -> Vec<OutboxRow> {
        self.now.outbox(id, from, limit)
    }
    fn outbox_len(&self, id: ConversationId) -> usize {
        self.now.outbox_len(id)
    }
    fn message(&self, message: MessageId) -> Option<MessageRow> {
        self.now.message(message)
    }
    fn numbered(&self, id: ConversationId, own: bool, sequence: u64) -> Option<MessageId> {
        self.now.numbered(id, own, sequence)
    }
    fn early(&self, id: ConversationId) -> Vec<EarlyRow> {
        self.now.early(id)
    }
    fn policy(&self, id: ConversationId) -> Option<Policy> {
        self.now.policy(id)
    }
    fn expiring(&self, until: u64, limit: usize) -> Vec<Expiry> {
        self.now.expiring(until, limit)
    }
    fn next_expiry(&self) -> Option<u64> {
        self.now.next_expiry()
    }
    fn unseen(&self, id: ConversationId, last: MessageId, limit: usize) -> Vec<MessageId> {
        self.now.unseen(id, last, limit)
    }
    fn address(&self) -> Option<PublicAddress> {
        self.now.address()
    }
    fn requests(&self) -> Vec<RequestRow> {
        self.now.requests()
    }
    fn asks(&self) -> Vec<AskRow> {
        self.now.asks()
    }
}

impl Storage for Plain {
    fn apply(&mut self, writes: Vec<Write>) {
        self.now.apply(writes);
    }
    fn commit(&mut self) {
        self.kept = self.now.clone();
    }
    fn roll_back(&mut self) {
        self.now = self.kept.clone();
    }
    fn restart(&mut self) {}
    fn read(&self, look: &mut dyn FnMut(&dyn Look)) {
        look(&self.kept);
    }
}

/// The contacts of every run.
const WHO: [ConversationId; 3] =
    [ConversationId(7), ConversationId(u64::MAX), ConversationId(1 << 63)];

/// Places in a conversation, and sequence numbers.
const PLACES: u32 = 12;

struct Cards {
    own: KeptCard,
    peer: Card,
}

/// Two contacts' keys: making some takes a while.
static CARDS: LazyLock<[Cards; 2]> = LazyLock::new(|| {
    [1, 2].map(|seed| {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        let own = OwnCard::generate(&mut rng).into_kept();
        Cards { own, peer: OwnCard::generate(&mut rng).public().clone() }
    })
});

/// Something to do; `who` is an index into [`WHO`].
#[derive(Clone, Debug)]
enum Act {
    Contact {
        who: usize,
        how: u8,
    },
    Session {
        who: usize,
        length: usize,
    },
    Counters {
        who: usize,
        highest: u64,
        window: u64,
        place: u32,
    },
    Outbox {
        who: usize,
        sequence: u64,
        text: bool,
        replace: bool,
    },
    Acknowledge {
        who: usize,
        highest: u64,
        window: u64,
    },
    Message {
        who: usize,
        row: Row,
    },
    Delivery {
        who: usize,
        place: u32,
        delivery: Delivery,
    },
    Expiry {
        who: usize,
        places: Vec<(u32, u64)>,
    },
    Seen {
        who: usize,
        place: u32,
    },
    Purge {
        who: usize,
        places: Vec<u32>,
    },
    Early {
        who: usize,
        sequence: u64,
        take: bool,
    },
    Policy {
        who: usize,
        history: History,
        timer: Option<u32>,
        changes: u32,
    },
    Draft {
        who: usize,
        words: usize,
    },
    Profile {
        next_number: u32,
    },
    Forget {
        who: usize,
    },
    /// Many messages at once, so that an index has something to take in.
    Flood {
        who: usize,
        words: usize,
    },
    /// What belongs to no contact.
    Request(RequestAct),
    Commit,
    RollBack,
    Restart,
}

#[derive(Clone, Debug)]
struct Row {
    place: u32,
    own: bool,
    sequence: u64,
    words: usize,
    seen: bool,
    extras: u8,
    timer: Option<u32>,
    expires: Option<u64>,
}

/// Texts of several scripts; some share words.
const WORDS: [&str; 8] = [
    "the harbour at seven",
    "Harbour café, the usual",
    "明日東京に行く",
    "東京 at seven? ฉันกินข้าว",
    "a",
    "Ярко-красный harbour",
    "ok",
    "crème brûlée — then",
];

const SEARCHES: [&str; 9] =
    ["har", "the", "harb seven", "東京", "京に", "กินข้าว", "crem then", "ярк", "zz"];

impl Act {
    fn who(&self) -> Option<usize> {
        match *self {
            Self::Session { who, .. }
            | Self::Counters { who, .. }
            | Self::Outbox { who, .. }
            | Self::Acknowledge { who, .. }
            | Self::Message { who, .. }
            | Self::Delivery { who, .. }
            | Self::Expiry { who, .. }
            | Self::Seen { who, .. }
            | Self::Purge { who, .. }
            | Self::Early { who, .. }
            | Self::Policy { who, .. }
            | Self::Draft { who, .. }
            | Self::Flood { who, .. }
            | Self::Forget { who } => Some(who),
            Self::Contact { .. }
            | Self::Profile { .. }
            | Self::Request(_)
            | Self::Commit
            | Self::RollBack
            | Self::Restart => None,
        }
    }

    fn writes(&self) -> Vec<Write> {
        let bytes = |length: usize| Zeroizing::new(vec![0xa5; length]);
        let write = match self.clone() {
            Self::Contact { who, how } => Write::PutContact(Box::new(contact(who, how))),
            Self::Session { who, length } => Write::PutSession(WHO[who], bytes(length)),
            Self::Counters { who, highest, window, place } => {
                let counters = Counters {
                    sent: highest,
                    next: highest + 1,
                    acknowledged: highest / 2,
                    highest,
                    window,
                    place,
                };
                Write::PutCounters(WHO[who], counters)
            }
            Self::Outbox { who, sequence, text, replace } => {
                let message = text.then(|| id(who, u32::try_from(sequence).unwrap()));
                let length = usize::try_from(sequence).unwrap() * 100;
                let row = OutboxRow { sequence, message, body: bytes(length) };
                if replace {
                    Write::ReplaceOutbox(WHO[who], row)
                } else {
                    Write::AddOutbox(WHO[who], row)
                }
            }
            Self::Acknowledge { who, highest, window } => {
                Write::Acknowledge { contact: WHO[who], highest, window }
            }
            Self::Message { who, row } => Write::PutMessage(WHO[who], Box::new(message(who, &row))),
            Self::Delivery { who, place, delivery } => Write::SetDelivery(id(who, place), delivery),
            Self::Expiry { who, places } => {
                let each = |(place, at)| Expiry { message: id(who, place), at, lasts: None };
                Write::SetExpiry(places.into_iter().map(each).collect())
            }
            Self::Seen { who, place } => Write::SetSeen(WHO[who], id(who, place)),
            Self::Purge { who, places } => {
                Write::Purge(places.into_iter().map(|place| id(who, place)).collect())
            }
            Self::Early { who, sequence, take: true } => Write::TakeEarly(WHO[who], sequence),
            Self::Early { who, sequence, take: false } => {
                Write::PutEarly(WHO[who], EarlyRow { sequence, body: bytes(9) })
            }
            Self::Policy { who, history, timer, changes } => Write::PutPolicy(
                WHO[who],
                Policy {
                    history,
                    timer,
                    timer_changes: changes,
                    to_date: changes,
                    blocked: changes % 2 == 1,
                },
            ),
            Self::Draft { who, words } => {
                let text = WORDS.get(words).copied().unwrap_or_default();
                Write::PutDraft(WHO[who], Zeroizing::new(text.to_owned()))
            }
            Self::Profile { next_number } => Write::PutProfile(Profile { next_number }),
            Self::Forget { who } => Write::Forget(WHO[who]),
            Self::Flood { who, words } => {
                let rows = (0..300_u32).map(|i| {
                    let row = Row {
                        place: PLACES + i,
                        own: i % 2 == 0,
                        sequence: u64::from(PLACES + i),
                        words: (words + usize::from(i % 5 == 0)) % WORDS.len(),
                        seen: true,
                        extras: 0,
                        timer: None,
                        expires: None,
                    };
                    Write::PutMessage(WHO[who], Box::new(message(who, &row)))
                });
                return rows.collect();
            }
            Self::Request(act) => act.write(),
            Self::Commit | Self::RollBack | Self::Restart => return Vec::new(),
        };
        vec![write]
    }
}

fn id(who: usize, place: u32) -> MessageId {
    message_id(number(who), place)
}

/// The greatest number that a contact can have is among them.
fn number(who: usize) -> u32 {
    [1, 2, 1 << 20][who]
}

fn contact(who: usize, how: u8) -> Contact {
    let Cards { own, peer } = &CARDS[usize::from(how & 1)];
    let bit = |bit: u8| how & (1 << bit) != 0;
    Contact {
        id: WHO[who],
        number: number(who),
        lasting: bit(1),
        made: bit(2),
        ended: bit(3),
        since: u64::from(how),
        role: if bit(4) { Role::Host } else { Role::Guest },
        nick: Name::parse("me").unwrap(),
        peer: Name::parse(["Ana", "Ben 😀"][usize::from(bit(5))]).unwrap(),
        own: own.clone(),
        card: peer.clone(),
        pairing: [how; 32],
        recovery: recovery(how),
        trust: [
            Trust::Unverified,
            Trust::Verified { skipped: false },
            Trust::Verified { skipped: true },
            Trust::Authenticated,
        ][usize::from(how >> 6)],
        open: bit(0),
    }
}

fn message(who: usize, row: &Row) -> MessageRow {
    let bit = |bit: u8| row.extras & (1 << bit) != 0;
    MessageRow {
        message: id(who, row.place),
        own: row.own,
        sequence: row.sequence,
        body: Zeroizing::new(WORDS[row.words].to_owned()),
        at: 1_700_000_000 + u64::from(row.extras),
        delivery: if row.own { Delivery::Waiting } else { Delivery::Delivered },
        seen: row.own || row.seen,
        edited: bit(0).then_some(1_800_000_000),
        reply: bit(1).then(|| id(who, 1)),
        own_reaction: bit(2).then(|| Reaction::parse("👍").unwrap()),
        peer_reaction: bit(3).then(|| Reaction::parse("👩\u{200d}🔬").unwrap()),
        timer: row.timer,
        expires: row.expires,
    }
}

fn row() -> impl Strategy<Value = Row> {
    let timer = prop::option::of(1..9_u32);
    let expires = prop::option::of(1..40_u64);
    let numbers = (1..PLACES, 1..u64::from(PLACES), 0..WORDS.len());
    (numbers, any::<(bool, bool, u8)>(), timer, expires).prop_map(
        |((place, sequence, words), (own, seen, extras), timer, expires)| Row {
            place,
            own,
            sequence,
            words,
            seen,
            extras,
            timer,
            expires,
        },
    )
}

fn act() -> impl Strategy<Value = Act> {
    let who = || 0..WHO.len();
    let delivery =
        prop::sample::select(vec![Delivery::Waiting, Delivery::Sent, Delivery::Delivered]);
    let history = prop_oneof![
        Just(History::Kept),
        any::<u32>().prop_map(History::For),
        Just(History::NotKept)
    ];
    let few = |places| prop::collection::vec(places, 0..4);
    prop_oneof![
        5 => (who(), any::<u8>()).prop_map(|(who, how)| Act::Contact { who, how }),
        2 => (who(), 0..9_000_usize).prop_map(|(who, length)| Act::Session { who, length }),
        2 => (who(), 0..u64::MAX >> 2, any::<u64>(), any::<u32>()).prop_map(
            |(who, highest, window, place)| Act::Counters { who, highest, window, place }
        ),
        4 => (who(), 1..90_u64, any::<bool>(), prop::bool::weighted(0.2)).prop_map(
            |(who, sequence, text, replace)| Act::Outbox { who, sequence, text, replace }
        ),
        2 => (who(), prop_oneof![0..90_u64, Just(u64::MAX)], any::<u64>())
            .prop_map(|(who, highest, window)| Act::Acknowledge { who, highest, window }),
        9 => (who(), row()).prop_map(|(who, row)| Act::Message { who, row }),
        2 => (who(), 1..PLACES, delivery)
            .prop_map(|(who, place, delivery)| Act::Delivery { who, place, delivery }),
        2 => (who(), few((1..PLACES, 1..40_u64)))
            .prop_map(|(who, places)| Act::Expiry { who, places }),
        2 => (who(), 1..PLACES).prop_map(|(who, place)| Act::Seen { who, place }),
        3 => (who(), prop::collection::vec(1..PLACES, 0..4))
            .prop_map(|(who, places)| Act::Purge { who, places }),
        2 => (who(), 1..9_u64, any::<bool>())
            .prop_map(|(who, sequence, take)| Act::Early { who, sequence, take }),
        1 => (who(), history, prop::option::of(any::<u32>()), any::<u32>()).prop_map(
            |(who, history, timer, changes)| Act::Policy { who, history, timer, changes }
        ),
        1 => (who(), 0..=WORDS.len()).prop_map(|(who, words)| Act::Draft { who, words }),
        1 => (1..=u32::MAX).prop_map(|next_number| Act::Profile { next_number }),
        1 => who().prop_map(|who| Act::Forget { who }),
        1 => (who(), 0..WORDS.len()).prop_map(|(who, words)| Act::Flood { who, words }),
        6 => requests::act().prop_map(Act::Request),
        4 => Just(Act::Commit),
        1 => Just(Act::RollBack),
        1 => Just(Act::Restart),
    ]
}

/// Everything that look-ups answer, secrets and all, as lines of text.
fn answers(view: &dyn View) -> Vec<String> {
    let mut lines = vec![format!("{:?} {:?}", view.profile(), view.contacts())];
    for until in [0, 5, 20, u64::MAX] {
        lines.push(format!("{until} {:?} {:?}", view.expiring(until, 5), view.next_expiry()));
    }
    lines.extend(requests::answers(view));
    for (who, conversation) in WHO.into_iter().enumerate() {
        lines.push(format!("contact {:?}", view.contact(conversation).map(|c| told(&c))));
        lines.push(format!("session {:?}", view.session(conversation)));
        lines.push(format!("counters {:?}", view.counters(conversation)));
        lines.push(format!("policy {:?}", view.policy(conversation)));
        lines.push(format!("waiting {}", view.outbox_len(conversation)));
        for (from, limit) in [(0, usize::MAX), (5, 3), (u64::MAX, 1)] {
            let rows = view.outbox(conversation, from, limit);
            lines
                .extend(rows.iter().map(|row| format!("{row:?} {:?} {:?}", row.message, row.body)));
        }
        let early = view.early(conversation);
        lines.extend(early.iter().map(|row| format!("{row:?} {:?}", row.body)));
        for place in 1..PLACES + 3 {
            let row = view.message(id(who, place));
            lines.push(format!("{:?}", row.map(|row| (row.sequence, shown(&row.line())))));
            let numbered =
                [true, false].map(|own| view.numbered(conversation, own, u64::from(place)));
            lines.push(format!("{numbered:?}"));
        }
        for last in [id(who, 0), id(who, PLACES / 2), id(who, u32::MAX)] {
            lines.push(format!("unseen {:?}", view.unseen(conversation, last, 3)));
        }
        lines.push(format!("{:?}", view.numbered(conversation, true, u64::MAX)));
    }
    lines
}

fn recovery(how: u8) -> Recovery {
    let bit = |bit: u8| how & (1 << bit) != 0;
    let former = bit(3).then(|| Secret::from_bytes(&[how ^ 3; 32]));
    Recovery {
        keys: RecoveryKeys::from_parts(Secret::from_bytes(&[how ^ 2; 32]), former),
        incarnations: Incarnations { own: u64::from(how) << 40, peer: u64::MAX - u64::from(how) },
        state: [RepairState::Well, RepairState::Needed, RepairState::Resuming]
            [usize::from(how) % 3],
        restored_from: bit(4).then_some(u64::from(how)),
    }
}

fn told(contact: &Contact) -> String {
    format!(
        "{contact:?} {} {} {} {:?} {:?} {:?} {:?} {:?}",
        contact.since,
        contact.nick,
        contact.peer,
        contact.own.to_bytes().as_bytes(),
        contact.card.encode(),
        contact.pairing,
        contact.recovery.keys.current().as_bytes(),
        contact.recovery.keys.former().map(Secret::as_bytes),
    )
}

/// Everything that interfaces see.
fn seen(look: &dyn Look) -> Vec<String> {
    let mut lines = look.overviews();
    lines.extend(requests::seen(look));
    for (who, conversation) in WHO.into_iter().enumerate() {
        lines.push(format!("{:?}", look.draft(conversation)));
        for (before, limit) in [(None, 5), (Some(id(who, 6)), 3), (Some(id(who, 1)), 3), (None, 0)]
        {
            lines.push(format!("{:?}", look.page(conversation, before, limit)));
        }
        for (place, each) in [(1, 2), (6, 2), (9, 0), (PLACES - 1, 20)] {
            lines.push(format!("{:?}", look.around(id(who, place), each)));
        }
    }
    for text in SEARCHES {
        let search = Search::parse(text).unwrap();
        // Page by page: where one ends is the storage's own affair.
        let mut before = None;
        for _ in 0..4 {
            let hits = look.search(&search, before, 3);
            before = hits.last().map(|hit| hit.before).or(before);
            let told =
                |hit: &Hit| format!("{:?} {} {:?}", hit.conversation, shown(&hit.line), hit.spans);
            lines.push(format!("{text} {:?}", hits.iter().map(told).collect::<Vec<_>>()));
        }
    }
    lines
}

/// Random writes: after each, a storage answers as the plain one does.
pub(crate) fn random_writes<S: Storage>(cases: u32, acts: usize, make: impl Fn() -> S) {
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(cases) });
    let script = prop::collection::vec(act(), 1..acts);
    let outcome = runner.run(&script, |script| {
        let (mut plain, mut tested) = (Plain::default(), make());
        for (step, act) in script.iter().enumerate() {
            // What belongs to a contact comes after it.
            if act.who().is_some_and(|who| plain.contact(WHO[who]).is_none()) {
                continue;
            }
            plain.apply(act.writes());
            tested.apply(act.writes());
            match act {
                Act::Commit => {
                    plain.commit();
                    tested.commit();
                }
                Act::RollBack => {
                    plain.roll_back();
                    tested.roll_back();
                }
                Act::Restart => {
                    plain.roll_back();
                    tested.roll_back();
                    tested.restart();
                }
                _ => {}
            }
            prop_assert_eq!(answers(&plain), answers(&tested), "after {} {:?}", step, act);
            if matches!(act, Act::Commit | Act::Restart) {
                let (mut expected, mut got) = (Vec::new(), Vec::new());
                plain.read(&mut |look| expected = seen(look));
                tested.read(&mut |look| got = seen(look));
                prop_assert_eq!(expected, got, "after {} {:?}", step, act);
            }
        }
        Ok(())
    });
    outcome.map_err(|error| error.to_string()).unwrap();
}

/// What is true of the plain storage by itself, and so of every other one.
pub(crate) fn plain_facts<S: Storage>(make: impl Fn() -> S) {
    let mut storage = make();
    assert_eq!(storage.profile(), Profile { next_number: 1 });
    assert!(storage.contacts().is_empty());
    assert!(storage.contact(WHO[0]).is_none() && storage.numbered(WHO[0], true, 1).is_none());

    let text = |place, words| Row {
        place,
        own: false,
        sequence: u64::from(place),
        words,
        seen: false,
        extras: 0,
        timer: Some(60),
        expires: None,
    };
    for act in [
        Act::Contact { who: 0, how: 0 },
        Act::Contact { who: 1, how: 0 },
        Act::Message { who: 0, row: text(1, 0) },
        Act::Message { who: 1, row: text(1, 1) },
        Act::Message { who: 0, row: text(2, 2) },
        Act::Outbox { who: 0, sequence: 3, text: true, replace: false },
        Act::Outbox { who: 0, sequence: 4, text: false, replace: false },
        Act::Outbox { who: 0, sequence: 9, text: true, replace: true },
        Act::Draft { who: 1, words: 6 },
    ] {
        storage.apply(act.writes());
    }
    assert_eq!(storage.outbox_len(WHO[0]), 1);
    assert_eq!(storage.outbox(WHO[0], 0, 9).len(), 2);
    assert_eq!(storage.unseen(WHO[0], id(0, 9), 9), [id(0, 1), id(0, 2)]);
    assert_eq!(storage.numbered(WHO[1], false, 1), Some(id(1, 1)));
    storage.apply(vec![Write::SetExpiry(vec![Expiry { message: id(0, 2), at: 50, lasts: None }])]);
    let due = Expiry { message: id(0, 2), at: 50, lasts: None };
    assert_eq!((storage.expiring(49, 9), storage.expiring(50, 9)), (vec![], vec![due]));
    storage.commit();

    let found = |storage: &S, text: &str| {
        let mut found = Vec::new();
        let search = Search::parse(text).unwrap();
        storage.read(&mut |look| {
            found = look.search(&search, None, 9).iter().map(|hit| hit.line.message).collect();
        });
        found
    };
    assert_eq!(found(&storage, "harb"), [id(1, 1), id(0, 1)], "the newest first");
    assert_eq!(found(&storage, "東京"), [id(0, 2)]);
    storage.read(&mut |look| {
        assert_eq!(look.overviews().len(), 2);
        assert_eq!(look.draft(WHO[1]).as_deref(), Some("ok"));
        assert_eq!(look.page(WHO[0], None, 9).len(), 2);
        assert_eq!(look.around(id(0, 1), 1).len(), 2);
    });

    // Edited, erased and forgotten: nothing of it is found.
    storage.apply(Act::Message { who: 0, row: text(2, 6) }.writes());
    storage.apply(Act::Purge { who: 1, places: vec![1] }.writes());
    storage.commit();
    assert_eq!(found(&storage, "東京"), []);
    assert_eq!(found(&storage, "harb"), [id(0, 1)]);
    storage.apply(Act::Forget { who: 0 }.writes());
    assert!(storage.contact(WHO[0]).is_none() && storage.message(id(0, 1)).is_none());
    assert!(storage.outbox(WHO[0], 0, 9).is_empty() && storage.session(WHO[0]).is_none());
    storage.roll_back();
    assert!(storage.contact(WHO[0]).is_some() && storage.message(id(0, 1)).is_some());
    storage.apply(Act::Forget { who: 0 }.writes());
    storage.commit();
    assert_eq!(found(&storage, "harb"), []);
    assert_eq!(storage.contacts(), [WHO[1]]);
}
