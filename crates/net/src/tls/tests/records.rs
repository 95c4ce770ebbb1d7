//! What may stand on an established channel, and what ends it.

use std::io::ErrorKind;
use std::sync::atomic::Ordering;

use futures::FutureExt;
use tokio::io::{AsyncWriteExt, DuplexStream, duplex};
use undertone_wire::cell::CELL_LEN;

use super::peers::*;
use crate::tls::{
    CellReceiver, CellSender, ChannelError, ClientPolicy, Peer, RECORD_LEN, accept, connect,
};

/// A NewSessionTicket (RFC 8446 §4.6.1): lifetime, age, nonce, ticket, no extensions.
const TICKET: [u8; 22] = [4, 0, 0, 18, 0, 0, 1, 0, 1, 2, 3, 4, 1, 9, 0, 4, 5, 6, 7, 8, 0, 0];

#[tokio::test]
async fn cells_go_both_ways_in_order() {
    let (client, server) = link().await;
    let (mut to_server, mut from_server) = client.split();
    let (mut to_client, mut from_client) = server.split();
    for round in 0..=255 {
        to_server.send(&[round; CELL_LEN]).await.unwrap();
        to_client.send(&[!round; CELL_LEN]).await.unwrap();
        assert_eq!(from_client.recv().await, Ok(Some([round; CELL_LEN])));
        assert_eq!(from_server.recv().await, Ok(Some([!round; CELL_LEN])));
    }
    drop((to_server, from_server));
    assert_eq!(from_client.recv().await, Ok(None));
    assert_eq!(from_client.recv().await, Ok(None));
    assert_eq!(to_client.send(&[0; CELL_LEN]).await, Err(ChannelError::Closed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn bursts_both_ways_at_once_are_read_whole() {
    async fn burst(mut sender: CellSender) -> CellSender {
        for number in 0..1_000_u16 {
            let mut cell = [0; CELL_LEN];
            cell[..2].copy_from_slice(&number.to_be_bytes());
            sender.send(&cell).await.unwrap();
        }
        sender
    }
    async fn read(mut receiver: CellReceiver) -> CellReceiver {
        for number in 0..1_000_u16 {
            let cell = receiver.recv().await.unwrap().unwrap();
            assert_eq!(cell[..2], number.to_be_bytes());
        }
        receiver
    }
    let (client, server) = pairing().await;
    let ((to_server, from_server), (to_client, from_client)) = (client.split(), server.split());
    let senders = [tokio::spawn(burst(to_server)), tokio::spawn(burst(to_client))];
    let receivers = [tokio::spawn(read(from_server)), tokio::spawn(read(from_client))];
    for sender in senders {
        drop(sender.await.unwrap());
    }
    for receiver in receivers {
        drop(receiver.await.unwrap());
    }
}

#[tokio::test]
async fn a_cell_is_one_record_one_write_one_flush() {
    assert_eq!(RECORD_LEN, 488);
    let (client, server, log, _broken) = tapped().await;
    let (mut sender, receiver) = client.split();
    log.lock().unwrap().clear();
    for byte in 0..20 {
        sender.send(&[byte; CELL_LEN]).await.unwrap();
    }
    let expected = [Written::Bytes(RECORD_LEN), Written::Flush].repeat(20);
    assert_eq!(*log.lock().unwrap(), expected);
    // Nor is anything said at the end.
    drop((sender, receiver, server));
    assert_eq!(log.lock().unwrap().len(), expected.len());
}

#[tokio::test]
async fn a_cancelled_send_leaves_whole_cells() {
    // A pipe of 100 bytes, so that a cell never fits at once.
    let (near, far) = duplex(100);
    let own = identity(2);
    let (client, server) = tokio::join!(
        connect(Box::new(near), Peer::Anyone, soon()),
        accept(Box::new(far), &own, ClientPolicy::Anyone, soon())
    );
    let (mut sender, _client_receiver) = client.unwrap().split();
    let (_server_sender, mut receiver) = server.unwrap().split();
    let cancelled = sender.send(&[1; CELL_LEN]).now_or_never();
    assert!(cancelled.is_none());
    assert!(receiver.recv().now_or_never().is_none());
    let cell = [2; CELL_LEN];
    let (sent, first) = tokio::join!(sender.send(&cell), async {
        let first = receiver.recv().await;
        (first, receiver.recv().await)
    });
    assert_eq!(sent, Ok(()));
    assert_eq!(first, (Ok(Some([1; CELL_LEN])), Ok(Some([2; CELL_LEN]))));
}

/// Ends the channel by what `raw` has already written, and shows that nothing is written after.
async fn assert_ends(
    stream: DuplexStream,
    mut sender: CellSender,
    mut receiver: CellReceiver,
    expected: ChannelError,
) {
    assert_eq!(receiver.recv().await, Err(expected));
    assert_eq!(sender.send(&[0; CELL_LEN]).await, Err(ChannelError::Closed));
    assert_eq!(receiver.recv().await, Err(ChannelError::Closed));
    assert_eq!(rest_of(stream).await, b"");
}

#[tokio::test]
async fn an_alert_ends_the_channel() {
    let (mut raw, sender, receiver) = raw_client().await;
    raw.tls.send_close_notify();
    raw.write_out().await;
    // Encrypted: two bytes of alert, the inner type, the tag.
    let expected = ChannelError::ForeignRecord { content_type: 23, length: 19 };
    assert_ends(raw.stream, sender, receiver, expected).await;
}

#[tokio::test]
async fn a_plain_alert_ends_the_channel() {
    let (mut raw, sender, receiver) = raw_client().await;
    raw.stream.write_all(&[21, 3, 3, 0, 2, 1, 0]).await.unwrap();
    let expected = ChannelError::ForeignRecord { content_type: 21, length: 2 };
    assert_ends(raw.stream, sender, receiver, expected).await;
}

#[tokio::test]
async fn a_key_update_ends_the_channel() {
    let (mut raw, sender, receiver) = raw_client().await;
    raw.tls.refresh_traffic_keys().unwrap();
    raw.write_out().await;
    let expected = ChannelError::ForeignRecord { content_type: 23, length: 22 };
    assert_ends(raw.stream, sender, receiver, expected).await;
}

#[tokio::test]
async fn a_ticket_ends_the_channel() {
    let (raw, sender, receiver) = raw_server().await;
    let mut forge = Forge::new(raw);
    let ticket = forge.short(&TICKET, 22);
    let length = u16::try_from(TICKET.len() + 17).unwrap();
    let expected = ChannelError::ForeignRecord { content_type: 23, length };
    forge.stream.write_all(&ticket).await.unwrap();
    assert_ends(forge.stream, sender, receiver, expected).await;
}

#[tokio::test]
async fn what_is_padded_to_a_cell_s_length_ends_the_channel() {
    let key_update = [24, 0, 0, 1, 1];
    let polite_key_update = [24, 0, 0, 1, 0];
    let half_a_message = [24, 0, 0];
    let close_notify = [1, 0];
    let fatal = [2, 40];
    let cases: [(&[u8], u8); 10] = [
        (&key_update, 22),
        (&polite_key_update, 22),
        (&half_a_message, 22),
        (&TICKET, 22),
        (&close_notify, 21),
        (&fatal, 21),
        (&[1], 20),
        (&[0; CELL_LEN - 1], 23),
        (&[], 23),
        (&[7; CELL_LEN], 99),
    ];
    for (content, inner_type) in cases {
        for from_server in [false, true] {
            let (raw, sender, receiver) =
                if from_server { raw_server().await } else { raw_client().await };
            let mut forge = Forge::new(raw);
            let record = forge.padded(content, inner_type);
            assert_eq!(record.len(), RECORD_LEN);
            forge.stream.write_all(&record).await.unwrap();
            let mut receiver = receiver;
            let error = receiver.recv().await.unwrap_err();
            assert!(
                matches!(error, ChannelError::NotACell | ChannelError::BadRecord),
                "{inner_type} {content:?}: {error:?}"
            );
            assert_ends(forge.stream, sender, receiver, ChannelError::Closed).await;
        }
    }
}

#[tokio::test]
async fn the_forge_can_make_a_true_cell() {
    // Without this, the tests above could pass because the forge is broken.
    for from_server in [false, true] {
        let (raw, _sender, mut receiver) =
            if from_server { raw_server().await } else { raw_client().await };
        let mut forge = Forge::new(raw);
        for byte in 0..3 {
            let record = forge.padded(&[byte; CELL_LEN], 23);
            forge.stream.write_all(&record).await.unwrap();
            assert_eq!(receiver.recv().await, Ok(Some([byte; CELL_LEN])));
        }
    }
}

#[tokio::test]
async fn a_half_closed_stream_is_the_end_of_both_directions() {
    let (mut raw, mut sender, mut receiver) = raw_client().await;
    raw.send(&[1; CELL_LEN]).await;
    raw.stream.shutdown().await.unwrap();
    assert_eq!(receiver.recv().await, Ok(Some([1; CELL_LEN])));
    assert_eq!(receiver.recv().await, Ok(None));
    assert_eq!(sender.send(&[0; CELL_LEN]).await, Err(ChannelError::Closed));
    assert_eq!(rest_of(raw.stream).await, b"");
}

#[tokio::test]
async fn an_end_within_a_cell_is_an_error() {
    for cut in [1, 5, RECORD_LEN - 1] {
        let (raw, sender, receiver) = raw_client().await;
        let mut forge = Forge::new(raw);
        let record = forge.padded(&[1; CELL_LEN], 23);
        forge.stream.write_all(&record[..cut]).await.unwrap();
        forge.stream.shutdown().await.unwrap();
        assert_ends(forge.stream, sender, receiver, ChannelError::Truncated).await;
    }
}

#[tokio::test]
async fn a_failed_send_wakes_who_receives() {
    let (client, _server, _log, broken) = tapped().await;
    let (mut sender, mut receiver) = client.split();
    broken.store(true, Ordering::SeqCst);
    let receive = tokio::spawn(async move { receiver.recv().await });
    tokio::task::yield_now().await;
    let sent = sender.send(&[0; CELL_LEN]).await;
    assert_eq!(sent, Err(ChannelError::Io(ErrorKind::BrokenPipe)));
    assert_eq!(receive.await.unwrap(), Err(ChannelError::Closed));
}

#[tokio::test]
async fn a_foreign_record_wakes_who_sends() {
    let (mut raw, mut sender, mut receiver) = raw_client().await;
    // Fill the pipe until a send waits.
    let send = tokio::spawn(async move {
        loop {
            if let Err(error) = sender.send(&[0; CELL_LEN]).await {
                break error;
            }
        }
    });
    tokio::task::yield_now().await;
    raw.send(&[0]).await;
    assert!(receiver.recv().await.is_err());
    assert_eq!(send.await.unwrap(), ChannelError::Closed);
}

#[tokio::test]
async fn the_halves_keep_the_stream_until_both_are_dropped() {
    let (mut raw, sender, mut receiver) = raw_client().await;
    drop(sender);
    raw.send(&[1; CELL_LEN]).await;
    assert_eq!(receiver.recv().await, Ok(Some([1; CELL_LEN])));
    drop(receiver);
    assert_eq!(rest_of(raw.stream).await, b"");
}

#[tokio::test]
async fn a_record_of_one_byte_ends_the_channel() {
    let (mut raw, sender, receiver) = raw_client().await;
    raw.send(&[0]).await;
    let expected = ChannelError::ForeignRecord { content_type: 23, length: 18 };
    assert_ends(raw.stream, sender, receiver, expected).await;
}

#[tokio::test]
async fn a_byte_more_or_less_ends_the_channel() {
    for wrong in [CELL_LEN - 1, CELL_LEN + 1] {
        let (mut raw, sender, receiver) = raw_client().await;
        raw.send(&vec![0; wrong]).await;
        let length = u16::try_from(wrong + 17).unwrap();
        let expected = ChannelError::ForeignRecord { content_type: 23, length };
        assert_ends(raw.stream, sender, receiver, expected).await;
    }
}

#[tokio::test]
async fn the_header_alone_ends_the_channel() {
    let (mut raw, sender, receiver) = raw_client().await;
    // The body is never waited for.
    raw.stream.write_all(&[23, 3, 3, 0x40, 0]).await.unwrap();
    let expected = ChannelError::ForeignRecord { content_type: 23, length: 0x4000 };
    assert_ends(raw.stream, sender, receiver, expected).await;
}

#[tokio::test]
async fn a_forged_record_of_the_right_length_ends_the_channel() {
    let (mut raw, sender, receiver) = raw_client().await;
    let mut record = vec![0; RECORD_LEN];
    record[..5].copy_from_slice(&[23, 3, 3, 1, 0xe3]);
    raw.stream.write_all(&record).await.unwrap();
    assert_ends(raw.stream, sender, receiver, ChannelError::BadRecord).await;
}

#[tokio::test]
async fn cells_before_a_foreign_record_still_arrive() {
    let (mut raw, sender, mut receiver) = raw_client().await;
    raw.send(&[1; CELL_LEN]).await;
    raw.send(&[2; CELL_LEN]).await;
    raw.send(&[0]).await;
    assert_eq!(receiver.recv().await, Ok(Some([1; CELL_LEN])));
    assert_eq!(receiver.recv().await, Ok(Some([2; CELL_LEN])));
    let expected = ChannelError::ForeignRecord { content_type: 23, length: 18 };
    assert_ends(raw.stream, sender, receiver, expected).await;
}
