//! What OTR's versions have in common: a message is a TLV, whose type is the caller's business
//! and whose value is ours.
//!
//! Versions 2 and 3 are [`otr3`](crate::otr3) with [`Modp1536`](crate::Modp1536), version 4 is
//! [`otr4`](crate::otr4) with [`Ed448`](crate::Ed448).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::ReceiveError;
use crate::suite::{Runs, Step};

/// The most bytes that the value of a TLV can have.
pub(crate) const PAYLOAD_MAX: usize = 0xffff;

/// What a message is; OTR tells it by the type of the TLV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Message 1: TLV 2. In version 4 with its question, if there is one.
    First,
    /// Message 1 with a question: TLV 7 of versions 2 and 3. Version 4 has none.
    FirstWithQuestion,
    /// Message 2: TLV 3.
    Second,
    /// Message 3: TLV 4.
    Third,
    /// Message 4: TLV 5.
    Fourth,
    /// The end of a run: TLV 6.
    Abort,
}

/// A message of OTR's SMP.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Message {
    /// What it is.
    pub kind: Kind,
    /// The value of its TLV.
    pub payload: Vec<u8>,
}

impl fmt::Debug for Message {
    /// Nothing of the value, which may contain the user's question.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({:?}, {} bytes)", self.kind, self.payload.len())
    }
}

impl Kind {
    /// The kind of a step's message; whether it has a question decides in version 3.
    pub(crate) const fn of(step: Step, with_question: bool) -> Self {
        match step {
            Step::First if with_question => Self::FirstWithQuestion,
            Step::First => Self::First,
            Step::Second => Self::Second,
            Step::Third => Self::Third,
            Step::Fourth => Self::Fourth,
        }
    }

    /// The step; none for an abort.
    pub(crate) const fn step(self) -> Option<Step> {
        match self {
            Self::First | Self::FirstWithQuestion => Some(Step::First),
            Self::Second => Some(Step::Second),
            Self::Third => Some(Step::Third),
            Self::Fourth => Some(Step::Fourth),
            Self::Abort => None,
        }
    }
}

/// In OTR each proof stands behind the elements that it is about.
pub(crate) const fn runs(step: Step) -> Runs {
    match step {
        Step::First => &[(1, 2), (1, 2)],
        Step::Second => &[(1, 2), (1, 2), (2, 3)],
        Step::Third => &[(2, 3), (1, 2)],
        Step::Fourth => &[(1, 2)],
    }
}

/// A question as it arrived; none if it is empty.
pub(crate) fn question(bytes: &[u8]) -> Result<Option<String>, ReceiveError> {
    let question = core::str::from_utf8(bytes).map_err(|_| ReceiveError::Malformed)?;
    Ok((!question.is_empty()).then(|| String::from(question)))
}

/// An abort says nothing else.
pub(crate) fn check_abort(payload: &[u8]) -> Result<(), ReceiveError> {
    if payload.is_empty() { Ok(()) } else { Err(ReceiveError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Modp1536, Suite};

    #[test]
    fn debug_shows_no_question() {
        let message = Modp1536::close(Step::First, Some("Where did we meet?"), &[]);
        let opened = Modp1536::open(&message);
        let shown = format!("{message:?} {opened:?} {:?}", Modp1536::open(&Modp1536::abort()));
        assert_eq!(shown, "Message(FirstWithQuestion, 23 bytes) Ok(First(…)) Ok(Abort)");
    }
}
