//! One party's machine: clocks, disk, program; and the loop around its engine.
//!
//! The loop keeps the rule of the product's driver (`undertone-node`): at most [`BATCH`] inputs, the
//! writes of all of them in one transaction, and only after the commit the effects, in order. What
//! fails before the commit ends the program, and what starts again is loaded from the disk.

use std::collections::{BTreeMap, VecDeque};

use undertone_engine::{
    Context, DialId, Effect, Engine, Input, Memory, ServiceId, Step, StreamId, Tls,
};
use undertone_handle::Command;
use undertone_wire::address::OnionAddress;

use crate::dice::Dice;
use crate::liar::Liar;
use crate::script::Fall;

/// Inputs that are handled before their effects are performed, as in the product.
pub(crate) const BATCH: usize = 64;

/// A wall clock's noon, far from midnight, in seconds since 1970.
pub(crate) const NOON: i64 = 1_700_000_000 / 86_400 * 86_400 + 43_200;

/// What runs on a machine.
pub(crate) enum Mind {
    /// Nothing: the program has fallen down and will start again.
    Down,
    /// The product's engine.
    Honest(Box<Engine>),
    /// Somebody with the right keys and no manners.
    Liar(Box<Liar>),
}

/// A service that a machine has published.
pub(crate) struct Published {
    pub(crate) address: OnionAddress,
    pub(crate) clients: Vec<[u8; 32]>,
    pub(crate) tls: Tls,
    pub(crate) reachable: bool,
}

/// A dial under way.
pub(crate) struct Dialling {
    pub(crate) address: OnionAddress,
    /// The dialling client's public key.
    pub(crate) client: Option<[u8; 32]>,
    pub(crate) tls: Option<Tls>,
}

/// Which end of which connection a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) connection: u64,
    pub(crate) end: usize,
    /// The party at the other end.
    pub(crate) partner: usize,
}

/// A copy of a disk, and of the machine's random numbers at that time.
#[derive(Clone)]
pub(crate) struct Copy {
    pub(crate) memory: Memory,
    pub(crate) rng: Dice,
}

pub(crate) struct Machine {
    pub(crate) mind: Mind,
    /// How often the program was started. What is meant for an earlier start reaches nobody.
    pub(crate) start: u32,
    pub(crate) started_at: u64,
    /// How far the monotonic clock has leapt since the start, in milliseconds.
    pub(crate) leapt: u64,
    /// How far the wall clock is off, in seconds.
    pub(crate) off: i64,
    /// When it was put ahead or back last.
    pub(crate) clock_put_at: Option<u64>,
    /// The disk. During a batch it is the open transaction.
    pub(crate) memory: Memory,
    pub(crate) copy: Option<Copy>,
    pub(crate) rng: Dice,
    pub(crate) commands: VecDeque<Command>,
    pub(crate) inputs: VecDeque<Input>,
    /// When it looks at what waits.
    pub(crate) wakes: Option<u64>,
    pub(crate) services: BTreeMap<ServiceId, Published>,
    pub(crate) dials: BTreeMap<DialId, Dialling>,
    pub(crate) streams: BTreeMap<StreamId, Place>,
    pub(crate) next_stream: u64,
    /// The program will fall down, and be down for so many milliseconds.
    pub(crate) fall: Option<(Fall, u64)>,
    /// So many commits will fail.
    pub(crate) full: u64,
    pub(crate) offline_until: Option<u64>,
    /// The program was asked to end, and will be down for so many milliseconds.
    pub(crate) stops: Option<u64>,
    /// It has ended in order.
    pub(crate) finished: bool,
    /// Ticks in a row that left the deadline where it was.
    pub(crate) restless: u32,
}

/// What a batch came to.
pub(crate) struct Batch {
    /// Each input's step; the writes have been taken out and are on the disk.
    pub(crate) steps: Vec<Step>,
    pub(crate) inputs: u64,
}

impl Machine {
    pub(crate) fn new(memory: Memory, rng: Dice) -> Self {
        Self {
            mind: Mind::Down,
            start: 0,
            started_at: 0,
            leapt: 0,
            off: 0,
            clock_put_at: None,
            memory,
            copy: None,
            rng,
            commands: VecDeque::new(),
            inputs: VecDeque::new(),
            wakes: None,
            services: BTreeMap::new(),
            dials: BTreeMap::new(),
            streams: BTreeMap::new(),
            next_stream: 1,
            fall: None,
            full: 0,
            offline_until: None,
            stops: None,
            finished: false,
            restless: 0,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        !matches!(self.mind, Mind::Down)
    }

    pub(crate) fn is_honest(&self) -> bool {
        !matches!(self.mind, Mind::Liar(_))
    }

    /// The monotonic clock since the program's start, as the driver reads it.
    pub(crate) fn monotonic(&self, now: u64) -> u64 {
        now.saturating_sub(self.started_at) + self.leapt
    }

    /// The wall clock in seconds since 1970.
    pub(crate) fn wall(&self, now: u64) -> u64 {
        let seconds = i64::try_from(now / 1000).unwrap_or(i64::MAX);
        u64::try_from(NOON.saturating_add(seconds).saturating_add(self.off)).unwrap_or(0)
    }

    /// When the world's clock will read what the program wants to be woken at.
    pub(crate) fn deadline(&self) -> Option<u64> {
        let deadline = match &self.mind {
            Mind::Down => None,
            Mind::Honest(engine) => engine.deadline(),
            Mind::Liar(liar) => liar.deadline(),
        };
        deadline.map(|at| at.saturating_sub(self.leapt).saturating_add(self.started_at))
    }

    /// The inputs of the next batch: like the driver one command, or what else waits, or a tick.
    pub(crate) fn take_batch(&mut self, now: u64, commands_first: bool) -> Vec<Input> {
        let command =
            if commands_first || self.inputs.is_empty() { self.commands.pop_front() } else { None };
        if let Some(command) = command {
            return vec![Input::Command(command)];
        }
        if !self.inputs.is_empty() {
            let count = self.inputs.len().min(BATCH);
            return self.inputs.drain(..count).collect();
        }
        if self.deadline().is_some_and(|at| at <= now) { vec![Input::Tick] } else { Vec::new() }
    }

    /// Lets the program answer inputs, and writes to the open transaction what it wants written.
    /// `watch` sees each step before that.
    pub(crate) fn handle(
        &mut self,
        batch: Vec<Input>,
        now: u64,
        mut watch: impl FnMut(&BTreeMap<StreamId, Place>, &Step, &Memory),
    ) -> Batch {
        let (monotonic, wall) = (self.monotonic(now), self.wall(now));
        let mut done = Batch { steps: Vec::new(), inputs: 0 };
        for input in batch {
            if let Input::Closed { stream, .. } = &input {
                self.streams.remove(stream);
            }
            let mut step = match &mut self.mind {
                Mind::Down => break,
                Mind::Honest(engine) => {
                    let rng = self.rng.rng();
                    let mut context = Context { now: monotonic, wall, rng };
                    done.inputs += 1;
                    engine.handle(input, &mut context, &self.memory)
                }
                Mind::Liar(liar) => {
                    let effects = liar.handle(input, monotonic, self.rng.rng());
                    Step { writes: Vec::new(), effects }
                }
            };
            watch(&self.streams, &step, &self.memory);
            self.memory.apply(std::mem::take(&mut step.writes));
            done.steps.push(step);
        }
        done
    }

    pub(crate) fn fresh_stream(&mut self) -> StreamId {
        self.next_stream += 1;
        StreamId(self.next_stream)
    }

    /// Ends the program: what only it knew is gone.
    pub(crate) fn end(&mut self) {
        if self.is_honest() {
            self.mind = Mind::Down;
        }
        self.start += 1;
        self.commands.clear();
        self.inputs.clear();
        self.services.clear();
        self.dials.clear();
        self.streams.clear();
        self.wakes = None;
        self.restless = 0;
        self.stops = None;
        self.finished = false;
    }
}

impl Batch {
    /// All effects, in order.
    pub(crate) fn effects(self) -> impl Iterator<Item = Effect> {
        self.steps.into_iter().flat_map(|step| step.effects)
    }
}
