//! A process that takes part: one Tor client, one node, told what to do line by line.

use std::io::BufRead as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use undertone_handle::command::Role;
use undertone_handle::{Command, Event, Handle};
use undertone_net::{
    DIAL_TIMEOUT, Dial, Network, NetworkStep, Service, ServiceSpec, ServiceStatus,
};
use undertone_node::environment::ram::RamDir;
use undertone_node::network::{self, AnyNetwork};
use undertone_ratchet::secret::Secret;
use undertone_wire::address::{OnionAddress, OnionSeed};

use super::node::{Conversation, PATIENCE};
use super::tap::Tap;
use crate::run::Failure;

/// Runs until the input ends.
pub(crate) fn run(configuration: &Path) -> Result<(), Failure> {
    let configuration = std::fs::read_to_string(configuration)?;
    let ram = RamDir::create()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        let AnyNetwork { network, kind } = network::arti(ram.path(), Some(configuration))?;
        let tap = Arc::new(Tap::new(Arc::clone(&network)));
        let (handle, node) = undertone_node::start(
            AnyNetwork { network: tap.clone(), kind },
            undertone_node::in_memory(),
        )?;
        ready(network.as_ref()).await?;
        println!("ready");
        let peer = Peer { network, tap, service: None, handle: Some(handle), conversation: None };
        peer.obey(input()).await?;
        node.ended().await;
        Ok(())
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

/// Lines of the input until it ends.
fn input() -> mpsc::Receiver<String> {
    let (line, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for next in std::io::stdin().lock().lines().map_while(Result::ok) {
            if line.blocking_send(next).is_err() {
                return;
            }
        }
    });
    lines
}

async fn ready(network: &dyn Network) -> Result<(), Failure> {
    let mut status = network.status();
    let found = status.wait_for(|status| status.step == NetworkStep::Ready);
    timeout(PATIENCE, found).await.map_err(|_| "the network wasn't found in time")??;
    Ok(())
}

struct Peer {
    /// The Tor client itself, for its own times.
    network: Arc<dyn Network>,
    /// What the node has for a network.
    tap: Arc<Tap>,
    service: Option<Service>,
    /// The node's, while there is no conversation.
    handle: Option<Handle>,
    conversation: Option<Conversation>,
}

impl Peer {
    async fn obey(mut self, mut lines: mpsc::Receiver<String>) -> Result<(), Failure> {
        loop {
            let line = tokio::select! {
                line = lines.recv() => line,
                // A node stops reading what its partner sends while its interface reads nothing.
                error = broken(self.conversation.as_mut()) => return Err(error),
            };
            let Some(line) = line else { return self.end().await };
            self.obey_line(&line).await.map_err(|error| format!("{line}: {error}"))?;
        }
    }

    async fn obey_line(&mut self, line: &str) -> Result<(), Failure> {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["publish"] => self.publish().await,
            ["unpublish"] => {
                self.service = None;
                println!("unpublished");
                Ok(())
            }
            ["connect", address] => self.connect(address).await,
            ["host", code] => self.host(code).await,
            ["guest", code] => self.guest(code).await,
            ["leave"] => {
                let conversation = self.conversation.take().ok_or("no conversation")?;
                self.handle = Some(conversation.leave().await?);
                println!("left");
                Ok(())
            }
            ["left"] => {
                let conversation = self.conversation.take().ok_or("no conversation")?;
                println!("listening");
                self.handle = Some(conversation.left().await?);
                println!("left");
                Ok(())
            }
            ["pairs", warm_up, pairs, pause] => {
                self.pairs(warm_up.parse()?, pairs.parse()?, pause.parse()?).await
            }
            ["memory"] => {
                println!("memory {}", resident()?);
                Ok(())
            }
            _ => Err("not understood".into()),
        }
    }

    /// Publishes a service as a code's would be, and says when it is reachable.
    async fn publish(&mut self) -> Result<(), Failure> {
        let begin = Instant::now();
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let seed = OnionSeed(Secret::from_bytes(&seed));
        let address = seed.address();
        let mut service = self.network.publish(ServiceSpec { seed, clients: Vec::new() }).await?;
        let reachable = service.status.wait_for(|status| *status == ServiceStatus::Reachable);
        timeout(PATIENCE, reachable).await.map_err(|_| "not reachable in time")??;
        println!("published {} {}", begin.elapsed().as_secs_f64(), address.label());
        self.service = Some(service);
        Ok(())
    }

    async fn connect(&self, address: &str) -> Result<(), Failure> {
        let begin = Instant::now();
        let address = OnionAddress::parse(address)?;
        let dial = Dial { address, client_auth: None, timeout: DIAL_TIMEOUT };
        let stream = self.network.dial(dial).await?;
        println!("connected {}", begin.elapsed().as_secs_f64());
        drop(stream);
        Ok(())
    }

    async fn host(&mut self, code: &str) -> Result<(), Failure> {
        let begin = Instant::now();
        let handle = self.handle.take().ok_or("there is a conversation already")?;
        let mut conversation = Conversation::begin(handle, Role::Host, code).await?;
        conversation.reachable().await?;
        println!("reachable {}", begin.elapsed().as_secs_f64());
        conversation.open().await?;
        self.conversation = Some(conversation);
        Ok(())
    }

    async fn guest(&mut self, code: &str) -> Result<(), Failure> {
        let begin = Instant::now();
        let handle = self.handle.take().ok_or("there is a conversation already")?;
        let mut conversation = Conversation::begin(handle, Role::Guest, code).await?;
        conversation.open().await?;
        conversation.deliver().await?;
        println!("first {}", begin.elapsed().as_secs_f64());
        self.conversation = Some(conversation);
        Ok(())
    }

    /// Alternates messages with echoes; who goes first alternates too.
    ///
    /// Relays gather what they send, so one of the two right after the other would always meet them
    /// at the same moment of their rounds. A pause of 0 to `pause` milliseconds before each lets both
    /// meet any.
    async fn pairs(&mut self, warm_up: usize, pairs: usize, pause: u64) -> Result<(), Failure> {
        let conversation = self.conversation.as_mut().ok_or("no conversation")?;
        let line = self.tap.line().ok_or("no stream was dialled")?;
        let mut results = Vec::with_capacity(pairs);
        let mut before = line.records();
        for number in 0..warm_up + pairs {
            if number == warm_up {
                before = line.records();
            }
            let mut ours = Duration::ZERO;
            let mut peer = Duration::ZERO;
            for turn in [number, number + 1] {
                let mut part = [0; 2];
                getrandom::fill(&mut part)?;
                let part = f64::from(u16::from_be_bytes(part)) / f64::from(u16::MAX);
                sleep(Duration::from_millis(pause).mul_f64(part)).await;
                if turn.is_multiple_of(2) {
                    let begin = Instant::now();
                    conversation.deliver().await?;
                    ours = begin.elapsed();
                } else {
                    let echo = timeout(PATIENCE, line.echo());
                    peer = echo.await.map_err(|_| "no echo came in time")??;
                }
            }
            if number >= warm_up {
                results.push((ours, peer));
            }
        }
        let after = line.records();
        for (ours, peer) in results {
            println!("pair {} {}", ours.as_secs_f64() * 1e3, peer.as_secs_f64() * 1e3);
        }
        let each = |after: u64, before: u64| (after - before) as f64 / pairs as f64;
        println!("records {} {}", each(after.0, before.0), each(after.1, before.1));
        Ok(())
    }

    async fn end(self) -> Result<(), Failure> {
        drop(self.service);
        let handle = self.conversation.map(|conversation| conversation.handle).or(self.handle);
        let mut handle = handle.ok_or("no node")?;
        handle.send(Command::Shutdown).await?;
        let ended = async {
            while let Some(event) = handle.event().await {
                if event == Event::Ended {
                    return;
                }
            }
        };
        timeout(PATIENCE, ended).await.map_err(|_| "the node didn't end in time")?;
        Ok(())
    }
}

/// Lets events go until the conversation breaks, if there is one.
async fn broken(conversation: Option<&mut Conversation>) -> Failure {
    match conversation {
        Some(conversation) => conversation.broken().await,
        None => std::future::pending().await,
    }
}

/// Resident memory of this process in megabytes.
fn resident() -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()).ok_or("no VmRSS")?;
    Ok(kilobytes.parse::<f64>()? * 1_024.0 / 1e6)
}
