//! A client that publishes, or asks how much is left (Prekey Server "Publishing Prekey Values",
//! "Obtaining Information about Prekeys").

use std::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;

use super::super::curve::Pair;
use super::super::identity::Identity;
use super::super::kdf as otr;
use super::super::offline::{Prekeys, Publication};
use super::super::profile::{ClientProfile, PROFILE_LIFETIME};
use super::super::ring;
use super::message::{
    Dake1, Dake2, Dake3, MAC_LEN, Parts, composite, head, kind, read_head, read_tag,
};
use super::proof;
use super::{Exchange, FORM, Keys, ServerError, Usage, armor, kdf, open};
use crate::codec::{DecodeError, Reader, Writer};
use crate::fingerprint::Fingerprint;
use crate::session::Account;
use crate::tag::InstanceTag;
use crate::version::{Version, Versions};

/// What a client wants of a server.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// To publish this.
    Publish {
        /// What [`Account::publish`] gave.
        publication: Box<Publication>,
        /// The secrets behind it.
        prekeys: Prekeys,
    },
    /// To know how many prekey messages are left.
    Count {
        /// Unix time, for the profile that shows who asks.
        unix: u64,
    },
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// The server keeps what was published.
    Stored,
    /// The server doesn't keep it.
    Failed,
    /// So many prekey messages of this client are left.
    Left(u32),
}

/// What follows from a message of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// To be sent to the server.
    pub line: Option<String>,
    /// How it ended.
    pub outcome: Option<Published>,
}

enum State {
    Asked(Box<Pair>),
    Wanted(Box<Keys>),
    Over,
}

/// One conversation of a client with a prekey server.
pub struct Publisher {
    identity: Identity,
    tag: InstanceTag,
    profile: ClientProfile,
    our_name: String,
    server_name: String,
    trusted: Option<Fingerprint>,
    wanted: Wanted,
    state: State,
}

impl Publisher {
    /// Begins a conversation, and gives its first line. Names are as the carrier has them.
    /// `trusted` is the fingerprint of the server; without one, any server of this name is taken.
    ///
    /// # Errors
    /// [`ServerError::Secrets`] if the account has no identity for version 4, or `prekeys` are not
    /// those of the publication.
    pub fn new(
        account: &Account,
        our_name: &str,
        server_name: &str,
        trusted: Option<Fingerprint>,
        wanted: Wanted,
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, String), ServerError> {
        let identity = account.identity().ok_or(ServerError::Secrets)?.clone();
        let tag = account.tag();
        let profile = match &wanted {
            Wanted::Publish { publication, prekeys } => {
                let inner = prekeys.lock();
                let known = |id| inner.messages.iter().any(|(other, _)| *other == id);
                let all = publication.messages.iter().all(|message| known(message.id()));
                let key = publication.prekey_profile.key();
                if !all || !inner.shared.iter().any(|shared| shared.pair.public == *key) {
                    return Err(ServerError::Secrets);
                }
                publication.profile.clone()
            }
            Wanted::Count { unix } => {
                let versions = Versions::NONE.with(Version::V4);
                let expires = unix.saturating_add(PROFILE_LIFETIME);
                ClientProfile::sign(&identity, tag, versions, expires, None, rng)?
            }
        };
        let pair = Pair::random(rng);
        let first = Dake1 { sender: tag, profile: profile.clone(), point: pair.public }.write();
        let publisher = Self {
            identity,
            tag,
            profile,
            our_name: our_name.to_owned(),
            server_name: server_name.to_owned(),
            trusted,
            wanted,
            state: State::Asked(Box::new(pair)),
        };
        Ok((publisher, armor(&first)))
    }

    /// Takes a line of the server.
    ///
    /// # Errors
    /// [`ServerError`]; the conversation goes on as if nothing had come.
    pub fn receive(&mut self, line: &str, rng: &mut impl CryptoRng) -> Result<Step, ServerError> {
        let message = open(line)?;
        let mut reader = Reader::new(&message);
        match (read_head(&mut reader)?, &self.state) {
            (kind::DAKE_2, State::Asked(pair)) => {
                let (keys, third) = self.second(pair, Dake2::read(reader)?, rng)?;
                self.state = State::Wanted(Box::new(keys));
                Ok(Step { line: Some(armor(&third)), outcome: None })
            }
            (kind, State::Wanted(keys)) => {
                let outcome = self.last(kind, reader, keys)?;
                self.state = State::Over;
                Ok(Step { line: None, outcome: Some(outcome) })
            }
            _ => Err(ServerError::Unexpected),
        }
    }

    fn second(
        &self,
        pair: &Pair,
        theirs: Dake2,
        rng: &mut impl CryptoRng,
    ) -> Result<(Keys, Vec<u8>), ServerError> {
        if theirs.receiver != self.tag {
            return Err(ServerError::OtherInstance);
        }
        let print = otr::kdf(otr::Usage::Fingerprint, &[theirs.key.bytes()]);
        let print = Fingerprint::of_version_4(*print);
        if theirs.name != self.server_name || self.trusted.is_some_and(|trusted| trusted != print) {
            return Err(ServerError::OtherServer);
        }
        if theirs.point == pair.public {
            return Err(DecodeError::Value.into());
        }
        let exchange = Exchange {
            profile: &self.profile,
            composite: &composite(&theirs.name, &theirs.key),
            client: &pair.public,
            server: &theirs.point,
            client_name: &self.our_name,
            server_name: &self.server_name,
        };
        let ours = self.identity.keys();
        let ring = [*ours.public(), theirs.key, pair.public];
        if !ring::verify(FORM, &ring, &exchange.second(), &theirs.signature) {
            return Err(ServerError::Signature);
        }
        let keys = Keys::new(pair, &theirs.point);
        let message = match &self.wanted {
            Wanted::Publish { publication, prekeys } => publish(publication, prekeys, &keys, rng)?,
            Wanted::Count { .. } => {
                let mac = kdf(Usage::StorageInfoMac, &[&*keys.mac, &[kind::STORAGE_INFO]]);
                head(kind::STORAGE_INFO).raw(&*mac).finish()
            }
        };
        let ring = [*ours.public(), theirs.key, theirs.point];
        let signature = ring::sign(FORM, ours.pair(), 0, &ring, &exchange.third(), rng);
        Ok((keys, Dake3 { sender: self.tag, signature, message }.write()))
    }

    fn last(
        &self,
        kind: u8,
        mut reader: Reader<'_>,
        keys: &Keys,
    ) -> Result<Published, ServerError> {
        let publishes = matches!(self.wanted, Wanted::Publish { .. });
        let usage = match (kind, publishes) {
            (kind::SUCCESS, true) => Usage::SuccessMac,
            (kind::FAILURE, _) => Usage::FailureMac,
            (kind::STATUS, false) => Usage::StatusMac,
            _ => return Err(ServerError::Unexpected),
        };
        let receiver = read_tag(&mut reader)?;
        if receiver != self.tag {
            return Err(ServerError::OtherInstance);
        }
        let count = if kind == kind::STATUS { Some(reader.int()?) } else { None };
        let mac = reader.array::<MAC_LEN>()?;
        reader.finish()?;
        let mut covered = Writer::new().byte(kind).int(receiver.number());
        if let Some(count) = count {
            covered = covered.int(count);
        }
        let right = kdf(usage, &[&*keys.mac, covered.bytes()]);
        if !bool::from(right.ct_eq(&mac)) {
            return Err(ServerError::Mac);
        }
        Ok(match count {
            Some(count) => Published::Left(count),
            None if kind == kind::SUCCESS => Published::Stored,
            None => Published::Failed,
        })
    }
}

/// The authenticator of a publication.
pub(super) fn publication_mac(keys: &Keys, parts: &Parts, proofs: &[u8]) -> [u8; MAC_LEN] {
    let mut covered = Writer::new().byte(kind::PUBLICATION);
    covered = covered.byte(u8::try_from(parts.messages.len()).unwrap_or(u8::MAX));
    covered = covered.raw(&*kdf(Usage::PrekeyMessages, &[&parts.encoded_messages()]));
    covered = covered.byte(u8::from(parts.profile.is_some()));
    if let Some(profile) = &parts.profile {
        covered = covered.raw(&*kdf(Usage::ClientProfile, &[profile.encoded()]));
    }
    covered = covered.byte(u8::from(parts.prekey_profile.is_some()));
    if let Some(profile) = &parts.prekey_profile {
        covered = covered.raw(&*kdf(Usage::PrekeyProfile, &[&profile.encoded()]));
    }
    covered = covered.raw(&*kdf(Usage::MacProofs, &[proofs]));
    *kdf(Usage::PreMac, &[&*keys.mac, covered.bytes()])
}

/// "Prekey Publication Message".
fn publish(
    publication: &Publication,
    prekeys: &Prekeys,
    keys: &Keys,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, ServerError> {
    let Publication { profile, prekey_profile, messages } = publication.clone();
    let inner = prekeys.lock();
    let (mut points, mut numbers) = (Vec::new(), Vec::new());
    for message in &messages {
        let found = inner.messages.iter().find(|(id, _)| *id == message.id());
        let (_, pairs) = found.ok_or(ServerError::Secrets)?;
        points.push(&pairs.ecdh);
        numbers.push(&pairs.dh);
    }
    let key = *prekey_profile.key();
    let shared = inner.shared.iter().find(|shared| shared.pair.public == key);
    let shared = shared.ok_or(ServerError::Secrets)?;
    let mut proofs = Writer::new();
    if !messages.is_empty() {
        proofs = proof::points(proofs, Usage::ProofEcdh, &points, &keys.context, rng);
        let both = proof::numbers(proofs, &numbers, &keys.context, rng);
        proofs = both.ok_or(ServerError::Secrets)?;
    }
    proofs = proof::points(proofs, Usage::ProofShared, &[&shared.pair], &keys.context, rng);
    let parts = Parts { messages, profile: Some(profile), prekey_profile: Some(prekey_profile) };
    let mac = publication_mac(keys, &parts, proofs.bytes());
    Ok(parts.write(head(kind::PUBLICATION)).raw(proofs.bytes()).raw(&mac).finish())
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Asked(_) => "asked",
            State::Wanted(_) => "waiting for the outcome",
            State::Over => "over",
        };
        write!(f, "Publisher({}, {state})", self.server_name)
    }
}
