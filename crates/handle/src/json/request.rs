//! The lines that a script may send.

use serde::Deserialize;

use crate::SecretText;
use crate::command::History;

/// What a script asks for in one line.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// `{"send":"text"}`: send this text, whatever it looks like.
    Send(String),
    /// `{"check":true}`: whether this side wants the check.
    Check(bool),
    /// `{"secret":"text"}`: the check's secret.
    Secret(SecretText),
    /// `{"confirm":"check"}`: the word that another check needs after several have failed.
    Confirm(String),
    /// `{"cancel":true}`: break the running check off.
    Cancel,
    /// `{"heal":true}`: make new keys.
    Heal,
    /// `{"reset":true}`: make the connection anew, on other circuits.
    Reset,
    /// `{"stay":true}`: after a failed or cancelled check, stay; `false` leaves.
    Stay(bool),
    /// `{"quit":true}`: say goodbye and end.
    Quit,
    /// A change to a message, or to those that follow.
    Message(MessageRequest),
    /// About the profile, or how a conversation is kept.
    Profile(ProfileRequest),
    /// About the public address and requests.
    Asking(AskingRequest),
    /// A line that does not begin with a brace: what a person could have typed at this point.
    Typed(String),
}

/// What a script asks for about a message, which it names by the number that events give it.
#[derive(Debug, PartialEq, Eq)]
pub enum MessageRequest {
    /// `{"reply":{"message":3,"text":"…"}}`: send a text that answers a message.
    Reply {
        /// Which.
        message: u64,
        /// The text.
        text: String,
    },
    /// `{"edit":{"message":3,"text":"…"}}`: give a text of ours other words, on both sides.
    Edit {
        /// Which.
        message: u64,
        /// The new text.
        text: String,
    },
    /// `{"take_back":3}`: take a text of ours back that has not left; else delete it.
    TakeBack(u64),
    /// `{"delete":3}`: delete a message, one of ours on both sides.
    Delete(u64),
    /// `{"react":{"message":3,"sign":"…"}}`: answer a message with a sign; `null`: none any more.
    React {
        /// Which.
        message: u64,
        /// The sign.
        sign: Option<String>,
    },
    /// `{"timer":3600}`: new messages of both sides go so many seconds after they were seen; 0: they
    /// stay.
    Timer(u32),
}

/// What a script asks for about its lasting profile and how a conversation in it is kept.
#[derive(Debug, PartialEq, Eq)]
pub enum ProfileRequest {
    /// `{"lock":true}`: lock the profile.
    Lock,
    /// `{"login":"password"}`: unlock it.
    Login(SecretText),
    /// `{"change_password":{"old":"…","new":"…"}}`: another password; `old` is `null` where there is
    /// none.
    Password {
        /// The present one.
        old: Option<SecretText>,
        /// The new one.
        new: SecretText,
    },
    /// `{"rename":"name"}`: show the partner under another name, on this side.
    Rename(String),
    /// `{"history":{"keeps":"for","seconds":86400}}`: how long this side keeps the messages of the
    /// conversation.
    History(History),
    /// `{"block":true}`: block the partner of the conversation, or no longer.
    Block(bool),
    /// `{"leave":"name"}`: say goodbye to the partner of the conversation, whose name it is, and delete the
    /// contact with all that was said.
    Leave(String),
    /// `{"search":"words"}`: find messages with words that begin so, in all conversations.
    Search(String),
    /// `{"conversations":true}`: list all conversations of the profile.
    Conversations,
    /// `{"open":"name or id"}`: go to another conversation of the profile.
    Open(String),
}

/// What a script asks for about the public address and requests, which it names by the numbers that
/// events give them: sixteen hex digits.
#[derive(Debug, PartialEq, Eq)]
pub enum AskingRequest {
    /// `{"address":"on"}`: have a public address, none, another one, or say which it is.
    Address(AddressRequest),
    /// `{"requests":true}`: list the requests that came and those of this side.
    List,
    /// `{"ask":{"address":"…","nick":"…","peer":"…","greeting":"…"}}`: ask the owner of an address
    /// for a conversation.
    Ask {
        /// Whom.
        address: String,
        /// The name that this side sends.
        nick: String,
        /// The name that this side shows.
        peer: String,
        /// What is said with it; may be empty.
        greeting: String,
    },
    /// `{"withdraw":"ID"}`: take a request of this side back.
    Withdraw(String),
    /// `{"accept":{"request":"ID","nick":"…","peer":"…"}}`: begin a conversation.
    Accept {
        /// Which.
        request: String,
        /// The name that this side sends.
        nick: String,
        /// The name that this side shows.
        peer: String,
    },
    /// `{"refuse":"ID"}`: let a request go.
    Refuse(String),
    /// `{"block_request":"ID"}`: let it go, and others that show the same sender.
    Block(String),
    /// `{"unblock_request":"ID"}`: let those come again.
    Unblock(String),
}

/// What becomes of the public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressRequest {
    /// It is served.
    On,
    /// It is served no longer.
    Off,
    /// Another one takes its place, for good.
    Replace,
    /// It is said.
    Show,
}

/// Why a line was not understood. The line goes on being nobody's: nothing of it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this line begins with a brace but is none of {{\"send\":\"…\"}}, {{\"check\":true}}, \
     {{\"secret\":\"…\"}}, {{\"confirm\":\"check\"}}, {{\"cancel\":true}}, {{\"heal\":true}}, \
     {{\"reset\":true}}, \
     {{\"stay\":false}}, {{\"quit\":true}}, {{\"reply\":{{\"message\":1,\"text\":\"…\"}}}}, \
     {{\"edit\":{{\"message\":1,\"text\":\"…\"}}}}, {{\"take_back\":1}}, {{\"delete\":1}}, \
     {{\"react\":{{\"message\":1,\"sign\":\"…\"}}}}, {{\"timer\":3600}}, {{\"lock\":true}}, \
     {{\"login\":\"…\"}}, {{\"change_password\":{{\"old\":\"…\",\"new\":\"…\"}}}}, {{\"rename\":\"…\"}}, \
     {{\"history\":{{\"keeps\":\"kept\"}}}}, {{\"block\":true}}, {{\"leave\":\"…\"}}, \
     {{\"search\":\"…\"}}, {{\"conversations\":true}}, \
     {{\"open\":\"…\"}}, {{\"address\":\"show\"}}, {{\"requests\":true}}, \
     {{\"ask\":{{\"address\":\"…\",\"nick\":\"…\",\"peer\":\"…\",\"greeting\":\"…\"}}}}, \
     {{\"withdraw\":\"…\"}}, \
     {{\"accept\":{{\"request\":\"…\",\"nick\":\"…\",\"peer\":\"…\"}}}}, \
     {{\"refuse\":\"…\"}}, {{\"block_request\":\"…\"}}, {{\"unblock_request\":\"…\"}}"
)]
pub struct NotUnderstood;

/// A request as it is read: exactly one key.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RequestRow {
    Send(String),
    Check(bool),
    Secret(String),
    Confirm(String),
    Cancel(bool),
    Heal(bool),
    Reset(bool),
    Stay(bool),
    Quit(bool),
    Reply(TextRow),
    Edit(TextRow),
    TakeBack(u64),
    Delete(u64),
    React(SignRow),
    Timer(u32),
    Lock(bool),
    Login(String),
    ChangePassword(PasswordRow),
    Rename(String),
    History(HistoryRow),
    Block(bool),
    Leave(String),
    Search(String),
    Conversations(bool),
    Open(String),
    Address(AddressRequest),
    Requests(bool),
    Ask(AskRow),
    Withdraw(String),
    Accept(AcceptRow),
    Refuse(String),
    BlockRequest(String),
    UnblockRequest(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskRow {
    address: String,
    nick: String,
    peer: String,
    greeting: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptRow {
    request: String,
    nick: String,
    peer: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordRow {
    // Not to be left out by mistake: that there is none is said.
    #[serde(deserialize_with = "Option::deserialize")]
    old: Option<String>,
    new: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryRow {
    keeps: Keeps,
    seconds: Option<u32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Keeps {
    Kept,
    For,
    NotKept,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextRow {
    message: u64,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignRow {
    message: u64,
    // Not to be left out by mistake: taking a sign away is said.
    #[serde(deserialize_with = "Option::deserialize")]
    sign: Option<String>,
}

/// Reads one line of input, without its end.
///
/// # Errors
/// [`NotUnderstood`] when the line begins with a brace and is not one of the requests.
pub fn request(line: &str) -> Result<Request, NotUnderstood> {
    if !line.trim_start().starts_with('{') {
        return Ok(Request::Typed(line.to_owned()));
    }
    let message = |request| Ok(Request::Message(request));
    let profile = |request| Ok(Request::Profile(request));
    let asking = |request| Ok(Request::Asking(request));
    match serde_json::from_str(line).map_err(|_| NotUnderstood)? {
        RequestRow::Send(text) => Ok(Request::Send(text)),
        RequestRow::Check(wish) => Ok(Request::Check(wish)),
        RequestRow::Secret(text) => Ok(Request::Secret(SecretText::new(text))),
        RequestRow::Confirm(word) => Ok(Request::Confirm(word)),
        RequestRow::Cancel(true) => Ok(Request::Cancel),
        RequestRow::Heal(true) => Ok(Request::Heal),
        RequestRow::Reset(true) => Ok(Request::Reset),
        RequestRow::Stay(stay) => Ok(Request::Stay(stay)),
        RequestRow::Quit(true) => Ok(Request::Quit),
        RequestRow::Reply(TextRow { message: number, text }) => {
            message(MessageRequest::Reply { message: number, text })
        }
        RequestRow::Edit(TextRow { message: number, text }) => {
            message(MessageRequest::Edit { message: number, text })
        }
        RequestRow::TakeBack(number) => message(MessageRequest::TakeBack(number)),
        RequestRow::Delete(number) => message(MessageRequest::Delete(number)),
        RequestRow::React(SignRow { message: number, sign }) => {
            message(MessageRequest::React { message: number, sign })
        }
        RequestRow::Timer(seconds) => message(MessageRequest::Timer(seconds)),
        RequestRow::Lock(true) => profile(ProfileRequest::Lock),
        RequestRow::Login(text) => profile(ProfileRequest::Login(SecretText::new(text))),
        RequestRow::ChangePassword(PasswordRow { old, new }) => {
            let (old, new) = (old.map(SecretText::new), SecretText::new(new));
            profile(ProfileRequest::Password { old, new })
        }
        RequestRow::Rename(name) => profile(ProfileRequest::Rename(name)),
        RequestRow::History(HistoryRow { keeps, seconds }) => match (keeps, seconds) {
            (Keeps::Kept, None) => profile(ProfileRequest::History(History::Kept)),
            (Keeps::NotKept, None) => profile(ProfileRequest::History(History::NotKept)),
            (Keeps::For, Some(seconds)) if seconds > 0 => {
                profile(ProfileRequest::History(History::For(seconds)))
            }
            _ => Err(NotUnderstood),
        },
        RequestRow::Block(blocked) => profile(ProfileRequest::Block(blocked)),
        RequestRow::Leave(name) => profile(ProfileRequest::Leave(name)),
        RequestRow::Search(words) => profile(ProfileRequest::Search(words)),
        RequestRow::Conversations(true) => profile(ProfileRequest::Conversations),
        RequestRow::Open(which) => profile(ProfileRequest::Open(which)),
        RequestRow::Address(what) => asking(AskingRequest::Address(what)),
        RequestRow::Requests(true) => asking(AskingRequest::List),
        RequestRow::Ask(AskRow { address, nick, peer, greeting }) => {
            asking(AskingRequest::Ask { address, nick, peer, greeting })
        }
        RequestRow::Withdraw(id) => asking(AskingRequest::Withdraw(id)),
        RequestRow::Accept(AcceptRow { request, nick, peer }) => {
            asking(AskingRequest::Accept { request, nick, peer })
        }
        RequestRow::Refuse(id) => asking(AskingRequest::Refuse(id)),
        RequestRow::BlockRequest(id) => asking(AskingRequest::Block(id)),
        RequestRow::UnblockRequest(id) => asking(AskingRequest::Unblock(id)),
        RequestRow::Cancel(false)
        | RequestRow::Heal(false)
        | RequestRow::Reset(false)
        | RequestRow::Quit(false)
        | RequestRow::Lock(false)
        | RequestRow::Conversations(false)
        | RequestRow::Requests(false) => Err(NotUnderstood),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        assert_eq!(request(r#"{"send":"a\nb"}"#), Ok(Request::Send("a\nb".into())));
        assert_eq!(request(r#" {"check":false}"#), Ok(Request::Check(false)));
        assert_eq!(
            request(r#"{"secret":"blue bench"}"#),
            Ok(Request::Secret(SecretText::new("blue bench".into())))
        );
        assert_eq!(request(r#"{"stay":true}"#), Ok(Request::Stay(true)));
        assert_eq!(request(r#"{"confirm":"check"}"#), Ok(Request::Confirm("check".into())));
        assert_eq!(request(r#"{"cancel":true}"#), Ok(Request::Cancel));
        assert_eq!(request(r#"{"heal":true}"#), Ok(Request::Heal));
        assert_eq!(request(r#"{"reset":true}"#), Ok(Request::Reset));
        assert_eq!(request(r#"{"quit":true}"#), Ok(Request::Quit));
        let cases = [
            (
                r#"{"reply":{"message":3,"text":"yes"}}"#,
                MessageRequest::Reply { message: 3, text: "yes".into() },
            ),
            (
                r#"{"edit":{"message":3,"text":"no"}}"#,
                MessageRequest::Edit { message: 3, text: "no".into() },
            ),
            (r#"{"take_back":3}"#, MessageRequest::TakeBack(3)),
            (r#"{"delete":3}"#, MessageRequest::Delete(3)),
            (
                r#"{"react":{"message":3,"sign":"+"}}"#,
                MessageRequest::React { message: 3, sign: Some("+".into()) },
            ),
            (
                r#"{"react":{"message":3,"sign":null}}"#,
                MessageRequest::React { message: 3, sign: None },
            ),
            (r#"{"timer":60}"#, MessageRequest::Timer(60)),
        ];
        for (line, expected) in cases {
            assert_eq!(request(line), Ok(Request::Message(expected)), "{line}");
        }
        let secret = |text: &str| SecretText::new(text.to_owned());
        let cases = [
            (r#"{"lock":true}"#, ProfileRequest::Lock),
            (r#"{"login":"marmalade"}"#, ProfileRequest::Login(secret("marmalade"))),
            (
                r#"{"change_password":{"old":"a","new":"b"}}"#,
                ProfileRequest::Password { old: Some(secret("a")), new: secret("b") },
            ),
            (
                r#"{"change_password":{"old":null,"new":"b"}}"#,
                ProfileRequest::Password { old: None, new: secret("b") },
            ),
            (r#"{"rename":"ana"}"#, ProfileRequest::Rename("ana".into())),
            (r#"{"block":true}"#, ProfileRequest::Block(true)),
            (r#"{"block":false}"#, ProfileRequest::Block(false)),
            (r#"{"leave":"ana"}"#, ProfileRequest::Leave("ana".into())),
            (r#"{"history":{"keeps":"kept"}}"#, ProfileRequest::History(History::Kept)),
            (r#"{"history":{"keeps":"not_kept"}}"#, ProfileRequest::History(History::NotKept)),
            (
                r#"{"history":{"keeps":"for","seconds":60}}"#,
                ProfileRequest::History(History::For(60)),
            ),
            (r#"{"search":"blue bench"}"#, ProfileRequest::Search("blue bench".into())),
            (r#"{"conversations":true}"#, ProfileRequest::Conversations),
            (r#"{"open":"ana"}"#, ProfileRequest::Open("ana".into())),
        ];
        for (line, expected) in cases {
            assert_eq!(request(line), Ok(Request::Profile(expected)), "{line}");
        }
        let id = || "00000000000000a7".to_owned();
        let cases = [
            (r#"{"address":"on"}"#, AskingRequest::Address(AddressRequest::On)),
            (r#"{"address":"off"}"#, AskingRequest::Address(AddressRequest::Off)),
            (r#"{"address":"replace"}"#, AskingRequest::Address(AddressRequest::Replace)),
            (r#"{"address":"show"}"#, AskingRequest::Address(AddressRequest::Show)),
            (r#"{"requests":true}"#, AskingRequest::List),
            (
                r#"{"ask":{"address":"undertone:x","nick":"ana","peer":"doug","greeting":""}}"#,
                AskingRequest::Ask {
                    address: "undertone:x".into(),
                    nick: "ana".into(),
                    peer: "doug".into(),
                    greeting: String::new(),
                },
            ),
            (r#"{"withdraw":"00000000000000a7"}"#, AskingRequest::Withdraw(id())),
            (
                r#"{"accept":{"request":"00000000000000a7","nick":"ana","peer":"doug"}}"#,
                AskingRequest::Accept { request: id(), nick: "ana".into(), peer: "doug".into() },
            ),
            (r#"{"refuse":"00000000000000a7"}"#, AskingRequest::Refuse(id())),
            (r#"{"block_request":"00000000000000a7"}"#, AskingRequest::Block(id())),
            (r#"{"unblock_request":"00000000000000a7"}"#, AskingRequest::Unblock(id())),
        ];
        for (line, expected) in cases {
            assert_eq!(request(line), Ok(Request::Asking(expected)), "{line}");
        }
        assert_eq!(request("/quit"), Ok(Request::Typed("/quit".into())));
        assert_eq!(request(""), Ok(Request::Typed(String::new())));
    }

    #[test]
    fn a_broken_request_is_not_sent_as_a_text() {
        for bad in [
            "{",
            "{}",
            r#"{"send":1}"#,
            r#"{"sned":"x"}"#,
            r#"{"send":"x","quit":true}"#,
            r#"{"quit":false}"#,
            r#"{"cancel":false}"#,
            r#"{"heal":false}"#,
            r#"{"reset":false}"#,
            r#"{"delete":"3"}"#,
            r#"{"delete":-3}"#,
            r#"{"timer":-1}"#,
            r#"{"edit":{"message":3}}"#,
            r#"{"edit":{"message":3,"text":"x","of":4}}"#,
            r#"{"react":{"message":3}}"#,
            r#"{"lock":false}"#,
            r#"{"conversations":false}"#,
            r#"{"login":null}"#,
            r#"{"change_password":{"new":"b"}}"#,
            r#"{"change_password":"b"}"#,
            r#"{"history":"kept"}"#,
            r#"{"history":{"keeps":"for"}}"#,
            r#"{"history":{"keeps":"for","seconds":0}}"#,
            r#"{"history":{"keeps":"kept","seconds":5}}"#,
            r#"{"address":true}"#,
            r#"{"address":"On"}"#,
            r#"{"requests":false}"#,
            r#"{"ask":"undertone:x"}"#,
            r#"{"ask":{"address":"x","nick":"a","peer":"b"}}"#,
            r#"{"accept":"00000000000000a7"}"#,
            r#"{"accept":{"request":"00000000000000a7","nick":"a"}}"#,
            r#"{"refuse":7}"#,
            r#"{"send":"x"} trailing"#,
        ] {
            assert_eq!(request(bad), Err(NotUnderstood), "{bad}");
        }
    }
}
