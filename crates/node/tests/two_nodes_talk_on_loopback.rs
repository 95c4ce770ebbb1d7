//! Two nodes in one process, with nothing between them but loopback sockets.

use std::time::Duration;

use tokio::time::timeout;
use undertone_handle::command::{Meet, Name, Role};
use undertone_handle::event::{ConversationEvent, Delivery, Event};
use undertone_handle::{Command, ConversationId, Handle};
use undertone_node::{draw_conversation, network, propose_code, start};
use undertone_wire::code::Code;

struct End {
    handle: Handle,
    conversation: ConversationId,
}

impl End {
    async fn begin(network: &str, role: Role, code: &Code) -> Self {
        let (handle, _node) = start(network::local(network)).unwrap();
        let conversation = draw_conversation().unwrap();
        let meet = Box::new(Meet {
            role,
            nick: Name::parse("someone").unwrap(),
            peer: Name::parse("partner").unwrap(),
            code: code.clone(),
            check: Some(false),
            secret: None,
        });
        handle.send(Command::Meet { conversation, meet }).await.unwrap();
        Self { handle, conversation }
    }

    /// Waits for an event that `wanted` recognises; every event before it is let go.
    async fn wait<T>(&mut self, mut wanted: impl FnMut(&ConversationEvent) -> Option<T>) -> T {
        let found = timeout(Duration::from_secs(60), async {
            loop {
                match self.handle.event().await.expect("the node ended") {
                    Event::Conversation(_, event) => {
                        if let Some(found) = wanted(&event) {
                            return found;
                        }
                    }
                    Event::Meeting(_, event) => {
                        assert!(!format!("{event:?}").contains("Ended"), "{event:?}");
                    }
                    _ => {}
                }
            }
        });
        found.await.expect("nothing of that kind within a minute")
    }

    async fn open(&mut self) {
        self.wait(|e| (*e == ConversationEvent::Open).then_some(())).await;
    }

    async fn text(&mut self) -> String {
        self.wait(|e| match e {
            ConversationEvent::Received { body, .. } => Some(body.clone()),
            _ => None,
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_leads_to_a_conversation_and_a_goodbye() {
    let name = format!("talk-{}", std::process::id());
    let code = propose_code().unwrap();
    let mut host = End::begin(&name, Role::Host, &code).await;
    let mut guest = End::begin(&name, Role::Guest, &code).await;
    host.open().await;
    guest.open().await;
    for i in 0..100 {
        let body = format!("text {i} 👩\u{200d}🔬 שלום");
        let id = host.handle.send_text(host.conversation, body.clone()).await.unwrap();
        assert_eq!(guest.text().await, body);
        host.wait(|e| {
            (*e == ConversationEvent::Delivery(id, Delivery::Delivered)).then_some(())
        })
        .await;
        guest.handle.send_text(guest.conversation, body.clone()).await.unwrap();
        assert_eq!(host.text().await, body);
    }
    let long = "x".repeat(64 * 1024);
    guest.handle.send_text(guest.conversation, long.clone()).await.unwrap();
    assert_eq!(host.text().await, long);
    host.handle.send(Command::Shutdown).await.unwrap();
    guest.wait(|e| (*e == ConversationEvent::PeerLeft).then_some(())).await;
    host.wait(|e| (*e == ConversationEvent::Left { confirmed: true }).then_some(())).await;
    let ended = timeout(Duration::from_secs(3), async {
        while let Some(event) = host.handle.event().await {
            if event == Event::Ended {
                return;
            }
        }
    });
    ended.await.expect("the orderly end takes less than three seconds");
}
