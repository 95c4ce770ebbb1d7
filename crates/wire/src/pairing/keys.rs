//! The transcript and the keys of a pairing, alike on both sides.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use subtle::ConstantTimeEq;
use undertone_ratchet::handshake::CIPHERTEXT_LEN;
use undertone_ratchet::secret::Secret;
use undertone_ratchet::transcript::Transcript;
use zeroize::Zeroizing;

use super::frame::{MAC_LEN, Step};
use super::{Exporters, PairingError};
use crate::address::OnionAddress;
use crate::cpace::{Isk, lv_cat};
use crate::kdf;

/// The version of the pairing itself. It cannot be negotiated: the locator's derivation has it
/// too, so that another version meets at another address.
const CODE_PAIRING_VERSION: u8 = 1;

const TRANSCRIPT: &[u8] = b"undertone/1 code pairing";
const GUEST_CONFIRMATION: &[u8] = b"undertone/1 pairing guest confirmation";
const HOST_CONFIRMATION: &[u8] = b"undertone/1 pairing host confirmation";
const GUEST_SEALING: &[u8] = b"undertone/1 pairing guest sealing";
const HOST_SEALING: &[u8] = b"undertone/1 pairing host sealing";
const ROOT_SOURCE: &[u8] = b"undertone/1 pairing root source";

/// CPace's `CI`: who talks to whom over what.
pub(super) fn channel(network_id: &str, address: &OnionAddress) -> Zeroizing<Vec<u8>> {
    lv_cat(&[&[CODE_PAIRING_VERSION], network_id.as_bytes(), &address.0, b"guest", b"host"])
}

/// The transcript before the first frame.
pub(super) fn transcript(
    network_id: &str,
    address: &OnionAddress,
    exporters: &Exporters,
) -> Transcript {
    let mut transcript = Transcript::new(TRANSCRIPT);
    transcript.absorb(b"version", &[CODE_PAIRING_VERSION]);
    transcript.absorb(b"network", network_id.as_bytes());
    transcript.absorb(b"address", &address.0);
    transcript.absorb(b"exporter sid", &exporters.sid);
    transcript.absorb(b"exporter binding", &exporters.binding);
    transcript
}

/// The transcript that the root is derived under: all frames before the guest's proof, and the
/// ciphertext in it. Not the whole proof, for it holds the root's own confirmation.
pub(super) fn root_transcript(
    mut before: Transcript,
    guest_ciphertext: &[u8; CIPHERTEXT_LEN],
) -> Transcript {
    before.absorb(b"guest ciphertext", guest_ciphertext);
    before
}

/// Both shares are in; nobody has shown that they know the password.
pub(super) struct Unconfirmed {
    isk: Isk,
    /// The transcript's hash after both shares and the version.
    salt: [u8; 32],
    pub(super) transcript: Transcript,
    pub(super) version: u16,
}

impl Unconfirmed {
    pub(super) fn new(isk: Isk, mut transcript: Transcript, version: u16) -> Self {
        transcript.absorb(b"common version", &version.to_be_bytes());
        Self { isk, salt: transcript.hash(), transcript, version }
    }

    fn derive(&self, label: &[u8]) -> Secret<32> {
        kdf::derive(&self.salt, self.isk.as_bytes(), label)
    }

    /// The MAC over the transcript so far, by the key of the step's sender.
    fn mac(&self, step: Step) -> [u8; MAC_LEN] {
        let label = if step.sender() == b"guest" { GUEST_CONFIRMATION } else { HOST_CONFIRMATION };
        kdf::mac(&self.derive(label), label, &[&self.transcript.hash()])
    }

    /// Our confirmation.
    pub(super) fn send(&mut self, step: Step) -> Vec<u8> {
        let frame = step.frame(&self.mac(step));
        self.transcript.absorb(step.sender(), &frame);
        frame
    }

    /// Checks the other side's confirmation.
    pub(super) fn receive(&mut self, step: Step, frame: &[u8]) -> Result<(), PairingError> {
        let claimed: &[u8; MAC_LEN] =
            step.body(frame)?.try_into().map_err(|_| PairingError::Malformed)?;
        if !bool::from(self.mac(step).ct_eq(claimed)) {
            return Err(PairingError::WrongPassword);
        }
        self.transcript.absorb(step.sender(), frame);
        Ok(())
    }

    /// The other side is confirmed: the keys for everything else. CPace's key goes with this.
    pub(super) fn confirmed(self) -> Confirmed {
        let (guest, host) = (self.derive(GUEST_SEALING), self.derive(HOST_SEALING));
        let root_source = self.derive(ROOT_SOURCE);
        Confirmed::new(guest, host, root_source, self.transcript, self.version)
    }
}

/// Both ends have shown what lets them pair, and have the same keys.
pub(crate) struct Confirmed {
    guest: Sealing,
    host: Sealing,
    /// What the exchange before the cards adds to the root.
    pub(super) root_source: Secret<32>,
    pub(super) transcript: Transcript,
    pub(super) version: u16,
}

impl Confirmed {
    /// The keys that seal what the guest and what the host says, the secret that goes into the root,
    /// and what both agreed on so far.
    pub(crate) fn new(
        guest: Secret<32>,
        host: Secret<32>,
        root_source: Secret<32>,
        transcript: Transcript,
        version: u16,
    ) -> Self {
        let (guest, host) = (Sealing::new(guest), Sealing::new(host));
        Self { guest, host, root_source, transcript, version }
    }

    fn sealing(&mut self, step: Step) -> &mut Sealing {
        if step.sender() == b"guest" { &mut self.guest } else { &mut self.host }
    }

    /// What a sealed frame is bound to: its step and everything before it.
    fn bound(&self, step: Step) -> [u8; 33] {
        let mut bound = [step.code(); 33];
        bound.iter_mut().skip(1).zip(self.transcript.hash()).for_each(|(to, from)| *to = from);
        bound
    }

    fn absorb(&mut self, step: Step, frame: &[u8], content: &[u8]) {
        self.transcript.absorb(step.sender(), frame);
        self.transcript.absorb(b"content", content);
    }

    /// Seals a frame.
    pub(super) fn send(&mut self, step: Step, content: &[u8]) -> Vec<u8> {
        let bound = self.bound(step);
        let frame = step.frame(&self.sealing(step).seal(&bound, content));
        self.absorb(step, &frame, content);
        frame
    }

    /// Opens a frame whose content has exactly `length` bytes.
    pub(super) fn receive(
        &mut self,
        step: Step,
        frame: &[u8],
        length: usize,
    ) -> Result<Zeroizing<Vec<u8>>, PairingError> {
        let sealed = step.body(frame)?;
        if sealed.len() != length.saturating_add(super::frame::TAG_LEN) {
            return Err(PairingError::Malformed);
        }
        let bound = self.bound(step);
        let content = self.sealing(step).open(&bound, sealed)?;
        self.absorb(step, frame, &content);
        Ok(content)
    }
}

/// ChaCha20-Poly1305 in one direction, with a counter for its nonce.
struct Sealing {
    key: Secret<32>,
    counter: u64,
}

impl Sealing {
    fn new(key: Secret<32>) -> Self {
        Self { key, counter: 0 }
    }

    /// The cipher and the next nonce: four zero bytes and the counter, big-endian.
    fn next(&mut self) -> (ChaCha20Poly1305, Nonce) {
        let mut nonce = [0; 12];
        nonce.iter_mut().skip(4).zip(self.counter.to_be_bytes()).for_each(|(to, from)| *to = from);
        // Two frames go each way.
        self.counter = self.counter.saturating_add(1);
        (ChaCha20Poly1305::new(self.key.as_bytes().into()), nonce.into())
    }

    #[expect(clippy::expect_used, reason = "content is far below the cipher's 256 GiB")]
    fn seal(&mut self, bound: &[u8], content: &[u8]) -> Vec<u8> {
        let (cipher, nonce) = self.next();
        let mut buffer = content.to_vec();
        cipher.encrypt_in_place(&nonce, bound, &mut buffer).expect("content is short");
        buffer
    }

    fn open(&mut self, bound: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, PairingError> {
        let (cipher, nonce) = self.next();
        let mut buffer = Zeroizing::new(sealed.to_vec());
        cipher
            .decrypt_in_place(&nonce, bound, &mut *buffer)
            .map_err(|_| PairingError::BadCiphertext)?;
        Ok(buffer)
    }
}
