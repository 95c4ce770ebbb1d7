//! The clock, and everything that happens on it.

use std::collections::{BTreeMap, BTreeSet};

use undertone_engine::storage::View as _;
use undertone_engine::{CloseReason, DialId, Engine, Input, Memory, ServiceId};
use undertone_handle::event::{NetworkKind, NetworkState, NetworkStep};
use undertone_wire::cell::CELL_LEN;

use crate::books::{Note, notes};
use crate::count::{Counts, Fault};
use crate::dice::{Dice, Purpose};
use crate::liar::Liar;
use crate::machine::{Machine, Mind};
use crate::network::{Connection, Directory, Weather};
use crate::pairing::{PairedEnd, contact_id, pair};
use crate::script::{Fall, Script, Way};
use crate::watch::{Invariant, Violation, Watch};

/// How long a calm lasts at most. A connection that went dead is noticed after 75 s, and dialled again
/// after pauses of up to 15 s and dials of up to 30 s; whoever was away for long is dialled every five
/// minutes.
const CALM: u64 = 480_000;

/// How often a calm looks whether all has arrived.
const LOOK: u64 = 5_000;

/// Batches of a run after which the engines talk for ever.
const MOST_BATCHES: u64 = 400_000;

/// Ticks in a row that leave the deadline where it was.
const MOST_TICKS: u32 = 3;

/// Something that will happen.
pub(crate) enum Happening {
    /// A program looks at what waits.
    Wake {
        machine: usize,
    },
    /// A program starts.
    Start {
        machine: usize,
        start: u32,
    },
    /// A machine's network is there.
    Online {
        machine: usize,
        start: u32,
    },
    /// A machine that lost its network has it again.
    Replugged {
        machine: usize,
        at: u64,
    },
    Reachable {
        machine: usize,
        start: u32,
        service: ServiceId,
    },
    Dialled {
        machine: usize,
        start: u32,
        dial: DialId,
    },
    Secured {
        connection: u64,
    },
    Severed {
        connection: u64,
    },
    /// A program that was asked to end should have ended by now.
    Stopped {
        machine: usize,
        start: u32,
    },
    /// A user has blocked another for long enough.
    Unblocked {
        way: Way,
    },
    Cells {
        connection: u64,
        from: usize,
        cells: Vec<[u8; CELL_LEN]>,
    },
    Closed {
        connection: u64,
        end: usize,
        reason: CloseReason,
    },
}

pub(crate) struct World {
    seed: u64,
    pub(crate) now: u64,
    pub(crate) machines: Vec<Machine>,
    pub(crate) directory: Directory,
    pub(crate) connections: BTreeMap<u64, Connection>,
    pub(crate) next_connection: u64,
    pub(crate) weather: BTreeMap<Way, Weather>,
    pub(crate) dice: Dice,
    pub(crate) counts: Counts,
    pairs: Vec<(usize, usize)>,
    queue: BTreeMap<(u64, u64), Happening>,
    next: u64,
    pub(crate) watch: Watch,
    batches: u64,
}

/// Who knows whom: the guest first. Everybody knows their neighbour; in a small party most know each
/// other, in a large one few do.
pub(crate) fn cast(script: &Script) -> Vec<(usize, usize)> {
    let parties = script.engines + usize::from(script.liar);
    let mut dice = Dice::new(script.seed, Purpose::Cast, 0);
    let mut pairs = BTreeSet::new();
    for one in 0..parties {
        for other in one + 1..parties {
            let knows = other == one + 1
                || if parties <= 6 { dice.once_in(2) } else { dice.once_in(parties as u64) };
            if knows {
                pairs.insert(if dice.once_in(2) { (one, other) } else { (other, one) });
            }
        }
    }
    pairs.into_iter().collect()
}

impl World {
    pub(crate) fn new(script: &Script) -> Self {
        let seed = script.seed;
        let parties = script.engines + usize::from(script.liar);
        let mut directory = Directory::default();
        let mut ends: Vec<Vec<PairedEnd>> = (0..parties).map(|_| Vec::new()).collect();
        let mut pairs = Vec::new();
        for (guest, host) in cast(script) {
            let Some((one, other)) = pair(seed, guest, host) else { continue };
            directory.add(guest, &one.contact);
            directory.add(host, &other.contact);
            ends[guest].push(one);
            ends[host].push(other);
            pairs.push((guest, host));
        }
        let mut watch = Watch::new(parties);
        let machines = ends.into_iter().enumerate().map(|(party, ends)| {
            let rng = Dice::new(seed, Purpose::Machine, party as u64);
            let mut memory = Memory::default();
            if party < script.engines {
                let contacts = (1..).zip(ends);
                memory.apply(contacts.flat_map(|(number, end)| end.writes(number)).collect());
                Machine::new(memory, rng)
            } else {
                let mut machine = Machine::new(memory, rng);
                machine.mind = Mind::Liar(Box::new(Liar::new(party, ends)));
                (0..parties).for_each(|other| watch.excuse(party, other));
                machine
            }
        });
        let machines = machines.collect();
        let mut world = Self {
            seed,
            now: 0,
            machines,
            directory,
            connections: BTreeMap::new(),
            next_connection: 0,
            weather: BTreeMap::new(),
            dice: Dice::new(seed, Purpose::World, u64::MAX),
            counts: Counts { runs: 1, ..Counts::default() },
            pairs,
            queue: BTreeMap::new(),
            next: 0,
            watch,
            batches: 0,
        };
        for machine in 0..parties {
            let after = world.dice.below(500);
            world.later(after, Happening::Start { machine, start: 0 });
        }
        world
    }

    /// Plays a script. Gives what did not hold, if something did not.
    pub(crate) fn play(&mut self, script: &Script) -> Option<Violation> {
        for line in &script.lines {
            self.run(line.wait);
            self.dice = Dice::new(self.seed, Purpose::World, line.salt.into());
            self.happen(line.deed);
            self.look();
            if self.watch.violation().is_some() {
                break;
            }
        }
        self.watch.violation().cloned()
    }

    /// Looks at what is on the disks, and at what should be gone from them.
    fn look(&mut self) {
        for (machine, one) in self.machines.iter().enumerate() {
            self.watch.disappeared(machine, one, self.now);
            self.watch.stores(machine, &one.memory);
        }
    }

    pub(crate) fn later(&mut self, after: u64, happening: Happening) {
        self.next += 1;
        self.queue.insert((self.now + after, self.next), happening);
    }

    /// Hands an input to a program, which looks at it soon.
    pub(crate) fn give(&mut self, machine: usize, input: Input) {
        if self.machines[machine].is_up() {
            self.machines[machine].inputs.push_back(input);
            let after = self.dice.below(4);
            self.wake(machine, self.now + after);
        }
    }

    /// Has a program look at what waits at a time, or before.
    pub(crate) fn wake(&mut self, machine: usize, at: u64) {
        let at = at.max(self.now);
        if self.machines[machine].wakes.is_none_or(|planned| at < planned) {
            self.machines[machine].wakes = Some(at);
            self.later(at - self.now, Happening::Wake { machine });
        }
    }

    /// Lets the clock go on.
    fn run(&mut self, millis: u64) {
        let end = self.now + millis;
        while self.watch.violation().is_none()
            && let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= end)
        {
            let ((at, _), happening) = entry.remove_entry();
            self.now = at;
            self.occur(happening);
        }
        self.now = end;
    }

    fn is_started(&self, machine: usize, start: u32) -> bool {
        self.machines[machine].start == start && self.machines[machine].is_up()
    }

    fn occur(&mut self, happening: Happening) {
        match happening {
            Happening::Wake { machine } => {
                if self.machines[machine].wakes.is_some_and(|at| at <= self.now) {
                    self.machines[machine].wakes = None;
                    self.batch(machine);
                }
            }
            Happening::Start { machine, start } if self.machines[machine].start == start => {
                self.start(machine);
            }
            Happening::Online { machine, start } if self.is_started(machine, start) => {
                self.tell_network(machine);
            }
            Happening::Replugged { machine, at }
                if self.machines[machine].offline_until == Some(at) =>
            {
                self.machines[machine].offline_until = None;
                self.tell_network(machine);
            }
            Happening::Reachable { machine, start, service } if self.is_started(machine, start) => {
                self.reachable(machine, service);
            }
            Happening::Dialled { machine, start, dial } if self.is_started(machine, start) => {
                self.dialled(machine, dial);
            }
            Happening::Secured { connection } => self.secured(connection),
            Happening::Stopped { machine, start } if self.is_started(machine, start) => {
                self.stopped(machine);
            }
            Happening::Severed { connection } => self.sever(connection, true),
            Happening::Cells { connection, from, cells } => self.arrived(connection, from, &cells),
            Happening::Closed { connection, end, reason } => self.closed(connection, end, reason),
            Happening::Unblocked { way } => self.unblock(way),
            Happening::Start { .. }
            | Happening::Online { .. }
            | Happening::Replugged { .. }
            | Happening::Reachable { .. }
            | Happening::Stopped { .. }
            | Happening::Dialled { .. } => {}
        }
    }

    fn start(&mut self, machine: usize) {
        let now = self.now;
        let this = &mut self.machines[machine];
        this.started_at = now;
        this.leapt = 0;
        if this.is_honest() {
            this.mind = Mind::Honest(Box::new(Engine::load("local", &this.memory)));
        }
        let start = this.start;
        let after = self.dice.between(100, 3_000);
        self.later(after, Happening::Online { machine, start });
        self.plan(machine);
    }

    pub(crate) fn tell_network(&mut self, machine: usize) {
        let step = match self.machines[machine].offline_until {
            None => NetworkStep::Ready,
            Some(_) => NetworkStep::Blocked { reason: "unplugged".to_owned() },
        };
        let kind = NetworkKind::Local;
        let state = NetworkState { kind, step, clock_off_by_seconds: None };
        self.give(machine, Input::Network(state));
    }

    /// Plans when a program is woken next.
    pub(crate) fn plan(&mut self, machine: usize) {
        let this = &self.machines[machine];
        let waits = !this.inputs.is_empty() || !this.commands.is_empty();
        let at = if waits { Some(self.now) } else { this.deadline() };
        if let Some(at) = at {
            self.wake(machine, at);
        }
    }

    /// A program takes what waits: the driver's loop, and where it may fall down.
    fn batch(&mut self, machine: usize) {
        self.batches += 1;
        if self.batches > MOST_BATCHES {
            self.watch.breach(Invariant::Rest, "the engines talk for ever".to_owned());
            return;
        }
        let now = self.now;
        let commands_first = self.dice.once_in(2);
        let this = &mut self.machines[machine];
        let mut batch = this.take_batch(now, commands_first);
        if batch.is_empty() {
            return self.plan(machine);
        }
        let ticked = matches!(batch.as_slice(), [Input::Tick]).then(|| this.deadline()).flatten();
        let fall = this.fall.take();
        let full = this.full > 0 && this.is_honest();
        let new_state = match fall {
            Some((Fall::Before(inputs), _)) => {
                batch.truncate(usize::try_from(inputs).unwrap_or(usize::MAX).max(1));
                false
            }
            Some((Fall::During, _)) => self.dice.once_in(2),
            Some((Fall::After(_), _)) | None => true,
        };
        // The old state, if it will be needed.
        let old = (full || !new_state).then(|| self.machines[machine].memory.clone());
        let honest = self.machines[machine].is_honest();
        let watch = &mut self.watch;
        let mut noted: Vec<Note> = Vec::new();
        let done = self.machines[machine].handle(batch, now, |streams, step, memory| {
            if honest {
                watch.step(machine, streams, step);
                watch.blocks(machine, streams, step, memory);
            }
            noted.extend(notes(machine, step));
        });
        self.counts.inputs += done.inputs;
        if let Some(old) = old {
            self.machines[machine].memory = old;
            let down = match fall {
                Some((_, down)) if !full => down,
                _ => {
                    self.machines[machine].full -= 1;
                    500
                }
            };
            match fall {
                _ if full => self.counts.fault(Fault::DiskFull),
                Some((Fall::Before(_), _)) => self.counts.fault(Fault::CrashBefore),
                _ => self.counts.fault(Fault::CrashDuring),
            }
            self.watch.close(false);
            return self.fall(machine, down);
        }
        self.counts.commits += 1;
        self.watch.close(true);
        let memory = &self.machines[machine].memory;
        let (taken, arrived) = self.watch.committed(machine, noted, memory, now);
        self.counts.texts += taken;
        self.counts.arrived += arrived;
        if let Mind::Honest(engine) = &self.machines[machine].mind {
            self.watch.holds(machine, engine, &self.machines[machine].memory);
        }
        let last = match fall {
            Some((Fall::After(effects), _)) => usize::try_from(effects).unwrap_or(usize::MAX),
            Some(_) => 0,
            None => usize::MAX,
        };
        for effect in done.effects().take(last) {
            self.perform(machine, effect);
        }
        if let Some((how, down)) = fall {
            let during = how == Fall::During;
            self.counts.fault(if during { Fault::CrashDuring } else { Fault::CrashAfter });
            return self.fall(machine, down);
        }
        if self.machines[machine].finished {
            let down = self.machines[machine].stops.unwrap_or(1_000);
            return self.fall(machine, down);
        }
        self.is_at_rest(machine, ticked);
        self.plan(machine);
    }

    /// A driver that is told to come back at once, again and again, never rests.
    fn is_at_rest(&mut self, machine: usize, ticked: Option<u64>) {
        let this = &mut self.machines[machine];
        let restless = ticked.is_some() && this.deadline().is_some_and(|at| at <= self.now);
        this.restless = if restless { this.restless + 1 } else { 0 };
        if this.restless > MOST_TICKS {
            let what = format!("{machine} wants a tick again and again at {}", self.now);
            self.watch.breach(Invariant::Rest, what);
        }
    }

    /// A program that was asked to end should have: nobody waits for ever.
    fn stopped(&mut self, machine: usize) {
        let what = format!("{machine} was asked to end and did not");
        self.watch.breach(Invariant::Rest, what);
    }

    /// A program ends without a word, and starts again after so many milliseconds.
    pub(crate) fn fall(&mut self, machine: usize, down: u64) {
        self.hang_up(machine);
        self.machines[machine].end();
        let start = self.machines[machine].start;
        self.later(down, Happening::Start { machine, start });
    }

    /// Nothing goes wrong any more until all has arrived, or must have.
    pub(crate) fn calm(&mut self) {
        self.weather.values_mut().for_each(Weather::clear);
        for machine in 0..self.machines.len() {
            self.machines[machine].fall = None;
            self.machines[machine].full = 0;
            if self.machines[machine].offline_until.take().is_some() {
                self.tell_network(machine);
            }
        }
        let end = self.now + CALM;
        let mut missing = None;
        while self.now < end && self.watch.violation().is_none() {
            self.open_doors();
            self.run(LOOK);
            self.look();
            missing = self.missing();
            if missing.is_none() && !self.watch.is_waiting_for_timers() {
                break;
            }
        }
        match missing {
            Some(what) => self.watch.breach(Invariant::Delivered, what),
            None => self.compare(),
        }
    }

    /// Whoever is still blocked is not any more: by a restore, perhaps, of what was so once.
    fn open_doors(&mut self) {
        for (one, other) in self.pairs.clone() {
            for way in [Way { from: one, to: other }, Way { from: other, to: one }] {
                let policy = self.machines[way.from].memory.policy(contact_id(way.to));
                let blocked = policy.is_some_and(|policy| policy.blocked);
                if blocked && self.machines[way.from].is_up() {
                    self.unblock(way);
                }
            }
        }
    }

    /// Compares what is on the disks of each pair, when nothing is under way any more.
    fn compare(&mut self) {
        for (one, other) in self.pairs.clone() {
            if !self.watch.is_excused(one, other) {
                self.watch.compare(one, other, &self.machines);
                self.watch.compare(other, one, &self.machines);
            }
        }
    }

    fn missing(&self) -> Option<String> {
        let both = self.pairs.iter().flat_map(|(one, other)| [(*one, *other), (*other, *one)]);
        let asked = both.filter(|(one, other)| !self.watch.is_excused(*one, *other));
        let mut missing = asked.filter_map(|(one, other)| {
            self.watch.undelivered(one, other, &self.machines[one].memory)
        });
        missing.next()
    }
}
