//! Binary messages of version 4 (OTRv4 "Encoded Messages"). Headers are those of version 3.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::curve::{self, Point};
use super::dh;
use super::profile::{ClientProfile, ProfileError};
use super::ring::RING_LEN;
use crate::codec::{DecodeError, Reader, Writer};

/// Types of messages.
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0x03;
    pub(crate) const OFFLINE_AUTH: u8 = 0x0d;
    pub(crate) const IDENTITY: u8 = 0x35;
    pub(crate) const AUTH_R: u8 = 0x36;
    pub(crate) const AUTH_I: u8 = 0x37;
}

/// Length of an authenticator, and of a key that makes one.
pub(crate) const MAC_LEN: usize = 64;

/// Every third ratchet has a number beside its point.
pub(crate) const BRACE_EVERY: u32 = 3;

/// A point and a number: what two ends make a shared secret of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PublicKeys {
    pub(crate) point: Point,
    pub(crate) number: dh::Public,
}

impl PublicKeys {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let point = Point::read(reader.array()?)?;
        Ok(Self { point, number: dh::Public::from_mpi(reader.mpi()?)? })
    }

    /// POINT ‖ MPI.
    pub(crate) fn write(&self, writer: Writer) -> Writer {
        writer.raw(self.point.bytes()).mpi(&self.number.bytes())
    }

    /// Whether it shares anything with other keys, which honest ends never do.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        self.point == other.point || self.number == other.number
    }
}

/// The secrets of a point and a number.
#[derive(Clone)]
pub(crate) struct KeyPairs {
    pub(crate) ecdh: curve::Pair,
    pub(crate) dh: dh::Pair,
}

impl KeyPairs {
    pub(crate) fn random(rng: &mut impl CryptoRng) -> Self {
        let ecdh = curve::Pair::random(rng);
        Self { ecdh, dh: dh::Pair::random(rng) }
    }

    pub(crate) fn public(&self) -> PublicKeys {
        PublicKeys { point: self.ecdh.public, number: self.dh.public }
    }

    /// `K_ecdh` and `K_dh`.
    pub(crate) fn shared(
        &self,
        theirs: &PublicKeys,
    ) -> (Zeroizing<[u8; curve::LEN]>, Zeroizing<Vec<u8>>) {
        (self.ecdh.shared(&theirs.point), self.dh.shared(&theirs.number))
    }
}

/// A message's fields, by its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body<'a> {
    /// "Identity Message".
    Identity(Box<IdentityMessage>),
    /// "Auth-R Message".
    AuthR(Box<AuthR>),
    /// "Auth-I Message": its signature.
    AuthI(Box<[u8; RING_LEN]>),
    /// "Non-Interactive-Auth Message".
    OfflineAuth(Box<OfflineAuth>),
    /// "Data Message".
    Data(Box<Data<'a>>),
}

/// Asks for a session (OTRv4 "Identity Message").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdentityMessage {
    pub(crate) profile: ClientProfile,
    /// `Y` and `B`.
    pub(crate) keys: PublicKeys,
    /// The keys that the ratchet begins with.
    pub(crate) first: PublicKeys,
}

impl IdentityMessage {
    pub(crate) fn write(&self) -> Vec<u8> {
        let writer = Writer::new().raw(self.profile.encoded());
        self.first.write(self.keys.write(writer)).finish()
    }
}

/// Answers, and shows who does (OTRv4 "Auth-R Message").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthR {
    pub(crate) profile: ClientProfile,
    /// `X` and `A`.
    pub(crate) keys: PublicKeys,
    pub(crate) signature: [u8; RING_LEN],
    pub(crate) first: PublicKeys,
}

impl AuthR {
    pub(crate) fn write(&self) -> Vec<u8> {
        let writer = Writer::new().raw(self.profile.encoded());
        let writer = self.keys.write(writer).raw(&self.signature);
        self.first.write(writer).finish()
    }
}

/// Begins a session with somebody who is offline (OTRv4 "Non-Interactive-Auth Message").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OfflineAuth {
    pub(crate) profile: ClientProfile,
    /// `X` and `A`.
    pub(crate) keys: PublicKeys,
    pub(crate) signature: [u8; RING_LEN],
    /// The prekey message that it uses.
    pub(crate) prekey: u32,
    pub(crate) mac: [u8; MAC_LEN],
    pub(crate) first: PublicKeys,
}

impl OfflineAuth {
    pub(crate) fn write(&self) -> Vec<u8> {
        let writer = Writer::new().raw(self.profile.encoded());
        let writer = self.keys.write(writer).raw(&self.signature).int(self.prekey).raw(&self.mac);
        self.first.write(writer).finish()
    }
}

/// Something said (OTRv4 "Data Message").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Data<'a> {
    pub(crate) flags: u8,
    /// How many messages the sender's chain before this one has.
    pub(crate) previous: u32,
    /// The ratchet's number (`i`).
    pub(crate) ratchet: u32,
    /// The message's number in it (`j`).
    pub(crate) number: u32,
    pub(crate) point: Point,
    /// In every third ratchet.
    pub(crate) dh: Option<dh::Public>,
    pub(crate) ciphertext: &'a [u8],
    pub(crate) mac: [u8; MAC_LEN],
    /// Everything that the authenticator covers: from the version on.
    pub(crate) covered: &'a [u8],
}

/// Why a message can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    Bytes(DecodeError),
    Profile(ProfileError),
}

impl From<DecodeError> for BodyError {
    fn from(error: DecodeError) -> Self {
        Self::Bytes(error)
    }
}

impl From<ProfileError> for BodyError {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Bytes(error) => Self::Bytes(error),
            error => Self::Profile(error),
        }
    }
}

impl<'a> Body<'a> {
    /// Reads what follows the header in `message`.
    pub(crate) fn read(
        kind: u8,
        mut reader: Reader<'a>,
        message: &'a [u8],
    ) -> Result<Self, BodyError> {
        let body = match kind {
            kind::IDENTITY => Self::Identity(Box::new(IdentityMessage {
                profile: ClientProfile::read(&mut reader)?,
                keys: PublicKeys::read(&mut reader)?,
                first: PublicKeys::read(&mut reader)?,
            })),
            kind::AUTH_R => Self::AuthR(Box::new(AuthR {
                profile: ClientProfile::read(&mut reader)?,
                keys: PublicKeys::read(&mut reader)?,
                signature: reader.array()?,
                first: PublicKeys::read(&mut reader)?,
            })),
            kind::AUTH_I => Self::AuthI(Box::new(reader.array()?)),
            kind::OFFLINE_AUTH => Self::OfflineAuth(Box::new(OfflineAuth {
                profile: ClientProfile::read(&mut reader)?,
                keys: PublicKeys::read(&mut reader)?,
                signature: reader.array()?,
                prekey: reader.int()?,
                mac: reader.array()?,
                first: PublicKeys::read(&mut reader)?,
            })),
            kind::DATA => Self::Data(Box::new(Data::read(&mut reader, message)?)),
            _ => return Err(DecodeError::Value.into()),
        };
        reader.finish()?;
        Ok(body)
    }
}

impl<'a> Data<'a> {
    fn read(reader: &mut Reader<'a>, message: &'a [u8]) -> Result<Self, DecodeError> {
        let flags = reader.byte()?;
        let (previous, ratchet, number) = (reader.int()?, reader.int()?, reader.int()?);
        let point: [u8; curve::LEN] = reader.array()?;
        let dh = reader.mpi()?;
        // Programs send the number with each message of every third ratchet, and refuse another.
        if dh.is_empty() == ratchet.is_multiple_of(BRACE_EVERY) {
            return Err(DecodeError::Value);
        }
        let ciphertext = reader.data()?;
        let end = message.len().saturating_sub(reader.rest().len());
        let covered = message.get(..end).unwrap_or_default();
        let mac = reader.array()?;
        // Keys that the peer reveals are for others, who want to forge.
        if !reader.data()?.len().is_multiple_of(MAC_LEN) {
            return Err(DecodeError::Value);
        }
        let point = Point::read(point)?;
        let dh = if dh.is_empty() { None } else { Some(dh::Public::from_mpi(dh)?) };
        Ok(Self { flags, previous, ratchet, number, point, dh, ciphertext, mac, covered })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v3::message::Header;
    use crate::v4::vectors::{hex, load};

    fn read(message: &[u8]) -> Result<Body<'_>, BodyError> {
        let mut reader = Reader::new(message);
        let header = Header::read(&mut reader).map_err(|_| DecodeError::Short)?;
        Body::read(header.kind, reader, message)
    }

    #[test]
    fn messages_are_those_of_the_vectors() {
        let vectors = load("dakez");
        let message = hex(&vectors["identity"]);
        let Ok(Body::Identity(identity)) = read(&message) else { panic!() };
        assert_eq!(identity.write(), message[11..]);
        let message = hex(&vectors["auth_r"]);
        let Ok(Body::AuthR(auth)) = read(&message) else { panic!() };
        assert_eq!(auth.write(), message[11..]);
        let message = hex(&vectors["auth_i"]);
        assert!(matches!(read(&message), Ok(Body::AuthI(_))));
    }

    #[test]
    fn every_cut_and_every_longer_message_is_refused() {
        let vectors = load("dakez");
        let data = hex(&load("ratchet")["messages"][0]["message"]);
        let names = ["identity", "auth_r", "auth_i"];
        for message in names.map(|name| hex(&vectors[name])).into_iter().chain([data]) {
            assert!(read(&message).is_ok());
            // The costly keys stand at the ends of fields: each byte near them, and some between.
            let last = message.len() - 1;
            for end in (0..message.len()).filter(|end| end % 7 == 0 || *end == last) {
                assert!(read(&message[..end]).is_err(), "{end}");
            }
            let long = [&message[..], &[0]].concat();
            assert_eq!(read(&long), Err(BodyError::Bytes(DecodeError::Long)));
        }
    }

    #[test]
    fn fields_that_no_message_can_have_are_refused() {
        let value = Err(BodyError::Bytes(DecodeError::Value));
        let message = hex(&load("ratchet")["messages"][0]["message"]);
        let mut unknown = message.clone();
        unknown[2] = 0x7f;
        assert_eq!(read(&unknown), value);
        // A number in a ratchet that has none, and none in one that has.
        let mut ratchet = message.clone();
        ratchet[19] = 1;
        assert_eq!(read(&ratchet), value);
        let mut without = message.clone();
        without.drain(85..85 + 384);
        without[83..85].fill(0);
        assert_eq!(read(&without), value);
        without[19] = 1;
        assert!(read(&without).is_ok());
        // The point, the number, the length of the revealed keys.
        let mut point = message.clone();
        point[24..81].fill(0);
        point[24] = 1;
        assert_eq!(read(&point), value);
        let mut number = message.clone();
        number[85..85 + 384].fill(0xff);
        assert_eq!(read(&number), value);
        let mut zero = message.clone();
        zero[85] = 0;
        assert_eq!(read(&zero), Err(BodyError::Bytes(DecodeError::Number)));
        let mut revealed = message;
        let end = revealed.len() - 1;
        revealed[end] = 63;
        revealed.extend([0; 63]);
        assert_eq!(read(&revealed), value);
    }
}
