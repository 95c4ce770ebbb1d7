//! What a backup says of a contact becomes a restored one: a newer incarnation, without a session.
//!
//! A backup holds no key of the session. Until both sides have agreed on a new one
//! (`docs/repair.md`) nothing is sent or taken, and what is written waits. What the lost machine sent
//! after the backup was made is not known here, so what is said from now on gets numbers that it can't
//! have used: [`JUMP`].

use rand_core::CryptoRng;
use undertone_handle::event::Trust;
use undertone_ratchet::handshake::{OwnKeys, Role, RootError, derive_root, encapsulate};
use undertone_ratchet::repair::{Incarnations, next_incarnation};
use undertone_ratchet::transcript::Transcript;
use undertone_wire::message::Body;
use zeroize::Zeroizing;

use crate::storage::{Contact, Counters, RepairState};

/// The numbers of a restored contact's messages begin so far beyond those of its backup. Nobody sends
/// as many between a backup and its restore.
pub const JUMP: u64 = 1 << 32;

/// Makes of a contact and its counters, as a backup has them, those of a restored profile. Gives what
/// stands in the place of a session: one that nobody has the other end of, so that what would be
/// sealed by mistake can be read by nobody.
///
/// # Errors
/// [`RootError`], which keys that were drawn at random are not known to cause.
pub fn restore(
    contact: &mut Contact,
    counters: &mut Counters,
    mut rng: &mut dyn CryptoRng,
) -> Result<Zeroizing<Vec<u8>>, RootError> {
    if contact.trust == Trust::Authenticated {
        contact.trust = Trust::Verified { skipped: false };
    }
    let recovery = &mut contact.recovery;
    let Incarnations { own, peer } = recovery.incarnations;
    recovery.incarnations = Incarnations { own: next_incarnation(own, &mut rng), peer };
    recovery.state = RepairState::Needed;
    // A backup of what was restored and not yet repaired: nothing of it ever left.
    if recovery.restored_from.is_none() {
        recovery.restored_from = Some(counters.next);
        counters.sent = counters.sent.max(counters.next.saturating_sub(1));
        counters.next = counters.next.saturating_add(JUMP);
    }
    session_of_nobody(&mut rng)
}

/// What waits for its receipt, or came early, as a backup has it: nothing in the place of what
/// disappears, and without a history nothing in the place of any text. `has_timer` says it of the
/// message with a number, in the direction of the body; `None` where that is not there.
///
/// A number that is counted has to keep its place, or what comes after it would wait for ever.
#[must_use]
pub fn waiting(
    body: &[u8],
    history: bool,
    has_timer: impl FnOnce(u64) -> Option<bool>,
) -> Zeroizing<Vec<u8>> {
    let stays = match Body::decode(body) {
        Ok(Body::Text { timer, .. }) => history && timer.is_none(),
        Ok(Body::Edit { of, .. }) => history && has_timer(of) == Some(false),
        Ok(_) => true,
        Err(_) => false,
    };
    let nothing = || Body::Withdrawn.encode().unwrap_or_default();
    if stays { Zeroizing::new(body.to_vec()) } else { nothing() }
}

/// A session that nobody has the other end of.
fn session_of_nobody(rng: &mut impl CryptoRng) -> Result<Zeroizing<Vec<u8>>, RootError> {
    let (own, other) = (OwnKeys::generate(rng), OwnKeys::generate(rng));
    let (_, to_other) = encapsulate(&other.public(), rng);
    let (_, to_own) = encapsulate(&own.public(), rng);
    let transcript = Transcript::new(b"nobody");
    let role = Role::Initiator;
    let root = derive_root(role, &own, &other.public(), &to_other, &to_own, &[], &transcript)?;
    Ok(root.into_session(role, &own, &other.public(), &transcript).to_bytes())
}
