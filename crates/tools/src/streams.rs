//! What a tool reads from and writes to.

use std::io::{self, BufReader, Cursor, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Where a tool reads from and writes to, besides the files that its arguments name.
pub struct Streams {
    /// What is to be worked on.
    pub input: Box<dyn Read + Send>,
    /// What came of it.
    pub output: Box<dyn Write + Send>,
    /// Words for the person.
    pub words: Box<dyn Write + Send>,
    /// Whether a person can be asked for a passphrase.
    pub may_ask: bool,
}

impl Streams {
    /// Those of the process; passphrases are asked for on its terminal.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            // Not behind a buffer that nobody else sees: a first line may be the passphrase.
            input: Box::new(io::stdin()),
            output: Box::new(io::stdout()),
            words: Box::new(io::stderr()),
            may_ask: true,
        }
    }

    /// Input from memory, output to memory, words to nobody.
    #[must_use]
    pub fn in_memory(input: &[u8]) -> (Self, Written) {
        let written = Written::default();
        let streams = Self {
            input: Box::new(BufReader::new(Cursor::new(input.to_vec()))),
            output: Box::new(written.clone()),
            words: Box::new(io::sink()),
            may_ask: false,
        };
        (streams, written)
    }

    /// Says something to the person. Nobody may be there to read it.
    pub(crate) fn say(&mut self, words: &str) {
        drop(writeln!(self.words, "{words}"));
    }
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Streams(…)")
    }
}

/// What was written to memory, to be looked at.
#[derive(Clone, Default)]
pub struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    /// All bytes so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All bytes so far as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Written(…)")
    }
}

/// The first line of a stream, at most `most` bytes, without its end: read byte by byte, so that
/// what follows is still there for the next reader. None at the end, or if the line is longer.
pub(crate) fn first_line(
    input: &mut dyn Read,
    most: usize,
) -> io::Result<Option<zeroize::Zeroizing<Vec<u8>>>> {
    let mut line = zeroize::Zeroizing::new(Vec::with_capacity(most.saturating_add(1)));
    let mut byte = zeroize::Zeroizing::new([0]);
    loop {
        match input.read(byte.as_mut_slice()) {
            Ok(0) => break,
            Ok(_) if *byte == *b"\n" => break,
            Ok(_) if line.len() > most => return Ok(None),
            Ok(_) => line.extend_from_slice(byte.as_slice()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    let fits = !line.is_empty() && line.len() <= most;
    Ok(fits.then_some(line))
}

/// Fills `buffer` as far as the stream goes, and says how far that is.
pub(crate) fn fill(input: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(count) => length = length.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_leaves_the_rest() {
        let mut input = Cursor::new(b"secret\r\nrest\n".to_vec());
        assert_eq!(first_line(&mut input, 10).unwrap().unwrap().as_slice(), b"secret");
        let mut rest = String::new();
        input.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "rest\n");
    }

    #[test]
    fn a_line_that_is_empty_or_too_long_is_none() {
        let line = |text: &str, most| first_line(&mut text.as_bytes(), most).unwrap();
        assert!(line("", 5).is_none() && line("\nmore", 5).is_none());
        assert!(line("123456\n", 5).is_none() && line(&"1".repeat(900), 5).is_none());
        assert_eq!(line("12345", 5).unwrap().as_slice(), b"12345");
    }
}
