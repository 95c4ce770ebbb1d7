//! What is typed to change a message: `/edit`, `/cancel`, `/delete`, `/reply`, `/react`, `/timer`.
//!
//! Messages have the numbers in which they were said: `3` is this side's third, `p3` the partner's.
//! Without a number the last one is meant. Each command has a spelling with a dot.

use std::collections::VecDeque;

use undertone_handle::MessageId;
use undertone_handle::command::{MAX_TIMER, Reaction};

/// The most messages of either side whose numbers are kept.
const KEPT: usize = 20_000;

/// Which message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Which {
    /// Whether it is one of this side's.
    pub(crate) own: bool,
    /// From 1; `None`: the last one.
    pub(crate) number: Option<u64>,
}

/// What is wanted of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Edit(Which, String),
    Cancel(Which),
    Delete(Which),
    Reply(Which, String),
    React(Which, Option<Reaction>),
    Timer(Option<u32>),
}

/// Reads a line. `None`: it is none of these commands; an error says how the command is written.
pub(crate) fn parse(line: &str) -> Option<Result<Change, &'static str>> {
    let line = line.trim_end();
    let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let name = command.strip_prefix(['/', '.'])?;
    let ours = Which { own: true, number: None };
    let theirs = Which { own: false, number: None };
    Some(match name {
        "edit" => match numbered(rest, ours) {
            (which, text) if which.own && !text.is_empty() => {
                Ok(Change::Edit(which, text.to_owned()))
            }
            _ => Err("/edit TEXT gives your last message another text; /edit 3 TEXT your third."),
        },
        // Alone it calls a check off.
        "cancel" if rest.trim().is_empty() => return None,
        "cancel" => match numbered(rest, ours) {
            (which @ Which { own: true, number: Some(_) }, "") => Ok(Change::Cancel(which)),
            _ => Err("/cancel 3 takes your third message back; /cancel alone calls a check off."),
        },
        "delete" => match numbered(rest, ours) {
            (which @ Which { number: Some(_), .. }, "") => Ok(Change::Delete(which)),
            _ => Err("/delete 3 deletes your third message on both sides; /delete p3 your \
                      partner's third, here."),
        },
        "reply" => match numbered(rest, theirs) {
            (_, "") => {
                Err("/reply TEXT answers your partner's last message; /reply p3 TEXT their \
                            third, /reply 3 TEXT your own.")
            }
            (which, text) => Ok(Change::Reply(which, text.to_owned())),
        },
        "react" => {
            let (which, sign) = numbered(rest, theirs);
            match (sign, Reaction::parse(sign)) {
                ("off", _) => Ok(Change::React(which, None)),
                (_, Some(reaction)) => Ok(Change::React(which, Some(reaction))),
                (_, None) => Err("/react SIGN answers your partner's last message with a sign; \
                                  /react p3 SIGN their third; off takes it away."),
            }
        }
        "timer" => match timer(rest.trim()) {
            Some(timer) => Ok(Change::Timer(timer)),
            None => Err("/timer 30s, 10m, 1h, 7d lets new messages disappear so long after they \
                         were seen, a year at most; /timer off lets them stay."),
        },
        _ => return None,
    })
}

/// Takes a message's number off the beginning.
fn numbered(rest: &str, default: Which) -> (Which, &str) {
    let rest = rest.trim_start();
    let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (own, digits) = match word.strip_prefix('p') {
        Some(digits) => (false, digits),
        None => (true, word),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(number) if is_number => (Which { own, number: Some(number) }, after.trim_start()),
        _ => (default, rest),
    }
}

/// A timer in seconds. `None`: it is none.
fn timer(text: &str) -> Option<Option<u32>> {
    if text == "off" {
        return Some(None);
    }
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let count: u32 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = count.checked_mul(seconds)?;
    (1..=MAX_TIMER).contains(&seconds).then_some(Some(seconds))
}

/// The numbers of the messages of one conversation.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    ours: Side,
    theirs: Side,
}

#[derive(Debug, Default)]
struct Side {
    messages: VecDeque<MessageId>,
    /// How many came before the first that is kept.
    gone: u64,
}

impl Numbers {
    fn side(&self, own: bool) -> &Side {
        if own { &self.ours } else { &self.theirs }
    }

    /// Counts another message.
    pub(crate) fn add(&mut self, own: bool, message: MessageId) {
        let side = if own { &mut self.ours } else { &mut self.theirs };
        side.messages.push_back(message);
        if side.messages.len() > KEPT {
            side.messages.pop_front();
            side.gone += 1;
        }
    }

    /// The message that is meant, if there is one.
    pub(crate) fn find(&self, which: Which) -> Option<MessageId> {
        let side = self.side(which.own);
        match which.number {
            None => side.messages.back().copied(),
            Some(number) => {
                let place = number.checked_sub(side.gone)?.checked_sub(1)?;
                side.messages.get(usize::try_from(place).ok()?).copied()
            }
        }
    }

    /// A message's number, as it is typed; an empty text if it is not known any more.
    pub(crate) fn name(&self, message: MessageId) -> Option<String> {
        // Within a conversation a later message has a greater id.
        [(true, ""), (false, "p")].into_iter().find_map(|(own, lead)| {
            let side = self.side(own);
            let place = side.messages.iter().rposition(|known| *known == message)?;
            Some(format!("{lead}{}", side.gone + place as u64 + 1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: Which = Which { own: true, number: None };
    const THEIRS: Which = Which { own: false, number: None };

    fn which(own: bool, number: u64) -> Which {
        Which { own, number: Some(number) }
    }

    #[test]
    fn every_command_is_read_with_slash_and_dot() {
        let sign = Reaction::parse("👍");
        let cases = [
            ("edit better words", Change::Edit(OURS, "better words".into())),
            ("edit 3 better", Change::Edit(which(true, 3), "better".into())),
            ("cancel 2", Change::Cancel(which(true, 2))),
            ("delete 2", Change::Delete(which(true, 2))),
            ("delete p2", Change::Delete(which(false, 2))),
            ("reply yes", Change::Reply(THEIRS, "yes".into())),
            ("reply p7 yes, 3 of them", Change::Reply(which(false, 7), "yes, 3 of them".into())),
            ("reply 7 so I said", Change::Reply(which(true, 7), "so I said".into())),
            ("react 👍", Change::React(THEIRS, sign.clone())),
            ("react 4 👍", Change::React(which(true, 4), sign)),
            ("react p4 off", Change::React(which(false, 4), None)),
            ("timer 1h", Change::Timer(Some(3_600))),
            ("timer 366d", Change::Timer(Some(MAX_TIMER))),
            ("timer off", Change::Timer(None)),
        ];
        for (line, change) in cases {
            for lead in ["/", "."] {
                assert_eq!(parse(&format!("{lead}{line}")), Some(Ok(change_of(&change))), "{line}");
            }
        }
    }

    /// A copy, since a change is used up.
    fn change_of(change: &Change) -> Change {
        match change {
            Change::Edit(which, text) => Change::Edit(*which, text.clone()),
            Change::Cancel(which) => Change::Cancel(*which),
            Change::Delete(which) => Change::Delete(*which),
            Change::Reply(which, text) => Change::Reply(*which, text.clone()),
            Change::React(which, sign) => Change::React(*which, sign.clone()),
            Change::Timer(seconds) => Change::Timer(*seconds),
        }
    }

    #[test]
    fn what_is_none_of_them_is_left_and_what_is_half_one_is_explained() {
        for line in ["edit 3 x", "/cancel", ".cancel ", "/editor x", ".", "/", "...edit", "/quit"] {
            assert_eq!(parse(line), None, "{line}");
        }
        for line in [
            "/edit",
            "/edit 3",
            "/edit p3 x",
            "/cancel p3",
            "/cancel x",
            "/cancel 3 x",
            "/delete",
            "/delete last",
            "/reply",
            "/reply p3",
            "/react",
            "/react p3",
            "/react a b",
            "/timer",
            "/timer 0s",
            "/timer 1",
            "/timer h",
            "/timer 367d",
            "/timer 99999999w",
            "/timer -1h",
            "/timer 1é",
        ] {
            assert!(matches!(parse(line), Some(Err(_))), "{line}: {:?}", parse(line));
        }
    }

    #[test]
    fn numbers_stay_with_their_messages() {
        let mut numbers = Numbers::default();
        assert_eq!(numbers.find(OURS), None);
        let many = KEPT as u64 + 5;
        for message in 1..=many {
            numbers.add(true, MessageId(2 * message));
            numbers.add(false, MessageId(2 * message + 1));
        }
        assert_eq!(numbers.find(which(true, 5)), None);
        assert_eq!(numbers.find(which(true, 0)), None);
        assert_eq!(numbers.find(which(true, 6)), Some(MessageId(12)));
        assert_eq!(numbers.find(which(false, many)), Some(MessageId(2 * many + 1)));
        assert_eq!(numbers.find(THEIRS), Some(MessageId(2 * many + 1)));
        assert_eq!(numbers.name(MessageId(12)).as_deref(), Some("6"));
        assert_eq!(numbers.name(MessageId(13)).as_deref(), Some("p6"));
        assert_eq!(numbers.name(MessageId(3)), None);
    }
}
