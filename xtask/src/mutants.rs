//! Mutation testing of the libraries: each small change of their code that the tests don't notice is a test that is
//! missing, or code that could go. What became of each is kept in the repository, so that a run tries what is new.

mod record;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::step::{self, Listen};
use crate::{Outcome, machine};
use record::{Fate, Key, Record, Tried};

/// The crates that are held to it. Each has its scenarios in one program, so that little is built again for a mutant.
const CRATES: [&str; 2] = ["smp", "ratchet"];

/// What nextest is told: which programs of tests, and its profile in `.config/nextest.toml`.
const TESTS: [&str; 5] = ["--lib", "--test", "scenarios", "--profile", "mutants"];

/// Holds what became of the mutants of each crate.
const FOLDER: &str = "xtask/mutants";

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish<'a> {
    /// One crate, or all.
    only: Option<&'a str>,
    /// A part of the name of the files whose mutants are tried.
    file: Option<&'a str>,
    /// This part of so many.
    shard: Option<(usize, usize)>,
    /// Whether to try also what was tried before.
    again: bool,
    /// Whether to try nothing, and only to compare the record with the code.
    check: bool,
}

impl<'a> Wish<'a> {
    fn parse(arguments: &'a [String]) -> Result<Self, String> {
        let mut wish = Self::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--again" => wish.again = true,
                "--check" => wish.check = true,
                "--file" => {
                    wish.file = Some(words.next().ok_or("--file wants a part of a file's name")?);
                }
                "--shard" => {
                    let shard = words.next().and_then(|shard| {
                        let (part, parts) = shard.split_once('/')?;
                        Some((part.parse().ok()?, parts.parse().ok()?))
                    });
                    let shard = shard.filter(|(part, parts)| (1..=*parts).contains(part));
                    wish.shard = Some(shard.ok_or("--shard wants K/N, from 1/N to N/N")?);
                }
                name if CRATES.contains(&name) && wish.only.is_none() => {
                    wish.only = Some(name);
                }
                other => {
                    return Err(format!(
                        "mutants takes one crate of {}, --file, --shard, --again and --check, not {other}",
                        CRATES.join(" and ")
                    ));
                }
            }
        }
        Ok(wish)
    }

    /// Whether the mutant at `index` of all is among those asked for.
    fn has(&self, index: usize, mutant: &Mutant) -> bool {
        self.file.is_none_or(|file| mutant.key.file.contains(file))
            && self.shard.is_none_or(|(part, parts)| index % parts + 1 == part)
    }

    /// Whether it is about all mutants, so that each must have been tried in the end.
    fn is_about_all(&self) -> bool {
        self.file.is_none() && self.shard.is_none()
    }
}

/// A change of the code that could be made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mutant {
    /// What cargo-mutants calls it, with its line.
    name: String,
    /// What the record calls it.
    key: Key,
    /// Tells whether the function has changed since.
    print: u64,
}

/// Tries the mutants of one crate or of all that the record doesn't know, and fails while one lives without a reason.
pub(crate) fn command(arguments: &[String]) -> Outcome {
    let wish = Wish::parse(arguments)?;
    machine::tool(machine::MUTANTS)?;
    if !wish.check {
        machine::tool(machine::NEXTEST)?;
    }
    let mut well = true;
    for name in CRATES.into_iter().filter(|name| wish.only.is_none_or(|only| only == *name)) {
        well &= of_crate(name, &wish)?;
    }
    Ok(well)
}

fn of_crate(name: &str, wish: &Wish<'_>) -> Outcome {
    let file = step::root().join(FOLDER).join(format!("{name}.txt"));
    let text = fs::read_to_string(&file).unwrap_or_default();
    let mut record = Record::parse(&text).map_err(|why| format!("{}: {why}", file.display()))?;
    let mutants = listed(name)?;
    if !wish.check {
        let chosen = |(index, mutant): &(usize, &Mutant)| {
            wish.has(*index, mutant) && (wish.again || record.wants(&mutant.key, mutant.print))
        };
        let due: Vec<&Mutant> =
            mutants.iter().enumerate().filter(chosen).map(|(_, mutant)| mutant).collect();
        println!("==> {name}: {} of {} mutants to be tried", due.len(), mutants.len());
        let mut keep = |tried: Vec<(&Mutant, Fate)>| {
            for (mutant, fate) in tried {
                record.note(mutant.key.clone(), mutant.print, fate);
            }
            fs::write(&file, record.text(name))
                .map_err(|error| format!("{}: {error}", file.display()))
        };
        attempt(name, &due, &mut keep)?;
        record.keep_only(|key| mutants.iter().any(|mutant| mutant.key == *key));
        fs::write(&file, record.text(name))
            .map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(sum_up(name, &mutants, &record, wish.is_about_all()))
}

/// Prints what the record says about the mutants that there are, and tells whether that is well.
fn sum_up(name: &str, mutants: &[Mutant], record: &Record, all: bool) -> bool {
    let mut fates = BTreeMap::<&str, usize>::new();
    let (mut untried, mut alive) = (0, Vec::new());
    for mutant in mutants {
        match record.tried(&mutant.key, mutant.print) {
            None => untried += 1,
            Some(Tried { fate: Fate::Missed, because: None, .. }) => alive.push(&mutant.name),
            Some(Tried { because: Some(_), .. }) => {
                *fates.entry("alive for a reason").or_default() += 1;
            }
            Some(Tried { fate, .. }) => *fates.entry(fate.word()).or_default() += 1,
        }
    }
    let fates: String = fates.iter().map(|(fate, count)| format!("{count} {fate}, ")).collect();
    println!("{name}: {fates}{} alive without a reason, {untried} not tried", alive.len());
    for name in &alive {
        println!("    {name}");
    }
    alive.is_empty() && (untried == 0 || !all)
}

/// cargo-mutants for one crate. It works on a copy, so that nothing in the project's own folder is touched.
fn tool(name: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = step::cargo(&["mutants", "--colors", "never", "-p"]);
    command.arg(format!("undertone-{name}")).args(arguments);
    command
}

/// All mutants of a crate, in the order of the code.
fn listed(name: &str) -> Result<Vec<Mutant>, String> {
    let list = step::output(tool(name, &["--list", "--json"]))?;
    let list: Value = serde_json::from_str(&list).map_err(|error| error.to_string())?;
    let mut sources = BTreeMap::new();
    let mut mutants: Vec<Mutant> = Vec::new();
    for item in list.as_array().into_iter().flatten() {
        let file = item["file"].as_str().unwrap_or_default();
        if !sources.contains_key(file) {
            let text = fs::read_to_string(step::root().join(file))
                .map_err(|error| format!("{file}: {error}"))?;
            sources.insert(file.to_owned(), text);
        }
        let mutant = described(item, &sources[file])
            .ok_or_else(|| format!("cargo-mutants lists what can't be understood: {item}"))?;
        mutants.push(mutant);
    }
    number(&mut mutants);
    Ok(mutants)
}

/// A mutant as cargo-mutants lists it; `source` is the file that it is in.
fn described(item: &Value, source: &str) -> Option<Mutant> {
    let name = item["name"].as_str()?;
    let file = item["file"].as_str()?;
    let start = &item["span"]["start"];
    let place = format!("{file}:{}:{}: ", start["line"], start["column"]);
    let change = name.strip_prefix(&place)?.to_owned();
    // A constant is in no function; then its own lines tell whether it is the same.
    let (function, span) = match &item["function"] {
        Value::Null => ("-", &item["span"]),
        function => (function["function_name"].as_str()?, &function["span"]),
    };
    let line = |end: &str| usize::try_from(span[end]["line"].as_u64()?).ok();
    let (first, last) = (line("start")?, line("end")?);
    let lines = source.lines().skip(first.checked_sub(1)?).take(last.checked_sub(first)? + 1);
    let (_, file) = file.split_once("/src/")?;
    let key = Key { file: file.to_owned(), function: function.to_owned(), change };
    Some(Mutant { name: name.to_owned(), key, print: record::print(lines) })
}

/// Tells apart what has the same name in a function: the second of them, the third.
fn number(mutants: &mut [Mutant]) {
    let mut seen: BTreeMap<Key, usize> = BTreeMap::new();
    for mutant in mutants {
        let count = seen.entry(mutant.key.clone()).or_default();
        *count += 1;
        if *count > 1 {
            mutant.key.change = format!("{} ({count})", mutant.key.change);
        }
    }
}

/// Tries mutants on some tests and gives `keep` what became of each as soon as it is known, so that a run which is cut
/// off has not been in vain.
fn attempt(
    name: &str,
    mutants: &[&Mutant],
    keep: &mut impl FnMut(Vec<(&Mutant, Fate)>) -> Result<(), String>,
) -> Result<(), String> {
    if mutants.is_empty() {
        return Ok(());
    }
    let folder = machine::cache_folder().join("mutants").join(name);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    // What an earlier run found out is in the record; here it would be taken for what this one does.
    let out = folder.join("mutants.out");
    if out.exists() {
        fs::remove_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    }
    // One at a time: they share a folder of builds, which is what makes each build short.
    let mut command = tool(name, &["--jobs", "1", "--caught", "--unviable", "--output"]);
    command.arg(&folder);
    // Where a test leaves it open how many cases it makes up, few are enough.
    command.env("PROPTEST_CASES", "32");
    // That a property fails is all that is asked, not how small a case shows it.
    command.env("PROPTEST_MAX_SHRINK_ITERS", "0");
    for argument in TESTS {
        command.arg("--cargo-arg").arg(argument);
    }
    for mutant in mutants {
        command.arg("--re").arg(format!("^{}$", escaped(&mutant.name)));
    }
    command.env("CARGO_TARGET_DIR", folder.join("target"));
    let by_name: BTreeMap<&str, &Mutant> =
        mutants.iter().map(|mutant| (mutant.name.as_str(), *mutant)).collect();
    let mut known: BTreeMap<&str, Fate> = BTreeMap::new();
    let mut kept = Ok(());
    let ended = step::overhear(command, Listen::Output, |_| {
        let new: Vec<(&Mutant, Fate)> = outcomes(&out)
            .into_iter()
            .filter_map(|(name, fate)| Some((*by_name.get(name.as_str())?, fate)))
            .filter(|(mutant, fate)| known.insert(&mutant.name, *fate).is_none())
            .collect();
        if !new.is_empty() && kept.is_ok() {
            kept = keep(new);
        }
    })?;
    kept?;
    // That mutants live is not for the tool to say: the record knows of reasons.
    match ended {
        Err(why) if known.len() < mutants.len() => {
            Err(format!("{} mutants weren't tried: {why}", mutants.len() - known.len()))
        }
        _ => Ok(()),
    }
}

/// What cargo-mutants has written down so far.
fn outcomes(folder: &Path) -> Vec<(String, Fate)> {
    let files = [
        ("caught.txt", Fate::Caught),
        ("timeout.txt", Fate::Hangs),
        ("unviable.txt", Fate::Unviable),
        ("missed.txt", Fate::Missed),
    ];
    let mut outcomes = Vec::new();
    for (file, fate) in files {
        let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
        // A line without its end is still being written.
        let lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        outcomes.extend(lines.map(|line| (line.to_owned(), fate)));
    }
    outcomes
}

/// A name as a regular expression that matches it.
fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len() * 2);
    for character in name.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    fn mutant(file: &str, function: &str, change: &str) -> Mutant {
        let key =
            Key { file: file.to_owned(), function: function.to_owned(), change: change.to_owned() };
        Mutant { name: format!("crates/x/src/{file}:1:1: {change}"), key, print: 1 }
    }

    #[test]
    fn a_crate_and_parts_of_it_may_be_named() {
        let words = words("smp --file lib --shard 2/3 --again");
        let wish = Wish::parse(&words).unwrap();
        let all = Wish {
            only: Some("smp"),
            file: Some("lib"),
            shard: Some((2, 3)),
            again: true,
            check: false,
        };
        assert_eq!(wish, all);
        assert!(!wish.is_about_all());
        let here = mutant("lib.rs", "f", "replace");
        let has: Vec<usize> = (0..6).filter(|index| wish.has(*index, &here)).collect();
        assert_eq!(has, [1, 4]);
        assert!(!wish.has(1, &mutant("other.rs", "f", "replace")));
        assert!(Wish::parse(&[]).unwrap().is_about_all());
    }

    #[test]
    fn what_is_no_wish_is_refused() {
        for wrong in
            ["wire", "smp ratchet", "--shard", "--shard 0/2", "--shard 3/2", "--shard x", "--file"]
        {
            assert!(Wish::parse(&words(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mutant_is_known_by_its_function_and_change_and_not_by_its_line() {
        let item = |line: u64| {
            serde_json::json!({
                "name": format!("crates/x/src/a/b.rs:{line}:5: replace > with < in S::f"),
                "file": "crates/x/src/a/b.rs",
                "function": {
                    "function_name": "S::f",
                    "span": { "start": { "line": line - 1 }, "end": { "line": line + 1 } },
                },
                "span": { "start": { "line": line, "column": 5 }, "end": { "line": line } },
            })
        };
        let function = "fn f() {\n    a > b\n}\n";
        let at_once = described(&item(2), function).unwrap();
        let below = described(&item(4), &format!("// Else\n\n{function}")).unwrap();
        assert_eq!((&at_once.key, at_once.print), (&below.key, below.print));
        assert_eq!(at_once.key.file, "a/b.rs");
        assert_eq!(at_once.key.change, "replace > with < in S::f");
        let changed = described(&item(2), "fn f() {\n    a > c\n}\n").unwrap();
        assert_eq!(at_once.key, changed.key);
        assert_ne!(at_once.print, changed.print);
        assert_eq!(
            described(&item(2), "").map(|mutant| mutant.print == at_once.print),
            Some(false)
        );
    }

    #[test]
    fn equal_changes_in_a_function_are_told_apart() {
        let mut mutants = ["f", "f", "g", "f"].map(|function| mutant("a.rs", function, "delete !"));
        number(&mut mutants);
        let changes = mutants.map(|mutant| mutant.key.change);
        assert_eq!(changes, ["delete !", "delete ! (2)", "delete !", "delete ! (3)"]);
    }

    #[test]
    fn a_name_is_escaped_and_nothing_else() {
        assert_eq!(escaped("a/b.rs:1:2: x -> Option<T>"), r"a/b\.rs:1:2: x \-> Option<T>");
        assert_eq!(escaped("|= ^ && 'ä'"), r"\|= \^ \&\& 'ä'");
    }

    #[test]
    fn a_mutant_that_lives_or_was_not_tried_is_not_well() {
        let there = [mutant("a.rs", "f", "one"), mutant("a.rs", "f", "two")];
        let mut record = Record::default();
        assert!(!sum_up("x", &there, &record, true));
        assert!(sum_up("x", &there, &record, false), "not asked for");
        record.note(there[0].key.clone(), 1, Fate::Caught);
        record.note(there[1].key.clone(), 1, Fate::Missed);
        assert!(!sum_up("x", &there, &record, false));
        let text = record.text("x").replace("two\n", "two\n            because it is equal\n");
        let reasoned = Record::parse(&text).unwrap();
        assert!(sum_up("x", &there, &reasoned, true));
        // The function has changed since.
        let mut changed = there;
        changed[0].print = 2;
        assert!(!sum_up("x", &changed, &reasoned, true));
    }

    #[test]
    fn every_record_can_be_read_and_is_as_it_would_be_written() {
        for name in CRATES {
            let file = step::root().join(FOLDER).join(format!("{name}.txt"));
            let text = fs::read_to_string(&file).unwrap();
            let record = Record::parse(&text).unwrap();
            assert_eq!(record.text(name), text, "{name}");
        }
    }
}
