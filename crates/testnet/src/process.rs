//! The programs of Debian's package `tor`, and processes by number.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Folders of system programs that an ordinary user's `PATH` may lack.
const MORE_FOLDERS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// Finds a program in `PATH` and in the folders of system programs.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(MORE_FOLDERS.iter().map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// A command for `program` that works in `home`, reads nothing of the user's, and sits in a process group of its own,
/// so that an interrupt typed at the terminal reaches the owner alone.
pub(crate) fn command(program: &Path, home: &Path) -> Command {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("HOME", home)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir(home)
        .stdin(Stdio::null())
        .process_group(0);
    command
}

/// Whether a process with this number exists.
pub(crate) fn exists(pid: u32) -> bool {
    raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

/// Kills process `pid` if its command line names `home`: the number alone could by now be another program's.
pub(crate) fn kill_if_at(pid: u32, home: &Path) {
    let Ok(line) = std::fs::read(format!("/proc/{pid}/cmdline")) else { return };
    let needle = home.as_os_str().as_encoded_bytes();
    if needle.is_empty() || !line.windows(needle.len()).any(|window| window == needle) {
        return;
    }
    if let Some(pid) = raw(pid) {
        // It may have ended by itself since the look: then there's nothing left to do.
        let _gone = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

fn raw(pid: u32) -> Option<rustix::process::Pid> {
    i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader};
    use std::process::Child;

    /// A process that waits for input, with `word` in its command line. That line can still be empty right after the
    /// start, so this waits until the process speaks.
    pub(crate) fn stand_in(word: &str) -> Child {
        let mut child = Command::new("sh")
            .args(["-c", "echo here; read line", word])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        assert_eq!(BufReader::new(output).lines().next().unwrap().unwrap(), "here");
        child
    }

    #[test]
    fn a_process_is_killed_only_when_its_command_line_names_the_directory() {
        use std::os::unix::process::ExitStatusExt as _;
        let mut child = stand_in("/n/551e0e3560b6");
        kill_if_at(child.id(), Path::new("/n/elsewhere"));
        assert!(child.try_wait().unwrap().is_none());
        kill_if_at(child.id(), Path::new("/n/551e0e3560b6"));
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn this_process_exists_and_an_impossible_one_does_not() {
        assert!(exists(std::process::id()));
        assert!(!exists(0));
        assert!(!exists(u32::MAX));
    }
}
