//! A peer at fault in version 4: it has all keys of a session, keeps them by an implementation of its own, and says
//! whatever it likes in messages that are authentic.

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U640, U3072};
use ed448_goldilocks::{CompressedEdwardsY, EdwardsPoint, EdwardsScalar, WideEdwardsScalarBytes};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng as _;
use shake::Shake256;
use shake::digest::{ExtendableOutput as _, Update as _, XofReader as _};

use super::pair::{ANA, BEN, data_of};

const PRIME: Odd<U3072> = Odd::<U3072>::from_be_hex(concat!(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD",
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F",
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B",
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510",
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7",
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C",
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
));
const PARAMS: FixedMontyParams<{ U3072::LIMBS }> = FixedMontyParams::new_vartime(PRIME);

fn shake<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut hash = Shake256::default();
    for part in parts {
        hash.update(part);
    }
    let mut out = [0; N];
    hash.finalize_xof().read(&mut out);
    out
}

fn kdf<const N: usize>(usage: u8, parts: &[&[u8]]) -> [u8; N] {
    shake(&[&[b"OTRv4".as_slice(), &[usage]], parts].concat())
}

/// Secrets of a turn, and what the other end sees of them.
#[derive(Clone)]
struct Keys {
    scalar: EdwardsScalar,
    exponent: U640,
    point: [u8; 57],
    number: Vec<u8>,
}

/// The number without zeros before it.
fn minimal(number: &U3072) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.as_ref().iter().take_while(|byte| **byte == 0).count();
    bytes.as_ref()[zeros..].to_vec()
}

fn power(base: &U3072, exponent: &U640) -> Vec<u8> {
    minimal(&FixedMontyForm::new(base, &PARAMS).pow(exponent).retrieve())
}

impl Keys {
    /// In the order in which the library takes its random numbers.
    fn random(rng: &mut ChaCha20Rng) -> Self {
        let (mut sym, mut exponent) = ([0; 57], [0; 80]);
        rng.fill_bytes(&mut sym);
        rng.fill_bytes(&mut exponent);
        let mut wide = WideEdwardsScalarBytes::default();
        wide[..57].copy_from_slice(&shake::<57>(&[&sym]));
        wide[0] &= 0xfc;
        wide[55] |= 0x80;
        wide[56] = 0;
        let scalar = EdwardsScalar::from_bytes_mod_order_wide(&wide);
        let point = EdwardsPoint::GENERATOR.scalar_mul(&scalar).to_affine().compress().0;
        let exponent = U640::from_be_slice(&exponent);
        let number = power(&U3072::from_u8(2), &exponent);
        Self { scalar, exponent, point, number }
    }

    fn ecdh(&self, theirs: &[u8; 57]) -> [u8; 57] {
        let point = CompressedEdwardsY(*theirs).decompress().expect("a point of the library");
        point.to_edwards().scalar_mul(&self.scalar).to_affine().compress().0
    }

    fn dh(&self, theirs: &[u8]) -> Vec<u8> {
        let mut wide = [0; 384];
        wide[384 - theirs.len()..].copy_from_slice(theirs);
        power(&U3072::from_be_slice(&wide), &self.exponent)
    }
}

/// Takes a message of the library apart.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, len: usize) -> &'a [u8] {
        let (first, rest) = self.0.split_at(len);
        self.0 = rest;
        first
    }

    fn int(&mut self) -> u32 {
        u32::from_be_bytes(self.take(4).try_into().expect("4 bytes"))
    }

    fn data(&mut self) -> &'a [u8] {
        let len = self.int();
        self.take(usize::try_from(len).expect("a length"))
    }

    fn point(&mut self) -> [u8; 57] {
        self.take(57).try_into().expect("57 bytes")
    }
}

/// What a message says of itself; who is honest says what is so.
#[derive(Clone, Copy, Default)]
pub(super) struct Lies {
    /// Added to the number of messages of the chain before.
    pub(super) previous: u32,
    /// So many messages are left out.
    pub(super) skipped: u32,
    /// A number for the group is there where none should be, or none where one should.
    pub(super) number: bool,
}

/// The end that sent Auth-R.
pub(super) struct Peer4 {
    rng: ChaCha20Rng,
    ours: Keys,
    /// Their number, which is not in each message.
    theirs: Vec<u8>,
    root: [u8; 64],
    brace: [u8; 32],
    /// Turns of both ends.
    turns: u32,
    chain: [u8; 64],
    ratchet: u32,
    next: u32,
    previous: u32,
}

impl Peer4 {
    /// Who answered this Identity message with these random numbers.
    pub(super) fn new(identity: &[u8], mut rng: ChaCha20Rng) -> Self {
        let (keys, first) = (Keys::random(&mut rng), Keys::random(&mut rng));
        let mut fields = Fields(identity);
        // Header and profile, which has no key of version 3.
        fields.take(11 + 263);
        let (y, b) = (fields.point(), fields.data());
        let (first_y, first_b) = (fields.point(), fields.data());
        let mixed: [u8; 64] = kdf(0x03, &[&keys.ecdh(&y), &kdf::<32>(0x01, &[&keys.dh(b)])]);
        let root = kdf(0x0b, &[&mixed]);
        let mut peer = Self {
            rng: rng.clone(),
            ours: first,
            theirs: first_b.to_vec(),
            root,
            brace: [0; 32],
            turns: 0,
            chain: [0; 64],
            ratchet: 0,
            next: 0,
            previous: 0,
        };
        peer.chain = peer.turn(true, &first_y, first_b);
        peer
    }

    fn turn(&mut self, third: bool, point: &[u8; 57], number: &[u8]) -> [u8; 64] {
        self.brace =
            if third { kdf(0x01, &[&self.ours.dh(number)]) } else { kdf(0x02, &[&self.brace]) };
        let mixed: [u8; 64] = kdf(0x03, &[&self.ours.ecdh(point), &self.brace]);
        let chain = kdf(0x13, &[&self.root, &mixed]);
        self.root = kdf(0x12, &[&self.root, &mixed]);
        chain
    }

    /// Takes a data message of the other end, of which only its keys matter: if they are new, the
    /// next message will have new ones too. Numbers that aren't there are those before.
    pub(super) fn hears(&mut self, message: &[u8]) {
        let mut fields = Fields(message);
        fields.take(12);
        let (_, ratchet, _) = (fields.int(), fields.int(), fields.int());
        let (point, number) = (fields.point(), fields.data());
        if ratchet != self.turns {
            return;
        }
        if !number.is_empty() {
            self.theirs = number.to_vec();
        }
        let theirs = self.theirs.clone();
        // Theirs, and then ours.
        self.turn(self.turns.is_multiple_of(3), &point, &theirs);
        self.turns += 1;
        let fresh = Keys::random(&mut self.rng);
        self.ours.scalar = fresh.scalar;
        self.ours.point = fresh.point;
        let third = self.turns.is_multiple_of(3);
        if third {
            self.ours = fresh;
        }
        self.chain = self.turn(third, &point, &theirs);
        (self.previous, self.next, self.ratchet) = (self.next, 0, self.turns);
        self.turns += 1;
    }

    /// An authentic message with this plaintext.
    pub(super) fn says(
        &mut self,
        flags: u8,
        plaintext: &[u8],
        revealed: &[u8],
        lies: Lies,
    ) -> Vec<u8> {
        for _ in 0..lies.skipped {
            self.step();
        }
        let (number, enc) = (self.next, kdf::<64>(0x15, &[&self.chain]));
        self.step();
        let key: [u8; 32] = enc[..32].try_into().expect("32 bytes");
        let mut ciphertext = plaintext.to_vec();
        ChaCha20::new(&key.into(), &[0; 12].into()).apply_keystream(&mut ciphertext);
        let has_number = self.ratchet.is_multiple_of(3) != lies.number;
        let covered = [
            &[0, 4, 3][..],
            &BEN.to_be_bytes(),
            &ANA.to_be_bytes(),
            &[flags],
            &self.previous.wrapping_add(lies.previous).to_be_bytes(),
            &self.ratchet.to_be_bytes(),
            &number.to_be_bytes(),
            &self.ours.point,
            &data_of(if has_number { &self.ours.number } else { &[] }),
            &data_of(&ciphertext),
        ]
        .concat();
        let mac = kdf::<64>(0x18, &[&kdf::<64>(0x16, &[&enc]), &covered]);
        [covered, mac.to_vec(), data_of(revealed)].concat()
    }

    fn step(&mut self) {
        self.chain = kdf(0x14, &[&self.chain]);
        self.next += 1;
    }
}
