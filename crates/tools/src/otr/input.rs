//! What a typed line means.

/// A line that was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed<'a> {
    /// To be said to the other end.
    Text(&'a str),
    /// Ask for a private conversation.
    Start,
    /// End it.
    End,
    /// Ask whether the other end knows the same secret.
    Ask {
        /// Something to remind them of which.
        question: Option<&'a str>,
    },
    /// Answer such a question.
    Answer,
    /// Call a check off.
    Abort,
    /// The extra key.
    ExtraKey {
        /// What for.
        usage: u32,
        /// What belongs to that use.
        data: &'a str,
    },
    /// Fingerprints.
    Fingerprint,
    /// What can be typed.
    Help,
    /// Say goodbye and leave.
    Quit,
    /// Nothing that can be done.
    Wrong(&'static str),
}

/// What can be typed.
pub(super) const HELP: &str = "\
/otr                    ask for a private conversation
/smp [QUESTION]         ask whether they know the same secret; then type the secret
/answer                 answer such a question; then type the secret
/abort                  call a check off, or refuse to answer
/fingerprint            show the fingerprints of both sides
/extra-key [USE [DATA]] the extra key of this moment, for another program
/end                    end the private conversation
/quit                   end it and leave
/help                   this
A dot does as well as a slash. A text that begins with / is sent with // in front.";

/// Reads a line. Only words that are commands are taken for such behind a dot, for texts may begin
/// with dots.
pub(super) fn read(line: &str) -> Typed<'_> {
    if line.starts_with("//") {
        return Typed::Text(line.get(1..).unwrap_or_default());
    }
    let (slash, rest) = match (line.strip_prefix('/'), line.strip_prefix('.')) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return Typed::Text(line),
    };
    let (word, words) = rest.split_once(' ').unwrap_or((rest, ""));
    let words = words.trim();
    let alone = |typed| if words.is_empty() { typed } else { Typed::Wrong("It takes no words.") };
    match word {
        "otr" | "start" => alone(Typed::Start),
        "end" => alone(Typed::End),
        "smp" => Typed::Ask { question: Some(words).filter(|words| !words.is_empty()) },
        // A secret here would stay on the screen.
        "answer" if !words.is_empty() => {
            Typed::Wrong("Type /answer alone, and the secret on the next line.")
        }
        "answer" => Typed::Answer,
        "abort" | "cancel" => alone(Typed::Abort),
        "extra-key" => {
            let (usage, data) = words.split_once(' ').unwrap_or((words, ""));
            match usage {
                "" => Typed::ExtraKey { usage: 0, data },
                usage => usage.parse().map_or(
                    Typed::Wrong("The first word is the number of a use, from 0 to 4294967295."),
                    |usage| Typed::ExtraKey { usage, data: data.trim() },
                ),
            }
        }
        "fingerprint" => alone(Typed::Fingerprint),
        "help" => alone(Typed::Help),
        "quit" => alone(Typed::Quit),
        _ if slash => Typed::Wrong("There is no such command; /help lists those that there are."),
        _ => Typed::Text(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_have_two_spellings() {
        for (word, typed) in [
            ("otr", Typed::Start),
            ("start", Typed::Start),
            ("end", Typed::End),
            ("smp", Typed::Ask { question: None }),
            ("smp Which bird? ", Typed::Ask { question: Some("Which bird?") }),
            ("answer", Typed::Answer),
            ("abort", Typed::Abort),
            ("cancel", Typed::Abort),
            ("extra-key", Typed::ExtraKey { usage: 0, data: "" }),
            ("extra-key 7 a file", Typed::ExtraKey { usage: 7, data: "a file" }),
            ("fingerprint", Typed::Fingerprint),
            ("help", Typed::Help),
            ("quit", Typed::Quit),
        ] {
            for line in [format!("/{word}"), format!(".{word}")] {
                assert_eq!(read(&line), typed, "{line}");
            }
        }
        for word in HELP.lines().filter_map(|line| line.strip_prefix('/')) {
            let word = word.split_whitespace().next().unwrap_or_default();
            assert!(!matches!(read(&format!("/{word}")), Typed::Wrong(_) | Typed::Text(_)));
        }
    }

    #[test]
    fn texts_are_texts() {
        for line in ["hello", "", " /quit", "...", ".", ".well known", "a /quit"] {
            assert_eq!(read(line), Typed::Text(line));
        }
        assert_eq!(read("//quit"), Typed::Text("/quit"));
    }

    #[test]
    fn slips_are_told_and_not_sent() {
        for line in ["/quit now", "/answer swan", "/extra-key x", "/qiut", "/", ".answer swan"] {
            assert!(matches!(read(line), Typed::Wrong(_)), "{line}");
        }
    }
}
