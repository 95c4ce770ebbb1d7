//! Events as sentences.

use data_encoding::HEXLOWER;
use undertone_otr::{Event, Fingerprint, Refusal, SessionId};

use crate::shown::shown;

/// Something for the person to read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// What the other end said, for standard output.
    Theirs(String),
    /// What the program says.
    Words(String),
}

/// The sentences of an event.
pub(super) fn of(event: &Event) -> Vec<Said> {
    let words = |words: String| vec![Said::Words(words)];
    match event {
        Event::Private { text, .. } => vec![Said::Theirs(format!("them: {}", shown(text)))],
        Event::Plain { text, unexpected } => {
            let text = Said::Theirs(format!("them, in the clear: {}", shown(text)));
            if *unexpected {
                let warning = "What follows came in the clear and should not have: anybody may have written it.";
                vec![Said::Words(warning.to_owned()), text]
            } else {
                vec![text]
            }
        }
        Event::Offered(_) => words("The other side asks for a private conversation.".to_owned()),
        Event::NothingInCommon(offered) => words(format!(
            "{} It offers {offered}.",
            sentence(&Refusal::NoCommonVersion)
        )),
        Event::Secure { version, fingerprint, session, refreshed, .. } => {
            let version = version.number();
            let first = if *refreshed {
                format!("The private conversation goes on under fresh keys, in version {version}.")
            } else {
                format!("A private conversation has begun, in version {version}.")
            };
            let last = "Compare the fingerprint or check a secret (/smp) to know who it is.";
            vec![
                Said::Words(first),
                Said::Words(theirs(fingerprint)),
                Said::Words(number(session)),
                Said::Words(last.to_owned()),
            ]
        }
        Event::Finished { .. } => words(
            "The other side has ended the private conversation. Nothing is sent until you type /end \
             or, for a new one, /otr."
                .to_owned(),
        ),
        Event::Expired { after, .. } => words(format!(
            "The private conversation has ended: for {} hours nothing was said that brings fresh keys. \
             Nothing is sent until you type /end or, for a new one, /otr.",
            after.as_secs() / 3600
        )),
        Event::Vouched { older, .. } => words(format!(
            "The other side's key of version 3 vouches for its key of version 4; if you trust the first, \
             which is {older}, you can trust the other."
        )),
        Event::Heartbeat { .. } => words("An empty message came, which changes keys.".to_owned()),
        Event::Waiting => words(
            "Your text waits for a private conversation, which the other side is asked for."
                .to_owned(),
        ),
        Event::Sent { text } => words(format!("Sent in private: {}", shown(text))),
        Event::NotSent { text } => words(format!("Not sent: {}", shown(text))),
        Event::PeerError { sentence } => {
            words(format!("The other side's program complains: {}", shown(sentence)))
        }
        Event::ExtraKey { usage, data, key, .. } => words(format!(
            "The other side wants the extra key to be used, for use {usage} with \"{}\": {}",
            shown(&String::from_utf8_lossy(data)),
            HEXLOWER.encode(key.bytes())
        )),
        Event::Asked { question, .. } => {
            let asked = match question {
                Some(question) => format!(
                    "The other side asks whether you know the same secret: {}",
                    shown(question)
                ),
                None => "The other side asks whether you know the same secret.".to_owned(),
            };
            vec![
                Said::Words(asked),
                Said::Words("Type /answer and then the secret, or /abort.".to_owned()),
            ]
        }
        Event::Checked { matched: true, .. } => words(
            "The check succeeded: both know the same secret. Who asked knows now whose key it is."
                .to_owned(),
        ),
        Event::Checked { matched: false, .. } => words(
            "The check failed: the secrets differ, or somebody is in between.".to_owned(),
        ),
        Event::CheckCancelled { .. } => words("The check was called off.".to_owned()),
        Event::CheckFailed { why, .. } => words(format!("The check is over. {}", sentence(why))),
        Event::Refused(refusal) => words(sentence(refusal)),
        _ => words("Something happened that this program has no words for.".to_owned()),
    }
}

/// Their fingerprint.
pub(super) fn theirs(fingerprint: &Fingerprint) -> String {
    whose("Their", fingerprint)
}

/// Ours, in one of the versions that are spoken.
pub(super) fn ours(fingerprint: &Fingerprint) -> String {
    whose("Your", fingerprint)
}

fn whose(whose: &str, fingerprint: &Fingerprint) -> String {
    let version = if fingerprint.is_of_version_4() { " in version 4" } else { "" };
    format!("{whose} fingerprint{version}: {fingerprint}")
}

fn number(session: &SessionId) -> String {
    let [one, two] = session.halves();
    let (ours, theirs) = if session.is_ours_first() { (one, two) } else { (two, one) };
    format!("The session's number: you read out {ours}, and they {theirs}.")
}

/// What an error says, as a sentence.
pub(super) fn sentence(error: &impl std::fmt::Display) -> String {
    let text = shown(&error.to_string());
    let mut chars = text.chars();
    let capital: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{capital}{}.", chars.as_str())
}

#[cfg(test)]
mod tests {
    use undertone_otr::{DataError, Refusal};

    use super::*;

    fn line(event: &Event) -> String {
        let lines = of(event).into_iter().map(|said| match said {
            Said::Theirs(text) => format!("> {text}"),
            Said::Words(text) => text,
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_came_in_the_clear_is_never_taken_for_private() {
        let text = || "a\u{1b}[1m\nthem: b".to_owned();
        assert_eq!(
            line(&Event::Private { instance: None, text: text() }),
            "> them: a⟨001B⟩[1m\n    them: b"
        );
        assert_eq!(
            line(&Event::Plain { text: text(), unexpected: true }),
            "What follows came in the clear and should not have: anybody may have written it.\n\
             > them, in the clear: a⟨001B⟩[1m\n    them: b"
        );
    }

    #[test]
    fn refusals_are_sentences() {
        assert_eq!(
            line(&Event::Refused(Refusal::Unreadable(DataError::Replay))),
            "An encrypted message came that can't be read: it came before, or a later one came first."
        );
        let instance = None;
        assert_eq!(
            line(&Event::Asked { instance, question: Some("Which\u{202e} bird?".to_owned()) }),
            "The other side asks whether you know the same secret: Which⟨202E⟩ bird?\n\
             Type /answer and then the secret, or /abort."
        );
    }
}
