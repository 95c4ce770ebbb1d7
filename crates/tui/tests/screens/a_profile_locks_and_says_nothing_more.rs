//! A lasting profile: `/lock`, Ctrl-L and idleness end the node and take everything off the screen; a
//! profile without a password says so instead; passwords are typed unseen, twice, with an estimate.

use std::time::Duration;

use undertone_handle::words::Locked;
use undertone_tui::keeper::Found;
use undertone_tui::{End, Plan, Profile};

use crate::player::{Player, kept_plan, rooms};

fn plan(password: bool, minutes: u64) -> Plan {
    let mut plan = kept_plan(rooms());
    plan.profile = plan.profile.map(|profile| Profile {
        password,
        idle_lock: (minutes > 0).then(|| Duration::from_secs(60 * minutes)),
        ..profile
    });
    plan
}

fn ana(password: bool, minutes: u64) -> Player {
    let mut player = Player::new(plan(password, minutes), 80, 24);
    player.ready().keys("<Enter>");
    player.asked.clear();
    player
}

#[test]
fn the_command_and_the_key_lock_and_nothing_stays_on_the_screen() {
    for keys in ["/lock<Enter>", ".lock<Enter>", "<C-l>"] {
        let mut player = ana(true, 15);
        assert!(player.screen().contains("blue bench"), "{}", player.screen());
        player.keys(keys);
        assert_eq!(player.asked.last().map(String::as_str), Some("shutdown"));
        let screen = player.screen();
        for word in ["blue bench", "ana", "ben", "lock<"] {
            assert!(!screen.contains(word), "{word} in\n{screen}");
        }
        assert!(screen.contains("Locking …"), "{screen}");
        // What comes before the node has ended is not shown either.
        player.received("too late");
        assert!(!player.screen().contains("too late"));
        player.ended();
        assert_eq!(player.end, Some(End::Locked(Locked::Asked, Some(player.id))));
    }
}

#[test]
fn what_was_begun_is_kept_before_the_lock() {
    let mut player = ana(true, 15);
    player.keys("half a thou<C-l>");
    assert_eq!(player.asked, ["draft \"half a thou\"", "shutdown"]);
}

#[test]
fn idleness_locks_after_the_minutes_of_the_setting_and_never_with_none() {
    let mut player = ana(true, 15);
    player.wait(14 * 60 + 59);
    assert!(player.screen().contains("blue bench"));
    player.keys("x").wait(14 * 60 + 59);
    assert!(player.screen().contains("blue bench"), "a key was pressed");
    player.wait(1);
    assert!(!player.screen().contains("blue bench"));
    player.ended();
    assert_eq!(player.end, Some(End::Locked(Locked::Idle, Some(player.id))));

    for (password, minutes) in [(true, 0), (false, 15)] {
        let mut player = ana(password, minutes);
        player.wait(100_000);
        assert!(player.screen().contains("blue bench"), "{password} {minutes}");
    }
}

#[test]
fn a_machine_that_slept_wakes_up_locked() {
    let mut player = ana(true, 15);
    player.sleep(3600);
    assert!(!player.screen().contains("blue bench"));
}

#[test]
fn a_profile_without_a_password_says_so_and_does_not_lock() {
    let mut player = Player::new(plan(false, 15), 80, 24);
    assert!(player.screen().contains("This profile has no password"), "{}", player.screen());
    player.keys("<Enter><C-l>");
    assert!(player.screen().contains("can't be locked"), "{}", player.screen());
    player.keys("/setpassword<Enter>correct horse<Enter>");
    player.keys("correct horse<Enter>");
    let asked = "keep password None -> \"correct horse\"";
    assert_eq!(player.asked.last().map(String::as_str), Some(asked));
    player.found(Found::Password(true));
    assert!(player.screen().contains("The password is changed."), "{}", player.screen());
    player.keys("/setpassword<Enter>");
    assert!(player.screen().contains("The profile has a password"), "{}", player.screen());
    player.keys("<C-u><C-l>");
    assert!(!player.screen().contains("blue bench"));
}

#[test]
fn passwords_are_typed_unseen_and_the_present_one_is_asked_for() {
    let mut player = ana(true, 15);
    player.keys("/changepassword<Enter>marmalade");
    insta::assert_snapshot!("password_present", player.screen());
    player.keys("<Enter>otter-lantern-mesa");
    insta::assert_snapshot!("password_new", player.screen());
    // What comes meanwhile takes no key from the form.
    player.received("hello?");
    player.keys("<Enter>otter-lantern-mesa<Enter>");
    let asked = "keep password Some(\"marmalade\") -> \"otter-lantern-mesa\"";
    assert_eq!(player.asked.last().map(String::as_str), Some(asked));
    assert!(!player.asked.iter().any(|asked| asked.starts_with("text")), "{:?}", player.asked);
    player.found(Found::Password(false));
    assert!(player.screen().contains("not the present password"), "{}", player.screen());
    player.keys("<Esc>");
    let screen = player.screen();
    assert!(screen.contains("The password stays as it is."), "{screen}");
    assert!(!screen.contains("marmalade") && !screen.contains("otter"), "{screen}");
}

#[test]
fn two_spellings_of_the_new_password_leave_the_old_one() {
    let mut player = ana(true, 15);
    player.keys("/changepassword<Enter>marmalade<Enter>otter<Enter>ottre<Enter>");
    assert!(player.screen().contains("The two passwords differ"), "{}", player.screen());
    assert!(!player.asked.iter().any(|asked| asked.starts_with("keep")), "{:?}", player.asked);
}

#[test]
fn help_has_a_page_about_the_profile() {
    let mut player = ana(true, 15);
    player.keys("/help<Enter>");
    assert!(player.screen().contains("Any key: about the profile."), "{}", player.screen());
    player.keys("x");
    insta::assert_snapshot!("help_of_profile", player.screen());
    player.keys("x");
    assert!(player.screen().contains("blue bench"), "{}", player.screen());
}
