//! Engines on one simulated clock, network and disk, with everything that can go wrong.
//!
//! The engine, the ratchet and the codec are the product's own. A run is a [`Script`]: who is there
//! comes from its seed, what happens stands in its lines, and the same script gives the same run to
//! the last byte. After every step [`Invariant`]s are looked at; a script that breaks one can be
//! [`shrink`]ed to a short one. `docs/simulator.md` says what this covers and what not.
//!
//! ```
//! use undertone_sim::{Script, Size, generate, play};
//!
//! let outcome = play(&generate(1, Size::Small));
//! assert_eq!(outcome.violation, None);
//! assert!(outcome.counts.inputs > 100);
//!
//! // One connection that is lost after 700 bytes, which is one cell and a half.
//! let script: Script = "seed 7 engines 2
//!     +9000 ~1 cut 0 1 700
//!     +0 ~2 say 0 1 1 1000
//!     +0 ~3 calm"
//!     .parse()?;
//! let outcome = play(&script);
//! assert_eq!((outcome.violation, outcome.counts.arrived), (None, 1));
//! # Ok::<(), undertone_sim::ScriptError>(())
//! ```

mod books;
mod count;
mod deeds;
mod dice;
mod generate;
mod liar;
mod machine;
mod network;
mod pairing;
mod script;
mod shrink;
mod users;
mod watch;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use crate::count::{Counts, Fault};
pub use crate::generate::{Size, generate};
pub use crate::script::{Deed, Fall, Lie, Line, Script, ScriptError, Way};
pub use crate::shrink::{Shrunk, shrink};
pub use crate::watch::{Invariant, Violation};
use crate::world::World;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What came up in it.
    pub counts: Counts,
    /// The first thing that did not hold.
    pub violation: Option<Violation>,
}

/// Plays a script to its end, or to the first thing that does not hold.
#[must_use]
pub fn play(script: &Script) -> Outcome {
    let played = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(script);
        let violation = world.play(script);
        Outcome { counts: world.counts, violation }
    }));
    played.unwrap_or_else(|cause| {
        let words = cause.downcast_ref::<String>().cloned();
        let words = words.or_else(|| cause.downcast_ref::<&str>().map(|&words| words.to_owned()));
        let what = words.unwrap_or_else(|| "a program fell down".to_owned());
        let violation = Some(Violation { invariant: Invariant::Alive, what });
        Outcome { counts: Counts::default(), violation }
    })
}
