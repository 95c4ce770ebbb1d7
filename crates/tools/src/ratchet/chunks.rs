//! The chunks of a stream, sealed and opened on all cores, in constant memory.

use std::io::{self, Read, Write};
use std::num::NonZero;
use std::thread;

use undertone_ratchet::stream::{
    CHUNK, ChunkOpener, ChunkSealer, OpenError, Opened, Opener, Place, SEALED_CHUNK, SealError,
    Sealer,
};
use zeroize::Zeroizing;

use super::message::{cut_off, unread, unwritten};
use crate::failure::{Failure, Kind};
use crate::streams::fill;

/// Chunks that are in memory at once: 1 MiB, twice. Enough work for a thread to be worth its start.
const BATCH: usize = 16;

/// More threads would wait for the disk.
const MOST_THREADS: usize = 4;

/// A chunk to be sealed, and what comes of it.
struct Sealing<'a> {
    sealer: Option<ChunkSealer>,
    plain: &'a [u8],
    sealed: &'a mut Vec<u8>,
    done: Result<(), SealError>,
}

/// A chunk to be opened, and what comes of it.
struct Opening<'a> {
    opener: ChunkOpener,
    sealed: &'a [u8],
    plain: &'a mut Vec<u8>,
    done: Result<Opened, OpenError>,
}

/// Seals what `begun` holds already and then the rest of the input.
pub(super) fn seal(
    mut sealer: Sealer,
    begun: &[u8],
    input: &mut dyn Read,
    output: &mut dyn Write,
) -> Result<(), Failure> {
    let whole = BATCH * CHUNK;
    let mut input = begun.chain(input);
    // One byte is read ahead, to know whether a chunk is the last.
    let mut plain = Zeroizing::new(vec![0; whole + 1]);
    let mut sealed = buffers();
    let mut ahead = 0;
    loop {
        let length =
            ahead + fill(&mut input, plain.get_mut(ahead..).unwrap_or_default()).map_err(unread)?;
        let is_last = length <= whole;
        let batch = plain.get(..length.min(whole)).unwrap_or_default();
        // An empty stream has one chunk, of no bytes.
        let mut chunks = batch.chunks(CHUNK).peekable();
        let mut work = Vec::with_capacity(BATCH);
        for sealed in &mut sealed {
            let plain = chunks.next().unwrap_or_default();
            let ends = chunks.peek().is_none();
            let sealer = Some(sealer.take_chunk(is_last && ends)?);
            work.push(Sealing { sealer, plain, sealed, done: Ok(()) });
            if ends {
                break;
            }
        }
        spread(&mut work, |chunk| {
            chunk.sealed.clear();
            if let Some(sealer) = chunk.sealer.take() {
                chunk.done = sealer.seal(chunk.plain, chunk.sealed);
            }
        })?;
        for chunk in work {
            chunk.done?;
            output.write_all(chunk.sealed).map_err(unwritten)?;
        }
        if is_last {
            return Ok(());
        }
        plain.swap(0, whole);
        ahead = 1;
    }
}

/// Opens all of the input, and writes what was opened up to whatever is wrong.
pub(super) fn open(
    mut opener: Opener,
    input: &mut dyn Read,
    output: &mut dyn Write,
) -> Result<(), Failure> {
    let mut sealed = vec![0; BATCH * SEALED_CHUNK];
    let mut plain = buffers();
    loop {
        let length = fill(input, &mut sealed).map_err(unread)?;
        let batch = sealed.get(..length).unwrap_or_default();
        let mut work = Vec::with_capacity(BATCH);
        for (ahead, (sealed, plain)) in (0..).zip(batch.chunks(SEALED_CHUNK).zip(&mut plain)) {
            let opener = opener.chunk_ahead(ahead)?;
            work.push(Opening { opener, sealed, plain, done: Err(OpenError::Ended) });
        }
        spread(&mut work, |chunk| {
            chunk.plain.clear();
            chunk.done = chunk.opener.open(chunk.sealed, chunk.plain);
        })?;
        let mut place = Place::Inner;
        for chunk in work {
            if place == Place::Last {
                return Err(OpenError::Ended.into());
            }
            place = opener.accept(chunk.done?)?;
            output.write_all(chunk.plain).map_err(unwritten)?;
        }
        if length < sealed.len() {
            return opener.finish().map_err(|_| cut_off());
        }
    }
}

/// Room for what comes of each chunk of a batch. It never grows, so that nothing leaves a copy of itself behind.
fn buffers() -> Vec<Zeroizing<Vec<u8>>> {
    (0..BATCH).map(|_| Zeroizing::new(Vec::with_capacity(SEALED_CHUNK))).collect()
}

/// Does the work on each item, on as many threads as there are cores.
fn spread<T: Send>(items: &mut [T], work: impl Fn(&mut T) + Sync) -> Result<(), Failure> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
    let share = items.len().div_ceil(threads).max(1);
    let work = &work;
    thread::scope(|scope| {
        let mut parts = items.chunks_mut(share);
        // This thread has a share, too.
        let own = parts.next().unwrap_or_default();
        for part in parts {
            thread::Builder::new().spawn_scoped(scope, move || part.iter_mut().for_each(work))?;
        }
        own.iter_mut().for_each(work);
        Ok(())
    })
    .map_err(|error: io::Error| {
        Failure::new(
            Kind::Environment,
            format!("No thread could be started: {}.", error.kind()),
            "Let fewer programs run at once, or raise the limit of threads (`ulimit -u`).",
        )
    })
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng as _;
    use undertone_ratchet::secret::Secret;
    use undertone_ratchet::stream::HEADER_LEN;

    use super::*;

    const WHOLE: usize = BATCH * CHUNK;

    fn key() -> Secret<32> {
        Secret::from_bytes(&[7; 32])
    }

    fn sealer() -> (Sealer, [u8; HEADER_LEN]) {
        Sealer::new(&key(), b"", &mut ChaCha20Rng::from_seed([1; 32]))
    }

    fn text(length: usize) -> Vec<u8> {
        (0..length).map(|place| (place ^ place >> 8 ^ place >> 16) as u8).collect()
    }

    /// The chunks of a text whose first part was read before.
    fn sealed(text: &[u8], begun: usize) -> Vec<u8> {
        let (begun, mut rest) = text.split_at(begun);
        let mut sealed = Vec::new();
        seal(sealer().0, begun, &mut rest, &mut sealed).unwrap();
        sealed
    }

    /// What is written of a stream, and whether it was well.
    fn opened(mut sealed: &[u8]) -> (Vec<u8>, Result<(), String>) {
        let opener = Opener::new(&key(), b"", &sealer().1, 0).unwrap();
        let mut written = Vec::new();
        let done = open(opener, &mut sealed, &mut written);
        (written, done.map_err(|failure| failure.message))
    }

    #[test]
    fn many_threads_seal_what_one_does() {
        for length in [0, 1, CHUNK, WHOLE - 1, WHOLE, WHOLE + 1, 2 * WHOLE, 2 * WHOLE + 1] {
            let text = text(length);
            let (mut one_by_one, mut expected) = (sealer().0, Vec::new());
            let count = length.div_ceil(CHUNK).max(1);
            for place in 0..count {
                let chunk = &text[place * CHUNK..length.min((place + 1) * CHUNK)];
                one_by_one.seal_chunk(chunk, place + 1 == count, &mut expected).unwrap();
            }
            for begun in [0, length.min(CHUNK + 1), length] {
                assert!(sealed(&text, begun) == expected, "{length} bytes, {begun} read before");
            }
            assert!(opened(&expected) == (text, Ok(())), "{length} bytes");
        }
    }

    #[test]
    fn what_stands_before_the_damage_is_written() {
        let text = text(WHOLE + 3 * CHUNK);
        let sealed = sealed(&text, 0);
        let damaged = |at: usize| {
            let mut damaged = sealed.clone();
            damaged[at * SEALED_CHUNK] ^= 1;
            let (written, done) = opened(&damaged);
            assert!(written == text[..at * CHUNK], "chunk {at}");
            done.unwrap_err()
        };
        for at in [0, 1, BATCH - 1, BATCH, BATCH + 2] {
            assert!(damaged(at).contains(&at.to_string()), "{}", damaged(at));
        }
    }

    #[test]
    fn a_stream_that_is_cut_or_goes_on_is_found_out() {
        for count in [BATCH - 1, BATCH, BATCH + 1] {
            let text = text(count * CHUNK);
            let sealed = sealed(&text, 0);
            let (written, cut) = opened(&sealed[..sealed.len() - SEALED_CHUNK]);
            assert!(written == text[..(count - 1) * CHUNK] && cut.is_err(), "{count} chunks");
            let (written, longer) = opened(&[&sealed, &sealed[..SEALED_CHUNK]].concat());
            assert!(written == text, "{count} chunks");
            assert!(longer.unwrap_err().contains("after the end"), "{count} chunks");
        }
    }
}
