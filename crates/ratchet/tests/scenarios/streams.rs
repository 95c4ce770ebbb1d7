//! Whole streams, for the scenarios.

use undertone_ratchet::secret::Secret;
use undertone_ratchet::stream::{CHUNK, HEADER_LEN, Opener, SEALED_CHUNK, Sealer};

use crate::ends::rng;

pub(crate) fn key() -> Secret<32> {
    Secret::from_bytes(&[7; 32])
}

/// Bytes of which no two chunks are alike.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n ^ n >> 8 ^ n >> 16) as u8).collect()
}

/// Seals a whole text without a context.
pub(crate) fn seal(text: &[u8], seed: u8) -> Vec<u8> {
    let (mut sealer, header) = Sealer::new(&key(), b"", &mut rng(seed));
    let mut sealed = header.to_vec();
    let mut rest = text;
    loop {
        let (chunk, others) = rest.split_at(rest.len().min(CHUNK));
        sealer.seal_chunk(chunk, others.is_empty(), &mut sealed).unwrap();
        if others.is_empty() {
            return sealed;
        }
        rest = others;
    }
}

/// The header and the sealed chunks.
pub(crate) fn pieces(sealed: &[u8]) -> Vec<&[u8]> {
    let (header, rest) = sealed.split_at(sealed.len().min(HEADER_LEN));
    std::iter::once(header).chain(rest.chunks(SEALED_CHUNK)).collect()
}

/// Opens a whole stream, or gives what was opened before something was wrong.
pub(crate) fn open(sealed: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    let mut opened = Vec::new();
    let header = sealed.first_chunk().ok_or_else(Vec::new)?;
    let mut opener = Opener::new(&key(), b"", header, 0).map_err(|_| Vec::new())?;
    for chunk in pieces(sealed).into_iter().skip(1) {
        let before = (opened.len(), format!("{opener:?}"));
        if opener.open_chunk(chunk, &mut opened).is_err() {
            assert_eq!(
                before,
                (opened.len(), format!("{opener:?}")),
                "a refused chunk left a trace"
            );
            return Err(opened);
        }
    }
    match opener.finish() {
        Ok(()) => Ok(opened),
        Err(_) => Err(opened),
    }
}
