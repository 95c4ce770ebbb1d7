//! Lines in, lines out: for pipes, scripts and screen readers.
//!
//! Messages go to the output as `name: text`, with further lines of the same text indented, so
//! that no text can look like another's. Everything else (steps, questions, delivery) is said in
//! words on the second output. With [`Shape::Json`] the output has one JSON object per line, as
//! [`undertone_handle::json`] says, and the second output has nothing.

mod answers;
mod asking;
mod change;
mod gate;
mod profile;
mod rooms;
mod run;
mod talk;
mod told;

pub use gate::Gate;
pub use run::{Lines, Streams, run, unlock};
pub use talk::{Act, AtEnd, Options, Shape, Talk};
