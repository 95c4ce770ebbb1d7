//! Every order of events that two ends can come into with their epochs, on the code itself: from
//! each state that was reached, everything that can happen next happens, to sessions that are read
//! from and written to their stored bytes. See `docs/ratchet.md`, "What the explorer covers".

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::*;
use crate::session::exchange::{
    Answered, CIPHERTEXT_UNITS, Exchange, KEY_UNITS, Offered, Opened, UNIT_LEN, Units,
};

/// No epoch after this one is begun.
const EPOCHS: u32 = 3;
/// So many packets are under way at most.
const UNDER_WAY: usize = 2;
/// So many packets that each end has read come again at any time.
const REPEATED: usize = 3;
/// Key and ciphertext of this epoch are cut in two, those of later ones go in one piece.
const IN_HALVES: u32 = 1;
/// So many units are in the first half.
const HALF: usize = 17;

/// What is wrong with the code that is explored, to see that the explorer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weakness {
    None,
    /// The answerer mixes an epoch in with its own next chain.
    MixesTooEarly,
    /// The answerer forgets over a restart that it has answered.
    AnswersAgain,
    /// The offerer keeps the secret over the step that mixes the epoch in.
    KeepsItsSecret,
}

/// A packet that is under way and was not read.
#[derive(Clone)]
struct Packet {
    to: usize,
    bytes: Vec<u8>,
    text: Vec<u8>,
    /// How many root steps its sender had taken.
    step: i32,
    epoch: u32,
}

#[derive(Clone)]
struct World {
    /// What each end has stored; there is nothing else of it.
    disks: [Vec<u8>; 2],
    facts: [Facts; 2],
    /// Root steps of each end.
    steps: [i32; 2],
    under_way: Vec<Packet>,
    /// The last packets that each end has read.
    read: [Vec<Vec<u8>>; 2],
    /// Hashes of the private key and the ciphertext of each epoch, as far as they were stored.
    keys: BTreeMap<u32, [u8; 32]>,
    ciphertexts: BTreeMap<u32, [u8; 32]>,
    /// What has to be gone from both ends once they have mixed the epoch in.
    secrets: Vec<(u32, [u8; 32])>,
}

/// What is known of an end without reading its state again.
#[derive(Clone)]
struct Facts {
    /// See [`World::outline`].
    outline: Vec<u8>,
    epoch: u32,
    shared: u32,
    is_idle: bool,
    /// Link key and authenticator of the last two epochs.
    keys: BTreeMap<u32, [[u8; 32]; 2]>,
}

impl Facts {
    fn of(session: &Session) -> Self {
        let mut outline = vec![u8::from(session.sending.is_some()), session.epoch as u8];
        outline.extend(session.receiving.as_ref().map(|receiving| receiving.epoch as u8));
        outline.extend(session.exchange.name().as_bytes());
        match &session.exchange {
            Exchange::Offered(Offered { cursor, ciphertext, .. }) => {
                outline.push(*cursor as u8);
                outline.extend(ciphertext.have().to_be_bytes());
            }
            Exchange::Gathering(key) => outline.extend(key.have().to_be_bytes()),
            Exchange::Answered(Answered { cursor, .. }) => outline.push(*cursor as u8),
            _ => {}
        }
        let keys = [session.epoch.saturating_sub(1), session.epoch].map(|epoch| {
            let keys = [session.link_key(epoch), session.authenticator(epoch)];
            (epoch, keys.map(|key| *key.unwrap().as_bytes()))
        });
        Self {
            outline,
            epoch: session.epoch,
            shared: session.shared_epoch(),
            is_idle: matches!(session.exchange, Exchange::Idle),
            keys: keys.into(),
        }
    }
}

/// The numbers of a run.
#[derive(Debug, Default)]
struct Explored {
    states: usize,
    transitions: usize,
    /// States in which both ends had reached the last epoch.
    finished: usize,
    /// States from which, if nothing gets lost any more, the last epoch was reached.
    went_on: usize,
}

type Checked<T> = Result<T, String>;

fn ensure(holds: bool, what: &str) -> Checked<()> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

impl World {
    fn new() -> Self {
        let (ana, ben) = sessions(&mut rng(1));
        Self {
            disks: [&ana, &ben].map(|end| end.to_bytes().to_vec()),
            facts: [&ana, &ben].map(Facts::of),
            steps: [0; 2],
            under_way: Vec::new(),
            read: [Vec::new(), Vec::new()],
            keys: BTreeMap::new(),
            ciphertexts: BTreeMap::new(),
            secrets: Vec::new(),
        }
    }

    fn load(&self, end: usize) -> Session {
        Session::from_bytes(&self.disks[end]).unwrap()
    }

    /// Everything that can happen next.
    fn successors(&self, weakness: Weakness, rng: &mut ChaCha20Rng) -> Checked<Vec<Self>> {
        let mut all = Vec::new();
        for end in [0, 1] {
            if self.facts[end].is_idle && self.facts[end].epoch < EPOCHS {
                all.push(self.begin(end, rng)?);
            }
            // The packet gets lost, or the machine stops when the state is stored and it isn't out.
            let mut next = self.clone();
            let packet = next.send(end, weakness, rng)?;
            all.push(next.clone());
            if self.under_way.len() < UNDER_WAY {
                next.under_way.push(packet);
                all.push(next);
            }
        }
        for packet in 0..self.under_way.len() {
            // Lost on the way, or the machine stops before anything is stored.
            let mut next = self.clone();
            next.under_way.remove(packet);
            all.push(next);
            all.extend(self.arrive(packet, weakness, rng)?);
        }
        Ok(all)
    }

    fn begin(&self, end: usize, rng: &mut ChaCha20Rng) -> Checked<Self> {
        let mut next = self.clone();
        let mut session = next.load(end);
        session.begin_epoch(rng);
        next.store(end, &mut session)?;
        Ok(next)
    }

    /// A packet arrives. The last of what comes of it is that everything went well; else the
    /// machine stopped when the packet was read, and before the chunk in it was taken.
    fn arrive(&self, at: usize, weakness: Weakness, rng: &mut ChaCha20Rng) -> Checked<Vec<Self>> {
        let mut next = self.clone();
        let packet = next.under_way.remove(at);
        let end = packet.to;
        let mut session = next.load(end);
        if weakness == Weakness::AnswersAgain {
            forget_the_answer(&mut session);
        }
        let (root, mut text) = (session.root.clone(), Vec::new());
        let result = session.decrypt(&packet.bytes, 0, &mut text);
        ensure(result.is_ok(), &format!("a packet can't be read: {result:?}"))?;
        ensure(text == packet.text, "a packet is read to another text")?;
        next.steps[end] += i32::from(session.root != root);
        next.read[end].push(packet.bytes);
        if next.read[end].len() > REPEATED {
            next.read[end].remove(0);
        }
        next.store(end, &mut session)?;
        if text.is_empty() {
            return Ok(vec![next]);
        }
        let without = next.clone();
        let taken = session.take_chunk(&text, rng);
        ensure(taken.is_ok(), &format!("an honest chunk is refused: {taken:?}"))?;
        next.store(end, &mut session)?;
        Ok(vec![without, next])
    }

    fn send(&mut self, end: usize, weakness: Weakness, rng: &mut ChaCha20Rng) -> Checked<Packet> {
        let mut session = self.load(end);
        let (epoch, root) = (session.epoch, session.root.clone());
        let mut text = Vec::new();
        session.next_chunk(room(&session), &mut text);
        let before = session.exchange.clone();
        if weakness == Weakness::MixesTooEarly
            && let Exchange::Answered(Answered { shared, key, ciphertext, .. }) = &session.exchange
        {
            let (shared, ciphertext) = (shared.clone(), ciphertext.clone());
            let key_hash = Sha256::digest(key.as_bytes()).into();
            session.exchange = Exchange::Opened(Opened { shared, key_hash, ciphertext });
        }
        let mut bytes = Vec::new();
        session.encrypt(&text, &mut bytes, rng).map_err(|error| error.to_string())?;
        if session.epoch == epoch && weakness == Weakness::MixesTooEarly {
            session.exchange = before.clone();
        }
        if session.epoch > epoch && weakness == Weakness::KeepsItsSecret {
            session.exchange = before;
        }
        self.steps[end] += i32::from(session.root != root);
        // Whoever is written to can read the first packet of a chain, as he is now; the others are
        // put to the test when they arrive.
        if session.root != root {
            let result = self.load(1 - end).decrypt(&bytes, 0, &mut Vec::new());
            let used = session.epoch;
            ensure(
                result.is_ok(),
                &format!("epoch {used} is used, and the other end: {result:?}"),
            )?;
        }
        self.store(end, &mut session)?;
        Ok(Packet { to: 1 - end, bytes, text, step: self.steps[end], epoch: session.epoch })
    }

    /// Stores a session, and checks what then has to hold.
    fn store(&mut self, end: usize, session: &mut Session) -> Checked<()> {
        let next = session.next_epoch();
        let hash = |bytes: &[u8]| Sha256::digest(bytes).into();
        let once = |known: &mut BTreeMap<u32, [u8; 32]>, new: [u8; 32]| {
            *known.entry(next).or_insert(new) == new
        };
        let mut secret = Vec::new();
        match &session.exchange {
            Exchange::Offered(offered) => {
                let is_same = once(&mut self.keys, hash(offered.seed.as_bytes()));
                ensure(is_same, "two keys are offered for one epoch")?;
                secret.extend_from_slice(offered.seed.as_bytes().as_chunks().0);
            }
            Exchange::Opened(opened) => secret.push(*opened.shared.as_bytes()),
            Exchange::Answered(answered) => {
                let is_same = once(&mut self.ciphertexts, hash(answered.ciphertext.as_bytes()));
                ensure(is_same, "one key is answered twice")?;
                secret.push(*answered.shared.as_bytes());
            }
            _ => {}
        }
        for secret in secret {
            if !self.secrets.contains(&(next, secret)) {
                self.secrets.push((next, secret));
            }
        }
        let bytes = session.to_bytes();
        for (epoch, secret) in &self.secrets {
            let is_there = bytes.windows(32).any(|window| window == secret);
            ensure(!is_there || *epoch > session.epoch, "a secret outlives its epoch")?;
        }
        // What was read before is refused, and changes nothing.
        for packet in &self.read[end] {
            ensure(session.decrypt(packet, 0, &mut Vec::new()).is_err(), "read twice")?;
        }
        ensure(*session.to_bytes() == *bytes, "a refused packet left a trace")?;
        self.disks[end] = bytes.to_vec();
        self.facts[end] = Facts::of(session);
        Ok(())
    }

    /// What holds in every state.
    fn check(&self) -> Checked<()> {
        for (one, other) in [(0, 1), (1, 0)] {
            let (one, other) = (&self.facts[one], &self.facts[other]);
            let keys = one.keys.get(&one.shared);
            ensure(keys.is_some(), "the shared epoch has no keys")?;
            ensure(keys == other.keys.get(&one.shared), "the ends differ about an epoch's keys")?;
            ensure(one.epoch.abs_diff(other.epoch) <= 1, "an end is two epochs ahead")?;
        }
        Ok(())
    }

    /// The state without what no rule depends on: keys, and how many packets and turns there were.
    fn outline(&self) -> Vec<u8> {
        let mut outline = [self.facts[0].outline.as_slice(), &self.facts[1].outline].join(&b'|');
        outline.push((self.steps[0] - self.steps[1]) as u8);
        let mut packets: Vec<_> = self
            .under_way
            .iter()
            .map(|packet| {
                // Of an old chain, of the one being read, or a new one.
                let step = (packet.step - self.steps[packet.to]).max(-2);
                let chunk = packet.text.get(..5).map(<[u8]>::to_vec);
                (packet.to, step, packet.epoch, chunk, packet.text.len())
            })
            .collect();
        packets.sort();
        outline.extend(format!("{packets:?}").as_bytes());
        outline
    }

    /// From here on nothing gets lost: the ends come to the last epoch.
    fn go_on(mut self, rng: &mut ChaCha20Rng) -> Checked<()> {
        for _ in 0..60 {
            while !self.under_way.is_empty() {
                let mut next = self.arrive(0, Weakness::None, rng)?;
                self = next.pop().unwrap();
            }
            if self.is_finished() {
                return Ok(());
            }
            for end in [0, 1] {
                if self.facts[end].is_idle && self.facts[end].epoch < EPOCHS {
                    self = self.begin(end, rng)?;
                }
                let packet = self.send(end, Weakness::None, rng)?;
                self.under_way.push(packet);
            }
        }
        Err("loss has stopped the epochs for good".to_owned())
    }

    fn is_finished(&self) -> bool {
        self.facts.iter().all(|end| end.shared == EPOCHS)
    }
}

/// Room for the part of key or ciphertext that comes next: the caller's choice, and this one keeps
/// the number of states small.
fn room(session: &Session) -> usize {
    let (cursor, all) = match &session.exchange {
        Exchange::Offered(offered) => (offered.cursor, KEY_UNITS),
        Exchange::Answered(answered) => (answered.cursor, CIPHERTEXT_UNITS),
        _ => return 5,
    };
    let units = match cursor {
        _ if session.next_epoch() > IN_HALVES => all,
        0 => HALF,
        _ => all - HALF,
    };
    5 + UNIT_LEN * units
}

/// What an end would know that hadn't stored its answer.
fn forget_the_answer(session: &mut Session) {
    if let Exchange::Answered(answered) = &session.exchange {
        let units: Vec<_> = answered.key.present().copied().take(HALF).collect();
        session.exchange = Exchange::Gathering(Units::partial((1 << HALF) - 1, &units).unwrap());
    }
}

fn explore(weakness: Weakness) -> Checked<Explored> {
    let mut explored = Explored::default();
    let mut rng = rng(2);
    let world = World::new();
    let mut known = HashSet::from([world.outline()]);
    let mut queue = VecDeque::from([world]);
    while let Some(world) = queue.pop_front() {
        world.check()?;
        explored.states += 1;
        explored.finished += usize::from(world.is_finished());
        if explored.states % 200 == 1 && weakness == Weakness::None {
            world.clone().go_on(&mut rng)?;
            explored.went_on += 1;
        }
        for next in world.successors(weakness, &mut rng)? {
            explored.transitions += 1;
            if known.insert(next.outline()) {
                queue.push_back(next);
            }
        }
    }
    Ok(explored)
}

#[test]
fn no_order_of_events_breaks_an_epoch() {
    let explored = explore(Weakness::None).unwrap();
    println!("{explored:?}");
    assert!(explored.states > 1_000 && explored.finished > 0 && explored.went_on > 10);
}

#[test]
fn an_answerer_that_mixes_too_early_is_found() {
    insta::assert_snapshot!(explore(Weakness::MixesTooEarly).unwrap_err(), @"epoch 1 is used, and the other end: Err(Epoch(1))");
}

#[test]
fn a_key_that_is_answered_twice_is_found() {
    insta::assert_snapshot!(explore(Weakness::AnswersAgain).unwrap_err(), @"one key is answered twice");
}

#[test]
fn a_secret_that_is_kept_is_found() {
    insta::assert_snapshot!(explore(Weakness::KeepsItsSecret).unwrap_err(), @"a secret outlives its epoch");
}
