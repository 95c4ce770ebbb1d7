//! A program on a terminal, watched as a person watches it.

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::Signal;
use rustix::termios::LocalModes;

use super::{PROGRAM, Place, SHAPING};

/// What the terminal has been sent and what it shows.
struct Shown {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// Every program on the terminal has closed it.
    closed: bool,
}

/// A program on a terminal of its own.
pub(crate) struct Terminal {
    shown: Arc<(Mutex<Shown>, Condvar)>,
    keys: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    process: u32,
    ended: bool,
}

impl Terminal {
    /// Runs the program on 80 columns and 24 rows.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(&Place::default(), (80, 24), arguments)
    }

    /// Runs the program on a terminal of this size (columns, rows).
    pub(crate) fn start_in(place: &Place<'_>, size: (u16, u16), arguments: &[&str]) -> Self {
        Self::start_program_in(place, size, PROGRAM, arguments)
    }

    /// Runs any program.
    pub(crate) fn start_program_in(
        place: &Place<'_>,
        size: (u16, u16),
        program: &str,
        arguments: &[&str],
    ) -> Self {
        let (columns, rows) = size;
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        SHAPING.iter().for_each(|name| command.env_remove(name));
        place.variables().iter().for_each(|(name, value)| command.env(name, value));
        match place.home {
            Some(home) => command.cwd(home),
            None => command.cwd(std::env::current_dir().unwrap()),
        }
        let child = pair.slave.spawn_command(command).expect("the program");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("what it shows");
        let parser = vt100::Parser::new(
            NonZeroU16::new(rows).unwrap(),
            NonZeroU16::new(columns).unwrap(),
            0,
        );
        let shown = Arc::new((
            Mutex::new(Shown { parser, raw: Vec::new(), closed: false }),
            Condvar::new(),
        ));
        let watched = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            loop {
                let read = reader.read(&mut buffer).unwrap_or(0);
                // A test that fails while it looks needs no more to look at.
                let Ok(mut shown) = watched.0.lock() else { return };
                if read == 0 {
                    shown.closed = true;
                } else {
                    shown.parser.process(&buffer[..read]);
                    shown.raw.extend_from_slice(&buffer[..read]);
                }
                watched.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        let keys = pair.master.take_writer().expect("its keyboard");
        let process = child.process_id().expect("a process");
        Self { shown, keys, master: pair.master, child, process, ended: false }
    }

    /// Waits until `seen` gives something of the screen.
    pub(crate) fn wait_until<T>(
        &self,
        what: &str,
        within: Duration,
        seen: impl Fn(&vt100::Screen) -> Option<T>,
    ) -> T {
        let begin = Instant::now();
        let mut shown = self.shown.0.lock().unwrap();
        loop {
            if let Some(found) = seen(shown.parser.screen()) {
                return found;
            }
            let left = within.saturating_sub(begin.elapsed());
            if left.is_zero() || shown.closed {
                let why = if shown.closed { "the terminal was closed" } else { "in time" };
                panic!("not seen ({why}): {what}\n{}", shown.parser.screen().contents());
            }
            shown = self.shown.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    /// Waits until the screen shows this text. A text that is broken over two rows is not found.
    pub(crate) fn wait_for(&self, text: &str, within: Duration) {
        self.wait_until(text, within, |screen| screen.contents().contains(text).then_some(()));
    }

    /// Waits until the screen shows this text no more.
    pub(crate) fn wait_without(&self, text: &str, within: Duration) {
        let what = format!("a screen without {text}");
        self.wait_until(&what, within, |screen| (!screen.contents().contains(text)).then_some(()));
    }

    /// Waits until some row contains all of these texts, and gives that row.
    pub(crate) fn wait_for_row(&self, texts: &[&str], within: Duration) -> String {
        self.wait_until(&format!("a row with {texts:?}"), within, |screen| {
            rows(screen).into_iter().find(|row| texts.iter().all(|text| row.contains(text)))
        })
    }

    /// Types these characters.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Types this text and Enter.
    pub(crate) fn line(&mut self, text: &str) {
        self.keys(text);
        self.keys("\r");
    }

    /// What the screen shows.
    pub(crate) fn contents(&self) -> String {
        self.lock().parser.screen().contents()
    }

    /// Everything that the terminal was sent.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.lock().raw.clone()
    }

    /// The colour of the first character of this text, where the screen shows it first.
    pub(crate) fn colour_of(&self, text: &str) -> vt100::Color {
        let shown = self.lock();
        let screen = shown.parser.screen();
        colour_in(screen, text).unwrap_or_else(|| panic!("no {text} on\n{}", screen.contents()))
    }

    /// Waits until this text is shown in this colour.
    pub(crate) fn wait_for_colour(&self, text: &str, colour: vt100::Color, within: Duration) {
        self.wait_until(&format!("{text} in {colour:?}"), within, |screen| {
            (colour_in(screen, text)? == colour).then_some(())
        });
    }

    /// Whether the program draws on the screen that is put away at its end.
    pub(crate) fn is_on_its_own_screen(&self) -> bool {
        self.lock().parser.screen().alternate_screen()
    }

    /// Whether the terminal shows what is typed and reads it in lines, as shells leave it.
    pub(crate) fn is_in_line_mode(&self) -> bool {
        let modes = self.master.get_termios().expect("modes");
        let modes = LocalModes::from_bits_retain(modes.local_flags.bits());
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// Asserts that the terminal is as it was found: its own screen, its cursor, its modes.
    pub(crate) fn assert_restored(&self) {
        let shown = self.lock();
        let screen = shown.parser.screen();
        assert!(!screen.alternate_screen(), "still on the other screen");
        assert!(!screen.hide_cursor(), "no cursor");
        assert!(!screen.bracketed_paste(), "pastes still have brackets");
        drop(shown);
        assert!(self.is_in_line_mode(), "what is typed is not shown");
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        super::signal(self.process, signal);
    }

    /// The number of the process.
    pub(crate) fn process(&self) -> u32 {
        self.process
    }

    /// Waits for the program's end and gives its exit code.
    pub(crate) fn exit_code(&mut self, within: Duration) -> u32 {
        let Self { child, shown, .. } = self;
        let status = super::poll(
            within,
            || child.try_wait().unwrap(),
            || {
                let shown = shown.0.lock().unwrap();
                format!("still running:\n{}", shown.parser.screen().contents())
            },
        );
        self.ended = true;
        // What it wrote last may still be on its way through the terminal.
        let shown = self.lock();
        let wait = self.shown.1.wait_timeout_while(shown, within, |shown| !shown.closed);
        assert!(wait.unwrap().0.closed, "somebody else still holds the terminal");
        assert!(status.signal().is_none(), "ended by a signal: {status}");
        status.exit_code()
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.0.lock().unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if !self.ended {
            // It may have ended in between.
            let _gone = self.child.kill();
            let _gone = self.child.wait();
        }
    }
}

/// The rows of a screen.
pub(crate) fn rows(screen: &vt100::Screen) -> Vec<String> {
    screen.rows(0, screen.size().1.get()).collect()
}

/// The colour of the first character of this text.
fn colour_in(screen: &vt100::Screen, text: &str) -> Option<vt100::Color> {
    let (height, width) = screen.size();
    for row in 0..height.get() {
        let mut line = String::new();
        let mut columns = Vec::new();
        for column in 0..width.get() {
            let cell = screen.cell(row, column)?;
            let contents = if cell.has_contents() { cell.contents() } else { " " };
            columns.resize(columns.len() + contents.len(), column);
            line.push_str(contents);
        }
        if let Some(at) = line.find(text) {
            return Some(screen.cell(row, columns[at])?.fgcolor());
        }
    }
    None
}
