//! Two hosts under one code, and squatters: no contact comes of it, and each end is told within its
//! own limit.

mod common;

use common::{CODE, Net, place};
use undertone_engine::ServiceState;
use undertone_engine::limits::{ANSWER_PATIENCE, CODE_LIFE, GUEST_PATIENCE};
use undertone_handle::command::Role;
use undertone_handle::event::MeetingEnd;
use undertone_wire::cell::FrameKind;

/// Until the network's own look, a host's own limit and a guest's.
const GUEST_LIMIT: u64 = GUEST_PATIENCE + ANSWER_PATIENCE;

#[test]
fn the_second_host_finds_the_code_taken_and_the_first_is_untouched() {
    let mut net = Net::new(1, 3);
    net.meet(0, Role::Host, CODE, Some(false));
    net.meet(1, Role::Host, CODE, Some(false));
    assert_eq!(net.ended(1), Some(MeetingEnd::CodeTaken));
    assert_eq!((net.services(0), net.services(1)), (1, 0));
    net.meet(2, Role::Guest, CODE, Some(false));
    assert!(net.paired(0) && net.paired(2));
}

/// Neither look found the other; the network notices when the second publishes.
#[test]
fn a_host_whose_address_turns_out_taken_is_told() {
    let mut net = Net::new(2, 1);
    net.publishing = Some(ServiceState::Taken);
    net.meet(0, Role::Host, CODE, Some(false));
    assert_eq!(net.ended(0), Some(MeetingEnd::CodeTaken));
    assert_eq!(net.services(0), 0);
}

#[test]
fn a_squatter_before_the_host_is_found_by_the_look() {
    let mut net = Net::new(3, 1);
    net.squat(place(CODE));
    net.meet(0, Role::Host, CODE, Some(false));
    assert_eq!(net.ended(0), Some(MeetingEnd::CodeTaken));
}

/// Whatever the squatter does with the guest: the guest is told in time, the host expires.
#[test]
fn a_squatter_after_the_host_gains_nothing_and_everybody_is_told() {
    enum Does {
        Nothing,
        HangUp,
        HangUpLate,
        Garbage,
        Refuse(u8),
    }
    let manners = [
        Does::Nothing,
        Does::HangUp,
        Does::HangUpLate,
        Does::Garbage,
        Does::Refuse(1),
        Does::Refuse(2),
        Does::Refuse(3),
        Does::Refuse(4),
    ];
    for (i, does) in manners.iter().enumerate() {
        let mut net = Net::new(4, 2);
        net.meet(0, Role::Host, CODE, Some(false));
        net.squat(place(CODE));
        net.meet(1, Role::Guest, CODE, Some(false));
        let mut spent = 0;
        while net.ended(1).is_none() {
            for visitor in net.visits() {
                match does {
                    Does::Nothing => {}
                    Does::HangUp => net.drop_visitor(&visitor),
                    Does::HangUpLate => {
                        net.pass(ANSWER_PATIENCE - 1_000);
                        spent += ANSWER_PATIENCE - 1_000;
                        net.drop_visitor(&visitor);
                    }
                    Does::Garbage => net.speak(&visitor, FrameKind::Pairing, &[2, 1, 0, 1, 7]),
                    Does::Refuse(code) => net.speak(&visitor, FrameKind::Pairing, &[15, *code]),
                }
            }
            net.pass(500);
            spent += 500;
            assert!(spent <= GUEST_LIMIT, "manner {i}: the guest was never told");
        }
        net.pass(CODE_LIFE);
        assert_eq!(net.ended(0), Some(MeetingEnd::Expired), "manner {i}");
        assert!(!net.paired(0) && !net.paired(1), "manner {i}");
    }
}

/// The squatter goes away in time: nothing is lost, the guest finds the host.
#[test]
fn a_guest_finds_the_host_once_the_squatter_is_gone() {
    let mut net = Net::new(5, 2);
    net.meet(0, Role::Host, CODE, Some(false));
    net.squat(place(CODE));
    net.meet(1, Role::Guest, CODE, Some(false));
    let visitor = net.visits().remove(0);
    net.leave_squat(place(CODE));
    net.drop_visitor(&visitor);
    net.pass(5_000);
    assert!(net.paired(0) && net.paired(1));
}
