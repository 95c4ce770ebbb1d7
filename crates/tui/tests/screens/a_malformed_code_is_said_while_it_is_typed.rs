//! What is no code is said to be none on the screen: while it is typed, and when it is given with
//! Enter. It leads to no meeting, and the next try needs nothing but other keys.

use undertone_handle::command::Role;
use undertone_tui::Plan;

use crate::player::{Player, full_plan};

#[test]
fn each_kind_of_it_has_its_sentence() {
    for (role, who) in [(Role::Host, "host"), (Role::Guest, "guest")] {
        let mut player = Player::new(Plan { code: None, ..full_plan(role) }, 80, 24);
        let mut pictures = String::new();
        for malformed in ["nonsense", "94", "1000-otter-lantern-mesa", "93-ab", "93-ottér"] {
            player.keys(malformed);
            pictures.push_str(&format!("typed {malformed}\n{}\n", player.screen()));
            player.keys("<Enter>");
            pictures.push_str(&format!("and Enter\n{}\n", player.screen()));
            assert!(player.asked.is_empty(), "{malformed}: {:?}", player.asked);
            player.keys("<C-u>");
        }
        insta::assert_snapshot!(who, shortened(&pictures));
        // The proposal is still there to be taken.
        player.keys(if role == Role::Host { "<Enter>" } else { "93-otter-lantern-mesa<Enter>" });
        assert!(player.asked[0].contains("under 93-otter-lantern-mesa"), "{:?}", player.asked);
    }
}

/// The pictures without their empty rows.
fn shortened(pictures: &str) -> String {
    let empty = |row: &str| row.starts_with('│') && row.trim_matches(['│', ' ']).is_empty();
    pictures.lines().filter(|row| !empty(row)).collect::<Vec<_>>().join("\n")
}
