//! The vectors of an exchange, bit for bit, and what each step refuses.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::codec::Reader;
use crate::v4::curve::Pair;
use crate::v4::message::Body;
use crate::v4::profile::ProfileError;
use crate::v4::vectors::{Given, array, hex, load};
use crate::version::{Version, Versions};

struct Side {
    identity: Identity,
    profile: ClientProfile,
}

impl Side {
    fn own(&self) -> Own<'_> {
        Own { identity: &self.identity, profile: &self.profile, now: 5 }
    }
}

/// Alice and Bob of the vectors, with their profiles.
fn sides() -> [Side; 2] {
    let profiles = load("client_profile");
    [0, 1].map(|index: usize| {
        let case = &profiles["cases"][index];
        let forging = Point::read(array(&case["forging_point"])).unwrap();
        let identity = Identity::from_parts(&array(&case["identity_sym"]), forging);
        Side { identity, profile: ClientProfile::decode(&hex(&case["encoded"])).unwrap() }
    })
}

fn tags() -> [InstanceTag; 2] {
    [0x100, 0x27e3_1597].map(|number| InstanceTag::new(number).unwrap())
}

/// The ends as Alice sees them, and as Bob does.
fn ends() -> [Ends<'static>; 2] {
    let [alice, bob] = tags();
    let names = ["alice@example.org", "bob@example.org"];
    [
        Ends { ours: alice, theirs: bob, our_name: names[0], their_name: names[1] },
        Ends { ours: bob, theirs: alice, our_name: names[1], their_name: names[0] },
    ]
}

fn read((kind, body): &Outgoing) -> Body<'_> {
    Body::read(*kind, Reader::new(body), &[]).unwrap()
}

fn identity(outgoing: &Outgoing) -> IdentityMessage {
    let Body::Identity(message) = read(outgoing) else { panic!() };
    *message
}

fn auth_r(outgoing: &Outgoing) -> AuthR {
    let Body::AuthR(message) = read(outgoing) else { panic!() };
    *message
}

fn auth_i(outgoing: &Outgoing) -> [u8; RING_LEN] {
    let Body::AuthI(signature) = read(outgoing) else { panic!() };
    *signature
}

fn sent(outcome: Outcome) -> Outgoing {
    match outcome {
        Outcome::Send(outgoing) | Outcome::Done(_, Some(outgoing)) => outgoing,
        Outcome::Done(_, None) => panic!("nothing is sent"),
    }
}

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

/// What a step refuses, and that it changed nothing.
fn refused(result: Result<Outcome, AkeError>) -> AkeError {
    match result {
        Ok(_) => panic!("taken"),
        Err(error) => error,
    }
}

/// Random numbers for both sides of the vectors' exchange.
pub(crate) fn given() -> [Given; 2] {
    let v = load("dakez");
    let (syms, dhs) = (&v["syms"], &v["dh_secrets_be80"]);
    let (r, i) = (&v["ring_randoms_auth_r"], &v["ring_randoms_auth_i"]);
    let alice = [
        &syms["x"],
        &dhs["a"],
        &syms["alice first"],
        &dhs["alice first"],
        &r["t"],
        &r["c1"],
        &r["r1"],
        &r["c3"],
        &r["r3"],
    ];
    let bob = [
        &syms["y"],
        &dhs["b"],
        &syms["bob first"],
        &dhs["bob first"],
        &i["t"],
        &i["c2"],
        &i["r2"],
        &i["c3"],
        &i["r3"],
        &syms["bob second"],
        &dhs["bob second"],
    ];
    [Given::new(&alice), Given::new(&bob)]
}

/// The vectors' exchange: what Alice and Bob have after it.
pub(crate) fn exchange() -> [Established; 2] {
    let v = load("dakez");
    let [alice, bob] = sides();
    let [of_alice, of_bob] = ends();
    let [mut alices, mut bobs] = given();
    let body = |name: &str| hex(&v[name])[11..].to_vec();

    let started = Arc::new(Started::new(bob.profile.clone(), &mut bobs));
    assert_eq!(started.message(), (kind::IDENTITY, body("identity")));
    assert_eq!(started.hash[..], hex(&v["tie_break_hash_of_B"]));
    let mut state = Dake::default();
    let message = identity(&started.message());
    let answer = sent(state.identity(message, &alice.own(), of_alice, &mut alices).unwrap());
    assert_eq!(answer, (kind::AUTH_R, body("auth_r")));
    let mut bobs_state = Dake::AwaitingAuthR(started);
    let outcome = bobs_state.auth_r(auth_r(&answer), &bob.own(), of_bob, &mut bobs).unwrap();
    let Outcome::Done(of_bob, Some(last)) = outcome else { panic!() };
    assert_eq!(last, (kind::AUTH_I, body("auth_i")));
    let outcome = state.auth_i(&auth_i(&last), of_alice).unwrap();
    let Outcome::Done(of_alice, None) = outcome else { panic!() };
    assert!(state.is_none() && bobs_state.is_none());
    assert!(alices.0.is_empty() && bobs.0.is_empty());
    [*of_alice, *of_bob]
}

#[test]
fn an_exchange_is_that_of_the_vectors() {
    let v = load("dakez");
    for (side, established) in exchange().into_iter().enumerate() {
        assert_eq!(established.ssid[..], hex(&v["SSID"]));
        assert_eq!(established.first, side == 0);
    }
}

#[test]
fn what_signatures_are_over_is_that_of_the_vectors() {
    let v = load("dakez");
    let message = |name: &str| -> Outgoing {
        let bytes = hex(&v[name]);
        (bytes[2], bytes[11..].to_vec())
    };
    let (theirs, ours) = (identity(&message("identity")), auth_r(&message("auth_r")));
    let [of_alice, of_bob] = ends();
    let phi_r = of_alice.phi(true, &ours.first, &theirs.first);
    let phi_i = of_alice.phi(false, &theirs.first, &ours.first);
    assert_eq!(phi_r.bytes(), hex(&v["phi_auth_r"]));
    assert_eq!(phi_i.bytes(), hex(&v["phi_auth_i"]));
    assert_eq!(of_bob.phi(false, &ours.first, &theirs.first).bytes(), phi_r.bytes());
    let transcript = Transcript {
        bob: &theirs.profile,
        alice: &ours.profile,
        bobs: &theirs.keys,
        alices: &ours.keys,
    };
    assert_eq!(transcript.auth_r(&phi_r), hex(&v["t_auth_r"]));
    assert_eq!(transcript.auth_i(&phi_i), hex(&v["t_auth_i"]));
}

#[test]
fn a_message_out_of_turn_is_refused() {
    let [alice, bob] = sides();
    let [of_alice, of_bob] = ends();
    let mut rng = rng(1);
    let started = Arc::new(Started::new(bob.profile.clone(), &mut rng));
    let mut state = Dake::default();
    let first = identity(&started.message());
    let answer = sent(state.identity(first.clone(), &alice.own(), of_alice, &mut rng).unwrap());
    let answer = auth_r(&answer);
    for mut other in [
        Dake::None,
        Dake::AwaitingAuthI(match state {
            Dake::AwaitingAuthI(answered) => answered,
            _ => panic!(),
        }),
    ] {
        let result = other.auth_r(answer.clone(), &bob.own(), of_bob, &mut rng);
        assert_eq!(refused(result), AkeError::Unexpected);
    }
    for mut other in [Dake::None, Dake::AwaitingAuthR(Arc::clone(&started))] {
        assert_eq!(refused(other.auth_i(&[0; RING_LEN], of_alice)), AkeError::Unexpected);
    }
    // Our own, sent back.
    let mut bobs_state = Dake::AwaitingAuthR(started);
    let mine = Ends { theirs: of_bob.ours, ..of_bob };
    let result = bobs_state.identity(first, &bob.own(), mine, &mut rng);
    assert_eq!(refused(result), AkeError::Reflected);
}

#[test]
fn of_two_that_begin_at_once_one_goes_on() {
    let [alice, bob] = sides();
    let [of_alice, of_bob] = ends();
    let mut rng = rng(2);
    let alices = Arc::new(Started::new(alice.profile.clone(), &mut rng));
    let bobs = Arc::new(Started::new(bob.profile.clone(), &mut rng));
    let mut at_alice = Dake::AwaitingAuthR(Arc::clone(&alices));
    let mut at_bob = Dake::AwaitingAuthR(Arc::clone(&bobs));
    let to_alice = identity(&bobs.message());
    let to_bob = identity(&alices.message());
    let from_alice = sent(at_alice.identity(to_alice, &alice.own(), of_alice, &mut rng).unwrap());
    let from_bob = sent(at_bob.identity(to_bob, &bob.own(), of_bob, &mut rng).unwrap());
    let alice_goes_on = alices.hash > bobs.hash;
    assert_eq!(from_alice.0 == kind::IDENTITY, alice_goes_on);
    assert_eq!(from_bob.0 == kind::IDENTITY, !alice_goes_on);
    // The Identity that is sent again gets the same answer again.
    if alice_goes_on {
        let again = at_bob.identity(identity(&from_alice), &bob.own(), of_bob, &mut rng).unwrap();
        assert_eq!(sent(again), from_bob);
        let answer = auth_r(&from_bob);
        assert!(at_alice.auth_r(answer, &alice.own(), of_alice, &mut rng).is_ok());
    } else {
        let again = identity(&from_bob);
        let again = at_alice.identity(again, &alice.own(), of_alice, &mut rng).unwrap();
        assert_eq!(sent(again), from_alice);
        let answer = auth_r(&from_alice);
        assert!(at_bob.auth_r(answer, &bob.own(), of_bob, &mut rng).is_ok());
    }
}

#[test]
fn profiles_and_keys_that_are_wrong_are_refused() {
    let [alice, bob] = sides();
    let [of_alice, of_bob] = ends();
    let mut rng = rng(3);
    let started = Arc::new(Started::new(bob.profile.clone(), &mut rng));
    let good = identity(&started.message());
    let take = |message: IdentityMessage, ends, now, rng: &mut ChaCha20Rng| {
        let own = Own { now, ..alice.own() };
        Dake::None.identity(message, &own, ends, rng)
    };
    let other = Ends { theirs: InstanceTag::new(0x999).unwrap(), ..of_alice };
    let result = take(good.clone(), other, 5, &mut rng);
    assert_eq!(refused(result), AkeError::Profile(ProfileError::Owner));
    let result = take(good.clone(), of_alice, 1 << 40, &mut rng);
    assert_eq!(refused(result), AkeError::Profile(ProfileError::Expired));
    for part in 0..2 {
        let mut repeated = good.clone();
        match part {
            0 => repeated.first.point = repeated.keys.point,
            _ => repeated.first.number = repeated.keys.number,
        }
        assert_eq!(refused(take(repeated, of_alice, 5, &mut rng)), AkeError::Repeated);
    }
    // The same in the answer, and keys that we sent ourselves.
    let mut state = Dake::default();
    let answer = sent(state.identity(good.clone(), &alice.own(), of_alice, &mut rng).unwrap());
    let answer = auth_r(&answer);
    let keys = [good.keys, good.first, answer.first];
    for key in keys {
        let mut repeated = answer.clone();
        repeated.keys.point = key.point;
        let mut waiting = Dake::AwaitingAuthR(Arc::clone(&started));
        let result = waiting.auth_r(repeated, &bob.own(), of_bob, &mut rng);
        assert_eq!(refused(result), AkeError::Repeated);
        let mut repeated = answer.clone();
        repeated.keys.number = key.number;
        let result = waiting.auth_r(repeated, &bob.own(), of_bob, &mut rng);
        assert_eq!(refused(result), AkeError::Repeated);
        assert!(!waiting.is_none());
    }
    let mut waiting = Dake::AwaitingAuthR(started);
    let late = Own { now: 1 << 40, ..bob.own() };
    let result = waiting.auth_r(answer, &late, of_bob, &mut rng);
    assert_eq!(refused(result), AkeError::Profile(ProfileError::Expired));
}

/// Whatever the signatures are over: names, tags, each key, both profiles.
#[test]
fn a_signature_is_over_everything() {
    let [alice, bob] = sides();
    let [of_alice, of_bob] = ends();
    let mut rng = rng(4);
    let started = Arc::new(Started::new(bob.profile.clone(), &mut rng));
    let mut state = Dake::default();
    let first = identity(&started.message());
    let answer = sent(state.identity(first, &alice.own(), of_alice, &mut rng).unwrap());
    let answer = auth_r(&answer);
    let other = KeyPairs::random(&mut rng).public();
    let stranger = Identity::generate(&mut rng);
    let versions = Versions::NONE.with(Version::V4);
    let strange = ClientProfile::sign(&stranger, tags()[0], versions, 99, None, &mut rng).unwrap();
    let mut changed = vec![answer.clone(); 6];
    changed[0].keys.point = other.point;
    changed[1].keys.number = other.number;
    changed[2].first.point = other.point;
    changed[3].first.number = other.number;
    changed[4].signature[7] ^= 1;
    changed[5].profile = strange;
    let mut waiting = Dake::AwaitingAuthR(Arc::clone(&started));
    for (number, message) in changed.into_iter().enumerate() {
        let result = waiting.auth_r(message, &bob.own(), of_bob, &mut rng);
        assert_eq!(refused(result), AkeError::Signature, "{number}");
    }
    let wrong = [
        Ends { our_name: "bob@example.com", ..of_bob },
        Ends { their_name: "", ..of_bob },
        Ends { ours: InstanceTag::new(0x999).unwrap(), ..of_bob },
    ];
    for ends in wrong {
        let result = waiting.auth_r(answer.clone(), &bob.own(), ends, &mut rng);
        assert_eq!(refused(result), AkeError::Signature);
    }
    let last = sent(waiting.auth_r(answer, &bob.own(), of_bob, &mut rng).unwrap());
    let mut signature = auth_i(&last);
    signature[9] ^= 1;
    assert_eq!(refused(state.auth_i(&signature, of_alice)), AkeError::Signature);
    let elsewhere = Ends { their_name: "eve@example.org", ..of_alice };
    assert_eq!(refused(state.auth_i(&auth_i(&last), elsewhere)), AkeError::Signature);
    assert!(state.auth_i(&auth_i(&last), of_alice).is_ok());
}

/// Who has neither long-term secret makes a whole exchange that looks like one of Alice and Bob:
/// each signature is as good as theirs. So nobody can prove with one that they talked.
#[test]
fn anybody_can_forge_an_exchange() {
    let [alice, bob] = sides();
    let [_, of_bob] = ends();
    let mut rng = rng(5);
    // The forger knows the secrets of what it makes up itself, and nothing else.
    let (keys, first) = (KeyPairs::random(&mut rng), KeyPairs::random(&mut rng));
    let (bobs, bobs_first) = (KeyPairs::random(&mut rng), KeyPairs::random(&mut rng));
    let transcript = Transcript {
        bob: &bob.profile,
        alice: &alice.profile,
        bobs: &bobs.public(),
        alices: &keys.public(),
    };
    let phi = of_bob.phi(false, &first.public(), &bobs_first.public());
    let text = transcript.auth_r(&phi);
    let forge = |pair: &Pair, place, ring: &[Point; 3], text: &[u8], rng: &mut ChaCha20Rng| {
        let signature = ring::sign(OTR4, pair, place, ring, text, rng);
        assert!(ring::verify(OTR4, ring, text, &signature));
        signature
    };
    // Auth-R with the secret of Y, Auth-I with that of X.
    forge(&bobs.ecdh, 2, &transcript.ring_r(), &text, &mut rng);
    let phi = of_bob.phi(true, &bobs_first.public(), &first.public());
    let text = transcript.auth_i(&phi);
    forge(&keys.ecdh, 2, &transcript.ring_i(), &text, &mut rng);
    // Everything after it follows from the shared key, which the forger has too.
    let mixed = mix(&bobs, &keys.public());
    assert_eq!(mixed, mix(&keys, &bobs.public()));
}
