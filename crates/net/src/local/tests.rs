//! Strangers and impostors on the loopback network.

use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use undertone_wire::address::{OnionAddress, OnionSeed};

use super::endpoint::{Door, Listener};
use super::greeting::{Doorkeeper, GREETING_TIMEOUT};
use super::listener::GREETINGS;
use super::*;
use crate::INCOMING;

/// Runs a scenario over each kind of sockets.
macro_rules! over_both {
    ($($name:ident($network:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn scenario($network: LocalNetwork) {
                $network.start();
                $body
            }

            #[cfg(target_os = "linux")]
            #[tokio::test]
            async fn unix() {
                scenario(LocalNetwork::new(&namespace(stringify!($name)))).await;
            }

            #[tokio::test]
            async fn tcp() {
                scenario(LocalNetwork::tcp(&namespace(stringify!($name)))).await;
            }
        }
    )*};
}

/// Tests run at the same time, on one machine.
fn namespace(test: &str) -> String {
    format!("{test} {}", std::process::id())
}

fn seed(byte: u8) -> OnionSeed {
    OnionSeed::random(&mut ChaCha20Rng::from_seed([byte; 32]))
}

fn spec(byte: u8) -> ServiceSpec {
    ServiceSpec { seed: seed(byte), clients: vec![] }
}

fn dial(byte: u8) -> Dial {
    Dial { address: seed(byte).address(), client_auth: None, timeout: Duration::from_secs(20) }
}

fn doors(network: &LocalNetwork, byte: u8) -> Vec<Door> {
    network.endpoint(&seed(byte).address()).doors(network.sockets)
}

async fn next(listener: &Listener) -> Stream {
    std::future::poll_fn(|cx| listener.poll_accept(cx)).await.unwrap()
}

/// Whether the other end is gone.
async fn is_closed(mut stream: Stream) -> bool {
    // A reset is an end as well.
    matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_))
}

async fn assert_echo(mut client: Stream, mut server: Stream) {
    client.write_all(b"over").await.unwrap();
    let mut word = [0; 4];
    server.read_exact(&mut word).await.unwrap();
    server.write_all(&word).await.unwrap();
    client.read_exact(&mut word).await.unwrap();
    assert_eq!(&word, b"over");
}

/// Binds the address's doors and answers each client by `answer`.
async fn impostor<F>(network: &LocalNetwork, answer: impl Fn(Stream) -> F) -> DialError
where
    F: Future<Output = ()>,
{
    let listener = doors(network, 1).remove(0).bind().unwrap();
    let pretend = async {
        loop {
            answer(next(&listener).await).await;
        }
    };
    tokio::select! {
        dialled = network.dial(dial(1)) => dialled.err().unwrap(),
        () = pretend => unreachable!(),
    }
}

fn assert_is_impostor(error: &DialError) {
    assert!(matches!(error, DialError::Other(why) if why.contains("can't prove")), "{error:?}");
}

over_both! {
    another_key_is_an_impostor(network) {
        // A doorkeeper who does all right, but for another address.
        let endpoint = network.endpoint(&seed(1).address());
        let doorkeeper = Doorkeeper::new(&spec(2), endpoint);
        let error = impostor(&network, |stream| {
            doorkeeper.admit(stream).map(drop)
        }).await;
        assert_is_impostor(&error);
    }

    a_recorded_proof_is_an_impostor(network) {
        // What the true service once told somebody else.
        let endpoint = network.endpoint(&seed(1).address());
        let doorkeeper = Doorkeeper::new(&spec(1), endpoint);
        let (mut near, far) = tokio::io::duplex(1024);
        near.write_all(&[1; 33]).await.unwrap();
        assert!(doorkeeper.admit(Box::new(far)).await.is_some());
        let mut proof = Vec::new();
        near.read_to_end(&mut proof).await.unwrap();
        assert_eq!(proof.len(), 130);
        let error = impostor(&network, |mut stream| {
            let proof = proof.clone();
            async move {
                let mut hello = [0; 33];
                stream.read_exact(&mut hello).await.unwrap();
                stream.write_all(&proof).await.unwrap();
                // Stays, so that only the proof counts.
                let _gone = stream.read(&mut [0; 1]).await;
            }
        }).await;
        assert_is_impostor(&error);
    }

    garbage_is_an_impostor(network) {
        let error = impostor(&network, |mut stream| async move {
            stream.write_all(&[b'x'; 200]).await.unwrap();
            let mut hello = [0; 33];
            stream.read_exact(&mut hello).await.unwrap();
            let _gone = stream.read(&mut [0; 1]).await;
        }).await;
        assert_is_impostor(&error);
    }

    who_always_leaves_refuses(network) {
        let error = impostor(&network, |stream| async move { drop(stream) }).await;
        assert_eq!(error, DialError::Refused);
    }

    a_dial_ends_in_its_time(network) {
        let _silent = doors(&network, 1).remove(0).bind().unwrap();
        let begun = Instant::now();
        let timeout = Duration::from_millis(50);
        let error = network.dial(Dial { timeout, ..dial(1) }).await.err().unwrap();
        assert_eq!(error, DialError::Timeout);
        assert!(begun.elapsed() < GREETING_TIMEOUT, "{:?}", begun.elapsed());
    }

    a_dial_ends_when_the_network_does(network) {
        let _silent = doors(&network, 1).remove(0).bind().unwrap();
        let (dialled, ()) = tokio::join!(network.dial(dial(1)), network.shutdown());
        assert_eq!(dialled.err().unwrap(), DialError::NoNetwork);
    }

    strangers_with_garbage_hold_nobody_up(network) {
        let mut service = network.publish(spec(1)).await.unwrap();
        let door = doors(&network, 1).remove(0);
        let strangers = async {
            join_all((0..200_u8).map(|byte| {
                let door = door.clone();
                async move {
                    // Busy is a fine answer for a stranger.
                    let Ok(mut stream) = door.connect().await else { return };
                    let _refused = stream.write_all(&[byte.wrapping_add(2); 300]).await;
                    let _gone = is_closed(stream).await;
                }
            })).await;
        };
        let honest = async {
            let client = network.dial(dial(1)).await.unwrap();
            assert_echo(client, service.incoming.recv().await.unwrap()).await;
        };
        tokio::join!(strangers, honest);
    }

    eight_hundred_silent_strangers_hold_nobody_up(network) {
        let mut service = network.publish(spec(1)).await.unwrap();
        let door = doors(&network, 1).remove(0);
        let knock = || {
            let door = door.clone();
            async move { door.connect().await.ok() }
        };
        let before = join_all((0..400).map(|_| knock()));
        let after = join_all((0..400).map(|_| knock()));
        let honest = async {
            let client = network.dial(dial(1)).await.unwrap();
            assert_echo(client, service.incoming.recv().await.unwrap()).await;
        };
        let (mut strangers, (), more) = tokio::join!(before, honest, after);
        strangers.extend(more);
        let strangers: Vec<_> = strangers.into_iter().flatten().collect();
        assert!(strangers.len() > 2 * GREETINGS);
        // All but the newest are let go at once, so that descriptors are bounded.
        let gone = strangers.len() - GREETINGS;
        let mut closed: FuturesUnordered<_> =
            strangers.into_iter().map(is_closed).collect();
        for _ in 0..gone {
            assert_eq!(closed.next().await, Some(true));
        }
        // And the honest one can come again, over the rest.
        let client = network.dial(dial(1)).await.unwrap();
        assert_echo(client, service.incoming.recv().await.unwrap()).await;
    }

    streams_beyond_the_queue_are_dropped(network) {
        let mut service = network.publish(spec(1)).await.unwrap();
        let mut clients = Vec::new();
        for _ in 0..INCOMING {
            clients.push(network.dial(dial(1)).await.unwrap());
        }
        let beyond = network.dial(dial(1)).await.unwrap();
        assert!(is_closed(beyond).await);
        for client in clients {
            assert_echo(client, service.incoming.recv().await.unwrap()).await;
        }
        assert!(service.incoming.try_recv().is_err());
    }

    a_restricted_service_says_one_byte_to_a_wrong_key(network) {
        let _service = network
            .publish(ServiceSpec { seed: seed(1), clients: vec![[9; 32]] })
            .await
            .unwrap();
        let mut stream = doors(&network, 1).remove(0).connect().await.unwrap();
        stream.write_all(&[1; 33]).await.unwrap();
        let mut proof = [0; 130];
        stream.read_exact(&mut proof).await.unwrap();
        stream.write_all(&[0; 32]).await.unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, [0]);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn a_silent_stranger_is_let_go_after_five_seconds() {
    let network = LocalNetwork::new(&namespace("five seconds"));
    let _service = network.publish(spec(1)).await.unwrap();
    let begun = Instant::now();
    let stream = doors(&network, 1).remove(0).connect().await.unwrap();
    assert!(is_closed(stream).await);
    let waited = begun.elapsed();
    assert!((5..7).contains(&waited.as_secs()), "{waited:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn strangers_beyond_the_limit_are_let_go_at_once() {
    let network = LocalNetwork::new(&namespace("beyond"));
    let _service = network.publish(spec(1)).await.unwrap();
    let begun = Instant::now();
    let mut strangers = Vec::new();
    for _ in 0..GREETINGS + 10 {
        strangers.push(doors(&network, 1).remove(0).connect().await.unwrap());
    }
    for stranger in strangers.into_iter().take(10) {
        assert!(is_closed(stranger).await);
    }
    assert!(begun.elapsed() < GREETING_TIMEOUT, "{:?}", begun.elapsed());
}

/// All are in the listener's queue before it looks: who came first and speaks after a moment is
/// heard, though more than the limit came after.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_speaks_soon_is_not_pushed_out() {
    use std::io::Write;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixStream};

    let network = LocalNetwork::new(&namespace("soon"));
    let _service = network.publish(spec(1)).await.unwrap();
    let Door::Unix(name) = doors(&network, 1).remove(0) else { panic!("no Unix door") };
    let address = SocketAddr::from_abstract_name(name.trim_start_matches('\0')).unwrap();
    let mut honest = UnixStream::connect_addr(&address).unwrap();
    let strangers: Vec<_> =
        (0..3 * GREETINGS).map(|_| UnixStream::connect_addr(&address).unwrap()).collect();
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
    honest.write_all(&[1; 33]).unwrap();
    honest.set_nonblocking(true).unwrap();
    let mut honest = tokio::net::UnixStream::from_std(honest).unwrap();
    honest.read_exact(&mut [0; 130]).await.unwrap();
    drop(strangers);
}

#[tokio::test]
async fn another_program_on_a_port_is_in_nobody_s_way() {
    let network = LocalNetwork::tcp(&namespace("another program"));
    network.start();
    // On the first three of the four, and not silent, so that nobody waits.
    for door in doors(&network, 1).into_iter().take(3) {
        let listener = door.bind().unwrap();
        tokio::spawn(async move {
            let mut open = Vec::new();
            loop {
                let mut stream = next(&listener).await;
                let _gone = stream.write_all(&[b'x'; 200]).await;
                open.push(stream);
            }
        });
    }
    let mut service = network.publish(spec(1)).await.unwrap();
    let client = network.dial(dial(1)).await.unwrap();
    assert_echo(client, service.incoming.recv().await.unwrap()).await;
    assert!(matches!(network.publish(spec(1)).await, Err(PublishError::Taken)));
}

#[test]
fn nothing_shows_a_key() {
    let address = OnionAddress([1; 32]);
    let endpoint = Endpoint::derive("a", &address);
    assert_eq!(format!("{:?}", Doorkeeper::new(&spec(1), endpoint)), "Doorkeeper(…)");
}
