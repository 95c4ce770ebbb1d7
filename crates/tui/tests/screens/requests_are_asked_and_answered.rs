//! The public address and requests on the full screen: questions, the list, what is told where, and a
//! conversation that begins.

use undertone_handle::command::Name;
use undertone_handle::event::{
    AddressEvent, AskedEvent, ConversationEvent, Event, MeetingEvent, RequestEvent, Trust,
};
use undertone_handle::{ConversationId, address};
use undertone_tui::Requests;
use undertone_tui::keeper::Found;

use crate::common::{ADDRESS, asked, comes, requests};
use crate::player::{Player, kept_plan, rooms};

fn nobody(columns: u16, rows: u16) -> Player {
    let mut player = Player::new(kept_plan(Vec::new()), columns, rows);
    player.ready();
    player
}

fn asking(columns: u16, rows: u16) -> Player {
    let mut player = Player::new(asked(kept_plan(rooms()), requests()), columns, rows);
    player.ready();
    player
}

fn begins(player: &mut Player, id: ConversationId) {
    player.event(Event::Meeting(id, MeetingEvent::Paired));
    player.tell_to(id, ConversationEvent::Trust(Trust::Unverified));
    player.tell_to(id, ConversationEvent::Open);
}

#[test]
fn somebody_is_asked_from_an_empty_list() {
    let mut player = nobody(80, 24);
    insta::assert_snapshot!("nobody_yet", player.screen());
    player.keys("/ask ").paste(&format!("{ADDRESS}\n")).keys("<Enter>");
    insta::assert_snapshot!("ask_nick", player.screen());
    player.keys("bob<Enter><Enter>");
    let screen = player.screen();
    assert!(screen.contains("Nobody was asked."), "{screen}");
    player.keys("/ask ").paste(ADDRESS).keys("<Enter>bob<Enter>doug<Enter>");
    insta::assert_snapshot!("ask_greeting", player.screen());
    player.keys("the one from the pond<Enter>");
    assert_eq!(
        player.asked,
        [format!("ask 00000000000000a7 as bob, doug: \"the one from the pond\" for {ADDRESS}")]
    );
    let id = ConversationId(0xa7);
    player.event(Event::Asked(id, AskedEvent::Kept));
    player.event(Event::Asked(id, AskedEvent::Arrived));
    assert!(player.screen().contains("has arrived"), "{}", player.screen());
    begins(&mut player, id);
    insta::assert_snapshot!("begun", player.screen());
    player.keys("<Enter>");
    insta::assert_snapshot!("begun_and_open", player.screen_with_styles());
    player.keys("hello<Enter>");
    assert_eq!(player.asked.last().map(String::as_str), Some("text \"hello\""));
}

#[test]
fn an_address_is_shown_switched_and_replaced_by_a_word() {
    let mut player = nobody(80, 24);
    let address = address::parse(ADDRESS).unwrap();
    player.keys("/address<Enter>").found(Found::Requests(Requests::default()));
    assert!(player.screen().contains("You have no public address."), "{}", player.screen());
    player.keys("/address on<Enter>");
    player.event(Event::Address(AddressEvent::Publishing(address)));
    player.event(Event::Address(AddressEvent::Reachable(address)));
    insta::assert_snapshot!("address_on", player.screen());
    player.keys("/address replace<Enter>");
    insta::assert_snapshot!("replace", player.screen());
    player.keys("yes<Enter>");
    assert!(player.screen().contains("The address stays as it is."), "{}", player.screen());
    player.keys("/address replace<Enter>replace<Enter>/address off<Enter>");
    assert_eq!(player.asked, ["keep Requests", "Address(On)", "Address(Replace)", "Address(Off)"]);
}

#[test]
fn the_list_of_requests_at_every_size() {
    for (name, columns, rows) in [("wide", 80, 24), ("narrow", 40, 12), ("least", 20, 5)] {
        let mut player = asking(columns, rows);
        player.keys("/requests<Enter>").found(Found::Requests(requests()));
        insta::assert_snapshot!(format!("requests_{name}"), player.screen());
    }
}

#[test]
fn a_long_list_is_scrolled_and_left() {
    let mut player = asking(40, 12);
    let mut many = requests();
    let first = many.came[0].clone();
    many.came.extend((1..9).map(|number| {
        let mut one = first.clone();
        one.conversation = ConversationId(number);
        one
    }));
    player.keys("/requests<Enter>").found(Found::Requests(many));
    let top = player.screen();
    player.keys("<PgDn><Down>");
    assert_ne!(player.screen(), top);
    player.keys("<End>");
    assert!(player.screen().contains("sixteen"), "{}", player.screen());
    player.keys("<Home>");
    assert_eq!(player.screen(), top);
    player.keys("<Esc>");
    assert!(player.screen().contains("Conversations in"), "{}", player.screen());
}

#[test]
fn a_request_is_answered_from_the_list_of_all() {
    let mut player = asking(80, 24);
    player.keys("/requests<Enter>").found(Found::Requests(requests()));
    player.keys("/refuse carla<Enter>");
    player.event(Event::Request(ConversationId(0xc1), RequestEvent::Refused));
    let screen = player.screen();
    assert!(screen.contains("You have refused"), "{screen}");
    assert!(!screen.contains("waits for your answer"), "{screen}");
    player.keys("/block-request carla<Enter>");
    player.event(Event::Request(ConversationId(0xc1), RequestEvent::Blocked));
    player.keys("/unblock-request carla<Enter>/withdraw<Enter>/accept carla<Enter>");
    assert!(player.screen().contains("Nothing was done: the request"), "{}", player.screen());
    assert_eq!(
        player.asked[1..],
        [
            "refuse 00000000000000c1",
            "block 00000000000000c1",
            "unblock 00000000000000c1",
            "withdraw 00000000000000e1"
        ]
    );
}

#[test]
fn a_request_that_comes_is_told_in_the_conversation_that_is_open() {
    let mut player = asking(80, 24);
    assert!(player.screen().contains("+ 1 request: /requests"), "{}", player.screen());
    player.keys("<A-1>");
    assert!(player.screen().contains("+ 1 request"), "{}", player.screen());
    player.keys("half a sen");
    player.event(comes(0xf1, "frank", "hello\nana: it's me"));
    insta::assert_snapshot!("told_in_a_conversation", player.screen());
    // Nothing takes the keyboard away.
    player.keys("tence<Enter>");
    assert_eq!(player.asked.last().map(String::as_str), Some("text \"half a sentence\""));
    player.keys("/accept frank<Enter>bob<Enter>Frank<Enter>");
    assert_eq!(
        player.asked.last().map(String::as_str),
        Some("accept 00000000000000f1 as bob, Frank")
    );
    begins(&mut player, ConversationId(0xf1));
    player.keys("/open frank<Enter>");
    assert!(player.screen().contains("nothing vouches for"), "{}", player.screen());
}

#[test]
fn names_that_were_given_before_this_program_began_are_looked_up() {
    let mut player = asking(80, 24);
    begins(&mut player, ConversationId(0xe1));
    assert_eq!(player.asked, ["keep Names(…)"]);
    let (nick, peer) = (Name::parse("bob").unwrap(), Name::parse("Eve B").unwrap());
    player.found(Found::Names { conversation: ConversationId(0xe1), nick, peer });
    assert!(player.screen().contains("3 Eve B"), "{}", player.screen());
}

#[test]
fn a_lock_forgets_all_requests() {
    let mut player = asking(80, 24);
    player.keys("/requests<Enter>").found(Found::Requests(requests()));
    assert!(player.screen().contains("carla"), "{}", player.screen());
    player.keys("/lock<Enter>");
    player.event(comes(0xf1, "frank", "too late"));
    player.found(Found::Requests(requests()));
    let screen = player.screen();
    assert!(!screen.contains("carla") && !screen.contains("frank"), "{screen}");
}

#[test]
fn no_size_is_too_small_to_draw() {
    for columns in [1, 2, 7, 19, 41, 300] {
        for rows in [1, 2, 5, 10, 100] {
            let mut player = asking(columns, rows);
            player.event(comes(0xf1, "שלום", &"👩\u{200d}🔬".repeat(400)));
            drop(player.screen());
            player.keys("/requests<Enter>").found(Found::Requests(requests()));
            player.keys("<PgDn><End>");
            drop(player.screen());
            player.keys("/accept carla<Enter>");
            drop(player.screen());
        }
    }
}
