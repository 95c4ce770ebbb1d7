//! The loop around the model: keys and events in, frames and commands out.

use std::io::{self, Stdout, Write, stdout};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crossterm::cursor::Show;
use crossterm::event::{
    DisableBracketedPaste, EnableBracketedPaste, Event as TerminalEvent, EventStream,
};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use futures::{FutureExt as _, StreamExt as _};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::collections::VecDeque;
use undertone_handle::words::{Kind, UserError};
use undertone_handle::{Closed, Commander, Handle, SecretText, Ticket};

use super::app::{Action, App, Input};
use super::gate::{Gate, Knock};
use crate::keeper::{Looking, Wanted, looking};
use crate::plan::{End, Outcome, Plan, World};

/// How often what changes by time alone is drawn.
const TICK: Duration = Duration::from_secs(1);

/// The most inputs that are taken in before a frame is drawn.
const BATCH: usize = 256;

/// Whether the terminal is in our hands.
static ENTERED: AtomicBool = AtomicBool::new(false);

/// Gives the terminal back: its own screen, its own modes, its cursor. Does nothing if it is not
/// in our hands; a panic hook may call it.
pub fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // Each is tried whatever became of the other: there is nobody left to tell.
    drop(execute!(stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show));
    drop(disable_raw_mode());
}

/// The keyboard while no face reads it.
static KEYBOARD: Mutex<Option<EventStream>> = Mutex::new(None);

/// The keyboard of this process, for one face after the other. There is one for all: a wish to end the
/// reading that came too late for one stream would be heard by the next, which then read no more.
struct Keyboard(Option<EventStream>);

impl Keyboard {
    fn take() -> Self {
        let kept = KEYBOARD.lock().unwrap_or_else(PoisonError::into_inner).take();
        Self(Some(kept.unwrap_or_default()))
    }

    async fn next(&mut self) -> Option<io::Result<TerminalEvent>> {
        match &mut self.0 {
            Some(keys) => keys.next().await,
            None => None,
        }
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        *KEYBOARD.lock().unwrap_or_else(PoisonError::into_inner) = self.0.take();
    }
}

/// Restores the terminal however the scope is left.
#[derive(Default)]
struct Restored {
    /// Not yet: another face follows.
    kept: bool,
}

impl Drop for Restored {
    fn drop(&mut self) {
        if !self.kept {
            restore();
        }
    }
}

/// Standard output while the terminal is in our hands; what comes later goes nowhere.
///
/// ratatui shows the cursor when its terminal is dropped, and complains on standard error if it
/// can't. Where the terminal is lost the complaint would be a panic, and the goodbye to the partner
/// would go with it. [`restore`] shows the cursor anyway.
struct Ours(Stdout);

impl Write for Ours {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if ENTERED.load(Ordering::SeqCst) { self.0.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        if ENTERED.load(Ordering::SeqCst) { self.0.flush() } else { Ok(()) }
    }
}

fn enter() -> io::Result<Terminal<CrosstermBackend<Ours>>> {
    // Before the first change, so that a failure half way is undone too.
    let follows = ENTERED.swap(true, Ordering::SeqCst);
    if !follows {
        enable_raw_mode()?;
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
    }
    if follows {
        // What the face before it has drawn.
        execute!(Ours(stdout()), Clear(ClearType::All))?;
    }
    Terminal::new(CrosstermBackend::new(Ours(stdout())))
}

/// A command or text on its way to the node, which may make it wait.
type Sending = Pin<Box<dyn Future<Output = Result<Option<Ticket>, Closed>> + Send>>;

fn sending(commander: Commander, action: Action) -> Result<Sending, Outcome> {
    match action {
        Action::Command(command) => {
            Ok(Box::pin(async move { commander.send(command).await.map(|()| None) }))
        }
        Action::Text(id, text) => {
            Ok(Box::pin(async move { commander.send_text(id, text).await.map(Some) }))
        }
        Action::Answer(id, answered, text) => {
            Ok(Box::pin(async move { commander.send_answer(id, answered, text).await.map(Some) }))
        }
        // Not for the node; taken out before.
        Action::Keep(_) => Ok(pending()),
        Action::Finish(outcome) => Err(outcome),
    }
}

/// Runs the full screen on the process's terminal until its user, its partner or its node ends it.
///
/// The terminal is restored on return and on panic; see also [`restore`]. The node is asked to
/// shut down and has ended on return, unless the user was in a hurry.
///
/// After [`End::Locked`] the screen is empty and stays ours, for [`unlock`].
pub async fn run(handle: Handle, plan: Plan, world: World) -> Outcome {
    let mut restored = Restored::default();
    match enter() {
        Ok(mut terminal) => {
            let outcome = steps(handle, plan, world, &mut terminal).await;
            if matches!(&outcome, Ok(Outcome { end: End::Locked(..), .. }))
                && wipe(&mut terminal).is_ok()
            {
                restored.kept = true;
            } else {
                // Before the terminal is dropped; see `Ours`.
                restore();
            }
            outcome.unwrap_or_else(|error| no_terminal(&error))
        }
        Err(error) => no_terminal(&error),
    }
}

/// More than standard output keeps before it writes.
const BUFFERED: usize = 2 * 1024;

/// Empties the screen, both of the pictures of it that are kept to compare, and what standard output
/// keeps of what it wrote.
fn wipe(terminal: &mut Terminal<CrosstermBackend<Ours>>) -> io::Result<()> {
    // Bit by bit: what is longer than its buffer doesn't go through it.
    let nothing = b"\x1b[0m";
    for _ in 0..BUFFERED / nothing.len() {
        Ours(stdout()).write_all(nothing)?;
    }
    execute!(Ours(stdout()), Clear(ClearType::All))?;
    for _ in 0..2 {
        terminal.draw(|_| {})?;
    }
    Ok(())
}

/// Asks for the password of a locked profile, once. `None`: the user leaves, and the terminal is given
/// back. Otherwise the screen stays ours.
///
/// # Errors
/// The terminal can't be drawn on.
pub async fn unlock(mut gate: Gate, world: &mut World) -> Result<Option<SecretText>, UserError> {
    let mut restored = Restored::default();
    let asked = match enter() {
        Ok(mut terminal) => ask(&mut gate, world, &mut terminal).await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(Some(password)) => {
            restored.kept = true;
            Ok(Some(password))
        }
        Ok(None) => Ok(None),
        Err(error) => match no_terminal(&error).end {
            End::Failed(error) => Err(error),
            _ => Ok(None),
        },
    }
}

async fn ask(
    gate: &mut Gate,
    world: &mut World,
    terminal: &mut Terminal<CrosstermBackend<Ours>>,
) -> io::Result<Option<SecretText>> {
    let mut keys = Keyboard::take();
    let mut interruptible = true;
    loop {
        let told = tokio::select! {
            biased;
            interrupt = world.interrupts.recv(), if interruptible => match interrupt {
                Some(()) => return Ok(None),
                None => {
                    interruptible = false;
                    continue;
                }
            },
            key = async {
                terminal.draw(|frame| gate.render(frame))?;
                keys.next().await.transpose()
            } => key?,
        };
        let done = match told {
            Some(TerminalEvent::Key(key)) => gate.key(key),
            Some(TerminalEvent::Paste(text)) => gate.paste(&zeroize::Zeroizing::new(text)),
            Some(_) => Knock::Wait,
            None => return Err(io::Error::other("the input has ended")),
        };
        match done {
            Knock::Wait => {}
            Knock::Leave => return Ok(None),
            Knock::Password(password) => {
                terminal.draw(|frame| gate.render(frame))?;
                return Ok(Some(password));
            }
        }
    }
}

fn no_terminal(error: &io::Error) -> Outcome {
    let error = UserError::new(
        Kind::Environment,
        format!("The terminal cannot be used for a full screen: {error}."),
        "Run it in a terminal, or with --plain.",
    );
    Outcome { end: End::Failed(error), told: false }
}

async fn steps(
    handle: Handle,
    plan: Plan,
    world: World,
    terminal: &mut Terminal<CrosstermBackend<Ours>>,
) -> io::Result<Outcome> {
    let World { clock, mut interrupts, keeper } = world;
    let (commander, mut events) = handle.split();
    let mut keys = Keyboard::take();
    let size = terminal.size()?;
    let (mut app, actions) = App::new(plan, clock.now(), (size.width, size.height));
    let mut waiting: VecDeque<Action> = actions.into();
    let mut on_its_way: Option<Sending> = None;
    let mut wanted: VecDeque<Wanted> = VecDeque::new();
    let mut looked_up: Option<Looking> = None;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let (mut node_gone, mut interruptible) = (false, true);
    let mut inputs: Vec<Input> = Vec::new();
    loop {
        terminal.draw(|frame| app.render(frame))?;
        for action in std::mem::take(&mut waiting) {
            match action {
                Action::Keep(what) => wanted.push_back(what),
                action => waiting.push_back(action),
            }
        }
        if looked_up.is_none() {
            looked_up = wanted.pop_front().map(|what| looking(keeper.clone(), what));
        }
        if let Some(outcome) = hand_over(&mut waiting, &mut on_its_way, &commander) {
            // Nothing of the profile is held any longer than this.
            if let Some(looking) = looked_up.take() {
                drop(looking.await);
            }
            return Ok(outcome);
        }
        tokio::select! {
            key = keys.next() => match key {
                Some(event) => inputs.extend(input(event?)),
                None => return Err(io::Error::other("the input has ended")),
            },
            event = events.recv(), if !node_gone => match event {
                Some(event) => {
                    inputs.push(Input::Event(event));
                    // A flood of events is drawn once, not once for each.
                    while inputs.len() < BATCH
                        && let Some(Some(event)) = events.recv().now_or_never()
                    {
                        inputs.push(Input::Event(event));
                    }
                }
                None => {
                    node_gone = true;
                    inputs.push(Input::NodeGone);
                }
            },
            sent = async { on_its_way.as_mut().unwrap_or(&mut pending()).await },
                if on_its_way.is_some() =>
            {
                on_its_way = None;
                // A closed channel is told once, by the end of the events.
                inputs.extend(sent.ok().flatten().map(Input::Numbered));
            }
            found = async { looked_up.as_mut().unwrap_or(&mut never()).await },
                if looked_up.is_some() =>
            {
                looked_up = None;
                inputs.push(Input::Found(found));
            }
            interrupt = interrupts.recv(), if interruptible => match interrupt {
                Some(()) => inputs.push(Input::Interrupt),
                None => interruptible = false,
            },
            _ = tick.tick(), if app.ticks() => inputs.push(Input::Tick),
        }
        for input in inputs.drain(..) {
            waiting.extend(app.update(input, clock.now()));
        }
    }
}

fn never() -> Looking {
    Box::pin(std::future::pending())
}

fn pending() -> Sending {
    Box::pin(std::future::pending())
}

/// Begins to send what waits, one at a time and in order. An end overtakes nothing but what the
/// node will never take.
fn hand_over(
    waiting: &mut VecDeque<Action>,
    on_its_way: &mut Option<Sending>,
    commander: &Commander,
) -> Option<Outcome> {
    if let Some(at) = waiting.iter().position(|action| matches!(action, Action::Finish(_)))
        && let Some(Action::Finish(outcome)) = waiting.remove(at)
    {
        return Some(outcome);
    }
    if on_its_way.is_none()
        && let Some(action) = waiting.pop_front()
    {
        match sending(commander.clone(), action) {
            Ok(future) => *on_its_way = Some(future),
            Err(outcome) => return Some(outcome),
        }
    }
    None
}

/// What the model is told about an event of the terminal.
fn input(event: TerminalEvent) -> Option<Input> {
    match event {
        TerminalEvent::Key(key) => Some(Input::Key(key)),
        TerminalEvent::Paste(text) => Some(Input::Paste(text)),
        TerminalEvent::Resize(columns, rows) => Some(Input::Resize(columns, rows)),
        _ => None,
    }
}
