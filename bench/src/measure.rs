//! From pairs of times to a ratio with its interval.

use std::time::Instant;

use crate::goals::{Bound, Wanted};
use crate::run::Failure;

/// How often the pairs are drawn anew for the interval.
const DRAWS: usize = 10_000;

/// Where the draws start: the same pairs always give the same interval.
const SEED: u64 = 0x756e_6465_7274_6f6e;

/// One measurement of ours and one of the peer's, right after each other, in the same unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pair {
    pub(crate) ours: f64,
    pub(crate) peer: f64,
}

/// What came out, and what should have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    ours: f64,
    peer: f64,
    /// The medians' ratio, and the two ends of its 95 % interval.
    ratio: [f64; 3],
    /// The median of what ours takes longer than the peer's of the same pair.
    more: f64,
    at_most: f64,
    unit: &'static str,
}

impl Goal {
    /// Medians of pairs, their ratio, and a bootstrapped interval around it: pairs are drawn with
    /// repetition, so that what moved both of a pair moves neither end. `None` without a pair.
    pub(crate) fn from_pairs(pairs: &[Pair], at_most: f64) -> Option<Self> {
        let ours = median(pairs.iter().map(|pair| pair.ours).collect())?;
        let peer = median(pairs.iter().map(|pair| pair.peer).collect())?;
        let more = median(pairs.iter().map(|pair| pair.ours - pair.peer).collect())?;
        let mut random = SplitMix(SEED);
        let mut ratios = Vec::with_capacity(DRAWS);
        for _ in 0..DRAWS {
            let drawn = (0..pairs.len()).filter_map(|_| pairs.get(random.below(pairs.len())));
            let (ours, peer) = drawn.map(|pair| (pair.ours, pair.peer)).unzip();
            ratios.push(median(ours)? / median(peer)?);
        }
        ratios.sort_by(f64::total_cmp);
        let low = *ratios.get(DRAWS / 40)?;
        let high = *ratios.get(DRAWS - 1 - DRAWS / 40)?;
        Some(Self { ours, peer, ratio: [ours / peer, low, high], more, at_most, unit: "ms" })
    }

    /// The same, where the pairs are in microseconds and not in milliseconds.
    #[must_use]
    pub(crate) fn in_microseconds(self) -> Self {
        Self { unit: "µs", ..self }
    }

    /// Whether even the bad end of the interval reaches the goal.
    pub(crate) fn is_met(&self) -> bool {
        self.ratio[2] <= self.at_most
    }

    /// The line of this goal.
    pub(crate) fn line(&self, name: &str) -> String {
        let word = if self.is_met() { "ok" } else { "short" };
        format!("{name}  {}  goal <= {:.2}  {word}", self.numbers(), self.at_most)
    }

    /// The line of what was measured so, beside the goal.
    #[cfg_attr(
        not(any(feature = "tor", feature = "store")),
        expect(dead_code, reason = "told of times over onion services and of single texts")
    )]
    pub(crate) fn without_goal(&self, how: &str) -> String {
        format!("{how}: {}; a pair differs by {:.2} {}", self.numbers(), self.more, self.unit)
    }

    fn numbers(&self) -> String {
        let Self { ours, peer, ratio: [ratio, low, high], unit, .. } = self;
        format!(
            "ours {ours:.1} {unit}  peer {peer:.1} {unit}  ratio {ratio:.3} [{low:.3}, {high:.3}]"
        )
    }
}

/// Takes a tenth of `pairs` for warming up, then `pairs` of them.
pub(crate) fn goal(
    wanted: Wanted,
    pairs: usize,
    mut pair: impl FnMut() -> Result<Pair, Failure>,
) -> Result<Goal, Failure> {
    for _ in 0..pairs / 10 {
        pair()?;
    }
    let pairs = (0..pairs).map(|_| pair()).collect::<Result<Vec<_>, _>>()?;
    Ok(Goal::from_pairs(&pairs, wanted.at_most).ok_or("no pair")?.in_microseconds())
}

/// How long one of `count` rounds takes.
pub(crate) fn microseconds(
    count: u32,
    mut round: impl FnMut() -> Result<(), Failure>,
) -> Result<f64, Failure> {
    let start = Instant::now();
    for _ in 0..count {
        round()?;
    }
    Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(count))
}

/// The middle; the mean of both middles of an even number. `None` of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    if values.len().is_multiple_of(2) {
        Some(f64::midpoint(*values.get(values.len() / 2 - 1)?, upper))
    } else {
        Some(upper)
    }
}

/// What was measured of something that has a bound and no peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    median: f64,
    /// So much or less was taken by as many as the bound is for.
    most: f64,
    bound: Bound,
}

impl Taken {
    /// `None` without a value.
    #[cfg_attr(
        not(any(feature = "store", test)),
        expect(dead_code, reason = "only the store has bounds")
    )]
    pub(crate) fn new(mut values: Vec<f64>, bound: Bound) -> Option<Self> {
        let median = median(values.clone())?;
        values.sort_by(f64::total_cmp);
        let within = (values.len() * bound.per_mille).div_ceil(1_000).max(1);
        Some(Self { median, most: *values.get(within - 1)?, bound })
    }

    pub(crate) fn is_met(&self) -> bool {
        self.most <= self.bound.at_most
    }

    /// The line of this goal.
    pub(crate) fn line(&self) -> String {
        let word = if self.is_met() { "ok" } else { "short" };
        let Bound { name, at_most, unit, .. } = self.bound;
        format!("{name}  {}  goal <= {at_most} {unit}  {word}", self.numbers())
    }

    pub(crate) fn numbers(&self) -> String {
        let Self { median, most, bound: Bound { unit, per_mille, .. } } = self;
        format!("median {median:.2} {unit}  {} % within {most:.2} {unit}", *per_mille as f64 / 10.0)
    }
}

/// Steele, Lea and Flood's generator: enough for draws, and no crate.
pub(crate) struct SplitMix(u64);

impl SplitMix {
    #[cfg_attr(not(feature = "store"), expect(dead_code, reason = "fills profiles"))]
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// From 0 to 1, without 1.
    #[cfg_attr(not(feature = "store"), expect(dead_code, reason = "fills profiles"))]
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; the bias is far below what a bootstrap can see.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from((u128::from(self.next()) * bound as u128) >> 64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noisy(factor: f64, count: usize) -> Vec<Pair> {
        let mut random = SplitMix(7);
        let mut around = |middle: f64| middle + random.below(1_000) as f64 / 500.0;
        (0..count).map(|_| Pair { ours: factor * around(30.0), peer: around(30.0) }).collect()
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(Vec::new()), None);
    }

    #[test]
    fn the_interval_holds_the_true_ratio_and_narrows_with_more_pairs() {
        let width = |count| {
            let goal = Goal::from_pairs(&noisy(1.05, count), 1.10).unwrap();
            let [ratio, low, high] = goal.ratio;
            assert!(low <= 1.05 && 1.05 <= high && low <= ratio && ratio <= high, "{goal:?}");
            high - low
        };
        assert!(width(2_000) < width(100) / 2.0);
    }

    #[test]
    fn a_goal_is_met_only_by_the_bad_end() {
        let goal = Goal {
            ours: 33.0,
            peer: 30.0,
            ratio: [1.09, 1.07, 1.11],
            more: 2.9,
            at_most: 1.10,
            unit: "ms",
        };
        assert!(!goal.is_met());
        assert!(goal.line("latency").ends_with("short"));
        let ratio = [1.043, 1.031, 1.056];
        let goal = Goal { ours: 31.2, peer: 29.9, ratio, more: 1.34, at_most: 1.10, unit: "ms" };
        assert_eq!(
            goal.line("latency"),
            "latency  ours 31.2 ms  peer 29.9 ms  ratio 1.043 [1.031, 1.056]  goal <= 1.10  ok"
        );
    }

    #[test]
    fn a_bound_is_for_as_many_as_it_says() {
        let bound = Bound { name: "it", at_most: 2.0, unit: "ms", per_mille: 990 };
        let values = |slow: usize| (0..1_000).map(|at| if at < slow { 9.0 } else { 1.0 }).collect();
        let taken = Taken::new(values(10), bound).unwrap();
        assert!(taken.is_met());
        assert_eq!(taken.line(), "it  median 1.00 ms  99 % within 1.00 ms  goal <= 2 ms  ok");
        let taken = Taken::new(values(11), bound).unwrap();
        assert!(!taken.is_met());
        assert_eq!(taken.line(), "it  median 1.00 ms  99 % within 9.00 ms  goal <= 2 ms  short");
        assert!(Taken::new(Vec::new(), bound).is_none());
    }

    #[test]
    fn pairs_keep_together_when_drawn() {
        // Each pair has the same ratio at a different speed of the machine: no draw can tear it.
        let pairs: Vec<Pair> =
            (1..200).map(|n| Pair { ours: 1.2 * f64::from(n), peer: f64::from(n) }).collect();
        let [ratio, low, high] = Goal::from_pairs(&pairs, 1.10).unwrap().ratio;
        for value in [ratio, low, high] {
            assert!((value - 1.2).abs() < 1e-9, "{value}");
        }
    }
}
