//! The loop around the model: lines in, lines out.

use std::collections::VecDeque;
use std::pin::Pin;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWrite, AsyncWriteExt as _};
use undertone_handle::command::MAX_TEXT;
use undertone_handle::words::{Kind, UserError};
use undertone_handle::{Closed, Commander, Handle};
use zeroize::{Zeroize as _, Zeroizing};

use super::talk::{Act, Options, Talk};
use crate::plan::{End, Outcome, Plan, World};

/// The longest line that is taken: the longest text with each of its bytes escaped in JSON.
const MAX_LINE: usize = 6 * MAX_TEXT + 64;

/// A command or text on its way to the node, which may make it wait.
type Sending = Pin<Box<dyn Future<Output = Result<(), Closed>> + Send>>;

/// Where lines come from and go to.
pub struct Streams<R, O, W, H> {
    /// Lines of input.
    pub input: R,
    /// Gets the messages, or all JSON lines.
    pub output: O,
    /// Gets everything else: steps, questions, delivery.
    pub words: W,
    /// Called with `true` before a secret is read and with `false` after it, for a terminal to
    /// stop showing what is typed.
    pub hide: H,
}

impl<R, O, W, H> std::fmt::Debug for Streams<R, O, W, H> {
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
    streams: Streams<R, O, W, H>,
) -> Outcome
where
    R: AsyncBufRead + Unpin,
    O: AsyncWrite + Unpin,
    W: AsyncWrite + Unpin,
    H: FnMut(bool),
{
    let Streams { input, output, words, hide } = streams;
    let (commander, mut events) = handle.split();
    let mut interrupts = world.interrupts;
    let mut lines = Lines { input, line: Zeroizing::default(), skipping: false };
    let mut outputs = Outputs { output, words, hide, hidden: false };
    let (mut talk, acts) = Talk::new(plan, options);
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
        if on_its_way.is_none() {
            on_its_way = waiting.pop_front().and_then(|act| sending(commander.clone(), act));
        }
        acts = tokio::select! {
            // Texts go one by one: no line is read while one is on its way.
            line = lines.next(), if talk.wants_line() && on_its_way.is_none() => match line {
                Ok(Line::Text(line)) => talk.line(&line),
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
    outcome
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
    let error = UserError::new(
        Kind::Environment,
        format!("The output cannot be written: {error}."),
        "Look at where it goes; the conversation has ended here.",
    );
    Outcome { end: End::Failed(error), told: false }
}

/// Where lines go.
struct Outputs<O, W, H> {
    output: O,
    words: W,
    hide: H,
    hidden: bool,
}

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
                Act::Finish(end) => outcome = Some(end),
                act @ (Act::Command(_) | Act::Text(..) | Act::Answer(..)) => waiting.push_back(act),
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

/// Lines of input, none longer than [`MAX_LINE`], read so that a wait can be dropped at any time.
struct Lines<R> {
    input: R,
    line: Zeroizing<Vec<u8>>,
    /// Whether the rest of a line that was too long is being passed over.
    skipping: bool,
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
