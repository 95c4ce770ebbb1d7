//! Two ends of ours in one process, beside two of another library: what they do, and how long it
//! takes. A workspace of its own measures beside a library that has no place in this one.

use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_otr::files::read_keys;
use undertone_otr::{
    Account, Event, Identity, InstanceTag, Output, Policy, Session, Settings, Status, Version,
};

use crate::goals::Wanted;
use crate::measure::{Goal, Pair, goal};
use crate::run::Failure;

/// libotr's file of the private key that all ends have, since making one takes its time.
const KEYS: &str = include_str!("../../../interop/keys/theirs");

/// What is done by two ends of a library, some number of times.
#[derive(Clone, Copy)]
pub(crate) enum What {
    /// Sessions begin.
    Sessions,
    /// Texts of so many bytes go in one direction.
    Messages(usize),
    /// Texts of so many bytes go to and fro.
    Turns(usize),
    /// Checks of a secret succeed.
    Checks,
}

impl What {
    /// What is said.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Messages(len) | Self::Turns(len) => "x".repeat(len),
            Self::Sessions | Self::Checks => String::new(),
        }
    }
}

/// Two ends of a library, and how long it takes them to do something so many times.
pub(crate) trait Ends {
    fn time(&mut self, what: What, count: u32) -> Result<Duration, Failure>;
}

/// Measures ours in this version beside another library, in pairs of so many rounds.
pub(crate) fn beside(
    version: Version,
    peer: &mut dyn Ends,
    (pairs, count): (usize, u32),
    wanted: Wanted,
    what: What,
) -> Result<Goal, Failure> {
    let mut ours = Ours::meet(version)?;
    let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(count);
    goal(wanted, pairs, || {
        let ours = each(ours.time(what, count)?);
        Ok(Pair { ours, peer: each(peer.time(what, count)?) })
    })
}

/// Two ends of ours in a session.
struct Ours {
    version: Version,
    accounts: [Account; 2],
    ends: [Session; 2],
    rng: ChaCha20Rng,
}

const NOW: Duration = Duration::ZERO;

/// Unix time at that moment.
const BEGAN: u64 = 1_700_000_000;

impl Ours {
    fn meet(version: Version) -> Result<Self, Failure> {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let mut account = || {
            let key = read_keys(KEYS)?.into_iter().next().ok_or("no key")?.key;
            let account = Account::new(key, InstanceTag::random(&mut rng));
            Ok::<_, Failure>(account.with_version_4(Identity::generate(&mut rng), BEGAN))
        };
        let accounts = [account()?, account()?];
        let ends = Self::ends(version, &accounts)?;
        let mut ours = Self { version, accounts, ends, rng };
        ours.begin()?;
        Ok(ours)
    }

    fn ends(version: Version, [one, two]: &[Account; 2]) -> Result<[Session; 2], Failure> {
        let settings = Settings {
            policy: Policy::MANUAL.only(version),
            explanation: String::new(),
            ..Settings::default()
        };
        Ok([Session::new(one.clone(), settings.clone())?, Session::new(two.clone(), settings)?])
    }

    fn begin(&mut self) -> Result<(), Failure> {
        let asked = self.ends[0].start(NOW)?;
        self.carry(asked);
        let private = self.ends.iter().all(|end| end.status() == Status::Private);
        if private { Ok(()) } else { Err("no session began".into()) }
    }

    fn say(&mut self, back: bool, text: &str) -> Result<(), Failure> {
        let [from, to] = &mut self.ends;
        let (from, to) = if back { (to, from) } else { (from, to) };
        let said = from.send(text, NOW)?;
        for line in said.lines {
            let heard = to.receive(&line, NOW, &mut self.rng).events;
            if !matches!(&heard[..], [Event::Private { text: heard, .. }] if heard == text) {
                return Err("another text came out".into());
            }
        }
        Ok(())
    }

    /// The first end asks, the second answers.
    fn check(&mut self) -> Result<(), Failure> {
        let asked = self.ends[0].ask(None, "swan", NOW, &mut self.rng)?;
        self.carry(asked);
        let instance = self.ends[1].instances().next().ok_or("nobody is there")?.instance;
        let answered = self.ends[1].answer(instance, "swan", NOW, &mut self.rng)?;
        let [one, two] = &mut self.ends;
        let mut lines = answered.lines;
        let mut matched = 0;
        let (mut reader, mut other) = (one, two);
        while !lines.is_empty() {
            let mut answers = Vec::new();
            for line in lines {
                let Output { lines, events } = reader.receive(&line, NOW, &mut self.rng);
                answers.extend(lines);
                let success =
                    |event: &&Event| matches!(event, Event::Checked { matched: true, .. });
                matched += events.iter().filter(success).count();
            }
            lines = answers;
            std::mem::swap(&mut reader, &mut other);
        }
        if matched == 2 { Ok(()) } else { Err("a check did not succeed".into()) }
    }

    /// Carries what the first end gave, until nobody has any lines.
    fn carry(&mut self, output: Output) {
        let [one, two] = &mut self.ends;
        let mut to_two = output.lines;
        while !to_two.is_empty() {
            let mut answers = Vec::new();
            for line in to_two {
                answers.extend(two.receive(&line, NOW, &mut self.rng).lines);
            }
            to_two = Vec::new();
            for line in answers {
                to_two.extend(one.receive(&line, NOW, &mut self.rng).lines);
            }
        }
    }
}

impl Ends for Ours {
    fn time(&mut self, what: What, count: u32) -> Result<Duration, Failure> {
        let text = what.text();
        let mut taken = Duration::ZERO;
        for round in 0..count {
            if let What::Sessions = what {
                self.ends = Self::ends(self.version, &self.accounts)?;
            }
            let start = Instant::now();
            match what {
                What::Sessions => self.begin()?,
                What::Checks => self.check()?,
                What::Turns(_) => self.say(round % 2 == 1, &text)?,
                What::Messages(_) => self.say(false, &text)?,
            }
            taken += start.elapsed();
        }
        Ok(taken)
    }
}
