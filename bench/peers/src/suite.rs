//! The suite's primitives, one by one, beside others of the same: ours in pure Rust, and what C and assembly would give.

use std::hint::black_box;

use aws_lc_rs::kem::{Ciphertext, DecapsulationKey as AwsKey, ML_KEM_768};
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _};
use curve25519_dalek::MontgomeryPoint;
use hmac::{Hmac, Mac as _};
use libcrux_ml_kem::mlkem768;
use ml_kem::KeyExport as _;
use ml_kem::kem::Decapsulate as _;
use ml_kem::ml_kem_768::{DecapsulationKey, EncapsulationKey};
use sha2::{Digest as _, Sha256};

use crate::goals::SUITE;
use crate::measure::{median, microseconds};
use crate::run::Failure;

/// Rounds of each line's measurements, which go round all contenders of the line.
const ROUNDS: usize = 60;

/// What a line compares: who, and how often in a row.
type Contender<'a> = (&'a str, u32, Box<dyn FnMut() -> Result<(), Failure> + 'a>);

pub(crate) fn report() -> Result<(), Failure> {
    for length in [64, 1 << 16] {
        let text = vec![7; length];
        let count = if length > 1_000 { 4 } else { 200 };
        told(&format!("SHA-256 of {length} bytes"), hashes(&text, count))?;
        told(&format!("HMAC-SHA-256 of {length} bytes, with its key"), macs(&text, count))?;
    }
    for length in [32, 1 << 10, 1 << 16] {
        aeads(length)?;
    }
    told("X25519, an agreement", agreements()?)?;
    kems()
}

/// Prints the medians of one line.
fn told(name: &str, mut contenders: Vec<Contender<'_>>) -> Result<(), Failure> {
    let mut times = vec![Vec::new(); contenders.len()];
    for round in 0..ROUNDS + ROUNDS / 10 {
        for ((_, count, contender), times) in contenders.iter_mut().zip(&mut times) {
            let time = microseconds(*count, contender)?;
            if round >= ROUNDS / 10 {
                times.push(time);
            }
        }
    }
    let mut line = format!("{SUITE}: {name}:");
    for ((who, ..), times) in contenders.iter().zip(times) {
        line += &format!("  {who} {:.2} µs", median(times).ok_or("no time")?);
    }
    println!("{line}");
    Ok(())
}

fn hashes(text: &[u8], count: u32) -> Vec<Contender<'_>> {
    vec![
        ("sha2", count, Box::new(move || done(Sha256::digest(black_box(text))))),
        (
            "ring",
            count,
            Box::new(move || done(ring::digest::digest(&ring::digest::SHA256, black_box(text)))),
        ),
        (
            "aws-lc",
            count,
            Box::new(move || {
                done(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, black_box(text)))
            }),
        ),
    ]
}

fn macs(text: &[u8], count: u32) -> Vec<Contender<'_>> {
    const KEY: [u8; 32] = [5; 32];
    vec![
        (
            "hmac",
            count,
            Box::new(move || {
                let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(black_box(&KEY))?;
                mac.update(black_box(text));
                done(mac.finalize().into_bytes())
            }),
        ),
        (
            "ring",
            count,
            Box::new(move || {
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, black_box(&KEY));
                done(ring::hmac::sign(&key, black_box(text)))
            }),
        ),
        (
            "aws-lc",
            count,
            Box::new(move || {
                let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, black_box(&KEY));
                done(aws_lc_rs::hmac::sign(&key, black_box(text)))
            }),
        ),
    ]
}

/// Sealing in place under a key that serves once, as packets do.
fn aeads(length: usize) -> Result<(), Failure> {
    const KEY: [u8; 32] = [5; 32];
    let mut texts = [(); 6].map(|()| vec![7_u8; length]);
    let [zero, one, two, three, four, five] = &mut texts;
    let count = if length > 10_000 { 4 } else { 100 };
    let contenders: Vec<Contender<'_>> = vec![
        (
            "chacha20 with hmac",
            count,
            Box::new(|| {
                let mut cipher = ChaCha20::new(black_box(&KEY).into(), &[0; 12].into());
                let mut block = [0; 64];
                cipher.apply_keystream(&mut block);
                cipher.apply_keystream(zero);
                let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&block[..32])?;
                mac.update(zero);
                done(mac.finalize().into_bytes())
            }),
        ),
        (
            "chacha20poly1305",
            count,
            Box::new(|| {
                let cipher = ChaCha20Poly1305::new(black_box(&KEY).into());
                let sealed =
                    cipher.encrypt_inout_detached(&[0; 12].into(), &[], one.as_mut_slice().into());
                done(sealed.map_err(|_| "not sealed")?)
            }),
        ),
        ("ring", count, Box::new(|| done(by_ring(&ring::aead::CHACHA20_POLY1305, &KEY, two)?))),
        (
            "aws-lc",
            count,
            Box::new(|| done(by_aws(&aws_lc_rs::aead::CHACHA20_POLY1305, &KEY, three)?)),
        ),
        (
            "AES-256-GCM of ring",
            count,
            Box::new(|| done(by_ring(&ring::aead::AES_256_GCM, &KEY, four)?)),
        ),
        ("of aws-lc", count, Box::new(|| done(by_aws(&aws_lc_rs::aead::AES_256_GCM, &KEY, five)?))),
    ];
    told(&format!("sealing {length} bytes, with its key"), contenders)
}

fn by_ring(
    algorithm: &'static ring::aead::Algorithm,
    key: &[u8; 32],
    text: &mut [u8],
) -> Result<[u8; 16], Failure> {
    use ring::aead::{Aad, LessSafeKey, Nonce, UnboundKey};
    let key = UnboundKey::new(algorithm, black_box(key)).map_err(|_| "no key")?;
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    let tag = LessSafeKey::new(key).seal_in_place_separate_tag(nonce, Aad::empty(), text);
    Ok(tag.map_err(|_| "not sealed")?.as_ref().try_into()?)
}

fn by_aws(
    algorithm: &'static aws_lc_rs::aead::Algorithm,
    key: &[u8; 32],
    text: &mut [u8],
) -> Result<[u8; 16], Failure> {
    use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce, UnboundKey};
    let key = UnboundKey::new(algorithm, black_box(key)).map_err(|_| "no key")?;
    let nonce = Nonce::assume_unique_for_key([0; 12]);
    let tag = LessSafeKey::new(key).seal_in_place_separate_tag(nonce, Aad::empty(), text);
    Ok(tag.map_err(|_| "not sealed")?.as_ref().try_into()?)
}

/// From 32 bytes of each side, as a turn has them.
fn agreements<'a>() -> Result<Vec<Contender<'a>>, Failure> {
    use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
    const OWN: [u8; 32] = [5; 32];
    let peer = x25519_dalek::x25519([9; 32], x25519_dalek::X25519_BASEPOINT_BYTES);
    let expected = x25519_dalek::x25519(OWN, peer);
    Ok(vec![
        (
            "x25519-dalek",
            4,
            Box::new(move || same(&x25519_dalek::x25519(black_box(OWN), peer), &expected)),
        ),
        (
            "curve25519-dalek on the Edwards form",
            4,
            Box::new(move || {
                let point = MontgomeryPoint(peer).to_edwards(0).ok_or("on the twist")?;
                same(point.mul_clamped(black_box(OWN)).to_montgomery().as_bytes(), &expected)
            }),
        ),
        (
            "aws-lc",
            4,
            Box::new(move || {
                let own =
                    PrivateKey::from_private_key(&X25519, black_box(&OWN)).map_err(|_| "no key")?;
                let public = UnparsedPublicKey::new(&X25519, peer);
                agree(&own, public, "no agreement".into(), |shared| same(shared, &expected))
            }),
        ),
    ])
}

fn kems() -> Result<(), Failure> {
    const SEED: [u8; 64] = [5; 64];
    const RANDOM: [u8; 32] = [6; 32];
    let make = || DecapsulationKey::from_seed(black_box(SEED).into());
    let crux = || mlkem768::generate_key_pair(black_box(SEED));
    told(
        "ML-KEM-768, making a key",
        vec![
            ("ml-kem", 2, Box::new(|| done(make()))),
            ("libcrux", 2, Box::new(|| done(crux()))),
            ("aws-lc", 2, Box::new(|| done(AwsKey::generate(&ML_KEM_768)?))),
        ],
    )?;

    let key = make().encapsulation_key().to_bytes();
    let crux_pair = crux();
    if key.as_slice() != crux_pair.pk() {
        return Err("libcrux makes another key".into());
    }
    let aws_key = AwsKey::generate(&ML_KEM_768)?;
    let aws_public = aws_key.encapsulation_key()?;
    // The key is checked as it is when it comes from the other side.
    told(
        "ML-KEM-768, encapsulating",
        vec![
            (
                "ml-kem",
                2,
                Box::new(|| {
                    let public = EncapsulationKey::new(black_box(&key)).map_err(|_| "no key")?;
                    done(public.encapsulate_deterministic(&RANDOM.into()))
                }),
            ),
            (
                "libcrux",
                2,
                Box::new(|| {
                    if !mlkem768::validate_public_key(black_box(crux_pair.public_key())) {
                        return Err("no key".into());
                    }
                    done(mlkem768::encapsulate(crux_pair.public_key(), RANDOM))
                }),
            ),
            ("aws-lc", 2, Box::new(|| done(aws_public.encapsulate()?))),
        ],
    )?;

    let (ciphertext, shared) = make().encapsulation_key().encapsulate_deterministic(&RANDOM.into());
    let (by_crux, shared_by_crux) = mlkem768::encapsulate(crux_pair.public_key(), RANDOM);
    if ciphertext.as_slice() != by_crux.as_slice() || shared.as_slice() != shared_by_crux {
        return Err("libcrux encapsulates otherwise".into());
    }
    let (by_aws, _) = aws_public.encapsulate()?;
    // Ours keeps the seed and makes the key of it again.
    told(
        "ML-KEM-768, decapsulating",
        vec![
            ("ml-kem, from the seed", 2, Box::new(|| done(make().decapsulate(&ciphertext)))),
            (
                "libcrux, from the seed",
                2,
                Box::new(|| done(mlkem768::decapsulate(crux().private_key(), black_box(&by_crux)))),
            ),
            (
                "aws-lc, from the key",
                2,
                Box::new(|| done(aws_key.decapsulate(Ciphertext::from(by_aws.as_ref()))?)),
            ),
        ],
    )
}

/// Nothing else of a result is wanted than that it was computed.
#[expect(clippy::unnecessary_wraps, reason = "the end of what may fail")]
fn done<T>(result: T) -> Result<(), Failure> {
    black_box(result);
    Ok(())
}

fn same(one: &[u8], other: &[u8]) -> Result<(), Failure> {
    if one == other { Ok(()) } else { Err("another secret came out".into()) }
}
