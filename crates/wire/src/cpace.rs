//! CPACE-RISTR255-SHA512, the initiator/responder setting of draft-irtf-cfrg-cpace-21.
//!
//! A balanced password-authenticated key exchange: whoever is in the middle of one run, or plays
//! one end of it, gets to test a single password. Key confirmation is not part of it; [`Isk`] must
//! be confirmed before anything else is done with it (see [`crate::pairing`]).
//!
//! This implementation passes the draft's test vectors. It has not been audited.

use std::fmt;

use curve25519_dalek::Scalar;
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::traits::IsIdentity;
use rand_core::CryptoRng;
use sha2::{Digest, Sha512};
use undertone_ratchet::secret::Secret;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a share: an encoded ristretto255 element.
pub const SHARE_LEN: usize = 32;

/// The draft's `G.DSI`.
const DSI: &[u8] = b"CPaceRistretto255";
/// The draft's `G.DSI ‖ "_ISK"`.
const DSI_ISK: &[u8] = b"CPaceRistretto255_ISK";
/// `H.s_in_bytes`: the block of SHA-512, which the password is padded to fill.
const HASH_BLOCK: usize = 128;

/// What both ends must agree on before the run.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// `PRS`, the password.
    pub password: &'a [u8],
    /// `CI`, who talks to whom over what.
    pub channel: &'a [u8],
    /// `sid`, unique to the run.
    pub session: &'a [u8],
}

impl fmt::Debug for Inputs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Inputs(…)")
    }
}

/// A share and the data that its sender binds to it (`Y` and `AD`).
#[derive(Clone, Copy, Debug)]
pub struct Flight<'a> {
    /// The encoded element.
    pub share: &'a [u8; SHARE_LEN],
    /// The associated data.
    pub data: &'a [u8],
}

/// The other side's share was no element, or gave the identity. Which, is not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the other side's share can't be used; end the run")]
pub struct BadShare;

/// The intermediate session key: 64 secret bytes that are equal on both ends if the passwords,
/// the channel, the session and all flights were. Erased on drop.
pub struct Isk(Secret<64>);

impl Isk {
    /// The key's bytes, to derive confirmation keys from, and others once it is confirmed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 64] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Isk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Isk(…)")
    }
}

/// The initiator between its share and the responder's.
pub struct Initiator {
    secret: Exponent,
    share: [u8; SHARE_LEN],
    session: Vec<u8>,
    data: Vec<u8>,
}

impl fmt::Debug for Initiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Initiator(…)")
    }
}

impl Initiator {
    /// Draws a secret and computes the share to send, which is bound to `data` (`ADa`).
    #[must_use]
    pub fn start(inputs: &Inputs<'_>, data: &[u8], rng: &mut impl CryptoRng) -> Self {
        Self::with_secret(inputs, data, Exponent::random(rng))
    }

    fn with_secret(inputs: &Inputs<'_>, data: &[u8], secret: Exponent) -> Self {
        let share = secret.share(inputs);
        Self { secret, share, session: inputs.session.to_vec(), data: data.to_vec() }
    }

    /// The share to send (`Ya`).
    #[must_use]
    pub fn share(&self) -> &[u8; SHARE_LEN] {
        &self.share
    }

    /// Takes the responder's flight and ends the run.
    ///
    /// # Errors
    /// [`BadShare`] if the share decodes to no element or the product is the identity.
    pub fn finish(self, responder: &Flight<'_>) -> Result<Isk, BadShare> {
        let own = Flight { share: &self.share, data: &self.data };
        self.secret.isk(&self.session, responder.share, &own, responder)
    }
}

/// The whole of the responder: takes the initiator's flight, gives the share to send (`Yb`, bound
/// to `data`) and the key.
///
/// # Errors
/// [`BadShare`] if the share decodes to no element or the product is the identity.
pub fn respond(
    inputs: &Inputs<'_>,
    data: &[u8],
    initiator: &Flight<'_>,
    rng: &mut impl CryptoRng,
) -> Result<([u8; SHARE_LEN], Isk), BadShare> {
    respond_with_secret(inputs, data, initiator, &Exponent::random(rng))
}

fn respond_with_secret(
    inputs: &Inputs<'_>,
    data: &[u8],
    initiator: &Flight<'_>,
    secret: &Exponent,
) -> Result<([u8; SHARE_LEN], Isk), BadShare> {
    let share = secret.share(inputs);
    let own = Flight { share: &share, data };
    let isk = secret.isk(inputs.session, initiator.share, initiator, &own)?;
    Ok((share, isk))
}

/// True if `share` decodes to an element other than the identity: what can be told before a
/// secret is drawn and a guess is at stake.
#[must_use]
pub fn is_share(share: &[u8; SHARE_LEN]) -> bool {
    decode(share).is_ok()
}

fn decode(share: &[u8; SHARE_LEN]) -> Result<RistrettoPoint, BadShare> {
    let point = CompressedRistretto(*share).decompress().ok_or(BadShare)?;
    if point.is_identity() { Err(BadShare) } else { Ok(point) }
}

/// The secret scalar `y`, boxed so that a move leaves no copy, and erased on drop.
struct Exponent(Box<Scalar>);

impl Drop for Exponent {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Exponent {
    fn random(rng: &mut impl CryptoRng) -> Self {
        let mut wide = Zeroizing::new([0; 64]);
        rng.fill_bytes(wide.as_mut_slice());
        Self(Box::new(Scalar::from_bytes_mod_order_wide(&wide)))
    }

    /// `Y = y·g`, with the generator erased afterwards.
    fn share(&self, inputs: &Inputs<'_>) -> [u8; SHARE_LEN] {
        let g = Zeroizing::new(generator(inputs));
        self.times(&g).compress().to_bytes()
    }

    #[expect(clippy::arithmetic_side_effects, reason = "a product in a group can't overflow")]
    fn times(&self, point: &RistrettoPoint) -> Zeroizing<RistrettoPoint> {
        Zeroizing::new(*point * *self.0)
    }

    /// `ISK = H(lv_cat(DSI ‖ "_ISK", sid, K) ‖ transcript_ir)`.
    fn isk(
        &self,
        session: &[u8],
        theirs: &[u8; SHARE_LEN],
        initiator: &Flight<'_>,
        responder: &Flight<'_>,
    ) -> Result<Isk, BadShare> {
        let product = self.times(&decode(theirs)?);
        if product.is_identity() {
            return Err(BadShare);
        }
        let k = Zeroizing::new(product.compress().to_bytes());
        let mut hash = Sha512::new();
        hash.update(lv_cat(&[DSI_ISK, session, k.as_slice()]));
        hash.update(lv_cat(&[initiator.share, initiator.data]));
        hash.update(lv_cat(&[responder.share, responder.data]));
        let isk: Zeroizing<[u8; 64]> = Zeroizing::new(hash.finalize().into());
        Ok(Isk(Secret::from_bytes(&isk)))
    }
}

/// The draft's `generator_string`, hashed and mapped to the group.
fn generator(inputs: &Inputs<'_>) -> RistrettoPoint {
    let hash: Zeroizing<[u8; 64]> = Zeroizing::new(Sha512::digest(generator_string(inputs)).into());
    RistrettoPoint::from_uniform_bytes(&hash)
}

/// `lv_cat(DSI, PRS, zero padding, CI, sid)`: the padding makes the password fill a hash block.
fn generator_string(inputs: &Inputs<'_>) -> Zeroizing<Vec<u8>> {
    let filled = lv_cat(&[inputs.password]).len().saturating_add(lv_cat(&[DSI]).len());
    let padding = vec![0; HASH_BLOCK.saturating_sub(1).saturating_sub(filled)];
    lv_cat(&[DSI, inputs.password, &padding, inputs.channel, inputs.session])
}

/// The draft's `lv_cat`: each part after its length in LEB128. Erased on drop, for a part may be
/// the password.
#[must_use]
pub fn lv_cat(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    /// No length takes more bytes than this, so that the buffer never grows and leaves a copy.
    const LEB128_MAX: usize = usize::BITS.div_ceil(7) as usize;
    let capacity = parts
        .iter()
        .fold(0_usize, |sum, part| sum.saturating_add(part.len()).saturating_add(LEB128_MAX));
    let mut out = Zeroizing::new(Vec::with_capacity(capacity));
    for part in parts {
        let mut length = part.len();
        while length >= 0x80 {
            out.push(length.to_le_bytes()[0] | 0x80);
            length >>= 7;
        }
        out.push(length.to_le_bytes()[0]);
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER_PERMISSIVE as HEX;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;
    use serde_json::Value;

    use super::*;

    const VECTORS: &str = include_str!("../tests/vectors/cpace_ristretto255_sha512.json");
    const STRINGS: &str = include_str!("../tests/vectors/cpace_strings.json");

    fn hex(value: &Value, name: &str) -> Vec<u8> {
        HEX.decode(value[name].as_str().unwrap().as_bytes()).unwrap()
    }

    fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
        bytes.try_into().unwrap()
    }

    fn exponent(bytes: &[u8]) -> Exponent {
        Exponent(Box::new(Scalar::from_canonical_bytes(array(bytes)).unwrap()))
    }

    #[test]
    fn strings_are_the_drafts() {
        let all: Value = serde_json::from_str(STRINGS).unwrap();
        let prefixed = &all["prepend\\_len test vectors"];
        let range = |n: u8| (0..n).collect::<Vec<_>>();
        assert_eq!(*lv_cat(&[b""]), hex(prefixed, "prepend_len(b'')"));
        assert_eq!(*lv_cat(&[b"1234"]), hex(prefixed, "prepend_len(b'1234')"));
        assert_eq!(*lv_cat(&[&range(127)]), hex(prefixed, "prepend_len(bytes(range(127)))"));
        assert_eq!(*lv_cat(&[&range(128)]), hex(prefixed, "prepend_len(bytes(range(128)))"));
        let cat = &all["Testvector for lv\\_cat()"];
        let want = hex(cat, "lv_cat(b'1234',b'5',b'',b'678')");
        assert_eq!(*lv_cat(&[b"1234", b"5", b"", b"678"]), want);
        let transcripts = &all["Test vectors transcript\\_ir function"];
        let got = [lv_cat(&[b"3456", b"PartyA"]), lv_cat(&[b"2345", b"PartyB"])];
        let name = "transcript_ir(b'3456',b'PartyA',b'2345',b'PartyB')";
        assert_eq!([got[0].as_slice(), got[1].as_slice()].concat(), hex(transcripts, name));
    }

    #[test]
    fn generator_is_the_drafts() {
        let all: Value = serde_json::from_str(VECTORS).unwrap();
        let v = &all["generator"];
        let (password, channel, session) = (hex(v, "PRS"), hex(v, "CI"), hex(v, "sid"));
        let inputs = Inputs { password: &password, channel: &channel, session: &session };
        let name = "generator_string(G.DSI,PRS,CI,sid,H.s_in_bytes)";
        assert_eq!(*generator_string(&inputs), hex(v, name));
        let encoded = generator(&inputs).compress().to_bytes();
        assert_eq!(encoded.to_vec(), hex(v, "encoded generator g"));
    }

    #[test]
    fn exchange_is_the_drafts() {
        let all: Value = serde_json::from_str(VECTORS).unwrap();
        let v = &all["exchange"];
        let (password, channel, session) = (hex(v, "PRS"), hex(v, "CI"), hex(v, "sid"));
        let inputs = Inputs { password: &password, channel: &channel, session: &session };
        let (ad_a, ad_b) = (hex(v, "ADa"), hex(v, "ADb"));
        let a = Initiator::with_secret(&inputs, &ad_a, exponent(&hex(v, "ya")));
        assert_eq!(a.share().to_vec(), hex(v, "Ya"));
        let flight = Flight { share: a.share(), data: &ad_a };
        let (share, isk) =
            respond_with_secret(&inputs, &ad_b, &flight, &exponent(&hex(v, "yb"))).unwrap();
        assert_eq!(share.to_vec(), hex(v, "Yb"));
        assert_eq!(isk.as_bytes().to_vec(), hex(v, "ISK_IR"));
        let flight = Flight { share: &share, data: &ad_b };
        assert_eq!(a.finish(&flight).unwrap().as_bytes().to_vec(), hex(v, "ISK_IR"));
    }

    #[test]
    fn product_is_the_drafts() {
        let all: Value = serde_json::from_str(VECTORS).unwrap();
        let v = &all["invalid_inputs"]["Valid"];
        let point = decode(&array(&hex(v, "X"))).unwrap();
        let product = exponent(&hex(v, "s")).times(&point).compress().to_bytes();
        assert_eq!(product.to_vec(), hex(v, "G.scalar_mult_vfy(s,X)"));
    }

    #[test]
    fn invalid_shares_are_refused_on_both_ends() {
        let all: Value = serde_json::from_str(VECTORS).unwrap();
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let inputs = Inputs { password: b"p", channel: b"c", session: b"s" };
        for name in ["Invalid Y1", "Invalid Y2"] {
            let share = array(&hex(&all["invalid_inputs"], name));
            assert!(!is_share(&share), "{name}");
            let flight = Flight { share: &share, data: b"" };
            let a = Initiator::start(&inputs, b"", &mut rng);
            assert_eq!(a.finish(&flight).unwrap_err(), BadShare, "{name}");
            assert_eq!(respond(&inputs, b"", &flight, &mut rng).unwrap_err(), BadShare, "{name}");
        }
    }

    #[test]
    fn each_input_and_each_flight_is_bound() {
        let run = |guest: Inputs<'_>, host: Inputs<'_>, said: (&[u8], &[u8])| {
            let mut rng = ChaCha20Rng::from_seed([2; 32]);
            let a = Initiator::start(&guest, b"A", &mut rng);
            let flight = Flight { share: a.share(), data: said.0 };
            let (share, host_isk) = respond(&host, b"B", &flight, &mut rng).unwrap();
            let guest_isk = a.finish(&Flight { share: &share, data: said.1 }).unwrap();
            guest_isk.as_bytes() == host_isk.as_bytes()
        };
        let same = Inputs { password: b"p", channel: b"c", session: b"s" };
        assert!(run(same, same, (b"A", b"B")));
        assert!(!run(same, Inputs { password: b"q", ..same }, (b"A", b"B")));
        assert!(!run(same, Inputs { channel: b"d", ..same }, (b"A", b"B")));
        assert!(!run(same, Inputs { session: b"t", ..same }, (b"A", b"B")));
        assert!(!run(same, same, (b"a", b"B")));
        assert!(!run(same, same, (b"A", b"b")));
    }
}
