//! Random decisions of the world, each from a seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Where chance comes from. Two dice of the same seed and purpose fall alike.
#[derive(Clone, Debug)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// Dice of their own for each purpose, so that more throws of one change nothing of another.
    pub(crate) fn new(seed: u64, purpose: Purpose, number: u64) -> Self {
        let mut key = [0; 32];
        let parts = [seed, purpose as u64, number];
        for (to, from) in key.chunks_exact_mut(8).zip(parts) {
            to.copy_from_slice(&from.to_be_bytes());
        }
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number below `end`; 0 if that is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // The bias of the remainder is of no importance here.
        self.0.next_u64().checked_rem(end).unwrap_or(0)
    }

    /// A number from `low` up to and including `high`.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// An index into something that is `length` long and not empty.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    pub(crate) fn rng(&mut self) -> &mut ChaCha8Rng {
        &mut self.0
    }
}

/// What dice are for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Who is there and who knows whom.
    Cast = 1,
    /// What happens to them.
    Script = 2,
    /// The keys of a pair.
    Pair = 3,
    /// The random numbers of one engine's machine.
    Machine = 4,
    /// How long things take, between two lines of the script.
    World = 5,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_fall_alike_for_one_purpose_and_differently_for_another() {
        let throws = |seed, purpose, number| {
            let mut dice = Dice::new(seed, purpose, number);
            [dice.below(1 << 40), dice.below(1 << 40)]
        };
        assert_eq!(throws(1, Purpose::World, 0), throws(1, Purpose::World, 0));
        let others = [
            throws(2, Purpose::World, 0),
            throws(1, Purpose::Script, 0),
            throws(1, Purpose::World, 1),
        ];
        assert!(others.iter().all(|other| *other != throws(1, Purpose::World, 0)));
    }

    #[test]
    fn bounds_are_kept() {
        let mut dice = Dice::new(1, Purpose::World, 0);
        assert_eq!(dice.below(0), 0);
        for _ in 0..100 {
            assert!((3..=5).contains(&dice.between(3, 5)));
            assert!(dice.index(2) < 2);
        }
    }
}
