//! The vectors' key schedule, and what a message to an offline client is refused for.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::codec::Reader;
use crate::tag::InstanceTag;
use crate::v4::dh;
use crate::v4::identity::{Identity, StoredError};
use crate::v4::message::Body;
use crate::v4::profile::{PROFILE_LIFETIME, ProfileError};
use crate::v4::vectors::{array, hex, load};
use crate::version::{Version, Versions};

#[test]
fn keys_are_those_of_the_vectors() {
    let v = load("xzdh_keys");
    let pair = |name: &str| curve::Pair::from_sym(&array(&v["syms"][name]));
    let dh = |name: &str| dh::Pair::from_secret(&array(&v["dh"][name])).unwrap();
    let bobs = KeyPairs { ecdh: pair("y"), dh: dh("b") };
    let alices = KeyPairs { ecdh: pair("nia x"), dh: dh("nia a") };
    for (ours, theirs, prekey, identity) in [
        (
            &alices,
            bobs.public(),
            alices.ecdh.shared(&pair("shared prekey bob").public),
            alices.ecdh.shared(&pair("bob").public),
        ),
        (
            &bobs,
            alices.public(),
            pair("shared prekey bob").shared(&alices.ecdh.public),
            pair("bob").shared(&alices.ecdh.public),
        ),
    ] {
        let (ecdh, dh) = ours.shared(&theirs);
        assert_eq!(ecdh[..], hex(&v["K_ecdh"]));
        let mixed = Mixed::new(&ecdh, &dh, &prekey, &identity);
        assert_eq!(mixed.brace[..], hex(&v["brace_key"]));
        assert_eq!(mixed.mac_key[..], hex(&v["auth_mac_k"]));
        assert_eq!(mixed.key[..], hex(&v["K"]));
        assert_eq!(ssid(&mixed.key)[..], hex(&v["SSID"]));
    }
    assert_eq!(kdf::<64>(Usage::RootKey, &[&hex(&v["K"])])[..], hex(&v["root_key"]));
    assert_eq!(kdf::<64>(Usage::ChainKey, &[&hex(&v["K"])])[..], hex(&v["chain_key"]));
}

const NOW: u64 = 1_700_000_000;

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn tag(number: u32) -> InstanceTag {
    InstanceTag::new(number).unwrap()
}

fn versions() -> Versions {
    Versions::NONE.with(Version::V4)
}

struct Bob {
    identity: Identity,
    prekeys: Prekeys,
    publication: Publication,
}

fn bob() -> Bob {
    let identity = Identity::generate(&mut rng(1));
    let prekeys = Prekeys::new();
    let publication =
        prekeys.publish(&identity, tag(0x200), versions(), None, 3, NOW, &mut rng(2)).unwrap();
    Bob { identity, prekeys, publication }
}

impl Bob {
    fn ensemble(&self, index: usize) -> Ensemble {
        let Publication { profile, prekey_profile, messages } = self.publication.clone();
        Ensemble { profile, prekey_profile, message: messages[index].clone() }
    }

    fn own(&self, now: u64) -> Own<'_> {
        Own { identity: &self.identity, profile: &self.publication.profile, now }
    }

    fn take(&self, message: &OfflineAuth, now: u64) -> Result<Established, AkeError> {
        self.prekeys.accept(message, &self.own(now), ends(false), &mut rng(9))
    }
}

fn ends(alice: bool) -> Ends<'static> {
    let [a, b] = ["alice@example.org", "bob@example.org"];
    if alice {
        Ends { ours: tag(0x100), theirs: tag(0x200), our_name: a, their_name: b }
    } else {
        Ends { ours: tag(0x200), theirs: tag(0x100), our_name: b, their_name: a }
    }
}

fn write(ensemble: &Ensemble, now: u64, seed: u8) -> Result<(OfflineAuth, Established), AkeError> {
    let mut rng = rng(seed);
    let alice = Identity::generate(&mut rng);
    let expires = now + PROFILE_LIFETIME;
    let profile =
        ClientProfile::sign(&alice, tag(0x100), versions(), expires, None, &mut rng).unwrap();
    let own = Own { identity: &alice, profile: &profile, now };
    let ((kind, body), established) = begin(ensemble, &own, ends(true), &mut rng)?;
    let Ok(Body::OfflineAuth(message)) = Body::read(kind, Reader::new(&body), &[]) else {
        panic!()
    };
    Ok((*message, established))
}

#[test]
fn prekeys_are_used_once() {
    let bob = bob();
    let (message, alices) = write(&bob.ensemble(0), NOW, 3).unwrap();
    assert_eq!(bob.prekeys.left(), 3);
    let bobs = bob.take(&message, NOW).unwrap();
    assert_eq!((alices.ssid, alices.first, bobs.first), (bobs.ssid, true, false));
    assert_eq!(bob.prekeys.left(), 2);
    assert_eq!(bob.take(&message, NOW).err(), Some(AkeError::Prekey));
    // Another to the same keys.
    let (second, _) = write(&bob.ensemble(0), NOW, 4).unwrap();
    assert_eq!(bob.take(&second, NOW).err(), Some(AkeError::Prekey));
}

#[test]
fn what_is_wrong_is_refused_and_uses_nothing_up() {
    let bob = bob();
    let (good, _) = write(&bob.ensemble(0), NOW, 3).unwrap();
    let other = KeyPairs::random(&mut rng(5)).public();
    let mut changed = vec![good.clone(); 5];
    changed[0].keys.point = other.point;
    changed[1].keys.number = other.number;
    changed[2].first.point = other.point;
    changed[3].first.number = other.number;
    changed[4].signature[3] ^= 1;
    for (number, message) in changed.iter().enumerate() {
        assert_eq!(bob.take(message, NOW).err(), Some(AkeError::Signature), "{number}");
    }
    let mut mac = good.clone();
    mac.mac[5] ^= 1;
    assert_eq!(bob.take(&mac, NOW).err(), Some(AkeError::Mac));
    let mut unknown = good.clone();
    unknown.prekey ^= 1;
    assert_eq!(bob.take(&unknown, NOW).err(), Some(AkeError::Prekey));
    let mut repeated = good.clone();
    repeated.first.point = repeated.keys.point;
    assert_eq!(bob.take(&repeated, NOW).err(), Some(AkeError::Repeated));
    let late = NOW + PROFILE_LIFETIME;
    let expired = Some(AkeError::Profile(ProfileError::Expired));
    assert_eq!(bob.take(&good, late).err(), expired);
    // Names, as each end has them.
    let elsewhere = Ends { our_name: "bob@example.com", ..ends(false) };
    let taken = bob.prekeys.accept(&good, &bob.own(NOW), elsewhere, &mut rng(9));
    assert_eq!(taken.err(), Some(AkeError::Signature));
    let other_client = Ends { theirs: tag(0x101), ..ends(false) };
    let taken = bob.prekeys.accept(&good, &bob.own(NOW), other_client, &mut rng(9));
    assert_eq!(taken.err(), Some(AkeError::Profile(ProfileError::Owner)));
    assert_eq!(bob.prekeys.left(), 3);
    assert!(bob.take(&good, NOW).is_ok());
}

#[test]
fn an_ensemble_that_is_over_is_not_written_to() {
    let bob = bob();
    let late = NOW + PROFILE_LIFETIME;
    let expired = Some(AkeError::Profile(ProfileError::Expired));
    assert_eq!(write(&bob.ensemble(0), late, 3).err(), expired);
}

/// What was written under the last profile and shared prekey comes through after they were renewed.
#[test]
fn what_was_renewed_is_taken_for_a_day() {
    let bob = bob();
    let soon = NOW + PROFILE_LIFETIME - 3_600;
    let (late, _) = write(&bob.ensemble(0), soon, 3).unwrap();
    let (later, _) = write(&bob.ensemble(1), soon, 4).unwrap();
    let renewed = bob
        .prekeys
        .publish(&bob.identity, tag(0x200), versions(), None, 5, soon, &mut rng(6))
        .unwrap();
    assert_ne!(renewed.profile, bob.publication.profile);
    assert_ne!(renewed.prekey_profile, bob.publication.prekey_profile);
    assert_eq!(renewed.messages.len(), 2);
    assert!(bob.take(&late, soon + 7_200).is_ok());
    let taken = bob.take(&later, NOW + PROFILE_LIFETIME + 24 * 60 * 60);
    assert_eq!(taken.err(), Some(AkeError::Signature));
}

#[test]
fn stored_prekeys_come_back_in_one_form() {
    let bob = bob();
    assert!(bob.prekeys.changed());
    let stored = bob.prekeys.to_bytes();
    assert!(!bob.prekeys.changed());
    let read = Prekeys::from_bytes(&stored).unwrap();
    assert_eq!(read.to_bytes(), stored);
    let (message, _) = write(&bob.ensemble(2), NOW, 3).unwrap();
    let taken = read.accept(&message, &bob.own(NOW), ends(false), &mut rng(9));
    assert!(taken.is_ok() && read.changed());
    let refused = |bytes: &[u8]| Prekeys::from_bytes(bytes).err();
    assert_eq!(refused(&[&[2], &stored[1..]].concat()), Some(StoredError::Version));
    for end in (0..stored.len()).step_by(13).chain([stored.len() - 1]) {
        assert!(refused(&stored[..end]).is_some(), "{end}");
    }
    assert!(refused(&[&stored[..], &[0]].concat()).is_some());
    insta::assert_snapshot!(format!("{read:?}"), @"Prekeys { profiles: 1, shared: 1, messages: 2, .. }");
}
