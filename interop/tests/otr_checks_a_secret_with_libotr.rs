//! The Socialist Millionaire Protocol with libotr 4.1.1: right, wrong, aborted, with a question,
//! crossing; either side first.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use undertone_interop::{POLICY_V2, POLICY_V3, Table};
use undertone_otr::{Event, Instance, Policy, Settings, Version};

fn table(version: Version, longest_line: Option<usize>) -> Table {
    let policy = Policy::MANUAL.only(version);
    let settings = Settings { policy, longest_line, ..Settings::default() };
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut table = Table::new(target, settings, POLICY_V2 | POLICY_V3).unwrap();
    table.we(|ours, now, _| ours.start(now)).unwrap();
    clear(&mut table);
    table
}

fn clear(table: &mut Table) {
    table.events.clear();
    table.said.clear();
}

fn ask(table: &mut Table, question: Option<&str>, secret: &str) {
    table.we(|ours, now, rng| ours.ask(question, secret, now, rng)).unwrap();
}

fn answer(table: &mut Table, secret: &str) {
    let instance = instance(table);
    table.we(|ours, now, rng| ours.answer(instance, secret, now, rng)).unwrap();
}

fn instance(table: &Table) -> Instance {
    table.ours.instances().next().unwrap().instance
}

/// What libotr said of checks: the events' names.
fn told(table: &Table) -> Vec<String> {
    table.about("smp").iter().map(|said| said.words[0].clone()).collect()
}

fn outcome(table: &Table) -> Option<bool> {
    table.events.iter().find_map(|event| match event {
        Event::Checked { matched, .. } => Some(*matched),
        _ => None,
    })
}

#[test]
fn we_ask() {
    for (version, longest) in [(Version::V2, None), (Version::V3, None), (Version::V3, Some(400))] {
        let mut table = table(version, longest);
        for (question, secret, matched) in [
            (None, "swan", true),
            (None, "goose", false),
            (Some("Which bird? ü"), "swan", true),
            (Some("Which bird?"), "goose", false),
        ] {
            clear(&mut table);
            ask(&mut table, question, "swan");
            let asked = table.about("smp")[0].clone();
            let kind = if question.is_some() { "ask-answer" } else { "ask-secret" };
            assert_eq!(
                (asked.words[0].as_str(), asked.text(2).as_str()),
                (kind, question.unwrap_or(""))
            );
            table.they("answer", &[secret]).unwrap();
            assert_eq!(outcome(&table), Some(matched), "{}", table.story());
            let last = told(&table).pop();
            assert_eq!(last.as_deref(), Some(if matched { "success" } else { "failure" }));
        }
    }
}

#[test]
fn libotr_asks() {
    for version in [Version::V2, Version::V3] {
        let mut table = table(version, None);
        for (question, secret, matched) in [
            (None, "swan", true),
            (None, "goose", false),
            (Some("Which bird? ü"), "swan", true),
            (Some("Which bird?"), "goose", false),
        ] {
            clear(&mut table);
            match question {
                Some(question) => table.they("smpq", &[question, "swan"]).unwrap(),
                None => table.they("smp", &["swan"]).unwrap(),
            }
            let Some(Event::Asked { question: asked, .. }) = table.events.last() else {
                panic!("{}", table.story())
            };
            assert_eq!(asked.as_deref(), question);
            answer(&mut table, secret);
            assert_eq!(outcome(&table), Some(matched), "{}", table.story());
            let last = told(&table).pop();
            assert_eq!(last.as_deref(), Some(if matched { "success" } else { "failure" }));
        }
    }
}

#[test]
fn either_side_cancels() {
    let mut table = table(Version::V3, None);
    ask(&mut table, None, "swan");
    table.they("abort", &[]).unwrap();
    assert!(matches!(table.events[..], [Event::CheckCancelled { .. }]), "{}", table.story());

    clear(&mut table);
    ask(&mut table, None, "swan");
    let instance = instance(&table);
    table.we(|ours, now, _| ours.cancel(instance, now)).unwrap();
    assert_eq!(told(&table).pop().as_deref(), Some("aborted"));

    clear(&mut table);
    table.they("smp", &["swan"]).unwrap();
    table.we(|ours, now, _| ours.cancel(instance, now)).unwrap();
    assert_eq!(told(&table).pop().as_deref(), Some("aborted"));
    assert!(table.we(|ours, now, rng| ours.answer(instance, "swan", now, rng)).is_err());

    clear(&mut table);
    table.they("smp", &["swan"]).unwrap();
    table.they("abort", &[]).unwrap();
    assert!(matches!(table.events[..], [Event::Asked { .. }, Event::CheckCancelled { .. }]));

    clear(&mut table);
    ask(&mut table, None, "swan");
    table.they("answer", &["swan"]).unwrap();
    assert_eq!(outcome(&table), Some(true));
}

#[test]
fn checks_that_cross_end_both_and_the_next_one_works() {
    let mut table = table(Version::V3, None);
    let said = table.theirs.tell("smp", &["swan"]).unwrap();
    let theirs = table.hear(said);
    let mut ours = Vec::new();
    // Ours is on its way while theirs is.
    let mut lines = Vec::new();
    table
        .we(|session, now, rng| {
            let mut output = session.ask(None, "swan", now, rng)?;
            lines = std::mem::take(&mut output.lines);
            Ok::<_, undertone_otr::CheckError>(output)
        })
        .unwrap();
    ours.extend(lines);
    table.carry(ours, theirs).unwrap();
    assert_eq!(outcome(&table), None);
    let over =
        |event: &Event| matches!(event, Event::CheckFailed { .. } | Event::CheckCancelled { .. });
    assert!(table.events.iter().any(over), "{}", table.story());
    clear(&mut table);
    table.they("abort", &[]).unwrap();
    clear(&mut table);
    ask(&mut table, None, "swan");
    table.they("answer", &["swan"]).unwrap();
    assert_eq!(outcome(&table), Some(true), "{}", table.story());
}
