//! Who we are, and what a session is told.

use std::sync::Arc;
use std::time::Duration;

use rand_core::CryptoRng;

use super::EXPLANATION;
use super::event::{Instance, SessionId};
use crate::fingerprint::Fingerprint;
use crate::key::{PrivateKey, RandomnessError};
use crate::policy::Policy;
use crate::tag::InstanceTag;
use crate::v4::identity::Identity;
use crate::v4::offline::{Prekeys, Publication};
use crate::version::{Version, Versions};

/// Our side of all conversations of an account.
#[derive(Clone, Debug)]
pub struct Account {
    pub(super) key: Arc<PrivateKey>,
    pub(super) tag: InstanceTag,
    pub(super) v4: Option<Arc<Version4>>,
    /// What was published for messages to us while we are offline.
    pub(super) prekeys: Option<Prekeys>,
}

/// What an account has for version 4.
#[derive(Debug)]
pub(super) struct Version4 {
    pub(super) identity: Identity,
    /// Unix time at the moment from which times are counted, in seconds.
    began: u64,
}

impl Version4 {
    pub(super) fn unix(&self, now: Duration) -> u64 {
        self.began.saturating_add(now.as_secs())
    }
}

impl Account {
    /// An account with its key, and the tag of this client of it. Both are to be kept.
    #[must_use]
    pub fn new(key: PrivateKey, tag: InstanceTag) -> Self {
        Self { key: Arc::new(key), tag, v4: None, prekeys: None }
    }

    /// This account with an identity for version 4, which is spoken where the policy allows it too.
    /// The identity is to be kept. Profiles say in Unix time until when they are good, so `began`
    /// tells what it was, in seconds, at the moment from which the times that sessions are given
    /// count.
    #[must_use]
    pub fn with_version_4(self, identity: Identity, began: u64) -> Self {
        Self { v4: Some(Arc::new(Version4 { identity, began })), ..self }
    }

    /// This account with prekeys, so that messages are taken that were written while this client
    /// was offline. All conversations of the account must have the same.
    #[must_use]
    pub fn with_prekeys(self, prekeys: Prekeys) -> Self {
        Self { prekeys: Some(prekeys), ..self }
    }

    /// What is to be published so that others can write while this client is offline: a profile for
    /// `versions`, a shared prekey, and so many new prekey messages that there are `count`. The
    /// prekeys are to be stored before it is published.
    ///
    /// # Errors
    /// [`PublishError`] without an identity or prekeys.
    pub fn publish(
        &self,
        versions: Versions,
        count: usize,
        now: Duration,
        rng: &mut impl CryptoRng,
    ) -> Result<Publication, PublishError> {
        let v4 = self.v4.as_ref().ok_or(PublishError::NoIdentity)?;
        let prekeys = self.prekeys.as_ref().ok_or(PublishError::NoPrekeys)?;
        let dsa = versions.has(Version::V3).then(|| &*self.key);
        let unix = v4.unix(now);
        Ok(prekeys.publish(&v4.identity, self.tag, versions, dsa, count, unix, rng)?)
    }

    /// The identity for version 4, if there is one.
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        self.v4.as_ref().map(|v4| &v4.identity)
    }

    /// The account's key.
    #[must_use]
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// What people compare in versions 2 and 3. In version 4 it is the fingerprint of
    /// [`Account::identity`].
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.key.public().fingerprint()
    }

    /// The tag of this client.
    #[must_use]
    pub fn tag(&self) -> InstanceTag {
        self.tag
    }
}

/// What a session is told of the carrier, and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the session does by itself.
    pub policy: Policy,
    /// The longest line of the carrier, in bytes, [`LINE_MIN`](crate::LINE_MIN) at least. Longer
    /// messages go in pieces.
    pub longest_line: Option<usize>,
    /// Whether a line end would end the message, as in IRC: then a query has none.
    pub one_line: bool,
    /// Whether the other side is a room. There OTR does nothing: all text passes unchanged, and
    /// queries are text.
    pub room: bool,
    /// What follows a query, for a reader whose program doesn't know it.
    pub explanation: String,
    /// Our name on the carrier, for version 4: exactly as the peer's program has it, such as
    /// `ana@example.org`, without what tells clients apart. Where the two differ, no session
    /// begins.
    pub our_name: String,
    /// The peer's name on the carrier, for version 4, exactly as its program has it.
    pub peer_name: String,
    /// Whether the peer is known to speak version 4, from earlier conversations. Then version 3 is
    /// refused, unless the policy allows going back.
    pub peer_speaks_4: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            policy: Policy::MANUAL,
            longest_line: None,
            one_line: false,
            room: false,
            explanation: EXPLANATION.to_owned(),
            our_name: String::new(),
            peer_name: String::new(),
            peer_speaks_4: false,
        }
    }
}

/// What is known of one client of the peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceInfo {
    /// Which client.
    pub instance: Instance,
    /// The version that it speaks.
    pub version: Version,
    /// Whether what is said is private, not so, or refused because the peer has ended the session.
    pub status: Status,
    /// The fingerprint of its key, if a session is on.
    pub fingerprint: Option<Fingerprint>,
    /// The session, if one is on.
    pub session: Option<SessionId>,
}

/// What becomes of text ("message state").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// No session is on.
    Plain,
    /// A session is on.
    Private,
    /// The peer has ended the session.
    Finished,
}

/// Why nothing is there to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The account has no identity for version 4.
    #[error(
        "messages while you are offline need an identity of version 4, and the account has none"
    )]
    NoIdentity,
    /// The account has no prekeys.
    #[error("messages while you are offline are turned off for this account")]
    NoPrekeys,
    /// Our own random numbers are broken.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}
