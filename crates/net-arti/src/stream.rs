//! Streams that close their circuit behind them.

use std::any::Any;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use arti_client::DataStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::Handle;

/// How long a circuit outlives its stream: what was flushed may still be on its way through this
/// process, and a circuit that ends takes it along.
const LINGER: Duration = Duration::from_secs(5);

/// A stream and the circuit that it has for itself.
pub(crate) struct Carried {
    stream: Option<DataStream>,
    circuit: Option<Box<dyn Any + Send>>,
    handle: Handle,
}

impl Carried {
    /// The drop of `circuit` must end the circuit, or its last use.
    pub(crate) fn new(stream: DataStream, circuit: Box<dyn Any + Send>, handle: Handle) -> Self {
        Self { stream: Some(stream), circuit: Some(circuit), handle }
    }

    fn stream(self: Pin<&mut Self>) -> io::Result<Pin<&mut DataStream>> {
        let stream = self.get_mut().stream.as_mut();
        stream.map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        drop(self.stream.take());
        let circuit = self.circuit.take();
        self.handle.spawn(async move {
            tokio::time::sleep(LINGER).await;
            drop(circuit);
        });
    }
}

impl AsyncRead for Carried {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        AsyncRead::poll_read(self.stream()?, cx, buf)
    }
}

impl AsyncWrite for Carried {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(self.stream()?, cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(self.stream()?, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_shutdown(self.stream()?, cx)
    }
}
