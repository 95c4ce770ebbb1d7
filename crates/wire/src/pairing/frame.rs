//! The frames of a pairing, as bytes.

use undertone_ratchet::handshake::CIPHERTEXT_LEN;

use super::{PairingError, Refusal, VERSIONS};
use crate::card::CARD_LEN;

/// Bytes of a MAC or a root's confirmation.
pub(crate) const MAC_LEN: usize = 32;

/// Bytes that sealing adds: a Poly1305 tag.
pub(super) const TAG_LEN: usize = 16;

/// Bytes of the longest frame of a pairing, the host's card: what a stranger's stream may announce.
pub const MAX_PAIRING_FRAME: usize = 1 + CARD_LEN + CIPHERTEXT_LEN + TAG_LEN;

/// Versions that one list may name, so that a share is short.
const MAX_VERSIONS: usize = 16;

/// A frame's first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    GuestShare,
    HostShare,
    GuestConfirmation,
    HostConfirmation,
    GuestCard,
    HostCard,
    GuestProof,
    HostProof,
}

/// The first byte of a refusal, which may come instead of any frame.
const REFUSAL: u8 = 15;

impl Step {
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::GuestShare => 1,
            Self::HostShare => 2,
            Self::GuestConfirmation => 3,
            Self::HostConfirmation => 4,
            Self::GuestCard => 5,
            Self::HostCard => 6,
            Self::GuestProof => 7,
            Self::HostProof => 8,
        }
    }

    /// Whose frame it is, as the transcript names it.
    pub(crate) const fn sender(self) -> &'static [u8] {
        match self {
            Self::GuestShare | Self::GuestConfirmation | Self::GuestCard | Self::GuestProof => {
                b"guest"
            }
            Self::HostShare | Self::HostConfirmation | Self::HostCard | Self::HostProof => b"host",
        }
    }

    /// The frame of this step.
    pub(crate) fn frame(self, body: &[u8]) -> Vec<u8> {
        [&[self.code()], body].concat()
    }

    /// What is behind the first byte, if the frame is of this step.
    pub(crate) fn body(self, frame: &[u8]) -> Result<&[u8], PairingError> {
        let (code, body) = frame.split_first().ok_or(PairingError::Malformed)?;
        if *code == REFUSAL {
            return Err(decode_refusal(body).map_or(PairingError::Malformed, PairingError::Refused));
        }
        if *code == self.code() { Ok(body) } else { Err(PairingError::OutOfTurn) }
    }
}

pub(super) fn encode_refusal(refusal: Refusal) -> Vec<u8> {
    let code = match refusal {
        Refusal::Busy => 1,
        Refusal::Burnt => 2,
        Refusal::WrongPassword => 3,
        Refusal::NoCommonVersion => 4,
    };
    vec![REFUSAL, code]
}

fn decode_refusal(body: &[u8]) -> Option<Refusal> {
    match body {
        [1] => Some(Refusal::Busy),
        [2] => Some(Refusal::Burnt),
        [3] => Some(Refusal::WrongPassword),
        [4] => Some(Refusal::NoCommonVersion),
        _ => None,
    }
}

/// The list of [`VERSIONS`] as it stands in a share's frame and in CPace's associated data:
/// a count in one byte, then each version in two, big-endian.
pub(super) fn version_list() -> Vec<u8> {
    let count = u8::try_from(VERSIONS.len()).unwrap_or(u8::MAX);
    std::iter::once(count).chain(VERSIONS.iter().flat_map(|v| v.to_be_bytes())).collect()
}

/// A share's frame, read. Behind the version list are `N` bytes.
#[derive(Debug)]
pub(crate) struct Share<'a, const N: usize> {
    /// The sender's version list, as bytes.
    pub(crate) list: &'a [u8],
    /// What is behind it; in pairing by code the CPace share.
    pub(crate) share: &'a [u8; N],
    /// The highest version on both lists.
    pub(crate) version: u16,
}

impl<'a, const N: usize> Share<'a, N> {
    /// The body of a share's frame: version list ‖ share.
    pub(crate) fn encode(share: &[u8; N]) -> Vec<u8> {
        [&version_list(), share.as_slice()].concat()
    }

    /// Reads all of such a body, and finds the common version.
    pub(crate) fn decode(body: &'a [u8]) -> Result<Self, PairingError> {
        let (list, share) = body.split_last_chunk().ok_or(PairingError::Malformed)?;
        let (count, versions) = list.split_first().ok_or(PairingError::Malformed)?;
        let (versions, rest) = versions.as_chunks::<2>();
        let right_length = rest.is_empty() && versions.len() == usize::from(*count);
        if !right_length || versions.is_empty() || versions.len() > MAX_VERSIONS {
            return Err(PairingError::Malformed);
        }
        let versions: Vec<u16> = versions.iter().map(|v| u16::from_be_bytes(*v)).collect();
        // One way to write a list, so that lists are equal if their bytes are.
        if !versions.is_sorted_by(|a, b| a < b) {
            return Err(PairingError::Malformed);
        }
        let common = VERSIONS.iter().rev().find(|version| versions.contains(version));
        let version = *common.ok_or(PairingError::NoCommonVersion)?;
        Ok(Self { list, share, version })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpace::SHARE_LEN;

    fn share(list: &[u8]) -> Result<u16, PairingError> {
        Share::<SHARE_LEN>::decode(&[list, &[7; SHARE_LEN]].concat()).map(|share| share.version)
    }

    #[test]
    fn the_highest_common_version_is_taken() {
        assert_eq!(share(&[1, 0, 1]), Ok(1));
        assert_eq!(share(&[3, 0, 0, 0, 1, 0, 9]), Ok(1));
        assert_eq!(share(&[1, 0, 2]), Err(PairingError::NoCommonVersion));
    }

    #[test]
    fn lists_are_bounded_and_ordered() {
        for bad in [
            &[][..],
            &[0],
            &[1],
            &[1, 0],
            &[2, 0, 1],
            &[1, 0, 1, 0, 2],
            &[2, 0, 1, 0, 1],
            &[2, 0, 2, 0, 1],
        ] {
            assert_eq!(share(bad), Err(PairingError::Malformed), "{bad:?}");
        }
        let list = |count: u8| {
            let versions = (1..=u16::from(count)).flat_map(u16::to_be_bytes);
            std::iter::once(count).chain(versions).collect::<Vec<_>>()
        };
        assert_eq!(share(&list(16)), Ok(1));
        assert_eq!(share(&list(17)), Err(PairingError::Malformed));
        assert_eq!(Share::<SHARE_LEN>::decode(&[0; 31]).unwrap_err(), PairingError::Malformed);
    }

    #[test]
    fn each_refusal_comes_back_in_place_of_any_frame() {
        for refusal in
            [Refusal::Busy, Refusal::Burnt, Refusal::WrongPassword, Refusal::NoCommonVersion]
        {
            let frame = refusal.encode();
            let got = Step::HostCard.body(&frame).unwrap_err();
            assert_eq!(got, PairingError::Refused(refusal));
        }
        for bad in [&[REFUSAL][..], &[REFUSAL, 0], &[REFUSAL, 5], &[REFUSAL, 1, 1]] {
            assert_eq!(Step::HostCard.body(bad).unwrap_err(), PairingError::Malformed);
        }
    }
}
