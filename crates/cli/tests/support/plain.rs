//! A program on pipes, line by line.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{PROGRAM, Place, SHAPING, code_of};

#[derive(Default)]
struct Heard {
    lines: Vec<String>,
    closed: bool,
}

/// The lines of a stream as they come.
#[derive(Clone)]
pub(crate) struct Lines {
    read: Arc<(Mutex<Heard>, Condvar)>,
    /// Lines before this one have been waited for.
    cursor: usize,
}

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let read: Arc<(Mutex<Heard>, Condvar)> = Arc::default();
        let filled = Arc::clone(&read);
        std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            loop {
                let mut line = Vec::new();
                let count = stream.read_until(b'\n', &mut line).unwrap_or(0);
                let mut read = filled.0.lock().unwrap();
                if count == 0 {
                    read.closed = true;
                } else {
                    let line = String::from_utf8_lossy(&line);
                    read.lines.push(line.strip_suffix('\n').unwrap_or(&line).to_owned());
                }
                filled.1.notify_all();
                if count == 0 {
                    return;
                }
            }
        });
        Self { read, cursor: 0 }
    }

    /// Waits for a line of which `wanted` gives something. Lines before it are passed over.
    pub(crate) fn wait_until<T>(
        &mut self,
        what: &str,
        within: Duration,
        wanted: impl Fn(&str) -> Option<T>,
    ) -> T {
        let begin = Instant::now();
        let mut read = self.read.0.lock().unwrap();
        loop {
            while let Some(line) = read.lines.get(self.cursor) {
                self.cursor += 1;
                if let Some(found) = wanted(line) {
                    return found;
                }
            }
            let left = within.saturating_sub(begin.elapsed());
            if left.is_zero() || read.closed {
                let why = if read.closed { "the stream was closed" } else { "in time" };
                panic!("not read ({why}): {what}\n{}", read.lines.join("\n"));
            }
            read = self.read.1.wait_timeout(read, left).unwrap().0;
        }
    }

    /// Waits for a line that contains this text, and gives it. Lines before it are passed over.
    pub(crate) fn wait_for(&mut self, text: &str, within: Duration) -> String {
        self.wait_until(text, within, |line| line.contains(text).then(|| line.to_owned()))
    }

    /// Every line so far.
    pub(crate) fn all(&self) -> Vec<String> {
        self.read.0.lock().unwrap().lines.clone()
    }

    /// Waits for the end of the stream and gives every line.
    pub(crate) fn to_the_end(&self, within: Duration) -> Vec<String> {
        let read = self.read.0.lock().unwrap();
        let wait = self.read.1.wait_timeout_while(read, within, |read| !read.closed).unwrap();
        assert!(wait.0.closed, "still open after\n{}", wait.0.lines.join("\n"));
        wait.0.lines.clone()
    }
}

/// A program with pipes for input, output and errors.
pub(crate) struct Plain {
    child: Child,
    input: Option<ChildStdin>,
    ended: bool,
    /// Standard output.
    pub(crate) out: Lines,
    /// Standard error.
    pub(crate) words: Lines,
}

impl Plain {
    /// Runs the program.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(&Place::default(), arguments)
    }

    /// Runs the program in this place.
    pub(crate) fn start_in(place: &Place<'_>, arguments: &[&str]) -> Self {
        Self::start_program(PROGRAM, place, arguments)
    }

    /// Runs another program, such as one that runs ours, in this place.
    pub(crate) fn start_program(program: &str, place: &Place<'_>, arguments: &[&str]) -> Self {
        let (mut this, out) = Self::spawn(program, place, arguments);
        this.out = Lines::of(out);
        this
    }

    /// Runs the program and gives its standard output away.
    pub(crate) fn start_with_output(place: &Place<'_>, arguments: &[&str]) -> (Self, ChildStdout) {
        Self::spawn(PROGRAM, place, arguments)
    }

    fn spawn(program: &str, place: &Place<'_>, arguments: &[&str]) -> (Self, ChildStdout) {
        let mut command = Command::new(program);
        command.args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        SHAPING.iter().for_each(|name| {
            command.env_remove(name);
        });
        command.envs(place.variables());
        if let Some(home) = place.home {
            command.current_dir(home);
        }
        let mut child = command.spawn().expect("the program");
        let out = child.stdout.take().unwrap();
        let words = Lines::of(child.stderr.take().unwrap());
        let input = child.stdin.take();
        let nothing = Lines::of(std::io::empty());
        (Self { child, input, ended: false, out: nothing, words }, out)
    }

    /// Writes a line to its input. A program that has ended does not read it.
    pub(crate) fn line(&mut self, line: &str) {
        let input = self.input.as_mut().expect("an open input");
        let written = writeln!(input, "{line}").and_then(|()| input.flush());
        match written {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
            written => written.unwrap(),
        }
    }

    /// Closes its input.
    pub(crate) fn close_input(&mut self) {
        drop(self.input.take());
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        super::signal(self.child.id(), signal);
    }

    /// The number of the process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, so that it can say nothing any more.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.ended = true;
    }

    /// The exit code, if it has ended.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let status = self.child.try_wait().unwrap()?;
        self.ended = true;
        Some(code_of(status))
    }

    /// Waits for its end and gives the exit code.
    pub(crate) fn exit_code(&mut self, within: Duration) -> i32 {
        let Self { child, out, words, .. } = self;
        let status = super::poll(
            within,
            || child.try_wait().unwrap(),
            || {
                let (out, words) = (out.all(), words.all());
                format!("still running:\n{}\n--\n{}", out.join("\n"), words.join("\n"))
            },
        );
        self.ended = true;
        code_of(status)
    }

    /// Everything that it said on standard error, once that is closed.
    pub(crate) fn all_words(&self, within: Duration) -> String {
        self.words.to_the_end(within).join("\n")
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        if !self.ended {
            // It may have ended in between.
            let _gone = self.child.kill();
            let _gone = self.child.wait();
        }
    }
}
