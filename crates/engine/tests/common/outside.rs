//! Ends of streams that no engine of the harness has: strangers, squatters, those in the middle, and
//! a contact that does not keep to the rules.

use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_engine::{ChannelKeys, DialId, Input, StreamId};
use undertone_handle::command::Role;
use undertone_ratchet::handshake::Role as RatchetRole;
use undertone_ratchet::session::Session;
use undertone_wire::address::OnionAddress;
use undertone_wire::card::{Card, OwnCard};
use undertone_wire::cell::FrameKind;
use undertone_wire::code::Code;
use undertone_wire::link::{Opening, Proof};
use undertone_wire::message::{Body, Payload};
use undertone_wire::pacer::Mode;
use undertone_wire::pairing::{Exporters, Guest, GuestStage};

use super::{CODE, End, Net, place};

/// The node number of whatever is no node.
const OUTSIDE: usize = usize::MAX;

/// What came to the ends that no engine has.
#[derive(Default)]
pub(super) struct Outside {
    squats: BTreeSet<[u8; 32]>,
    visits: Vec<Visitor>,
    heard: BTreeMap<StreamId, Vec<(FrameKind, Vec<u8>)>>,
    closed: BTreeSet<StreamId>,
}

impl Outside {
    pub(super) fn answers(&self, address: &OnionAddress) -> bool {
        self.squats.contains(&address.0)
    }

    pub(super) fn note(&mut self, input: Input) {
        match input {
            Input::Frame { stream, kind, bytes } => {
                self.heard.entry(stream).or_default().push((kind, bytes));
            }
            Input::Closed { stream, .. } => {
                self.closed.insert(stream);
            }
            _ => {}
        }
    }
}

/// A stream to a node whose other end is the scenario's.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    pub(crate) stream: StreamId,
    pub(crate) keys: ChannelKeys,
}

impl Visitor {
    pub(crate) fn exporters(&self) -> Exporters {
        Exporters { sid: self.keys.sid, binding: self.keys.binding }
    }
}

impl Net {
    /// From now on the scenario answers at an address, whoever else serves it.
    pub(crate) fn squat(&mut self, address: OnionAddress) {
        self.outside.squats.insert(address.0);
    }

    /// Nobody but its owner answers at an address again.
    pub(crate) fn leave_squat(&mut self, address: OnionAddress) {
        self.outside.squats.remove(&address.0);
    }

    pub(super) fn visit_outside(&mut self, node: usize, dial: DialId, secured: bool) {
        let own = End { node, stream: self.stream() };
        let other = End { node: OUTSIDE, stream: self.stream() };
        self.nodes[node].inbox.push_back(Input::Dialled { dial, result: Ok(own.stream) });
        if secured {
            let keys = self.join(own, other);
            self.outside.visits.push(Visitor { stream: other.stream, keys });
        }
    }

    /// Who dialled a squatted address since the last call.
    pub(crate) fn visits(&mut self) -> Vec<Visitor> {
        std::mem::take(&mut self.outside.visits)
    }

    /// Dials the newest service of a node, client keys or not.
    pub(crate) fn knock(&mut self, to: usize) -> Option<Visitor> {
        let service = *self.nodes[to].services.keys().last()?;
        let own = End { node: OUTSIDE, stream: self.stream() };
        let other = End { node: to, stream: self.stream() };
        self.arrive(to, service, other.stream);
        let keys = self.join(own, other);
        self.settle();
        Some(Visitor { stream: own.stream, keys })
    }

    /// Sends a frame from outside.
    pub(crate) fn speak(&mut self, from: &Visitor, kind: FrameKind, bytes: &[u8]) {
        self.carry(End { node: OUTSIDE, stream: from.stream }, kind, bytes.to_vec());
        self.settle();
    }

    /// What came since the last call.
    pub(crate) fn heard(&mut self, at: &Visitor) -> Vec<(FrameKind, Vec<u8>)> {
        self.outside.heard.remove(&at.stream).unwrap_or_default()
    }

    /// Whether the node closed the stream.
    pub(crate) fn is_closed(&self, at: &Visitor) -> bool {
        self.outside.closed.contains(&at.stream)
    }

    /// Goes away.
    pub(crate) fn drop_visitor(&mut self, visitor: &Visitor) {
        let reason = undertone_engine::CloseReason::Gone;
        self.hang_up(End { node: OUTSIDE, stream: visitor.stream }, reason);
        self.settle();
    }
}

/// A contact of node 0 with a right session and no manners.
pub(crate) struct Puppet {
    pub(crate) rng: ChaCha20Rng,
    pub(crate) session: Session,
    pub(crate) line: Visitor,
    link_key: undertone_ratchet::secret::Secret<32>,
    own: OwnCard,
    peer: Card,
}

impl Puppet {
    /// Pairs with node 0 as a guest; the wishes for the check are the caller's.
    pub(crate) fn pair(net: &mut Net, seed: u8, wish: Option<bool>) -> Self {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        net.meet(0, Role::Host, CODE, wish);
        let line = net.knock(0).unwrap();
        let password = Code::parse(CODE).unwrap().password();
        let (mut guest, mut frame) =
            Guest::new(&password, "local", &place(CODE), &line.exporters(), &mut rng);
        let paired = loop {
            net.speak(&line, FrameKind::Pairing, &frame);
            let (_, answer) = net.heard(&line).remove(0);
            let progress = guest.handle(&answer, &mut rng).unwrap();
            match progress.stage {
                GuestStage::Paired(paired) => break *paired,
                GuestStage::Waiting { .. } => frame = progress.send.unwrap(),
            }
        };
        let link_key = paired.root.link_key();
        let session = paired.root.into_session(
            RatchetRole::Initiator,
            paired.own.keys(),
            paired.peer.keys(),
            &paired.transcript,
        );
        Self { rng, session, line, link_key, own: paired.own, peer: paired.peer }
    }

    /// Seals a payload and sends it; `false` when its sending chain is full.
    pub(crate) fn send(&mut self, net: &mut Net, payload: &Payload) -> bool {
        let plain = payload.encode().unwrap();
        self.send_plain(net, &plain)
    }

    /// Seals any bytes and sends them.
    pub(crate) fn send_plain(&mut self, net: &mut Net, plain: &[u8]) -> bool {
        let mut packet = Vec::new();
        if self.session.encrypt(plain, &mut packet, &mut self.rng).is_err() {
            return false;
        }
        net.speak(&self.line, FrameKind::Packet, &packet);
        true
    }

    /// What came and can be read; packets of the pairing's frames are passed over.
    pub(crate) fn read(&mut self, net: &mut Net) -> Vec<Payload> {
        let mut payloads = Vec::new();
        for (kind, bytes) in net.heard(&self.line) {
            let mut plain = Vec::new();
            if kind == FrameKind::Packet && self.session.decrypt(&bytes, 0, &mut plain).is_ok() {
                payloads.push(Payload::decode(&plain).unwrap());
            }
        }
        payloads
    }

    /// Like [`Puppet::read`], but takes the chunks of the ratchet's epochs and answers whatever came
    /// by an empty packet with its own, until nothing comes any more.
    pub(crate) fn exchange(&mut self, net: &mut Net) -> Vec<Payload> {
        let mut payloads = Vec::new();
        loop {
            let mut heard = false;
            for (kind, bytes) in net.heard(&self.line) {
                let mut plain = Vec::new();
                if kind != FrameKind::Packet || self.session.decrypt(&bytes, 0, &mut plain).is_err()
                {
                    continue;
                }
                let (payload, chunk) = Payload::decode_with_chunk(&plain).unwrap();
                if !chunk.is_empty() {
                    self.session.take_chunk(chunk, &mut self.rng).unwrap();
                }
                heard |= !chunk.is_empty() || self.session.has_chunk();
                payloads.push(payload);
            }
            if !heard {
                return payloads;
            }
            self.answer_with_chunk(net);
        }
    }

    /// Sends an empty packet with the next chunk, if there is one.
    pub(crate) fn answer_with_chunk(&mut self, net: &mut Net) {
        let session = &mut self.session;
        let empty = Body::Empty.encode().unwrap();
        let fill = |room, out: &mut Vec<u8>| {
            session.next_chunk(room, out);
        };
        let plain = Payload::encode_with_chunk(0, &empty, fill).unwrap();
        self.send_to_heal(net, &plain);
    }

    /// Seals what may be sent after a stop, too.
    pub(crate) fn send_to_heal(&mut self, net: &mut Net, plain: &[u8]) {
        let mut packet = Vec::new();
        self.session.encrypt_to_heal(plain, &mut packet, &mut self.rng).unwrap();
        net.speak(&self.line, FrameKind::Packet, &packet);
    }

    /// Comes to the contact's service on a new stream and proves itself.
    pub(crate) fn come_back(&mut self, net: &mut Net) -> bool {
        let Some(line) = net.knock(0) else { return false };
        let proof = Proof {
            exporter: &line.keys.link,
            initiator_certificate: self.own.public().certificate(),
            responder_certificate: self.peer.certificate(),
        };
        let opening = Opening { epoch: 0, mode: Mode::Off };
        let frame = proof.make(&self.link_key, RatchetRole::Initiator, opening);
        self.line = line;
        net.speak(&self.line, FrameKind::Link, &frame);
        true
    }
}

/// Begins to guess a code's password on a stream to its host; the share comes with it.
pub(crate) fn guess(at: &Visitor, code: &str, seed: u8) -> (Guest, Vec<u8>) {
    let rng = &mut ChaCha20Rng::from_seed([seed; 32]);
    let password = Code::parse(code).unwrap().password();
    Guest::new(&password, "local", &place(code), &at.exporters(), rng)
}

/// What a guest says to a host's frame; `None` if that ends the pairing.
pub(crate) fn answer(guest: &mut Guest, frame: &[u8], seed: u8) -> Option<Vec<u8>> {
    let rng = &mut ChaCha20Rng::from_seed([seed; 32]);
    guest.handle(frame, rng).ok().and_then(|progress| progress.send)
}
