//! What is typed about the profile and how a conversation in it is kept: `/lock`, `/rename`,
//! `/history`, `/search` and the like, and about requests. Each command has a spelling with a dot.

use undertone_handle::command::{History, Name};
use undertone_handle::query::Search;

use crate::asking::{self, Wish};

/// The most days of a history, as in the setting.
const MAX_DAYS: u32 = 3_650;

/// What is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Lock,
    Login,
    SetPassword,
    ChangePassword,
    Rename(Name),
    History(History),
    Search(Search),
    Status,
    Config,
    Clear,
    Reset,
    List,
    Open(String),
    Block(bool),
    /// For good, with the name that says who.
    Leave(String),
    /// About the public address and requests.
    Asking(Wish),
}

/// Reads a line. `None`: it is none of these commands; an error says how the command is written.
pub(crate) fn parse(line: &str) -> Option<Result<Deed, &'static str>> {
    let line = line.trim_end();
    let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let name = command.strip_prefix(['/', '.'])?;
    let rest = rest.trim();
    let alone = |deed| if rest.is_empty() { Ok(deed) } else { Err(NOTHING_AFTER) };
    Some(match name {
        "lock" => alone(Deed::Lock),
        "login" => alone(Deed::Login),
        "setpassword" => alone(Deed::SetPassword),
        "changepassword" => alone(Deed::ChangePassword),
        "status" => alone(Deed::Status),
        "config" => alone(Deed::Config),
        "clear" => alone(Deed::Clear),
        "reset" => alone(Deed::Reset),
        "list" | "convs" => alone(Deed::List),
        "rename" | "nick" => Name::parse(rest).map(Deed::Rename).map_err(|_| {
            "/rename NAME shows your partner under another name, here alone: 1 to 30 characters, \
             none of them invisible."
        }),
        "history" => history(rest).map(Deed::History).ok_or(
            "/history keep keeps the messages of this conversation here, /history days 30 for so \
             many days, /history none only until they were seen.",
        ),
        "search" => Search::parse(rest).map(Deed::Search).ok_or(
            "/search WORDS finds messages with words that begin so, in all conversations: at least \
             two characters.",
        ),
        "block" => alone(Deed::Block(true)),
        "unblock" => alone(Deed::Block(false)),
        "leave" => Ok(Deed::Leave(rest.to_owned())),
        "open" | "select" if !rest.is_empty() => Ok(Deed::Open(rest.to_owned())),
        "open" | "select" => Err("/open NAME goes to another conversation; /list shows them."),
        _ => return asking::parse(name, rest).map(|wish| wish.map(Deed::Asking)),
    })
}

/// How long messages are kept.
fn history(text: &str) -> Option<History> {
    let mut words = text.split_whitespace();
    let history = match (words.next()?, words.next()) {
        ("keep" | "kept", None) => History::Kept,
        ("none" | "off", None) => History::NotKept,
        ("days", Some(days)) => {
            let days = days.parse().ok().filter(|days| (1..=MAX_DAYS).contains(days))?;
            History::For(days * 86_400)
        }
        _ => return None,
    };
    words.next().is_none().then_some(history)
}

/// A command of one word was given more.
const NOTHING_AFTER: &str = "This command takes nothing after it; a password is asked for, and never \
                             part of a command.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_read_with_slash_and_dot() {
        let cases = [
            ("lock", Deed::Lock),
            ("login ", Deed::Login),
            ("setpassword", Deed::SetPassword),
            ("changepassword", Deed::ChangePassword),
            ("status", Deed::Status),
            ("config", Deed::Config),
            ("clear", Deed::Clear),
            ("reset", Deed::Reset),
            ("list", Deed::List),
            ("convs", Deed::List),
            ("open ana from work", Deed::Open("ana from work".into())),
            ("block", Deed::Block(true)),
            ("unblock", Deed::Block(false)),
            ("leave Ana B", Deed::Leave("Ana B".into())),
            ("leave", Deed::Leave(String::new())),
            ("rename Ana B", Deed::Rename(Name::parse("Ana B").unwrap())),
            ("nick ana", Deed::Rename(Name::parse("ana").unwrap())),
            ("history keep", Deed::History(History::Kept)),
            ("history none", Deed::History(History::NotKept)),
            ("history days 30", Deed::History(History::For(30 * 86_400))),
            ("requests", Deed::Asking(Wish::List)),
            ("accept Ana B ", Deed::Asking(Wish::Accept("Ana B".into()))),
            ("search blue bench", Deed::Search(Search::parse("blue bench").unwrap())),
        ];
        for (line, deed) in cases {
            for lead in ["/", "."] {
                assert_eq!(
                    parse(&format!("{lead}{line}")).as_ref(),
                    Some(&Ok(again(&deed))),
                    "{line}"
                );
            }
        }
    }

    /// A copy, since a deed is used up.
    fn again(deed: &Deed) -> Deed {
        match deed {
            Deed::Lock => Deed::Lock,
            Deed::Login => Deed::Login,
            Deed::SetPassword => Deed::SetPassword,
            Deed::ChangePassword => Deed::ChangePassword,
            Deed::Rename(name) => Deed::Rename(name.clone()),
            Deed::History(history) => Deed::History(*history),
            Deed::Search(search) => Deed::Search(search.clone()),
            Deed::Status => Deed::Status,
            Deed::Config => Deed::Config,
            Deed::Clear => Deed::Clear,
            Deed::Reset => Deed::Reset,
            Deed::List => Deed::List,
            Deed::Open(which) => Deed::Open(which.clone()),
            Deed::Block(blocked) => Deed::Block(*blocked),
            Deed::Leave(name) => Deed::Leave(name.clone()),
            Deed::Asking(wish) => Deed::Asking(wish.clone()),
        }
    }

    #[test]
    fn what_is_half_a_command_is_explained_and_a_password_behind_one_is_refused() {
        for line in [
            "/lock now",
            "/setpassword marmalade",
            "/login marmalade",
            "/changepassword a b",
            "/rename",
            "/rename a\u{202e}b",
            "/history",
            "/history days",
            "/history days 0",
            "/history days 3651",
            "/history days 9999999999",
            "/history keep 3",
            "/history days 3 4",
            "/search",
            "/search a",
            "/open",
            "/block ana",
        ] {
            assert!(matches!(parse(line), Some(Err(_))), "{line}");
        }
        for line in ["lock", "/locks", "/", "//lock", "/edit x"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
