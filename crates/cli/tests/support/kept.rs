//! Sides of conversations that are kept, each in a home and a profile of its own.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::chats::code_in;
use super::ratchet::{Person, words};
use super::{PROGRAM, Place, Plain, SOON, Terminal, local};

/// Someone with a profile called "home", under a password or none.
pub(crate) struct Side {
    person: Person,
    pub(crate) name: &'static str,
    password: Option<&'static str>,
}

impl Side {
    pub(crate) fn new(name: &'static str, password: Option<&'static str>) -> Self {
        let person = Person::without_database();
        let side = Self { person, name, password };
        std::fs::write(side.file(), format!("{}\n", password.unwrap_or_default())).unwrap();
        let how = side.how();
        let made = side.run(&[&["profile", "new", "home"], &how[..]].concat());
        assert!(made.status.success(), "{}", words(&made));
        side
    }

    fn file(&self) -> PathBuf {
        self.person.home().join("password.txt")
    }

    /// The options by which a program is given the password.
    pub(crate) fn how(&self) -> Vec<&'static str> {
        match self.password {
            // Meant from the home, where everything runs.
            Some(_) => vec!["--password-file", "password.txt"],
            None => vec!["--no-password"],
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command: Command = self.person.program(PROGRAM);
        command.current_dir(self.person.home()).args(arguments).stdin(Stdio::null());
        command.output().unwrap()
    }

    /// What a command says that does not do what it was asked to.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{}", words(&output));
        words(&output)
    }

    /// What a command writes, given the password.
    pub(crate) fn reads(&self, arguments: &[&str]) -> String {
        let how = self.how();
        let output = self.run(&[arguments, &how[..]].concat());
        assert!(output.status.success(), "{}", words(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    fn place<'a>(&self, home: &'a std::path::Path, data: &'a str) -> Place<'a> {
        Place { home: Some(home), variables: vec![("UNDERTONE_HOME", data)] }
    }

    /// The folder of all profiles.
    pub(crate) fn data(&self) -> PathBuf {
        self.person.data()
    }

    /// `chat` on a terminal.
    pub(crate) fn terminal(&self, size: (u16, u16), network: &str, more: &[&str]) -> Terminal {
        let (home, data) = (self.person.home().to_path_buf(), self.person.data());
        let place = self.place(&home, data.to_str().unwrap());
        let arguments = [&["chat"], more, &local(network)].concat();
        Terminal::start_in(&place, size, &arguments)
    }

    /// `chat` on lines, given the password.
    pub(crate) fn plain(&self, network: &str, more: &[&str]) -> Plain {
        let how = self.how();
        self.lines(network, &[more, &how[..]].concat())
    }

    /// `chat` on lines; the password is still to be given.
    pub(crate) fn lines(&self, network: &str, more: &[&str]) -> Plain {
        let (home, data) = (self.person.home().to_path_buf(), self.person.data());
        let place = self.place(&home, data.to_str().unwrap());
        let shape = if more.contains(&"--json") { "--json" } else { "--plain" };
        let more: Vec<&str> = more.iter().copied().filter(|one| *one != "--json").collect();
        let arguments = [&["chat", shape], &more[..], &local(network)].concat();
        Plain::start_in(&place, &arguments)
    }

    /// The home.
    pub(crate) fn home(&self) -> &std::path::Path {
        self.person.home()
    }

    /// A program in this home.
    pub(crate) fn program(&self, program: &str) -> Command {
        self.person.program(program)
    }

    /// Another program in this home, on lines.
    pub(crate) fn program_on_lines(&self, program: &str, arguments: &[&str]) -> Plain {
        let home = self.person.home().to_path_buf();
        let place = Place { home: Some(&home), variables: Vec::new() };
        Plain::start_program(program, &place, arguments)
    }

    /// All bytes of the database.
    pub(crate) fn database(&self) -> Vec<u8> {
        let mut all = std::fs::read_dir(self.data().join("profiles")).unwrap();
        let folder = all.find_map(|entry| {
            let path = entry.unwrap().path();
            path.is_dir().then_some(path)
        });
        std::fs::read(folder.unwrap().join("profile.db")).unwrap()
    }
}

/// Lets two meet by a code and keep each other, and end their programs.
pub(crate) fn pair(host: &Side, guest: &Side, network: &str) {
    let begin = |side: &Side, other: &Side, role: &str| {
        let names = ["--nick", side.name, "--peer", other.name, "--no-smp", "--keep"];
        side.plain(network, &[&[role], &names[..]].concat())
    };
    let mut serving = begin(host, guest, "-s");
    serving.line("");
    let said = serving.words.wait_for("Say this code to your partner: ", SOON);
    let code = code_in(&said).unwrap();
    serving.words.wait_for("Reachable", SOON);
    let mut joining = begin(guest, host, "-c");
    joining.line(&code);
    for side in [&mut serving, &mut joining] {
        side.words.wait_for("The conversation is open.", SOON);
    }
    for side in [&mut serving, &mut joining] {
        side.line("/quit");
        assert_eq!(side.exit_code(SOON), 0);
    }
}
