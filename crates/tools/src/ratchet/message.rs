//! One message or file, from one stream to another: `docs/tools.md`, "Messages".

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use undertone_ratchet::secret::Secret;
use undertone_ratchet::session::{MAX_CHUNK, MAX_PLAINTEXT, OVERHEAD, Pace};
use undertone_ratchet::stream::{CHUNK, HEADER_LEN, Opener, Sealer};
use undertone_store::sessions::{Sessions, Turn};
use zeroize::Zeroizing;

use super::chunks;
use super::state::Open;
use crate::armor::{self, Label};
use crate::failure::{Failure, Kind};
use crate::streams::{Streams, fill};

/// The first bytes of every message; the number is the version.
pub(super) const MAGIC: &[u8; 16] = b"undertone pack 1";
/// The first byte of a packet's text: the rest is the message.
const WHOLE: u8 = 1;
/// The first byte of a packet's text: the rest is the key of the stream that follows the packet.
const STREAM: u8 = 2;
/// What the streams are for.
const CONTEXT: &[u8] = b"undertone/1 file after a packet";
/// Up to here a message is one packet.
const MAX_WHOLE: usize = CHUNK;

/// Length of what says how long a packet's part of a key exchange is.
pub(super) const EXCHANGE_HEAD_LEN: usize = 2;

/// Encrypts a packet within a turn, appended to `out`, with the present part of a key exchange if
/// one is under way or due. A whole one fits: nobody here counts cells.
pub(super) fn seal(turn: &mut Turn<'_>, text: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
    let mut open = Open::of(&turn.record)?;
    if open.session.epoch_due(Pace::Unpaced) {
        open.session.begin_epoch(turn.rng());
    }
    let most = text.len().saturating_add(MAX_CHUNK).saturating_add(EXCHANGE_HEAD_LEN);
    let mut plain = Zeroizing::new(Vec::with_capacity(most));
    plain.extend_from_slice(&[0; EXCHANGE_HEAD_LEN]);
    let length = open.session.next_chunk(MAX_CHUNK, &mut plain);
    if let Some(head) = plain.first_chunk_mut() {
        *head = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    }
    plain.extend_from_slice(text);
    open.session.encrypt(&plain, out, turn.rng())?;
    turn.record.state = open.to_bytes();
    Ok(())
}

/// Decrypts a packet within a turn. Whatever the text is, only the caller knows whether the turn
/// ends well.
pub(super) fn unseal(turn: &mut Turn<'_>, packet: &[u8]) -> Result<Unsealed, Failure> {
    let mut open = Open::of(&turn.record)?;
    let most = packet.len().saturating_sub(OVERHEAD);
    let mut plain = Zeroizing::new(Vec::with_capacity(most));
    open.session.decrypt(packet, super::now(), &mut plain)?;
    let (exchange, text) = plain
        .split_first_chunk::<EXCHANGE_HEAD_LEN>()
        .and_then(|(head, rest)| rest.split_at_checked(usize::from(u16::from_be_bytes(*head))))
        .ok_or_else(damaged)?;
    if !exchange.is_empty() {
        open.session.take_chunk(exchange, turn.rng())?;
    }
    // It came from the other end, which has the last card then.
    open.card.clear();
    turn.record.state = open.to_bytes();
    let text = Zeroizing::new(text.to_vec());
    Ok(Unsealed { text, answer_wanted: open.session.wants_to_answer() })
}

/// What was in a packet.
pub(super) struct Unsealed {
    pub(super) text: Zeroizing<Vec<u8>>,
    /// Whether the other end needs a packet before long.
    pub(super) answer_wanted: bool,
}

/// `encrypt`.
pub(super) fn encrypt(
    sessions: Sessions,
    name: &str,
    armor: bool,
    streams: &mut Streams,
) -> Result<(), Failure> {
    // Before a packet is spent on it.
    Open::of(&sessions.get::<Failure>(name)?)?;
    let Streams { input, output, .. } = streams;
    if armor {
        let mut writer = armor::Writer::new(&mut *output, Label::Message).map_err(unwritten)?;
        pack(sessions, name, input, &mut writer)?;
        writer.finish().map_err(unwritten)
    } else {
        pack(sessions, name, input, output)?;
        output.flush().map_err(unwritten)
    }
}

fn pack(
    mut sessions: Sessions,
    name: &str,
    input: &mut dyn Read,
    output: &mut dyn Write,
) -> Result<(), Failure> {
    let mut first = Zeroizing::new(vec![0; MAX_WHOLE.saturating_add(1)]);
    let length = fill(input, &mut first).map_err(unread)?;
    first.truncate(length);
    if length <= MAX_WHOLE {
        let mut text = Zeroizing::new(Vec::with_capacity(length.saturating_add(1)));
        text.push(WHOLE);
        text.extend_from_slice(&first);
        let packet = packet(&mut sessions, name, &text)?;
        return put_packet(output, &packet).map_err(unwritten);
    }
    let mut text = Zeroizing::new(Vec::with_capacity(33));
    text.push(STREAM);
    let (packet, sealer, header) = sessions.change(name, |turn| {
        let key = Secret::random(turn.rng());
        text.extend_from_slice(key.as_bytes());
        let mut packet = Vec::new();
        seal(turn, &text, &mut packet)?;
        let (sealer, header) = Sealer::new(&key, CONTEXT, turn.rng());
        Ok::<_, Failure>((packet, sealer, header))
    })?;
    // The rest takes as long as its input: others may use the database meanwhile.
    drop(sessions);
    put_packet(output, &packet).and_then(|()| output.write_all(&header)).map_err(unwritten)?;
    chunks::seal(sealer, &first, input, output)
}

/// One packet; its state is on the disk when this returns.
fn packet(sessions: &mut Sessions, name: &str, text: &[u8]) -> Result<Vec<u8>, Failure> {
    Ok(sessions.change(name, |turn| {
        let mut packet = Vec::new();
        seal(turn, text, &mut packet)?;
        Ok::<_, Failure>(packet)
    })?)
}

pub(super) fn put_packet(output: &mut dyn Write, packet: &[u8]) -> io::Result<()> {
    output.write_all(MAGIC)?;
    output.write_all(&u32::try_from(packet.len()).unwrap_or(u32::MAX).to_be_bytes())?;
    output.write_all(packet)
}

/// `decrypt`.
pub(super) fn decrypt(
    sessions: Sessions,
    name: &str,
    file: Option<&Path>,
    streams: &mut Streams,
) -> Result<(), Failure> {
    let Streams { input, output, may_ask: is_process, .. } = streams;
    let is_process = *is_process;
    let mut begin = [0; MAGIC.len()];
    let length = fill(input, &mut begin).map_err(unread)?;
    let begun = begin.get(..length).unwrap_or_default().to_vec();
    let is_plain = begun == MAGIC;
    let whole = io::Cursor::new(begun).chain(input);
    let mut input: Box<dyn Read + '_> = if is_plain {
        Box::new(whole)
    } else {
        Box::new(armor::Reader::new(BufReader::new(whole), Label::Message))
    };
    match file {
        None => unpack(sessions, name, &mut input, output, |output| {
            output.flush()?;
            if is_process {
                // Onto the disk, where standard output is a file; a pipe has none.
                let _no_file = rustix::fs::fsync(io::stdout());
            }
            Ok(())
        }),
        Some(path) => {
            let mut target = Target::create(path).map_err(unwritten)?;
            unpack(sessions, name, &mut input, &mut target, Target::finish)
        }
    }
}

/// Reads a message, writes what is in it, has `finish` see to it that it stays written, and forgets
/// it only then.
fn unpack<W: Write>(
    mut sessions: Sessions,
    name: &str,
    input: &mut dyn Read,
    output: &mut W,
    finish: impl FnOnce(&mut W) -> io::Result<()>,
) -> Result<(), Failure> {
    let packet = read_packet(input)?;
    let text = sessions.change(name, |turn| {
        if let Some(text) = turn.kept(&packet).map_err(Failure::from)? {
            return Ok(text);
        }
        let text = unseal(turn, &packet)?.text;
        if !matches!(text.first(), Some(&(WHOLE | STREAM))) {
            return Err(Failure::new(
                Kind::CheckFailed,
                "The packet is no message: it belongs to a pipe, or to a newer program.",
                "Use `undertone ratchet pipe` for pipes.",
            ));
        }
        turn.keep(&packet, &text).map_err(Failure::from)?;
        Ok::<_, Failure>(text)
    })?;
    match text.split_first() {
        Some((&WHOLE, text)) => {
            // What follows a whole message is none of it.
            output.write_all(text).map_err(unwritten)?;
        }
        Some((_, key)) => {
            let key: &[u8; 32] = key.try_into().map_err(|_| damaged())?;
            unpack_stream(&Secret::from_bytes(key), input, output)?;
        }
        None => return Err(damaged()),
    }
    finish(output).map_err(unwritten)?;
    Ok(sessions.forget(name, &packet)?)
}

fn unpack_stream(
    key: &Secret<32>,
    input: &mut dyn Read,
    output: &mut dyn Write,
) -> Result<(), Failure> {
    let mut header = [0; HEADER_LEN];
    if fill(input, &mut header).map_err(unread)? < HEADER_LEN {
        return Err(cut_off());
    }
    chunks::open(Opener::new(key, CONTEXT, &header, 0)?, input, output)
}

fn read_packet(input: &mut dyn Read) -> Result<Vec<u8>, Failure> {
    let mut head = [0; MAGIC.len() + 4];
    let length = fill(input, &mut head).map_err(unread)?;
    let Some((magic, [a, b, c, d])) = head.split_first_chunk().filter(|(magic, _)| *magic == MAGIC)
    else {
        return Err(no_message());
    };
    debug_assert_eq!(magic, MAGIC);
    if length < head.len() {
        return Err(cut_off());
    }
    let length = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
    if length > MAX_PLAINTEXT.saturating_add(OVERHEAD) {
        return Err(damaged());
    }
    let mut packet = vec![0; length];
    if fill(input, &mut packet).map_err(unread)? < length {
        return Err(cut_off());
    }
    Ok(packet)
}

fn no_message() -> Failure {
    Failure::new(
        Kind::CheckFailed,
        "There is no message in what was given.",
        "Give it what `undertone ratchet encrypt` wrote, whole.",
    )
}

fn damaged() -> Failure {
    Failure::new(
        Kind::CheckFailed,
        "The message is damaged.",
        "Get it once more from where it came; the conversation is as it was.",
    )
}

pub(super) fn cut_off() -> Failure {
    Failure::new(
        Kind::CheckFailed,
        "The message is cut off: what was written of it is not the whole.",
        "Get it once more from where it came, and run the command on the whole again.",
    )
}

pub(super) fn unread(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::InvalidData => no_message(),
        io::ErrorKind::UnexpectedEof => cut_off(),
        _ => Failure::stream("Reading the input", &error),
    }
}

pub(super) fn unwritten(error: io::Error) -> Failure {
    Failure::stream("Writing the output", &error)
}

/// A file that gets its name when it is whole.
struct Target {
    file: File,
    beside: std::path::PathBuf,
    path: std::path::PathBuf,
}

impl Target {
    fn create(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let beside = std::path::PathBuf::from(name);
        let file =
            File::options().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        Ok(Self { file, beside, path: path.to_owned() })
    }

    fn finish(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.beside, &self.path)
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // Whole, it has its name by now; else nobody wants it.
        drop(std::fs::remove_file(&self.beside));
    }
}
