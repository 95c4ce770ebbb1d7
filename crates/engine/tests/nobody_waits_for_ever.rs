//! Every stage of a meeting has its end: a life of ten minutes, a network that never comes, a service
//! that never appears, a user who gives up, a program that is ended.

mod common;

use common::outside::guess;
use common::{CODE, Net};
use undertone_engine::ServiceState;
use undertone_engine::limits::{CODE_LIFE, CONFIRMATION_PATIENCE, PUBLISH_PATIENCE};
use undertone_handle::Command;
use undertone_handle::command::{CheckCommand, Role};
use undertone_handle::event::{
    ConversationEvent, Event, MeetingEnd, MeetingEvent, MeetingStep, NetworkStep,
};
use undertone_wire::cell::FrameKind;

#[test]
fn a_code_lives_ten_minutes_from_being_reachable() {
    let mut net = Net::new(1, 1);
    net.publishing = None;
    net.meet(0, Role::Host, CODE, Some(false));
    net.pass(100_000);
    let lives = std::time::Duration::from_millis(CODE_LIFE);
    let reachable = MeetingEvent::Step(MeetingStep::Reachable { lives });
    assert!(!net.nodes[0].events.contains(&Event::Meeting(common::TALK, reachable.clone())));
    net.service_state(0, ServiceState::Reachable);
    assert!(net.nodes[0].events.contains(&Event::Meeting(common::TALK, reachable)));
    net.pass(CODE_LIFE - 1);
    assert_eq!(net.ended(0), None);
    // Being found again doesn't make it younger.
    net.service_state(0, ServiceState::Unreachable);
    net.service_state(0, ServiceState::Reachable);
    net.pass(1);
    assert_eq!(net.ended(0), Some(MeetingEnd::Expired));
    assert_eq!(net.services(0), 0);
}

#[test]
fn a_service_that_never_appears_is_given_up() {
    let mut net = Net::new(2, 1);
    net.publishing = None;
    net.meet(0, Role::Host, CODE, Some(false));
    net.pass(PUBLISH_PATIENCE - 1);
    assert_eq!(net.ended(0), None);
    net.pass(1);
    assert_eq!(net.ended(0), Some(MeetingEnd::NeverReachable));
    assert_eq!(net.services(0), 0);

    let mut net = Net::new(2, 1);
    net.publishing = Some(ServiceState::Failed);
    net.meet(0, Role::Host, CODE, Some(false));
    assert_eq!(net.ended(0), Some(MeetingEnd::NeverReachable));
}

#[test]
fn without_memory_for_the_place_both_sides_are_told() {
    let mut net = Net::new(3, 2);
    net.no_memory = true;
    net.meet(0, Role::Host, CODE, Some(false));
    net.meet(1, Role::Guest, CODE, Some(false));
    for node in 0..2 {
        assert_eq!(net.ended(node), Some(MeetingEnd::NeverReachable));
    }
}

#[test]
fn without_a_network_both_sides_are_told_within_ninety_seconds() {
    let mut net = Net::offline(4, 2);
    net.network(0, NetworkStep::Finding { percent: 10 });
    net.network(1, NetworkStep::Blocked { reason: "no way out".to_owned() });
    net.meet(0, Role::Host, CODE, Some(false));
    net.meet(1, Role::Guest, CODE, Some(false));
    net.pass(60_000);
    assert_eq!((net.ended(0), net.ended(1)), (None, None));
    net.pass(30_000);
    for node in 0..2 {
        assert_eq!(net.ended(node), Some(MeetingEnd::NoNetwork));
    }
}

#[test]
fn a_network_that_comes_late_is_used() {
    let mut net = Net::offline(5, 2);
    net.meet(0, Role::Host, CODE, Some(false));
    net.meet(1, Role::Guest, CODE, Some(false));
    net.pass(80_000);
    net.network(0, NetworkStep::Ready);
    net.network(1, NetworkStep::Ready);
    net.pass(1_000);
    assert!(net.paired(0) && net.paired(1));
}

/// A look that gets no answer is tried once more; then the code counts as free.
#[test]
fn a_look_that_never_ends_delays_the_host_and_no_more() {
    let mut net = Net::new(6, 1);
    net.mute = true;
    net.meet(0, Role::Host, CODE, Some(false));
    net.pass(39_999);
    assert_eq!(net.services(0), 0);
    net.pass(1);
    assert_eq!(net.services(0), 1);
}

#[test]
fn the_end_of_the_ten_minutes_interrupts_no_pairing() {
    let mut net = Net::new(7, 2);
    net.meet(0, Role::Host, CODE, Some(false));
    net.pass(CODE_LIFE - 5_000);
    let stranger = net.knock(0).unwrap();
    let (_, share) = guess(&stranger, CODE, 1);
    net.speak(&stranger, FrameKind::Pairing, &share);
    // Another stream's deadline wakes the host up after the end of the ten minutes.
    net.knock(0).unwrap();
    net.pass(10_000);
    assert_eq!(net.ended(0), None, "somebody has the turn");
    net.meet(1, Role::Guest, CODE, Some(false));
    net.drop_visitor(&stranger);
    assert!(net.paired(0) && net.paired(1), "whose turn came next may finish as well");

    // Where nobody takes the turn over, the end comes right after it.
    let mut net = Net::new(8, 1);
    net.meet(0, Role::Host, CODE, Some(false));
    net.pass(CODE_LIFE - 5_000);
    let stranger = net.knock(0).unwrap();
    let (_, share) = guess(&stranger, CODE, 1);
    net.speak(&stranger, FrameKind::Pairing, &share);
    net.pass(CONFIRMATION_PATIENCE);
    assert_eq!(net.ended(0), Some(MeetingEnd::Expired));
}

/// The service breaks under somebody's turn: whoever has it may finish, and nobody is waited for.
#[test]
fn a_service_that_breaks_under_a_turn_ends_the_meeting_after_it() {
    let mut net = Net::new(9, 1);
    net.meet(0, Role::Host, CODE, Some(false));
    let stranger = net.knock(0).unwrap();
    let (_, share) = guess(&stranger, CODE, 1);
    net.speak(&stranger, FrameKind::Pairing, &share);
    net.service_state(0, ServiceState::Failed);
    assert_eq!(net.ended(0), None);
    net.pass(CONFIRMATION_PATIENCE);
    assert_eq!(net.ended(0), Some(MeetingEnd::NeverReachable));
}

#[test]
fn giving_up_burns_the_code_and_is_told() {
    // The host gives up before anybody came: nobody answers any more.
    let mut net = Net::new(10, 2);
    net.meet(0, Role::Host, CODE, Some(false));
    net.command(0, Command::GiveUp(common::TALK));
    assert_eq!(net.ended(0), Some(MeetingEnd::GivenUp));
    assert_eq!(net.services(0), 0);
    net.meet(1, Role::Guest, CODE, Some(false));
    net.pass(1_000);
    // The guest gives up while it dials.
    net.command(1, Command::GiveUp(common::TALK));
    assert_eq!(net.ended(1), Some(MeetingEnd::GivenUp));
    let told = net.nodes[1].events.len();
    net.pass(120_000);
    assert_eq!(net.nodes[1].events.len(), told, "the end is the last event");

    // The host gives up while somebody waits for their turn: they are told.
    let mut net = Net::new(11, 2);
    net.meet(0, Role::Host, CODE, Some(false));
    let stranger = net.knock(0).unwrap();
    let (_, share) = guess(&stranger, CODE, 1);
    net.speak(&stranger, FrameKind::Pairing, &share);
    net.meet(1, Role::Guest, CODE, Some(false));
    net.command(0, Command::GiveUp(common::TALK));
    net.pass(60_000);
    assert!(net.is_closed(&stranger));
    assert_eq!(net.ended(1), Some(MeetingEnd::NobodyAnswers));
}

/// Every stage that there is, ended by its program: within three seconds nothing is left of it.
#[test]
fn a_program_ends_within_three_seconds_whatever_it_is_doing() {
    type Stage = (&'static str, fn(u8) -> (Net, Vec<usize>));
    let stages: [Stage; 10] = [
        ("idle", |seed| (Net::new(seed, 1), vec![0])),
        ("without a network", |seed| {
            let mut net = Net::offline(seed, 2);
            net.meet(0, Role::Host, CODE, None);
            net.meet(1, Role::Guest, CODE, None);
            (net, vec![0, 1])
        }),
        ("looking and dialling", |seed| {
            let mut net = Net::new(seed, 2);
            net.mute = true;
            net.meet(0, Role::Host, CODE, None);
            net.meet(1, Role::Guest, CODE, None);
            (net, vec![0, 1])
        }),
        ("publishing", |seed| {
            let mut net = Net::new(seed, 1);
            net.publishing = None;
            net.meet(0, Role::Host, CODE, None);
            (net, vec![0])
        }),
        ("reachable", |seed| {
            let mut net = Net::new(seed, 1);
            net.meet(0, Role::Host, CODE, None);
            (net, vec![0])
        }),
        ("in a turn, with a guest behind it", |seed| {
            let mut net = Net::new(seed, 2);
            net.meet(0, Role::Host, CODE, None);
            let stranger = net.knock(0).unwrap();
            let (_, share) = guess(&stranger, CODE, 1);
            net.speak(&stranger, FrameKind::Pairing, &share);
            net.meet(1, Role::Guest, CODE, None);
            (net, vec![0, 1])
        }),
        ("before the check", |seed| {
            let mut net = Net::new(seed, 2);
            net.meet(0, Role::Host, CODE, None);
            net.meet(1, Role::Guest, CODE, None);
            (net, vec![0, 1])
        }),
        ("in the check", |seed| {
            let mut net = Net::new(seed, 2);
            net.meet_with(0, Role::Host, CODE, Some(true), Some("pond"));
            net.meet(1, Role::Guest, CODE, None);
            net.command(1, Command::Check(common::TALK, CheckCommand::Wish(true)));
            (net, vec![0, 1])
        }),
        ("open, with a deaf partner", |seed| {
            let mut net = Net::open(seed);
            net.tap = Some(Box::new(|_| common::Tap::Drop));
            (net, vec![1, 0])
        }),
        ("with the connection lost", |seed| {
            let mut net = Net::open(seed);
            net.mute = true;
            net.cut_all();
            net.pass(2_000);
            (net, vec![0, 1])
        }),
    ];
    for (i, (name, stage)) in stages.iter().enumerate() {
        let (mut net, nodes) = stage(i.try_into().unwrap());
        for node in &nodes {
            net.command(*node, Command::Shutdown);
            // Nothing new begins meanwhile.
            net.meet(*node, Role::Host, "7-anchor-basket-cabin", None);
        }
        net.pass(3_000);
        for node in &nodes {
            assert!(net.nodes[*node].finished, "{name}: node {node} goes on");
            assert_eq!(net.services(*node), 0, "{name}");
        }
        assert_eq!(net.streams(), 0, "{name}");
        let open = ConversationEvent::Open;
        let opened = nodes.iter().filter(|node| net.says(**node, &open)).count();
        assert!(opened == 0 || opened == 2, "{name}");
    }
}
