//! A session with one client of the peer.

use std::sync::Weak;
use std::time::Duration;

use rand_core::CryptoRng;

use super::SESSION_LIFETIME;
use super::event::{Instance, SessionId};
use super::smp::Check;
use crate::codec::Writer;
use crate::fingerprint::Fingerprint;
use crate::fragment::{self, Ends};
use crate::line;
use crate::tag::InstanceTag;
use crate::tlv::{self, Tlv, kind};
use crate::v3::ake::{Auth, Established, Started};
use crate::v3::keys::{ExtraKey, Keys as Keys3};
use crate::v3::message::{self, Header, IGNORE_UNREADABLE};
use crate::v4::dake::{Dake, Established as Established4, Started as Started4};
use crate::v4::kdf::shake;
use crate::v4::ratchet::Ratchet;
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
    /// The same of version 4: the exchange, and our Identity message for everybody that this client
    /// has answered.
    pub(super) dake: Dake,
    pub(super) answered4: Weak<Started4>,
    /// Data messages that came before the end of an exchange, in Base64.
    pub(super) early: Vec<String>,
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

/// The keys of a session, by its version.
pub(super) enum Keys {
    V3(Box<Keys3>),
    V4(Box<Ratchet>),
}

/// A session that is on.
pub(super) struct Private {
    pub(super) keys: Keys,
    /// When our last key was made; of version 4, whose sessions end without new ones.
    pub(super) fresh_at: Duration,
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

impl Private {
    /// When a session of version 4 is over, unless keys change before.
    pub(super) fn expires(&self) -> Option<Duration> {
        matches!(self.keys, Keys::V4(_)).then(|| self.fresh_at.saturating_add(SESSION_LIFETIME))
    }
}

impl Peer {
    pub(super) fn new(instance: Instance, version: Version) -> Self {
        Self {
            instance,
            version,
            auth: Auth::None,
            auth_since: Duration::ZERO,
            answered: Weak::new(),
            dake: Dake::None,
            answered4: Weak::new(),
            early: Vec::new(),
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
        matches!(self.state, State::Plain) && !self.is_exchanging()
    }

    /// Whether a key exchange is under way.
    pub(super) fn is_exchanging(&self) -> bool {
        !matches!(self.auth, Auth::None) || !self.dake.is_none()
    }

    /// Begins or refreshes the session.
    pub(super) fn establish(
        &mut self,
        established: &Established,
        now: Duration,
        rng: &mut impl CryptoRng,
    ) -> Replaced {
        let fingerprint = established.their_key.fingerprint();
        let (before, replaced) = self.replace(fingerprint);
        let before = match before {
            Some(Keys::V3(keys)) => Some(*keys),
            Some(Keys::V4(_)) | None => None,
        };
        let keys = Keys::V3(Box::new(Keys3::new(established, before, rng)));
        let session = SessionId { bytes: established.ssid, first: established.revealed };
        self.private_with(keys, fingerprint, session, now);
        replaced
    }

    /// The same in version 4.
    pub(super) fn establish4(&mut self, established: Established4, now: Duration) -> Replaced {
        let Established4 { ssid, first, ratchet, profile } = established;
        let fingerprint = profile.fingerprint();
        // The keys of a session that this one replaces go unrevealed: its peer forgets them too.
        let (_, replaced) = self.replace(fingerprint);
        let session = SessionId { bytes: ssid, first };
        self.private_with(Keys::V4(Box::new(ratchet)), fingerprint, session, now);
        self.version = Version::V4;
        replaced
    }

    /// Takes away the session that was on, if there was one.
    fn replace(&mut self, fingerprint: Fingerprint) -> (Option<Keys>, Replaced) {
        match std::mem::replace(&mut self.state, State::Plain) {
            State::Encrypted(before) => {
                let same = before.fingerprint == fingerprint;
                let checking = !before.check.is_idle();
                let last = before.last.filter(|_| same);
                (Some(before.keys), Replaced { same, last, checking })
            }
            State::Plain | State::Finished => {
                (None, Replaced { same: false, last: None, checking: false })
            }
        }
    }

    fn private_with(
        &mut self,
        keys: Keys,
        fingerprint: Fingerprint,
        session: SessionId,
        now: Duration,
    ) {
        let check = match &keys {
            Keys::V3(_) => Check::of_version_3(),
            Keys::V4(_) => Check::of_version_4(),
        };
        self.state = State::Encrypted(Box::new(Private {
            keys,
            fresh_at: now,
            fingerprint,
            session,
            sent_at: now,
            owes: false,
            last: None,
            check,
        }));
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
        let (message, extra) = match &mut private.keys {
            Keys::V3(keys) => keys.seal(header, flags, |writer| tlv::join(writer, text, records)),
            Keys::V4(ratchet) => ratchet.seal(header, flags, &plaintext4(text, records)),
        };
        private.sent_at = now;
        private.owes = false;
        (self.lines(&message), extra)
    }

    /// Lines for the message that ends a session.
    pub(super) fn farewell(self, private: Private) -> Vec<String> {
        let header = self.header(message::kind::DATA);
        let plaintext = |writer| tlv::join(writer, "", &[Tlv::empty(kind::DISCONNECTED)]);
        self.lines(&match private.keys {
            Keys::V3(keys) => keys.seal_last(header, IGNORE_UNREADABLE, plaintext),
            Keys::V4(ratchet) => {
                let plaintext = plaintext(Writer::new()).secret();
                ratchet.seal_last(header, IGNORE_UNREADABLE, &plaintext)
            }
        })
    }

    fn lines(self, message: &[u8]) -> Vec<String> {
        let ends = match self.version {
            Version::V2 => Ends::V2,
            Version::V3 => Ends::V3 { sender: self.ours, receiver: self.theirs },
            // As good as a random number, for no two messages are the same.
            Version::V4 => {
                let identifier = u32::from_be_bytes(*shake(&[message]));
                Ends::V4 { identifier, sender: self.ours, receiver: self.theirs }
            }
        };
        fragment::cut(line::encode(message), ends, self.longest)
    }
}

/// The plaintext of version 4, where programs put the byte before the records even without any.
fn plaintext4(text: &str, records: &[Tlv]) -> zeroize::Zeroizing<Vec<u8>> {
    let writer = tlv::join(Writer::new(), text, records);
    if records.is_empty() { writer.byte(0).secret() } else { writer.secret() }
}
