//! A day of the real engine, stored: nothing of it can be read in the files, and of what was deleted
//! nothing is in the pages either, whoever has the key.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

#[path = "../../engine/tests/common/mod.rs"]
mod common;
#[path = "support/requests.rs"]
mod requests;
mod support;

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::Path;
use std::rc::Rc;

use common::{CODE, Net, TALK};
use rand_chacha::rand_core::SeedableRng as _;
use undertone_engine::storage::{Reader as _, View as _, Write};
use undertone_engine::{Context, Effect, Engine, Input};
use undertone_handle::command::{Name, Role};
use undertone_handle::event::{NetworkKind, NetworkState, NetworkStep};
use undertone_handle::query::Search;
use undertone_handle::{Command, ConversationId};
use undertone_store::key::{Cost, Passphrase, Protection};
use undertone_store::profile::Profile;
use zeroize::Zeroizing;

const PASSPHRASE: &str = "bramble-otter-lantern";
const TEXTS: [&str; 3] =
    ["quokkasunrise by the weir", "bring marzipanladder", "nobody at trellisfog"];
const NAME: &str = "Wilhelmina";

fn passphrase() -> Protection {
    Protection::Passphrase(Passphrase::new(PASSPHRASE).unwrap())
}

/// Two people talk; node 0 is stored at `path`.
fn a_day(path: &Path) -> (Net, Rc<RefCell<Profile>>) {
    let profile = Profile::create(path, &passphrase(), Cost::FLOOR).unwrap();
    let profile = Rc::new(RefCell::new(profile));
    let mut net = Net::new(1, 2);
    net.lasting = true;
    let mirrored = Rc::clone(&profile);
    net.nodes[0].mirror = Some(Box::new(move |writes| {
        let mut profile = mirrored.borrow_mut();
        profile.apply(writes).unwrap();
        profile.commit().unwrap();
    }));
    net.meet(0, Role::Host, CODE, Some(false));
    net.meet(1, Role::Guest, CODE, Some(false));
    for text in TEXTS {
        net.say(0, text);
        net.say(1, text);
        net.pass(1_000);
    }
    let mut contact = net.nodes[0].memory().contact(TALK).unwrap();
    contact.peer = Name::parse(NAME).unwrap();
    profile.borrow_mut().apply(&[Write::PutContact(Box::new(contact))]).unwrap();
    profile.borrow_mut().commit().unwrap();
    (net, profile)
}

/// What must not be readable: words, names, addresses, keys, the passphrase, sessions.
fn canaries(profile: &Profile) -> Vec<(&'static str, Vec<u8>)> {
    let contact = profile.contact(TALK).unwrap();
    let session = profile.session(TALK).unwrap();
    let own = &contact.own;
    vec![
        ("text", b"quokkasunrise".to_vec()),
        ("text", b"marzipanladder".to_vec()),
        ("text", b"trellisfog".to_vec()),
        ("name", NAME.as_bytes().to_vec()),
        ("own name", b"node0".to_vec()),
        ("address", contact.card.address().0.to_vec()),
        ("own address", own.public().address().0.to_vec()),
        ("onion label", contact.card.address().label().into_bytes()),
        ("onion seed", own.onion_seed().0.as_bytes().to_vec()),
        ("client key", own.client_auth_secret().as_bytes().to_vec()),
        ("certificate seed", own.certificate_seed().as_bytes().to_vec()),
        ("identity", own.identity_secret().as_bytes().to_vec()),
        ("recovery key", contact.recovery.keys.current().as_bytes().to_vec()),
        // Not its first bytes, which every session has.
        ("session", session[session.len() / 2..][..24].to_vec()),
        ("passphrase", PASSPHRASE.as_bytes().to_vec()),
    ]
}

#[test]
fn nothing_of_a_day_can_be_read_without_the_key_and_nothing_deleted_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.db");
    let (mut net, profile) = a_day(&path);
    let canaries = canaries(&profile.borrow());
    for file in support::files(folder.path()) {
        for (what, bytes) in &canaries {
            assert_eq!(support::count(&file, bytes), 0, "{what} in a file");
        }
    }

    // The engine finds everything again.
    {
        let profile = profile.borrow();
        let memory = net.nodes[0].memory();
        assert_eq!(profile.session(TALK), memory.session(TALK));
        assert_eq!(profile.counters(TALK), memory.counters(TALK));
        let mut rng = rand_chacha::ChaCha20Rng::from_seed([3; 32]);
        let mut context = Context { now: 0, wall: common::NOON, rng: &mut rng };
        let network = NetworkState {
            kind: NetworkKind::Local,
            step: NetworkStep::Ready,
            clock_off_by_seconds: None,
        };
        let mut engine = Engine::load("local", &*profile);
        let step = engine.handle(Input::Network(network), &mut context, &*profile);
        let serves = |effect: &Effect| matches!(effect, Effect::Publish { .. });
        assert!(step.effects.iter().any(serves), "it serves its contact again");
        let found = profile.reader().unwrap().search(&Search::parse("quokka").unwrap(), None, 9);
        assert_eq!(found.unwrap().len(), 2);
    }

    // With the key it is there: so what follows looks in the right place.
    profile.borrow().protect(&Protection::Nothing, Cost::FLOOR).unwrap();
    let pages = support::pages(&path);
    let stored = canaries.iter().filter(|(what, _)| !["onion label", "passphrase"].contains(what));
    for (what, bytes) in stored {
        assert!(support::count(&pages, bytes) > 0, "{what} is stored");
    }

    net.command(0, Command::Leave(TALK));
    net.pass(5_000);
    profile.borrow_mut().settle().unwrap();
    let pages = support::pages(&path);
    for (what, bytes) in &canaries {
        assert_eq!(support::count(&pages, bytes), 0, "{what} after it was deleted");
    }
}

#[test]
fn a_profile_in_memory_opens_no_file() {
    let open = || {
        let mut open: Vec<_> = std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
            .filter(|target| target.is_file() || target.to_string_lossy().contains("deleted"))
            .collect();
        open.sort();
        open
    };
    let before = open();
    let mut profile = Profile::in_memory().unwrap();
    let reader = profile.reader().unwrap();
    fill(&mut profile, 1_000, 0);
    assert_eq!(reader.search(&Search::parse("seed").unwrap(), None, 5).unwrap().len(), 5);
    profile.settle().unwrap();
    assert_eq!(open(), before);
}

/// A word of its own for each number, no two with a beginning in common that an index could share.
fn word(number: u32) -> String {
    let mut state = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x00c0_ffee_0dd5_eed5;
    (0..14)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'a' + u8::try_from(state % 26).unwrap())
        })
        .collect()
}

/// Fills a profile with messages of several contacts in turns, each with so many letters that don't matter.
fn fill(profile: &mut Profile, messages: u32, padding: usize) {
    use common::NOON;
    use undertone_engine::storage::{MessageRow, message_id};
    use undertone_handle::event::Delivery;

    // One real contact, under several numbers.
    let mut net = Net::new(9, 2);
    net.meet(0, Role::Host, CODE, Some(false));
    net.meet(1, Role::Guest, CODE, Some(false));
    let contact = net.nodes[0].memory().contact(TALK).unwrap();
    for number in 1..=CONTACTS {
        let mut contact = contact.clone();
        (contact.number, contact.id) = (number, ConversationId(u64::from(number)));
        profile.apply(&[Write::PutContact(Box::new(contact))]).unwrap();
    }
    for i in 0..messages {
        let number = i % CONTACTS + 1;
        let place = i / CONTACTS + 1;
        let row = MessageRow {
            message: message_id(number, place),
            own: false,
            sequence: u64::from(place),
            body: Zeroizing::new(format!(
                "seed {} and what stands around it{}",
                word(i),
                " x".repeat(padding / 2)
            )),
            at: NOON,
            delivery: Delivery::Delivered,
            seen: false,
            edited: None,
            reply: None,
            own_reaction: None,
            peer_reaction: None,
            timer: None,
            expires: None,
        };
        let write = Write::PutMessage(ConversationId(u64::from(number)), Box::new(row));
        profile.apply(&[write]).unwrap();
        if i % (messages / 30) == 0 {
            profile.commit().unwrap();
        }
    }
    profile.commit().unwrap();
}

const CONTACTS: u32 = 7;

/// All runs of so many small letters.
fn runs(pages: &[u8]) -> HashSet<[u8; 10]> {
    let letters = pages.split(|byte| !byte.is_ascii_lowercase());
    letters.flat_map(|run| run.array_windows().copied().collect::<Vec<_>>()).collect()
}

/// SQLite moves rows between pages and leaves copies of them; of what was deleted none stays.
#[test]
fn of_many_messages_those_that_went_leave_nothing() {
    nothing_is_left_of_a_third(1_500, 0);
}

/// The same where it takes many moments.
#[test]
fn of_a_large_profile_those_that_went_leave_nothing() {
    let size = nothing_is_left_of_a_third(12_000, 700);
    assert!(size > 8 << 20, "{size} bytes");
}

/// Deletes every third of so many messages; gives how large the profile is.
fn nothing_is_left_of_a_third(messages: u32, padding: usize) -> u64 {
    use undertone_engine::storage::message_id;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.db");
    let mut profile = Profile::create(&path, &Protection::Nothing, Cost::FLOOR).unwrap();
    let id = |i: u32| message_id(i % CONTACTS + 1, i / CONTACTS + 1);
    fill(&mut profile, messages, padding);
    // Texts that grow push others out of their pages.
    for i in (0..messages).step_by(11) {
        let mut row = profile.message(id(i)).unwrap();
        row.body =
            Zeroizing::new(format!("{} {}", *row.body, "and what was forgotten ".repeat(40)));
        let conversation = ConversationId(u64::from(i % CONTACTS + 1));
        profile.apply(&[Write::PutMessage(conversation, Box::new(row))]).unwrap();
    }
    profile.commit().unwrap();
    // Only the log, as if nobody had ever been idle for long.
    profile.settle_some().unwrap();
    let gone = |i: u32| i.is_multiple_of(3);
    // The index has no letters that a word shares with the one before it.
    let tail = |i: u32| -> [u8; 10] { word(i).as_bytes()[4..].try_into().unwrap() };
    let before = runs(&support::pages(&path));
    assert!((0..messages).all(|i| before.contains(&tail(i))), "all that was said is there");

    let purged = (0..messages).filter(|i| gone(*i)).map(id).collect();
    profile.apply(&[Write::Purge(purged)]).unwrap();
    profile.commit().unwrap();
    let left = |pages: &HashSet<[u8; 10]>| {
        (0..messages).filter(|i| gone(*i) && pages.contains(&tail(*i))).count()
    };
    profile.settle().unwrap();
    assert!(!profile.is_unsettled());
    let after = runs(&support::pages(&path));
    assert_eq!(left(&after), 0, "of {} are still there", messages / 3);
    assert!((0..messages).all(|i| gone(i) || after.contains(&tail(i))), "all else is there");
    profile.check().unwrap();
    profile.size().unwrap()
}

/// Copies from before the program was killed, or that an earlier version left, are erased by the next start.
#[test]
fn what_a_killed_program_left_is_swept_by_the_next() {
    use undertone_engine::storage::message_id;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.db");
    let mut profile = Profile::create(&path, &Protection::Nothing, Cost::FLOOR).unwrap();
    let messages = 1_500;
    let id = |i: u32| message_id(i % CONTACTS + 1, i / CONTACTS + 1);
    fill(&mut profile, messages, 0);
    for i in (0..messages).step_by(11) {
        let mut row = profile.message(id(i)).unwrap();
        row.body = Zeroizing::new(format!("{} {}", *row.body, "and more ".repeat(100)));
        let conversation = ConversationId(u64::from(i % CONTACTS + 1));
        profile.apply(&[Write::PutMessage(conversation, Box::new(row))]).unwrap();
    }
    let gone = || (0..messages).step_by(3);
    profile.apply(&[Write::Purge(gone().map(id).collect())]).unwrap();
    profile.commit().unwrap();
    drop(profile);
    let left = || {
        let pages = runs(&support::pages(&path));
        gone().filter(|i| pages.contains(&word(*i).as_bytes()[4..])).count()
    };
    assert!(left() > 0, "secure_delete alone would be enough: this shows nothing");
    let mut profile = Profile::open(&path, &Protection::Nothing).unwrap();
    profile.settle().unwrap();
    assert_eq!(left(), 0);
    profile.check().unwrap();
}

/// Somebody asked, was let go and is forgotten: first what was said and the offer's private halves are nowhere any
/// more, then the name, the place and the keys as well.
#[test]
fn of_requests_that_went_nothing_is_left() {
    use requests::{address, ask, request};
    use undertone_engine::storage::RequestRow;
    use undertone_handle::command::Greeting;
    use undertone_handle::query::RequestState;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.db");
    let mut profile = Profile::create(&path, &Protection::Nothing, Cost::FLOOR).unwrap();
    profile.apply(&[Write::PutAddress(address())]).unwrap();
    // Longer and shorter ones, so that rows are moved about; the longest are in pages of their own.
    let said = |i: u8, from: u32| {
        let padding = " and".repeat([0, 5, 30, 200, 480][usize::from(i) % 5]);
        format!("{}{padding} {}", word(from), word(from + 1))
    };
    let asked = |i: u8| request(i, &word(u32::from(i)), &said(i, 1_000 + 2 * u32::from(i)));
    let own = |i: u8| ask(i, &word(2_000 + u32::from(i)), &said(i, 3_000 + 2 * u32::from(i)));
    // In no order; from where no row has a tag or hash that is another's, or all zeros.
    let all = || (0..40_u8).map(|i| 0x90 + i * 3 % 40);
    for i in all() {
        profile.apply(&[Write::PutRequest(Box::new(asked(i)))]).unwrap();
        profile.apply(&[Write::PutAsk(Box::new(own(i)))]).unwrap();
        profile.commit().unwrap();
    }
    profile.settle().unwrap();
    let gone = |i: &u8| i.is_multiple_of(3);
    let pages = support::pages(&path);
    let (mut first, mut then, mut stays) = (Vec::new(), Vec::new(), Vec::new());
    for i in all() {
        let (row, mine) = (asked(i), own(i));
        let offer = row.offer.as_ref().unwrap();
        let words = |from: u32| [word(from).into_bytes(), word(from + 1).into_bytes()];
        let mut soon = words(1_000 + 2 * u32::from(i)).to_vec();
        soon.push(offer.client_auth_secret().as_bytes().to_vec());
        // Behind the version: the private half of the identity.
        soon.push(offer.keys().to_bytes().as_bytes()[1..33].to_vec());
        let mut late = words(3_000 + 2 * u32::from(i)).to_vec();
        late.extend([word(u32::from(i)).into_bytes(), word(2_000 + u32::from(i)).into_bytes()]);
        late.extend([row.place.0.to_vec(), row.keys.encode()[..32].to_vec(), row.tag.to_vec()]);
        late.extend([row.hash.to_vec(), mine.address.0.to_vec()]);
        late.push(mine.own.place().0.as_bytes().to_vec());
        late.push(mine.own.keys().to_bytes().as_bytes()[1..33].to_vec());
        late.push(mine.sent.unwrap().offer.client_auth().to_vec());
        if gone(&i) {
            first.extend(soon);
            then.extend(late);
        } else {
            stays.extend(soon);
            stays.extend(late);
        }
    }
    let left = |pages: &[u8], parts: &[Vec<u8>]| {
        parts.iter().filter(|part| support::count(pages, part) > 0).count()
    };
    for parts in [&first, &then, &stays] {
        assert_eq!(left(&pages, parts), parts.len(), "all is stored");
    }

    for i in all().filter(gone) {
        let greeting = Greeting::parse("").unwrap();
        let state = RequestState::Refused;
        let row = RequestRow { greeting, offer: None, state, ..asked(i) };
        profile.apply(&[Write::PutRequest(Box::new(row))]).unwrap();
        profile.commit().unwrap();
    }
    assert!(profile.is_unsettled());
    profile.settle().unwrap();
    let pages = support::pages(&path);
    assert_eq!(left(&pages, &first), 0, "of what went with those that were let go");
    assert_eq!(left(&pages, &then), then.len());

    for i in all().filter(gone) {
        profile.apply(&[Write::DropRequest(asked(i).id), Write::DropAsk(own(i).id)]).unwrap();
        profile.commit().unwrap();
    }
    profile.settle().unwrap();
    let pages = support::pages(&path);
    assert_eq!(left(&pages, &first) + left(&pages, &then), 0, "of what was forgotten");
    assert_eq!(left(&pages, &stays), stays.len(), "all else is there");
    profile.check().unwrap();
}
