//! Prekey servers, which keep what clients publish and hand it out while they are offline ("OTRv4
//! Prekey Server Specification"): both ends, without carrier or files.
//!
//! A client shows the server who it is with a deniable key exchange of its own ([`Publisher`]), and
//! proves that it has the secrets of what it publishes. Whoever asks gets one ensemble for each
//! client of an account ([`query`], [`read_answer`]), and each prekey message goes out once. A
//! [`Server`] can withhold what it has and hand out what is old, and learns who asks for whom; it
//! reads nothing of what is written.
//!
//! Lines are Base64 that ends with a dot, without the mark that other messages of OTR have. No
//! program is known to us that speaks this protocol as it was last written.
//!
//! ```
//! use rand_core::SeedableRng;
//! use undertone_otr::prekey_server::{Answer, Publisher, Published, Server, Wanted, query, read_answer};
//! use undertone_otr::{Account, Identity, InstanceTag, Prekeys, PrivateKey, Version, Versions};
//! # use std::time::Duration;
//!
//! let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]); // the system's source, really
//! let unix = 1_700_000_000;
//! let mut server = Server::new("keys.example.org", &mut rng);
//!
//! let (identity, prekeys) = (Identity::generate(&mut rng), Prekeys::new());
//! let ben = Account::new(PrivateKey::generate(&mut rng), InstanceTag::random(&mut rng))
//!     .with_version_4(identity, unix)
//!     .with_prekeys(prekeys.clone());
//! let v4 = Versions::NONE.with(Version::V4);
//! let publication = ben.publish(v4, 2, Duration::ZERO, &mut rng)?;
//!
//! let wanted = Wanted::Publish { publication: Box::new(publication), prekeys };
//! let trusted = Some(server.fingerprint());
//! let (mut publisher, first) =
//!     Publisher::new(&ben, "ben@example.org", "keys.example.org", trusted, wanted, &mut rng)?;
//! let second = server.receive("ben@example.org", &first, unix, &mut rng)?.unwrap();
//! let third = publisher.receive(&second, &mut rng)?.line.unwrap();
//! let last = server.receive("ben@example.org", &third, unix, &mut rng)?.unwrap();
//! assert_eq!(publisher.receive(&last, &mut rng)?.outcome, Some(Published::Stored));
//!
//! let ana = InstanceTag::random(&mut rng);
//! let asked = query(ana, "ben@example.org", v4);
//! let line = server.receive("ana@example.org", &asked, unix, &mut rng)?.unwrap();
//! let Answer::Ensembles(found) = read_answer(&line, ana, "ben@example.org", unix)? else { panic!() };
//! assert_eq!(found[0].profile.fingerprint(), ben.identity().unwrap().fingerprint());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod keeper;
mod message;
mod pieces;
mod proof;
mod publisher;
mod stored;

use data_encoding::BASE64;

use super::curve::{LEN, Pair, Point};
use super::kdf::{fill, numbered};
use super::profile::{ClientProfile, ProfileError};
use super::ring::Form;
use crate::codec::{DecodeError, Writer};
use crate::line::{ArmorError, decode};

pub use keeper::{CLIENTS_MAX, EXCHANGE_WAIT, EXCHANGES_MAX, IDENTITIES_MAX, Server};
pub use message::{Answer, query, read_answer};
pub use pieces::{Pieces, cut};
pub use publisher::{Published, Publisher, Step, Wanted};

/// Begins what is hashed.
const DOMAIN: &[u8] = b"OTR-Prekey-Server";

/// The signatures of this protocol: the message stands bare in their hash, as the specification has
/// it.
const FORM: Form = Form { domain: DOMAIN, number: 0x11, with_length: false };

/// The longest name of an account that is taken, in bytes; those of XMPP have at most 3,071.
const NAME_MAX: usize = 3_071;

/// Numbers of hashes.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Usage {
    SharedKey = 0x01,
    InitiatorProfile = 0x02,
    InitiatorComposite = 0x03,
    InitiatorPhi = 0x04,
    ReceiverProfile = 0x05,
    ReceiverComposite = 0x06,
    ReceiverPhi = 0x07,
    PreMacKey = 0x08,
    PreMac = 0x09,
    StorageInfoMac = 0x0a,
    StatusMac = 0x0b,
    SuccessMac = 0x0c,
    FailureMac = 0x0d,
    PrekeyMessages = 0x0e,
    ClientProfile = 0x0f,
    PrekeyProfile = 0x10,
    ProofContext = 0x12,
    ProofEcdh = 0x13,
    ProofDh = 0x14,
    ProofShared = 0x15,
    MacProofs = 0x16,
    ProofLambda = 0x17,
}

fn kdf(usage: Usage, parts: &[&[u8]]) -> zeroize::Zeroizing<[u8; 64]> {
    numbered(DOMAIN, usage as u8, parts)
}

fn kdf_into(usage: Usage, parts: &[&[u8]], out: &mut [u8]) {
    fill(DOMAIN, usage as u8, parts, out);
}

/// Why a message of this protocol was refused. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The line is no message.
    #[error("a message about prekeys is damaged: {0}")]
    Armor(#[from] ArmorError),
    /// Its fields can't be read.
    #[error("a message about prekeys is damaged: {0}")]
    Malformed(#[from] DecodeError),
    /// A profile in it can't be used.
    #[error("a message about prekeys was refused: {0}")]
    Profile(#[from] ProfileError),
    /// A piece of a line can't be read, or doesn't fit the others.
    #[error("a piece of a message about prekeys is damaged; the carrier may have changed it")]
    Piece,
    /// It answers nothing that we sent.
    #[error("a message about prekeys came that answers nothing")]
    Unexpected,
    /// It is for another client.
    #[error("a message about prekeys came that is for another client of the account")]
    OtherInstance,
    /// The server is another one than the one that is trusted.
    #[error(
        "the prekey server has another key than the one that is trusted; nothing was published"
    )]
    OtherServer,
    /// A signature is wrong.
    #[error("a signature in a message about prekeys is wrong")]
    Signature,
    /// An authenticator is wrong.
    #[error("the authenticator of a message about prekeys is wrong; it was changed on the way")]
    Mac,
    /// A proof is wrong.
    #[error(
        "a message about prekeys doesn't prove that its sender has the secrets of what it publishes"
    )]
    Proof,
    /// Too much is kept already.
    #[error("the prekey server is full")]
    Full,
    /// The account has no identity for version 4, or lacks the secrets of what it wants to publish.
    #[error("the account lacks the secrets of what it wants to publish")]
    Secrets,
    /// Our own random numbers are broken.
    #[error(transparent)]
    Randomness(#[from] crate::key::RandomnessError),
}

fn armor(message: &[u8]) -> String {
    format!("{}.", BASE64.encode(message))
}

fn open(line: &str) -> Result<Vec<u8>, ServerError> {
    Ok(decode(line)?)
}

/// What both ends of an exchange with a server agree on.
struct Exchange<'a> {
    profile: &'a ClientProfile,
    /// "Prekey Server Composite Identity": its name and its key.
    composite: &'a [u8],
    /// `I`.
    client: &'a Point,
    /// `S`.
    server: &'a Point,
    client_name: &'a str,
    server_name: &'a str,
}

impl Exchange<'_> {
    fn transcript(&self, lead: u8, [profile, composite, phi]: [Usage; 3]) -> Vec<u8> {
        let names = Writer::new().data(self.client_name.as_bytes());
        let names = names.data(self.server_name.as_bytes());
        Writer::new()
            .byte(lead)
            .raw(&*kdf(profile, &[self.profile.encoded()]))
            .raw(&*kdf(composite, &[self.composite]))
            .raw(self.client.bytes())
            .raw(self.server.bytes())
            .raw(&*kdf(phi, &[names.bytes()]))
            .finish()
    }

    /// What the server signs in DAKE-2.
    fn second(&self) -> Vec<u8> {
        let usages = [Usage::InitiatorProfile, Usage::InitiatorComposite, Usage::InitiatorPhi];
        self.transcript(0, usages)
    }

    /// What the client signs in DAKE-3.
    fn third(&self) -> Vec<u8> {
        let usages = [Usage::ReceiverProfile, Usage::ReceiverComposite, Usage::ReceiverPhi];
        self.transcript(1, usages)
    }
}

/// The keys of an exchange: of authenticators, and what proofs are bound to.
struct Keys {
    mac: zeroize::Zeroizing<[u8; 64]>,
    context: zeroize::Zeroizing<[u8; 64]>,
}

impl Keys {
    /// This protocol multiplies by the cofactor, besides what is in each secret.
    fn new(ours: &Pair, theirs: &Point) -> Self {
        let mut four = [0; LEN];
        if let Some(first) = four.first_mut() {
            *first = 4;
        }
        let secret = ours.secret().mul(&super::curve::Scalar::reduce(&four));
        let shared = Pair::from_secret(secret).shared(theirs);
        let key = kdf(Usage::SharedKey, &[&*shared]);
        Self { mac: kdf(Usage::PreMacKey, &[&*key]), context: kdf(Usage::ProofContext, &[&*key]) }
    }
}

#[cfg(test)]
mod tests;
