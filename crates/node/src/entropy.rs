//! Random numbers: the system's, hedged.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};
use sha2::{Digest as _, Sha512};
use zeroize::{Zeroize as _, Zeroizing};

/// Mixes each block of the system's randomness with a secret of this process and a counter.
///
/// If the system's generator ever repeats itself, as after a machine was cloned, the output still
/// differs within a process; if the secret is ever known, the output is as good as the system's.
pub(crate) struct Hedged {
    secret: Zeroizing<[u8; 32]>,
    counter: u64,
    block: Zeroizing<[u8; BLOCK]>,
    left: usize,
}

/// What one hash gives.
const BLOCK: usize = 64;

/// The system's generator failed, which no program can mend.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers: {0}")]
pub struct NoEntropy(#[from] getrandom::Error);

impl Hedged {
    /// Draws the secret of this process.
    pub(crate) fn new() -> Result<Self, NoEntropy> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut_slice())?;
        Ok(Self { secret, counter: 0, block: Zeroizing::new([0; BLOCK]), left: 0 })
    }

    fn refill(&mut self) {
        let mut system = Zeroizing::new([0; 32]);
        // The system's generator answered when this one was made; on every platform it goes on
        // answering from then on. Should it not, the block still comes from the secret.
        let _filled = getrandom::fill(system.as_mut_slice()).is_ok();
        self.counter = self.counter.wrapping_add(1);
        let mut hash = Sha512::new();
        hash.update(b"undertone/1 hedged randomness");
        hash.update(self.secret.as_slice());
        hash.update(self.counter.to_be_bytes());
        hash.update(system.as_slice());
        let mut digest = hash.finalize();
        self.block.copy_from_slice(&digest);
        digest.as_mut_slice().zeroize();
        self.left = BLOCK;
    }
}

impl TryRng for Hedged {
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
        for byte in out {
            if self.left == 0 {
                self.refill();
            }
            self.left = self.left.saturating_sub(1);
            if let Some(next) = self.block.get_mut(self.left) {
                *byte = std::mem::take(next);
            }
        }
        Ok(())
    }
}

impl TryCryptoRng for Hedged {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_generators_and_two_draws_differ() {
        let (mut one, mut two) = (Hedged::new().unwrap(), Hedged::new().unwrap());
        let mut seen = std::collections::HashSet::new();
        for rng in [&mut one, &mut two] {
            for _ in 0..1_000 {
                let mut bytes = [0; 24];
                rng.try_fill_bytes(&mut bytes).unwrap();
                assert!(seen.insert(bytes), "a block came twice");
            }
        }
    }

    #[test]
    fn a_system_that_repeats_itself_does_not_make_the_output_repeat() {
        // The same system block under the next counter: what the hash sees differs.
        let mut rng = Hedged::new().unwrap();
        rng.refill();
        let first = *rng.block;
        rng.refill();
        assert_ne!(first, *rng.block);
        assert_eq!(rng.counter, 2);
    }
}
