//! Files of libotr, so that people can come from other clients and go back to them: private keys,
//! fingerprints and instance tags. Text comes in and goes out; files are the caller's.
//!
//! ```
//! use undertone_otr::files::{KnownFingerprint, read_fingerprints, write_fingerprints};
//!
//! let text = "ben\tana\tprpl-jabber\t76c21f2fc0b424f5ca6adcf072f682c0c4bc5aef\tverified\n";
//! let read = read_fingerprints(text);
//! assert_eq!(read.entries[0].trust, "verified");
//! assert_eq!(write_fingerprints(&read.entries), text);
//! ```

mod sexp;

use crate::fingerprint::Fingerprint;
use crate::key::{KeyError, PrivateKey, PublicKey};
use crate::tag::InstanceTag;

pub use sexp::SexpError;

/// The longest file of private keys that is read, in bytes; a thousand keys have less.
pub const KEYS_MAX: usize = 1 << 21;

/// A private key of an account.
#[derive(Debug)]
pub struct AccountKey {
    /// The account's name, as the client writes it.
    pub account: String,
    /// The network, such as `prpl-jabber`.
    pub protocol: String,
    /// The key.
    pub key: PrivateKey,
}

/// Why a file of private keys can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The text has no such form.
    #[error("this is no file of private keys of libotr: {0}")]
    Form(#[from] SexpError),
    /// The lists are not those of private keys.
    #[error("this is no file of private keys of libotr: it has other lists in it")]
    Lists,
    /// A key's numbers are refused.
    #[error("a key of the file can't be used: {0}")]
    Key(#[from] KeyError),
}

/// Reads libotr's file of private keys (`otr.private_key`).
///
/// # Errors
/// [`KeysError`]; one bad key spoils the file, so that nobody goes on with half of their accounts.
pub fn read_keys(text: &str) -> Result<Vec<AccountKey>, KeysError> {
    let whole = sexp::read(text, KEYS_MAX)?;
    let accounts = whole.list("privkeys").ok_or(KeysError::Lists)?;
    accounts
        .iter()
        .map(|account| {
            let fields = account.list("account").ok_or(KeysError::Lists)?;
            let text = |name| {
                let bytes = sexp::value(fields, name).ok_or(KeysError::Lists)?;
                String::from_utf8(bytes.to_vec()).map_err(|_| KeysError::Lists)
            };
            let key = sexp::lists(fields, "private-key").ok_or(KeysError::Lists)?;
            let numbers = sexp::lists(key, "dsa").ok_or(KeysError::Lists)?;
            let number = |name| sexp::value(numbers, name).ok_or(KeysError::Lists);
            let [p, q, g, y, x] =
                [number("p")?, number("q")?, number("g")?, number("y")?, number("x")?];
            let public = PublicKey::from_numbers(p, q, g, y)?;
            let key = PrivateKey::from_numbers(public, x)?;
            Ok(AccountKey { account: text("name")?, protocol: text("protocol")?, key })
        })
        .collect()
}

/// Writes libotr's file of private keys. The text is secret.
#[must_use]
pub fn write_keys(keys: &[AccountKey]) -> zeroize::Zeroizing<String> {
    let mut out = zeroize::Zeroizing::new(String::from("(privkeys\n"));
    for AccountKey { account, protocol, key } in keys {
        out.push_str(" (account\n(name ");
        sexp::quote(account, &mut out);
        out.push_str(")\n(protocol ");
        sexp::token_or_quote(protocol, &mut out);
        out.push_str(")\n(private-key\n (dsa\n");
        for (name, number) in ["p", "q", "g", "y", "x"].iter().zip(key.numbers()) {
            // A first digit above 7 would make the number a negative one.
            let sign = if number.first().is_some_and(|byte| *byte >= 0x80) { "00" } else { "" };
            let digits = zeroize::Zeroizing::new(data_encoding::HEXUPPER.encode(&number));
            for part in ["  (", name, " #", sign, &digits, "#)\n"] {
                out.push_str(part);
            }
        }
        out.push_str("  )\n )\n )\n");
    }
    out.push_str(")\n");
    out
}

/// Entries of a file of lines, and the lines that held none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries<T> {
    /// What was read, in order.
    pub entries: Vec<T>,
    /// Numbers of lines that are neither empty nor a comment (`#`) nor an entry, from 1 on. libotr
    /// passes over them; so may the caller, and say it.
    pub skipped: Vec<usize>,
}

fn lines<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Entries<T> {
    let mut found = Entries { entries: Vec::new(), skipped: Vec::new() };
    for (number, line) in (1..).zip(text.lines()) {
        match read(line) {
            Some(entry) => found.entries.push(entry),
            None if line.trim().is_empty() || line.starts_with('#') => {}
            None => found.skipped.push(number),
        }
    }
    found
}

/// A fingerprint that an account has met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFingerprint {
    /// Who has the key.
    pub peer: String,
    /// The account that met it.
    pub account: String,
    /// The network of both.
    pub protocol: String,
    /// The fingerprint.
    pub fingerprint: Fingerprint,
    /// Empty for none, `verified` after people compared it, `smp` after a question was answered; a
    /// client may write other words.
    pub trust: String,
}

/// Reads libotr's file of fingerprints (`otr.fingerprints`): tabs between peer, account, protocol, 40
/// digits and trust.
#[must_use]
pub fn read_fingerprints(text: &str) -> Entries<KnownFingerprint> {
    lines(text, |line| {
        let mut fields = line.split('\t');
        let [peer, account, protocol] =
            [fields.next()?, fields.next()?, fields.next()?].map(str::to_owned);
        let fingerprint = Fingerprint::from_hex(fields.next()?)?;
        let trust = fields.next().unwrap_or_default().to_owned();
        Some(KnownFingerprint { peer, account, protocol, fingerprint, trust })
    })
}

/// Writes libotr's file of fingerprints. An entry whose names have tabs or line ends is left out:
/// the file can't hold it.
#[must_use]
pub fn write_fingerprints(entries: &[KnownFingerprint]) -> String {
    entries
        .iter()
        .filter(|entry| {
            let KnownFingerprint { peer, account, protocol, fingerprint: _, trust } = entry;
            [peer, account, protocol, trust].into_iter().all(|field| is_field(field))
        })
        .map(|KnownFingerprint { peer, account, protocol, fingerprint, trust }| {
            format!("{peer}\t{account}\t{protocol}\t{}\t{trust}\n", fingerprint.to_hex())
        })
        .collect()
}

/// An account's instance tag on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountTag {
    /// The account.
    pub account: String,
    /// Its network.
    pub protocol: String,
    /// Its tag.
    pub tag: InstanceTag,
}

/// Reads libotr's file of instance tags (`otr.instance_tags`): tabs between account, protocol and 8
/// digits.
#[must_use]
pub fn read_tags(text: &str) -> Entries<AccountTag> {
    lines(text, |line| {
        let mut fields = line.split('\t');
        let [account, protocol] = [fields.next()?, fields.next()?].map(str::to_owned);
        let digits = fields.next()?.trim_end();
        let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| hexadecimal)?;
        Some(AccountTag { account, protocol, tag: InstanceTag::new(number)? })
    })
}

/// Writes libotr's file of instance tags. An entry whose names have tabs or line ends is left out.
#[must_use]
pub fn write_tags(entries: &[AccountTag]) -> String {
    entries
        .iter()
        .filter(|entry| is_field(&entry.account) && is_field(&entry.protocol))
        .map(|AccountTag { account, protocol, tag }| format!("{account}\t{protocol}\t{tag}\n"))
        .collect()
}

fn is_field(text: &str) -> bool {
    !text.contains(['\t', '\n', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::tests::key;

    #[test]
    fn private_keys_come_back() {
        let entry = |account: &str, protocol: &str| AccountKey {
            account: account.to_owned(),
            protocol: protocol.to_owned(),
            key: key(),
        };
        let keys = [entry("ana@example.net", "prpl-jabber"), entry("a \"b\" \\ü\n", "i r c")];
        let read = read_keys(&write_keys(&keys)).unwrap();
        assert_eq!(read.len(), 2);
        for (read, written) in read.iter().zip(&keys) {
            assert_eq!((&read.account, &read.protocol), (&written.account, &written.protocol));
            assert_eq!(read.key.public(), written.key.public());
            assert_eq!(read.key.to_bytes(), written.key.to_bytes());
        }
    }

    #[test]
    fn other_lists_are_no_keys() {
        for (text, error) in [
            ("", KeysError::Form(SexpError::Cut)),
            ("(keys)", KeysError::Lists),
            ("(privkeys (account (name a)))", KeysError::Lists),
            (
                "(privkeys (account (name a)(protocol b)(private-key (rsa (p #01#)))))",
                KeysError::Lists,
            ),
            (
                "(privkeys (account (name a)(protocol b)(private-key (dsa (p #01#)(q #01#)(g #01#)(y #01#)(x #01#)))))",
                KeysError::Key(KeyError::Size),
            ),
        ] {
            assert_eq!(read_keys(text).err(), Some(error), "{text}");
        }
        assert!(read_keys("(privkeys)").unwrap().is_empty());
    }

    #[test]
    fn lines_without_an_entry_are_told() {
        let line = "ben\tana\tirc\t76C21F2FC0B424F5CA6ADCF072F682C0C4BC5AEF";
        let text = format!("# comment\n\n{line}\nno entry\n{line}\tsmp\n{line}0\t\n");
        let read = read_fingerprints(&text);
        let trust: Vec<&str> = read.entries.iter().map(|entry| entry.trust.as_str()).collect();
        assert_eq!((trust, read.skipped), (vec!["", "smp"], vec![4, 6]));

        let text = "# comment\nana\tirc\t27e31597\nana\tirc\t000000ff\nana\tirc\t+7e31597\n";
        let read = read_tags(text);
        assert_eq!(read.skipped, [3, 4]);
        assert_eq!(write_tags(&read.entries), "ana\tirc\t27e31597\n");
    }

    #[test]
    fn a_name_cannot_make_lines_of_its_own() {
        let read = read_fingerprints("ben\tana\tirc\t76C21F2FC0B424F5CA6ADCF072F682C0C4BC5AEF\t");
        let mut entries = read.entries;
        entries[0].peer = "ben\neve".to_owned();
        assert_eq!(write_fingerprints(&entries), "");
    }
}
