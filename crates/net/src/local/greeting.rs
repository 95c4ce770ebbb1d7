//! What the two ends of a loopback connection prove to each other before anything else.
//!
//! ```text
//! client → listener   version 1 ‖ nonce 32
//! listener → client   version 1 ‖ door 1 ‖ nonce 32 ‖ ephemeral X25519 key 32 ‖ signature 64
//! client → listener   MAC 32                       (a restricted door only)
//! listener → client   verdict 1                    (a restricted door only)
//! ```
//!
//! The signature is the address's, over label, version, door, both nonces, ephemeral key, endpoint
//! and address: the address itself isn't sent, and who listens elsewhere learns nothing of it. The
//! MAC is keyed by the Diffie-Hellman of the client's key and the ephemeral one, so that the client
//! shows no key; the listener tries those it lets in. An open door's ephemeral key is 32 zeros.

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use undertone_wire::address::OnionAddress;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::endpoint::Endpoint;
use crate::{ServiceSpec, Stream, tls};

/// How long one greeting may take, at either end.
pub(super) const GREETING_TIMEOUT: Duration = Duration::from_secs(5);

const PROOF_LABEL: &[u8] = b"undertone local proof 1";
const CLIENT_LABEL: &[u8] = b"undertone local client 1";

const VERSION: u8 = 1;
const OPEN: u8 = 0;
const RESTRICTED: u8 = 1;
const KEY_WANTED: u8 = 0;
const WELCOME: u8 = 1;

const HELLO_LEN: usize = 1 + 32;
const PROOF_LEN: usize = 1 + 1 + 32 + 32 + 64;
const MAC_LEN: usize = 32;

/// Why knocking led nowhere. When several doors were knocked on, the greatest tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KnockError {
    /// Nobody listens.
    Nobody,
    /// The system wouldn't; its words.
    Failed(String),
    /// Who listens says nothing.
    Silent,
    /// Who listens can't prove the address.
    Impostor,
    /// Who listens left during the greeting: another try may do better.
    Dropped,
    /// Proven, but the client's key is missing or another one.
    KeyWanted,
}

/// What both ends have agreed on once the proof is out.
struct Agreed<'a> {
    door: u8,
    client_nonce: &'a [u8; 32],
    listener_nonce: &'a [u8; 32],
    ephemeral: &'a [u8; 32],
    endpoint: &'a Endpoint,
    address: &'a OnionAddress,
}

impl Agreed<'_> {
    /// Every part has a fixed length, so that there is one way to read the whole.
    fn bytes(&self, label: &[u8]) -> Vec<u8> {
        [
            label,
            &[VERSION, self.door],
            self.client_nonce,
            self.listener_nonce,
            self.ephemeral,
            self.endpoint.as_bytes(),
            &self.address.0,
        ]
        .concat()
    }

    /// The client's answer under a Diffie-Hellman secret; `None` for a key that gives none.
    fn mac(&self, own: &StaticSecret, other: &PublicKey) -> Option<[u8; MAC_LEN]> {
        let shared = own.diffie_hellman(other);
        if !shared.was_contributory() {
            return None;
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(shared.as_bytes()).ok()?;
        mac.update(&self.bytes(CLIENT_LABEL));
        Some(mac.finalize().into_bytes().into())
    }
}

/// The listener's side: the address's key and whom it lets in.
pub(super) struct Doorkeeper {
    key: SigningKey,
    endpoint: Endpoint,
    clients: Vec<PublicKey>,
}

impl Doorkeeper {
    pub(super) fn new(service: &ServiceSpec, endpoint: Endpoint) -> Self {
        let key = SigningKey::from_bytes(service.seed.0.as_bytes());
        let clients = service.clients.iter().copied().map(PublicKey::from).collect();
        Self { key, endpoint, clients }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn address(&self) -> OnionAddress {
        OnionAddress(self.key.verifying_key().to_bytes())
    }

    /// Greets whoever has connected. `None` is a stranger, who has been told nothing but that a
    /// key is wanted.
    pub(super) async fn admit(&self, mut stream: Stream) -> Option<Stream> {
        let mut hello = [0; HELLO_LEN];
        stream.read_exact(&mut hello).await.ok()?;
        let [VERSION, client_nonce @ ..] = &hello else {
            return None;
        };
        let listener_nonce = tls::random().ok()?;
        let restricted = !self.clients.is_empty();
        let secret = if restricted {
            Some(StaticSecret::from(*Zeroizing::new(tls::random().ok()?)))
        } else {
            None
        };
        let ephemeral = secret.as_ref().map_or([0; 32], |key| PublicKey::from(key).to_bytes());
        let address = self.address();
        let agreed = Agreed {
            door: if restricted { RESTRICTED } else { OPEN },
            client_nonce,
            listener_nonce: &listener_nonce,
            ephemeral: &ephemeral,
            endpoint: &self.endpoint,
            address: &address,
        };
        let signature = self.key.sign(&agreed.bytes(PROOF_LABEL)).to_bytes();
        let mut proof = Vec::with_capacity(PROOF_LEN);
        proof.extend_from_slice(&[VERSION, agreed.door]);
        proof.extend_from_slice(&listener_nonce);
        proof.extend_from_slice(&ephemeral);
        proof.extend_from_slice(&signature);
        stream.write_all(&proof).await.ok()?;
        stream.flush().await.ok()?;
        let Some(secret) = secret else {
            return Some(stream);
        };
        let mut mac = [0; MAC_LEN];
        stream.read_exact(&mut mac).await.ok()?;
        if self.knows(&agreed, &secret, &mac) {
            stream.write_all(&[WELCOME]).await.ok()?;
            stream.flush().await.ok()?;
            Some(stream)
        } else {
            stream.write_all(&[KEY_WANTED]).await.ok()?;
            stream.flush().await.ok()?;
            None
        }
    }

    /// Tries all clients, always: how long it takes doesn't tell which one it was.
    fn knows(&self, agreed: &Agreed<'_>, secret: &StaticSecret, mac: &[u8; MAC_LEN]) -> bool {
        let mut known = Choice::from(0);
        for client in &self.clients {
            if let Some(expected) = agreed.mac(secret, client) {
                known |= expected.ct_eq(mac);
            }
        }
        known.into()
    }
}

impl fmt::Debug for Doorkeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Doorkeeper(…)")
    }
}

/// The client's side.
pub(super) struct Knock {
    endpoint: Endpoint,
    address: OnionAddress,
    client_auth: Option<StaticSecret>,
}

impl Knock {
    pub(super) fn new(
        endpoint: Endpoint,
        address: OnionAddress,
        client_auth: Option<Zeroizing<[u8; 32]>>,
    ) -> Self {
        Self { endpoint, address, client_auth: client_auth.map(|key| StaticSecret::from(*key)) }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Has the listener prove the address, and proves what it asks for.
    pub(super) async fn greet(&self, mut stream: Stream) -> Result<Stream, KnockError> {
        let client_nonce = tls::random().map_err(|error| KnockError::Failed(error.to_string()))?;
        let mut hello = [VERSION; HELLO_LEN];
        let [_, nonce @ ..] = &mut hello;
        *nonce = client_nonce;
        stream.write_all(&hello).await.map_err(io)?;
        stream.flush().await.map_err(io)?;

        let mut proof = [0; PROOF_LEN];
        stream.read_exact(&mut proof).await.map_err(io)?;
        let (head, signature) = proof.split_last_chunk::<64>().ok_or(KnockError::Impostor)?;
        let (head, ephemeral) = head.split_last_chunk::<32>().ok_or(KnockError::Impostor)?;
        let (head, listener_nonce) = head.split_last_chunk::<32>().ok_or(KnockError::Impostor)?;
        let [VERSION, door] = *head else {
            return Err(KnockError::Impostor);
        };
        let agreed = Agreed {
            door,
            client_nonce: &client_nonce,
            listener_nonce,
            ephemeral,
            endpoint: &self.endpoint,
            address: &self.address,
        };
        if !is_signed(&self.address.0, &agreed.bytes(PROOF_LABEL), signature) {
            return Err(KnockError::Impostor);
        }

        match door {
            OPEN => return Ok(stream),
            RESTRICTED => {}
            _ => return Err(KnockError::Impostor),
        }
        let mac = self
            .client_auth
            .as_ref()
            .and_then(|own| agreed.mac(own, &PublicKey::from(*ephemeral)))
            .ok_or(KnockError::KeyWanted)?;
        stream.write_all(&mac).await.map_err(io)?;
        stream.flush().await.map_err(io)?;
        match stream.read_u8().await.map_err(io)? {
            WELCOME => Ok(stream),
            KEY_WANTED => Err(KnockError::KeyWanted),
            _ => Err(KnockError::Impostor),
        }
    }
}

fn io(error: std::io::Error) -> KnockError {
    match error.kind() {
        ErrorKind::UnexpectedEof
        | ErrorKind::BrokenPipe
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted => KnockError::Dropped,
        kind => KnockError::Failed(kind.to_string()),
    }
}

/// Whether `key` has signed these bytes. Strictly: one signature has one encoding, and a key of small order signs nothing.
fn is_signed(key: &[u8; 32], bytes: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(key)
        .is_ok_and(|key| key.verify_strict(bytes, &Signature::from_bytes(signature)).is_ok())
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;
    use tokio::io::duplex;
    use undertone_wire::address::OnionSeed;

    use super::*;

    /// A stranger who answers with what a key of small order would make of any ephemeral key.
    #[tokio::test]
    async fn a_weak_client_key_lets_nobody_in() {
        let seed = OnionSeed::random(&mut ChaCha20Rng::from_seed([1; 32]));
        let address = seed.address();
        let endpoint = Endpoint::derive("", &address);
        let spec = ServiceSpec { seed, clients: vec![[0; 32]] };
        let doorkeeper = Doorkeeper::new(&spec, endpoint.clone());
        let (mut near, far) = duplex(1024);
        let stranger = async {
            near.write_all(&[VERSION; HELLO_LEN]).await.unwrap();
            let mut proof = [0; PROOF_LEN];
            near.read_exact(&mut proof).await.unwrap();
            let agreed = Agreed {
                door: RESTRICTED,
                client_nonce: &[VERSION; 32],
                listener_nonce: proof[2..34].try_into().unwrap(),
                ephemeral: proof[34..66].try_into().unwrap(),
                endpoint: &endpoint,
                address: &address,
            };
            let mut mac = Hmac::<Sha256>::new_from_slice(&[0; 32]).unwrap();
            mac.update(&agreed.bytes(CLIENT_LABEL));
            near.write_all(&mac.finalize().into_bytes()).await.unwrap();
            near.read_u8().await.unwrap()
        };
        let (admitted, verdict) = tokio::join!(doorkeeper.admit(Box::new(far)), stranger);
        assert!(admitted.is_none());
        assert_eq!(verdict, KEY_WANTED);
    }

    /// Project Wycheproof's vectors of Ed25519. There is no "acceptable" among them; a signature of another length than
    /// 64 bytes can't be asked about, because the type has that length.
    #[test]
    fn signatures_are_judged_as_wycheproof_does() {
        use wycheproof::eddsa::{TestName, TestSet};

        let (mut accepted, mut refused, mut impossible) = (0, 0, 0);
        for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
            let key = group.key.pk[..].try_into().unwrap();
            for test in &group.tests {
                let Ok(signature) = test.sig[..].try_into() else {
                    assert!(test.result.must_fail(), "{}", test.tc_id);
                    impossible += 1;
                    continue;
                };
                assert_eq!(
                    is_signed(key, &test.msg, signature),
                    test.result == wycheproof::TestResult::Valid,
                    "{}",
                    test.tc_id
                );
                match test.result.must_fail() {
                    true => refused += 1,
                    false => accepted += 1,
                }
            }
        }
        assert_eq!((accepted, refused, impossible), (88, 51, 12));
    }
}
