//! The server: it keeps what clients publish, and hands it out.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::super::curve::{LEN, Pair, Point, SigningPair};
use super::super::identity::StoredError;
use super::super::kdf as otr;
use super::super::offline::PREKEYS_MAX;
use super::super::prekey::{Ensemble, PrekeyMessage, PrekeyProfile};
use super::super::profile::{ClientProfile, ProfileError};
use super::super::ring;
use super::message::{
    Dake1, Dake2, Dake3, MAC_LEN, Parts, answer, composite, head, kind, read_head, read_query,
};
use super::publisher::publication_mac;
use super::{Exchange, FORM, Keys, NAME_MAX, ServerError, Usage, armor, kdf, open, proof};
use crate::codec::{DecodeError, Reader, Writer};
use crate::fingerprint::Fingerprint;
use crate::tag::InstanceTag;

/// How many accounts a server keeps anything for.
pub const IDENTITIES_MAX: usize = 10_000;

/// How many clients of one account a server keeps anything for.
pub const CLIENTS_MAX: usize = 8;

/// How many exchanges may be under way; the oldest make room.
pub const EXCHANGES_MAX: usize = 64;

/// How long the next message of an exchange is waited for, in seconds.
pub const EXCHANGE_WAIT: u64 = 60;

/// First byte of stored keys of a server.
const STORED_VERSION: u8 = 1;

/// What is kept of the clients of one account.
pub(super) type Clients = BTreeMap<InstanceTag, Client>;

/// What is kept of one client.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) profile: Option<ClientProfile>,
    pub(super) prekey_profile: Option<PrekeyProfile>,
    /// The oldest go out first.
    pub(super) messages: VecDeque<PrekeyMessage>,
}

impl Client {
    /// Whether nothing of it can be handed out any more.
    fn is_over(&self, unix: u64) -> bool {
        self.profile.as_ref().is_none_or(|profile| profile.expires() <= unix)
    }
}

/// A client that has shown a profile, and waits for what it wants to be taken.
struct Pending {
    from: String,
    profile: ClientProfile,
    /// `I`.
    client: Point,
    /// `S`.
    pair: Pair,
    since: u64,
}

/// A prekey server. What it keeps is in memory; [`Server::kept_to_bytes`] gives it to be stored
/// whenever [`Server::changed`] says so.
pub struct Server {
    name: String,
    keys: SigningPair,
    pub(super) kept: BTreeMap<String, Clients>,
    pub(super) changed: bool,
    pending: VecDeque<Pending>,
}

impl Server {
    /// A server with a new key, of this name on the carrier.
    #[must_use]
    pub fn new(name: &str, rng: &mut impl CryptoRng) -> Self {
        Self::with_keys(name, SigningPair::random(rng))
    }

    fn with_keys(name: &str, keys: SigningPair) -> Self {
        let (kept, pending) = (BTreeMap::new(), VecDeque::new());
        Self { name: name.to_owned(), keys, kept, changed: false, pending }
    }

    /// A server with a key that [`Server::key_to_bytes`] gave.
    ///
    /// # Errors
    /// [`StoredError`] if the bytes are of a later version or damaged.
    pub fn from_key(name: &str, bytes: &[u8]) -> Result<Self, StoredError> {
        let mut reader = Reader::new(bytes);
        if reader.byte()? != STORED_VERSION {
            return Err(StoredError::Version);
        }
        let sym = Zeroizing::new(reader.array::<LEN>()?);
        reader.finish()?;
        Ok(Self::with_keys(name, SigningPair::from_sym(&sym)))
    }

    /// The server's key as it is stored: `u8 version = 1 ‖ 57 bytes`. Secret.
    #[must_use]
    pub fn key_to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Writer::new().byte(STORED_VERSION).raw(self.keys.sym()).secret()
    }

    /// What clients compare.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let hash = otr::kdf(otr::Usage::Fingerprint, &[self.keys.public().bytes()]);
        Fingerprint::of_version_4(*hash)
    }

    /// How many prekey messages are kept for an account's clients.
    #[must_use]
    pub fn left(&self, name: &str) -> usize {
        let clients = self.kept.get(name).into_iter().flat_map(BTreeMap::values);
        clients.map(|client| client.messages.len()).sum()
    }

    /// Takes a line from the account of this name, at `unix` time, and gives the line to answer
    /// with, if there is one.
    ///
    /// # Errors
    /// [`ServerError`]; nothing is to be answered, and nothing changed but that a failed exchange
    /// is over.
    pub fn receive(
        &mut self,
        from: &str,
        line: &str,
        unix: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<String>, ServerError> {
        let message = open(line)?;
        let mut reader = Reader::new(&message);
        self.pending.retain(|it| unix.saturating_sub(it.since) < EXCHANGE_WAIT);
        let answer = match read_head(&mut reader)? {
            kind::DAKE_1 => self.first(from, Dake1::read(reader)?, unix, rng)?,
            kind::DAKE_3 => self.third(from, &Dake3::read(reader)?, unix)?,
            kind::QUERY => {
                let (sender, name, versions) = read_query(reader)?;
                let found = self.hand_out(&name, unix, |profile| {
                    profile.versions().highest_common(versions).is_some()
                });
                answer(sender, &name, &found)
            }
            _ => return Err(ServerError::Unexpected),
        };
        Ok(Some(armor(&answer)))
    }

    fn first(
        &mut self,
        from: &str,
        theirs: Dake1,
        unix: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, ServerError> {
        if from.len() > NAME_MAX {
            return Err(DecodeError::Value.into());
        }
        theirs.profile.check(theirs.sender, unix)?;
        let pair = Pair::random(rng);
        let exchange = Exchange {
            profile: &theirs.profile,
            composite: &composite(&self.name, self.keys.public()),
            client: &theirs.point,
            server: &pair.public,
            client_name: from,
            server_name: &self.name,
        };
        let ring = [*theirs.profile.identity(), *self.keys.public(), theirs.point];
        let signature = ring::sign(FORM, self.keys.pair(), 1, &ring, &exchange.second(), rng);
        let answer = Dake2 {
            receiver: theirs.sender,
            name: self.name.clone(),
            key: *self.keys.public(),
            point: pair.public,
            signature,
        };
        let Dake1 { sender, profile, point: client } = theirs;
        self.pending.retain(|it| !(it.from == from && it.profile.owner() == sender));
        if self.pending.len() >= EXCHANGES_MAX {
            self.pending.pop_front();
        }
        let from = from.to_owned();
        self.pending.push_back(Pending { from, profile, client, pair, since: unix });
        Ok(answer.write())
    }

    fn third(&mut self, from: &str, theirs: &Dake3, unix: u64) -> Result<Vec<u8>, ServerError> {
        let is_it = |it: &Pending| it.from == from && it.profile.owner() == theirs.sender;
        let index = self.pending.iter().position(is_it).ok_or(ServerError::Unexpected)?;
        let pending = self.pending.get(index).ok_or(ServerError::Unexpected)?;
        let exchange = Exchange {
            profile: &pending.profile,
            composite: &composite(&self.name, self.keys.public()),
            client: &pending.client,
            server: &pending.pair.public,
            client_name: from,
            server_name: &self.name,
        };
        let ring = [*pending.profile.identity(), *self.keys.public(), pending.pair.public];
        if !ring::verify(FORM, &ring, &exchange.third(), &theirs.signature) {
            return Err(ServerError::Signature);
        }
        let keys = Keys::new(&pending.pair, &pending.client);
        let Some(Pending { profile, .. }) = self.pending.remove(index) else {
            return Err(ServerError::Unexpected);
        };
        let tag = theirs.sender;
        let mut reader = Reader::new(&theirs.message);
        match read_head(&mut reader)? {
            kind::STORAGE_INFO => {
                let mac = reader.array::<MAC_LEN>()?;
                reader.finish()?;
                let right = kdf(Usage::StorageInfoMac, &[&*keys.mac, &[kind::STORAGE_INFO]]);
                if !bool::from(right.ct_eq(&mac)) {
                    return Err(ServerError::Mac);
                }
                let client = self.kept.get(from).and_then(|clients| clients.get(&tag));
                let count = client.map_or(0, |client| client.messages.len());
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                let body = Writer::new().int(tag.number()).int(count);
                Ok(end(kind::STATUS, Usage::StatusMac, &body, &keys))
            }
            kind::PUBLICATION => {
                let body = Writer::new().int(tag.number());
                let taken = read_publication(reader, &theirs.message, &profile, &keys, unix);
                Ok(match taken.and_then(|parts| self.keep(from, tag, parts, unix)) {
                    Ok(()) => end(kind::SUCCESS, Usage::SuccessMac, &body, &keys),
                    // Whoever has the key of the authenticator is told that it failed; anybody else
                    // isn't.
                    Err(ServerError::Mac) => return Err(ServerError::Mac),
                    Err(_) => end(kind::FAILURE, Usage::FailureMac, &body, &keys),
                })
            }
            _ => Err(ServerError::Unexpected),
        }
    }

    /// Keeps what was published. Where there is no room, clients make it whose profiles are over.
    fn keep(
        &mut self,
        from: &str,
        tag: InstanceTag,
        parts: Parts,
        unix: u64,
    ) -> Result<(), ServerError> {
        if !self.has_room(from, tag) {
            self.forget(unix);
        }
        let before = self.kept.get(from).and_then(|clients| clients.get(&tag));
        let before = before.map_or(0, |client| client.messages.len());
        let all = before.saturating_add(parts.messages.len());
        if !self.has_room(from, tag) || all > PREKEYS_MAX {
            return Err(ServerError::Full);
        }
        self.changed = true;
        let client = self.kept.entry(from.to_owned()).or_default().entry(tag).or_default();
        // Whoever has a new identity has lost the secrets of what was published with the old one.
        let identity = |profile: &Option<ClientProfile>| profile.as_ref().map(|it| *it.identity());
        if parts.profile.is_some()
            && client.profile.is_some()
            && identity(&parts.profile) != identity(&client.profile)
        {
            *client = Client::default();
        }
        client.profile = parts.profile.or(client.profile.take());
        client.prekey_profile = parts.prekey_profile.or(client.prekey_profile.take());
        client.messages.extend(parts.messages);
        Ok(())
    }

    /// Whether this client is known, or another can be kept.
    fn has_room(&self, from: &str, tag: InstanceTag) -> bool {
        match self.kept.get(from) {
            Some(clients) => clients.contains_key(&tag) || clients.len() < CLIENTS_MAX,
            None => self.kept.len() < IDENTITIES_MAX,
        }
    }

    /// Forgets what can't be handed out any more at `unix` time. What is published makes room for
    /// itself so; a server that is asked rarely can do it from time to time.
    pub fn forget(&mut self, unix: u64) {
        let mut gone = false;
        for clients in self.kept.values_mut() {
            let before = clients.len();
            clients.retain(|_, client| !client.is_over(unix));
            gone |= clients.len() < before;
        }
        self.kept.retain(|_, clients| !clients.is_empty());
        self.changed |= gone;
    }

    /// Whether something changed since [`Server::kept_to_bytes`] was last called.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.changed
    }

    /// One ensemble of each client that has one, and whose profile fits. Their prekey messages are
    /// gone then.
    fn hand_out(
        &mut self,
        name: &str,
        unix: u64,
        fits: impl Fn(&ClientProfile) -> bool,
    ) -> Vec<Ensemble> {
        let Some(clients) = self.kept.get_mut(name) else { return Vec::new() };
        let mut found = Vec::new();
        for client in clients.values_mut() {
            let Client { profile: Some(profile), prekey_profile: Some(prekey_profile), messages } =
                client
            else {
                continue;
            };
            let good = fits(profile)
                && profile.check(profile.owner(), unix).is_ok()
                && prekey_profile.check(profile, unix).is_ok();
            let message = if good { messages.pop_front() } else { None };
            if let Some(message) = message {
                let (profile, prekey_profile) = (profile.clone(), prekey_profile.clone());
                found.push(Ensemble { profile, prekey_profile, message });
            }
        }
        self.changed |= !found.is_empty();
        found
    }
}

/// A last message, with its authenticator.
fn end(kind: u8, usage: Usage, body: &Writer, keys: &Keys) -> Vec<u8> {
    let mac = kdf(usage, &[&*keys.mac, &[kind], body.bytes()]);
    head(kind).raw(body.bytes()).raw(&*mac).finish()
}

/// Reads a publication, and checks that all of it belongs to the client that `shown` is of and that
/// the client has its secrets.
fn read_publication(
    mut reader: Reader<'_>,
    message: &[u8],
    shown: &ClientProfile,
    keys: &Keys,
    unix: u64,
) -> Result<Parts, ServerError> {
    let parts = Parts::read(&mut reader)?;
    let rest = reader.rest();
    let (proofs, mac) = rest.split_last_chunk::<MAC_LEN>().ok_or(DecodeError::Short)?;
    let right = publication_mac(keys, &parts, proofs);
    if !bool::from(right.ct_eq(mac)) || message.is_empty() {
        return Err(ServerError::Mac);
    }
    let owner = shown.owner();
    if let Some(profile) = &parts.profile {
        profile.check(owner, unix)?;
        if profile.identity() != shown.identity() {
            return Err(ProfileError::Apart.into());
        }
    }
    if let Some(profile) = &parts.prekey_profile {
        profile.check(shown, unix)?;
    }
    let mut ids: Vec<u32> = parts.messages.iter().map(PrekeyMessage::id).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() != parts.messages.len()
        || parts.messages.iter().any(|message| message.owner() != owner)
    {
        return Err(ProfileError::Apart.into());
    }
    let mut reader = Reader::new(proofs);
    if !parts.messages.is_empty() {
        let points: Vec<_> = parts.messages.iter().map(|message| message.point).collect();
        let numbers: Vec<_> = parts.messages.iter().map(|message| message.number).collect();
        proof::check_points(&mut reader, Usage::ProofEcdh, &points, &keys.context)?;
        proof::check_numbers(&mut reader, &numbers, &keys.context)?;
    }
    if let Some(profile) = &parts.prekey_profile {
        let keys_of = [*profile.key()];
        proof::check_points(&mut reader, Usage::ProofShared, &keys_of, &keys.context)?;
    }
    reader.finish()?;
    Ok(parts)
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("name", &self.name)
            .field("fingerprint", &self.fingerprint())
            .field("accounts", &self.kept.len())
            .field("exchanges", &self.pending.len())
            .finish_non_exhaustive()
    }
}
