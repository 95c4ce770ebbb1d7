//! What a line of the carrier is (OTRv3 "Unencoded messages" and "Encoded messages").

use data_encoding::BASE64;

use crate::version::{TAG_BASE, Versions};

/// The longest encoded message that is taken, in characters, whether it comes whole or in fragments.
pub const MESSAGE_MAX: usize = 1 << 18;

/// What begins an error message. A sentence follows.
pub const ERROR_PREFIX: &str = "?OTR Error:";

/// What every message of OTR begins with.
const MARK: &str = "?OTR";

/// A line of the carrier, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// Text without anything of OTR in it.
    Plain(&'a str),
    /// Text with a whitespace tag, which is taken out of it.
    Tagged { text: String, offered: Versions },
    /// A query that offers versions.
    Query(Versions),
    /// An error message: its sentence.
    Error(&'a str),
    /// What is left of a fragment after its mark, with the separator: `|` or `,`.
    Fragment(&'a str),
    /// Base64 of a binary message.
    Encoded(&'a str),
}

impl<'a> Line<'a> {
    /// Sorts a line. The first `?OTR` in it decides, for some clients wrap messages in markup; an
    /// error message is one only at the beginning of the line, so that nobody is shown a quotation
    /// for an error.
    pub(crate) fn sort(line: &'a str) -> Self {
        if let Some(sentence) = line.strip_prefix(ERROR_PREFIX) {
            return Self::Error(sentence.trim());
        }
        if let Some((_, after)) = line.split_once(MARK) {
            if let Some(base64) = after.strip_prefix(':') {
                return Self::Encoded(base64);
            }
            if after.starts_with(['|', ',']) {
                return Self::Fragment(after);
            }
            if let Some(offered) = Versions::from_query(after) {
                return Self::Query(offered);
            }
        }
        match line.split_once(TAG_BASE) {
            Some((before, after)) => {
                let (offered, len) = Versions::from_groups(after);
                let after = after.get(len..).unwrap_or_default();
                Self::Tagged { text: [before, after].concat(), offered }
            }
            None => Self::Plain(line),
        }
    }
}

/// Why a line holds no binary message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArmorError {
    /// There is no `.` at the end.
    #[error("the end of the message is missing; the carrier may have cut it")]
    Cut,
    /// It has more than [`MESSAGE_MAX`] characters.
    #[error("the message has more than {MESSAGE_MAX} characters; nobody sends such in good faith")]
    Long,
    /// It isn't Base64.
    #[error("the message is not in Base64; the carrier may have changed it")]
    Base64,
}

/// The bytes of an encoded message, from what follows `?OTR:`; what follows the `.` is ignored.
pub(crate) fn decode(base64: &str) -> Result<Vec<u8>, ArmorError> {
    let (base64, _) = base64.split_once('.').ok_or(ArmorError::Cut)?;
    if base64.len() > MESSAGE_MAX {
        return Err(ArmorError::Long);
    }
    BASE64.decode(base64.as_bytes()).map_err(|_| ArmorError::Base64)
}

/// The line for a binary message.
pub(crate) fn encode(message: &[u8]) -> String {
    let len = BASE64.encode_len(message.len()).saturating_add(MARK.len()).saturating_add(2);
    let mut line = String::with_capacity(len);
    line.push_str(MARK);
    line.push(':');
    BASE64.encode_append(message, &mut line);
    line.push('.');
    line
}

/// The line for an error message.
pub(crate) fn error(sentence: &str) -> String {
    format!("{ERROR_PREFIX} {sentence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_sorted_by_their_first_mark() {
        assert_eq!(Line::sort("hello"), Line::Plain("hello"));
        assert_eq!(Line::sort("an ?OTR of nothing"), Line::Plain("an ?OTR of nothing"));
        assert_eq!(Line::sort("?OTR:AAMC."), Line::Encoded("AAMC."));
        assert_eq!(Line::sort("<b>?OTR:AAMC.</b>"), Line::Encoded("AAMC.</b>"));
        assert_eq!(Line::sort("?OTR|1|2,1,1,a,"), Line::Fragment("|1|2,1,1,a,"));
        assert_eq!(Line::sort("?OTR,1,1,a,"), Line::Fragment(",1,1,a,"));
        assert!(matches!(Line::sort("say ?OTRv3? to me"), Line::Query(_)));
    }

    #[test]
    fn an_error_begins_its_line() {
        assert_eq!(Line::sort("?OTR Error: broken"), Line::Error("broken"));
        assert_eq!(Line::sort("?OTR Error:broken"), Line::Error("broken"));
        let quoted = "she said ?OTR Error: broken";
        assert_eq!(Line::sort(quoted), Line::Plain(quoted));
    }

    #[test]
    fn a_tag_is_taken_out_wherever_it_stands() {
        let tag = Versions::from_query("v23?").unwrap();
        for (line, text) in [
            (format!("hello{}", tag.tag()), "hello"),
            (format!("{}hello", tag.tag()), "hello"),
            (format!("hel{}lo", tag.tag()), "hello"),
        ] {
            let sorted = Line::sort(&line);
            assert_eq!(sorted, Line::Tagged { text: text.to_owned(), offered: tag });
        }
    }

    #[test]
    fn a_tag_without_versions_is_taken_out_and_offers_nothing() {
        let line = format!("hello{TAG_BASE}");
        let sorted = Line::sort(&line);
        assert_eq!(sorted, Line::Tagged { text: "hello".to_owned(), offered: Versions::NONE });
    }

    #[test]
    fn base64_ends_with_the_first_dot() {
        assert_eq!(decode("AAMC.and more"), Ok(vec![0, 3, 2]));
        assert_eq!(decode("AAMC"), Err(ArmorError::Cut));
        assert_eq!(decode("AAM."), Err(ArmorError::Base64));
        assert_eq!(decode("AA MC."), Err(ArmorError::Base64));
        assert_eq!(decode(&format!("{}.", "A".repeat(MESSAGE_MAX + 4))), Err(ArmorError::Long));
        assert_eq!(encode(&[0, 3, 2]), "?OTR:AAMC.");
    }
}
