//! The terminal's faces: the full screen, plain lines, and JSON lines.
//!
//! Each face is a client of one [`undertone_handle::Handle`] and of nothing else. Inside each is a
//! model without IO and without a clock ([`screen::App`], [`plain::Talk`]): what was typed, what
//! the node told and what time it is go in; what to ask the node for comes out. A thin loop around
//! it ([`screen::run`], [`plain::run`]) does the reading and writing.
//!
//! Whatever comes from the partner is made harmless before it is shown: control characters,
//! direction overrides and invisible characters appear as visible symbols, and texts that run
//! from right to left are isolated from what stands beside them.

pub mod keeper;
pub mod plain;
pub mod screen;

mod asking;
mod changes;
mod code;
mod deeds;
mod plan;
mod text;
mod time;

pub use plan::{Clock, End, Now, Outcome, Plan, Profile, Requests, Resume, World};
