//! What follows the text within a data message (OTRv3 "TLV Record Types"): type, length and value.

use zeroize::{Zeroize, Zeroizing};

use crate::codec::{DecodeError, Reader, Writer};

/// Types of records.
pub(crate) mod kind {
    pub(crate) const DISCONNECTED: u16 = 1;
    pub(crate) const SMP1: u16 = 2;
    pub(crate) const SMP2: u16 = 3;
    pub(crate) const SMP3: u16 = 4;
    pub(crate) const SMP4: u16 = 5;
    pub(crate) const SMP_ABORT: u16 = 6;
    pub(crate) const SMP1_QUESTION: u16 = 7;
    pub(crate) const EXTRA_KEY: u16 = 8;
}

/// A record. Unknown types are passed over by whoever reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tlv {
    pub(crate) kind: u16,
    /// At most 65,535 bytes.
    pub(crate) value: Vec<u8>,
}

impl Tlv {
    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let kind = reader.short()?;
        let len = reader.short()?;
        Ok(Self { kind, value: reader.bytes(len.into())?.to_vec() })
    }

    pub(crate) fn empty(kind: u16) -> Self {
        Self { kind, value: Vec::new() }
    }
}

/// Splits the plaintext of a data message into text and records, and says whether all of it could be
/// read.
pub(crate) fn split(plaintext: &[u8]) -> (&[u8], Vec<Tlv>, bool) {
    let mut parts = plaintext.splitn(2, |byte| *byte == 0);
    let text = parts.next().unwrap_or_default();
    let mut reader = Reader::new(parts.next().unwrap_or_default());
    let mut records = Vec::new();
    while !reader.rest().is_empty() {
        let Ok(record) = Tlv::read(&mut reader) else { return (text, records, false) };
        records.push(record);
    }
    (text, records, true)
}

/// The text of a plaintext that begins with so many bytes of it, without a further copy; the rest is
/// erased.
pub(crate) fn into_text(mut plaintext: Zeroizing<Vec<u8>>, len: usize) -> String {
    if let Some(rest) = plaintext.get_mut(len..) {
        rest.zeroize();
    }
    plaintext.truncate(len);
    let text = String::from_utf8(std::mem::take(&mut *plaintext)).map_err(|error| {
        let bytes = Zeroizing::new(error.into_bytes());
        String::from_utf8_lossy(&bytes).into_owned()
    });
    text.unwrap_or_else(|changed| changed)
}

/// Appends text and records, the plaintext of a data message. A text ends at its first NUL, so one
/// in it is left out; a value is cut at 65,535 bytes.
pub(crate) fn join(writer: Writer, text: &str, records: &[Tlv]) -> Writer {
    let room = |record: &Tlv| record.value.len().saturating_add(4);
    let room = records.iter().map(room).fold(text.len().saturating_add(1), usize::saturating_add);
    let mut writer = writer.reserve(room);
    for part in text.as_bytes().split(|byte| *byte == 0) {
        writer = writer.raw(part);
    }
    if !records.is_empty() {
        writer = writer.byte(0);
    }
    for Tlv { kind, value } in records {
        let len = u16::try_from(value.len()).unwrap_or(u16::MAX);
        let value = value.get(..len.into()).unwrap_or_default();
        writer = writer.short(*kind).short(len).raw(value);
    }
    writer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_records_come_back() {
        let records = [Tlv::empty(kind::DISCONNECTED), Tlv { kind: 9, value: vec![1, 2] }];
        let plaintext = join(Writer::new(), "hé", &records).finish();
        assert_eq!(plaintext, b"h\xc3\xa9\0\0\x01\0\0\0\x09\0\x02\x01\x02");
        assert_eq!(split(&plaintext), ("hé".as_bytes(), records.to_vec(), true));
        assert_eq!(split(b"only text"), (&b"only text"[..], Vec::new(), true));
        assert_eq!(split(b"text\0"), (&b"text"[..], Vec::new(), true));
        assert_eq!(join(Writer::new(), "a\0b", &[]).finish(), b"ab");
        assert_eq!(into_text(plaintext.clone().into(), 3), "hé");
        assert_eq!(into_text(plaintext.into(), 2), "h\u{fffd}");
    }

    #[test]
    fn a_record_beyond_the_end_is_told_and_what_came_before_it_is_read() {
        let record = [Tlv::empty(kind::DISCONNECTED)];
        assert_eq!(split(b"a\0\0\x01\0\0\0\x01\0\x01"), (&b"a"[..], record.to_vec(), false));
        assert_eq!(split(b"a\0\0\x01\0"), (&b"a"[..], Vec::new(), false));
    }
}
