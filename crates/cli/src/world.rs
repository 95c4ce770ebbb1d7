//! What the faces and nodes need of this machine: hardening, logs, clocks, signals, networks.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use undertone_handle::event::NetworkKind;
use undertone_handle::words::{Kind, UserError};
use undertone_node::AnyStorage;
use undertone_node::environment::hardening::{self, Hardening, LockLimit};
use undertone_node::environment::log::{self, LogLevel, LogTarget};
use undertone_node::environment::ram::RamDir;
use undertone_node::environment::signals::{self, Signals};
use undertone_node::environment::{clock, ending};
use undertone_node::network::{self, AnyNetwork};
use undertone_tui::{Clock, Now, Plan};

use crate::args::{LogLevel as Level, NetworkChoice};
use crate::config::{Colour, Details, Settings};
use crate::failure::{failure, internal};

/// The machine's two clocks.
struct MachineClock {
    start: Instant,
}

impl Clock for MachineClock {
    fn now(&self) -> Now {
        let wall = u64::try_from(clock::unix_now()).unwrap_or(0);
        Now { wall, monotonic: self.start.elapsed() }
    }
}

/// Both clocks, for a face.
pub(crate) fn clocks() -> Box<dyn Clock + Send> {
    Box::new(MachineClock { start: Instant::now() })
}

/// A network with what it lives on. Dropping it removes what it left in memory.
pub(crate) struct Connection {
    pub(crate) network: AnyNetwork,
    /// What the user should know before anything else.
    pub(crate) notices: Vec<String>,
    /// Removed when this is dropped, which must be after the node has ended.
    _ram: Option<RamDir>,
}

/// What the network is that the command line wishes.
pub(crate) fn kind(choice: NetworkChoice) -> NetworkKind {
    match choice {
        NetworkChoice::Arti => NetworkKind::Arti,
        NetworkChoice::Local => NetworkKind::Local,
    }
}

/// Opens a network as the command line wishes it. Files that the command line names by relative
/// paths must have been read before: Tor's directory becomes the working directory.
pub(crate) fn connect(choice: NetworkChoice, details: &Details) -> Result<Connection, UserError> {
    match choice {
        NetworkChoice::Local => {
            let network = network::local(&details.local_name);
            Ok(Connection { network, notices: Vec::new(), _ram: None })
        }
        NetworkChoice::Arti => arti(details),
    }
}

#[cfg(feature = "arti")]
fn arti(details: &Details) -> Result<Connection, UserError> {
    let mut notices = Vec::new();
    let config = match &details.tor_config {
        Some(path) => {
            notices.push(
                "The Tor client runs with a configuration of your own (--tor-config): its checks of \
                 who may touch its files are off, and whom it talks to is for that file to say."
                    .to_owned(),
            );
            Some(tor_config(path)?)
        }
        None => None,
    };
    let ram = RamDir::create()
        .map_err(|error| failure(Kind::Environment, &error.to_string(), error.hint()))?;
    ram.enter().map_err(|error| internal(&error.kind()))?;
    let network = network::arti(ram.path(), config).map_err(|error| {
        failure(
            Kind::Environment,
            &format!("{}.", capitalised(&error.to_string())),
            "See `undertone doctor` for what this machine lacks.",
        )
    })?;
    Ok(Connection { network, notices, _ram: Some(ram) })
}

#[cfg(feature = "arti")]
fn tor_config(path: &std::path::Path) -> Result<String, UserError> {
    std::fs::read_to_string(path).map_err(|error| {
        failure(
            Kind::Usage,
            &format!("The file named by --tor-config could not be read: {}.", error.kind()),
            "Name a file with a configuration for the Tor client.",
        )
    })
}

#[cfg(not(feature = "arti"))]
fn arti(_details: &Details) -> Result<Connection, UserError> {
    Err(failure(
        Kind::Usage,
        "This program was built without the Tor client.",
        "Use --network local, or build it with its default features.",
    ))
}

/// The first letter made a capital.
#[cfg(feature = "arti")]
pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// An empty plan for a face on a network.
pub(crate) fn plan(
    network: NetworkKind,
    demo: bool,
    settings: &Settings,
) -> Result<Plan, UserError> {
    // Drawn once here, so that a machine without randomness says so before the screen is drawn.
    undertone_node::propose_code().map_err(|error| internal(&error))?;
    Ok(Plan {
        role: None,
        nick: None,
        peer: None,
        code: None,
        check: None,
        secret: None,
        lasting: false,
        profile: None,
        resume: None,
        settings: settings.said(),
        network,
        demo,
        colour: settings.colour.value == Colour::Auto,
        utc_offset_seconds: clock::utc_offset_seconds(clock::unix_now()).unwrap_or(0),
        propose: Box::new(|| {
            loop {
                if let Ok(code) = undertone_node::propose_code() {
                    return code;
                }
            }
        }),
        conversation: Box::new(|| {
            loop {
                if let Ok(id) = undertone_node::draw_conversation() {
                    return id;
                }
            }
        }),
    })
}

/// Whether a full screen can be drawn.
pub(crate) fn has_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// What was done before anything else.
pub(crate) struct Prepared {
    pub(crate) hardening: Hardening,
    pub(crate) log: Option<LogTarget>,
    pub(crate) signals: Signals,
}

/// Hardens the process, opens the log, takes signals over. A log that would be written across a
/// full screen is refused.
pub(crate) fn prepare(
    settings: &Settings,
    draws: bool,
    limit: LockLimit,
) -> Result<Prepared, UserError> {
    let hardening = hardening::harden(limit);
    ending::install_panic_hook(undertone_tui::screen::restore);
    let log = settings.log.value.as_ref().map(|target| LogTarget::from_argument(target.as_ref()));
    if draws && matches!(log, Some(LogTarget::Stderr)) && std::io::stderr().is_terminal() {
        return Err(failure(
            Kind::Usage,
            "A log on this terminal would be written across the screen that is drawn on it.",
            "Name a file, as in --log undertone.log; or lead it away with 2>undertone.log; or \
             take --plain.",
        ));
    }
    if let Some(target) = &log {
        let level = match settings.log_level.value {
            Level::Warn => LogLevel::Warn,
            Level::Info => LogLevel::Info,
            Level::Debug => LogLevel::Debug,
        };
        log::init(target, level).map_err(|error| {
            failure(Kind::Usage, &error.to_string(), "The program can run without a log.")
        })?;
    }
    let signals = signals::listen().map_err(|error| internal(&error.kind()))?;
    Ok(Prepared { hardening, log, signals })
}

/// Signals as wishes to end, for one face after the other.
#[derive(Clone)]
pub(crate) struct Interrupts {
    /// The exit code of the first signal; 0 while none came.
    code: Arc<AtomicU8>,
    face: Arc<Mutex<Option<mpsc::Sender<()>>>>,
}

impl Interrupts {
    /// Takes the signals. After the first, the program ends within [`END`] even if the orderly end
    /// hangs; the second ends it at once.
    pub(crate) fn new(mut signals: Signals) -> Self {
        let this = Self { code: Arc::default(), face: Arc::default() };
        let own = this.clone();
        tokio::spawn(async move {
            while let Some(signal) = signals.next().await {
                if own.code().is_none() {
                    own.code.store(signal.exit_code(), Ordering::SeqCst);
                    ending::end_within(END, signal.exit_code());
                }
                let face = own.face.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if let Some(face) = face {
                    // A face that has ended, or has more wishes waiting than it needs, needs none.
                    let _: Result<(), _> = face.try_send(());
                }
            }
        });
        this
    }

    /// The wishes for a face; those before it are over.
    pub(crate) fn face(&self) -> mpsc::Receiver<()> {
        let (wish, wishes) = mpsc::channel(4);
        if self.code().is_some() {
            // The wish came between two faces.
            let _: Result<(), _> = wish.try_send(());
        }
        *self.face.lock().unwrap_or_else(PoisonError::into_inner) = Some(wish);
        wishes
    }

    /// The exit code of a signal, if one came.
    pub(crate) fn code(&self) -> Option<u8> {
        Some(self.code.load(Ordering::SeqCst)).filter(|code| *code != 0)
    }
}

/// How long the orderly end may take before the program goes all the same.
const END: Duration = Duration::from_millis(2_800);

/// A storage that lives and dies with the process.
#[cfg(feature = "sqlcipher")]
pub(crate) fn in_memory() -> Result<AnyStorage, UserError> {
    undertone_tools::profile::in_memory().map_err(crate::tools::said)
}

/// A storage that lives and dies with the process.
#[cfg(not(feature = "sqlcipher"))]
pub(crate) fn in_memory() -> Result<AnyStorage, UserError> {
    Ok(undertone_node::in_memory())
}
