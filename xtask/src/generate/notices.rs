//! The notices of the crates that the program is made of, each text once.
//!
//! Most crates carry one of a few texts and differ in the line that says whose they are. So a text is split into that
//! notice and the rest; the rest is printed once, after all its notices with the crates that have them.

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
const BUNDLED: [(&str, &str); 1] =
    [("libsqlite3-sys", "brings SQLite, which its authors gave to the public domain.")];

/// No line of ours is longer.
const WIDTH: usize = 98;

/// Titles of texts; with and without them they are the same.
const TITLES: [&str; 5] =
    ["mit license ", "the mit license ", "the mit license mit ", "bsd 3 clause license ", "isc license "];

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
    /// Without the notices.
    body: String,
    /// The crates by what they say about whose work they are.
    notices: BTreeMap<String, BTreeSet<String>>,
}

/// The texts of all crates, the commonest first.
fn shared(crates: &[&Crate]) -> Vec<Shared> {
    // By the text's words; then the ways of setting them with how often each occurs.
    let mut groups: BTreeMap<String, (BTreeMap<String, usize>, Shared)> = BTreeMap::new();
    for one in crates {
        for text in &one.texts {
            let (notice, body) = split(&clean(text));
            let (settings, shared) = groups.entry(words(&body)).or_default();
            *settings.entry(body).or_default() += 1;
            shared.notices.entry(notice).or_default().insert(one.title());
        }
    }
    let mut all = Vec::new();
    for (settings, mut shared) in groups.into_values() {
        let commonest = settings.into_iter().max_by_key(|(body, times)| (*times, body.clone()));
        shared.body = commonest.map(|(body, _)| body).unwrap_or_default();
        let crates: usize = shared.notices.values().map(BTreeSet::len).sum();
        all.push((usize::MAX - crates, shared));
    }
    all.sort_by(|(rank, one), (other_rank, other)| (rank, &one.body).cmp(&(other_rank, &other.body)));
    all.into_iter().map(|(_, shared)| shared).collect()
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
    let begins = ["Copyright ", "(c) ", "(C) ", "©"].iter().any(|begin| {
        start.strip_prefix(begin).is_some_and(|rest| !rest.starts_with(char::is_lowercase))
    });
    let lower = start.to_lowercase();
    begins && !["permission", "licen", "redistribut"].iter().any(|word| lower.contains(word))
}

/// What texts are compared by: their words alone, without a title, and without the advice on how to use a licence that
/// follows it in some copies.
fn words(body: &str) -> String {
    let spaced: String = body
        .replace("https://", "http://")
        .chars()
        .map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' })
        .collect();
    let words = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = TITLES
        .iter()
        .filter(|title| words.starts_with(**title))
        .max_by_key(|title| title.len());
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
