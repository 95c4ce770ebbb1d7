//! The full screen.

mod app;
mod change;
mod chat;
mod editor;
mod keys;
mod meeting;
mod paint;
mod prompt;
mod render;
mod render_chat;
mod run;
mod told;

pub use app::{Action, App, Input};
pub use run::{restore, run};
