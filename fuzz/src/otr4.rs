//! OTR version 4: what is published and stored, a session against lines of a stranger, of a carrier that does what it
//! likes and of a peer at fault ([`Peer4`]), and a prekey server between clients that may be at fault.
//!
//! Every target checks what has to hold, and gives how many things were accepted.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use undertone_otr::prekey_server::{
    Answer, Published, Publisher, Server, Wanted, query, read_answer,
};
use undertone_otr::{
    Account, ClientProfile, Ensemble, Event, Fingerprint, Identity, InstanceTag, Output, Policy,
    PrekeyMessage, PrekeyProfile, Prekeys, Publication, Refusal, Status, Version, Versions,
};

use super::input::Input;
use super::pair::{
    ANA, BEGAN, BEN, MARK, NOW, Pair, STEPS, account, armored, bytes_of, check_hidden,
    check_stranger, edited, identities, private_text, record, rng,
};
use super::peer4::{Lies, Peer4};

/// How many messages may be missing in a chain.
const SKIP_MAX: u32 = 1_000;

fn policy() -> Policy {
    Policy::REQUIRE.only(Version::V4)
}

/// A generator of the group, as a point is written.
const GENERATOR: [u8; 57] = [
    0x14, 0xfa, 0x30, 0xf2, 0x5b, 0x79, 0x08, 0x98, 0xad, 0xc8, 0xd7, 0x4e, 0x2c, 0x13, 0xbd, 0xfd,
    0xc4, 0x39, 0x7c, 0xe6, 0x1c, 0xff, 0xd3, 0x3a, 0xd7, 0xc2, 0xa0, 0x05, 0x1e, 0x9c, 0x78, 0x87,
    0x40, 0x98, 0xa3, 0x6c, 0x73, 0x73, 0xea, 0x4b, 0x62, 0xc7, 0xc9, 0x56, 0x37, 0x20, 0x76, 0x88,
    0x24, 0xbc, 0xb6, 0x6e, 0x71, 0x46, 0x3f, 0x69, 0x00,
];

/// What a client published, and its prekeys as they were stored then.
struct Published4 {
    publication: Publication,
    stored: Vec<u8>,
}

fn published() -> &'static Published4 {
    static PUBLISHED: OnceLock<Published4> = OnceLock::new();
    PUBLISHED.get_or_init(|| {
        let prekeys = Prekeys::new();
        let account = account(BEN, true).with_prekeys(prekeys.clone());
        let versions = Versions::NONE.with(Version::V4).with(Version::V3);
        let publication = account.publish(versions, 3, NOW, &mut rng(20)).expect("good numbers");
        Published4 { publication, stored: prekeys.to_bytes().to_vec() }
    })
}

fn ensemble(publication: &Publication, index: usize) -> Option<Ensemble> {
    let Publication { profile, prekey_profile, messages } = publication.clone();
    let message = messages.get(index % messages.len().max(1))?.clone();
    Some(Ensemble { profile, prekey_profile, message })
}

/// What is stored and what is published: raw, or right ones changed. What is read is written as it was; and what is
/// still good after a change of what its signatures cover, was not changed.
pub fn records(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let what = input.byte();
    let Published4 { publication, stored } = published();
    let Some(good) = ensemble(publication, 0) else { return 0 };
    let changed = |mut bytes: Vec<u8>, input: &mut Input<'_>| {
        if what & 0x80 == 0 {
            return input.0.to_vec();
        }
        input.edit(&mut bytes);
        bytes
    };
    let unix = BEGAN + u64::from(what >> 3 & 0x0f) * 24 * 60 * 60;
    match what & 7 {
        0 => {
            let bytes = changed(identities()[0].to_bytes().to_vec(), input);
            let Ok(identity) = Identity::from_bytes(&bytes) else { return 0 };
            assert_eq!(*identity.to_bytes(), bytes, "another encoding");
            1
        }
        1 => {
            let bytes = changed(stored.clone(), input);
            let Ok(prekeys) = Prekeys::from_bytes(&bytes) else { return 0 };
            assert_eq!(*prekeys.to_bytes(), bytes, "another encoding");
            1
        }
        2 | 3 => {
            let bytes = changed(good.profile.encoded().to_vec(), input);
            let Ok(profile) = ClientProfile::decode(&bytes) else { return 0 };
            assert_eq!(profile.encoded(), bytes, "another encoding");
            if profile.check(profile.owner(), unix).is_ok() {
                assert_eq!(profile, good.profile, "forged");
            }
            1
        }
        4 => {
            let bytes = changed(good.prekey_profile.encoded(), input);
            let Ok(profile) = PrekeyProfile::decode(&bytes) else { return 0 };
            assert_eq!(profile.encoded(), bytes, "another encoding");
            if profile.check(&good.profile, unix).is_ok() {
                assert_eq!(profile, good.prekey_profile, "forged");
            }
            1
        }
        5 => {
            let bytes = changed(good.message.encoded(), input);
            let Ok(message) = PrekeyMessage::decode(&bytes) else { return 0 };
            assert_eq!(message.encoded(), bytes, "another encoding");
            1
        }
        6 => {
            let bytes = changed(good.encoded(), input);
            let Ok(ensemble) = Ensemble::decode(&bytes) else { return 0 };
            assert_eq!(ensemble.encoded(), bytes, "another encoding");
            if ensemble.check(unix).is_ok() {
                assert_eq!(ensemble.profile, good.profile, "forged");
            }
            1
        }
        _ => {
            let digits = good.profile.fingerprint().to_hex().into_bytes();
            let text = String::from_utf8_lossy(&changed(digits, input)).into_owned();
            let Some(read) = Fingerprint::from_hex(&text) else { return 0 };
            assert_eq!(read.to_hex(), text.replace(' ', "").to_lowercase());
            1
        }
    }
}

/// Lines of whole conversations of others, one that began while an end was offline.
fn stock() -> &'static Vec<String> {
    static STOCK: OnceLock<Vec<String>> = OnceLock::new();
    STOCK.get_or_init(|| {
        let mut pair = Pair::new(policy(), None, 9);
        pair.begin(0);
        let said = pair.ends[0].send("hello", NOW).expect("private");
        pair.sends(0, said.lines);
        let end = pair.ends[1].end();
        pair.sends(1, end.lines);
        let mut other = Pair::new(policy(), None, 13);
        let publication = other.publish(1, 1);
        let written = other.write_offline(0, &ensemble(&publication, 0).expect("one"), "hello");
        other.sends(0, written.lines);
        pair.all.into_iter().chain(other.all).map(|(_, line)| line).collect()
    })
}

/// Any lines, to a session that waits with a text, has begun, or has answered. Nobody comes to a session with lines of
/// others, makes it say what waits, or has it show a text as private.
pub fn lines(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let first = input.byte();
    let mut pair = Pair::new(policy(), (first & 1 != 0).then_some(200), 1);
    // Prekeys that nobody else knows of.
    drop(pair.publish(0, 1));
    let [ana, _] = &mut pair.ends;
    let rng = &mut rng(1);
    let mut now = NOW;
    let mut accepted = 0;
    drop(ana.send(MARK, now).expect("it waits"));
    for _ in 0..STEPS {
        if input.is_over() {
            break;
        }
        let how = input.byte();
        let line = match how & 7 {
            0 => String::from_utf8_lossy(input.bytes(2_000)).into_owned(),
            // Any bytes behind a good header.
            1 => {
                let (kind, receiver) = (input.byte(), if how & 8 == 0 { ANA } else { 0 });
                let kind = [3, 0x0d, 0x35, 0x36, 0x37][usize::from(kind) % 5];
                let header = [&[0, 4, kind][..], &BEN.to_be_bytes(), &receiver.to_be_bytes()];
                armored(&[&header.concat()[..], input.bytes(2_000)].concat())
            }
            // A piece of any message, in any order.
            2 => {
                let (number, of, identifier) = (input.byte() & 7, input.byte() & 7, how >> 3 & 3);
                let text = String::from_utf8_lossy(input.bytes(500)).into_owned();
                format!("?OTR|{identifier:08x}|{BEN:x}|{ANA:x},{number},{of},{text},")
            }
            3 => {
                let digits = String::from_utf8_lossy(input.bytes(8)).into_owned();
                format!("?OTR{digits}?")
            }
            4 if how & 8 == 0 => "?OTRv4?".to_owned(),
            4 => {
                now += Duration::from_secs(u64::from(input.byte()));
                let output = ana.tick(now);
                check_stranger(ana, &output, policy());
                continue;
            }
            _ => {
                let all = stock();
                let line = &all[usize::from(input.byte()) % all.len()];
                if how & 0x30 == 0 { line.clone() } else { edited(line, how & 8 == 0, input) }
            }
        };
        let output = ana.receive(&line, now, rng);
        accepted += usize::from(!matches!(output.events[..], [Event::Refused(_)]));
        check_stranger(ana, &output, policy());
    }
    accepted
}

/// Two ends over a carrier that loses, doubles, changes, turns back and delays, online and offline: whoever comes to a
/// session comes to one with the other's identity, and nothing is heard that was not said, or heard twice.
pub fn exchange(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let first = input.byte();
    let mut pair = Pair::new(policy(), (first & 1 != 0).then_some(300), 3);
    let publications =
        if first & 2 == 0 { Vec::new() } else { vec![pair.publish(0, 2), pair.publish(1, 2)] };
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
            0 if pick < 3 && !publications.is_empty() => {
                said += 1;
                let to = 1 - who;
                let Some(ensemble) = ensemble(&publications[to], pick) else { continue };
                let output = pair.write_offline(who, &ensemble, &format!("{MARK} {said}"));
                pair.sends(who, output.lines);
                continue;
            }
            0 => {
                let output = pair.ends[who].start(now).expect("a version");
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
                now += Duration::from_secs(u64::from(how) * if pick == 15 { 600 } else { 1 });
                let output = pair.ends[who].tick(now);
                pair.sends(who, output.lines);
                continue;
            }
            6 | 7 if !pair.all.is_empty() => {
                let at = usize::from(input.byte()) % pair.all.len();
                let (to, line) = pair.all[at].clone();
                let line = if how & 7 == 7 { edited(&line, pick & 1 == 0, input) } else { line };
                (if pick & 2 == 0 { to } else { who }, line)
            }
            _ => {
                let at = pick % pair.under_way.len().max(1);
                let at = if how & 7 < 5 { 0 } else { at };
                let Some(next) = pair.under_way.remove(at) else { continue };
                next
            }
        };
        let before = pair.all.len();
        for event in pair.receive(to, &line, now) {
            match event {
                Event::Secure { fingerprint, .. } => {
                    sessions += 1;
                    assert_eq!(fingerprint, identities()[1 - to].fingerprint());
                }
                Event::Private { text, .. } => {
                    let plain = text.strip_prefix("[resent] ").unwrap_or(&text);
                    assert!(plain.starts_with(MARK), "never said: {text}");
                    assert!(heard[to].insert(text), "heard twice");
                }
                _ => {}
            }
        }
        for (_, line) in &pair.all[before..] {
            check_hidden(std::slice::from_ref(line));
        }
    }
    sessions
}

/// What of the peer's messages Ana has taken: the chain, and the number of its next message.
#[derive(Clone, Copy, Default)]
struct Taken {
    ratchet: u32,
    next: u32,
}

impl Taken {
    /// Whether a message with these numbers has to be taken.
    fn must(self, [previous, ratchet, number]: [u32; 3]) -> bool {
        if ratchet == self.ratchet {
            return number.saturating_sub(self.next) <= SKIP_MAX;
        }
        number <= SKIP_MAX && previous.saturating_sub(self.next) <= SKIP_MAX
    }
}

fn numbers(message: &[u8]) -> [u32; 3] {
    let int = |at: usize| u32::from_be_bytes(message[at..at + 4].try_into().expect("4 bytes"));
    [int(12), int(16), int(20)]
}

/// A private session and a peer at fault, who makes authentic messages with any plaintext and any numbers: any text, any
/// records, in any state of a check, through many turns. What isn't authentic changes nothing; what is comes once, with its
/// own text; nothing leaves in the clear.
pub fn messages(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let mut pair = Pair::new(policy(), None, 5);
    pair.begin(1);
    let mut lines = pair.all.iter().filter_map(|(_, line)| bytes_of(line));
    let identity = lines.find(|message| message[2] == 0x35).expect("an Identity message");
    let mut peer = Peer4::new(&identity, rng(6));
    pair.under_way.clear();
    let mut taken = Taken::default();
    let mut now = NOW;
    let mut accepted = 0;
    for _ in 0..STEPS {
        if input.is_over() {
            break;
        }
        let how = input.byte();
        let [ana, _] = &mut pair.ends;
        let rng = &mut pair.rngs[0];
        match how & 7 {
            // What the user does.
            0 | 1 => {
                let instance = ana.instances().next().and_then(|info| info.instance);
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
                    6 if how & 0x80 != 0 => {
                        now += Duration::from_secs(u64::from(input.byte()) * 60);
                        Some(ana.tick(now).lines)
                    }
                    _ => ana.send(MARK, now).map(|output| output.lines).ok(),
                };
                let lines = lines.unwrap_or_default();
                check_hidden(&lines);
                // The peer turns when it has heard something.
                for message in lines.iter().filter_map(|line| bytes_of(line)) {
                    if message[2] == 3 {
                        peer.hears(&message);
                    }
                }
            }
            // Authentic: any plaintext, or text and records; honest of itself or not.
            2..=5 => {
                let plaintext = plaintext(how, input);
                let lie = input.byte();
                let lies = match lie {
                    0xf0.. => Lies {
                        previous: if lie & 1 == 0 {
                            0
                        } else {
                            u32::from(input.byte()) * 0x0101_0101
                        },
                        skipped: if lie & 2 == 0 { 0 } else { u32::from(input.byte()) * 5 },
                        number: lie & 4 != 0,
                    },
                    _ => Lies::default(),
                };
                // Keys are revealed whole, or the message is none.
                let mut revealed = input.bytes(200);
                if lie & 8 == 0 {
                    revealed = &revealed[..revealed.len() / 64 * 64];
                }
                let message = peer.says(how >> 3 & 1, &plaintext, revealed, lies);
                let numbers = numbers(&message);
                let private = ana.status() == Status::Private;
                let Output { lines, events } = ana.receive(&armored(&message), now, rng);
                check_hidden(&lines);
                let text = plaintext.split(|byte| *byte == 0).next().unwrap_or_default();
                let text = String::from_utf8_lossy(text).into_owned();
                let shown: Vec<&String> = events.iter().filter_map(private_text).collect();
                let readable = private
                    && revealed.len().is_multiple_of(64)
                    && !lies.number
                    && lies.previous == 0
                    && taken.must(numbers);
                let refused = matches!(
                    events[..],
                    [Event::Refused(
                        Refusal::Unreadable(_) | Refusal::NotPrivate | Refusal::Malformed(_)
                    )]
                );
                assert!(refused != readable || lies.previous != 0, "{events:?}");
                let expected = if refused || text.is_empty() { vec![] } else { vec![&text] };
                assert_eq!(shown, expected);
                for answer in lines.iter().filter_map(|line| bytes_of(line)) {
                    if answer[2] == 3 {
                        peer.hears(&answer);
                    }
                }
                if !refused {
                    taken = Taken { ratchet: numbers[1], next: numbers[2] + 1 };
                    accepted += 1;
                }
                // A second time it is nothing.
                let again = ana.receive(&armored(&message), now, rng);
                assert!(matches!(again.events[..], [Event::Refused(_)]), "{:?}", again.events);
            }
            // Changed in any place but what it reveals, which no authenticator covers.
            6 => {
                let message = peer.says(0, MARK.as_bytes(), &[], Lies::default());
                let mut changed = message.clone();
                input.edit(&mut changed);
                let status = ana.status();
                if changed.get(..message.len() - 4) != message.get(..message.len() - 4) {
                    let output = ana.receive(&armored(&changed), now, rng);
                    assert!(output.events.iter().filter_map(private_text).next().is_none());
                    check_hidden(&output.lines);
                    assert_eq!(ana.status(), status);
                }
            }
            _ => {
                let output = ana.end();
                check_hidden(&output.lines);
                assert_eq!(ana.status(), Status::Plain);
            }
        }
    }
    accepted
}

/// Any bytes; or a text and records, some with as many points as a check has.
fn plaintext(how: u8, input: &mut Input<'_>) -> Vec<u8> {
    let mut plaintext = input.bytes(1_000).to_vec();
    if how & 7 == 2 {
        return plaintext;
    }
    plaintext.retain(|byte| *byte != 0);
    plaintext.push(0);
    for _ in 0..how >> 6 {
        let kind = input.byte() % 9;
        let mut value = Vec::new();
        if matches!(kind, 2..=5) {
            if kind == 2 {
                let question = input.bytes(20);
                let len = u32::try_from(question.len()).expect("short").to_be_bytes();
                value = [&len, question].concat();
            }
            for kind in input.bytes(14) {
                value.extend_from_slice(match kind & 3 {
                    0 => &GENERATOR,
                    1 => &[0; 57],
                    2 => &[0xff; 57],
                    _ => &[1, 2, 3],
                });
            }
        } else {
            value = input.bytes(200).to_vec();
        }
        plaintext.extend(record(kind, &value));
    }
    plaintext
}

/// A prekey server, two accounts that publish there, somebody who asks, and a carrier that changes and doubles lines:
/// each prekey message goes out at most once, and what comes is what its owner published.
pub fn server(data: &[u8]) -> usize {
    let input = &mut Input(data);
    let rng = &mut rng(30);
    let mut server = Server::new("keys", rng);
    let mut now = BEGAN;
    let names = ["ana", "ben"];
    let clients: Vec<(Account, Prekeys)> = [ANA, BEN]
        .into_iter()
        .map(|tag| {
            let prekeys = Prekeys::new();
            (account(tag, true).with_prekeys(prekeys.clone()), prekeys)
        })
        .collect();
    let v4 = Versions::NONE.with(Version::V4);
    let ours = InstanceTag::new(0x3000).expect("a tag");
    let mut publishers: [Option<Publisher>; 2] = [None, None];
    let mut all: Vec<(usize, String)> = Vec::new();
    let mut under_way: Vec<(usize, String)> = Vec::new();
    let mut handed_out = BTreeSet::new();
    let mut accepted = 0;
    for _ in 0..STEPS {
        if input.is_over() {
            break;
        }
        let how = input.byte();
        let who = usize::from(how >> 3 & 1);
        match how & 7 {
            0 | 1 => {
                let (account, prekeys) = &clients[who];
                let wanted = if how & 1 == 0 {
                    let count = prekeys.left() + usize::from(how >> 6);
                    let publication = account.publish(v4, count, NOW, rng).expect("good numbers");
                    Wanted::Publish { publication: Box::new(publication), prekeys: prekeys.clone() }
                } else {
                    Wanted::Count { unix: now }
                };
                let trusted = Some(server.fingerprint());
                let begun = Publisher::new(account, names[who], "keys", trusted, wanted, rng);
                let (publisher, line) = begun.expect("an identity");
                publishers[who] = Some(publisher);
                under_way.push((who, line.clone()));
                all.push((who, line));
            }
            2 => {
                let line = query(ours, names[who], v4);
                let line = if how & 0x10 == 0 { line } else { edited(&line, false, input) };
                let Ok(Some(answer)) = server.receive("somebody", &line, now, rng) else {
                    continue;
                };
                let answer = if how & 0x20 == 0 { answer } else { edited(&answer, false, input) };
                let Ok(Answer::Ensembles(found)) = read_answer(&answer, ours, names[who], now)
                else {
                    continue;
                };
                for ensemble in found {
                    let fingerprint = ensemble.profile.fingerprint();
                    assert_eq!(fingerprint, identities()[who].fingerprint());
                    if how & 0x20 == 0 {
                        assert!(
                            handed_out.insert((who, ensemble.message.id())),
                            "handed out twice"
                        );
                        accepted += 1;
                    }
                }
            }
            3 => now += u64::from(input.byte()),
            // A line that was sent at any time, by anybody, changed or not; or the next.
            _ => {
                let (from, line) = if how & 7 < 6 {
                    if under_way.is_empty() {
                        continue;
                    }
                    under_way.remove(0)
                } else if all.is_empty() {
                    continue;
                } else {
                    let (from, line) = all[usize::from(input.byte()) % all.len()].clone();
                    let from = if how & 0x10 == 0 { from } else { who };
                    (from, if how & 7 == 7 { edited(&line, false, input) } else { line })
                };
                let Ok(Some(answer)) = server.receive(names[from], &line, now, rng) else {
                    continue;
                };
                let answer = if how & 0x20 == 0 { answer } else { edited(&answer, false, input) };
                let Some(publisher) = &mut publishers[from] else { continue };
                let Ok(step) = publisher.receive(&answer, rng) else { continue };
                accepted += usize::from(step.outcome == Some(Published::Stored));
                if let Some(line) = step.line {
                    under_way.push((from, line.clone()));
                    all.push((from, line));
                }
            }
        }
    }
    accepted
}
