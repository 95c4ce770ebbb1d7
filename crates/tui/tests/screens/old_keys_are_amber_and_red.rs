//! Keys that grow old are amber in the status line, and red when nothing is sent any more; each with a
//! mark and a word of its own, so that it is seen without colours, and on the smallest screen.

use undertone_handle::command::Role;
use undertone_handle::event::{CheckEvent, ConversationEvent, Delivery, HealingEvent, NetworkKind};
use undertone_tui::Plan;

use crate::player::{Player, full_plan};

fn healing(player: &mut Player, event: HealingEvent) {
    player.tell(ConversationEvent::Healing(event));
}

fn talking(colour: bool, columns: u16, rows: u16) -> Player {
    Player::talking(Plan { colour, ..full_plan(Role::Host) }, columns, rows)
}

/// The last row of the screen.
fn status(player: &mut Player) -> String {
    let picture = player.screen();
    picture.lines().rev().find(|line| line.starts_with('│')).unwrap().to_owned()
}

#[test]
fn late_and_stopped_and_well_again() {
    let mut player = talking(true, 80, 24);
    player.sent("still goes out", Delivery::Delivered);
    healing(&mut player, HealingEvent::Late);
    insta::assert_snapshot!("late", player.screen_with_styles());
    healing(&mut player, HealingEvent::Stopped);
    player.sent("waits", Delivery::Waiting);
    insta::assert_snapshot!("stopped", player.screen_with_styles());
    healing(&mut player, HealingEvent::Renewed);
    insta::assert_snapshot!("well_again", player.screen_with_styles());
}

#[test]
fn without_colours_the_marks_and_words_say_it() {
    let mut player = talking(false, 80, 24);
    healing(&mut player, HealingEvent::Late);
    assert!(!player.has_colour());
    insta::assert_snapshot!("late_no_colour", player.screen_with_styles());
    healing(&mut player, HealingEvent::Stopped);
    assert!(!player.has_colour());
    insta::assert_snapshot!("stopped_no_colour", player.screen_with_styles());
}

#[test]
fn on_the_smallest_screen_it_comes_before_all_else() {
    for (event, shown) in
        [(HealingEvent::Late, "◆ old keys"), (HealingEvent::Stopped, "✗ stopped: old keys")]
    {
        let mut player = talking(true, 20, 5);
        healing(&mut player, event);
        assert!(status(&mut player).contains(shown), "{}", player.screen());
        // Where there is no anonymity, that is said first; both have room from 40 columns on.
        let plan = Plan { network: NetworkKind::Local, ..full_plan(Role::Host) };
        let mut player = Player::talking(plan, 40, 5);
        healing(&mut player, event);
        let status = status(&mut player);
        assert!(status.contains("no anonymity") && status.contains(shown), "{status}");
    }
}

#[test]
fn both_spellings_ask_for_new_keys() {
    for command in ["/heal", ".heal", "/hea<Tab>", "/heal "] {
        let mut player = talking(true, 80, 24);
        player.keys(command).keys("<Enter>");
        assert_eq!(player.asked, ["heal"], "{command}");
    }
}

#[test]
fn what_was_asked_for_is_shown_until_it_is_there() {
    let mut player = talking(true, 80, 24);
    player.keys("/heal<Enter>");
    healing(&mut player, HealingEvent::Waiting);
    assert!(status(&mut player).contains("◇ new keys wait"));
    healing(&mut player, HealingEvent::Begun);
    insta::assert_snapshot!("making_new_keys", player.screen_with_styles());
    healing(&mut player, HealingEvent::Renewed);
    assert!(!status(&mut player).contains("keys"));
}

/// That something is on its way against it doesn't hide an alarm; only its end does.
#[test]
fn an_alarm_stays_until_it_is_over() {
    for alarm in [HealingEvent::Late, HealingEvent::Stopped] {
        let mut player = talking(true, 80, 24);
        healing(&mut player, alarm);
        for event in [HealingEvent::Begun, HealingEvent::Waiting] {
            healing(&mut player, event);
            assert!(status(&mut player).contains("old keys"), "{event:?}");
        }
        healing(&mut player, HealingEvent::Renewed);
        assert!(!status(&mut player).contains("keys"));
    }
}

/// A check that begins anew is said, and takes no question or answer away.
#[test]
fn a_check_that_begins_anew_leaves_the_question_open() {
    let mut player = talking(true, 80, 24);
    player.keys("/check<Enter>");
    player.tell(ConversationEvent::Check(CheckEvent::SecretWanted)).keys("blue ");
    player.tell(ConversationEvent::Check(CheckEvent::BegunAnew)).keys("bench<Enter>");
    assert_eq!(player.asked, ["wish true", "secret \"blue bench\""]);
    assert!(player.screen().contains("The keys were renewed"), "{}", player.screen());
}
