//! Erasing what SQLite leaves behind of rows that it moved.
//!
//! `secure_delete` writes zeros over a row that goes. But where SQLite balances a tree it builds its pages anew, each
//! in its place: rows go to the end of the page or to another one, and what lay where there is room afterwards,
//! between the list of rows and the rows, stays (`rebuildPage` in its source). When the row itself goes later,
//! nobody knows of that copy. So all pages of trees are gone through, a few at a time, and zeros are written to what
//! is room by their own account. It is the form of the file that SQLite documents; nothing of a page's account is
//! changed, and a page that says what can't be is left alone.
//!
//! Pages of overflow and free ones need none of this: they are never rearranged, and zeros from their first to their
//! last byte as soon as they are free.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use zeroize::Zeroizing;

use crate::fault::Fault;

/// Pages that are looked at in one go: a few milliseconds.
const AT_ONCE: u32 = 128;

/// A page of overflow begins with the number of another page, and so with a zero, as long as there are not more.
const MOST: u32 = 1 << 24;

/// Which pages are still to be looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sweep {
    /// The page that was looked at last.
    last: u32,
    /// So many after it are to be looked at, as if behind the last page came the first.
    left: u32,
}

impl Sweep {
    /// From the first page to the last. A profile begins so, for whoever had it before may have been killed.
    pub(super) const fn all() -> Self {
        Self { last: 0, left: u32::MAX }
    }

    /// Something was erased: there may be copies of it in any page.
    pub(super) const fn again(&mut self) {
        self.left = u32::MAX;
    }

    /// All pages have been looked at since something was last erased.
    pub(super) const fn is_done(self) -> bool {
        self.left == 0
    }

    /// Looks at some more pages, in a transaction of its own.
    pub(super) fn go_on(&mut self, db: &Connection) -> Result<(), Fault> {
        db.execute_batch("BEGIN IMMEDIATE")?;
        let swept = self.some(db).and_then(|after| {
            db.execute_batch("COMMIT")?;
            Ok(after)
        });
        match swept {
            Ok(after) => *self = after,
            Err(fault) => {
                drop(db.execute_batch("ROLLBACK"));
                return Err(fault);
            }
        }
        Ok(())
    }

    fn some(self, db: &Connection) -> Result<Self, Fault> {
        let pages: u32 = db.pragma_query_value(None, "page_count", |row| row.get(0))?;
        if pages >= MOST {
            return Ok(Self { left: 0, ..self });
        }
        let Self { mut last, left } = self;
        let mut left = left.min(pages);
        for _ in 0..AT_ONCE.min(left) {
            last = if last < pages { last + 1 } else { 1 };
            left -= 1;
            look_at(db, last)?;
        }
        Ok(Self { last, left })
    }
}

fn look_at(db: &Connection, number: u32) -> Result<(), Fault> {
    let mut query = db.prepare_cached("SELECT data FROM sqlite_dbpage WHERE pgno = ?1")?;
    let swept = query.query_row([number], |row| {
        let ValueRef::Blob(page) = row.get_ref(0)? else { return Ok(None) };
        Ok(swept(number, page))
    })?;
    if let Some(page) = swept {
        let sql = "UPDATE sqlite_dbpage SET data = ?2 WHERE pgno = ?1";
        db.prepare_cached(sql)?.execute(params![number, page.as_slice()])?;
    }
    Ok(())
}

/// A page with zeros wherever it has room, if that changes it.
fn swept(number: u32, page: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let room = room(number, page)?;
    let dirty = room.iter().any(|(from, to)| {
        page.get(*from..*to).is_some_and(|bytes| bytes.iter().any(|byte| *byte != 0))
    });
    if !dirty {
        return None;
    }
    let mut page = Zeroizing::new(page.to_vec());
    for (from, to) in room {
        page.get_mut(from..to)?.fill(0);
    }
    Some(page)
}

/// Length of the file's header, on the first page alone.
const FILE_HEADER: usize = 100;

/// Where a page of a tree has room: first between its list of cells and the cells, then each block that was freed
/// among them, without the four bytes that say where the next one is and how long this one. `None`: it's no page of a
/// tree, or its account can't be true.
fn room(number: u32, page: &[u8]) -> Option<Vec<(usize, usize)>> {
    let header = if number == 1 { FILE_HEADER } else { 0 };
    let two = |at: usize| -> Option<usize> {
        let bytes = page.get(at..)?.first_chunk()?;
        Some(u16::from_be_bytes(*bytes).into())
    };
    let length = match page.get(header)? {
        2 | 5 => 12,
        10 | 13 => 8,
        _ => return None,
    };
    let list = header + length + 2 * two(header + 3)?;
    let cells = two(header + 5)?;
    if list > cells || cells > page.len() {
        return None;
    }
    let mut room = vec![(list, cells)];
    // In order, none over another, so there are few.
    let mut block = two(header + 1)?;
    let mut after = cells;
    while block != 0 {
        let end = block + two(block + 2)?;
        if block < after || end < block + 4 || end > page.len() {
            return None;
        }
        room.push((block + 4, end));
        after = end;
        block = two(block)?;
    }
    Some(room)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A leaf of 64 bytes with two cells, a freed block between them, and rests wherever there is room.
    fn leaf() -> Vec<u8> {
        let mut page = vec![0xee; 64];
        page[..12].copy_from_slice(&[13, 0, 44, 0, 2, 0, 40, 0, 0, 40, 0, 54]);
        page[40..44].copy_from_slice(b"cell");
        page[44..48].copy_from_slice(&[0, 0, 0, 10]);
        page[54..].copy_from_slice(b"other cell");
        page
    }

    #[test]
    fn room_is_erased_and_nothing_else() {
        let page = leaf();
        assert_eq!(room(2, &page), Some(vec![(12, 40), (48, 54)]));
        let clean = swept(2, &page).unwrap();
        assert!(clean[12..40].iter().chain(&clean[48..54]).all(|byte| *byte == 0));
        assert_eq!((&clean[..12], &clean[40..48]), (&page[..12], &page[40..48]));
        assert_eq!(clean[54..], page[54..]);
        assert!(swept(2, &clean).is_none(), "there is nothing left to do");
    }

    #[test]
    fn the_first_page_begins_with_the_files_header() {
        let page =
            [vec![0xaa; FILE_HEADER], vec![5, 0, 0, 0, 0, 0, 120, 0], vec![0xee; 20]].concat();
        assert_eq!(room(1, &page), Some(vec![(112, 120)]));
        assert_eq!(room(2, &page), None);
    }

    #[test]
    fn a_page_that_is_none_of_a_tree_is_left_alone() {
        let overflow = [vec![0, 0, 1, 7], vec![13; 60]].concat();
        assert_eq!(room(9, &overflow), None);
        assert_eq!(room(9, &[]), None);
        assert_eq!(room(9, &[13, 0]), None);
    }

    #[test]
    fn what_can_not_be_is_left_alone() {
        for (at, bytes) in [
            // More cells than there is room for their list.
            (3, [0, 40]),
            // Cells that begin within the list, or behind the page.
            (5, [0, 11]),
            (5, [1, 0]),
            // Freed blocks outside of the cells, or behind the page.
            (1, [0, 20]),
            (1, [0, 63]),
            // One that is shorter than its own account, and one that reaches over the end.
            (46, [0, 3]),
            (46, [0, 60]),
            // One that comes before itself.
            (44, [0, 44]),
        ] {
            let mut page = leaf();
            page[at..at + 2].copy_from_slice(&bytes);
            assert_eq!(room(2, &page), None, "{bytes:?} at {at}");
        }
    }

    #[test]
    fn any_bytes_are_taken() {
        use proptest::prelude::*;
        proptest!(|(number in 1_u32..3, page in prop::collection::vec(any::<u8>(), 0..300), kind in 0..5_usize)| {
            let mut page = page;
            let at = if number == 1 { FILE_HEADER } else { 0 };
            if let Some(first) = page.get_mut(at) {
                *first = [2, 5, 10, 13, 0][kind];
            }
            if let Some(clean) = swept(number, &page) {
                // What it says of itself is as it was.
                prop_assert_eq!(room(number, &clean), room(number, &page));
                prop_assert!(swept(number, &clean).is_none());
            }
        });
    }

    #[test]
    fn the_hand_goes_round_once_after_the_last_erasure() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(4000 * 200))")
            .unwrap();
        let pages: u32 = db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        assert!((AT_ONCE + 1..2 * AT_ONCE).contains(&pages), "{pages}");
        let mut sweep = Sweep::all();
        sweep.go_on(&db).unwrap();
        assert_eq!((sweep.last, sweep.left), (AT_ONCE, pages - AT_ONCE));
        sweep.again();
        sweep.go_on(&db).unwrap();
        assert_eq!((sweep.last, sweep.left), (2 * AT_ONCE - pages, pages - AT_ONCE));
        sweep.go_on(&db).unwrap();
        assert!(sweep.is_done());
        assert_eq!(sweep.last, AT_ONCE);
    }
}
