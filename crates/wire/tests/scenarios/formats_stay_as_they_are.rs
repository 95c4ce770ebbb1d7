//! Golden files: bytes that other versions of the program have to understand.

use data_encoding::HEXLOWER;
use insta::{Settings, assert_snapshot};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use undertone_ratchet::handshake::Role;
use undertone_ratchet::secret::Secret;
use undertone_wire::card::OwnCard;
use undertone_wire::cell::{FrameKind, cut};
use undertone_wire::link::{Opening, Proof};
use undertone_wire::message::{Body, Payload, Reference};
use undertone_wire::pacer::Mode;
use undertone_wire::pairing::Refusal;
use zeroize::Zeroizing;

use crate::support::{ends, run};

/// Lines of 32 bytes in hex.
fn hex(bytes: &[u8]) -> String {
    bytes.chunks(32).map(|line| HEXLOWER.encode(line) + "\n").collect()
}

fn golden(check: impl FnOnce()) {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(check);
}

#[test]
fn card() {
    let own = OwnCard::generate(&mut ChaCha20Rng::from_seed([1; 32]));
    golden(|| assert_snapshot!("card", hex(&own.public().encode())));
}

#[test]
fn cells() {
    let frame: Vec<u8> = (0..=255).cycle().take(600).collect();
    let packet = cut(FrameKind::Packet, &frame).unwrap();
    let alive = cut(FrameKind::KeepAlive, &[]).unwrap();
    let repair = cut(FrameKind::Repair, &[7; 73]).unwrap();
    let all: Vec<String> = packet.chain(alive).chain(repair).map(|cell| hex(&cell)).collect();
    golden(|| assert_snapshot!("cells", all.join("\n")));
}

#[test]
fn payloads() {
    let bodies = [
        (1, Body::text("die Möwe".into())),
        (
            7,
            Body::Text {
                text: Zeroizing::new("yes".into()),
                reply: Some(Reference { own: false, sequence: 5 }),
                timer: Some(3600),
            },
        ),
        (8, Body::Edit { of: 7, text: Zeroizing::new("no".into()) }),
        (9, Body::Delete { of: 7 }),
        (
            10,
            Body::React {
                to: Reference { own: true, sequence: 7 },
                sign: Zeroizing::new("👍".into()),
            },
        ),
        (11, Body::Timer { changes: 1, seconds: 86_400 }),
        (12, Body::Withdrawn),
        (0, Body::Receipt { highest: 0x0102_0304_0506_0708, window: 0xf0e0_d0c0_b0a0_9080 }),
        (2, Body::Name("Ada".into())),
        (3, Body::CheckWish(true)),
        (4, Body::CheckWish(false)),
        (5, Body::Check(vec![1, 2, 3])),
        (6, Body::CheckAbort),
        (7, Body::CheckBegin { epoch: 0x0102_0304, message: vec![5, 6, 7] }),
        (8, Body::CheckAnew),
        (u64::MAX, Body::Goodbye),
        (0, Body::GoodbyeSeen),
        (0, Body::Empty),
        (0, Body::Resume { highest: 0x0102_0304_0506_0708, window: 0xa0, gone: 0x0a0b }),
        (13, Body::Skip { to: 0x0102_0304_0506_0708 }),
    ];
    let lines = bodies.map(|(sequence, body)| {
        let payload = Payload { sequence, body };
        let bytes = payload.encode().unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        let (said, zeros) = bytes.split_at(end);
        format!("{payload:?}: {} and {} zeros\n", HEXLOWER.encode(said), zeros.len())
    });
    let empty = Body::Empty.encode().unwrap();
    let fill = |_, out: &mut Vec<u8>| out.extend_from_slice(b"chunk");
    let bytes = Payload::encode_with_chunk(0, &empty, fill).unwrap();
    let (said, zeros) = bytes.split_at(21);
    assert!(zeros.iter().all(|byte| *byte == 0));
    let chunk =
        format!("Empty with a chunk: {} and {} zeros\n", HEXLOWER.encode(said), zeros.len());
    golden(|| assert_snapshot!("payloads", lines.concat() + &chunk));
}

#[test]
fn link_frame() {
    let proof = Proof {
        exporter: &[1; 32],
        initiator_certificate: &[2; 32],
        responder_certificate: &[3; 32],
    };
    let opening = Opening { epoch: 0x0102_0304, mode: Mode::Off };
    let frame = proof.make(&Secret::from_bytes(&[4; 32]), Role::Initiator, opening);
    golden(|| assert_snapshot!("link_frame", hex(&frame)));
}

#[test]
fn refusals() {
    let all = [Refusal::Busy, Refusal::Burnt, Refusal::WrongPassword, Refusal::NoCommonVersion];
    let lines = all.map(|it| format!("{it:?}: {}\n", HEXLOWER.encode(&it.encode())));
    golden(|| assert_snapshot!("refusals", lines.concat()));
}

#[test]
fn pairing() {
    let outcome = run(ends(), |_, _| {});
    let mut all: Vec<String> =
        (1..).zip(&outcome.frames).map(|(n, frame)| format!("frame {n}\n{}", hex(frame))).collect();
    let guest = outcome.guest.paired();
    all.push(format!("transcript\n{}", hex(&guest.transcript.hash())));
    all.push(format!("link key\n{}", hex(guest.root.link_key().as_bytes())));
    golden(|| assert_snapshot!("pairing", all.join("\n")));
}
