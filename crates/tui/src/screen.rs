//! The full screen.

mod app;
mod asking;
mod change;
mod chat;
mod commands;
mod editor;
mod gate;
mod home;
mod keys;
mod lock;
mod meeting;
mod older;
mod paint;
mod prompt;
mod render;
mod render_chat;
mod rooms;
mod run;
mod told;

pub use app::{Action, App, Input};
pub use gate::Gate;
pub use run::{restore, run, unlock};
