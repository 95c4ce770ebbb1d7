//! Until a stream stands, nothing that an end asks of the world depends on the password, its random
//! numbers or anything else but the locator, the network and the day: what is derived, dialled and
//! published is the same, byte for byte, for all passwords.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};
use undertone_engine::{Context, DialFailure, Effect, Engine, Input, Memory, ServiceState, Tls};
use undertone_handle::command::{Meet, Name, Role};
use undertone_handle::event::{NetworkKind, NetworkState, NetworkStep};
use undertone_handle::{Command, ConversationId};
use undertone_ratchet::secret::Secret;
use undertone_wire::address::OnionSeed;
use undertone_wire::code::{Code, Locator};

/// Far from midnight, so that there is one day to look at.
const NOON: u64 = 20_000 * 86_400 + 43_200;

/// One thing that an end asked of the world, with everything in it.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Derive { locator: Vec<u8>, day: u64 },
    Dial { address: [u8; 32], with_key: bool, timeout: u64, pairing: Option<bool> },
    Publish { seed: [u8; 32], clients: Vec<[u8; 32]>, pairing: bool },
    Other(String),
}

/// Runs a meeting until a host can be reached, or until a guest has dialled twice, and gives all
/// that was asked for on the way.
fn asked(role: Role, code: &Code, rng: &mut ChaCha20Rng) -> Vec<Asked> {
    let memory = Memory::default();
    let mut engine = Engine::load("tor", &memory);
    let network = NetworkState {
        kind: NetworkKind::Arti,
        step: NetworkStep::Ready,
        clock_off_by_seconds: None,
    };
    let meet = Box::new(Meet {
        role,
        nick: Name::parse("someone").unwrap(),
        peer: Name::parse("partner").unwrap(),
        code: code.clone(),
        check: Some(false),
        secret: None,
        lasting: false,
    });
    let conversation = ConversationId(7);
    let mut inputs =
        vec![Input::Network(network), Input::Command(Command::Meet { conversation, meet })];
    let (mut asked, mut now, mut dials) = (Vec::new(), 1_000, 0);
    loop {
        let input = match inputs.pop() {
            Some(input) => input,
            // Only a guest between two dials waits for the clock.
            None if role == Role::Guest && dials < 2 => {
                now = engine.deadline().unwrap();
                Input::Tick
            }
            None => return asked,
        };
        let step = engine.handle(input, &mut Context { now, wall: NOON, rng }, &memory);
        assert!(step.writes.is_empty(), "nothing is stored before there is a contact");
        for effect in step.effects {
            match effect {
                // What the own user sees.
                Effect::Notify(_) => {}
                Effect::Derive { job, locator, day } => {
                    let seed = Some(seed(&locator, day));
                    asked.push(Asked::Derive { locator: locator.as_bytes().to_vec(), day });
                    inputs.push(Input::Derived { job, seed });
                }
                Effect::Dial { dial, address, client_auth, timeout, tls } => {
                    asked.push(Asked::Dial {
                        address: address.0,
                        with_key: client_auth.is_some(),
                        timeout,
                        pairing: tls.as_ref().map(is_pairing),
                    });
                    dials += 1;
                    inputs.push(Input::Dialled { dial, result: Err(DialFailure::NotFound) });
                }
                Effect::Publish { service, seed, clients, tls } => {
                    let seed = *seed.0.as_bytes();
                    asked.push(Asked::Publish { seed, clients, pairing: is_pairing(&tls) });
                    inputs.push(Input::Service { service, state: ServiceState::Reachable });
                }
                other => asked.push(Asked::Other(format!("{other:?}"))),
            }
        }
    }
}

/// Another one-way function than the product's, which takes a second; everything but the password
/// goes into it, as into the product's.
fn seed(locator: &Locator, day: u64) -> OnionSeed {
    let hash = Sha256::new().chain_update(locator.as_bytes()).chain_update(day.to_be_bytes());
    OnionSeed(Secret::from_bytes(&hash.finalize().into()))
}

fn is_pairing(tls: &Tls) -> bool {
    matches!(tls, Tls::Pairing)
}

/// A password of letters and digits for a code of people's own making.
fn password(rng: &mut ChaCha20Rng) -> String {
    let length = 8 + rng.next_u64() % 40;
    (0..length).map(|_| char::from_digit((rng.next_u64() % 36) as u32, 36).unwrap()).collect()
}

#[test]
fn five_hundred_passwords_ask_for_the_same() {
    let rng = &mut ChaCha20Rng::from_seed([1; 32]);
    let base = Code::parse("93-otter-lantern-mesa").unwrap();
    let chosen = Code::parse("93-xyzab12cd34").unwrap();
    for role in [Role::Host, Role::Guest] {
        for (base, proposed) in [(&base, true), (&chosen, false)] {
            let expected = asked(role, base, rng);
            assert!(!expected.iter().any(|asked| matches!(asked, Asked::Other(_))), "{expected:?}");
            let published = expected.iter().any(|a| matches!(a, Asked::Publish { .. }));
            assert_eq!((published, expected.len()), (role == Role::Host, 3), "{expected:?}");
            let mut tried = 0;
            while tried < 500 {
                let text = if proposed {
                    let drawn = Code::propose(rng);
                    let words = String::from_utf8(drawn.password().as_bytes().to_vec()).unwrap();
                    format!("93-otter-{words}")
                } else {
                    format!("93-xyz{}", password(rng))
                };
                let Ok(code) = Code::parse(&text) else { continue };
                assert!(code.password() != base.password());
                assert_eq!(asked(role, &code, rng), expected);
                tried += 1;
            }
            // It would be seen: another locator asks for something else.
            for other in ["94-otter-lantern-mesa", "93-acid-lantern-mesa", "93-xyaab12cd34"] {
                assert_ne!(asked(role, &Code::parse(other).unwrap(), rng), expected);
            }
        }
    }
}
