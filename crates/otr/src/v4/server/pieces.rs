//! Messages of this protocol in pieces, for carriers whose lines are short ("Fragmentation" of the
//! prekey server's specification): as those of conversations, with a mark of their own.

use std::time::Duration;

use super::super::kdf::shake;
use super::ServerError;
use crate::fragment::{self, Ends, PREKEYS_MARK};
use crate::fragment4::{Assemblies, Piece4, Put};
use crate::tag::InstanceTag;

/// Cuts a line of this protocol into lines of at most `longest` bytes, or
/// [`LINE_MIN`](crate::LINE_MIN) if that is more; one that fits goes as it is. A server has no tag.
#[must_use]
pub fn cut(
    line: &str,
    sender: Option<InstanceTag>,
    receiver: Option<InstanceTag>,
    longest: usize,
) -> Vec<String> {
    let identifier = u32::from_be_bytes(*shake(&[line.as_bytes()]));
    let ends = Ends::Prekeys { identifier, sender, receiver };
    fragment::cut(line.to_owned(), ends, Some(longest))
}

/// Puts lines together that came in pieces from one account, or from one server: those of others
/// need another of these. At most [`ASSEMBLIES_MAX`](crate::ASSEMBLIES_MAX) lines are put together at
/// a time, and pieces of one wait for [`FRAGMENT_WAIT`](crate::FRAGMENT_WAIT).
#[derive(Debug)]
pub struct Pieces {
    ours: Option<InstanceTag>,
    assemblies: Assemblies<(u32, u32)>,
}

impl Pieces {
    /// For the client with this tag, or for a server.
    #[must_use]
    pub fn new(ours: Option<InstanceTag>) -> Self {
        Self { ours, assemblies: Assemblies::default() }
    }

    /// Takes a line that came, at a time that is counted from any fixed moment. Gives the whole line
    /// once all of it is there; one that is no piece is whole.
    ///
    /// # Errors
    /// [`ServerError::Piece`] for a piece that can't be read, came already, or doesn't fit the
    /// others, which are kept; [`ServerError::OtherInstance`] for one that is for another client.
    pub fn take(&mut self, line: &str, now: Duration) -> Result<Option<String>, ServerError> {
        let Some(piece) = line.strip_prefix(PREKEYS_MARK) else { return Ok(Some(line.to_owned())) };
        self.assemblies.tick(now);
        let piece = Piece4::read(piece).ok_or(ServerError::Piece)?;
        let ours = self.ours.map_or(0, InstanceTag::number);
        if piece.receiver != 0 && piece.receiver != ours {
            return Err(ServerError::OtherInstance);
        }
        match self.assemblies.put((piece.sender, piece.identifier), piece, now) {
            Put::Wait => Ok(None),
            Put::Whole(line) => Ok(Some(line)),
            Put::Unfit => Err(ServerError::Piece),
        }
    }
}
