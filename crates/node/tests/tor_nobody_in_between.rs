//! Somebody runs a few of Tor's directory relays, finds a live code's place among a thousand by the
//! blinded keys that they are asked for, takes the guest's dial there and stands in the middle: with
//! a guess at the password on each leg, and with the password.
//!
//! The real search costs a second and 256 MiB for each place. Here Tor is given keys of a weaker
//! Argon2id in place of the program's, outside of the program: nothing of it is in the product.

#![cfg(feature = "arti")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "what fails in a helper fails the test; how long it took is for who asks"
)]

mod common;
mod tor;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Params, Version};
use common::End;
use rand_chacha::rand_core::Rng as _;
use tokio::time::{interval, timeout};
use tor::{Client, Fate, Leg, Moved, TOR, fate, place, private, reachable, rng, wall};
use undertone_handle::command::Role;
use undertone_handle::event::MeetingEnd;
use undertone_node::propose_code;
use undertone_ratchet::secret::Secret;
use undertone_testnet::Network as PrivateNetwork;
use undertone_wire::address::OnionSeed;
use undertone_wire::code::{Code, Locator, Password};
use undertone_wire::pairing::{Guest, Host, Refusal};

/// The places among which the attacker looks.
const CANDIDATES: usize = 1_024;

/// Memory of the weakened derivation, in KiB.
const WEAK_MEMORY: u32 = 64;

/// The directory relays that the attacker runs, of nine. Six are asked for each service, so one of
/// any four is.
const RELAYS: usize = 4;

/// From the host's share on the attacker has thirty seconds until the host takes it for gone.
const LURE: Duration = Duration::from_secs(25);

/// Everybody's client, and the network.
struct Scene {
    private: PrivateNetwork,
    hosts: Client,
    guests: Client,
    attackers: Client,
}

impl Scene {
    async fn new() -> Self {
        let private = private();
        let (hosts, guests, attackers) =
            tokio::join!(Client::ready(&private), Client::ready(&private), Client::ready(&private));
        Self { private, hosts, guests, attackers }
    }
}

/// What the attacker tries.
#[derive(Clone)]
struct Guesses {
    at_host: Password,
    at_guest: Password,
    /// Tells the guest that its password was wrong, instead of hanging up.
    says_why: bool,
}

/// What came of a run.
#[derive(Debug)]
struct Outcome {
    host: Fate,
    guest: Fate,
    /// The attacker's contacts: at the host, at the guest.
    attacker: [bool; 2],
}

/// As the product's derivation, but for its memory.
fn weak_seed(locator: &Locator) -> OnionSeed {
    let params = Params::new(WEAK_MEMORY, 3, 1, Some(32)).unwrap();
    let mut seed = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(locator.as_bytes(), b"weakened for a test", &mut seed)
        .unwrap();
    OnionSeed(Secret::from_bytes(&seed))
}

/// Waits until one of the attacker's relays is asked for a place of the table, and says for which.
async fn search(private: &PrivateNetwork, table: &HashMap<[u8; 32], usize>) -> usize {
    let mut look = interval(Duration::from_millis(50));
    let searched = async {
        loop {
            look.tick().await;
            for relay in private.description().all_relays().take(RELAYS) {
                let asked = private.asked_for(relay).expect("a log");
                if let Some(found) = asked.iter().find_map(|key| table.get(key)) {
                    return *found;
                }
            }
        }
    };
    timeout(TOR, searched).await.expect("no relay was asked")
}

/// An attack that came to its end. One whose circuit to the host broke spent no guess there, and the
/// host goes on waiting, as it should: it is no attack, and another one is made.
async fn attack(scene: &Scene, guess: impl Fn(&Code) -> Guesses) -> Option<Outcome> {
    for _ in 0..3 {
        let outcome = try_attack(scene, &guess).await;
        if outcome.is_some() {
            return outcome;
        }
        println!("no attack: the guest went elsewhere, or a circuit broke");
    }
    None
}

/// One attack on a new code, from the first look to the last word. `None` if the guest's dial did
/// not come to the attacker, for either of two services under one key may win, or if the
/// attacker's circuit to the host broke.
async fn try_attack(scene: &Scene, guess: &impl Fn(&Code) -> Guesses) -> Option<Outcome> {
    let codes: Vec<Code> = (0..CANDIDATES).map(|_| propose_code().unwrap()).collect();
    let code = &codes[rng().next_u64() as usize % CANDIDATES];
    let moved =
        Moved { from: place(code.locator()).await.address(), to: weak_seed(&code.locator()) };
    let guesses = guess(code);

    // Ahead of time: under which keys each of the places would be asked for.
    let locators: Vec<Locator> = codes.iter().map(Code::locator).collect();
    let begin = Instant::now();
    let mut table = HashMap::new();
    for (number, locator) in locators.iter().enumerate() {
        let identity = weak_seed(locator).address();
        for period in scene.private.periods_around(wall()) {
            table.insert(period.blinded_key(&identity.0).unwrap(), number);
        }
    }
    println!("{CANDIDATES} places: {:.1?}", begin.elapsed());

    let begin = Instant::now();
    let hosts = scene.hosts.lend_with(Some(moved.clone()), None);
    let mut host = End::begin(hosts, Role::Host, code).await;
    let found = search(&scene.private, &table).await;
    println!("found after {:.1?}", begin.elapsed());
    assert_eq!(locators[found], code.locator());
    reachable(&mut host).await;
    println!("reachable after {:.1?}", begin.elapsed());

    // A stream to the host first: soon its descriptor will be gone.
    let seed = weak_seed(&locators[found]);
    let said_address = place(locators[found].clone()).await.address();
    let stream = scene.attackers.reach(seed.address()).await;
    let mut host_leg = Leg::dialled(stream).await.expect("a channel");
    let (guest_player, share) =
        Guest::new(&guesses.at_host, "tor", &said_address, &host_leg.exporters, &mut rng());
    host_leg.say(&share).await;
    let host_share = host_leg.hear().await.expect("the host's share");
    let begin = Instant::now();
    let mut service = scene.attackers.publish_over(&seed).await;
    println!("published over it after {:.1?}", begin.elapsed());

    let guests = scene.guests.lend_with(Some(moved), None);
    let mut guest = End::begin(guests, Role::Guest, code).await;
    let came = timeout(LURE.saturating_sub(begin.elapsed()), service.incoming.recv()).await;
    println!("the guest's dial, if it came, after {:.1?}", begin.elapsed());
    let stream = came.ok()?.expect("the service lives");
    let mut guest_leg = Leg::answered(stream).await.expect("a channel");
    let host_player = Host::new(&guesses.at_guest, "tor", &said_address, &guest_leg.exporters);
    let at_guest = async move {
        let paired = guest_leg.play_host(host_player).await;
        if guesses.says_why && !paired {
            guest_leg.say(&Refusal::WrongPassword.encode()).await;
            // Whoever was told hangs up.
            while guest_leg.hear().await.is_some() {}
        }
        // Kept, so that a contact is not a contact gone.
        (paired, guest_leg)
    };
    let (at_host, (at_guest, guest_leg)) =
        tokio::join!(host_leg.play_guest(guest_player, host_share), at_guest);
    let at_host = at_host?;
    if !at_guest {
        drop(guest_leg);
    }
    let (host, guest) = tokio::join!(fate(&mut host), fate(&mut guest));
    Some(Outcome { host, guest, attacker: [at_host, at_guest] })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_searches_for_a_code_and_a_guess_at_each_end_yield_no_contact() {
    let scene = Scene::new().await;
    for says_why in [false, true, false] {
        let guess = |code: &Code| loop {
            let (one, two) = (propose_code().unwrap(), propose_code().unwrap());
            let [at_host, at_guest] = [one.password(), two.password()];
            if at_host != code.password() && at_guest != code.password() {
                break Guesses { at_host, at_guest, says_why };
            }
        };
        let outcome = attack(&scene, guess).await.expect("an attack to its end");
        println!("{outcome:?}");
        assert_eq!(outcome.attacker, [false; 2]);
        assert_eq!(outcome.host, Fate::Ended(MeetingEnd::WrongPassword));
        let told = if says_why { MeetingEnd::WrongPassword } else { MeetingEnd::PartnerGone };
        assert_eq!(outcome.guest, Fate::Ended(told));
    }
}

/// The same attacker, given the password, is in the middle: what keeps it out is the password alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_password_the_same_attacker_has_both() {
    let scene = Scene::new().await;
    let given = |code: &Code| Guesses {
        at_host: code.password(),
        at_guest: code.password(),
        says_why: false,
    };
    let outcome = attack(&scene, given).await.expect("an attack to its end");
    assert_eq!(outcome.attacker, [true; 2]);
    assert_eq!([outcome.host, outcome.guest], [Fate::Paired; 2]);
}
