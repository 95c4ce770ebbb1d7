//! The double ratchet beside vodozemac's Olm: encrypting and decrypting one packet.
//!
//! Olm has no header encryption and no post-quantum handshake; what is compared is what a program
//! pays for a message, not the same thing done twice.

use std::time::Instant;

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_ratchet::handshake::{OwnKeys, Role, derive_root, encapsulate};
use undertone_ratchet::secret::Secret;
use undertone_ratchet::session::{EPOCH_MESSAGES, MAX_CHUNK, Session};
use undertone_ratchet::stream::{CHUNK, Opener, Sealer};
use undertone_ratchet::transcript::Transcript;
use vodozemac::olm::{Account, OlmMessage, Session as Olm, SessionConfig};

use crate::goals::Wanted;
use crate::measure::{Goal, Pair, goal, median, microseconds};
use crate::run::Failure;

/// Pairs of measurements of each goal.
const PAIRS: usize = 400;

pub(crate) fn short(wanted: Wanted) -> Result<Goal, Failure> {
    along(32, 64, wanted)
}

pub(crate) fn kib(wanted: Wanted) -> Result<Goal, Failure> {
    along(1 << 10, 64, wanted)
}

pub(crate) fn long(wanted: Wanted) -> Result<Goal, Failure> {
    along(1 << 16, 6, wanted)
}

/// The post-quantum step, which Olm doesn't have, is reported apart.
pub(crate) fn turn(wanted: Wanted) -> Result<Goal, Failure> {
    let text = [7; 32];
    let (mut ours, mut peer) = (Ours::meet()?, Peer::meet()?);
    let epochs = (0..PAIRS).map(|_| ours.pass_epoch()).collect::<Result<Vec<_>, _>>()?;
    let epoch = median(epochs).ok_or("no epoch")?;
    println!(
        "{}: a post-quantum epoch takes both ends {epoch:.1} µs, which is {:.2} µs a packet if one comes with \
         {EPOCH_MESSAGES}",
        wanted.name,
        epoch / f64::from(EPOCH_MESSAGES)
    );
    goal(wanted, PAIRS, || {
        ours.pass_epoch()?;
        Ok(Pair {
            ours: microseconds(2, || {
                ours.say(&text)?;
                ours.turn_round();
                Ok(())
            })?,
            peer: microseconds(2, || {
                peer.say(&text)?;
                peer.turn_round();
                Ok(())
            })?,
        })
    })
}

/// A chunk of a stream beside its cipher alone, both ways: what numbers and ends cost.
pub(crate) fn chunk(wanted: Wanted) -> Result<Goal, Failure> {
    let rng = &mut ChaCha20Rng::from_seed([2; 32]);
    let key = Secret::random(rng);
    let plain = vec![7; CHUNK];
    let (mut sealed, mut opened) = (Vec::new(), Vec::new());
    let alone = ChaCha20Poly1305::new(&(*key.as_bytes()).into());
    let mut buffer = plain.clone();
    goal(wanted, PAIRS, || {
        let (mut sealer, header) = Sealer::new(&key, b"bench", rng);
        let mut opener = Opener::new(&key, b"bench", &header, 0)?;
        let ours = microseconds(6, || {
            sealed.clear();
            opened.clear();
            sealer.seal_chunk(&plain, false, &mut sealed)?;
            opener.open_chunk(&sealed, &mut opened)?;
            Ok(())
        })?;
        let peer = microseconds(6, || {
            let nonce = [0; 12].into();
            let tag = alone
                .encrypt_inout_detached(&nonce, &[], buffer.as_mut_slice().into())
                .map_err(|_| "not sealed")?;
            alone
                .decrypt_inout_detached(&nonce, &[], buffer.as_mut_slice().into(), &tag)
                .map_err(|_| "not opened")?;
            Ok(())
        })?;
        if opened != plain || buffer != plain {
            return Err("another text came out".into());
        }
        Ok(Pair { ours, peer })
    })
}

/// Packets of one chain, in one direction.
fn along(len: usize, count: u32, wanted: Wanted) -> Result<Goal, Failure> {
    let text = vec![7; len];
    let (mut ours, mut peer) = (Ours::meet()?, Peer::meet()?);
    goal(wanted, PAIRS, || {
        // Epochs, an answer and the first packet after it, with its new keys, aren't measured here.
        ours.pass_epoch()?;
        for _ in 0..2 {
            ours.say(&text)?;
            ours.turn_round();
            peer.say(&text)?;
            peer.turn_round();
        }
        ours.say(&text)?;
        peer.say(&text)?;
        Ok(Pair {
            ours: microseconds(count, || ours.say(&text))?,
            peer: microseconds(count, || peer.say(&text))?,
        })
    })
}

/// Two ends of ours; the first speaks.
pub(crate) struct Ours {
    pub(crate) ends: [Session; 2],
    pub(crate) rng: ChaCha20Rng,
    packet: Vec<u8>,
    text: Vec<u8>,
}

impl Ours {
    pub(crate) fn meet() -> Result<Self, Failure> {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let (guest, host) = (OwnKeys::generate(&mut rng), OwnKeys::generate(&mut rng));
        let (to_host, of_guest) = encapsulate(&host.public(), &mut rng);
        let (to_guest, of_host) = encapsulate(&guest.public(), &mut rng);
        let transcript = Transcript::new(b"bench");
        let mine = derive_root(
            Role::Initiator,
            &guest,
            &host.public(),
            &of_guest,
            &guest.decapsulate(&to_guest),
            &[],
            &transcript,
        )?;
        let theirs = derive_root(
            Role::Responder,
            &host,
            &guest.public(),
            &host.decapsulate(&to_host),
            &of_host,
            &[],
            &transcript,
        )?;
        let ends = [
            mine.into_session(Role::Initiator, &guest, &host.public(), &transcript),
            theirs.into_session(Role::Responder, &host, &guest.public(), &transcript),
        ];
        Ok(Self { ends, rng, packet: Vec::new(), text: Vec::new() })
    }

    pub(crate) fn say(&mut self, text: &[u8]) -> Result<(), Failure> {
        let [speaker, listener] = &mut self.ends;
        self.packet.clear();
        self.text.clear();
        speaker.encrypt(text, &mut self.packet, &mut self.rng)?;
        listener.decrypt(&self.packet, 0, &mut self.text)?;
        if self.text == text { Ok(()) } else { Err("another text came out".into()) }
    }

    pub(crate) fn turn_round(&mut self) {
        self.ends.swap(0, 1);
    }

    /// Passes one post-quantum epoch, and gives what it takes beside the packets around it: making
    /// a key, encapsulating, opening, in microseconds.
    pub(crate) fn pass_epoch(&mut self) -> Result<f64, Failure> {
        let epoch = self.ends[0].epoch();
        let start = Instant::now();
        // Whose turn it isn't asks the other.
        self.ends[0].begin_epoch(&mut self.rng);
        let mut chunk = Vec::with_capacity(MAX_CHUNK);
        for _ in 0..3 {
            for at in [0, 1] {
                chunk.clear();
                if self.ends[at].next_chunk(MAX_CHUNK, &mut chunk) > 0 {
                    self.ends[1 - at].take_chunk(&chunk, &mut self.rng)?;
                }
            }
        }
        let time = start.elapsed().as_secs_f64() * 1e6;
        for _ in 0..4 {
            self.say(b"mixed in with a turn")?;
            self.turn_round();
        }
        if self.ends.iter().all(|end| end.epoch() == epoch + 1) {
            Ok(time)
        } else {
            Err("no epoch came to pass".into())
        }
    }
}

/// Two ends of Olm; the first speaks.
struct Peer([Olm; 2]);

impl Peer {
    fn meet() -> Result<Self, Failure> {
        let config = SessionConfig::default();
        let (guest, mut host) = (Account::new(), Account::new());
        host.generate_one_time_keys(1);
        let one_time = host.one_time_keys().into_values().next().ok_or("no one-time key")?;
        let mut mine = guest.create_outbound_session(config, host.curve25519_key(), one_time)?;
        let OlmMessage::PreKey(first) = mine.encrypt("hello")? else {
            return Err("no first message".into());
        };
        let theirs = host.create_inbound_session(config, guest.curve25519_key(), &first)?.session;
        let mut peer = Self([theirs, mine]);
        peer.say(b"hello")?;
        peer.turn_round();
        Ok(peer)
    }

    fn say(&mut self, text: &[u8]) -> Result<(), Failure> {
        let Self([speaker, listener]) = self;
        let read = listener.decrypt(&speaker.encrypt(text)?)?;
        if read == text { Ok(()) } else { Err("another text came out".into()) }
    }

    fn turn_round(&mut self) {
        self.0.swap(0, 1);
    }
}
