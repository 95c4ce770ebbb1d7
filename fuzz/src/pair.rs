//! Two ends of OTR, what carries their lines, and what the targets of all versions share.

use std::collections::VecDeque;
use std::sync::OnceLock;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_otr::{
    Account, Ensemble, Event, Identity, InstanceTag, Output, Policy, Prekeys, PrivateKey,
    Publication, Session, Settings, Status, Version, Versions,
};

use super::input::Input;

/// The most steps of one input, so that a run is short.
pub(super) const STEPS: usize = 32;

/// In every text that must not leave in the clear.
pub(super) const MARK: &str = "lake by the mill";

pub(super) const ANA: u32 = 0x1000;
pub(super) const BEN: u32 = 0x2000;

/// Unix time at the moment of all calls.
pub(super) const BEGAN: u64 = 1_700_000_000;

pub(super) fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// The key of both ends, which is for tests alone: making one takes seconds.
pub(super) fn key() -> &'static PrivateKey {
    static KEY: OnceLock<PrivateKey> = OnceLock::new();
    KEY.get_or_init(|| {
        let golden = include_str!("../../crates/otr/tests/golden/private-key-v1.hex").trim();
        let bytes = HEXLOWER.decode(golden.as_bytes()).expect("digits");
        PrivateKey::from_bytes(&bytes).expect("a key")
    })
}

/// An account with the key of all, and for version 4 with the identity of this number.
pub(super) fn account(number: u32, version_4: bool) -> Account {
    let again = PrivateKey::from_bytes(&key().to_bytes()).expect("a key");
    let account = Account::new(again, InstanceTag::new(number).expect("a tag"));
    let [one, two] = identities();
    let identity = if number == ANA { one } else { two };
    if version_4 { account.with_version_4(identity.clone(), BEGAN) } else { account }
}

fn settings(policy: Policy, longest_line: Option<usize>) -> Settings {
    Settings { policy, longest_line, explanation: String::new(), ..Settings::default() }
}

pub(super) fn session(number: u32, policy: Policy, longest_line: Option<usize>) -> Session {
    let account = account(number, policy.versions.has(Version::V4));
    Session::new(account, settings(policy, longest_line)).expect("long enough lines")
}

/// The identities of both ends, of version 4.
pub(super) fn identities() -> &'static [Identity; 2] {
    static IDENTITIES: OnceLock<[Identity; 2]> = OnceLock::new();
    IDENTITIES
        .get_or_init(|| [ANA, BEN].map(|tag| Identity::generate(&mut rng(tag.to_be_bytes()[2]))))
}

pub(super) const NOW: Duration = Duration::ZERO;

pub(super) fn check_stranger(ana: &Session, output: &Output, policy: Policy) {
    assert_eq!(ana.status(), Status::Plain);
    for event in &output.events {
        assert!(!matches!(event, Event::Secure { .. } | Event::Private { .. }), "{event:?}");
    }
    if policy.require_encryption {
        assert!(output.lines.iter().all(|line| !line.contains(MARK)), "in the clear");
    }
}

pub(super) fn armored(message: &[u8]) -> String {
    format!("?OTR:{}.", BASE64.encode(message))
}

/// The bytes of an encoded message.
pub(super) fn bytes_of(line: &str) -> Option<Vec<u8>> {
    let base64 = line.strip_prefix("?OTR:")?.strip_suffix('.')?;
    BASE64.decode(base64.as_bytes()).ok()
}

/// A line, changed as the input says: its binary message if it has one, or its characters.
pub(super) fn edited(line: &str, inside: bool, input: &mut Input<'_>) -> String {
    if let (true, Some(mut message)) = (inside, bytes_of(line)) {
        input.edit(&mut message);
        return armored(&message);
    }
    let mut bytes = line.as_bytes().to_vec();
    input.edit(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Two ends, and what carries their lines.
pub(super) struct Pair {
    pub(super) ends: [Session; 2],
    pub(super) rngs: [ChaCha20Rng; 2],
    accounts: [Account; 2],
    /// Lines under way, each with whom it is for.
    pub(super) under_way: VecDeque<(usize, String)>,
    pub(super) all: Vec<(usize, String)>,
}

impl Pair {
    pub(super) fn new(policy: Policy, longest_line: Option<usize>, seed: u8) -> Self {
        // Who publishes nothing takes nothing that was written while it was offline.
        let accounts = [ANA, BEN].map(|number| {
            let account = account(number, policy.versions.has(Version::V4));
            account.with_prekeys(Prekeys::new())
        });
        let end = |account: &Account| {
            Session::new(account.clone(), settings(policy, longest_line)).expect("long enough")
        };
        Self {
            ends: [end(&accounts[0]), end(&accounts[1])],
            accounts,
            rngs: [rng(seed), rng(seed + 1)],
            under_way: VecDeque::new(),
            all: Vec::new(),
        }
    }

    /// One asks, and everything arrives.
    pub(super) fn begin(&mut self, who: usize) {
        let output = self.ends[who].start(NOW).expect("versions");
        self.sends(who, output.lines);
        while let Some((to, line)) = self.under_way.pop_front() {
            self.receive(to, &line, NOW);
        }
        assert!(self.ends.iter().all(|end| end.status() == Status::Private));
    }

    /// Publishes what messages of version 4 to an end that is offline need.
    pub(super) fn publish(&mut self, who: usize, count: usize) -> Publication {
        let versions = Versions::NONE.with(Version::V4);
        let published = self.accounts[who].publish(versions, count, NOW, &mut self.rngs[who]);
        published.expect("good numbers")
    }

    pub(super) fn write_offline(&mut self, who: usize, to: &Ensemble, text: &str) -> Output {
        let written = self.ends[who].write_offline(to, text, NOW, &mut self.rngs[who]);
        written.expect("room for one client")
    }

    pub(super) fn sends(&mut self, from: usize, lines: Vec<String>) {
        for line in lines {
            self.under_way.push_back((1 - from, line.clone()));
            self.all.push((1 - from, line));
        }
    }

    pub(super) fn receive(&mut self, to: usize, line: &str, now: Duration) -> Vec<Event> {
        let Output { lines, events } = self.ends[to].receive(line, now, &mut self.rngs[to]);
        self.sends(to, lines);
        events
    }
}

pub(super) fn data_of(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).expect("short").to_be_bytes(), bytes].concat()
}

/// A record of an authentic message.
pub(super) fn record(kind: u8, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(value.len()).expect("short").to_be_bytes();
    [&[0, kind][..], &len, value].concat()
}

pub(super) fn private_text(event: &Event) -> Option<&String> {
    match event {
        Event::Private { text, .. } => Some(text),
        _ => None,
    }
}

pub(super) fn check_hidden(lines: &[String]) {
    for line in lines {
        assert!(line.starts_with("?OTR") && !line.contains(MARK), "in the clear: {line}");
    }
}
