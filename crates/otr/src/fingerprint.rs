//! What people compare: the fingerprint of a key.

use std::fmt;

/// Length in versions 2 and 3, in bytes.
const LEN: usize = 20;

/// Length in version 4, in bytes.
pub(crate) const LEN_4: usize = 56;

/// A key's fingerprint, which people compare: SHA-1 over a DSA key in versions 2 and 3, 20 bytes,
/// shown as five groups of eight hexadecimal digits; SHAKE-256 over both keys of an identity in
/// version 4, 56 bytes in fourteen groups.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(Bytes);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Bytes {
    Dsa([u8; LEN]),
    Ed448([u8; LEN_4]),
}

impl Fingerprint {
    /// The fingerprint of a DSA key with these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 20]) -> Self {
        Self(Bytes::Dsa(bytes))
    }

    /// The fingerprint of an identity of version 4 with these bytes.
    #[must_use]
    pub fn of_version_4(bytes: [u8; 56]) -> Self {
        Self(Bytes::Ed448(bytes))
    }

    /// Its bytes, 20 or, in version 4, 56.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Bytes::Dsa(bytes) => bytes,
            Bytes::Ed448(bytes) => bytes,
        }
    }

    /// The bytes of one of versions 2 and 3.
    pub(crate) fn dsa(&self) -> Option<&[u8; LEN]> {
        match &self.0 {
            Bytes::Dsa(bytes) => Some(bytes),
            Bytes::Ed448(_) => None,
        }
    }

    /// The bytes of one of version 4.
    pub(crate) fn ed448(&self) -> Option<&[u8; LEN_4]> {
        match &self.0 {
            Bytes::Dsa(_) => None,
            Bytes::Ed448(bytes) => Some(bytes),
        }
    }

    /// Whether it belongs to an identity of version 4.
    #[must_use]
    pub fn is_of_version_4(&self) -> bool {
        self.ed448().is_some()
    }

    /// Reads 40 hexadecimal digits, or 112 for version 4, with or without spaces between them, in
    /// either case.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|digit| *digit != ' ').collect();
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?;
        let dsa = |bytes: &Vec<u8>| bytes[..].try_into().ok().map(Self::new);
        let ed448 = |bytes: &Vec<u8>| bytes[..].try_into().ok().map(Self::of_version_4);
        dsa(&bytes).or_else(|| ed448(&bytes))
    }

    /// The digits in lower case without spaces, as files have it.
    #[must_use]
    pub fn to_hex(&self) -> String {
        data_encoding::HEXLOWER.encode(self.bytes())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, group) in self.bytes().chunks(4).enumerate() {
            let space = if number > 0 { " " } else { "" };
            write!(f, "{space}{}", data_encoding::HEXUPPER.encode(group))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lengths_come_back_from_their_digits() {
        for fingerprint in [Fingerprint::new([0xab; 20]), Fingerprint::of_version_4([0xcd; 56])] {
            assert_eq!(Fingerprint::from_hex(&fingerprint.to_hex()), Some(fingerprint));
            assert_eq!(Fingerprint::from_hex(&fingerprint.to_string()), Some(fingerprint));
        }
        assert_eq!(Fingerprint::from_hex(&"ab".repeat(21)), None);
        assert_eq!(Fingerprint::from_hex("no digits"), None);
    }
}
