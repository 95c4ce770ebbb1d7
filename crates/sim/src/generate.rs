//! Scripts from seeds.

use crate::dice::{Dice, Purpose};
use crate::script::{Deed, Fall, Lie, Line, Script, Way};
use crate::world::cast;

/// How large a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Two to five engines that all have much to do with each other.
    Small,
    /// A hundred engines, each of which knows a few others.
    Large,
}

/// Engines of a large run.
const MANY: usize = 100;

/// An hour in seconds.
const HOUR: u64 = 3_600;

/// Writes the script of a seed.
#[must_use]
pub fn generate(seed: u64, size: Size) -> Script {
    let mut dice = Dice::new(seed, Purpose::Script, 0);
    let engines = match size {
        Size::Small => 2 + dice.index(4),
        Size::Large => MANY,
    };
    let liar = dice.once_in(3);
    let mut script = Script { seed, engines, liar, lines: Vec::new() };
    let pairs = cast(&script);
    let between = |party: usize| party < engines;
    let honest: Vec<(usize, usize)> =
        pairs.iter().copied().filter(|(one, other)| between(*one) && between(*other)).collect();
    let victims: Vec<usize> = pairs
        .iter()
        .filter(|(one, other)| !between(*one) || !between(*other))
        .map(|(one, other)| *one.min(other))
        .collect();
    let count = match size {
        Size::Small => dice.between(45, 70),
        Size::Large => 350,
    };
    // Who is put back to an old state, and when.
    let put_back =
        dice.once_in(4).then(|| (dice.index(engines), dice.below(count), dice.once_in(2)));
    let mut author = Author { dice, engines, pairs: honest, victims };
    for number in 0..count {
        let mut deed = author.deed();
        if let Some((machine, at, rewound)) = put_back {
            let (copied, back) = (at / 2, count / 2 + at / 2);
            if number == copied {
                deed = Deed::Backup(machine);
            } else if number == back {
                deed = if rewound { Deed::Rewind(machine) } else { Deed::Restore(machine) };
            }
        }
        if number == count / 2 {
            deed = Deed::Calm;
        }
        script.lines.push(author.line(deed));
    }
    script.lines.push(author.line(Deed::Calm));
    script
}

struct Author {
    dice: Dice,
    engines: usize,
    pairs: Vec<(usize, usize)>,
    victims: Vec<usize>,
}

impl Author {
    fn line(&mut self, deed: Deed) -> Line {
        let wait = match self.dice.below(10) {
            0..5 => self.dice.below(200),
            5..9 => self.dice.below(2_000),
            _ => self.dice.below(20_000),
        };
        let salt = u32::try_from(self.dice.below(1 << 32)).unwrap_or(0);
        Line { wait, salt, deed }
    }

    fn way(&mut self) -> Way {
        let index = self.dice.index(self.pairs.len());
        let (one, other) = self.pairs[index];
        if self.dice.once_in(2) {
            Way { from: one, to: other }
        } else {
            Way { from: other, to: one }
        }
    }

    fn party(&mut self) -> usize {
        self.dice.index(self.engines)
    }

    fn deed(&mut self) -> Deed {
        match self.dice.below(100) {
            0..33 => self.say(),
            33..44 => self.tend(),
            44..47 => Deed::Lose(self.way()),
            47..52 => {
                let bytes = match self.dice.below(3) {
                    0 => self.dice.below(500),
                    1 => self.dice.below(5_000),
                    _ => self.dice.below(40_000),
                };
                Deed::Cut(self.way(), bytes)
            }
            52..55 => Deed::Hole(self.way()),
            55..59 => Deed::Slow(self.way(), self.dice.between(500, 6_000)),
            59..62 => Deed::Delay(self.way(), self.dice.between(500, 6_000)),
            62..66 => Deed::Twice(self.way()),
            66..70 => Deed::Again(self.way()),
            70..80 => self.crash(),
            80..84 => Deed::Full(self.party(), self.dice.between(1, 3)),
            84..88 => {
                let by = i64::try_from(self.dice.between(HOUR, 20 * HOUR)).unwrap_or(0);
                Deed::Clock(self.party(), if self.dice.once_in(2) { by } else { -by })
            }
            88..90 => Deed::Leap(self.party(), self.dice.between(HOUR, 20 * HOUR)),
            90..92 => Deed::Offline(self.party(), self.dice.between(1_000, 90_000)),
            _ if self.victims.is_empty() => self.say(),
            _ => {
                let victim = self.victims[self.dice.index(self.victims.len())];
                Deed::Lie(victim, Lie::ALL[self.dice.index(Lie::ALL.len())])
            }
        }
    }

    fn say(&mut self) -> Deed {
        let (count, length) = match self.dice.below(20) {
            0..12 => (1, self.dice.below(300)),
            12..17 => (self.dice.between(2, 6), self.dice.below(900)),
            17..19 => (self.dice.between(10, 30), 20),
            _ => (1, self.dice.below(20_000)),
        };
        Deed::Say(self.way(), count, length)
    }

    /// Something that a user does to messages that are there.
    fn tend(&mut self) -> Deed {
        let (way, back) = (self.way(), self.dice.below(4));
        match self.dice.below(15) {
            0 => Deed::Reply(way, back),
            1 | 2 => Deed::Edit(way, back),
            3 | 4 => Deed::Cancel(way, back),
            5 => Deed::Delete(way, back),
            6 => Deed::Erase(way, back),
            7 | 8 => Deed::React(way, back),
            9 => Deed::Seen(way),
            10 => Deed::Heal(way),
            11 => match self.dice.below(10) {
                0 => Deed::Leave(way),
                _ => Deed::Stop(self.party(), self.dice.below(9_000)),
            },
            12 => Deed::Block(way, self.dice.between(1_000, 120_000)),
            13 => Deed::Timer(way, [0, 5, 30, 90][self.dice.index(4)]),
            _ => Deed::Keep(way, [0, 60, u32::MAX, u32::MAX][self.dice.index(4)]),
        }
    }

    fn crash(&mut self) -> Deed {
        let fall = match self.dice.below(4) {
            0 => Fall::Before(self.dice.between(1, 4)),
            1 => Fall::During,
            _ => Fall::After(self.dice.below(5)),
        };
        let down =
            if self.dice.once_in(4) { self.dice.below(60_000) } else { self.dice.below(1_500) };
        Deed::Crash(self.party(), fall, down)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_script_and_it_can_be_written_down() {
        for seed in 0..20 {
            let script = generate(seed, Size::Small);
            assert_eq!(script, generate(seed, Size::Small));
            assert_eq!(script.to_string().parse(), Ok(script.clone()));
            assert!((2..=5).contains(&script.engines));
        }
        assert_ne!(generate(1, Size::Small).lines, generate(2, Size::Small).lines);
        assert_eq!(generate(1, Size::Large).engines, MANY);
    }
}
