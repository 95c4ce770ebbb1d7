//! The loop around the model: lines in, lines out.

use std::collections::VecDeque;
use std::pin::Pin;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _};
use undertone_handle::command::MAX_TEXT;
use undertone_handle::words::{Kind, UserError};
use undertone_handle::{Closed, Commander, Handle, SecretText};
use zeroize::{Zeroize as _, Zeroizing};

use super::gate::{Gate, Knock};
use super::talk::{Act, Options, Talk};
use crate::keeper::{Looking, looking};
use crate::plan::{End, Outcome, Plan, World};

/// The longest line that is taken: the longest text with each of its bytes escaped in JSON.
const MAX_LINE: usize = 6 * MAX_TEXT + 64;

/// How often it is looked whether somebody still types.
const TICK: std::time::Duration = std::time::Duration::from_secs(1);

/// A command or text on its way to the node, which may make it wait.
type Sending = Pin<Box<dyn Future<Output = Result<(), Closed>> + Send>>;

/// Where lines come from and go to.
pub struct Streams<'a, R, O, W, H> {
    /// Lines of input. What was read of the next line stays there for whoever reads on.
    pub input: &'a mut Lines<R>,
    /// Gets the messages, or all JSON lines.
    pub output: O,
    /// Gets everything else: steps, questions, delivery.
    pub words: W,
    /// Called with `true` before a secret is read and with `false` after it, for a terminal to
    /// stop showing what is typed.
    pub hide: H,
}

impl<R, O, W, H> std::fmt::Debug for Streams<'_, R, O, W, H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Streams")
    }
}

/// Runs on lines until the user, the partner, the node or the input's end ends it.
///
/// The node is asked to shut down and has ended on return, unless the user was in a hurry or the
/// output is closed.
pub async fn run<R, O, W, H>(
    handle: Handle,
    plan: Plan,
    world: World,
    options: Options,
    streams: Streams<'_, R, O, W, H>,
) -> Outcome
where
    R: AsyncBufRead + Unpin,
    O: AsyncWrite + Unpin,
    W: AsyncWrite + Unpin,
    H: FnMut(bool),
{
    let Streams { input: lines, output, words, hide } = streams;
    let World { clock, mut interrupts, keeper } = world;
    let (commander, mut events) = handle.split();
    let mut outputs = Outputs { output, words, hide, hidden: false, terminal: options.terminal };
    let (mut talk, acts) = Talk::new(plan, options);
    let mut looked_up: Option<Looking> = None;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut waiting: VecDeque<Act> = VecDeque::new();
    let mut on_its_way: Option<Sending> = None;
    let (mut node_gone, mut interruptible) = (false, true);
    let mut acts = acts;
    let outcome = loop {
        match outputs.perform(acts, &mut waiting).await {
            Ok(None) => {}
            Ok(Some(outcome)) => break outcome,
            Err(error) => break closed_output(&error),
        }
        if looked_up.is_none()
            && let Some(at) = waiting.iter().position(|act| matches!(act, Act::Keep(_)))
            && let Some(Act::Keep(wanted)) = waiting.remove(at)
        {
            looked_up = Some(looking(keeper.clone(), wanted));
        }
        if on_its_way.is_none() && !matches!(waiting.front(), Some(Act::Keep(_))) {
            on_its_way = waiting.pop_front().and_then(|act| sending(commander.clone(), act));
        }
        acts = tokio::select! {
            // Texts go one by one: no line is read while one is on its way.
            line = lines.next(), if talk.wants_line() && on_its_way.is_none() => match line {
                Ok(Line::Text(line)) => {
                    talk.typed_at(clock.now());
                    talk.line(&line)
                }
                Ok(Line::TooLong) => talk.too_long(),
                Ok(Line::End) | Err(_) => talk.input_ended(),
            },
            event = events.recv(), if !node_gone => match event {
                Some(event) => talk.event(event),
                None => {
                    node_gone = true;
                    talk.node_gone()
                }
            },
            _ = async { on_its_way.as_mut().unwrap_or(&mut pending()).await },
                if on_its_way.is_some() =>
            {
                // A closed channel is told by the end of the events.
                on_its_way = None;
                Vec::new()
            }
            found = async { looked_up.as_mut().unwrap_or(&mut never()).await },
                if looked_up.is_some() =>
            {
                looked_up = None;
                talk.found(found)
            }
            _ = tick.tick(), if talk.idle_limit().is_some() => talk.tick(clock.now()),
            interrupt = interrupts.recv(), if interruptible => match interrupt {
                Some(()) => talk.interrupt(),
                None => {
                    interruptible = false;
                    Vec::new()
                }
            },
        };
    };
    if outputs.hidden {
        (outputs.hide)(false);
    }
    // Nothing of the profile is held any longer than this.
    if let Some(looking) = looked_up {
        drop(looking.await);
    }
    outcome
}

/// Asks for the password of a locked profile, once. `None`: the user leaves.
///
/// # Errors
/// The input has ended, or the output is closed.
pub async fn unlock<R, O, W, H>(
    mut gate: Gate,
    world: &mut World,
    streams: Streams<'_, R, O, W, H>,
) -> Result<Option<SecretText>, UserError>
where
    R: AsyncBufRead + Unpin,
    O: AsyncWrite + Unpin,
    W: AsyncWrite + Unpin,
    H: FnMut(bool),
{
    let Streams { input: lines, output, words, hide } = streams;
    let mut outputs = Outputs { output, words, hide, hidden: false, terminal: false };
    let mut acts = gate.begin();
    let mut nothing_waits = VecDeque::new();
    let mut interruptible = true;
    let done = loop {
        if let Err(error) = outputs.perform(acts, &mut nothing_waits).await {
            break Err(output_error(&error));
        }
        acts = tokio::select! {
            biased;
            interrupt = world.interrupts.recv(), if interruptible => match interrupt {
                Some(()) => break Ok(None),
                None => {
                    interruptible = false;
                    Vec::new()
                }
            },
            line = lines.next() => match line {
                Ok(Line::Text(line)) => match gate.line(&line) {
                    Knock::Wait(acts) => acts,
                    Knock::Leave => break Ok(None),
                    Knock::Password(password) => break Ok(Some(password)),
                },
                Ok(Line::TooLong) => gate.refuse(),
                Ok(Line::End) | Err(_) => break Err(no_password()),
            },
        };
    };
    if outputs.hidden {
        (outputs.hide)(false);
    }
    done
}

fn no_password() -> UserError {
    UserError::new(
        Kind::Usage,
        "The input ended before the password was given.",
        "Give it after /login, or by --password-file or --password-fd.",
    )
}

fn never() -> Looking {
    Box::pin(std::future::pending())
}

fn pending() -> Sending {
    Box::pin(std::future::pending())
}

fn sending(commander: Commander, act: Act) -> Option<Sending> {
    match act {
        Act::Command(command) => Some(Box::pin(async move { commander.send(command).await })),
        Act::Text(id, text) => {
            Some(Box::pin(async move { commander.send_text(id, text).await.map(|_| ()) }))
        }
        Act::Answer(id, answered, text) => {
            Some(Box::pin(
                async move { commander.send_answer(id, answered, text).await.map(|_| ()) },
            ))
        }
        _ => None,
    }
}

fn closed_output(error: &std::io::Error) -> Outcome {
    Outcome { end: End::Failed(output_error(error)), told: false }
}

fn output_error(error: &std::io::Error) -> UserError {
    UserError::new(
        Kind::Environment,
        format!("The output cannot be written: {error}."),
        "Look at where it goes; the conversation has ended here.",
    )
}

/// Where lines go.
struct Outputs<O, W, H> {
    output: O,
    words: W,
    hide: H,
    hidden: bool,
    /// Whether the output is a terminal, which can be emptied.
    terminal: bool,
}

/// Home, nothing on the screen, nothing to scroll back to.
const EMPTY: &[u8] = b"\x1b[H\x1b[2J\x1b[3J";

impl<O: AsyncWrite + Unpin, W: AsyncWrite + Unpin, H: FnMut(bool)> Outputs<O, W, H> {
    /// Writes what is to be written and lets what is to be sent wait for its turn.
    async fn perform(
        &mut self,
        acts: Vec<Act>,
        waiting: &mut VecDeque<Act>,
    ) -> std::io::Result<Option<Outcome>> {
        let mut outcome = None;
        for act in acts {
            match act {
                Act::Out(text) => {
                    self.output.write_all(text.as_bytes()).await?;
                    self.output.write_all(b"\n").await?;
                }
                Act::Say(text) => {
                    self.words.write_all(text.as_bytes()).await?;
                    self.words.write_all(b"\n").await?;
                }
                Act::Hide(hidden) => {
                    self.words.flush().await?;
                    self.hidden = hidden;
                    (self.hide)(hidden);
                }
                Act::Clear if self.terminal => self.output.write_all(EMPTY).await?,
                Act::Clear => {}
                Act::Finish(end) => outcome = Some(end),
                act @ (Act::Command(_) | Act::Text(..) | Act::Answer(..) | Act::Keep(_)) => {
                    waiting.push_back(act);
                }
            }
        }
        self.output.flush().await?;
        self.words.flush().await?;
        Ok(outcome)
    }
}

/// A line of input.
enum Line {
    Text(Zeroizing<String>),
    TooLong,
    End,
}

/// Lines of input, none longer than `MAX_LINE`, read so that a wait can be dropped at any time.
pub struct Lines<R> {
    input: R,
    line: Zeroizing<Vec<u8>>,
    /// Whether the rest of a line that was too long is being passed over.
    skipping: bool,
}

impl<R> std::fmt::Debug for Lines<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lines")
    }
}

impl<R> Lines<R> {
    /// The lines of an input.
    pub fn new(input: R) -> Self {
        Self { input, line: Zeroizing::default(), skipping: false }
    }
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    async fn next(&mut self) -> std::io::Result<Line> {
        loop {
            let available = self.input.fill_buf().await?;
            if available.is_empty() {
                let whole = !self.line.is_empty() && !self.skipping;
                return Ok(if whole { self.take() } else { Line::End });
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(available.len(), |end| end + 1);
            let part = available.get(..end.unwrap_or(used)).unwrap_or_default();
            if !self.skipping {
                if self.line.len() + part.len() > MAX_LINE {
                    self.skipping = true;
                    self.line.zeroize();
                } else {
                    self.line.extend_from_slice(part);
                }
            }
            self.input.consume(used);
            if end.is_some() {
                if std::mem::replace(&mut self.skipping, false) {
                    return Ok(Line::TooLong);
                }
                return Ok(self.take());
            }
        }
    }

    fn take(&mut self) -> Line {
        let mut line = std::mem::take(&mut self.line);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Line::Text(Zeroizing::new(String::from_utf8_lossy(&line).into_owned()))
    }
}
