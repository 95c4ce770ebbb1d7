//! Bytes as lines of text, for mail and the clipboard.
//!
//! ```text
//! -----BEGIN UNDERTONE RATCHET MESSAGE-----
//! BASE64, 64 characters a line
//! -----END UNDERTONE RATCHET MESSAGE-----
//! ```
//!
//! Text before the first line and after the last one is passed over, and so is white space at the
//! ends of lines, which mail programs add. There is no checksum: what is inside has better.

use std::io::{self, BufRead, Read, Write};

use data_encoding::BASE64;

/// Bytes in one line.
const LINE: usize = 48;
/// The longest line that is read: more than any mail program makes of 64 characters.
const LONGEST: usize = 1000;

/// What is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// A card, with which a conversation begins.
    Card,
    /// A message or a file.
    Message,
}

impl Label {
    const fn name(self) -> &'static str {
        match self {
            Self::Card => "UNDERTONE RATCHET CARD",
            Self::Message => "UNDERTONE RATCHET MESSAGE",
        }
    }

    fn begin(self) -> String {
        format!("-----BEGIN {}-----", self.name())
    }

    fn end(self) -> String {
        format!("-----END {}-----", self.name())
    }
}

/// Writes armor. [`Writer::finish`] has to be called at the end.
#[derive(Debug)]
pub struct Writer<W: Write> {
    inner: W,
    label: Label,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Writes the first line.
    ///
    /// # Errors
    /// Those of `inner`.
    pub fn new(mut inner: W, label: Label) -> io::Result<Self> {
        writeln!(inner, "{}", label.begin())?;
        Ok(Self { inner, label, line: Vec::with_capacity(LINE) })
    }

    fn put_line(&mut self) -> io::Result<()> {
        writeln!(self.inner, "{}", BASE64.encode(&self.line))?;
        self.line.clear();
        Ok(())
    }

    /// Writes what is left and the last line.
    ///
    /// # Errors
    /// Those of the stream behind it.
    pub fn finish(mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.put_line()?;
        }
        writeln!(self.inner, "{}", self.label.end())?;
        self.inner.flush()
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for byte in bytes {
            self.line.push(*byte);
            if self.line.len() == LINE {
                self.put_line()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Bytes as text, all at once.
#[must_use]
pub fn encode(bytes: &[u8], label: Label) -> String {
    let lines: String = bytes.chunks(LINE).map(|line| BASE64.encode(line) + "\n").collect();
    format!("{}\n{lines}{}\n", label.begin(), label.end())
}

/// Reads armor: what stands between the first line and the last one, decoded.
#[derive(Debug)]
pub struct Reader<R: BufRead> {
    inner: R,
    label: Label,
    state: State,
    decoded: Vec<u8>,
    given: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    Within,
    After,
}

impl<R: BufRead> Reader<R> {
    /// Reads armor from a stream.
    pub fn new(inner: R, label: Label) -> Self {
        Self { inner, label, state: State::Before, decoded: Vec::new(), given: 0 }
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        // What is longer before the first line is another text's; within, it is damage.
        let count = self.inner.by_ref().take(most).read_until(b'\n', &mut line)?;
        Ok((count > 0).then(|| String::from_utf8_lossy(&line).trim().to_owned()))
    }

    /// Decodes lines until there is something to give, or the end.
    fn advance(&mut self) -> io::Result<()> {
        while self.given == self.decoded.len() && self.state != State::After {
            let Some(line) = self.line()? else {
                return Err(match self.state {
                    State::Before => io::Error::new(io::ErrorKind::InvalidData, NotArmor),
                    _ => io::ErrorKind::UnexpectedEof.into(),
                });
            };
            match self.state {
                State::Before if line == self.label.begin() => self.state = State::Within,
                State::Within if line == self.label.end() => self.state = State::After,
                State::Within => {
                    self.decoded = BASE64
                        .decode(line.as_bytes())
                        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, Damaged))?;
                    self.given = 0;
                }
                State::Before | State::After => {}
            }
        }
        Ok(())
    }
}

/// There is no first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no armor of this kind")]
struct NotArmor;

/// A line is no base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a line of the armor is damaged")]
struct Damaged;

impl<R: BufRead> Read for Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.advance()?;
        let rest = self.decoded.get(self.given..).unwrap_or_default();
        let count = rest.len().min(out.len());
        for (to, from) in out.iter_mut().zip(rest) {
            *to = *from;
        }
        self.given = self.given.saturating_add(count);
        Ok(count)
    }
}

/// What `encode` made, from a text of which at most `most` bytes are inside.
///
/// # Errors
/// Of the kind `InvalidData` where there is none or it is damaged or too long, `UnexpectedEof` where
/// it breaks off.
pub fn decode(text: impl BufRead, label: Label, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    Reader::new(text, label).take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, Damaged));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(text: &str) -> io::Result<Vec<u8>> {
        decode(text.as_bytes(), Label::Message, 100_000)
    }

    #[test]
    fn what_goes_in_comes_out_at_every_length() {
        for length in (0..200).chain([4_096, 70_000]) {
            let bytes: Vec<u8> = (0..length).map(|i| (i * 7) as u8).collect();
            let text = encode(&bytes, Label::Message);
            assert_eq!(back(&text).unwrap(), bytes, "{length}");
            let mut written = Vec::new();
            let mut writer = Writer::new(&mut written, Label::Message).unwrap();
            bytes.chunks(13).for_each(|some| writer.write_all(some).unwrap());
            writer.finish().unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), text, "{length}");
            assert!(text.lines().all(|line| line.len() <= 64));
        }
    }

    #[test]
    fn what_mail_programs_do_to_it_does_not_matter() {
        let text = encode(&[7; 100], Label::Message);
        let sent = format!("Hello,\n\n{}\n-- \nAna\n", text.replace('\n', " \r\n"));
        assert_eq!(back(&sent).unwrap(), [7; 100]);
        assert_eq!(back(&format!("{}\n{text}", "x".repeat(5_000))).unwrap(), [7; 100]);
    }

    #[test]
    fn what_is_none_cut_off_or_damaged_is_told_apart() {
        let text = encode(&[7; 100], Label::Message);
        let kind = |text: &str| back(text).unwrap_err().kind();
        assert_eq!(kind("Hello"), io::ErrorKind::InvalidData);
        assert_eq!(kind(&encode(&[7; 100], Label::Card)), io::ErrorKind::InvalidData);
        let (cut, _) = text.split_once("-----END").unwrap();
        assert_eq!(kind(cut), io::ErrorKind::UnexpectedEof);
        assert_eq!(kind(&text.replace("BwcH", "B*cH")), io::ErrorKind::InvalidData);
        let long = decode(text.as_bytes(), Label::Message, 99).unwrap_err();
        assert_eq!(long.kind(), io::ErrorKind::InvalidData);
    }
}
