//! Somebody between two programs on loopback sockets, who passes everything on up to a certain
//! message of the pairing, and hangs up instead of it.
//!
//! The two programs are on networks of different names, so that nothing leads from one to the other
//! but this; and it knows the code's first half, so that it can serve the place on the guest's.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::runtime::Runtime;
use undertone_net::local::LocalNetwork;
use undertone_net::{Dial, Network as _, ServiceSpec, Stream};
use undertone_wire::code::Code;
use undertone_wire::locator;

use super::SOON;

/// How many cells each message of a pairing has, by protocol.md: the odd ones are the guest's, the
/// even ones the host's.
const CELLS: [usize; 8] = [1, 1, 1, 1, 4, 6, 3, 1];

/// A TLS record's header, and what stands in it when the record is a cell.
const HEADER_LEN: usize = 5;
const CELL: [u8; HEADER_LEN] = [23, 3, 3, 0x01, 0xe3];

/// A relay at work until it is dropped.
pub(crate) struct Relay {
    _runtime: Runtime,
}

impl Relay {
    /// Serves the place of a code on the network called `guests`, and passes on to the one called
    /// `hosts`. The first connection ends instead of message `cut`, from 1; later ones are whole.
    pub(crate) fn start(code: &str, hosts: &str, guests: &str, cut: usize) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let code = Code::parse(code).expect("a code");
        let day = locator::days(now).today;
        let seed = locator::derive(&code.locator(), "local", day).expect("a place");
        let address = seed.address();
        let (hosts, guests) = (LocalNetwork::new(hosts), LocalNetwork::new(guests));
        let runtime = Runtime::new().expect("a runtime");
        let service = runtime.block_on(async {
            hosts.start();
            guests.start();
            guests.publish(ServiceSpec { seed, clients: Vec::new() }).await
        });
        let service = service.expect("the place on the guest's network");
        runtime.spawn(async move {
            // All of it: a service whose handle is dropped is gone.
            let mut service = service;
            let mut cut = Some(cut);
            // The place is there as long as its network is.
            let _served = guests;
            while let Some(guest) = service.incoming.recv().await {
                let dial = Dial { address, client_auth: None, timeout: SOON };
                let Ok(host) = hosts.dial(dial).await else { continue };
                tokio::spawn(pass(guest, host, cut.take()));
            }
        });
        Self { _runtime: runtime }
    }
}

/// Passes records on, both ways, until one side closes or the cut comes; then both are closed.
async fn pass(guest: Stream, host: Stream, cut: Option<usize>) {
    let (from_guest, to_guest) = tokio::io::split(guest);
    let (from_host, to_host) = tokio::io::split(host);
    let cells = Mutex::new([0, 0]);
    // Whether the next cell of a side is one of the message that must not pass.
    let forbidden = |side: usize| {
        let mut cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells[side] += 1;
        message_of(side, cells[side]).is_some_and(|message| Some(message) == cut)
    };
    tokio::select! {
        () = records(from_guest, to_host, || forbidden(0)) => {}
        () = records(from_host, to_guest, || forbidden(1)) => {}
    }
}

/// The message, from 1, to which a side's cell of this number belongs.
fn message_of(side: usize, cell: usize) -> Option<usize> {
    let mut last = 0;
    (0..CELLS.len()).filter(|message| message % 2 == side).find_map(|message| {
        last += CELLS[message];
        (cell <= last).then_some(message + 1)
    })
}

async fn records(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    forbidden: impl Fn() -> bool,
) {
    loop {
        let mut header = [0; HEADER_LEN];
        if from.read_exact(&mut header).await.is_err() {
            return;
        }
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        let mut record = header.to_vec();
        record.resize(HEADER_LEN + length, 0);
        if from.read_exact(&mut record[HEADER_LEN..]).await.is_err() {
            return;
        }
        let stop = header == CELL && forbidden();
        if stop || to.write_all(&record).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
}
