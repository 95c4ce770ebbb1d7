//! Streams of any length in constant memory: `docs/streams.md`.
//!
//! A stream is cut into chunks of [`CHUNK`] bytes, and each is sealed by itself under a nonce of its number and of
//! whether it is the last one (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár). A chunk that is
//! missing, doubled, in another place, cut off, or behind the end is found out when it is opened, not later.
//!
//! Sealing goes on from any chunk with [`Sealer::resume`], under a fresh key, so that a file which changed in between
//! is never sealed twice under one. Opening starts at any chunk of what is there.
//!
//! What was opened is real as far as it goes, and no more: a stream without its end is not the whole stream. Ask
//! [`Opener::finish`].
//!
//! ```
//! use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! use undertone_ratchet::secret::Secret;
//! use undertone_ratchet::stream::{CHUNK, Opener, Place, SEALED_CHUNK, Sealer};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rng = &mut ChaCha20Rng::from_seed([1; 32]); // a real program takes the system's
//! let key = Secret::random(rng); // sent to the other side in a packet
//! let file = vec![7; CHUNK + 1];
//!
//! let (mut sealer, header) = Sealer::new(&key, b"a file", rng);
//! let mut sealed = header.to_vec();
//! sealer.seal_chunk(&file[..CHUNK], false, &mut sealed)?;
//! sealer.seal_chunk(&file[CHUNK..], true, &mut sealed)?;
//!
//! let (header, mut rest) = sealed.split_first_chunk().ok_or("too short")?;
//! let mut opener = Opener::new(&key, b"a file", header, 0)?;
//! let mut opened = Vec::new();
//! while !rest.is_empty() {
//!     let (chunk, others) = rest.split_at(rest.len().min(SEALED_CHUNK));
//!     let place: Place = opener.open_chunk(chunk, &mut opened)?;
//!     assert_eq!(place == Place::Last, others.is_empty());
//!     rest = others;
//! }
//! opener.finish()?;
//! assert_eq!(opened, file);
//! # Ok(())
//! # }
//! ```

use alloc::vec::Vec;
use core::fmt;

use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce, Tag};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

use crate::kdf::{self, label};
use crate::secret::Secret;

/// Bytes of plaintext in every chunk but the last: 64 KiB, so that the 16 bytes of a tag weigh nothing and a chunk fits
/// into the cache.
pub const CHUNK: usize = 1 << 16;

/// Bytes by which a sealed chunk is longer than its plaintext.
pub const TAG_LEN: usize = 16;

/// Bytes of a sealed chunk, the last one's being fewer.
pub const SEALED_CHUNK: usize = CHUNK + TAG_LEN;

/// Bytes of a header: version 1 ‖ number of its first chunk 8 ‖ salt 32 ‖ check 32.
pub const HEADER_LEN: usize = BOUND_LEN + CHECK_LEN;

/// The part of the header that the keys are bound to.
const BOUND_LEN: usize = 1 + 8 + SALT_LEN;
const SALT_LEN: usize = 32;
const CHECK_LEN: usize = 32;

/// The first byte of a header. A change of the format gets a new number.
const VERSION: u8 = 1;

/// Where a chunk stands in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// More chunks follow.
    Inner,
    /// The stream ends with it.
    Last,
}

/// Why a stream can't be opened at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// A version that this program doesn't know.
    #[error("a stream of version {0} is unknown; use the program that wrote it")]
    Version(u8),
    /// The stream starts behind the chunk that is wanted: what lies between is missing.
    #[error("the stream starts at chunk {0}, after the one that is wanted; ask for an earlier one")]
    Start(u64),
    /// Another key, another context, or a damaged header: nothing of the stream was looked at.
    #[error("the stream is of another key or purpose, or its first bytes are damaged")]
    Key,
}

/// Why a chunk was not sealed. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// An inner chunk of another length than [`CHUNK`], or a last one that is longer, or one that is empty although
    /// the stream is not.
    #[error("{0} bytes are no chunk here: {CHUNK} while more follow, then 1 to {CHUNK}")]
    Length(usize),
    /// The last chunk was sealed already.
    #[error("the stream has ended; start another")]
    Ended,
    /// 2^64 chunks.
    #[error("the stream is too long; start another")]
    Full,
}

/// Why a chunk was not opened. Nothing has changed: the right bytes may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Shorter than any chunk or longer than [`SEALED_CHUNK`].
    #[error("{0} bytes are no chunk of a stream; it is cut off or damaged")]
    Length(usize),
    /// Not the chunk that belongs here: damaged, cut off, missing, doubled, or of another stream.
    #[error("chunk {0} is damaged or not the one that belongs there; fetch it again")]
    Damaged(u64),
    /// Bytes behind the stream's end: somebody has added them.
    #[error("there are bytes after the end of the stream; they are not part of it")]
    Ended,
}

/// The stream's last chunk has not been opened: what there is may be only its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the stream breaks off before chunk {next}; fetch the rest, and don't take it for the whole"
)]
pub struct Truncated {
    /// The number of the chunk that is missing.
    pub next: u64,
}

/// Seals a stream, chunk by chunk.
pub struct Sealer(Chunks);

impl Sealer {
    /// Starts a stream under `key`, and gives the header that goes before it.
    ///
    /// `context` says what the stream is for: who opens it has to say the same. A key may serve any number of streams,
    /// each of which draws a salt of its own.
    #[must_use]
    pub fn new(
        key: &Secret<32>,
        context: &[u8],
        rng: &mut impl CryptoRng,
    ) -> (Self, [u8; HEADER_LEN]) {
        Self::resume(key, context, 0, rng)
    }

    /// Goes on with a stream from chunk `first` on, which is byte `first` × [`CHUNK`], under a header and a key of its
    /// own.
    ///
    /// Whether the rest belongs to what came before only its owner can say: if the file may have changed, compare a
    /// hash of the whole.
    #[must_use]
    pub fn resume(
        key: &Secret<32>,
        context: &[u8],
        first: u64,
        rng: &mut impl CryptoRng,
    ) -> (Self, [u8; HEADER_LEN]) {
        let mut salt = [0; SALT_LEN];
        rng.fill_bytes(&mut salt);
        let mut bound = [0; BOUND_LEN];
        join(&mut bound, &[&[VERSION], &first.to_be_bytes(), &salt]);
        let (cipher, check) = keys(key, context, &bound, &salt);
        let mut header = [0; HEADER_LEN];
        join(&mut header, &[&bound, check.as_bytes()]);
        (Self(Chunks { cipher, first, next: Some(first), ended: false }), header)
    }

    /// Seals the next chunk and appends it to `out`: it is [`TAG_LEN`] bytes longer. Allocates nothing if `out` has
    /// room.
    ///
    /// Every chunk has [`CHUNK`] bytes but the `last`, which has 1 to [`CHUNK`], or none in an empty stream.
    ///
    /// # Errors
    /// - [`SealError::Length`]: another number of bytes.
    /// - [`SealError::Ended`]: the last chunk was sealed before.
    /// - [`SealError::Full`]: the stream has all the chunks that can be counted.
    pub fn seal_chunk(
        &mut self,
        plaintext: &[u8],
        last: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        let (number, seal) = self.0.sealing(last)?;
        seal.seal(plaintext, out)?;
        self.0.advance(number, seal.place);
        Ok(())
    }

    /// Takes the next chunk out of the sealer, to be sealed elsewhere and whenever it suits: several threads together
    /// are faster than one. What they give belongs into the stream in the order in which it was taken here.
    ///
    /// # Errors
    /// - [`SealError::Ended`]: the last chunk was sealed or taken before.
    /// - [`SealError::Full`]: the stream has all the chunks that can be counted.
    pub fn take_chunk(&mut self, last: bool) -> Result<ChunkSealer, SealError> {
        let (number, seal) = self.0.sealing(last)?;
        self.0.advance(number, seal.place);
        Ok(ChunkSealer { number, seal })
    }

    /// The number of the chunk that is sealed next, counted from the stream's beginning.
    #[must_use]
    pub fn next_chunk(&self) -> Option<u64> {
        self.0.next
    }
}

/// Opens a stream, chunk by chunk.
pub struct Opener(Chunks);

impl Opener {
    /// Reads a header and gets ready for chunk `at`, counted from the stream's beginning.
    ///
    /// In what begins with this header, chunk `at` starts at byte
    /// [`HEADER_LEN`] + (`at` − `first`) × [`SEALED_CHUNK`], `first` being the number that [`first_chunk`] reads.
    ///
    /// # Errors
    /// - [`HeaderError::Version`]: written by a later program.
    /// - [`HeaderError::Start`]: chunk `at` comes before the header's first.
    /// - [`HeaderError::Key`]: `key` or `context` is another, or the header is damaged.
    pub fn new(
        key: &Secret<32>,
        context: &[u8],
        header: &[u8; HEADER_LEN],
        at: u64,
    ) -> Result<Self, HeaderError> {
        let Header { bound, version, first, salt, check } =
            Header::cut(header).ok_or(HeaderError::Key)?;
        if version != VERSION {
            return Err(HeaderError::Version(version));
        }
        let (cipher, expected) = keys(key, context, bound, salt);
        if !bool::from(expected.as_bytes().ct_eq(check)) {
            return Err(HeaderError::Key);
        }
        if at < first {
            return Err(HeaderError::Start(first));
        }
        Ok(Self(Chunks { cipher, first, next: Some(at), ended: false }))
    }

    /// Opens the next chunk, appends it to `out` and says whether it was the last. Allocates nothing if `out` has room.
    ///
    /// `sealed` is one whole chunk: [`SEALED_CHUNK`] bytes, or what is left at the end.
    ///
    /// # Errors
    /// - [`OpenError::Length`]: no chunk has so many bytes.
    /// - [`OpenError::Damaged`]: not the chunk that comes next.
    /// - [`OpenError::Ended`]: the last chunk was opened before.
    pub fn open_chunk(&mut self, sealed: &[u8], out: &mut Vec<u8>) -> Result<Place, OpenError> {
        let opened = self.chunk_ahead(0)?.open(sealed, out)?;
        self.accept(opened)
    }

    /// What opens the chunk that comes `ahead` chunks after the next one, elsewhere and whenever it suits: several
    /// threads together are faster than one. [`Opener::accept`] then wants the chunks in their order.
    ///
    /// # Errors
    /// [`OpenError::Ended`]: the last chunk was opened before, or there is no chunk of that number.
    pub fn chunk_ahead(&self, ahead: u64) -> Result<ChunkOpener, OpenError> {
        let Chunks { cipher, next, ended, .. } = &self.0;
        let number = next.filter(|_| !ended).and_then(|next| next.checked_add(ahead));
        let number = number.ok_or(OpenError::Ended)?;
        Ok(ChunkOpener {
            number,
            cipher: cipher.clone(),
            may_be_empty: self.0.may_be_empty(number),
        })
    }

    /// Takes note that the next chunk was opened by what [`Opener::chunk_ahead`] gave, and says whether it was the last.
    ///
    /// # Errors
    /// - [`OpenError::Damaged`]: it is not the chunk that comes next; the one that does is still missing.
    /// - [`OpenError::Ended`]: the last chunk was opened before.
    pub fn accept(&mut self, opened: Opened) -> Result<Place, OpenError> {
        let Opened { number, place } = opened;
        let wanted = self.0.next.filter(|_| !self.0.ended).ok_or(OpenError::Ended)?;
        if number != wanted {
            return Err(OpenError::Damaged(wanted));
        }
        self.0.advance(number, place);
        Ok(place)
    }

    /// The number of the chunk that is wanted next, counted from the stream's beginning: where to go on after a break.
    #[must_use]
    pub fn next_chunk(&self) -> Option<u64> {
        self.0.next
    }

    /// Whether the stream was opened to its end. To be asked when there are no more bytes.
    ///
    /// # Errors
    /// [`Truncated`]: the last chunk is missing.
    pub fn finish(self) -> Result<(), Truncated> {
        if self.0.ended { Ok(()) } else { Err(Truncated { next: self.0.next.unwrap_or(u64::MAX) }) }
    }
}

/// Seals one chunk, taken out of a [`Sealer`].
pub struct ChunkSealer {
    number: u64,
    seal: Seal,
}

impl ChunkSealer {
    /// Seals the chunk and appends it to `out`, as [`Sealer::seal_chunk`] does.
    ///
    /// # Errors
    /// [`SealError::Length`]: a chunk of that number of bytes doesn't belong there. Without it the stream has a gap and
    /// can't be opened: start another.
    pub fn seal(self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        self.seal.seal(plaintext, out)
    }
}

/// Opens one chunk, at its place in the stream of an [`Opener`].
pub struct ChunkOpener {
    number: u64,
    cipher: ChaCha20Poly1305,
    may_be_empty: bool,
}

/// A chunk that was opened, to be given to [`Opener::accept`] of its stream.
#[derive(Debug)]
#[must_use = "a stream is whole only if its opener has accepted each chunk"]
pub struct Opened {
    number: u64,
    place: Place,
}

impl ChunkOpener {
    /// Opens the chunk and appends it to `out`, as [`Opener::open_chunk`] does.
    ///
    /// # Errors
    /// - [`OpenError::Length`]: no chunk has so many bytes.
    /// - [`OpenError::Damaged`]: not the chunk that belongs there.
    pub fn open(&self, sealed: &[u8], out: &mut Vec<u8>) -> Result<Opened, OpenError> {
        let &Self { number, ref cipher, may_be_empty } = self;
        let wrong = OpenError::Length(sealed.len());
        let (body, tag) = sealed.split_last_chunk::<TAG_LEN>().ok_or(wrong)?;
        if !is_length(body.len(), Place::Last, may_be_empty) {
            return Err(wrong);
        }
        // Only the last chunk may be shorter, and of a full one its tag says what it is.
        for place in [Place::Inner, Place::Last] {
            if !is_length(body.len(), place, may_be_empty) {
                continue;
            }
            let start = out.len();
            out.extend_from_slice(body);
            let opened = out.get_mut(start..).and_then(|chunk| {
                let tag = Tag::from(*tag);
                let nonce = nonce(number, place);
                cipher.decrypt_inout_detached(&nonce, &[], chunk.into(), &tag).ok()
            });
            if opened.is_some() {
                return Ok(Opened { number, place });
            }
            discard(out, start);
        }
        Err(OpenError::Damaged(number))
    }
}

/// What one chunk is sealed with.
struct Seal {
    cipher: ChaCha20Poly1305,
    nonce: Nonce,
    place: Place,
    may_be_empty: bool,
}

impl Seal {
    fn seal(&self, plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), SealError> {
        let wrong = SealError::Length(plaintext.len());
        if !is_length(plaintext.len(), self.place, self.may_be_empty) {
            return Err(wrong);
        }
        let start = out.len();
        out.reserve(plaintext.len().saturating_add(TAG_LEN));
        out.extend_from_slice(plaintext);
        let sealed = out.get_mut(start..).and_then(|chunk| {
            self.cipher.encrypt_inout_detached(&self.nonce, &[], chunk.into()).ok()
        });
        let Some(tag) = sealed else {
            discard(out, start);
            return Err(wrong);
        };
        out.extend_from_slice(&tag);
        Ok(())
    }
}

/// The number of the first chunk after `header`, as it says itself: nothing is checked before [`Opener::new`].
#[must_use]
pub fn first_chunk(header: &[u8; HEADER_LEN]) -> u64 {
    Header::cut(header).map_or(0, |header| header.first)
}

/// What sealing and opening have in common.
struct Chunks {
    /// Erased on drop by itself.
    cipher: ChaCha20Poly1305,
    first: u64,
    /// The chunk that comes next; none when all numbers are used up.
    next: Option<u64>,
    ended: bool,
}

impl Chunks {
    /// What seals the next chunk, and its number.
    fn sealing(&self, last: bool) -> Result<(u64, Seal), SealError> {
        if self.ended {
            return Err(SealError::Ended);
        }
        let number = self.next.ok_or(SealError::Full)?;
        let place = if last { Place::Last } else { Place::Inner };
        let (cipher, nonce) = (self.cipher.clone(), nonce(number, place));
        Ok((number, Seal { cipher, nonce, place, may_be_empty: self.may_be_empty(number) }))
    }

    /// Only the first chunk of a whole stream may have no bytes.
    fn may_be_empty(&self, number: u64) -> bool {
        number == 0 && self.first == 0
    }

    fn advance(&mut self, number: u64, place: Place) {
        self.next = number.checked_add(1);
        self.ended = place == Place::Last;
    }

    fn show(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cipher: _, first, next, ended } = self;
        f.debug_struct(name)
            .field("first", first)
            .field("next", next)
            .field("ended", ended)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ChunkSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkSealer").field("number", &self.number).finish_non_exhaustive()
    }
}

impl fmt::Debug for ChunkOpener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkOpener").field("number", &self.number).finish_non_exhaustive()
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show("Sealer", f)
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show("Opener", f)
    }
}

/// A header in its parts.
struct Header<'a> {
    bound: &'a [u8; BOUND_LEN],
    version: u8,
    first: u64,
    salt: &'a [u8; SALT_LEN],
    check: &'a [u8; CHECK_LEN],
}

impl<'a> Header<'a> {
    fn cut(header: &'a [u8; HEADER_LEN]) -> Option<Self> {
        let (bound, check) = header.split_first_chunk::<BOUND_LEN>()?;
        let ([version], rest) = bound.split_first_chunk::<1>()?;
        let (first, salt) = rest.split_first_chunk::<8>()?;
        let first = u64::from_be_bytes(*first);
        let version = *version;
        Some(Self {
            bound,
            version,
            first,
            salt: salt.try_into().ok()?,
            check: check.try_into().ok()?,
        })
    }
}

/// The key of a stream's chunks, and the check that only this key has: ChaCha20-Poly1305 alone lets two keys open the
/// same bytes.
fn keys(
    key: &Secret<32>,
    context: &[u8],
    bound: &[u8; BOUND_LEN],
    salt: &[u8; SALT_LEN],
) -> (ChaCha20Poly1305, Secret<CHECK_LEN>) {
    let prk = kdf::extract(salt, [key.as_bytes().as_slice(), bound, context]);
    let chunks: Secret<32> = kdf::expand(&prk, label::STREAM_KEY, &[]);
    let check = kdf::expand(&prk, label::STREAM_CHECK, &[]);
    (ChaCha20Poly1305::new(&(*chunks.as_bytes()).into()), check)
}

/// Three zero bytes ‖ number 8 ‖ 1 for the last chunk, 0 for the others.
fn nonce(number: u64, place: Place) -> Nonce {
    let mut nonce = [0; 12];
    join(&mut nonce, &[&[0; 3], &number.to_be_bytes(), &[u8::from(place == Place::Last)]]);
    nonce.into()
}

/// Whether a chunk may have so many bytes of plaintext there.
fn is_length(length: usize, place: Place, may_be_empty: bool) -> bool {
    match place {
        Place::Inner => length == CHUNK,
        Place::Last => length <= CHUNK && (length > 0 || may_be_empty),
    }
}

/// Takes back what was appended from `start` on.
fn discard(out: &mut Vec<u8>, start: usize) {
    if let Some(written) = out.get_mut(start..) {
        written.zeroize();
    }
    out.truncate(start);
}

/// Copies `parts` one after the other; they add up to `bytes`.
fn join(bytes: &mut [u8], parts: &[&[u8]]) {
    let source = parts.iter().flat_map(|part| part.iter());
    for (to, from) in bytes.iter_mut().zip(source) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    #[test]
    fn the_last_number_is_used_and_no_more() {
        let rng = &mut ChaCha20Rng::from_seed([1; 32]);
        let key = Secret::random(rng);
        let (mut sealer, header) = Sealer::resume(&key, b"", u64::MAX, rng);
        let mut sealed = Vec::new();
        sealer.seal_chunk(&[0; CHUNK], false, &mut sealed).unwrap();
        assert_eq!(sealer.seal_chunk(&[0], true, &mut sealed), Err(SealError::Full));
        let mut opener = Opener::new(&key, b"", &header, u64::MAX).unwrap();
        assert_eq!(opener.open_chunk(&sealed, &mut Vec::new()), Ok(Place::Inner));
        assert_eq!(opener.open_chunk(&sealed, &mut Vec::new()), Err(OpenError::Ended));
        assert!(opener.finish().is_err());
    }

    #[test]
    fn no_two_chunks_have_one_nonce() {
        let numbers = [0, 1, 255, 256, 1 << 32, u64::MAX];
        let all: std::collections::BTreeSet<Vec<u8>> = numbers
            .iter()
            .flat_map(|number| [Place::Inner, Place::Last].map(|place| nonce(*number, place)))
            .map(|nonce| nonce.to_vec())
            .collect();
        assert_eq!(all.len(), 12);
    }

    #[test]
    fn debug_shows_numbers_and_no_keys() {
        let rng = &mut ChaCha20Rng::from_seed([2; 32]);
        let key = Secret::random(rng);
        let (mut sealer, header) = Sealer::resume(&key, b"", 3, rng);
        sealer.seal_chunk(b"end", true, &mut Vec::new()).unwrap();
        let opener = Opener::new(&key, b"", &header, 5).unwrap();
        insta::assert_snapshot!(
            format!("{sealer:?}"),
            @"Sealer { first: 3, next: Some(4), ended: true, .. }"
        );
        insta::assert_snapshot!(
            format!("{opener:?}"),
            @"Opener { first: 3, next: Some(5), ended: false, .. }"
        );
    }
}
