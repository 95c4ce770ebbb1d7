//! Services, dials and connections between machines.
//!
//! It keeps what `net` guarantees: an address is served by whoever has its seed, a restricted service
//! lets in only its clients, each direction of a connection keeps its order, TLS gives both ends the
//! same fresh exporter values. Frames go through the product's codec: they are cut into cells, and of
//! a connection that is lost after any byte whole records arrive or nothing.

use std::collections::BTreeMap;

use rand_core::Rng as _;
use undertone_engine::storage::Contact;
use undertone_engine::{
    ChannelKeys, CloseReason, CloseWhen, DialFailure, DialId, Effect, Input, ServiceId,
    ServiceState, StreamId, Tls,
};
use undertone_wire::cell::{self, Assembler, CELL_LEN, FrameKind};
use undertone_wire::pacer::DEAD_AFTER_SLOW_MS;
use undertone_wire::request::MAX_STRANGER_FRAME;

use crate::count::Fault;
use crate::machine::{Dialling, Place, Published};
use crate::script::Way;
use crate::world::{Happening, World};

/// Bytes that a cell has on the wire: with what a TLS 1.3 record puts around it.
const RECORD_LEN: u64 = CELL_LEN as u64 + 22;

/// Frames of each direction of a pair that are kept to come once more.
const KEPT: usize = 8;

/// What the script has said about one direction between two parties.
#[derive(Default)]
pub(crate) struct Weather {
    /// The connection is lost after so many more bytes.
    pub(crate) cut: Option<u64>,
    /// Everything takes so much longer until a time.
    pub(crate) slow: Option<(u64, u64)>,
    /// The next packet is lost.
    pub(crate) lose: bool,
    /// The next frame comes twice.
    pub(crate) twice: bool,
    /// Packets that went by.
    pub(crate) kept: Vec<(FrameKind, Vec<u8>)>,
}

impl Weather {
    /// Nothing goes wrong any more.
    pub(crate) fn clear(&mut self) {
        self.cut = None;
        self.slow = None;
        self.twice = false;
        self.lose = false;
    }
}

/// One end of a connection.
pub(crate) struct End {
    pub(crate) machine: usize,
    pub(crate) start: u32,
    pub(crate) stream: StreamId,
    /// The program there has not closed it, and has not been told that it is closed.
    pub(crate) open: bool,
    /// Long frames are taken, because one was sent.
    known: bool,
    assembler: Assembler,
    tls: Tls,
}

/// A connection, and the time of the last arrival in each direction: from the first end, from the
/// second.
pub(crate) struct Connection {
    pub(crate) ends: [End; 2],
    last: [u64; 2],
    /// Nothing that is sent from now on arrives.
    lost: bool,
    /// What has not arrived by then in a direction never does.
    until: [u64; 2],
}

impl World {
    /// How long something takes from one machine to another.
    fn latency(&mut self, way: Way) -> u64 {
        let now = self.now;
        let extra = self.weather.get(&way).and_then(|weather| weather.slow);
        let extra = extra.filter(|(_, until)| *until > now).map_or(0, |(by, _)| by);
        self.dice.between(15, 160) + extra
    }

    /// Performs one effect of a program that is not the loop's own.
    pub(crate) fn perform(&mut self, machine: usize, effect: Effect) {
        match effect {
            Effect::Derive { job, .. } => {
                // Nobody meets by a code here, so nobody asks.
                self.give(machine, Input::Derived { job, seed: None });
            }
            Effect::Publish { service, seed, clients, tls } => {
                let address = seed.address();
                let published = Published { address, clients, tls, reachable: false };
                self.machines[machine].services.insert(service, published);
                let after = self.dice.between(200, 3_000);
                let start = self.machines[machine].start;
                self.later(after, Happening::Reachable { machine, start, service });
            }
            Effect::Unpublish { service } => {
                self.machines[machine].services.remove(&service);
            }
            Effect::Dial { dial, address, client_auth, timeout, tls } => {
                let client = client_auth.map(|key| *key.as_bytes());
                let dialling = Dialling { address, client, tls };
                self.machines[machine].dials.insert(dial, dialling);
                let start = self.machines[machine].start;
                let offline = self.machines[machine].offline_until.is_some();
                let after = if offline { timeout } else { self.dice.between(100, 1_500) };
                self.later(after, Happening::Dialled { machine, start, dial });
            }
            Effect::CancelDial { dial } => {
                self.machines[machine].dials.remove(&dial);
            }
            Effect::Send { stream, kind, bytes } => self.send(machine, stream, kind, &bytes),
            Effect::Close { stream, when } => self.close(machine, stream, when),
            Effect::Finish => self.machines[machine].finished = true,
            Effect::Notify(_) => {}
        }
    }

    pub(crate) fn reachable(&mut self, machine: usize, service: ServiceId) {
        let published = self.machines[machine].services.get_mut(&service);
        let Some(published) = published else { return };
        published.reachable = true;
        self.give(machine, Input::Service { service, state: ServiceState::Reachable });
    }

    /// A dial comes to its end.
    pub(crate) fn dialled(&mut self, machine: usize, dial: DialId) {
        let Some(dialling) = self.machines[machine].dials.remove(&dial) else { return };
        let found = self.find(machine, &dialling);
        let (result, found) = match found {
            Ok(found) => (Ok(self.machines[machine].fresh_stream()), Some(found)),
            Err(why) => (Err(why), None),
        };
        self.give(machine, Input::Dialled { dial, result });
        if let (Ok(stream), Some((host, service)), Some(tls)) = (result, found, dialling.tls) {
            self.connect(machine, stream, tls, host, service);
        }
    }

    fn find(&self, from: usize, dialling: &Dialling) -> Result<(usize, ServiceId), DialFailure> {
        if self.machines[from].offline_until.is_some() {
            return Err(DialFailure::Timeout);
        }
        let host =
            self.directory.hosts.get(&dialling.address.0).copied().ok_or(DialFailure::NotFound)?;
        let machine = &self.machines[host];
        let mut services = machine.services.iter();
        let (service, published) = services
            .find(|(_, published)| published.address == dialling.address && published.reachable)
            .filter(|_| machine.offline_until.is_none())
            .ok_or(DialFailure::NotFound)?;
        let client = dialling.client.as_ref().and_then(|secret| self.directory.clients.get(secret));
        let allowed = published.clients.is_empty()
            || client.is_some_and(|public| published.clients.contains(public));
        if allowed { Ok((host, *service)) } else { Err(DialFailure::KeyWanted) }
    }

    fn connect(
        &mut self,
        guest: usize,
        stream: StreamId,
        tls: Tls,
        host: usize,
        service: ServiceId,
    ) {
        let Some(published) = self.machines[host].services.get(&service) else { return };
        let host_tls = published.tls.clone();
        let other = self.machines[host].fresh_stream();
        self.give(host, Input::Arrived { service, stream: other });
        let number = self.next_connection;
        self.next_connection += 1;
        let parties = [(guest, stream, tls), (host, other, host_tls)];
        for (end, (machine, stream, _)) in parties.iter().enumerate() {
            let partner = if end == 0 { host } else { guest };
            let place = Place { connection: number, end, partner };
            self.machines[*machine].streams.insert(*stream, place);
        }
        let ends = parties.map(|(machine, stream, tls)| End {
            machine,
            start: self.machines[machine].start,
            stream,
            open: true,
            known: false,
            assembler: Assembler::with_limit(MAX_STRANGER_FRAME),
            tls,
        });
        let until = [u64::MAX; 2];
        let connection = Connection { ends, last: [self.now; 2], lost: false, until };
        self.connections.insert(number, connection);
        let after = self.dice.between(50, 700);
        self.later(after, Happening::Secured { connection: number });
    }

    /// TLS is done, if each end has the certificate that the other one pinned.
    pub(crate) fn secured(&mut self, number: u64) {
        let Some(connection) = self.connections.get(&number) else { return };
        let [one, two] = &connection.ends;
        if !one.open || !two.open || connection.lost {
            return;
        }
        if !self.pins_match(&one.tls, &two.tls) {
            self.sever(number, true);
            return;
        }
        let places = [(one.machine, one.stream), (two.machine, two.stream)];
        let mut keys =
            ChannelKeys { sid: [0; 32], binding: [0; 32], link: [0; 32], repair: [0; 32] };
        let parts = [&mut keys.sid, &mut keys.binding, &mut keys.link, &mut keys.repair];
        for part in parts {
            self.dice.rng().fill_bytes(part);
        }
        for (machine, stream) in places {
            self.give(machine, Input::Secured { stream, keys: keys.clone(), known: true });
        }
    }

    fn pins_match(&self, one: &Tls, two: &Tls) -> bool {
        // Nobody changes a certificate, so each end has the one that the other expects.
        let ends = |tls: &Tls| match tls {
            Tls::Link { certificate_seed, peer } | Tls::Repair { certificate_seed, peer } => {
                Some((*certificate_seed.as_bytes(), *peer))
            }
            Tls::Pairing => None,
        };
        let fits = |own: &Tls, other: &Tls| match (ends(own), ends(other)) {
            (Some((seed, _)), Some((_, peer))) => {
                self.directory.certificates.get(&seed) == Some(&peer)
            }
            _ => false,
        };
        fits(one, two) && fits(two, one)
    }

    /// Cuts a frame into cells and sends those that still leave.
    fn send(&mut self, machine: usize, stream: StreamId, kind: FrameKind, bytes: &[u8]) {
        let Some(place) = self.machines[machine].streams.get(&stream).copied() else { return };
        let Some(connection) = self.connections.get_mut(&place.connection) else { return };
        if kind == FrameKind::Packet {
            connection.ends[place.end].known = true;
        }
        let Ok(cells) = cell::cut(kind, bytes) else {
            self.sever(place.connection, true);
            return;
        };
        if connection.lost {
            self.counts.drops += 1;
            return;
        }
        let cells: Vec<[u8; CELL_LEN]> = cells.collect();
        let way = Way { from: machine, to: place.partner };
        let weather = self.weather.entry(way).or_default();
        weather.kept.push((kind, bytes.to_vec()));
        if weather.kept.len() > KEPT {
            weather.kept.remove(0);
        }
        let twice = kind == FrameKind::Packet && std::mem::take(&mut weather.twice);
        if kind == FrameKind::Packet && std::mem::take(&mut weather.lose) {
            self.counts.fault(Fault::Loss);
            self.counts.drops += 1;
            let after = self.dice.between(500, 5_000);
            self.later(after, Happening::Severed { connection: place.connection });
            return;
        }
        let length = cells.len() as u64 * RECORD_LEN;
        let whole = match &mut weather.cut {
            Some(left) if *left < length => {
                let whole = *left / RECORD_LEN;
                weather.cut = None;
                Some(usize::try_from(whole).unwrap_or(usize::MAX))
            }
            Some(left) => {
                *left -= length;
                None
            }
            None => None,
        };
        if let Some(whole) = whole {
            self.counts.fault(Fault::Cut);
            self.counts.drops += 1;
            self.carry(place, way, cells.into_iter().take(whole).collect());
            self.sever(place.connection, true);
        } else {
            if twice {
                self.counts.fault(Fault::Duplicate);
                self.carry(place, way, cells.clone());
            }
            self.carry(place, way, cells);
        }
    }

    fn carry(&mut self, place: Place, way: Way, cells: Vec<[u8; CELL_LEN]>) {
        if cells.is_empty() {
            return;
        }
        let latency = self.latency(way);
        let Some(connection) = self.connections.get_mut(&place.connection) else { return };
        let Some(last) = connection.last.get_mut(place.end) else { return };
        let at = (self.now + latency).max(*last);
        *last = at;
        let (connection, from) = (place.connection, place.end);
        self.later(at - self.now, Happening::Cells { connection, from, cells });
    }

    /// Something of an earlier moment comes once more, on the connection that is there now.
    pub(crate) fn again(&mut self, way: Way) {
        let Some(place) = self.connection_of(way) else { return };
        let weather = self.weather.entry(way).or_default();
        let packets: Vec<&Vec<u8>> = weather
            .kept
            .iter()
            .filter(|(kind, _)| *kind == FrameKind::Packet)
            .map(|(_, bytes)| bytes)
            .collect();
        if packets.is_empty() {
            return;
        }
        let bytes = packets[self.dice.index(packets.len())].clone();
        let Ok(cells) = cell::cut(FrameKind::Packet, &bytes) else { return };
        let cells = cells.collect();
        self.counts.fault(Fault::Replay);
        self.carry(place, way, cells);
    }

    /// The place of the one's end of the connection that the two have now.
    fn connection_of(&self, way: Way) -> Option<Place> {
        let streams = self.machines[way.from].streams.values();
        streams
            .filter(|place| place.partner == way.to)
            .rfind(|place| {
                self.connections.get(&place.connection).is_some_and(|connection| !connection.lost)
            })
            .copied()
    }

    /// Cells come to the end that is not `from`.
    pub(crate) fn arrived(&mut self, number: u64, from: usize, cells: &[[u8; CELL_LEN]]) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        if self.now > connection.until[from] {
            self.counts.drops += 1;
            return;
        }
        let end = &mut connection.ends[1 - from];
        if !end.open {
            return;
        }
        if end.known {
            end.assembler.accept_long();
        }
        let (machine, stream) = (end.machine, end.stream);
        let mut frames = Vec::new();
        let mut broken = false;
        for cell in cells {
            match end.assembler.push(cell) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => {}
                Err(_) => {
                    broken = true;
                    break;
                }
            }
        }
        for frame in frames.into_iter().filter(|frame| frame.kind != FrameKind::KeepAlive) {
            self.give(machine, Input::Frame { stream, kind: frame.kind, bytes: frame.bytes });
        }
        if broken {
            // The other end finds it closed, as one does.
            self.closed(number, 1 - from, CloseReason::Violation);
            self.leave(number, 1 - from, CloseWhen::Now);
        }
    }

    /// The connections that two parties have now.
    pub(crate) fn connections_of(&self, way: Way) -> Vec<u64> {
        let live = self.connections.iter().filter(|(_, connection)| !connection.lost);
        let theirs = live.filter(|(_, connection)| {
            let [one, two] = &connection.ends;
            (one.machine, two.machine) == (way.from, way.to)
                || (one.machine, two.machine) == (way.to, way.from)
        });
        theirs.map(|(number, _)| *number).collect()
    }

    /// A connection is lost. Both ends are told, each in its own time; or neither is, until it has
    /// heard nothing for too long.
    pub(crate) fn sever(&mut self, number: u64, told: bool) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(&number) else { return };
        if std::mem::replace(&mut connection.lost, true) {
            return;
        }
        if !told {
            connection.until = [now; 2];
        }
        let last = connection.last;
        for end in 0..2 {
            // What is on its way to this end comes first.
            let coming = last[1 - end].saturating_sub(now);
            let (after, reason) = if told {
                (coming + self.dice.between(1, 4_000), CloseReason::Gone)
            } else {
                (DEAD_AFTER_SLOW_MS, CloseReason::Silent)
            };
            self.later(after, Happening::Closed { connection: number, end, reason });
        }
    }

    /// An end hears that its connection is closed.
    pub(crate) fn closed(&mut self, number: u64, end: usize, reason: CloseReason) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        let this = &mut connection.ends[end];
        if std::mem::replace(&mut this.open, false) {
            let (machine, stream) = (this.machine, this.stream);
            if this.start == self.machines[machine].start {
                self.give(machine, Input::Closed { stream, reason });
            }
        }
        self.forget_closed(number);
    }

    /// A program closes its end of a connection.
    fn close(&mut self, machine: usize, stream: StreamId, when: CloseWhen) {
        let Some(place) = self.machines[machine].streams.remove(&stream) else { return };
        self.leave(place.connection, place.end, when);
    }

    /// An end is closed, or its program is gone.
    pub(crate) fn leave(&mut self, number: u64, end: usize, when: CloseWhen) {
        let now = self.now;
        let Some(connection) = self.connections.get_mut(&number) else { return };
        connection.ends[end].open = false;
        if when == CloseWhen::Now && connection.until[end] == u64::MAX {
            // Some of what was written has left the machine, and some has not.
            let under_way = connection.last[end].saturating_sub(now);
            connection.until[end] = now + self.dice.below(under_way + 1);
        }
        let Some(connection) = self.connections.get_mut(&number) else { return };
        if !connection.lost {
            connection.lost = true;
            let coming = connection.last[end].saturating_sub(now);
            let after = coming + self.dice.between(1, 500);
            let reason = CloseReason::Gone;
            self.later(after, Happening::Closed { connection: number, end: 1 - end, reason });
        }
        self.forget_closed(number);
    }

    fn forget_closed(&mut self, number: u64) {
        let closed = self
            .connections
            .get(&number)
            .is_some_and(|connection| connection.ends.iter().all(|end| !end.open));
        if closed {
            self.connections.remove(&number);
        }
    }

    /// A machine has no network any more: its connections go dead and nobody is told.
    pub(crate) fn unplug(&mut self, machine: usize) {
        let numbers: Vec<u64> = self
            .connections
            .iter()
            .filter(|(_, connection)| connection.ends.iter().any(|end| end.machine == machine))
            .map(|(number, _)| *number)
            .collect();
        for number in numbers {
            self.sever(number, false);
        }
    }

    /// A program is gone: its end of each connection is, too.
    pub(crate) fn hang_up(&mut self, machine: usize) {
        let places: Vec<Place> = self.machines[machine].streams.values().copied().collect();
        for place in places {
            self.leave(place.connection, place.end, CloseWhen::Now);
        }
    }
}

/// What a contact's card says to the network: who hosts an address, which public keys belong to
/// which secret ones. A network has no such list; it saves computing them for each dial.
#[derive(Default)]
pub(crate) struct Directory {
    pub(crate) hosts: BTreeMap<[u8; 32], usize>,
    pub(crate) clients: BTreeMap<[u8; 32], [u8; 32]>,
    pub(crate) certificates: BTreeMap<[u8; 32], [u8; 32]>,
}

impl Directory {
    /// Notes a party's own card for a contact.
    pub(crate) fn add(&mut self, party: usize, contact: &Contact) {
        let (own, public) = (&contact.own, contact.own.public());
        self.hosts.insert(public.address().0, party);
        self.clients.insert(*own.client_auth_secret().as_bytes(), *public.client_auth());
        self.certificates.insert(*own.certificate_seed().as_bytes(), *public.certificate());
    }
}
