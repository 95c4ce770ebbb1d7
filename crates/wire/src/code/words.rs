//! The list of 4,096 words (`docs/wordlist.md`).

/// Twelve bits for each word.
const COUNT: usize = 4096;
/// The longest word, in letters.
const LONGEST: usize = 8;

static WORDS: [&str; COUNT] = cut_lines(include_str!("../words.txt"));

/// Cuts the list at its line ends, in the compiler, which thereby also counts it.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs in the compiler only, where a panic is a compile error"
)]
const fn cut_lines(text: &'static str) -> [&'static str; COUNT] {
    let bytes = text.as_bytes();
    let mut words = [""; COUNT];
    let (mut rest, mut place, mut length) = (text, 0, 0);
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'\n' {
            let (word, after) = rest.split_at(length);
            words[place] = word;
            place += 1;
            (_, rest) = after.split_at(1);
            length = 0;
        } else {
            length += 1;
        }
        at += 1;
    }
    assert!(place == COUNT && rest.is_empty(), "the list must have 4,096 lines");
    words
}

/// The word that the twelve lowest bits choose.
pub(super) fn at(random: u32) -> &'static str {
    WORDS.get(random as usize % COUNT).copied().unwrap_or_default()
}

/// Whether this is a word of the list, in lower case.
pub(super) fn is_listed(word: &str) -> bool {
    WORDS.binary_search(&word).is_ok()
}

/// Whether a word of the list begins like this.
pub(super) fn is_begun(prefix: &str) -> bool {
    let start = WORDS.partition_point(|word| *word < prefix);
    WORDS.get(start).is_some_and(|word| word.starts_with(prefix))
}

/// The words of the list that begin with `prefix`, in alphabetical order; upper case doesn't
/// matter. Without a beginning there is nothing to complete, so none.
#[must_use]
pub fn complete(prefix: &str) -> Vec<&'static str> {
    if prefix.is_empty() || prefix.len() > LONGEST {
        return Vec::new();
    }
    let prefix = zeroize::Zeroizing::new(prefix.to_ascii_lowercase());
    let start = WORDS.partition_point(|word| *word < prefix.as_str());
    WORDS.iter().skip(start).copied().take_while(|word| word.starts_with(prefix.as_str())).collect()
}

/// For a word that isn't in the list, the one word of the list that a single wrong, missing or
/// surplus letter separates it from; none if there are several or none.
#[must_use]
pub fn suggest(word: &str) -> Option<&'static str> {
    if word.is_empty() || word.len() > LONGEST.saturating_add(1) {
        return None;
    }
    let word = zeroize::Zeroizing::new(word.to_ascii_lowercase());
    if is_listed(&word) {
        return None;
    }
    let mut near =
        WORDS.iter().copied().filter(|listed| is_one_edit(word.as_bytes(), listed.as_bytes()));
    let found = near.next()?;
    near.next().is_none().then_some(found)
}

/// Whether one substitution, insertion or deletion turns one into the other.
fn is_one_edit(one: &[u8], two: &[u8]) -> bool {
    let same = one.iter().zip(two).take_while(|(a, b)| a == b).count();
    let (one, two) = (one.get(same..).unwrap_or_default(), two.get(same..).unwrap_or_default());
    match (one.split_first(), two.split_first()) {
        (Some((_, after_one)), Some((_, after_two))) => {
            after_one == after_two || after_one == two || one == after_two
        }
        (Some((_, rest)), None) | (None, Some((_, rest))) => rest.is_empty(),
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_list_is_sorted_distinct_and_of_plain_short_words() {
        assert!(WORDS.is_sorted_by(|one, two| one < two));
        for word in WORDS {
            assert!((4..=LONGEST).contains(&word.len()), "{word}");
            assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()), "{word}");
        }
    }

    /// Two words are one edit apart only if they share a form with one letter masked, or one is
    /// the other with a letter taken out.
    #[test]
    fn no_two_words_are_one_edit_apart() {
        let mut masked = HashSet::new();
        for word in WORDS {
            for place in 0..word.len() {
                let (before, after) = (&word[..place], &word[place + 1..]);
                assert!(masked.insert(format!("{before}.{after}")), "{word}");
                assert!(!is_listed(&format!("{before}{after}")), "{word}");
            }
        }
    }

    #[test]
    fn one_wrong_letter_is_never_a_word_and_is_told_from_the_right_one() {
        assert_eq!(suggest("otter"), None);
        assert_eq!(suggest("ottex"), Some("otter"));
        assert_eq!(suggest("otte"), Some("otter"));
        assert_eq!(suggest("OTTTER"), Some("otter"));
        assert_eq!(suggest("lanternn"), Some("lantern"));
        assert_eq!(suggest("qzxvq"), None);
        assert_eq!(suggest(""), None);
        assert_eq!(suggest("é"), None);
        assert_eq!(suggest(&"o".repeat(100_000)), None);
    }

    #[test]
    fn two_candidates_give_no_suggestion() {
        // Some text that is one letter away from two words of the list, found in the list.
        let mut seen = std::collections::HashMap::new();
        let between = WORDS
            .iter()
            .flat_map(|word| {
                (0..word.len())
                    .map(move |place| (format!("{}{}", &word[..place], &word[place + 1..]), *word))
            })
            .find(|(short, word)| {
                seen.insert(short.clone(), *word).is_some_and(|other| other != *word)
            });
        let (short, _) = between.unwrap();
        assert_eq!(suggest(&short), None, "{short}");
    }

    #[test]
    fn a_beginning_is_completed() {
        assert!(complete("lant").contains(&"lantern"));
        assert_eq!(complete("LANTERN"), ["lantern"]);
        assert_eq!(complete(""), Vec::<&str>::new());
        assert_eq!(complete("qzx"), Vec::<&str>::new());
        assert_eq!(complete("é"), Vec::<&str>::new());
        let of_letters: usize = ('a'..='z').map(|letter| complete(&letter.to_string()).len()).sum();
        assert_eq!(of_letters, COUNT);
        assert!(is_begun("z") && is_begun("otter") && !is_begun("otterx") && !is_begun("zzz"));
    }

    #[test]
    fn edits_are_counted_rightly() {
        let cases: [(&str, &str, bool); 9] = [
            ("mesa", "mesa", false),
            ("mesa", "mess", true),
            ("mesa", "mes", true),
            ("mesa", "esa", true),
            ("mesa", "mexsa", true),
            ("mesa", "emsa", false),
            ("mesa", "me", false),
            ("", "a", true),
            ("", "", false),
        ];
        for (one, two, near) in cases {
            assert_eq!(is_one_edit(one.as_bytes(), two.as_bytes()), near, "{one} {two}");
            assert_eq!(is_one_edit(two.as_bytes(), one.as_bytes()), near, "{two} {one}");
        }
    }
}
