//! Each check gives whoever is there a guess. After three failures none runs by a habit any more:
//! the user types a word first, on the side that asks and on the side that is asked.

mod common;

use common::{Net, TALK};
use undertone_handle::command::{CONFIRMATION, CheckCommand};
use undertone_handle::event::{CheckEvent, ConversationEvent, Trust};
use undertone_handle::{Command, SecretText};

fn check(net: &mut Net, node: usize, command: CheckCommand) {
    net.command(node, Command::Check(TALK, command));
}

fn secret(net: &mut Net, node: usize, words: &str) {
    check(net, node, CheckCommand::Secret(SecretText::new(words.to_owned())));
}

fn confirm(net: &mut Net, node: usize, word: &str) {
    check(net, node, CheckCommand::Confirm(word.to_owned()));
}

fn count(net: &Net, node: usize, event: CheckEvent) -> usize {
    let event = ConversationEvent::Check(event);
    net.told(node).into_iter().filter(|told| **told == event).count()
}

/// A conversation in which three checks have failed and both have stayed.
fn failed() -> Net {
    let mut net = Net::open(21);
    for failures in 1..=3 {
        check(&mut net, 0, CheckCommand::Wish(true));
        secret(&mut net, 0, "left");
        secret(&mut net, 1, "right");
        for node in 0..2 {
            assert_eq!(count(&net, node, CheckEvent::ConfirmationWanted), 0);
            assert_eq!(count(&net, node, CheckEvent::Mismatch), failures);
            check(&mut net, node, CheckCommand::Stay);
        }
    }
    net
}

#[test]
fn no_secret_is_taken_before_the_word() {
    for asks in 0..2 {
        let mut net = failed();
        check(&mut net, asks, CheckCommand::Wish(true));
        for node in 0..2 {
            assert_eq!(count(&net, node, CheckEvent::ConfirmationWanted), 1);
            assert_eq!(count(&net, node, CheckEvent::SecretWanted), 3);
            secret(&mut net, node, "pond");
            assert_eq!(count(&net, node, CheckEvent::WaitingForPeer), 3);
        }
        for (typed, wrong) in ["", "y", "yes", "Check it", "chec"].into_iter().enumerate() {
            confirm(&mut net, 0, wrong);
            assert_eq!(count(&net, 0, CheckEvent::ConfirmationWanted), typed + 2, "{wrong}");
            assert_eq!(count(&net, 0, CheckEvent::SecretWanted), 3, "{wrong}");
        }
        for node in 0..2 {
            confirm(&mut net, node, CONFIRMATION);
            assert_eq!(count(&net, node, CheckEvent::SecretWanted), 4);
            secret(&mut net, node, "pond");
        }
        for node in 0..2 {
            assert_eq!(count(&net, node, CheckEvent::Match), 1);
            assert!(net.says(node, &ConversationEvent::Trust(Trust::Authenticated)));
        }
    }
}

/// The word is for one run, and a match gives no three guesses more.
#[test]
fn each_further_run_wants_it_again() {
    let mut net = failed();
    for run in 1..=2 {
        check(&mut net, 1, CheckCommand::Wish(true));
        for node in 0..2 {
            assert_eq!(count(&net, node, CheckEvent::ConfirmationWanted), run);
            confirm(&mut net, node, CONFIRMATION);
            secret(&mut net, node, "pond");
        }
        assert_eq!(count(&net, 0, CheckEvent::Match), run);
    }
}

#[test]
fn who_does_not_type_it_can_cancel() {
    let mut net = failed();
    check(&mut net, 0, CheckCommand::Wish(true));
    check(&mut net, 1, CheckCommand::Cancel);
    assert_eq!(count(&net, 1, CheckEvent::Cancelled), 1);
    assert_eq!(count(&net, 0, CheckEvent::PeerCancelled), 1);
    confirm(&mut net, 1, CONFIRMATION);
    assert_eq!(count(&net, 1, CheckEvent::SecretWanted), 3);
}
