//! A session with one client of the peer.

use std::sync::Weak;
use std::time::Duration;

use rand_core::CryptoRng;

use super::event::{Instance, SessionId};
use super::smp::Check;
use crate::fragment::{self, Ends};
use crate::key::Fingerprint;
use crate::line;
use crate::tag::InstanceTag;
use crate::tlv::{self, Tlv, kind};
use crate::v3::ake::{Auth, Established, Started};
use crate::v3::keys::{ExtraKey, Keys};
use crate::v3::message::{self, Header, IGNORE_UNREADABLE};
use crate::version::Version;

/// What is held for one client of the peer.
pub(super) struct Peer {
    pub(super) instance: Instance,
    pub(super) version: Version,
    pub(super) auth: Auth,
    /// When the key exchange last went on.
    pub(super) auth_since: Duration,
    /// The commitment for everybody that this client has answered.
    pub(super) answered: Weak<Started>,
    pub(super) state: State,
    /// Rises with each message from any client.
    pub(super) heard: u64,
}

/// "The message state".
pub(super) enum State {
    Plain,
    Encrypted(Box<Private>),
    Finished,
}

/// A session that is on.
pub(super) struct Private {
    pub(super) keys: Keys,
    pub(super) fingerprint: Fingerprint,
    pub(super) session: SessionId,
    pub(super) sent_at: Duration,
    /// Whether something was said since we last sent anything.
    pub(super) owes: bool,
    pub(super) last: Option<LastText>,
    pub(super) check: Check,
}

/// What we said last.
pub(super) struct LastText {
    pub(super) text: zeroize::Zeroizing<String>,
    pub(super) at: Duration,
    /// Whether the peer complained since.
    pub(super) unread: bool,
}

impl Peer {
    pub(super) fn new(instance: Instance, version: Version) -> Self {
        Self {
            instance,
            version,
            auth: Auth::None,
            auth_since: Duration::ZERO,
            answered: Weak::new(),
            state: State::Plain,
            heard: 0,
        }
    }

    pub(super) fn private(&self) -> Option<&Private> {
        match &self.state {
            State::Encrypted(private) => Some(private),
            State::Plain | State::Finished => None,
        }
    }

    pub(super) fn private_mut(&mut self) -> Option<&mut Private> {
        match &mut self.state {
            State::Encrypted(private) => Some(private),
            State::Plain | State::Finished => None,
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Plain) && matches!(self.auth, Auth::None)
    }

    /// Begins or refreshes the session.
    pub(super) fn establish(
        &mut self,
        established: &Established,
        now: Duration,
        rng: &mut impl CryptoRng,
    ) -> Replaced {
        let fingerprint = established.their_key.fingerprint();
        let before = match std::mem::replace(&mut self.state, State::Plain) {
            State::Encrypted(private) => Some(*private),
            State::Plain | State::Finished => None,
        };
        let (keys, last, same, checking) = match before {
            Some(before) => {
                let same = before.fingerprint == fingerprint;
                let checking = !before.check.is_idle();
                (Some(before.keys), before.last.filter(|_| same), same, checking)
            }
            None => (None, None, false, false),
        };
        self.state = State::Encrypted(Box::new(Private {
            keys: Keys::new(established, keys, rng),
            fingerprint,
            session: SessionId { bytes: established.ssid, first: established.revealed },
            sent_at: now,
            owes: false,
            last: None,
            check: Check::new(),
        }));
        Replaced { same, last, checking }
    }
}

/// What was on before a session began.
pub(super) struct Replaced {
    /// Whether it was a session with the same key.
    pub(super) same: bool,
    /// What we said last in it.
    pub(super) last: Option<LastText>,
    /// Whether a check was on.
    pub(super) checking: bool,
}

/// What messages to a client are made with.
#[derive(Clone, Copy)]
pub(super) struct Address {
    pub(super) version: Version,
    pub(super) ours: InstanceTag,
    pub(super) theirs: Instance,
    pub(super) longest: Option<usize>,
}

impl Address {
    fn header(self, kind: u8) -> Header {
        let receiver = self.theirs.map_or(0, InstanceTag::number);
        Header { version: self.version, kind, sender: self.ours.number(), receiver }
    }

    /// Lines for a message of a key exchange.
    pub(super) fn exchange(self, (kind, body): &(u8, Vec<u8>)) -> Vec<String> {
        self.lines(&self.header(*kind).write().raw(body).finish())
    }

    /// Lines for a data message; and the extra key of its keys.
    pub(super) fn say(
        self,
        private: &mut Private,
        text: &str,
        records: &[Tlv],
        now: Duration,
    ) -> (Vec<String>, ExtraKey) {
        let header = self.header(message::kind::DATA);
        let flags = if text.is_empty() { IGNORE_UNREADABLE } else { 0 };
        let plaintext = |writer| tlv::join(writer, text, records);
        let (message, extra) = private.keys.seal(header, flags, plaintext);
        private.sent_at = now;
        private.owes = false;
        (self.lines(&message), extra)
    }

    /// Lines for the message that ends a session.
    pub(super) fn farewell(self, private: Private) -> Vec<String> {
        let header = self.header(message::kind::DATA);
        let plaintext = |writer| tlv::join(writer, "", &[Tlv::empty(kind::DISCONNECTED)]);
        self.lines(&private.keys.seal_last(header, IGNORE_UNREADABLE, plaintext))
    }

    fn lines(self, message: &[u8]) -> Vec<String> {
        let ends = match self.version {
            Version::V2 => Ends::V2,
            Version::V3 => Ends::V3 { sender: self.ours, receiver: self.theirs },
        };
        fragment::cut(line::encode(message), ends, self.longest)
    }
}
