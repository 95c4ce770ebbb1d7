//! The signals that ask for the end.
//!
//! The first one asks for an orderly end: the program says goodbye to its peers and removes what
//! it made. A second Ctrl-C (`SIGINT`, or `SIGQUIT`) means "at once": the terminal is restored and the
//! directory in memory removed, and the process exits without waiting for anybody.
//!
//! They are read on a thread of their own, so that the second one works even when everything
//! else hangs. A terminal in raw mode sends Ctrl-C as a key: its reader has to act likewise, by
//! [`ending::end_now`] with [`Signal::exit_code`].
//!
//! `SIGPIPE` is ignored by Rust's runtime: a closed pipe is an error of the write.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::ending;

/// A signal that asks for the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// `SIGHUP`: the terminal is gone.
    HangUp,
    /// `SIGINT`: Ctrl-C.
    Interrupt,
    /// `SIGQUIT`: Ctrl-\.
    Quit,
    /// `SIGTERM`: the system or a supervisor wants the end.
    Terminate,
}

impl Signal {
    /// The exit code by custom: 128 and the signal's number.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::HangUp => 129,
            Self::Interrupt => 130,
            Self::Quit => 131,
            Self::Terminate => 143,
        }
    }

    /// Whether it ends the program at once when it isn't the first.
    fn insists(self) -> bool {
        matches!(self, Self::Interrupt | Self::Quit)
    }
}

/// The signals as they come. Dropping it changes nothing about the second Ctrl-C.
#[derive(Debug)]
pub struct Signals {
    receiver: mpsc::Receiver<Signal>,
}

impl Signals {
    /// The next signal; the first asks for an orderly end. Safe to cancel.
    ///
    /// `None` when signals can no longer be read, which is then a reason to end as well.
    pub async fn next(&mut self) -> Option<Signal> {
        self.receiver.recv().await
    }
}

/// Takes over `SIGHUP`, `SIGINT`, `SIGQUIT` and `SIGTERM` for the rest of the process's life.
///
/// Needs no runtime around it.
///
/// # Errors
/// The thread or the handlers could not be had.
pub fn listen() -> std::io::Result<Signals> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    // Handlers first, so that no signal after this call has its default effect.
    let guard = runtime.enter();
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut terminate = signal(SignalKind::terminate())?;
    drop(guard);
    // More than anybody needs to see; what doesn't fit is dropped.
    let (sender, receiver) = mpsc::channel(8);
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async move {
            let mut asked = false;
            loop {
                let came = tokio::select! {
                    Some(()) = hang_up.recv() => Signal::HangUp,
                    Some(()) = interrupt.recv() => Signal::Interrupt,
                    Some(()) = quit.recv() => Signal::Quit,
                    Some(()) = terminate.recv() => Signal::Terminate,
                    else => return,
                };
                if asked && came.insists() {
                    ending::end_now(came.exit_code());
                }
                asked = true;
                let _ = sender.try_send(came);
            }
        });
    })?;
    Ok(Signals { receiver })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_128_and_the_number() {
        use rustix::process::Signal as Raw;
        for (signal, raw) in [
            (Signal::HangUp, Raw::HUP),
            (Signal::Interrupt, Raw::INT),
            (Signal::Quit, Raw::QUIT),
            (Signal::Terminate, Raw::TERM),
        ] {
            assert_eq!(i32::from(signal.exit_code()), 128 + raw.as_raw());
        }
    }
}
