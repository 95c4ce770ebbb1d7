//! Contacts that were paired beforehand: both ends' keys from the seed, without a code.
//!
//! What a meeting does before this point — the place, CPace, Argon2id, the order of the frames, the
//! check before the conversation — is left out here and has scenarios of its own in the engine.

use undertone_engine::storage::{Contact, Counters, Policy, Profile, Recovery, Write};
use undertone_handle::ConversationId;
use undertone_handle::command::{Name, Role};
use undertone_handle::event::Trust;
use undertone_ratchet::handshake::{Role as RatchetRole, Root, derive_root, encapsulate};
use undertone_ratchet::session::Session;
use undertone_ratchet::transcript::Transcript;
use undertone_wire::card::{Card, OwnCard};
use zeroize::Zeroizing;

use crate::dice::{Dice, Purpose};

/// One end of a pair.
pub(crate) struct PairedEnd {
    pub(crate) contact: Contact,
    pub(crate) session: Session,
}

impl PairedEnd {
    /// What a storage holds after the pairing, if this is its how manieth contact, from 1.
    pub(crate) fn writes(mut self, number: u32) -> Vec<Write> {
        let id = self.contact.id;
        self.contact.number = number;
        vec![
            Write::PutProfile(Profile { next_number: number.saturating_add(1) }),
            Write::PutPolicy(id, Policy::default()),
            Write::PutSession(id, self.session.to_bytes()),
            Write::PutCounters(id, Counters::default()),
            Write::PutContact(Box::new(self.contact)),
        ]
    }
}

/// The id of the contact that a party is to each of the others.
pub(crate) fn contact_id(party: usize) -> ConversationId {
    ConversationId(party as u64 + 1)
}

/// The party behind a contact.
pub(crate) fn party_of(id: ConversationId) -> usize {
    usize::try_from(id.0.saturating_sub(1)).unwrap_or(usize::MAX)
}

/// Pairs two parties: the guest's end, then the host's. `None` only if the handshake refuses its own
/// keys, which no seed makes it do.
pub(crate) fn pair(seed: u64, guest: usize, host: usize) -> Option<(PairedEnd, PairedEnd)> {
    let number = (guest as u64) << 32 | host as u64;
    let mut dice = Dice::new(seed, Purpose::Pair, number);
    let rng = dice.rng();
    let (own, peer) = (OwnCard::generate(rng), OwnCard::generate(rng));
    let (to_host, guest_secret) = encapsulate(peer.public().keys(), rng);
    let (to_guest, host_secret) = encapsulate(own.public().keys(), rng);
    let mut transcript = Transcript::new(b"undertone/1 simulator");
    transcript.absorb(b"guest", &own.public().encode());
    transcript.absorb(b"host", &peer.public().encode());
    transcript.absorb(b"to host", to_host.as_slice());
    transcript.absorb(b"to guest", to_guest.as_slice());
    let guest_root = derive_root(
        RatchetRole::Initiator,
        own.keys(),
        peer.public().keys(),
        &guest_secret,
        &own.keys().decapsulate(&to_guest),
        &[],
        &transcript,
    );
    let host_root = derive_root(
        RatchetRole::Responder,
        peer.keys(),
        own.public().keys(),
        &peer.keys().decapsulate(&to_host),
        &host_secret,
        &[],
        &transcript,
    );
    let (guest_card, host_card) = (own.public().clone(), peer.public().clone());
    // Most contacts last; a conversation that doesn't is given up after ten minutes apart.
    let lasting = !dice.once_in(12);
    let guest_end = end(own, host_card, guest_root.ok()?, &transcript, Role::Guest, host, lasting)?;
    let host_end = end(peer, guest_card, host_root.ok()?, &transcript, Role::Host, guest, lasting)?;
    Some((guest_end, host_end))
}

fn end(
    own: OwnCard,
    card: Card,
    root: Root,
    transcript: &Transcript,
    role: Role,
    partner: usize,
    lasting: bool,
) -> Option<PairedEnd> {
    let recovery_key = root.recovery_key();
    let side = match role {
        Role::Guest => RatchetRole::Initiator,
        Role::Host => RatchetRole::Responder,
    };
    let session = root.into_session(side, own.keys(), card.keys(), transcript);
    let contact = Contact {
        id: contact_id(partner),
        number: 0,
        lasting,
        made: true,
        ended: false,
        since: 0,
        role,
        nick: Name::parse("me").ok()?,
        peer: Name::parse("partner").ok()?,
        own: own.into_kept(),
        card,
        pairing: transcript.hash(),
        recovery: Recovery::new(recovery_key),
        trust: Trust::Verified { skipped: true },
        open: true,
    };
    Some(PairedEnd { contact, session })
}

/// A text that nobody else writes: who to whom, and the how manieth, filled up to a length.
pub(crate) fn text(from: usize, to: usize, number: u64, length: u64) -> String {
    let mut text = format!("{from}>{to} {number} ");
    let missing = usize::try_from(length).unwrap_or(0).saturating_sub(text.len());
    text.extend(std::iter::repeat_n('.', missing));
    text
}

/// The number of a text, if it is one of this direction.
pub(crate) fn number_of(from: usize, to: usize, text: &Zeroizing<String>) -> Option<u64> {
    let rest = text.strip_prefix(&format!("{from}>{to} "))?;
    rest.split(' ').next()?.parse().ok()
}
