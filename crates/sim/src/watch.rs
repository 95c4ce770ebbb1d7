//! What must hold after every step, and the eyes that look at it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use sha2::{Digest as _, Sha256};
use undertone_engine::limits::{IN_FLIGHT, OUTBOX, UNPROVEN_LINKS};
use undertone_engine::storage::{View as _, Write};
use undertone_engine::{Effect, Engine, Memory, Step, StreamId};
use undertone_handle::{ConversationId, MessageId};
use undertone_ratchet::session::{MAX_SKIPPED, Session};
use undertone_wire::cell::FrameKind;

use crate::books::{Book, Running};
use crate::machine::Place;
use crate::pairing::{contact_id, party_of};

/// Something that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// What was taken arrives at most once, and nothing arrives that nobody wrote.
    Once,
    /// Texts arrive in the order in which they were taken, without a gap.
    Order,
    /// A packet leaves after a state was committed that accounts for it.
    Committed,
    /// No two packets have one nonce.
    Nonce,
    /// What was taken back never arrives.
    Withdrawn,
    /// What was edited, deleted or answered with a sign is so on both sides when nothing is under way.
    Converged,
    /// A message with a timer is gone when its time is over.
    Disappeared,
    /// When both are online long enough, everything has arrived and nothing waits.
    Delivered,
    /// What a program holds stays within bounds that don't depend on what others do.
    Bounded,
    /// Who was woken for something does it, and does not ask to be woken for it again.
    Rest,
    /// Nothing goes to whoever is blocked: no dial, and no frame.
    Blocked,
    /// Nothing that comes in brings a program down.
    Alive,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Once,
        Self::Order,
        Self::Committed,
        Self::Nonce,
        Self::Withdrawn,
        Self::Converged,
        Self::Disappeared,
        Self::Delivered,
        Self::Bounded,
        Self::Rest,
        Self::Blocked,
        Self::Alive,
    ];

    /// Its name on the command line and in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Order => "order",
            Self::Committed => "committed",
            Self::Nonce => "nonce",
            Self::Withdrawn => "withdrawn",
            Self::Converged => "converged",
            Self::Disappeared => "disappeared",
            Self::Delivered => "delivered",
            Self::Bounded => "bounded",
            Self::Rest => "rest",
            Self::Blocked => "blocked",
            Self::Alive => "alive",
        }
    }
}

/// Something that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What.
    pub invariant: Invariant,
    /// Who and how, in words.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant.name(), self.what)
    }
}

/// Bytes of the longest state of a session that has no more than its bounds allow.
const LONGEST_SESSION: usize = 6_000 + MAX_SKIPPED * 120;

/// Effects of one input: what can be under way, each sent and told of.
const MOST_EFFECTS: usize = 8 * IN_FLIGHT as usize;

/// A packet that an engine made.
#[derive(Clone, Copy)]
struct Packet {
    /// What it was.
    hash: [u8; 8],
    /// A state that accounts for it was committed.
    committed: bool,
}

/// The eyes.
pub(crate) struct Watch {
    pub(crate) books: Vec<Book>,
    /// What is on the copies of the disks.
    pub(crate) copies: Vec<Book>,
    /// Messages whose timers run, by machine.
    pub(crate) running: BTreeMap<(usize, MessageId), Running>,
    /// Texts of a direction that were said before one of the two was restored, and may never arrive.
    pub(crate) lost: BTreeMap<(usize, usize), BTreeSet<u64>>,
    /// The last text of a direction when one of the two was restored last.
    pub(crate) restored: BTreeMap<(usize, usize), u64>,
    /// Pairs of which the lower party comes first: nothing is asked of their texts.
    pub(crate) excused: BTreeSet<(usize, usize)>,
    /// Every packet's nonce, and what the packet was.
    nonces: HashMap<[u8; 24], Packet>,
    /// Nonces of the transaction that is open.
    open: Vec<[u8; 24]>,
    /// Texts that were written by users, by direction.
    pub(crate) said: BTreeMap<(usize, usize), u64>,
    violation: Option<Violation>,
}

impl Watch {
    pub(crate) fn new(parties: usize) -> Self {
        Self {
            books: vec![Book::new(); parties],
            copies: vec![Book::new(); parties],
            running: BTreeMap::new(),
            lost: BTreeMap::new(),
            restored: BTreeMap::new(),
            excused: BTreeSet::new(),
            nonces: HashMap::new(),
            open: Vec::new(),
            said: BTreeMap::new(),
            violation: None,
        }
    }

    pub(crate) fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Notes what did not hold. The first counts: what follows may come of it.
    pub(crate) fn breach(&mut self, invariant: Invariant, what: String) {
        self.violation.get_or_insert(Violation { invariant, what });
    }

    /// The number of the next text in a direction.
    pub(crate) fn next_text(&mut self, from: usize, to: usize) -> u64 {
        let said = self.said.entry((from, to)).or_insert(0);
        *said += 1;
        *said
    }

    pub(crate) fn excuse(&mut self, one: usize, other: usize) {
        self.excused.insert((one.min(other), one.max(other)));
    }

    pub(crate) fn is_excused(&self, one: usize, other: usize) -> bool {
        self.excused.contains(&(one.min(other), one.max(other)))
    }

    /// Looks at what an engine answered to an input, before anything of it is done.
    pub(crate) fn step(
        &mut self,
        machine: usize,
        streams: &BTreeMap<StreamId, Place>,
        step: &Step,
    ) {
        if step.effects.len() > MOST_EFFECTS {
            let count = step.effects.len();
            self.breach(Invariant::Bounded, format!("{machine} does {count} things at once"));
        }
        for effect in &step.effects {
            if let Effect::Send { stream, kind: FrameKind::Packet, bytes } = effect
                && let Some(place) = streams.get(stream)
            {
                self.packet(machine, place.partner, bytes, step);
            }
        }
    }

    /// Looks at what goes to somebody who is blocked, in the state before the step.
    pub(crate) fn blocks(
        &mut self,
        machine: usize,
        streams: &BTreeMap<StreamId, Place>,
        step: &Step,
        memory: &Memory,
    ) {
        let blocked = |id: ConversationId| {
            let now = step.writes.iter().rev().find_map(|write| match write {
                Write::PutPolicy(of, policy) if *of == id => Some(*policy),
                _ => None,
            });
            let before = memory.policy(id).is_some_and(|policy| policy.blocked);
            before && now.is_none_or(|policy| policy.blocked)
        };
        for effect in &step.effects {
            let partner = match effect {
                Effect::Send { stream, .. } => streams.get(stream).map(|place| place.partner),
                Effect::Dial { address, .. } => {
                    let mut all = memory.contacts().into_iter();
                    all.find(|id| memory.contact(*id).is_some_and(|c| c.card.address() == address))
                        .map(party_of)
                }
                _ => None,
            };
            if let Some(partner) = partner.filter(|partner| blocked(contact_id(*partner))) {
                self.breach(
                    Invariant::Blocked,
                    format!("{machine} calls {partner}, whom it blocks"),
                );
            }
        }
    }

    /// The open transaction was committed, or not.
    pub(crate) fn close(&mut self, committed: bool) {
        for nonce in std::mem::take(&mut self.open) {
            if let Some(packet) = self.nonces.get_mut(&nonce) {
                packet.committed |= committed;
            }
        }
    }

    /// A packet is about to leave. A new one has a new nonce, and the step stores a state that
    /// accounts for it.
    fn packet(&mut self, machine: usize, partner: usize, bytes: &[u8], step: &Step) {
        let Some(nonce) = bytes.first_chunk::<24>() else {
            return self.breach(Invariant::Nonce, format!("{machine} sends a packet without one"));
        };
        let hash = Sha256::digest(bytes);
        let hash: [u8; 8] = hash.first_chunk().copied().unwrap_or_default();
        match self.nonces.get(nonce) {
            None => {}
            // The same packet again: nothing new is said, and its state was stored before.
            Some(earlier) if earlier.hash == hash && earlier.committed => return,
            Some(earlier) if earlier.hash == hash => {}
            Some(_) => {
                let what = format!("{machine} sends {partner} another packet under a nonce");
                return self.breach(Invariant::Nonce, what);
            }
        }
        self.nonces.insert(*nonce, Packet { hash, committed: false });
        self.open.push(*nonce);
        let mut writes = step.writes.iter().rev();
        let accounts = writes.find_map(|write| match write {
            Write::PutSession(id, state) if *id == contact_id(partner) => {
                Some(Session::from_bytes(state).is_ok_and(|session| session.has_sealed(bytes)))
            }
            // The last word: nothing is left that could seal under its key again.
            Write::Forget(id) if *id == contact_id(partner) => Some(true),
            _ => None,
        });
        let accounts = accounts.unwrap_or(false);
        if !accounts {
            let what = format!("{machine} sends {partner} a packet and stores no state past it");
            self.breach(Invariant::Committed, what);
        }
    }

    /// Looks at what a program holds.
    pub(crate) fn holds(&mut self, machine: usize, engine: &Engine, memory: &Memory) {
        let contacts = memory.contacts();
        let held = engine.held();
        let most = contacts.len();
        // Beside the connection and those that are to prove themselves, one may be about to close.
        let streams = most * (UNPROVEN_LINKS + 2);
        if held.streams > streams || held.dials > most || held.services > most || held.jobs > 0 {
            let what = format!("{machine} with {most} contacts holds {held:?}");
            self.breach(Invariant::Bounded, what);
        }
    }

    /// Looks at what is stored for a contact.
    pub(crate) fn stores(&mut self, machine: usize, memory: &Memory) {
        for id in memory.contacts() {
            let session = memory.session(id).map_or(0, |bytes| bytes.len());
            let (outbox, early) = (memory.outbox_len(id), memory.early(id).len());
            let most = IN_FLIGHT as usize;
            if session > LONGEST_SESSION || outbox > OUTBOX || early > most {
                let partner = party_of(id);
                let what = format!(
                    "{machine} stores {session} bytes of session, {outbox} rows to send and {early} early ones for {partner}"
                );
                self.breach(Invariant::Bounded, what);
            }
        }
    }
}
