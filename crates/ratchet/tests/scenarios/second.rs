//! A second implementation of the session, written from `docs/ratchet.md` with nothing but the
//! primitives: plain, slow, with everything in the open. Given the same random bytes it makes the
//! same packets and the same states.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chacha20::cipher::{KeyIvInit as _, StreamCipher};
use chacha20::{ChaCha20, XChaCha20};
use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};
use hmac::{Hmac, Mac as _};
use ml_kem::KeyExport as _;
use ml_kem::kem::Decapsulate as _;
use ml_kem::ml_kem_768::{DecapsulationKey, EncapsulationKey};
use poly1305::Poly1305;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng as _;
use sha2::{Digest as _, Sha256};

pub(crate) type Key = [u8; 32];

pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> Key {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// HKDF-Expand to one block.
pub(crate) fn expand(prk: &Key, label: &str, context: &[u8]) -> Key {
    hmac(prk, &[label.as_bytes(), context, &[1]])
}

pub(crate) fn sha256(bytes: &[u8]) -> Key {
    Sha256::digest(bytes).into()
}

pub(crate) fn dh(secret: &[u8], public: &[u8]) -> Key {
    x25519_dalek::x25519(secret.try_into().unwrap(), public.try_into().unwrap())
}

pub(crate) fn public_key(secret: &Key) -> Key {
    x25519_dalek::x25519(*secret, x25519_dalek::X25519_BASEPOINT_BYTES)
}

fn draw<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// What a root step mixes in: epoch, shared secret, hashes of key and ciphertext.
#[derive(Clone)]
pub(crate) struct Mix {
    pub(crate) epoch: u32,
    pub(crate) shared: Key,
    pub(crate) key_hash: Key,
    pub(crate) ciphertext_hash: Key,
}

/// What a root step gives.
pub(crate) struct RootStep {
    pub(crate) root: Key,
    pub(crate) chain: Key,
    pub(crate) next_header: Key,
    /// Link key and authenticator, of a step that mixes an epoch in.
    pub(crate) keys: Option<(Key, Key)>,
}

pub(crate) fn root_step(root: &Key, agreed: &Key, mix: Option<&Mix>) -> RootStep {
    let mut input = agreed.to_vec();
    if let Some(mix) = mix {
        input.extend(mix.shared);
        input.extend(mix.epoch.to_be_bytes());
        input.extend(mix.key_hash);
        input.extend(mix.ciphertext_hash);
    }
    let key = hmac(root, &[&input]);
    RootStep {
        root: expand(&key, "undertone/1 ratchet root key", &[]),
        chain: expand(&key, "undertone/1 ratchet chain key", &[]),
        next_header: expand(&key, "undertone/1 ratchet next header key", &[]),
        keys: mix.map(|mix| epoch_keys(&key, mix.epoch)),
    }
}

/// Link key and authenticator of an epoch.
pub(crate) fn epoch_keys(key: &Key, epoch: u32) -> (Key, Key) {
    let epoch = epoch.to_be_bytes();
    (expand(key, "undertone/1 link key", &epoch), expand(key, "undertone/1 authenticator", &epoch))
}

pub(crate) fn message_key(chain: &Key) -> Key {
    hmac(chain, &[b"undertone/1 ratchet message key"])
}

pub(crate) fn next_chain(chain: &Key) -> Key {
    hmac(chain, &[b"undertone/1 ratchet next chain key"])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) key: Key,
    pub(crate) previous: u32,
    pub(crate) number: u32,
    pub(crate) epoch: u32,
}

/// "ChaCha20 with HMAC": the key stream's first 32 bytes and what it is from its second block on, over zeros.
fn stream(mut cipher: impl StreamCipher, length: usize) -> (Key, Vec<u8>) {
    let mut stream = vec![0; 64 + length];
    cipher.apply_keystream(&mut stream);
    (stream[..32].try_into().unwrap(), stream[64..].to_vec())
}

fn xor(bytes: &[u8], stream: &[u8]) -> Vec<u8> {
    bytes.iter().zip(stream).map(|(byte, pad)| byte ^ pad).collect()
}

fn chacha_hmac_seal(cipher: impl StreamCipher, data: &[u8], text: &[u8]) -> Vec<u8> {
    let (mac_key, pad) = stream(cipher, text.len());
    let mut sealed = xor(text, &pad);
    sealed.extend(&hmac(&mac_key, &[data, &sealed])[..16]);
    sealed
}

fn chacha_hmac_open(cipher: impl StreamCipher, data: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (text, tag) = sealed.split_at_checked(sealed.len().checked_sub(16)?)?;
    let (mac_key, pad) = stream(cipher, text.len());
    (hmac(&mac_key, &[data, text])[..16] == *tag).then(|| xor(text, &pad))
}

fn header_cipher(packet: &[u8], key: &Key) -> Option<XChaCha20> {
    let nonce: &[u8; 24] = packet.get(..24)?.try_into().unwrap();
    Some(XChaCha20::new(key.into(), nonce.into()))
}

pub(crate) fn open_header(packet: &[u8], key: &Key, data: &Key) -> Option<Header> {
    let bytes = chacha_hmac_open(header_cipher(packet, key)?, data, packet.get(24..84)?)?;
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let key = bytes[..32].try_into().unwrap();
    Some(Header { key, previous: number(32), number: number(36), epoch: number(40) })
}

/// Whether a text of this length counts as long.
fn is_long(length: usize) -> bool {
    length > 2_048
}

pub(crate) fn payload_key(packet: &[u8], length: usize, message: &Key, data: &Key) -> Key {
    let label: &[u8] = if is_long(length) {
        b"undertone/1 ratchet long payload key"
    } else {
        b"undertone/1 ratchet payload key"
    };
    hmac(message, &[label, data, &packet[..84]])
}

pub(crate) fn open_payload(packet: &[u8], message: &Key, data: &Key) -> Option<Vec<u8>> {
    let length = packet.len().checked_sub(100)?;
    let key = payload_key(packet, length, message, data);
    if is_long(length) {
        ChaCha20Poly1305::new(&key.into()).decrypt(&[0; 12].into(), &packet[84..]).ok()
    } else {
        chacha_hmac_open(ChaCha20::new(&key.into(), &[0; 12].into()), &[], &packet[84..])
    }
}

fn nonce(message: &Key, text: &[u8], rng: &mut ChaCha20Rng) -> [u8; 24] {
    let random: [u8; 32] = draw(rng);
    let mac = if is_long(text.len()) {
        let key = hmac(message, &[b"undertone/1 ratchet long text hash"]);
        let hash = Poly1305::new(&key.into()).compute_unpadded(text);
        hmac(message, &[b"undertone/1 ratchet long header nonce", &random, &hash])
    } else {
        hmac(message, &[b"undertone/1 ratchet header nonce", &random, text])
    };
    mac[..24].try_into().unwrap()
}

fn seal(
    header: &Header,
    header_key: &Key,
    message: &Key,
    data: &Key,
    text: &[u8],
    rng: &mut ChaCha20Rng,
) -> Vec<u8> {
    let mut packet = nonce(message, text, rng).to_vec();
    let numbers = [header.previous, header.number, header.epoch].map(u32::to_be_bytes);
    let bytes = [&header.key, numbers.as_flattened()].concat();
    let cipher = header_cipher(&packet, header_key).unwrap();
    packet.extend(chacha_hmac_seal(cipher, data, &bytes));
    let key = payload_key(&packet, text.len(), message, data);
    packet.extend(if is_long(text.len()) {
        ChaCha20Poly1305::new(&key.into()).encrypt(&[0; 12].into(), text).unwrap()
    } else {
        chacha_hmac_seal(ChaCha20::new(&key.into(), &[0; 12].into()), &[], text)
    });
    packet
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sending {
    pub(crate) own: Key,
    pub(crate) chain: Key,
    pub(crate) header: Key,
    pub(crate) sent: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Receiving {
    pub(crate) chain: Key,
    pub(crate) header: Key,
    pub(crate) next: u32,
    pub(crate) epoch: u32,
}

/// The units that are here, by number.
pub(crate) type Units = BTreeMap<usize, Key>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Exchange {
    Idle,
    Asking,
    Offered { seed: Vec<u8>, cursor: usize, ciphertext: Units },
    Opened { shared: Key, key_hash: Key, ciphertext: Vec<u8> },
    Gathering { key: Units },
    Answered { shared: Key, key: Vec<u8>, ciphertext: Vec<u8>, cursor: usize },
}

pub(crate) const KEY_UNITS: usize = 37;
pub(crate) const CIPHERTEXT_UNITS: usize = 34;

fn join(units: &Units) -> Vec<u8> {
    units.values().flatten().copied().collect()
}

fn key_of(seed: &[u8]) -> DecapsulationKey {
    let seed: [u8; 64] = seed.try_into().unwrap();
    DecapsulationKey::from_seed(seed.into())
}

pub(crate) fn encapsulation_key(seed: &[u8]) -> Vec<u8> {
    key_of(seed).encapsulation_key().to_bytes().to_vec()
}

pub(crate) fn decapsulate(seed: &[u8], ciphertext: &[u8]) -> Key {
    key_of(seed).decapsulate(ciphertext.try_into().unwrap()).into()
}

/// One end, with the names of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Second {
    pub(crate) data: Key,
    pub(crate) root: Key,
    pub(crate) peer: Key,
    pub(crate) sending: Option<Sending>,
    pub(crate) next_sending: Key,
    pub(crate) previous: u32,
    pub(crate) receiving: Option<Receiving>,
    pub(crate) next_receiving: Key,
    pub(crate) answered: u32,
    pub(crate) offers_odd: bool,
    pub(crate) epoch: u32,
    /// Link key and authenticator of the last two epochs.
    pub(crate) keys: BTreeMap<u32, (Key, Key)>,
    pub(crate) unhealed: u32,
    pub(crate) link_time: u32,
    pub(crate) exchange: Exchange,
    /// By header key and number: when it was skipped, and the message key.
    pub(crate) skipped: HashMap<(Key, u32), (u64, Key)>,
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(count);
        self.0 = rest;
        bytes
    }

    fn key(&mut self) -> Key {
        self.bytes(32).try_into().unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.bytes(1)[0]
    }

    fn number(&mut self) -> u32 {
        u32::from_be_bytes(self.bytes(4).try_into().unwrap())
    }

    fn long(&mut self) -> u64 {
        u64::from_be_bytes(self.bytes(8).try_into().unwrap())
    }

    fn units(&mut self) -> Units {
        let have = self.long();
        (0..64).filter(|bit| have >> bit & 1 == 1).map(|bit| (bit, self.key())).collect()
    }
}

impl Second {
    /// Reads the section "State".
    pub(crate) fn parse(state: &[u8]) -> Self {
        let mut state = Reader(state);
        assert_eq!(state.byte(), 1);
        let (data, root, peer) = (state.key(), state.key(), state.key());
        let sending = (state.byte() == 1).then(|| Sending {
            own: state.key(),
            chain: state.key(),
            header: state.key(),
            sent: state.number(),
        });
        let (next_sending, previous) = (state.key(), state.number());
        let receiving = (state.byte() == 1).then(|| Receiving {
            chain: state.key(),
            header: state.key(),
            next: state.number(),
            epoch: state.number(),
        });
        let (next_receiving, answered) = (state.key(), state.number());
        let (offers_odd, epoch) = (state.byte() == 1, state.number());
        let mut keys = BTreeMap::from([(epoch, (state.key(), state.key()))]);
        if epoch > 0 {
            keys.insert(epoch - 1, (state.key(), state.key()));
        }
        let (unhealed, link_time) = (state.number(), state.number());
        let length = state.number() as usize;
        let exchange = Self::parse_exchange(state.bytes(length));
        let mut skipped = HashMap::new();
        for _ in 0..state.number() {
            let header = state.key();
            for _ in 0..state.number() {
                let number = state.number();
                skipped.insert((header, number), (state.long(), state.key()));
            }
        }
        assert!(state.0.is_empty());
        Self {
            data,
            root,
            peer,
            sending,
            next_sending,
            previous,
            receiving,
            next_receiving,
            answered,
            offers_odd,
            epoch,
            keys,
            unhealed,
            link_time,
            exchange,
            skipped,
        }
    }

    fn parse_exchange(bytes: &[u8]) -> Exchange {
        let Some((kind, rest)) = bytes.split_first() else { return Exchange::Idle };
        let mut rest = Reader(rest);
        let exchange = match kind {
            1 => Exchange::Asking,
            2 => Exchange::Offered {
                seed: rest.bytes(64).to_vec(),
                cursor: rest.byte().into(),
                ciphertext: rest.units(),
            },
            3 => Exchange::Opened {
                shared: rest.key(),
                key_hash: rest.key(),
                ciphertext: rest.bytes(1088).to_vec(),
            },
            4 => Exchange::Gathering { key: rest.units() },
            5 => Exchange::Answered {
                shared: rest.key(),
                key: rest.bytes(1184).to_vec(),
                ciphertext: rest.bytes(1088).to_vec(),
                cursor: rest.byte().into(),
            },
            _ => Exchange::Idle,
        };
        assert!((1..=5).contains(kind) && rest.0.is_empty());
        exchange
    }

    /// "Session", "Start": from the root, the hash of the transcript, and the public keys of both
    /// as they are on the wire. `own` is the private ratchet key.
    pub(crate) fn start(
        root: &Key,
        transcript: &Key,
        [initiator, responder]: [&[u8]; 2],
        is_initiator: bool,
        own: Key,
    ) -> Self {
        let label: &[u8] = b"undertone/1 associated data";
        let data = hmac(transcript, &[label, &initiator[..32], &responder[..32]]);
        let first_root = expand(root, "undertone/1 session root", &[]);
        let header_i = expand(root, "undertone/1 header key initiator", &[]);
        let header_r = expand(root, "undertone/1 header key responder", &[]);
        let peer = if is_initiator { responder } else { initiator };
        let peer: Key = peer[64..96].try_into().unwrap();
        let step = root_step(&first_root, &dh(&own, &peer), None);
        let (sending, receiving) = if is_initiator {
            (Some(Sending { own, chain: step.chain, header: header_i, sent: 0 }), None)
        } else {
            (None, Some(Receiving { chain: step.chain, header: header_i, next: 0, epoch: 0 }))
        };
        Self {
            data,
            root: step.root,
            peer,
            sending,
            next_sending: if is_initiator { step.next_header } else { header_r },
            previous: 0,
            receiving,
            next_receiving: if is_initiator { header_r } else { step.next_header },
            answered: 0,
            offers_odd: is_initiator,
            epoch: 0,
            keys: BTreeMap::from([(0, epoch_keys(root, 0))]),
            unhealed: 0,
            link_time: 0,
            exchange: Exchange::Idle,
            skipped: HashMap::new(),
        }
    }

    pub(crate) fn offers_next(&self) -> bool {
        ((self.epoch + 1) % 2 == 1) == self.offers_odd
    }

    /// "Sending". Nothing where the specification refuses.
    pub(crate) fn encrypt(&mut self, text: &[u8], rng: &mut ChaCha20Rng) -> Option<Vec<u8>> {
        self.encrypt_openly(text, rng).map(|(packet, ..)| packet)
    }

    /// The packet, its header and header key, and the message key.
    pub(crate) fn encrypt_openly(
        &mut self,
        text: &[u8],
        rng: &mut ChaCha20Rng,
    ) -> Option<(Vec<u8>, Header, Key, Key)> {
        let mut new = self.clone();
        if new.sending.is_none() {
            let own = draw(rng);
            let mix = match &new.exchange {
                Exchange::Opened { shared, key_hash, ciphertext } => Some(Mix {
                    epoch: new.epoch + 1,
                    shared: *shared,
                    key_hash: *key_hash,
                    ciphertext_hash: sha256(ciphertext),
                }),
                _ => None,
            };
            let step = root_step(&new.root, &dh(&own, &new.peer), mix.as_ref());
            let header = std::mem::replace(&mut new.next_sending, step.next_header);
            new.sending = Some(Sending { own, chain: step.chain, header, sent: 0 });
            new.root = step.root;
            new.enter_epoch(step.keys);
        }
        let (epoch, previous, data) = (new.epoch, new.previous, new.data);
        let sending = new.sending.as_mut().unwrap();
        if sending.sent == 256 || new.unhealed >= 1_000 {
            return None;
        }
        let key = public_key(&sending.own);
        let header = Header { key, previous, number: sending.sent, epoch };
        let (header_key, message) = (sending.header, message_key(&sending.chain));
        let packet = seal(&header, &header_key, &message, &data, text, rng);
        sending.chain = next_chain(&sending.chain);
        sending.sent += 1;
        new.answered = new.receiving.as_ref().map_or(0, |receiving| receiving.next);
        new.unhealed += 1;
        *self = new;
        Some((packet, header, header_key, message))
    }

    /// "Receiving". Nothing where the specification refuses.
    pub(crate) fn decrypt(&mut self, packet: &[u8], now: u64) -> Option<Vec<u8>> {
        let mut new = self.clone();
        let text = new.decrypt_to(packet, now)?;
        new.unhealed += 1;
        new.skipped.retain(|_, (since, _)| now.saturating_sub(*since) <= 86_400);
        new.skipped.values_mut().for_each(|(since, _)| *since = (*since).min(now));
        *self = new;
        Some(text)
    }

    fn decrypt_to(&mut self, packet: &[u8], now: u64) -> Option<Vec<u8>> {
        let data = self.data;
        if let Some(receiving) = self.receiving.clone()
            && let Some(header) = open_header(packet, &receiving.header, &data)
        {
            if header.epoch != receiving.epoch || header.key != self.peer {
                return None;
            }
            if header.number < receiving.next {
                return self.decrypt_skipped(packet, &receiving.header, header.number, now);
            }
            let chain =
                self.skip(&receiving.header, &receiving.chain, receiving.next, header.number, now)?;
            let text = open_payload(packet, &message_key(&chain), &data)?;
            let next = header.number + 1;
            self.receiving = Some(Receiving { chain: next_chain(&chain), next, ..receiving });
            return Some(text);
        }
        if let Some(sending) = self.sending.clone()
            && let Some(header) = open_header(packet, &self.next_receiving, &data)
        {
            if header.key == self.peer {
                return None;
            }
            let mix = match &self.exchange {
                _ if header.epoch == self.epoch => None,
                Exchange::Answered { shared, key, ciphertext, .. }
                    if header.epoch == self.epoch + 1 =>
                {
                    Some(Mix {
                        epoch: header.epoch,
                        shared: *shared,
                        key_hash: sha256(key),
                        ciphertext_hash: sha256(ciphertext),
                    })
                }
                _ => return None,
            };
            match self.receiving.clone() {
                Some(old) => {
                    self.skip(&old.header, &old.chain, old.next, header.previous, now)?;
                }
                None if header.previous == 0 => {}
                None => return None,
            }
            let step = root_step(&self.root, &dh(&sending.own, &header.key), mix.as_ref());
            let key = std::mem::replace(&mut self.next_receiving, step.next_header);
            let chain = self.skip(&key, &step.chain, 0, header.number, now)?;
            let text = open_payload(packet, &message_key(&chain), &data)?;
            self.enter_epoch(step.keys);
            let (chain, next, epoch) = (next_chain(&chain), header.number + 1, self.epoch);
            self.receiving = Some(Receiving { chain, header: key, next, epoch });
            (self.root, self.peer) = (step.root, header.key);
            (self.previous, self.answered, self.sending) = (sending.sent, 0, None);
            return Some(text);
        }
        let chains: BTreeSet<Key> = self.skipped.keys().map(|(header, _)| *header).collect();
        for key in chains {
            if let Some(header) = open_header(packet, &key, &data) {
                if header.epoch > self.epoch {
                    return None;
                }
                return self.decrypt_skipped(packet, &key, header.number, now);
            }
        }
        None
    }

    fn decrypt_skipped(
        &mut self,
        packet: &[u8],
        header: &Key,
        number: u32,
        now: u64,
    ) -> Option<Vec<u8>> {
        let (since, key) = self.skipped.remove(&(*header, number))?;
        if now.saturating_sub(since) > 86_400 {
            return None;
        }
        open_payload(packet, &key, &self.data)
    }

    /// Skips the keys from `next` up to `number` and gives the chain key of `number`.
    fn skip(&mut self, header: &Key, chain: &Key, next: u32, number: u32, now: u64) -> Option<Key> {
        if number < next || number - next > 1_000 {
            return None;
        }
        let mut chain = *chain;
        for skipped in next..number {
            self.skipped.insert((*header, skipped), (now, message_key(&chain)));
            chain = next_chain(&chain);
        }
        Some(chain)
    }

    fn enter_epoch(&mut self, keys: Option<(Key, Key)>) {
        if let Some(keys) = keys {
            self.epoch += 1;
            self.keys.insert(self.epoch, keys);
            let epoch = self.epoch;
            self.keys.retain(|kept, _| kept + 1 >= epoch);
            (self.unhealed, self.link_time, self.exchange) = (0, 0, Exchange::Idle);
        }
    }

    /// "Post-quantum epochs": begins one, or asks for it.
    pub(crate) fn begin_epoch(&mut self, rng: &mut ChaCha20Rng) {
        if self.exchange == Exchange::Idle && self.offers_next() {
            let seed: [u8; 64] = draw(rng);
            self.exchange =
                Exchange::Offered { seed: seed.to_vec(), cursor: 0, ciphertext: Units::new() };
        } else if self.exchange == Exchange::Idle {
            self.exchange = Exchange::Asking;
        }
    }

    /// The next chunk; empty if there is none.
    pub(crate) fn next_chunk(&mut self, room: usize) -> Vec<u8> {
        let (bytes, cursor) = match &mut self.exchange {
            Exchange::Asking if room >= 5 => {
                return [(self.epoch + 1).to_be_bytes().as_slice(), &[0]].concat();
            }
            Exchange::Offered { seed, cursor, .. } => (encapsulation_key(seed), cursor),
            Exchange::Answered { ciphertext, cursor, .. } => (ciphertext.clone(), cursor),
            _ => return Vec::new(),
        };
        let all = bytes.len() / 32;
        let units = (room.saturating_sub(5) / 32).min(all);
        if units == 0 {
            return Vec::new();
        }
        let first = std::mem::replace(cursor, (*cursor + units) % all);
        let mut chunk = (self.epoch + 1).to_be_bytes().to_vec();
        chunk.push(first as u8);
        for unit in first..first + units {
            chunk.extend(&bytes[32 * (unit % all)..][..32]);
        }
        chunk
    }

    /// Takes a chunk. `Err` where the specification closes the link.
    pub(crate) fn take_chunk(&mut self, chunk: &[u8], rng: &mut ChaCha20Rng) -> Result<(), ()> {
        if chunk.len() < 5 || !(chunk.len() - 5).is_multiple_of(32) {
            return Err(());
        }
        let epoch = u32::from_be_bytes(chunk[..4].try_into().unwrap());
        if epoch != self.epoch + 1 {
            return if epoch <= self.epoch { Ok(()) } else { Err(()) };
        }
        let ours = self.offers_next();
        let first = usize::from(chunk[4]);
        let units: Vec<Key> = chunk[5..].as_chunks().0.to_vec();
        if ours && units.is_empty() && first == 0 {
            self.begin_epoch(rng);
            return Ok(());
        }
        let all = if ours { CIPHERTEXT_UNITS } else { KEY_UNITS };
        if units.is_empty() || first >= all || units.len() > all {
            return Err(());
        }
        // What is here of what comes in.
        let whole = |bytes: &[u8]| bytes.as_chunks().0.iter().copied().enumerate().collect();
        let mut here: Units = match &self.exchange {
            Exchange::Idle | Exchange::Asking if ours => return Err(()),
            Exchange::Idle | Exchange::Asking => Units::new(),
            Exchange::Offered { ciphertext, .. } => ciphertext.clone(),
            Exchange::Gathering { key } => key.clone(),
            Exchange::Opened { ciphertext, .. } => whole(ciphertext),
            Exchange::Answered { key, .. } => whole(key),
        };
        let was_whole = here.len() == all;
        for (number, unit) in (first..).zip(units) {
            if *here.entry(number % all).or_insert(unit) != unit {
                return Err(());
            }
        }
        if was_whole {
            return Ok(());
        }
        self.exchange = match (self.exchange.clone(), here.len() == all) {
            (Exchange::Offered { seed, .. }, true) => {
                let ciphertext = join(&here);
                let shared = decapsulate(&seed, &ciphertext);
                let key_hash = sha256(&encapsulation_key(&seed));
                Exchange::Opened { shared, key_hash, ciphertext }
            }
            (Exchange::Offered { seed, cursor, .. }, false) => {
                Exchange::Offered { seed, cursor, ciphertext: here }
            }
            (_, true) => {
                let key = join(&here);
                let bytes = key.as_slice().try_into().unwrap();
                let (ciphertext, shared) = EncapsulationKey::new(&bytes)
                    .map_err(|_| ())?
                    .encapsulate_deterministic(&draw::<32>(rng).into());
                Exchange::Answered {
                    shared: shared.into(),
                    key,
                    ciphertext: ciphertext.to_vec(),
                    cursor: 0,
                }
            }
            (_, false) => Exchange::Gathering { key: here },
        };
        Ok(())
    }
}
