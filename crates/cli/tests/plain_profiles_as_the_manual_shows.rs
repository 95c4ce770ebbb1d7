//! What the manual shows of `undertone profile`, done in one home; and what is said when a profile
//! can't be had.

#![cfg(feature = "sqlcipher")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::PROGRAM;
use support::ratchet::{Person, finish, start, words};

/// Someone with a home and a folder to work in.
struct Owner {
    person: Person,
    left: Vec<String>,
}

impl Owner {
    fn new() -> Self {
        let person = Person::without_database();
        let tools = person.home().join("tools");
        std::fs::create_dir(&tools).unwrap();
        std::os::unix::fs::symlink(PROGRAM, tools.join("undertone")).unwrap();
        Self { person, left: commands() }
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.person.home().join(name), text).unwrap();
    }

    /// Runs the next command of the manual, which has to be this one.
    fn next(&mut self, line: &str, input: &[u8]) -> Output {
        assert_eq!(
            self.left.first().map(String::as_str),
            Some(line),
            "the manual goes on otherwise"
        );
        self.left.remove(0);
        self.shell(line, input)
    }

    fn shell(&self, line: &str, input: &[u8]) -> Output {
        let mut shell = self.person.program("sh");
        let path = std::env::var("PATH").unwrap();
        let tools = self.person.home().join("tools");
        shell.env("PATH", format!("{}:{path}", tools.display()));
        shell.args(["-ec", line]);
        finish(start(shell, input))
    }

    fn profiles(&self) -> PathBuf {
        self.person.data().join("profiles")
    }
}

/// The commands of the manual's section.
fn commands() -> Vec<String> {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/manual.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let (_, section) = manual.split_once("\n## Lasting profiles\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let blocks = section.split("```sh\n").skip(1);
    blocks.flat_map(|block| block.split("```").next().unwrap().lines()).map(str::to_owned).collect()
}

fn well(output: &Output) -> String {
    assert!(output.status.success(), "{}", words(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn refused(output: &Output, code: i32, sentence: &str) {
    let words = words(output);
    assert_eq!(output.status.code(), Some(code), "{words}");
    assert!(words.contains(sentence), "{words}");
}

#[test]
fn every_command_of_the_section_does_what_is_said_of_it() {
    let mut owner = Owner::new();
    owner.put("password.txt", "swordfish\n");
    owner.put("new.txt", "marlin\n");

    let made = owner.next("undertone profile new work --password-file password.txt", b"");
    assert_eq!(well(&made), "");
    assert!(words(&made).contains("The profile “work” is made."), "{}", words(&made));
    let made = owner.next("undertone profile new --no-password", b"");
    assert!(words(&made).contains("whoever can read the files"), "{}", words(&made));
    assert_eq!(
        well(&owner.next("undertone profile list", b"")),
        "profile 1  no password    used last\nwork       password\n"
    );
    let line = "undertone profile password work --password-file password.txt --new-file new.txt";
    assert_eq!(well(&owner.next(line, b"")), "");
    refused(&owner.shell(line, b""), 2, "The password is wrong.");
    let path = well(&owner.next("undertone profile path work", b""));
    let folder = PathBuf::from(path.trim_end());
    assert!(folder.starts_with(owner.profiles()) && folder.join("profile.db.key").exists());

    let line = "undertone profile destroy \"profile 1\"";
    refused(&owner.next(line, b"profile\n"), 2, "nothing was destroyed");
    assert_eq!(well(&owner.shell(line, b"profile 1\n")), "");
    refused(&owner.shell(line, b"profile 1\n"), 2, "There is no profile of this name.");
    assert_eq!(owner.left, Vec::<String>::new());

    // No file says a name or a password but the file with the name.
    for found in walk(&owner.person.data()) {
        let name = found.file_name().unwrap().to_str().unwrap();
        assert!(!name.contains("work"), "{}", found.display());
        let bytes = std::fs::read(&found).unwrap();
        let says = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
        assert_eq!(says(b"work"), name == "name", "{}", found.display());
        assert!(!says(b"swordfish") && !says(b"marlin"), "{}", found.display());
    }
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn programs_read_lines() {
    let owner = Owner::new();
    assert_eq!(well(&owner.shell("undertone profile list --json", b"")), "");
    let made = well(&owner.shell("undertone --json profile new Ben --no-password", b""));
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert_eq!((&made["v"], &made["name"]), (&1.into(), &"Ben".into()));
    assert_eq!((&made["state"], &made["last"]), (&"no_password".into(), &true.into()));
    let listed = well(&owner.shell("undertone profile list --json", b""));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&listed).unwrap(), made);
    let path = well(&owner.shell("undertone profile path --json", b""));
    let path: serde_json::Value = serde_json::from_str(&path).unwrap();
    let folder = owner.profiles().join(made["id"].as_str().unwrap());
    assert_eq!(path["path"].as_str(), folder.to_str());
    let failed = owner.shell("undertone --json profile new ben --no-password", b"");
    let failed: serde_json::Value = serde_json::from_slice(&failed.stdout).unwrap();
    assert_eq!((&failed["event"], &failed["exit_code"]), (&"error".into(), &2.into()));
}

#[test]
fn the_profile_of_the_configuration_is_meant_where_none_is_named() {
    let owner = Owner::new();
    for name in ["ana", "ben"] {
        well(&owner.shell(&format!("undertone profile new {name} --no-password"), b""));
    }
    let path = |line: &str| well(&owner.shell(line, b""));
    assert_eq!(path("undertone profile path"), path("undertone profile path ben"));
    let set = "UNDERTONE_PROFILE=ana undertone profile path";
    assert_eq!(path(set), path("undertone profile path ana"));
    assert_eq!(path(&format!("{set} ben")), path("undertone profile path ben"));
}

/// Runs a script as root of a namespace of its own, in which it may mount. `$0` is the program.
fn in_own_namespace(person: &Person, script: &str) -> Output {
    let mut command = person.program("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-ec", script, PROGRAM]);
    finish(start(command, b""))
}

/// What happened and what to do, and nothing else.
fn two_sentences(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(8), "{}", words(output));
    assert_eq!(output.stdout, b"");
    let words = words(output);
    let last: Vec<&str> = words.lines().rev().take(2).collect();
    assert!(last.iter().all(|line| line.ends_with('.')), "{words}");
    format!("{}\n    {}\n", last[1], last[0])
}

#[test]
fn what_the_machine_lacks_is_said_and_nothing_is_lost() {
    let owner = Owner::new();
    well(&owner.shell("undertone profile new work --no-password", b""));
    let mut told = String::new();
    let mut tell = |what: &str, output: &Output| {
        told.push_str(&format!("{what}:\n{}", two_sentences(output)));
    };

    // The folder on a disk that is filled up to the last byte, and freed again.
    let script = r#"
        mkdir small && mount -t tmpfs -o size=1m,mode=700 tmpfs small
        export UNDERTONE_HOME=$PWD/small
        "$0" profile new ben --no-password 2> words
        cat /dev/zero > small/filler 2> errors || true
        "$0" profile path ben > path
        "$0" profile password ben --new-none 2> words && exit 99
        "$0" profile new cy --no-password 2> words && exit 98
        test "$("$0" profile list | wc -l)" = 1 || exit 97
        test "$(find small/profiles -name '*.new' | wc -l)" = 0 || exit 96
        rm small/filler
        "$0" profile password ben --new-none 2> later
        "$0" profile new cy --no-password 2> later
        test "$("$0" profile list | wc -l)" = 2 || exit 95
        tail -n 2 words >&2
        exit 8
    "#;
    tell("full", &in_own_namespace(&owner.person, script));
    let script = r#"
        mount --bind .local/share/undertone .local/share/undertone
        mount -o remount,bind,ro .local/share/undertone
        "$0" profile list > list && grep -q work list || exit 99
        exec "$0" profile password work --new-none
    "#;
    tell("read-only", &in_own_namespace(&owner.person, script));

    // Without the rights of root over what belongs to others and to itself.
    let without_rights = |arguments: &[&str]| {
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = owner.person.program("setpriv");
            command.args([
                "--bounding-set",
                "-dac_override,-dac_read_search",
                "--inh-caps",
                "-all",
            ]);
            command.arg(PROGRAM);
            command
        } else {
            owner.person.program(PROGRAM)
        };
        command.arg("profile").args(arguments);
        finish(start(command, b""))
    };
    let mode = |path: &Path, mode: u32| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(path, mode).unwrap();
    };
    let folder = well(&owner.shell("undertone profile path work", b""));
    let folder = PathBuf::from(folder.trim_end());
    for (what, path, before) in [
        ("no right to the home", owner.person.data(), 0o700),
        ("no right to the profiles", owner.profiles(), 0o700),
        ("no right to the profile", folder.clone(), 0o700),
        ("no right to the key", folder.join("profile.db.key"), 0o600),
        ("no right to the lock", folder.join("lock"), 0o600),
    ] {
        mode(&path, 0);
        tell(what, &without_rights(&["password", "work", "--new-none"]));
        mode(&path, before);
    }
    mode(&owner.profiles(), 0o770);
    tell("others may write", &owner.shell("undertone profile password --new-none", b""));
    mode(&owner.profiles(), 0o700);
    let relative = "UNDERTONE_HOME=here undertone profile list";
    tell("a relative home", &owner.shell(relative, b""));
    tell("no home", &owner.shell("unset HOME; undertone profile list", b""));

    let key = std::fs::read(folder.join("profile.db.key")).unwrap();
    std::fs::write(folder.join("profile.db.key"), &key[..20]).unwrap();
    tell("a damaged key", &owner.shell("undertone profile password --new-none", b""));
    assert_eq!(std::fs::read(folder.join("profile.db.key")).unwrap(), &key[..20]);
    std::fs::remove_file(folder.join("profile.db.key")).unwrap();
    tell("a missing key", &owner.shell("undertone profile password --new-none", b""));
    std::fs::write(folder.join("profile.db.key"), key).unwrap();
    std::fs::rename(folder.join("name"), folder.join("kept")).unwrap();
    std::fs::write(folder.join("name"), "undertone profile 2\n").unwrap();
    tell("a newer profile", &owner.shell("undertone profile password --new-none", b""));
    std::fs::rename(folder.join("kept"), folder.join("name")).unwrap();
    insta::assert_snapshot!(told);

    let list = well(&owner.shell("undertone profile list", b""));
    assert_eq!(list, "work  no password    used last\n");
    well(&owner.shell("undertone profile password work --new-none", b""));
}

/// Calls that change something on the disk, or lock it.
const CHANGES: &str =
    "mkdir,mkdirat,rename,renameat,renameat2,write,fsync,unlink,unlinkat,rmdir,flock,ftruncate";

/// Runs a command that is killed at the call of this number among those that change something, and
/// says whether it was.
fn killed_at(person: &Person, number: u32, arguments: &[&str], input: &[u8]) -> bool {
    let mut command = person.program("strace");
    let inject = format!("inject={CHANGES}:signal=KILL:when={number}");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &inject, PROGRAM, "profile"]);
    command.args(arguments);
    let output = finish(start(command, input));
    if output.status.success() {
        return false;
    }
    // strace ends as what it watched.
    let killed = std::os::unix::process::ExitStatusExt::signal(&output.status) == Some(9);
    assert!(killed, "call {number}: {}", words(&output));
    true
}

/// Killed at every call that changes something, making and destroying a profile leave it whole or
/// not there, a change of its password leaves the old or the new one, and the next command goes on.
#[test]
fn kills_leave_whole_profiles_or_none() {
    let owner = Owner::new();
    let run = |arguments: &[&str], input: &[u8]| {
        let mut command = owner.person.program(PROGRAM);
        command.arg("profile").args(arguments);
        finish(start(command, input))
    };
    let list = || {
        let list = well(&run(&["list"], b""));
        assert!(list.is_empty() || list.starts_with("ben  no password"), "{list}");
        !list.is_empty()
    };
    let nothing_is_left = || {
        // Not even the folder, at first.
        let left = std::fs::read_dir(owner.profiles()).into_iter().flatten();
        let left = left.map(|entry| entry.unwrap().path());
        let left: Vec<_> = left.filter(|path| !path.ends_with("last")).collect();
        assert_eq!(left, Vec::<PathBuf>::new());
    };
    let (mut made, mut kept) = (0, 0);
    for number in 1.. {
        assert!(number < 200, "it never came to an end");
        let killed = killed_at(&owner.person, number, &["new", "ben", "--no-password"], b"");
        if list() {
            made += u32::from(killed);
            well(&run(&["password", "ben", "--new-none"], b""));
            well(&run(&["destroy", "ben"], b"ben\n"));
        }
        nothing_is_left();
        if !killed {
            break;
        }
    }
    for number in 1.. {
        assert!(number < 200, "it never came to an end");
        well(&run(&["new", "ben", "--no-password"], b""));
        let killed = killed_at(&owner.person, number, &["destroy", "ben"], b"ben\n");
        if list() {
            kept += u32::from(killed);
            well(&run(&["password", "ben", "--new-none"], b""));
            well(&run(&["destroy", "ben"], b"ben\n"));
        }
        nothing_is_left();
        if !killed {
            break;
        }
    }
    well(&run(&["new", "ben", "--no-password"], b""));
    let change = ["password", "ben", "--new-none"];
    let number = (1..200).find(|number| {
        let killed = killed_at(&owner.person, *number, &change, b"");
        well(&run(&change, b""));
        !killed
    });
    assert!(number.is_some_and(|number| number > 3), "{number:?}");
    assert!(made > 0 && kept > 0, "no kill came before or behind the moment that counts");
}

#[test]
fn the_key_goes_before_anything_else() {
    let owner = Owner::new();
    well(&owner.shell("undertone profile new ben --no-password", b""));
    let mut command = Command::new("strace");
    command.env_clear().env("HOME", owner.person.home()).current_dir(owner.person.home());
    command.env("PATH", std::env::var_os("PATH").unwrap());
    command.args([
        "-f",
        "-y",
        "-e",
        "trace=rename,renameat,renameat2,write,fsync,unlink,unlinkat,rmdir",
    ]);
    command.args(["-o", "trace", PROGRAM, "profile", "destroy", "ben"]);
    well(&finish(start(command, b"ben\n")));
    let trace = std::fs::read_to_string(owner.person.home().join("trace")).unwrap();
    let first = |what: &dyn Fn(&str) -> bool| {
        trace.lines().position(what).unwrap_or_else(|| panic!("not seen in\n{trace}"))
    };
    let gone = first(&|line| line.contains("rename") && line.contains(".gone"));
    let begun = trace.lines().skip(gone).position(|line| line.contains("profiles>)"));
    assert_eq!(begun, Some(1), "the folder is not synced at once:\n{trace}");
    let zeros = first(&|line| line.contains("write") && line.contains(r".gone/profile.db.key>, "));
    let synced = first(&|line| line.contains("fsync") && line.contains(".gone/profile.db.key>"));
    let removed = first(&|line| line.contains("unlink") && line.contains("profile.db.key\""));
    let other = first(&|line| {
        line.contains("unlinkat") && ["\"name\"", "\"lock\""].iter().any(|name| line.contains(name))
    });
    assert!(gone < zeros && zeros < synced && synced < removed && removed < other, "{trace}");
}
