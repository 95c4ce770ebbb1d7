//! Two conversations with the same random numbers. Into one of them somebody throws messages that are
//! cut, changed, overlong, of fields that are too long, replayed and reflected. Each is refused with a
//! reason, and what both conversations say afterwards is the same to the last bit.

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use undertone_otr::{Event, Output, Policy, Session, Version};

use crate::common::{is_secure, rng, session, texts};

/// What honest people do next.
#[derive(Clone, Copy, Debug)]
enum Move {
    Start(usize),
    Say(usize),
    Ask(usize),
    Answer(usize),
    Tick(u8),
    Deliver,
}

/// What is done to a message that was sent before.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Flip,
    Cut,
    Append,
    Insert,
    Remove,
    /// A length that no message has.
    Oversize,
    /// Nothing: it came already.
    Replay,
    /// Nothing: it goes back to who sent it.
    Reflect,
}

/// Which message, what is done to it, and where.
type Attack = (usize, Harm, usize);

fn steps() -> impl Strategy<Value = Vec<(Move, Vec<Attack>)>> {
    let side = 0..2_usize;
    let step = prop_oneof![
        2 => side.clone().prop_map(Move::Start),
        6 => side.clone().prop_map(Move::Say),
        1 => side.clone().prop_map(Move::Ask),
        1 => side.prop_map(Move::Answer),
        1 => any::<u8>().prop_map(Move::Tick),
        12 => Just(Move::Deliver),
    ];
    let harm = prop::sample::select(vec![
        Harm::Flip,
        Harm::Cut,
        Harm::Append,
        Harm::Insert,
        Harm::Remove,
        Harm::Oversize,
        Harm::Replay,
        Harm::Reflect,
    ]);
    let attacks = prop::collection::vec((any::<usize>(), harm, any::<usize>()), 0..4);
    prop::collection::vec((step, attacks), 10..60)
}

/// Two ends, a carrier that keeps the order, and each end's own random numbers.
struct World {
    ends: [Session; 2],
    rngs: [ChaCha20Rng; 2],
    under_way: VecDeque<(usize, String)>,
    /// All lines, each with whom it was for, and whether it came there.
    all: Vec<(usize, String, bool)>,
    heard: Vec<String>,
    /// Who waits for the end of an exchange of version 4, and keeps what comes early.
    waits: [bool; 2],
    now: Duration,
    number: u32,
}

impl World {
    fn new(version: Version) -> Self {
        let policy = Policy::MANUAL.only(version);
        Self {
            ends: [session(0x1000, policy), session(0x2000, policy)],
            rngs: [rng(11), rng(12)],
            under_way: VecDeque::new(),
            all: Vec::new(),
            heard: Vec::new(),
            waits: [false; 2],
            now: Duration::ZERO,
            number: 0,
        }
    }

    fn heed(&mut self, side: usize, output: Output) {
        if output.events.iter().any(is_secure) {
            self.waits[side] = false;
        }
        self.heard.extend(texts(&output.events).iter().map(|text| (*text).to_owned()));
        for line in output.lines {
            self.waits[side] |= bytes(&line).is_some_and(|bytes| bytes[2] == 0x36);
            self.under_way.push_back((1 - side, line.clone()));
            self.all.push((1 - side, line, false));
        }
    }

    fn go(&mut self, step: Move) {
        let now = self.now;
        match step {
            Move::Start(side) => {
                let output = self.ends[side].start(now).unwrap();
                self.heed(side, output);
            }
            Move::Say(side) => {
                self.number += 1;
                let output = self.ends[side].send(&format!("text {}", self.number), now);
                self.heed(side, output.unwrap());
            }
            Move::Ask(side) => {
                let asked = self.ends[side].ask(None, "swan", now, &mut self.rngs[side]);
                self.heed(side, asked.unwrap_or_default());
            }
            Move::Answer(side) => {
                let instance = self.ends[side].instances().next().and_then(|info| info.instance);
                let rng = &mut self.rngs[side];
                let answered = self.ends[side].answer(instance, "swan", now, rng);
                self.heed(side, answered.unwrap_or_default());
            }
            Move::Tick(seconds) => {
                self.now += Duration::from_secs(u64::from(seconds) / 8);
                for side in 0..2 {
                    let output = self.ends[side].tick(self.now);
                    self.heed(side, output);
                }
            }
            Move::Deliver => {
                let Some((side, line)) = self.under_way.pop_front() else { return };
                let sent = |all: &&mut (usize, String, bool)| all.0 == side && all.1 == line;
                if let Some(sent) = self.all.iter_mut().find(sent) {
                    sent.2 = true;
                }
                let output = self.ends[side].receive(&line, now, &mut self.rngs[side]);
                self.heed(side, output);
            }
        }
    }

    /// Throws a message at whom it is for, or back; whether there was one to throw.
    fn attack(&mut self, version: Version, (which, harm, at): Attack) -> bool {
        // What nobody has authenticated yet begins an exchange anew, and is no harm.
        let authentic = |(_, line, came): &&(usize, String, bool)| {
            let kind = bytes(line).and_then(|bytes| bytes.get(2).copied());
            let settled = !matches!(harm, Harm::Replay) || (*came && kind == Some(0x03));
            matches!(kind, Some(0x03 | 0x11 | 0x12 | 0x36 | 0x37)) && settled
        };
        let lines: Vec<_> = self.all.iter().filter(authentic).collect();
        let Some((side, line, _)) = lines.get(which % lines.len().max(1)) else { return false };
        let mut side = *side;
        let mut message = bytes(line).unwrap();
        // Keys that are revealed are the one thing that no authenticator covers.
        let end = message.len() - revealed_len(&message);
        let place = at % end;
        match harm {
            Harm::Flip => message[place] ^= 1 << (at % 8),
            Harm::Cut => message.truncate(place),
            Harm::Append => message.push(0),
            Harm::Insert => message.insert(place, message[place] ^ 0x55),
            Harm::Remove => {
                message.remove(place);
            }
            Harm::Oversize => {
                let place = at % (end - 4);
                message[place..place + 4].fill(0xff);
            }
            Harm::Replay => {}
            // Version 2 has no tags by which an end would know its own.
            Harm::Reflect if version == Version::V2 => return false,
            Harm::Reflect => side = 1 - side,
        }
        // What comes early is kept, and refused when the exchange is over.
        if self.waits[side] && message.get(2) == Some(&0x03) {
            return false;
        }
        let line = format!("?OTR:{}.", data_encoding::BASE64.encode(&message));
        let output = self.ends[side].receive(&line, self.now, &mut self.rngs[side]);
        let [Event::Refused(why)] = &output.events[..] else {
            panic!("{harm:?} at {place}: {:?}", output.events)
        };
        assert!(why.to_string().len() > 20);
        let replies = output.lines.iter().all(|line| line.starts_with("?OTR Error: "));
        assert!(replies, "{harm:?}: {:?}", output.lines);
        true
    }
}

fn bytes(line: &str) -> Option<Vec<u8>> {
    let base64 = line.strip_prefix("?OTR:")?.strip_suffix('.')?;
    data_encoding::BASE64.decode(base64.as_bytes()).ok()
}

/// Of a data message, how many bytes at its end are keys that it reveals, with their length.
fn revealed_len(message: &[u8]) -> usize {
    if message[2] != 0x03 {
        return 0;
    }
    let len = |at: usize| u32::from_be_bytes(message[at..at + 4].try_into().unwrap());
    let field = |at: usize| at + 4 + usize::try_from(len(at)).unwrap();
    let end = match message[1] {
        // The numbers of the ratchet and a point come before the number and the ciphertext.
        4 => field(field(11 + 1 + 12 + 57)) + 64,
        3 => field(field(11 + 9) + 8) + 20,
        _ => field(field(3 + 9) + 8) + 20,
    };
    message.len() - end
}

fn run(version: Version, steps: &[(Move, Vec<Attack>)]) {
    let (mut calm, mut attacked) = (World::new(version), World::new(version));
    // Into every state of an exchange, and then on.
    let begin = [Move::Start(0), Move::Deliver, Move::Deliver, Move::Deliver];
    for step in begin {
        calm.go(step);
        attacked.go(step);
    }
    for (step, attacks) in steps {
        for attack in attacks {
            attacked.attack(version, *attack);
        }
        calm.go(*step);
        attacked.go(*step);
        assert_eq!(calm.under_way, attacked.under_way);
    }
    for _ in 0..500 {
        calm.go(Move::Deliver);
        attacked.go(Move::Deliver);
    }
    assert_eq!((calm.all, calm.heard), (attacked.all, attacked.heard));
    for (one, two) in calm.ends.iter().zip(&attacked.ends) {
        assert!(one.instances().eq(two.instances()));
        assert_eq!((one.status(), one.deadline()), (two.status(), two.deadline()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn in_version_3(steps in steps()) {
        run(Version::V3, &steps);
    }

    #[test]
    fn in_version_2(steps in steps()) {
        run(Version::V2, &steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::CASES_OF_VERSION_4, ..ProptestConfig::default() })]

    #[test]
    fn in_version_4(steps in steps()) {
        run(Version::V4, &steps);
    }
}

/// Each kind of harm finds something to harm.
#[test]
fn no_attack_is_an_empty_one() {
    for version in [Version::V2, Version::V3, Version::V4] {
        let mut world = World::new(version);
        world.go(Move::Start(0));
        for _ in 0..3 {
            for step in [Move::Deliver, Move::Deliver, Move::Deliver, Move::Say(0), Move::Say(1)] {
                world.go(step);
            }
        }
        let all = [Harm::Flip, Harm::Cut, Harm::Append, Harm::Insert, Harm::Remove];
        for (at, harm) in all.into_iter().chain([Harm::Oversize, Harm::Replay]).enumerate() {
            for which in 0..8 {
                assert!(world.attack(version, (which, harm, at * 37 + which)), "{harm:?}");
            }
        }
        assert_eq!(world.attack(version, (0, Harm::Reflect, 0)), version != Version::V2);
    }
}

/// A damaged answer to what an end began, which has begun again since: found by a random run.
#[test]
fn a_damaged_answer_to_an_earlier_beginning() {
    let calm = |step| (step, Vec::new());
    let mut steps: Vec<_> =
        [Move::Deliver, Move::Start(0), Move::Start(0), Move::Start(0), Move::Deliver]
            .map(calm)
            .to_vec();
    for at in [40, 568, 1_400] {
        steps.push((Move::Start(0), vec![(0, Harm::Flip, at)]));
        steps.push((Move::Start(1), vec![(1, Harm::Flip, at)]));
    }
    run(Version::V4, &steps);
}
