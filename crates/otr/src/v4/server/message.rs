//! Messages between clients and prekey servers (Prekey Server "Encoding of Messages").

use super::super::curve::{LEN, Point};
use super::super::identity::ED448_KEY;
use super::super::prekey::{Ensemble, PrekeyMessage, PrekeyProfile};
use super::super::profile::{ClientProfile, read_key};
use super::super::ring::RING_LEN;
use super::{NAME_MAX, ServerError, armor, open};
use crate::codec::{DecodeError, Reader, Writer};
use crate::tag::InstanceTag;
use crate::version::{Version, Versions};

/// Types of messages.
pub(super) mod kind {
    pub(in super::super) const FAILURE: u8 = 0x05;
    pub(in super::super) const SUCCESS: u8 = 0x06;
    pub(in super::super) const PUBLICATION: u8 = 0x08;
    pub(in super::super) const STORAGE_INFO: u8 = 0x09;
    pub(in super::super) const STATUS: u8 = 0x0b;
    pub(in super::super) const NO_ENSEMBLES: u8 = 0x0e;
    pub(in super::super) const QUERY: u8 = 0x10;
    pub(in super::super) const ENSEMBLES: u8 = 0x13;
    pub(in super::super) const DAKE_1: u8 = 0x35;
    pub(in super::super) const DAKE_2: u8 = 0x36;
    pub(in super::super) const DAKE_3: u8 = 0x37;
}

/// Length of an authenticator.
pub(super) const MAC_LEN: usize = 64;

/// What is said where there is nothing.
const NONE: &str = "No Prekey Messages available for this identity";

/// The longest list of versions that is read, in digits.
const VERSIONS_MAX: usize = 16;

/// Begins a message.
pub(super) fn head(kind: u8) -> Writer {
    Writer::new().short(Version::V4.number()).byte(kind)
}

/// Reads the beginning of a message: its type.
pub(super) fn read_head(reader: &mut Reader<'_>) -> Result<u8, DecodeError> {
    if reader.short()? != Version::V4.number() {
        return Err(DecodeError::Value);
    }
    reader.byte()
}

pub(super) fn read_tag(reader: &mut Reader<'_>) -> Result<InstanceTag, DecodeError> {
    InstanceTag::new(reader.int()?).ok_or(DecodeError::Value)
}

pub(super) fn read_name(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    let name = reader.data()?;
    if name.len() > NAME_MAX {
        return Err(DecodeError::Value);
    }
    String::from_utf8(name.to_vec()).map_err(|_| DecodeError::Value)
}

/// A server's name and key ("Prekey Server Composite Identity").
pub(super) fn composite(name: &str, key: &Point) -> Vec<u8> {
    Writer::new().data(name.as_bytes()).raw(&ED448_KEY).raw(key.bytes()).finish()
}

/// "DAKE-1".
pub(super) struct Dake1 {
    pub(super) sender: InstanceTag,
    pub(super) profile: ClientProfile,
    /// `I`.
    pub(super) point: Point,
}

impl Dake1 {
    pub(super) fn write(&self) -> Vec<u8> {
        let writer = head(kind::DAKE_1).int(self.sender.number()).raw(self.profile.encoded());
        writer.raw(self.point.bytes()).finish()
    }

    pub(super) fn read(mut reader: Reader<'_>) -> Result<Self, ServerError> {
        let sender = read_tag(&mut reader)?;
        let profile = ClientProfile::read(&mut reader)?;
        let point = Point::read(reader.array::<LEN>()?)?;
        reader.finish()?;
        Ok(Self { sender, profile, point })
    }
}

/// "DAKE-2".
pub(super) struct Dake2 {
    pub(super) receiver: InstanceTag,
    pub(super) name: String,
    pub(super) key: Point,
    /// `S`.
    pub(super) point: Point,
    pub(super) signature: [u8; RING_LEN],
}

impl Dake2 {
    pub(super) fn write(&self) -> Vec<u8> {
        let writer = head(kind::DAKE_2).int(self.receiver.number());
        let writer = writer.raw(&composite(&self.name, &self.key));
        writer.raw(self.point.bytes()).raw(&self.signature).finish()
    }

    pub(super) fn read(mut reader: Reader<'_>) -> Result<Self, ServerError> {
        let receiver = read_tag(&mut reader)?;
        let name = read_name(&mut reader)?;
        let key = read_key(ED448_KEY, &mut reader)?;
        let point = Point::read(reader.array::<LEN>()?)?;
        let signature = reader.array()?;
        reader.finish()?;
        Ok(Self { receiver, name, key, point, signature })
    }
}

/// "DAKE-3", with what the client wants in it.
pub(super) struct Dake3 {
    pub(super) sender: InstanceTag,
    pub(super) signature: [u8; RING_LEN],
    pub(super) message: Vec<u8>,
}

impl Dake3 {
    pub(super) fn write(&self) -> Vec<u8> {
        let writer = head(kind::DAKE_3).int(self.sender.number());
        writer.raw(&self.signature).data(&self.message).finish()
    }

    pub(super) fn read(mut reader: Reader<'_>) -> Result<Self, ServerError> {
        let sender = read_tag(&mut reader)?;
        let signature = reader.array()?;
        let message = reader.data()?.to_vec();
        reader.finish()?;
        Ok(Self { sender, signature, message })
    }
}

/// What is published ("Prekey Publication Message"), without proofs and authenticator.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) messages: Vec<PrekeyMessage>,
    pub(super) profile: Option<ClientProfile>,
    pub(super) prekey_profile: Option<PrekeyProfile>,
}

impl Parts {
    /// The prekey messages, one after the other.
    pub(super) fn encoded_messages(&self) -> Vec<u8> {
        self.messages.iter().flat_map(PrekeyMessage::encoded).collect()
    }

    pub(super) fn write(&self, writer: Writer) -> Writer {
        let count = u8::try_from(self.messages.len()).unwrap_or(u8::MAX);
        let writer = writer.byte(count).raw(&self.encoded_messages());
        let writer = match &self.profile {
            Some(profile) => writer.byte(1).raw(profile.encoded()),
            None => writer.byte(0),
        };
        match &self.prekey_profile {
            Some(profile) => writer.byte(1).raw(&profile.encoded()),
            None => writer.byte(0),
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, ServerError> {
        let mut parts = Self::default();
        for _ in 0..reader.byte()? {
            parts.messages.push(PrekeyMessage::read(reader)?);
        }
        let flag = |reader: &mut Reader<'_>| match reader.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::Value),
        };
        if flag(reader)? {
            parts.profile = Some(ClientProfile::read(reader)?);
        }
        if flag(reader)? {
            parts.prekey_profile = Some(PrekeyProfile::read(reader)?);
        }
        Ok(parts)
    }
}

/// The line that asks a server for ensembles of an account's clients that speak any of these
/// versions.
#[must_use]
pub fn query(ours: InstanceTag, name: &str, versions: Versions) -> String {
    let digits = versions.profile_digits();
    let writer = head(kind::QUERY).int(ours.number()).data(name.as_bytes());
    armor(writer.data(digits.as_bytes()).bytes())
}

/// Reads a query: who asks, for whom, and for which versions.
pub(super) fn read_query(
    mut reader: Reader<'_>,
) -> Result<(InstanceTag, String, Versions), ServerError> {
    let sender = read_tag(&mut reader)?;
    let name = read_name(&mut reader)?;
    let digits = reader.data()?;
    reader.finish()?;
    if digits.len() > VERSIONS_MAX {
        return Err(DecodeError::Value.into());
    }
    let versions = Versions::from_profile(digits).ok_or(DecodeError::Value)?;
    Ok((sender, name, versions))
}

/// The answer to a query.
pub(super) fn answer(receiver: InstanceTag, name: &str, ensembles: &[Ensemble]) -> Vec<u8> {
    if ensembles.is_empty() {
        let writer = head(kind::NO_ENSEMBLES).int(receiver.number()).data(name.as_bytes());
        return writer.data(NONE.as_bytes()).finish();
    }
    let count = u32::try_from(ensembles.len()).unwrap_or(u32::MAX);
    let writer = head(kind::ENSEMBLES).int(receiver.number()).data(name.as_bytes()).int(count);
    ensembles.iter().fold(writer, |writer, ensemble| writer.raw(&ensemble.encoded())).finish()
}

/// What a server answers to a [`query`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One ensemble for each client of the account. Those that can't be used were left out.
    Ensembles(Vec<Ensemble>),
    /// Nothing is there.
    Nothing,
}

/// Reads the answer to a query of ours for the account of this name, at `unix` time.
///
/// # Errors
/// [`ServerError`] if it is none, or the answer to another query.
pub fn read_answer(
    line: &str,
    ours: InstanceTag,
    name: &str,
    unix: u64,
) -> Result<Answer, ServerError> {
    let message = open(line)?;
    let mut reader = Reader::new(&message);
    let kind = read_head(&mut reader)?;
    if !matches!(kind, kind::ENSEMBLES | kind::NO_ENSEMBLES) {
        return Err(ServerError::Unexpected);
    }
    if read_tag(&mut reader)? != ours {
        return Err(ServerError::OtherInstance);
    }
    if read_name(&mut reader)? != name {
        return Err(ServerError::Unexpected);
    }
    if kind == kind::NO_ENSEMBLES {
        reader.data()?;
        reader.finish()?;
        return Ok(Answer::Nothing);
    }
    let mut ensembles: Vec<Ensemble> = Vec::new();
    // The message's length bounds their number.
    for _ in 0..reader.int()? {
        let ensemble = Ensemble::read(&mut reader)?;
        let owner = ensemble.profile.owner();
        let again = ensembles.iter().any(|other| other.profile.owner() == owner);
        if ensemble.check(unix).is_ok() && !again {
            ensembles.push(ensemble);
        }
    }
    reader.finish()?;
    Ok(if ensembles.is_empty() { Answer::Nothing } else { Answer::Ensembles(ensembles) })
}
