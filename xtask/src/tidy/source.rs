//! Rust source as the rules see it: without comments, without what stands in quotes, and if wanted without tests.

/// Blanks comments, strings and characters. Lines and columns stay where they were.
pub(super) fn code(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut code = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => end_of_line(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => end_of_comment(bytes, at),
            b'"' => end_of_string(bytes, at),
            b'r' if !follows_a_word(bytes, at) => match end_of_raw_string(bytes, at) {
                Some(end) => end,
                None => {
                    at += 1;
                    continue;
                }
            },
            b'\'' => match end_of_character(bytes, at) {
                Some(end) => end,
                None => {
                    at += 1;
                    continue;
                }
            },
            _ => {
                at += 1;
                continue;
            }
        };
        blank(&mut code, at, end);
        at = end;
    }
    String::from_utf8_lossy(&code).into_owned()
}

/// Blanks, in what [`code`] gave, every item that is compiled for tests only.
pub(super) fn without_tests(code: &str) -> String {
    let bytes = code.as_bytes();
    let mut plain = bytes.to_vec();
    for mark in ["#[cfg(test)]", "#[test]", "#[cfg(all(test"] {
        for (start, _) in code.match_indices(mark) {
            blank(&mut plain, start, end_of_item(bytes, start));
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// The line, counted from 1, of a place in the text.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The place after the bracket that closes the one at `open`.
pub(super) fn closing(bytes: &[u8], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    bytes.len()
}

fn blank(bytes: &mut [u8], start: usize, end: usize) {
    for byte in &mut bytes[start..end] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length)
}

fn end_of_comment(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn end_of_raw_string(bytes: &[u8], start: usize) -> Option<usize> {
    let hashes = bytes[start + 1..].iter().take_while(|byte| **byte == b'#').count();
    if bytes.get(start + 1 + hashes) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let body = start + 2 + hashes;
    let length = bytes[body..].windows(close.len()).position(|window| window == close);
    Some(length.map_or(bytes.len(), |length| body + length + close.len()))
}

/// A quote is a character if it closes after one, and a lifetime otherwise.
fn end_of_character(bytes: &[u8], start: usize) -> Option<usize> {
    let text = std::str::from_utf8(&bytes[start + 1..]).ok()?;
    let mut characters = text.char_indices();
    match characters.next()? {
        (_, '\\') => {
            characters.next()?;
            let close = characters.find(|(_, character)| *character == '\'')?;
            Some(start + 1 + close.0 + 1)
        }
        _ => match characters.next()? {
            (at, '\'') => Some(start + 1 + at + 1),
            _ => None,
        },
    }
}

/// Whether the place is inside a word, as the `r` of `for`; the `b` of a byte string is none.
fn follows_a_word(bytes: &[u8], at: usize) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let before = |back: usize| at.checked_sub(back).map(|place| bytes[place]);
    match before(1) {
        Some(b'b' | b'c') => before(2).is_some_and(part),
        Some(byte) => part(byte),
        None => false,
    }
}

/// The end of the item that the attribute at `start` belongs to: its block, or its semicolon.
fn end_of_item(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' => at = closing(bytes, at),
            b'{' => return closing(bytes, at),
            b';' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    #[test]
    fn comments_and_strings_are_blanked_in_place() {
        let source = "a // b\n/* c /* d */ e */ f(\"g \\\" h\", r#\"i \" j\"#, b\"k\", br\"l\")\n";
        let code = code(source);
        assert_eq!(words(&code), ["a", "f(", ",", ",", "b", ",", "b", ")"]);
        assert_eq!(code.len(), source.len());
        assert_eq!(code.matches('\n').count(), 2);
    }

    #[test]
    fn characters_are_told_from_lifetimes() {
        let code = code("fn f<'a>(x: &'a str) { g('\"', '\\'', '\\u{1f}', 'ü', b'{') } // '");
        assert_eq!(code.trim_end(), "fn f<'a>(x: &'a str) { g(   ,     ,         ,     , b   ) }");
    }

    #[test]
    fn an_r_within_a_word_starts_no_string() {
        assert_eq!(code("for r in bar { r#type }"), "for r in bar { r#type }");
    }

    #[test]
    fn items_for_tests_are_blanked_whole() {
        let source = "fn a() {}
#[cfg(test)]
#[path = \"x.rs\"]
mod tests;
fn b() {}
#[cfg(test)]
mod more { fn c() { if x { y[1]; } } }
#[cfg(test)]
fn d(x: [u8; 2]) -> u8 { 1 }
fn e() {}
";
        let plain = without_tests(&code(source));
        assert_eq!(words(&plain), ["fn", "a()", "{}", "fn", "b()", "{}", "fn", "e()", "{}"]);
    }

    #[test]
    fn unfinished_source_is_no_trouble() {
        for source in ["\"", "/*", "r#\"", "'", "'\\", "#[cfg(test)]", "#[test] fn a(", "\"\\"] {
            assert_eq!(without_tests(&code(source)).len(), source.len(), "{source}");
        }
    }

    #[test]
    fn lines_are_counted_from_one() {
        assert_eq!((line_of("a\nb", 0), line_of("a\nb", 2)), (1, 2));
    }
}
