//! What is kept of a conversation on this side is what the user chose: all, for a time, or nothing;
//! also of what was there before the choice.

mod common;

use common::{Net, TALK};
use undertone_engine::limits::AT_ONCE;
use undertone_engine::storage::View as _;
use undertone_handle::Command;
use undertone_handle::command::{History, Name};
use undertone_handle::event::{ConversationEvent, Deletion};

const HOUR: u32 = 3_600;
const HOUR_MS: u64 = 3_600_000;

fn keep(net: &mut Net, node: usize, history: History) {
    net.command(node, Command::SetHistory(TALK, history));
}

fn see_all(net: &mut Net, node: usize) {
    if let Some(last) = net.nodes[node].memory().rows(TALK).last().map(|row| row.message) {
        net.command(node, Command::Seen(TALK, last));
    }
}

fn deletions(net: &Net, node: usize) -> Vec<Deletion> {
    let told = net.told(node).into_iter();
    told.filter_map(|e| match e {
        ConversationEvent::Deleted(_, how) => Some(*how),
        _ => None,
    })
    .collect()
}

#[test]
fn kept_for_a_time_is_by_age_on_one_side_alone() {
    let mut net = Net::lasting(1);
    net.say(0, "old");
    net.pass(HOUR_MS / 2);
    keep(&mut net, 0, History::For(HOUR));
    assert!(net.says(0, &ConversationEvent::History(History::For(HOUR))));
    net.say(0, "ours");
    net.say(1, "theirs");
    net.pass(HOUR_MS / 2 + 61_000);
    assert_eq!(net.kept(0), ["ours", "theirs"]);
    net.pass(HOUR_MS / 2);
    assert!(net.kept(0).is_empty());
    assert_eq!(deletions(&net, 0), [Deletion::Timer; 3]);
    assert_eq!(net.kept(1), ["old", "ours", "theirs"]);
}

/// What has not arrived is not let go by its age, and goes when it has.
#[test]
fn what_still_waits_is_not_lost_by_its_age() {
    for history in [History::For(HOUR), History::NotKept] {
        let mut net = Net::lasting(2);
        net.go_dark();
        net.write(0, "before");
        keep(&mut net, 0, history);
        net.write(0, "after");
        net.pass(5 * HOUR_MS);
        assert_eq!(net.kept(0), ["before", "after"], "{history:?}");
        net.light();
        assert_eq!(net.received(1), ["before", "after"], "{history:?}");
        net.pass(61_000);
        assert!(net.kept(0).is_empty(), "{history:?}");
    }
}

#[test]
fn nothing_kept_is_nothing_after_the_look_and_the_receipt() {
    let mut net = Net::lasting(3);
    net.say(0, "before");
    see_all(&mut net, 1);
    for node in 0..2 {
        keep(&mut net, node, History::NotKept);
        assert!(net.kept(node).is_empty(), "what was there goes with the choice");
    }
    net.say(0, "brief");
    assert!(net.kept(0).is_empty(), "it has arrived");
    assert_eq!(net.kept(1), ["brief"], "nobody has seen it");
    see_all(&mut net, 1);
    assert!(net.kept(1).is_empty());
    // Whoever looks at it still sees it.
    assert_eq!((deletions(&net, 0), deletions(&net, 1)), (vec![], vec![]));
    // Unless it has a timer: the screen hears of its end, though nothing was kept.
    net.command(0, Command::SetTimer(TALK, Some(HOUR)));
    net.say(0, "briefer");
    see_all(&mut net, 1);
    assert!(net.kept(0).is_empty() && net.kept(1).is_empty());
    net.pass(HOUR_MS + 1_000);
    for node in 0..2 {
        assert_eq!(deletions(&net, node), [Deletion::Timer], "{node}");
    }
}

#[test]
fn another_choice_dates_everything_anew_in_portions_also_over_a_restart() {
    let mut net = Net::lasting(4);
    let many = 3 * AT_ONCE + 7;
    for i in 0..many {
        net.say(0, &i.to_string());
    }
    let dated =
        |net: &Net| net.nodes[0].memory().rows(TALK).filter(|row| row.expires.is_some()).count();
    keep(&mut net, 0, History::For(HOUR));
    assert!((1..=AT_ONCE).contains(&dated(&net)), "{}", dated(&net));
    net.reload(0);
    net.pass(2_000);
    assert_eq!(dated(&net), many);
    keep(&mut net, 0, History::Kept);
    net.pass(2_000);
    assert_eq!(dated(&net), 0);
    assert_eq!(net.nodes[0].memory().policy(TALK).unwrap().to_date, 0);
    net.pass(2 * HOUR_MS);
    assert_eq!(net.kept(0).len(), many);
}

/// No choice of the history gives a message that disappears any more time.
#[test]
fn a_timer_that_runs_is_not_undone_by_the_history() {
    let mut net = Net::lasting(5);
    net.command(0, Command::SetTimer(TALK, Some(HOUR)));
    net.say(0, "brief");
    see_all(&mut net, 1);
    for history in [History::For(10 * HOUR), History::Kept] {
        keep(&mut net, 0, history);
        keep(&mut net, 1, history);
    }
    net.say(0, "not seen");
    net.pass(HOUR_MS + 61_000);
    assert!(net.kept(0).is_empty());
    assert_eq!(net.kept(1), ["not seen"]);
    // Its age lets go what nobody has seen, but not as a timer would: a clock that goes back
    // between two runs makes it no younger and no older.
    keep(&mut net, 1, History::For(2 * HOUR));
    net.nodes[1].clock -= 86_400;
    net.reload(1);
    net.pass(2 * HOUR_MS);
    assert_eq!(net.kept(1), ["not seen"]);
}

#[test]
fn what_ends_with_the_program_has_no_age() {
    let mut net = Net::open(6);
    net.say(0, "passing");
    keep(&mut net, 0, History::For(1));
    assert!(net.says(0, &ConversationEvent::History(History::Kept)));
    net.pass(61_000);
    assert_eq!(net.kept(0), ["passing"]);
}

#[test]
fn a_partner_is_shown_under_the_name_that_was_chosen() {
    let mut net = Net::lasting(7);
    net.command(0, Command::Rename(TALK, Name::parse("Möwe").unwrap()));
    assert!(net.says(0, &ConversationEvent::Renamed("Möwe".to_owned())));
    net.reload(0);
    assert_eq!(net.nodes[0].memory().contact(TALK).unwrap().peer.as_str(), "Möwe");
    let told = net.told(1).into_iter();
    assert_eq!(told.filter(|e| matches!(e, ConversationEvent::Renamed(_))).count(), 0);
}
