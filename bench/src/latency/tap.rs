//! A network that measures in the streams of another one.
//!
//! The peer of a message and its receipt is an echo on a raw stream: same processes, same circuit.
//! A service takes one stream per circuit, so the echo goes through the conversation's own stream,
//! beneath its TLS: between two TLS records one end writes a block of as many bytes, and the other
//! end writes it back as soon as it has it, from within the read that found it. No task, channel or
//! record layer is in its way, and the time stops when the block has been read.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{mpsc, oneshot, watch};
use undertone_net::tls::RECORD_LEN;
use undertone_net::{
    Dial, DialError, INCOMING, Network, NetworkStatus, PublishError, Service, ServiceSpec, Stream,
};

use super::records::Records;

/// How an echo begins. No TLS record has this content type.
const ECHO: u8 = b'E';

/// A network whose streams can echo.
pub(super) struct Tap {
    inner: Arc<dyn Network>,
    /// The stream that was dialled last.
    dialled: Mutex<Option<Arc<Line>>>,
}

impl Tap {
    pub(super) fn new(inner: Arc<dyn Network>) -> Self {
        Self { inner, dialled: Mutex::default() }
    }

    /// The stream that was dialled last.
    pub(super) fn line(&self) -> Option<Arc<Line>> {
        lock(&self.dialled).clone()
    }
}

#[async_trait]
impl Network for Tap {
    fn id(&self) -> &'static str {
        self.inner.id()
    }

    fn status(&self) -> watch::Receiver<NetworkStatus> {
        self.inner.status()
    }

    fn start(&self) {
        self.inner.start();
    }

    async fn publish(&self, service: ServiceSpec) -> Result<Service, PublishError> {
        let Service { status, mut incoming, keep } = self.inner.publish(service).await?;
        let (deliver, tapped) = mpsc::channel(INCOMING);
        tokio::spawn(async move {
            while let Some(stream) = incoming.recv().await {
                if deliver.send(Line::around(stream, End::Answering).1).await.is_err() {
                    return;
                }
            }
        });
        Ok(Service { status, incoming: tapped, keep })
    }

    async fn dial(&self, dial: Dial) -> Result<Stream, DialError> {
        let stream = self.inner.dial(dial).await?;
        let (line, stream) = Line::around(stream, End::Asking(None));
        *lock(&self.dialled) = Some(line);
        Ok(stream)
    }

    async fn shutdown(&self) {
        drop(lock(&self.dialled).take());
        self.inner.shutdown().await;
    }
}

/// One stream, shared by who talks over it and who measures in it.
pub(super) struct Line(Mutex<Inner>);

/// What an end does with an echo.
enum End {
    /// Says that it is back.
    Asking(Option<oneshot::Sender<Instant>>),
    /// Writes it back.
    Answering,
}

struct Inner {
    /// `None` when who talks over it has dropped it.
    stream: Option<Stream>,
    end: End,
    /// What has been read and not yet looked at is `raw[start..filled]`.
    raw: Box<[u8; 8 * RECORD_LEN]>,
    start: usize,
    filled: usize,
    incoming: Records,
    outgoing: Records,
    echo: Vec<u8>,
    /// How much of an echo has been written back; flushed when more than all.
    answered: Option<usize>,
}

impl Line {
    fn around(stream: Stream, end: End) -> (Arc<Self>, Stream) {
        let line = Arc::new(Self(Mutex::new(Inner {
            stream: Some(stream),
            end,
            raw: Box::new([0; 8 * RECORD_LEN]),
            start: 0,
            filled: 0,
            incoming: Records::default(),
            outgoing: Records::default(),
            echo: Vec::with_capacity(RECORD_LEN),
            answered: None,
        })));
        (Arc::clone(&line), Box::new(Tapped(line)))
    }

    /// TLS records so far: out and in.
    pub(super) fn records(&self) -> (u64, u64) {
        let inner = lock(&self.0);
        (inner.outgoing.count(), inner.incoming.count())
    }

    /// Sends one block and waits until it is back. Nobody else may be sending.
    pub(super) async fn echo(&self) -> io::Result<Duration> {
        let (back, arrived) = oneshot::channel();
        let block = [ECHO; RECORD_LEN];
        let begin = Instant::now();
        {
            let mut inner = lock(&self.0);
            if !inner.outgoing.is_between() {
                return Err(io::Error::other("an echo would tear a record"));
            }
            inner.end = End::Asking(Some(back));
        }
        let mut written = 0;
        while let Some(rest) = block.get(written..).filter(|rest| !rest.is_empty()) {
            let write = |cx: &mut Context<'_>| lock(&self.0).stream()?.poll_write(cx, rest);
            written += std::future::poll_fn(write).await?;
        }
        std::future::poll_fn(|cx| lock(&self.0).stream()?.poll_flush(cx)).await?;
        let end = arrived.await.map_err(|_| io::Error::from(io::ErrorKind::ConnectionReset))?;
        Ok(end.duration_since(begin))
    }
}

impl Inner {
    fn stream(&mut self) -> io::Result<Pin<&mut Stream>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    /// Writes back what is to be written back.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(answered) = self.answered {
            let Some(rest) = self.echo.get(answered..).filter(|rest| !rest.is_empty()) else {
                ready!(self.stream()?.poll_flush(cx))?;
                self.answered = None;
                self.echo.clear();
                break;
            };
            let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            self.answered = Some(answered + ready!(Pin::new(stream).poll_write(cx, rest))?);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_answer(cx))?;
            let come = self.raw.get(self.start..self.filled).unwrap_or_default();
            let Some(first) = come.first() else {
                let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
                let mut raw = ReadBuf::new(self.raw.as_mut_slice());
                ready!(Pin::new(stream).poll_read(cx, &mut raw))?;
                (self.start, self.filled) = (0, raw.filled().len());
                if self.filled == 0 {
                    return Poll::Ready(Ok(()));
                }
                continue;
            };
            if !self.echo.is_empty() || (self.incoming.is_between() && *first == ECHO) {
                let part = come.get(..RECORD_LEN - self.echo.len()).unwrap_or(come);
                self.echo.extend_from_slice(part);
                self.start += part.len();
                if self.echo.len() == RECORD_LEN {
                    self.echo_came();
                }
                continue;
            }
            let room = come.get(..buf.remaining()).unwrap_or(come);
            let part = self.incoming.follow(room);
            buf.put_slice(part);
            self.start += part.len();
            return Poll::Ready(Ok(()));
        }
    }

    fn echo_came(&mut self) {
        match &mut self.end {
            End::Asking(back) => {
                if let Some(back) = back.take() {
                    // Whoever asked may have given up.
                    let _given_up = back.send(Instant::now());
                }
                self.echo.clear();
            }
            End::Answering => self.answered = Some(0),
        }
    }
}

/// The end of a line that the conversation has.
struct Tapped(Arc<Line>);

impl Drop for Tapped {
    fn drop(&mut self) {
        let mut inner = lock(&self.0.0);
        let stream = inner.stream.take();
        // An echo that is out won't come back.
        if let End::Asking(back) = &mut inner.end {
            drop(back.take());
        }
        drop(inner);
        drop(stream);
    }
}

impl AsyncRead for Tapped {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        lock(&self.0.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut inner = lock(&self.0.0);
        let written = ready!(inner.stream()?.poll_write(cx, bytes))?;
        let mut rest = bytes.get(..written).unwrap_or_default();
        while !rest.is_empty() {
            let part = inner.outgoing.follow(rest).len();
            rest = rest.get(part..).unwrap_or_default();
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.0.0).stream()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        lock(&self.0.0).stream()?.poll_shutdown(cx)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// A record of a cell's length, as after a handshake.
    fn record(byte: u8) -> Vec<u8> {
        let body = RECORD_LEN - 5;
        let mut record = vec![byte; RECORD_LEN];
        record[..5].copy_from_slice(&[23, 3, 3, (body >> 8) as u8, body as u8]);
        record
    }

    /// Two ends over a wire that takes few bytes at once, so that blocks come in pieces.
    #[tokio::test]
    async fn an_echo_comes_back_between_records_and_nothing_of_it_shows() {
        for width in [100, 10_000] {
            let (a, b) = tokio::io::duplex(width);
            let (line, ours) = Line::around(Box::new(a), End::Asking(None));
            let (_, mut theirs) = Line::around(Box::new(b), End::Answering);
            tokio::spawn(async move {
                let mut come = vec![0; RECORD_LEN];
                while theirs.read_exact(&mut come).await.is_ok() {
                    theirs.write_all(&come).await.unwrap();
                    theirs.flush().await.unwrap();
                }
            });
            let (mut reader, mut writer) = tokio::io::split(ours);
            let (came, mut coming) = mpsc::channel(8);
            tokio::spawn(async move {
                let mut come = vec![0; RECORD_LEN];
                while reader.read_exact(&mut come).await.is_ok() {
                    came.send(come.clone()).await.unwrap();
                }
            });
            for byte in 0..10 {
                let sent = record(byte);
                writer.write_all(&sent).await.unwrap();
                writer.flush().await.unwrap();
                assert_eq!(coming.recv().await.unwrap(), sent);
                line.echo().await.unwrap();
                line.echo().await.unwrap();
            }
            assert!(coming.try_recv().is_err());
            assert_eq!(line.records(), (10, 10));
        }
    }

    #[tokio::test]
    async fn an_echo_does_not_tear_a_record() {
        let (a, _b) = tokio::io::duplex(10_000);
        let (line, mut ours) = Line::around(Box::new(a), End::Asking(None));
        ours.write_all(&record(1)[..100]).await.unwrap();
        assert!(line.echo().await.is_err());
    }
}
