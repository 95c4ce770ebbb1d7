//! Requests and acceptances while everything that can goes wrong: crashes around commits, streams cut at any
//! frame, networks and clocks that go; from seeds, so that a failure can be had again.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a helper fails the test")]

mod common;

use common::{Crash, Net, Tap};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use undertone_engine::storage::View as _;
use undertone_handle::command::{AddressCommand, Answer, Ask, Greeting, Name};
use undertone_handle::event::{AddressEvent, Event};
use undertone_handle::query::RequestState;
use undertone_handle::{Command, ConversationId, Ticket};
use undertone_wire::address::OnionAddress;

const SECOND: u64 = 1_000;
const HOUR: u64 = 60 * 60 * SECOND;

/// One who is asked, and two who ask.
const OWNER: usize = 0;
const ASKERS: [usize; 2] = [1, 2];

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// The asker's id of its request and of what comes of it.
fn asked(asker: usize) -> ConversationId {
    ConversationId(0xa5c0 + asker as u64)
}

/// The owner's id of what an asker of this name wants.
fn request_of(net: &Net, asker: usize) -> Option<ConversationId> {
    let rows = net.nodes[OWNER].memory().requests();
    rows.into_iter().find(|row| row.name == name(&format!("asker{asker}"))).map(|row| row.id)
}

struct Weather {
    dice: ChaCha20Rng,
}

impl Weather {
    fn below(&mut self, end: u64) -> u64 {
        self.dice.next_u64() % end
    }

    /// Something goes wrong, now or soon.
    fn strike(&mut self, net: &mut Net) {
        let node = usize::try_from(self.below(3)).unwrap();
        match self.below(8) {
            0..4 => {
                let how = match self.below(3) {
                    0 => Crash::BeforeCommit,
                    1 => Crash::AfterCommit,
                    _ => Crash::AfterEffects,
                };
                net.crash = Some((node, usize::try_from(self.below(12)).unwrap(), how));
            }
            4 | 5 => {
                let mut left = self.below(14);
                net.tap = Some(Box::new(move |_| {
                    left = left.wrapping_sub(1);
                    if left == u64::MAX { Tap::Cut } else { Tap::Pass }
                }));
            }
            6 => net.cut_all(),
            _ => {
                net.down = true;
                let away = self.below(3 * HOUR);
                net.pass(away);
                net.down = false;
            }
        }
    }

    /// The user of a node wishes something, until it is kept: a wish that a crash took with it is made again.
    fn wish(
        &mut self,
        net: &mut Net,
        node: usize,
        wish: impl Fn() -> Command,
        is_kept: impl Fn(&Net) -> bool,
    ) {
        for _ in 0..3 {
            if is_kept(net) {
                return;
            }
            if self.below(2) == 0 {
                self.strike(net);
            }
            net.command(node, wish());
        }
        assert!(is_kept(net), "three crashes at one wish");
    }
}

fn run(seed: u64) -> u32 {
    let mut weather = Weather { dice: ChaCha20Rng::seed_from_u64(seed) };
    let mut net = Net::new(u8::try_from(seed % 251).unwrap(), 3);
    weather.wish(
        &mut net,
        OWNER,
        || Command::Address(AddressCommand::On),
        |net| net.nodes[OWNER].memory().address().is_some(),
    );
    let address: OnionAddress = net.nodes[OWNER].memory().address().unwrap().seed.address();
    for asker in ASKERS {
        let ask = || {
            Command::Ask(Box::new(Ask {
                conversation: asked(asker),
                address,
                nick: name(&format!("asker{asker}")),
                peer: name("owner"),
                greeting: Greeting::parse("let me in").unwrap(),
            }))
        };
        weather.wish(&mut net, asker, ask, |net| !net.nodes[asker].memory().asks().is_empty());
    }
    for _ in 0..weather.below(6) {
        weather.strike(&mut net);
        let some = weather.below(2 * HOUR);
        net.pass(some);
    }
    // Then it is calm for long enough that both requests come.
    net.crash = None;
    net.tap = None;
    net.pass(4 * HOUR);
    let mut crashes = 0;
    for asker in ASKERS {
        let id = request_of(&net, asker).unwrap_or_else(|| panic!("seed {seed}: no request came"));
        let accept = || {
            let (nick, peer) = (name("press"), name(&format!("contact{asker}")));
            Command::Answer(id, Answer::Accept { nick, peer })
        };
        // Accepted, or already a contact.
        let is_kept = |net: &Net| {
            let rows = net.nodes[OWNER].memory().requests();
            rows.iter().all(|row| row.id != id || row.state == RequestState::Accepted)
        };
        weather.wish(&mut net, OWNER, accept, is_kept);
        for _ in 0..weather.below(5) {
            weather.strike(&mut net);
            let some = weather.below(8 * HOUR);
            net.pass(some);
            crashes += u32::from(net.crash.is_none());
            // As soon as the asker has its contact it writes, whether the owner has got it yet or not.
            if net.nodes[asker].memory().contact(asked(asker)).is_some() {
                let (conversation, body) = (asked(asker), format!("early, at {}", net.now));
                let ticket = Ticket(2);
                net.command(asker, Command::Send { conversation, ticket, body, reply: None });
            }
        }
        net.crash = None;
        net.tap = None;
    }
    net.pass(24 * HOUR);
    for asker in ASKERS {
        check(&mut net, seed, asker);
    }
    // What is left is the address, a service of each contact, and their connections.
    let memory = net.nodes[OWNER].memory();
    assert_eq!((memory.requests().len(), memory.contacts().len()), (0, 2), "seed {seed}");
    assert_eq!((net.services(OWNER), net.streams()), (1, 2), "seed {seed}");
    assert!(
        net.nodes[OWNER]
            .events
            .iter()
            .any(|e| matches!(e, Event::Address(AddressEvent::Reachable(_))))
    );
    crashes
}

/// Each has the other once, as the same contact, and texts flow.
fn check(net: &mut Net, seed: u64, asker: usize) {
    let memory = net.nodes[asker].memory();
    assert_eq!((memory.asks().len(), memory.contacts()), (0, vec![asked(asker)]), "seed {seed}");
    assert_eq!(net.services(asker), 1, "seed {seed}");
    let ours = memory.contact(asked(asker)).unwrap();
    let owner = net.nodes[OWNER].memory();
    let theirs = owner.contacts().into_iter().map(|id| owner.contact(id).unwrap());
    let theirs = theirs.into_iter().find(|contact| contact.card == *ours.own.public());
    let theirs = theirs.unwrap_or_else(|| panic!("seed {seed}: another contact than {asker}'s"));
    assert_eq!(*theirs.own.public(), ours.card, "seed {seed}");
    assert_eq!((ours.pairing, ours.made, theirs.made), (theirs.pairing, true, true), "seed {seed}");
    let said = [(OWNER, theirs.id, asker), (asker, ours.id, OWNER)];
    for (node, conversation, reader) in said {
        let body = format!("{node} to {reader}");
        let send =
            Command::Send { conversation, ticket: Ticket(1), body: body.clone(), reply: None };
        net.command(node, send);
        net.pass(30 * SECOND);
        assert!(net.received(reader).contains(&body), "seed {seed}: {body}");
    }
    // Whatever was kept of what either said has arrived, once and in order.
    for (node, conversation, reader) in said {
        let there = if reader == OWNER { theirs.id } else { ours.id };
        let texts = |node: usize, id, own| -> Vec<String> {
            let rows = net.nodes[node].memory().rows(id).filter(|row| row.own == own);
            rows.map(|row| row.body.as_str().to_owned()).collect()
        };
        assert_eq!(texts(node, conversation, true), texts(reader, there, false), "seed {seed}");
    }
}

#[test]
fn both_have_each_other_in_the_end_whatever_went_wrong() {
    let crashes: u32 = (0..250).map(run).sum();
    assert!(crashes > 250, "{crashes} crashes struck");
}
