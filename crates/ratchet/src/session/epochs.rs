//! When a post-quantum epoch begins, what of it the caller carries, and what it is good for.

use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::exchange::{Chunk, ChunkError, Exchange, Offered, Taken};
#[cfg(doc)]
use super::exchange::{MAX_CHUNK, MIN_CHUNK};
use super::{EpochKeys, Session};
use crate::kdf::{self, label};
use crate::secret::Secret;

/// After this many packets, sent and read ones together, the next epoch is due at the latest. A
/// thief of the state reads on at least until then, so few; but an exchange takes some 2,300 bytes,
/// about eight cells of them, which has to stay a small part of what is said.
pub const EPOCH_MESSAGES: u32 = 50;

/// After this much time with the link up the next epoch is due at the latest, in seconds: a day,
/// for conversations that say little.
pub const EPOCH_LINK_TIME: u32 = 86_400;

/// How much earlier than after [`EPOCH_MESSAGES`] an epoch may be due, in packets.
const MESSAGES_JITTER: u32 = 10;

/// How much earlier than after [`EPOCH_LINK_TIME`] an epoch may be due: about five hours.
const LINK_TIME_JITTER: u32 = 20_000;

/// Where chunks take the place of padding, the next epoch is due after this many seconds with the
/// link up, and at most twice as many: often, because it costs no byte; not all the time, because
/// each one costs both ends commits and computing, on batteries too.
pub const EPOCH_PAUSE: u32 = 60;

/// From this many packets without a new epoch on the conversation is to be shown in amber: four
/// times what is due, so several lost exchanges; what is wrong then is more than bad luck.
pub const AMBER_MESSAGES: u32 = 200;

/// From this many seconds with the link up and without a new epoch on, too: seven days.
pub const AMBER_LINK_TIME: u32 = 7 * 86_400;

/// After this many packets without a new epoch nothing more is encrypted: whoever keeps it from
/// ending, for the sake of a state once stolen, gains no more than these.
pub const MAX_UNHEALED: u32 = 1_000;

/// How a link carries chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pace {
    /// A cell leaves with every tick, so chunks take the place of padding.
    Paced,
    /// Cells leave when there is something to say.
    Unpaced,
}

/// Whether the session still heals from a stolen state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Healing {
    /// A post-quantum epoch was mixed in lately.
    Fresh,
    /// None for [`AMBER_MESSAGES`] packets or [`AMBER_LINK_TIME`]: show it in amber.
    Late,
    /// None for [`MAX_UNHEALED`] packets: nothing is encrypted any more.
    Stopped,
}

/// What [`Session::begin_epoch`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Begin {
    /// The epoch is ours to offer, and chunks of our key go out from now on.
    Offered,
    /// The epoch is the other side's to offer; the next chunk asks it to.
    Asked,
    /// An exchange is under way already.
    UnderWay,
}

impl Session {
    /// The last post-quantum epoch that this end has mixed in. 0 is the handshake's.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The newest post-quantum epoch that, for all this end knows, *both* have mixed in: the one of
    /// the newest chain read. It is [`Session::epoch`] or the one before.
    #[must_use]
    pub fn shared_epoch(&self) -> u32 {
        self.receiving.as_ref().map_or(0, |receiving| receiving.epoch)
    }

    /// The key of the MAC in a link's first frame that names `epoch`, if it is one of the last two.
    /// The sender of such a frame takes [`Session::shared_epoch`]; the receiver always has that.
    #[must_use]
    pub fn link_key(&self, epoch: u32) -> Option<&Secret<32>> {
        self.keys_of(epoch).map(|keys| &keys.link)
    }

    /// What a check of shared words includes of `epoch`, if it is one of the last two. A check takes
    /// [`Session::shared_epoch`] of the end that begins it.
    #[must_use]
    pub fn authenticator(&self, epoch: u32) -> Option<&Secret<32>> {
        self.keys_of(epoch).map(|keys| &keys.authenticator)
    }

    /// Whether the session still heals; see [`Healing`].
    #[must_use]
    pub fn healing(&self) -> Healing {
        if self.unhealed >= MAX_UNHEALED {
            Healing::Stopped
        } else if self.unhealed >= AMBER_MESSAGES || self.link_time >= AMBER_LINK_TIME {
            Healing::Late
        } else {
            Healing::Fresh
        }
    }

    /// Adds seconds during which the link was up.
    pub fn add_link_time(&mut self, seconds: u32) {
        self.link_time = self.link_time.saturating_add(seconds);
    }

    /// Whether [`Session::begin_epoch`] should be called now. Never while an exchange is under way
    /// or when the next epoch is the other side's to offer.
    ///
    /// When exactly is jittered, downwards from [`EPOCH_MESSAGES`] and [`EPOCH_LINK_TIME`] and
    /// upwards from [`EPOCH_PAUSE`], by what both ends know and nobody else.
    #[must_use]
    pub fn epoch_due(&self, pace: Pace) -> bool {
        if !self.offers_next() || !matches!(self.exchange, Exchange::Idle) {
            return false;
        }
        let mut jitter = [0; 2];
        let authenticator = self.keys.authenticator.as_bytes();
        kdf::expand_to(authenticator, label::EPOCH_JITTER, &[], &mut jitter);
        // From 0 to just below `most`.
        let jitter = |most: u32| {
            most.saturating_mul(u32::from(u16::from_be_bytes(jitter))).checked_shr(16).unwrap_or(0)
        };
        let pause = match pace {
            Pace::Unpaced => EPOCH_LINK_TIME.saturating_sub(jitter(LINK_TIME_JITTER)),
            Pace::Paced => EPOCH_PAUSE.saturating_add(jitter(EPOCH_PAUSE)),
        };
        let messages = EPOCH_MESSAGES.saturating_sub(jitter(MESSAGES_JITTER));
        self.unhealed >= messages || self.link_time >= pause
    }

    /// Begins the next epoch, or asks the other side to if it is its to offer: because it is due
    /// or because the user wants to heal at once.
    ///
    /// Store the session before a chunk of it leaves.
    pub fn begin_epoch(&mut self, rng: &mut impl CryptoRng) -> Begin {
        match self.exchange {
            Exchange::Idle if self.offers_next() => {
                self.exchange = Exchange::Offered(Offered::new(Secret::random(rng)));
                Begin::Offered
            }
            Exchange::Idle => {
                self.exchange = Exchange::Asking;
                Begin::Asked
            }
            Exchange::Asking => Begin::Asked,
            _ => Begin::UnderWay,
        }
    }

    /// Whether [`Session::next_chunk`] has something to send, given the room.
    #[must_use]
    pub fn has_chunk(&self) -> bool {
        matches!(self.exchange, Exchange::Asking | Exchange::Offered(_) | Exchange::Answered(_))
    }

    /// Appends the next chunk of the exchange to `out`, at most `room` bytes of it, and says how
    /// many bytes those are. 0 if there is nothing to send or less room than [`MIN_CHUNK`]; more
    /// than [`MAX_CHUNK`] is never of use.
    ///
    /// A chunk belongs inside a packet of this session. It may get lost: each part is sent again
    /// until the other side shows that it has them all.
    pub fn next_chunk(&mut self, room: usize, out: &mut Vec<u8>) -> usize {
        let epoch = self.next_epoch();
        self.exchange.next_chunk(epoch, room, out)
    }

    /// Takes a chunk that a packet of the peer held. The same one may come any number of times.
    ///
    /// # Errors
    /// See [`ChunkError`]: the peer breaks the rules, and the link is to be closed. The session is
    /// unchanged then.
    pub fn take_chunk(
        &mut self,
        bytes: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Taken, ChunkError> {
        let chunk = Chunk::parse(bytes)?;
        if chunk.epoch <= self.epoch {
            // Late, of an exchange that is over; there is nothing left to compare it with.
            return Ok(Taken::Known);
        }
        if chunk.epoch != self.next_epoch() {
            return Err(ChunkError::Epoch(chunk.epoch));
        }
        let ours = self.offers_next();
        self.exchange.take(&chunk, ours, rng)
    }

    /// The epoch that is exchanged next. Four thousand million are never reached; the last one
    /// would just be the last.
    pub(super) fn next_epoch(&self) -> u32 {
        self.epoch.saturating_add(1)
    }

    /// Whether the next epoch is ours to offer.
    pub(super) fn offers_next(&self) -> bool {
        (self.next_epoch() & 1 == 1) == self.offers_odd
    }

    /// Makes the next epoch the present one. In this same step everything that its secret could be
    /// found from is erased.
    pub(super) fn enter_epoch(&mut self, epoch: u32, keys: EpochKeys) {
        self.exchange = Exchange::Idle;
        self.epoch = epoch;
        self.previous_keys = Some(core::mem::replace(&mut self.keys, keys));
        self.unhealed = 0;
        self.link_time = 0;
    }

    fn keys_of(&self, epoch: u32) -> Option<&EpochKeys> {
        if epoch == self.epoch {
            Some(&self.keys)
        } else if epoch.checked_add(1) == Some(self.epoch) {
            self.previous_keys.as_ref()
        } else {
            None
        }
    }
}
