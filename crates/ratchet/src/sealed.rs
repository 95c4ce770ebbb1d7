//! Packets for carriers that everybody can read: `docs/sealed.md`.
//!
//! A mailbox, an echo relay or a mailing list shows each packet to everybody and tells nobody whom it is for. A sealed
//! packet has one of three lengths ([`SIZES`]) and is random bytes otherwise. Its *tag* is known to the two ends alone
//! and used once: the receiver finds the conversation among thousands by one look-up in a [`TagTable`], and neither a
//! packet of its own that comes back nor an old one that is shown again matches anything.
//!
//! A [`SealedSession`] is a [`Session`] with its tags. Packets for links, which need no tags, go through it as well,
//! because both take the same turns.

mod chain;
mod packet;
mod state;
mod table;
mod tags;

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

pub use self::chain::{KEPT, WINDOW};
pub use self::packet::SIZES;
use self::packet::{MAX_CONTENT, PacketError};
pub use self::table::{Match, TagTable};
use self::tags::{Receiving, Sending};
use crate::handshake::{OwnKeys, PublicKeys, Role, Root};
use crate::session::{DecryptError, EncryptError, OVERHEAD, Session, StateError};
use crate::transcript::Transcript;

/// The longest plaintext of a sealed packet in bytes: the longest text, 64 KiB, and room for what is around it.
pub const MAX_SEALED_PLAINTEXT: usize = MAX_CONTENT.saturating_sub(OVERHEAD);

/// A session whose packets can also go over carriers that everybody can read.
///
/// Like the session's, every change of state is to be stored before a packet leaves or a text is acknowledged.
pub struct SealedSession {
    conversation: u64,
    session: Session,
    sending: Sending,
    receiving: Receiving,
}

/// Why nothing was sealed. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// More than [`MAX_SEALED_PLAINTEXT`] bytes.
    #[error("a sealed packet holds at most {MAX_SEALED_PLAINTEXT} bytes; send less at once")]
    TooLong,
    /// The session can't send.
    #[error(transparent)]
    Session(#[from] EncryptError),
}

/// Why a sealed packet was not opened. Nothing has changed, and its tag is still waited for: whoever copied the tag can't
/// keep the real packet out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The tag is not waited for in this conversation any more, or never was.
    #[error("the packet was read already, or belongs to another conversation")]
    Tag,
    /// The keyed hash is wrong: damaged, or another packet's tag on it.
    #[error("the packet is damaged or forged")]
    Hash,
    /// The hash is right and the content is not well formed: only a program at fault makes such a packet.
    #[error("the other side's packet is not well formed")]
    Padding,
    /// The session refuses what the packet holds.
    #[error(transparent)]
    Session(#[from] DecryptError),
}

impl SealedSession {
    /// Starts a session like [`Root::into_session`], and adds its first tags to `table` under the number
    /// `conversation`, which is the caller's own and has to be another for each session in the table.
    #[must_use]
    pub fn start(
        root: Root,
        role: Role,
        own: &OwnKeys,
        peer: &PublicKeys,
        transcript: &Transcript,
        (conversation, table): (u64, &mut TagTable),
    ) -> Self {
        let sending = Sending::new(root.tag_seed(role));
        let receiving = Receiving::new(root.tag_seed(role.other()));
        let session = root.into_session(role, own, peer, transcript);
        receiving.register(conversation, table);
        let mut sealed = Self { conversation, session, sending, receiving };
        sealed.follow(table);
        sealed
    }

    /// The session, to look at.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The session, for its epochs and the time that a link was up. Packets go through this type, which follows their
    /// turns.
    #[must_use]
    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Seals `plaintext` (0 to [`MAX_SEALED_PLAINTEXT`] bytes) and appends the packet to `out`: one of [`SIZES`], the
    /// smallest that will do.
    ///
    /// # Errors
    /// - [`SealError::TooLong`]: cut it.
    /// - [`SealError::Session`]: as [`Session::encrypt`].
    pub fn seal(
        &mut self,
        plaintext: &[u8],
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), SealError> {
        if plaintext.len() > MAX_SEALED_PLAINTEXT {
            return Err(SealError::TooLong);
        }
        let mut content = Vec::with_capacity(plaintext.len().saturating_add(OVERHEAD));
        self.encrypt(plaintext, &mut content, rng)?;
        let (tag, key) = self.sending.step();
        packet::seal(&tag, &key, &content, out, rng).ok_or(SealError::TooLong)
    }

    /// Opens a packet that [`TagTable::find`] has found to be for this conversation, and appends its plaintext to `out`.
    ///
    /// `now` as in [`Session::decrypt`].
    ///
    /// # Errors
    /// See [`OpenError`]; session, table and `out` are unchanged then.
    pub fn open(
        &mut self,
        found: Match,
        packet: &[u8],
        now: u64,
        table: &mut TagTable,
        out: &mut Vec<u8>,
    ) -> Result<(), OpenError> {
        // The match may be of before another packet was opened.
        if found.conversation != self.conversation || table.find(packet) != Some(found) {
            return Err(OpenError::Tag);
        }
        let (key, after, change) =
            self.receiving.see(found.chain, found.number).ok_or(OpenError::Tag)?;
        let content = packet::open(&key, packet).map_err(|error| match error {
            PacketError::Hash => OpenError::Hash,
            PacketError::Padding => OpenError::Padding,
        })?;
        self.session.decrypt(&content, now, out)?;
        self.receiving.replace(found.chain, after);
        for tag in &change.gone {
            table.remove(tag);
        }
        for (number, tag) in change.new {
            table.insert(tag, Match { number, ..found });
        }
        self.follow(table);
        Ok(())
    }

    /// [`Session::encrypt`], for a link.
    ///
    /// # Errors
    /// See [`EncryptError`].
    pub fn encrypt(
        &mut self,
        plaintext: &[u8],
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), EncryptError> {
        self.session.encrypt(plaintext, out, rng)?;
        if let Some(next) = self.session.take_tag_seeds().sending {
            self.sending.turn(next);
        }
        Ok(())
    }

    /// [`Session::decrypt`], for a link.
    ///
    /// # Errors
    /// See [`DecryptError`].
    pub fn decrypt(
        &mut self,
        packet: &[u8],
        now: u64,
        table: &mut TagTable,
        out: &mut Vec<u8>,
    ) -> Result<(), DecryptError> {
        self.session.decrypt(packet, now, out)?;
        self.follow(table);
        Ok(())
    }

    /// [`Session::expire`].
    pub fn expire(&mut self, now: u64) {
        self.session.expire(now);
    }

    /// Takes this session's tags out of `table`: the conversation is over.
    pub fn leave(&self, table: &mut TagTable) {
        self.receiving.leave(table);
    }

    /// Writes session and tags down, secrets included, in the format of `docs/sealed.md`, section "State".
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        state::encode(&self.sending, &self.receiving, &self.session)
    }

    /// Reads what [`SealedSession::to_bytes`] wrote, and adds its tags to `table` as [`SealedSession::start`] does.
    ///
    /// # Errors
    /// - [`StateError::Version`]: written by a later program.
    /// - [`StateError::Damaged`]: no session has such a state.
    pub fn from_bytes(
        bytes: &[u8],
        (conversation, table): (u64, &mut TagTable),
    ) -> Result<Self, StateError> {
        let (sending, receiving, session) = state::decode(bytes)?;
        receiving.register(conversation, table);
        Ok(Self { conversation, session, sending, receiving })
    }

    /// Takes the turns that the session has taken.
    fn follow(&mut self, table: &mut TagTable) {
        let seeds = self.session.take_tag_seeds();
        if let Some(next) = seeds.sending {
            self.sending.turn(next);
        }
        if let Some(next) = seeds.receiving {
            self.receiving.turn(next, self.conversation, table);
        }
    }
}

impl fmt::Debug for SealedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conversation: _, session, sending, receiving } = self;
        f.debug_struct("SealedSession")
            .field("session", session)
            .field("sealed", &sending.number())
            .field("opened", &receiving.number())
            .finish_non_exhaustive()
    }
}
