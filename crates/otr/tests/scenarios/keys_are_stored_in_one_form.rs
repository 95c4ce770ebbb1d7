//! The golden files of what is stored: private key, identity, prekeys.

use undertone_otr::{Ensemble, Identity, Prekeys, Session, Settings, Version, Versions};

use crate::common::{NOW, account, identity, is_secure, policy_4, rng, session};

#[test]
fn the_stored_key_is_the_golden_one() {
    let golden = include_str!("../golden/private-key-v1.hex").trim();
    let key = crate::common::key();
    assert_eq!(data_encoding::HEXLOWER.encode(&key.to_bytes()), golden);
    let fingerprint = key.public().fingerprint().to_string();
    assert_eq!(fingerprint, "76C21F2F C0B424F5 CA6ADCF0 72F682C0 C4BC5AEF");
}

#[test]
fn the_stored_identity_of_version_4_is_the_golden_one() {
    let golden = include_str!("../golden/identity-v1.hex").trim();
    let identity = identity(0x1000);
    assert_eq!(data_encoding::HEXLOWER.encode(&identity.to_bytes()), golden);
    let read = Identity::from_bytes(&identity.to_bytes()).unwrap();
    assert_eq!(read.fingerprint(), identity.fingerprint());
    let digits = "6325094C FAC31230 9360036D 53105EB6 0E2AA1E4 7635AEDF 82913723 \
                  C90E9CB2 9D5E1727 E1233E0D 5408E53F 26A64CAD 6AB427F1 562A9257";
    assert_eq!(read.fingerprint().to_string(), digits);
}

/// Prekeys hold secrets, profiles and the times of their ends.
#[test]
fn stored_prekeys_are_the_golden_ones() {
    let golden = include_str!("../golden/prekeys-v1.hex").split_whitespace().collect::<String>();
    let prekeys = Prekeys::new();
    let account = account(0x2000).with_prekeys(prekeys.clone());
    let versions = Versions::NONE.with(Version::V4);
    let made = account.publish(versions, 2, NOW, &mut rng(8)).unwrap();
    assert_eq!(data_encoding::HEXLOWER.encode(&prekeys.to_bytes()), golden);
    let bytes = data_encoding::HEXLOWER.decode(golden.as_bytes()).unwrap();
    let read = Prekeys::from_bytes(&bytes).unwrap();
    assert_eq!(read.left(), 2);
    // What was published belongs to what is stored.
    let ensemble = Ensemble {
        profile: made.profile,
        prekey_profile: made.prekey_profile,
        message: made.messages[1].clone(),
    };
    let mut ana = session(0x1000, policy_4());
    let written = ana.write_offline(&ensemble, "later", NOW, &mut rng(9)).unwrap();
    let account = crate::common::account(0x2000).with_prekeys(read.clone());
    let settings = Settings { policy: policy_4(), ..Settings::default() };
    let mut ben = Session::new(account, settings).unwrap();
    let output = ben.receive(&written.lines[0], NOW, &mut rng(9));
    assert!(output.events.iter().any(is_secure));
    assert!(read.changed() && read.left() == 1);
}
