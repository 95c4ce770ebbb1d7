//! Durable sends: batches of texts that are committed together, and the batches of their receipts.

use std::path::Path;

use undertone_engine::storage::{Counters, MessageRow, OutboxRow, View as _, Write, message_id};
use undertone_handle::ConversationId;
use undertone_handle::event::Delivery;
use undertone_store::profile::Profile;
use undertone_wire::message::Body;
use zeroize::Zeroizing;

use super::fill::{self, CONTACTS};
use super::plain::{self, Plain};
use super::words::{Vocabulary, of_contact, rank};
use crate::goals::Wanted;
use crate::measure::{Goal, Pair, SplitMix, median, microseconds};
use crate::run::Failure;

/// Texts that the engine's driver commits together when so many wait.
const TOGETHER: usize = 64;

/// Pairs of batches that are measured, and of single texts, which are reported.
const PAIRS: usize = 150;

/// One text, as the engine writes it when it leaves at once.
pub(super) struct Send {
    pub(super) row: MessageRow,
    pub(super) outbox: OutboxRow,
    pub(super) counters: Counters,
}

/// Texts to one contact.
pub(super) struct Batch {
    pub(super) id: ConversationId,
    pub(super) sends: Vec<Send>,
    pub(super) session: Zeroizing<Vec<u8>>,
    /// When all of them have arrived.
    pub(super) after: Counters,
}

impl Batch {
    pub(super) fn last(&self) -> u64 {
        self.after.acknowledged
    }

    fn new(
        profile: &Profile,
        length: usize,
        vocabulary: &Vocabulary,
        random: &mut SplitMix,
    ) -> Result<Self, Failure> {
        let number = 1 + u32::try_from(rank(CONTACTS as usize, random))?;
        let id = fill::id_of(number);
        let session = profile.session(id).ok_or("a contact has no session")?;
        let mut counters = profile.counters(id).ok_or("a contact has no counters")?;
        let sends = (0..length).map(|_| {
            let text = vocabulary.text(of_contact(number), random);
            let message = message_id(number, counters.place);
            let sequence = counters.next;
            let text = Zeroizing::new(text);
            let body = Body::Text { text: text.clone(), reply: None, timer: None }.encode()?;
            counters.place += 1;
            counters.next += 1;
            counters.sent = sequence;
            let row = MessageRow {
                message,
                own: true,
                sequence,
                body: text,
                at: 1_700_000_000,
                delivery: Delivery::Waiting,
                seen: true,
                edited: None,
                reply: None,
                own_reaction: None,
                peer_reaction: None,
                timer: None,
                expires: None,
            };
            Ok(Send { row, outbox: OutboxRow { sequence, message: Some(message), body }, counters })
        });
        let sends = sends.collect::<Result<Vec<Send>, Failure>>()?;
        let after = Counters { acknowledged: counters.sent, ..counters };
        Ok(Self { id, sends, session, after })
    }
}

/// The writes of the engine's steps, in their transactions.
fn send(profile: &mut Profile, batch: &Batch) -> Result<(), Failure> {
    for Send { row, outbox, counters } in &batch.sends {
        profile.apply(&[
            Write::PutMessage(batch.id, Box::new(row.clone())),
            Write::AddOutbox(batch.id, outbox.clone()),
            Write::SetDelivery(row.message, Delivery::Sent),
            Write::PutSession(batch.id, batch.session.clone()),
            Write::PutCounters(batch.id, *counters),
        ])?;
    }
    Ok(profile.commit()?)
}

fn arrived(profile: &mut Profile, batch: &Batch) -> Result<(), Failure> {
    let delivered = |send: &Send| Write::SetDelivery(send.row.message, Delivery::Delivered);
    let writes: Vec<Write> = batch.sends.iter().map(delivered).collect();
    profile.apply(&writes)?;
    profile.apply(&[
        Write::Acknowledge { contact: batch.id, highest: batch.last(), window: 0 },
        Write::PutSession(batch.id, batch.session.clone()),
        Write::PutCounters(batch.id, batch.after),
    ])?;
    Ok(profile.commit()?)
}

/// Sends texts through both, on copies of the profile.
pub(super) fn measure(wanted: Wanted, database: &Path, folder: &Path) -> Result<Goal, Failure> {
    let plain = plain::copy_of(database, folder)?;
    let work = Work::new(folder)?;
    let ours = work.copy(database, "ours.db")?;
    work.copy(&key_of(database), "ours.db.key")?;
    let mut profile = Profile::open(&ours, &undertone_store::key::Protection::Nothing)?;
    let peer = Plain::open(&work.copy(&plain, "peer.db")?)?;
    let vocabulary = Vocabulary::new();
    let mut random = SplitMix::new(2);
    let mut pair = |length| -> Result<Pair, Failure> {
        let batch = Batch::new(&profile, length, &vocabulary, &mut random)?;
        let each = |time: f64| time / 1e3;
        Ok(Pair {
            ours: each(microseconds(1, || {
                send(&mut profile, &batch)?;
                arrived(&mut profile, &batch)
            })?),
            peer: each(microseconds(1, || {
                peer.send(&batch)?;
                peer.arrived(&batch)
            })?),
        })
    };
    for _ in 0..PAIRS / 10 {
        pair(TOGETHER)?;
    }
    let single = (0..PAIRS).map(|_| pair(1)).collect::<Result<Vec<_>, _>>()?;
    let batches = (0..PAIRS).map(|_| pair(TOGETHER)).collect::<Result<Vec<_>, _>>()?;
    let goal = |pairs: &[Pair]| Goal::from_pairs(pairs, wanted.at_most).ok_or("no pair");
    let spent = median(batches.iter().map(|pair| pair.ours).collect()).ok_or("no pair")?;
    println!("{}: {}", wanted.name, goal(&single)?.without_goal("one text in a commit"));
    println!(
        "{}: {TOGETHER} texts in a commit, {:.0} a second with their receipts",
        wanted.name,
        TOGETHER as f64 * 1e3 / spent
    );
    Ok(goal(&batches)?)
}

fn key_of(database: &Path) -> std::path::PathBuf {
    let mut key = database.as_os_str().to_owned();
    key.push(".key");
    key.into()
}

/// A folder for copies that are written to; it goes at the end.
struct Work(std::path::PathBuf);

impl Work {
    fn new(folder: &Path) -> Result<Self, Failure> {
        let work = Self(folder.join("work"));
        if work.0.is_dir() {
            std::fs::remove_dir_all(&work.0)?;
        }
        std::fs::create_dir(&work.0)?;
        Ok(work)
    }

    fn copy(&self, from: &Path, name: &str) -> Result<std::path::PathBuf, Failure> {
        let to = self.0.join(name);
        std::fs::copy(from, &to)?;
        Ok(to)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // What stays is removed by the next run.
        drop(std::fs::remove_dir_all(&self.0));
    }
}
