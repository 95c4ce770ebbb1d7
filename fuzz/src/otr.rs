//! OTR versions 2 and 3 (4 is in `otr4.rs`): its parsers, and a session in each of its states, against lines of a stranger, of a carrier that
//! does what it likes, and of a peer at fault.
//!
//! The last is what a MAC lets through: [`messages`] knows the keys of the peer, because it gave it its random numbers,
//! and makes authentic messages whose fields and plaintext the input chooses. Every target checks what has to hold, not
//! only that nothing panics, and gives how many things were accepted.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use aes::Aes128;
use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U320, U1536};
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::Rng as _;
use sha1::{Digest as _, Sha1};
use undertone_otr::files::{
    read_fingerprints, read_keys, read_tags, write_fingerprints, write_keys, write_tags,
};
use undertone_otr::{Event, Output, Policy, PrivateKey, PublicKey, Refusal, Status, Version};

use super::input::Input;
use super::pair::{
    ANA, BEN, MARK, NOW, Pair, STEPS, armored, bytes_of, check_hidden, check_stranger, data_of,
    edited, key, private_text, record, rng, session,
};

/// The policies of a run, by a byte of the input.
fn policy(byte: u8) -> Policy {
    let preset = [Policy::REQUIRE, Policy::ALWAYS, Policy::MANUAL, Policy::OPPORTUNISTIC];
    let preset = preset[usize::from(byte & 3)];
    match byte >> 2 & 3 {
        0 | 1 => preset,
        2 => preset.only(Version::V2),
        _ => preset.allow(Version::V2),
    }
}

/// Private keys, public keys, and the other files of libotr: raw, or right ones changed. What is read is written, and
/// then read again, as it was.
pub fn files(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let what = input.byte();
    let changed = |mut bytes: Vec<u8>, input: &mut Input<'_>| {
        if what & 0x80 == 0 {
            return input.0.to_vec();
        }
        input.edit(&mut bytes);
        bytes
    };
    match what & 7 {
        0 => {
            let bytes = changed(key().to_bytes().to_vec(), input);
            let Ok(key) = PrivateKey::from_bytes(&bytes) else { return 0 };
            assert_eq!(key.to_bytes().as_slice(), bytes, "another encoding");
            1
        }
        1 => {
            let bytes = changed(key().public().encoded().to_vec(), input);
            let Ok(key) = PublicKey::decode(&bytes) else { return 0 };
            assert_eq!(key.encoded(), bytes, "another encoding");
            1
        }
        2 | 3 => {
            let good = include_str!("../../interop/keys/ours").as_bytes();
            let text = String::from_utf8_lossy(&changed(good.to_vec(), input)).into_owned();
            let Ok(keys) = read_keys(&text) else { return 0 };
            let again = read_keys(&write_keys(&keys)).expect("our own file");
            assert_eq!(again.len(), keys.len());
            for (one, two) in keys.iter().zip(&again) {
                assert_eq!((&one.account, &one.protocol), (&two.account, &two.protocol));
                assert_eq!(one.key.to_bytes(), two.key.to_bytes());
            }
            keys.len()
        }
        4 | 5 => {
            let good = "ben\tana\tirc\t76c21f2fc0b424f5ca6adcf072f682c0c4bc5aef\tsmp\n# x\nben\tana\tirc\t1\n";
            let text = String::from_utf8_lossy(&changed(good.into(), input)).into_owned();
            let mut entries = read_fingerprints(&text).entries;
            entries.retain(|entry| {
                ![&entry.peer, &entry.account, &entry.protocol, &entry.trust]
                    .iter()
                    .any(|field| field.contains('\r'))
            });
            assert_eq!(read_fingerprints(&write_fingerprints(&entries)).entries, entries);
            entries.len()
        }
        _ => {
            let good = "ana\tirc\t27e31597\n# x\nana\tirc\tff\nben\tirc\t100\n";
            let text = String::from_utf8_lossy(&changed(good.into(), input)).into_owned();
            let mut entries = read_tags(&text).entries;
            entries.retain(|entry| {
                ![&entry.account, &entry.protocol].iter().any(|field| field.contains('\r'))
            });
            assert_eq!(read_tags(&write_tags(&entries)).entries, entries);
            entries.len()
        }
    }
}

/// Lines of a whole conversation, which an input takes as they are or changes.
fn stock() -> &'static Vec<String> {
    static STOCK: OnceLock<Vec<String>> = OnceLock::new();
    STOCK.get_or_init(|| {
        let mut all = Vec::new();
        for version in [Version::V3, Version::V2] {
            let mut pair = Pair::new(Policy::MANUAL.only(version), None, 9);
            pair.begin(0);
            let said = pair.ends[0].send("hello", NOW).expect("private");
            let end = pair.ends[1].end();
            pair.sends(0, said.lines);
            pair.sends(1, end.lines);
            all.extend(pair.all.into_iter().map(|(_, line)| line));
        }
        all
    })
}

/// Any lines, to a session that is in the clear, waits with a text, or has answered a query. Nobody without its keys comes
/// to a session with it, makes it say what waits, or has it show a text as private.
pub fn lines(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let first = input.byte();
    let policy = policy(first);
    let mut ana = session(ANA, policy, (first & 0x10 != 0).then_some(200));
    let rng = &mut rng(1);
    let mut now = NOW;
    let mut accepted = 0;
    if policy.require_encryption {
        drop(ana.send(MARK, now).expect("it waits"));
    }
    for _ in 0..STEPS {
        if input.is_over() {
            break;
        }
        let how = input.byte();
        let line = match how & 7 {
            // Any text.
            0 => String::from_utf8_lossy(input.bytes(2_000)).into_owned(),
            // Any bytes in an armour, perhaps behind a good header.
            1 => {
                let mut bytes = input.bytes(2_000).to_vec();
                if how & 8 != 0 {
                    let (kind, receiver) = (input.byte(), if how & 16 == 0 { ANA } else { 0 });
                    let kind = [2, 3, 0x0a, 0x11, 0x12][usize::from(kind) % 5];
                    let header = [&[0, 3, kind][..], &BEN.to_be_bytes(), &receiver.to_be_bytes()];
                    bytes.splice(0..0, header.concat());
                }
                armored(&bytes)
            }
            // A piece, of any message.
            2 => {
                let (number, of) = (input.byte(), input.byte());
                let text = String::from_utf8_lossy(input.bytes(500)).into_owned();
                match how & 8 {
                    0 => format!("?OTR|{BEN:x}|{ANA:x},{number},{of},{text},"),
                    _ => format!("?OTR,{number},{of},{text},"),
                }
            }
            // A query or a tag.
            3 => {
                let digits = String::from_utf8_lossy(input.bytes(8)).into_owned();
                match how & 8 {
                    0 => format!("?OTR{digits}?"),
                    _ => format!("x \t  \t\t\t\t \t \t \t  {digits}"),
                }
            }
            // Time passes.
            4 => {
                now += Duration::from_secs(u64::from(input.byte()));
                let output = ana.tick(now);
                check_stranger(&ana, &output, policy);
                continue;
            }
            // A line of another conversation, its bytes changed before they were armored, or after.
            _ => {
                let all = stock();
                let line = &all[usize::from(input.byte()) % all.len()];
                edited(line, how & 8 == 0, input)
            }
        };
        let output = ana.receive(&line, now, rng);
        accepted += usize::from(!matches!(output.events[..], [Event::Refused(_)]));
        check_stranger(&ana, &output, policy);
    }
    accepted
}

/// Two ends over a carrier that loses, doubles, changes, turns back and delays: whoever comes to a session comes to one
/// with the other's key, both have the same one if nothing is under way, and nothing is heard that was not said.
pub fn exchange(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let first = input.byte();
    let mut pair = Pair::new(policy(first), (first & 0x10 != 0).then_some(200), 3);
    let mut now = NOW;
    let mut said = 0_u32;
    let mut heard = [BTreeSet::new(), BTreeSet::new()];
    let mut sessions = 0;
    for _ in 0..STEPS {
        if input.is_over() {
            break;
        }
        let how = input.byte();
        let who = usize::from(how >> 3 & 1);
        let pick = usize::from(how >> 4);
        let (to, line) = match how & 7 {
            0 => {
                let output = pair.ends[who].start(now).expect("versions");
                pair.sends(who, output.lines);
                continue;
            }
            1 => {
                said += 1;
                if let Ok(output) = pair.ends[who].send(&format!("{MARK} {said}"), now) {
                    pair.sends(who, output.lines);
                }
                continue;
            }
            2 if pick == 0 => {
                let output = pair.ends[who].end();
                pair.sends(who, output.lines);
                continue;
            }
            2 => {
                now += Duration::from_secs(u64::from(how));
                let output = pair.ends[who].tick(now);
                pair.sends(who, output.lines);
                continue;
            }
            // Something that was sent at any time, to either end, changed or not.
            6 | 7 if !pair.all.is_empty() => {
                let at = usize::from(input.byte()) % pair.all.len();
                let (to, line) = pair.all[at].clone();
                let line = if how & 7 == 7 { edited(&line, pick & 1 == 0, input) } else { line };
                (if pick & 2 == 0 { to } else { who }, line)
            }
            // The next line, mostly.
            _ => {
                let at = pick % pair.under_way.len().max(1);
                let at = if how & 7 < 5 { 0 } else { at };
                let Some(next) = pair.under_way.remove(at) else { continue };
                next
            }
        };
        for event in pair.receive(to, &line, now) {
            match event {
                Event::Secure { fingerprint, .. } => {
                    sessions += 1;
                    assert_eq!(fingerprint, key().public().fingerprint());
                }
                Event::Private { text, .. } => {
                    let plain = text.strip_prefix("[resent] ").unwrap_or(&text);
                    assert!(plain.starts_with(MARK), "never said: {text}");
                    assert!(heard[to].insert(text), "heard twice");
                }
                _ => {}
            }
        }
    }
    sessions
}

const PRIME: Odd<U1536> = Odd::<U1536>::from_be_hex(concat!(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD",
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F",
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA237327FFFFFFFFFFFFFFFF",
));
const PARAMS: FixedMontyParams<{ U1536::LIMBS }> = FixedMontyParams::new_vartime(PRIME);

fn mpi(number: &U1536) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let zeros = bytes.as_ref().iter().take_while(|byte| **byte == 0).count();
    data_of(&bytes.as_ref()[zeros..])
}

/// Somebody who has the keys of Ben's first messages, numbers 1 and 1.
struct Thief {
    aes: [u8; 16],
    mac: [u8; 20],
    next: Vec<u8>,
    counter: u64,
}

impl Thief {
    /// Ben's commitment took 16 bytes and then 40 of his random numbers; Ana's value is in the message after it.
    fn new(pair: &Pair, mut bens: ChaCha20Rng) -> Self {
        let (mut r, mut x) = ([0; 16], [0; 40]);
        bens.fill_bytes(&mut r);
        bens.fill_bytes(&mut x);
        let x = U320::from_be_slice(&x);
        let message = pair
            .all
            .iter()
            .filter_map(|(_, line)| bytes_of(line))
            .find(|message| message[2] == 0x0a);
        let message = message.expect("a D-H Key message");
        let number = &message[15..];
        let mut wide = [0; 192];
        wide[192 - number.len()..].copy_from_slice(number);
        let theirs = U1536::from_be_slice(&wide);
        let power = |base: &U1536| FixedMontyForm::new(base, &PARAMS).pow(&x).retrieve();
        let (ours, shared) = (power(&U1536::from_u8(2)), mpi(&power(&theirs)));
        let byte = if ours > theirs { 1 } else { 2 };
        let hash = Sha1::new().chain_update([byte]).chain_update(&shared).finalize();
        let aes: [u8; 16] = hash[..16].try_into().expect("16 bytes");
        Self { aes, mac: Sha1::digest(aes).into(), next: mpi(&ours), counter: 0 }
    }

    /// An authentic message with this plaintext.
    fn says(&mut self, flags: u8, plaintext: &[u8], revealed: &[u8]) -> Vec<u8> {
        self.counter += 1;
        let top = self.counter.to_be_bytes();
        let mut counter = [0; 16];
        counter[..8].copy_from_slice(&top);
        let mut ciphertext = plaintext.to_vec();
        Ctr128BE::<Aes128>::new(&self.aes.into(), &counter.into()).apply_keystream(&mut ciphertext);
        let covered = [
            &[0, 3, 3][..],
            &BEN.to_be_bytes(),
            &ANA.to_be_bytes(),
            &[flags, 0, 0, 0, 1, 0, 0, 0, 1],
            &self.next,
            &top,
            &data_of(&ciphertext),
        ]
        .concat();
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.mac).expect("any length");
        mac.update(&covered);
        [covered, mac.finalize().into_bytes().to_vec(), data_of(revealed)].concat()
    }
}

/// A private session, and a peer at fault who makes authentic messages with any plaintext: any text, any records, in any
/// state of a check. What isn't authentic changes nothing; what is comes once, with its own text; nothing leaves in the
/// clear.
pub fn messages(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let first = input.byte();
    let mut pair = Pair::new(Policy::REQUIRE, (first & 1 != 0).then_some(400), 5);
    pair.begin(0);
    let mut thief = Thief::new(&pair, rng(6));
    pair.under_way.clear();
    let mut now = NOW;
    let mut accepted = 0;
    for _ in 0..STEPS {
        if input.is_over() {
            break;
        }
        let how = input.byte();
        match how & 7 {
            // What the user does.
            0 => {
                let [ana, _] = &mut pair.ends;
                let instance = ana.instances().next().and_then(|info| info.instance);
                let rng = &mut pair.rngs[0];
                let lines = match how >> 3 & 7 {
                    0 | 1 => ana
                        .ask((how & 8 == 0).then_some("which?"), MARK, now, rng)
                        .map(|output| output.lines)
                        .ok(),
                    2 | 3 => ana.answer(instance, MARK, now, rng).map(|output| output.lines).ok(),
                    4 => ana.cancel(instance, now).map(|output| output.lines).ok(),
                    5 => ana
                        .extra_key(u32::from(how), MARK.as_bytes(), now)
                        .map(|(_, output)| output.lines)
                        .ok(),
                    _ => ana.send(MARK, now).map(|output| output.lines).ok(),
                };
                check_hidden(&lines.unwrap_or_default());
            }
            1 => {
                now += Duration::from_secs(u64::from(how >> 3) * 4);
                let output = pair.ends[0].tick(now);
                check_hidden(&output.lines);
            }
            // Authentic: any plaintext, or text and records.
            2..=5 => {
                let mut plaintext = input.bytes(1_000).to_vec();
                let raw = how & 7 == 2;
                if !raw {
                    plaintext.retain(|byte| *byte != 0);
                    plaintext.push(0);
                    for _ in 0..how >> 6 {
                        let kind = input.byte() % 10;
                        let mut value = input.bytes(1_000).to_vec();
                        if kind & 1 == 0 && kind > 1 {
                            // As many numbers as it says.
                            let count = u32::try_from(value.len() / 3).expect("short");
                            let numbers = value.chunks(3).map(data_of).collect::<Vec<_>>().concat();
                            value = [&count.to_be_bytes()[..], &numbers].concat();
                        }
                        plaintext.extend(record(kind, &value));
                    }
                }
                let message = thief.says(how >> 3 & 1, &plaintext, input.bytes(40));
                let private = pair.ends[0].status() == Status::Private;
                let mut output = Output::default();
                // In an armour of its own, or in pieces.
                let line = armored(&message);
                let lines = if how & 0x10 == 0 { vec![line] } else { pieces(&line) };
                for line in lines {
                    let Output { lines, events } =
                        pair.ends[0].receive(&line, now, &mut pair.rngs[0]);
                    output.lines.extend(lines);
                    output.events.extend(events);
                }
                check_hidden(&output.lines);
                let text = plaintext.split(|byte| *byte == 0).next().unwrap_or_default();
                let text = String::from_utf8_lossy(text).into_owned();
                let shown: Vec<&String> = output.events.iter().filter_map(private_text).collect();
                let expected = if private && !text.is_empty() { vec![&text] } else { vec![] };
                assert_eq!(shown, expected);
                accepted += usize::from(private);
                // A second time it is nothing.
                let again = pair.ends[0].receive(&armored(&message), now, &mut pair.rngs[0]);
                assert!(matches!(
                    again.events[..],
                    [Event::Refused(Refusal::Unreadable(_) | Refusal::NotPrivate)]
                ));
            }
            // Changed in any place: the length of what it reveals is the one thing that no MAC covers.
            6 => {
                let message = thief.says(0, MARK.as_bytes(), &[]);
                let mut changed = message.clone();
                input.edit(&mut changed);
                let status = pair.ends[0].status();
                if changed.get(..message.len() - 4) != message.get(..message.len() - 4) {
                    let output = pair.ends[0].receive(&armored(&changed), now, &mut pair.rngs[0]);
                    let shown = output.events.iter().filter_map(private_text).next();
                    assert!(
                        shown.is_none() && output.lines.iter().all(|line| !line.contains(MARK))
                    );
                    assert_eq!(pair.ends[0].status(), status);
                }
            }
            // The user begins anew, in the clear.
            _ => {
                let output = pair.ends[0].end();
                check_hidden(&output.lines);
                assert_eq!(pair.ends[0].status(), Status::Plain);
            }
        }
    }
    accepted
}

/// A line in pieces.
fn pieces(line: &str) -> Vec<String> {
    let all: Vec<&[u8]> = line.as_bytes().chunks(300).collect();
    let of = all.len();
    let piece = |(number, piece)| {
        let piece = std::str::from_utf8(piece).expect("ASCII");
        format!("?OTR|{BEN:08x}|{ANA:08x},{number},{of},{piece},")
    };
    (1..).zip(all).map(piece).collect()
}
