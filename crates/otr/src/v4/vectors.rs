//! The vectors of version 4, and random numbers that are given.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;

pub(crate) use crate::vectors::hex;

/// A file below `tests/vectors`, by its name.
pub(crate) fn load(name: &str) -> Value {
    let text = match name {
        "kdf" => include_str!("../../tests/vectors/kdf.json"),
        "ed448_keys" => include_str!("../../tests/vectors/ed448_keys.json"),
        "ring_signature" => include_str!("../../tests/vectors/ring_signature.json"),
        "client_profile" => include_str!("../../tests/vectors/client_profile.json"),
        "prekey_profile" => include_str!("../../tests/vectors/prekey_profile.json"),
        "dakez" => include_str!("../../tests/vectors/dakez.json"),
        "ratchet" => include_str!("../../tests/vectors/ratchet.json"),
        "xzdh_keys" => include_str!("../../tests/vectors/xzdh_keys.json"),
        "fragments" => include_str!("../../tests/vectors/fragments.json"),
        other => panic!("no vectors {other}"),
    };
    serde_json::from_str(text).unwrap()
}

/// The field as an array.
pub(crate) fn array<const N: usize>(field: &Value) -> [u8; N] {
    hex(field).try_into().unwrap()
}

/// Gives what it was given, and fails the test if more is wanted.
pub(crate) struct Given(pub(crate) Vec<u8>);

impl Given {
    pub(crate) fn new(fields: &[&Value]) -> Self {
        Self(fields.iter().flat_map(|field| hex(field)).collect())
    }
}

impl TryRng for Given {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        assert!(self.0.len() >= out.len(), "more random bytes than were given");
        out.copy_from_slice(&self.0.drain(..out.len()).collect::<Vec<u8>>());
        Ok(())
    }
}

impl TryCryptoRng for Given {}
