//! The list of a profile's conversations, keys that go from one to another, what is unread, and a draft
//! for each.

use undertone_handle::command::Reaction;
use undertone_handle::event::{ConversationEvent, LinkState, NotSent, StorageEvent, StorageFault};
use undertone_handle::{ConversationId, MessageId, Ticket};
use undertone_tui::Plan;
use undertone_tui::keeper::{Found, Hit};

use crate::player::{Player, WALL, kept_plan, line, rooms};

const ANA: ConversationId = ConversationId(1);
const BEN: ConversationId = ConversationId(2);

fn home(columns: u16, lines: u16) -> Player {
    let mut player = Player::new(kept_plan(rooms()), columns, lines);
    player.ready();
    player
}

fn comes(player: &mut Player, id: ConversationId, message: u64, body: &str) {
    let received = ConversationEvent::Received {
        message: MessageId(message),
        body: body.to_owned(),
        at: WALL,
        reply: None,
        timer: None,
    };
    player.event(undertone_handle::Event::Conversation(id, received));
}

#[test]
fn the_list_at_every_size() {
    for (name, columns, rows) in [("wide", 80, 24), ("narrow", 40, 12), ("least", 20, 5)] {
        let mut player = home(columns, rows);
        comes(&mut player, BEN, 90, "are you there?");
        insta::assert_snapshot!(format!("home_{name}"), player.screen());
    }
}

#[test]
fn keys_go_from_one_to_another_and_back_to_the_list() {
    let mut player = home(80, 24);
    player.keys("<A-2>");
    assert!(player.screen().contains("see you"), "{}", player.screen());
    player.keys("<C-n>");
    assert!(player.screen().contains("blue bench"), "{}", player.screen());
    player.keys("<C-p><Esc>");
    assert!(player.screen().contains("▸ 2 ben"), "{}", player.screen());
    player.keys("<Up><Enter>");
    assert!(player.screen().contains("blue bench"), "{}", player.screen());
    player.keys("/open ben<Enter>");
    assert!(player.screen().contains("see you"), "{}", player.screen());
    player.keys("/list<Enter>");
    assert!(player.screen().contains("Conversations in"), "{}", player.screen());
}

#[test]
fn what_comes_elsewhere_is_counted_until_it_is_on_the_screen() {
    let mut player = home(80, 24);
    player.keys("<A-1>");
    comes(&mut player, BEN, 90, "are you there?");
    comes(&mut player, BEN, 91, "hello?");
    let screen = player.screen();
    assert!(screen.contains("2 new elsewhere") && !screen.contains("hello?"), "{screen}");
    assert_ne!(player.seen, Some(MessageId(91)));
    player.keys("<A-2>");
    let screen = player.screen();
    assert!(screen.contains("hello?") && !screen.contains("new elsewhere"), "{screen}");
    assert_eq!(player.seen, Some(MessageId(91)));
}

#[test]
fn each_has_its_draft_which_is_kept_a_moment_later() {
    let mut player = home(80, 24);
    player.keys("<A-1>for ana");
    assert_eq!(player.asked, Vec::<String>::new());
    player.wait(2);
    assert_eq!(player.asked, ["draft \"for ana\""]);
    player.keys("<A-2>for ben<A-1>");
    assert_eq!(player.asked[1..], ["draft \"for ben\""]);
    assert!(player.screen().contains("> for ana"), "{}", player.screen());
    player.keys("<Enter>");
    assert_eq!(player.asked[2..], ["text \"for ana\"", "draft \"\""]);
    player.keys("<A-2>");
    assert!(player.screen().contains("> for ben"), "{}", player.screen());
}

#[test]
fn a_draft_of_the_last_time_is_there_again() {
    let mut all = rooms();
    all[0].draft = Some(undertone_handle::SecretText::new("as I was say".into()));
    let mut player = Player::new(kept_plan(all), 80, 24);
    assert!(player.screen().contains("draft"), "{}", player.screen());
    player.keys("<Enter>ing");
    assert!(player.screen().contains("> as I was saying"), "{}", player.screen());
}

#[test]
fn what_was_said_before_shows_its_marks() {
    for (name, columns, lines) in [("wide", 80, 24), ("narrow", 40, 12)] {
        let mut all = rooms();
        let ours = line(5, true, "by the old pond?");
        let mut theirs = line(6, false, "yes, but later");
        theirs.reply = Some(MessageId(5));
        theirs.edited = Some(WALL);
        theirs.timer = Some(3600);
        theirs.own_reaction = Reaction::parse("+");
        theirs.peer_reaction = Reaction::parse("🎉");
        (all[0].lines, all[0].timer) = (vec![ours, theirs], Some(3600));
        let plan = Plan { resume: Some(ANA), ..kept_plan(all) };
        let mut player = Player::new(plan, columns, lines);
        insta::assert_snapshot!(format!("resumed_{name}"), player.screen());
    }
}

#[test]
fn commands_change_what_is_kept_and_how_it_is_called() {
    let mut player = home(80, 24);
    player.keys("<A-1>/rename Ana B<Enter>.history days 30<Enter>/history none<Enter>");
    assert_eq!(player.asked[0], "rename Ana B");
    assert!(player.asked[1].contains("For(2592000)"), "{}", player.asked[1]);
    assert!(player.asked[2].contains("NotKept"), "{}", player.asked[2]);
    let renamed = ConversationEvent::Renamed("Ana B".into());
    player.event(undertone_handle::Event::Conversation(ANA, renamed));
    assert!(player.screen().contains("Ana B ●"), "{}", player.screen());
    player.keys("/status<Enter>/config<Enter>");
    insta::assert_snapshot!("status", player.screen());
    player.keys("/clear<Enter>");
    let screen = player.screen();
    assert!(!screen.contains("blue bench") && !screen.contains("Older"), "{screen}");
}

#[test]
fn a_search_looks_in_all_of_them() {
    let mut player = home(80, 24);
    player.keys("/search bench<Enter>");
    assert_eq!(player.asked, ["keep Search(…)"]);
    let hit = Hit {
        conversation: ANA,
        name: "ana".into(),
        line: line(3, false, "the blue bench"),
        before: Some(line(2, true, "where?")),
        after: None,
    };
    player.found(Found::Hits(vec![hit]));
    let screen = player.screen();
    assert!(screen.contains("ana: the blue bench"), "{screen}");
    assert!(screen.contains("you to ana: where?"), "{screen}");
    assert!(screen.contains("One message was found."), "{screen}");
}

#[test]
fn a_storage_that_fails_is_said_until_it_is_well() {
    let mut player = home(80, 24);
    player.keys("<A-1>");
    let fault = StorageEvent::Failed(StorageFault::Full);
    player.event(undertone_handle::Event::Storage(fault));
    let screen = player.screen();
    assert!(screen.contains("There is no room left"), "{screen}");
    assert!(screen.contains("✗ not stored"), "{screen}");
    // What is refused stays in the line, to be sent again.
    player.keys("too much<Enter>");
    let refused = ConversationEvent::NotSent(Ticket(1), NotSent::NotStored);
    player.event(undertone_handle::Event::Conversation(ANA, refused));
    assert!(player.screen().contains("> too much"), "{}", player.screen());
    player.event(undertone_handle::Event::Storage(StorageEvent::Well));
    let screen = player.screen();
    assert!(
        screen.contains("can be written again") && !screen.contains("✗ not stored"),
        "{screen}"
    );
}

/// Who is blocked is marked so in the list and on the screen, and what is typed to them comes back.
#[test]
fn a_blocked_contact_is_marked() {
    let mut all = rooms();
    all[1].blocked = true;
    let mut player = Player::new(kept_plan(all), 80, 24);
    player.ready();
    player.keys("<A-1>/block<Enter>");
    assert_eq!(player.asked, ["Block(ConversationId(1), true)"]);
    player.tell_to(ANA, ConversationEvent::Blocked(true));
    player.tell_to(ANA, ConversationEvent::Link(LinkState::Away));
    player.keys("hello<Enter>");
    let refused = ConversationEvent::NotSent(Ticket(1), NotSent::Blocked);
    player.tell_to(ANA, refused);
    insta::assert_snapshot!("blocked", player.screen());
    player.keys("<Esc>");
    insta::assert_snapshot!("home_blocked", player.screen());
    player.keys("<A-2>/unblock<Enter>");
    assert_eq!(player.asked.last().unwrap(), "Block(ConversationId(2), false)");
    player.tell_to(BEN, ConversationEvent::Blocked(false));
    assert!(player.screen().contains("ben is not blocked."), "{}", player.screen());
}

/// Leaving for good wants the name; the other conversations go on.
#[test]
fn a_contact_is_left_for_good_by_name() {
    let mut player = home(80, 24);
    for wrong in ["", " Ana", " ben", " an"] {
        player.keys(&format!("<A-1>/leave{wrong}<Enter>"));
        assert_eq!(player.asked, Vec::<String>::new(), "{wrong}");
        assert!(player.screen().contains("/leave ana says goodbye"), "{}", player.screen());
        player.keys("<C-u>");
    }
    player.keys("/leave ana<Enter>");
    assert_eq!(player.asked, ["leave"]);
    player.tell_to(ANA, ConversationEvent::Left { confirmed: true });
    insta::assert_snapshot!("home_without_ana", player.screen());
    comes(&mut player, BEN, 90, "are you there?");
    player.keys("<Enter>");
    assert!(player.screen().contains("are you there?"), "{}", player.screen());
    // One that is not shown when its goodbye is out.
    player.keys("/leave ben<Enter>/list<Enter>");
    player.tell_to(BEN, ConversationEvent::Left { confirmed: false });
    let screen = player.screen();
    assert!(!screen.contains("ben") && screen.contains("Say a code"), "{screen}");
}

/// What was said before the last messages is read when the view comes near it, in whichever conversation.
#[test]
fn older_messages_are_read_by_going_up() {
    let mut all = rooms();
    all[0].lines = (1_000..1_040).map(|n| line(n, n % 3 == 0, &format!("message {n}"))).collect();
    let mut player = Player::new(kept_plan(all), 80, 24);
    player.ready();
    player.keys("<A-1>");
    assert_eq!(player.asked, Vec::<String>::new());
    player.keys("<PgUp>");
    assert_eq!(player.asked, ["keep Page(…)"]);
    let older =
        |from: u64, to| (from..to).map(|n| line(n, false, &format!("message {n}"))).collect();
    player.found(Found::Page(ANA, older(900, 1_000)));
    player.keys("<PgUp><PgUp>");
    let screen = player.screen();
    assert!(screen.contains("message 970") && !screen.contains("message 1030"), "{screen}");
    player.keys(&"<PgUp>".repeat(5));
    assert_eq!(player.asked, ["keep Page(…)"; 2]);
    // It comes while another conversation is shown.
    player.keys("<A-2>");
    player.found(Found::Page(ANA, older(897, 900)));
    assert!(!player.screen().contains("message 89"), "{}", player.screen());
    player.keys("<A-1><PgUp><PgUp>");
    assert!(player.screen().contains("message 897"), "{}", player.screen());
    assert_eq!(player.asked.len(), 2, "fewer than were wanted came: there are no more");
}
