//! Two sessions over a carrier that loses, doubles, delays, reorders, replays, reflects, cuts and
//! changes lines, beside a plain model of what each side may be: no text in the clear, nothing heard
//! that wasn't said or heard twice, no counter used twice, no change by what is refused; and a session
//! that works once the carrier behaves.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::common::{Pair, rng, session, texts};
use proptest::prelude::*;
use undertone_otr::{Event, Policy, Session, Status, Version};

/// In every text that is said.
const MARK: &str = "lake";

/// What happens next; numbers choose among what is there.
#[derive(Clone, Debug)]
enum Move {
    Start(bool),
    Say(bool),
    End(bool),
    Ask(bool),
    Answer(bool),
    Tick(u8),
    Deliver(u8),
    Lose(u8),
    Replay(u8, bool),
    Change(u8, u16, bool),
    Cut(u8, u16, bool),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let side = any::<bool>();
    let one = prop_oneof![
        2 => side.prop_map(Move::Start),
        6 => side.prop_map(Move::Say),
        1 => side.prop_map(Move::End),
        1 => side.prop_map(Move::Ask),
        1 => side.prop_map(Move::Answer),
        1 => any::<u8>().prop_map(Move::Tick),
        // The first of those under way, mostly: else nothing ever comes to be.
        16 => prop_oneof![4 => Just(0), 1 => any::<u8>()].prop_map(Move::Deliver),
        1 => any::<u8>().prop_map(Move::Lose),
        2 => (any::<u8>(), side).prop_map(|(line, side)| Move::Replay(line, side)),
        1 => (any::<u8>(), any::<u16>(), side).prop_map(|(line, at, side)| Move::Change(line, at, side)),
        1 => (any::<u8>(), any::<u16>(), side).prop_map(|(line, at, side)| Move::Cut(line, at, side)),
    ];
    prop::collection::vec(one, 10..90)
}

/// The model: what is known of a side from what it told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Model(Status);

impl Model {
    fn heed(&mut self, events: &[Event]) {
        for event in events {
            match event {
                Event::Secure { .. } => self.0 = Status::Private,
                Event::Finished { .. } => self.0 = Status::Finished,
                _ => {}
            }
        }
    }
}

struct Side {
    session: Session,
    model: Model,
    said: BTreeSet<String>,
    heard: Vec<String>,
}

struct World {
    sides: [Side; 2],
    /// Lines under way, each with whom it is for.
    under_way: Vec<(usize, String)>,
    all: Vec<String>,
    now: Duration,
    number: u32,
    rng: rand_chacha::ChaCha20Rng,
}

impl World {
    fn new(policy: Policy) -> Self {
        let side = |number| Side {
            session: session(number, policy),
            model: Model(Status::Plain),
            said: BTreeSet::new(),
            heard: Vec::new(),
        };
        Self {
            sides: [side(0x1000), side(0x2000)],
            under_way: Vec::new(),
            all: Vec::new(),
            now: Duration::ZERO,
            number: 0,
            rng: rng(5),
        }
    }

    /// Heeds what a side gave.
    fn heed(&mut self, side: usize, output: undertone_otr::Output) {
        let Side { session, model, said: _, heard } = &mut self.sides[side];
        model.heed(&output.events);
        assert_eq!(session.status(), model.0, "{:?}", output.events);
        heard.extend(texts(&output.events).iter().map(|text| (*text).to_owned()));
        for line in output.lines {
            assert!(!line.contains(MARK), "in the clear: {line}");
            self.under_way.push((1 - side, line.clone()));
            self.all.push(line);
        }
    }

    fn receive(&mut self, side: usize, line: &str) {
        let session = &mut self.sides[side].session;
        let before: Vec<_> =
            session.instances().filter(|info| info.status != Status::Plain).collect();
        let output = session.receive(line, self.now, &mut self.rng);
        if let [Event::Refused(refusal)] = &output.events[..] {
            let after: Vec<_> =
                session.instances().filter(|info| info.status != Status::Plain).collect();
            assert_eq!(before, after, "{refusal}");
        }
        self.heed(side, output);
    }

    fn go(&mut self, step: &Move) {
        let index = |len: usize, number: u8| usize::from(number) % len.max(1);
        match *step {
            Move::Start(side) => {
                let output = self.sides[usize::from(side)].session.start(self.now).unwrap();
                self.heed(usize::from(side), output);
            }
            Move::Say(side) => {
                let side = usize::from(side);
                self.number += 1;
                let text = format!("{MARK} {}", self.number);
                let result = self.sides[side].session.send(&text, self.now);
                match self.sides[side].model.0 {
                    Status::Finished => assert!(result.is_err()),
                    _ => {
                        if let Ok(output) = result {
                            self.sides[side].said.insert(text);
                            self.heed(side, output);
                        }
                    }
                }
            }
            Move::End(side) => {
                let side = usize::from(side);
                let output = self.sides[side].session.end();
                self.sides[side].model = Model(Status::Plain);
                self.heed(side, output);
            }
            Move::Ask(side) => {
                let side = usize::from(side);
                let asked = self.sides[side].session.ask(None, MARK, self.now, &mut self.rng);
                if let Ok(output) = asked {
                    self.heed(side, output);
                }
            }
            Move::Answer(side) => {
                let side = usize::from(side);
                let session = &mut self.sides[side].session;
                let instance = session.instances().next().and_then(|info| info.instance);
                let answered = session.answer(instance, MARK, self.now, &mut self.rng);
                if let Ok(output) = answered {
                    self.heed(side, output);
                }
            }
            Move::Tick(seconds) => {
                self.now += Duration::from_secs(u64::from(seconds) / 4);
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
            // To whom it was for, or back to who sent it.
            Move::Replay(number, side) if !self.all.is_empty() => {
                let line = self.all[index(self.all.len(), number)].clone();
                self.receive(usize::from(side), &line);
            }
            Move::Change(number, at, side) if !self.all.is_empty() => {
                let mut line = self.all[index(self.all.len(), number)].clone().into_bytes();
                let at = usize::from(at) % line.len();
                line[at] = if line[at] == b'B' { b'C' } else { b'B' };
                self.receive(usize::from(side), &String::from_utf8_lossy(&line));
            }
            Move::Cut(number, at, side) if !self.all.is_empty() => {
                let line = self.all[index(self.all.len(), number)].clone();
                let at = usize::from(at) % line.len();
                let line = line.get(..at).unwrap_or_default().to_owned();
                self.receive(usize::from(side), &line);
            }
            Move::Deliver(_)
            | Move::Lose(_)
            | Move::Replay(..)
            | Move::Change(..)
            | Move::Cut(..) => {}
        }
    }

    /// Lets everything arrive, in order; that has an end.
    fn drain(&mut self) {
        for _ in 0..2_000 {
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
        }
        let mut counters = BTreeSet::new();
        for line in &self.all {
            assert!(
                counters.insert(counter(line).unwrap_or_else(|| line_key(line, counters.len()))),
                "{line}"
            );
        }
    }
}

/// What must differ in all data messages: tags, keyids, the next key (which tells apart keys of the
/// same number) and the counter.
fn counter(line: &str) -> Option<Vec<u8>> {
    let base64 = line.strip_prefix("?OTR:")?.strip_suffix('.')?;
    let bytes = data_encoding::BASE64.decode(base64.as_bytes()).ok()?;
    if bytes.get(2) != Some(&3) {
        return None;
    }
    if bytes.get(1) == Some(&4) {
        // Tags; the ratchet, the message's number, and the point.
        return Some([bytes.get(3..11)?, bytes.get(16..81)?].concat());
    }
    let start = if bytes.get(1) == Some(&3) { 11 } else { 3 };
    let key_len = u32::from_be_bytes(bytes.get(start + 9..start + 13)?.try_into().ok()?);
    let end = start + 13 + usize::try_from(key_len).ok()? + 8;
    bytes.get(3..end).map(<[u8]>::to_vec)
}

/// Other lines may repeat.
fn line_key(line: &str, number: usize) -> Vec<u8> {
    format!("{number} {line}").into_bytes()
}

fn run(policy: Policy, moves: &[Move]) {
    let mut world = World::new(policy);
    for step in moves {
        world.go(step);
    }
    world.check();
    // Now the carrier behaves: what is under way arrives, and then a new session works.
    world.drain();
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
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn in_version_3(moves in moves()) {
        run(Policy::REQUIRE, &moves);
    }

    #[test]
    fn in_version_2(moves in moves()) {
        run(Policy::ALWAYS.only(Version::V2), &moves);
    }

    #[test]
    fn with_both_and_every_occasion_taken(moves in moves()) {
        run(Policy::ALWAYS.allow(Version::V2), &moves);
    }

    /// Whatever comes, in whatever state: no panic, and nothing is believed.
    #[test]
    fn lines_of_any_kind_are_refused(line in ".{0,60}", tail in "[?OTRv:|,.A-Za-z0-9+/=  \t]{0,80}") {
        let mut pair = Pair::private(Policy::REQUIRE.allow(Version::V2));
        for line in [line, format!("?OTR{tail}"), format!("?OTR:AAM{tail}."), format!("?OTR|{tail},")] {
            let output = pair.ana.receive(&line, pair.now, &mut pair.rng);
            prop_assert!(texts(&output.events).is_empty());
            prop_assert_eq!(pair.ana.status(), Status::Private);
        }
        pair.ana_says("still here");
        prop_assert_eq!(texts(&pair.of_ben), vec!["still here"]);
    }
}

proptest! {
    // Its primitives take longer.
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn in_versions_3_and_4(moves in moves()) {
        run(Policy::REQUIRE.allow(Version::V4), &moves);
    }
}
