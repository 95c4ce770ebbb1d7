//! A made-up vocabulary: words of several scripts, few of them said all the time and most hardly ever.

use crate::measure::SplitMix;

/// Words of each language.
pub(super) const WORDS: usize = 40_000;

/// A language, by what its words are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// Latin letters.
    Latin,
    /// Latin letters, many with accents.
    Accents,
    Cyrillic,
    /// Words without spaces between them.
    Han,
    /// Likewise, with marks.
    Thai,
}

/// All languages.
const SCRIPTS: [Script; 5] =
    [Script::Latin, Script::Accents, Script::Cyrillic, Script::Han, Script::Thai];

/// Of so many contacts, how many write in which script.
const SPEAKERS: [Script; 10] = [
    Script::Latin,
    Script::Latin,
    Script::Accents,
    Script::Latin,
    Script::Cyrillic,
    Script::Han,
    Script::Latin,
    Script::Accents,
    Script::Thai,
    Script::Latin,
];

const LATIN: [&str; 24] = [
    "ba", "the", "no", "ri", "sto", "len", "mar", "i", "ous", "ka", "den", "vi", "tro", "sun", "e",
    "wal", "ter", "go", "pin", "ach", "qui", "zo", "fy", "lum",
];
const ACCENTS: [&str; 16] = [
    "é", "ça", "dü", "nö", "lè", "mar", "ñe", "ti", "ôl", "gå", "ren", "šu", "pa", "ží", "que",
    "in",
];
const CYRILLIC: [&str; 16] = [
    "по", "не", "ка", "рё", "сто", "ла", "ви", "тро", "же", "и", "мой", "ду", "шка", "за", "гор",
    "ый",
];
const THAI: [&str; 16] = [
    "กา",
    "ริน",
    "สุ",
    "ที่",
    "มา",
    "นอ",
    "แล้ว",
    "ได้",
    "ใจ",
    "คน",
    "บาง",
    "ผล",
    "เอา",
    "หิว",
    "โต",
    "ยัง",
];

/// The language of a contact.
pub(super) fn of_contact(number: u32) -> Script {
    SPEAKERS[number as usize % SPEAKERS.len()]
}

/// The words of all languages; of each the one that is said most first.
pub(super) struct Vocabulary(Vec<(Script, Vec<String>)>);

impl Vocabulary {
    pub(super) fn new() -> Self {
        Self(SCRIPTS.map(|script| (script, words(script))).into())
    }

    pub(super) fn of(&self, script: Script) -> &[String] {
        self.0.iter().find(|(one, _)| *one == script).map_or(&[], |(_, words)| words)
    }

    /// A text as people write them: mostly short, now and then long.
    pub(super) fn text(&self, script: Script, random: &mut SplitMix) -> String {
        let words = self.of(script);
        let length = 1 + (30.0 * random.fraction() * random.fraction()) as usize;
        let mut text = String::new();
        for at in 0..length {
            let dense = matches!(script, Script::Han | Script::Thai);
            if at > 0 {
                // Where there are no spaces there are commas.
                match (dense, random.below(8)) {
                    (false, 0) => text.push_str(", "),
                    (false, _) => text.push(' '),
                    (true, 0) => text.push('、'),
                    (true, _) => {}
                }
            }
            text.push_str(&words[rank(words.len(), random)]);
        }
        text
    }
}

/// A rank by Zipf's law: the k-th of all comes a k-th as often as the first.
pub(super) fn rank(of: usize, random: &mut SplitMix) -> usize {
    ((of as f64).powf(random.fraction()) as usize).saturating_sub(1).min(of - 1)
}

/// What is said often is short.
fn words(script: Script) -> Vec<String> {
    let mut random = SplitMix::new(script as u64 + 1);
    (0..WORDS)
        .map(|rank| {
            let parts = 1 + (rank + 1).ilog2() as usize / 5 + random.below(2);
            let mut pick = |from: &[&str]| -> String {
                (0..parts).map(|_| from[random.below(from.len())]).collect()
            };
            match script {
                Script::Latin => pick(&LATIN),
                Script::Accents => pick(&ACCENTS),
                Script::Cyrillic => pick(&CYRILLIC),
                Script::Thai => pick(&THAI),
                Script::Han => (0..parts.min(3)).map(|_| character(&mut random)).collect(),
            }
        })
        .collect()
}

/// One of the 3,000 characters that nearly all is written in.
fn character(random: &mut SplitMix) -> char {
    char::from_u32(0x4e00 + rank(3_000, random) as u32 * 6).unwrap_or('一')
}
