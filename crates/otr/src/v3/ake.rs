//! The key exchange (OTRv3 "Authenticated Key Exchange (AKE)"). Who sends the commitment is called
//! Bob there, who answers is Alice.

use std::fmt;
use std::sync::Arc;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::codec::{Reader, Writer};
use crate::group::{Pair, Public};
use crate::key::{PrivateKey, PublicKey, RandomnessError, SIGNATURE_LEN};

use super::crypto::{aes_ctr, first, h2, hmac256, hmac256_160, last, sha256};
use super::message::{Commit, Reveal, Signed, kind};

/// The number of our key in a key exchange: each one begins with a fresh pair.
pub(crate) const FIRST_KEYID: u32 = 1;

/// A message that a step wants sent: its type, and what follows the header.
pub(crate) type Outgoing = (u8, Vec<u8>);

/// What both ends have after a key exchange.
pub(crate) struct Established {
    pub(crate) ssid: [u8; 8],
    /// Whether we sent the Reveal Signature message: then we stress the first half of the session
    /// id, and the peer the second.
    pub(crate) revealed: bool,
    pub(crate) ours: Arc<Pair>,
    pub(crate) their_keyid: u32,
    pub(crate) theirs: Public,
    pub(crate) their_key: PublicKey,
}

/// Why a message of a key exchange was refused. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AkeError {
    /// Nothing that we sent calls for this message.
    #[error("it answers nothing that we sent")]
    Unexpected,
    /// It is our own.
    #[error("it is our own, sent back")]
    Reflected,
    /// The revealed value is not the one of the commitment.
    #[error("the peer reveals another number than it committed to")]
    Commitment,
    /// The authenticator is wrong.
    #[error("its authenticator is wrong")]
    Mac,
    /// The key of the peer can't be used.
    #[error("the key of the peer can't be used: {0}")]
    Key(#[from] crate::key::KeyError),
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
    /// Our own random numbers are broken.
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

/// What one end does in a key exchange with one instance of the peer ("The authentication state").
#[derive(Default)]
pub(crate) enum Auth {
    /// Nothing is under way.
    #[default]
    None,
    /// We have sent a commitment.
    AwaitingKey(Arc<Started>),
    /// We have answered a commitment.
    AwaitingReveal(Answered),
    /// We have opened our commitment and signed.
    AwaitingSignature(Box<Revealed>),
}

/// A commitment of ours. Several instances of the peer may answer it.
pub(crate) struct Started {
    key: Zeroizing<[u8; 16]>,
    pair: Arc<Pair>,
    commit: Commit,
}

impl Started {
    /// Makes a commitment.
    pub(crate) fn new(rng: &mut impl CryptoRng) -> Self {
        let mut key = Zeroizing::new([0; 16]);
        rng.fill_bytes(&mut *key);
        let pair = Arc::new(Pair::random(rng));
        let mut encrypted = mpi(&pair.public);
        let hash = sha256(&encrypted);
        aes_ctr(&key, [0; 8], &mut encrypted);
        Self { key, pair, commit: Commit { encrypted, hash } }
    }

    /// The D-H Commit message.
    pub(crate) fn message(&self) -> Outgoing {
        let Commit { encrypted, hash } = &self.commit;
        (kind::COMMIT, Writer::new().data(encrypted).data(hash).finish())
    }
}

/// What we hold after answering a commitment.
pub(crate) struct Answered {
    pair: Arc<Pair>,
    commit: Commit,
    /// Our own commitment, if we gave way and may come back to it.
    yielded: Option<Arc<Started>>,
}

impl Answered {
    /// The D-H Key message.
    fn message(&self) -> Outgoing {
        (kind::KEY, mpi(&self.pair.public))
    }
}

/// What we hold after opening our commitment.
pub(crate) struct Revealed {
    keys: Keys,
    pair: Arc<Pair>,
    theirs: Public,
    /// For a peer that lost it.
    message: Vec<u8>,
}

/// What came of a step.
pub(crate) enum Outcome {
    /// Send this and wait.
    Send(Outgoing),
    /// Send this, if anything, and talk.
    Done(Box<Established>, Option<Outgoing>),
}

impl Auth {
    /// Takes a D-H Commit message. `stay` keeps a commitment of ours open that gives way to the
    /// peer's: libotr 4.1.1 answers ours in version 2 whichever hash is higher, and waits.
    pub(crate) fn commit(
        &mut self,
        commit: Commit,
        stay: bool,
        rng: &mut impl CryptoRng,
    ) -> Result<Outcome, AkeError> {
        let yielded = match self {
            Self::AwaitingKey(started) => Some(Arc::clone(started)),
            Self::AwaitingReveal(answered) => answered.yielded.take(),
            Self::None | Self::AwaitingSignature(_) => None,
        };
        let pair = match self {
            Self::AwaitingKey(started) if started.commit.hash == commit.hash => {
                return Err(AkeError::Reflected);
            }
            // Both have started at once: who has the higher hash goes on with its own.
            Self::AwaitingKey(started) if started.commit.hash > commit.hash => {
                return Ok(Outcome::Send(started.message()));
            }
            // The peer has started anew: it gets the same key once more.
            Self::AwaitingReveal(answered) => Arc::clone(&answered.pair),
            Self::None | Self::AwaitingKey(_) | Self::AwaitingSignature(_) => {
                Arc::new(Pair::random(rng))
            }
        };
        let answered = Answered { pair, commit, yielded: yielded.filter(|_| stay) };
        let message = answered.message();
        *self = Self::AwaitingReveal(answered);
        Ok(Outcome::Send(message))
    }

    /// Takes a D-H Key message.
    pub(crate) fn key(
        &mut self,
        theirs: Public,
        own: &PrivateKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Outcome, AkeError> {
        let started = match self {
            Self::AwaitingKey(started) => Arc::clone(started),
            Self::AwaitingReveal(Answered { yielded: Some(started), .. }) => Arc::clone(started),
            Self::AwaitingSignature(revealed) if revealed.theirs == theirs => {
                return Ok(Outcome::Send((kind::REVEAL, revealed.message.clone())));
            }
            _ => return Err(AkeError::Unexpected),
        };
        let pair = Arc::clone(&started.pair);
        let keys = Keys::derive(&pair.shared(&theirs));
        let signed = keys.bob.sign(&pair.public, &theirs, own, rng)?;
        let message = Writer::new().data(&*started.key).raw(&signed).finish();
        let outgoing = (kind::REVEAL, message.clone());
        let revealed = Revealed { keys, pair, theirs, message };
        *self = Self::AwaitingSignature(Box::new(revealed));
        Ok(Outcome::Send(outgoing))
    }

    /// Takes a Reveal Signature message.
    pub(crate) fn reveal(
        &mut self,
        reveal: &Reveal<'_>,
        own: &PrivateKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Outcome, AkeError> {
        let Self::AwaitingReveal(Answered { pair, commit, .. }) = self else {
            return Err(AkeError::Unexpected);
        };
        let mut opened = commit.encrypted.clone();
        aes_ctr(&reveal.key, [0; 8], &mut opened);
        if !bool::from(sha256(&opened).ct_eq(&commit.hash)) {
            return Err(AkeError::Commitment);
        }
        let mut reader = Reader::new(&opened);
        let theirs = reader.mpi().and_then(Public::from_mpi).map_err(|_| AkeError::Commitment)?;
        reader.finish().map_err(|_| AkeError::Commitment)?;

        let keys = Keys::derive(&pair.shared(&theirs));
        let (their_key, their_keyid) = keys.bob.verify(&reveal.signed, &theirs, &pair.public)?;
        let message = keys.alice.sign(&pair.public, &theirs, own, rng)?;
        let ours = Arc::clone(pair);
        *self = Self::None;
        let established =
            Established { ssid: keys.ssid, revealed: false, ours, their_keyid, theirs, their_key };
        Ok(Outcome::Done(Box::new(established), Some((kind::SIGNATURE, message))))
    }

    /// Takes a Signature message.
    pub(crate) fn signature(&mut self, signed: &Signed<'_>) -> Result<Outcome, AkeError> {
        let Self::AwaitingSignature(revealed) = self else {
            return Err(AkeError::Unexpected);
        };
        let Revealed { keys, pair, theirs, .. } = &**revealed;
        let (their_key, their_keyid) = keys.alice.verify(signed, theirs, &pair.public)?;
        let established = Established {
            ssid: keys.ssid,
            revealed: true,
            ours: Arc::clone(pair),
            their_keyid,
            theirs: *theirs,
            their_key,
        };
        *self = Self::None;
        Ok(Outcome::Done(Box::new(established), None))
    }
}

/// Keys of one exchange: the session id, and those of either signature.
struct Keys {
    ssid: [u8; 8],
    /// `c`, `m1`, `m2`.
    bob: Half,
    /// `c'`, `m1'`, `m2'`.
    alice: Half,
}

impl Keys {
    fn derive(secbytes: &[u8]) -> Self {
        let c = h2(1, secbytes);
        Self {
            ssid: *first(&*h2(0, secbytes)),
            bob: Half { c: first(&*c), m1: h2(2, secbytes), m2: h2(3, secbytes) },
            alice: Half { c: last(&*c), m1: h2(4, secbytes), m2: h2(5, secbytes) },
        }
    }
}

/// The keys of one end's signature.
struct Half {
    c: Zeroizing<[u8; 16]>,
    m1: Zeroizing<[u8; 32]>,
    m2: Zeroizing<[u8; 32]>,
}

impl Half {
    /// `M = HMAC(m1, first ‖ second ‖ PUBKEY ‖ keyid)`: the signer's public value comes first.
    fn value(&self, first: &Public, second: &Public, key: &PublicKey, keyid: u32) -> [u8; 32] {
        let (first, second) = (mpi(first), mpi(second));
        hmac256(&self.m1, &[&first, &second, key.encoded(), &keyid.to_be_bytes()])
    }

    /// The encrypted signature as DATA, and its authenticator.
    fn sign(
        &self,
        ours: &Public,
        theirs: &Public,
        own: &PrivateKey,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, RandomnessError> {
        let value = self.value(ours, theirs, own.public(), FIRST_KEYID);
        let signature = own.sign(&value, rng)?;
        let mut encrypted =
            Writer::new().raw(own.public().encoded()).int(FIRST_KEYID).raw(&signature).secret();
        aes_ctr(&self.c, [0; 8], &mut encrypted);
        let data = Writer::new().data(&encrypted);
        let mac = hmac256_160(&self.m2, data.bytes());
        Ok(data.raw(&mac).finish())
    }

    /// Who signed, and the number of its public value.
    fn verify(
        &self,
        signed: &Signed<'_>,
        theirs: &Public,
        ours: &Public,
    ) -> Result<(PublicKey, u32), AkeError> {
        // The length is a part of what is authenticated.
        let mac = hmac256_160(&self.m2, Writer::new().data(signed.encrypted).bytes());
        if !bool::from(mac.ct_eq(&signed.mac)) {
            return Err(AkeError::Mac);
        }
        let mut plain = Zeroizing::new(signed.encrypted.to_vec());
        aes_ctr(&self.c, [0; 8], &mut plain);
        let mut reader = Reader::new(&plain);
        let key = PublicKey::read(&mut reader)?;
        let rest = || -> Result<(u32, [u8; SIGNATURE_LEN]), crate::codec::DecodeError> {
            let parts = (reader.int()?, reader.array()?);
            reader.finish()?;
            Ok(parts)
        };
        let (keyid, signature) = rest().map_err(|error| AkeError::Key(error.into()))?;
        let value = self.value(theirs, ours, &key, keyid);
        if keyid == 0 || !key.verify(&value, &signature) {
            return Err(AkeError::Signature);
        }
        Ok((key, keyid))
    }
}

fn mpi(public: &Public) -> Vec<u8> {
    Writer::new().mpi(&public.bytes()).finish()
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::AwaitingKey(_) => "AwaitingKey",
            Self::AwaitingReveal(_) => "AwaitingReveal",
            Self::AwaitingSignature(_) => "AwaitingSignature",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{self, hex};

    #[test]
    fn what_keys_are_derived_is_that_of_the_vectors() {
        let v = vectors::ake();
        let keys = Keys::derive(&hex(&v["secbytes"]));
        assert_eq!(keys.ssid.as_slice(), hex(&v["ssid"]));
        for (half, names) in
            [(&keys.bob, ["c", "m1", "m2"]), (&keys.alice, ["c_prime", "m1_prime", "m2_prime"])]
        {
            let [c, m1, m2] = names.map(|name| hex(&v[name]));
            assert_eq!(
                (half.c.as_slice(), half.m1.as_slice(), half.m2.as_slice()),
                (&*c, &*m1, &*m2)
            );
        }
        let key = crate::key::tests::key();
        let mut opened = hex(&v["commit"])[15..211].to_vec();
        aes_ctr(&hex(&v["r"]).try_into().unwrap(), [0; 8], &mut opened);
        let public = |bytes: &[u8]| Reader::new(bytes).mpi().and_then(Public::from_mpi).unwrap();
        let (gx, gy) = (public(&opened), public(&hex(&v["dh_key"])[11..]));
        let [of_bob, of_alice] = [
            keys.bob.value(&gx, &gy, key.public(), FIRST_KEYID),
            keys.alice.value(&gy, &gx, key.public(), FIRST_KEYID),
        ];
        assert_eq!(of_bob.as_slice(), hex(&v["M_B"]));
        assert_eq!(of_alice.as_slice(), hex(&v["M_A"]));
    }
}
