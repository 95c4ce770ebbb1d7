//! A second implementation, written from `docs/streams.md`, opens what the crate seals and seals what it opens; and
//! `tests/golden/stream_1.txt` holds streams as version 1 writes them.

use std::fmt::Write as _;

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use undertone_ratchet::secret::Secret;
use undertone_ratchet::stream::{CHUNK, Opener, Sealer};

use crate::ends::rng;
use crate::golden::{hex, lines, same};
use crate::streams::bytes;

const GOLDEN: &str = include_str!("../golden/stream_1.txt");

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// "Keys": the key of the chunks and the check.
fn keys(key: &[u8], context: &[u8], bound: &[u8]) -> [[u8; 32]; 2] {
    let prk = hmac(&bound[9..41], &[key, bound, context]);
    ["undertone/1 stream key", "undertone/1 stream check"]
        .map(|label| hmac(&prk, &[label.as_bytes(), &[1]]))
}

/// "Chunks": the nonce.
fn nonce(number: u64, last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&number.to_be_bytes());
    nonce[11] = u8::from(last);
    nonce
}

fn open(sealed: &[u8], key: &[u8], context: &[u8]) -> Vec<u8> {
    let (header, rest) = sealed.split_at(73);
    assert_eq!(header[0], 1);
    let first = u64::from_be_bytes(header[1..9].try_into().unwrap());
    let [chunks, check] = keys(key, context, &header[..41]);
    assert_eq!(header[41..], check);
    let cipher = ChaCha20Poly1305::new(&chunks.into());
    let all: Vec<&[u8]> = rest.chunks(65_552).collect();
    let mut text = Vec::new();
    for (number, chunk) in (first..).zip(&all) {
        let last = number - first + 1 == all.len() as u64;
        text.extend(cipher.decrypt(&nonce(number, last).into(), *chunk).unwrap());
    }
    text
}

fn seal(text: &[u8], key: &[u8], context: &[u8], salt: [u8; 32], first: u64) -> Vec<u8> {
    let bound = [[1].as_slice(), &first.to_be_bytes(), &salt].concat();
    let [chunks, check] = keys(key, context, &bound);
    let cipher = ChaCha20Poly1305::new(&chunks.into());
    let mut sealed = [bound, check.to_vec()].concat();
    let count = text.len().div_ceil(65_536).max(1);
    for n in 0..count {
        let chunk = &text[n * 65_536..text.len().min((n + 1) * 65_536)];
        let nonce = nonce(first + n as u64, n + 1 == count);
        sealed.extend(cipher.encrypt(&nonce.into(), chunk).unwrap());
    }
    sealed
}

/// What the crate seals: key 32 bytes 0x07, context "context".
fn by_the_crate(text: &[u8], first: u64, seed: u8) -> Vec<u8> {
    let key = Secret::from_bytes(&[7; 32]);
    let (mut sealer, header) = Sealer::resume(&key, b"context", first, &mut rng(seed));
    let mut sealed = header.to_vec();
    let count = text.len().div_ceil(CHUNK).max(1);
    for n in 0..count {
        let chunk = &text[n * CHUNK..text.len().min((n + 1) * CHUNK)];
        sealer.seal_chunk(chunk, n + 1 == count, &mut sealed).unwrap();
    }
    sealed
}

#[test]
fn both_implementations_write_the_same() {
    for (length, first) in [(0, 0), (5, 0), (CHUNK, 0), (2 * CHUNK, 0), (CHUNK + 1, 3)] {
        let text = bytes(length);
        let sealed = by_the_crate(&text, first, 1);
        assert!(open(&sealed, &[7; 32], b"context") == text);
        let salt = sealed[9..41].try_into().unwrap();
        assert!(seal(&text, &[7; 32], b"context", salt, first) == sealed);
    }
}

#[test]
fn version_1_is_what_this_version_writes() {
    let long = by_the_crate(&bytes(2 * CHUNK + 1), 0, 3);
    let mut written =
        "# Streams under the key 07…07 and the context \"context\", version 1.\n".to_owned();
    for (name, value) in [
        ("empty", by_the_crate(b"", 0, 1).as_slice()),
        ("text", &by_the_crate(b"a few bytes", 0, 2)),
        ("from chunk 5 on", &by_the_crate(b"the end", 5, 4)),
        ("header of 131,073 bytes", &long[..73]),
        ("SHA-256 of 131,073 bytes", &Sha256::digest(&long)),
    ] {
        writeln!(written, "{name} = {}", hex(value)).unwrap();
    }
    same("stream_1.txt", &written, GOLDEN);
}

#[test]
fn version_1_is_read() {
    let golden = lines(GOLDEN);
    let key = Secret::from_bytes(&[7; 32]);
    for (name, at, text) in
        [("empty", 0, ""), ("text", 0, "a few bytes"), ("from chunk 5 on", 5, "the end")]
    {
        let (header, chunk) = golden[name].split_first_chunk().unwrap();
        let mut opener = Opener::new(&key, b"context", header, at).unwrap();
        let mut opened = Vec::new();
        opener.open_chunk(chunk, &mut opened).unwrap();
        opener.finish().unwrap();
        assert_eq!(opened, text.as_bytes());
    }
}
