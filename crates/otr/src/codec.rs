//! Bytes of OTR's binary messages (OTRv3 "Data types"): all integers are big-endian.

use zeroize::Zeroizing;

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end within a field.
    #[error(
        "the message ends in the middle of a field; it was cut on the way or is no OTR message"
    )]
    Short,
    /// Bytes follow the last field.
    #[error("bytes follow the end of the message; it was changed on the way or is no OTR message")]
    Long,
    /// A number begins with a zero byte or is longer than any that OTR has.
    #[error("a number of the message is not written in its one form")]
    Number,
    /// A field has a length or a value that it can't have.
    #[error("a field of the message has a value that it can't have")]
    Value,
}

/// The longest MPI that is read, in bytes: of 3,072 bits, the longest prime of a DSA key.
pub(crate) const MPI_MAX: usize = 384;

/// Reads fields one after the other.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(DecodeError::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.bytes(N)?.try_into().map_err(|_| DecodeError::Short)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn short(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn int(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// DATA: a length and as many bytes.
    pub(crate) fn data(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = usize::try_from(self.int()?).map_err(|_| DecodeError::Short)?;
        self.bytes(len)
    }

    /// MPI: a length and the bytes of a number, the first of them not zero.
    pub(crate) fn mpi(&mut self) -> Result<&'a [u8], DecodeError> {
        let value = self.data()?;
        if value.len() > MPI_MAX || value.first() == Some(&0) {
            return Err(DecodeError::Number);
        }
        Ok(value)
    }

    pub(crate) fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::Long) }
    }
}

/// Writes fields one after the other. What it held is erased with it.
#[derive(Default)]
pub(crate) struct Writer {
    bytes: Zeroizing<Vec<u8>>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// With room for so many bytes: what it holds isn't moved until there are more, and so leaves no
    /// copy behind.
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self { bytes: Zeroizing::new(Vec::with_capacity(bytes)) }
    }

    pub(crate) fn reserve(mut self, bytes: usize) -> Self {
        self.bytes.reserve(bytes);
        self
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub(crate) fn byte(self, value: u8) -> Self {
        self.raw(&[value])
    }

    pub(crate) fn short(self, value: u16) -> Self {
        self.raw(&value.to_be_bytes())
    }

    pub(crate) fn int(self, value: u32) -> Self {
        self.raw(&value.to_be_bytes())
    }

    /// DATA. Nothing that is written comes near 4 GiB.
    pub(crate) fn data(self, bytes: &[u8]) -> Self {
        self.int(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).raw(bytes)
    }

    /// DATA of bytes that `write` appends and `change` then changes where they stand, so that there is
    /// no copy of them.
    pub(crate) fn data_in_place(
        self,
        write: impl FnOnce(Self) -> Self,
        change: impl FnOnce(&mut [u8]),
    ) -> Self {
        let header = self.bytes.len();
        let mut written = write(self.int(0));
        let len = written.bytes.len().saturating_sub(header.saturating_add(4));
        let len = u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes();
        let place = written.bytes.get_mut(header..).and_then(<[u8]>::split_first_chunk_mut);
        if let Some((place, bytes)) = place {
            *place = len;
            change(bytes);
        }
        written
    }

    /// MPI of a big-endian number: zeros at its beginning are left out.
    pub(crate) fn mpi(self, number: &[u8]) -> Self {
        self.data(minimal(number))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes)
    }

    pub(crate) fn secret(mut self) -> Zeroizing<Vec<u8>> {
        std::mem::take(&mut self.bytes)
    }
}

/// A big-endian number without the zeros at its beginning.
pub(crate) fn minimal(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_mpi_is_as_short_as_its_number() {
        assert_eq!(Writer::new().mpi(&[0, 0, 1, 0]).finish(), [0, 0, 0, 2, 1, 0]);
        assert_eq!(Writer::new().mpi(&[0, 0]).finish(), [0; 4]);
        assert_eq!(Reader::new(&[0, 0, 0, 2, 1, 0]).mpi(), Ok(&[1, 0][..]));
        assert_eq!(Reader::new(&[0; 4]).mpi(), Ok(&[][..]));
        assert_eq!(Reader::new(&[0, 0, 0, 2, 0, 1]).mpi(), Err(DecodeError::Number));
    }

    #[test]
    fn an_mpi_longer_than_any_key_is_refused() {
        let long = [&[0, 0, 1, 0x81][..], &[1; 385]].concat();
        assert_eq!(Reader::new(&long).mpi(), Err(DecodeError::Number));
    }

    #[test]
    fn a_length_beyond_the_end_is_refused_before_anything_is_kept() {
        assert_eq!(Reader::new(&[0xff; 8]).data(), Err(DecodeError::Short));
        assert_eq!(Reader::new(&[0, 0, 0, 1]).mpi(), Err(DecodeError::Short));
        assert_eq!(Reader::new(&[0]).short(), Err(DecodeError::Short));
        assert_eq!(Reader::new(&[0]).finish(), Err(DecodeError::Long));
    }
}
