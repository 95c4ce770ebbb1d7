//! What was said with a contact, in a file that anybody can read.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use tz::UtcDateTime;
use undertone_handle::event::Delivery;
use undertone_handle::query::{Line, Overview};
use undertone_store::profile::Reader;

use super::{message_json, said};
use crate::failure::{Failure, Kind};
use crate::shown::shown;
use crate::streams::Streams;

/// Writes all that was said, oldest first, to a file that must not be there yet.
pub(super) fn export(
    reader: &Reader,
    contact: &Overview,
    path: &Path,
    as_json: bool,
    streams: &mut Streams,
) -> Result<(), Failure> {
    let all = said(reader, contact.conversation)?;
    // Both sides agreed that these go.
    let (going, staying): (Vec<Line>, Vec<Line>) =
        all.into_iter().partition(|line| line.timer.is_some());
    let file = File::options().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::new(
            Kind::Usage,
            "There is a file of that name already; it was left as it is.",
            "Name another, or remove that one first.",
        ),
        _ => Failure::stream("Making the file", &error),
    })?;
    if let Err(error) = write(file, contact, &staying, as_json) {
        // A part could be taken for the whole.
        drop(fs::remove_file(path));
        return Err(Failure::stream("Writing the file", &error));
    }
    let left_out = match going.len() {
        0 => String::new(),
        1 => " One that is to disappear was left out.".to_owned(),
        many => format!(" {many} that are to disappear were left out."),
    };
    let count = match staying.len() {
        1 => "1 message is".to_owned(),
        many => format!("{many} messages are"),
    };
    streams.say(&format!("{count} in the file, readable by whoever has it.{left_out}"));
    Ok(())
}

fn write(file: File, contact: &Overview, lines: &[Line], as_json: bool) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    for line in lines {
        let text = if as_json { message_json(contact, line, None) } else { text(contact, line) };
        writeln!(out, "{text}")?;
    }
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()
}

/// A message as people read it.
fn text(contact: &Overview, line: &Line) -> String {
    let who = if line.own { "I".to_owned() } else { shown(contact.name.as_str()) };
    let edited = line.edited.map(|at| format!(" (edited {})", time(at))).unwrap_or_default();
    let waits = if line.delivery == Delivery::Waiting { " (not sent yet)" } else { "" };
    format!("{}  {who}: {}{edited}{waits}", time(line.at), shown(&line.body))
}

/// A moment by the clock of Greenwich, so that the file doesn't tell where it was written.
fn time(at: u64) -> String {
    let at = i64::try_from(at).ok().and_then(|at| UtcDateTime::from_timespec(at, 0).ok());
    at.map_or_else(
        || "at an unknown time".to_owned(),
        |at| {
            let (year, month, day) = (at.year(), at.month(), at.month_day());
            let (hour, minute, second) = (at.hour(), at.minute(), at.second());
            format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_that_of_greenwich() {
        assert_eq!(time(1_795_176_000), "2026-11-20T12:00:00Z");
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(time(u64::MAX), "at an unknown time");
    }
}
