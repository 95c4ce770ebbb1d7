//! A party with a real session and no manners: what it sends is sealed as it should be, and says
//! what no honest engine says.

use rand_chacha::ChaCha8Rng;
use rand_core::Rng as _;
use undertone_engine::storage::Contact;
use undertone_engine::{ChannelKeys, CloseWhen, DialId, Effect, Input, ServiceId, StreamId, Tls};
use undertone_handle::command::Role;
use undertone_ratchet::handshake::Role as RatchetRole;
use undertone_ratchet::session::Session;
use undertone_wire::cell::FrameKind;
use undertone_wire::link::{Opening, Proof};
use undertone_wire::message::{Body, Payload, Reference};
use undertone_wire::pacer::Mode;
use zeroize::Zeroizing;

use crate::pairing::{PairedEnd, party_of, text};
use crate::script::Lie;

/// How long it waits before it dials again.
const PAUSE: u64 = 4_000;

/// How long one of its dials takes at most.
const TIMEOUT: u64 = 30_000;

/// The liar. It keeps all in memory and never falls down.
pub(crate) struct Liar {
    own: usize,
    victims: Vec<Victim>,
    next: u64,
}

struct Victim {
    contact: Contact,
    session: Session,
    /// The number of the next text.
    sequence: u64,
    /// Texts that it has written, for their names.
    texts: u64,
    /// The highest number up to which all of the victim's came.
    highest: u64,
    line: Option<StreamId>,
    proving: Option<(StreamId, Option<ChannelKeys>)>,
    dial: Option<DialId>,
    /// When it dials next; for a host, when it publishes.
    due: Option<u64>,
    service: Option<ServiceId>,
}

impl Liar {
    pub(crate) fn new(own: usize, ends: Vec<PairedEnd>) -> Self {
        let victims = ends.into_iter().map(|PairedEnd { contact, session }| Victim {
            contact,
            session,
            sequence: 1,
            texts: 0,
            highest: 0,
            line: None,
            proving: None,
            dial: None,
            due: Some(0),
            service: None,
        });
        Self { own, victims: victims.collect(), next: 0 }
    }

    pub(crate) fn deadline(&self) -> Option<u64> {
        self.victims.iter().filter_map(|victim| victim.due).min()
    }

    pub(crate) fn handle(&mut self, input: Input, now: u64, rng: &mut ChaCha8Rng) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Tick => self.tick(now, &mut effects),
            Input::Arrived { service, stream } => {
                let mut victims = self.victims.iter_mut();
                if let Some(victim) = victims.find(|victim| victim.service == Some(service)) {
                    victim.proving = Some((stream, None));
                }
            }
            Input::Dialled { dial, result } => {
                let mut victims = self.victims.iter_mut();
                if let Some(victim) = victims.find(|victim| victim.dial == Some(dial)) {
                    victim.dial = None;
                    match result {
                        Ok(stream) => victim.proving = Some((stream, None)),
                        Err(_) => victim.due = Some(now + PAUSE),
                    }
                }
            }
            Input::Secured { stream, keys, .. } => {
                if let Some(victim) = self.on(stream) {
                    effects.extend(victim.prove(stream, &keys));
                    victim.proving = Some((stream, Some(keys)));
                }
            }
            Input::Frame { stream, kind, bytes } => {
                if let Some(victim) = self.on(stream) {
                    victim.frame(stream, kind, &bytes, rng, &mut effects);
                }
            }
            Input::Closed { stream, .. } => {
                if let Some(victim) = self.on(stream) {
                    if victim.line == Some(stream) {
                        victim.line = None;
                    } else {
                        victim.proving = None;
                    }
                    if victim.contact.role == Role::Guest {
                        victim.due = Some(now + PAUSE);
                    }
                }
            }
            Input::Command(_)
            | Input::Network(_)
            | Input::Derived { .. }
            | Input::Service { .. } => {}
        }
        effects
    }

    fn on(&mut self, stream: StreamId) -> Option<&mut Victim> {
        let is_on = |victim: &&mut Victim| {
            let proving = victim.proving.as_ref().map(|(stream, _)| *stream);
            victim.line == Some(stream) || proving == Some(stream)
        };
        self.victims.iter_mut().find(is_on)
    }

    fn tick(&mut self, now: u64, effects: &mut Vec<Effect>) {
        for victim in
            self.victims.iter_mut().filter(|victim| victim.due.is_some_and(|at| at <= now))
        {
            victim.due = None;
            self.next += 1;
            let contact = &victim.contact;
            let tls = Tls::Link {
                certificate_seed: contact.own.certificate_seed().clone(),
                peer: *contact.card.certificate(),
            };
            effects.push(match contact.role {
                Role::Host => {
                    let service = ServiceId(self.next);
                    victim.service = Some(service);
                    let seed = contact.own.onion_seed().clone();
                    let clients = vec![*contact.card.client_auth()];
                    Effect::Publish { service, seed, clients, tls }
                }
                Role::Guest => {
                    let dial = DialId(self.next);
                    victim.dial = Some(dial);
                    Effect::Dial {
                        dial,
                        address: *contact.card.address(),
                        client_auth: Some(contact.own.client_auth_secret().clone()),
                        timeout: TIMEOUT,
                        tls: Some(tls),
                    }
                }
            });
        }
    }

    /// Says something to a victim, if there is a connection. `None`: there is none.
    pub(crate) fn lie(&mut self, to: usize, lie: Lie, rng: &mut ChaCha8Rng) -> Option<Effect> {
        let own = self.own;
        let victim = self.victims.iter_mut().find(|victim| party_of(victim.contact.id) == to)?;
        victim.lie(own, to, lie, rng)
    }
}

impl Victim {
    fn side(&self) -> RatchetRole {
        match self.contact.role {
            Role::Guest => RatchetRole::Initiator,
            Role::Host => RatchetRole::Responder,
        }
    }

    fn prove(&self, stream: StreamId, keys: &ChannelKeys) -> Option<Effect> {
        let own = self.contact.own.public().certificate();
        let peer = self.contact.card.certificate();
        let (initiator_certificate, responder_certificate) = match self.contact.role {
            Role::Guest => (own, peer),
            Role::Host => (peer, own),
        };
        let proof = Proof { exporter: &keys.link, initiator_certificate, responder_certificate };
        let epoch = self.session.shared_epoch();
        let key = self.session.link_key(epoch)?;
        let opening = Opening { epoch, mode: Mode::Off };
        let bytes = proof.make(key, self.side(), opening).to_vec();
        Some(Effect::Send { stream, kind: FrameKind::Link, bytes })
    }

    fn frame(
        &mut self,
        stream: StreamId,
        kind: FrameKind,
        bytes: &[u8],
        rng: &mut ChaCha8Rng,
        effects: &mut Vec<Effect>,
    ) {
        if kind == FrameKind::Link {
            // It believes whoever comes.
            self.proving = None;
            if let Some(old) = self.line.replace(stream) {
                effects.push(Effect::Close { stream: old, when: CloseWhen::Now });
            }
            let body = Body::Receipt { highest: self.highest, window: 0 };
            effects.extend(self.say(0, &body, rng));
            return;
        }
        let mut plain = Zeroizing::new(Vec::new());
        if kind != FrameKind::Packet || self.session.decrypt(bytes, 0, &mut plain).is_err() {
            return;
        }
        let Ok((payload, chunk)) = Payload::decode_with_chunk(&plain) else { return };
        // It joins in what renews the keys, so that the victim does not stop for that.
        let _taken = self.session.take_chunk(chunk, rng);
        if payload.sequence == self.highest.saturating_add(1) {
            self.highest = payload.sequence;
        }
        // It acknowledges by fits and starts.
        if payload.sequence != 0 && rng.next_u32() & 1 == 0 {
            let body = Body::Receipt { highest: self.highest, window: 0 };
            effects.extend(self.say(0, &body, rng));
        }
    }

    /// Seals a body under a number, as an engine does.
    fn say(&mut self, sequence: u64, body: &Body, rng: &mut ChaCha8Rng) -> Option<Effect> {
        let body = body.encode().ok()?;
        let session = &mut self.session;
        let fill = |room, out: &mut Vec<u8>| {
            session.next_chunk(room, out);
        };
        let payload = Payload::encode_with_chunk(sequence, &body, fill).ok()?;
        self.seal(&payload, rng)
    }

    fn seal(&mut self, plain: &[u8], rng: &mut ChaCha8Rng) -> Option<Effect> {
        let stream = self.line?;
        let mut bytes = Vec::new();
        self.session.encrypt(plain, &mut bytes, rng).ok()?;
        Some(Effect::Send { stream, kind: FrameKind::Packet, bytes })
    }

    fn lie(&mut self, own: usize, to: usize, lie: Lie, rng: &mut ChaCha8Rng) -> Option<Effect> {
        let stream = self.line?;
        self.texts += 1;
        let words = Body::text(text(own, to, self.texts, 40));
        let sequence = self.sequence;
        match lie {
            Lie::Text => {
                let said = self.say(sequence, &words, rng);
                self.sequence += u64::from(said.is_some());
                said
            }
            Lie::Repeated => self.say(sequence.saturating_sub(1).max(1), &words, rng),
            Lie::Ahead => {
                let ahead = [u64::MAX, u64::MAX - 1, 1 << 63, sequence.saturating_add(65)];
                self.say(ahead[(rng.next_u32() & 3) as usize], &words, rng)
            }
            Lie::Hole => self.say(sequence.saturating_add(3), &words, rng),
            Lie::Receipt => {
                let highest = [u64::MAX, self.highest.saturating_add(70)];
                let highest = highest[(rng.next_u32() & 1) as usize];
                self.say(0, &Body::Receipt { highest, window: u64::MAX - 1 }, rng)
            }
            Lie::Forgetful => self.say(0, &Body::Receipt { highest: 0, window: 0 }, rng),
            Lie::Gaps => {
                let window = 0xaaaa_aaaa_aaaa_aaaa;
                self.say(0, &Body::Receipt { highest: self.highest, window }, rng)
            }
            Lie::Garbage => {
                let mut plain = vec![0; 400];
                rng.fill_bytes(&mut plain);
                self.seal(&plain, rng)
            }
            Lie::Short => {
                let words = Body::text(text(own, to, self.texts, 300));
                let payload = Payload::encode_kept(sequence, &words.encode().ok()?).ok()?;
                let length = payload.len() / 2;
                self.seal(payload.get(..length)?, rng)
            }
            Lie::Unsealed => {
                let mut bytes = vec![0; 462];
                rng.fill_bytes(&mut bytes);
                Some(Effect::Send { stream, kind: FrameKind::Packet, bytes })
            }
            Lie::Chunk => {
                let body = Body::Empty.encode().ok()?;
                let mut chunk = [0; 60];
                rng.fill_bytes(&mut chunk);
                let fill = |_, out: &mut Vec<u8>| out.extend_from_slice(&chunk);
                let payload = Payload::encode_with_chunk(0, &body, fill).ok()?;
                self.seal(&payload, rng)
            }
            Lie::Check => {
                let said = self.say(sequence, &Body::Check(vec![7; 99]), rng);
                self.sequence += u64::from(said.is_some());
                said
            }
            Lie::Seen => self.say(0, &Body::GoodbyeSeen, rng),
            Lie::Edit | Lie::Delete | Lie::React | Lie::Timer => {
                // Of the victim's own, of its own, of what was never said.
                let any = [1, self.texts, u64::MAX][rng.next_u32() as usize % 3];
                let to = Reference { own: rng.next_u32() & 1 == 0, sequence: any };
                let mut sign = String::from("!");
                if rng.next_u32() & 1 == 0 {
                    sign = "\u{1b}[2J".to_owned();
                }
                let body = match lie {
                    Lie::Edit => Body::Edit { of: any, text: Zeroizing::new(String::new()) },
                    Lie::Delete => Body::Delete { of: any },
                    Lie::React => Body::React { to, sign: Zeroizing::new(sign) },
                    _ => Body::Timer { changes: u32::MAX, seconds: rng.next_u32() },
                };
                let said = self.say(sequence, &body, rng);
                self.sequence += u64::from(said.is_some());
                said
            }
            Lie::Frame => {
                Some(Effect::Send { stream, kind: FrameKind::Pairing, bytes: vec![1; 20] })
            }
        }
    }
}
