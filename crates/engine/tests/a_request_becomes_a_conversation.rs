//! Somebody asks at a public address, and the owner accepts.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

mod common;

use common::{Crash, Net, Tap};
use undertone_engine::storage::View as _;
use undertone_handle::command::{AddressCommand, Answer, Ask, Greeting, Name};
use undertone_handle::event::{
    AddressEvent, AskedEvent, ConversationEvent, Event, NotKept, RequestEvent, Trust,
};
use undertone_handle::{Command, ConversationId, Ticket};
use undertone_wire::address::OnionAddress;
use undertone_wire::cell::FrameKind;

const OWNER: usize = 0;
const ASKER: usize = 1;

/// The asker's id of the request and of what comes of it.
const ASKED: ConversationId = ConversationId(0xa5ced);

const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// Turns the public address on and gives it.
fn serve(net: &mut Net) -> OnionAddress {
    net.command(OWNER, Command::Address(AddressCommand::On));
    address(net)
}

fn address(net: &Net) -> OnionAddress {
    let told = net.nodes[OWNER].events.iter().rev();
    let mut reachable = told.filter_map(|event| match event {
        Event::Address(AddressEvent::Reachable(address)) => Some(*address),
        _ => None,
    });
    reachable.next().unwrap()
}

fn ask(net: &mut Net, node: usize, id: ConversationId, address: OnionAddress) {
    let ask = Ask {
        conversation: id,
        address,
        nick: name("carla"),
        peer: name("the paper"),
        greeting: Greeting::parse("I saw the barges.\nMay I tell you?").unwrap(),
    };
    net.command(node, Command::Ask(Box::new(ask)));
}

fn asked(net: &Net, node: usize) -> Vec<AskedEvent> {
    let told = net.nodes[node].events.iter();
    told.filter_map(|event| match event {
        Event::Asked(_, event) => Some(*event),
        _ => None,
    })
    .collect()
}

fn requests(net: &Net) -> Vec<(ConversationId, RequestEvent)> {
    let told = net.nodes[OWNER].events.iter();
    told.filter_map(|event| match event {
        Event::Request(id, event) => Some((*id, event.clone())),
        _ => None,
    })
    .collect()
}

/// The request that came last.
fn came(net: &Net) -> Option<ConversationId> {
    let told = requests(net).into_iter().rev();
    let mut came = told.filter(|(_, event)| matches!(event, RequestEvent::Came { .. }));
    came.next().map(|(id, _)| id)
}

fn accept(net: &mut Net, id: ConversationId) {
    let answer = Answer::Accept { nick: name("press"), peer: name("carla c") };
    net.command(OWNER, Command::Answer(id, answer));
}

fn told(net: &Net, node: usize, id: ConversationId, wanted: &ConversationEvent) -> bool {
    net.nodes[node].events.iter().any(
        |event| matches!(event, Event::Conversation(of, event) if *of == id && event == wanted),
    )
}

fn say(net: &mut Net, node: usize, id: ConversationId, body: &str) {
    let (body, ticket) = (body.to_owned(), Ticket(7));
    net.command(node, Command::Send { conversation: id, ticket, body, reply: None });
}

/// Both have the conversation, and texts flow.
fn talk(net: &mut Net, id: ConversationId) {
    say(net, OWNER, id, "tell me");
    say(net, ASKER, ASKED, "seven of them");
    net.pass(10 * 60 * SECOND);
    assert_eq!(net.received(ASKER), ["tell me"]);
    assert_eq!(net.received(OWNER), ["seven of them"]);
}

#[test]
fn who_is_accepted_is_reached_and_both_can_write_at_once() {
    let mut net = Net::new(1, 2);
    let address = serve(&mut net);
    ask(&mut net, ASKER, ASKED, address);
    net.pass(5 * SECOND);
    let arrived =
        [AskedEvent::Kept, AskedEvent::Dialling { attempt: 1 }, AskedEvent::Arrived].to_vec();
    assert_eq!(asked(&net, ASKER), arrived);
    let Some((id, RequestEvent::Came { name: claimed, greeting, .. })) = requests(&net).pop()
    else {
        panic!("{:?}", net.nodes[OWNER].events)
    };
    assert_eq!((claimed, greeting.as_str()), (name("carla"), "I saw the barges.\nMay I tell you?"));

    accept(&mut net, id);
    net.pass(5 * SECOND);
    for (node, id) in [(OWNER, id), (ASKER, ASKED)] {
        assert!(told(&net, node, id, &ConversationEvent::Open), "{node}");
        assert!(told(&net, node, id, &ConversationEvent::Trust(Trust::Unverified)), "{node}");
    }
    assert!(told(&net, OWNER, id, &ConversationEvent::PeerName("carla".to_owned())));
    assert!(told(&net, ASKER, ASKED, &ConversationEvent::PeerName("press".to_owned())));
    talk(&mut net, id);
    // Nothing of the request is left: the address, and the contact's own service at the asker's.
    assert_eq!((net.services(OWNER), net.services(ASKER)), (1, 1));
    for node in [OWNER, ASKER] {
        let memory = net.nodes[node].memory();
        assert!(memory.requests().is_empty() && memory.asks().is_empty(), "{node}");
    }
}

#[test]
fn an_acceptance_outlives_a_crash_at_any_step_of_either() {
    let mut found = [0, 0];
    for node in [OWNER, ASKER] {
        for how in [Crash::BeforeCommit, Crash::AfterCommit, Crash::AfterEffects] {
            for step in 0..40 {
                let mut net = Net::new(2, 2);
                let address = serve(&mut net);
                net.crash = Some((node, step, how));
                ask(&mut net, ASKER, ASKED, address);
                net.pass(2 * HOUR);
                let Some(id) = net.nodes[OWNER].memory().requests().first().map(|row| row.id)
                else {
                    // The wish itself was lost before it was kept.
                    assert_eq!((node, step), (ASKER, 0), "{how:?}");
                    continue;
                };
                accept(&mut net, id);
                net.pass(DAY);
                if net.nodes[OWNER].memory().contact(id).is_none() {
                    // The user's answer was lost before it was kept: it is given again.
                    accept(&mut net, id);
                    net.pass(DAY);
                }
                assert!(net.nodes[OWNER].memory().contact(id).is_some(), "{node} {how:?} {step}");
                assert!(
                    net.nodes[ASKER].memory().contact(ASKED).is_some(),
                    "{node} {how:?} {step}"
                );
                // One that comes only now could take a text with it that nobody has kept.
                found[node] += usize::from(net.crash.take().is_none());
                talk(&mut net, id);
            }
        }
    }
    assert!(found.iter().all(|found| *found > 30), "{found:?} crashes");
}

#[test]
fn a_lost_last_word_is_said_again() {
    // The asker has its contact; the owner, whose last frame was lost, comes again.
    let mut net = Net::new(3, 2);
    let address = serve(&mut net);
    ask(&mut net, ASKER, ASKED, address);
    net.pass(5 * SECOND);
    let id = came(&net).unwrap();
    let mut frames = 0;
    net.tap = Some(Box::new(move |passing| {
        let last = passing.from.node == ASKER && passing.kind == FrameKind::Pairing;
        frames += usize::from(last);
        if last && frames == 3 { Tap::Cut } else { Tap::Pass }
    }));
    accept(&mut net, id);
    net.pass(5 * SECOND);
    assert!(net.nodes[ASKER].memory().contact(ASKED).is_some());
    assert!(net.nodes[OWNER].memory().contact(id).is_none());
    // What the asker says meanwhile waits for the second time.
    say(&mut net, ASKER, ASKED, "are you there?");
    say(&mut net, ASKER, ASKED, "they are gone");
    net.tap = None;
    net.pass(HOUR);
    assert_eq!(net.received(OWNER), ["are you there?", "they are gone"]);
    say(&mut net, OWNER, id, "tell me");
    net.pass(MINUTE);
    assert_eq!(net.received(ASKER), ["tell me"]);
    assert_eq!(net.nodes[ASKER].memory().outbox_len(ASKED), 0);
    assert!(net.nodes[ASKER].memory().asks().is_empty());
}

/// What an asker sees of the owner: each frame, and when it came.
fn seen(seed: u8, fate: impl FnOnce(&mut Net, OnionAddress)) -> Vec<(u64, usize, Vec<u8>)> {
    let mut net = Net::new(seed, 40);
    let address = serve(&mut net);
    fate(&mut net, address);
    let frames = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let noted = std::rc::Rc::clone(&frames);
    net.tap = Some(Box::new(move |passing| {
        if passing.from.node == OWNER && passing.to.node == ASKER {
            // An offer is random; its length is what there is to see.
            let bytes = if passing.bytes.len() == 1 { passing.bytes.clone() } else { Vec::new() };
            noted.borrow_mut().push((passing.bytes.len(), bytes));
        }
        Tap::Pass
    }));
    ask(&mut net, ASKER, ASKED, address);
    let mut timed = Vec::new();
    for _ in 0..50 {
        for (length, bytes) in frames.borrow_mut().drain(..) {
            timed.push((net.now, length, bytes));
        }
        net.pass(100);
    }
    assert!(asked(&net, ASKER).contains(&AskedEvent::Arrived));
    timed
}

#[test]
fn pending_refused_blocked_and_full_look_the_same() {
    let pending = seen(4, |_, _| {});
    assert_eq!(pending.len(), 2);
    let full = seen(4, |net, address| {
        let mut number = 0;
        while net.nodes[OWNER].memory().requests().len()
            < undertone_engine::limits::PENDING_REQUESTS
        {
            let node = 2 + number % 38;
            ask(net, node, ConversationId(number as u64 + 1), address);
            net.pass(2 * SECOND);
            net.command(node, Command::Withdraw(ConversationId(number as u64 + 1)));
            number += 1;
        }
        net.now = 1_000;
    });
    let spaces = |seen: &[(u64, usize, Vec<u8>)]| -> Vec<(u64, usize, Vec<u8>)> {
        let first = seen[0].0;
        seen.iter().map(|(at, len, bytes)| (at - first, *len, bytes.clone())).collect()
    };
    assert_eq!(spaces(&pending), spaces(&full));
    for answer in [Answer::Refuse, Answer::Block] {
        // The same request again, because the first answer was lost.
        let again = seen(4, |net, address| {
            net.tap = Some(Box::new(|passing| {
                if passing.from.node == OWNER && passing.bytes.len() == 1 {
                    Tap::Cut
                } else {
                    Tap::Pass
                }
            }));
            ask(net, ASKER, ConversationId(9), address);
            net.pass(5 * SECOND);
            let id = came(net).unwrap();
            net.command(OWNER, Command::Answer(id, answer));
            net.command(ASKER, Command::Withdraw(ConversationId(9)));
            net.tap = None;
        });
        assert_eq!(spaces(&pending), spaces(&again));
    }
}

#[test]
fn a_request_is_refused_once_and_does_not_come_again() {
    let mut net = Net::new(5, 2);
    let address = serve(&mut net);
    // That it arrived is never heard, so it is sent again and again.
    net.tap = Some(Box::new(|passing| {
        if passing.from.node == OWNER && passing.bytes.len() == 1 { Tap::Cut } else { Tap::Pass }
    }));
    ask(&mut net, ASKER, ASKED, address);
    net.pass(10 * SECOND);
    let id = came(&net).unwrap();
    net.command(OWNER, Command::Answer(id, Answer::Refuse));
    let before = requests(&net).len();
    net.reload(OWNER);
    net.pass(3 * DAY);
    assert_eq!(requests(&net).len(), before, "nothing came again");
    let attempts =
        asked(&net, ASKER).iter().filter(|e| matches!(e, AskedEvent::Dialling { .. })).count();
    // Three soon, then at most hourly.
    assert!((60..=75).contains(&attempts), "{attempts}");
    let row = net.nodes[OWNER].memory().requests().pop().unwrap();
    assert_eq!(row.greeting.as_str(), "", "nothing is kept of what was said");
    assert!(row.offer.is_none());
}

#[test]
fn nobody_is_asked_for_longer_than_two_weeks_and_nothing_stays_after_thirty_days() {
    let mut net = Net::new(6, 2);
    let address = serve(&mut net);
    net.command(OWNER, Command::Address(AddressCommand::Off));
    ask(&mut net, ASKER, ASKED, address);
    net.pass(14 * DAY);
    let attempts = |net: &Net| {
        asked(net, ASKER).iter().filter(|e| matches!(e, AskedEvent::Dialling { .. })).count()
    };
    let fortnight = attempts(&net);
    assert!((200..=14 * 24 + 4).contains(&fortnight), "{fortnight}");
    net.pass(10 * DAY);
    assert_eq!(attempts(&net), fortnight);
    net.pass(7 * DAY);
    assert_eq!(asked(&net, ASKER).last(), Some(&AskedEvent::Expired));
    assert!(net.nodes[ASKER].memory().asks().is_empty());
    assert_eq!(net.services(ASKER), 0);
}

#[test]
fn a_request_that_nobody_answers_expires_on_both_sides() {
    let mut net = Net::new(7, 2);
    let address = serve(&mut net);
    ask(&mut net, ASKER, ASKED, address);
    net.pass(31 * DAY);
    assert_eq!(asked(&net, ASKER).last(), Some(&AskedEvent::Expired));
    assert!(matches!(requests(&net).last(), Some((_, RequestEvent::Expired))));
    assert!(
        net.nodes[OWNER].memory().requests().is_empty()
            && net.nodes[ASKER].memory().asks().is_empty()
    );
}

#[test]
fn a_place_that_lets_anyone_in_is_never_dialled_again() {
    let mut net = Net::new(8, 2);
    let address = serve(&mut net);
    ask(&mut net, ASKER, ASKED, address);
    net.pass(5 * SECOND);
    net.open_door(ASKER);
    let id = came(&net).unwrap();
    accept(&mut net, id);
    net.pass(5 * SECOND);
    assert_eq!(requests(&net).pop(), Some((id, RequestEvent::Stranger)));
    net.reload(OWNER);
    net.pass(2 * DAY);
    assert!(net.nodes[OWNER].memory().contact(id).is_none());
    assert_eq!(requests(&net).pop(), Some((id, RequestEvent::Stranger)), "nothing more happens");
}

#[test]
fn who_was_away_is_reached_later_but_not_too_often() {
    let mut net = Net::new(9, 2);
    let address = serve(&mut net);
    ask(&mut net, ASKER, ASKED, address);
    net.pass(5 * SECOND);
    let id = came(&net).unwrap();
    net.down = true;
    accept(&mut net, id);
    net.pass(HOUR);
    let missed =
        |net: &Net| requests(net).iter().filter(|(_, e)| *e == RequestEvent::NotReached).count();
    assert!((3..=4).contains(&missed(&net)), "{}", missed(&net));
    net.pass(DAY);
    assert!((6..=9).contains(&missed(&net)), "{}", missed(&net));
    net.down = false;
    net.pass(8 * HOUR);
    talk(&mut net, id);
}

#[test]
fn a_blocked_one_stays_blocked_until_it_is_not() {
    let mut net = Net::new(10, 2);
    let address = serve(&mut net);
    ask(&mut net, ASKER, ASKED, address);
    net.pass(5 * SECOND);
    let id = came(&net).unwrap();
    net.command(OWNER, Command::Answer(id, Answer::Block));
    net.pass(40 * DAY);
    net.reload(OWNER);
    let row = net.nodes[OWNER].memory().requests().pop().unwrap();
    assert_eq!(row.state, undertone_handle::query::RequestState::Blocked);
    net.command(OWNER, Command::Answer(id, Answer::Unblock));
    assert_eq!(requests(&net).pop(), Some((id, RequestEvent::Unblocked)));
    net.pass(2 * HOUR);
    assert!(net.nodes[OWNER].memory().requests().is_empty(), "it is long too old");
}

#[test]
fn what_cannot_be_asked_is_said() {
    let mut net = Net::new(11, 2);
    let own = serve(&mut net);
    ask(&mut net, OWNER, ASKED, own);
    assert_eq!(asked(&net, OWNER), [AskedEvent::NotKept(NotKept::OwnAddress)]);
    net.mute = true;
    ask(&mut net, ASKER, ASKED, own);
    ask(&mut net, ASKER, ConversationId(5), own);
    assert_eq!(asked(&net, ASKER).last(), Some(&AskedEvent::NotKept(NotKept::Already)));
    net.command(ASKER, Command::Withdraw(ASKED));
    assert_eq!(asked(&net, ASKER).last(), Some(&AskedEvent::Withdrawn));
    net.mute = false;
    net.pass(2 * HOUR);
    assert!(came(&net).is_none(), "what is taken back before it left never arrives");
}

#[test]
fn a_withdrawn_request_is_answered_to_nobody() {
    let mut net = Net::new(12, 2);
    let address = serve(&mut net);
    ask(&mut net, ASKER, ASKED, address);
    net.pass(5 * SECOND);
    net.command(ASKER, Command::Withdraw(ASKED));
    assert_eq!(net.services(ASKER), 0);
    let id = came(&net).unwrap();
    accept(&mut net, id);
    net.pass(31 * DAY);
    assert!(
        net.nodes[OWNER].memory().contact(id).is_none()
            && net.nodes[ASKER].memory().contact(ASKED).is_none()
    );
    assert!(net.nodes[OWNER].memory().requests().is_empty());
}

#[test]
fn an_address_that_is_on_is_said_again_and_one_that_is_off_is_not_served() {
    let mut net = Net::new(18, 1);
    let address = serve(&mut net);
    net.command(OWNER, Command::Address(AddressCommand::On));
    let again = Event::Address(AddressEvent::Reachable(address));
    assert_eq!(net.nodes[OWNER].events.last(), Some(&again));
    assert_eq!(net.services(OWNER), 1);
    net.command(OWNER, Command::Address(AddressCommand::Off));
    assert_eq!(net.nodes[OWNER].events.last(), Some(&Event::Address(AddressEvent::Off)));
    net.reload(OWNER);
    assert_eq!(net.services(OWNER), 0);
    assert_eq!(serve(&mut net), address, "it stays the same");
}

#[test]
fn a_replaced_address_is_left_and_contacts_stay() {
    let mut net = Net::new(13, 2);
    let old = serve(&mut net);
    ask(&mut net, ASKER, ASKED, old);
    net.pass(5 * SECOND);
    let id = came(&net).unwrap();
    accept(&mut net, id);
    net.pass(5 * SECOND);
    net.command(OWNER, Command::Address(AddressCommand::Replace));
    assert_ne!(address(&net), old);
    ask(&mut net, ASKER, ConversationId(6), old);
    net.pass(5 * SECOND);
    assert!(asked(&net, ASKER).contains(&AskedEvent::NotReached));
    talk(&mut net, id);
}

#[test]
fn whoever_sends_what_is_no_request_is_let_go() {
    let mut net = Net::new(14, 2);
    let address = serve(&mut net);
    net.tap = Some(Box::new(|passing| {
        let request = passing.from.node == ASKER && passing.kind == FrameKind::Request;
        if request { Tap::Replace(vec![2; passing.bytes.len()]) } else { Tap::Pass }
    }));
    ask(&mut net, ASKER, ASKED, address);
    net.pass(5 * SECOND);
    assert!(came(&net).is_none() && net.nodes[OWNER].memory().requests().is_empty());
}

#[test]
fn an_answer_to_no_request_changes_nothing() {
    let mut net = Net::new(15, 2);
    serve(&mut net);
    let before = net.nodes[OWNER].events.len();
    accept(&mut net, ConversationId(77));
    net.command(OWNER, Command::Withdraw(ConversationId(77)));
    assert_eq!(net.nodes[OWNER].events.len(), before);
}

#[test]
fn two_who_ask_each_other_at_once_have_each_other_twice() {
    let mut net = Net::new(16, 2);
    for node in [OWNER, ASKER] {
        net.command(node, Command::Address(AddressCommand::On));
    }
    let addresses = [OWNER, ASKER].map(|node| {
        let stored = net.nodes[node].memory().address().unwrap();
        stored.seed.address()
    });
    ask(&mut net, ASKER, ASKED, addresses[OWNER]);
    ask(&mut net, OWNER, ConversationId(8), addresses[ASKER]);
    net.pass(5 * SECOND);
    for node in [OWNER, ASKER] {
        let id = net.nodes[node].memory().requests().pop().unwrap().id;
        let answer = Answer::Accept { nick: name("me"), peer: name("you") };
        net.command(node, Command::Answer(id, answer));
    }
    net.pass(5 * SECOND);
    for node in [OWNER, ASKER] {
        let memory = net.nodes[node].memory();
        let known: Vec<_> =
            memory.contacts().into_iter().map(|id| memory.contact(id).unwrap()).collect();
        let [one, other] = &known[..] else { panic!("{} contacts", known.len()) };
        assert_ne!(one.card, other.card, "they have nothing in common");
        assert!(memory.requests().is_empty() && memory.asks().is_empty());
        // Its address, and a service of the contact that it asked for.
        assert_eq!(net.services(node), 2);
    }
}

#[test]
fn a_request_that_shows_the_owners_own_address_leads_nowhere() {
    // Whoever asks names the public address of the owner as the place: it lets anyone in.
    let mut net = Net::new(17, 2);
    let address = serve(&mut net);
    net.tap = Some(Box::new(move |passing| {
        let request = passing.from.node == ASKER && passing.kind == FrameKind::Request;
        if !request {
            return Tap::Pass;
        }
        let mut bytes = passing.bytes.clone();
        bytes[2..34].copy_from_slice(&address.0);
        Tap::Replace(bytes)
    }));
    ask(&mut net, ASKER, ASKED, address);
    net.pass(5 * SECOND);
    let id = came(&net).unwrap();
    accept(&mut net, id);
    net.pass(5 * SECOND);
    assert_eq!(requests(&net).pop(), Some((id, RequestEvent::Stranger)));
    assert!(net.nodes[OWNER].memory().contacts().is_empty());
}
