//! The loop on real pipes against a node that is played: texts go in order, the end of the input
//! waits for delivery, and nothing is read faster than it can be kept.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, BufReader};
use tokio::sync::mpsc;
use undertone_handle::command::{Command, MAX_TEXT, Role};
use undertone_handle::event::{CheckEvent, ConversationEvent, Delivery, Event, MeetingEvent};
use undertone_handle::words::{Kind, UserError};
use undertone_handle::{NodeSide, channel};
use undertone_tui::plain::{AtEnd, Lines, Options, Streams, run};
use undertone_tui::{Clock, End, Now, Outcome, Plan, World};

use crate::player::{ID, Player, WORDS, full_plan};

struct Still;

impl Clock for Still {
    fn now(&self) -> Now {
        Now { wall: 1_795_183_320, monotonic: Duration::ZERO }
    }
}

/// A node that pairs at once, delivers every text, and says what it was sent.
async fn node(mut side: NodeSide) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(command) = side.commands.recv().await {
        let told = match command {
            Command::Meet { .. } => vec![
                Event::Meeting(ID, MeetingEvent::Paired),
                Event::Conversation(ID, ConversationEvent::Check(CheckEvent::WishWanted)),
            ],
            Command::Check(..) => vec![Event::Conversation(ID, ConversationEvent::Open)],
            Command::Send { ticket, body, .. } => {
                let message = undertone_handle::MessageId(ticket.0);
                texts.push(body.clone());
                vec![
                    Event::Conversation(
                        ID,
                        ConversationEvent::Queued {
                            ticket,
                            message,
                            body,
                            at: 0,
                            reply: None,
                            timer: None,
                        },
                    ),
                    Event::Conversation(
                        ID,
                        ConversationEvent::Delivery(message, Delivery::Delivered),
                    ),
                ]
            }
            Command::Leave(_) => {
                vec![Event::Conversation(ID, ConversationEvent::Left { confirmed: true })]
            }
            Command::Shutdown => {
                side.tell(Event::Ended).unwrap();
                return texts;
            }
            other => panic!("{other:?}"),
        };
        for event in told {
            side.tell(event).unwrap();
        }
    }
    panic!("the face went away without a word");
}

async fn piped(plan: Plan, options: Options, input: &[u8]) -> (Outcome, Vec<String>, String) {
    let (handle, side) = channel();
    let (_interrupt, interrupts) = mpsc::channel(1);
    let world = World { clock: Box::new(Still), interrupts, keeper: None };
    let (output, mut out) = tokio::io::duplex(1 << 20);
    let mut said = Vec::new();
    let mut input = Lines::new(BufReader::new(input));
    let streams = Streams { input: &mut input, output, words: &mut said, hide: |_| {} };
    let (outcome, texts) = tokio::join!(run(handle, plan, world, options, streams), node(side));
    let mut written = String::new();
    out.read_to_string(&mut written).await.unwrap();
    (outcome, texts, written)
}

fn wishless() -> Plan {
    full_plan(Role::Guest)
}

#[tokio::test]
async fn texts_go_in_order_and_the_end_waits_for_their_delivery() {
    let mut input = String::from("n\n");
    for n in 0..500 {
        input.push_str(&format!("text {n}\r\n"));
    }
    input.push_str("the last line has no end");
    let (outcome, texts, written) = piped(wishless(), WORDS, input.as_bytes()).await;
    assert_eq!(outcome, Outcome { end: End::Done, told: true });
    assert_eq!(texts.len(), 501);
    assert_eq!(texts[499], "text 499");
    assert_eq!(texts[500], "the last line has no end");
    assert_eq!(written, "", "own texts are not repeated");
}

#[tokio::test]
async fn an_empty_input_declines_the_check_and_leaves() {
    let (outcome, texts, _) = piped(wishless(), WORDS, b"").await;
    assert_eq!((outcome.end, texts.len()), (End::Done, 0));
}

#[tokio::test]
async fn a_line_that_is_too_long_is_passed_over_and_told() {
    let mut input = b"n\n".to_vec();
    input.extend(std::iter::repeat_n(b'x', MAX_TEXT + 1));
    input.push(b'\n');
    input.extend(std::iter::repeat_n(b'y', 4 << 20));
    input.extend(b"\nok\n");
    let (outcome, texts, _) = piped(wishless(), WORDS, &input).await;
    assert_eq!(texts, ["ok"]);
    assert!(
        matches!(outcome.end, End::Failed(UserError { kind: Kind::NotDelivered, .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn input_that_is_not_utf_8_still_is_a_text() {
    let (_, texts, _) = piped(wishless(), WORDS, b"n\na\xffb\n").await;
    assert_eq!(texts, ["a\u{fffd}b"]);
}

#[tokio::test]
async fn a_closed_output_ends_the_face() {
    let (handle, side) = channel();
    let (_interrupt, interrupts) = mpsc::channel(1);
    let world = World { clock: Box::new(Still), interrupts, keeper: None };
    let (output, out) = tokio::io::duplex(16);
    drop(out);
    let (input, _keep) = tokio::io::duplex(16);
    let mut input = Lines::new(BufReader::new(input));
    let streams = Streams { input: &mut input, output, words: tokio::io::sink(), hide: |_| {} };
    let face = run(handle, full_plan(Role::Guest), world, WORDS, streams);
    side.tell(Event::Meeting(ID, MeetingEvent::Paired)).unwrap();
    side.tell(Event::Conversation(ID, ConversationEvent::Open)).unwrap();
    side.tell(Event::Conversation(
        ID,
        ConversationEvent::Received {
            message: undertone_handle::MessageId(9),
            body: "hello".into(),
            at: 0,
            reply: None,
            timer: None,
        },
    ))
    .unwrap();
    let outcome = face.await;
    assert!(matches!(outcome.end, End::Failed(UserError { kind: Kind::Environment, .. })));
}

#[test]
fn lines_are_read_no_faster_than_they_can_be_kept() {
    let mut player = Player::new(full_plan(Role::Host), WORDS);
    for n in 0..64 {
        player.line(&format!("text {n}"));
    }
    assert!(!player.wants_line());
    player.meeting(MeetingEvent::Paired).tell(ConversationEvent::Open);
    assert!(player.wants_line());
    assert_eq!(player.transcript.matches("* text").count(), 64);
}

#[test]
fn the_end_of_the_input_can_mean_to_stay() {
    let options = Options { at_end: AtEnd::Stay, ..WORDS };
    let mut player = Player::open(full_plan(Role::Host), options);
    player.line("hello").queued(1, "hello").input_ended();
    player.tell(ConversationEvent::Delivery(undertone_handle::MessageId(1), Delivery::Delivered));
    player.received("still here?");
    assert!(!player.transcript.contains("* leave"), "{}", player.transcript);
}

#[test]
fn the_end_of_the_input_during_a_question_is_told() {
    let mut player = Player::new(crate::player::plan(), WORDS);
    player.line("s").input_ended().event(Event::Ended);
    assert!(matches!(player.end, Some(End::Failed(UserError { kind: Kind::Usage, .. }))));
}
