//! What the manual shows of `undertone ratchet`, done: Ana runs the commands that name Ben, and Ben
//! those that name Ana, in one folder.

#![cfg(feature = "sqlcipher")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::path::Path;
use std::process::{Child, Command, Output};

use support::ratchet::{Person, finish, start, words};

/// The commands of the manual's section.
fn commands() -> Vec<String> {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/manual.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let (_, section) = manual.split_once("\n## The ratchet as a tool\n").unwrap();
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

/// Two people, a folder that both see, and a program `nc` that connects them.
struct Scene {
    ana: Person,
    ben: Person,
    folder: tempfile::TempDir,
    left: Vec<String>,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tools = folder.path().join("tools");
        std::fs::create_dir(&tools).unwrap();
        std::os::unix::fs::symlink(support::PROGRAM, tools.join("undertone")).unwrap();
        // `nc`, as far as the manual uses it: two pipes with names instead of a port.
        let nc = "#!/bin/sh\ncase $1 in\n-l) cat < back & exec cat > there ;;\n\
                  *) cat < there & exec cat > back ;;\nesac\n";
        std::fs::write(tools.join("nc"), nc).unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            assert!(command.args(arguments).current_dir(folder.path()).status().unwrap().success());
        };
        run("chmod", &["755", "tools/nc"]);
        run("mkfifo", &["there", "back"]);
        Self { ana: Person::new(), ben: Person::new(), folder, left: commands() }
    }

    /// Starts the next command of the manual, which has to be this one.
    fn begin(&mut self, line: &str, input: &[u8]) -> Child {
        assert_eq!(
            self.left.first().map(String::as_str),
            Some(line),
            "the manual goes on otherwise"
        );
        self.left.remove(0);
        self.start(line, input)
    }

    fn start(&self, line: &str, input: &[u8]) -> Child {
        let names = |name: &str| line.split_whitespace().any(|word| word == name);
        let person = if names("ana") { &self.ben } else { &self.ana };
        let mut shell = person.program("sh");
        let path = std::env::var("PATH").unwrap();
        let tools = self.folder.path().join("tools");
        shell.env("PATH", format!("{}:{path}", tools.display()));
        shell.args(["-ec", line]).current_dir(self.folder.path());
        start(shell, input)
    }

    fn output(&mut self, line: &str) -> Output {
        let child = self.begin(line, b"");
        finish(child)
    }

    fn well(&mut self, line: &str) -> Vec<u8> {
        let output = self.output(line);
        assert!(output.status.success(), "{line}: {}", words(&output));
        output.stdout
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
    }

    fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(name)).unwrap()
    }
}

#[test]
fn every_command_of_the_section_does_what_is_said_of_it() {
    let mut scene = Scene::new();

    // Mail by hand.
    scene.well("undertone ratchet init ben > for-ben.card");
    scene.well("undertone ratchet init ana --peer for-ben.card > for-ana.card");
    scene.well("undertone ratchet init ben --peer for-ana.card > last.card");
    assert_eq!(scene.well("undertone ratchet init ana --peer last.card"), b"");
    let number = scene.well("undertone ratchet fingerprint ben");
    let line = "echo 60 digits as Ben read them out | undertone ratchet fingerprint ben --compare";
    let refused = scene.output(line);
    assert_eq!(refused.status.code(), Some(2), "{}", words(&refused));
    let digits = String::from_utf8(number).unwrap();
    let line = line.replace("60 digits as Ben read them out", digits.trim());
    let compared = finish(scene.start(&line, b""));
    assert!(compared.status.success(), "{}", words(&compared));
    let mail = scene.well("echo hello | undertone ratchet encrypt ben --armor");
    scene.put("mail.txt", &[b"Dear Ben,\n\n", mail.as_slice()].concat());
    assert_eq!(scene.well("undertone ratchet decrypt ana < mail.txt"), b"hello\n");

    // A pipe.
    let host = scene.begin("undertone ratchet pipe ben -- nc -l -p 5000", b"said by Ana");
    let guest = scene.begin("undertone ratchet pipe ana -- nc ana.example 5000", b"said by Ben");
    for (child, heard) in [(host, "said by Ben"), (guest, "said by Ana")] {
        let output = finish(child);
        assert!(output.status.success(), "{}", words(&output));
        assert_eq!(output.stdout, heard.as_bytes());
    }

    // A file, and a folder.
    let photo: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    scene.put("photo.jpg", &photo);
    scene.well("undertone ratchet encrypt ben < photo.jpg > photo.jpg.undertone");
    scene.put("photo.jpg", b"");
    scene.well("undertone ratchet decrypt ana --output photo.jpg < photo.jpg.undertone");
    assert!(scene.file("photo.jpg") == photo);
    std::fs::create_dir(scene.folder.path().join("photos")).unwrap();
    scene.put("photos/one", &photo);
    let host = scene.begin("tar c photos | undertone ratchet pipe ben -- nc -l -p 5000", b"");
    let line = "undertone ratchet pipe ana -- nc ana.example 5000 < /dev/null | tar x";
    let moved = line.replace("tar x", "tar x --transform s/photos/arrived/");
    assert_eq!(scene.left.remove(0), line);
    let guest = scene.start(&moved, b"");
    for child in [host, guest] {
        let output = finish(child);
        assert!(output.status.success(), "{}", words(&output));
    }
    assert!(scene.file("arrived/one") == photo);

    // A plug-in: the same with a passphrase.
    scene.put("passphrase.txt", b"swordfish\n");
    for person in [&scene.ana, &scene.ben] {
        let new = scene.folder.path().join("passphrase.txt");
        person.well(&["passphrase", "--new-file", new.to_str().unwrap()], b"");
    }
    let line =
        "echo hello | undertone ratchet encrypt ben --armor --passphrase-fd 3 3< passphrase.txt";
    let message = scene.well(line);
    scene.put("message.txt", &message);
    // Ana can't read what she wrote to Ben; Ben can.
    let line = "undertone ratchet decrypt ben --passphrase-fd 3 3< passphrase.txt < message.txt";
    assert_eq!(scene.output(line).status.code(), Some(7));
    let read = finish(scene.start(&line.replace(" ben ", " ana "), b""));
    assert_eq!(read.stdout, b"hello\n", "{}", words(&read));
    let line = "undertone ratchet list --json";
    assert_eq!(scene.left, [line]);
    let list = finish(scene.start(&format!("{line} --passphrase-file passphrase.txt"), b""));
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!((&list["v"], &list["name"]), (&1.into(), &"ben".into()));
    assert_eq!((&list["stage"], &list["verified"]), (&"ready".into(), &true.into()));
    assert_eq!(list["fingerprint"], digits.trim());
}
