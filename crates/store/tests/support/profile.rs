//! Rows to fill profiles with.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_engine::storage::{Contact, MessageRow, Recovery, message_id};
use undertone_handle::ConversationId;
use undertone_handle::command::{Name, Role};
use undertone_handle::event::{Delivery, Trust};
use undertone_ratchet::secret::Secret;
use undertone_wire::card::OwnCard;
use zeroize::Zeroizing;

/// The conversation of contact 1.
pub(crate) const MESSAGES_OF: ConversationId = ConversationId(1);

/// A contact; its id is its number.
pub(crate) fn contact(number: u32) -> Contact {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    Contact {
        id: ConversationId(u64::from(number)),
        number,
        lasting: true,
        made: true,
        ended: false,
        since: 1_763_700_000,
        role: Role::Host,
        nick: Name::parse("me").unwrap(),
        peer: Name::parse("Ana").unwrap(),
        own: OwnCard::generate(&mut rng).into_kept(),
        card: OwnCard::generate(&mut rng).public().clone(),
        pairing: [3; 32],
        recovery: Recovery::new(Secret::from_bytes(&[4; 32])),
        trust: Trust::Verified { skipped: true },
        open: true,
    }
}

/// A message of the partner's in the conversation of contact 1.
pub(crate) fn message(place: u32, body: &str) -> MessageRow {
    MessageRow {
        message: message_id(1, place),
        own: false,
        sequence: u64::from(place),
        body: Zeroizing::new(body.to_owned()),
        at: 1_763_700_000 + u64::from(place),
        delivery: Delivery::Delivered,
        seen: false,
        edited: None,
        reply: None,
        own_reaction: None,
        peer_reaction: None,
        timer: None,
        expires: None,
    }
}
