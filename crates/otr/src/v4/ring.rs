//! Signatures that one of three keys made, and nobody can tell which (OTRv4 "Ring Signature
//! Authentication"): `RSig` and `RVrf`.
//!
//! This is what makes a key exchange deniable: of the three, one belongs to the peer and one is of
//! the moment, so the peer could have made the signature as well.

use subtle::{Choice, ConstantTimeEq};

use rand_core::CryptoRng;

use super::curve::{LEN, ORDER, Pair, Point, Scalar};
use super::kdf::Usage;

/// Length of a signature (RING-SIG): six scalars.
pub(crate) const RING_LEN: usize = 6 * LEN;

/// Which protocol a signature belongs to, and how the message stands in its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Begins what is hashed.
    pub(crate) domain: &'static [u8],
    /// The number of the hash.
    pub(crate) number: u8,
    /// Whether the message is DATA, with its length, as otr4j and otrr have it, or bare, as the
    /// specification's text has it.
    pub(crate) with_length: bool,
}

/// Version 4 as it is spoken.
pub(crate) const OTR4: Form =
    Form { domain: b"OTRv4", number: Usage::Auth as u8, with_length: true };

impl Form {
    fn challenge(self, keys: &[Point; 3], sums: [&[u8]; 3], message: &[u8]) -> Scalar {
        let len = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
        let len: &[u8] = if self.with_length { &len } else { &[] };
        let [key1, key2, key3] = keys.each_ref().map(Point::bytes);
        let [sum1, sum2, sum3] = sums;
        let generator = Point::generator();
        let parts: [&[u8]; 10] =
            [generator.bytes(), &ORDER, key1, key2, key3, sum1, sum2, sum3, len, message];
        Scalar::hash(self.domain, self.number, &parts)
    }
}

/// Signs with the pair whose public half is the key at `place`, 0 to 2, among `keys`. Which place
/// it is doesn't show in the time that it takes.
pub(crate) fn sign(
    form: Form,
    pair: &Pair,
    place: u8,
    keys: &[Point; 3],
    message: &[u8],
    rng: &mut impl CryptoRng,
) -> [u8; RING_LEN] {
    let nonce = Scalar::random(rng);
    let [one, two] = [(); 2].map(|()| (Scalar::random(rng), Scalar::random(rng)));
    let own: [Choice; 3] = [0, 1, 2].map(|number: u8| number.ct_eq(&place));
    let [first, _, _] = own;
    // The keys of others take one and then two; our own takes nothing but the nonce.
    let select = |a: &(Scalar, Scalar), b: &(Scalar, Scalar), choice| {
        (Scalar::select(&a.0, &b.0, choice), Scalar::select(&a.1, &b.1, choice))
    };
    let blank = (Scalar::zero(), nonce.clone());
    let [own1, own2, own3] = own;
    let drawn = [
        select(&one, &blank, own1),
        select(&select(&two, &one, first), &blank, own2),
        select(&two, &blank, own3),
    ];
    let [key1, key2, key3] = keys;
    let [(c1, r1), (c2, r2), (c3, r3)] = &drawn;
    let sums = [key1.combine(r1, c1), key2.combine(r2, c2), key3.combine(r3, c3)];
    let c = form.challenge(keys, sums.each_ref().map(|sum| &sum[..]), message);
    let c = c.sub(c1).sub(c2).sub(c3);
    let r = nonce.sub(&c.mul(pair.secret()));
    let mut out = [0; RING_LEN];
    let mut places = out.chunks_exact_mut(LEN);
    for ((their_c, their_r), own) in drawn.iter().zip(own) {
        for scalar in [Scalar::select(their_c, &c, own), Scalar::select(their_r, &r, own)] {
            if let Some(place) = places.next() {
                place.copy_from_slice(&*scalar.bytes());
            }
        }
    }
    out
}

/// Whether one of the three made the signature over this message.
pub(crate) fn verify(
    form: Form,
    keys: &[Point; 3],
    message: &[u8],
    signature: &[u8; RING_LEN],
) -> bool {
    let mut scalars = signature.chunks_exact(LEN).map(Scalar::reduce);
    let mut next = || scalars.next().unwrap_or_else(Scalar::zero);
    let pairs = [(); 3].map(|()| (next(), next()));
    let [key1, key2, key3] = keys;
    let [(c1, r1), (c2, r2), (c3, r3)] = &pairs;
    let sums = [key1.combine(r1, c1), key2.combine(r2, c2), key3.combine(r3, c3)];
    let c = form.challenge(keys, sums.each_ref().map(|sum| &sum[..]), message);
    c.ct_eq(&c1.add(c2).add(c3)).into()
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::v4::vectors::{Given, array, hex, load};

    #[test]
    fn signatures_are_those_of_the_vectors() {
        for case in load("ring_signature")["cases"].as_array().unwrap() {
            let keys = ["A1", "A2", "A3"].map(|name| Point::read(array(&case[name])).unwrap());
            let pair = Pair::from_sym(&array(&case["signer_sym"]));
            let place = keys.iter().position(|key| *key == pair.public).unwrap();
            let drawn = &case["randoms_before_hash_prune"];
            let names = match place {
                0 => ["t", "c2", "r2", "c3", "r3"],
                1 => ["t", "c1", "r1", "c3", "r3"],
                _ => ["t", "c1", "r1", "c2", "r2"],
            };
            let mut rng = Given::new(&names.map(|name| &drawn[name]));
            let form = Form { with_length: case["variant"] == "DATA", ..OTR4 };
            let message = hex(&case["message"]);
            let place = u8::try_from(place).unwrap();
            let signature = sign(form, &pair, place, &keys, &message, &mut rng);
            assert_eq!(signature[..], hex(&case["sigma"]), "{}", case["name"]);
            assert!(verify(form, &keys, &message, &signature));
            let other = Form { with_length: !form.with_length, ..form };
            assert!(!verify(other, &keys, &message, &signature));
        }
    }

    #[test]
    fn each_of_the_three_signs_and_nobody_else() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let pairs = [(); 4].map(|()| Pair::random(&mut rng));
        let keys = [0, 1, 2].map(|index: usize| pairs[index].public);
        for place in 0..3_u8 {
            let pair = &pairs[usize::from(place)];
            let signature = sign(OTR4, pair, place, &keys, b"text", &mut rng);
            assert!(verify(OTR4, &keys, b"text", &signature), "{place}");
            assert!(!verify(OTR4, &keys, b"test", &signature), "{place}");
            let mut others = keys;
            others.rotate_left(1);
            assert!(!verify(OTR4, &others, b"text", &signature), "{place}");
            let signature = sign(OTR4, &pairs[3], place, &keys, b"text", &mut rng);
            assert!(!verify(OTR4, &keys, b"text", &signature), "{place}");
        }
    }

    /// Programs reduce what they read: a scalar and the same plus the order are one.
    #[test]
    fn scalars_are_reduced() {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let pairs = [(); 3].map(|()| Pair::random(&mut rng));
        let keys = pairs.each_ref().map(|pair| pair.public);
        let mut signature = sign(OTR4, &pairs[2], 2, &keys, b"text", &mut rng);
        let mut carry = 0;
        for (byte, order) in signature.iter_mut().zip(ORDER) {
            carry += u16::from(*byte) + u16::from(order);
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        assert!(verify(OTR4, &keys, b"text", &signature));
    }

    #[test]
    fn each_part_of_a_signature_matters() {
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        let pairs = [(); 3].map(|()| Pair::random(&mut rng));
        let keys = pairs.each_ref().map(|pair| pair.public);
        let signature = sign(OTR4, &pairs[1], 1, &keys, b"text", &mut rng);
        for part in 0..6 {
            let mut changed = signature;
            changed[part * LEN + 3] ^= 1;
            assert!(!verify(OTR4, &keys, b"text", &changed), "{part}");
        }
    }
}
