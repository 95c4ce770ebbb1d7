//! A client of otrr beside one of ours, and what carries lines between them: `cargo xtask interop
//! otrr`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use otrr::crypto::{dsa, ed448};
use otrr::{Host, UserMessage};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use undertone_otr::{
    Account, Event, Identity, InstanceTag, Output, Policy, PrivateKey, Session, Settings, Version,
};

/// Names on the carrier.
pub const OURS: &str = "ana@example.org";
/// The name of the client of otrr.
pub const THEIRS: &str = "ben@example.org";

/// Lines that a client wants sent.
pub type Lines = Rc<RefCell<VecDeque<Vec<u8>>>>;

/// The moment of all calls.
pub const NOW: Duration = Duration::ZERO;

/// What a program gives otrr: keys, a carrier, and answers.
pub struct Client {
    lines: Lines,
    dsa: Option<dsa::Keypair>,
    identity: ed448::EdDSAKeyPair,
    forging: ed448::EdDSAKeyPair,
    longest: usize,
    secret: &'static str,
    profile: RefCell<Vec<u8>>,
}

impl Client {
    /// With fresh keys, and what it will want sent.
    #[must_use]
    pub fn new(set: &Set) -> (Self, Lines) {
        let lines = Lines::default();
        let client = Self {
            lines: Rc::clone(&lines),
            dsa: set.older().then(dsa::Keypair::generate),
            identity: ed448::EdDSAKeyPair::generate(),
            forging: ed448::EdDSAKeyPair::generate(),
            longest: set.longest.unwrap_or(usize::MAX),
            secret: set.secret,
            profile: RefCell::default(),
        };
        (client, lines)
    }
}

impl Host for Client {
    fn message_size(&self) -> usize {
        self.longest
    }

    fn inject(&self, _account: &[u8], message: &[u8]) {
        self.lines.borrow_mut().push_back(message.to_vec());
    }

    fn keypair(&self) -> Option<&dsa::Keypair> {
        self.dsa.as_ref()
    }

    fn keypair_identity(&self) -> &ed448::EdDSAKeyPair {
        &self.identity
    }

    fn keypair_forging(&self) -> &ed448::EdDSAKeyPair {
        &self.forging
    }

    fn query_smp_secret(&self, _question: &[u8]) -> Option<Vec<u8>> {
        Some(self.secret.as_bytes().to_vec())
    }

    fn client_profile(&self) -> Vec<u8> {
        self.profile.borrow().clone()
    }

    fn update_client_profile(&self, encoded_payload: Vec<u8>) {
        self.profile.replace(encoded_payload);
    }
}

/// What differs between tests.
pub struct Set {
    /// The longest line, for both.
    pub longest: Option<usize>,
    /// What the user of otrr answers.
    pub secret: &'static str,
    /// What both speak. With version 3 both have keys of it, which vouch for their identities.
    pub versions: &'static [Version],
    /// Whether both make offers by tags, and take them.
    pub tags: bool,
}

impl Default for Set {
    fn default() -> Self {
        Self { longest: None, secret: "bridge", versions: &[Version::V4], tags: false }
    }
}

impl Set {
    fn older(&self) -> bool {
        self.versions.contains(&Version::V3)
    }

    /// What ours does by itself.
    fn ours(&self) -> Policy {
        let preset = if self.tags { Policy::OPPORTUNISTIC } else { Policy::REQUIRE };
        Policy { versions: self.versions.iter().copied().collect(), ..preset }
    }

    /// What theirs does.
    fn theirs(&self) -> otrr::Policy {
        let mut policy = otrr::Policy::empty();
        policy.set(otrr::Policy::ALLOW_V3, self.older());
        policy.set(otrr::Policy::ALLOW_V4, self.versions.contains(&Version::V4));
        policy.set(otrr::Policy::SEND_WHITESPACE_TAG, self.tags);
        policy.set(otrr::Policy::WHITESPACE_START_AKE, self.tags);
        policy
    }
}

/// One client of ours, one of otrr's.
pub struct Pair {
    /// Ours.
    pub ours: Session,
    /// Our identity.
    pub identity: Identity,
    /// Theirs.
    pub theirs: otrr::session::Account,
    /// Random numbers of ours.
    pub rng: ChaCha20Rng,
    /// What happened to ours.
    pub events: Vec<Event>,
    /// What happened to theirs.
    pub messages: Vec<UserMessage>,
    /// All lines, whoever sent them.
    pub wire: Vec<String>,
    lines: Lines,
}

impl Pair {
    /// Two that have not spoken yet.
    #[must_use]
    pub fn new(set: &Set) -> Self {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let identity = Identity::generate(&mut rng);
        let key = PrivateKey::generate(&mut rng);
        let account = Account::new(key, InstanceTag::random(&mut rng));
        let account = account.with_version_4(identity.clone(), began);
        let settings = Settings {
            policy: set.ours(),
            longest_line: set.longest,
            our_name: OURS.to_owned(),
            peer_name: THEIRS.to_owned(),
            explanation: String::new(),
            ..Settings::default()
        };
        let ours = Session::new(account, settings).unwrap();
        let (host, lines) = Client::new(set);
        let name = THEIRS.as_bytes().to_vec();
        let theirs = otrr::session::Account::new(name, set.theirs(), Rc::new(host)).unwrap();
        let (events, messages, wire) = (Vec::new(), Vec::new(), Vec::new());
        Self { ours, identity, theirs, rng, events, messages, wire, lines }
    }

    /// In a session that we began, or they.
    #[must_use]
    pub fn private(set: &Set, we_begin: bool) -> Self {
        let mut pair = Self::new(set);
        if we_begin {
            let asked = pair.ours.start(NOW).unwrap();
            pair.give(asked);
        } else {
            pair.theirs.session(OURS.as_bytes()).query().unwrap();
            pair.give(Output::default());
        }
        pair
    }

    /// Their program starts anew: it forgets all sessions, and its keys are others.
    pub fn start_anew(&mut self, set: &Set) {
        let (host, lines) = Client::new(set);
        let name = THEIRS.as_bytes().to_vec();
        self.theirs = otrr::session::Account::new(name, set.theirs(), Rc::new(host)).unwrap();
        self.lines = lines;
    }

    /// Takes what our session gave, and carries lines until nobody has any.
    pub fn give(&mut self, output: Output) {
        self.events.extend(output.events);
        let mut to_them = VecDeque::from(output.lines);
        loop {
            if let Some(line) = to_them.pop_front() {
                let message = self.theirs.session(OURS.as_bytes()).receive(line.as_bytes());
                self.messages.push(message.unwrap());
                self.wire.push(line);
                continue;
            }
            let Some(line) = self.lines.borrow_mut().pop_front() else { return };
            let line = String::from_utf8(line).unwrap();
            let Output { lines, events } = self.ours.receive(&line, NOW, &mut self.rng);
            self.events.extend(events);
            to_them.extend(lines);
            self.wire.push(line);
        }
    }

    /// The tag of their client's session with us, on our side; of ours on theirs.
    #[must_use]
    pub fn tags(&mut self) -> (InstanceTag, u32) {
        let theirs = self.ours.instances().next().unwrap().instance.unwrap();
        let ours = self.theirs.session(OURS.as_bytes()).instances();
        let ours = ours.into_iter().find(|tag| *tag != 0).unwrap();
        (theirs, ours)
    }

    /// Says something, and lets it arrive.
    pub fn we_say(&mut self, text: &str) {
        let output = self.ours.send(text, NOW).unwrap();
        self.give(output);
    }

    /// Lets them say something, and lets it arrive.
    pub fn they_say(&mut self, text: &str) {
        let (_, tag) = self.tags();
        let lines = self.theirs.session(OURS.as_bytes()).send(tag, text.as_bytes()).unwrap();
        self.lines.borrow_mut().extend(lines);
        self.give(Output::default());
    }

    /// Lets them do something, and lets what comes of it arrive.
    pub fn they(&mut self, act: impl FnOnce(&mut otrr::session::Session, u32)) {
        let (_, tag) = self.tags();
        act(self.theirs.session(OURS.as_bytes()), tag);
        self.give(Output::default());
    }

    /// What we heard.
    #[must_use]
    pub fn we_heard(&self) -> Vec<&str> {
        let texts = self.events.iter().filter_map(|event| match event {
            Event::Private { text, .. } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// What they heard.
    #[must_use]
    pub fn they_heard(&self) -> Vec<String> {
        let texts = self.messages.iter().filter_map(|message| match message {
            UserMessage::Confidential(_, text, _) if !text.is_empty() => {
                Some(String::from_utf8(text.clone()).unwrap())
            }
            _ => None,
        });
        texts.collect()
    }
}
