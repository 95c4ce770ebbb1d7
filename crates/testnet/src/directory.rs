//! What the relays that keep onion services' descriptors get to see: blinded keys.
//!
//! Tor's `rend-spec-v3`, "Deriving blinded keys and subcredentials" (appendix A) and "Dividing time into periods" (2.2.1).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use curve25519_dalek::edwards::CompressedEdwardsY;
use data_encoding::BASE64_NOPAD;
use sha3::{Digest as _, Sha3_256};

use crate::description::Relay;
use crate::network::Network;
use crate::options::VOTES_PER_TIME_PERIOD;

/// The file in a relay's directory in which it writes down what it is asked for.
const LOG: &str = "asked.log";

/// Stands before the blinded key in a request for a descriptor.
const REQUEST: &str = "/tor/hs/3/";

/// Length of a key in a request, in characters.
const KEY_CHARACTERS: usize = 43;

/// The base point as the specification writes it into the hash.
const BASE_POINT: &[u8] =
    b"(15112221349535400772501151409588531511454012693041857206046113283949847762202, \
    46316835694926478169428394003475163141307993866256225615783033603165251855960)";

/// A time period of onion services: each service has another blinded key in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    /// Periods since 1970, counted from the rotation's offset.
    pub number: u64,
    /// Its length in minutes.
    pub minutes: u64,
}

impl Period {
    /// The key under which directories keep the descriptor of the service with this Ed25519 public key; `None` if the
    /// bytes are no key.
    #[must_use]
    pub fn blinded_key(self, identity: &[u8; 32]) -> Option<[u8; 32]> {
        let point = CompressedEdwardsY(*identity).decompress()?;
        let factor: [u8; 32] = Sha3_256::new()
            .chain_update(b"Derive temporary signing key\0")
            .chain_update(identity)
            .chain_update(BASE_POINT)
            .chain_update(b"key-blind")
            .chain_update(self.number.to_be_bytes())
            .chain_update(self.minutes.to_be_bytes())
            .finalize()
            .into();
        Some(point.mul_clamped(factor).compress().to_bytes())
    }
}

impl Network {
    /// The time period at a moment in seconds since 1970, and its neighbours: clients go by the consensus they have,
    /// not by the clock.
    #[must_use]
    pub fn periods_around(&self, unix_time: u64) -> [Period; 3] {
        let interval = u64::from(self.description().interval);
        let seconds = VOTES_PER_TIME_PERIOD * interval;
        // The rotation lies half a period after midnight, as it does on the public network.
        let number = unix_time.saturating_sub(seconds / 2) / seconds;
        [number.saturating_sub(1), number, number + 1]
            .map(|number| Period { number, minutes: seconds / 60 })
    }

    /// The blinded keys whose descriptors a relay was asked for so far, in order, whether it had them or not: what whoever
    /// runs that relay knows.
    ///
    /// # Errors
    /// The relay's log can't be read.
    pub fn asked_for(&self, relay: &Relay) -> io::Result<Vec<[u8; 32]>> {
        let path = log(&self.description().directory.join(&relay.nickname));
        Ok(keys_in(&fs::read_to_string(path)?))
    }
}

/// Where a relay writes down what it is asked for.
pub(crate) fn log(relay: &Path) -> PathBuf {
    relay.join(LOG)
}

fn keys_in(log: &str) -> Vec<[u8; 32]> {
    let requests = log.lines().filter_map(|line| line.split_once(REQUEST));
    let keys = requests.filter_map(|(_, rest)| rest.get(..KEY_CHARACTERS));
    keys.filter_map(|key| BASE64_NOPAD.decode(key.as_bytes()).ok()?.try_into().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From C tor's own tests, by way of those of the embedded client.
    #[test]
    fn a_blinded_key_is_that_of_c_tor() {
        let bytes = |hex: &str| -> [u8; 32] {
            data_encoding::HEXUPPER.decode(hex.as_bytes()).unwrap().try_into().unwrap()
        };
        let identity = bytes("833990B085C1A688C1D4C8B1F6B56AFAF5A2ECA674449E1D704F83765CCB7BC6");
        let blinded = bytes("3A50BF210E8F9EE955AE0014F7A6917FB65EBF098A86305ABB508D1A7291B6D5");
        let period = Period { number: 1234, minutes: 1440 };
        assert_eq!(period.blinded_key(&identity), Some(blinded));
        assert_ne!(Period { number: 1235, ..period }.blinded_key(&identity), Some(blinded));
        // y = 2 is on no point of the curve.
        let mut off = [0; 32];
        off[0] = 2;
        assert_eq!(period.blinded_key(&off), None);
    }

    #[test]
    fn requests_are_found_among_other_lines() {
        let key = BASE64_NOPAD.encode(&[7; 32]);
        let log = format!(
            "Nov 21 13:00:00.000 [debug] directory_handle_command_get(): rewritten url as '\"{REQUEST}{key}\"'.\n\
             Nov 21 13:00:00.000 [debug] directory_handle_command_get(): rewritten url as '\"/tor/keys/all\"'.\n\
             Nov 21 13:00:00.000 [debug] directory_handle_command_get(): rewritten url as '\"{REQUEST}short\"'.\n"
        );
        assert_eq!(keys_in(&log), [[7; 32]]);
    }
}
