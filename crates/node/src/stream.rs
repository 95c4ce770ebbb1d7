//! One stream's life: TLS, then cells both ways, then its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use undertone_engine::{ChannelKeys, CloseReason, Input, StreamId, Tls};
use undertone_net::Stream;
use undertone_net::tls::{
    self, CellReceiver, CellSender, Channel, ClientPolicy, Identity, Peer, Pins,
};
use undertone_wire::cell::{self, Assembler, FrameKind};
use undertone_wire::link::EXPORTER_LINK;
use undertone_wire::pacer::{KeepAlive, Mode, Watch};
use undertone_wire::pairing::{EXPORTER_BINDING, EXPORTER_SID};
use undertone_wire::repair::EXPORTER_REPAIR;
use undertone_wire::request::MAX_STRANGER_FRAME;
use zeroize::Zeroizing;

/// Frames that may wait for a peer that reads slowly. Twice what the engine has under way at most.
const WAITING_FRAMES: usize = 256;

/// A server's TLS handshake takes no longer than this; a stranger costs that long at most.
const ACCEPT_TIME: Duration = Duration::from_secs(10);

/// A client waits longer: it chose whom to dial.
const CONNECT_TIME: Duration = Duration::from_secs(30);

/// A stream that is to end takes no longer than this to send what waits.
const FLUSH_TIME: Duration = Duration::from_secs(1);

/// Which end of TLS this side is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Side {
    Client,
    Server,
}

/// What the driver hands to a stream.
pub(crate) enum Outgoing {
    Frame(FrameKind, Vec<u8>),
    /// Send what waits, then end when the other side has.
    Finish,
}

/// The driver's end of a stream.
pub(crate) struct StreamEnd {
    pub(crate) outgoing: mpsc::Sender<Outgoing>,
    pub(crate) task: tokio::task::AbortHandle,
    /// The other end has proved itself: longer frames than a pairing's are taken from it.
    pub(crate) known: Arc<AtomicBool>,
}

/// Where a stream's events go.
#[derive(Clone)]
pub(crate) struct Inbox {
    pub(crate) stream: StreamId,
    pub(crate) inputs: mpsc::Sender<Input>,
}

/// Starts the task that lives as long as the stream.
pub(crate) fn spawn(
    runtime: &tokio::runtime::Handle,
    stream: Stream,
    side: Side,
    tls: Tls,
    inbox: Inbox,
) -> StreamEnd {
    let (outgoing, waiting) = mpsc::channel(WAITING_FRAMES);
    let known = Arc::new(AtomicBool::new(false));
    let task = runtime.spawn(live(stream, side, tls, inbox, waiting, Arc::clone(&known)));
    StreamEnd { outgoing, task: task.abort_handle(), known }
}

async fn live(
    stream: Stream,
    side: Side,
    tls: Tls,
    inbox: Inbox,
    waiting: mpsc::Receiver<Outgoing>,
    known: Arc<AtomicBool>,
) {
    let reason = match secure(stream, side, tls).await {
        Some((channel, keys, shown)) => {
            let id = inbox.stream;
            if inbox.inputs.send(Input::Secured { stream: id, keys, known: shown }).await.is_err() {
                return;
            }
            let (sender, receiver) = channel.split();
            let heard = AtomicBool::new(true);
            tokio::select! {
                reason = write(sender, waiting, &heard) => reason,
                reason = read(receiver, &inbox, &known, &heard) => reason,
            }
        }
        None => CloseReason::Gone,
    };
    // Nobody listens any more only when the node has ended.
    let _ended = inbox.inputs.send(Input::Closed { stream: inbox.stream, reason }).await;
}

async fn secure(stream: Stream, side: Side, tls: Tls) -> Option<(Channel, ChannelKeys, bool)> {
    let expected = match &tls {
        Tls::Pairing => None,
        Tls::Link { peer, .. } | Tls::Repair { peer, .. } => Some(*peer),
    };
    let channel = match side {
        Side::Client => {
            let deadline = Instant::now() + CONNECT_TIME;
            match tls {
                Tls::Pairing => tls::connect(stream, Peer::Anyone, deadline).await.ok()?,
                Tls::Link { certificate_seed, peer } => {
                    let own = Identity::from_seed(certificate_seed.as_bytes()).ok()?;
                    let peer = Peer::Pinned { own: &own, pins: Pins::one(peer) };
                    tls::connect(stream, peer, deadline).await.ok()?
                }
                Tls::Repair { certificate_seed, peer: _ } => {
                    let own = Identity::from_seed(certificate_seed.as_bytes()).ok()?;
                    tls::connect(stream, Peer::Any { own: &own }, deadline).await.ok()?
                }
            }
        }
        Side::Server => {
            let deadline = Instant::now() + ACCEPT_TIME;
            let (identity, policy) = match tls {
                Tls::Pairing => {
                    let mut seed = Zeroizing::new([0; 32]);
                    getrandom::fill(seed.as_mut_slice()).ok()?;
                    (Identity::from_seed(&seed).ok()?, ClientPolicy::Anyone)
                }
                Tls::Link { certificate_seed, .. } | Tls::Repair { certificate_seed, .. } => {
                    (Identity::from_seed(certificate_seed.as_bytes()).ok()?, ClientPolicy::Any)
                }
            };
            tls::accept(stream, &identity, policy, deadline).await.ok()?
        }
    };
    let keys = ChannelKeys {
        sid: *channel.export(EXPORTER_SID, None).ok()?,
        binding: *channel.export(EXPORTER_BINDING, None).ok()?,
        link: *channel.export(EXPORTER_LINK, None).ok()?,
        repair: *channel.export(EXPORTER_REPAIR, None).ok()?,
    };
    let known = expected.is_some() && channel.peer_key() == expected.as_ref();
    Some((channel, keys, known))
}

/// Cuts frames into cells and sends them; a keep-alive when there long was nothing to say.
///
/// What the stream has taken is not with the other side yet: the end of a network takes along what
/// has not left the process. So last words wait for the other side to hang up, which it does when it
/// has read them; whoever has heard something since (`heard`) has nothing to wait for.
async fn write(
    mut sender: CellSender,
    mut waiting: mpsc::Receiver<Outgoing>,
    heard: &AtomicBool,
) -> CloseReason {
    let start = Instant::now();
    let mut alive = KeepAlive::new(0);
    loop {
        let due = start + Duration::from_millis(alive.due_at());
        let (kind, bytes) = match timeout_at(due, waiting.recv()).await {
            Ok(Some(Outgoing::Frame(kind, bytes))) => (kind, bytes),
            Ok(Some(Outgoing::Finish)) if !heard.load(Ordering::Relaxed) => {
                // The reading side sees it; `finish` doesn't wait for ever.
                return std::future::pending().await;
            }
            Ok(Some(Outgoing::Finish) | None) => return CloseReason::Gone,
            Err(_) => (FrameKind::KeepAlive, Vec::new()),
        };
        if kind != FrameKind::KeepAlive {
            heard.store(false, Ordering::Relaxed);
        }
        let Ok(cells) = cell::cut(kind, &bytes) else { return CloseReason::Violation };
        for cell in cells {
            if sender.send(&cell).await.is_err() {
                return CloseReason::Gone;
            }
        }
        alive.sent(elapsed(start));
    }
}

/// Puts cells together and hands frames on; a peer that is silent for too long is gone.
async fn read(
    mut receiver: CellReceiver,
    inbox: &Inbox,
    known: &AtomicBool,
    heard: &AtomicBool,
) -> CloseReason {
    let start = Instant::now();
    let mut watch = Watch::new(Mode::Off, 0);
    let mut frames = Assembler::with_limit(MAX_STRANGER_FRAME);
    loop {
        let dead = start + Duration::from_millis(watch.dead_at());
        let cell = match timeout_at(dead, receiver.recv()).await {
            Ok(Ok(Some(cell))) => cell,
            Ok(Ok(None)) => return CloseReason::Gone,
            Ok(Err(tls::ChannelError::Io(_) | tls::ChannelError::Closed)) => {
                return CloseReason::Gone;
            }
            Ok(Err(_)) => return CloseReason::Violation,
            Err(_) => return CloseReason::Silent,
        };
        watch.received(elapsed(start));
        if known.load(Ordering::Relaxed) {
            frames.accept_long();
        }
        let frame = match frames.push(&cell) {
            Ok(Some(frame)) => frame,
            Ok(None) => continue,
            Err(error) => {
                tracing::info!(%error, "a cell was refused");
                return CloseReason::Violation;
            }
        };
        if frame.kind == FrameKind::KeepAlive {
            continue;
        }
        heard.store(true, Ordering::Relaxed);
        let input = Input::Frame { stream: inbox.stream, kind: frame.kind, bytes: frame.bytes };
        if inbox.inputs.send(input).await.is_err() {
            return CloseReason::Gone;
        }
    }
}

fn elapsed(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Ends a stream after what waits has been sent and heard, or a second has passed.
pub(crate) async fn finish(end: StreamEnd) {
    let StreamEnd { outgoing, task, known: _ } = end;
    let sent = timeout(FLUSH_TIME, async {
        if outgoing.send(Outgoing::Finish).await.is_ok() {
            outgoing.closed().await;
        }
    });
    if sent.await.is_err() {
        tracing::debug!("a stream did not take what waited for it");
    }
    task.abort();
}
