//! What the manual shows of `undertone otr`, done: each command of its section, on a port that is
//! free.

#![cfg(feature = "sqlcipher")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a helper fails its test")]

mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

/// The commands of the manual's section.
fn commands() -> Vec<String> {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/manual.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let (_, section) = manual.split_once("\n## Off-the-Record messaging by hand\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let mut inside = false;
    let mut found = Vec::new();
    for line in section.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            line if inside => found.push(line.to_owned()),
            _ => {}
        }
    }
    found
}

/// A command of the manual under way.
struct Running {
    child: Child,
    input: Option<ChildStdin>,
    heard: BufReader<ChildStdout>,
    words: Receiver<String>,
}

impl Running {
    /// Runs the line in a folder with libotr's file of keys, and with a program `nc` that reaches
    /// this port.
    fn start(folder: &Path, line: &str, port: &str) -> Self {
        let line = if line.contains("--listen") {
            line.replace("5000", "0")
        } else {
            line.replace("5000", port)
        };
        let path = std::env::var("PATH").unwrap();
        let mut child = Command::new("sh")
            .args(["-ec", &line])
            .current_dir(folder)
            .env("PATH", format!("{}:{path}", folder.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let heard = BufReader::new(child.stdout.take().unwrap());
        let errors = BufReader::new(child.stderr.take().unwrap());
        let (tell, words) = channel();
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                let _told = tell.send(line);
            }
        });
        Self { input: child.stdin.take(), child, heard, words }
    }

    /// The next line of standard error that begins so.
    fn reads(&self, begin: &str) -> String {
        let mut passed = Vec::new();
        loop {
            match self.words.recv_timeout(support::SOON) {
                Ok(line) if line.starts_with(begin) => return line,
                Ok(line) => passed.push(line),
                Err(_) => panic!("never: {begin}\nbut: {passed:#?}"),
            }
        }
    }

    fn port(&self) -> String {
        let line = self.reads("Waiting for the other end at 127.0.0.1:");
        line.rsplit(':').next().unwrap().trim_end_matches('.').to_owned()
    }

    fn types(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The next line of standard output.
    fn hears(&mut self) -> String {
        let mut line = String::new();
        self.heard.read_line(&mut line).unwrap();
        line
    }

    fn leaves(&mut self) -> Option<i32> {
        self.input = None;
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[test]
fn every_command_of_the_section_does_what_is_said_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::copy(root.join("interop/keys/theirs"), folder.path().join("otr.private_key")).unwrap();
    std::os::unix::fs::symlink(support::PROGRAM, folder.path().join("undertone")).unwrap();
    // `nc`, as far as the manual uses it.
    let nc = "#!/usr/bin/env bash\nexec 3<>/dev/tcp/127.0.0.1/$2\ncat <&3 & cat >&3\nkill $!\n";
    std::fs::write(folder.path().join("nc"), nc).unwrap();
    let made = Command::new("chmod").args(["755", "nc"]).current_dir(folder.path()).status();
    assert!(made.unwrap().success());
    let commands = commands();
    let [listen, connect, program, with_account, named, other_named, script] = &commands[..] else {
        panic!("the manual has other commands: {commands:#?}")
    };

    // Two of it.
    let mut ana = Running::start(folder.path(), listen, "");
    let port = ana.port();
    let mut ben = Running::start(folder.path(), connect, &port);
    ana.types("hello");
    ana.reads("A private conversation has begun, in version 4.");
    assert_eq!(ben.hears(), "them: hello\n");
    ben.types("/smp Which bird?");
    ben.types("swan");
    ana.reads("The other side asks whether you know the same secret: Which bird?");
    ana.types(".answer");
    ana.types("swan");
    ben.reads("The check succeeded");
    ben.types(".quit");
    assert_eq!(ben.leaves(), Some(0));
    ana.reads("The other side has ended the private conversation.");
    assert_eq!(ana.leaves(), Some(0));

    // A script, to one that takes offers with a key of its own.
    let mut ana = Running::start(folder.path(), with_account, "");
    let port = ana.port();
    let mut script = Running::start(folder.path(), script, &port);
    assert_eq!(ana.hears(), "them: hello\n");
    assert_eq!(script.leaves(), Some(0));
    assert_eq!(ana.leaves(), Some(0));

    // Another program carries the lines.
    let mut ana = Running::start(folder.path(), with_account, "");
    let line = program.replace("ana.example", "127.0.0.1");
    let mut ben = Running::start(folder.path(), &line, &ana.port());
    ben.types("in short lines");
    assert_eq!(ana.hears(), "them: in short lines\n");
    ana.types("/quit");
    assert_eq!(ana.leaves(), Some(0));
    ben.reads("The other side has ended the private conversation.");

    // Both say who they are, in version 4.
    let mut ana = Running::start(folder.path(), other_named, "");
    let line = named.replace("ben.example", "127.0.0.1");
    let mut ben = Running::start(folder.path(), &line, &ana.port());
    ben.types("by name");
    ben.reads("A private conversation has begun, in version 4.");
    assert_eq!(ana.hears(), "them: by name\n");
    ana.types("/quit");
    assert_eq!(ana.leaves(), Some(0));
    ben.reads("The other side has ended the private conversation.");
}
