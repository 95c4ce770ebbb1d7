//! What a face wants of a lasting profile past its node: look-ups, and another password.

use undertone_handle::command::Name;
use undertone_handle::query::{Line, Search};
use undertone_handle::words::UserError;
use undertone_handle::{ConversationId, MessageId, SecretText};

use crate::plan::Requests;

/// What a face wants.
pub enum Wanted {
    /// Another password in place of the present one.
    Password {
        /// The present one; `None`: there is none.
        old: Option<SecretText>,
        /// The new one.
        new: SecretText,
    },
    /// Messages of all conversations, the newest first.
    Search(Search),
    /// The [`PAGE`] messages of a conversation before this one.
    Page {
        /// Which conversation.
        conversation: ConversationId,
        /// The oldest message that is there already.
        before: MessageId,
    },
    /// The public address and all requests.
    Requests,
    /// The names in a conversation that has just begun with a request.
    Names(ConversationId),
}

/// How many messages are read at once.
pub const PAGE: usize = 100;

impl std::fmt::Debug for Wanted {
    /// Says nothing of passwords and words.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password(…)",
            Self::Search(_) => "Search(…)",
            Self::Page { .. } => "Page(…)",
            Self::Requests => "Requests",
            Self::Names(_) => "Names(…)",
        })
    }
}

/// A message that a search found.
pub struct Hit {
    /// In which conversation.
    pub conversation: ConversationId,
    /// The name under which the partner is shown.
    pub name: String,
    /// The message.
    pub line: Line,
    /// What was said right before it.
    pub before: Option<Line>,
    /// What was said right after it.
    pub after: Option<Line>,
}

impl std::fmt::Debug for Hit {
    /// Says nothing of names and texts.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hit").field("conversation", &self.conversation).finish_non_exhaustive()
    }
}

/// What came of it.
pub enum Found {
    /// The profile has the new password; `false`: the present one was given wrong, and stays.
    Password(bool),
    /// What a search found.
    Hits(Vec<Hit>),
    /// Messages of a conversation, oldest first; fewer than were wanted: there are no more.
    Page(ConversationId, Vec<Line>),
    /// The public address and all requests.
    Requests(Requests),
    /// The names in a conversation: this side's own, and the one it shows.
    Names {
        /// Which conversation.
        conversation: ConversationId,
        /// This side's.
        nick: Name,
        /// The partner's.
        peer: Name,
    },
    /// It could not be done, for this reason.
    Failed(UserError),
}

impl std::fmt::Debug for Found {
    /// Says nothing of names and texts.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "Password",
            Self::Hits(_) => "Hits(…)",
            Self::Page(..) => "Page(…)",
            Self::Requests(_) => "Requests(…)",
            Self::Names { .. } => "Names(…)",
            Self::Failed(_) => "Failed(…)",
        })
    }
}

/// Who can do that. A face never calls it on its own thread: a password takes half a second.
pub trait Keeper: Send + Sync {
    /// Does what is wanted.
    fn look(&self, wanted: Wanted) -> Found;
}

/// What is wanted, being done.
pub(crate) type Looking = std::pin::Pin<Box<dyn Future<Output = Found> + Send>>;

/// Begins to do what is wanted; without a keeper it is said that nothing lasts.
pub(crate) fn looking(keeper: Option<std::sync::Arc<dyn Keeper>>, wanted: Wanted) -> Looking {
    Box::pin(async move {
        let Some(keeper) = keeper else { return Found::Failed(nothing_lasts()) };
        let looked = tokio::task::spawn_blocking(move || keeper.look(wanted)).await;
        looked.unwrap_or_else(|_| Found::Failed(nothing_lasts()))
    })
}

/// There is no profile to ask.
pub(crate) fn nothing_lasts() -> UserError {
    UserError::new(
        undertone_handle::words::Kind::Usage,
        "Nothing of this is kept, so there is no profile to do that with.",
        "`undertone chat --keep` keeps a conversation in a profile.",
    )
}
