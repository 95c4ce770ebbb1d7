//! Somebody on the way flips one byte: the record is refused, nothing of it is shown, and the text
//! arrives once, whole, on the next connection.

mod common;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use async_trait::async_trait;
use common::{End, unique};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, Delivery, LinkState, NetworkKind};
use undertone_net::local::LocalNetwork;
use undertone_net::{
    Dial, DialError, Network, NetworkStatus, PublishError, Service, ServiceSpec, Stream,
};
use undertone_node::network::{AnyNetwork, local};
use undertone_node::propose_code;

/// A loopback network on whose dialled streams the next written byte is flipped when `armed` is set.
struct Flipping {
    inner: LocalNetwork,
    armed: Arc<AtomicBool>,
}

#[async_trait]
impl Network for Flipping {
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
        self.inner.publish(service).await
    }

    async fn dial(&self, dial: Dial) -> Result<Stream, DialError> {
        let stream = self.inner.dial(dial).await?;
        Ok(Box::new(Flipped { stream, armed: Arc::clone(&self.armed) }))
    }

    async fn shutdown(&self) {
        self.inner.shutdown().await;
    }
}

struct Flipped {
    stream: Stream,
    armed: Arc<AtomicBool>,
}

impl AsyncRead for Flipped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Flipped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        // Past the five header bytes of the record, in the middle of what it protects.
        if bytes.len() > 100 && self.armed.swap(false, Ordering::SeqCst) {
            let mut bent = bytes.to_vec();
            bent[100] ^= 1;
            let written = Pin::new(&mut self.stream).poll_write(cx, &bent);
            if !matches!(written, Poll::Ready(Ok(all)) if all == bytes.len()) {
                self.armed.store(true, Ordering::SeqCst);
            }
            return written;
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_text_is_refused_and_comes_whole_over_the_next_connection() {
    let name = unique("flip");
    let code = propose_code().unwrap();
    let armed = Arc::new(AtomicBool::new(false));
    let flipping = Flipping { inner: LocalNetwork::new(&name), armed: Arc::clone(&armed) };
    let guests = AnyNetwork { network: Arc::new(flipping), kind: NetworkKind::Local };
    let mut host = End::begin(local(&name), Role::Host, &code).await;
    let mut guest = End::begin(guests, Role::Guest, &code).await;
    host.open().await;
    guest.open().await;
    guest.say("before").await;
    assert_eq!(host.text().await, "before");

    armed.store(true, Ordering::SeqCst);
    let bent = guest.say_and_queue("bent on the way").await;
    // The host refuses the record and ends the connection before anything of the text is seen.
    let first = host
        .wait(|event| match event {
            ConversationEvent::Received { body, .. } => Some(Err(body.clone())),
            ConversationEvent::Link(LinkState::Lost { .. }) => Some(Ok(())),
            _ => None,
        })
        .await;
    assert_eq!(first, Ok(()), "the bent record was taken");
    assert!(!armed.load(Ordering::SeqCst), "no byte was flipped");

    // Both come back over the contact's own service, with pinned certificates on both ends.
    guest.told(ConversationEvent::Link(LinkState::Up)).await;
    assert_eq!(host.text().await, "bent on the way");
    guest.told(ConversationEvent::Delivery(bent, Delivery::Delivered)).await;
    host.say("whole").await;
    assert_eq!(guest.text().await, "whole");
}
