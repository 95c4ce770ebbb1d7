//! A terminal that doesn't show what is typed, for as long as it is needed.

use std::fs::{File, OpenOptions};

use rustix::termios::{self, LocalModes, OptionalActions, Termios};

/// The terminal is silent until this is dropped. Signals come as characters meanwhile, so that none
/// ends the program while its terminal is silent.
pub(crate) struct Silence {
    terminal: File,
    before: Termios,
}

impl Silence {
    /// None if there is no terminal.
    pub(crate) fn begin() -> Option<Self> {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
        let before = termios::tcgetattr(&terminal).ok()?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        // The line's end is shown, so that what follows doesn't stand behind the question.
        silent.local_modes.insert(LocalModes::ECHONL);
        termios::tcsetattr(&terminal, OptionalActions::Now, &silent).ok()?;
        Some(Self { terminal, before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _restored = termios::tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
