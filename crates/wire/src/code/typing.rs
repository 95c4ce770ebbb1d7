//! What can be said about a code before it is complete.

use std::fmt;

use zeroize::Zeroizing;

use super::{CodeError, MAX_CHOSEN_LEN, is_code_character, parse_number, words};

/// What the text so far can still become.
#[derive(Clone, PartialEq, Eq)]
pub enum Typing {
    /// A proposed code, or the beginning of one.
    Fine,
    /// Not a proposed code any more, because of this word. A chosen one perhaps: people are
    /// asked whether they meant that.
    NotAWord {
        /// The word, in lower case. Part of a secret: show it only where the code is typed.
        word: Zeroizing<String>,
        /// The word of the list that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// No code at all, whatever comes after.
    Malformed {
        /// What is wrong.
        reason: CodeError,
    },
}

impl fmt::Debug for Typing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fine => f.write_str("Fine"),
            Self::NotAWord { .. } => f.write_str("NotAWord(…)"),
            Self::Malformed { reason } => f.debug_tuple("Malformed").field(reason).finish(),
        }
    }
}

/// Looks at a code while it is being typed. Its last word counts as unfinished, unless a hyphen
/// follows it.
#[must_use]
pub fn check_typing(partial: &str) -> Typing {
    match first_stray_word(partial.trim()) {
        Ok(None) => Typing::Fine,
        Ok(Some(stray)) => {
            let word = Zeroizing::new(stray.to_ascii_lowercase());
            Typing::NotAWord { suggestion: words::suggest(&word), word }
        }
        Err(reason) => Typing::Malformed { reason },
    }
}

fn first_stray_word(text: &str) -> Result<Option<&str>, CodeError> {
    if !text.bytes().all(is_code_character) {
        return Err(CodeError::Character);
    }
    let Some((digits, tail)) = text.split_once('-') else {
        if !text.is_empty() {
            parse_number(text)?;
        }
        return Ok(None);
    };
    parse_number(digits)?;
    // Within the limit without its surplus hyphens, which don't count.
    let parts = || tail.split('-').filter(|part| !part.is_empty());
    let letters: usize = parts().map(str::len).sum();
    if letters.saturating_add(parts().count()).saturating_sub(1) > MAX_CHOSEN_LEN {
        return Err(CodeError::TooLong);
    }
    let last = if tail.ends_with('-') { None } else { parts().next_back() };
    for (place, part) in parts().enumerate() {
        let word = Zeroizing::new(part.to_ascii_lowercase());
        // By address: the same letters may stand earlier as a finished word.
        let unfinished = last.is_some_and(|last| std::ptr::eq(last, part));
        let good = if unfinished { words::is_begun(&word) } else { words::is_listed(&word) };
        if place >= 3 || !good {
            return Ok(Some(part));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_a_word(word: &str, suggestion: Option<&'static str>) -> Typing {
        Typing::NotAWord { word: Zeroizing::new(word.to_owned()), suggestion }
    }

    #[test]
    fn a_proposed_code_is_fine_at_each_letter() {
        let code = " 093-Otter-lantern-otter";
        for end in 0..=code.len() {
            assert_eq!(check_typing(&code[..end]), Typing::Fine, "{}", &code[..end]);
        }
        assert_eq!(check_typing("93-otter-lantern-mesa-"), Typing::Fine);
    }

    #[test]
    fn a_stray_word_is_told_with_what_was_meant() {
        assert_eq!(check_typing("93-ottex"), not_a_word("ottex", Some("otter")));
        assert_eq!(check_typing("93-otte-"), not_a_word("otte", Some("otter")));
        assert_eq!(check_typing("93-otter-LANTERNN"), not_a_word("lanternn", Some("lantern")));
        assert_eq!(check_typing("93-xyz1zy"), not_a_word("xyz1zy", None));
        assert_eq!(check_typing("93-otter-lantern-mesa-x"), not_a_word("x", None));
    }

    #[test]
    fn what_can_be_no_code_is_malformed_at_once() {
        let cases = [
            ("x", CodeError::NoNumber),
            ("-", CodeError::NoNumber),
            ("9x-", CodeError::NoNumber),
            ("1000", CodeError::NumberTooLarge),
            ("99999999999999999999-otter", CodeError::NumberTooLarge),
            ("93-ott er", CodeError::Character),
            ("93-öt", CodeError::Character),
        ];
        for (text, reason) in cases {
            assert_eq!(check_typing(text), Typing::Malformed { reason }, "{text}");
        }
        let long = format!("93-{}", "x".repeat(MAX_CHOSEN_LEN + 1));
        assert_eq!(check_typing(&long), Typing::Malformed { reason: CodeError::TooLong });
    }

    #[test]
    fn the_word_is_not_shown_in_debug() {
        assert_eq!(format!("{:?}", check_typing("93-ottex")), "NotAWord(…)");
    }
}
