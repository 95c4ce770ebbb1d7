//! What a conversation is in the database once both can write.

use undertone_ratchet::session::Session;
use undertone_store::sessions::{Record, Stage};
use zeroize::Zeroizing;

use super::handshake::MAX_CARD;
use crate::failure::{Failure, Kind};

/// The first byte.
const VERSION: u8 = 1;

/// An open conversation.
pub(super) struct Open {
    /// The last card, until something of the other end shows that it has it.
    pub(super) card: Vec<u8>,
    pub(super) session: Session,
}

impl Open {
    /// Reads the state of a record.
    pub(super) fn of(record: &Record) -> Result<Self, Failure> {
        match record.stage {
            Stage::Open => {}
            Stage::Offered => {
                return Err(Failure::new(
                    Kind::Usage,
                    "This conversation isn't ready: cards are still to be exchanged.",
                    "Give `undertone ratchet init` the card of your partner with --peer.",
                ));
            }
            Stage::Exported => {
                return Err(Failure::new(
                    Kind::Usage,
                    "This conversation was moved to another database and can't be used in this one.",
                    "Use it there. If that database is lost, delete the conversation and begin anew.",
                ));
            }
        }
        Self::from_bytes(&record.state)
    }

    /// Version 1 ‖ length of the card u32 ‖ card ‖ session.
    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let session = self.session.to_bytes();
        let length = self.card.len().saturating_add(session.len()).saturating_add(5);
        let mut bytes = Zeroizing::new(Vec::with_capacity(length));
        bytes.push(VERSION);
        let card = u32::try_from(self.card.len()).unwrap_or(0);
        bytes.extend_from_slice(&card.to_be_bytes());
        bytes.extend_from_slice(&self.card);
        bytes.extend_from_slice(&session);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Failure> {
        let damaged = || {
            Failure::new(
                Kind::Environment,
                "The stored conversation is damaged, or of another version of this program.",
                "Use the version that wrote it; else delete the conversation and begin it anew.",
            )
        };
        let (&[VERSION, a, b, c, d], rest) = bytes.split_first_chunk().ok_or_else(damaged)? else {
            return Err(damaged());
        };
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).map_err(|_| damaged())?;
        if length > MAX_CARD {
            return Err(damaged());
        }
        let (card, session) = rest.split_at_checked(length).ok_or_else(damaged)?;
        Ok(Self { card: card.to_vec(), session: Session::from_bytes(session)? })
    }
}
