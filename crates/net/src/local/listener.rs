//! A published service: accepts, greets within bounds, hands streams up.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::StreamExt;
use futures::future::{AbortHandle, Abortable};
use futures::stream::FuturesUnordered;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{Instant, sleep_until, timeout};

use super::endpoint::Listener;
use super::greeting::{Doorkeeper, GREETING_TIMEOUT};
use crate::{INCOMING, Service, ServiceStatus, Stream};

/// Greetings at a time; when another begins, the oldest is dropped. Together with [`INCOMING`] this
/// bounds the file descriptors that strangers can make one service hold.
pub(super) const GREETINGS: usize = 64;

/// How long the listener rests when the system has no more file descriptors.
const REST: Duration = Duration::from_millis(100);

/// The listening socket, and what tells the owner how it is.
#[derive(Debug)]
struct Shop {
    listener: Mutex<Option<Listener>>,
    status: watch::Sender<ServiceStatus>,
}

impl Shop {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Stream>> {
        match self.listener.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(listener) => listener.poll_accept(cx),
            // Closed: the task is being ended.
            None => Poll::Pending,
        }
    }

    /// Unbinds now, not when the task gets round to it.
    fn close(&self) {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(listener);
    }
}

/// The owner's hold on a service; its drop ends it.
struct Keep {
    shop: Arc<Shop>,
    task: tokio::task::AbortHandle,
}

impl Drop for Keep {
    fn drop(&mut self) {
        self.shop.close();
        self.task.abort();
    }
}

/// The network's hold on a service.
#[derive(Debug)]
pub(super) struct Running {
    shop: Arc<Shop>,
    task: JoinHandle<()>,
}

impl Running {
    pub(super) fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    /// Unbinds and ends the task, with all greetings.
    pub(super) fn stop(&self) {
        self.shop.close();
        self.task.abort();
        let reason = "the network was shut down".to_owned();
        self.shop.status.send_replace(ServiceStatus::Broken(reason));
    }

    /// Waits until the task has ended.
    pub(super) async fn stopped(self) {
        if let Err(error) = self.task.await
            && error.is_panic()
        {
            tracing::error!("a local service had failed");
        }
    }
}

/// Serves a bound listener.
pub(super) fn run(listener: Listener, doorkeeper: Doorkeeper) -> (Running, Service) {
    let shop = Arc::new(Shop {
        listener: Mutex::new(Some(listener)),
        status: watch::Sender::new(ServiceStatus::Reachable),
    });
    let status = shop.status.subscribe();
    let (streams, incoming) = mpsc::channel(INCOMING);
    let task = tokio::spawn(serve(Arc::clone(&shop), doorkeeper, streams));
    let keep = Keep { shop: Arc::clone(&shop), task: task.abort_handle() };
    (Running { shop, task }, Service { status, incoming, keep: Box::new(keep) })
}

async fn serve(shop: Arc<Shop>, doorkeeper: Doorkeeper, streams: mpsc::Sender<Stream>) {
    let mut greetings = FuturesUnordered::new();
    let mut order: VecDeque<(u64, AbortHandle)> = VecDeque::with_capacity(GREETINGS);
    let mut number: u64 = 0;
    let mut rest_until = None;
    loop {
        tokio::select! {
            // Who has been let in goes before who comes.
            biased;
            Some((done, greeted)) = greetings.next(), if !greetings.is_empty() => {
                order.retain(|(number, _)| *number != done);
                if let Ok(Ok(Some(stream))) = greeted
                    && streams.try_send(stream).is_err()
                {
                    tracing::debug!("a stream was dropped: too many are waiting");
                }
            }
            accepted = accept(&shop, rest_until) => match accepted {
                Ok(stream) => {
                    rest_until = None;
                    if order.len() >= GREETINGS
                        && let Some((_, oldest)) = order.pop_front()
                    {
                        oldest.abort();
                    }
                    number = number.wrapping_add(1);
                    let (handle, registration) = AbortHandle::new_pair();
                    order.push_back((number, handle));
                    let greeting = timeout(GREETING_TIMEOUT, doorkeeper.admit(stream));
                    let greeting = Abortable::new(greeting, registration);
                    greetings.push(async move { (number, greeting.await) });
                    // A queue full of strangers must not be emptied in one go: between two of them
                    // the runtime looks at the sockets, and who speaks soon is heard in time.
                    yield_now().await;
                }
                Err(error) => {
                    tracing::warn!(kind = %error.kind(), "no connection could be accepted");
                    rest_until = Some(Instant::now() + REST);
                }
            },
        }
    }
}

async fn accept(shop: &Shop, rest_until: Option<Instant>) -> io::Result<Stream> {
    if let Some(instant) = rest_until {
        sleep_until(instant).await;
    }
    poll_fn(|cx| shop.poll_accept(cx)).await
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keep(…)")
    }
}
