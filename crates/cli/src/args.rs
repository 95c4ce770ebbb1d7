//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Two people talk with nobody in between.
#[derive(Debug, Parser)]
#[command(
    name = "undertone",
    bin_name = "undertone",
    version,
    about = "Two people talk over Tor with nobody in between: no server, no account.",
    long_about = "Two people talk over Tor with nobody in between: no server, no account, no IP \
                  address shown. One of them says a code, the other types it; everything lives in \
                  memory and is gone when they leave, or is kept encrypted where one says so.\n\n\
                  Undertone has NOT been audited by anyone. Do not trust your safety to it yet.",
    after_help = EXAMPLES,
    after_long_help = EXAMPLES_AND_CODES,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    /// How the program looks and logs.
    #[command(flatten)]
    pub(crate) common: Common,
    /// What to do; without one, the start screen.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

impl Cli {
    /// Whether this draws a full screen, if the settings want one.
    pub(crate) fn draws(&self) -> bool {
        match &self.command {
            None | Some(Command::Chat(_)) => true,
            Some(Command::Demo(demo)) => demo.script.is_none(),
            Some(_) => false,
        }
    }
}

/// The examples under the short help.
const EXAMPLES: &str = "\
Examples:
  undertone                     the start screen: say a code, join by one, try the demo
  undertone chat -s             propose a code, say it to your partner, wait for them
  undertone chat -c             type the code that your partner said
  undertone chat                the conversations that a lasting profile keeps
  undertone demo                hold a conversation with yourself, on this machine only
  undertone doctor              what this machine has and lacks; safe to paste in public
  undertone profile list        the lasting profiles of this machine, and their passwords
  undertone contact list        the contacts that a lasting profile keeps
  undertone address             where others can ask you for a conversation
  undertone request list        who asked, and whom you asked
  undertone message list ana    what was said with one of them
  undertone backup create FILE  a profile in one file, under a passphrase of its own
  undertone config              each setting, and where it was said
  undertone ratchet list        messages, files and pipes end to end, without any network
  undertone otr talk --help     by hand with programs that speak Off-the-Record messaging
  undertone licences            whose work is inside, and under which licence
  undertone completions bash    completions for your shell
  undertone man                 the manual page

`undertone COMMAND --help` says more about each.";

/// The examples and the exit codes under the long help.
const EXAMPLES_AND_CODES: &str = "\
Examples:
  undertone                     the start screen: say a code, join by one, try the demo
  undertone chat -s             propose a code, say it to your partner, wait for them
  undertone chat -c             type the code that your partner said
  undertone chat                the conversations that a lasting profile keeps
  undertone demo                hold a conversation with yourself, on this machine only
  undertone doctor              what this machine has and lacks; safe to paste in public
  undertone profile list        the lasting profiles of this machine, and their passwords
  undertone contact list        the contacts that a lasting profile keeps
  undertone address             where others can ask you for a conversation
  undertone request list        who asked, and whom you asked
  undertone message list ana    what was said with one of them
  undertone backup create FILE  a profile in one file, under a passphrase of its own
  undertone config              each setting, and where it was said
  undertone ratchet list        messages, files and pipes end to end, without any network
  undertone otr talk --help     by hand with programs that speak Off-the-Record messaging
  undertone licences            whose work is inside, and under which licence
  undertone completions bash    completions for your shell
  undertone man                 the manual page

`undertone COMMAND --help` says more about each.

Exit codes:
  0  everything went as asked
  1  a fault of the program itself
  2  the command line or an answer was wrong
  3  the network cannot be reached
  4  nobody answers under the code
  5  the code is wrong, burnt, taken or too old
  6  the partner is gone, or the connection was lost for good
  7  a check failed and you left; or what came is forged, damaged or was read before
  8  this machine lacks something: a terminal, memory, a memory file system
  9  something was not delivered
  129, 130, 143  ended in order after SIGHUP, SIGINT, SIGTERM";

/// How the program looks and logs.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    /// Write lines instead of drawing a screen: for pipes and screen readers.
    #[arg(long, global = true)]
    pub(crate) plain: bool,
    /// Write one JSON object per line and read requests likewise; see docs/json.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Log to this file, or to `stderr`. Off by default. Addresses, names, codes, keys and texts
    /// never reach it. With a full screen, `stderr` must not be the terminal that it is drawn on.
    #[arg(long, global = true, value_name = "FILE|stderr")]
    pub(crate) log: Option<String>,
    /// How much to log [default: info].
    #[arg(long, global = true, value_enum)]
    pub(crate) log_level: Option<LogLevel>,
    /// Read the settings from this file [default: config.toml in $UNDERTONE_HOME, or in undertone
    /// under $XDG_CONFIG_HOME].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// How much to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// Only what went wrong.
    Warn,
    /// What happened.
    Info,
    /// What happened inside.
    Debug,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Talk to someone by a spoken code: all in memory, or kept in a lasting profile.
    #[command(after_help = "\
Examples:
  undertone chat -s                          propose a code and wait
  undertone chat -c                          ask for the code and join
  undertone chat -c --nick ana --peer bob --no-smp --code-file code.txt
  undertone chat -s --plain < answers.txt    answers line by line, for scripts
  undertone chat -s --keep                   keep the contact and what is said, encrypted
  undertone chat --ephemeral                 keep nothing, whatever is kept elsewhere
  undertone chat --with ana                  go on with somebody who was kept
  undertone chat                             all who were kept, in the profile that was used last

The code and the secret are asked for, or come from a file or a line of standard input
(`-`), never from an argument: arguments show in the list of processes.")]
    Chat(Chat),
    /// Hold a conversation with a partner who answers, both ends on this machine.
    #[command(after_help = "\
Examples:
  undertone demo                             on loopback sockets, at once
  undertone demo --network arti              the same over real onion services
  undertone demo --script lines.txt          send each line, print both sides' events
  echo hello | undertone demo --script -     the same from a pipe")]
    Demo(Demo),
    /// Say what this machine has and lacks. Safe to paste in public.
    #[command(after_help = "\
Examples:
  undertone doctor                           with a look at the network, up to 90 seconds
  undertone doctor --offline                 without")]
    Doctor(Doctor),
    /// Make, list and destroy lasting profiles, and change their passwords.
    #[cfg(feature = "sqlcipher")]
    #[command(after_help = "\
Examples:
  undertone profile new work                 asks for a password, twice
  undertone profile list
  undertone profile password work            another password; nothing else is written anew
  undertone profile destroy work             asks you to type the name in full

Passwords are asked for, or come from a file or a file descriptor, never from an argument or a
variable.")]
    Profile(undertone_tools::profile::Profile),
    /// List the contacts that a lasting profile keeps.
    #[cfg(feature = "sqlcipher")]
    #[command(after_help = "\
Examples:
  undertone contact list
  undertone contact list --json              for programs")]
    Contact(undertone_tools::kept::Contacts),
    /// List the requests that a lasting profile keeps.
    #[cfg(feature = "sqlcipher")]
    #[command(after_help = "\
Examples:
  undertone request list                     those that came, and your own
  undertone request list --json              for programs")]
    Request(undertone_tools::requests::Requests),
    /// Say the address at which others can ask a lasting profile for a conversation.
    #[cfg(feature = "sqlcipher")]
    #[command(after_help = "\
Examples:
  undertone address                          and whether it is on
  undertone address --profile work --json    for programs

`/address on` in a chat makes it; whoever knows it can see when you are online.")]
    Address(undertone_tools::requests::Address),
    /// Print or search what a lasting profile keeps of conversations.
    #[cfg(feature = "sqlcipher")]
    #[command(after_help = "\
Examples:
  undertone message list ana                 what was said, oldest first
  undertone message search blue bench        in all conversations, newest first")]
    Message(undertone_tools::kept::Messages),
    /// Write a lasting profile to one file, and make a profile of it again.
    #[cfg(feature = "sqlcipher")]
    #[command(after_help = "\
Examples:
  undertone backup create work.backup        asks for a new passphrase, twice
  undertone backup restore work.backup       a new profile, here or on another machine

After a restore nothing is sent before both sides of a conversation have agreed on new keys, which happens
by itself; each contact is told.")]
    Backup(undertone_tools::backup::Backup),
    /// Show each setting and where it was said: option, environment, file or default.
    #[command(after_help = "\
Examples:
  undertone config                           what holds here and now
  undertone config --json                    for programs
  undertone config --example                 a file with every setting, to begin with")]
    Config(Config),
    /// Encrypt messages, files and pipes end to end, over whatever carries bytes.
    #[cfg(feature = "sqlcipher")]
    #[command(after_help = "\
Examples:
  undertone ratchet init bob                 make a card for Bob, and take it from there
  undertone ratchet encrypt bob              standard input to standard output
  undertone ratchet decrypt bob              and back, once
  undertone ratchet list --json              for programs

Each conversation has its own keys, in a database under one passphrase. The passphrase is asked
for, or comes from a file or a file descriptor, never from an argument or a variable.")]
    Ratchet(undertone_tools::ratchet::Ratchet),
    /// Talk with other programs by Off-the-Record messaging.
    #[cfg(feature = "sqlcipher")]
    #[command(after_help = "\
Example:
  undertone otr talk --help                  every way to join two ends")]
    Otr(undertone_tools::otr::Otr),
    /// Show whose work is inside, and under which licence.
    #[command(after_help = "Example:\n  undertone licences | less")]
    Licences,
    /// Write completions for a shell to standard output.
    #[command(
        after_help = "Example:\n  undertone completions bash > ~/.local/share/bash-completion/completions/undertone"
    )]
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write the manual page to standard output.
    #[command(after_help = "Example:\n  undertone man | man -l -")]
    Man,
}

/// Options of `config`.
#[derive(Args, Debug)]
pub(crate) struct Config {
    /// Write a file with every setting, its default and what it may be, as comments.
    #[arg(long)]
    pub(crate) example: bool,
}

/// Options of `chat`.
#[derive(Args, Debug)]
pub(crate) struct Chat {
    /// Serve: propose a code and wait for the partner.
    #[cfg_attr(
        feature = "sqlcipher",
        arg(short = 's', long = "serve", conflicts_with_all = ["join", "with"])
    )]
    #[cfg_attr(
        not(feature = "sqlcipher"),
        arg(
            short = 's',
            long = "serve",
            required_unless_present = "join",
            conflicts_with = "join"
        )
    )]
    pub(crate) serve: bool,
    /// Join: type the code that the partner said.
    #[arg(short = 'c', long = "join")]
    pub(crate) join: bool,
    /// Go on with a contact that lasts: the name under which you see them, or their id.
    #[cfg(feature = "sqlcipher")]
    #[arg(short = 'w', long = "with", value_name = "NAME", conflicts_with_all = ["join", "keep"])]
    pub(crate) with: Option<String>,
    /// Keep what comes of it in a lasting profile: the contact is there the next time.
    #[cfg(feature = "sqlcipher")]
    #[arg(long)]
    pub(crate) keep: bool,
    /// Keep nothing: all of it in memory, gone when the program ends. So it is with a code and without `--keep` anyway;
    /// alone it begins with the choice of who says the code.
    #[cfg(feature = "sqlcipher")]
    #[arg(long, conflicts_with_all = ["keep", "with", "profile"])]
    pub(crate) ephemeral: bool,
    /// The profile that is meant.
    #[cfg(feature = "sqlcipher")]
    #[command(flatten)]
    pub(crate) whose: undertone_tools::profile::Whose,
    /// The name that your partner sees, for this conversation only.
    #[arg(long, value_name = "NAME")]
    pub(crate) nick: Option<String>,
    /// The name under which you see your partner; never sent.
    #[arg(long, value_name = "NAME")]
    pub(crate) peer: Option<String>,
    /// Read the code from the first line of this file, or of standard input (`-`).
    #[arg(long, value_name = "FILE")]
    pub(crate) code_file: Option<PathBuf>,
    /// Run the Socialist Millionaire check before the conversation.
    #[arg(long, conflicts_with = "no_smp")]
    pub(crate) smp: bool,
    /// Don't ask for the check; it still runs if the partner wants it.
    #[arg(long)]
    pub(crate) no_smp: bool,
    /// Read the check's secret from the first line of this file, or of standard input (`-`).
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Over which network.
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

/// Options of `demo`.
#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// Send each line of this file, or of standard input (`-`), print both sides' events as JSON
    /// lines, and fail if a line was not delivered.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) script: Option<PathBuf>,
    /// Over which network.
    #[command(flatten)]
    pub(crate) network: DemoNetworkArgs,
}

/// Options of `doctor`.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// Don't look at the network.
    #[arg(long)]
    pub(crate) offline: bool,
    /// Over which network.
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

/// Which network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NetworkChoice {
    /// Tor, through the client inside this program.
    Arti,
    /// Sockets of this machine: for trying things; no anonymity.
    Local,
}

/// Over which network, Tor unless a setting says otherwise.
#[derive(Args, Clone, Debug)]
pub(crate) struct NetworkArgs {
    /// Tor, or this machine's own sockets without anonymity [default: arti].
    #[arg(long, value_enum)]
    pub(crate) network: Option<NetworkChoice>,
    /// The details.
    #[command(flatten)]
    pub(crate) details: NetworkDetails,
}

/// Over which network, loopback unless said otherwise.
#[derive(Args, Clone, Debug)]
pub(crate) struct DemoNetworkArgs {
    /// Tor, or this machine's own sockets without anonymity.
    #[arg(long, value_enum, default_value_t = NetworkChoice::Local)]
    pub(crate) network: NetworkChoice,
    /// The details.
    #[command(flatten)]
    pub(crate) details: NetworkDetails,
}

/// Details of a network.
#[derive(Args, Clone, Debug)]
pub(crate) struct NetworkDetails {
    /// A configuration for the Tor client, such as a test network's. Relaxes its permission checks,
    /// and the program says so.
    #[arg(long, value_name = "FILE")]
    pub(crate) tor_config: Option<PathBuf>,
    /// The name of the loopback network; ends with different names don't see each other
    /// [default: default].
    #[arg(long, value_name = "NAME")]
    pub(crate) local_name: Option<String>,
}

/// Tor where the program has it.
pub(crate) fn default_network() -> NetworkChoice {
    if cfg!(feature = "arti") { NetworkChoice::Arti } else { NetworkChoice::Local }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn both_spellings_of_a_role_work_and_one_is_needed() {
        for args in [["undertone", "chat", "-s"], ["undertone", "chat", "--serve"]] {
            let Some(Command::Chat(chat)) = Cli::parse_from(args).command else { panic!() };
            assert!(chat.serve && !chat.join);
        }
        for args in [["undertone", "chat", "-c"], ["undertone", "chat", "--join"]] {
            let Some(Command::Chat(chat)) = Cli::parse_from(args).command else { panic!() };
            assert!(chat.join && !chat.serve);
        }
        assert_eq!(
            Cli::try_parse_from(["undertone", "chat"]).is_err(),
            cfg!(not(feature = "sqlcipher")),
            "without a role it is the profile"
        );
        assert!(Cli::try_parse_from(["undertone", "chat", "-s", "-c"]).is_err());
    }

    #[test]
    fn no_argument_takes_a_code_or_a_secret() {
        for option in ["--code", "--secret"] {
            assert!(Cli::try_parse_from(["undertone", "chat", "-c", option, "x"]).is_err());
        }
    }
}
