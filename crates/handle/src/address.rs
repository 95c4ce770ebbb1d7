//! Public addresses as people write them.
//!
//! This program writes `undertone:` and the 56 characters of the onion address. It reads that, the
//! 56 characters alone, the same with `.onion`, and `name@….onion` with or without a port, as other
//! messengers write theirs; name and port say nothing here and are passed over.

use undertone_wire::address::{self as onion, OnionAddress};
use zeroize::Zeroizing;

/// What stands before the 56 characters.
pub const PREFIX: &str = "undertone:";

/// The word to type before another public address takes the place of the present one.
pub const REPLACEMENT: &str = "replace";

/// The longest text that is looked at, in bytes: a name, an onion address and a port fit in amply.
const LONGEST: usize = 512;

const SUFFIX: &str = ".onion";

/// Why a text is no public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing but blanks.
    #[error("there is no address here, so nobody can be asked: give the one that you were told")]
    Empty,
    /// Another scheme before the address, such as that of a web page.
    #[error(
        "this is an address of another kind, so nobody can be asked there: what is wanted is \
         undertone: and 56 characters"
    )]
    Kind,
    /// Something before the `@` that is no name, or an `@` before an address without `.onion`.
    #[error(
        "before the 56 characters stands something that does not belong there, so it is not clear \
         who is meant: leave it out"
    )]
    Name,
    /// What follows `.onion` is no port from 1 to 65535.
    #[error(
        "what follows .onion is no port from 1 to 65535, so it is not clear who is meant: leave it \
         out"
    )]
    Port,
    /// Not 56 characters.
    #[error(
        "an address has 56 characters, and this has more or fewer, so a part is missing or too \
         much: copy it again"
    )]
    Length,
    /// A character that no address has.
    #[error(
        "an address has only letters and the digits 2 to 7, so something was mistyped: copy it \
         again"
    )]
    Character,
    /// An onion address of another version than 3.
    #[error(
        "this is an onion address of another version than 3, so nobody can be asked there: ask for \
         one that begins with undertone:"
    )]
    Version,
    /// The checksum is another one.
    #[error("the address has a typing mistake, so it leads to nobody: copy it again")]
    Checksum,
    /// No service can have this key.
    #[error(
        "the address belongs to no possible key, so it leads to nobody: ask for it again in \
         another way"
    )]
    Key,
}

impl From<onion::AddressError> for AddressError {
    fn from(error: onion::AddressError) -> Self {
        match error {
            onion::AddressError::Character => Self::Character,
            onion::AddressError::Version => Self::Version,
            onion::AddressError::Checksum => Self::Checksum,
            onion::AddressError::Key => Self::Key,
            // That there are not 56 characters, and whatever comes later.
            _ => Self::Length,
        }
    }
}

/// Reads a public address, in upper or lower case, with or without blanks around it.
///
/// # Errors
/// [`AddressError`], one variant for each thing that can be wrong.
pub fn parse(text: &str) -> Result<OnionAddress, AddressError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    if text.len() > LONGEST {
        return Err(AddressError::Length);
    }
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    if let Some(label) = lower.strip_prefix(PREFIX) {
        // What we write has neither a name nor an ending.
        return Ok(OnionAddress::parse(no_suffix(label)?)?);
    }
    if lower.contains("://") {
        return Err(AddressError::Kind);
    }
    let (named, host) = match lower.rsplit_once('@') {
        Some((name, host)) if is_name(name) => (true, host),
        Some(_) => return Err(AddressError::Name),
        None => (false, lower.as_str()),
    };
    match host.split_once(SUFFIX) {
        Some((label, port)) => {
            let address = OnionAddress::parse(label)?;
            if is_port(port) { Ok(address) } else { Err(AddressError::Port) }
        }
        None if named => Err(AddressError::Name),
        // A colon behind something short is the end of another scheme's name.
        None if host.split_once(':').is_some_and(|(scheme, _)| scheme.len() < onion::LABEL_LEN) => {
            Err(AddressError::Kind)
        }
        None => Ok(OnionAddress::parse(host)?),
    }
}

fn no_suffix(label: &str) -> Result<&str, AddressError> {
    if label.contains(['@', '.', ':']) { Err(AddressError::Name) } else { Ok(label) }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || matches!(c, '@' | ':' | '/'))
}

/// Nothing, or a colon and a number from 1 to 65535.
fn is_port(text: &str) -> bool {
    let Some(digits) = text.strip_prefix(':') else { return text.is_empty() };
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    plain && digits.parse::<u16>().is_ok_and(|port| port > 0)
}

/// The address as it is given to others: `undertone:` and 56 characters.
#[must_use]
pub fn public(address: &OnionAddress) -> String {
    format!("{PREFIX}{}", address.label())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The Tor Project's own service, as it publishes it.
    const LABEL: &str = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid";

    #[test]
    fn an_address_is_read_in_every_spelling_and_written_in_one() {
        let address = OnionAddress::parse(LABEL).unwrap();
        assert_eq!(public(&address), format!("undertone:{LABEL}"));
        for text in [
            format!("undertone:{LABEL}"),
            LABEL.to_owned(),
            format!("{LABEL}.onion"),
            format!("{LABEL}.onion:9878"),
            format!("ana@{LABEL}.onion"),
            format!("ana.b+c@{LABEL}.onion:9878"),
        ] {
            assert_eq!(parse(&text), Ok(address), "{text}");
            assert_eq!(parse(&text.to_uppercase()), Ok(address), "{text}");
            assert_eq!(parse(&format!(" \t{text}\r\n")), Ok(address), "{text}");
        }
        assert_eq!(parse(&public(&address)), Ok(address));
    }

    #[test]
    fn each_wrong_form_has_its_own_reason() {
        let mistyped = LABEL.replacen('2', "3", 1);
        for (text, reason) in [
            (String::new(), AddressError::Empty),
            (" \t ".into(), AddressError::Empty),
            ("undertone:".into(), AddressError::Length),
            ("undertone".into(), AddressError::Length),
            (LABEL[1..].into(), AddressError::Length),
            (format!("{LABEL}a"), AddressError::Length),
            (format!("undertone:{LABEL}a"), AddressError::Length),
            (format!("undertone: {LABEL}"), AddressError::Length),
            (format!("{}.onion", &LABEL[1..]), AddressError::Length),
            (format!("sub.{LABEL}.onion"), AddressError::Length),
            ("93-otter-lantern-mesa".into(), AddressError::Length),
            ("a".repeat(100_000), AddressError::Length),
            (format!("1{}", &LABEL[1..]), AddressError::Character),
            (format!("{}é", &LABEL[2..]), AddressError::Character),
            (mistyped.clone(), AddressError::Checksum),
            (format!("undertone:{mistyped}"), AddressError::Checksum),
            (format!("ana@{mistyped}.onion"), AddressError::Checksum),
            (format!("{}b", &LABEL[..55]), AddressError::Version),
            (format!("undertone:{LABEL}.onion"), AddressError::Name),
            (format!("undertone:ana@{LABEL}"), AddressError::Name),
            (format!("@{LABEL}.onion"), AddressError::Name),
            (format!("a b@{LABEL}.onion"), AddressError::Name),
            (format!("a@b@{LABEL}.onion"), AddressError::Name),
            (format!("ana@{LABEL}"), AddressError::Name),
            (format!("{LABEL}.onion:"), AddressError::Port),
            (format!("{LABEL}.onion:0"), AddressError::Port),
            (format!("{LABEL}.onion:+1"), AddressError::Port),
            (format!("{LABEL}.onion:65536"), AddressError::Port),
            (format!("{LABEL}.onion/"), AddressError::Port),
            (format!("{LABEL}.onion.example"), AddressError::Port),
            (format!("http://{LABEL}.onion"), AddressError::Kind),
            (format!("ricochet:{LABEL}"), AddressError::Kind),
            (format!("mailto:ana@{LABEL}.onion"), AddressError::Name),
        ] {
            assert_eq!(parse(&text), Err(reason), "{text}");
        }
        assert_eq!(
            parse("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaam2dqd"),
            Err(AddressError::Key)
        );
    }

    #[test]
    fn reasons_say_what_happened_what_it_means_and_what_to_do() {
        for reason in [
            AddressError::Empty,
            AddressError::Kind,
            AddressError::Name,
            AddressError::Port,
            AddressError::Length,
            AddressError::Character,
            AddressError::Version,
            AddressError::Checksum,
            AddressError::Key,
        ] {
            let said = reason.to_string();
            assert!(said.contains(", so ") && said.contains(": "), "{said}");
            assert!(!said.ends_with('.') && !said.contains('!'), "{said}");
        }
    }
}
