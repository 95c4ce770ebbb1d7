//! The first frame of a later stream: who is there, shown by the link key of the newest epoch.
//!
//! After TLS with both certificates pinned, each end that is going to send begins with one frame of
//! [`LINK_FRAME_LEN`] bytes: `version u8 ‖ epoch u32 ‖ mode u8 ‖ MAC`. The MAC is by a key that
//! came out of the pairing (epoch 0) or a later post-quantum step, and covers this TLS session, so
//! that a link is authenticated without a signature by more than its certificates.
//! (`docs/protocol.md`, "Links".)

use subtle::ConstantTimeEq;
use undertone_ratchet::handshake::Role;
use undertone_ratchet::secret::Secret;

use crate::kdf;
use crate::pacer::Mode;

/// The label of the TLS exporter value (RFC 8446, 7.5; no context, 32 bytes) that link frames bind.
pub const EXPORTER_LINK: &[u8] = b"EXPORTER-undertone/1 link";

/// The version of link frames that this code writes, and the only one it reads.
pub const LINK_VERSION: u8 = 1;

/// Bytes of a link frame.
pub const LINK_FRAME_LEN: usize = 38;

const LABEL: &[u8] = b"undertone/1 link frame";

/// What a link frame is bound to; both ends must see the same.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    /// The stream's exporter value under [`EXPORTER_LINK`].
    pub exporter: &'a [u8; 32],
    /// The certificate of the pairing's initiator: its Ed25519 public key.
    pub initiator_certificate: &'a [u8; 32],
    /// The certificate of the pairing's responder: its Ed25519 public key.
    pub responder_certificate: &'a [u8; 32],
}

impl std::fmt::Debug for Proof<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof(…)")
    }
}

/// What a verified link frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The epoch whose link key the sender used.
    pub epoch: u32,
    /// How the sender paces its cells.
    pub mode: Mode,
}

/// Why a link frame was refused. The stream is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Another length or version, or an unknown mode.
    #[error("the link's first frame can't be read; close the stream")]
    Malformed,
    /// An epoch of which no key is kept.
    #[error("the link names a key that isn't kept; close the stream")]
    UnknownEpoch,
    /// The MAC is another one.
    #[error("the link's first frame isn't by this contact; close the stream")]
    Forged,
}

impl Proof<'_> {
    /// Makes the frame by which the side with the role `sender` in the pairing opens a link. `key`
    /// is the link key of `opening.epoch`.
    #[must_use]
    pub fn make(&self, key: &Secret<32>, sender: Role, opening: Opening) -> [u8; LINK_FRAME_LEN] {
        let [a, b, c, d] = opening.epoch.to_be_bytes();
        let head = [LINK_VERSION, a, b, c, d, opening.mode.code()];
        let mac = self.mac(key, sender, &head);
        let mut frame = [0; LINK_FRAME_LEN];
        frame.iter_mut().zip(head.iter().chain(&mac)).for_each(|(to, from)| *to = *from);
        frame
    }

    /// Verifies, in constant time, the frame by which the side with the role `sender` opens a link.
    /// `key` gives the link key of an epoch, if it is one of the newest two.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn verify<'k>(
        &self,
        sender: Role,
        frame: &[u8],
        key: impl FnOnce(u32) -> Option<&'k Secret<32>>,
    ) -> Result<Opening, LinkError> {
        let frame: &[u8; LINK_FRAME_LEN] = frame.try_into().map_err(|_| LinkError::Malformed)?;
        let (head, claimed) = frame.split_first_chunk::<6>().ok_or(LinkError::Malformed)?;
        let [version, epoch @ .., mode] = head;
        let mode = Mode::from_code(*mode).ok_or(LinkError::Malformed)?;
        if *version != LINK_VERSION {
            return Err(LinkError::Malformed);
        }
        let epoch = u32::from_be_bytes(*epoch);
        let key = key(epoch).ok_or(LinkError::UnknownEpoch)?;
        if bool::from(self.mac(key, sender, head).as_slice().ct_eq(claimed)) {
            Ok(Opening { epoch, mode })
        } else {
            Err(LinkError::Forged)
        }
    }

    /// The sender's role is in it, so that a frame reflected to its sender is refused.
    fn mac(&self, key: &Secret<32>, sender: Role, head: &[u8; 6]) -> [u8; 32] {
        let role = match sender {
            Role::Initiator => [1],
            Role::Responder => [2],
        };
        let Self { exporter, initiator_certificate, responder_certificate } = *self;
        kdf::mac(key, LABEL, &[exporter, &role, initiator_certificate, responder_certificate, head])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROOF: Proof<'static> = Proof {
        exporter: &[1; 32],
        initiator_certificate: &[2; 32],
        responder_certificate: &[3; 32],
    };

    const SENDER: Role = Role::Responder;

    fn key() -> Secret<32> {
        Secret::from_bytes(&[9; 32])
    }

    fn opening() -> Opening {
        Opening { epoch: 5, mode: Mode::Off }
    }

    #[test]
    fn the_same_proof_opens() {
        let (key, frame) = (key(), PROOF.make(&key(), SENDER, opening()));
        let got = PROOF.verify(SENDER, &frame, |epoch| (epoch == 5).then_some(&key));
        assert_eq!(got, Ok(opening()));
    }

    #[test]
    fn anything_else_does_not() {
        let (key, frame) = (key(), PROOF.make(&key(), SENDER, opening()));
        let others = [
            Proof { exporter: &[0; 32], ..PROOF },
            Proof { initiator_certificate: &[0; 32], ..PROOF },
            Proof { responder_certificate: &[0; 32], ..PROOF },
            Proof { initiator_certificate: &[3; 32], responder_certificate: &[2; 32], ..PROOF },
        ];
        for proof in others {
            assert_eq!(proof.verify(SENDER, &frame, |_| Some(&key)), Err(LinkError::Forged));
        }
        let other = Secret::from_bytes(&[8; 32]);
        assert_eq!(PROOF.verify(SENDER, &frame, |_| Some(&other)), Err(LinkError::Forged));
        assert_eq!(PROOF.verify(SENDER, &frame, |_| None), Err(LinkError::UnknownEpoch));
    }

    #[test]
    fn a_frame_reflected_to_its_sender_is_refused() {
        let (key, frame) = (key(), PROOF.make(&key(), SENDER, opening()));
        let got = PROOF.verify(SENDER.other(), &frame, |_| Some(&key));
        assert_eq!(got, Err(LinkError::Forged));
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let (key, frame) = (key(), PROOF.make(&key(), SENDER, opening()));
        for bit in 0..LINK_FRAME_LEN * 8 {
            let mut frame = frame;
            frame[bit / 8] ^= 1 << (bit % 8);
            assert!(PROOF.verify(SENDER, &frame, |_| Some(&key)).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn other_lengths_are_malformed() {
        let (key, frame) = (key(), PROOF.make(&key(), SENDER, opening()));
        for length in 0..LINK_FRAME_LEN {
            let got = PROOF.verify(SENDER, &frame[..length], |_| Some(&key));
            assert_eq!(got, Err(LinkError::Malformed));
        }
        let longer = [frame.as_slice(), &[0]].concat();
        assert_eq!(PROOF.verify(SENDER, &longer, |_| Some(&key)), Err(LinkError::Malformed));
    }
}
