//! The backup file: typed records in one sealed file under a passphrase of its own.
//!
//! What the records mean is for those to say who write and read them. The file hides it, and their
//! number; of their length it shows how many times 64 KiB are needed. It is written and read in
//! constant memory. [`Writer`] makes a file that appears whole or not at all; [`Reader`] gives the
//! records back in their order, and finds out about every change, cut or addition.
//!
//! `docs/store.md`, section "Backup", has the bytes.
//!
//! ```
//! use std::num::NonZeroU16;
//! use undertone_store::backup::{Reader, Writer};
//! use undertone_store::key::{Cost, Passphrase};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("work.backup");
//! # const CONTACT: NonZeroU16 = NonZeroU16::MIN;
//! let passphrase = Passphrase::new("other words than those of the profile")?;
//! let mut writer = Writer::create(&path, &passphrase, Cost::FLOOR)?;
//! writer.put(CONTACT, b"ben")?;
//! writer.put(CONTACT, b"cy")?;
//! writer.finish()?; // only now is there a file
//!
//! // What was read counts only when all of it was: a broken file gives an error, never an end.
//! let mut contacts = Vec::new();
//! for record in Reader::open(&path, &passphrase)? {
//!     contacts.push(record?.bytes.to_vec());
//! }
//! assert_eq!(contacts, [b"ben".to_vec(), b"cy".to_vec()]);
//! # Ok(())
//! # }
//! ```

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use self::read::{ReadError, Reader, Record};
pub use self::write::{WriteError, Writer};
use crate::key::SALT_LEN;

/// The first bytes of every backup; the number is the version.
const MAGIC: &[u8; 19] = b"undertone backup 1\n";
/// How the magic of every version begins.
const FAMILY: &[u8] = b"undertone backup ";
/// Magic ‖ memory u32 ‖ passes u32 ‖ salt: what the stream is bound to.
const HEAD_LEN: usize = MAGIC.len() + 4 + 4 + SALT_LEN;
/// Kind u16 ‖ length u32, before the bytes of each record.
const RECORD_HEAD: usize = 2 + 4;
/// The kind of the last record, which fills the last chunk with zeros.
const END: u16 = 0;

/// The most bytes that one record has: 1 MiB.
pub const MAX_RECORD: usize = 1 << 20;
