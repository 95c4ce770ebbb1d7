//! What an interface can look up in the history, past the node: rows to show, and what a search is.
//!
//! A search is for words. A word is found in every text with a word that begins with it, however it
//! is capitalised or accented; in scripts that put no spaces between words a run of two letters or
//! more is found wherever it stands. [`Search::spans`] says where.

use std::ops::Range;

use undertone_wire::address::OnionAddress;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::command::{Greeting, Name, Reaction};
use crate::event::{Delivery, Trust};
use crate::{ConversationId, MessageId};

/// The rules by which texts are split, for indices that outlive the program. Another version of the
/// rules or of Unicode may split otherwise.
pub fn splitter() -> String {
    let (major, minor, update) = char::UNICODE_VERSION;
    let (table, _, _) = unicode_normalization::UNICODE_VERSION;
    format!("1, Unicode {major}.{minor}.{update}, forms {table}")
}

/// The longest search in characters; what is beyond is not looked for.
pub const MAX_SEARCH: usize = 256;

/// The longest word that an index holds, in characters; of longer ones the beginning.
pub const MAX_WORD: usize = 40;

/// The fewest characters that can be looked for.
const LEAST: usize = 2;

/// Places of one text that are marked, at most.
const MAX_SPANS: usize = 64;

/// One conversation in a list of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Which.
    pub conversation: ConversationId,
    /// The name that this side shows for the partner.
    pub name: Name,
    /// How far the partner is known.
    pub trust: Trust,
    /// The partner said goodbye.
    pub ended: bool,
    /// The user has blocked the partner.
    pub blocked: bool,
    /// When it was paired, in seconds since 1970 by this machine's clock.
    pub since: u64,
    /// The newest message.
    pub last: Option<Line>,
    /// Messages of the partner's that nobody has seen.
    pub unread: usize,
    /// Texts of ours without a receipt.
    pub waiting: usize,
    /// The user has begun to write something.
    pub draft: bool,
}

/// One message, to show.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// Which.
    pub message: MessageId,
    /// Whether it is ours.
    pub own: bool,
    /// Its text.
    pub body: Zeroizing<String>,
    /// When it was written or came, in seconds since 1970 by this machine's clock.
    pub at: u64,
    /// Where it is.
    pub delivery: Delivery,
    /// The user has seen it.
    pub seen: bool,
    /// When it was last edited.
    pub edited: Option<u64>,
    /// The message that it answers.
    pub reply: Option<MessageId>,
    /// What this side answered it with.
    pub own_reaction: Option<Reaction>,
    /// What the partner answered it with.
    pub peer_reaction: Option<Reaction>,
    /// The timer that it came or left with, in seconds.
    pub timer: Option<u32>,
    /// When it goes, in seconds since 1970, once that is known.
    pub expires: Option<u64>,
}

impl std::fmt::Debug for Line {
    /// Texts stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line")
            .field("message", &self.message)
            .field("own", &self.own)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

/// A request that came, to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLine {
    /// Which; accepted, its conversation will have this id.
    pub conversation: ConversationId,
    /// The name that whoever asks suggests.
    pub name: Name,
    /// What was said with it.
    pub greeting: Greeting,
    /// When it came, in seconds since 1970 by this machine's clock.
    pub at: u64,
    /// What the user has decided.
    pub state: RequestState,
}

/// What the user has decided about a request that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// Nothing yet.
    Pending,
    /// Whoever asked is being reached.
    Accepted,
    /// Let go.
    Refused,
    /// Let go, and all that come from the same public address.
    Blocked,
}

/// A request of ours, to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskLine {
    /// Which; accepted, its conversation will have this id.
    pub conversation: ConversationId,
    /// Whom we ask.
    pub address: OnionAddress,
    /// The name that this side shows for the partner.
    pub peer: Name,
    /// When it was made, in seconds since 1970 by this machine's clock.
    pub at: u64,
    /// It has arrived there.
    pub arrived: bool,
}

/// The public address, to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressLine {
    /// Which.
    pub address: OnionAddress,
    /// Whether it is to be served.
    pub on: bool,
}

/// Where a search goes on: before the hit that it came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Before(pub u64);

/// A message in which all that was looked for stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// In which conversation.
    pub conversation: ConversationId,
    /// The message.
    pub line: Line,
    /// Where in its text, in bytes, in order, none over another.
    pub spans: Vec<Range<usize>>,
    /// For the next page.
    pub before: Before,
}

/// What is looked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Search(Vec<Term>);

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Search({} terms)", self.0.len())
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Term {
    /// The beginning of a word.
    Word(Zeroizing<String>),
    /// Letters side by side.
    Run(Zeroizing<String>),
}

/// What an index is asked for a [`Search`]: it finds every text that the search is for, and perhaps
/// others, which [`Search::spans`] tells apart.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// A token that begins so.
    Beginning(Zeroizing<String>),
    /// This token.
    Token(Zeroizing<String>),
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Search {
    /// Reads what a user typed. `None`: nothing in it can be looked for, as single letters can't.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let end = text.char_indices().nth(MAX_SEARCH).map_or(text.len(), |(at, _)| at);
        let terms: Vec<Term> = Pieces::of(text.get(..end).unwrap_or(text))
            .filter(|piece| piece.letters.chars().count() >= LEAST)
            .map(
                |piece| {
                    if piece.dense { Term::Run(piece.letters) } else { Term::Word(piece.letters) }
                },
            )
            .collect();
        (!terms.is_empty()).then_some(Self(terms))
    }

    /// What to ask an index for, all of it.
    #[must_use]
    pub fn keys(&self) -> Vec<Key> {
        let mut keys = Vec::new();
        for term in &self.0 {
            match term {
                Term::Word(word) => keys.push(Key::Beginning(shortened(word))),
                Term::Run(run) => keys.extend(pairs(run).map(Key::Token)),
            }
        }
        keys.dedup();
        keys
    }

    /// Where in a text the search stands, in bytes, in order, none over another. `None`: not all of
    /// it stands there.
    #[must_use]
    pub fn spans(&self, text: &str) -> Option<Vec<Range<usize>>> {
        let mut spans = Vec::new();
        let mut found = vec![false; self.0.len()];
        for piece in Pieces::of(text) {
            for (term, found) in self.0.iter().zip(&mut found) {
                let before = spans.len();
                match term {
                    Term::Word(word)
                        if !piece.dense && piece.letters.starts_with(word.as_str()) =>
                    {
                        spans.extend(piece.span(0, word.len()));
                    }
                    Term::Run(run) if piece.dense => {
                        let places = piece.letters.match_indices(run.as_str());
                        spans.extend(places.filter_map(|(at, _)| piece.span(at, run.len())));
                    }
                    Term::Word(_) | Term::Run(_) => {}
                }
                *found |= spans.len() > before;
            }
        }
        found.iter().all(|found| *found).then(|| joined(spans))
    }
}

/// Sorts places and makes one of those that touch.
fn joined(mut spans: Vec<Range<usize>>) -> Vec<Range<usize>> {
    spans.sort_by_key(|span| (span.start, span.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined.truncate(MAX_SPANS);
    joined
}

/// What an index holds for a text, each token once, in order: words, cut at [`MAX_WORD`] characters, and pairs of
/// letters where words aren't told apart. A token is of letters, marks and digits alone.
#[must_use]
pub fn tokens(text: &str) -> Vec<Zeroizing<String>> {
    let mut tokens = Vec::new();
    for piece in Pieces::of(text) {
        if piece.dense {
            tokens.extend(pairs(&piece.letters));
        } else if piece.letters.chars().nth(LEAST - 1).is_some() {
            tokens.push(shortened(&piece.letters));
        }
    }
    tokens.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
    tokens.dedup();
    tokens
}

fn shortened(word: &str) -> Zeroizing<String> {
    Zeroizing::new(word.chars().take(MAX_WORD).collect())
}

/// All pairs of letters that stand side by side.
fn pairs(run: &str) -> impl Iterator<Item = Zeroizing<String>> {
    let next = run.chars().skip(1);
    run.chars().zip(next).map(|(a, b)| Zeroizing::new([a, b].iter().collect()))
}

/// A word, or a run of letters of a script without spaces.
struct Piece {
    /// Its letters without case and accents.
    letters: Zeroizing<String>,
    /// For each of them: where it begins in `letters`, and where in the text it comes from.
    places: Vec<(usize, Range<usize>)>,
    dense: bool,
}

impl Piece {
    /// Where in the text so many bytes of the letters come from.
    fn span(&self, at: usize, length: usize) -> Option<Range<usize>> {
        let from = self.places.partition_point(|(place, _)| *place < at);
        let to = self.places.partition_point(|(place, _)| *place < at.saturating_add(length));
        let covered = self.places.get(from..to)?;
        Some(covered.first()?.1.start..covered.last()?.1.end)
    }
}

struct Pieces<'a> {
    text: &'a str,
    rest: std::iter::Peekable<std::str::CharIndices<'a>>,
}

impl<'a> Pieces<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, rest: text.char_indices().peekable() }
    }
}

/// What a character is to a search.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Between words.
    Gap,
    /// Of a word.
    Spaced,
    /// Of a script that puts no spaces between words.
    Dense,
    /// On the letter before it.
    Mark,
}

fn class(c: char) -> Class {
    if is_dense(c) {
        Class::Dense
    } else if unicode_normalization::char::is_combining_mark(c)
        || matches!(c, '\u{200c}' | '\u{200d}')
    {
        Class::Mark
    } else if c.is_alphanumeric() {
        Class::Spaced
    } else {
        Class::Gap
    }
}

/// Letters and marks of scripts that put no spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer,
/// Tai, kana, Han with its numbers and repetition marks.
fn is_dense(c: char) -> bool {
    let script = matches!(c,
        '\u{0e01}'..='\u{0e3a}' | '\u{0e40}'..='\u{0e4e}' | '\u{0e81}'..='\u{0ece}'
        | '\u{0edc}'..='\u{0edf}' | '\u{0f40}'..='\u{0fbc}' | '\u{1000}'..='\u{103f}'
        | '\u{1050}'..='\u{108f}' | '\u{1780}'..='\u{17d3}' | '\u{1950}'..='\u{19df}'
        | '\u{1a20}'..='\u{1a7f}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}'
        | '\u{3041}'..='\u{309f}' | '\u{30a1}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{a9e0}'..='\u{a9ff}'
        | '\u{aa60}'..='\u{aadf}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}'
        | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{3ffff}');
    script && (c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c))
}

/// Accents that Latin, Greek and Cyrillic letters are found without.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}')
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        // A mark begins nothing.
        while self.rest.next_if(|(_, c)| matches!(class(*c), Class::Gap | Class::Mark)).is_some() {}
        let kind = class(self.rest.peek()?.1);
        let mut piece = Piece {
            letters: Zeroizing::new(String::new()),
            places: Vec::new(),
            dense: kind == Class::Dense,
        };
        let mut characters = 0_usize;
        while let Some((at, c)) =
            self.rest.next_if(|(_, c)| matches!(class(*c), Class::Mark) || class(*c) == kind)
        {
            // Of a word without end only the beginning is ever compared.
            characters = characters.saturating_add(1);
            if !piece.dense && characters > MAX_SEARCH {
                continue;
            }
            let end = at.saturating_add(c.len_utf8());
            for letter in std::iter::once(c).nfkd().flat_map(char::to_lowercase).nfkd() {
                let kept = letter.is_alphanumeric()
                    || (unicode_normalization::char::is_combining_mark(letter)
                        && !is_accent(letter));
                if kept {
                    piece.places.push((piece.letters.len(), at..end));
                    piece.letters.push(letter);
                } else if let Some((_, place)) = piece.places.last_mut() {
                    // An accent belongs to what it stands on.
                    place.end = place.end.max(end);
                }
            }
        }
        debug_assert!(piece.places.iter().all(|(_, place)| self.text.get(place.clone()).is_some()));
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(search: &str, text: &str) -> Option<Vec<String>> {
        let spans = Search::parse(search)?.spans(text)?;
        Some(spans.into_iter().map(|span| text[span].to_owned()).collect())
    }

    fn all(text: &str) -> Vec<String> {
        tokens(text).iter().map(|token| token.to_string()).collect()
    }

    #[test]
    fn words_are_found_by_their_beginning_whatever_their_case_and_accents() {
        assert_eq!(find("har", "In the Harbour, harsh"), Some(vec!["Har".into(), "har".into()]));
        assert_eq!(find("arb", "In the Harbour"), None);
        assert_eq!(
            find("cafe", "Le CAFE\u{301} Café"),
            Some(vec!["CAFE\u{301}".into(), "Café".into()])
        );
        assert_eq!(find("CAFÉ cr", "crème de cafe"), Some(vec!["cr".into(), "cafe".into()]));
        assert_eq!(find("cafe tea", "cafe"), None);
        assert_eq!(find("ярк", "ЯРКИЙ свет"), Some(vec!["ЯРК".into()]));
        assert_eq!(find("strasse", "Straße"), None, "no case of a letter is another letter");
        assert_eq!(find("ﬁn", "final"), Some(vec!["fin".into()]));
    }

    #[test]
    fn scripts_without_spaces_are_found_anywhere() {
        assert_eq!(find("東京", "明日東京に行く"), Some(vec!["東京".into()]));
        assert_eq!(find("京東", "明日東京に行く"), None);
        assert_eq!(find("東京に行", "東京 に行"), None, "the pairs alone would have been found");
        assert_eq!(find("กิน", "ฉันกินข้าว"), Some(vec!["กิน".into()]));
        assert_eq!(find("テスト", "ﾃｽﾄ"), Some(vec!["ﾃｽﾄ".into()]));
        assert_eq!(find("abc東京", "東京 ABCD"), Some(vec!["東京".into(), "ABC".into()]));
    }

    #[test]
    fn single_letters_are_not_looked_for() {
        assert_eq!(Search::parse("a b, 東"), None);
        assert_eq!(Search::parse("  "), None);
        assert_eq!(Search::parse("\u{301}\u{301}"), None);
        assert_eq!(find("a ab", "abc"), Some(vec!["ab".into()]));
    }

    #[test]
    fn an_index_holds_what_a_search_asks_it_for() {
        assert_eq!(all("The the Café a 東京都 x9"), ["cafe", "the", "x9", "京都", "東京"]);
        let text = "Grüße aus 東京都, क्षेत्र und ฉันกินข้าว;한국어 ".repeat(2) + &"w".repeat(100);
        let tokens = tokens(&text);
        for search in ["gru", "GRÜSS", "京都", "क्षे", "กินข้าว", "한국", &"w".repeat(60)]
        {
            let search = Search::parse(search).unwrap();
            let found = search.spans(&text).is_some();
            let asked = search.keys().iter().all(|key| match key {
                Key::Beginning(start) => {
                    tokens.iter().any(|token| token.starts_with(start.as_str()))
                }
                Key::Token(token) => tokens.contains(token),
            });
            assert_eq!(asked, found, "{search:?}");
        }
    }

    #[test]
    fn debug_shows_no_text() {
        let search = Search::parse("secret").unwrap();
        assert_eq!(format!("{search:?} {:?}", search.keys()), "Search(1 terms) [Key(…)]");
    }
}
