//! The machine around the program: where nothing is left behind, and what may be said about it.
//!
//! - [`ram`]: the one directory that Arti insists on, on a memory file system, gone at the end
//!   and, after a `kill -9`, at the next start.
//! - [`hardening`]: no core dumps, no tracing by other processes, memory locked where the limit
//!   allows it; [`swap`]: where memory could reach a disk all the same.
//! - [`ending`]: every way out of the program restores the terminal and removes the directory,
//!   panics included; [`signals`]: those that ask for the end.
//! - [`log`]: off unless asked for; [`redact`]: what every logged line and every foreign word
//!   passes.
//! - [`doctor`]: all of this as a report that is safe to show in public.
//! - [`clock`]: wall time for people.
//!
//! # Order at the start
//! 1. [`hardening::bound_allocator`], as the first call of `main`, and [`hardening::harden`],
//!    before any thread and any secret.
//! 2. [`ending::install_panic_hook`] with what restores the terminal.
//! 3. [`log::init`] if a log was asked for.
//! 4. [`signals::listen`].
//! 5. [`ram::RamDir::create`], whose value lives as long as the networks do.
//!
//! Linux only: the memory file systems, `/proc` and `prctl` are its own.

pub mod clock;
pub mod doctor;
pub mod ending;
pub mod hardening;
pub mod log;
pub mod ram;
pub mod redact;
pub mod signals;
pub mod swap;
