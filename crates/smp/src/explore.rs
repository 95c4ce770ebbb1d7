//! Every order of what two sides and somebody between them can do, within bounds
//! (`docs/smp.md`, "What the explorer covers").

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::samples::{Alterable, native_secret, otr3_secret, otr4_secret};
use crate::suite::{Opened, Step, Suite};
use crate::via::{Hook, Via};
use crate::{Ed448, Modp1536, Reply, Ristretto, Smp, State};

/// What went into a run: a message's meaning, by number, and whether it was sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Said {
    sent: bool,
    meaning: usize,
}

/// The history of one side, which with its number decides its whole state.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
struct History {
    /// The runs, the last of which may be on.
    runs: Vec<Vec<Said>>,
    on: bool,
    /// What was sent, by number of the very bytes.
    sent: Vec<usize>,
}

struct Side<S: Suite> {
    smp: Rc<Smp<S>>,
    history: Rc<History>,
}

impl<S: Suite> Clone for Side<S> {
    fn clone(&self) -> Self {
        Self { smp: Rc::clone(&self.smp), history: Rc::clone(&self.history) }
    }
}

/// What was found.
#[derive(Default, Debug)]
struct Findings {
    states: usize,
    deliveries: usize,
    altered: usize,
    /// Taken although something was altered that proofs can be about.
    altered_and_taken: usize,
    matches: usize,
    mismatches: usize,
    /// Sentences about what must not be.
    broken: Vec<String>,
}

struct Explorer<S: Suite> {
    secrets: [S::Secret; 2],
    equal: bool,
    most_runs: [usize; 2],
    /// With values and messages of recorded runs, not only with changed bits.
    thorough: bool,
    /// All messages ever seen, and the number of each.
    messages: Vec<S::Message>,
    numbers: HashMap<Vec<u8>, usize>,
    meanings: HashMap<Vec<u8>, usize>,
    /// Messages 1 to 4 of other runs between the same sides, one in each direction.
    recorded: Vec<usize>,
    alterations: HashMap<usize, Rc<Vec<usize>>>,
    outcomes: HashMap<Situation, Outcome<S>>,
    findings: Findings,
}

struct Taken<S: Suite> {
    side: Side<S>,
    matched: Option<bool>,
}

/// What a side is told to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Told {
    Start,
    Answer,
    Receive(usize),
}

/// All that the outcome depends on: which side, its how many-th run, what that run has said, and
/// what it is told.
type Situation = (usize, usize, Option<Vec<Said>>, Told);

/// What comes of it; none if a message is refused.
type Outcome<S> = Option<(Rc<Smp<S>>, Effect)>;

#[derive(Clone, Copy)]
enum Effect {
    Asked,
    Sent(usize),
    Finished { matched: bool, sent: Option<usize> },
}

const QUESTION: Option<&str> = Some("Which bridge?");

impl<S: Suite + Clone> Explorer<S>
where
    S::Message: Alterable,
{
    fn new(secret: impl Fn(&str) -> S::Secret, equal: bool, most_runs: [usize; 2]) -> Self {
        let secrets = [secret("yes"), secret(if equal { "yes" } else { "no" })];
        let mut explorer = Self {
            secrets,
            equal,
            most_runs,
            thorough: true,
            messages: Vec::new(),
            numbers: HashMap::new(),
            meanings: HashMap::new(),
            recorded: Vec::new(),
            alterations: HashMap::new(),
            outcomes: HashMap::new(),
            findings: Findings::default(),
        };
        for starter in 0..2 {
            explorer.record(starter);
        }
        explorer
    }

    /// Random numbers of one side's step: the same in each branch, others in each run.
    fn rng(who: usize, run: usize, step: u8) -> ChaCha20Rng {
        let mut seed = [step; 32];
        (seed[0], seed[1]) = (who as u8, run as u8);
        ChaCha20Rng::from_seed(seed)
    }

    fn record(&mut self, starter: usize) {
        let mut rng = Self::rng(starter, 100, 9);
        let (mut one, mut two) = (Smp::<S>::new(), Smp::<S>::new());
        let first = one.start(&self.secrets[starter], QUESTION, &mut rng).unwrap();
        two.receive(first.borrow(), &mut rng).unwrap();
        let second = two.answer(&self.secrets[1 - starter], &mut rng).unwrap();
        let Reply::Send(third) = one.receive(second.borrow(), &mut rng).unwrap() else { panic!() };
        let end = two.receive(third.borrow(), &mut rng).unwrap();
        let Reply::Finished { send: Some(fourth), .. } = end else { panic!() };
        for message in [first, second, third, fourth] {
            let number = self.number(message);
            self.recorded.push(number);
        }
    }

    /// The number of a message; new ones get the next.
    fn number(&mut self, message: S::Message) -> usize {
        // Kind and bytes.
        let kind = match S::open(message.borrow()) {
            Ok(Opened::Abort) => 5,
            Ok(Opened::Step { step, .. }) => step as u8,
            Err(_) => 9,
        };
        let mut key = message.bytes().to_vec();
        key.push(kind);
        let next = self.messages.len();
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.messages.push(message);
        }
        number
    }

    fn said(&mut self, history: &mut History, sent: bool, number: usize) {
        let next = self.meanings.len();
        let meaning = self.messages[number].meaning();
        let meaning = *self.meanings.entry(meaning).or_insert(next);
        if let Some(run) = history.runs.last_mut() {
            run.push(Said { sent, meaning });
        }
        if sent {
            history.sent.push(number);
        }
    }

    /// Where elements and scalars stand, and which are elements.
    fn fields(message: &S::Message) -> Vec<(bool, std::ops::Range<usize>)> {
        let Ok(Opened::Step { step, rest, .. }) = S::open(message.borrow()) else {
            return Vec::new();
        };
        let bytes = message.bytes();
        let mut start = bytes.len() - rest.len();
        let mut fields = Vec::new();
        for (elements, scalars) in S::runs(step) {
            for index in 0..elements + scalars {
                let element = index < *elements;
                let length = if element { S::element_len } else { S::scalar_len };
                let end = start + length(&bytes[start..]).unwrap();
                fields.push((element, start..end));
                start = end;
            }
        }
        fields
    }

    /// Each field replaced: by the next of its kind in the message, by the same field of a
    /// recorded run, and with one bit changed. What stands beside the fields with bits changed.
    /// All proofs exchanged for those of a recorded run. Other kinds.
    fn alterations(&mut self, number: usize) -> Rc<Vec<usize>> {
        if let Some(known) = self.alterations.get(&number) {
            return Rc::clone(known);
        }
        let message = self.messages[number].clone();
        let bytes = message.bytes().to_vec();
        let fields = Self::fields(&message);
        let mut altered = if self.thorough { message.as_other_kinds() } else { Vec::new() };
        let mut flipped = |place: usize, mask: u8| {
            let mut bytes = bytes.clone();
            bytes[place] ^= mask;
            altered.push(message.with_bytes(bytes));
        };
        let covered: HashSet<usize> = fields.iter().flat_map(|(_, place)| place.clone()).collect();
        let beside: Vec<usize> = (0..bytes.len()).filter(|at| !covered.contains(at)).collect();
        let most = if self.thorough { 24 } else { 4 };
        let some = beside.iter().take(most).chain(beside.iter().rev().take(2));
        for place in some.copied().collect::<HashSet<_>>() {
            flipped(place, 1);
        }
        for (_, place) in &fields {
            flipped((place.start + place.end) / 2, 2);
        }
        let others: Vec<_> = self
            .recorded
            .iter()
            .map(|recorded| self.messages[*recorded].clone())
            .filter(|other| {
                self.thorough && other.bytes() != bytes && Self::fields(other).len() == fields.len()
            })
            .collect();
        for (index, (element, place)) in fields.iter().enumerate().filter(|_| self.thorough) {
            let mut replace = |with: &[u8]| {
                let mut bytes = bytes.clone();
                bytes.splice(place.clone(), with.iter().copied());
                altered.push(message.with_bytes(bytes));
            };
            let next = fields.iter().cycle().skip(index + 1).find(|(other, _)| other == element);
            replace(&bytes[next.unwrap().1.clone()]);
            for other in &others {
                replace(&other.bytes()[Self::fields(other)[index].1.clone()]);
            }
        }
        for other in &others {
            // Backwards, for lengths may differ.
            let mut bytes = bytes.clone();
            let from = Self::fields(other);
            for ((element, place), (_, from)) in fields.iter().zip(from).rev() {
                if !element {
                    bytes.splice(place.clone(), other.bytes()[from].iter().copied());
                }
            }
            altered.push(message.with_bytes(bytes));
        }
        let numbers = altered.into_iter().map(|message| self.number(message));
        let mut numbers: Vec<usize> = numbers.filter(|altered| *altered != number).collect();
        numbers.dedup();
        let numbers = Rc::new(numbers);
        self.alterations.insert(number, Rc::clone(&numbers));
        numbers
    }

    /// Tells a side to do something; none if it refuses a message, which ends its run.
    fn tell(&mut self, who: usize, side: &Side<S>, told: Told) -> Option<Taken<S>> {
        let run = if side.history.on { side.history.runs.last().cloned() } else { None };
        let situation = (who, side.history.runs.len(), run, told);
        if !self.outcomes.contains_key(&situation) {
            let outcome = self.perform(who, side, told);
            self.outcomes.insert(situation.clone(), outcome);
        }
        let (smp, effect) = self.outcomes.get(&situation).cloned().flatten()?;
        let mut history = History::clone(&side.history);
        if !history.on {
            history.runs.push(Vec::new());
            history.on = true;
        }
        if let Told::Receive(number) = told {
            self.said(&mut history, false, number);
        }
        let matched = match effect {
            Effect::Asked => None,
            Effect::Sent(number) => {
                self.said(&mut history, true, number);
                None
            }
            Effect::Finished { matched, sent } => {
                if let Some(number) = sent {
                    self.said(&mut history, true, number);
                }
                history.on = false;
                Some(matched)
            }
        };
        Some(Taken { side: Side { smp, history: Rc::new(history) }, matched })
    }

    /// Lets the code itself do it.
    fn perform(&mut self, who: usize, side: &Side<S>, told: Told) -> Outcome<S> {
        let mut smp = Smp { state: side.smp.state.clone() };
        let said = side.history.runs.last().filter(|_| side.history.on).map_or(0, Vec::len);
        let mut rng = Self::rng(who, side.history.runs.len(), said as u8);
        let effect = match told {
            Told::Start => {
                let first = smp.start(&self.secrets[who], QUESTION, &mut rng).unwrap();
                Effect::Sent(self.number(first))
            }
            Told::Answer => {
                Effect::Sent(self.number(smp.answer(&self.secrets[who], &mut rng).unwrap()))
            }
            Told::Receive(number) => {
                self.findings.deliveries += 1;
                match smp.receive(self.messages[number].borrow(), &mut rng) {
                    Err(error) => {
                        if !smp.is_idle() {
                            self.findings.broken.push(format!("{error:?} left a run on"));
                        }
                        return None;
                    }
                    Ok(Reply::Aborted) => return None,
                    Ok(Reply::SecretWanted { .. }) => Effect::Asked,
                    Ok(Reply::Send(third)) => Effect::Sent(self.number(third)),
                    Ok(Reply::Finished { matched, send }) => {
                        let sent = send.map(|fourth| self.number(fourth));
                        Effect::Finished { matched, sent }
                    }
                }
            }
        };
        Some((Rc::new(smp), effect))
    }

    /// A side whose run has ended without an outcome.
    fn ended(side: &Side<S>) -> Side<S> {
        let mut history = History::clone(&side.history);
        history.on = false;
        Side { smp: Rc::new(Smp::new()), history: Rc::new(history) }
    }

    /// Checks an outcome of `who`.
    fn judge(&mut self, matched: bool, ours: &History, theirs: &History) {
        if matched {
            self.findings.matches += 1;
        } else {
            self.findings.mismatches += 1;
        }
        let run = ours.runs.last().unwrap();
        let mirrored: Vec<Said> =
            run.iter().map(|said| Said { sent: !said.sent, ..*said }).collect();
        // The other side may not have received yet what we sent last.
        let short = match run.last() {
            Some(Said { sent: true, .. }) => &mirrored[..mirrored.len() - 1],
            _ => &mirrored[..],
        };
        let produced = theirs.runs.iter().any(|run| *run == mirrored || *run == short);
        if matched && !self.equal {
            self.findings.broken.push("a match of different secrets".to_owned());
        }
        if matched && !produced {
            self.findings.broken.push("a match the other side has no part in".to_owned());
        }
        if produced && matched != self.equal {
            self.findings.broken.push("a run of both sides with a wrong outcome".to_owned());
        }
    }

    fn explore(mut self) -> Findings {
        let side = || Side { smp: Rc::new(Smp::<S>::new()), history: Rc::new(History::default()) };
        let mut open = vec![[side(), side()]];
        let mut seen: HashSet<[Rc<History>; 2]> = HashSet::new();
        while let Some(sides) = open.pop() {
            if !seen.insert([Rc::clone(&sides[0].history), Rc::clone(&sides[1].history)]) {
                continue;
            }
            self.findings.states += 1;
            if !self.findings.broken.is_empty() {
                break;
            }
            for who in 0..2 {
                let (side, other) = (&sides[who], &sides[1 - who]);
                let mut next = Vec::new();
                if !side.smp.is_idle() {
                    // By itself, by the other side, or by a message that is refused.
                    next.push(Self::ended(side));
                }
                let may_begin = side.history.runs.len() < self.most_runs[who];
                if side.smp.is_idle() && may_begin {
                    next.extend(self.tell(who, side, Told::Start).map(|taken| taken.side));
                }
                if matches!(side.smp.state, State::Asked(_)) {
                    next.extend(self.tell(who, side, Told::Answer).map(|taken| taken.side));
                }
                if !side.smp.is_idle() || may_begin {
                    for number in self.known(&sides) {
                        next.extend(self.deliver(who, side, other, number));
                    }
                }
                for side in next {
                    let mut sides = sides.clone();
                    sides[who] = side;
                    open.push(sides);
                }
            }
        }
        self.findings
    }

    /// What somebody between the sides has: all that was sent, and the recorded runs.
    fn known(&self, sides: &[Side<S>; 2]) -> HashSet<usize> {
        let sent = sides.iter().flat_map(|side| side.history.sent.iter());
        sent.chain(&self.recorded).copied().collect()
    }

    /// Gives the message and its alterations to a side.
    fn deliver(
        &mut self,
        who: usize,
        side: &Side<S>,
        other: &Side<S>,
        number: usize,
    ) -> Vec<Side<S>> {
        let mut numbers = vec![number];
        // Out of turn, nothing of a message but its step is looked at.
        let step = match S::open(self.messages[number].borrow()) {
            Ok(Opened::Step { step, .. }) => Some(step),
            Ok(Opened::Abort) | Err(_) => None,
        };
        let in_turn = match &side.smp.state {
            State::Idle => step == Some(Step::First),
            State::Started(_) => step == Some(Step::Second),
            State::Asked(_) => false,
            State::Answered(_) => step == Some(Step::Third),
            State::Compared(_) => step == Some(Step::Fourth),
        };
        if in_turn {
            numbers.extend(self.alterations(number).iter());
        }
        let mut next = Vec::new();
        for altered in numbers {
            let taken = self.tell(who, side, Told::Receive(altered));
            self.findings.altered += usize::from(altered != number);
            let Some(taken) = taken else { continue };
            let [before, after] = [number, altered].map(|it| self.messages[it].meaning());
            self.findings.altered_and_taken += usize::from(before != after);
            if let Some(matched) = taken.matched {
                self.judge(matched, &taken.side.history, &other.history);
            }
            next.push(taken.side);
        }
        next
    }
}

fn nothing_is_broken(findings: &Findings, equal: bool) {
    println!("{findings:?}");
    assert_eq!(findings.broken, Vec::<String>::new());
    assert!(findings.mismatches > 0 || equal);
    assert_eq!(findings.matches > 0, equal);
    assert!(findings.altered > 100);
    assert_eq!(findings.altered_and_taken, 0);
}

#[test]
fn no_order_of_messages_breaks_the_native_use() {
    for equal in [true, false] {
        let findings = Explorer::<Ristretto>::new(native_secret, equal, [2, 2]).explore();
        nothing_is_broken(&findings, equal);
    }
}

#[test]
fn no_order_of_messages_breaks_otr_version_3() {
    for equal in [true, false] {
        let mut explorer = Explorer::<Modp1536>::new(otr3_secret, equal, [1, 1]);
        // This group is slow: values of one recorded run, and with different secrets none.
        explorer.thorough = equal;
        explorer.recorded.truncate(if equal { 4 } else { 0 });
        let findings = explorer.explore();
        nothing_is_broken(&findings, equal);
    }
}

#[test]
fn no_order_of_messages_breaks_otr_version_4() {
    for equal in [true, false] {
        let findings = Explorer::<Ed448>::new(otr4_secret, equal, [1, 1]).explore();
        nothing_is_broken(&findings, equal);
    }
}

/// What the explorer says about a use with a weakness.
fn found<H: Hook>(equal: bool) -> Vec<String> {
    let mut explorer = Explorer::<Via<Ristretto, H>>::new(native_secret, equal, [1, 1]);
    explorer.thorough = false;
    explorer.recorded.clear();
    explorer.explore().broken
}

struct Sound;
impl Hook for Sound {}

struct UncheckedProofs;
impl Hook for UncheckedProofs {
    const CHECKS_PROOFS: bool = false;
}

struct UnboundProofs;
impl Hook for UnboundProofs {
    const BINDS_PROOFS: bool = false;
}

struct NoSecret;
impl Hook for NoSecret {
    const TAKES_SECRET: bool = false;
}

#[test]
fn the_explorer_finds_planted_weaknesses_and_nothing_without_one() {
    assert_eq!(found::<Sound>(true), Vec::<String>::new());
    assert_eq!(found::<Sound>(false), Vec::<String>::new());
    let foreign = "a match the other side has no part in";
    assert!(found::<UncheckedProofs>(true).iter().any(|broken| broken == foreign));
    assert!(found::<UnboundProofs>(true).iter().any(|broken| broken == foreign));
    let different = "a match of different secrets";
    assert!(found::<NoSecret>(false).iter().any(|broken| broken == different));
}
