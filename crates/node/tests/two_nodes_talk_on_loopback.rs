//! Two nodes in one process, with nothing between them but loopback sockets.

mod common;

use std::time::Duration;

use common::{End, unique};
use tokio::time::timeout;
use undertone_handle::Command;
use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, Delivery, Event};
use undertone_node::network::local;
use undertone_node::propose_code;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_leads_to_a_conversation_and_a_goodbye() {
    let name = unique("talk");
    let code = propose_code().unwrap();
    let mut host = End::begin(local(&name), Role::Host, &code).await;
    let mut guest = End::begin(local(&name), Role::Guest, &code).await;
    host.open().await;
    guest.open().await;
    for i in 0..100 {
        let body = format!("text {i} 👩\u{200d}🔬 שלום");
        let id = host.say_and_queue(&body).await;
        assert_eq!(guest.text().await, body);
        host.told(ConversationEvent::Delivery(id, Delivery::Delivered)).await;
        guest.say(&body).await;
        assert_eq!(host.text().await, body);
    }
    let long = "x".repeat(64 * 1024);
    guest.say(&long).await;
    assert_eq!(host.text().await, long);
    host.handle.send(Command::Shutdown).await.unwrap();
    guest.told(ConversationEvent::PeerLeft).await;
    host.told(ConversationEvent::Left { confirmed: true }).await;
    let ended = timeout(Duration::from_secs(3), async {
        while let Some(event) = host.handle.event().await {
            if event == Event::Ended {
                return;
            }
        }
    });
    ended.await.expect("the orderly end takes less than three seconds");
}
