//! Beginning, listing, comparing, moving conversations.

use std::io::{BufReader, Write as _};
use std::path::Path;

use serde_json::json;
use subtle::ConstantTimeEq as _;
use undertone_store::key::Protection;
use undertone_store::sessions::{Record, Sessions, Stage};

use super::handshake::{Card, Handshake, HandshakeError, MAX_CARD, Progress, RestError, digits};
use super::state::Open;
use crate::armor::{self, Label};
use crate::failure::{BEGIN_ANEW, Failure, Kind};
use crate::streams::{Streams, first_line};

/// The longest text with a card in it that is read: a mail.
const MAX_CARD_TEXT: u64 = 1 << 20;

/// The version in lines for programs.
const JSON_VERSION: u8 = 1;

impl From<HandshakeError> for Failure {
    fn from(error: HandshakeError) -> Self {
        let (kind, hint) = match error {
            HandshakeError::Own => (
                Kind::Usage,
                "Give your card to your partner, and take the one that they give you.",
            ),
            HandshakeError::OtherPeer => (
                Kind::Usage,
                "Ask your partner for the card that answers yours, or begin under another name.",
            ),
            HandshakeError::OtherCard => (
                Kind::Usage,
                "Take the name under which you made the card that your partner answered.",
            ),
            HandshakeError::Confirmation => (
                Kind::CheckFailed,
                "Delete the conversation on both sides, and begin it anew over another channel.",
            ),
        };
        Self::said(kind, &error, hint)
    }
}

impl From<RestError> for Failure {
    fn from(error: RestError) -> Self {
        Self::said(Kind::Environment, &error, BEGIN_ANEW)
    }
}

/// Reads a card out of a file or a mail.
pub(super) fn read_card(file: &Path, streams: &mut Streams) -> Result<Card, Failure> {
    let text = super::read_all(file, MAX_CARD_TEXT, streams)?;
    let hint = "Ask your partner for it once more.";
    let bytes =
        armor::decode(BufReader::new(text.as_slice()), Label::Card, MAX_CARD).map_err(|_| {
            Failure::new(Kind::Usage, "There is no whole card in what was given.", hint)
        })?;
    Card::decode(&bytes).map_err(|error| Failure::said(Kind::Usage, &error, hint))
}

/// What `init` comes to.
enum Outcome {
    /// A card goes to the partner, who is to answer it.
    Offered(Card),
    /// A card goes to the partner; this end is ready.
    Ready { card: Vec<u8>, fingerprint: [u8; 32], wanted: bool },
}

/// `init`: makes a conversation, or takes it one card further.
pub(super) fn init(
    mut sessions: Sessions,
    name: &str,
    incoming: Option<&Card>,
    streams: &mut Streams,
) -> Result<(), Failure> {
    let is_new = !sessions.list()?.iter().any(|record| record.name == name);
    if is_new {
        let made = sessions
            .add(name, super::now(), |rng| Ok::<_, Failure>(Handshake::new(rng).to_bytes()));
        match made {
            // Another process was faster: it is the same conversation.
            Err(undertone_store::sessions::ChangeError::NameTaken) => {}
            other => other?,
        }
    }
    let advanced = advance(&mut sessions, name, incoming);
    if is_new && advanced.is_err() {
        // A card that is of no use leaves no conversation behind.
        sessions.delete::<Failure>(name)?;
    }
    let outcome = advanced?;
    let mut put = |card: &[u8]| {
        let text = armor::encode(card, Label::Card);
        let written = streams.output.write_all(text.as_bytes());
        written
            .and_then(|()| streams.output.flush())
            .map_err(|error| Failure::stream("Writing the card", &error))
    };
    match outcome {
        Outcome::Offered(card) => {
            put(&card.encode())?;
            streams.say(
                "Give this card to your partner. What they give you goes in by --peer, under the \
                 same name.",
            );
        }
        Outcome::Ready { card, fingerprint, wanted } => {
            if wanted {
                put(&card)?;
                streams.say("This end is ready. Your partner needs this last card.");
            } else {
                streams.say("Both ends are ready.");
            }
            let digits = digits(&fingerprint);
            streams.say(&format!(
                "Compare the fingerprint over a channel where you know each other:\n{digits}"
            ));
        }
    }
    Ok(())
}

fn advance(
    sessions: &mut Sessions,
    name: &str,
    incoming: Option<&Card>,
) -> Result<Outcome, Failure> {
    let outcome = sessions.change(name, |turn| {
        if turn.record.stage == Stage::Open {
            let open = Open::of(&turn.record)?;
            if let (Some(card), Some(peer)) = (incoming, &turn.record.peer)
                && card.identity() != peer
            {
                return Err(Failure::from(HandshakeError::OtherPeer));
            }
            let fingerprint = turn.record.fingerprint.unwrap_or_default();
            let wanted = !open.card.is_empty() && incoming.is_none_or(|card| !card.is_confirmed());
            return Ok(Outcome::Ready { card: open.card, fingerprint, wanted });
        }
        if turn.record.stage == Stage::Exported {
            return Err(Open::of(&turn.record).err().unwrap_or_else(|| RestError.into()));
        }
        let mut handshake = Handshake::from_bytes(&turn.record.state)?;
        let Some(card) = incoming else { return Ok(Outcome::Offered(handshake.card())) };
        let progress = handshake.advance(card, turn.rng())?;
        turn.record.peer = Some(*card.identity());
        Ok(match progress {
            Progress::Answer(answer) => {
                turn.record.state = handshake.to_bytes();
                Outcome::Offered(*answer)
            }
            Progress::Ready(ready) => {
                let wanted = !card.is_confirmed();
                let last = ready.card.encode();
                let kept = if wanted { last.clone() } else { Vec::new() };
                let open = Open { card: kept, session: ready.session };
                turn.record.stage = Stage::Open;
                turn.record.state = open.to_bytes();
                turn.record.fingerprint = Some(ready.fingerprint);
                Outcome::Ready { card: last, fingerprint: ready.fingerprint, wanted }
            }
        })
    })?;
    // The handshake's keys were in the log until now.
    sessions.sweep()?;
    Ok(outcome)
}

/// How far a conversation is, in a word.
fn stage(record: &Record) -> &'static str {
    match record.stage {
        Stage::Offered if record.peer.is_none() => "offered",
        Stage::Offered => "answered",
        Stage::Open => "ready",
        Stage::Exported => "moved",
    }
}

/// `list`: one line for each conversation.
pub(super) fn list(sessions: &Sessions, streams: &mut Streams, json: bool) -> Result<(), Failure> {
    let mut text = String::new();
    let records = sessions.list()?;
    let width = records.iter().map(|record| record.name.chars().count()).max().unwrap_or(0);
    for record in &records {
        let fingerprint = record.fingerprint.as_ref().map(digits);
        if json {
            let line = json!({
                "v": JSON_VERSION,
                "name": record.name,
                "stage": stage(record),
                "verified": record.verified,
                "fingerprint": fingerprint,
                "created": record.created,
            });
            text.push_str(&line.to_string());
        } else {
            let known = if record.verified { "verified" } else { "unverified" };
            let name = &record.name;
            text.push_str(&format!("{name:width$}  {:8}  {known:10}  ", stage(record)));
            text.push_str(&date(record.created));
        }
        text.push('\n');
    }
    put(streams, &text)
}

fn put(streams: &mut Streams, text: &str) -> Result<(), Failure> {
    let written = streams.output.write_all(text.as_bytes());
    written
        .and_then(|()| streams.output.flush())
        .map_err(|error| Failure::stream("Writing the output", &error))
}

/// `fingerprint`: shows it, or compares it.
pub(super) fn fingerprint(
    mut sessions: Sessions,
    name: &str,
    compare: bool,
    streams: &mut Streams,
    json: bool,
) -> Result<(), Failure> {
    let record = sessions.get::<Failure>(name)?;
    let own = record.fingerprint.ok_or_else(|| {
        Failure::new(
            Kind::Usage,
            "There is no fingerprint yet: cards are still to be exchanged.",
            "Give `undertone ratchet init` the card of your partner with --peer.",
        )
    })?;
    let digits = digits(&own);
    if !compare {
        return put(
            streams,
            &if json {
                let line = json!({
                    "v": JSON_VERSION, "name": name, "fingerprint": digits, "verified": record.verified,
                });
                format!("{line}\n")
            } else {
                format!("{digits}\n")
            },
        );
    }
    let line = first_line(&mut streams.input, 1_000)
        .map_err(|error| Failure::stream("Reading the other fingerprint", &error))?
        .unwrap_or_default();
    let other: Vec<u8> = line.iter().copied().filter(u8::is_ascii_digit).collect();
    let own: Vec<u8> = digits.bytes().filter(u8::is_ascii_digit).collect();
    if other.len() != own.len() {
        return Err(Failure::new(
            Kind::Usage,
            format!("A fingerprint has {} digits, and {} were given.", own.len(), other.len()),
            "Give all of them on one line.",
        ));
    }
    let same = bool::from(other.ct_eq(&own));
    sessions.change(name, |turn| {
        turn.record.verified = same;
        Ok::<_, Failure>(())
    })?;
    if same {
        streams.say("The fingerprints are the same: nobody is in between.");
        return Ok(());
    }
    Err(Failure::new(
        Kind::CheckFailed,
        "The fingerprints differ: one was misread, or somebody is in between.",
        "Compare once more, all digits. If they still differ, write nothing here, delete the \
         conversation on both sides, and begin it anew over another channel.",
    ))
}

/// `export`: freezes the conversation here, and only then makes the other database.
pub(super) fn export(
    mut sessions: Sessions,
    name: &str,
    to: &Path,
    protection: &Protection,
    streams: &mut Streams,
) -> Result<(), Failure> {
    if to.try_exists().map_err(|error| Failure::stream("Looking at the target", &error))? {
        return Err(undertone_store::OpenError::Exists.into());
    }
    let (record, before) = sessions.change(name, |turn| {
        let before = turn.record.stage;
        if before == Stage::Offered {
            Open::of(&turn.record)?;
        }
        turn.record.stage = Stage::Exported;
        Ok::<_, Failure>((turn.record.clone(), before))
    })?;
    if before == Stage::Exported {
        streams.say(
            "It was moved before. If that other database was ever used, delete the new one: it would \
             use the same keys.",
        );
    }
    let mut other = Sessions::create(to, protection, super::cost(protection)?)?;
    other.add(&record.name, record.created, |_| Ok::<_, Failure>(record.state.clone()))?;
    other.change(&record.name, |turn| {
        turn.record =
            Record { stage: Stage::Open, name: turn.record.name.clone(), ..record.clone() };
        Ok::<_, Failure>(())
    })?;
    streams.say(
        "The conversation is in that database now, which is two files: take both. When it works \
         there, delete it here.",
    );
    Ok(())
}

/// The day of a time in seconds since 1970, in UTC.
fn date(seconds: u64) -> String {
    // Days since 1 March of the year 0, in eras of 400 years: the usual reckoning.
    let days = seconds / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{}-{month:02}-{day:02}", era * 400 + year_of_era + later)
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn days_have_their_dates() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (951_782_399, "2000-02-28"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_763_700_000, "2025-11-21"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }
}
