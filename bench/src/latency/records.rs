//! Where TLS records begin and end.

/// A record's header: content type, version, and the length of what follows in two bytes.
const HEADER: usize = 5;

/// Follows a stream of TLS records.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// Bytes of the header that have passed.
    header: usize,
    /// What is left of the body once the header has passed.
    body: usize,
    count: u64,
}

impl Records {
    /// Whether the next byte begins a record.
    pub(super) fn is_between(&self) -> bool {
        self.header == 0
    }

    /// Whole records that have passed.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The first of `bytes`, up to the end of the record; at least one, if there is one.
    pub(super) fn follow<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut passed = 0;
        while let Some(rest) = bytes.get(passed..).filter(|rest| !rest.is_empty()) {
            if self.header < HEADER {
                let byte = usize::from(*rest.first().unwrap_or(&0));
                match self.header {
                    3 => self.body = byte << 8,
                    4 => self.body |= byte,
                    _ => {}
                }
                self.header += 1;
                passed += 1;
            } else {
                let part = rest.len().min(self.body);
                self.body -= part;
                passed += part;
            }
            if self.header == HEADER && self.body == 0 {
                self.header = 0;
                self.count += 1;
                break;
            }
        }
        bytes.get(..passed).unwrap_or(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_whatever_pieces_they_come_in() {
        let mut stream = Vec::new();
        for length in [0_u16, 1, 483, 5_000] {
            stream.extend_from_slice(&[23, 3, 3]);
            stream.extend_from_slice(&length.to_be_bytes());
            stream.extend(std::iter::repeat_n(23, usize::from(length)));
        }
        for piece in [1, 2, 5, 488, stream.len()] {
            let mut records = Records::default();
            let mut ends = Vec::new();
            let mut at = 0;
            while at < stream.len() {
                let upto = (at + piece).min(stream.len());
                at += records.follow(&stream[at..upto]).len();
                if records.is_between() {
                    ends.push(at);
                }
            }
            assert_eq!(ends, [5, 11, 499, stream.len()], "in pieces of {piece}");
            assert_eq!(records.count(), 4);
        }
    }
}
