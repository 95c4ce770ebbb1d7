//! Cells on an established channel.

use std::fmt;
use std::future::poll_fn;
use std::io::{ErrorKind, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use rustls::Connection;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use undertone_wire::cell::CELL_LEN;
use zeroize::Zeroizing;

use crate::Stream;

/// A TLS record's header: content type, legacy version, length.
pub(super) const HEADER_LEN: usize = 5;

/// A record's body around a cell: the inner content type and the tag of ChaCha20-Poly1305.
const BODY_LEN: usize = CELL_LEN + 1 + 16;

/// The length of each record after the handshake, header included, in bytes: what one relay cell of
/// Tor's newer format carries.
pub const RECORD_LEN: usize = HEADER_LEN + BODY_LEN;

/// The only header that a record may have: application data, of exactly a cell's length.
const CELL_HEADER: [u8; HEADER_LEN] = [23, 3, 3, (BODY_LEN >> 8) as u8, BODY_LEN as u8];

/// How many records one read may fetch.
const RECORDS_PER_READ: usize = 8;

/// Why a channel ended otherwise than by the other side's closing it between two cells. The stream
/// is gone, and nothing more was written to it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// A record came that has not a cell's header: an alert, a ticket, a KeyUpdate, an odd length.
    #[error("a TLS record of type {content_type} and length {length} is no cell")]
    ForeignRecord {
        /// The content type on the outside.
        content_type: u8,
        /// The length after the header, in bytes.
        length: u16,
    },
    /// A record of a cell's length didn't hold one cell of application data.
    #[error("a TLS record of a cell's length holds no cell")]
    NotACell,
    /// A record didn't authenticate, or broke the rules of TLS.
    #[error("a TLS record was not accepted")]
    BadRecord,
    /// The stream ended within a record.
    #[error("the stream ended within a cell")]
    Truncated,
    /// The stream failed.
    #[error("the stream failed: {0}")]
    Io(ErrorKind),
    /// The channel has ended before.
    #[error("the channel has ended")]
    Closed,
    /// rustls could not do this side's part.
    #[error("TLS could not be used")]
    Tls,
}

/// An established channel, before its halves go their ways.
pub struct Channel {
    stream: Stream,
    tls: Box<Connection>,
    peer: Option<[u8; 32]>,
}

impl Channel {
    pub(super) fn new(stream: Stream, tls: Box<Connection>, peer: Option<[u8; 32]>) -> Self {
        Self { stream, tls, peer }
    }

    /// 32 bytes that both ends of this channel have and nobody else (RFC 8446 §7.5). They don't
    /// cover a client's certificate: who is at the other end is decided above.
    ///
    /// # Errors
    /// [`ChannelError::Tls`], which an established channel is not known to cause.
    pub fn export(
        &self,
        label: &[u8],
        context: Option<&[u8]>,
    ) -> Result<Zeroizing<[u8; 32]>, ChannelError> {
        let mut bytes = Zeroizing::new([0; 32]);
        self.tls
            .export_keying_material(bytes.as_mut_slice(), label, context)
            .map_err(|_| ChannelError::Tls)?;
        Ok(bytes)
    }

    /// The Ed25519 key of the certificate that the other side showed; on a link it is a pinned one.
    #[must_use]
    pub fn peer_key(&self) -> Option<&[u8; 32]> {
        self.peer.as_ref()
    }

    /// Parts the two directions. The stream is dropped as soon as either fails or both are dropped.
    #[must_use]
    pub fn split(self) -> (CellSender, CellReceiver) {
        let shared = Arc::new(Shared {
            tls: Mutex::new(self.tls),
            link: Mutex::new(Link { stream: Some(self.stream), reader: None, writer: None }),
        });
        let sender = CellSender {
            shared: Arc::clone(&shared),
            record: Box::new([0; RECORD_LEN]),
            written: RECORD_LEN,
            flushed: true,
        };
        let receiver = CellReceiver {
            shared,
            buffer: Box::new([0; RECORDS_PER_READ * RECORD_LEN]),
            start: 0,
            end: 0,
            ended: false,
        };
        (sender, receiver)
    }

    #[cfg(test)]
    pub(super) fn tls(&self) -> &Connection {
        &self.tls
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Channel(…)")
    }
}

/// What the halves share. Both locks are held for computing only, never while waiting.
struct Shared {
    tls: Mutex<Box<Connection>>,
    link: Mutex<Link>,
}

/// The stream, and who waits on it: dropping a stream wakes nobody by itself.
struct Link {
    stream: Option<Stream>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remember(slot: &mut Option<Waker>, waker: &Waker) {
    match slot {
        Some(known) => known.clone_from(waker),
        None => *slot = Some(waker.clone()),
    }
}

impl Shared {
    fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, ChannelError>> {
        let mut link = lock(&self.link);
        remember(&mut link.reader, cx.waker());
        let Some(stream) = link.stream.as_mut() else {
            return Poll::Ready(Err(ChannelError::Closed));
        };
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(stream).poll_read(cx, &mut buffer)).map_err(io)?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, ChannelError>> {
        let mut link = lock(&self.link);
        remember(&mut link.writer, cx.waker());
        let Some(stream) = link.stream.as_mut() else {
            return Poll::Ready(Err(ChannelError::Closed));
        };
        Pin::new(stream).poll_write(cx, bytes).map_err(io)
    }

    fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<Result<(), ChannelError>> {
        let mut link = lock(&self.link);
        remember(&mut link.writer, cx.waker());
        let Some(stream) = link.stream.as_mut() else {
            return Poll::Ready(Err(ChannelError::Closed));
        };
        Pin::new(stream).poll_flush(cx).map_err(io)
    }

    /// Drops the stream, and tells whoever waits on it.
    fn close(&self) {
        let (stream, reader, writer) = {
            let mut link = lock(&self.link);
            (link.stream.take(), link.reader.take(), link.writer.take())
        };
        drop(stream);
        for waker in [reader, writer].into_iter().flatten() {
            waker.wake();
        }
    }

    /// Ends the channel for a reason.
    fn fail(&self, error: ChannelError) -> ChannelError {
        if error != ChannelError::Closed {
            tracing::info!(reason = %error, "the channel ends");
        }
        self.close();
        error
    }
}

/// Sends cells.
pub struct CellSender {
    shared: Arc<Shared>,
    record: Box<[u8; RECORD_LEN]>,
    /// How much of `record` has been written.
    written: usize,
    flushed: bool,
}

impl CellSender {
    /// Sends one cell: one record, one write, one flush. Returns when the stream has taken it.
    ///
    /// When the future is dropped before it is done, the cell may be on its way or not; what was
    /// sealed and not yet written leaves with the next call, so that the other side always sees
    /// whole cells in order.
    ///
    /// # Errors
    /// [`ChannelError`]; the channel has ended then.
    pub async fn send(&mut self, cell: &[u8; CELL_LEN]) -> Result<(), ChannelError> {
        let sent = match self.write_out().await.and_then(|()| self.seal(cell)) {
            Ok(()) => self.write_out().await,
            Err(error) => Err(error),
        };
        sent.map_err(|error| self.shared.fail(error))
    }

    fn seal(&mut self, cell: &[u8; CELL_LEN]) -> Result<(), ChannelError> {
        if lock(&self.shared.link).stream.is_none() {
            return Err(ChannelError::Closed);
        }
        let mut tls = lock(&self.shared.tls);
        let taken = tls.writer().write(cell).map_err(|_| ChannelError::Closed)?;
        let sealed =
            tls.write_tls(&mut self.record.as_mut_slice()).map_err(|_| ChannelError::Tls)?;
        // Anything else than this one record would be rustls speaking for itself.
        if taken != CELL_LEN || sealed != RECORD_LEN || tls.wants_write() {
            return Err(ChannelError::Tls);
        }
        self.written = 0;
        self.flushed = false;
        Ok(())
    }

    async fn write_out(&mut self) -> Result<(), ChannelError> {
        while let Some(rest) = self.record.get(self.written..).filter(|rest| !rest.is_empty()) {
            let count = poll_fn(|cx| self.shared.poll_write(cx, rest)).await?;
            if count == 0 {
                return Err(ChannelError::Io(ErrorKind::WriteZero));
            }
            self.written += count;
        }
        if !self.flushed {
            poll_fn(|cx| self.shared.poll_flush(cx)).await?;
            self.flushed = true;
        }
        Ok(())
    }
}

impl fmt::Debug for CellSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CellSender(…)")
    }
}

/// Receives cells.
pub struct CellReceiver {
    shared: Arc<Shared>,
    /// `start..end` has come and was not yet opened.
    buffer: Box<[u8; RECORDS_PER_READ * RECORD_LEN]>,
    start: usize,
    end: usize,
    /// The other side has closed between two cells.
    ended: bool,
}

impl CellReceiver {
    /// Waits for the next cell. `None` when the other side has closed the stream between two cells;
    /// the stream is dropped then. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// [`ChannelError`]; the channel has ended then.
    pub async fn recv(&mut self) -> Result<Option<[u8; CELL_LEN]>, ChannelError> {
        if self.ended {
            return Ok(None);
        }
        match self.next().await {
            Ok(Some(cell)) => Ok(Some(cell)),
            Ok(None) => {
                tracing::debug!("the other side closed the channel");
                self.ended = true;
                self.shared.close();
                Ok(None)
            }
            Err(error) => {
                self.start = self.end;
                Err(self.shared.fail(error))
            }
        }
    }

    async fn next(&mut self) -> Result<Option<[u8; CELL_LEN]>, ChannelError> {
        loop {
            if let Some(cell) = self.open()? {
                return Ok(Some(cell));
            }
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            let space = self.buffer.get_mut(self.end..).unwrap_or_default();
            match poll_fn(|cx| self.shared.poll_read(cx, space)).await? {
                0 if self.end == 0 => return Ok(None),
                0 => return Err(ChannelError::Truncated),
                count => self.end += count,
            }
        }
    }

    /// Opens the first record of the buffer, if it is there.
    fn open(&mut self) -> Result<Option<[u8; CELL_LEN]>, ChannelError> {
        let pending = self.buffer.get(self.start..self.end).unwrap_or_default();
        let Some(header) = pending.first_chunk::<HEADER_LEN>() else {
            return Ok(None);
        };
        if *header != CELL_HEADER {
            let [content_type, _, _, high, low] = *header;
            let length = u16::from_be_bytes([high, low]);
            return Err(ChannelError::ForeignRecord { content_type, length });
        }
        let Some(mut record) = pending.get(..RECORD_LEN) else {
            return Ok(None);
        };
        let mut tls = lock(&self.shared.tls);
        let taken = tls.read_tls(&mut record).map_err(|_| ChannelError::BadRecord)?;
        let state = tls.process_new_packets().map_err(|_| ChannelError::BadRecord)?;
        // The padding of TLS 1.3 can give anything a cell's length: a KeyUpdate, a ticket, an
        // alert, a short write. None of them leaves exactly one cell to read and nothing to answer.
        if taken != RECORD_LEN
            || state.plaintext_bytes_to_read() != CELL_LEN
            || state.peer_has_closed()
            || tls.wants_write()
        {
            return Err(ChannelError::NotACell);
        }
        let mut cell = [0; CELL_LEN];
        tls.reader().read_exact(&mut cell).map_err(|_| ChannelError::NotACell)?;
        self.start += RECORD_LEN;
        Ok(Some(cell))
    }
}

impl fmt::Debug for CellReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CellReceiver(…)")
    }
}

fn io(error: std::io::Error) -> ChannelError {
    ChannelError::Io(error.kind())
}
