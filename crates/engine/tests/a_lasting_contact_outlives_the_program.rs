//! A lasting contact is there again when the program is, whatever ended the program; a passing one
//! ends with it.

mod common;

use common::{CODE, Crash, Net, TALK};
use undertone_engine::storage::View as _;
use undertone_handle::Command;
use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, LinkState, NotSent};

fn lasting(seed: u8) -> Net {
    let mut net = Net::new(seed, 2);
    net.lasting = true;
    net.meet(0, Role::Host, CODE, Some(false));
    net.meet(1, Role::Guest, CODE, Some(false));
    assert!(net.says(0, &ConversationEvent::Open) && net.says(1, &ConversationEvent::Open));
    net
}

/// The program of a node ends in order and begins anew from what is stored.
fn restart(net: &mut Net, node: usize) {
    net.command(node, Command::Shutdown);
    assert!(net.nodes[node].finished, "nothing keeps the program from ending");
    net.reload(node);
}

#[test]
fn what_is_written_while_the_other_is_away_arrives_when_it_is_back() {
    let mut net = lasting(1);
    net.say(0, "one");
    net.command(1, Command::Shutdown);
    assert!(net.nodes[1].finished);
    assert!(!net.says(0, &ConversationEvent::PeerLeft), "no goodbye was said");
    assert!(net.says(0, &ConversationEvent::Link(LinkState::Away)));
    net.say(0, "two");
    // A day goes by; nobody gives up.
    net.pass(86_400_000);
    assert!(!net.says(0, &ConversationEvent::Link(LinkState::GivenUp)));
    net.reload(1);
    net.pass(10_000);
    assert_eq!(net.received(1), ["one", "two"]);
    net.say(1, "three");
    assert_eq!(net.received(0), ["three"]);
    for node in 0..2 {
        assert_eq!(net.nodes[node].memory().outbox_len(TALK), 0);
    }
}

#[test]
fn ids_go_on_where_they_ended() {
    let mut net = lasting(2);
    net.say(0, "one");
    net.say(1, "eins");
    restart(&mut net, 0);
    net.pass(20_000);
    net.say(0, "two");
    let rows: Vec<_> = net.nodes[0].memory().rows(TALK).map(|row| row.message.0).collect();
    assert_eq!(rows, [(1 << 32) | 1, (1 << 32) | 2, (1 << 32) | 3]);
    assert_eq!(net.nodes[0].memory().profile().next_number, 2);
}

/// The host serves and the guest dials: whichever is away, the other finds it again.
#[test]
fn either_end_can_be_away() {
    for away in 0..2 {
        let mut net = lasting(3);
        net.command(away, Command::Shutdown);
        net.pass(3_600_000);
        net.reload(away);
        net.pass(6 * 60_000);
        assert!(net.says(away, &ConversationEvent::Link(LinkState::Up)), "{away} was away");
        net.say(0, "there you are");
        assert_eq!(net.received(1), ["there you are"]);
    }
}

#[test]
fn a_goodbye_ends_it_for_both_and_leaves_what_was_said_with_the_one_who_did_not_say_it() {
    let mut net = lasting(4);
    net.say(0, "one");
    net.command(0, Command::Leave(TALK));
    net.pass(5_000);
    assert!(net.says(1, &ConversationEvent::PeerLeft));
    assert_eq!(net.nodes[0].memory().contacts(), [], "who left keeps nothing");
    assert_eq!(net.nodes[1].memory().rows(TALK).count(), 1);
    assert_eq!((net.services(0), net.services(1), net.streams()), (0, 0, 0));
    // Neither now nor after a restart can anything be said, or is anybody called.
    for _ in 0..2 {
        let ticket = net.say(1, "to nobody");
        assert!(net.says(1, &ConversationEvent::NotSent(ticket, NotSent::NotOpen)));
        restart(&mut net, 1);
        net.pass(3_600_000);
        assert_eq!((net.services(1), net.streams()), (0, 0));
    }
    net.command(1, Command::Leave(TALK));
    assert_eq!(net.nodes[1].memory().contacts(), []);
    assert_eq!(net.nodes[1].memory().rows(TALK).count(), 0);
}

#[test]
fn a_crash_is_a_restart() {
    for step in 0..6 {
        for how in [Crash::BeforeCommit, Crash::AfterCommit, Crash::AfterEffects] {
            let mut net = lasting(5);
            net.crash = Some((1, step, how));
            for i in 0..4 {
                net.say(0, &format!("{i}"));
            }
            net.pass(60_000);
            let rows = net.nodes[1].memory().rows(TALK);
            let stored: Vec<_> = rows.map(|row| row.body.as_str().to_owned()).collect();
            assert_eq!(stored, ["0", "1", "2", "3"], "{step} {how:?}");
            assert_eq!(net.nodes[0].memory().outbox_len(TALK), 0, "{step} {how:?}");
        }
    }
}
