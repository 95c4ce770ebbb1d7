//! `undertone demo`: both ends in one program, two nodes that share nothing but the network.

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use undertone_handle::command::{CONFIRMATION, CheckCommand, Meet, Name, Role};
use undertone_handle::event::{
    CheckEvent, ConversationEvent, Delivery, Event, LinkState, MeetingEnd, MeetingEvent,
};
use undertone_handle::words::{Kind, UserError};
use undertone_handle::{Command, ConversationId, Handle, json};
use undertone_tui::World;
use undertone_wire::code::Code;

use crate::args::{Demo, NetworkChoice};
use crate::chat::{exit, face, say_first};
use crate::config::{Details, Settings};
use crate::failure::{failure, internal};
use crate::world::{Connection, Interrupts, Prepared, clocks, connect, has_terminal, plan};
use crate::{Exit, no_terminal};

/// The name of the partner who answers.
pub(crate) const PARTNER: &str = "otter";

/// The name of whoever tries the demo.
pub(crate) const VISITOR: &str = "you";

/// A script's end waits so long for what it sent; onion services need their time.
const SCRIPT_PATIENCE: Duration = Duration::from_secs(180);

/// What the partner answers, in turn; `{}` is what it was told.
const ANSWERS: [&str; 4] = [
    "I heard you: {}",
    "Each message has a key of its own, and this one's is gone already. You said: {}",
    "Nobody between us could read that. You said: {}",
    "Type /quit when you have seen enough; it ends this on both sides. You said: {}",
];

/// How often the partner looks for the meeting place before it gives up: on real onion services the
/// place may take longer to appear than one look lasts.
const PARTNER_TRIES: u32 = 6;

/// `undertone demo`.
pub(crate) async fn demo(settings: &Settings, demo: Demo, prepared: Prepared) -> Exit {
    let network = demo.network.network;
    match demo.script {
        Some(path) => {
            let interrupts = Interrupts::new(prepared.signals);
            let outcome = scripted(path, network, settings, interrupts.face()).await;
            match (interrupts.code(), outcome) {
                (Some(code), _) => Exit::Code(code),
                (None, Ok(())) => Exit::Code(0),
                (None, Err(error)) => Exit::Failed(error),
            }
        }
        None if settings.screen() && !has_terminal() => Exit::Failed(no_terminal()),
        None => {
            say_first(&[], &prepared.hardening);
            let interrupts = Interrupts::new(prepared.signals);
            on_screen(settings, network, &interrupts).await
        }
    }
}

/// Two ends of a network that nobody else is on.
fn two_ends(choice: NetworkChoice, settings: &Settings) -> Result<[Connection; 2], UserError> {
    let id = undertone_node::draw_conversation().map_err(|error| internal(&error))?;
    let details = Details { local_name: format!("demo-{id}"), ..settings.details() };
    Ok([connect(choice, &details)?, connect(choice, &details)?])
}

/// The demo with a face: the user serves, the partner joins and answers.
pub(crate) async fn on_screen(
    settings: &Settings,
    choice: NetworkChoice,
    interrupts: &Interrupts,
) -> Exit {
    let begun = two_ends(choice, settings).and_then(|[own, other]| {
        let code = undertone_node::propose_code().map_err(|error| internal(&error))?;
        let mut plan = plan(own.network.kind, true, settings)?;
        let named = meet(Role::Host, VISITOR, PARTNER, code.clone())?;
        plan.role = Some(named.role);
        plan.nick = Some(named.nick);
        plan.peer = Some(named.peer);
        plan.code = Some(named.code);
        plan.check = named.check;
        let start = |end: &Connection| {
            undertone_node::start(end.network.clone(), crate::world::in_memory()?)
                .map_err(|error| internal(&error))
        };
        let (first, second) = (start(&own)?, start(&other)?);
        let id = undertone_node::draw_conversation().map_err(|error| internal(&error))?;
        let partner = tokio::spawn(partner(second.0, id, code));
        Ok((plan, first, second.1, partner, [own, other]))
    });
    let (plan, (handle, node), partners_node, partner, connections) = match begun {
        Ok(begun) => begun,
        Err(error) => return Exit::Failed(error),
    };
    let world = World { clock: clocks(), interrupts: interrupts.face(), keeper: None };
    let outcome = face(settings, handle, plan, world).await;
    node.ended().await;
    // The partner has heard the goodbye, or never will: its node ends with its handle.
    let heard = tokio::time::timeout(Duration::from_millis(500), partner);
    if heard.await.is_ok() {
        partners_node.ended().await;
    }
    drop(connections);
    exit(outcome, interrupts)
}

/// The demo without a face, until it is done or somebody wishes it to end.
async fn scripted(
    path: PathBuf,
    choice: NetworkChoice,
    settings: &Settings,
    mut wishes: mpsc::Receiver<()>,
) -> Result<(), UserError> {
    // Whoever writes the script may be in no hurry.
    let reading = tokio::task::spawn_blocking(move || read_lines(&path));
    let lines = tokio::select! {
        lines = reading => lines.map_err(|error| internal(&error))??,
        Some(()) = wishes.recv() => return Ok(()),
    };
    let [one, two] = two_ends(choice, settings)?;
    let code = undertone_node::propose_code().map_err(|error| internal(&error))?;
    let mut ends = Vec::new();
    let mut nodes = Vec::new();
    for end in [&one, &two] {
        let (handle, node) = undertone_node::start(end.network.clone(), crate::world::in_memory()?)
            .map_err(|error| internal(&error))?;
        let id = undertone_node::draw_conversation().map_err(|error| internal(&error))?;
        ends.push((handle, id));
        nodes.push(node);
    }
    let (Some(guest), Some(host)) = (ends.pop(), ends.pop()) else { return Ok(()) };
    let outcome = script(lines, host, guest, code, wishes).await;
    for node in nodes {
        node.ended().await;
    }
    outcome
}

/// What a meeting of the demo is made of.
pub(crate) fn meet(role: Role, nick: &str, peer: &str, code: Code) -> Result<Meet, UserError> {
    let name = |text: &str| Name::parse(text).map_err(|error| internal(&error));
    Ok(Meet {
        role,
        nick: name(nick)?,
        peer: name(peer)?,
        code,
        check: Some(false),
        secret: None,
        lasting: false,
    })
}

/// The partner's side: joins under the code and answers until the conversation ends.
pub(crate) async fn partner(mut handle: Handle, conversation: ConversationId, code: Code) {
    let join = || {
        let meet = meet(Role::Guest, PARTNER, VISITOR, code.clone()).ok()?;
        Some(Command::Meet { conversation, meet: Box::new(meet) })
    };
    let mut tries = 1;
    let Some(begin) = join() else { return };
    if handle.send(begin).await.is_err() {
        return;
    }
    let mut answers = ANSWERS.iter().cycle();
    while let Some(event) = handle.event().await {
        let event = match event {
            Event::Conversation(_, event) => event,
            Event::Meeting(_, MeetingEvent::Ended(MeetingEnd::NobodyAnswers))
                if tries < PARTNER_TRIES =>
            {
                tries += 1;
                let Some(again) = join() else { break };
                if handle.send(again).await.is_err() {
                    break;
                }
                continue;
            }
            Event::Ended | Event::Meeting(_, MeetingEvent::Ended(_)) => break,
            _ => continue,
        };
        let sent = match event {
            ConversationEvent::Open => {
                let hello = "Hello. Both of us are on this machine, and everything between us is \
                             real but the way: write something.";
                handle.send_text(conversation, hello.to_owned()).await.map(|_| ())
            }
            ConversationEvent::Received { body, .. } => {
                let answer = answers.next().map(|a| a.replace("{}", &body)).unwrap_or_default();
                handle.send_text(conversation, answer).await.map(|_| ())
            }
            // Whoever asks for a check is told how to pass it.
            ConversationEvent::Check(CheckEvent::SecretWanted) => {
                let secret = undertone_handle::SecretText::new("demo".to_owned());
                let answer = CheckCommand::Secret(secret);
                handle.send(Command::Check(conversation, answer)).await
            }
            ConversationEvent::Check(CheckEvent::ConfirmationWanted) => {
                let word = CheckCommand::Confirm(CONFIRMATION.to_owned());
                handle.send(Command::Check(conversation, word)).await
            }
            ConversationEvent::Check(
                CheckEvent::Mismatch | CheckEvent::Aborted | CheckEvent::PeerCancelled,
            ) => handle.send(Command::Check(conversation, CheckCommand::Stay)).await,
            ConversationEvent::PeerLeft | ConversationEvent::Left { .. } => break,
            _ => Ok(()),
        };
        if sent.is_err() {
            break;
        }
    }
    // The node may have ended already.
    let _ended = handle.send(Command::Shutdown).await;
    while handle.event().await.is_some() {}
}

/// One side of a scripted demo: what it has seen and what it still waits for.
struct Side {
    name: &'static str,
    handle: Handle,
    conversation: ConversationId,
    open: bool,
    /// Sent and not yet delivered.
    waiting: usize,
    delivered: usize,
    received: usize,
    left: bool,
}

impl Side {
    fn new(name: &'static str, handle: Handle, conversation: ConversationId) -> Self {
        Self {
            name,
            handle,
            conversation,
            open: false,
            waiting: 0,
            delivered: 0,
            received: 0,
            left: false,
        }
    }

    /// Prints an event as a JSON line with the side's name, and takes note of it.
    fn see(&mut self, event: &Event) -> Result<(), UserError> {
        print(&json::side_line(self.name, event))?;
        match event {
            Event::Conversation(_, ConversationEvent::Open) => self.open = true,
            Event::Conversation(_, ConversationEvent::Received { .. }) => self.received += 1,
            Event::Conversation(_, ConversationEvent::Delivery(_, Delivery::Delivered)) => {
                self.waiting = self.waiting.saturating_sub(1);
                self.delivered += 1;
            }
            Event::Conversation(
                _,
                ConversationEvent::PeerLeft | ConversationEvent::Left { .. },
            ) => self.left = true,
            Event::Conversation(_, ConversationEvent::NotSent(_, reason)) => {
                return Err(undertone_handle::words::not_sent(*reason));
            }
            Event::Conversation(_, ConversationEvent::Link(LinkState::GivenUp)) => {
                return Err(undertone_handle::words::link_given_up());
            }
            Event::Meeting(_, MeetingEvent::Ended(why)) => {
                return Err(undertone_handle::words::meeting_end(why, Role::Host));
            }
            Event::Fatal(error) => return Err(error.clone()),
            _ => {}
        }
        Ok(())
    }
}

/// Runs a script: each line is sent by the first side, the events of both are printed. A wish to
/// end leaves the rest unsent, and both sides say goodbye.
async fn script(
    lines: Vec<String>,
    host: (Handle, ConversationId),
    guest: (Handle, ConversationId),
    code: Code,
    mut wishes: mpsc::Receiver<()>,
) -> Result<(), UserError> {
    let mut sides = [Side::new("a", host.0, host.1), Side::new("b", guest.0, guest.1)];
    for (side, (role, nick, peer)) in
        sides.iter().zip([(Role::Host, "a", "b"), (Role::Guest, "b", "a")])
    {
        let meet = Box::new(meet(role, nick, peer, code.clone())?);
        let begin = Command::Meet { conversation: side.conversation, meet };
        side.handle.send(begin).await.map_err(|error| internal(&error))?;
    }
    let outcome = tokio::select! {
        result = run_script(&mut sides, &lines) => result,
        () = tokio::time::sleep(SCRIPT_PATIENCE) => Err(not_delivered(&sides[0], lines.len())),
        Some(()) = wishes.recv() => Ok(()),
    };
    for side in &sides {
        // A node that has ended needs no order to.
        let _ended = side.handle.send(Command::Shutdown).await;
    }
    let mut last = Ok(());
    for side in &mut sides {
        while let Some(event) = side.handle.event().await {
            // What made the run fail is said; what its end brings with it is only printed.
            last = last.and(side.see(&event));
        }
    }
    outcome.and(last)
}

async fn run_script(sides: &mut [Side; 2], lines: &[String]) -> Result<(), UserError> {
    let [host, guest] = sides;
    let mut unsent = lines.iter();
    loop {
        if host.open && guest.open && host.waiting < 32 {
            match unsent.next() {
                Some(line) => {
                    let sent = host.handle.send_text(host.conversation, line.clone()).await;
                    sent.map_err(|error| internal(&error))?;
                    host.waiting += 1;
                }
                None if host.waiting == 0 && guest.received == lines.len() => {
                    host.handle
                        .send(Command::Leave(host.conversation))
                        .await
                        .map_err(|error| internal(&error))?;
                    break;
                }
                None => {}
            }
        }
        one_event(host, guest).await?;
    }
    while !(host.left && guest.left) {
        one_event(host, guest).await?;
    }
    Ok(())
}

async fn one_event(host: &mut Side, guest: &mut Side) -> Result<(), UserError> {
    let gone = || {
        failure(
            Kind::Internal,
            "A side of the demo ended early.",
            "Run it again with --log stderr.",
        )
    };
    // With lines still to send there may be nothing to wait for at this moment.
    let pause = Duration::from_millis(5);
    tokio::select! {
        event = host.handle.event() => host.see(&event.ok_or_else(gone)?),
        event = guest.handle.event() => guest.see(&event.ok_or_else(gone)?),
        () = tokio::time::sleep(pause) => Ok(()),
    }
}

fn not_delivered(side: &Side, all: usize) -> UserError {
    let waiting = all.saturating_sub(side.delivered);
    failure(
        Kind::NotDelivered,
        &format!("{waiting} of {all} lines were not delivered in time."),
        "See the events above for where they stopped; --log stderr says more.",
    )
}

/// The lines of a script.
pub(crate) fn read_lines(path: &std::path::Path) -> Result<Vec<String>, UserError> {
    let unreadable = |error: std::io::Error| {
        failure(
            Kind::Usage,
            &format!("The script could not be read: {}.", error.kind()),
            "Name a file of UTF-8 text, or - for standard input.",
        )
    };
    let lines: Result<Vec<String>, _> = if path.as_os_str() == "-" {
        std::io::stdin().lock().lines().collect()
    } else {
        std::io::BufReader::new(std::fs::File::open(path).map_err(unreadable)?).lines().collect()
    };
    Ok(lines.map_err(unreadable)?.into_iter().filter(|line| !line.is_empty()).collect())
}

fn print(line: &str) -> Result<(), UserError> {
    writeln!(std::io::stdout(), "{line}").map_err(|_| {
        failure(
            Kind::Environment,
            "Standard output was closed.",
            "Keep the reader of the pipe open.",
        )
    })
}
