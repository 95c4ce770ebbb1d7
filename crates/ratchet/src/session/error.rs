//! Why nothing was encrypted or decrypted.

use super::{MAX_CHAIN, MAX_PLAINTEXT, MAX_UNHEALED};
#[cfg(doc)]
use super::{MAX_SKIPPED_AGE, MAX_SKIPPED_PER_CHAIN, OVERHEAD, Session};

/// Why nothing was encrypted. The session is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// [`MAX_CHAIN`] packets were sent since the peer's last: wait for its answer.
    #[error("{MAX_CHAIN} packets wait for an answer; send again when the other side has answered")]
    ChainFull,
    /// [`MAX_UNHEALED`] packets without a new post-quantum epoch: something keeps the exchange from
    /// ending. [`Session::encrypt_to_heal`] can carry it on.
    #[error(
        "{MAX_UNHEALED} packets went by without fresh keys; send again when there are new ones"
    )]
    Unhealed,
    /// More than [`MAX_PLAINTEXT`] bytes.
    #[error("a packet holds at most {MAX_PLAINTEXT} bytes; send less at once")]
    TooLong,
}

/// Why a packet was not read. The session is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// Shorter than [`OVERHEAD`] or longer than [`MAX_PLAINTEXT`] and that.
    #[error("{0} bytes are no packet")]
    Length(usize),
    /// No key of this session opens the header: forged, damaged, of another session, of a chain
    /// that is over, or of a state that one side has lost. If the link says it's the peer, repair.
    #[error("the packet doesn't belong to this session as it is now")]
    Header,
    /// The packet was read before, or was under way for longer than [`MAX_SKIPPED_AGE`].
    #[error("the packet was read already, or is too old")]
    Replayed,
    /// The packet is more than [`MAX_SKIPPED_PER_CHAIN`] ahead of the last one read.
    #[error("too many packets before this one are missing; the session needs a repair")]
    TooFarAhead,
    /// The header names a post-quantum epoch that isn't the chain's, or that no key is known for.
    #[error("the packet is of post-quantum epoch {0}, which isn't known here")]
    Epoch(u32),
    /// The peer sealed a header that contradicts its earlier ones or holds an invalid key.
    #[error("the other side's header is invalid")]
    Inconsistent,
    /// The header is right and the payload is not: damaged.
    #[error("the packet is damaged")]
    Payload,
}
