//! Golden files: bytes that other versions of the program have to understand.

use data_encoding::HEXLOWER;
use insta::{Settings, assert_snapshot};
use undertone_wire::cell::{FrameKind, cut};
use undertone_wire::request::RECEIVED;

use crate::asking::{asked, ends, run};

/// Lines of 32 bytes in hex, but for the zeros at the end.
fn hex(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let (said, zeros) = bytes.split_at(end);
    let lines: String = said.chunks(32).map(|line| HEXLOWER.encode(line) + "\n").collect();
    if zeros.is_empty() { lines } else { format!("{lines}and {} zeros\n", zeros.len()) }
}

fn golden(check: impl FnOnce()) {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path("../golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(check);
}

#[test]
fn request() {
    let (own_offer, own_request, offer, request) = asked();
    let received = cut(FrameKind::Request, RECEIVED).unwrap().next().unwrap();
    let stored = (own_offer.to_bytes(), own_request.to_bytes());
    let parts: [(&str, &[u8]); 5] = [
        ("offer", &offer),
        ("request", &request),
        ("received, in its cell", &received),
        ("own offer, stored", stored.0.as_bytes()),
        ("own request, stored", stored.1.as_bytes()),
    ];
    let parts = parts.map(|(name, bytes)| format!("{name}\n{}", hex(bytes)));
    golden(|| assert_snapshot!("request", parts.join("\n")));
}

#[test]
fn acceptance() {
    let ends = ends();
    let hash = ends.asker.hash;
    let outcome = run(ends, |_, _| {});
    let frames = (1..).zip(&outcome.frames);
    let mut all = vec![format!("request hash\n{}", hex(&hash))];
    all.extend(frames.map(|(n, frame)| format!("frame {n}\n{}", hex(frame))));
    let accepter = outcome.accepter.paired();
    all.push(format!("transcript\n{}", hex(&accepter.transcript.hash())));
    all.push(format!("link key\n{}", hex(accepter.root.link_key().as_bytes())));
    golden(|| assert_snapshot!("acceptance", all.join("\n")));
}
