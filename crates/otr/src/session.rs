//! A conversation with one peer, whatever clients the peer has and whatever versions they speak.

mod account;
mod event;
mod exchange4;
mod instance;
mod receive;
mod smp;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::fragment::{Assembler, LINE_MIN};
use crate::fragment4::Assembler4;
use crate::tlv::{Tlv, kind};
use crate::v3::ake::{Auth, Started};
use crate::v3::keys::ExtraKey;
use crate::v4::dake::{Dake, Started as Started4};
use crate::v4::kdf;
use crate::v4::profile::ClientProfile;
use crate::version::{Version, Versions};

pub use account::{Account, InstanceInfo, PublishError, Settings, Status};
pub use event::{
    Event, Instance, OfflineError, Output, PrivateError, Refusal, SendError, SessionId,
    SettingsError, StartError,
};
use instance::{Address, LastText, Peer, Private, State};
pub use smp::CheckError;

/// The longest text that is sent, in bytes. Encrypted and encoded it stays below what is received.
pub const TEXT_MAX: usize = 1 << 17;

/// How many clients of the peer are remembered at a time. One that has no session makes room.
pub const INSTANCES_MAX: usize = 8;

/// How many texts wait for a session.
pub const WAITING_MAX: usize = 16;

/// How long text waits for a session, and may be sent again if the peer couldn't read it; libotr has
/// the same.
pub const RESEND_WAIT: Duration = Duration::from_secs(60);

/// How long a commitment for any client of the peer may be answered; libotr has the same.
pub const COMMIT_WAIT: Duration = Duration::from_secs(60);

/// How long a key exchange with one client may stand still. Carriers that let few lines through
/// need less.
pub const EXCHANGE_WAIT: Duration = Duration::from_secs(300);

/// After how long without a message of ours what the peer said is answered by an empty one, so that
/// keys change; libotr has the same.
pub const HEARTBEAT_AFTER: Duration = Duration::from_secs(60);

/// How long error messages bring no further query after one that did: two programs that complain
/// about each other would never end.
pub const ERROR_PAUSE: Duration = Duration::from_secs(10);

/// How long a session of version 4 goes on without a new key of ours: who later takes the keys that
/// are there reads what was said under them.
pub const SESSION_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Follows a query, for a reader whose program doesn't know it.
pub const EXPLANATION: &str = "I would like to talk with you in private, by Off-the-Record messaging. \
    Your program does not understand this, or has it turned off.";

/// Precedes a text that is sent again.
const RESENT: &str = "[resent] ";

/// Whether whitespace tags are appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offer {
    /// The peer hasn't answered yet.
    Open,
    /// The peer has answered in the clear.
    Rejected,
}

/// A text that waits for a session.
struct Waiting {
    text: Zeroizing<String>,
    since: Duration,
}

/// A conversation with one peer.
///
/// Lines that come from the peer go to [`Session::receive`], what the user types to
/// [`Session::send`]; the lines that come out go to the carrier. Times are given as passed since some
/// fixed moment, and never run backwards. [`Session::deadline`] says when [`Session::tick`] is due.
pub struct Session {
    account: Account,
    settings: Settings,
    peers: Vec<Peer>,
    /// The client that text goes to, if the user has chosen.
    chosen: Option<Instance>,
    /// A commitment that any client of the peer may answer.
    started: Option<(Arc<Started>, Duration)>,
    /// When we last asked for a session.
    asked: Option<Duration>,
    /// When an error message last brought a query.
    complained: Option<Duration>,
    offer: Offer,
    waiting: VecDeque<Waiting>,
    assembler: Assembler,
    assembler4: Assembler4,
    /// An Identity message that any client of the peer may answer.
    started4: Option<(Arc<Started4>, Duration)>,
    /// Our profile of version 4, until it has to be renewed.
    profile: Option<ClientProfile>,
    /// Whether the peer speaks version 4, so that an older one is a step back.
    speaks_4: bool,
    heard: u64,
}

impl Session {
    /// A conversation in the clear.
    ///
    /// # Errors
    /// [`SettingsError`] if the carrier's lines are too short.
    pub fn new(account: Account, settings: Settings) -> Result<Self, SettingsError> {
        if settings.longest_line.is_some_and(|longest| longest < LINE_MIN) {
            return Err(SettingsError::LineTooShort);
        }
        let speaks_4 = settings.peer_speaks_4;
        Ok(Self {
            account,
            settings,
            peers: Vec::new(),
            chosen: None,
            started: None,
            asked: None,
            complained: None,
            offer: Offer::Open,
            waiting: VecDeque::new(),
            assembler: Assembler::default(),
            assembler4: Assembler4::default(),
            started4: None,
            profile: None,
            speaks_4,
            heard: 0,
        })
    }

    /// Asks the peer for a session: a query with all versions that the policy allows, and the
    /// explanation.
    ///
    /// # Errors
    /// [`StartError`] in a room, and where OTR is off.
    pub fn start(&mut self, now: Duration) -> Result<Output, StartError> {
        if self.settings.room {
            return Err(StartError::Room);
        }
        if self.versions().is_empty() {
            return Err(StartError::Off);
        }
        Ok(Output { lines: vec![self.query(now)], events: Vec::new() })
    }

    fn query(&mut self, now: Duration) -> String {
        self.asked = Some(now);
        let query = self.versions().to_string();
        let Settings { explanation, one_line, longest_line, .. } = &self.settings;
        if explanation.is_empty() {
            return query;
        }
        let explained = if *one_line {
            let words: Vec<&str> = explanation.split_whitespace().collect();
            format!("{query} {}", words.join(" "))
        } else {
            format!("{query}\n{explanation}")
        };
        if longest_line.is_some_and(|longest| explained.len() > longest) {
            query
        } else {
            explained
        }
    }

    /// Sends a text: in private if a session is on, else as the policy says.
    ///
    /// # Errors
    /// [`SendError`]; nothing is sent then.
    pub fn send(&mut self, text: &str, now: Duration) -> Result<Output, SendError> {
        if text.len() > TEXT_MAX {
            return Err(SendError::TooLong);
        }
        let mut out = Output::default();
        if self.is_off() {
            out.lines.push(text.to_owned());
            return Ok(out);
        }
        if let Some((address, private)) = self.target() {
            let (lines, _) = address.say(private, text, &[], now);
            out.lines = lines;
            let text = Zeroizing::new(text.to_owned());
            private.last = Some(LastText { text, at: now, unread: false });
            return Ok(out);
        }
        if self.peers.iter().any(|peer| peer.private().is_some()) {
            return Err(SendError::OtherInstance);
        }
        // Nothing that was meant for a session slips out after its end.
        if self.peers.iter().any(Peer::is_finished) {
            return Err(SendError::Finished);
        }
        let policy = self.settings.policy;
        if policy.require_encryption {
            if self.waiting.len() >= WAITING_MAX {
                return Err(SendError::TooManyWaiting);
            }
            let text = Zeroizing::new(text.to_owned());
            self.waiting.push_back(Waiting { text, since: now });
            let recent = |asked| now.saturating_sub(asked) < COMMIT_WAIT;
            if !self.asked.is_some_and(recent) {
                out.lines.push(self.query(now));
            }
            out.events.push(Event::Waiting);
            return Ok(out);
        }
        let mut line = text.to_owned();
        if policy.send_tag && self.offer == Offer::Open {
            let tag = self.versions().tag();
            let len = line.len().saturating_add(tag.len());
            if self.settings.longest_line.is_none_or(|longest| len <= longest) {
                line.push_str(&tag);
            }
        }
        out.lines.push(line);
        Ok(out)
    }

    /// Ends all sessions: tells the peer, erases keys, and goes on in the clear. What waited isn't
    /// sent.
    pub fn end(&mut self) -> Output {
        let mut out = Output::default();
        for mut peer in std::mem::take(&mut self.peers) {
            let address = self.address(&peer);
            if let State::Encrypted(private) = std::mem::replace(&mut peer.state, State::Plain) {
                out.lines.extend(address.farewell(*private));
            }
        }
        self.started = None;
        self.started4 = None;
        self.asked = None;
        self.chosen = None;
        self.give_up(None, &mut out);
        out
    }

    /// The extra symmetric key, for something outside the conversation, and the message that tells
    /// the peer to use it. What `usage` and `data` mean is for the two programs to agree on.
    ///
    /// # Errors
    /// [`PrivateError`] without a session, and for more than 65,531 bytes of data.
    pub fn extra_key(
        &mut self,
        usage: u32,
        data: &[u8],
        now: Duration,
    ) -> Result<(ExtraKey, Output), PrivateError> {
        let value = [&usage.to_be_bytes(), data].concat();
        if value.len() > usize::from(u16::MAX) {
            return Err(PrivateError::TooLong);
        }
        let (address, private) = self.target().ok_or(PrivateError::NotPrivate)?;
        let kind = match address.version {
            Version::V2 | Version::V3 => kind::EXTRA_KEY,
            Version::V4 => kind::EXTRA_KEY_4,
        };
        let (lines, key) = address.say(private, "", &[Tlv { kind, value }], now);
        let key = match (address.version, <&[u8; 64]>::try_from(key.bytes())) {
            // The record is the first of its message.
            (Version::V4, Ok(base)) => {
                ExtraKey::new(&*kdf::extra_key(0, usage.to_be_bytes(), base))
            }
            _ => key,
        };
        Ok((key, Output { lines, events: Vec::new() }))
    }

    /// Does what is due at `now`: heartbeats, and forgetting what waited too long.
    pub fn tick(&mut self, now: Duration) -> Output {
        let mut out = Output::default();
        self.assembler.tick(now);
        self.assembler4.tick(now);
        let is_over = |since: Duration, wait| now >= since.saturating_add(wait);
        self.started.take_if(|(_, since)| is_over(*since, COMMIT_WAIT));
        self.started4.take_if(|(_, since)| is_over(*since, COMMIT_WAIT));
        for peer in &mut self.peers {
            if is_over(peer.auth_since, EXCHANGE_WAIT) {
                peer.auth = Auth::None;
                peer.dake = Dake::None;
                peer.early.clear();
            }
            if let Some(private) = peer.private_mut() {
                private.last.take_if(|last| is_over(last.at, RESEND_WAIT));
            }
        }
        self.expire(now, &mut out);
        self.heartbeats(now, &mut out);
        self.give_up(Some(now), &mut out);
        out
    }

    /// When [`Session::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let started = self.started.as_ref().map(|(_, since)| since.saturating_add(COMMIT_WAIT));
        let waiting = self.waiting.front().map(|first| first.since.saturating_add(RESEND_WAIT));
        let started4 = self.started4.as_ref().map(|(_, since)| since.saturating_add(COMMIT_WAIT));
        let peers = self.peers.iter().flat_map(|peer| {
            let exchange =
                peer.is_exchanging().then(|| peer.auth_since.saturating_add(EXCHANGE_WAIT));
            let heartbeat = peer
                .private()
                .filter(|private| private.owes)
                .map(|private| private.sent_at.saturating_add(HEARTBEAT_AFTER));
            let last = peer.private().and_then(|private| private.last.as_ref());
            let last = last.map(|last| last.at.saturating_add(RESEND_WAIT));
            [exchange, heartbeat, last, peer.private().and_then(Private::expires)]
        });
        let pieces = [self.assembler.deadline(), self.assembler4.deadline()];
        let all = [started, started4, waiting].into_iter().chain(pieces).chain(peers);
        all.flatten().min()
    }

    /// The clients of the peer that are known.
    pub fn instances(&self) -> impl Iterator<Item = InstanceInfo> + '_ {
        self.peers.iter().map(|peer| {
            let private = peer.private();
            InstanceInfo {
                instance: peer.instance,
                version: peer.version,
                status: match peer.state {
                    State::Plain => Status::Plain,
                    State::Encrypted(_) => Status::Private,
                    State::Finished => Status::Finished,
                },
                fingerprint: private.map(|private| private.fingerprint),
                session: private.map(|private| private.session),
            }
        })
    }

    /// What becomes of the next text.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.target_index().is_some() {
            Status::Private
        } else if self.peers.iter().any(Peer::is_finished) {
            Status::Finished
        } else {
            Status::Plain
        }
    }

    /// Chooses the client that text goes to; none for the one that spoke last in private.
    pub fn choose(&mut self, instance: Option<Instance>) {
        self.chosen = instance;
    }

    /// The versions that we speak: those that the policy allows, and that we have keys for.
    fn versions(&self) -> Versions {
        let allowed = self.settings.policy.versions;
        if self.account.v4.is_some() { allowed } else { allowed.without(Version::V4) }
    }

    /// Whether all text passes unchanged.
    fn is_off(&self) -> bool {
        self.settings.room || self.versions().is_empty()
    }

    fn address(&self, peer: &Peer) -> Address {
        Address {
            version: peer.version,
            ours: self.account.tag,
            theirs: peer.instance,
            longest: self.settings.longest_line,
        }
    }

    /// The session that text goes to: the chosen one, or else the one that was heard last.
    fn target_index(&self) -> Option<usize> {
        let all = self.peers.iter().enumerate();
        let peers =
            all.filter(|(_, peer)| self.chosen.is_none_or(|chosen| chosen == peer.instance));
        let private = peers.filter(|(_, peer)| peer.private().is_some());
        private.max_by_key(|(_, peer)| peer.heard).map(|(index, _)| index)
    }

    fn target(&mut self) -> Option<(Address, &mut Private)> {
        let index = self.target_index()?;
        let address = self.address(self.peers.get(index)?);
        Some((address, self.peers.get_mut(index)?.private_mut()?))
    }

    fn heartbeats(&mut self, now: Duration, out: &mut Output) {
        let (ours, longest) = (self.account.tag, self.settings.longest_line);
        for peer in &mut self.peers {
            let address = Address { version: peer.version, ours, theirs: peer.instance, longest };
            let Some(private) = peer.private_mut() else { continue };
            if private.owes && now >= private.sent_at.saturating_add(HEARTBEAT_AFTER) {
                out.lines.extend(address.say(private, "", &[], now).0);
            }
        }
    }

    /// Gives up what waits for a session: all of it, or what waited too long at `now`.
    fn give_up(&mut self, now: Option<Duration>, out: &mut Output) {
        let is_over = |waiting: &mut Waiting| {
            now.is_none_or(|now| now >= waiting.since.saturating_add(RESEND_WAIT))
        };
        while let Some(waiting) = self.waiting.pop_front_if(is_over) {
            out.events.push(Event::NotSent { text: waiting.text.to_string() });
        }
    }

    /// Begins a key exchange.
    fn commit(&mut self, version: Version, now: Duration, rng: &mut impl CryptoRng) -> Vec<String> {
        if version == Version::V4 {
            return self.begin4(now, rng);
        }
        let started = Arc::new(Started::new(rng));
        let address = Address {
            version,
            ours: self.account.tag,
            theirs: None,
            longest: self.settings.longest_line,
        };
        let lines = address.exchange(&started.message());
        match version {
            // Nobody tells clients of version 2 apart.
            Version::V2 => {
                if let Some(peer) = self.peer(None, version) {
                    peer.auth = Auth::AwaitingKey(started);
                    peer.auth_since = now;
                }
            }
            Version::V3 | Version::V4 => self.started = Some((started, now)),
        }
        lines
    }

    /// What is held for a client, made if there is room for it.
    fn peer(&mut self, instance: Instance, version: Version) -> Option<&mut Peer> {
        let found = self.peers.iter().position(|peer| peer.instance == instance);
        let index = match found {
            Some(index) => index,
            None => {
                if self.peers.len() >= INSTANCES_MAX {
                    let all = self.peers.iter().enumerate();
                    // A key exchange makes room too, for anybody can begin one; a session doesn't,
                    // nor its end, which the user hasn't seen.
                    let plain = all.filter(|(_, peer)| matches!(peer.state, State::Plain));
                    let order = |(_, peer): &(usize, &Peer)| (!peer.is_idle(), peer.heard);
                    let (index, _) = plain.min_by_key(order)?;
                    self.peers.remove(index);
                }
                self.peers.push(Peer::new(instance, version));
                self.peers.len().saturating_sub(1)
            }
        };
        self.peers.get_mut(index)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            account: _,
            settings: _,
            peers,
            chosen,
            started: _,
            asked: _,
            complained: _,
            offer,
            waiting,
            assembler: _,
            assembler4: _,
            started4: _,
            profile: _,
            speaks_4: _,
            heard: _,
        } = self;
        f.debug_struct("Session")
            .field("instances", &peers.len())
            .field("status", &self.status())
            .field("chosen", chosen)
            .field("offer", offer)
            .field("waiting", &waiting.len())
            .finish_non_exhaustive()
    }
}
