//! Clients and a server, and what either refuses.

use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::codec::Reader;
use crate::key::tests::key;
use crate::session::Account;
use crate::tag::InstanceTag;
use crate::v4::identity::{Identity, StoredError};
use crate::v4::offline::{PREKEYS_MAX, Prekeys};
use crate::v4::profile::PROFILE_LIFETIME;
use crate::version::{Version, Versions};

const NOW: u64 = 1_700_000_000;
const BEN: &str = "ben@example.org";
const KEYS: &str = "keys.example.org";

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn tag(number: u32) -> InstanceTag {
    InstanceTag::new(number).unwrap()
}

fn v4() -> Versions {
    Versions::NONE.with(Version::V4)
}

struct Ben {
    seed: u8,
    account: Account,
    prekeys: Prekeys,
}

fn ben(number: u32) -> Ben {
    let prekeys = Prekeys::new();
    let identity = Identity::generate(&mut rng(number.to_be_bytes()[2]));
    let account = Account::new(key(), tag(number)).with_version_4(identity, NOW);
    Ben { seed: number.to_be_bytes()[2], account: account.with_prekeys(prekeys.clone()), prekeys }
}

impl Ben {
    fn wanted(&self, count: usize) -> Wanted {
        let seed = self.seed + 30 * u8::try_from(count).unwrap();
        let publication =
            self.account.publish(v4(), count, Duration::ZERO, &mut rng(seed)).unwrap();
        Wanted::Publish { publication: Box::new(publication), prekeys: self.prekeys.clone() }
    }

    fn publisher(&self, server: &Server, wanted: Wanted) -> (Publisher, String) {
        let trusted = Some(server.fingerprint());
        Publisher::new(&self.account, BEN, KEYS, trusted, wanted, &mut rng(4)).unwrap()
    }

    fn run(&self, server: &mut Server, wanted: Wanted) -> Published {
        let (mut publisher, first) = self.publisher(server, wanted);
        let mut rng = rng(5);
        let second = server.receive(BEN, &first, NOW, &mut rng).unwrap().unwrap();
        let third = publisher.receive(&second, &mut rng).unwrap().line.unwrap();
        let last = server.receive(BEN, &third, NOW, &mut rng).unwrap().unwrap();
        publisher.receive(&last, &mut rng).unwrap().outcome.unwrap()
    }
}

fn server() -> Server {
    Server::new(KEYS, &mut rng(1))
}

fn ask(server: &mut Server, unix: u64) -> Answer {
    let line = query(tag(0x999), BEN, v4());
    let answer = server.receive("ana@example.org", &line, unix, &mut rng(6)).unwrap().unwrap();
    read_answer(&answer, tag(0x999), BEN, unix).unwrap()
}

/// A line with one bit of its message changed.
fn flipped(line: &str, at: usize) -> String {
    let mut message = open(line).unwrap();
    message[at] ^= 1;
    armor(&message)
}

#[test]
fn what_is_published_is_handed_out_once() {
    let mut server = server();
    let (one, two) = (ben(0x200), ben(0x300));
    assert_eq!(one.run(&mut server, one.wanted(2)), Published::Stored);
    assert_eq!(two.run(&mut server, two.wanted(1)), Published::Stored);
    assert_eq!(one.run(&mut server, Wanted::Count { unix: NOW }), Published::Left(2));
    assert_eq!(server.left(BEN), 3);
    let mut ids = Vec::new();
    for clients in [2, 1] {
        let Answer::Ensembles(found) = ask(&mut server, NOW) else { panic!() };
        assert_eq!(found.len(), clients);
        ids.extend(found.iter().map(|ensemble| ensemble.message.id()));
    }
    assert_eq!(ask(&mut server, NOW), Answer::Nothing);
    assert_eq!(ids.len(), 3);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    // More are published, and come to what is there.
    let more = one.wanted(4);
    assert_eq!(one.run(&mut server, more), Published::Stored);
    assert_eq!(server.left(BEN), 2);
    // What is over isn't handed out, and stays where it is.
    assert_eq!(ask(&mut server, NOW + PROFILE_LIFETIME), Answer::Nothing);
    assert_eq!(server.left(BEN), 2);
}

#[test]
fn nobody_publishes_for_another() {
    let mut server = server();
    let ben = ben(0x200);
    let (_, first) = ben.publisher(&server, ben.wanted(1));
    let mut rng = rng(7);
    // Eve sends Ben's first message on, and can't go on.
    let second = server.receive("eve@example.org", &first, NOW, &mut rng).unwrap().unwrap();
    let (mut publisher, _) = ben.publisher(&server, ben.wanted(1));
    assert_eq!(publisher.receive(&second, &mut rng).err(), Some(ServerError::Signature));
    // Nor is a third message taken from another, or twice, or late, or without a first.
    let (mut publisher, first) = ben.publisher(&server, ben.wanted(2));
    let second = server.receive(BEN, &first, NOW, &mut rng).unwrap().unwrap();
    let third = publisher.receive(&second, &mut rng).unwrap().line.unwrap();
    let refused = |result: Result<Option<String>, ServerError>| result.err();
    let unexpected = Some(ServerError::Unexpected);
    assert_eq!(
        refused(server.receive("eve@example.org", &third, NOW, &mut rng)),
        Some(ServerError::Signature)
    );
    assert_eq!(refused(server.receive("ana@example.org", &third, NOW, &mut rng)), unexpected);
    let late = NOW + EXCHANGE_WAIT;
    let mut slow = Server::from_key(KEYS, &server.key_to_bytes()).unwrap();
    assert_eq!(slow.fingerprint(), server.fingerprint());
    let _second = slow.receive(BEN, &first, NOW, &mut rng).unwrap();
    assert_eq!(refused(slow.receive(BEN, &third, late, &mut rng)), unexpected);
    assert!(server.receive(BEN, &third, NOW, &mut rng).is_ok());
    assert_eq!(refused(server.receive(BEN, &third, NOW, &mut rng)), unexpected);
    assert_eq!(server.left(BEN), 1);
}

#[test]
fn another_server_gets_nothing() {
    let (server, mut other) = (server(), Server::new(KEYS, &mut rng(9)));
    let ben = ben(0x200);
    let mut rng = rng(8);
    let (mut publisher, first) = ben.publisher(&server, ben.wanted(1));
    let second = other.receive(BEN, &first, NOW, &mut rng).unwrap().unwrap();
    assert_eq!(publisher.receive(&second, &mut rng).err(), Some(ServerError::OtherServer));
    let mut named = Server::from_key("other.example.org", &server.key_to_bytes()).unwrap();
    let second = named.receive(BEN, &first, NOW, &mut rng).unwrap().unwrap();
    assert_eq!(publisher.receive(&second, &mut rng).err(), Some(ServerError::OtherServer));
    let foreign = Prekeys::new();
    let Wanted::Publish { publication, .. } = ben.wanted(2) else { panic!() };
    let wanted = Wanted::Publish { publication, prekeys: foreign };
    let made = Publisher::new(&ben.account, BEN, KEYS, None, wanted, &mut rng);
    assert_eq!(made.err(), Some(ServerError::Secrets));
}

#[test]
fn changed_messages_are_refused_at_each_step() {
    let mut server = server();
    let ben = ben(0x200);
    let mut rng = rng(10);
    let (mut publisher, first) = ben.publisher(&server, ben.wanted(2));
    for at in [0, 2, 3, 6, 10, 30, 150, 300] {
        assert!(server.receive(BEN, &flipped(&first, at), NOW, &mut rng).is_err(), "{at}");
    }
    let second = server.receive(BEN, &first, NOW, &mut rng).unwrap().unwrap();
    for at in [0, 2, 6, 10, 12, 30, 100, 200, 400] {
        assert!(publisher.receive(&flipped(&second, at), &mut rng).is_err(), "{at}");
    }
    let third = publisher.receive(&second, &mut rng).unwrap().line.unwrap();
    for at in [0, 2, 6, 7, 200] {
        assert!(server.receive(BEN, &flipped(&third, at), NOW, &mut rng).is_err(), "{at}");
    }
    let len = open(&third).unwrap().len();
    for end in [3, 100, 352, len - 1] {
        let cut = armor(&open(&third).unwrap()[..end]);
        assert!(server.receive(BEN, &cut, NOW, &mut rng).is_err(), "{end}");
    }
    let last = server.receive(BEN, &third, NOW, &mut rng).unwrap().unwrap();
    for at in [0, 2, 6, 7, 40] {
        assert!(publisher.receive(&flipped(&last, at), &mut rng).is_err(), "{at}");
    }
    let outcome = publisher.receive(&last, &mut rng).unwrap().outcome;
    assert_eq!(outcome, Some(Published::Stored));
    assert_eq!(publisher.receive(&last, &mut rng).err(), Some(ServerError::Unexpected));
}

#[test]
fn a_new_identity_takes_the_place_of_the_old_one() {
    let mut server = server();
    let old = ben(0x200);
    old.run(&mut server, old.wanted(3));
    let prekeys = Prekeys::new();
    let identity = Identity::generate(&mut rng(99));
    let account = Account::new(key(), tag(0x200)).with_version_4(identity, NOW);
    let new = Ben { seed: 77, account: account.with_prekeys(prekeys.clone()), prekeys };
    assert_eq!(new.run(&mut server, new.wanted(1)), Published::Stored);
    assert_eq!(server.left(BEN), 1);
    let Answer::Ensembles(found) = ask(&mut server, NOW) else { panic!() };
    let expected = new.account.identity().unwrap().fingerprint();
    assert_eq!(found[0].profile.fingerprint(), expected);
}

#[test]
fn a_full_server_says_so() {
    let mut server = server();
    let clients = u32::try_from(CLIENTS_MAX).unwrap();
    for number in 0..=clients {
        let client = ben(0x200 + number * 0x100);
        let outcome = client.run(&mut server, client.wanted(1));
        let fits = number < clients;
        assert_eq!(outcome, if fits { Published::Stored } else { Published::Failed });
    }
}

#[test]
fn an_answer_is_for_who_asked_and_for_whom() {
    let mut server = server();
    let ben = ben(0x200);
    ben.run(&mut server, ben.wanted(1));
    let line = query(tag(0x999), BEN, v4());
    let answer = server.receive("ana@example.org", &line, NOW, &mut rng(6)).unwrap().unwrap();
    let read = |line: &str, ours, name| read_answer(line, tag(ours), name, NOW);
    assert_eq!(read(&answer, 0x998, BEN).err(), Some(ServerError::OtherInstance));
    assert_eq!(read(&answer, 0x999, "eve").err(), Some(ServerError::Unexpected));
    let message = open(&answer).unwrap();
    for end in (0..message.len()).step_by(31) {
        assert!(read(&armor(&message[..end]), 0x999, BEN).is_err(), "{end}");
    }
    // More ensembles than there are.
    let mut counted = message;
    let at = 3 + 4 + 4 + BEN.len();
    counted[at] = 0xff;
    let short = Some(ServerError::Profile(ProfileError::Bytes(DecodeError::Short)));
    assert_eq!(read(&armor(&counted), 0x999, BEN).err(), short);
    assert!(matches!(read(&answer, 0x999, BEN), Ok(Answer::Ensembles(found)) if found.len() == 1));
    // Who speaks another version isn't handed out.
    ben.run(&mut server, ben.wanted(3));
    let line = query(tag(0x999), BEN, Versions::NONE.with(Version::V3));
    let answer = server.receive("ana@example.org", &line, NOW, &mut rng(6)).unwrap().unwrap();
    assert_eq!(read(&answer, 0x999, BEN), Ok(Answer::Nothing));
}

/// A proof holds for its keys and its exchange alone.
#[test]
fn proofs_hold_for_what_they_are_about() {
    let mut rng = rng(11);
    let pairs = [(); 3].map(|()| Pair::random(&mut rng));
    let numbers = [(); 3].map(|()| crate::v4::dh::Pair::random(&mut rng));
    let context = [7; 64];
    for count in 1..=3 {
        let some: Vec<_> = pairs.iter().take(count).collect();
        let points: Vec<_> = some.iter().map(|pair| pair.public).collect();
        let proof =
            proof::points(Writer::new(), Usage::ProofEcdh, &some, &context, &mut rng).finish();
        let check = |proof: &[u8], usage, points: &[Point], context: &[u8; 64]| {
            proof::check_points(&mut Reader::new(proof), usage, points, context)
        };
        assert_eq!(check(&proof, Usage::ProofEcdh, &points, &context), Ok(()));
        let wrong = Err(ServerError::Proof);
        assert_eq!(check(&proof, Usage::ProofShared, &points, &context), wrong);
        assert_eq!(check(&proof, Usage::ProofEcdh, &points, &[8; 64]), wrong);
        let mut others = points;
        others[0] = Point::generator();
        assert_eq!(check(&proof, Usage::ProofEcdh, &others, &context), wrong);

        let some: Vec<_> = numbers.iter().take(count).collect();
        let keys: Vec<_> = some.iter().map(|pair| pair.public).collect();
        let proof = proof::numbers(Writer::new(), &some, &context, &mut rng).unwrap().finish();
        let check = |proof: &[u8], keys: &[_], context: &[u8; 64]| {
            proof::check_numbers(&mut Reader::new(proof), keys, context)
        };
        assert_eq!(check(&proof, &keys, &context), Ok(()));
        assert_eq!(check(&proof, &keys, &[8; 64]), wrong);
        let mut others = keys.clone();
        others.rotate_left(1);
        assert_eq!(check(&proof, &others, &context).is_ok(), count == 1);
        // What is seen of the secrets is spread over the whole order, not near the factor times
        // one.
        assert!(proof.len() > 64 + 4 + 370, "{}", proof.len());
        let mut changed = proof;
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(check(&changed, &keys, &context), wrong);
    }
    assert!(PREKEYS_MAX <= usize::from(u8::MAX));
}

#[test]
fn what_a_server_keeps_is_stored_in_one_form() {
    let mut server = server();
    assert!(!server.changed());
    let empty = server.kept_to_bytes();
    assert_eq!(empty, [1, 0, 0, 0, 0]);
    for (number, count) in [(0x200, 1), (0x300, 2)] {
        let ben = ben(number);
        assert_eq!(ben.run(&mut server, ben.wanted(count)), Published::Stored);
    }
    assert!(server.changed());
    let stored = server.kept_to_bytes();
    assert!(!server.changed());
    let golden = include_str!("../../../tests/golden/prekey-server-v1.hex").trim();
    assert_eq!(data_encoding::HEXLOWER.encode(&stored), golden);

    // A server that starts anew hands out the same, and each message once.
    let key = server.key_to_bytes();
    let again = || Server::from_key(KEYS, &key).unwrap();
    let mut restored = again().with_kept(&stored).unwrap();
    assert_eq!((restored.left(BEN), restored.changed()), (3, false));
    assert_eq!(restored.kept_to_bytes(), stored);
    let (first, second) = (ask(&mut server, NOW), ask(&mut restored, NOW));
    assert_eq!(first, second);
    assert!(restored.changed());
    let mut restored = again().with_kept(&restored.kept_to_bytes()).unwrap();
    assert_eq!(restored.left(BEN), 1);
    assert_ne!(ask(&mut restored, NOW), first);

    let refused = |bytes: &[u8]| again().with_kept(bytes).err();
    assert_eq!(refused(&[&[2], &stored[1..]].concat()), Some(StoredError::Version));
    for end in (0..stored.len()).step_by(97).chain([stored.len() - 1]) {
        assert!(refused(&stored[..end]).is_some(), "{end}");
    }
    assert!(refused(&[&stored[..], &[0]].concat()).is_some());
    // As many accounts as there are not, none of them, and clients in another order.
    for accounts in [0, 2, u32::MAX] {
        let mut other = stored.clone();
        other[1..5].copy_from_slice(&accounts.to_be_bytes());
        assert!(refused(&other).is_some(), "{accounts}");
    }
    let mut other = stored;
    let tag_at = 5 + 4 + BEN.len() + 1;
    other[tag_at..tag_at + 4].copy_from_slice(&0x400_u32.to_be_bytes());
    assert!(refused(&other).is_some());
    other[tag_at - 1] = 0;
    assert!(refused(&other).is_some());
}

#[test]
fn what_is_over_makes_room() {
    let mut server = server();
    let clients: Vec<Ben> = (0..=CLIENTS_MAX)
        .map(|number| ben(0x200 + 0x100 * u32::try_from(number).unwrap()))
        .collect();
    let (last, first) = clients.split_last().unwrap();
    for ben in first {
        assert_eq!(ben.run(&mut server, ben.wanted(1)), Published::Stored);
    }
    assert_eq!(last.run(&mut server, last.wanted(1)), Published::Failed);
    assert_eq!(server.left(BEN), CLIENTS_MAX, "nothing of it is kept");
    server.forget(NOW);
    assert_eq!(server.left(BEN), CLIENTS_MAX);
    server.forget(NOW + PROFILE_LIFETIME);
    assert_eq!(server.left(BEN), 0);
    assert_eq!(server.kept_to_bytes(), [1, 0, 0, 0, 0]);
    assert_eq!(last.run(&mut server, last.wanted(1)), Published::Stored);
}

#[test]
fn lines_go_in_pieces_that_come_in_any_order() {
    const LONGEST: usize = 200;
    let mut server = server();
    let ben = ben(0x200);
    let ours = Some(tag(0x200));
    let (mut publisher, first) = ben.publisher(&server, ben.wanted(2));
    let mut rng = rng(5);
    let (mut at_server, mut at_client) = (Pieces::new(None), Pieces::new(ours));
    let carry = |pieces: &mut Pieces, line: &str, sender, receiver| {
        let mut lines = cut(line, sender, receiver, LONGEST);
        assert!(lines.len() > 1);
        assert!(lines.iter().all(|line| line.len() <= LONGEST && line.starts_with("?OTRP|")));
        lines.reverse();
        let (last, rest) = lines.split_last().unwrap();
        for line in rest {
            assert_eq!(pieces.take(line, Duration::ZERO), Ok(None));
        }
        let twice = pieces.take(&rest[0], Duration::ZERO);
        assert_eq!(twice, Err(ServerError::Piece));
        let whole = pieces.take(last, Duration::ZERO).unwrap().unwrap();
        assert_eq!(whole, line);
        whole
    };
    let line = carry(&mut at_server, &first, ours, None);
    let second = server.receive(BEN, &line, NOW, &mut rng).unwrap().unwrap();
    let line = carry(&mut at_client, &second, None, ours);
    let third = publisher.receive(&line, &mut rng).unwrap().line.unwrap();
    let line = carry(&mut at_server, &third, ours, None);
    let last = server.receive(BEN, &line, NOW, &mut rng).unwrap().unwrap();
    // A short one goes as it is.
    assert_eq!(cut(&last, None, ours, LONGEST), std::slice::from_ref(&last));
    let line = at_client.take(&last, Duration::ZERO).unwrap().unwrap();
    let step = publisher.receive(&line, &mut rng).unwrap();
    assert_eq!(step.outcome, Some(Published::Stored));

    for bad in ["?OTRP|1|2|0,1,1,,", "?OTRP|1|2|0,2,1,x,", "?OTRP|x|2|0,1,1,x,", "?OTRP,1,1,x,"] {
        assert_eq!(at_server.take(bad, Duration::ZERO), Err(ServerError::Piece), "{bad}");
    }
    let other = at_client.take("?OTRP|1|0|300,1,1,x,", Duration::ZERO);
    assert_eq!(other, Err(ServerError::OtherInstance));
    // A line without its end is forgotten.
    assert_eq!(at_client.take("?OTRP|1|0|200,1,2,x,", Duration::ZERO), Ok(None));
    let late = at_client.take("?OTRP|1|0|200,2,2,y,", crate::FRAGMENT_WAIT);
    assert_eq!(late, Ok(None));
}

#[test]
fn debug_shows_nothing_secret() {
    let server = server();
    let shown = format!("{server:?}");
    assert!(shown.contains("accounts: 0"));
    assert!(!shown.contains(&data_encoding::HEXLOWER.encode(&server.key_to_bytes()[1..9])));
    let ben = ben(0x200);
    let (publisher, _) = ben.publisher(&server, Wanted::Count { unix: NOW });
    assert_eq!(format!("{publisher:?}"), "Publisher(keys.example.org, asked)");
}
