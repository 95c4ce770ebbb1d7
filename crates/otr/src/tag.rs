//! Instance tags: which client of an account speaks (OTRv3 "Instance Tags").

use std::fmt;

use rand_core::CryptoRng;

/// The lowest tag that a client may have; those below are kept for other uses.
const LOWEST: u32 = 0x100;

/// The lasting number of one client of an account, at least 0x100. Of four bytes in headers, eight
/// hexadecimal digits in text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceTag(u32);

impl InstanceTag {
    /// The tag with this number; none for one below 0x100.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        (number >= LOWEST).then_some(Self(number))
    }

    /// A new tag, to be kept with the account on this machine.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        loop {
            let mut bytes = [0; 4];
            rng.fill_bytes(&mut bytes);
            if let Some(tag) = Self::new(u32::from_be_bytes(bytes)) {
                return tag;
            }
        }
    }

    /// The tag's number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for InstanceTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for InstanceTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstanceTag({self})")
    }
}

/// Why a message with these tags is not for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TagError {
    /// A tag lies between 0 and 0x100, or a sender has none.
    Invalid,
    /// The message is for another client of our account.
    Other,
    /// The message is our own, sent back.
    Reflected,
}

/// The sender of a message with these tags, if we are whom it is for. `untagged` says whether the
/// message may come from somebody who doesn't know our tag yet.
pub(crate) fn sender(
    sender: u32,
    receiver: u32,
    ours: InstanceTag,
    untagged: bool,
) -> Result<InstanceTag, TagError> {
    let sender = InstanceTag::new(sender).ok_or(TagError::Invalid)?;
    if sender == ours {
        return Err(TagError::Reflected);
    }
    match InstanceTag::new(receiver) {
        Some(receiver) if receiver == ours => Ok(sender),
        Some(_) => Err(TagError::Other),
        None if receiver == 0 && untagged => Ok(sender),
        None => Err(TagError::Invalid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_below_the_lowest_are_refused() {
        let ours = InstanceTag::new(0x200).unwrap();
        assert!(InstanceTag::new(0xff).is_none());
        assert_eq!(sender(0xff, 0x200, ours, true), Err(TagError::Invalid));
        assert_eq!(sender(0, 0x200, ours, true), Err(TagError::Invalid));
        assert_eq!(sender(0x300, 0xff, ours, true), Err(TagError::Invalid));
        assert_eq!(sender(0x300, 1, ours, true), Err(TagError::Invalid));
        assert_eq!(sender(0x300, 0x200, ours, false).map(InstanceTag::number), Ok(0x300));
        assert_eq!(sender(0x300, 0x201, ours, true), Err(TagError::Other));
        assert_eq!(sender(0x300, 0, ours, true).map(InstanceTag::number), Ok(0x300));
        assert_eq!(sender(0x300, 0, ours, false), Err(TagError::Invalid));
        assert_eq!(sender(0x200, 0x200, ours, false), Err(TagError::Reflected));
    }
}
