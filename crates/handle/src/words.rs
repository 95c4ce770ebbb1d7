//! The sentences that people read about outcomes and errors, once, for all interfaces.
//!
//! An error has a kind (which gives the exit code), a message (what happened and what it means)
//! and a hint (what to do next).

/// What sort of failure it is. The number is the exit code of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A fault of the program itself.
    Internal = 1,
    /// The command line or an answer was wrong.
    Usage = 2,
    /// The network cannot be reached.
    Network = 3,
    /// Nobody answers.
    NobodyAnswers = 4,
    /// The code is wrong, burnt, taken or too old.
    Code = 5,
    /// The partner is gone, or the connection was lost for good.
    PartnerGone = 6,
    /// A check failed and the user left.
    CheckFailed = 7,
    /// This machine lacks what is needed: a terminal, memory, a memory file system.
    Environment = 8,
    /// Something was not delivered.
    NotDelivered = 9,
}

/// An error as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserError {
    /// Which sort; its number is the exit code.
    pub kind: Kind,
    /// What happened and what it means. Ends with a full stop.
    pub message: String,
    /// What to do next. Ends with a full stop.
    pub hint: String,
}
