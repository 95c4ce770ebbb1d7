//! While the storage can't be written nothing is sent and nothing taken in; whoever asked is told, and
//! when it can be written again the conversation goes on with everything that was kept.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{End, PATIENCE, unique};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use tokio::time::timeout;
use undertone_engine::Memory;
use undertone_engine::storage::{
    AskRow, Contact, Counters, EarlyRow, Expiry, MessageRow, OutboxRow, Policy, Profile,
    PublicAddress, RequestRow, Storage, View, Write,
};
use undertone_handle::command::{Ask, Greeting, Name, Role};
use undertone_handle::event::{
    AskedEvent, ConversationEvent, Event, LinkState, NotKept, NotSent, StorageEvent, StorageFault,
};
use undertone_handle::{Command, ConversationId, MessageId};
use undertone_node::network::local;
use undertone_node::{draw_conversation, start};
use undertone_wire::address::OnionSeed;
use zeroize::Zeroizing;

/// A storage on a disk that can be filled: transactions are held back until they are committed.
struct Disk {
    stored: Memory,
    open: Memory,
    full: Arc<AtomicBool>,
    /// Its contacts can't be read.
    unreadable: Arc<AtomicBool>,
    /// A look-up was not answered since the last commit.
    unanswered: AtomicBool,
    /// Something was applied since the last commit.
    dirty: bool,
}

impl Disk {
    fn new(full: Arc<AtomicBool>, unreadable: Arc<AtomicBool>) -> Self {
        Self {
            stored: Memory::default(),
            open: Memory::default(),
            full,
            unreadable,
            unanswered: AtomicBool::new(false),
            dirty: false,
        }
    }
}

impl Storage for Disk {
    fn apply(&mut self, writes: Vec<Write>) {
        self.dirty |= !writes.is_empty();
        self.open.apply(writes);
    }

    fn commit(&mut self) -> Result<(), StorageFault> {
        if self.unanswered.swap(false, Ordering::SeqCst) {
            self.dirty = false;
            self.open = self.stored.clone();
            return Err(StorageFault::Machine);
        }
        if std::mem::take(&mut self.dirty) && self.full.load(Ordering::SeqCst) {
            self.open = self.stored.clone();
            return Err(StorageFault::Full);
        }
        self.stored = self.open.clone();
        Ok(())
    }
}

impl View for Disk {
    fn profile(&self) -> Profile {
        self.open.profile()
    }
    fn contacts(&self) -> Vec<ConversationId> {
        if self.unreadable.load(Ordering::SeqCst) {
            self.unanswered.store(true, Ordering::SeqCst);
            return Vec::new();
        }
        self.open.contacts()
    }
    fn contact(&self, id: ConversationId) -> Option<Contact> {
        self.open.contact(id)
    }
    fn session(&self, id: ConversationId) -> Option<Zeroizing<Vec<u8>>> {
        self.open.session(id)
    }
    fn counters(&self, id: ConversationId) -> Option<Counters> {
        self.open.counters(id)
    }
    fn outbox(&self, id: ConversationId, from: u64, limit: usize) -> Vec<OutboxRow> {
        self.open.outbox(id, from, limit)
    }
    fn outbox_len(&self, id: ConversationId) -> usize {
        self.open.outbox_len(id)
    }
    fn message(&self, message: MessageId) -> Option<MessageRow> {
        self.open.message(message)
    }
    fn numbered(&self, id: ConversationId, own: bool, sequence: u64) -> Option<MessageId> {
        self.open.numbered(id, own, sequence)
    }
    fn early(&self, id: ConversationId) -> Vec<EarlyRow> {
        self.open.early(id)
    }
    fn policy(&self, id: ConversationId) -> Option<Policy> {
        self.open.policy(id)
    }
    fn expiring(&self, until: u64, limit: usize) -> Vec<Expiry> {
        self.open.expiring(until, limit)
    }
    fn next_expiry(&self) -> Option<u64> {
        self.open.next_expiry()
    }
    fn unseen(&self, id: ConversationId, last: MessageId, limit: usize) -> Vec<MessageId> {
        self.open.unseen(id, last, limit)
    }
    fn address(&self) -> Option<PublicAddress> {
        self.open.address()
    }
    fn requests(&self) -> Vec<RequestRow> {
        self.open.requests()
    }
    fn asks(&self) -> Vec<AskRow> {
        self.open.asks()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_stops_it_and_room_lets_it_go_on() {
    let network = local(&unique("full-disk"));
    let code = undertone_node::propose_code().unwrap();
    let full = Arc::new(AtomicBool::new(false));
    let storage = Box::new(Disk::new(Arc::clone(&full), Arc::default()));
    let mut host = End::begin_on(network.clone(), storage, Role::Host, &code).await;
    let mut guest = End::begin(network, Role::Guest, &code).await;
    host.open().await;
    guest.open().await;
    guest.say("one").await;
    assert_eq!(host.text().await, "one");

    full.store(true, Ordering::SeqCst);
    let ticket = host.say("nowhere").await;
    host.event(|event| match event {
        Event::Storage(StorageEvent::Failed(StorageFault::Full)) => Some(()),
        _ => None,
    })
    .await;
    host.told(ConversationEvent::NotSent(ticket, NotSent::NotStored)).await;
    guest
        .wait(|event| {
            matches!(event, ConversationEvent::Link(LinkState::Lost { .. })).then_some(())
        })
        .await;
    // What is written to it meanwhile waits on the other side; what is written here is refused.
    guest.say("two").await;
    let again = host.say("nowhere either").await;
    host.told(ConversationEvent::NotSent(again, NotSent::NotStored)).await;

    full.store(false, Ordering::SeqCst);
    host.event(|event| matches!(event, Event::Storage(StorageEvent::Well)).then_some(())).await;
    assert_eq!(host.text().await, "two");
    host.say("three").await;
    assert_eq!(guest.text().await, "three", "and nothing of what was refused");
}

/// What could not be read when the engine was loaded anew is not taken for what is not there.
#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_read_is_there_again_when_it_can() {
    let network = local(&unique("unreadable-disk"));
    let code = undertone_node::propose_code().unwrap();
    let (full, unreadable) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let storage = Box::new(Disk::new(Arc::clone(&full), Arc::clone(&unreadable)));
    let mut host = End::begin_on(network.clone(), storage, Role::Host, &code).await;
    let mut guest = End::begin(network, Role::Guest, &code).await;
    host.open().await;
    guest.open().await;

    unreadable.store(true, Ordering::SeqCst);
    full.store(true, Ordering::SeqCst);
    let ticket = host.say("nowhere").await;
    // Something else of the conversation may have met the disk before it.
    host.wait(|event| match event {
        ConversationEvent::NotSent(said, _) => (*said == ticket).then_some(()),
        _ => None,
    })
    .await;
    full.store(false, Ordering::SeqCst);
    // It is loaded without its contacts, again and again; this is known by their absence.
    let again = host.say("nowhere either").await;
    host.told(ConversationEvent::NotSent(again, NotSent::NotOpen)).await;
    guest.say("one").await;

    unreadable.store(false, Ordering::SeqCst);
    host.event(|event| matches!(event, Event::Storage(StorageEvent::Well)).then_some(())).await;
    assert_eq!(host.text().await, "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_cannot_be_stored_is_not_sent() {
    let full = Arc::new(AtomicBool::new(true));
    let storage = Box::new(Disk::new(full, Arc::default()));
    let (mut handle, _node) = start(local(&unique("full-ask")), storage).unwrap();
    let conversation = draw_conversation().unwrap();
    let ask = Ask {
        conversation,
        address: OnionSeed::random(&mut ChaCha20Rng::from_seed([1; 32])).address(),
        nick: Name::parse("bob").unwrap(),
        peer: Name::parse("ana").unwrap(),
        greeting: Greeting::parse("").unwrap(),
    };
    handle.send(Command::Ask(Box::new(ask))).await.unwrap();
    let told = Event::Asked(conversation, AskedEvent::NotKept(NotKept::NotStored));
    let asked = timeout(PATIENCE, async { while handle.event().await.unwrap() != told {} });
    asked.await.unwrap();
}
