//! How a repair travels: each of its four messages is one frame of the kind
//! [`Repair`](crate::cell::FrameKind::Repair), on a stream to a contact's service, before any link
//! frame of the receiver's was answered.
//!
//! The messages are those of [`undertone_ratchet::repair`] as they are, 73 to 2,449 bytes; no frame is
//! longer than one of a pairing. (`docs/protocol.md`, "Repair"; `docs/repair.md`.)

use undertone_ratchet::repair::{ANSWER_LEN, CONSENT_LEN, PROOF_LEN, REQUEST_LEN};

use crate::pairing::MAX_PAIRING_FRAME;

/// The label of the TLS exporter value (RFC 8446, 7.5; no context, 32 bytes) that is a repair's
/// binding.
pub const EXPORTER_REPAIR: &[u8] = b"EXPORTER-undertone/1 repair";

// What is taken from a stranger is no longer than this.
const _: () = assert!(
    REQUEST_LEN <= MAX_PAIRING_FRAME
        && ANSWER_LEN <= MAX_PAIRING_FRAME
        && PROOF_LEN <= MAX_PAIRING_FRAME
        && CONSENT_LEN <= MAX_PAIRING_FRAME
);
