//! Starting, watching and stopping the processes of a network.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::control::Control;
use crate::description::{AttachError, Authority, Client, Description, ENVIRONMENT, Relay};
use crate::home::{Home, HomeError};
use crate::keys::{self, Identity, KeyError, Programs};
use crate::options::Options;
use crate::ports::Ports;
use crate::torrc::{self, Common, Role};
use crate::{arti, consensus, process};

/// Time between two looks at a network that isn't usable yet.
const LOOK: Duration = Duration::from_millis(250);

/// A run of the shared-random protocol that ends sooner than this after the start would make its values worthless.
const SHORTEST_RUN_LEFT: u64 = 10;

/// How many of the plain relays are exits.
const EXITS: usize = 2;

/// A network did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A network without authorities has no directory.
    #[error("a network needs an authority: ask for at least one")]
    NoAuthority,
    /// Its directory could not be made.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// Its keys could not be made.
    #[error("the keys of {nickname} could not be made: {source}")]
    Keys {
        /// The node.
        nickname: String,
        /// Why not.
        source: KeyError,
    },
    /// Tor's programs aren't there.
    #[error(transparent)]
    Programs(KeyError),
    /// A file, a port or a process could not be had.
    #[error("can't {what}: {source}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A process ended by itself.
    #[error("tor process {nickname} ended by itself; it said last:\n{said}")]
    Ended {
        /// The node.
        nickname: String,
        /// The end of its log.
        said: String,
    },
    /// The consensus or a client isn't usable in time.
    #[error(
        "the private Tor network isn't usable after {seconds} s ({missing}): is the machine busy? Votes that come \
         late are lost; try again when nothing compiles"
    )]
    NotUsable {
        /// How long it was waited for.
        seconds: u64,
        /// What was still missing.
        missing: String,
    },
}

fn failed(what: &'static str) -> impl FnOnce(io::Error) -> StartError {
    move |source| StartError::Io { what, source }
}

/// A private Tor network: one that this process runs, and that ends with this value, or one that another process runs.
#[derive(Debug)]
pub struct Network {
    description: Description,
    arti_toml: String,
    /// Nothing if another process runs it.
    running: Option<Running>,
}

/// The part that only the owner has. Its fields are dropped in order: no process outlives the directory it writes to.
#[derive(Debug)]
struct Running {
    processes: Vec<Tor>,
    /// Clients that wait for a usable consensus: started before it, they would sleep a whole interval.
    waiting: Vec<String>,
    programs: Programs,
    relays_wanted: usize,
    home: Home,
}

/// A process, killed when dropped. Killed, not asked: whatever it would save is removed next.
#[derive(Debug)]
struct Tor {
    nickname: String,
    child: Child,
}

impl Drop for Tor {
    fn drop(&mut self) {
        // Both fail only for a process that has already ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Network {
    /// Starts a network and waits until every authority serves a consensus in which all relays are usable: 30 to 60 s
    /// with the default options, most of it spent until the next round of votes.
    ///
    /// # Errors
    /// [`StartError`]; everything that was started is then stopped.
    pub fn start(options: Options) -> Result<Self, StartError> {
        let begin = Instant::now();
        let mut network = Self::launch(&options)?;
        while let Some(missing) = network.missing()? {
            if begin.elapsed() > options.patience {
                return Err(StartError::NotUsable { seconds: begin.elapsed().as_secs(), missing });
            }
            thread::sleep(LOOK);
        }
        Ok(network)
    }

    /// Starts the processes of a network without waiting for its first consensus; [`Network::missing`] tells when it is
    /// usable. [`Options::patience`] isn't looked at.
    ///
    /// # Errors
    /// [`StartError`], except `NotUsable`.
    pub fn launch(options: &Options) -> Result<Self, StartError> {
        if options.authorities == 0 {
            return Err(StartError::NoAuthority);
        }
        let programs = Programs::find().map_err(StartError::Programs)?;
        let home = Home::create()?;
        let mut ports = Ports::default();
        let mut description = Description::new(home.path().to_owned(), options.interval.seconds());
        plan(&mut description, options, &mut ports).map_err(failed("take a loopback port"))?;
        make_keys(&mut description, &programs)?;
        await_next_run(options);
        configure(&description, options).map_err(failed("write the network's configuration"))?;
        let arti_toml = arti::toml(&description);
        fs::write(description.arti_toml_path(), &arti_toml)
            .map_err(failed("write the network's configuration"))?;
        drop(ports);
        let mut running = Running {
            processes: Vec::new(),
            waiting: description.clients.iter().map(|client| client.nickname.clone()).collect(),
            programs,
            relays_wanted: description.all_relays().count(),
            home,
        };
        let authorities = description.authorities.iter_mut().map(|authority| &mut authority.relay);
        for relay in authorities.chain(&mut description.relays) {
            relay.pid = running.spawn(&relay.nickname)?;
        }
        description.write().map_err(failed("write the network's description"))?;
        Ok(Self { description, arti_toml, running: Some(running) })
    }

    /// What a launched network still lacks before it is usable, in words for a log; `None` once it is usable, and
    /// always for a network that another process runs.
    ///
    /// # Errors
    /// `Ended` when a process is no longer there, `Io` when a C tor client could not be started.
    pub fn missing(&mut self) -> Result<Option<String>, StartError> {
        let Some(running) = &mut self.running else { return Ok(None) };
        running.check()?;
        for authority in &self.description.authorities {
            let usable = consensus::usable_relays(authority.directory_address())
                .unwrap_or_else(|_| BTreeSet::new());
            if usable.len() < running.relays_wanted {
                let (have, want) = (usable.len(), running.relays_wanted);
                let nickname = &authority.relay.nickname;
                return Ok(Some(format!("{nickname} lists {have} of {want} relays")));
            }
        }
        for nickname in std::mem::take(&mut running.waiting) {
            let pid = running.spawn(&nickname)?;
            let mut clients = self.description.clients.iter_mut();
            if let Some(client) = clients.find(|client| client.nickname == nickname) {
                client.pid = pid;
            }
            self.description.write().map_err(failed("write the network's description"))?;
        }
        for client in &self.description.clients {
            let phase = self
                .control(&client.nickname, client.control_port)
                .and_then(|mut control| control.get_info("status/bootstrap-phase"))
                .unwrap_or_else(|error| error.to_string());
            if !phase.contains("PROGRESS=100") {
                return Ok(Some(format!("{}: {phase}", client.nickname)));
            }
        }
        Ok(None)
    }

    /// Fails if a process of a network that this process runs has ended.
    ///
    /// # Errors
    /// `Ended` with the node and the end of its log.
    pub fn check(&mut self) -> Result<(), StartError> {
        self.running.as_mut().map_or(Ok(()), Running::check)
    }

    /// Attaches to the network that the environment variable [`ENVIRONMENT`] names. It goes on when this value is
    /// dropped.
    ///
    /// # Errors
    /// [`AttachError`], whose words say how to get a network.
    pub fn attach_from_env() -> Result<Self, AttachError> {
        Self::attached(Description::read_named(std::env::var_os(ENVIRONMENT))?)
    }

    /// Attaches to the network whose description lies at `path`.
    ///
    /// # Errors
    /// [`AttachError`], except `NotNamed`.
    pub fn attach(path: &Path) -> Result<Self, AttachError> {
        Self::attached(Description::read(path)?)
    }

    fn attached(description: Description) -> Result<Self, AttachError> {
        let path = description.arti_toml_path();
        let arti_toml =
            fs::read_to_string(&path).map_err(|source| AttachError::Unreadable { path, source })?;
        Ok(Self { description, arti_toml, running: None })
    }

    /// The embedded client's configuration for this network, as TOML, without a `[storage]` part.
    #[must_use]
    pub fn arti_toml(&self) -> &str {
        &self.arti_toml
    }

    /// The file that holds [`Network::arti_toml`].
    #[must_use]
    pub fn arti_toml_path(&self) -> PathBuf {
        self.description.arti_toml_path()
    }

    /// The ports on which authorities and relays take connections of Tor's protocol: all that a client may connect to.
    #[must_use]
    pub fn or_ports(&self) -> Vec<u16> {
        self.description.all_relays().map(|relay| relay.or_port).collect()
    }

    /// All that other processes may know of the network.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Opens the control port of a node by its nickname and port.
    ///
    /// # Errors
    /// [`ControlError`](crate::ControlError) when the node isn't there.
    pub fn control(
        &self,
        nickname: &str,
        control_port: u16,
    ) -> Result<Control, crate::ControlError> {
        Control::connect(control_port, &self.description.cookie_path(nickname))
    }
}

impl Running {
    fn spawn(&mut self, nickname: &str) -> Result<u32, StartError> {
        let what = "start a tor process";
        let directory = self.home.path().join(nickname);
        let log = File::create(directory.join("stdout.log")).map_err(failed(what))?;
        let child = process::command(&self.programs.tor, &directory)
            .args(["--defaults-torrc", "/dev/null", "-f"])
            .arg(directory.join("torrc"))
            .stdout(log.try_clone().map_err(failed(what))?)
            .stderr(log)
            .spawn()
            .map_err(failed(what))?;
        let pid = child.id();
        self.processes.push(Tor { nickname: nickname.to_owned(), child });
        Ok(pid)
    }

    fn check(&mut self) -> Result<(), StartError> {
        for Tor { nickname, child } in &mut self.processes {
            if matches!(child.try_wait(), Ok(None)) {
                continue;
            }
            let directory = self.home.path().join(&nickname);
            let said = ["stdout.log", "notice.log"]
                .map(|log| fs::read_to_string(directory.join(log)).unwrap_or_default())
                .concat();
            return Err(StartError::Ended { nickname: nickname.clone(), said: keys::tail(&said) });
        }
        Ok(())
    }
}

/// Names the nodes and takes their ports.
fn plan(network: &mut Description, options: &Options, ports: &mut Ports) -> io::Result<()> {
    let relay = |nickname: String, ports: &mut Ports| -> io::Result<Relay> {
        Ok(Relay {
            nickname,
            pid: 0,
            or_port: ports.take()?,
            control_port: ports.take()?,
            fingerprint: String::new(),
            ed25519: String::new(),
        })
    };
    for number in 0..options.authorities {
        network.authorities.push(Authority {
            relay: relay(format!("auth{number}"), ports)?,
            directory_port: ports.take()?,
            v3_identity: String::new(),
        });
    }
    for number in 0..options.relays {
        network.relays.push(relay(format!("relay{number}"), ports)?);
    }
    for number in 0..options.clients {
        network.clients.push(Client {
            nickname: format!("client{number}"),
            pid: 0,
            socks_port: ports.take()?,
            control_port: ports.take()?,
        });
    }
    Ok(())
}

/// Makes the keys of all nodes at the same time: an authority's take some seconds of one core.
fn make_keys(network: &mut Description, programs: &Programs) -> Result<(), StartError> {
    let root = network.directory.as_path();
    let identity = |relay: &mut Relay| {
        let Identity { rsa, ed25519 } =
            keys::identify(programs, &node(root, &relay.nickname)?, &relay.nickname)?;
        relay.fingerprint = rsa;
        relay.ed25519 = ed25519;
        Ok(())
    };
    let identity = &identity;
    thread::scope(|scope| {
        let mut works = Vec::new();
        for authority in &mut network.authorities {
            works.push((
                authority.relay.nickname.clone(),
                scope.spawn(move || {
                    let directory = node(root, &authority.relay.nickname)?;
                    authority.v3_identity =
                        keys::certify(programs, &directory, authority.directory_port)?;
                    identity(&mut authority.relay)
                }),
            ));
        }
        for relay in &mut network.relays {
            works.push((relay.nickname.clone(), scope.spawn(move || identity(relay))));
        }
        works.into_iter().try_for_each(|(nickname, work)| {
            let done = work.join().unwrap_or_else(|_| {
                let said = "the thread that ran it ended".to_owned();
                Err(KeyError::Failed { name: "tor", said })
            });
            done.map_err(|source| StartError::Keys { nickname, source })
        })
    })
}

/// Makes a node's directory with its `keys`, or finds it made.
fn node(root: &Path, nickname: &str) -> Result<PathBuf, KeyError> {
    let directory = root.join(nickname);
    DirBuilder::new()
        .mode(0o700)
        .recursive(true)
        .create(directory.join("keys"))
        .map_err(|source| KeyError::Io { path: directory.clone(), source })?;
    Ok(directory)
}

/// Waits out a run of the shared-random protocol that is about to end: its seeded values would end with it.
fn await_next_run(options: &Options) {
    let left = torrc::run_left(unix_time(), options.interval);
    if left < SHORTEST_RUN_LEFT {
        thread::sleep(Duration::from_secs(left));
    }
}

fn unix_time() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_secs())
}

/// Writes all that the processes read.
fn configure(network: &Description, options: &Options) -> io::Result<()> {
    let now = unix_time();
    let bandwidths = network.directory.join("bandwidths");
    let relays =
        network.all_relays().map(|relay| (relay.nickname.as_str(), relay.fingerprint.as_str()));
    fs::write(&bandwidths, torrc::bandwidths(now, relays))?;
    let mut random = [[0; 32]; 2];
    for value in &mut random {
        getrandom::fill(value).map_err(io::Error::other)?;
    }
    let [previous, current] = random;
    let state = torrc::shared_random_state(now, options.interval, &previous, &current);
    for authority in &network.authorities {
        let role = Role::Authority {
            directory_port: authority.directory_port,
            interval: options.interval,
            bandwidths: &bandwidths,
        };
        configure_relay(network, &authority.relay, role)?;
        fs::write(network.directory.join(&authority.relay.nickname).join("sr-state"), &state)?;
    }
    for (number, relay) in network.relays.iter().enumerate() {
        configure_relay(network, relay, Role::Relay { exit: number < EXITS })?;
    }
    for client in &network.clients {
        let directory = network.directory.join(&client.nickname);
        DirBuilder::new().mode(0o700).create(&directory)?;
        let common = Common {
            directory: &directory,
            nickname: &client.nickname,
            or_port: None,
            control_port: client.control_port,
            owner: network.owner,
            authorities: &network.authorities,
        };
        let role = Role::Client { socks_port: client.socks_port };
        fs::write(directory.join("torrc"), torrc::torrc(&common, role))?;
    }
    Ok(())
}

fn configure_relay(network: &Description, relay: &Relay, role: Role<'_>) -> io::Result<()> {
    let directory = network.directory.join(&relay.nickname);
    // Relays ask for names at their start; this keeps them from the machine's own resolver.
    fs::write(directory.join("resolv.conf"), "nameserver 127.0.0.1\n")?;
    let common = Common {
        directory: &directory,
        nickname: &relay.nickname,
        or_port: Some(relay.or_port),
        control_port: relay.control_port,
        owner: network.owner,
        authorities: &network.authorities,
    };
    fs::write(directory.join("torrc"), torrc::torrc(&common, role))
}
