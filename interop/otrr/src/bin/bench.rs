//! Version 4 of OTR beside otrr: sessions begun, texts in one direction and in turns, checks of a
//! secret. Lines are those of `undertone-bench`; `cargo xtask bench otr-4` runs it.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool at the terminal speaks on the standard streams"
)]

#[path = "../../../../bench/src/otr/ends.rs"]
mod ends;
#[path = "../../../../bench/src/goals.rs"]
mod goals;
#[expect(dead_code, reason = "has what other benches measure with, too")]
#[path = "../../../../bench/src/measure.rs"]
mod measure;
#[path = "../../../../bench/src/run.rs"]
mod run;

use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use otrr::session::Account;
use otrr::{Policy, ProtocolStatus, UserMessage};
use undertone_interop_otrr::{Client, Lines, Set};
use undertone_otr::Version;

use crate::ends::{Ends, What, beside};
use crate::goals::{OTR4_CHECK, OTR4_MESSAGE, OTR4_MESSAGE_1K, OTR4_SESSION, OTR4_TURN, Wanted};
use crate::measure::Goal;
use crate::run::{Failure, Measure, Measures};

const GOALS: &[(Wanted, Measure)] = &[
    (OTR4_MESSAGE, message),
    (OTR4_MESSAGE_1K, kib),
    (OTR4_TURN, turn),
    (OTR4_SESSION, session),
    (OTR4_CHECK, check),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    run::run(&arguments, Measures { goals: GOALS, bounds: &[], reports: &[] })
}

fn message(wanted: Wanted) -> Result<Goal, Failure> {
    beside_otrr((20, 4), wanted, What::Messages(32))
}

fn kib(wanted: Wanted) -> Result<Goal, Failure> {
    beside_otrr((20, 4), wanted, What::Messages(1 << 10))
}

// otrr takes seconds for a session or a check, and about a tenth of one for a text.

/// Six turns are twice all kinds of them: each third has a fresh number besides.
fn turn(wanted: Wanted) -> Result<Goal, Failure> {
    beside_otrr((10, 6), wanted, What::Turns(32))
}

fn session(wanted: Wanted) -> Result<Goal, Failure> {
    beside_otrr((10, 1), wanted, What::Sessions)
}

fn check(wanted: Wanted) -> Result<Goal, Failure> {
    beside_otrr((10, 1), wanted, What::Checks)
}

fn beside_otrr(rounds: (usize, u32), wanted: Wanted, what: What) -> Result<Goal, Failure> {
    beside(Version::V4, &mut Theirs::meet()?, rounds, wanted, what)
}

/// The names of both ends on the carrier.
const NAMES: [&[u8]; 2] = [b"ana", b"ben"];

/// Two ends of otrr in a session.
struct Theirs {
    hosts: [Rc<Client>; 2],
    lines: [Lines; 2],
    ends: [Account; 2],
    /// The tags that each end has for the other.
    tags: [u32; 2],
}

fn wrong(error: otrr::OTRError) -> Failure {
    format!("otrr: {error:?}").into()
}

impl Theirs {
    fn meet() -> Result<Self, Failure> {
        let ((one, of_one), (two, of_two)) =
            (Client::new(&Set::default()), Client::new(&Set::default()));
        let hosts = [Rc::new(one), Rc::new(two)];
        let ends = Self::ends(&hosts)?;
        let tags = [ends[1].instance_tag(), ends[0].instance_tag()];
        let mut theirs = Self { hosts, lines: [of_one, of_two], ends, tags };
        theirs.begin()?;
        Ok(theirs)
    }

    /// Fresh ends, with the profiles of those before.
    fn ends(hosts: &[Rc<Client>; 2]) -> Result<[Account; 2], Failure> {
        let end = |number: usize| {
            let host: Rc<Client> = Rc::clone(&hosts[number]);
            Account::new(NAMES[number].to_vec(), Policy::ALLOW_V4, host).map_err(wrong)
        };
        Ok([end(0)?, end(1)?])
    }

    fn begin(&mut self) -> Result<(), Failure> {
        self.ends[0].session(NAMES[1]).query().map_err(wrong)?;
        self.carry()?;
        for end in 0..2 {
            let session = self.ends[end].session(NAMES[1 - end]);
            if session.status(self.tags[end]) != Some(ProtocolStatus::Encrypted) {
                return Err("no session of otrr began".into());
            }
        }
        Ok(())
    }

    /// Carries lines until nobody has any, and tells how many checks succeeded.
    fn carry(&mut self) -> Result<usize, Failure> {
        let mut matched = 0;
        loop {
            let before = matched;
            let mut carried = false;
            for end in 0..2 {
                loop {
                    let Some(line) = self.lines[end].borrow_mut().pop_front() else { break };
                    carried = true;
                    let session = self.ends[1 - end].session(NAMES[end]);
                    let message = session.receive(&line).map_err(wrong)?;
                    matched += usize::from(matches!(message, UserMessage::SMPSucceeded(_)));
                }
            }
            if !carried && before == matched {
                return Ok(matched);
            }
        }
    }

    fn say(&mut self, back: bool, text: &str) -> Result<(), Failure> {
        let from = usize::from(back);
        let session = self.ends[from].session(NAMES[1 - from]);
        let lines = session.send(self.tags[from], text.as_bytes()).map_err(wrong)?;
        for line in lines {
            let heard = self.ends[1 - from].session(NAMES[from]).receive(&line).map_err(wrong)?;
            let UserMessage::Confidential(_, heard, _) = heard else {
                return Err("otrr heard nothing".into());
            };
            if heard != text.as_bytes() {
                return Err("another text came out of otrr".into());
            }
        }
        Ok(())
    }

    fn check(&mut self) -> Result<(), Failure> {
        let session = self.ends[0].session(NAMES[1]);
        session.start_smp(self.tags[0], Set::default().secret.as_bytes(), b"").map_err(wrong)?;
        if self.carry()? == 2 { Ok(()) } else { Err("a check of otrr did not succeed".into()) }
    }
}

impl Ends for Theirs {
    fn time(&mut self, what: What, count: u32) -> Result<Duration, Failure> {
        let text = what.text();
        let mut taken = Duration::ZERO;
        for round in 0..count {
            if let What::Sessions = what {
                self.ends = Self::ends(&self.hosts)?;
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
