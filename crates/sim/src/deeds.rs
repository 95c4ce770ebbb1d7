//! The lines of a script, done to the world.

use undertone_engine::Effect;
use undertone_engine::storage::View as _;
use undertone_handle::Command;

use crate::count::Fault;
use crate::machine::{Copy, Mind};
use crate::pairing::contact_id;
use crate::script::{Deed, Lie, Way};
use crate::world::{Happening, World};

/// How long slow spells last.
const SPELL: u64 = 10_000;

/// How long an orderly end may take: three seconds, and what the program had to do before.
const STOP_PATIENCE: u64 = 4_000;

impl World {
    /// Has a line of the script happen.
    pub(crate) fn happen(&mut self, deed: Deed) {
        match deed {
            Deed::Say(..)
            | Deed::Reply(..)
            | Deed::Edit(..)
            | Deed::Cancel(..)
            | Deed::Delete(..)
            | Deed::Erase(..)
            | Deed::React(..)
            | Deed::Seen(_)
            | Deed::Timer(..)
            | Deed::Keep(..)
            | Deed::Heal(_)
            | Deed::Leave(_) => self.wish(deed),
            Deed::Block(way, time) => {
                self.wish(deed);
                self.later(time, Happening::Unblocked { way });
            }
            Deed::Stop(machine, down) => self.stop(machine, down),
            Deed::Lose(way) => self.weather.entry(way).or_default().lose = true,
            Deed::Cut(way, bytes) => self.weather.entry(way).or_default().cut = Some(bytes),
            Deed::Hole(way) => {
                for number in self.connections_of(way) {
                    self.counts.fault(Fault::Hole);
                    self.sever(number, false);
                }
            }
            Deed::Slow(way, by) => {
                self.counts.fault(Fault::Reorder);
                self.slow(way, by);
            }
            Deed::Delay(way, by) => {
                self.counts.fault(Fault::Delay);
                self.slow(way, by);
                self.slow(Way { from: way.to, to: way.from }, by);
            }
            Deed::Twice(way) => self.weather.entry(way).or_default().twice = true,
            Deed::Again(way) => self.again(way),
            Deed::Crash(machine, fall, down) => {
                if self.machines[machine].is_honest() {
                    self.machines[machine].fall = Some((fall, down));
                }
            }
            Deed::Full(machine, commits) => self.machines[machine].full = commits,
            Deed::Clock(machine, by) => {
                self.counts.fault(if by < 0 { Fault::ClockBack } else { Fault::ClockForward });
                self.machines[machine].clock_put_at = Some(self.now);
                let off = &mut self.machines[machine].off;
                *off = off.saturating_add(by);
            }
            Deed::Leap(machine, by) => {
                if self.machines[machine].is_up() {
                    self.counts.fault(Fault::Leap);
                    self.machines[machine].leapt += by.saturating_mul(1000);
                    self.plan(machine);
                }
            }
            Deed::Offline(machine, time) => self.offline(machine, time),
            Deed::Backup(machine) => self.back_up(machine),
            Deed::Restore(machine) => self.restore(machine, false),
            Deed::Rewind(machine) => self.restore(machine, true),
            Deed::Lie(to, lie) => self.lie(to, lie),
            Deed::Calm => self.calm(),
        }
    }

    /// A user opens the door again, as soon as the program is up. The other side, which has found nobody for long, is
    /// told by its user to try now.
    pub(crate) fn unblock(&mut self, way: Way) {
        if !self.machines[way.from].is_up() {
            return self.later(1_000, Happening::Unblocked { way });
        }
        let ends = [
            (way.from, Command::Block(contact_id(way.to), false)),
            (way.to, Command::Reconnect(contact_id(way.from))),
        ];
        for (machine, command) in ends {
            let this = &mut self.machines[machine];
            if this.is_up() && this.is_honest() {
                this.commands.push_back(command);
                self.wake(machine, self.now);
            }
        }
    }

    fn slow(&mut self, way: Way, by: u64) {
        let until = self.now + SPELL;
        self.weather.entry(way).or_default().slow = Some((by, until));
    }

    /// A program is asked to end in order. One that has not ended by itself by then is ended.
    fn stop(&mut self, machine: usize, down: u64) {
        let this = &mut self.machines[machine];
        if this.is_up() && this.is_honest() && this.stops.is_none() {
            this.stops = Some(down);
            this.commands.push_back(Command::Shutdown);
            self.wake(machine, self.now);
            let start = self.machines[machine].start;
            self.later(STOP_PATIENCE, Happening::Stopped { machine, start });
        }
    }

    fn offline(&mut self, machine: usize, time: u64) {
        if self.machines[machine].offline_until.is_some() {
            return;
        }
        self.counts.fault(Fault::Offline);
        let at = self.now + time;
        self.machines[machine].offline_until = Some(at);
        self.unplug(machine);
        self.tell_network(machine);
        self.later(time, Happening::Replugged { machine, at });
    }

    fn back_up(&mut self, machine: usize) {
        let this = &mut self.machines[machine];
        this.copy = Some(Copy { memory: this.memory.clone(), rng: this.rng.clone() });
        self.watch.back_up(machine);
    }

    fn restore(&mut self, machine: usize, rewound: bool) {
        let Some(Copy { memory, rng }) = self.machines[machine].copy.clone() else { return };
        self.counts.fault(if rewound { Fault::Rewind } else { Fault::Restore });
        self.fall(machine, 2_000);
        if rewound {
            let this = &mut self.machines[machine];
            this.memory = memory;
            this.rng = rng;
            self.watch.rewind(machine);
            return (0..self.machines.len())
                .for_each(|partner| self.watch.excuse(machine, partner));
        }
        // As a restore makes it of a backup. Its keys are random numbers of the seed, so it never fails.
        let this = &mut self.machines[machine];
        let Ok(restored) = memory.into_restored(this.rng.rng()) else { return };
        this.memory = restored;
        let lost = (0..self.machines.len()).filter(|partner| !self.can_repair(machine, *partner));
        lost.collect::<Vec<_>>()
            .into_iter()
            .for_each(|partner| self.watch.excuse(machine, partner));
        self.watch.restore(machine, &self.machines);
    }

    /// Whether a restored machine has the recovery key that the partner goes by. A backup from before
    /// the last repair has not; nor is it certain while one is under way.
    fn can_repair(&self, machine: usize, partner: usize) -> bool {
        let key = |one: usize, other: usize| {
            let contact = self.machines[one].memory.contact(contact_id(other))?;
            Some(contact.recovery.keys)
        };
        let (Some(ours), Some(theirs)) = (key(machine, partner), key(partner, machine)) else {
            return false;
        };
        ours.current() == theirs.current() && ours.former().is_none() && theirs.former().is_none()
    }

    fn lie(&mut self, to: usize, lie: Lie) {
        let Some(liar) = self.machines.iter().position(|machine| !machine.is_honest()) else {
            return;
        };
        let machine = &mut self.machines[liar];
        let Mind::Liar(mind) = &mut machine.mind else { return };
        let said: Option<Effect> = mind.lie(to, lie, machine.rng.rng());
        if let Some(effect) = said {
            self.counts.fault(Fault::Lie);
            self.perform(liar, effect);
        }
    }
}
