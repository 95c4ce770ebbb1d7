//! What a thief sees: the bytes of files, and what somebody with the key makes of them.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::path::Path;

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt as _, KeyInit as _};

const PAGE: usize = 4096;
/// Of each page the last bytes are its IV and its authentication.
const IV_AT: usize = PAGE - 80;

/// The bytes of every file in a folder, whatever it is called.
pub(crate) fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(std::fs::read(&path).unwrap());
        }
    }
    files
}

/// All pages of a database and of its log, decrypted: live, free, old. The key lies in its file in the
/// clear.
pub(crate) fn pages(database: &Path) -> Vec<u8> {
    let beside = |suffix: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        std::fs::read(name).unwrap_or_default()
    };
    let key_file = beside(".key");
    let key: [u8; 32] = key_file[17..].try_into().unwrap();
    let cipher = Aes256::new(&key.into());
    let mut plain = Vec::new();
    for (number, page) in beside("").chunks_exact(PAGE).enumerate() {
        // The first page begins with the salt.
        decrypt(&cipher, page, if number == 0 { 16 } else { 0 }, &mut plain);
    }
    let log = beside("-wal");
    for frame in log.get(32..).unwrap_or_default().chunks_exact(24 + PAGE) {
        let first = u32::from_be_bytes(frame[..4].try_into().unwrap()) == 1;
        decrypt(&cipher, &frame[24..], if first { 16 } else { 0 }, &mut plain);
    }
    plain
}

/// AES-256-CBC.
fn decrypt(cipher: &Aes256, page: &[u8], from: usize, plain: &mut Vec<u8>) {
    let mut before: [u8; 16] = page[IV_AT..IV_AT + 16].try_into().unwrap();
    for block in page[from..IV_AT].chunks_exact(16) {
        let mut text: aes::Block = <[u8; 16]>::try_from(block).unwrap().into();
        cipher.decrypt_block(&mut text);
        plain.extend(text.iter().zip(before).map(|(a, b)| a ^ b));
        before = block.try_into().unwrap();
    }
}

/// How often bytes stand in others.
pub(crate) fn count(hay: &[u8], needle: &[u8]) -> usize {
    let first = needle[0];
    let mut count = 0;
    let mut rest = hay;
    while let Some(at) = rest.iter().position(|byte| *byte == first) {
        rest = &rest[at..];
        count += usize::from(rest.starts_with(needle));
        rest = &rest[1..];
    }
    count
}
