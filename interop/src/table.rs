//! A session opposite libotr.

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use undertone_otr::files::read_keys;
use undertone_otr::{Account, Event, InstanceTag, Output, Session, Settings};

use crate::libotr::{Libotr, Said, folder};

/// Random numbers that differ in each run: libotr's do too, so no run is the one before it.
fn system_rng() -> std::io::Result<ChaCha20Rng> {
    let mut seed = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut seed)?;
    Ok(ChaCha20Rng::from_seed(seed))
}

/// Our account, as its client number `client`. The key, which libotr made, is for tests alone.
///
/// # Errors
/// That the key can't be read.
pub fn account(client: u8) -> std::io::Result<Account> {
    let keys = read_keys(include_str!("../keys/ours")).map_err(std::io::Error::other)?;
    let key = keys.into_iter().next().ok_or_else(|| std::io::Error::other("no key"))?.key;
    Ok(Account::new(key, InstanceTag::random(&mut ChaCha20Rng::from_seed([client; 32]))))
}

/// One session of ours opposite one account of libotr, and all that was said.
#[derive(Debug)]
pub struct Table {
    /// Our side.
    pub ours: Session,
    /// Their side.
    pub theirs: Libotr,
    /// What happened to us, since it was last taken.
    pub events: Vec<Event>,
    /// What libotr said, since it was last taken.
    pub said: Vec<Said>,
    /// All lines that we sent.
    pub sent: Vec<String>,
    /// All lines that libotr sent.
    pub heard: Vec<String>,
    /// The time.
    pub now: Duration,
    rng: ChaCha20Rng,
}

/// More lines than any conversation of these tests has.
const LINES_MAX: usize = 5_000;

impl Table {
    /// Seats both.
    ///
    /// # Errors
    /// That libotr can't be started, or that the settings are wrong.
    pub fn new(target: &Path, settings: Settings, policy: u32) -> std::io::Result<Self> {
        let longest = settings.longest_line;
        let ours = Session::new(account(1)?, settings).map_err(std::io::Error::other)?;
        let theirs = Libotr::start(target, &folder()?, policy, longest)?;
        Ok(Self {
            ours,
            theirs,
            events: Vec::new(),
            said: Vec::new(),
            sent: Vec::new(),
            heard: Vec::new(),
            now: Duration::ZERO,
            rng: system_rng()?,
        })
    }

    /// Does something at our side and carries lines until nobody has any.
    ///
    /// # Errors
    /// What our side says, or that libotr has ended.
    pub fn we<E: std::error::Error + Send + Sync + 'static>(
        &mut self,
        act: impl FnOnce(&mut Session, Duration, &mut ChaCha20Rng) -> Result<Output, E>,
    ) -> std::io::Result<()> {
        let output = act(&mut self.ours, self.now, &mut self.rng).map_err(std::io::Error::other)?;
        let lines = self.note(output);
        self.carry(lines, Vec::new())
    }

    /// Gives libotr a command and carries lines until nobody has any.
    ///
    /// # Errors
    /// That libotr has ended.
    pub fn they(&mut self, command: &str, texts: &[&str]) -> std::io::Result<()> {
        let said = self.theirs.tell(command, texts)?;
        let lines = self.hear(said);
        self.carry(Vec::new(), lines)
    }

    /// Carries lines of both sides until nobody has any.
    ///
    /// # Errors
    /// That libotr has ended, or that the lines have no end.
    pub fn carry(&mut self, ours: Vec<String>, theirs: Vec<String>) -> std::io::Result<()> {
        let (mut to_them, mut to_us) = (VecDeque::from(ours), VecDeque::from(theirs));
        for _ in 0..LINES_MAX {
            if let Some(line) = to_them.pop_front() {
                let said = self.theirs.tell("recv", &[&line])?;
                to_us.extend(self.hear(said));
            } else if let Some(line) = to_us.pop_front() {
                let output = self.ours.receive(&line, self.now, &mut self.rng);
                to_them.extend(self.note(output));
            } else {
                return Ok(());
            }
        }
        Err(std::io::Error::other("the lines have no end"))
    }

    /// Notes what happened at our side, and gives its lines.
    pub fn note(&mut self, output: Output) -> Vec<String> {
        self.events.extend(output.events);
        self.sent.extend(output.lines.iter().cloned());
        output.lines
    }

    /// Notes what libotr said, and gives its lines.
    pub fn hear(&mut self, said: Vec<Said>) -> Vec<String> {
        let (lines, said): (Vec<_>, Vec<_>) =
            said.into_iter().partition(|said| said.name == "send");
        self.said.extend(said);
        let lines: Vec<String> = lines.iter().map(|line| line.text(0)).collect();
        self.heard.extend(lines.iter().cloned());
        lines
    }

    /// Texts that came to us in private; all events are forgotten.
    pub fn private(&mut self) -> Vec<String> {
        let texts = self.events.drain(..).filter_map(|event| match event {
            Event::Private { text, .. } => Some(text),
            _ => None,
        });
        texts.collect()
    }

    /// Texts that libotr showed; all that it said is forgotten.
    pub fn shown(&mut self) -> Vec<String> {
        let texts = self.said.drain(..).filter(|said| said.name == "text");
        texts.map(|said| said.text(0)).collect()
    }

    /// What happened, for a test that fails: the beginnings of all lines, and what either said.
    #[must_use]
    pub fn story(&self) -> String {
        let short = |line: &String| line.chars().take(16).collect::<String>();
        let [sent, heard] = [&self.sent, &self.heard]
            .map(|lines| lines.iter().map(short).collect::<Vec<_>>().join(" "));
        let Self { events, said, .. } = self;
        format!("sent {sent}\nheard {heard}\n{events:?}\n{said:?}")
    }

    /// What libotr said about something.
    #[must_use]
    pub fn about(&self, name: &str) -> Vec<&Said> {
        self.said.iter().filter(|said| said.name == name).collect()
    }
}
