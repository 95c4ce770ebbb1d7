//! A locked profile, in lines: `/login` and its password, or away.

use undertone_handle::SecretText;
use undertone_handle::json::{self, ProfileRequest, Prompt, Request};
use undertone_handle::words::{self, Locked, UserError};

use super::talk::{Act, Shape};

/// A locked profile as a model: no IO, no clock.
#[derive(Debug)]
pub struct Gate {
    name: String,
    why: Locked,
    shape: Shape,
    failure: Option<UserError>,
    /// Whether the next line is the password.
    asked: bool,
}

/// What a line led to.
#[derive(Debug)]
pub(super) enum Knock {
    /// Nothing yet but words.
    Wait(Vec<Act>),
    /// The user leaves.
    Leave,
    /// This is to be tried.
    Password(SecretText),
}

impl Gate {
    /// Before the profile of this name; `failure` is what came of the last try.
    #[must_use]
    pub fn new(name: &str, why: Locked, shape: Shape, failure: Option<UserError>) -> Self {
        Self { name: name.to_owned(), why, shape, failure, asked: false }
    }

    /// What is said at first.
    pub(super) fn begin(&mut self) -> Vec<Act> {
        let failure = self.failure.take();
        match (self.shape, failure) {
            (Shape::Words, None) => vec![
                Act::Say(words::locked(&crate::text::one_line(&self.name), self.why)),
                Act::Say("/login asks for the password, /quit leaves.".to_owned()),
            ],
            (Shape::Words, Some(error)) => {
                vec![Act::Say(error.to_string()), Act::Say("/login tries again.".to_owned())]
            }
            (Shape::Json, None) => vec![
                Act::Out(json::locked_line(&self.name, self.why)),
                Act::Out(json::prompt_line(Prompt::Password)),
            ],
            (Shape::Json, Some(error)) => vec![
                Act::Out(json::error_line(&error)),
                Act::Out(json::prompt_line(Prompt::Password)),
            ],
        }
    }

    pub(super) fn line(&mut self, line: &str) -> Knock {
        let request = match self.shape {
            Shape::Words => Ok(Request::Typed(line.to_owned())),
            Shape::Json => json::request(line),
        };
        match request {
            Ok(Request::Typed(password)) if self.asked => {
                self.asked = false;
                if password.is_empty() {
                    return Knock::Wait(vec![Act::Hide(false), Act::Say(STAYS.to_owned())]);
                }
                Knock::Password(SecretText::new(password))
            }
            Ok(Request::Profile(ProfileRequest::Login(password))) => Knock::Password(password),
            Ok(Request::Quit) => Knock::Leave,
            Ok(Request::Typed(line)) => match line.trim() {
                "" => Knock::Wait(Vec::new()),
                "/quit" | ".quit" | "/exit" => Knock::Leave,
                "/login" | ".login" => {
                    self.asked = true;
                    let mut acts = vec![Act::Hide(true)];
                    match self.shape {
                        Shape::Words => acts.push(Act::Say("The password:".to_owned())),
                        Shape::Json => acts.push(Act::Out(json::prompt_line(Prompt::Password))),
                    }
                    Knock::Wait(acts)
                }
                _ => Knock::Wait(self.refuse()),
            },
            Ok(_) => Knock::Wait(self.refuse()),
            Err(error) => {
                let error = UserError::new(
                    words::Kind::Usage,
                    crate::code::sentence(&error.to_string()),
                    "Nothing was done.",
                );
                Knock::Wait(vec![Act::Out(json::error_line(&error))])
            }
        }
    }

    /// Nothing but a login is possible now.
    pub(super) fn refuse(&self) -> Vec<Act> {
        let error = words::profile_is_locked();
        vec![match self.shape {
            Shape::Words => Act::Say(error.to_string()),
            Shape::Json => Act::Out(json::error_line(&error)),
        }]
    }
}

/// An empty line was given for the password.
const STAYS: &str = "The profile stays locked; /login asks again.";
