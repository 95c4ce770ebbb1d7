//! Lists in parentheses, as libgcrypt writes them.

use zeroize::Zeroize;

/// Why a text is no such list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SexpError {
    /// The text ends within a list.
    #[error("it ends in the middle")]
    Cut,
    /// It is too long or too deep.
    #[error("it is larger than any such file")]
    Large,
    /// A character stands where it can't.
    #[error("a character stands where none of its kind can")]
    Character,
}

/// How deep lists may lie in each other; keys need 5.
const DEPTH_MAX: usize = 8;

/// An element of a list.
#[derive(PartialEq, Eq)]
pub(super) enum Sexp {
    Atom(Vec<u8>),
    List(Vec<Self>),
}

impl Drop for Sexp {
    fn drop(&mut self) {
        if let Self::Atom(bytes) = self {
            bytes.zeroize();
        }
    }
}

impl Sexp {
    /// The elements after `name`, if this is a list that begins with it.
    pub(super) fn list(&self, name: &str) -> Option<&[Self]> {
        let Self::List(elements) = self else { return None };
        let (first, rest) = elements.split_first()?;
        matches!(first, Self::Atom(bytes) if bytes == name.as_bytes()).then_some(rest)
    }
}

/// The elements after `name` in the list that begins with it, among `elements`.
pub(super) fn lists<'a>(elements: &'a [Sexp], name: &str) -> Option<&'a [Sexp]> {
    elements.iter().find_map(|element| element.list(name))
}

/// The one value after `name` in the list that begins with it, among `elements`.
pub(super) fn value<'a>(elements: &'a [Sexp], name: &str) -> Option<&'a [u8]> {
    match lists(elements, name)? {
        [Sexp::Atom(bytes)] => Some(bytes),
        _ => None,
    }
}

/// Reads one list that is all of `text`.
pub(super) fn read(text: &str, longest: usize) -> Result<Sexp, SexpError> {
    if text.len() > longest {
        return Err(SexpError::Large);
    }
    let mut open: Vec<Vec<Sexp>> = Vec::new();
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let element = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            b'(' => {
                if open.len() >= DEPTH_MAX {
                    return Err(SexpError::Large);
                }
                open.push(Vec::new());
                continue;
            }
            b')' => Sexp::List(open.pop().ok_or(SexpError::Character)?),
            b'"' => Sexp::Atom(quoted(&mut bytes)?),
            b'#' => Sexp::Atom(hexadecimal(&mut bytes)?),
            byte if is_token(byte) => {
                let mut token = vec![byte];
                while let Some(byte) = bytes.next_if(|byte| is_token(*byte)) {
                    token.push(byte);
                }
                Sexp::Atom(token)
            }
            _ => return Err(SexpError::Character),
        };
        match open.last_mut() {
            Some(list) => list.push(element),
            None => {
                let end = bytes.all(|byte| byte.is_ascii_whitespace() || byte == 0);
                return if end { Ok(element) } else { Err(SexpError::Character) };
            }
        }
    }
    Err(SexpError::Cut)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-./_:*+=@%".contains(&byte)
}

fn quoted(bytes: &mut impl Iterator<Item = u8>) -> Result<Vec<u8>, SexpError> {
    let mut text = Vec::new();
    loop {
        let byte = match bytes.next().ok_or(SexpError::Cut)? {
            b'"' => return Ok(text),
            b'\\' => match bytes.next().ok_or(SexpError::Cut)? {
                b'b' => 8,
                b't' => b'\t',
                b'v' => 11,
                b'n' => b'\n',
                b'f' => 12,
                b'r' => b'\r',
                byte @ (b'"' | b'\'' | b'\\') => byte,
                b'x' => number(bytes, None, 2, 16)?,
                byte @ b'0'..=b'3' => number(bytes, Some(byte), 2, 8)?,
                _ => return Err(SexpError::Character),
            },
            byte => byte,
        };
        text.push(byte);
    }
}

/// A byte in digits: `first` and `more` others.
fn number(
    bytes: &mut impl Iterator<Item = u8>,
    first: Option<u8>,
    more: usize,
    radix: u32,
) -> Result<u8, SexpError> {
    let digits: String = first.into_iter().chain(bytes.take(more)).map(char::from).collect();
    u8::from_str_radix(&digits, radix).map_err(|_| SexpError::Character)
}

fn hexadecimal(bytes: &mut impl Iterator<Item = u8>) -> Result<Vec<u8>, SexpError> {
    let mut digits = zeroize::Zeroizing::new(Vec::new());
    loop {
        match bytes.next().ok_or(SexpError::Cut)? {
            b'#' => break,
            byte if byte.is_ascii_whitespace() => {}
            byte => digits.push(byte),
        }
    }
    data_encoding::HEXUPPER_PERMISSIVE.decode(&digits).map_err(|_| SexpError::Character)
}

/// Writes `text` as a token where it is one, and else in quotation marks.
pub(super) fn token_or_quote(text: &str, out: &mut String) {
    let token = text.bytes().all(is_token) && !text.starts_with(|c: char| c.is_ascii_digit());
    if token && !text.is_empty() {
        out.push_str(text);
    } else {
        quote(text, out);
    }
}

/// Writes `text` in quotation marks.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            char if char.is_ascii_control() => {
                out.push_str("\\x");
                out.push_str(&data_encoding::HEXLOWER.encode(&[u8::try_from(char).unwrap_or(0)]));
            }
            char => out.push(char),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(text: &str) -> Result<Vec<u8>, SexpError> {
        let list = read(&format!("(a {text})"), 1_000)?;
        list.list("a")
            .and_then(|rest| match rest {
                [Sexp::Atom(bytes)] => Some(bytes.clone()),
                _ => None,
            })
            .ok_or(SexpError::Character)
    }

    #[test]
    fn atoms_have_three_forms() {
        assert_eq!(atom("prpl-jabber").unwrap(), b"prpl-jabber");
        assert_eq!(atom(r#""a \"b\" \\ \x41\101\n""#).unwrap(), b"a \"b\" \\ AA\n");
        assert_eq!(atom("#00 fF\n01#").unwrap(), [0, 0xff, 1]);
        for bad in [r#""\q""#, r#""\xzz""#, "#0#", "#0g#", "!", "a b"] {
            assert_eq!(atom(bad), Err(SexpError::Character), "{bad}");
        }
        for bad in ["\"a", "#00", "\"\\"] {
            assert!(atom(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lists_are_bounded_and_whole() {
        let error = |text: &str| read(text, 20).err();
        assert_eq!(error(&"(".repeat(9)), Some(SexpError::Large));
        assert_eq!(error(&" ".repeat(21)), Some(SexpError::Large));
        assert_eq!(error("(a"), Some(SexpError::Cut));
        assert_eq!(error(")"), Some(SexpError::Character));
        assert_eq!(error("(a) b"), Some(SexpError::Character));
        assert_eq!(error("(a)\n"), None);
    }

    #[test]
    fn what_is_quoted_comes_back() {
        for text in ["", "plain", "ü \"x\" \\ \n\r\t\u{1}"] {
            let mut out = String::new();
            quote(text, &mut out);
            assert_eq!(atom(&out).unwrap(), text.as_bytes());
        }
    }
}
