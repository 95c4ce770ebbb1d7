//! A file of 2 MiB, sealed and opened from memory to memory: streams beside `age`.
//!
//! `age` wraps the key of each file for an X25519 key, which is some hundred and fifty microseconds of its time; a key
//! of ours is sent in a packet.

use std::io::{Read as _, Write as _};
use std::iter;

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
    goal(wanted, PAIRS, || {
        let ours = microseconds(1, || {
            seal(&file, &key, rng, &mut sealed)?;
            open(&sealed, &key, &mut opened)
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

fn seal(
    file: &[u8],
    key: &Secret<32>,
    rng: &mut ChaCha20Rng,
    out: &mut Vec<u8>,
) -> Result<(), Failure> {
    out.clear();
    let (mut sealer, header) = Sealer::new(key, b"bench", rng);
    out.extend_from_slice(&header);
    let mut chunks = file.chunks(CHUNK).peekable();
    while let Some(chunk) = chunks.next() {
        sealer.seal_chunk(chunk, chunks.peek().is_none(), out)?;
    }
    Ok(())
}

fn open(sealed: &[u8], key: &Secret<32>, out: &mut Vec<u8>) -> Result<(), Failure> {
    out.clear();
    let (header, chunks) = sealed.split_first_chunk().ok_or("no header")?;
    let mut opener = Opener::new(key, b"bench", header, 0)?;
    for chunk in chunks.chunks(SEALED_CHUNK) {
        opener.open_chunk(chunk, out)?;
    }
    opener.finish()?;
    Ok(())
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
