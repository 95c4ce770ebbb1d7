//! Which texts are on which disk, and what must hold of them.

use std::collections::{BTreeMap, BTreeSet};

use undertone_engine::storage::{MessageRow, View as _, Write, number_of as contact_number};
use undertone_engine::{Effect, Memory, Step};
use undertone_handle::command::History;
use undertone_handle::event::{ConversationEvent, Deletion, Delivery};
use undertone_handle::{ConversationId, Event, MessageId};
use undertone_wire::message::Body;

use crate::machine::Machine;
use crate::pairing::{contact_id, number_of, party_of};
use crate::watch::{Invariant, Watch};

/// The texts between one party and one partner that were written to the party's disk.
#[derive(Clone, Default)]
pub(crate) struct Talk {
    /// Our own, by their numbers, in the order in which they were taken; without those that were
    /// taken back.
    own: Vec<u64>,
    /// The partner's, in the order in which they came.
    theirs: Vec<u64>,
    /// Each message's number, and whether it is ours.
    numbers: BTreeMap<MessageId, (bool, u64)>,
    /// Our own that were taken back before they left.
    withdrawn: BTreeSet<u64>,
    /// Our own that were deleted: they may have arrived or not.
    deleted: BTreeSet<u64>,
    /// The partner's that our user deleted here.
    erased: BTreeSet<u64>,
    /// Messages went here by themselves: a history that isn't kept.
    forgets: bool,
}

/// What is on one disk, by partner.
pub(crate) type Book = BTreeMap<usize, Talk>;

/// A message whose timer runs: since when, and for how long, in milliseconds.
#[derive(Clone, Copy)]
pub(crate) struct Running {
    since: u64,
    lasts: u64,
}

/// How late a program may be with what has to go: ticks come when they come, and not before it has
/// started.
const SLACK: u64 = 5_000;

/// What of a step concerns the texts.
pub(crate) enum Note {
    /// A row of the history is there, or is another one now.
    Row { partner: usize, own: bool, message: MessageId, number: Option<u64> },
    /// A message of ours was taken back before it left.
    Withdrawn { partner: usize, message: MessageId },
    /// Our user deleted a message.
    Deleted { partner: usize, message: MessageId },
    /// Messages are not kept for ever here.
    Forgets { partner: usize },
    /// The user has seen what came, up to this message.
    Seen { partner: usize, last: MessageId },
    /// A message of ours has arrived.
    Arrived { message: MessageId },
    /// All of a conversation was forgotten.
    Over { partner: usize },
}

/// Reads what of a step concerns the texts.
pub(crate) fn notes(machine: usize, step: &Step) -> Vec<Note> {
    let written = step.writes.iter().filter_map(|write| written(machine, write));
    let told = step.effects.iter().filter_map(|effect| match effect {
        Effect::Notify(Event::Conversation(id, event)) => told(*id, event),
        _ => None,
    });
    written.chain(told).collect()
}

/// A new kind of write has to be decided on here.
fn written(machine: usize, write: &Write) -> Option<Note> {
    match write {
        Write::PutMessage(id, row) => {
            let partner = party_of(*id);
            let (from, to) = if row.own { (machine, partner) } else { (partner, machine) };
            let number = number_of(from, to, &row.body);
            Some(Note::Row { partner, own: row.own, message: row.message, number })
        }
        Write::SetSeen(id, last) => Some(Note::Seen { partner: party_of(*id), last: *last }),
        Write::SetDelivery(message, Delivery::Delivered) => {
            Some(Note::Arrived { message: *message })
        }
        Write::PutPolicy(id, policy) => {
            (policy.history != History::Kept).then_some(Note::Forgets { partner: party_of(*id) })
        }
        Write::Forget(id) => Some(Note::Over { partner: party_of(*id) }),
        Write::PutContact(_)
        | Write::PutSession(..)
        | Write::PutCounters(..)
        | Write::AddOutbox(..)
        | Write::ReplaceOutbox(..)
        | Write::Acknowledge { .. }
        | Write::SetDelivery(..)
        | Write::SetExpiry(_)
        | Write::Purge(_)
        | Write::PutEarly(..)
        | Write::TakeEarly(..)
        | Write::PutDraft(..)
        | Write::PutProfile(_)
        // Nobody asks in a run: requests have random runs of their own, in the engine.
        | Write::PutAddress(_)
        | Write::PutRequest(_)
        | Write::DropRequest(_)
        | Write::PutAsk(_)
        | Write::DropAsk(_) => None,
    }
}

fn told(id: ConversationId, event: &ConversationEvent) -> Option<Note> {
    let partner = party_of(id);
    match event {
        ConversationEvent::Deleted(message, Deletion::Cancelled) => {
            Some(Note::Withdrawn { partner, message: *message })
        }
        ConversationEvent::Deleted(message, Deletion::Own) => {
            Some(Note::Deleted { partner, message: *message })
        }
        _ => None,
    }
}

impl Watch {
    pub(crate) fn back_up(&mut self, machine: usize) {
        self.copies[machine] = self.books[machine].clone();
    }

    /// The machine goes on from its copy and knows of nothing.
    pub(crate) fn rewind(&mut self, machine: usize) {
        self.books[machine] = self.copies[machine].clone();
        self.running.retain(|(one, _), _| *one != machine);
    }

    /// A backup of the machine's copy is restored. What was said after it was made is lost there:
    /// what came in does not come again once the partner has had a receipt, and what went out may
    /// still arrive at the partner.
    pub(crate) fn restore(&mut self, machine: usize, machines: &[Machine]) {
        let before = std::mem::take(&mut self.books[machine]);
        self.rewind(machine);
        for (partner, other) in machines.iter().enumerate() {
            let nothing = Talk::default();
            let old = before.get(&partner).unwrap_or(&nothing);
            let id = contact_id(partner);
            let memory = &machines[machine].memory;
            let new = self.talk(machine, partner);
            // What disappears is in no backup.
            let gone = |message: &MessageId| memory.message(*message).is_none();
            let timed = new.numbers.iter().filter(|(message, (own, _))| *own && gone(message));
            let timed: Vec<u64> = timed.map(|(_, (_, number))| *number).collect();
            let here: BTreeSet<u64> = new.theirs.iter().copied().collect();
            let kept: BTreeSet<u64> = new.own.iter().copied().collect();
            let sent = old.own.iter().filter(|number| !kept.contains(number)).copied();
            // What was taken back after the backup is there again, and the partner has nothing in its place.
            let taken_back = old.withdrawn.iter().chain(&old.deleted).copied();
            let lost = self.lost.entry((machine, partner)).or_default();
            lost.extend(sent.chain(timed).chain(taken_back));
            let waits = other.memory.outbox(contact_id(machine), 0, usize::MAX);
            let waits: BTreeSet<u64> = waits
                .into_iter()
                .filter_map(|row| match Body::decode(&row.body) {
                    Ok(Body::Text { text, timer: None, .. }) => number_of(partner, machine, &text),
                    _ => None,
                })
                .collect();
            let all = 1..=self.said.get(&(partner, machine)).copied().unwrap_or(0);
            let came: BTreeSet<u64> = old.theirs.iter().copied().collect();
            let early = memory
                .early(id)
                .into_iter()
                .any(|row| !matches!(Body::decode(&row.body), Ok(Body::Text { .. })));
            let lost = all.filter(|number| {
                !here.contains(number)
                    && (came.contains(number) || !waits.contains(number) || early)
            });
            let lost: Vec<u64> = lost.collect();
            self.lost.entry((partner, machine)).or_default().extend(lost);
            for way in [(machine, partner), (partner, machine)] {
                let said = self.said.get(&way).copied().unwrap_or(0);
                self.restored.insert(way, said);
            }
        }
    }

    /// Whether a text may never arrive, or without its author knowing of it: it was said before one of
    /// the two was restored.
    fn is_lost(&self, from: usize, to: usize, number: u64) -> bool {
        self.lost.get(&(from, to)).is_some_and(|lost| lost.contains(&number))
    }

    /// Whether a text was said before one of the two was restored: what became of it since may be
    /// known to one of them alone.
    fn is_before_restore(&self, from: usize, to: usize, number: u64) -> bool {
        self.restored.get(&(from, to)).is_some_and(|said| number <= *said)
    }

    fn talk(&mut self, machine: usize, partner: usize) -> &mut Talk {
        self.books[machine].entry(partner).or_default()
    }

    /// Notes what was committed, and looks at the texts in it. Gives how many were taken and how many
    /// arrived.
    pub(crate) fn committed(
        &mut self,
        machine: usize,
        notes: Vec<Note>,
        memory: &Memory,
        now: u64,
    ) -> (u64, u64) {
        let (mut taken, mut arrived) = (0, 0);
        for note in notes {
            match note {
                Note::Row { partner, own, message, number } => {
                    let talk = self.talk(machine, partner);
                    if talk.numbers.contains_key(&message) {
                        continue;
                    }
                    let Some(number) = number else {
                        let what = format!("{machine} has a text from {partner} that nobody wrote");
                        self.breach(Invariant::Once, what);
                        continue;
                    };
                    talk.numbers.insert(message, (own, number));
                    if own {
                        taken += 1;
                        talk.own.push(number);
                    } else {
                        arrived += 1;
                        talk.theirs.push(number);
                        self.came(machine, partner, number);
                    }
                }
                Note::Withdrawn { partner, message } => self.withdrawn(machine, partner, message),
                Note::Deleted { partner, message } => {
                    let talk = self.talk(machine, partner);
                    if let Some((own, number)) = talk.numbers.get(&message).copied() {
                        let gone = if own { &mut talk.deleted } else { &mut talk.erased };
                        gone.insert(number);
                    }
                }
                Note::Forgets { partner } => self.talk(machine, partner).forgets = true,
                Note::Seen { partner, last } => {
                    let rows = memory.rows(contact_id(partner));
                    let seen = rows.filter(|row| !row.own && row.message <= last);
                    seen.for_each(|row| self.begins(machine, row, now));
                }
                Note::Arrived { message } => {
                    if let Some(row) = memory.message(message) {
                        self.begins(machine, &row, now);
                    }
                }
                Note::Over { partner } => {
                    *self.talk(machine, partner) = Talk::default();
                    self.excuse(machine, partner);
                }
            }
        }
        (taken, arrived)
    }

    /// A message's timer runs from now on, if it has one and it didn't run before.
    fn begins(&mut self, machine: usize, row: &MessageRow, now: u64) {
        if let Some(timer) = row.timer {
            let running = Running { since: now, lasts: u64::from(timer) * 1000 };
            self.running.entry((machine, row.message)).or_insert(running);
        }
    }

    /// Looks for messages whose time is over. Whoever's program was ended and whose clock was put
    /// somewhere else in between cannot know for how long: the timer then runs once more.
    pub(crate) fn disappeared(&mut self, machine: usize, one: &Machine, now: u64) {
        if !one.is_up() || now < one.started_at + SLACK {
            return;
        }
        let mut late = None;
        self.running.retain(|(whose, message), Running { since, lasts }| {
            if *whose != machine {
                return true;
            }
            let unsure = one.clock_put_at.is_some_and(|at| at >= *since) && one.started_at > *since;
            let since = if unsure { one.started_at } else { *since };
            if now < since + *lasts + SLACK {
                return true;
            }
            if one.memory.message(*message).is_some() {
                late = Some((contact_number(*message), now - since));
            }
            false
        });
        if let Some((contact, age)) = late {
            let what = format!("{machine} still has a message of contact {contact} after {age} ms");
            self.breach(Invariant::Disappeared, what);
        }
    }

    /// Whether a machine waits for messages to disappear.
    pub(crate) fn is_waiting_for_timers(&self) -> bool {
        !self.running.is_empty()
    }

    /// A cancel was confirmed: the text has not arrived, and never does.
    fn withdrawn(&mut self, machine: usize, partner: usize, message: MessageId) {
        let talk = self.talk(machine, partner);
        let Some((_, number)) = talk.numbers.get(&message).copied() else { return };
        talk.own.retain(|own| *own != number);
        talk.withdrawn.insert(number);
        let came =
            self.books[partner].get(&machine).is_some_and(|talk| talk.theirs.contains(&number));
        if came && !self.is_excused(machine, partner) {
            let what = format!("{machine} took text {number} back after {partner} had it");
            self.breach(Invariant::Withdrawn, what);
        }
    }

    /// A text is on the receiver's disk: the texts that came are a beginning of those taken.
    fn came(&mut self, machine: usize, partner: usize, number: u64) {
        let Some(talk) = self.books[machine].get(&partner) else { return };
        let Some((_, earlier)) = talk.theirs.split_last() else { return };
        if earlier.contains(&number) {
            let what = format!("{machine} has text {number} from {partner} twice");
            return self.breach(Invariant::Once, what);
        }
        if self.is_excused(machine, partner) || self.is_lost(partner, machine, number) {
            return;
        }
        let nothing = Talk::default();
        let theirs = self.books[partner].get(&machine).unwrap_or(&nothing);
        let Some(place) = theirs.own.iter().position(|own| *own == number) else {
            if theirs.withdrawn.contains(&number) {
                let what = format!("{machine} has text {number}, which {partner} took back");
                return self.breach(Invariant::Withdrawn, what);
            }
            let what = format!("{machine} has text {number}, which {partner} doesn't have");
            return self.breach(Invariant::Once, what);
        };
        let before = theirs.own.iter().take(place);
        let mut missing = before.filter(|own| {
            let gone = theirs.deleted.contains(own) || self.is_lost(partner, machine, **own);
            !earlier.contains(own) && !gone
        });
        if let Some(due) = missing.next() {
            let what = format!("{machine} has text {number} from {partner} before {due}");
            self.breach(Invariant::Order, what);
        }
    }

    /// What has not arrived of the texts of one party at another.
    pub(crate) fn undelivered(&self, one: usize, other: usize, memory: &Memory) -> Option<String> {
        let waits = memory.outbox(contact_id(other), 0, usize::MAX).len();
        if waits > 0 {
            return Some(format!("{waits} rows of {one} for {other} wait"));
        }
        let nothing = Talk::default();
        let talk = self.books[one].get(&other).unwrap_or(&nothing);
        let came = &self.books[other].get(&one).unwrap_or(&nothing).theirs;
        let due = talk.own.iter().filter(|own| !talk.deleted.contains(own));
        let due = due.filter(|own| !self.is_lost(one, other, **own));
        let missing = due.filter(|own| !came.contains(own)).count();
        (missing > 0).then(|| format!("{missing} texts of {one} have not come to {other}"))
    }

    /// Compares what two parties have of the texts of one of them, when nothing is under way.
    pub(crate) fn compare(&mut self, one: usize, other: usize, machines: &[Machine]) {
        let (ours, copies) = (&machines[one].memory, &machines[other].memory);
        let own: BTreeMap<u64, &MessageRow> = by_sequence(ours, other, true);
        let copied: BTreeMap<u64, &MessageRow> = by_sequence(copies, one, false);
        let nothing = Talk::default();
        let author = self.books[one].get(&other).unwrap_or(&nothing);
        let reader = self.books[other].get(&one).unwrap_or(&nothing);
        let mut differs = None;
        for (sequence, row) in &own {
            let number = author.numbers.get(&row.message);
            if number.is_some_and(|(_, number)| self.is_before_restore(one, other, *number)) {
                continue;
            }
            let erased = number.is_some_and(|(_, number)| reader.erased.contains(number));
            match copied.get(sequence) {
                Some(copy) if is_alike(row, copy) => {}
                None if row.timer.is_some() || reader.forgets || erased => {}
                Some(_) => differs = Some(format!("{one} and {other} have {sequence} differently")),
                None => differs = Some(format!("{other} lacks {sequence}, which {one} has")),
            }
        }
        for (sequence, copy) in &copied {
            let number = reader.numbers.get(&copy.message);
            if number.is_some_and(|(_, number)| self.is_before_restore(one, other, *number)) {
                continue;
            }
            let goes = copy.timer.is_some() || author.forgets;
            if !own.contains_key(sequence) && !goes {
                differs = Some(format!("{other} still has {sequence}, which {one} deleted"));
            }
        }
        if let Some(what) = differs {
            self.breach(Invariant::Converged, what);
        }
    }
}

fn by_sequence(memory: &Memory, partner: usize, own: bool) -> BTreeMap<u64, &MessageRow> {
    let rows = memory.rows(contact_id(partner)).filter(|row| row.own == own);
    rows.map(|row| (row.sequence, row)).collect()
}

fn is_alike(row: &MessageRow, copy: &MessageRow) -> bool {
    row.body == copy.body
        && row.timer == copy.timer
        // What was edited before it left came with its last words.
        && (copy.edited.is_none() || row.edited.is_some())
        && row.own_reaction == copy.peer_reaction
        && row.peer_reaction == copy.own_reaction
}
