//! Frames cut into cells of one size, and put together again.
//!
//! A cell is one TLS record and fills one Tor relay cell. Its first byte is the frame's kind, with
//! the highest bit set in every cell but the frame's first. A first cell then has the frame's whole
//! length in three bytes, big-endian; the rest of a cell is the frame's bytes, then zeros. So the
//! length is known, and bounded, before anything is stored, and there is one way to cut a frame.
//! (`docs/protocol.md`, "Cells".)

use std::iter::FusedIterator;

/// Bytes of a cell: one relay cell of Tor's newer format, 488, less a TLS 1.3 record's 22.
pub const CELL_LEN: usize = 466;

/// Bytes of a frame that its first cell holds.
pub const FIRST_ROOM: usize = CELL_LEN - 4;

/// Bytes of a frame that each later cell holds.
pub const NEXT_ROOM: usize = CELL_LEN - 1;

/// Cells of the longest frame: a text of 64 KiB with all that goes around it.
pub const MAX_CELLS: usize = 142;

/// Bytes of the longest frame, which fills [`MAX_CELLS`].
pub const MAX_FRAME: usize = frame_len(MAX_CELLS);

/// Set in the first byte of each cell but a frame's first.
const CONTINUES: u8 = 0x80;

/// Bytes of the frame that exactly fills so many cells, at least one.
#[must_use]
pub const fn frame_len(cells: usize) -> usize {
    FIRST_ROOM.saturating_add(NEXT_ROOM.saturating_mul(cells.saturating_sub(1)))
}

/// Cells that a frame of so many bytes takes.
#[must_use]
pub const fn cells_for(bytes: usize) -> usize {
    1_usize.saturating_add(bytes.saturating_sub(FIRST_ROOM).div_ceil(NEXT_ROOM))
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameKind {
    /// A step of [`crate::pairing`].
    Pairing,
    /// The opening of a later stream, [`crate::link`].
    Link,
    /// A ratchet packet.
    Packet,
    /// One empty cell that says "still here". Only between frames: a frame's cells leave together.
    KeepAlive,
    /// A message of a repair, [`crate::repair`].
    Repair,
    /// An offer, a request or its receipt, [`crate::request`].
    Request,
}

impl FrameKind {
    const fn code(self) -> u8 {
        match self {
            Self::Pairing => 1,
            Self::Link => 2,
            Self::Packet => 3,
            Self::KeepAlive => 4,
            Self::Repair => 5,
            Self::Request => 6,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Pairing),
            2 => Some(Self::Link),
            3 => Some(Self::Packet),
            4 => Some(Self::KeepAlive),
            5 => Some(Self::Repair),
            6 => Some(Self::Request),
            _ => None,
        }
    }

    /// Only the keep-alive is empty, and it always is.
    const fn takes(self, length: usize) -> bool {
        matches!(self, Self::KeepAlive) == (length == 0)
    }
}

/// A whole frame.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// What it is.
    pub kind: FrameKind,
    /// Its bytes: 1 to [`MAX_FRAME`], none in a [`FrameKind::KeepAlive`].
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frame").field("kind", &self.kind).field("len", &self.bytes.len()).finish()
    }
}

/// Why a frame can't be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CutError {
    /// More than [`MAX_FRAME`] bytes.
    #[error("the frame is longer than {MAX_FRAME} bytes; send less at once")]
    TooLong,
    /// A keep-alive with bytes, or another frame without.
    #[error("a keep-alive has no bytes, and every other frame has some")]
    WrongLength,
}

/// Cuts a frame into cells. Each byte is copied once, into its cell.
///
/// # Errors
/// See [`CutError`].
pub fn cut(kind: FrameKind, bytes: &[u8]) -> Result<Cells<'_>, CutError> {
    if bytes.len() > MAX_FRAME {
        return Err(CutError::TooLong);
    }
    if !kind.takes(bytes.len()) {
        return Err(CutError::WrongLength);
    }
    let length = u32::try_from(bytes.len()).map_err(|_| CutError::TooLong)?;
    Ok(Cells { kind, first: Some(length), rest: bytes })
}

/// The cells of one frame, in order; see [`cut`].
#[derive(Clone, Debug)]
pub struct Cells<'a> {
    kind: FrameKind,
    /// The frame's length, until the first cell took it.
    first: Option<u32>,
    rest: &'a [u8],
}

impl Iterator for Cells<'_> {
    type Item = [u8; CELL_LEN];

    fn next(&mut self) -> Option<Self::Item> {
        let mut cell = [0; CELL_LEN];
        let (head, room) = cell.split_first_mut()?;
        let room = if let Some(length) = self.first.take() {
            *head = self.kind.code();
            let (field, room) = room.split_first_chunk_mut::<3>()?;
            let [_, bytes @ ..] = length.to_be_bytes();
            *field = bytes;
            room
        } else if self.rest.is_empty() {
            return None;
        } else {
            *head = self.kind.code() | CONTINUES;
            room
        };
        let (now, later) = self.rest.split_at_checked(room.len()).unwrap_or((self.rest, &[]));
        room.iter_mut().zip(now).for_each(|(to, from)| *to = *from);
        self.rest = later;
        Some(cell)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match self.first {
            Some(_) => cells_for(self.rest.len()),
            None => self.rest.len().div_ceil(NEXT_ROOM),
        };
        (left, Some(left))
    }
}

impl ExactSizeIterator for Cells<'_> {}
impl FusedIterator for Cells<'_> {}

/// Why a cell was refused. The stream is to be closed: nothing that follows can be trusted to mean
/// what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellError {
    /// The first byte names no kind of frame.
    #[error("a cell of an unknown kind; close the stream")]
    UnknownKind,
    /// A continuation where no frame is open, or of another kind than the open one.
    #[error("a cell that continues nothing; close the stream")]
    NothingToContinue,
    /// A frame begins while another is open.
    #[error("a frame begins inside another; close the stream")]
    Interleaved,
    /// More bytes than this stream takes at once.
    #[error("a frame is announced that is too long; close the stream")]
    TooLong,
    /// A keep-alive with bytes, or another frame without.
    #[error("a frame's length doesn't fit its kind; close the stream")]
    WrongLength,
    /// Bytes after the frame's end that aren't zero.
    #[error("a cell's padding isn't zero; close the stream")]
    Padding,
}

/// Puts cells together to frames. Holds at most one unfinished frame of bounded length.
#[derive(Debug)]
pub struct Assembler {
    limit: usize,
    open: Option<Open>,
}

/// A frame whose last cell isn't in.
#[derive(Debug)]
struct Open {
    frame: Frame,
    length: usize,
}

impl Default for Assembler {
    fn default() -> Self {
        Self::new()
    }
}

impl Assembler {
    /// For a stream of someone known: frames up to [`MAX_FRAME`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(MAX_FRAME)
    }

    /// For a stream whose frames are at most `limit` bytes long; a stranger's are at most
    /// [`crate::request::MAX_STRANGER_FRAME`].
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { limit: limit.min(MAX_FRAME), open: None }
    }

    /// Frames up to [`MAX_FRAME`] from now on: a stranger has become someone known.
    pub const fn accept_long(&mut self) {
        self.limit = MAX_FRAME;
    }

    /// Takes the next cell, and gives the frame if it was the frame's last.
    ///
    /// # Errors
    /// See [`CellError`]; the assembler is as it was before.
    pub fn push(&mut self, cell: &[u8; CELL_LEN]) -> Result<Option<Frame>, CellError> {
        let [head, body @ ..] = cell;
        let kind = FrameKind::from_code(head & !CONTINUES).ok_or(CellError::UnknownKind)?;
        if head & CONTINUES == 0 {
            if self.open.is_some() {
                return Err(CellError::Interleaved);
            }
            self.begin(kind, body)
        } else {
            self.go_on(kind, body)
        }
    }

    fn begin(
        &mut self,
        kind: FrameKind,
        body: &[u8; NEXT_ROOM],
    ) -> Result<Option<Frame>, CellError> {
        let [a, b, c, data @ ..] = body;
        let length = u32::from_be_bytes([0, *a, *b, *c]);
        let length = usize::try_from(length).map_err(|_| CellError::TooLong)?;
        if !kind.takes(length) {
            return Err(CellError::WrongLength);
        }
        if length > self.limit {
            return Err(CellError::TooLong);
        }
        let (used, whole) = split(data, length)?;
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(used);
        let frame = Frame { kind, bytes };
        if whole {
            return Ok(Some(frame));
        }
        self.open = Some(Open { frame, length });
        Ok(None)
    }

    fn go_on(
        &mut self,
        kind: FrameKind,
        data: &[u8; NEXT_ROOM],
    ) -> Result<Option<Frame>, CellError> {
        let open = self.open.as_mut().filter(|open| open.frame.kind == kind);
        let open = open.ok_or(CellError::NothingToContinue)?;
        let missing = open.length.saturating_sub(open.frame.bytes.len());
        let (used, whole) = split(data, missing)?;
        open.frame.bytes.extend_from_slice(used);
        Ok(if whole { self.open.take().map(|open| open.frame) } else { None })
    }
}

/// The part of `data` that belongs to a frame of which `missing` bytes are to come, and whether
/// they are all in it; what follows must be zero.
fn split(data: &[u8], missing: usize) -> Result<(&[u8], bool), CellError> {
    let Some((used, padding)) = data.split_at_checked(missing) else {
        return Ok((data, false));
    };
    if padding.iter().any(|byte| *byte != 0) {
        return Err(CellError::Padding);
    }
    Ok((used, true))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(length: usize) -> Vec<u8> {
        (0..length).map(|i| u8::try_from(i % 251).unwrap() + 1).collect()
    }

    fn assemble(assembler: &mut Assembler, cells: Vec<[u8; CELL_LEN]>) -> Frame {
        let last = cells.len() - 1;
        let mut found = None;
        for (i, cell) in cells.iter().enumerate() {
            let frame = assembler.push(cell).unwrap();
            assert_eq!(frame.is_some(), i == last);
            found = frame;
        }
        found.unwrap()
    }

    #[test]
    fn every_length_at_a_border_comes_back() {
        let mut assembler = Assembler::new();
        for cells in [1, 2, 3, MAX_CELLS] {
            let full = frame_len(cells);
            for length in [full - 1, full, full + 1].into_iter().filter(|l| *l <= MAX_FRAME) {
                let bytes = frame(length);
                let cut = cut(FrameKind::Packet, &bytes).unwrap();
                assert_eq!(cut.len(), cells_for(length));
                assert_eq!(cut.len(), if length > full { cells + 1 } else { cells });
                let got = assemble(&mut assembler, cut.collect());
                assert_eq!((got.kind, got.bytes), (FrameKind::Packet, bytes));
            }
        }
    }

    #[test]
    fn a_stranger_that_became_known_may_send_long_frames() {
        let mut assembler = Assembler::with_limit(100);
        let long = frame(101);
        let cells: Vec<_> = cut(FrameKind::Packet, &long).unwrap().collect();
        assert_eq!(assembler.push(&cells[0]), Err(CellError::TooLong));
        assembler.accept_long();
        assert_eq!(assemble(&mut assembler, cells).bytes, long);
    }

    #[test]
    fn keep_alive_is_one_empty_cell() {
        let cells: Vec<_> = cut(FrameKind::KeepAlive, &[]).unwrap().collect();
        assert_eq!(cells.len(), 1);
        assert_eq!(cells[0][0], 4);
        assert!(cells[0][1..].iter().all(|byte| *byte == 0));
        let got = Assembler::new().push(&cells[0]).unwrap().unwrap();
        assert_eq!(got, Frame { kind: FrameKind::KeepAlive, bytes: Vec::new() });
    }

    #[test]
    fn lengths_that_no_frame_has_are_not_cut() {
        let long = vec![1; MAX_FRAME + 1];
        assert_eq!(cut(FrameKind::Packet, &long).unwrap_err(), CutError::TooLong);
        assert_eq!(cut(FrameKind::Packet, &[]).unwrap_err(), CutError::WrongLength);
        assert_eq!(cut(FrameKind::KeepAlive, &[0]).unwrap_err(), CutError::WrongLength);
    }

    #[test]
    fn wrong_cells_are_refused_and_change_nothing() {
        let bytes = frame(600);
        let good: Vec<_> = cut(FrameKind::Packet, &bytes).unwrap().collect();
        let with = |cell: usize, at: usize, to: u8| {
            let mut cell = good[cell];
            cell[at] = to;
            cell
        };
        let mut assembler = Assembler::with_limit(600);
        assert_eq!(assembler.push(&good[1]), Err(CellError::NothingToContinue));
        assert_eq!(assembler.push(&with(0, 0, 0)), Err(CellError::UnknownKind));
        assert_eq!(assembler.push(&with(0, 0, 0x43)), Err(CellError::UnknownKind));
        assert_eq!(assembler.push(&with(0, 0, 4)), Err(CellError::WrongLength));
        assert_eq!(assembler.push(&[3; CELL_LEN]), Err(CellError::TooLong));
        let mut empty = [0; CELL_LEN];
        empty[0] = 3;
        assert_eq!(assembler.push(&empty), Err(CellError::WrongLength));
        empty[0] = 4;
        empty[9] = 1;
        assert_eq!(assembler.push(&empty), Err(CellError::Padding));
        assert_eq!(Assembler::with_limit(599).push(&good[0]), Err(CellError::TooLong));

        assert_eq!(assembler.push(&good[0]), Ok(None));
        assert_eq!(assembler.push(&good[0]), Err(CellError::Interleaved));
        let alive = cut(FrameKind::KeepAlive, &[]).unwrap().next().unwrap();
        assert_eq!(assembler.push(&alive), Err(CellError::Interleaved));
        assert_eq!(assembler.push(&with(1, 0, 0x82)), Err(CellError::NothingToContinue));
        assert_eq!(assembler.push(&with(1, CELL_LEN - 1, 1)), Err(CellError::Padding));
        let got = assembler.push(&good[1]).unwrap().unwrap();
        assert_eq!(got.bytes, bytes);
        assert_eq!(assembler.push(&good[1]), Err(CellError::NothingToContinue));
    }

    #[test]
    fn a_strangers_announcement_stores_no_more_than_the_limit() {
        let mut assembler = Assembler::with_limit(1000);
        let bytes = frame(1000);
        let first = cut(FrameKind::Pairing, &bytes).unwrap().next().unwrap();
        assembler.push(&first).unwrap();
        assert_eq!(assembler.open.unwrap().frame.bytes.capacity(), 1000);
    }

    proptest! {
        #[test]
        fn any_frame_comes_back(bytes in prop::collection::vec(any::<u8>(), 1..3000)) {
            let mut assembler = Assembler::new();
            let cells = cut(FrameKind::Packet, &bytes).unwrap().collect();
            prop_assert_eq!(assemble(&mut assembler, cells).bytes, bytes);
        }

        #[test]
        fn garbage_never_panics_nor_grows(
            heads in prop::collection::vec((any::<u8>(), any::<[u8; 3]>(), any::<u8>()), 1..40),
        ) {
            let mut assembler = Assembler::with_limit(2000);
            for (head, length, fill) in heads {
                let mut cell = [fill; CELL_LEN];
                cell[0] = head & 0x87;
                cell[1..4].copy_from_slice(&[0, length[1] & 7, length[2]]);
                if let Ok(Some(frame)) = assembler.push(&cell) {
                    prop_assert!(frame.bytes.len() <= 2000);
                }
            }
        }
    }
}
