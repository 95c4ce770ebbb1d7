//! Sessions for tests, and what carries lines between them.

use std::collections::VecDeque;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use undertone_otr::{
    Account, Event, Identity, InstanceTag, Output, Policy, PrivateKey, Session, Settings, Version,
};

pub(crate) const NOW: Duration = Duration::ZERO;

pub(crate) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// The key of the vectors: all accounts of these tests have it, since making one takes seconds.
pub(crate) fn key() -> PrivateKey {
    let golden = include_str!("../golden/private-key-v1.hex").trim();
    let bytes = data_encoding::HEXLOWER.decode(golden.as_bytes()).unwrap();
    PrivateKey::from_bytes(&bytes).unwrap()
}

pub(crate) fn tag(number: u32) -> InstanceTag {
    InstanceTag::new(number).unwrap()
}

/// Unix time at [`NOW`].
pub(crate) const BEGAN: u64 = 1_700_000_000;

/// Version 4 alone, and nothing in the clear.
pub(crate) fn policy_4() -> Policy {
    Policy::REQUIRE.only(Version::V4)
}

/// The identity of version 4 that a client with this number has.
pub(crate) fn identity(number: u32) -> Identity {
    Identity::generate(&mut rng(number.to_be_bytes()[2]))
}

pub(crate) fn account(number: u32) -> Account {
    Account::new(key(), tag(number)).with_version_4(identity(number), BEGAN)
}

pub(crate) fn session(number: u32, policy: Policy) -> Session {
    session_with(number, Settings { policy, ..Settings::default() })
}

/// A session that speaks version 4 too, where the policy allows it.
pub(crate) fn session_with(number: u32, settings: Settings) -> Session {
    Session::new(account(number), settings).unwrap()
}

/// Two sessions, whose lines all arrive, and what happened to each.
pub(crate) struct Pair {
    pub(crate) ana: Session,
    pub(crate) ben: Session,
    pub(crate) rng: ChaCha20Rng,
    pub(crate) now: Duration,
    pub(crate) of_ana: Vec<Event>,
    pub(crate) of_ben: Vec<Event>,
    /// All lines, whoever sent them.
    pub(crate) wire: Vec<String>,
}

impl Pair {
    pub(crate) fn new(ana: Policy, ben: Policy) -> Self {
        Self {
            ana: session(0x1000, ana),
            ben: session(0x2000, ben),
            rng: rng(1),
            now: NOW,
            of_ana: Vec::new(),
            of_ben: Vec::new(),
            wire: Vec::new(),
        }
    }

    /// In a session.
    pub(crate) fn private(policy: Policy) -> Self {
        let mut pair = Self::new(policy, policy);
        let asked = pair.ana.start(NOW).unwrap();
        pair.ana_gives(asked);
        pair.of_ana.clear();
        pair.of_ben.clear();
        pair
    }

    /// Takes what Ana's session gave, and carries lines until nobody has any.
    pub(crate) fn ana_gives(&mut self, output: Output) {
        self.of_ana.extend(output.events);
        self.carry(output.lines, Vec::new());
    }

    pub(crate) fn ben_gives(&mut self, output: Output) {
        self.of_ben.extend(output.events);
        self.carry(Vec::new(), output.lines);
    }

    pub(crate) fn ana_says(&mut self, text: &str) {
        let output = self.ana.send(text, self.now).unwrap();
        self.ana_gives(output);
    }

    pub(crate) fn ben_says(&mut self, text: &str) {
        let output = self.ben.send(text, self.now).unwrap();
        self.ben_gives(output);
    }

    pub(crate) fn carry(&mut self, to_ben: Vec<String>, to_ana: Vec<String>) {
        let (mut to_ben, mut to_ana) = (VecDeque::from(to_ben), VecDeque::from(to_ana));
        for _ in 0..10_000 {
            if let Some(line) = to_ben.pop_front() {
                let output = self.ben.receive(&line, self.now, &mut self.rng);
                self.of_ben.extend(output.events);
                to_ana.extend(output.lines);
                self.wire.push(line);
            } else if let Some(line) = to_ana.pop_front() {
                let output = self.ana.receive(&line, self.now, &mut self.rng);
                self.of_ana.extend(output.events);
                to_ben.extend(output.lines);
                self.wire.push(line);
            } else {
                return;
            }
        }
        assert!(to_ben.is_empty() && to_ana.is_empty(), "the lines have no end");
    }
}

/// The texts that came in private.
pub(crate) fn texts(events: &[Event]) -> Vec<&str> {
    let texts = events.iter().filter_map(|event| match event {
        Event::Private { text, .. } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

pub(crate) fn is_secure(event: &Event) -> bool {
    matches!(event, Event::Secure { .. })
}
