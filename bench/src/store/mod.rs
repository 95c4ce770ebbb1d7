//! A profile with a million messages: the first screen, pages, searches, sends, memory.
//!
//! The profile is made once by what stores messages for users, and kept in the folder of caches. Beside it
//! lies the same in plain SQLite.

mod fill;
mod memory;
mod plain;
mod sends;
mod words;

use std::path::PathBuf;
use std::time::Instant;

use undertone_engine::Engine;
use undertone_engine::storage::message_id;
use undertone_handle::query::{Key, Search};
use undertone_store::profile::{Look as _, Profile, Reader};

use self::fill::{CONTACTS, LARGE, Made, id_of};
use self::plain::Plain;
use self::words::{Vocabulary, of_contact, rank};
use crate::goals::{self, Bound, Wanted};
use crate::measure::{Goal, SplitMix, Taken};
use crate::run::Failure;

pub(crate) use self::memory::memory;

/// Where what is measured is kept: a folder of caches.
const FOLDER: &str = "UNDERTONE_BENCH_FOLDER";

/// Messages of a page, and hits.
const PAGE: usize = 50;

/// Openings that are measured.
const OPENINGS: usize = 20;
/// Pages.
const PAGES: usize = 2_000;
/// Words.
const SEARCHES: usize = 1_000;

/// The profile, made if need be, with the time that took.
fn made() -> Result<Made, Failure> {
    let folder = std::env::var_os(FOLDER).map(PathBuf::from);
    let folder =
        folder.ok_or_else(|| format!("{FOLDER} names no folder: use cargo xtask bench"))?;
    std::fs::create_dir_all(&folder)?;
    let made = fill::profiles(&folder)?;
    if let Some(took) = made.took {
        let took = Taken::new(vec![took.as_secs_f64()], goals::STORE_MAKING);
        println!("{}", took.ok_or("no time")?.line());
    }
    Ok(made)
}

/// What stands on the screen first, after Argon2id: opening, all conversations, the newest page. The engine is loaded on
/// a thread of its own, and no screen waits for it; how long that takes is told.
pub(crate) fn screen(bound: Bound) -> Result<Taken, Failure> {
    let made = made()?;
    let mut times = Vec::with_capacity(OPENINGS);
    let mut parts = [const { Vec::new() }; 4];
    for _ in 0..OPENINGS {
        let (held, key) = fill::take(&made.folder, LARGE)?;
        let path = held.database();
        let begin = Instant::now();
        let mut last = 0.0;
        let mut part = |at: usize| {
            let now = begin.elapsed().as_secs_f64() * 1e3;
            parts[at].push(now - last);
            last = now;
        };
        let profile = Profile::open_under(&path, key)?;
        let reader = profile.reader()?;
        part(0);
        let all = reader.overviews()?;
        part(1);
        let first = all.first().ok_or("no conversation")?;
        let page = reader.page(first.conversation, None, PAGE)?;
        part(2);
        times.push(begin.elapsed().as_secs_f64() * 1e3);
        let engine = Engine::load("local", &profile);
        part(3);
        if all.len() != CONTACTS as usize || page.len() != PAGE || profile.fault().is_some() {
            return Err("the profile isn't what was made".into());
        }
        drop(engine);
    }
    let [opening, list, page, engine] =
        parts.map(|part| crate::measure::median(part).unwrap_or_default());
    println!(
        "{}: opening {opening:.1} ms, all conversations {list:.1} ms, a page {page:.1} ms; the \
         engine beside it {engine:.1} ms",
        bound.name
    );
    Ok(Taken::new(times, bound).ok_or("no opening")?)
}

/// A profile, open, and the plain one.
struct Both {
    reader: Reader,
    _profile: Profile,
    plain: Plain,
}

fn both() -> Result<Both, Failure> {
    let made = made()?;
    let (held, key) = fill::take(&made.folder, LARGE)?;
    let plain = Plain::open(&plain::copy_of(&held.database(), &made.folder)?)?;
    let profile = Profile::open_under(&held.database(), key)?;
    Ok(Both { reader: profile.reader()?, _profile: profile, plain })
}

/// Pages anywhere in any conversation.
pub(crate) fn page(bound: Bound) -> Result<Taken, Failure> {
    let Both { reader, plain, .. } = both()?;
    let mut random = SplitMix::new(3);
    let (mut times, mut peers) = (Vec::with_capacity(PAGES), Vec::with_capacity(PAGES));
    while times.len() < PAGES {
        let number = 1 + u32::try_from(rank(CONTACTS as usize, &mut random))?;
        let newest = reader.page(id_of(number), None, 1)?.pop().ok_or("a silent contact")?;
        let first = message_id(number, 1);
        let before = first.0 + (random.fraction() * (newest.message.0 - first.0) as f64) as u64;
        let begin = Instant::now();
        let read = reader.page(id_of(number), Some(undertone_handle::MessageId(before)), PAGE)?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
        let begin = Instant::now();
        let peers_read = plain.page(first.0.cast_signed(), before.cast_signed(), PAGE)?;
        peers.push(begin.elapsed().as_secs_f64() * 1e3);
        if read.len() != peers_read {
            return Err("the plain profile is another one".into());
        }
    }
    told_of_peer(bound, peers)?;
    Ok(Taken::new(times, bound).ok_or("no page")?)
}

/// Words of all frequencies in all scripts, each as it may stand in the field when somebody types it: whole, or
/// its first two characters or more.
pub(crate) fn search(bound: Bound) -> Result<Taken, Failure> {
    let Both { reader, plain, .. } = both()?;
    let vocabulary = Vocabulary::new();
    let mut random = SplitMix::new(4);
    let (mut times, mut peers) = (Vec::with_capacity(SEARCHES), Vec::with_capacity(SEARCHES));
    let mut slowest = (0.0, String::new(), 0);
    while times.len() < SEARCHES {
        let number = u32::try_from(random.below(CONTACTS as usize))?;
        let words = vocabulary.of(of_contact(number));
        let word = &words[rank(words.len(), &mut random)];
        let length = word.chars().count();
        let typed: String = word.chars().take(2 + random.below(length.max(2) - 1)).collect();
        let Some(search) = Search::parse(&typed) else { continue };
        let begin = Instant::now();
        let found = reader.search(&search, None, PAGE)?;
        let time = begin.elapsed().as_secs_f64() * 1e3;
        times.push(time);
        if time > slowest.0 {
            slowest = (time, typed, found.len());
        }
        let asked: Vec<String> = search.keys().iter().map(quoted).collect();
        let begin = Instant::now();
        plain.search(&asked.join(" AND "), PAGE)?;
        peers.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    let (time, typed, hits) = slowest;
    println!("{}: the slowest, {typed:?} with {hits} hits, took {time:.1} ms", bound.name);
    told_of_peer(bound, peers)?;
    Ok(Taken::new(times, bound).ok_or("no search")?)
}

fn quoted(key: &Key) -> String {
    match key {
        Key::Beginning(token) => format!("\"{}\"*", token.as_str()),
        Key::Token(token) => format!("\"{}\"", token.as_str()),
    }
}

fn told_of_peer(bound: Bound, times: Vec<f64>) -> Result<(), Failure> {
    let taken = Taken::new(times, bound).ok_or("nothing was measured")?;
    println!("{}: plain SQLite {}", bound.name, taken.numbers());
    Ok(())
}

/// Durable sends in groups, beside plain SQLite.
pub(crate) fn sends(wanted: Wanted) -> Result<Goal, Failure> {
    let made = made()?;
    let (held, _key) = fill::take(&made.folder, LARGE)?;
    sends::measure(wanted, &held.database(), &made.folder)
}
