//! An honest estimate of how hard a chosen password is to guess.
//!
//! A guesser tries what people tend to choose: words, names, years, runs of the keyboard,
//! repetitions. So the estimate cuts the password into such pieces in the cheapest way, and only
//! what fits none of them counts letter by letter. Whatever isn't recognised is overestimated;
//! hence a proposed code is always the better one.

use super::words;

/// Costs are in hundredths of a bit.
const BIT: u32 = 100;
/// One of the ten digits.
const DIGIT: u32 = 332;
/// One of 26 letters.
const LETTER: u32 = 470;
/// One of 36 letters and digits, where both occur.
const MIXED: u32 = 517;
/// A letter within something pronounceable: the first four, and those after them, which the
/// first ones all but give away.
const WORD_LETTER: u32 = 400;
const LATER_WORD_LETTER: u32 = 250;
/// A word of the list: one of 4,096.
const LISTED: u32 = 12 * BIT;
/// One of those that everybody takes first.
const FAVOURITE: u32 = 6 * BIT;
/// A year of the last and this century.
const YEAR: u32 = 7 * BIT;
/// A run such as `abcd`, `4321` or `qwer`: where it begins, which way and how far it goes.
const RUN: u32 = 9 * BIT;
/// Once more what stood before: how much of it.
const REPEAT: u32 = 3 * BIT;
/// Hyphens stand where one expects them.
const HYPHEN: u32 = BIT;

/// What people choose who don't think of guessers.
const FAVOURITES: [&str; 40] = [
    "password",
    "passwort",
    "secret",
    "hello",
    "love",
    "iloveyou",
    "letmein",
    "welcome",
    "monkey",
    "dragon",
    "master",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "shadow",
    "superman",
    "batman",
    "michael",
    "jesus",
    "ninja",
    "admin",
    "login",
    "test",
    "abcabc",
    "undertone",
    "code",
    "chat",
    "friend",
    "friends",
    "darling",
    "honey",
    "angel",
    "summer",
    "winter",
    "flower",
    "cookie",
    "pass",
    "word",
    "qwertz",
];

/// Letters and digits in the orders in which fingers and minds run along them.
const ROWS: [&str; 5] =
    ["abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// The strength of `password` in whole bits, for a guesser who knows `known`, the three
/// characters before it. Both are in lower case; what isn't ASCII counts as letters, byte by byte.
pub(super) fn estimate(password: &str, known: &str) -> u32 {
    // cheapest[n]: the least cost of the first n characters.
    let mut cheapest: Vec<u32> = vec![0];
    for end in 1..=password.len() {
        let mut best = u32::MAX;
        for (start, before) in cheapest.iter().enumerate() {
            let Some((earlier, piece)) =
                password.get(..end).and_then(|text| text.split_at_checked(start))
            else {
                continue;
            };
            best = best.min(before.saturating_add(cost(piece, earlier, known, password)));
        }
        cheapest.push(best);
    }
    cheapest.last().copied().unwrap_or_default() / BIT
}

/// The cheapest way in which a guesser comes to `piece` as a whole.
fn cost(piece: &str, earlier: &str, known: &str, password: &str) -> u32 {
    let as_letters = spelled(piece, password);
    let recognised = [
        (piece == "-").then_some(HYPHEN),
        words::is_listed(piece).then_some(LISTED),
        FAVOURITES.contains(&piece).then_some(FAVOURITE),
        is_year(piece).then_some(YEAR),
        is_run(piece).then_some(RUN),
        is_repeat(piece, earlier, known).then_some(REPEAT),
    ];
    recognised.into_iter().flatten().fold(as_letters, u32::min)
}

/// The cost of a piece without any meaning, character by character.
fn spelled(piece: &str, password: &str) -> u32 {
    let has_digit = password.bytes().any(|byte| byte.is_ascii_digit());
    let has_letter = password.bytes().any(|byte| byte.is_ascii_alphabetic());
    let all_letters = piece.bytes().all(|byte| byte.is_ascii_alphabetic());
    let vowel = piece.bytes().any(|byte| b"aeiou".contains(&byte));
    let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
    if all_letters && vowel && length >= 3 {
        let first = length.min(4);
        let later = length.saturating_sub(first);
        return first
            .saturating_mul(WORD_LETTER)
            .saturating_add(later.saturating_mul(LATER_WORD_LETTER));
    }
    let each = match (has_letter, has_digit) {
        (true, true) => MIXED,
        (false, true) => DIGIT,
        (true | false, false) => LETTER,
    };
    length.saturating_mul(each)
}

fn is_year(piece: &str) -> bool {
    piece.len() == 4
        && (piece.starts_with("19") || piece.starts_with("20"))
        && piece.bytes().all(|byte| byte.is_ascii_digit())
}

/// Three or more of the same character, or a stretch of one of the rows, either way.
fn is_run(piece: &str) -> bool {
    if piece.len() < 3 {
        return false;
    }
    let first = piece.chars().next();
    piece.chars().all(|character| Some(character) == first)
        || ROWS.iter().any(|row| {
            row.contains(piece)
                || row
                    .bytes()
                    .rev()
                    .collect::<Vec<_>>()
                    .windows(piece.len())
                    .any(|stretch| stretch == piece.as_bytes())
        })
}

/// Whether three or more characters stand, forwards or backwards, in what a guesser has already.
fn is_repeat(piece: &str, earlier: &str, known: &str) -> bool {
    if piece.len() < 3 {
        return false;
    }
    let backwards = zeroize::Zeroizing::new(piece.chars().rev().collect::<String>());
    [earlier, known].into_iter().any(|text| text.contains(piece) || text.contains(&*backwards))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_take_first_is_refused_or_warned_of() {
        for (known, password, expected) in [
            ("xyz", "abc", 9),
            ("abc", "abc", 3),
            ("abc", "cba", 3),
            ("abc", "def", 9),
            ("xyz", "aaaaaaaaaa", 9),
            ("xyz", "1234567", 9),
            ("xyz", "7654321", 9),
            ("xyz", "1984", 7),
            ("xyz", "qwertyuiop", 9),
            ("xyz", "password", 6),
            ("ott", "cat", 12),
            ("xyz", "dogdogdogdog", 18),
            ("the", "otter", 12),
            ("the", "otter-1984", 20),
            ("the", "-otter", 13),
        ] {
            assert_eq!(estimate(password, known), expected, "{known}{password}");
        }
    }

    #[test]
    fn any_text_has_an_estimate() {
        use crate::code::guessing_bits;
        for (text, expected) in [("", 0), ("Password", 6), ("PASSWORD", 6), ("日本", 18), ("é", 9)]
        {
            assert_eq!(guessing_bits(text), expected, "{text}");
        }
        let (few, many) =
            (guessing_bits("otter lantern"), guessing_bits("otter lantern mesa pond"));
        assert!(few < many, "{few} {many}");
        assert_eq!(guessing_bits(&"q".repeat(100_000)), 9);
        assert_eq!(guessing_bits(&"é".repeat(100_000)), guessing_bits(&"é".repeat(128)));
    }

    #[test]
    fn what_means_nothing_counts_character_by_character() {
        for (password, expected) in
            [("", 0), ("1zy", 15), ("83", 6), ("83526", 16), ("qzxvkjwp", 37), ("q7x2w9k4", 41)]
        {
            assert_eq!(estimate(password, "xyz"), expected, "{password}");
        }
    }

    #[test]
    fn more_of_it_is_never_weaker() {
        let password = "q7x2-otter1984abcd-running";
        let bits: Vec<u32> =
            (0..=password.len()).map(|end| estimate(&password[..end], "xyz")).collect();
        // A recognised piece can cost less than its own beginning did; a bit of slack for each.
        assert!(bits.windows(8).all(|window| window[0] <= window[7]), "{bits:?}");
        assert!(bits.last() > Some(&60), "{bits:?}");
    }

    #[test]
    fn the_longest_password_is_estimated_in_no_time() {
        let password = "q7x2w9k4".repeat(16);
        assert!(estimate(&password, "xyz") >= 41);
    }
}
