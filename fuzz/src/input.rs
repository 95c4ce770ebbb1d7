//! An input of the fuzzer, as a list of things to do.

/// Takes an input apart. At its end it gives zeros.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or(0)
    }

    /// The next two bytes.
    pub fn number(&mut self) -> usize {
        usize::from(u16::from_be_bytes([self.byte(), self.byte()]))
    }

    /// A number, and as many of the bytes after it, at most `most`.
    pub fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (first, rest) = self.0.split_at(self.number().min(most).min(self.0.len()));
        self.0 = rest;
        first
    }

    /// Whether nothing is left.
    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// Changes `bytes` as the input says: a few of them overwritten, then cut or made longer.
    pub fn edit(&mut self, bytes: &mut Vec<u8>) {
        let mut what = self.byte();
        for _ in 0..what & 0x07 {
            let place = self.number();
            let by = self.byte();
            let length = bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(place % length) {
                *byte ^= by;
            }
        }
        what >>= 3;
        match what & 0x07 {
            1 => bytes.truncate(self.number() % (bytes.len() + 1)),
            2 => bytes.extend_from_slice(self.bytes(64)),
            3 => {
                let place = self.number() % (bytes.len() + 1);
                let with = self.bytes(64);
                for (to, from) in bytes.iter_mut().skip(place).zip(with) {
                    *to = *from;
                }
            }
            _ => {}
        }
    }
}
