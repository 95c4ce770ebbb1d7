//! The words about a conversation's keys growing old and being renewed.

use crate::event::HealingEvent;

/// What happened to the keys, as a sentence or several.
#[must_use]
pub fn healing(event: HealingEvent) -> &'static str {
    match event {
        HealingEvent::Begun => {
            "New keys are being made. That takes both sides, and a few moments while both are \
             connected."
        }
        HealingEvent::Waiting => {
            "There is no connection now. New keys are made as soon as there is one again."
        }
        HealingEvent::Renewed => {
            "Both sides have new keys now. Whoever copied the earlier ones and only listens cannot \
             read on."
        }
        HealingEvent::Late => {
            "No new keys have come into this conversation for long. Whoever once copied the keys \
             of one side may still be reading. /heal makes new ones; if none come, something on \
             your partner's side or on the way keeps them back."
        }
        HealingEvent::Stopped => {
            "No new keys have come into this conversation for so long that nothing more is sent. \
             What you write waits until they come. /heal tries again; if that does not help, end \
             the conversation with /quit and begin again with a fresh code."
        }
    }
}

/// How much a state of the keys matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealingColour {
    /// Something goes on.
    Plain,
    /// The keys are older than they should be.
    Amber,
    /// Nothing is sent any more.
    Red,
}

/// The mark, word and colour of a state of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealingWords {
    /// `◇`, `◆` or `✗`; none of them is a mark of trust.
    pub mark: char,
    /// A few words.
    pub word: &'static str,
    /// The colour.
    pub colour: HealingColour,
}

/// The mark, word and colour of a state of the keys, for a status line; `None` when all is well.
#[must_use]
pub fn healing_short(state: HealingEvent) -> Option<HealingWords> {
    let (mark, word, colour) = match state {
        HealingEvent::Renewed => return None,
        HealingEvent::Begun => ('◇', "making new keys", HealingColour::Plain),
        HealingEvent::Waiting => ('◇', "new keys wait", HealingColour::Plain),
        HealingEvent::Late => ('◆', "old keys", HealingColour::Amber),
        HealingEvent::Stopped => ('✗', "stopped: old keys", HealingColour::Red),
    };
    Some(HealingWords { mark, word, colour })
}
