//! A stream both ways over a program that carries bytes: `docs/tools.md`, "Pipes".
//!
//! Three threads, and none of the two that move bytes ever waits for the other to move some: else
//! two ends that both have much to say would wait for each other for ever. One reads standard
//! input, one seals and writes to the carrier, one reads the carrier and opens.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rand_core::Rng as _;
use undertone_ratchet::session::{MAX_CHUNK, OVERHEAD};
use undertone_store::sessions::{ChangeError, Sessions};
use zeroize::Zeroizing;

use super::message::{EXCHANGE_HEAD_LEN, Unsealed, seal, unseal};
use super::state::Open;
use crate::failure::{Failure, Kind};
use crate::streams::{Streams, fill};

/// The most bytes of standard input in one packet.
const MOST: usize = 1 << 15;
/// Length of the random name of one run of one end, in bytes.
const RUN_LEN: usize = 16;
/// Kind ‖ run of the reader ‖ number.
const HEAD_LEN: usize = 1 + RUN_LEN + 8;
/// The longest packet that is taken from the carrier.
const MAX_PACKET: usize = EXCHANGE_HEAD_LEN + MAX_CHUNK + HEAD_LEN + MOST + OVERHEAD;
/// How long the carrier gets to bring the last packet out after everything is said.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// The first byte of a packet's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Frame {
    /// The name of the sender's run.
    Hello = 16,
    /// Bytes.
    Data = 17,
    /// No more bytes will come.
    End = 18,
    /// Everything up to the end has come.
    Got = 19,
    /// Nothing; lets the other end start a new chain of keys.
    Answer = 20,
}

impl Frame {
    const ALL: [Self; 5] = [Self::Hello, Self::Data, Self::End, Self::Got, Self::Answer];

    fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|frame| *frame as u8 == byte)
    }
}

/// What the threads tell each other.
#[derive(Default)]
struct Shared {
    /// What was read from standard input and not yet sealed.
    input: Option<Zeroizing<Vec<u8>>>,
    /// Standard input has ended.
    ended: bool,
    /// The other end's run, once its hello is there.
    peer: Option<[u8; RUN_LEN]>,
    /// Packets that are owed to the other end, so that it can go on.
    answers: u32,
    /// The other end has said its last byte, and is to be told that it came.
    got: bool,
    /// The other end has everything of ours.
    confirmed: bool,
    /// Counts packets read, for whoever waits for room in a chain.
    read: u64,
    /// Why it can't go on.
    failure: Option<Failure>,
    /// The reader has nothing more to read.
    over: bool,
}

/// One end of a pipe.
struct Pipe {
    sessions: Mutex<Sessions>,
    name: String,
    own: [u8; RUN_LEN],
    shared: Mutex<Shared>,
    changed: Condvar,
}

/// `pipe`.
pub(super) fn pipe(
    mut sessions: Sessions,
    name: &str,
    carrier: &[OsString],
    streams: Streams,
) -> Result<(), Failure> {
    let own = sessions.change(name, |turn| {
        Open::of(&turn.record)?;
        let mut own = [0; RUN_LEN];
        turn.rng().fill_bytes(&mut own);
        Ok::<_, Failure>(own)
    })?;
    let mut child = start(carrier)?;
    let (Some(to_carrier), Some(from_carrier)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(Failure::new(Kind::Internal, "The carrier has no pipes.", "Report it."));
    };
    let pipe = Arc::new(Pipe {
        sessions: Mutex::new(sessions),
        name: name.to_owned(),
        own,
        shared: Mutex::default(),
        changed: Condvar::new(),
    });
    let Streams { input, mut output, .. } = streams;
    let reader = Arc::clone(&pipe);
    std::thread::spawn(move || reader.read_input(input));
    let sender = Arc::clone(&pipe);
    let sending = std::thread::spawn(move || sender.send(to_carrier));
    let receiver = Arc::clone(&pipe);
    std::thread::spawn(move || receiver.receive(from_carrier, &mut *output));
    // The sender ends when all is said and heard, or when it can't go on.
    let sent = sending.join().unwrap_or_else(|_| Err(broken()));
    if sent.is_err() {
        // What was wrong with what came explains why nothing more could be sent. But the reader may
        // also wait for ever: for a carrier that waits for us, or for what that has left running.
        let shared = pipe.shared();
        let reading = |shared: &mut Shared| shared.failure.is_none() && !shared.over;
        drop(pipe.changed.wait_timeout_while(shared, LAST_WORDS, reading));
    }
    if sent.is_err() || pipe.shared().failure.is_some() {
        drop(child.kill());
    }
    end(&mut child);
    let first = pipe.shared().failure.take();
    let swept = pipe.sessions.lock().unwrap_or_else(PoisonError::into_inner).sweep();
    first.map_or(Ok(()), Err).and(sent)?;
    Ok(swept?)
}

fn broken() -> Failure {
    Failure::new(Kind::Internal, "A part of the program broke down.", "Report it.")
}

fn start(carrier: &[OsString]) -> Result<Child, Failure> {
    let (program, arguments) = carrier.split_first().ok_or_else(broken)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().map_err(|error| {
        Failure::new(
            Kind::Usage,
            format!("The program that is to carry bytes could not be started: {}.", error.kind()),
            "Look at what stands after `--`.",
        )
    })
}

/// Gives the carrier time to bring out what it has, and ends it.
fn end(child: &mut Child) {
    let begin = Instant::now();
    while begin.elapsed() < LAST_WORDS {
        match child.try_wait() {
            Ok(None) => std::thread::park_timeout(Duration::from_millis(10)),
            Ok(Some(_)) | Err(_) => return,
        }
    }
    drop(child.kill());
    drop(child.wait());
}

impl Pipe {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, change: impl FnOnce(&mut Shared)) {
        change(&mut self.shared());
        self.changed.notify_all();
    }

    fn fail(&self, failure: Failure) {
        self.tell(|shared| {
            shared.failure.get_or_insert(failure);
        });
    }

    /// Reads standard input, a packet's worth at a time, and no faster than it can be sent.
    fn read_input(&self, mut input: Box<dyn Read + Send>) {
        loop {
            let mut bytes = Zeroizing::new(vec![0; MOST]);
            let count = match input.read(&mut bytes) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return self.fail(Failure::stream("Reading the input", &error)),
            };
            bytes.truncate(count);
            let shared = self.shared();
            let full = |shared: &mut Shared| shared.input.is_some() && shared.failure.is_none();
            let waited = self.changed.wait_while(shared, full);
            let mut shared = waited.unwrap_or_else(PoisonError::into_inner);
            if count == 0 {
                shared.ended = true;
            } else {
                shared.input = Some(bytes);
            }
            drop(shared);
            self.changed.notify_all();
            if count == 0 {
                return;
            }
        }
    }

    /// Seals what is to be said and writes it to the carrier, until all is said and heard.
    fn send(&self, mut carrier: impl Write) -> Result<(), Failure> {
        let mut hello = vec![Frame::Hello as u8];
        hello.extend_from_slice(&self.own);
        self.put(&mut carrier, &hello)?;
        let mut number = 0_u64;
        let mut said_end = false;
        let mut said_got = false;
        loop {
            let shared = self.shared();
            let idle = |shared: &mut Shared| {
                let to_say = shared.input.is_some() || (shared.ended && !said_end);
                let to_tell = shared.answers > 0 || (shared.got && !said_got);
                let done = said_end && said_got && shared.confirmed;
                let may_speak = shared.peer.is_some();
                shared.failure.is_none()
                    && !done
                    && !shared.over
                    && !(may_speak && (to_say || to_tell))
            };
            let waited = self.changed.wait_while(shared, idle);
            let mut shared = waited.unwrap_or_else(PoisonError::into_inner);
            let done = said_end && said_got && shared.confirmed;
            if shared.failure.is_some() || done {
                return Ok(());
            }
            let Some(peer) = shared.peer else { return Err(cut()) };
            let (frame, bytes) = if let Some(bytes) = shared.input.take() {
                (Frame::Data, bytes)
            } else if shared.ended && !said_end {
                said_end = true;
                (Frame::End, Zeroizing::default())
            } else if shared.got && !said_got {
                said_got = true;
                (Frame::Got, Zeroizing::default())
            } else if shared.answers > 0 {
                (Frame::Answer, Zeroizing::default())
            } else {
                // Over, and not everything was confirmed.
                return Err(cut());
            };
            // Whatever is sent is an answer.
            shared.answers = 0;
            drop(shared);
            self.changed.notify_all();
            let length = HEAD_LEN.saturating_add(bytes.len());
            let mut text = Zeroizing::new(Vec::with_capacity(length));
            text.push(frame as u8);
            text.extend_from_slice(&peer);
            text.extend_from_slice(&number.to_be_bytes());
            text.extend_from_slice(&bytes);
            number = number.saturating_add(1);
            self.put(&mut carrier, &text)?;
        }
    }

    /// Seals a packet, waiting for room in the chain, and writes it once its state is stored.
    fn put(&self, carrier: &mut impl Write, text: &[u8]) -> Result<(), Failure> {
        loop {
            let read = self.shared().read;
            let mut packet = Vec::new();
            let sealed = self.turn(|turn| seal(turn, text, &mut packet));
            match sealed {
                Ok(()) => {
                    let length = u32::try_from(packet.len()).unwrap_or(u32::MAX).to_be_bytes();
                    let written = carrier.write_all(&length).and_then(|()| {
                        carrier.write_all(&packet)?;
                        carrier.flush()
                    });
                    return written.map_err(|_| cut());
                }
                Err(ChangeError::Step(failure)) if failure.kind == Kind::NotDelivered => {
                    // The other end's next packet makes room.
                    let shared = self.shared();
                    let waited = self.changed.wait_while(shared, |shared| {
                        shared.read == read && shared.failure.is_none() && !shared.over
                    });
                    let shared = waited.unwrap_or_else(PoisonError::into_inner);
                    if shared.failure.is_some() {
                        return Ok(());
                    }
                    if shared.over && shared.read == read {
                        return Err(failure);
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn turn<T>(
        &self,
        step: impl FnOnce(&mut undertone_store::sessions::Turn<'_>) -> Result<T, Failure>,
    ) -> Result<T, ChangeError<Failure>> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.change(&self.name, step)
    }

    /// Reads packets from the carrier and writes what they say to standard output, until the other
    /// end has said everything and knows that we have.
    fn receive(&self, mut carrier: impl Read, output: &mut dyn Write) {
        match self.receive_all(&mut carrier, output) {
            Ok(()) => self.tell(|shared| shared.over = true),
            Err(failure) => self.fail(failure),
        }
    }

    fn receive_all(&self, carrier: &mut impl Read, output: &mut dyn Write) -> Result<(), Failure> {
        let mut number = 0_u64;
        let mut ended = false;
        loop {
            let Some(packet) = next_packet(carrier)? else {
                let shared = self.shared();
                // Whoever has everything, and was told that we have, may go.
                return if ended && shared.confirmed { Ok(()) } else { Err(cut()) };
            };
            let greeted = self.shared().peer.is_some();
            let opened = self.turn(|turn| {
                let unsealed = unseal(turn, &packet)?;
                check(&unsealed.text, greeted, &self.own, number).map(|frame| (frame, unsealed))
            });
            let (frame, Unsealed { text, answer_wanted }) = opened?;
            let body = text.get(HEAD_LEN..).unwrap_or_default();
            let mut confirmed = false;
            match frame {
                Frame::Hello => {
                    let run = text.get(1..).and_then(|run| run.first_chunk()).copied();
                    self.tell(|shared| shared.peer = run);
                }
                Frame::Data if !ended => {
                    let written = output.write_all(body).and_then(|()| output.flush());
                    written.map_err(|error| Failure::stream("Writing the output", &error))?;
                }
                Frame::End => {
                    ended = true;
                    self.tell(|shared| shared.got = true);
                }
                Frame::Got => confirmed = true,
                Frame::Data | Frame::Answer => {}
            }
            if frame != Frame::Hello {
                number = number.saturating_add(1);
            }
            self.tell(|shared| {
                shared.read = shared.read.saturating_add(1);
                shared.answers = shared.answers.saturating_add(u32::from(answer_wanted));
                shared.confirmed |= confirmed;
            });
        }
    }
}

/// Whether a packet's text is what comes next: of this run, and in order.
fn check(text: &[u8], greeted: bool, own: &[u8; RUN_LEN], number: u64) -> Result<Frame, Failure> {
    let wrong = |message: &str| {
        let hint = "Begin the pipe anew at both ends; nothing of what came before is lost.";
        Failure::new(Kind::CheckFailed, message, hint)
    };
    let frame = text.first().copied().and_then(Frame::from_byte);
    let frame = frame.ok_or_else(|| {
        wrong("Something came through the pipe that belongs elsewhere, such as a message.")
    })?;
    if (frame == Frame::Hello) == greeted {
        return Err(wrong("The other end of the pipe began again, or has not begun."));
    }
    if frame == Frame::Hello {
        let length = 1 + RUN_LEN;
        return if text.len() == length { Ok(frame) } else { Err(wrong("A packet is damaged.")) };
    }
    let head = text.get(1..HEAD_LEN).and_then(|head| head.split_first_chunk::<RUN_LEN>());
    let (run, found) = head.ok_or_else(|| wrong("A packet is damaged."))?;
    if run != own {
        return Err(wrong("A packet of an earlier pipe came through this one."));
    }
    if found != number.to_be_bytes() {
        return Err(wrong("Packets are missing, or came out of order."));
    }
    Ok(frame)
}

/// The next packet; none at the carrier's end.
fn next_packet(carrier: &mut impl Read) -> Result<Option<Vec<u8>>, Failure> {
    let mut length = [0; 4];
    match fill(carrier, &mut length) {
        Ok(4) => {}
        // Whether that was the whole is for the packets to say.
        Ok(0) => return Ok(None),
        Ok(_) | Err(_) => return Err(cut()),
    }
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > MAX_PACKET {
        return Err(Failure::new(
            Kind::CheckFailed,
            "What comes through the pipe is no packet.",
            "Look whether the other end also runs `undertone ratchet pipe`.",
        ));
    }
    let mut packet = vec![0; length];
    match fill(carrier, &mut packet) {
        Ok(count) if count == length => Ok(Some(packet)),
        Ok(_) | Err(_) => Err(cut()),
    }
}

fn cut() -> Failure {
    Failure::new(
        Kind::PartnerGone,
        "The connection ended before everything was said and confirmed.",
        "What came is not the whole, and what you sent may not have arrived: begin the pipe anew.",
    )
}
