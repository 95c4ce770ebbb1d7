//! A conversation that is kept, while the disk does what disks do: full, read-only, somebody else's, or
//! taken by another program. Each is said in a sentence with what to do; nothing is lost, and as soon
//! as there is room everything goes on.

#![cfg(feature = "sqlcipher")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use support::kept::{Side, pair};
use support::ratchet::{finish, start, words};
use support::{PROGRAM, Plain, SOON, local, local_name};

/// Runs the program on a small disk of its own, to which the profile is copied, and does to the disk what
/// lines of the pipe `orders` say. `$0` is the program, the rest are its arguments.
const ON_A_SMALL_DISK: &str = r#"
    mkdir small && mount -t tmpfs -o size=3m,mode=700 tmpfs small
    cp -a .local/share/undertone small/home
    export UNDERTONE_HOME=$PWD/small/home
    (
        while read order; do
            case $order in
                fill) cat /dev/zero > small/filler 2> errors || true ;;
                free) rm small/filler ;;
            esac
            echo "$order" >> done
        done
    ) < orders > output 2>&1 &
    exec "$0" "$@"
"#;

/// Tells whoever has the small disk what to do, and waits until it is done.
fn order(side: &Side, orders: &mut File, what: &str) {
    writeln!(orders, "{what}").unwrap();
    let done = side.home().join("done");
    support::poll(
        SOON,
        || {
            std::fs::read_to_string(&done)
                .is_ok_and(|text| text.ends_with(&format!("{what}\n")))
                .then_some(())
        },
        || format!("{what} was not done"),
    );
}

fn on_a_small_disk(side: &Side, network: &str, with: &str) -> (Plain, File) {
    rustix::fs::mknodat(
        rustix::fs::CWD,
        side.home().join("orders"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    let head = ["--user", "--map-root-user", "--mount", "sh", "-ec", ON_A_SMALL_DISK, PROGRAM];
    let chat = ["chat", "--plain", "--with", with, "--no-password"];
    let all = [&head[..], &chat[..], &local(network)].concat();
    let running = side.program_on_lines("unshare", &all);
    // Read and write, so that neither end waits for the other nor sees an end.
    let orders = OpenOptions::new().read(true).write(true).open(side.home().join("orders"));
    (running, orders.unwrap())
}

#[test]
fn on_a_full_disk_nothing_is_lost_and_it_goes_on_when_there_is_room() {
    let network = local_name();
    let (hilde, gustav) = (Side::new("hilde", None), Side::new("gustav", None));
    pair(&hilde, &gustav, &network);
    let (mut full, mut orders) = on_a_small_disk(&hilde, &network, "gustav");
    let mut other = gustav.plain(&network, &["--with", "hilde"]);
    full.line("before");
    other.out.wait_for("hilde: before", SOON);
    full.words.wait_for("Message 1: delivered.", SOON);

    order(&hilde, &mut orders, "fill");
    full.line("too much");
    let mut told = full.words.wait_for("There is no room left", SOON);
    told.push('\n');
    told.push_str(&full.words.wait_for("Not sent", SOON));
    other.line("while it is full");
    other.words.wait_for("Message 1: waiting.", SOON);
    order(&hilde, &mut orders, "free");
    told.push('\n');
    told.push_str(&full.words.wait_for("can be written again", SOON));
    insta::assert_snapshot!("full", told);
    full.out.wait_for("gustav: while it is full", SOON);
    full.line("now there is room");
    other.out.wait_for("hilde: now there is room", SOON);
    for side in [&mut full, &mut other] {
        side.line("/quit");
        assert_eq!(side.exit_code(SOON), 0);
    }
    let got = other.out.to_the_end(SOON);
    assert_eq!(got, ["hilde: before", "hilde: now there is room"]);
    let came: Vec<_> =
        full.out.to_the_end(SOON).into_iter().filter(|line| line.starts_with("gustav")).collect();
    assert_eq!(came, ["gustav: while it is full"]);
}

/// What happened and what to do, the last two sentences of a program that ends.
fn last_words(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(8), "{}", words(output));
    let words = words(output);
    let last: Vec<&str> = words.lines().rev().take(2).collect();
    assert!(last.iter().all(|line| line.ends_with('.')), "{words}");
    format!("{}\n    {}", last[1], last[0])
}

#[test]
fn what_keeps_a_profile_from_being_had_is_said_at_the_start() {
    let network = local_name();
    let (hilde, gustav) = (Side::new("hilde", None), Side::new("gustav", None));
    pair(&hilde, &gustav, &network);
    let chat = ["chat", "--plain", "--with", "gustav", "--no-password"];
    let chat = [&chat[..], &local(&network)].concat();
    let mut told = Vec::new();

    let script = r#"
        mount --bind .local/share/undertone .local/share/undertone
        mount -o remount,bind,ro .local/share/undertone
        exec "$0" "$@"
    "#;
    let mut command: Command = hilde.program("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-ec", script, PROGRAM]);
    let output = finish(start(with(command, &chat), b""));
    told.push(format!("read-only: {}", last_words(&output)));

    let folder = profile_folder(&hilde.data());
    let mode = |mode: u32| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(folder.join("profile.db"), mode).unwrap();
    };
    mode(0);
    let mut command = hilde.program("setpriv");
    command.args([
        "--bounding-set",
        "-dac_override,-dac_read_search",
        "--inh-caps",
        "-all",
        PROGRAM,
    ]);
    let command =
        if rustix::process::geteuid().is_root() { command } else { hilde.program(PROGRAM) };
    let output = finish(start(with(command, &chat), b""));
    told.push(format!("no right: {}", last_words(&output)));
    mode(0o600);

    let mut first = hilde.plain(&network, &["--with", "gustav"]);
    first.words.wait_for("Not connected.", SOON);
    let output = finish(start(with(hilde.program(PROGRAM), &chat), b""));
    let busy = last_words(&output).replace(&first.process().to_string(), "4711");
    told.push(format!("taken: {busy}"));
    insta::assert_snapshot!("at_the_start", told.join("\n"));

    // Nothing of that has done it any harm.
    let mut other = gustav.plain(&network, &["--with", "hilde"]);
    first.line("still here");
    other.out.wait_for("hilde: still here", SOON);
}

fn with(mut command: Command, arguments: &[&str]) -> Command {
    command.args(arguments);
    command
}

fn profile_folder(data: &Path) -> std::path::PathBuf {
    let mut all =
        std::fs::read_dir(data.join("profiles")).unwrap().map(|entry| entry.unwrap().path());
    all.find(|path| path.is_dir()).unwrap()
}
