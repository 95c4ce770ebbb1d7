//! Takes everything that names a person, a place or a key out of a line of text.
//!
//! What the program's own crates log is names of events and counts. What the crates beneath log
//! was written by others, for others' purposes, and so are the words in their errors. Whatever
//! reaches a log file, the panic hook or `doctor` passes [`scrub`] first.
//!
//! The rules look at the text alone, so the same text always gives the same result, and each
//! looks at each byte a bounded number of times:
//!
//! | what | becomes |
//! |---|---|
//! | 32 or more characters of hex, base32, base64 or base64url, hence onion labels, keys, fingerprints; in all alphabets also a path or name that isn't made of words | `[id]` |
//! | a number up to 999, a hyphen and 6 or more letters, digits and hyphens, hence every pairing code | `[code]` |
//! | 16 or more short numbers in a row, as byte arrays and fingerprints in groups are printed | `[bytes]` |
//! | IPv4 and IPv6 addresses | `[ip]` |
//! | home directories | `[home]` |
//! | control characters and those that reorder text | `\u{…}` |
//!
//! It is a net under the rule that nothing secret is logged, not a reason to log it: a name that
//! looks like a word stays.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::OnceLock;

/// Letters and digits without a break that are never a word.
const MIN_ENCODED: usize = 32;
/// The shortest text after the number of a pairing code.
const MIN_CODE_TAIL: usize = 6;
/// Numbers in a row that are taken for bytes.
const MIN_BYTES: usize = 16;
/// Groups of four hex digits that are taken for a fingerprint: Tor prints ten.
const MIN_GROUPS: usize = 8;
/// Words after a number and a hyphen that are common and too short to be a code: what is left of
/// them after the locator is refused as too easy to guess.
const UNITS: [&str; 4] = ["second", "seconds", "minute", "minutes"];

/// Takes out whatever could name somebody or open something. See the module's table.
///
/// The result has no control characters, hence no line ends: a text of many lines is scrubbed
/// line by line.
#[must_use]
pub fn scrub(text: &str) -> Cow<'_, str> {
    static HOME: OnceLock<Option<String>> = OnceLock::new();
    let home = HOME.get_or_init(|| std::env::var("HOME").ok());
    scrub_with(text, home.as_deref())
}

/// [`scrub`] with the home directory given.
fn scrub_with<'a>(text: &'a str, home: Option<&str>) -> Cow<'a, str> {
    // One of "/" and the like is in every path.
    let home = home.map(|path| path.trim_end_matches('/')).filter(|path| path.len() > 1);
    let mut line = Cow::Borrowed(text);
    if let Some(home) = home {
        apply(&mut line, |line, from| find_text(line, from, home));
    }
    apply(&mut line, find_home);
    // Encodings before codes: what looks like a code inside of one would hide what is around it.
    apply(&mut line, find_encoded);
    apply(&mut line, find_code);
    apply(&mut line, find_bytes);
    apply(&mut line, find_ipv4);
    apply(&mut line, find_ipv6);
    escape_controls(&mut line);
    line
}

/// Something to take out, and what stands in its place.
struct Hit {
    range: Range<usize>,
    marker: &'static str,
}

impl Hit {
    fn new(range: Range<usize>, marker: &'static str) -> Self {
        Self { range, marker }
    }
}

/// Replaces every hit of `find`, which looks from an offset on.
fn apply(line: &mut Cow<'_, str>, find: impl Fn(&str, usize) -> Option<Hit>) {
    let mut out = String::new();
    let mut done = 0;
    while let Some(Hit { range, marker }) = find(line, done) {
        out.push_str(line.get(done..range.start).unwrap_or_default());
        out.push_str(marker);
        done = range.end;
    }
    if done > 0 {
        out.push_str(line.get(done..).unwrap_or_default());
        *line = Cow::Owned(out);
    }
}

/// The byte at an offset; beyond the end a zero, which belongs to no class below.
fn at(line: &[u8], index: usize) -> u8 {
    line.get(index).copied().unwrap_or(0)
}

/// The offset after the bytes from `from` on that are of one class.
fn skip(line: &[u8], from: usize, class: impl Fn(u8) -> bool) -> usize {
    let rest = line.get(from..).unwrap_or_default();
    from + rest.iter().position(|byte| !class(*byte)).unwrap_or(rest.len())
}

/// Whether a word may begin at `index`: nothing before it belongs to it. The letter of an escape
/// such as `\n` belongs to the escape.
fn starts_word(line: &[u8], index: usize) -> bool {
    let Some(before) = index.checked_sub(1) else { return true };
    !at(line, before).is_ascii_alphanumeric()
        || before.checked_sub(1).is_some_and(|escape| at(line, escape) == b'\\')
}

fn find_text(line: &str, from: usize, wanted: &str) -> Option<Hit> {
    let start = from + line.get(from..)?.find(wanted)?;
    Some(Hit::new(start..start + wanted.len(), "[home]"))
}

/// `/home/<name>`, `/Users/<name>` and `/root`, whoever they belong to.
fn find_home(line: &str, from: usize) -> Option<Hit> {
    let bytes = line.as_bytes();
    let ends_name = |byte: u8| {
        byte.is_ascii_whitespace()
            || byte.is_ascii_control()
            || b"/\"'`<>|:;,()[]{}".contains(&byte)
    };
    (from..bytes.len()).filter(|start| at(bytes, *start) == b'/').find_map(|start| {
        let rest = bytes.get(start..)?;
        for parent in ["/home/", "/Users/"] {
            if rest.starts_with(parent.as_bytes()) {
                let end = skip(bytes, start + parent.len(), |byte| !ends_name(byte));
                return (end > start + parent.len()).then(|| Hit::new(start..end, "[home]"));
            }
        }
        let end = start + "/root".len();
        let whole = rest.starts_with(b"/root")
            && starts_word(bytes, start)
            && (end == bytes.len() || ends_name(at(bytes, end)));
        whole.then(|| Hit::new(start..end, "[home]"))
    })
}

/// A pairing code, proposed or chosen: digits worth at most 999, hyphens, and a tail.
fn find_code(line: &str, from: usize) -> Option<Hit> {
    let bytes = line.as_bytes();
    let mut start = from;
    while start < bytes.len() {
        if !at(bytes, start).is_ascii_digit() {
            start += 1;
            continue;
        }
        let digits_end = skip(bytes, start, |byte| byte.is_ascii_digit());
        let tail = skip(bytes, digits_end, |byte| byte == b'-');
        let end = skip(bytes, tail, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let significant = line.get(start..digits_end)?.trim_start_matches('0').len();
        let tail_text = line.get(tail..end)?.trim_end_matches('-');
        if starts_word(bytes, start)
            && significant <= 3
            && tail > digits_end
            && tail_text.len() >= MIN_CODE_TAIL
            && !UNITS.contains(&tail_text)
        {
            return Some(Hit::new(start..end, "[code]"));
        }
        start = digits_end;
    }
    None
}

/// Keys, labels and fingerprints in one of the usual alphabets.
fn find_encoded(line: &str, from: usize) -> Option<Hit> {
    let bytes = line.as_bytes();
    let is_encoded = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_~".contains(&byte);
    let mut start = from;
    while start < bytes.len() {
        start = skip(bytes, start, |byte| !is_encoded(byte));
        let end = skip(bytes, start, is_encoded);
        if end - start >= MIN_ENCODED && !is_made_of_words(line.get(start..end)?) {
            // The padding of base64, which elsewhere stands between a name and a value.
            let padded = skip(bytes, end, |byte| byte == b'=').min(end + 2);
            return Some(Hit::new(start..padded, "[id]"));
        }
        start = end;
    }
    None
}

/// Whether a run is paths and identifiers rather than an encoding. Of random base64url, one text
/// of 32 characters in millions passes.
fn is_made_of_words(run: &str) -> bool {
    run.split(|letter: char| !letter.is_ascii_alphanumeric())
        .all(|piece| piece.len() < MIN_ENCODED && is_word(piece))
}

/// `word`, `Word`, `WORD`, `someWord`, `SomeWord`, each with up to four digits after it, or up to
/// six digits alone.
fn is_word(piece: &str) -> bool {
    let letters = piece.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let digits = piece.len() - letters.len();
    if letters.is_empty() {
        return digits <= 6;
    }
    if digits > 4 {
        return false;
    }
    if letters.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return true;
    }
    let letters = letters.as_bytes();
    let mut index = skip(letters, 0, |byte| byte.is_ascii_lowercase());
    while index < letters.len() {
        let end = skip(letters, index + 1, |byte| byte.is_ascii_lowercase());
        if !at(letters, index).is_ascii_uppercase() || end - index < 3 {
            return false;
        }
        index = end;
    }
    true
}

/// Byte arrays as `{:?}` and `{:x?}` print them, hex with colons, fingerprints in groups of four.
fn find_bytes(line: &str, from: usize) -> Option<Hit> {
    let bytes = line.as_bytes();
    let is_item = |byte: u8| byte.is_ascii_hexdigit() || byte == b'x';
    let is_gap = |byte: u8| byte.is_ascii_whitespace() || b",:;".contains(&byte);
    let mut start = from;
    while start < bytes.len() {
        start = skip(bytes, start, |byte| !is_item(byte));
        let (mut count, mut fours, mut next, mut end) = (0_usize, 0_usize, start, start);
        loop {
            let item_end = skip(bytes, next, is_item);
            if !(1..=4).contains(&(item_end - next)) {
                // A longer word ends the row; nothing inside of it begins another.
                next = item_end;
                break;
            }
            if at(bytes, item_end).is_ascii_alphanumeric() {
                next = item_end;
                break;
            }
            count += 1;
            fours += usize::from(item_end - next == 4);
            end = item_end;
            next = skip(bytes, item_end, is_gap);
            if next == item_end {
                break;
            }
        }
        if count >= MIN_BYTES || (fours >= MIN_GROUPS && fours == count) {
            return Some(Hit::new(start..end, "[bytes]"));
        }
        start = next.max(start + 1);
    }
    None
}

/// Four or more groups of one to three digits with dots between them.
fn find_ipv4(line: &str, from: usize) -> Option<Hit> {
    let bytes = line.as_bytes();
    let mut start = from;
    while start < bytes.len() {
        start = skip(bytes, start, |byte| !byte.is_ascii_digit());
        let (mut groups, mut next, mut end) = (0, start, start);
        loop {
            let group_end = skip(bytes, next, |byte| byte.is_ascii_digit());
            if !(1..=3).contains(&(group_end - next)) {
                next = group_end;
                break;
            }
            groups += 1;
            end = group_end;
            if at(bytes, group_end) != b'.' {
                next = group_end;
                break;
            }
            next = group_end + 1;
        }
        if groups >= 4 {
            return Some(Hit::new(start..end, "[ip]"));
        }
        start = next.max(start + 1);
    }
    None
}

/// Hex groups with colons: eight of them (or six, a hardware address), or `::` with a group.
fn find_ipv6(line: &str, from: usize) -> Option<Hit> {
    let bytes = line.as_bytes();
    let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == b':';
    let mut start = from;
    while start < bytes.len() {
        start = skip(bytes, start, |byte| !is_part(byte));
        let end = skip(bytes, start, is_part);
        let (mut low, mut high) = (start, end);
        // The end of a name and the beginning of another look like hex in a path of modules, and
        // so does a name before the colon in front of an address.
        if !starts_word(bytes, low) {
            low = line.get(low..high)?.find(':').map_or(high, |colon| low + colon + 1);
            low += usize::from(at(bytes, low) == b':' && at(bytes, low + 1) != b':');
        }
        if at(bytes, high).is_ascii_alphanumeric() {
            high = line.get(low..high)?.rfind(':').map_or(low, |colon| low + colon);
        }
        let run = line.get(low..high).unwrap_or_default();
        let groups = run.split(':').filter(|group| !group.is_empty()).count();
        if groups >= 6 || (groups >= 1 && run.contains("::")) {
            if at(bytes, high) == b'%' {
                high = skip(bytes, high + 1, |byte| {
                    byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)
                });
            } else if run.ends_with(':') && !run.ends_with("::") {
                // A colon at the end belongs to the sentence.
                high -= 1;
            }
            return Some(Hit::new(low..high, "[ip]"));
        }
        start = end;
    }
    None
}

/// Whether a character can do more to a terminal or a reader than be seen.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

fn escape_controls(line: &mut Cow<'_, str>) {
    if !line.chars().any(is_unseen) {
        return;
    }
    let mut out = String::with_capacity(line.len());
    for letter in line.chars() {
        if is_unseen(letter) {
            // Writing to a string can't fail.
            let _ = write!(out, "{}", letter.escape_unicode());
        } else {
            out.push(letter);
        }
    }
    *line = Cow::Owned(out);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOME: &str = "/srv/people/ana lopez";

    fn scrubbed(text: &str) -> String {
        scrub_with(text, Some(HOME)).into_owned()
    }

    #[test]
    fn ordinary_lines_stay_as_they_are() {
        for line in [
            "",
            "2026-11-21T02:03:04.123456Z  INFO tor_dirmgr::bootstrap: 45%: fetching microdescriptors",
            "tor_guardmgr::sample: 3 guards of 20 usable after 1.5s, retry in 30-second steps",
            "crates/node/src/environment/some_long_module_name.rs:120:7",
            "HsCircPool::launch_onion_service_circuits_if_needed",
            "TLS13_CHACHA20_POLY1305_SHA256 with X25519MLKEM768, 488-byte cells, 64-bit ids",
            "undertone 0.1.0, arti-client 0.47.0, Linux 6.18.44",
            "core::cell::RefCell at std::fade::Kind, dead code: 12: 13",
            "Größe 12 µs – 你好 👋🏽",
            "std::sync::Arc<tor_circmgr::CircMgr<PreferredRuntime>>",
            "a/b, 1/2, --log-level, x=1, ~/notes",
        ] {
            assert!(matches!(scrub_with(line, Some(HOME)), Cow::Borrowed(_)), "{}", scrubbed(line));
        }
    }

    #[test]
    fn what_names_somebody_is_taken_out() {
        let onion = "7zzfpbd3hsnbxwyrd5b5qnnl2jmjr3bcmqxqxp3cnk3dnsbb7fsjrjad";
        let hex = "0123456789ABCDEF0123456789ABCDEF01234567";
        for (line, expected) in [
            (format!("dial {onion}.onion:80"), "dial [id].onion:80"),
            (format!("guard ${hex}~nickname ok"), "guard $[id] ok"),
            (format!("key={}==, next", "a1+B".repeat(10)), "key=[id], next"),
            (format!(r#"err: "\n{hex}""#), r#"err: "\[id]""#),
            ("code 93-otter-lantern-mesa.".to_owned(), "code [code]."),
            ("(007--Otter-lan3tern)".to_owned(), "([code])"),
            (r"\n93-otter-lantern-mesa".to_owned(), r"\n[code]"),
            ("via 192.0.2.7:9001".to_owned(), "via [ip]:9001"),
            ("[2001:db8::7]:443, fe80::1%eth0 x".to_owned(), "[[ip]]:443, [ip] x"),
            ("addr:2001:db8::7: refused".to_owned(), "addr:[ip]: refused"),
            ("::ffff:192.0.2.7".to_owned(), "[ip]:[ip]"),
            ("/home/ana/x and /root/y, /root".to_owned(), "[home]/x and [home]/y, [home]"),
            (format!("{HOME}/x"), "[home]/x"),
            (format!("{:?}", [7_u8; 32]), "[[bytes]]"),
            (format!("{:02x?}", [0xa7_u8; 32]), "[[bytes]]"),
            ("ABCD 0123 ".repeat(5), "[bytes] "),
            ("/dev/shm/undertone-0123456789abcdef0123456789abcdef/state".to_owned(), "[id]"),
            ("a\u{1b}[2Jb\u{202e}c\n".to_owned(), r"a\u{1b}[2Jb\u{202e}c\u{a}"),
        ] {
            assert_eq!(scrubbed(&line), expected, "{line:?}");
        }
    }

    #[test]
    fn a_long_line_takes_linear_time() {
        // Each rule's worst kinds of text: seconds in all; a quadratic rule takes many minutes.
        let start = std::time::Instant::now();
        for piece in ["1.", "a:", "1-", "aB/", "/home/", "12,", "::", "0", "x", "~", "\\"] {
            let line = piece.repeat(1_000_000 / piece.len());
            assert!(!scrubbed(&line).is_empty());
            assert!(start.elapsed().as_secs() < 60, "{piece}");
        }
    }

    /// What stands before or after a secret in a line: punctuation, spaces, escapes, words.
    fn around() -> impl Strategy<Value = String> {
        let escape =
            prop_oneof![Just("\\n".to_owned()), Just("\\t".to_owned()), Just("\\\"".to_owned())];
        let punctuation = "[ !-/:-@\\[-`{-~\u{e9}\u{2013}\n]{0,6}";
        prop_oneof![
            punctuation.prop_map(|text| text),
            (punctuation, escape).prop_map(|(text, escape)| text + &escape),
            punctuation.prop_map(|text| format!("Error at {text}")),
        ]
    }

    fn base32(bytes: &[u8]) -> String {
        encode(bytes, b"abcdefghijklmnopqrstuvwxyz234567", 5)
    }

    fn base64(bytes: &[u8], last: &[u8; 2]) -> String {
        let mut alphabet =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".to_vec();
        alphabet.extend(last);
        encode(bytes, &alphabet, 6)
    }

    fn encode(bytes: &[u8], alphabet: &[u8], bits: usize) -> String {
        let bit = |index: usize| bytes[index / 8] >> (7 - index % 8) & 1;
        let value = |start: usize| {
            (start..start + bits).fold(0, |value, index| {
                value << 1 | if index / 8 < bytes.len() { bit(index) } else { 0 }
            })
        };
        (0..bytes.len() * 8)
            .step_by(bits)
            .map(|start| char::from(alphabet[usize::from(value(start))]))
            .collect()
    }

    /// Whether `length` characters of a secret in a row are left.
    fn leaks(secret: &str, line: &str, length: usize) -> bool {
        secret
            .as_bytes()
            .windows(length.min(secret.len()))
            .any(|part| line.as_bytes().windows(part.len()).any(|window| window == part))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_key_survives(
            key in prop::collection::vec(any::<u8>(), 24..65),
            form in 0_usize..7,
            before in around(),
            after in around(),
        ) {
            let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            let secret = match form {
                0 => hex,
                1 => hex.to_uppercase(),
                2 => base32(&key),
                3 => base32(&key).to_uppercase(),
                4 => base64(&key, b"+/"),
                5 => base64(&key, b"-_"),
                _ => format!("{}.onion", base32(&[key[0]; 35])),
            };
            let line = scrubbed(&format!("{before}{secret}{after}"));
            prop_assert!(!leaks(&secret, &line, 12), "{line}");
        }

        #[test]
        fn no_byte_array_survives(
            key in prop::collection::vec(100_u8.., 16..65),
            form in 0_usize..4,
            before in around(),
            after in around(),
        ) {
            let secret = match form {
                0 => format!("{key:?}"),
                1 => format!("{key:#?}"),
                2 => format!("{key:02x?}"),
                _ => key.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"),
            };
            let line = scrubbed(&format!("{before}{secret}{after}"));
            prop_assert!(!leaks(&secret, &line, 12), "{line}");
        }

        #[test]
        fn no_code_survives(
            number in "0{0,2}[0-9]{1,3}",
            tail in "[a-zA-Z]{3,8}-[a-z]{3,8}-[a-z]{3,8}|[a-z0-9]{6,20}|[a-z]{2}-[0-9]{2}-[a-z]{3}",
            before in around(),
            after in around(),
        ) {
            let secret = format!("{number}-{tail}");
            prop_assume!(!UNITS.contains(&tail.as_str()));
            let line = scrubbed(&format!("{before}{secret}{after}"));
            prop_assert!(!leaks(&tail, &line, tail.len()), "{line}");
        }

        #[test]
        fn no_address_survives(
            v4 in any::<std::net::Ipv4Addr>(),
            v6 in any::<std::net::Ipv6Addr>(),
            port in any::<u16>(),
            before in around(),
            after in around(),
        ) {
            for secret in [v4.to_string(), v6.to_string(), v4.to_ipv6_mapped().to_string()] {
                for text in [
                    format!("{before}{secret}{after}"),
                    format!("{before}{secret}:{port}{after}"),
                    format!("{before}[{secret}]:{port}{after}"),
                    format!("addr:{secret}:x"),
                ] {
                    let line = scrubbed(&text);
                    prop_assert!(!leaks(&secret, &line, 7), "{text:?} {line}");
                }
            }
        }

        #[test]
        fn whatever_comes_in_is_one_line_and_stays_scrubbed(text in any::<String>()) {
            let line = scrubbed(&text);
            prop_assert!(!line.chars().any(is_unseen));
            let again = scrubbed(&line);
            prop_assert_eq!(again, line);
        }
    }
}
