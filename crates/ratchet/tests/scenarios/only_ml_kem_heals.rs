//! A thief of the state who only listens, and to whom every X25519 secret is handed besides: he
//! reads exactly until the first chain of an epoch whose key was made after the theft.
//! And one who keeps the epochs from ending: that is shown, and stopped.

use std::collections::HashMap;

use rand_chacha::ChaCha20Rng;
use undertone_ratchet::session::{
    AMBER_MESSAGES, Begin, EncryptError, Healing, MAX_CHUNK, MAX_UNHEALED, Session, Taken,
};

use crate::ends::{open, pass, pass_chunk, rng, seal, sessions, take, try_seal};
use crate::second::{
    CIPHERTEXT_UNITS, Exchange, Key, Mix, Second, dh, message_key, next_chain, open_header,
    open_payload, public_key, root_step, sha256,
};

/// A chain as the thief follows it.
#[derive(Clone)]
struct Chain {
    key: Key,
    header: Key,
    next: u32,
}

/// Someone with a copy of one end's state, who hears every packet in order.
struct Thief {
    data: Key,
    root: Key,
    /// The packets of each end.
    chains: [Option<Chain>; 2],
    next_headers: [Key; 2],
    publics: [Key; 2],
    /// The private X25519 keys that he has, by public key.
    privates: HashMap<Key, Key>,
    epoch: u32,
    exchange: Exchange,
    /// The exchange that he heard: units of the key and of the ciphertext of each epoch.
    heard: HashMap<(u32, usize), Vec<Option<Key>>>,
}

impl Thief {
    /// Copies the state of end `robbed`.
    fn new(state: &[u8], robbed: usize, privates: &HashMap<Key, Key>) -> Self {
        let state = Second::parse(state);
        let mut privates = privates.clone();
        let mut chains = [None, None];
        let mut next_headers = [state.next_receiving; 2];
        next_headers[robbed] = state.next_sending;
        let mut publics = [state.peer; 2];
        if let Some(sending) = state.sending {
            publics[robbed] = public_key(&sending.own);
            privates.insert(publics[robbed], sending.own);
            let (key, header, next) = (sending.chain, sending.header, sending.sent);
            chains[robbed] = Some(Chain { key, header, next });
        }
        if let Some(receiving) = state.receiving {
            let (key, header, next) = (receiving.chain, receiving.header, receiving.next);
            chains[1 - robbed] = Some(Chain { key, header, next });
        }
        Self {
            data: state.data,
            root: state.root,
            chains,
            next_headers,
            publics,
            privates,
            epoch: state.epoch,
            exchange: state.exchange,
            heard: HashMap::new(),
        }
    }

    /// A packet of end `from`, read if he can.
    fn hear(&mut self, from: usize, packet: &[u8]) -> Option<Vec<u8>> {
        let chain = self.chains[from].clone();
        let along = chain.filter(|chain| open_header(packet, &chain.header, &self.data).is_some());
        let mut chain = match along {
            Some(chain) => chain,
            None => self.step(from, packet)?,
        };
        let header = open_header(packet, &chain.header, &self.data)?;
        while chain.next < header.number {
            chain.key = next_chain(&chain.key);
            chain.next += 1;
        }
        let text = open_payload(packet, &message_key(&chain.key), &self.data)?;
        chain = Chain { key: next_chain(&chain.key), next: chain.next + 1, ..chain };
        self.chains[from] = Some(chain);
        self.keep_chunk(from, &text);
        Some(text)
    }

    /// The first packet of a new chain: the root step, if he has what it takes.
    fn step(&mut self, from: usize, packet: &[u8]) -> Option<Chain> {
        let header_key = self.next_headers[from];
        let header = open_header(packet, &header_key, &self.data)?;
        let other = self.publics[1 - from];
        let agreed = match (self.privates.get(&header.key), self.privates.get(&other)) {
            (Some(own), _) => dh(own, &other),
            (None, Some(own)) => dh(own, &header.key),
            (None, None) => return None,
        };
        let mix = if header.epoch == self.epoch { None } else { Some(self.mix(header.epoch)?) };
        let step = root_step(&self.root, &agreed, mix.as_ref());
        // Whether it was right shows when the payload opens; if not he has lost the thread.
        open_payload(packet, &message_key(&step.chain), &self.data)?;
        if mix.is_some() {
            self.exchange = Exchange::Idle;
        }
        (self.root, self.epoch, self.publics[from]) = (step.root, header.epoch, header.key);
        self.next_headers[from] = step.next_header;
        Some(Chain { key: step.chain, header: header_key, next: 0 })
    }

    /// The secret of an epoch, from what he stole and what he heard.
    fn mix(&self, epoch: u32) -> Option<Mix> {
        let heard = |units: usize| -> Option<Vec<u8>> {
            let all: Option<Vec<Key>> = self.heard.get(&(epoch, units))?.iter().copied().collect();
            all.map(|units| units.concat())
        };
        let (shared, key_hash, ciphertext) = match &self.exchange {
            Exchange::Offered { seed, ciphertext: stolen, .. } => {
                let mut all = self.heard.get(&(epoch, CIPHERTEXT_UNITS)).cloned()?;
                stolen.iter().for_each(|(number, unit)| all[*number] = Some(*unit));
                let all: Option<Vec<Key>> = all.into_iter().collect();
                let ciphertext = all?.concat();
                let shared = crate::second::decapsulate(seed, &ciphertext);
                (shared, sha256(&crate::second::encapsulation_key(seed)), ciphertext)
            }
            Exchange::Opened { shared, key_hash, ciphertext } => {
                (*shared, *key_hash, ciphertext.clone())
            }
            Exchange::Answered { shared, key, ciphertext, .. } => {
                (*shared, sha256(key), ciphertext.clone())
            }
            // Key and ciphertext can be heard; the secret can't be made from them.
            _ => {
                assert!(heard(CIPHERTEXT_UNITS).is_some(), "he heard the whole exchange");
                return None;
            }
        };
        Some(Mix { epoch, shared, key_hash, ciphertext_hash: sha256(&ciphertext) })
    }

    fn keep_chunk(&mut self, from: usize, text: &[u8]) {
        let Some(chunk) = text.get(TEXT.len()..).filter(|chunk| chunk.len() > 5) else { return };
        let epoch = u32::from_be_bytes(chunk[..4].try_into().unwrap());
        // Ana, the initiator, offers the odd ones.
        let all = if (epoch % 2 == 1) == (from == 0) { 37 } else { CIPHERTEXT_UNITS };
        let units = self.heard.entry((epoch, all)).or_insert_with(|| vec![None; all]);
        for (number, unit) in (usize::from(chunk[4])..).zip(chunk[5..].as_chunks().0) {
            units[number % all] = Some(*unit);
        }
    }
}

const TEXT: &[u8] = b"some text";

/// A conversation in which each end sends two packets in turn, always beginning epochs.
struct Talk {
    ends: [Session; 2],
    rng: ChaCha20Rng,
    sent: usize,
    /// Every X25519 private key that was ever in a state, by public key.
    privates: HashMap<Key, Key>,
}

impl Talk {
    fn new() -> Self {
        let mut rng = rng(1);
        let (ana, ben) = sessions(&mut rng);
        Self { ends: [ana, ben], rng, sent: 0, privates: HashMap::new() }
    }

    /// The next packet, from whom it is, and the epoch of its chain.
    fn go_on(&mut self) -> (usize, Vec<u8>, u32) {
        let from = self.sent / 2 % 2;
        self.sent += 1;
        let rng = &mut self.rng;
        let (left, right) = self.ends.split_at_mut(1);
        let (sender, receiver) =
            if from == 0 { (&mut left[0], &mut right[0]) } else { (&mut right[0], &mut left[0]) };
        sender.begin_epoch(rng);
        let mut text = TEXT.to_vec();
        sender.next_chunk(400, &mut text);
        let packet = seal(sender, &text, rng);
        let own = Second::parse(&sender.to_bytes()).sending.unwrap().own;
        self.privates.insert(public_key(&own), own);
        let read = open(receiver, &packet).unwrap();
        if read.len() > TEXT.len() {
            take(receiver, &read[TEXT.len()..], rng).unwrap();
        }
        (from, packet, sender.epoch())
    }
}

/// A whole conversation, with both states before each packet.
struct Record {
    states: Vec<[Vec<u8>; 2]>,
    packets: Vec<(usize, Vec<u8>, u32)>,
    privates: HashMap<Key, Key>,
}

impl Record {
    fn new() -> Self {
        let mut talk = Talk::new();
        let (mut states, mut packets) = (Vec::new(), Vec::new());
        for _ in 0..180 {
            states.push([0, 1].map(|end: usize| talk.ends[end].to_bytes().to_vec()));
            packets.push(talk.go_on());
        }
        Self { states, packets, privates: talk.privates }
    }

    /// What the thief of the state of `robbed` before packet `at` reads of it and the later ones,
    /// with the epoch of each.
    fn steal(&self, robbed: usize, at: usize, x25519_too: bool) -> Vec<(u32, bool)> {
        // Broken X25519 gives him the private keys that were made later, too.
        let privates = if x25519_too { self.privates.clone() } else { HashMap::new() };
        let mut thief = Thief::new(&self.states[at][robbed], robbed, &privates);
        self.packets[at..]
            .iter()
            .map(|(from, packet, epoch)| (*epoch, thief.hear(*from, packet).is_some()))
            .collect()
    }

    /// The epoch and the exchange of the robbed end at the theft.
    fn situation(&self, robbed: usize, at: usize) -> (u32, &'static str) {
        let state = Second::parse(&self.states[at][robbed]);
        let name = match state.exchange {
            Exchange::Idle => "idle",
            Exchange::Asking => "asking",
            Exchange::Offered { .. } => "offered",
            Exchange::Opened { .. } => "opened",
            Exchange::Gathering { .. } => "gathering",
            Exchange::Answered { .. } => "answered",
        };
        (state.epoch, name)
    }
}

#[test]
fn with_every_x25519_secret_he_reads_until_an_epoch_began_after_the_theft() {
    let record = Record::new();
    let mut seen = std::collections::BTreeSet::new();
    for robbed in [0, 1] {
        for before in 1..60 {
            let (epoch, name) = record.situation(robbed, before);
            seen.insert(name);
            // What the state holds of an exchange under way is lost with it: that epoch is his,
            // and the one after heals.
            let healed = match name {
                "offered" | "opened" | "answered" => epoch + 2,
                _ => epoch + 1,
            };
            let heard = record.steal(robbed, before, true);
            assert!(heard.iter().any(|(epoch, _)| *epoch > healed), "two epochs more go by");
            for (number, (epoch, was_read)) in heard.into_iter().enumerate() {
                let expected = epoch < healed;
                assert_eq!(was_read, expected, "{robbed} {before} {name}: {number} of {epoch}");
            }
        }
    }
    let all = ["asking", "answered", "gathering", "idle", "offered", "opened"];
    assert!(all.iter().filter(|name| seen.contains(*name)).count() >= 5, "{seen:?}");
}

#[test]
fn the_first_unreadable_packet_by_number() {
    let record = Record::new();
    let first = |robbed, before, x25519_too| {
        let heard = record.steal(robbed, before, x25519_too);
        let first = heard.iter().position(|(_, was_read)| !was_read).unwrap();
        assert!(heard[first..].iter().all(|(_, was_read)| !was_read), "and none behind it");
        first
    };
    // Stolen after four packets, before Ana's third, with a part of her key sent to Ben. Her own
    // next packet has a new key; Ben's chain comes two packets later. What is on offer at the theft
    // is the thief's, too, and the epoch after that takes Ana two rounds more.
    insta::assert_snapshot!(
        format!(
            "X25519 whole: {} after the theft from Ana, {} from Ben\n\
             X25519 broken: {} after the theft from Ana, {} from Ben",
            first(0, 4, false),
            first(1, 4, false),
            first(0, 4, true),
            first(1, 4, true),
        ),
        @"
    X25519 whole: 0 after the theft from Ana, 2 from Ben
    X25519 broken: 22 after the theft from Ana, 8 from Ben
    "
    );
}

#[test]
fn who_starves_the_exchange_is_seen_and_stopped() {
    let mut rng = rng(2);
    let (mut ana, mut ben) = sessions(&mut rng);
    assert_eq!(ana.begin_epoch(&mut rng), Begin::Offered);
    // He drops each packet in which a part of the ciphertext comes back, and no other one.
    let check = |end: &Session, packets: u32| {
        let expected = match packets {
            0..AMBER_MESSAGES => Healing::Fresh,
            AMBER_MESSAGES..MAX_UNHEALED => Healing::Late,
            _ => Healing::Stopped,
        };
        assert_eq!(end.healing(), expected, "after {packets} packets");
    };
    let (mut counted, mut dropped) = ([0, 0], 0);
    for round in 0.. {
        let mut chunk = Vec::new();
        ana.next_chunk(400, &mut chunk);
        let Ok(packet) = try_seal(&mut ana, &chunk, &mut rng) else { break };
        let chunk = open(&mut ben, &packet).unwrap();
        take(&mut ben, &chunk, &mut rng).unwrap();
        counted = counted.map(|count| count + 1);

        let mut chunk = Vec::new();
        if round % 2 == 0 {
            ben.next_chunk(400, &mut chunk);
        }
        // Ben, some of whose packets get lost, has counted more of them and stops first.
        if let Ok(packet) = try_seal(&mut ben, &chunk, &mut rng) {
            counted[1] += 1;
            if chunk.is_empty() {
                open(&mut ana, &packet).unwrap();
                counted[0] += 1;
            } else {
                dropped += 1;
            }
        }
        check(&ana, counted[0]);
        check(&ben, counted[1]);
    }
    assert!(dropped > 100);
    assert_eq!(counted[0], MAX_UNHEALED);
    for end in [&mut ana, &mut ben] {
        let before = end.to_bytes();
        assert_eq!(try_seal(end, b"", &mut rng), Err(EncryptError::Unhealed));
        assert!(*before == *end.to_bytes());
        assert_eq!((end.epoch(), end.healing()), (0, Healing::Stopped));
    }
    // He is gone: packets that hold nothing but chunks end the epoch, and the stop with it.
    let mut rounds = 0;
    while ben.healing() == Healing::Stopped {
        for _ in 0..2 {
            let (mut chunk, mut packet) = (Vec::new(), Vec::new());
            ana.next_chunk(400, &mut chunk);
            ana.encrypt_to_heal(&chunk, &mut packet, &mut rng).unwrap();
            let chunk = open(&mut ben, &packet).unwrap();
            assert!(chunk.is_empty() || take(&mut ben, &chunk, &mut rng).is_ok());
            std::mem::swap(&mut ana, &mut ben);
        }
        rounds += 1;
    }
    assert!(rounds < 10, "{rounds}");
    pass(&mut ana, &mut ben, b"at last", &mut rng);
}

#[test]
fn a_packet_that_brings_the_epoch_is_never_one_too_many() {
    let mut rng = rng(3);
    let (mut ana, mut ben) = sessions(&mut rng);
    ana.begin_epoch(&mut rng);
    pass_chunk(&mut ana, &mut ben, MAX_CHUNK, &mut rng);
    for _ in 0..MAX_UNHEALED / 2 - 1 {
        pass(&mut ben, &mut ana, b"", &mut rng);
        pass(&mut ana, &mut ben, b"", &mut rng);
    }
    // The thousandth packet is the ciphertext.
    assert_eq!(pass_chunk(&mut ben, &mut ana, MAX_CHUNK, &mut rng), Some(Taken::Opened));
    assert_eq!((ana.healing(), ben.healing()), (Healing::Stopped, Healing::Stopped));
    assert_eq!(try_seal(&mut ben, b"", &mut rng), Err(EncryptError::Unhealed));
    pass(&mut ana, &mut ben, b"with the epoch", &mut rng);
    assert_eq!((ana.healing(), ben.healing()), (Healing::Fresh, Healing::Fresh));
    pass(&mut ben, &mut ana, b"so Ben can speak again", &mut rng);
}
