//! Whoever recorded a conversation can make it say anything: with keys that went over the wire, the
//! programs of libotr alter recorded messages of ours, and what comes out is authentic.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what fails in a helper fails its test"
)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use sha1::{Digest, Sha1};
use undertone_interop::{POLICY_V3, Table};
use undertone_otr::Settings;

/// The parts of a data message of version 3.
struct Data {
    /// Everything that is authenticated.
    covered: Vec<u8>,
    ciphertext: Vec<u8>,
    counter: Vec<u8>,
    next: Vec<u8>,
    mac: Vec<u8>,
    revealed: Vec<Vec<u8>>,
}

fn data(line: &str) -> Option<Data> {
    let base64 = line.trim().strip_prefix("?OTR:AAMD")?.strip_suffix('.')?;
    let bytes = BASE64.decode(["AAMD", base64].concat().as_bytes()).ok()?;
    let field = |at: usize| {
        let len = usize::try_from(u32::from_be_bytes(bytes[at..at + 4].try_into().ok()?)).ok()?;
        Some((bytes.get(at + 4..at + 4 + len)?.to_vec(), at + 4 + len))
    };
    let (next, at) = field(11 + 1 + 8)?;
    let counter = bytes[at..at + 8].to_vec();
    let (ciphertext, at) = field(at + 8)?;
    let (covered, mac) = (bytes[..at].to_vec(), bytes[at..at + 20].to_vec());
    let (revealed, _) = field(at + 20)?;
    let revealed = revealed.chunks(20).map(<[u8]>::to_vec).collect();
    Some(Data { covered, ciphertext, counter, next, mac, revealed })
}

fn verifies(data: &Data, key: &[u8]) -> bool {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).unwrap();
    mac.update(&data.covered);
    mac.verify_slice(&data.mac).is_ok()
}

/// Runs one of libotr's programs.
fn tool(name: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(name)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Debian's package libotr5-bin is needed");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

/// The last line of a program's output that is a message.
fn message(output: &str) -> String {
    output.lines().rev().find(|line| line.starts_with("?OTR:")).unwrap().to_owned()
}

/// A conversation of ours with libotr, as somebody on the wire has it.
fn recorded() -> Vec<String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut table = Table::new(target, Settings::default(), POLICY_V3).unwrap();
    table.we(|ours, now, _| ours.start(now)).unwrap();
    for _ in 0..4 {
        table.we(|ours, now, _| ours.send("I was at the lake.", now)).unwrap();
        table.they("say", &["So was I."]).unwrap();
    }
    [table.sent.clone(), table.heard.clone()].concat()
}

#[test]
fn a_recorded_message_says_something_else_and_is_authentic() {
    let lines = recorded();
    let recorded: Vec<(&String, Data)> =
        lines.iter().filter_map(|line| Some((line, data(line)?))).collect();
    let keys: Vec<Vec<u8>> = recorded.iter().flat_map(|(_, data)| data.revealed.clone()).collect();
    let mut altered = [0, 0];
    for (line, original) in &recorded {
        let Some(key) = keys.iter().find(|key| verifies(original, key)) else { continue };
        let key = HEXLOWER.encode(key);
        let (old, new, side) = if original.ciphertext.len() == "I was at the lake.".len() {
            ("lake", "bank", 0)
        } else {
            ("was", "saw", 1)
        };
        let at = if side == 0 { "13" } else { "3" };
        let forged = message(&tool("otr_modify", &[&key, old, new, at], line));
        let forged = data(&forged).unwrap();
        let key = HEXLOWER.decode(key.as_bytes()).unwrap();
        assert!(verifies(&forged, &key));
        assert_ne!(forged.ciphertext, original.ciphertext);
        assert_eq!(forged.counter, original.counter);
        altered[side] += 1;
    }
    assert!(altered.iter().all(|count| *count >= 2), "{altered:?}");
}

#[test]
fn a_message_is_put_together_from_nothing_and_is_authentic() {
    let lines = recorded();
    let all: Vec<Data> = lines.iter().filter_map(|line| data(line)).collect();
    let keys: Vec<Vec<u8>> = all.iter().flat_map(|data| data.revealed.clone()).collect();
    let original = all.iter().find(|data| keys.iter().any(|key| verifies(data, key))).unwrap();
    let key = keys.iter().find(|key| verifies(original, key)).unwrap();
    let hex = |bytes: &[u8]| HEXLOWER.encode(bytes);
    let forged = tool(
        "otr_remac",
        &[
            &hex(key),
            "1000",
            "2000",
            "0",
            "3",
            "4",
            &hex(&original.next),
            &hex(&original.counter),
            &hex(b"whatever"),
            "",
        ],
        "",
    );
    let forged = data(&message(&forged)).unwrap();
    assert!(verifies(&forged, key));
    assert_eq!(forged.ciphertext, b"whatever");
}

/// With the key of a message its text is read and replaced, as whoever received it can.
#[test]
fn a_reader_writes_another_text_under_the_same_key() {
    let vectors = include_str!("../../crates/otr/tests/vectors/otr3_ake_data.json");
    let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let recorded = HEXLOWER.decode(text(&vectors["data"]["message"]).as_bytes()).unwrap();
    let line = format!("?OTR:{}.", BASE64.encode(&recorded));
    let aes = text(&vectors["data"]["bob_sending_aes"]);
    let read = tool("otr_readforge", &[&aes], &line);
    assert!(read.contains("hello v3"), "{read}");

    let forged = message(&tool("otr_readforge", &[&aes, "goodbye v3"], &line));
    let mac = Sha1::digest(HEXLOWER.decode(aes.as_bytes()).unwrap());
    assert_eq!(HEXLOWER.encode(&mac), text(&vectors["data"]["bob_sending_mac"]));
    assert!(verifies(&data(&forged).unwrap(), &mac));
    let read = tool("otr_readforge", &[&aes], &forged);
    assert!(read.contains("goodbye v3"), "{read}");
}
