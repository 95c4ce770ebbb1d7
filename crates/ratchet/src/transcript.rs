//! One hash chain over everything that both ends have seen.

use core::fmt;

use sha2::{Digest as _, Sha256};

/// A running SHA-256 hash of what both ends said and saw, in order.
///
/// Root key, confirmations, verification code and safety number all come from one transcript, so
/// that misbinding has one place to be checked. Each entry is framed by its lengths: two different
/// lists of entries never hash alike. See `docs/ratchet.md`, section "Transcript".
#[derive(Clone)]
pub struct Transcript {
    hash: [u8; 32],
}

impl Transcript {
    /// Starts a transcript. `label` names the protocol, its version and the way in.
    #[must_use]
    pub fn new(label: &[u8]) -> Self {
        let mut transcript = Self { hash: [0; 32] };
        transcript.absorb(b"undertone/1 transcript", label);
        transcript
    }

    /// Adds `bytes` under `label`: `h' = SHA-256(h ‖ u64 len(label) ‖ label ‖ u64 len(bytes) ‖ bytes)`.
    pub fn absorb(&mut self, label: &[u8], bytes: &[u8]) {
        let mut next = Sha256::new();
        next.update(self.hash);
        for part in [label, bytes] {
            next.update(length(part));
            next.update(part);
        }
        self.hash = next.finalize().into();
    }

    /// The hash of all entries so far.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }
}

impl fmt::Debug for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The hash is equal at both ends, so a log that showed it would link two people.
        f.write_str("Transcript(…)")
    }
}

/// The length of `bytes` as eight bytes, most significant first.
pub(crate) fn length(bytes: &[u8]) -> [u8; 8] {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_entries_hash_alike() {
        let mut one = Transcript::new(b"test");
        let mut two = Transcript::new(b"test");
        for transcript in [&mut one, &mut two] {
            transcript.absorb(b"a", b"first");
            transcript.absorb(b"b", b"second");
        }
        assert_eq!(one.hash(), two.hash());
    }

    #[test]
    fn the_chain_is_what_the_specification_says() {
        let step = |hash: &[u8], label: &[u8], bytes: &[u8]| -> [u8; 32] {
            let mut input = hash.to_vec();
            input.extend((label.len() as u64).to_be_bytes());
            input.extend(label);
            input.extend((bytes.len() as u64).to_be_bytes());
            input.extend(bytes);
            Sha256::digest(input).into()
        };
        let start = step(&[0; 32], b"undertone/1 transcript", b"start");
        let mut transcript = Transcript::new(b"start");
        assert_eq!(transcript.hash(), start);
        transcript.absorb(b"label", b"bytes");
        assert_eq!(transcript.hash(), step(&start, b"label", b"bytes"));
    }

    #[test]
    fn where_one_entry_ends_and_the_next_begins_matters() {
        let hash = |entries: &[(&[u8], &[u8])]| {
            let mut transcript = Transcript::new(b"test");
            for (label, bytes) in entries {
                transcript.absorb(label, bytes);
            }
            transcript.hash()
        };
        let all = [
            hash(&[]),
            hash(&[(b"", b"")]),
            hash(&[(b"a", b"b")]),
            hash(&[(b"ab", b"")]),
            hash(&[(b"", b"ab")]),
            hash(&[(b"b", b"a")]),
            hash(&[(b"a", b""), (b"b", b"")]),
        ];
        for (i, one) in all.iter().enumerate() {
            assert!(!all[i + 1..].contains(one), "entry list {i} collides");
        }
        assert_ne!(Transcript::new(b"a").hash(), Transcript::new(b"b").hash());
    }

    #[test]
    fn debug_shows_no_hash() {
        assert_eq!(format!("{:?}", Transcript::new(b"test")), "Transcript(…)");
    }
}
