//! The steps of a meeting as they are seen, and how long each took.

use std::time::Duration;

use undertone_handle::command::Role;
use undertone_handle::event::MeetingStep;
use undertone_handle::words::{self, StepWords};

/// The way from nothing to a conversation.
#[derive(Debug)]
pub(super) struct Progress {
    rows: Vec<Row>,
    /// When the code ends, once that is known.
    pub(super) deadline: Option<Duration>,
    /// Something that was seen on the way, such as a wrong guess.
    pub(super) remark: Option<String>,
}

/// A step on the way.
#[derive(Debug)]
pub(super) struct Row {
    place: Place,
    pub(super) words: StepWords,
    pub(super) state: State,
    /// Which attempt, from the second on.
    pub(super) attempt: Option<u32>,
}

/// Which step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Network,
    Step(std::mem::Discriminant<MeetingStep>),
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Not begun.
    Ahead,
    /// Begun at this moment.
    Doing(Duration),
    /// Done, after so long.
    Done(Duration),
    /// A later step began and this one never did: nothing is said of it.
    Passed,
}

impl Progress {
    /// The steps of one end, none begun.
    pub(super) fn new(role: Role) -> Self {
        let lives = Duration::ZERO;
        let steps: &[MeetingStep] = match role {
            Role::Host => &[
                MeetingStep::MakingPlace,
                MeetingStep::LookingWhetherTaken,
                MeetingStep::Publishing,
                MeetingStep::Reachable { lives },
                MeetingStep::Agreeing,
            ],
            Role::Guest => &[
                MeetingStep::MakingPlace,
                MeetingStep::Dialling { attempt: 1 },
                MeetingStep::Agreeing,
            ],
        };
        let row = |place, words| Row { place, words, state: State::Ahead, attempt: None };
        let mut rows = vec![row(Place::Network, words::FINDING_NETWORK)];
        rows.extend(
            steps.iter().map(|s| row(Place::Step(std::mem::discriminant(s)), words::step(s))),
        );
        Self { rows, deadline: None, remark: None }
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The network is being looked for, since this moment.
    pub(super) fn network_sought(&mut self, since: Duration) {
        if let Some(row) = self.rows.first_mut().filter(|row| row.state == State::Ahead) {
            row.state = State::Doing(since);
        }
    }

    /// The network is usable.
    pub(super) fn network_found(&mut self, now: Duration) {
        if let Some(row) = self.rows.first_mut() {
            row.done(now);
        }
    }

    /// A step began: those before it are done, those after it are ahead again.
    pub(super) fn step(&mut self, step: &MeetingStep, now: Duration) {
        let place = Place::Step(std::mem::discriminant(step));
        let Some(at) = self.rows.iter().position(|row| row.place == place) else { return };
        for (index, row) in self.rows.iter_mut().enumerate() {
            if index < at {
                // The place is made while the network is still being looked for.
                if row.place != Place::Network || *step != MeetingStep::MakingPlace {
                    row.done(now);
                }
            } else if index > at {
                row.state = State::Ahead;
            } else {
                if !matches!(row.state, State::Doing(_)) {
                    row.state = State::Doing(now);
                }
                if let MeetingStep::Dialling { attempt } = step {
                    row.attempt = Some(*attempt).filter(|attempt| *attempt > 1);
                }
            }
        }
        if let MeetingStep::Reachable { lives } = step {
            self.deadline = Some(now.saturating_add(*lives));
        }
    }

    /// Somebody came and went without the right code: waiting goes on, with this remark.
    pub(super) fn guessed(&mut self, remark: String, now: Duration) {
        let deadline = self.deadline;
        self.step(&MeetingStep::Reachable { lives: Duration::ZERO }, now);
        self.deadline = deadline;
        self.remark = Some(remark);
    }
}

impl Row {
    fn done(&mut self, now: Duration) {
        match self.state {
            State::Ahead => self.state = State::Passed,
            State::Doing(since) => self.state = State::Done(now.saturating_sub(since)),
            State::Done(_) | State::Passed => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(progress: &Progress) -> String {
        progress
            .rows
            .iter()
            .map(|row| match row.state {
                State::Ahead => '·',
                State::Doing(_) => '▸',
                State::Done(_) => '✓',
                State::Passed => ' ',
            })
            .collect()
    }

    #[test]
    fn a_step_ends_those_before_it() {
        let second = Duration::from_secs(1);
        let mut host = Progress::new(Role::Host);
        host.network_sought(second);
        host.step(&MeetingStep::MakingPlace, second);
        assert_eq!(marks(&host), "▸▸····");
        host.network_found(second * 3);
        assert_eq!(host.rows[0].state, State::Done(second * 2));
        host.step(&MeetingStep::Publishing, second * 4);
        assert_eq!(marks(&host), "✓✓ ▸··", "nobody looked whether the code is free");
        host.step(&MeetingStep::Reachable { lives: second * 600 }, second * 5);
        assert_eq!(host.deadline, Some(second * 605));
        host.step(&MeetingStep::Agreeing, second * 6);
        assert_eq!(marks(&host), "✓✓ ✓✓▸");
        // The guest went away before it had confirmed: waiting again, no longer than before.
        host.guessed("two left".into(), second * 7);
        assert_eq!(marks(&host), "✓✓ ✓▸·");
        assert_eq!(host.deadline, Some(second * 605));
    }

    #[test]
    fn a_step_of_the_other_end_changes_nothing() {
        let mut guest = Progress::new(Role::Guest);
        guest.step(&MeetingStep::Publishing, Duration::ZERO);
        assert_eq!(marks(&guest), "····");
        guest.step(&MeetingStep::Dialling { attempt: 2 }, Duration::ZERO);
        assert_eq!(marks(&guest), "  ▸·");
        assert_eq!(guest.rows[2].attempt, Some(2));
    }
}
