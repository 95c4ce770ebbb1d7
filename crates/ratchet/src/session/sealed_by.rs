//! Whether a state accounts for a packet that left.

use super::Session;
use super::packet::{Header, SEALED_HEADER_LEN};

impl Session {
    /// Whether this is a state from after `packet` was sealed, and before a packet of the peer was
    /// read that ends the chain: the packet is of the present sending chain, and the chain is past it.
    ///
    /// For who stores sessions and wants to be sure that a packet leaves after its state was stored:
    /// what was stored reads `true` for it, because else a crash would seal under its key again.
    #[must_use]
    pub fn has_sealed(&self, packet: &[u8]) -> bool {
        let (Some(sending), Some(sealed)) =
            (&self.sending, packet.first_chunk::<SEALED_HEADER_LEN>())
        else {
            return false;
        };
        Header::open(sealed, &sending.header, &self.associated_data).is_some_and(|header| {
            header.key == *sending.own.public().as_bytes() && header.number < sending.sent
        })
    }
}
