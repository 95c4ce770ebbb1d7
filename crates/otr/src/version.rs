//! Versions of the protocol, and how two clients find one (OTRv3 "OTR Query Messages").

use std::fmt;

/// A version that this library speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// Version 2, of 2005. It has no instance tags, so a peer with two clients gets mixed up. For
    /// peers that have nothing newer.
    V2,
    /// Version 3, of 2012.
    V3,
}

impl Version {
    /// The number, as headers and queries have it.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }

    /// The version of this number, if this library speaks it.
    #[must_use]
    pub fn from_number(number: u16) -> Option<Self> {
        match number {
            2 => Some(Self::V2),
            3 => Some(Self::V3),
            _ => None,
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::V2 => Versions::TWO,
            Self::V3 => Versions::THREE,
        }
    }
}

/// A set of versions, as it is offered in queries and tags.
///
/// ```
/// use undertone_otr::{Version, Versions};
///
/// let offered = Versions::from_query("v24x3?Please install OTR").unwrap();
/// assert_eq!(offered.highest_common(Versions::NONE.with(Version::V3)), Some(Version::V3));
/// assert_eq!(offered.to_string(), "?OTRv234?");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Versions(u8);

impl Versions {
    /// No version.
    pub const NONE: Self = Self(0);

    const ONE: u8 = 1;
    const TWO: u8 = 2;
    const THREE: u8 = 4;
    const FOUR: u8 = 8;

    /// Versions by their digits, as one byte each; version 1 stands before the `v`.
    const DIGITS: [(u8, char); 3] = [(Self::TWO, '2'), (Self::THREE, '3'), (Self::FOUR, '4')];

    /// Groups of the whitespace tag; version 1 comes first.
    const GROUPS: [(u8, &'static str); 4] = [
        (Self::ONE, " \t \t  \t "),
        (Self::TWO, "  \t\t  \t "),
        (Self::THREE, "  \t\t  \t\t"),
        (Self::FOUR, "  \t\t \t  "),
    ];

    /// This set and `version`.
    #[must_use]
    pub const fn with(self, version: Version) -> Self {
        match version {
            Version::V2 => Self(self.0 | Self::TWO),
            Version::V3 => Self(self.0 | Self::THREE),
        }
    }

    /// Whether `version` is in it.
    #[must_use]
    pub fn has(self, version: Version) -> bool {
        self.0 & version.bit() != 0
    }

    /// Whether version 1 is in it, which nobody should speak and this library doesn't.
    #[must_use]
    pub fn has_version_one(self) -> bool {
        self.0 & Self::ONE != 0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether nothing but version 1 is in it.
    #[must_use]
    pub fn is_version_one_alone(self) -> bool {
        self.0 == Self::ONE
    }

    /// The version to speak with a peer that offers `other`: the highest of both sets.
    #[must_use]
    pub fn highest_common(self, other: Self) -> Option<Version> {
        let common = Self(self.0 & other.0);
        [Version::V3, Version::V2].into_iter().find(|version| common.has(*version))
    }

    /// Reads what follows `?OTR` in a query: `?`, `v23?`, `?v23?`. None if it is no query. Unknown
    /// versions are skipped.
    #[must_use]
    pub fn from_query(after: &str) -> Option<Self> {
        let (mut set, rest) = match after.strip_prefix('?') {
            Some(rest) => (Self(Self::ONE), rest),
            None => (Self::NONE, after),
        };
        let digits = rest.strip_prefix('v').and_then(|rest| Some(rest.split_once('?')?.0));
        match digits {
            // A human's text with a `v` after the query of version 1 is no list.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_graphic()) => {
                for (bit, digit) in Self::DIGITS {
                    if digits.contains(digit) {
                        set.0 |= bit;
                    }
                }
                Some(set)
            }
            _ => set.has_version_one().then_some(set),
        }
    }

    /// Reads the groups that follow the base of a whitespace tag: the set, and how many bytes of
    /// `after` belong to the tag. Unknown groups are skipped.
    pub(crate) fn from_groups(after: &str) -> (Self, usize) {
        let mut set = Self::NONE;
        let mut len = 0_usize;
        for group in after.as_bytes().chunks_exact(GROUP_LEN) {
            if !group.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
                break;
            }
            if let Some((bit, _)) = Self::GROUPS.iter().find(|(_, known)| known.as_bytes() == group)
            {
                set.0 |= bit;
            }
            len = len.saturating_add(GROUP_LEN);
        }
        (set, len)
    }

    /// The whitespace tag that offers this set.
    #[must_use]
    pub fn tag(self) -> String {
        let groups = Self::GROUPS.iter().filter(|(bit, _)| self.0 & bit != 0);
        std::iter::once(TAG_BASE).chain(groups.map(|(_, group)| *group)).collect()
    }
}

/// The query that offers this set.
impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("?OTR")?;
        if self.has_version_one() {
            f.write_str("?")?;
        }
        if self.0 & !Self::ONE != 0 || self.is_empty() {
            f.write_str("v")?;
            for (_, digit) in Self::DIGITS.iter().filter(|(bit, _)| self.0 & bit != 0) {
                write!(f, "{digit}")?;
            }
            f.write_str("?")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Versions({self})")
    }
}

impl FromIterator<Version> for Versions {
    fn from_iter<I: IntoIterator<Item = Version>>(versions: I) -> Self {
        versions.into_iter().fold(Self::NONE, Self::with)
    }
}

/// The 16 bytes that begin a whitespace tag.
pub(crate) const TAG_BASE: &str = " \t  \t\t\t\t \t \t \t  ";

/// Length of the group of one version.
const GROUP_LEN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> Option<String> {
        let after = text.strip_prefix("?OTR").unwrap();
        Versions::from_query(after).map(|set| set.to_string())
    }

    #[test]
    fn every_form_of_query_is_read() {
        for (text, read) in [
            ("?OTR?", Some("?OTR?")),
            ("?OTRv2?", Some("?OTRv2?")),
            ("?OTRv23?", Some("?OTRv23?")),
            ("?OTRv32?", Some("?OTRv23?")),
            ("?OTR?v2?", Some("?OTR?v2?")),
            ("?OTR?v24x? and more", Some("?OTR?v24?")),
            ("?OTR?v?", Some("?OTR?")),
            ("?OTRv?", Some("?OTRv?")),
            ("?OTR? very private", Some("?OTR?")),
            ("?OTR?v is a letter?", Some("?OTR?")),
            ("?OTRv2", None),
            ("?OTRv2 3?", None),
            ("?OTR:AAMC", None),
            ("?OTR", None),
        ] {
            assert_eq!(set(text).as_deref(), read, "{text}");
        }
    }

    #[test]
    fn the_highest_common_version_is_chosen() {
        let (v2, v3) = (Versions::NONE.with(Version::V2), Versions::NONE.with(Version::V3));
        let both = v2.with(Version::V3);
        for (offered, allowed, chosen) in [
            ("v23?", both, Some(Version::V3)),
            ("v23?", v2, Some(Version::V2)),
            ("v34?", both, Some(Version::V3)),
            ("v34?", v2, None),
            ("?v2?", v3, None),
            ("?", both, None),
            ("v4?", both, None),
        ] {
            let offered = Versions::from_query(offered).unwrap();
            assert_eq!(offered.highest_common(allowed), chosen, "{offered:?} {allowed:?}");
        }
    }

    #[test]
    fn the_tag_has_the_bytes_of_the_specification() {
        let hex = |text: &str| data_encoding::HEXLOWER.encode(text.as_bytes());
        assert_eq!(hex(TAG_BASE), "20092020090909092009200920092020");
        let tag = Versions(15).tag();
        assert_eq!(
            hex(&tag[16..]),
            concat!("2009200920200920", "2020090920200920", "2020090920200909", "2020090920092020")
        );
        assert_eq!(Versions::from_groups(&tag[16..]), (Versions(15), 32));
        assert_eq!(Versions::from_groups("        x"), (Versions::NONE, 8));
        assert_eq!(Versions::from_groups("x"), (Versions::NONE, 0));
    }
}
