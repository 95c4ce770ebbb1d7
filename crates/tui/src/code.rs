//! What can be said about a code while it is typed, for all faces alike.

use undertone_wire::code::{Code, CodeKind, Strength, Typing, check_typing, complete};
use zeroize::Zeroizing;

/// What to say below a code that is being typed.
///
/// `hidden` when the code is shown as dots: then nothing of it is repeated.
pub(crate) fn remark(typed: &str, hidden: bool) -> Option<String> {
    if typed.is_empty() {
        return None;
    }
    match check_typing(typed) {
        Typing::Fine => None,
        Typing::NotAWord { .. } if hidden => {
            Some("One word is not in the list; Ctrl-R shows what you typed.".to_owned())
        }
        Typing::NotAWord { suggestion: Some(meant), .. } => {
            Some(format!("One word is not in the list; perhaps “{meant}”."))
        }
        Typing::NotAWord { word, suggestion: None } => {
            Some(format!("“{}” is not in the list; fine if you chose this code yourselves.", *word))
        }
        Typing::Malformed { reason } => Some(sentence(&reason.to_string())),
    }
}

/// What Tab makes of a code that is being typed.
pub(crate) enum Completion {
    /// The text with its last word completed, as far as the list decides it.
    Longer(Zeroizing<String>),
    /// Nothing longer is certain: so many words begin like this, and these are the first.
    Several(Vec<&'static str>, usize),
    /// No word begins like this, or there is nothing to complete.
    None,
}

/// Completes the last word of a code.
pub(crate) fn completed(typed: &str) -> Completion {
    let Some((before, last)) = typed.rsplit_once('-') else { return Completion::None };
    let words = complete(last);
    let (Some(first), Some(end)) = (words.first(), words.last()) else { return Completion::None };
    // The list is in order, so what its first and last match share, all share.
    let shared = first.bytes().zip(end.bytes()).take_while(|(a, b)| a == b).count();
    let certain = first.get(..shared).unwrap_or_default();
    if words.len() > 1 && certain.len() <= last.len() {
        return Completion::Several(words.iter().copied().take(8).collect(), words.len());
    }
    let mut longer = Zeroizing::new(String::with_capacity(typed.len().saturating_add(64)));
    longer.push_str(before);
    longer.push('-');
    longer.push_str(certain);
    // Two hyphens stand before the third word, which is the last.
    if words.len() == 1 && before.matches('-').count() < 2 {
        longer.push('-');
    }
    Completion::Longer(longer)
}

/// What becomes of a code that was typed to its end.
pub(crate) enum Typed {
    /// It can be used.
    Good(Box<Code>),
    /// It is not made of the list's words: ask, with this sentence, whether it is meant.
    Doubtful(Box<Code>, String),
    /// It is no code, for this reason.
    Wrong(String),
}

/// Reads a code that was typed to its end.
pub(crate) fn typed(text: &str) -> Typed {
    match Code::parse(text) {
        Err(reason) => Typed::Wrong(sentence(&reason.to_string())),
        Ok(code) => match (code.kind(), code.strength()) {
            (CodeKind::Proposed, _) => Typed::Good(Box::new(code)),
            (CodeKind::Chosen { .. }, Strength::Weak { bits }) => {
                let question = format!(
                    "This code is not made of the list's words, and about {bits} bits of it are \
                     hard to guess, which is little. Is it meant as it stands? (y/N)"
                );
                Typed::Doubtful(Box::new(code), question)
            }
            (CodeKind::Chosen { .. }, Strength::Good { .. }) => Typed::Doubtful(
                Box::new(code),
                "This code is not made of the list's words. Is it meant as it stands? (y/N)"
                    .to_owned(),
            ),
        },
    }
}

/// An error's words as a sentence.
pub(crate) fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let mut sentence: String =
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect());
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tab(typed: &str) -> String {
        match completed(typed) {
            Completion::Longer(text) => text.to_string(),
            Completion::Several(words, count) => format!("{count}: {}", words.join(" ")),
            Completion::None => String::new(),
        }
    }

    #[test]
    fn tab_completes_what_is_certain() {
        assert_eq!(tab("93-lanter"), "93-lantern-");
        assert_eq!(tab("93-otter-lantern-mead"), "93-otter-lantern-meadow");
        assert_eq!(tab("93-"), "");
        assert_eq!(tab("93"), "");
        assert_eq!(tab("93-zzzz"), "");
        assert!(tab("93-a").contains(": "), "{}", tab("93-a"));
    }

    #[test]
    fn a_hidden_code_is_not_repeated() {
        assert_eq!(remark("93-otter-lan", true), None);
        let hidden = remark("93-ottex", true).unwrap();
        assert!(!hidden.contains("otte"), "{hidden}");
        assert!(remark("93-ottex", false).unwrap().contains("otter"));
        assert!(remark("x", true).unwrap().ends_with('.'));
    }

    #[test]
    fn codes_are_good_doubtful_or_wrong() {
        assert!(matches!(typed("93-otter-lantern-mesa"), Typed::Good(_)));
        assert!(
            matches!(typed("93-xyz1zy"), Typed::Doubtful(_, question) if question.contains("little"))
        );
        assert!(matches!(typed("abc"), Typed::Wrong(reason) if reason.ends_with('.')));
    }
}
