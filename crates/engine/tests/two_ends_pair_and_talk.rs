//! The conversation as it should go: pairing, texts both ways, receipts, goodbye.

mod common;

use common::{CODE, Net, TALK};
use undertone_handle::Command;
use undertone_handle::command::{CheckCommand, Role};
use undertone_handle::event::{CheckEvent, ConversationEvent, Delivery, Trust};

#[test]
fn texts_arrive_once_in_order_and_are_acknowledged() {
    let mut net = Net::open(1);
    let mut sent = [Vec::new(), Vec::new()];
    let mut ids = Vec::new();
    for i in 0..100 {
        for (node, sent) in sent.iter_mut().enumerate() {
            let body = format!("{i} från {node}: 你好 👩\u{200d}🔬 שלום");
            ids.push((node, net.say(node, &body)));
            sent.push(body);
        }
    }
    for node in 0..2 {
        assert_eq!(net.received(node), sent[1 - node]);
    }
    for (node, message) in ids {
        assert!(net.says(
            node,
            &ConversationEvent::Delivery(net.message(node, message).unwrap(), Delivery::Delivered)
        ));
    }
}

#[test]
fn a_skipped_check_is_verified_and_says_skipped() {
    let net = Net::open(2);
    for node in 0..2 {
        assert!(net.says(node, &ConversationEvent::Check(CheckEvent::Skipped)));
        assert!(net.says(node, &ConversationEvent::Trust(Trust::Verified { skipped: true })));
        assert!(!net.says(node, &ConversationEvent::Refused));
    }
}

#[test]
fn the_partner_hears_the_name_and_the_goodbye() {
    let mut net = Net::open(3);
    assert!(net.says(0, &ConversationEvent::PeerName("node1".to_owned())));
    assert!(net.says(1, &ConversationEvent::PeerName("node0".to_owned())));
    assert_eq!(net.services(0), 1, "the contact's own service is up, the code's is gone");
    net.command(1, Command::Leave(TALK));
    assert!(net.says(0, &ConversationEvent::PeerLeft));
    assert!(net.says(1, &ConversationEvent::Left { confirmed: true }));
    assert_eq!((net.services(0), net.streams()), (0, 0));
}

#[test]
fn both_leaving_at_once_is_a_confirmed_end_for_both() {
    let mut net = Net::open(4);
    net.nodes[0].events.clear();
    net.command(0, Command::Shutdown);
    net.command(1, Command::Shutdown);
    net.pass(3_000);
    assert!(net.nodes[0].finished && net.nodes[1].finished);
    assert_eq!(net.services(0), 0);
}

#[test]
fn nothing_is_sent_before_the_check_is_behind_both() {
    let mut net = Net::new(5, 2);
    net.meet(0, Role::Host, CODE, None);
    net.meet(1, Role::Guest, CODE, Some(false));
    net.pass(2_000);
    assert!(net.says(0, &ConversationEvent::Check(CheckEvent::WishWanted)));
    net.say(1, "too early");
    assert!(net.received(0).is_empty());
    net.command(0, Command::Check(TALK, CheckCommand::Wish(false)));
    net.say(1, "now");
    assert_eq!(net.received(0), ["now"]);
}
