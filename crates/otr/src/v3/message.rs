//! Binary messages of versions 2 and 3 (OTRv3 "OTR Messages").

use crate::codec::{DecodeError, Reader, Writer};
use crate::group::Public;
use crate::version::Version;

use super::crypto::MAC_LEN;

/// Types of messages.
pub(crate) mod kind {
    pub(crate) const COMMIT: u8 = 0x02;
    pub(crate) const DATA: u8 = 0x03;
    pub(crate) const KEY: u8 = 0x0a;
    pub(crate) const REVEAL: u8 = 0x11;
    pub(crate) const SIGNATURE: u8 = 0x12;
}

/// Says that a reader who can't read the message shall not complain.
pub(crate) const IGNORE_UNREADABLE: u8 = 1;

/// The longest encrypted public value: an MPI of 1,536 bits.
const ENCRYPTED_PUBLIC_MAX: usize = 196;

/// The longest encrypted signature with its key.
const ENCRYPTED_SIGNATURE_MAX: usize = 2 + 4 * (4 + crate::codec::MPI_MAX) + 4 + 40;

/// Room for the fields of a data message and a few words of text.
const FIELDS_LEN: usize = 320;

/// What begins every message: version, type, and but for version 2 the tags of sender and receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: Version,
    pub(crate) kind: u8,
    /// 0 in version 2.
    pub(crate) sender: u32,
    /// 0 in version 2, and for whoever answers.
    pub(crate) receiver: u32,
}

/// Why the beginning of a message can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderError {
    Bytes(DecodeError),
    /// Another version's message, by its number.
    Version(u16),
}

impl Header {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, HeaderError> {
        let number = reader.short().map_err(HeaderError::Bytes)?;
        let version = Version::from_number(number).ok_or(HeaderError::Version(number))?;
        let kind = reader.byte().map_err(HeaderError::Bytes)?;
        let mut tag = || match version {
            Version::V2 => Ok(0),
            Version::V3 | Version::V4 => reader.int().map_err(HeaderError::Bytes),
        };
        Ok(Self { version, kind, sender: tag()?, receiver: tag()? })
    }

    pub(crate) fn write(self) -> Writer {
        let writer = Writer::with_room(FIELDS_LEN).short(self.version.number()).byte(self.kind);
        match self.version {
            Version::V2 => writer,
            Version::V3 | Version::V4 => writer.int(self.sender).int(self.receiver),
        }
    }
}

/// A message's fields, by its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body<'a> {
    /// "D-H Commit Message".
    Commit(Commit),
    /// "D-H Key Message".
    Key(Public),
    /// "Reveal Signature Message".
    Reveal(Reveal<'a>),
    /// "Signature Message".
    Signature(Signed<'a>),
    /// "Data Message".
    Data(Data<'a>),
}

/// A public value, hidden until its sender opens it (OTRv3 "D-H Commit Message").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) encrypted: Vec<u8>,
    pub(crate) hash: [u8; 32],
}

/// The key of the commitment, and a signature (OTRv3 "Reveal Signature Message").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reveal<'a> {
    pub(crate) key: [u8; 16],
    pub(crate) signed: Signed<'a>,
}

/// An encrypted signature with its authenticator (OTRv3 "Signature Message").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed<'a> {
    /// The bytes without their length.
    pub(crate) encrypted: &'a [u8],
    pub(crate) mac: [u8; MAC_LEN],
}

/// Something said (OTRv3 "Data Message").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Data<'a> {
    pub(crate) flags: u8,
    pub(crate) sender_keyid: u32,
    pub(crate) recipient_keyid: u32,
    pub(crate) next: Public,
    pub(crate) counter: [u8; 8],
    pub(crate) ciphertext: &'a [u8],
    pub(crate) mac: [u8; MAC_LEN],
    /// Everything that the authenticator covers: from the version on.
    pub(crate) covered: &'a [u8],
}

impl<'a> Body<'a> {
    /// Reads what follows `header` in `message`.
    pub(crate) fn read(
        header: Header,
        mut reader: Reader<'a>,
        message: &'a [u8],
    ) -> Result<Self, DecodeError> {
        let body = match header.kind {
            kind::COMMIT => {
                let encrypted = reader.data()?;
                if encrypted.len() > ENCRYPTED_PUBLIC_MAX {
                    return Err(DecodeError::Value);
                }
                let hash = reader.data()?.try_into().map_err(|_| DecodeError::Value)?;
                Self::Commit(Commit { encrypted: encrypted.to_vec(), hash })
            }
            kind::KEY => Self::Key(Public::from_mpi(reader.mpi()?)?),
            kind::REVEAL => {
                let key = reader.data()?.try_into().map_err(|_| DecodeError::Value)?;
                Self::Reveal(Reveal { key, signed: Signed::read(&mut reader)? })
            }
            kind::SIGNATURE => Self::Signature(Signed::read(&mut reader)?),
            kind::DATA => Self::Data(Data::read(&mut reader, message)?),
            _ => return Err(DecodeError::Value),
        };
        reader.finish()?;
        Ok(body)
    }
}

impl<'a> Signed<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let encrypted = reader.data()?;
        if encrypted.len() > ENCRYPTED_SIGNATURE_MAX {
            return Err(DecodeError::Value);
        }
        Ok(Self { encrypted, mac: reader.array()? })
    }
}

impl<'a> Data<'a> {
    fn read(reader: &mut Reader<'a>, message: &'a [u8]) -> Result<Self, DecodeError> {
        let flags = reader.byte()?;
        let (sender_keyid, recipient_keyid) = (reader.int()?, reader.int()?);
        let next = Public::from_mpi(reader.mpi()?)?;
        let counter = reader.array()?;
        let ciphertext = reader.data()?;
        let end = message.len().saturating_sub(reader.rest().len());
        let covered = message.get(..end).unwrap_or_default();
        let mac = reader.array()?;
        // Keys that the peer reveals are for others, who want to forge.
        reader.data()?;
        if sender_keyid == 0 || recipient_keyid == 0 || counter == [0; 8] {
            return Err(DecodeError::Value);
        }
        Ok(Self { flags, sender_keyid, recipient_keyid, next, counter, ciphertext, mac, covered })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors;

    fn read(message: &[u8]) -> Result<(Header, Body<'_>), HeaderError> {
        let mut reader = Reader::new(message);
        let header = Header::read(&mut reader)?;
        let body = Body::read(header, reader, message).map_err(HeaderError::Bytes)?;
        Ok((header, body))
    }

    #[test]
    fn every_cut_and_every_longer_message_is_refused() {
        let vectors = vectors::ake();
        let data = vectors::hex(&vectors["data"]["message"]);
        let names = ["commit", "dh_key", "reveal_signature", "signature"];
        for message in names.map(|name| vectors::hex(&vectors[name])).into_iter().chain([data]) {
            let (header, _) = read(&message).unwrap();
            assert_eq!(header.version, Version::V3);
            assert_eq!(header.write().bytes(), &message[..11]);
            for end in 0..message.len() {
                assert!(read(&message[..end]).is_err(), "{end}");
            }
            assert!(read(&[&message[..], &[0]].concat()).is_err());
        }
    }

    #[test]
    fn fields_that_no_message_can_have_are_refused() {
        let vectors = vectors::ake();
        let data = vectors::hex(&vectors["data"]["message"]);
        // Sender keyid, recipient keyid, counter: each zero once. The counter follows a next key of 192 bytes.
        for (at, len) in [(12, 4), (16, 4), (216, 8)] {
            let mut changed = data.clone();
            changed[at..at + len].fill(0);
            assert_eq!(read(&changed), Err(HeaderError::Bytes(DecodeError::Value)), "{at}");
        }
        let mut unknown = data;
        unknown[2] = 0x7f;
        assert_eq!(read(&unknown), Err(HeaderError::Bytes(DecodeError::Value)));
        unknown[1] = 5;
        assert_eq!(read(&unknown), Err(HeaderError::Version(5)));
        let commit =
            Header { version: Version::V3, kind: kind::COMMIT, sender: 0x300, receiver: 0 };
        let long = commit.write().data(&[1; 197]).data(&[0; 32]).finish();
        assert_eq!(read(&long), Err(HeaderError::Bytes(DecodeError::Value)));
        let short = commit.write().data(&[1; 196]).data(&[0; 31]).finish();
        assert_eq!(read(&short), Err(HeaderError::Bytes(DecodeError::Value)));
        let key = Header { kind: kind::KEY, ..commit };
        assert_eq!(
            read(&key.write().mpi(&[1]).finish()),
            Err(HeaderError::Bytes(DecodeError::Value))
        );
        let signature = Header { kind: kind::SIGNATURE, ..commit };
        let long = signature.write().data(&[0; 2_000]).raw(&[0; 20]).finish();
        assert_eq!(read(&long), Err(HeaderError::Bytes(DecodeError::Value)));
    }
}
