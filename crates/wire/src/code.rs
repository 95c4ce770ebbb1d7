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
        let number = Zeroizing::new((rng.next_u64() % (u64::from(MAX_NUMBER) + 1)) as u16);
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
    let mut started = false;
    for place in [100, 10, 1] {
        let digit = number / place % 10;
        started |= digit != 0 || place == 1;
        if started {
            text.extend(char::from_digit(digit.into(), 10));
        }
    }
}
