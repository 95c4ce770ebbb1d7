//! A mistyped number or first word leads to an address at which nobody is: the guest is told within
//! a minute, and the host never knows.

mod common;

use common::{CODE, Net};
use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, MeetingEnd};

#[test]
fn the_guest_is_told_within_a_minute_and_the_host_still_pairs() {
    for typo in ["94-anchor-basket-cabin", "93-anvil-basket-cabin"] {
        let mut net = Net::new(1, 3);
        net.meet(0, Role::Host, CODE, Some(false));
        let told = net.nodes[0].events.len();
        net.meet(1, Role::Guest, typo, Some(false));
        net.pass(59_999);
        assert_eq!(net.ended(1), Some(MeetingEnd::NobodyAnswers), "{typo}");
        assert_eq!(net.nodes[0].events.len(), told, "the host has seen something of {typo}");

        net.meet(2, Role::Guest, CODE, Some(false));
        net.pass(1_000);
        for node in [0, 2] {
            assert!(net.says(node, &ConversationEvent::Open), "{typo}");
        }
    }
}

/// A network that says nothing at all costs a guest no more time than one that says "not found".
#[test]
fn a_dial_that_never_ends_is_given_up_within_a_minute_too() {
    let mut net = Net::new(2, 1);
    net.mute = true;
    net.meet(0, Role::Guest, CODE, Some(false));
    net.pass(59_999);
    assert_eq!(net.ended(0), Some(MeetingEnd::NobodyAnswers));
}
