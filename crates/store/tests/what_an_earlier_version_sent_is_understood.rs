//! What released versions stored and sent is understood: their databases, with what they were sent next, played to
//! the present engine.
//!
//! Below `tests/golden/sent-by-VERSION` lie the profile of one end at some moment of a conversation, and every cell
//! that the other end sent from then on without an answer, with the exporter value of a connection. So nothing of it
//! depends on what today's program draws. `understood.txt` is what has to come of it. A new one is recorded, and
//! nothing that is there is ever recorded anew after its version is released:
//!
//! ```text
//! UNDERTONE_RECORD=0.2.0 cargo test -p undertone-store --test what_an_earlier_version_sent_is_understood
//! ```

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a helper fails its test")]

#[path = "../../engine/tests/common/mod.rs"]
mod common;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use common::{CODE, NOON, Net, TALK, Tap};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_engine::storage::{Reader as _, View as _};
use undertone_engine::{ChannelKeys, Context, Effect, Engine, Input, StreamId};
use undertone_handle::command::{Reaction, Role};
use undertone_handle::event::{ConversationEvent, Event, NetworkKind, NetworkState, NetworkStep};
use undertone_handle::query::Search;
use undertone_handle::{Command, Ticket};
use undertone_store::key::{Cost, Protection};
use undertone_store::profile::Profile;
use undertone_wire::cell::{self, Assembler, CELL_LEN, FrameKind};

/// Names the version whose messages are to be recorded.
const RECORD: &str = "UNDERTONE_RECORD";

const FILES: [&str; 2] = ["profile.db", "profile.db.key"];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().as_chunks::<2>().0;
    digits.iter().map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

/// What one end was told and what it has at the end, a line each.
fn told(event: &Event) -> Option<String> {
    let Event::Conversation(_, event) = event else { return None };
    Some(match event {
        ConversationEvent::Received { message, body, reply, timer, .. } => {
            let begin: String = body.chars().take(40).collect();
            let (length, message) = (body.len(), message.0 & 0xffff_ffff);
            let reply = reply.map(|reply| reply.0 & 0xffff_ffff);
            format!(
                "received {message}: {begin} ({length} bytes, reply {reply:?}, timer {timer:?})"
            )
        }
        other => format!("{other:?}"),
    })
}

/// Plays what a version sent to the end that it was sent to.
fn play(folder: &Path) -> String {
    let work = tempfile::tempdir().unwrap();
    for file in FILES {
        fs::copy(folder.join(file), work.path().join(file)).unwrap();
    }
    let mut profile = Profile::open(&work.path().join(FILES[0]), &Protection::Nothing).unwrap();
    let sent = fs::read_to_string(folder.join("sent.txt")).unwrap();
    let mut lines = sent.lines().map(|line| line.split_once(' ').unwrap());
    let (word, link) = lines.next().unwrap();
    assert_eq!(word, "link");
    let link = unhex(link).try_into().unwrap();

    let mut rng = ChaCha20Rng::from_seed([77; 32]);
    let mut engine = Engine::load("local", &profile);
    let mut story = String::new();
    let mut give = |engine: &mut Engine, now: u64, input: Input| {
        let mut context = Context { now, wall: NOON + now / 1_000, rng: &mut rng };
        let step = engine.handle(input, &mut context, &profile);
        profile.apply(&step.writes).unwrap();
        profile.commit().unwrap();
        for event in &step.effects {
            if let Effect::Notify(event) = event
                && let Some(line) = told(event)
            {
                writeln!(story, "{line}").unwrap();
            }
        }
        step.effects
    };
    let state = NetworkState {
        kind: NetworkKind::Local,
        step: NetworkStep::Ready,
        clock_off_by_seconds: None,
    };
    let mut effects = give(&mut engine, 10_000, Input::Network(state));
    effects.extend(give(&mut engine, 10_000, Input::Tick));
    let dial = effects.iter().find_map(|effect| match effect {
        Effect::Dial { dial, .. } => Some(*dial),
        _ => None,
    });
    let stream = StreamId(1);
    give(&mut engine, 10_000, Input::Dialled { dial: dial.unwrap(), result: Ok(stream) });
    let keys = ChannelKeys { sid: [0; 32], binding: [0; 32], link, repair: [0; 32] };
    give(&mut engine, 10_000, Input::Secured { stream, keys, known: true });
    let mut assembler = Assembler::new();
    for (word, bytes) in lines {
        assert_eq!(word, "cell");
        let bytes: [u8; CELL_LEN] = unhex(bytes).try_into().unwrap();
        if let Some(frame) = assembler.push(&bytes).unwrap() {
            give(
                &mut engine,
                11_000,
                Input::Frame { stream, kind: frame.kind, bytes: frame.bytes },
            );
        }
    }
    let reader = profile.reader().unwrap();
    for line in reader.page(TALK, None, 100).unwrap() {
        let body: String = line.body.chars().take(40).collect();
        let (own, reply) = (line.own, line.reply.map(|reply| reply.0 & 0xffff_ffff));
        let signs =
            [line.own_reaction, line.peer_reaction].map(|sign| sign.map(|s| s.as_str().to_owned()));
        writeln!(
            story,
            "kept {}: {body} (own {own}, {:?}, reply {reply:?}, edited {}, signs {signs:?}, timer {:?})",
            line.message.0 & 0xffff_ffff,
            line.delivery,
            line.edited.is_some(),
            line.timer,
        )
        .unwrap();
    }
    let found = reader.search(&Search::parse("lanter").unwrap(), None, 9).unwrap().len();
    writeln!(story, "found {found}, waiting {}", profile.outbox_len(TALK)).unwrap();
    profile.check().unwrap();
    story
}

/// Records what this version stores and sends.
fn record(version: &str) {
    let folder = golden().join(format!("sent-by-{version}"));
    fs::create_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let path = folder.join(FILES[0]);
    let profile = Profile::create(&path, &Protection::Nothing, Cost::FLOOR).unwrap();
    let profile = Rc::new(RefCell::new(profile));
    let mut net = Net::new(11, 2);
    net.lasting = true;
    let mirrored = Rc::clone(&profile);
    net.nodes[1].mirror = Some(Box::new(move |writes| {
        let mut profile = mirrored.borrow_mut();
        profile.apply(writes).unwrap();
        profile.commit().unwrap();
    }));
    net.meet(0, Role::Host, CODE, Some(false));
    net.meet(1, Role::Guest, CODE, Some(false));
    net.pass(2_000);
    for node in [0, 1, 0, 1] {
        net.say(node, &format!("said by node {node} under the lantern"));
        net.pass(1_000);
    }
    let (own, other) = (net.write(0, "will be edited"), net.last_received(0));
    let (gone, answered) = (net.write(0, "will be deleted"), net.write(1, "will be answered"));
    net.pass(1_000);
    let answered = (answered, net.last_received(0)).1;

    // A new connection under a known exporter value; the proof on it is the first thing of the record.
    net.same_keys =
        Some(ChannelKeys { sid: [1; 32], binding: [2; 32], link: [3; 32], repair: [4; 32] });
    let sent = Rc::new(RefCell::new(Vec::<(FrameKind, Vec<u8>)>::new()));
    let heard = Rc::clone(&sent);
    net.tap = Some(Box::new(move |passing| {
        if passing.from.node == 0 && passing.kind == FrameKind::Link {
            heard.borrow_mut().push((passing.kind, passing.bytes.clone()));
        }
        Tap::Pass
    }));
    net.cut_all();
    net.pass(60_000);
    assert_eq!(sent.borrow().len(), 1, "it is connected again");
    net.say(0, "said on the new connection");
    net.pass(1_000);

    // From now on what node 0 sends is kept and never arrives, and it hears nothing but one text.
    let heard = Rc::clone(&sent);
    let deaf = Rc::new(RefCell::new(false));
    let is_deaf = Rc::clone(&deaf);
    net.tap = Some(Box::new(move |passing| {
        if passing.from.node == 0 {
            heard.borrow_mut().push((passing.kind, passing.bytes.clone()));
        }
        if passing.from.node == 0 || *is_deaf.borrow() { Tap::Drop } else { Tap::Pass }
    }));
    net.say(1, "has no receipt when it falls down");
    *deaf.borrow_mut() = true;
    profile.borrow_mut().settle().unwrap();
    net.nodes[1].mirror = None;
    drop(profile);

    net.say(0, "a short text about a lantern");
    net.say(0, &"long 東京 ".repeat(150));
    let command = |reply| Command::Send {
        conversation: TALK,
        ticket: Ticket(1_000),
        body: "an answer".to_owned(),
        reply: Some(reply),
    };
    net.command(0, command(answered));
    net.command(0, Command::Edit { message: own, body: "was edited".to_owned() });
    net.command(0, Command::Delete(gone));
    let sign = Reaction::parse("👍");
    net.command(0, Command::React(other, sign));
    net.command(0, Command::SetTimer(TALK, Some(3_600)));
    net.say(0, "goes after an hour");
    net.command(0, Command::SetTimer(TALK, None));
    net.say(0, "the last word");
    net.command(0, Command::Leave(TALK));

    let mut text = format!("link {}\n", hex(&[3; 32]));
    for (kind, bytes) in sent.borrow().iter() {
        for cell in cell::cut(*kind, bytes).unwrap() {
            writeln!(text, "cell {}", hex(&cell)).unwrap();
        }
    }
    fs::write(folder.join("sent.txt"), text).unwrap();
    fs::write(folder.join("understood.txt"), play(&folder)).unwrap();
}

#[test]
fn of_every_version() {
    if let Ok(version) = std::env::var(RECORD) {
        record(&version);
    }
    let mut versions = 0;
    for entry in fs::read_dir(golden()).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap();
        if name.starts_with("sent-by-") {
            let understood = fs::read_to_string(folder.join("understood.txt")).unwrap();
            assert_eq!(play(&folder), understood, "{name}");
            versions += 1;
        }
    }
    assert!(versions > 0);
}
