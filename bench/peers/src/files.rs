//! A file of 2 MiB, sealed and opened from memory to memory: streams beside `age`.
//!
//! `age` wraps the key of each file for an X25519 key, which is some hundred and fifty microseconds of its time; a key
//! of ours is sent in a packet.

use std::io::{Read as _, Write as _};
use std::{iter, thread};

use age::x25519::Identity;
use age::{Decryptor, Encryptor};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_ratchet::secret::Secret;
use undertone_ratchet::stream::{CHUNK, Opener, SEALED_CHUNK, Sealer};

use crate::goals::Wanted;
use crate::measure::{Goal, Pair, goal, microseconds};
use crate::run::Failure;

/// Bytes of the file.
const LENGTH: usize = 2 << 20;

const PAIRS: usize = 300;

pub(crate) fn measure(wanted: Wanted) -> Result<Goal, Failure> {
    let file: Vec<u8> = (0..LENGTH).map(|place| (place % 251) as u8).collect();
    let rng = &mut ChaCha20Rng::from_seed([1; 32]);
    let (key, identity) = (Secret::random(rng), Identity::generate());
    let (mut sealed, mut opened) = (Vec::with_capacity(2 * LENGTH), Vec::with_capacity(2 * LENGTH));
    let mut buffers: Vec<Vec<u8>> =
        (0..LENGTH.div_ceil(CHUNK)).map(|_| Vec::with_capacity(SEALED_CHUNK)).collect();
    goal(wanted, PAIRS, || {
        let ours = microseconds(1, || {
            seal(&file, &key, rng, &mut sealed, &mut buffers)?;
            open(&sealed, &key, &mut opened, &mut buffers)
        })?;
        if opened != file {
            return Err("another file came out".into());
        }
        let peer = microseconds(1, || {
            encrypt(&file, &identity, &mut sealed)?;
            decrypt(&sealed, &identity, &mut opened)
        })?;
        if opened != file {
            return Err("another file came out".into());
        }
        Ok(Pair { ours, peer })
    })
}

/// As the tools do it: on all cores.
fn seal(
    file: &[u8],
    key: &Secret<32>,
    rng: &mut ChaCha20Rng,
    out: &mut Vec<u8>,
    buffers: &mut [Vec<u8>],
) -> Result<(), Failure> {
    out.clear();
    let (mut sealer, header) = Sealer::new(key, b"bench", rng);
    out.extend_from_slice(&header);
    let mut work = Vec::new();
    let mut chunks = file.chunks(CHUNK).peekable();
    for buffer in &mut *buffers {
        let Some(chunk) = chunks.next() else { break };
        work.push((Some(sealer.take_chunk(chunks.peek().is_none())?), chunk, buffer));
    }
    spread(&mut work, |(sealer, chunk, buffer)| {
        buffer.clear();
        sealer.take().is_some_and(|sealer| sealer.seal(chunk, buffer).is_ok())
    })?;
    work.iter().for_each(|(_, _, buffer)| out.extend_from_slice(buffer));
    Ok(())
}

fn open(
    sealed: &[u8],
    key: &Secret<32>,
    out: &mut Vec<u8>,
    buffers: &mut [Vec<u8>],
) -> Result<(), Failure> {
    out.clear();
    let (header, chunks) = sealed.split_first_chunk().ok_or("no header")?;
    let mut opener = Opener::new(key, b"bench", header, 0)?;
    let mut work = Vec::new();
    for ((ahead, chunk), buffer) in (0..).zip(chunks.chunks(SEALED_CHUNK)).zip(&mut *buffers) {
        work.push((opener.chunk_ahead(ahead)?, chunk, buffer, None));
    }
    spread(&mut work, |(opener, chunk, buffer, opened)| {
        buffer.clear();
        *opened = opener.open(chunk, buffer).ok();
        opened.is_some()
    })?;
    for (_, _, buffer, opened) in work {
        opener.accept(opened.ok_or("a chunk is missing")?)?;
        out.extend_from_slice(buffer);
    }
    opener.finish()?;
    Ok(())
}

/// Does the work on each item, on as many threads as there are cores, and fails if any fails.
fn spread<T: Send>(items: &mut [T], work: impl Fn(&mut T) -> bool + Sync) -> Result<(), Failure> {
    let threads = thread::available_parallelism()?.get().min(4);
    let share = items.len().div_ceil(threads).max(1);
    let work = &work;
    let well = thread::scope(|scope| {
        let mut parts = items.chunks_mut(share);
        let own = parts.next().unwrap_or_default();
        let others: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter_mut().all(work))).collect();
        let well = own.iter_mut().all(work);
        others.into_iter().all(|other| other.join().unwrap_or_default()) && well
    });
    if well { Ok(()) } else { Err("a chunk failed".into()) }
}

fn encrypt(file: &[u8], identity: &Identity, out: &mut Vec<u8>) -> Result<(), Failure> {
    out.clear();
    let recipient = identity.to_public();
    let encryptor = Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient))?;
    let mut writer = encryptor.wrap_output(out)?;
    writer.write_all(file)?;
    writer.finish()?;
    Ok(())
}

fn decrypt(sealed: &[u8], identity: &Identity, out: &mut Vec<u8>) -> Result<(), Failure> {
    out.clear();
    let mut reader = Decryptor::new(sealed)?.decrypt(iter::once(identity as &dyn age::Identity))?;
    reader.read_to_end(out)?;
    Ok(())
}
