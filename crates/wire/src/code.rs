//! Pairing codes `NNN-word-word-word`, and those that people choose themselves.
//!
//! A code has two halves. The *locator* leads to the host's onion service (see
//! [`crate::locator`]) and can be found by whoever searches for it; the *password* enters the
//! key exchange only (see [`crate::cpace`]), so that it can't be guessed but by asking.

mod strength;
mod typing;
mod words;

use std::fmt;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use typing::{Typing, check_typing};
pub use words::{complete, suggest};

/// The largest number that a code can begin with.
pub const MAX_NUMBER: u16 = 999;
/// How many numbers there are, 0 among them.
const NUMBERS: u64 = MAX_NUMBER as u64 + 1;
/// The fewest characters after the number and its hyphen.
pub const MIN_CHOSEN_LEN: usize = 6;
/// The most characters after the number and its hyphen.
pub const MAX_CHOSEN_LEN: usize = 128;
/// Characters of a chosen code, after the number and its hyphen, that belong to the locator.
pub const CHOSEN_LOCATOR_LEN: usize = 3;
/// Bits in the password of a proposed code: two words of 4,096.
pub const PROPOSED_BITS: u32 = 24;
/// A chosen password of fewer bits than these is accepted with a warning.
pub const WARN_BELOW_BITS: u32 = 22;
/// A chosen password of fewer bits than these is refused.
pub const REFUSE_BELOW_BITS: u32 = 14;

/// No text longer than this is looked at: the longest code, with room for zeros and hyphens that
/// normalisation takes away.
const MAX_TEXT_LEN: usize = 512;
/// Three digits and a hyphen before the rest.
const MAX_NORMAL_LEN: usize = MAX_CHOSEN_LEN + 4;

/// How hard a text that somebody chose is to guess, in bits: an estimate for whatever is guarded by
/// it. Capitals count as small letters, and what stands behind the first 128 bytes not at all.
#[must_use]
pub fn guessing_bits(text: &str) -> u32 {
    let small: Zeroizing<String> =
        Zeroizing::new(text.chars().take(MAX_CHOSEN_LEN).map(|c| c.to_ascii_lowercase()).collect());
    strength::estimate(&small, "")
}

/// Why a text is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// A character other than ASCII letters, digits and hyphens.
    #[error("a code has only the letters a to z, digits and hyphens")]
    Character,
    /// No number with a hyphen at the beginning.
    #[error("a code begins with a number and a hyphen, as in 93-otter-lantern-mesa")]
    NoNumber,
    /// A number above 999.
    #[error("the number of a code is at most 999")]
    NumberTooLarge,
    /// Fewer than six characters after the number.
    #[error("a code needs at least six characters after the number")]
    TooShort,
    /// More than [`MAX_CHOSEN_LEN`] characters after the number.
    #[error("a code has at most {MAX_CHOSEN_LEN} characters after the number")]
    TooLong,
    /// The password of a chosen code is too easy to guess.
    #[error("this code is too easy to guess; take a longer one, or let one be proposed")]
    TooWeak {
        /// The estimate, below [`REFUSE_BELOW_BITS`].
        bits: u32,
    },
}

/// Where a code comes from, to all appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// A number and three words of the list.
    Proposed,
    /// Anything else: made up by people, or a proposed code with a typing mistake. Whoever types
    /// one is asked whether they meant it.
    Chosen {
        /// The estimated strength of its password.
        bits: u32,
    },
}

/// How hard the password is to guess for somebody who knows the locator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// At least [`WARN_BELOW_BITS`].
    Good {
        /// The estimate, or the exact number for a proposed code.
        bits: u32,
    },
    /// Below [`WARN_BELOW_BITS`]: accepted, with a warning.
    Weak {
        /// The estimate.
        bits: u32,
    },
}

/// A pairing code: secret until it is used, erased on drop, compared in constant time.
#[derive(Clone)]
pub struct Code {
    /// The normalised text.
    text: Zeroizing<String>,
    number: Zeroizing<u16>,
    /// Length of the number and its hyphen.
    tail_start: usize,
    /// Length of the locator's part of `text`.
    locator_end: usize,
    /// Where the password begins in `text`.
    password_start: usize,
    kind: CodeKind,
}

impl Code {
    /// Reads a code as people type it: spaces around it, upper case, zeros before the number and
    /// doubled hyphens don't matter.
    ///
    /// # Errors
    /// [`CodeError`]: what is wrong with the text, or that it is too easy to guess.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let normal = normalise(text)?;
        let number = normal.number;
        let text = normal.text;
        let tail_start = normal.tail_start;
        let tail = text.get(tail_start..).unwrap_or_default();

        let mut parts = tail.split('-');
        if let (Some(first), Some(second), Some(third), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
            && [first, second, third].into_iter().all(words::is_listed)
        {
            let locator_end = tail_start.saturating_add(first.len());
            let password_start = locator_end.saturating_add(1);
            let kind = CodeKind::Proposed;
            return Ok(Self { text, number, tail_start, locator_end, password_start, kind });
        }

        if tail.len() < MIN_CHOSEN_LEN {
            return Err(CodeError::TooShort);
        }
        let locator_end = tail_start.saturating_add(CHOSEN_LOCATOR_LEN);
        let (known, password) = tail.split_at_checked(CHOSEN_LOCATOR_LEN).unwrap_or_default();
        let bits = strength::estimate(password, known);
        if bits < REFUSE_BELOW_BITS {
            return Err(CodeError::TooWeak { bits });
        }
        let kind = CodeKind::Chosen { bits };
        Ok(Self { text, number, tail_start, locator_end, password_start: locator_end, kind })
    }

    /// Draws a code: a number from 0 to 999 and three words of the list of 4,096.
    #[must_use]
    pub fn propose(rng: &mut impl CryptoRng) -> Self {
        // Of 2^64 values the remainder favours none by more than 2^-54.
        let number = Zeroizing::new((rng.next_u64() % NUMBERS) as u16);
        let [first, second, third] = [(); 3].map(|()| words::at(rng.next_u32()));
        let mut text = Zeroizing::new(String::with_capacity(MAX_NORMAL_LEN));
        push_number(&mut text, *number);
        let mut starts = [0; 3];
        for (start, word) in starts.iter_mut().zip([first, second, third]) {
            text.push('-');
            *start = text.len();
            text.push_str(word);
        }
        let [tail_start, second_start, _] = starts;
        Self {
            number,
            tail_start,
            locator_end: second_start.saturating_sub(1),
            password_start: second_start,
            text,
            kind: CodeKind::Proposed,
        }
    }

    /// Whether this is a code of the proposed form or one chosen by people.
    #[must_use]
    pub fn kind(&self) -> CodeKind {
        self.kind
    }

    /// The password's strength, and whether to warn.
    #[must_use]
    pub fn strength(&self) -> Strength {
        match self.kind {
            CodeKind::Proposed => Strength::Good { bits: PROPOSED_BITS },
            CodeKind::Chosen { bits } if bits < WARN_BELOW_BITS => Strength::Weak { bits },
            CodeKind::Chosen { bits } => Strength::Good { bits },
        }
    }

    /// The half that the onion service's key derives from: the number and the first word, or
    /// the first three characters of a chosen code.
    #[must_use]
    pub fn locator(&self) -> Locator {
        let name = self.text.get(self.tail_start..self.locator_end).unwrap_or_default();
        let form = match self.kind {
            CodeKind::Proposed => Locator::PROPOSED,
            CodeKind::Chosen { .. } => Locator::CHOSEN,
        };
        let mut bytes = Zeroizing::new(Vec::with_capacity(name.len().saturating_add(3)));
        bytes.push(form);
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(name.as_bytes());
        Locator(bytes)
    }

    /// The half that enters the password-authenticated key exchange, and nothing else.
    #[must_use]
    pub fn password(&self) -> Password {
        let text = self.text.get(self.password_start..).unwrap_or_default();
        Password(Zeroizing::new(text.as_bytes().to_vec()))
    }

    /// The whole code, normalised, to be shown or said.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        self.text.clone()
    }
}

impl PartialEq for Code {
    /// Equal if the normalised texts are; only their lengths show in the time it takes.
    fn eq(&self, other: &Self) -> bool {
        self.text.as_bytes().ct_eq(other.text.as_bytes()).into()
    }
}

impl Eq for Code {}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// The half of a code that leads to the host, encoded: one byte for the form (1 proposed,
/// 2 chosen), the number in two bytes, big-endian, and the first word or three characters.
///
/// The form keeps the code `7-otter-…` apart from a chosen one that begins with `7-ott`, so each
/// code leads to one place. Erased on drop, compared in constant time.
#[derive(Clone)]
pub struct Locator(Zeroizing<Vec<u8>>);

impl Locator {
    const PROPOSED: u8 = 1;
    const CHOSEN: u8 = 2;

    /// The encoding.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for Locator {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl Eq for Locator {}

impl fmt::Debug for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Locator(…)")
    }
}

/// The half of a code that proves to each side that the other knows it: the ASCII text after the
/// locator. Erased on drop, compared in constant time.
#[derive(Clone)]
pub struct Password(Zeroizing<Vec<u8>>);

impl Password {
    /// The text's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl Eq for Password {}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A normalised text that begins with a number and a hyphen.
struct Normal {
    text: Zeroizing<String>,
    number: Zeroizing<u16>,
    tail_start: usize,
}

/// Brings a text into the one form that both sides compute with: trimmed, lower case, the number
/// without leading zeros, one hyphen between parts and none at the end.
fn normalise(text: &str) -> Result<Normal, CodeError> {
    let text = text.trim();
    if text.len() > MAX_TEXT_LEN {
        return Err(CodeError::TooLong);
    }
    if !text.bytes().all(is_code_character) {
        return Err(CodeError::Character);
    }
    let (digits, tail) = text.split_once('-').ok_or(CodeError::NoNumber)?;
    let number = Zeroizing::new(parse_number(digits)?);
    // Room for all of it at once: growing would leave copies behind.
    let mut normal = Zeroizing::new(String::with_capacity(text.len().saturating_add(1)));
    push_number(&mut normal, *number);
    for part in tail.split('-').filter(|part| !part.is_empty()) {
        normal.push('-');
        normal.extend(part.chars().map(|letter| letter.to_ascii_lowercase()));
    }
    let tail_start = normal.find('-').map_or(normal.len(), |hyphen| hyphen.saturating_add(1));
    if normal.len().saturating_sub(tail_start) > MAX_CHOSEN_LEN {
        return Err(CodeError::TooLong);
    }
    Ok(Normal { text: normal, number, tail_start })
}

fn is_code_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// Reads the number, with any zeros before it.
fn parse_number(digits: &str) -> Result<u16, CodeError> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(CodeError::NoNumber);
    }
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(0);
    }
    match significant.parse() {
        Ok(number) if number <= MAX_NUMBER => Ok(number),
        Ok(_) | Err(_) => Err(CodeError::NumberTooLarge),
    }
}

/// Writes the number without an allocation of its own.
fn push_number(text: &mut String, number: u16) {
    let digits = [number / 100, number / 10 % 10, number % 10];
    // Zeros before the first digit are left out, but not the last digit.
    let zeros = digits.iter().take(2).take_while(|digit| **digit == 0).count();
    text.extend(
        digits.into_iter().skip(zeros).filter_map(|digit| char::from_digit(digit.into(), 10)),
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    fn text(code: &str) -> Result<String, CodeError> {
        Code::parse(code).map(|code| code.text().to_string())
    }

    #[test]
    fn a_proposed_code_is_cut_into_its_halves() {
        let code = Code::parse("93-otter-lantern-mesa").unwrap();
        assert_eq!(code.kind(), CodeKind::Proposed);
        assert_eq!(code.strength(), Strength::Good { bits: 24 });
        assert_eq!(code.locator().as_bytes(), b"\x01\x00\x5dotter");
        assert_eq!(code.password().as_bytes(), b"lantern-mesa");
    }

    #[test]
    fn a_chosen_code_is_cut_into_its_halves_and_warned_of() {
        let code = Code::parse("93-xyz1zy").unwrap();
        assert!(matches!(code.kind(), CodeKind::Chosen { bits: 14..22 }));
        assert!(matches!(code.strength(), Strength::Weak { bits: 14..22 }));
        assert_eq!(code.locator().as_bytes(), b"\x02\x00\x5dxyz");
        assert_eq!(code.password().as_bytes(), b"1zy");

        let code = Code::parse("999-ab-q7x2-w9k4").unwrap();
        assert!(matches!(code.strength(), Strength::Good { bits: 22.. }));
        assert_eq!(code.locator().as_bytes(), b"\x02\x03\xe7ab-");
        assert_eq!(code.password().as_bytes(), b"q7x2-w9k4");
    }

    #[test]
    fn each_spelling_of_a_code_is_one_code() {
        let code = Code::parse("7-otter-lantern-mesa").unwrap();
        for spelling in [
            "  7-otter-lantern-mesa\n",
            "007-otter-lantern-mesa",
            "7-OTTER-Lantern-mesa",
            "7--otter---lantern-mesa--",
            "0000000000000000000000000007-otter-lantern-mesa",
        ] {
            let other = Code::parse(spelling).unwrap();
            assert!(other == code, "{spelling}");
            assert_eq!(*other.text(), "7-otter-lantern-mesa");
        }
        assert_eq!(text("000-Otter-lantern-mesa").unwrap(), "0-otter-lantern-mesa");
        assert_eq!(text("100-otter-lantern-mesa").unwrap(), "100-otter-lantern-mesa");
    }

    #[test]
    fn a_mistyped_proposed_code_becomes_a_chosen_one_at_another_place() {
        let code = Code::parse("93-otter-lantern-mesa").unwrap();
        for mistyped in ["93-otter-lantern-mesb", "93-ottr-lantern-mesa", "93-otter-lanternmesa"] {
            let mistyped = Code::parse(mistyped).unwrap();
            assert!(matches!(mistyped.kind(), CodeKind::Chosen { .. }));
            assert_ne!(mistyped.locator(), code.locator());
        }
    }

    #[test]
    fn what_is_no_code_is_refused_with_its_reason() {
        let long = format!("1-{}", "q7x2".repeat(32));
        let longer = format!("{long}z");
        let longest = "9".repeat(100_000);
        let cases = [
            ("", CodeError::NoNumber),
            ("abc", CodeError::NoNumber),
            ("93", CodeError::NoNumber),
            ("-otter-lantern-mesa", CodeError::NoNumber),
            ("otter-lantern-mesa", CodeError::NoNumber),
            ("9x-otter-lantern-mesa", CodeError::NoNumber),
            ("1000-otter-lantern-mesa", CodeError::NumberTooLarge),
            ("99999999999-otter-lantern-mesa", CodeError::NumberTooLarge),
            ("93-", CodeError::TooShort),
            ("93-abc", CodeError::TooShort),
            ("93-a1b2c", CodeError::TooShort),
            ("93-a-------b", CodeError::TooShort),
            ("93-otter lantern mesa", CodeError::Character),
            ("93-otter_lantern", CodeError::Character),
            ("93-ötter-lantern-mesa", CodeError::Character),
            ("９３-otter-lantern-mesa", CodeError::Character),
            ("93\u{2010}otter-lantern-mesa", CodeError::Character),
            ("93-otter-lantern-mesa\0", CodeError::Character),
            (&longer, CodeError::TooLong),
            (&longest, CodeError::TooLong),
        ];
        for (code, error) in cases {
            assert_eq!(text(code), Err(error), "{code}");
        }
        assert!(text(&long).is_ok());
        for weak in ["93-xyzabc", "93-abcabc", "93-aaaaaa", "93-123456", "93-xyz2024"] {
            assert!(matches!(text(weak), Err(CodeError::TooWeak { bits: ..14 })), "{weak}");
        }
    }

    #[test]
    fn proposed_codes_are_read_back_and_use_every_number_and_word() {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let mut numbers = std::collections::HashSet::new();
        let mut drawn = [(); 3].map(|()| std::collections::HashSet::new());
        // Forty draws for each word: that one is missed has a probability below 10^-13.
        for _ in 0..40 * 4096 {
            let code = Code::propose(&mut rng);
            numbers.insert(*code.number);
            for (drawn, word) in drawn.iter_mut().zip(code.text.split('-').skip(1)) {
                drawn.insert(word.to_owned());
            }
        }
        assert_eq!(numbers.len(), 1000);
        assert_eq!(drawn.map(|words| words.len()), [4096; 3]);
        for _ in 0..1000 {
            let code = Code::propose(&mut rng);
            let read = Code::parse(&code.text()).unwrap();
            assert!(read == code);
            assert_eq!(read.kind(), CodeKind::Proposed);
            assert_eq!(read.locator(), code.locator());
            assert_eq!(read.password(), code.password());
        }
    }

    #[test]
    fn nothing_of_a_code_is_shown_in_debug() {
        let code = Code::parse("93-otter-lantern-mesa").unwrap();
        let shown = format!("{code:?} {:?} {:?}", code.locator(), code.password());
        assert_eq!(shown, "Code(…) Locator(…) Password(…)");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn any_text_is_read_or_refused(code in "\\PC*") {
            let typed = check_typing(&code);
            if let Ok(code) = Code::parse(&code) {
                let malformed = matches!(typed, Typing::Malformed { .. });
                prop_assert!(!malformed, "a code is never malformed while it is typed");
                let again = Code::parse(&code.text()).unwrap();
                prop_assert!(again == code);
            }
        }

        #[test]
        fn nothing_of_the_password_is_in_the_locator(
            number in 0..=999_u16,
            known in "[a-z0-9]{3}",
            one in "[a-z0-9]{8,40}",
            two in "[a-z0-9]{8,40}",
        ) {
            let parse = |password: &str| Code::parse(&format!("{number}-{known}{password}"));
            if let (Ok(one), Ok(two)) = (parse(&one), parse(&two)) {
                prop_assert_eq!(one.locator(), two.locator());
                prop_assert_eq!(one.locator().as_bytes().len(), 6);
            }
        }

        #[test]
        fn a_code_is_its_locator_and_its_password(code in "[0-9]{1,3}-[a-z0-9]{8,60}") {
            if let Ok(code) = Code::parse(&code) {
                let locator = code.locator();
                let joined = [&locator.as_bytes()[3..], code.password().as_bytes()].concat();
                let text = code.text();
                prop_assert_eq!(&text.as_bytes()[code.tail_start..], joined);
            }
        }
    }
}
