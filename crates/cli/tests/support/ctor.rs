//! A C tor client: another implementation of Tor at the other end of our services.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;
use undertone_testnet::Control;
use undertone_wire::code::Code;
use undertone_wire::locator;

use super::tor::{TOR, Tor, home};
use super::{Place, Plain};

/// A client of the private network with a SOCKS port.
pub(crate) struct CTor {
    _program: Plain,
    home: TempDir,
    port: u16,
    control: u16,
}

impl CTor {
    /// Starts a client, and waits until it can build circuits.
    pub(crate) fn start(tor: &Tor) -> Self {
        let home = home();
        let torrc = home.path().join("torrc");
        let data = home.path().join("data");
        let mut text = format!(
            "TestingTorNetwork 1\nDataDirectory {}\nLog notice stdout\nSafeLogging 0\nAddress 127.0.0.1\n\
             __OwningControllerProcess {}\nAssumeReachable 1\nEnforceDistinctSubnets 0\n\
             ClientRejectInternalAddresses 0\nPathsNeededToBuildCircuits 0.25\nAvoidDiskWrites 1\n\
             SocksPort 127.0.0.1:auto\nControlPort 127.0.0.1:auto\nCookieAuthentication 1\nUseMicrodescriptors 1\nLearnCircuitBuildTimeout 0\n\
             CircuitBuildTimeout 10\n",
            data.display(),
            std::process::id(),
        );
        for authority in &tor.network.description().authorities {
            text.push_str(&format!(
                "DirAuthority {} orport={} no-v2 v3ident={} {} {}\n",
                authority.relay.nickname,
                authority.relay.or_port,
                authority.v3_identity,
                authority.directory_address(),
                authority.relay.fingerprint,
            ));
        }
        std::fs::write(&torrc, text).unwrap();
        let arguments = ["--defaults-torrc", "/dev/null", "-f", torrc.to_str().unwrap()];
        let place = Place { home: Some(home.path()), variables: Vec::new() };
        let mut program = Plain::start_program("tor", &place, &arguments);
        let [port, control] = ["Socks", "Control"].map(|kind| {
            let opened = format!("Opened {kind} listener connection (ready) on 127.0.0.1:");
            let line = program.out.wait_for(&opened, TOR);
            line.rsplit_once(':').unwrap().1.trim().parse().unwrap()
        });
        program.out.wait_for("Bootstrapped 100%", TOR);
        Self { _program: program, home, port, control }
    }

    /// The descriptor of a service that it has reached, as the directories keep it for everybody.
    pub(crate) fn descriptor(&self, place: &str) -> String {
        let cookie = self.home.path().join("data/control_auth_cookie");
        let mut control = Control::connect(self.control, &cookie).expect("the control port");
        let service = place.strip_suffix(".onion").unwrap_or(place);
        control.get_info(&format!("hs/client/desc/id/{service}")).expect("a descriptor")
    }

    /// Connects to the meeting place of a code, on circuits that only this `purpose` uses; tries
    /// again until it succeeds.
    pub(crate) fn reach(&self, place: &str, purpose: &str) -> TcpStream {
        let begin = Instant::now();
        loop {
            match self.connect(place, purpose) {
                Ok(stream) => return stream,
                Err(error) => assert!(begin.elapsed() < TOR, "never reached: {error}"),
            }
        }
    }

    /// Connects once.
    pub(crate) fn connect(&self, place: &str, purpose: &str) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        // SOCKS 5 with a name, by which C tor keeps circuits apart.
        stream.write_all(&[5, 1, 2])?;
        expect(&mut stream, &[5, 2])?;
        let name = u8::try_from(purpose.len()).map_err(io::Error::other)?;
        stream.write_all(&[&[1, name], purpose.as_bytes(), &[1, b'x']].concat())?;
        expect(&mut stream, &[1, 0])?;
        let host = u8::try_from(place.len()).map_err(io::Error::other)?;
        stream.write_all(&[&[5, 1, 0, 3, host], place.as_bytes(), &[0, 80]].concat())?;
        expect(&mut stream, &[5, 0, 0, 1])?;
        stream.read_exact(&mut [0; 6])?;
        Ok(stream)
    }
}

fn expect(stream: &mut TcpStream, answer: &[u8]) -> io::Result<()> {
    let mut read = vec![0; answer.len()];
    stream.read_exact(&mut read)?;
    if read == answer { Ok(()) } else { Err(io::Error::other(format!("answered {read:?}"))) }
}

/// The onion address to which this code leads today.
pub(crate) fn place_of(code: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let code = Code::parse(code).expect("a code");
    let seed = locator::derive(&code.locator(), "tor", locator::days(now).today).expect("a place");
    format!("{}.onion", seed.address().label())
}
