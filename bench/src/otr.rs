//! Version 3 of OTR beside libotr: sessions begun, texts in one direction and in turns, checks of a
//! secret. Both ends are in one process, ours in this one and libotr's in its own; each has its own
//! clock, so that no pipe is measured.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_interop::{PRIVATE_KEYS, Race};
use undertone_otr::files::read_keys;
use undertone_otr::{
    Account, Event, InstanceTag, Output, Policy, Session, Settings, Status, Version,
};

use crate::goals::Wanted;
use crate::measure::{Goal, Pair};
use crate::run::Failure;

/// A text of 32 bytes, sent and read.
pub(crate) fn message(wanted: Wanted) -> Result<Goal, Failure> {
    beside_libotr((200, 100), wanted, What::Messages(32))
}

/// A text of 1 KiB, sent and read.
pub(crate) fn kib(wanted: Wanted) -> Result<Goal, Failure> {
    beside_libotr((200, 100), wanted, What::Messages(1 << 10))
}

/// A text of 32 bytes that answers one, sent and read: keys change with each.
pub(crate) fn turn(wanted: Wanted) -> Result<Goal, Failure> {
    beside_libotr((60, 4), wanted, What::Turns(32))
}

/// A session, from the query to where both may talk.
pub(crate) fn session(wanted: Wanted) -> Result<Goal, Failure> {
    beside_libotr((60, 2), wanted, What::Sessions)
}

/// A check of a secret that both know.
pub(crate) fn check(wanted: Wanted) -> Result<Goal, Failure> {
    beside_libotr((20, 1), wanted, What::Checks)
}

/// What is done by two ends of a library, some number of times.
#[derive(Clone, Copy)]
enum What {
    /// Sessions begin.
    Sessions,
    /// Texts of so many bytes go in one direction.
    Messages(usize),
    /// Texts of so many bytes go to and fro.
    Turns(usize),
    /// Checks of a secret succeed.
    Checks,
}

/// Two ends of a library, and how long it takes them to do something so many times.
trait Ends {
    fn time(&mut self, what: What, count: u32) -> Result<Duration, Failure>;
}

fn beside_libotr(rounds: (usize, u32), wanted: Wanted, what: What) -> Result<Goal, Failure> {
    beside(Version::V3, &mut Race::start(&target())?, rounds, wanted, what)
}

/// Measures ours in this version beside another library, in pairs of so many rounds.
fn beside(
    version: Version,
    peer: &mut dyn Ends,
    (pairs, count): (usize, u32),
    wanted: Wanted,
    what: What,
) -> Result<Goal, Failure> {
    let mut ours = Ours::meet(version)?;
    let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(count);
    let mut pair = || {
        let ours = each(ours.time(what, count)?);
        Ok::<_, Failure>(Pair { ours, peer: each(peer.time(what, count)?) })
    };
    for _ in 0..pairs / 10 {
        pair()?;
    }
    let pairs = (0..pairs).map(|_| pair()).collect::<Result<Vec<_>, _>>()?;
    Ok(Goal::from_pairs(&pairs, wanted.at_most).ok_or("no pair")?.in_microseconds())
}

impl Ends for Race {
    fn time(&mut self, what: What, count: u32) -> Result<Duration, Failure> {
        let command = match what {
            What::Sessions => format!("sessions {count}"),
            What::Messages(len) => format!("messages {count} {len}"),
            What::Turns(len) => format!("turns {count} {len}"),
            What::Checks => format!("checks {count}"),
        };
        Ok(Self::time(self, &command)?)
    }
}

/// Where libotr's program is compiled to: beside this one.
fn target() -> PathBuf {
    let own = std::env::current_exe().ok();
    own.and_then(|own| Some(own.parent()?.to_owned())).unwrap_or_else(std::env::temp_dir)
}

/// Two ends of ours in a session.
struct Ours {
    version: Version,
    accounts: [Account; 2],
    ends: [Session; 2],
    rng: ChaCha20Rng,
}

const NOW: Duration = Duration::ZERO;

impl Ours {
    fn meet(version: Version) -> Result<Self, Failure> {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let mut account = || {
            let key = read_keys(PRIVATE_KEYS)?.into_iter().next().ok_or("no key")?.key;
            Ok::<_, Failure>(Account::new(key, InstanceTag::random(&mut rng)))
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
        let text = match what {
            What::Messages(len) | What::Turns(len) => "x".repeat(len),
            What::Sessions | What::Checks => String::new(),
        };
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
