//! From a code's locator to the onion service at which the two meet.
//!
//! The seed derives from the locator, the network and the day, and from nothing else: a code's
//! password must never reach a descriptor, where it could be guessed offline.
//! (`docs/protocol.md`, "Locator".)

use argon2::{Algorithm, Argon2, Block, Params, Version};
use sha2::{Digest as _, Sha256};
use undertone_ratchet::secret::Secret;
use zeroize::{Zeroize as _, Zeroizing};

use crate::address::OnionSeed;
use crate::code::Locator;

/// Memory of the derivation in KiB: 256 MiB, so that tables made ahead are dear. A constant of the
/// protocol's version, for both ends must use the same.
pub const MEMORY_KIB: u32 = 256 * 1024;

/// Passes over that memory.
pub const PASSES: u32 = 3;

/// Lanes: one, because both ends would have to have as many cores.
pub const LANES: u32 = 1;

/// The salt's label, with the protocol's version.
const SALT_LABEL: &[u8] = b"undertone/1 locator salt";

/// Seconds of a day.
const DAY: u64 = 86_400;

/// A joiner tries the neighbouring day, too, when midnight (UTC) is at most so many seconds away.
const NEAR_MIDNIGHT: u64 = 90 * 60;

/// Why no seed could be derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// 256 MiB could not be had.
    #[error("not enough memory to derive the meeting place; close other programs and try again")]
    Memory,
    /// Argon2 refused its parameters, which it is not known to do.
    #[error(
        "the meeting place could not be derived; this is a fault of the program, please report it"
    )]
    Parameters,
}

/// The days on which a meeting place may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// Days since 1970-01-01, UTC.
    pub today: u64,
    /// The day before or after, if midnight is near: the other end's clock may be past it.
    pub neighbour: Option<u64>,
}

/// The days to look at, by a clock in seconds since 1970, UTC.
#[must_use]
pub fn days(wall: u64) -> Days {
    let (today, into) = (wall / DAY, wall % DAY);
    let neighbour = if into < NEAR_MIDNIGHT {
        today.checked_sub(1)
    } else if into >= DAY - NEAR_MIDNIGHT {
        today.checked_add(1)
    } else {
        None
    };
    Days { today, neighbour }
}

/// Derives the seed of the onion service for a locator on a day of a network. Takes about a second
/// and 256 MiB, which are erased.
///
/// # Errors
/// See [`DeriveError`].
pub fn derive(locator: &Locator, network_id: &str, day: u64) -> Result<OnionSeed, DeriveError> {
    derive_with(locator, network_id, day, MEMORY_KIB)
}

fn derive_with(
    locator: &Locator,
    network_id: &str,
    day: u64,
    memory: u32,
) -> Result<OnionSeed, DeriveError> {
    let params =
        Params::new(memory, PASSES, LANES, Some(32)).map_err(|_| DeriveError::Parameters)?;
    let mut blocks = Vec::new();
    blocks.try_reserve_exact(params.block_count()).map_err(|_| DeriveError::Memory)?;
    blocks.resize(params.block_count(), Block::default());
    let mut seed = Zeroizing::new([0; 32]);
    let done = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(
            locator.as_bytes(),
            &salt(network_id, day),
            seed.as_mut_slice(),
            &mut blocks,
        );
    blocks.iter_mut().for_each(|block| block.zeroize());
    done.map_err(|_| DeriveError::Parameters)?;
    Ok(OnionSeed(Secret::from_bytes(&seed)))
}

/// SHA-256 over label, the network's id with its length, and the day.
fn salt(network_id: &str, day: u64) -> [u8; 32] {
    let length = u64::try_from(network_id.len()).unwrap_or(u64::MAX);
    let mut hash = Sha256::new();
    hash.update(SALT_LABEL);
    hash.update(length.to_be_bytes());
    hash.update(network_id.as_bytes());
    hash.update(day.to_be_bytes());
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;

    /// Enough for the tests of what goes in; the real size is tested once.
    const SMALL: u32 = 64;

    fn seed(code: &str, network: &str, day: u64) -> [u8; 32] {
        let locator = Code::parse(code).unwrap().locator();
        *derive_with(&locator, network, day, SMALL).unwrap().0.as_bytes()
    }

    /// From the reference implementation of Argon2, by way of its Python binding, and Python's
    /// SHA-2, SHA-3 and Ed25519.
    #[test]
    fn the_meeting_place_is_that_of_other_implementations() {
        let locator = Code::parse("93-otter-lantern-mesa").unwrap().locator();
        let seed = derive(&locator, "tor", 20_000).unwrap();
        let expected = data_encoding::HEXLOWER
            .decode(b"22dd099027fd0865e6b1394094b5f7fcf452b30acd8462128d6808dabc304b6f")
            .unwrap();
        assert_eq!(seed.0.as_bytes().as_slice(), expected);
        assert_eq!(
            seed.address().label(),
            "id3a3rl6hamhgalxhchu7whyeqho4jj2zyp5w77dkdvical3x4e7zlyd"
        );
    }

    #[test]
    fn the_form_of_a_code_counts() {
        let chosen = seed("7-ott-lantern-mesa", "tor", 20_000);
        assert_ne!(chosen, seed("7-otter-lantern-mesa", "tor", 20_000));
        assert_eq!(
            seed("7-otter-lantern-mesa", "tor", 20_000),
            seed("7-otter-mesa-lantern", "tor", 20_000)
        );
    }

    #[test]
    fn everything_but_the_password_counts() {
        let base = seed("93-xyzab12cd", "tor", 20_000);
        assert_eq!(base, seed("93-xyz99zzyy", "tor", 20_000), "the password has no say");
        assert_ne!(base, seed("94-xyzab12cd", "tor", 20_000));
        assert_ne!(base, seed("93-xyaab12cd", "tor", 20_000));
        assert_ne!(base, seed("93-xyzab12cd", "local", 20_000));
        assert_ne!(base, seed("93-xyzab12cd", "tor", 20_001));
    }

    #[test]
    fn the_neighbouring_day_is_looked_at_near_midnight_only() {
        let day = |seconds| days(20_000 * DAY + seconds);
        assert_eq!(day(0), Days { today: 20_000, neighbour: Some(19_999) });
        assert_eq!(day(NEAR_MIDNIGHT - 1).neighbour, Some(19_999));
        assert_eq!(day(NEAR_MIDNIGHT).neighbour, None);
        assert_eq!(day(DAY - NEAR_MIDNIGHT - 1).neighbour, None);
        assert_eq!(day(DAY - NEAR_MIDNIGHT).neighbour, Some(20_001));
        assert_eq!(days(0), Days { today: 0, neighbour: None });
    }
}
