//! A conversation: what is typed, what the carrier brings, and what the session makes of both.
//!
//! The session has one thread for itself. Two others read, the terminal and the carrier, and one
//! writes to the carrier, so that two ends that both have much to say don't wait for each other.

use std::io::Write;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};
use undertone_otr::{Event, Fingerprint, Instance, MESSAGE_MAX, Output, Session, Status, TEXT_MAX};
use zeroize::Zeroizing;

use super::carrier::{self, LAST_WORDS, Open, Way};
use super::input::{self, HELP, Typed};
use super::lines::{Line, Lines};
use super::words::{self, Said, sentence};
use crate::failure::{Failure, Kind};
use crate::silence::Silence;
use crate::streams::Streams;

/// What is read and waits to be looked at.
const MAX_WAITING: usize = 64;

/// What of one line leads to at the carrier, at most so many times over, waits there.
const MAX_UNSENT: usize = 1024;

/// After the end of what is typed, what is still under way gets so long.
const LINGER: Duration = Duration::from_secs(60);

/// Random numbers from the system's, mixed with those before, so that neither a machine that was
/// copied nor a system that repeats itself makes them twice.
pub(super) struct Randomness(ChaCha20Rng);

impl Randomness {
    pub(super) fn new() -> Result<Self, Failure> {
        let mut randomness = Self(ChaCha20Rng::from_seed([0; 32]));
        randomness.fresh()?;
        Ok(randomness)
    }

    /// Those for the next step.
    pub(super) fn fresh(&mut self) -> Result<&mut ChaCha20Rng, Failure> {
        let mut old = Zeroizing::new([0; 32]);
        self.0.fill_bytes(old.as_mut_slice());
        let mut system = Zeroizing::new([0; 32]);
        getrandom::fill(system.as_mut_slice()).map_err(|error| {
            let message = format!("The system gives no random numbers: {error}.");
            Failure::new(Kind::Environment, message, "Allow the program to call getrandom.")
        })?;
        let mut hash = Sha256::new();
        for part in [b"undertone/1 otr talk step".as_slice(), old.as_slice(), system.as_slice()] {
            hash.update(part);
        }
        self.0 = ChaCha20Rng::from_seed(hash.finalize().into());
        Ok(&mut self.0)
    }
}

/// What the threads that read tell.
enum Happening {
    Typed(Line),
    /// Nothing more will be typed.
    TypedAll,
    Came(Line),
    /// The carrier has ended, or can't be read.
    CarrierOver(Option<Failure>),
    /// The carrier takes nothing more.
    CantWrite(Failure),
}

/// The secret that is to be typed next.
enum Secret {
    Ask { question: Option<String> },
    Answer(Instance),
}

/// How a conversation goes on.
enum Next {
    Go,
    /// Say goodbye and leave.
    Leave,
}

struct Talk {
    session: Session,
    ours: Vec<Fingerprint>,
    randomness: Randomness,
    begin: Instant,
    person: Streams,
    terminal: bool,
    to: SyncSender<Vec<String>>,
    /// A secret is to be typed, unseen.
    secret: Option<(Secret, Option<Silence>)>,
    /// Who asked last for a check.
    asked_by: Option<Instance>,
    /// Texts that wait for a session.
    waiting: usize,
    /// A check of ours, or one that we have answered, has no outcome yet.
    checking: bool,
    /// When what is still under way has to be done.
    until: Option<Instant>,
    /// The carrier takes nothing more, and until when it may still bring something: the other end
    /// may have said goodbye.
    broken: Option<(Failure, Instant)>,
    check_failed: bool,
    not_sent: bool,
}

/// Holds the conversation until one side leaves.
pub(super) fn talk(
    session: Session,
    ours: Vec<Fingerprint>,
    way: Way,
    begin: Instant,
    randomness: Randomness,
    person: Streams,
) -> Result<(), Failure> {
    let Open { from, to, last, mut person, terminal } = carrier::open(way, person)?;
    for fingerprint in &ours {
        person.say(&words::ours(fingerprint));
    }
    person.say("Type a text, or /help.");
    let (tell, happenings) = mpsc::sync_channel(MAX_WAITING);
    let input = std::mem::replace(&mut person.input, Box::new(std::io::empty()));
    let typing = tell.clone();
    std::thread::spawn(move || {
        let mut lines = Lines::new(input, TEXT_MAX);
        while let Ok(Some(line)) = lines.next() {
            if typing.send(Happening::Typed(line)).is_err() {
                return;
            }
        }
        drop(typing.send(Happening::TypedAll));
    });
    let reading = tell.clone();
    std::thread::spawn(move || {
        drop(reading.send(Happening::CarrierOver(read(from, &reading).err())));
    });
    let (to_carrier, lines) = mpsc::sync_channel(MAX_UNSENT);
    let (done, written) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let over = write(to, &lines).map_err(|error| Failure::stream("Writing lines", &error));
        let _told = done.send(());
        if let Err(failure) = over {
            drop(tell.send(Happening::CantWrite(failure)));
        }
    });
    let mut talk = Talk {
        session,
        ours,
        randomness,
        begin,
        person,
        terminal,
        to: to_carrier,
        secret: None,
        asked_by: None,
        waiting: 0,
        checking: false,
        until: None,
        broken: None,
        check_failed: false,
        not_sent: false,
    };
    let outcome = talk.go_on(&happenings);
    let Talk { to, mut person, check_failed, not_sent, .. } = talk;
    drop(to);
    // Whoever takes nothing any more keeps nobody here.
    let _written = written.recv_timeout(LAST_WORDS);
    last.end();
    drop(person.output.flush());
    outcome?;
    if not_sent {
        let hint = "See that the other side's program speaks OTR, and try again.";
        return Err(Failure::new(Kind::NotDelivered, "A text was not sent.", hint));
    }
    if check_failed {
        let hint = "Don't trust the other side before a check succeeds.";
        return Err(Failure::new(Kind::CheckFailed, "A check failed.", hint));
    }
    Ok(())
}

fn read(
    from: carrier::End<dyn std::io::Read + Send>,
    tell: &SyncSender<Happening>,
) -> Result<(), Failure> {
    let failed = |error| Failure::stream("Reading lines", &error);
    // A message in its armour, and what libotr's programs may put around it.
    let mut lines = Lines::new(from().map_err(failed)?, MESSAGE_MAX.saturating_mul(2));
    while let Some(line) = lines.next().map_err(failed)? {
        if tell.send(Happening::Came(line)).is_err() {
            break;
        }
    }
    Ok(())
}

fn write(to: carrier::End<dyn Write + Send>, lines: &Receiver<Vec<String>>) -> std::io::Result<()> {
    let mut to = to()?;
    for lines in lines {
        for line in lines {
            to.write_all(line.as_bytes())?;
            to.write_all(b"\n")?;
        }
        to.flush()?;
    }
    Ok(())
}

impl Talk {
    fn now(&self) -> Duration {
        self.begin.elapsed()
    }

    fn go_on(&mut self, happenings: &Receiver<Happening>) -> Result<(), Failure> {
        loop {
            if self.until.is_some() && self.waiting == 0 && !self.checking {
                return self.leave();
            }
            let now = self.now();
            if self.session.deadline().is_some_and(|deadline| deadline <= now) {
                let output = self.session.tick(now);
                self.heed(output)?;
                continue;
            }
            if self.until.is_some_and(|until| until <= Instant::now()) {
                self.not_sent |= self.waiting > 0;
                self.person.say("The other side doesn't answer.");
                return self.leave();
            }
            if let Some((failure, _)) = self.broken.take_if(|(_, until)| *until <= Instant::now()) {
                return self.carrier_over(Some(failure));
            }
            let deadline = self.session.deadline().map(|deadline| deadline.saturating_sub(now));
            let broken = self.broken.as_ref().map(|(_, until)| *until);
            let untils = self.until.into_iter().chain(broken);
            let untils = untils.map(|until| until.saturating_duration_since(Instant::now()));
            let happening = match deadline.into_iter().chain(untils).min() {
                Some(wait) => happenings.recv_timeout(wait),
                None => happenings.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match happening {
                Ok(Happening::Typed(line)) => {
                    if let Next::Leave = self.typed(&line)? {
                        return self.leave();
                    }
                }
                Ok(Happening::TypedAll) => {
                    self.secret = None;
                    self.until = Some(Instant::now().checked_add(LINGER).unwrap_or(self.begin));
                }
                Ok(Happening::Came(Line::Text(line))) => {
                    let now = self.now();
                    let rng = self.randomness.fresh()?;
                    let output = self.session.receive(&line, now, rng);
                    self.heed(output)?;
                }
                Ok(Happening::Came(Line::TooLong)) => {
                    self.person
                        .say("A line came that is longer than any message; it was passed over.");
                }
                Ok(Happening::CarrierOver(failure)) => return self.carrier_over(failure),
                Ok(Happening::CantWrite(failure)) => {
                    let until = Instant::now().checked_add(LAST_WORDS).unwrap_or(self.begin);
                    self.broken = Some((failure, until));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.carrier_over(None),
            }
        }
    }

    /// Says goodbye.
    fn leave(&mut self) -> Result<(), Failure> {
        let output = self.session.end();
        self.heed(output)
    }

    fn carrier_over(&mut self, failure: Option<Failure>) -> Result<(), Failure> {
        let private = self.session.status() == Status::Private;
        let Output { events, .. } = self.session.end();
        self.tell(&events)?;
        if private {
            return Err(Failure::new(
                Kind::PartnerGone,
                "The connection ended, and the other side had not said goodbye.",
                "What you sent last may not have arrived. Begin anew.",
            ));
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        self.person.say("The connection has ended.");
        Ok(())
    }

    /// Does what a typed line says.
    fn typed(&mut self, line: &Line) -> Result<Next, Failure> {
        let line = match line {
            Line::Text(line) => line.as_str(),
            Line::TooLong => {
                self.secret = None;
                self.not_sent = true;
                self.person
                    .say(&format!("Nothing was sent: the line is longer than {TEXT_MAX} bytes."));
                return Ok(Next::Go);
            }
        };
        if let Some((secret, silence)) = self.secret.take() {
            drop(silence);
            self.secret(secret, line)?;
            return Ok(Next::Go);
        }
        let now = self.now();
        match input::read(line) {
            Typed::Text("") => {}
            Typed::Text(text) => match self.session.send(text, now) {
                Ok(output) => self.heed(output)?,
                Err(error) => {
                    self.not_sent = true;
                    self.person.say(&sentence(&error));
                }
            },
            Typed::Start => match self.session.start(now) {
                Ok(output) => self.heed(output)?,
                Err(error) => self.person.say(&sentence(&error)),
            },
            Typed::End => {
                let output = self.session.end();
                self.checking = false;
                self.heed(output)?;
                self.person.say("No private conversation is on any more.");
            }
            Typed::Ask { question } => {
                let question = question.map(str::to_owned);
                self.ask_for(Secret::Ask { question }, "The secret that you both know:");
            }
            Typed::Answer => match self.asked_by {
                Some(instance) => self.ask_for(Secret::Answer(instance), "The secret:"),
                None => self.person.say("Nobody asks for a secret."),
            },
            Typed::Abort => self.abort(now)?,
            Typed::ExtraKey { usage, data } => {
                match self.session.extra_key(usage, data.as_bytes(), now) {
                    Ok((key, output)) => {
                        let key = Zeroizing::new(HEXLOWER.encode(key.bytes()));
                        self.person.say(&format!("The extra key, for use {usage}: {}", *key));
                        self.heed(output)?;
                    }
                    Err(error) => self.person.say(&sentence(&error)),
                }
            }
            Typed::Fingerprint => self.fingerprints(),
            Typed::Help => self.person.say(HELP),
            Typed::Quit => return Ok(Next::Leave),
            Typed::Wrong(why) => self.person.say(why),
        }
        Ok(Next::Go)
    }

    /// Asks for a secret, which the next line is; a terminal doesn't show it.
    fn ask_for(&mut self, secret: Secret, question: &str) {
        // Silent before anybody knows that there is something to type.
        let silence = self.terminal.then(Silence::begin).flatten();
        self.person.say(question);
        self.secret = Some((secret, silence));
    }

    fn secret(&mut self, secret: Secret, words: &str) -> Result<(), Failure> {
        // Ctrl-C is a character while the terminal is silent.
        if words.is_empty() || words.contains('\u{3}') {
            self.person.say("No secret was typed; nothing was sent.");
            return Ok(());
        }
        let now = self.now();
        let rng = self.randomness.fresh()?;
        let done = match secret {
            Secret::Ask { question } => self.session.ask(question.as_deref(), words, now, rng),
            Secret::Answer(instance) => {
                self.asked_by = None;
                self.session.answer(instance, words, now, rng)
            }
        };
        match done {
            Ok(output) => {
                self.checking = true;
                self.heed(output)
            }
            Err(error) => {
                self.person.say(&sentence(&error));
                Ok(())
            }
        }
    }

    fn abort(&mut self, now: Duration) -> Result<(), Failure> {
        let private = self.session.instances().filter(|info| info.status == Status::Private);
        let all: Vec<Instance> = private.map(|info| info.instance).collect();
        if !self.checking && self.asked_by.is_none() {
            self.person.say("There is no check to call off.");
            return Ok(());
        }
        for instance in all {
            match self.session.cancel(instance, now) {
                Ok(output) => self.heed(output)?,
                Err(error) => self.person.say(&sentence(&error)),
            }
        }
        (self.checking, self.asked_by) = (false, None);
        self.person.say("The check was called off.");
        Ok(())
    }

    fn fingerprints(&mut self) {
        for fingerprint in &self.ours {
            self.person.say(&words::ours(fingerprint));
        }
        let all: Vec<_> = self.session.instances().filter_map(|info| info.fingerprint).collect();
        for fingerprint in &all {
            self.person.say(&words::theirs(fingerprint));
        }
        if all.is_empty() {
            self.person.say("No private conversation is on.");
        }
    }

    /// Gives lines to the carrier and events to the person.
    fn heed(&mut self, output: Output) -> Result<(), Failure> {
        let Output { lines, events } = output;
        if !lines.is_empty() {
            match self.to.try_send(lines) {
                // Why nobody writes any more is told by who did.
                Ok(()) | Err(TrySendError::Disconnected(_)) => {}
                Err(TrySendError::Full(_)) => {
                    return Err(Failure::new(
                        Kind::PartnerGone,
                        "The other side sends and takes nothing.",
                        "Look at what carries the lines, and begin anew.",
                    ));
                }
            }
        }
        self.tell(&events)
    }

    fn tell(&mut self, events: &[Event]) -> Result<(), Failure> {
        for event in events {
            match event {
                Event::Waiting => self.waiting = self.waiting.saturating_add(1),
                Event::Sent { .. } => self.waiting = self.waiting.saturating_sub(1),
                Event::NotSent { .. } => {
                    self.waiting = self.waiting.saturating_sub(1);
                    self.not_sent = true;
                }
                Event::Asked { instance, .. } => self.asked_by = Some(*instance),
                Event::Checked { matched, .. } => {
                    self.checking = false;
                    self.check_failed = !matched;
                }
                Event::CheckCancelled { .. } | Event::Finished { .. } | Event::Expired { .. } => {
                    self.end_checks();
                }
                Event::CheckFailed { .. } => {
                    self.end_checks();
                    self.check_failed = true;
                }
                _ => {}
            }
            for said in words::of(event) {
                match said {
                    Said::Words(words) => self.person.say(&words),
                    Said::Theirs(text) => {
                        let output = &mut self.person.output;
                        let written = writeln!(output, "{text}").and_then(|()| output.flush());
                        written.map_err(|error| Failure::stream("Writing the output", &error))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn end_checks(&mut self) {
        (self.checking, self.asked_by) = (false, None);
    }
}
