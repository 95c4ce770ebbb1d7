//! What a session does by itself (OTRv3 "Policies").

use crate::version::{Version, Versions};

/// What a session offers, accepts and starts.
///
/// The presets are those of libotr with version 3 alone, and one more. Version 4 is allowed with
/// [`Policy::allow`] and needs an account that has an identity for it. Version 2 has no instance tags
/// and is otherwise no weaker than its age; allow it for peers that have nothing newer.
///
/// ```
/// use undertone_otr::{Policy, Version};
///
/// let policy = Policy::OPPORTUNISTIC.allow(Version::V2);
/// assert_eq!(policy.versions.to_string(), "?OTRv23?");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Versions that are spoken. Without any, OTR is off and all text passes unchanged.
    pub versions: Versions,
    /// Text never leaves in the clear: it waits, and a query goes out instead.
    pub require_encryption: bool,
    /// A whitespace tag is appended to text in the clear, until the peer is seen not to want it.
    pub send_tag: bool,
    /// A whitespace tag of the peer starts a key exchange.
    pub start_on_tag: bool,
    /// An error message of the peer brings a query.
    pub start_on_error: bool,
    /// Version 3 or 2 is spoken even with a peer that is known to speak version 4. Without it nobody
    /// on the carrier can lead the two back to the older one by changing an offer.
    pub roll_back: bool,
}

impl Policy {
    /// OTR is off.
    pub const NEVER: Self = Self {
        versions: Versions::NONE,
        require_encryption: false,
        send_tag: false,
        start_on_tag: false,
        start_on_error: false,
        roll_back: false,
    };

    /// A session begins when a person on either side asks for it.
    pub const MANUAL: Self = Self { versions: Versions::NONE.with(Version::V3), ..Self::NEVER };

    /// Offers are made and taken wherever they are.
    pub const OPPORTUNISTIC: Self =
        Self { send_tag: true, start_on_tag: true, start_on_error: true, ..Self::MANUAL };

    /// Nothing leaves in the clear, and every occasion is taken.
    pub const ALWAYS: Self =
        Self { require_encryption: true, start_on_tag: true, start_on_error: true, ..Self::MANUAL };

    /// Nothing leaves in the clear, and only a person starts a session: by asking for it, or by
    /// sending the first text.
    pub const REQUIRE: Self = Self { require_encryption: true, ..Self::MANUAL };

    /// This policy with `version` spoken too.
    #[must_use]
    pub const fn allow(self, version: Version) -> Self {
        Self { versions: self.versions.with(version), ..self }
    }

    /// This policy with nothing but `version` spoken.
    #[must_use]
    pub const fn only(self, version: Version) -> Self {
        Self { versions: Versions::NONE.with(version), ..self }
    }
}
