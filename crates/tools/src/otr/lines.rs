//! Lines out of a stream of bytes, none longer than it may be.

use std::io::{self, BufRead, BufReader, Read};

use zeroize::Zeroizing;

/// A line, or why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Without its end. Bytes that are no UTF-8 are replaced.
    Text(Zeroizing<String>),
    /// It was longer than it may be, and was passed over.
    TooLong,
}

/// Reads lines of at most `most` bytes.
pub(super) struct Lines<R> {
    from: BufReader<R>,
    most: usize,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(from: R, most: usize) -> Self {
        Self { from: BufReader::new(from), most }
    }

    /// The next line; none at the end. A last line without an end is one.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        let mut line = Zeroizing::new(Vec::new());
        let (mut begun, mut too_long) = (false, false);
        loop {
            let bytes = match self.from.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                if !begun {
                    return Ok(None);
                }
                break;
            }
            begun = true;
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            let taken = part.len().saturating_add(usize::from(end.is_some()));
            if line.len().saturating_add(part.len()) > self.most {
                too_long = true;
                line.clear();
            }
            if !too_long {
                line.extend_from_slice(part);
            }
            self.from.consume(taken);
            if end.is_some() {
                break;
            }
        }
        if too_long {
            return Ok(Some(Line::TooLong));
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(Line::Text(Zeroizing::new(String::from_utf8_lossy(&line).into_owned()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_they_end_and_long_ones_are_passed_over() {
        let text = |text: &str| Some(Line::Text(Zeroizing::new(text.to_owned())));
        let long = "x".repeat(20_000);
        let input = format!("one\r\n\n12345\n123456\n{long}\nlast");
        let mut lines = Lines::new(input.as_bytes(), 5);
        assert_eq!(lines.next().unwrap(), text("one"));
        assert_eq!(lines.next().unwrap(), text(""));
        assert_eq!(lines.next().unwrap(), text("12345"));
        assert_eq!(lines.next().unwrap(), Some(Line::TooLong));
        assert_eq!(lines.next().unwrap(), Some(Line::TooLong));
        assert_eq!(lines.next().unwrap(), text("last"));
        assert_eq!(lines.next().unwrap(), None);
        assert_eq!(Lines::new(&b"\xff\n"[..], 5).next().unwrap(), text("\u{fffd}"));
    }
}
