//! The notices of the crates that the program is made of, each text once.
//!
//! Most crates carry one of a few texts and differ in the line that says whose they are. So a text is split into that
//! notice and the rest; the rest is printed once, after all its notices with the crates that have them. A text that no
//! other crate has in another version stays whole.

use std::collections::{BTreeMap, BTreeSet};

/// A crate of others.
#[derive(Debug, Clone, Default)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: String,
    /// An expression of licence names.
    pub(super) licence: String,
    pub(super) authors: Vec<String>,
    /// Where its source is.
    pub(super) repository: Option<String>,
    /// Its licences and notices.
    pub(super) texts: Vec<String>,
}

impl Crate {
    fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }
}

/// What crates bring along besides their own work, where no file of theirs says so.
const BUNDLED: [(&str, &str); 3] = [
    ("libsqlite3-sys", "brings SQLite, which its authors gave to the public domain."),
    ("libsqlite3-sys", "brings SQLCipher, whose licence stands below."),
    (
        "openssl-sys",
        "brings OpenSSL's libcrypto, Copyright (c) The OpenSSL Project Authors: Apache-2.0.",
    ),
];

/// No line of ours is longer.
const WIDTH: usize = 98;

/// Titles of texts; with and without them they are the same.
const TITLES: [&str; 5] = [
    "mit license ",
    "the mit license ",
    "the mit license mit ",
    "bsd 3 clause license ",
    "isc license ",
];

/// The notices of all these crates, in their order.
pub(super) fn text(crates: &[Crate]) -> String {
    let rule = "=".repeat(WIDTH);
    let mut text = format!(
        "{rule}\nThe work of others\n{rule}\n\nThe program is made with {} crates of others. Each is named here \
         with its licence and its\nsource; the texts of the licences follow.\n\n",
        crates.len()
    );
    for one in crates {
        text += &format!("{}: {}\n", one.title(), one.licence);
        if let Some(repository) = &one.repository {
            text += &format!("    {repository}\n");
        }
        for (_, what) in BUNDLED.iter().filter(|(name, _)| *name == one.name) {
            text += &format!("    {what}\n");
        }
    }
    let (without, with): (Vec<&Crate>, Vec<&Crate>) =
        crates.iter().partition(|one| one.texts.is_empty());
    text += &format!(
        "\n{rule}\nCrates that come without a text of their licence; the texts stand below with others\n{rule}\n\n"
    );
    let mut by_authors: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for one in without {
        by_authors.entry(one.authors.join(", ")).or_default().insert(one.title());
    }
    text += &listed(&by_authors);
    for shared in shared(&with) {
        text += &format!("\n{rule}\n\n{}\n{}\n", listed(&shared.notices), shared.body);
    }
    text
}

/// A text with the crates that carry it.
#[derive(Debug, Default)]
struct Shared {
    /// As it is printed.
    body: String,
    /// The crates by what they say about whose work they are.
    notices: BTreeMap<String, BTreeSet<String>>,
}

/// Everything with the same words.
#[derive(Debug, Default)]
struct Group {
    /// The texts with their notices.
    whole: BTreeSet<String>,
    /// The texts without, and how often each occurs.
    bodies: BTreeMap<String, usize>,
    /// The crates by notice.
    notices: BTreeMap<String, BTreeSet<String>>,
}

impl Group {
    fn into_shared(self) -> Shared {
        let Self { whole, bodies, notices } = self;
        let mut texts = whole.into_iter();
        if let (Some(body), None) = (texts.next(), texts.next()) {
            let crates = notices.into_values().flatten().collect();
            return Shared { body, notices: BTreeMap::from([(String::new(), crates)]) };
        }
        let commonest = bodies.into_iter().max_by_key(|(body, times)| (*times, body.clone()));
        Shared { body: commonest.map(|(body, _)| body).unwrap_or_default(), notices }
    }
}

/// The texts of all crates, the commonest first.
fn shared(crates: &[&Crate]) -> Vec<Shared> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for one in crates {
        for text in &one.texts {
            let whole = clean(text);
            let (notice, body) = split(&whole);
            let group = groups.entry(words(&body)).or_default();
            *group.bodies.entry(body).or_default() += 1;
            group.notices.entry(notice).or_default().insert(one.title());
            group.whole.insert(whole);
        }
    }
    let mut all: Vec<Shared> = groups.into_values().map(Group::into_shared).collect();
    let carriers = |one: &Shared| one.notices.values().map(BTreeSet::len).sum::<usize>();
    all.sort_by(|one, other| {
        carriers(other).cmp(&carriers(one)).then_with(|| one.body.cmp(&other.body))
    });
    all
}

/// Each notice with the crates beneath it. Crates that say nothing come first.
fn listed(notices: &BTreeMap<String, BTreeSet<String>>) -> String {
    let mut text = String::new();
    for (notice, crates) in notices {
        if !notice.is_empty() {
            text += notice;
            text.push('\n');
        }
        let mut line = String::from("   ");
        for (number, title) in (1..).zip(crates) {
            let end = if number == crates.len() { "" } else { "," };
            if line.len() + 1 + title.len() + end.len() > WIDTH {
                text += &line;
                text.push('\n');
                line = String::from("   ");
            }
            line += &format!(" {title}{end}");
        }
        text += &line;
        text.push('\n');
    }
    text
}

/// A text without what only a terminal or an editor would notice: control characters, white space at the ends of lines,
/// several empty lines in a row.
fn clean(text: &str) -> String {
    let text = text.replace('\u{c}', "\n").replace('\t', "    ");
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let line: String = line.chars().filter(|c| !c.is_control() && *c != '\u{feff}').collect();
        let line = line.trim_end();
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n").trim_end().to_owned()
}

/// Splits a clean text into the paragraphs that say whose work it is, and the rest.
///
/// Where such paragraphs stand in several places, each belongs to what is around it, and the text stays whole.
fn split(text: &str) -> (String, String) {
    let paragraphs: Vec<&str> = text.split("\n\n").collect();
    let is_notice: Vec<bool> = paragraphs.iter().map(|paragraph| is_notice(paragraph)).collect();
    let places = is_notice.iter().filter(|is| **is).count();
    let first = is_notice.iter().position(|is| *is).unwrap_or_default();
    if places == 0 || !is_notice.iter().skip(first).take(places).all(|is| *is) {
        return (String::new(), text.to_owned());
    }
    let join = |wanted: bool| {
        let lines = paragraphs.iter().zip(&is_notice).filter(|(_, is)| **is == wanted);
        lines.map(|(paragraph, _)| *paragraph).collect::<Vec<_>>().join("\n\n")
    };
    let notice: Vec<String> = join(true)
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    (notice.join("\n"), join(false))
}

/// Whether a paragraph says whose work something is and nothing else.
fn is_notice(paragraph: &str) -> bool {
    let start = paragraph.trim_start();
    let begins = |begin: &str, goes_on: fn(char) -> bool| {
        start.strip_prefix(begin).is_some_and(|rest| rest.trim_start().starts_with(goes_on))
    };
    let is_name = |c: char| !c.is_lowercase();
    // The Apache License counts (c) among its conditions.
    let is_year = |c: char| c.is_ascii_digit();
    let is_one = begins("Copyright ", is_name)
        || begins("\u{a9}", is_name)
        || begins("(c) ", is_year)
        || begins("(C) ", is_year);
    let lower = start.to_lowercase();
    // With the year still to be filled in, it says how to write such a line.
    is_one && !["permission", "licen", "redistribut", "[yyyy]"].iter().any(|it| lower.contains(it))
}

/// What texts are compared by: their words alone, without a title, and without the advice on how to use a licence that
/// follows it in some copies.
fn words(body: &str) -> String {
    let spaced: String = body
        .replace("https://", "http://")
        .replace("/licenses/LICENSE-2.0", "/licenses/")
        .chars()
        .map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' })
        .collect();
    let words = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    let title =
        TITLES.iter().filter(|title| words.starts_with(**title)).max_by_key(|title| title.len());
    let words = title.and_then(|title| words.strip_prefix(title)).unwrap_or(&words);
    match words.split_once(" end of terms and conditions") {
        Some((terms, advice))
            if words.starts_with("apache license version 2 0") && is_advice(advice) =>
        {
            terms.to_owned()
        }
        _ => words.to_owned(),
    }
}

/// Whether this is nothing, or the advice after the Apache License on how to apply it.
fn is_advice(words: &str) -> bool {
    let words = words.trim();
    let whole = words.starts_with("appendix how to apply the apache license to your work")
        && words.ends_with("governing permissions and limitations under the license");
    words.is_empty()
        || (whole && words.matches("limitations under the license").count() == 1)
        || (words.starts_with("licensed under the apache license version 2 0 the license you may")
            && words.ends_with("governing permissions and limitations under the license"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIT: &str = "Permission is hereby granted, free of charge, to any person.\n\nTHE SOFTWARE IS \
                       PROVIDED \"AS IS\".\n";
    const APACHE: &str = "        Apache License\n   Version 2.0, January 2004\n  \
                          https://www.apache.org/licenses/\n\n (c) You must retain all notices;\n\n   END OF \
                          TERMS AND CONDITIONS\n";
    const ADVICE: &str = "\n   APPENDIX: How to apply the Apache License to your work.\n\n   Copyright [yyyy] \
                          [name of copyright owner]\n\n   permissions and\n   governing permissions and \
                          limitations under the License.\n";

    fn one(name: &str, texts: &[&str]) -> Crate {
        Crate {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT".to_owned(),
            authors: vec![format!("Author of {name}")],
            repository: Some(format!("https://example.org/{name}")),
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    fn times(text: &str, part: &str) -> usize {
        text.matches(part).count()
    }

    #[test]
    fn a_common_text_is_printed_once_with_everybodys_notice() {
        let a = format!("Copyright (c) 2020 Ana\n\n{MIT}");
        let b = format!("The MIT License (MIT)\r\n\r\nCopyright (c) 2021  Ben\r\n\r\n{MIT}");
        let c = format!("MIT License\n\nCopyright (c) 2020 Ana\n\n{}", MIT.replace(", ", ",\n"));
        let text = text(&[one("a", &[&a]), one("b", &[&b]), one("c", &[&c]), one("d", &[MIT])]);
        assert_eq!(times(&text, "Permission is hereby granted"), 1, "{text}");
        assert!(
            text.contains("\n    d 1.0.0\nCopyright (c) 2020 Ana\n    a 1.0.0, c 1.0.0\n"),
            "{text}"
        );
        assert!(text.contains("Copyright (c) 2021 Ben\n    b 1.0.0\n"), "{text}");
    }

    #[test]
    fn the_apache_license_is_the_same_with_and_without_advice_on_its_use() {
        let filled = ADVICE.replace("[yyyy] [name of copyright owner]", "2022 Ana");
        let texts = [APACHE.to_owned(), format!("{APACHE}{ADVICE}"), format!("{APACHE}{filled}")];
        let crates: Vec<Crate> = texts.iter().map(|text| one("a", &[text])).collect();
        let text = text(&crates);
        assert_eq!(times(&text, "You must retain all notices"), 1, "{text}");
        assert_eq!(times(&text, "Copyright 2022 Ana\n    a 1.0.0\n"), 1, "{text}");
    }

    #[test]
    fn a_licence_with_an_exception_after_it_is_another_text() {
        let with = format!("{APACHE}\n---- Exceptions ----\n\nYou may leave something out.\n");
        let text = text(&[one("a", &[APACHE]), one("b", &[&with])]);
        assert_eq!(times(&text, "You must retain all notices"), 2, "{text}");
        assert_eq!(times(&text, "You may leave something out"), 1, "{text}");
    }

    #[test]
    fn a_text_of_its_own_stays_whole_and_in_order() {
        let whole =
            "Ours.\n\nCopyright 2020 Ana\n\nIncludes this:\n\nCopyright 2019 Ben\n\nThe end.";
        let bundle = text(&[one("a", &[whole]), one("b", &[whole])]);
        assert!(bundle.contains(&format!("\n    a 1.0.0, b 1.0.0\n\n{whole}\n")), "{bundle}");
        let single = text(&[one("a", &["Title\n\nCopyright 2020 Ana\n\nTerms"])]);
        assert!(single.contains("Title\n\nCopyright 2020 Ana\n\nTerms\n"), "{single}");
    }

    #[test]
    fn terms_that_mention_a_copyright_are_no_notice() {
        for terms in [
            "Copyright notice: keep it.",
            "(c) You must retain it.",
            "Copyrights stay.",
            "COPYRIGHT AND PERMISSION NOTICE",
            "Copyright 2020 Ana\nPermission is granted.",
            "Copyright [yyyy] [name of copyright owner]",
        ] {
            assert!(!is_notice(terms), "{terms}");
        }
        for notice in [
            "Copyright 2020 Ana",
            "Copyright (c) 2020 Ana\nand contributors",
            "\u{a9} 2020 Ana",
            "Copyright The Authors",
            "  (C) 2020 Ana",
        ] {
            assert!(is_notice(notice), "{notice}");
        }
    }

    #[test]
    fn a_crate_without_a_text_is_named_with_its_authors() {
        let text = text(&[one("a", &[]), one("b", &[MIT])]);
        assert!(text.contains("\na 1.0.0: MIT\n    https://example.org/a\n"), "{text}");
        assert!(text.contains("\nAuthor of a\n    a 1.0.0\n"), "{text}");
        assert!(!text.contains("Author of b"), "{text}");
    }

    #[test]
    fn what_a_crate_brings_along_is_said() {
        let text = text(&[one("libsqlite3-sys", &[MIT])]);
        assert_eq!(times(&text, "SQLite, which its authors gave to the public domain"), 1);
    }

    #[test]
    fn nothing_steers_the_terminal_and_no_line_ends_in_white_space() {
        let text = text(&[one("a", &["\u{feff}One \u{1b}[31m\ttwo\r\n\n\n\u{c}\nthree\u{7} \n"])]);
        assert!(text.contains("\n\nOne [31m    two\n\nthree\n"), "{text:?}");
        assert!(text.lines().all(|line| line == line.trim_end()));
    }

    #[test]
    fn long_lists_are_broken_between_crates() {
        let crates: Vec<Crate> =
            (100..200).map(|number| one(&format!("name-{number}"), &[MIT])).collect();
        let text = text(&crates);
        assert!(text.lines().all(|line| line.len() <= WIDTH));
        assert_eq!(times(&text, "name-150 1.0.0,"), 1);
        assert!(text.contains("name-199 1.0.0\n"));
    }
}
