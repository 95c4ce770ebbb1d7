//! Two guests have the same code: one pairs, and the other is told within its limits.

mod common;

use common::{CODE, Net, Tap};
use undertone_engine::limits::{ANSWER_PATIENCE, GUEST_PATIENCE};
use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, MeetingEnd};
use undertone_wire::cell::FrameKind;

/// The second comes while the first is at each message of its pairing, at which the network stalls.
#[test]
fn the_second_is_told_wherever_the_first_one_is() {
    for stalls_at in 1..=8 {
        let mut net = Net::new(1, 3);
        net.meet(0, Role::Host, CODE, Some(false));
        let mut count = 0;
        net.tap = Some(Box::new(move |passing| {
            let first = passing.from.node == 1 || passing.to.node == 1;
            count += usize::from(first && passing.kind == FrameKind::Pairing);
            if first && count >= stalls_at { Tap::Drop } else { Tap::Pass }
        }));
        net.meet(1, Role::Guest, CODE, Some(false));
        net.meet(2, Role::Guest, CODE, Some(false));
        net.pass(GUEST_PATIENCE + ANSWER_PATIENCE);
        assert!(!net.paired(1));
        if stalls_at <= 3 {
            // The first never confirmed: its turn passed, or it had none, and the second paired.
            assert!(net.says(0, &ConversationEvent::Open), "{stalls_at}");
            assert!(net.says(2, &ConversationEvent::Open), "{stalls_at}");
            assert!(net.ended(1).is_some(), "{stalls_at}");
        } else {
            assert_eq!(net.ended(2), Some(MeetingEnd::NobodyAnswers), "{stalls_at}");
            assert_eq!(net.ended(1), Some(MeetingEnd::PartnerGone), "{stalls_at}");
        }
    }
}

#[test]
fn the_one_who_comes_after_the_pairing_finds_nobody() {
    let mut net = Net::new(2, 3);
    net.meet(0, Role::Host, CODE, Some(false));
    net.meet(1, Role::Guest, CODE, Some(false));
    net.meet(2, Role::Guest, CODE, Some(false));
    assert!(net.paired(0) && net.paired(1));
    net.pass(60_000);
    assert_eq!(net.ended(2), Some(MeetingEnd::NobodyAnswers));
    // Nor did it disturb the two.
    net.say(0, "still here");
    assert_eq!(net.received(1), ["still here"]);
}

/// Both at once, nobody stalls: exactly one pairs.
#[test]
fn exactly_one_of_two_pairs() {
    for seed in 0..20 {
        let mut net = Net::new(seed, 3);
        net.meet(0, Role::Host, CODE, Some(false));
        net.down = true;
        net.meet(1, Role::Guest, CODE, Some(false));
        net.meet(2, Role::Guest, CODE, Some(false));
        net.down = false;
        net.pass(GUEST_PATIENCE);
        let paired = [1, 2].iter().filter(|node| net.paired(**node)).count();
        assert_eq!(paired, 1, "seed {seed}");
        let told = [1, 2].iter().filter_map(|node| net.ended(*node)).collect::<Vec<_>>();
        assert_eq!(told, [MeetingEnd::NobodyAnswers], "seed {seed}");
    }
}
