//! The profile that is measured: a million messages with two hundred contacts, made by what stores them for users.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_engine::storage::{
    Contact, Counters, MessageRow, Policy, Profile as Own, Recovery, Write, message_id,
};
use undertone_handle::ConversationId;
use undertone_handle::command::{Name, Reaction, Role};
use undertone_handle::event::{Delivery, Trust};
use undertone_handle::query;
use undertone_ratchet::secret::Secret;
use undertone_store::key::{Cost, DatabaseKey, Protection};
use undertone_store::profile::Profile;
use undertone_store::profiles::{Held, Home, HomeError, ProfileName};
use undertone_wire::card::OwnCard;
use zeroize::Zeroizing;

use super::words::{Vocabulary, of_contact, rank};
use crate::measure::SplitMix;
use crate::ratchet::Ours;
use crate::run::Failure;

/// Messages of the large profile.
pub(super) const MESSAGES: u32 = 1_000_000;
/// Its contacts.
pub(super) const CONTACTS: u32 = 200;

/// What the large profile is called, and the one beside it with one contact and no message.
pub(super) const LARGE: &str = "large";
pub(super) const EMPTY: &str = "empty";

/// The name of contact 1, with whom most is said.
pub(super) const FIRST: &str = "contact 1";

/// Raised when what is made here changes.
const MAKE: u64 = 1;

/// Messages in one transaction; the index takes at most as many along.
const TOGETHER: u32 = 1_000;

/// When the first of them was written, and how long after it the last, in seconds.
const BEGIN: u64 = 1_600_000_000;
const SPAN: u64 = 100_000_000;

/// Both profiles, and where they are.
pub(super) struct Made {
    pub(super) folder: PathBuf,
    /// How long it took, if it was now.
    pub(super) took: Option<Duration>,
}

/// What stores them is other than it was: then they are made anew.
fn version() -> u64 {
    let schema = concat!(
        include_str!("../../../crates/store/src/profile/v1.sql"),
        include_str!("../../../crates/store/src/profile/v2.sql"),
        include_str!("../../../crates/store/src/profile/v3.sql"),
    );
    let index = include_bytes!("../../../crates/store/src/profile/index.rs");
    let splitter = query::splitter();
    let all = schema.bytes().chain(index.iter().copied()).chain(splitter.bytes());
    let hash = |sum: u64, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    all.fold(0xcbf2_9ce4_8422_2325 ^ MAKE, hash)
}

/// Finds both profiles, or makes them.
pub(super) fn profiles(cache: &Path) -> Result<Made, Failure> {
    let folder = cache.join(format!("bench-store-{:016x}", version()));
    if folder.is_dir() {
        return Ok(Made { folder, took: None });
    }
    let new = folder.with_extension("new");
    if new.is_dir() {
        fs::remove_dir_all(&new)?;
    }
    let home = Home::at(&new);
    make(&home, EMPTY, 1, 0)?;
    let begin = Instant::now();
    make(&home, LARGE, CONTACTS, MESSAGES)?;
    let took = begin.elapsed();
    // Those of another version are of no use to anybody.
    for entry in fs::read_dir(cache)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("bench-store-") && path != new {
            fs::remove_dir_all(&path)?;
        }
    }
    fs::rename(&new, &folder)?;
    Ok(Made { folder, took: Some(took) })
}

/// Takes one of the profiles and its key.
pub(super) fn take(home: &Path, name: &str) -> Result<(Held, DatabaseKey), Failure> {
    let home = Home::at(home);
    let held = home.hold(&home.choose(Some(name))?)?;
    let key = held.unlock(&Protection::Nothing)?;
    Ok((held, key))
}

/// A failure of the profile's making.
struct Broken(Failure);

impl From<HomeError> for Broken {
    fn from(error: HomeError) -> Self {
        Self(error.into())
    }
}

fn make(home: &Home, name: &str, contacts: u32, messages: u32) -> Result<(), Failure> {
    let name = ProfileName::parse(name)?;
    let made = home.create(&name, &Protection::Nothing, Cost::FLOOR, |path, key| {
        Profile::create_under(path, key).map_err(|error| Broken(error.into()))
    });
    let (held, key) = made.map_err(|Broken(error)| error)?;
    let mut profile = Profile::open_under(&held.database(), key)?;
    let mut people = people(contacts)?;
    profile.apply(&[Write::PutProfile(Own { next_number: contacts + 1 })])?;
    for person in &people {
        let id = person.contact.id;
        profile.apply(&[
            Write::PutContact(Box::new(person.contact.clone())),
            Write::PutPolicy(id, Policy::default()),
            Write::PutSession(id, person.session.clone()),
            Write::PutCounters(id, person.counters),
        ])?;
    }
    profile.commit()?;
    say(&mut profile, &mut people, messages)?;
    for person in &people {
        profile.apply(&[Write::PutCounters(person.contact.id, person.counters)])?;
    }
    profile.commit()?;
    profile.settle()?;
    Ok(())
}

struct Person {
    contact: Contact,
    session: Zeroizing<Vec<u8>>,
    counters: Counters,
}

/// Real contacts, with the state of a session that has been used for a while.
fn people(count: u32) -> Result<Vec<Person>, Failure> {
    let mut ours = Ours::meet()?;
    for _ in 0..3 {
        ours.pass_epoch()?;
        for _ in 0..40 {
            ours.say(b"a line of a conversation")?;
            ours.turn_round();
        }
    }
    let session = ours.ends[0].to_bytes();
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    (1..=count)
        .map(|number| {
            let contact = Contact {
                // Ids are random; the order of their rows is not that of the contacts.
                id: id_of(number),
                number,
                lasting: true,
                made: true,
                ended: false,
                open: true,
                since: BEGIN,
                role: if number.is_multiple_of(2) { Role::Host } else { Role::Guest },
                nick: Name::parse("me")?,
                peer: Name::parse(&format!("contact {number}"))?,
                own: OwnCard::generate(&mut rng).into_kept(),
                card: OwnCard::generate(&mut rng).public().clone(),
                pairing: [3; 32],
                recovery: Recovery::new(Secret::random(&mut rng)),
                trust: Trust::Verified { skipped: true },
            };
            Ok(Person { contact, session: session.clone(), counters: Counters::default() })
        })
        .collect()
}

pub(super) fn id_of(number: u32) -> ConversationId {
    ConversationId(SplitMix::new(number.into()).next())
}

/// Everybody talks with everybody, a few lines at a time, some a hundred times as much as others.
fn say(profile: &mut Profile, people: &mut [Person], messages: u32) -> Result<(), Failure> {
    let vocabulary = Vocabulary::new();
    let mut random = SplitMix::new(1);
    let mut said = 0;
    while said < messages {
        let person = &mut people[rank(CONTACTS as usize, &mut random)];
        let script = of_contact(person.contact.number);
        for _ in 0..=random.below(8) {
            let at = BEGIN + u64::from(said) * SPAN / u64::from(messages);
            let row = line(person, vocabulary.text(script, &mut random), at, &mut random)?;
            profile.apply(&[Write::PutMessage(person.contact.id, Box::new(row))])?;
            said += 1;
            if said.is_multiple_of(TOGETHER) {
                profile.commit()?;
            }
            if said == messages {
                break;
            }
        }
    }
    Ok(())
}

fn line(
    person: &mut Person,
    text: String,
    at: u64,
    random: &mut SplitMix,
) -> Result<MessageRow, Failure> {
    let Counters { next, sent, acknowledged, highest, window: _, place } = &mut person.counters;
    let message = message_id(person.contact.number, *place);
    let own = random.below(2) == 0;
    let sequence = if own { *next } else { *highest + 1 };
    if own {
        (*sent, *acknowledged, *next) = (sequence, sequence, sequence + 1);
    } else {
        *highest = sequence;
    }
    let earlier = *place - 1;
    let reply = (earlier > 0 && random.below(20) == 0).then(|| {
        let back = random.below(10) as u32;
        message_id(person.contact.number, earlier.saturating_sub(back).max(1))
    });
    *place += 1;
    let reaction = if random.below(50) == 0 {
        Some(Reaction::parse("👍").ok_or("no reaction")?)
    } else {
        None
    };
    Ok(MessageRow {
        message,
        own,
        sequence,
        body: Zeroizing::new(text),
        at,
        delivery: Delivery::Delivered,
        seen: true,
        edited: (random.below(100) == 0).then_some(at + 60),
        reply,
        own_reaction: reaction,
        peer_reaction: None,
        timer: None,
        expires: None,
    })
}
