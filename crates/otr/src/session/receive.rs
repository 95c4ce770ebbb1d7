//! What a session does with a line of the peer.

use std::sync::Arc;
use std::time::Duration;

use rand_core::CryptoRng;

use super::event::{Event, Instance, Output, Refusal};
use super::instance::{Address, LastText, Replaced, State};
use super::smp::kind_of;
use super::{ERROR_PAUSE, Offer, RESEND_WAIT, RESENT, Session, Waiting};
use crate::codec::Reader;
use crate::fragment::Assembled;
use crate::line::{self, Line};
use crate::tag::{self, TagError};
use crate::tlv::{self, Tlv, kind};
use crate::v3::ake::{AkeError, Auth, Established, Outcome};
use crate::v3::keys::ExtraKey;
use crate::v3::message::{self, Body, Data, Header, HeaderError, IGNORE_UNREADABLE};
use crate::version::{Version, Versions};

/// What a peer is told whose message can't be read.
const UNREADABLE: &str = "You sent an encrypted message that could not be read.";
const NOT_PRIVATE: &str = "You sent an encrypted message, but no private conversation is on here.";
const MALFORMED: &str = "You sent a damaged encrypted message.";

impl Session {
    /// Takes a line of the peer.
    pub fn receive(&mut self, line: &str, now: Duration, rng: &mut impl CryptoRng) -> Output {
        let mut out = Output::default();
        if self.is_off() {
            out.events.push(Event::Plain { text: line.to_owned(), unexpected: false });
            return out;
        }
        let sorted = Line::sort(line);
        if !matches!(sorted, Line::Fragment(_)) {
            self.assembler.whole(None);
        }
        match sorted {
            Line::Plain(text) => self.plain(text.to_owned(), &mut out),
            Line::Tagged { text, offered } => {
                self.plain(text, &mut out);
                let common = self.settings.policy.versions.highest_common(offered);
                if let Some(version) = common.filter(|_| self.settings.policy.start_on_tag) {
                    out.lines.extend(self.commit(version, now, rng));
                }
            }
            Line::Query(offered) => self.query_received(offered, now, rng, &mut out),
            Line::Error(sentence) => self.error(sentence, now, &mut out),
            Line::Fragment(piece) => self.fragment(piece, now, rng, &mut out),
            Line::Encoded(base64) => self.encoded(base64, None, now, rng, &mut out),
        }
        self.heartbeats(now, &mut out);
        out
    }

    fn plain(&mut self, text: String, out: &mut Output) {
        if self.offer == Offer::Open {
            self.offer = Offer::Rejected;
        }
        let begun = self.peers.iter().any(|peer| !matches!(peer.state, State::Plain));
        let unexpected = begun || self.settings.policy.require_encryption;
        out.events.push(Event::Plain { text, unexpected });
    }

    fn query_received(
        &mut self,
        offered: Versions,
        now: Duration,
        rng: &mut impl CryptoRng,
        out: &mut Output,
    ) {
        match self.settings.policy.versions.highest_common(offered) {
            Some(version) => {
                out.events.push(Event::Offered(offered));
                out.lines.extend(self.commit(version, now, rng));
            }
            None if offered.is_version_one_alone() => {
                out.events.push(Event::Refused(Refusal::VersionOne));
            }
            None => out.events.push(Event::NothingInCommon(offered)),
        }
    }

    fn error(&mut self, sentence: &str, now: Duration, out: &mut Output) {
        out.events.push(Event::PeerError { sentence: sentence.to_owned() });
        for private in self.peers.iter_mut().filter_map(super::Peer::private_mut) {
            if let Some(last) = &mut private.last {
                last.unread = true;
            }
        }
        let recent = |at| now < ERROR_PAUSE.saturating_add(at);
        if self.settings.policy.start_on_error && !self.complained.is_some_and(recent) {
            self.complained = Some(now);
            out.lines.push(self.query(now));
        }
    }

    fn fragment(&mut self, piece: &str, now: Duration, rng: &mut impl CryptoRng, out: &mut Output) {
        let refusal = match self.assembler.take(piece, self.account.tag, now) {
            Assembled::Wait => return,
            Assembled::Whole(text, version) => match Line::sort(&text) {
                Line::Encoded(base64) => {
                    return self.encoded(base64, Some(version), now, rng, out);
                }
                // Nothing else is ever sent in pieces.
                _ => Refusal::Fragment,
            },
            Assembled::NotOurs(error) => not_ours(error),
            Assembled::Malformed => Refusal::Fragment,
        };
        out.events.push(Event::Refused(refusal));
    }

    /// Takes an encoded message; `pieces` is the version of the pieces that it came in.
    fn encoded(
        &mut self,
        base64: &str,
        pieces: Option<Version>,
        now: Duration,
        rng: &mut impl CryptoRng,
        out: &mut Output,
    ) {
        if let Err(refusal) = self.message(base64, pieces, now, rng, out) {
            out.events.push(Event::Refused(refusal));
        }
    }

    fn message(
        &mut self,
        base64: &str,
        pieces: Option<Version>,
        now: Duration,
        rng: &mut impl CryptoRng,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        let message = line::decode(base64)?;
        let mut reader = Reader::new(&message);
        let header = Header::read(&mut reader).map_err(|error| match error {
            HeaderError::Bytes(error) => Refusal::Malformed(error),
            HeaderError::Version(1) => Refusal::VersionOne,
            HeaderError::Version(number) => Refusal::Version(number),
        })?;
        let version = header.version;
        if !self.settings.policy.versions.has(version)
            || pieces.is_some_and(|pieces| pieces != version)
        {
            return Err(Refusal::Version(version.number()));
        }
        let instance = match version {
            Version::V2 => None,
            Version::V3 => {
                let untagged = header.kind == message::kind::COMMIT;
                let (sender, receiver) = (header.sender, header.receiver);
                let sender = tag::sender(sender, receiver, self.account.tag, untagged);
                Some(sender.map_err(not_ours)?)
            }
        };
        if pieces.is_none() {
            self.assembler.whole(instance);
        }
        let body = Body::read(header, reader, &message).map_err(|error| {
            if header.kind == message::kind::DATA {
                out.lines.push(line::error(MALFORMED));
            }
            Refusal::Malformed(error)
        })?;
        match body {
            Body::Data(data) => self.data(instance, &data, now, rng, out),
            body => self.exchange(instance, version, body, now, rng, out),
        }
    }

    /// Takes a message of a key exchange.
    fn exchange(
        &mut self,
        instance: Instance,
        version: Version,
        body: Body<'_>,
        now: Duration,
        rng: &mut impl CryptoRng,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        let unexpected = Refusal::Exchange(AkeError::Unexpected);
        let known = self.peers.iter().any(|peer| peer.instance == instance);
        // Only who begins, or answers what we began, is worth remembering.
        let started = self.started.as_ref().filter(|_| instance.is_some());
        let started = started.map(|(started, _)| Arc::clone(started));
        let begins = match &body {
            Body::Commit(_) => true,
            Body::Key(_) => started.is_some(),
            _ => false,
        };
        if !known && !begins {
            return Err(unexpected);
        }
        let own = Arc::clone(&self.account.key);
        let peer = self.peer(instance, version).ok_or(Refusal::TooManyInstances)?;
        if let (Some(started), Auth::None) = (&started, &peer.auth)
            && matches!(body, Body::Commit(_) | Body::Key(_))
            && !std::ptr::eq(peer.answered.as_ptr(), Arc::as_ptr(started))
        {
            peer.auth = Auth::AwaitingKey(Arc::clone(started));
        }
        let key = matches!(body, Body::Key(_));
        let outcome = match body {
            Body::Commit(commit) => peer.auth.commit(commit, version == Version::V2, rng),
            Body::Key(theirs) => peer.auth.key(theirs, &own, rng),
            Body::Reveal(reveal) => peer.auth.reveal(&reveal, &own, rng),
            Body::Signature(signed) => peer.auth.signature(&signed),
            Body::Data(_) => Err(AkeError::Unexpected),
        };
        let outcome = outcome.map_err(Refusal::Exchange)?;
        peer.auth_since = now;
        if let Some(started) = started.filter(|_| key) {
            peer.answered = Arc::downgrade(&started);
        }
        let outgoing = match &outcome {
            Outcome::Send(outgoing) => Some(outgoing),
            Outcome::Done(_, outgoing) => outgoing.as_ref(),
        };
        let longest = self.settings.longest_line;
        let address = Address { version, ours: self.account.tag, theirs: instance, longest };
        if let Some(outgoing) = outgoing {
            out.lines.extend(address.exchange(outgoing));
        }
        if let Outcome::Done(established, _) = outcome {
            self.established(address, &established, now, rng, out);
        }
        Ok(())
    }

    /// A session begins, or goes on under fresh keys.
    fn established(
        &mut self,
        address: Address,
        established: &Established,
        now: Duration,
        rng: &mut impl CryptoRng,
        out: &mut Output,
    ) {
        self.heard = self.heard.saturating_add(1);
        let heard = self.heard;
        let found = self.peers.iter_mut().find(|peer| peer.instance == address.theirs);
        let Some(peer) = found else { return };
        let Replaced { same: refreshed, last, checking } = peer.establish(established, now, rng);
        peer.heard = heard;
        let Some(private) = peer.private_mut() else { return };
        out.events.push(Event::Secure {
            instance: address.theirs,
            version: address.version,
            fingerprint: private.fingerprint,
            session: private.session,
            refreshed,
        });
        if checking {
            out.events.push(Event::CheckCancelled { instance: address.theirs });
        }
        let recent = |at: Duration| now < at.saturating_add(RESEND_WAIT);
        let again = last
            .filter(|last| last.unread && recent(last.at))
            .map(|last| (format!("{RESENT}{}", last.text.as_str()).into(), last.text));
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        let (fresh, stale): (Vec<_>, Vec<_>) = waiting.partition(|waiting| recent(waiting.since));
        // What is sent a second time is not sent a third time: two programs that complain about each
        // other would never end.
        if let Some((sent, text)) = again {
            let sent: zeroize::Zeroizing<String> = sent;
            out.lines.extend(address.say(private, &sent, &[], now).0);
            out.events.push(Event::Sent { text: text.to_string() });
        }
        for Waiting { text, .. } in fresh {
            out.lines.extend(address.say(private, &text, &[], now).0);
            out.events.push(Event::Sent { text: text.to_string() });
            private.last = Some(LastText { text, at: now, unread: false });
        }
        let stale = stale.iter().map(|waiting| Event::NotSent { text: waiting.text.to_string() });
        out.events.extend(stale);
    }

    /// Takes a data message.
    fn data(
        &mut self,
        instance: Instance,
        data: &Data<'_>,
        now: Duration,
        rng: &mut impl CryptoRng,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        let mut complain = |sentence| {
            if data.flags & IGNORE_UNREADABLE == 0 {
                out.lines.push(line::error(sentence));
            }
        };
        let found = self.peers.iter_mut().find(|peer| peer.instance == instance);
        let Some((peer, private)) = found.and_then(|peer| match &mut peer.state {
            State::Encrypted(private) => Some((&mut peer.heard, private)),
            State::Plain | State::Finished => None,
        }) else {
            complain(NOT_PRIVATE);
            return Err(Refusal::NotPrivate);
        };
        let opened = private.keys.open(data, rng);
        let (plaintext, extra) = opened.map_err(|error| {
            complain(UNREADABLE);
            Refusal::Unreadable(error)
        })?;
        self.heard = self.heard.saturating_add(1);
        *peer = self.heard;
        let (text, records, whole) = tlv::split(&plaintext);
        if !whole {
            out.events.push(Event::Refused(Refusal::Records));
        } else if text.is_empty() && records.is_empty() {
            out.events.push(Event::Heartbeat { instance });
        }
        let len = text.len();
        if len > 0 {
            private.owes = true;
            let text = tlv::into_text(plaintext, len);
            out.events.push(Event::Private { instance, text });
        }
        for Tlv { kind, value } in records {
            if let Some(kind) = kind_of(kind) {
                let message = undertone_smp::otr::Message { kind, payload: value };
                self.check(instance, &message, now, rng, out);
            } else {
                self.record(instance, kind, &value, &extra, out);
            }
        }
        Ok(())
    }

    fn record(
        &mut self,
        instance: Instance,
        kind: u16,
        value: &[u8],
        extra: &ExtraKey,
        out: &mut Output,
    ) {
        match kind {
            kind::DISCONNECTED => {
                let found = self.peers.iter_mut().find(|peer| peer.instance == instance);
                if let Some(peer) = found.filter(|peer| peer.private().is_some()) {
                    peer.state = State::Finished;
                    out.events.push(Event::Finished { instance });
                }
            }
            kind::EXTRA_KEY => {
                let mut reader = Reader::new(value);
                if let Ok(usage) = reader.int() {
                    let (data, key) = (reader.rest().to_vec(), extra.clone());
                    out.events.push(Event::ExtraKey { instance, usage, data, key });
                }
            }
            // Padding, and what later versions may bring.
            _ => {}
        }
    }
}

fn not_ours(error: TagError) -> Refusal {
    match error {
        TagError::Invalid => Refusal::Tag,
        TagError::Other => Refusal::OtherInstance,
        TagError::Reflected => Refusal::Reflected,
    }
}
