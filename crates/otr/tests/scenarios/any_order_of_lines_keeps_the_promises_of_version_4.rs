//! Version 4 over a carrier that loses, doubles, delays, reorders, replays, reflects, cuts and changes
//! lines, whole or in pieces, while either side also writes to the other as to somebody offline. Beside
//! it a plain model: no text in the clear, nothing heard that wasn't said or heard twice, no key used
//! twice, each prekey used once, each refusal with a reason and without a change; and a session that
//! works once the carrier behaves.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use undertone_otr::{
    Ensemble, Event, Output, Policy, Prekeys, Publication, Session, Settings, Status, Version,
    Versions,
};

use crate::common::{NOW, Pair, account, identity, policy_4, rng, texts};

/// In every text that is said.
const MARK: &str = "lake";

/// The tags of both sides.
const TAGS: [u32; 2] = [0x1000, 0x2000];

/// How many prekey messages each side has published.
const PREKEYS: usize = 3;

/// What happens to a line that was sent before.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Nothing,
    Flip,
    Cut,
    Append,
    Remove,
    /// A length that no field has.
    Oversize,
}

/// What happens next; numbers choose among what is there.
#[derive(Clone, Debug)]
enum Move {
    Start(usize),
    Say(usize),
    WriteOffline(usize, usize),
    End(usize),
    Ask(usize),
    Answer(usize),
    Tick(u32),
    Deliver(usize),
    Lose(usize),
    /// To whom it was for, or back to who sent it.
    Again(usize, Harm, usize, usize),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let side = 0..2_usize;
    let harm = prop::sample::select(vec![
        Harm::Nothing,
        Harm::Nothing,
        Harm::Flip,
        Harm::Cut,
        Harm::Append,
        Harm::Remove,
        Harm::Oversize,
    ]);
    let one = prop_oneof![
        2 => side.clone().prop_map(Move::Start),
        6 => side.clone().prop_map(Move::Say),
        1 => (side.clone(), 0..PREKEYS).prop_map(|(side, index)| Move::WriteOffline(side, index)),
        1 => side.clone().prop_map(Move::End),
        1 => side.clone().prop_map(Move::Ask),
        1 => side.clone().prop_map(Move::Answer),
        // Rarely so long that a session is over.
        1 => prop_oneof![6 => 0..100_u32, 1 => Just(25 * 60 * 60)].prop_map(Move::Tick),
        20 => prop_oneof![4 => Just(0), 1 => any::<usize>()].prop_map(Move::Deliver),
        1 => any::<usize>().prop_map(Move::Lose),
        4 => (any::<usize>(), harm, any::<usize>(), side)
            .prop_map(|(line, harm, at, side)| Move::Again(line, harm, at, side)),
    ];
    prop::collection::vec(one, 10..80)
}

struct Side {
    session: Session,
    status: Status,
    prekeys: Prekeys,
    publication: Publication,
    said: BTreeSet<String>,
    heard: Vec<String>,
    /// Sessions that began with a prekey of this side.
    taken: usize,
}

struct World {
    sides: [Side; 2],
    under_way: Vec<(usize, String)>,
    all: Vec<String>,
    now: Duration,
    number: u32,
    rng: rand_chacha::ChaCha20Rng,
}

impl World {
    fn new(policy: Policy, longest_line: Option<usize>) -> Self {
        let mut random = rng(5);
        let sides = TAGS.map(|number| {
            let prekeys = Prekeys::new();
            let account = account(number).with_prekeys(prekeys.clone());
            let versions = Versions::NONE.with(Version::V4);
            let publication = account.publish(versions, PREKEYS, NOW, &mut random).unwrap();
            let settings = Settings { policy, longest_line, ..Settings::default() };
            Side {
                session: Session::new(account, settings).unwrap(),
                status: Status::Plain,
                prekeys,
                publication,
                said: BTreeSet::new(),
                heard: Vec::new(),
                taken: 0,
            }
        });
        let (under_way, all) = (Vec::new(), Vec::new());
        Self { sides, under_way, all, now: NOW, number: 0, rng: random }
    }

    fn heed(&mut self, side: usize, output: Output) {
        let Side { session, status, heard, .. } = &mut self.sides[side];
        for event in &output.events {
            match event {
                Event::Secure { fingerprint, .. } => {
                    *status = Status::Private;
                    assert_eq!(*fingerprint, identity(TAGS[1 - side]).fingerprint());
                }
                Event::Finished { .. } | Event::Expired { .. } => *status = Status::Finished,
                _ => {}
            }
        }
        assert_eq!(session.status(), *status, "{:?}", output.events);
        heard.extend(texts(&output.events).iter().map(|text| (*text).to_owned()));
        for line in output.lines {
            assert!(!line.contains(MARK), "in the clear: {line}");
            self.under_way.push((1 - side, line.clone()));
            self.all.push(line);
        }
    }

    fn receive(&mut self, side: usize, line: &str) {
        let kept = |session: &Session| -> Vec<_> {
            session.instances().filter(|info| info.status != Status::Plain).collect()
        };
        let Side { session, prekeys, taken, .. } = &mut self.sides[side];
        let (before, left) = (kept(session), prekeys.left());
        let output = session.receive(line, self.now, &mut self.rng);
        for event in &output.events {
            if let Event::Refused(refusal) = event {
                assert!(refusal.to_string().len() > 20, "no reason: {refusal}");
            }
        }
        let used = left - prekeys.left();
        assert!(used <= 1);
        *taken += used;
        match &output.events[..] {
            [Event::Refused(refusal)] => {
                assert_eq!((before, 0), (kept(session), used), "{refusal}");
                let replies = output.lines.iter().all(|line| line.starts_with("?OTR Error: "));
                assert!(replies, "{refusal}: {:?}", output.lines);
            }
            events => assert!(used == 0 || events.iter().any(crate::common::is_secure)),
        }
        self.heed(side, output);
    }

    fn text(&mut self) -> String {
        self.number += 1;
        format!("{MARK} {}", self.number)
    }

    fn go(&mut self, step: &Move) {
        let index = |len: usize, number: usize| number % len.max(1);
        match *step {
            Move::Start(side) => {
                let output = self.sides[side].session.start(self.now).unwrap();
                self.heed(side, output);
            }
            Move::Say(side) => {
                let text = self.text();
                let result = self.sides[side].session.send(&text, self.now);
                if self.sides[side].status == Status::Finished {
                    assert!(result.is_err());
                } else if let Ok(output) = result {
                    self.sides[side].said.insert(text);
                    self.heed(side, output);
                }
            }
            // A prekey that was used goes out again where the one that keeps them is at fault.
            Move::WriteOffline(side, index) => {
                let text = self.text();
                let Publication { profile, prekey_profile, messages } =
                    self.sides[1 - side].publication.clone();
                let ensemble =
                    Ensemble { profile, prekey_profile, message: messages[index].clone() };
                let session = &mut self.sides[side].session;
                let output =
                    session.write_offline(&ensemble, &text, self.now, &mut self.rng).unwrap();
                self.sides[side].said.insert(text);
                self.heed(side, output);
            }
            Move::End(side) => {
                let output = self.sides[side].session.end();
                self.sides[side].status = Status::Plain;
                self.heed(side, output);
            }
            Move::Ask(side) => {
                let asked = self.sides[side].session.ask(None, MARK, self.now, &mut self.rng);
                self.heed(side, asked.unwrap_or_default());
            }
            Move::Answer(side) => {
                let session = &mut self.sides[side].session;
                let instance = session.instances().next().and_then(|info| info.instance);
                let answered = session.answer(instance, MARK, self.now, &mut self.rng);
                self.heed(side, answered.unwrap_or_default());
            }
            Move::Tick(seconds) => {
                self.now += Duration::from_secs(seconds.into());
                for side in 0..2 {
                    let output = self.sides[side].session.tick(self.now);
                    self.heed(side, output);
                }
            }
            Move::Deliver(number) if !self.under_way.is_empty() => {
                let (side, line) = self.under_way.remove(index(self.under_way.len(), number));
                self.receive(side, &line);
            }
            Move::Lose(number) if !self.under_way.is_empty() => {
                self.under_way.remove(index(self.under_way.len(), number));
            }
            Move::Again(number, harm, at, side) if !self.all.is_empty() => {
                let line = &self.all[index(self.all.len(), number)];
                let line = harmed(line, harm, at);
                self.receive(side, &line);
            }
            Move::Deliver(_) | Move::Lose(_) | Move::Again(..) => {}
        }
    }

    /// Lets everything arrive, in order; that has an end.
    fn drain(&mut self) {
        for _ in 0..5_000 {
            self.go(&Move::Deliver(0));
        }
        assert!(self.under_way.is_empty(), "the lines have no end");
    }

    fn check(&self) {
        for side in 0..2 {
            let (heard, said) = (&self.sides[side].heard, &self.sides[1 - side].said);
            let mut once = BTreeSet::new();
            for text in heard {
                // What the peer complained about is sent again, and marked.
                let plain = text.strip_prefix("[resent] ").unwrap_or(text);
                assert!(said.contains(plain), "never said: {text}");
                assert!(once.insert(text), "twice: {text}");
            }
            let Side { prekeys, taken, .. } = &self.sides[side];
            assert_eq!(prekeys.left() + taken, PREKEYS);
        }
        // Ratchets, numbers and points of all messages differ, so no key is used twice.
        let mut keys = BTreeSet::new();
        for key in self.all.iter().filter_map(|line| key(line)) {
            assert!(keys.insert(key), "a key is used twice");
        }
    }
}

/// The line with harm done to its binary message if it is whole, or else to its characters.
fn harmed(line: &str, harm: Harm, at: usize) -> String {
    let (mut bytes, whole) =
        decoded(line).map_or_else(|| (line.as_bytes().to_vec(), false), |bytes| (bytes, true));
    let place = at % bytes.len();
    match harm {
        Harm::Nothing => {}
        Harm::Flip => bytes[place] ^= if whole { 1 << (at % 8) } else { 1 },
        Harm::Cut => bytes.truncate(place),
        Harm::Append => bytes.push(b'A'),
        Harm::Remove => {
            bytes.remove(place);
        }
        Harm::Oversize => {
            let with = if whole { 0xff } else { b'f' };
            for byte in bytes.iter_mut().skip(place).take(4) {
                *byte = with;
            }
        }
    }
    if whole {
        format!("?OTR:{}.", data_encoding::BASE64.encode(&bytes))
    } else {
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn decoded(line: &str) -> Option<Vec<u8>> {
    let base64 = line.strip_prefix("?OTR:")?.strip_suffix('.')?;
    data_encoding::BASE64.decode(base64.as_bytes()).ok()
}

/// Of a data message: tags, the ratchet, the message's number, and the point.
fn key(line: &str) -> Option<Vec<u8>> {
    let bytes = decoded(line)?;
    if bytes.get(2) != Some(&3) {
        return None;
    }
    Some([bytes.get(3..11)?, bytes.get(16..81)?].concat())
}

fn run(policy: Policy, longest_line: Option<usize>, moves: &[Move]) {
    let mut world = World::new(policy, longest_line);
    for step in moves {
        world.go(step);
    }
    world.check();
    // Now the carrier behaves: what is under way arrives, and then a new session works.
    world.drain();
    world.check();
    world.now += Duration::from_secs(1_000);
    world.go(&Move::Tick(0));
    world.drain();
    let [ana, ben] = world.sides;
    let mut pair = Pair::new(policy, policy);
    (pair.ana, pair.ben, pair.now) = (ana.session, ben.session, world.now);
    for session in [&mut pair.ana, &mut pair.ben] {
        if session.status() == Status::Finished {
            assert!(session.end().lines.is_empty());
        }
    }
    let asked = pair.ana.start(pair.now).unwrap();
    pair.ana_gives(asked);
    assert_eq!((pair.ana.status(), pair.ben.status()), (Status::Private, Status::Private));
    pair.of_ana.clear();
    pair.of_ben.clear();
    pair.ana_says("at last");
    pair.ben_says("indeed");
    assert_eq!((texts(&pair.of_ana), texts(&pair.of_ben)), (vec!["indeed"], vec!["at last"]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::CASES_OF_VERSION_4, ..ProptestConfig::default() })]

    #[test]
    fn whole(moves in moves()) {
        run(policy_4(), None, &moves);
    }

    #[test]
    fn in_pieces(moves in moves()) {
        run(policy_4(), Some(700), &moves);
    }

    #[test]
    fn with_every_occasion_taken(moves in moves()) {
        run(Policy::ALWAYS.only(Version::V4), None, &moves);
    }
}
