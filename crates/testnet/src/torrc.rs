//! The configuration of each process of the network.

use std::path::Path;

use crate::description::Authority;
use crate::directory;
use crate::options::VotingInterval;

/// What a process is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Role<'a> {
    /// Votes on the consensus and serves it.
    Authority { directory_port: u16, interval: VotingInterval, bandwidths: &'a Path },
    /// Relays. Without any exit the embedded client complains of failing preemptive circuits every ten seconds.
    Relay { exit: bool },
    /// Builds circuits for others by SOCKS, or for the services given to its control port.
    Client { socks_port: u16 },
}

/// What all processes need, whatever they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Common<'a> {
    pub(crate) directory: &'a Path,
    pub(crate) nickname: &'a str,
    /// Port for other relays; a client has none.
    pub(crate) or_port: Option<u16>,
    pub(crate) control_port: u16,
    /// The process that this one must not outlive.
    pub(crate) owner: u32,
    pub(crate) authorities: &'a [Authority],
}

/// Writes a torrc.
pub(crate) fn torrc(common: &Common<'_>, role: Role<'_>) -> String {
    let Common { directory, nickname, or_port, control_port, owner, authorities } = common;
    let home = directory.display();
    let mut text = format!(
        "TestingTorNetwork 1
DataDirectory {home}
Nickname {nickname}
PidFile {home}/pid
Log notice file {home}/notice.log
RunAsDaemon 0
__OwningControllerProcess {owner}
ShutdownWaitLength 0
SafeLogging 0
AvoidDiskWrites 1
ConnLimit 60
NumCPUs 1
Address 127.0.0.1
AssumeReachable 1
EnforceDistinctSubnets 0
ClientRejectInternalAddresses 0
PathsNeededToBuildCircuits 0.25
KISTSchedRunInterval 1 msec
ControlPort 127.0.0.1:{control_port}
CookieAuthentication 1
"
    );
    if let Some(or_port) = or_port {
        text.push_str(&relay_part(directory, *or_port));
    }
    text.push_str(&match role {
        Role::Authority { directory_port, interval, bandwidths } => {
            format!("{NO_EXIT}{}", authority_part(directory_port, interval, bandwidths))
        }
        Role::Relay { exit: true } => EXIT.to_owned(),
        Role::Relay { exit: false } => NO_EXIT.to_owned(),
        Role::Client { socks_port } => client_part(socks_port),
    });
    for authority in *authorities {
        text.push_str(&authority_line(authority));
    }
    text
}

/// What a relay is asked for as a directory is written down, for tests that play whoever runs it.
fn relay_part(directory: &Path, or_port: u16) -> String {
    let (home, asked) = (directory.display(), directory::log(directory));
    let asked = asked.display();
    format!(
        "SocksPort 0
Log [dirserv]debug file {asked}
ORPort 127.0.0.1:{or_port} IPv4Only
PublishServerDescriptor v3
ServerDNSDetectHijacking 0
ServerDNSTestAddresses
ServerDNSResolvConfFile {home}/resolv.conf
ServerDNSAllowBrokenConfig 1
"
    )
}

const NO_EXIT: &str = "ExitRelay 0\nExitPolicy reject *:*\n";

/// A policy that lists loopback alone doesn't count as an exit, so this one lists everything; bound to loopback, the
/// exit can't leave the machine.
const EXIT: &str = "ExitRelay 1
ExitPolicyRejectPrivate 0
ExitPolicy accept *:*
OutboundBindAddressExit 127.0.0.1
";

/// The first interval equals the later ones, because it decides the length of the shared-random protocol too.
fn authority_part(directory_port: u16, interval: VotingInterval, bandwidths: &Path) -> String {
    let (seconds, delay, bandwidths) = (interval.seconds(), interval.delay(), bandwidths.display());
    format!(
        "DirPort 127.0.0.1:{directory_port}
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
ContactInfo test@example.invalid
V3AuthVotingInterval {seconds} seconds
V3AuthVoteDelay {delay} seconds
V3AuthDistDelay {delay} seconds
V3AuthNIntervalsValid 3
TestingV3AuthInitialVotingInterval {seconds} seconds
TestingV3AuthInitialVoteDelay {delay} seconds
TestingV3AuthInitialDistDelay {delay} seconds
TestingDirAuthVoteGuard *
TestingDirAuthVoteHSDir *
TestingDirAuthVoteExit *
TestingMinExitFlagThreshold 0
MinUptimeHidServDirectoryV2 0
V3BandwidthsFile {bandwidths}
AuthDirMaxServersPerAddr 0
"
    )
}

/// A learned timeout would shrink to the milliseconds that circuits take on loopback, and every slower one would be
/// given up.
fn client_part(socks_port: u16) -> String {
    format!(
        "SocksPort 127.0.0.1:{socks_port}
UseMicrodescriptors 1
LearnCircuitBuildTimeout 0
CircuitBuildTimeout 10
"
    )
}

fn authority_line(authority: &Authority) -> String {
    format!(
        "DirAuthority {} orport={} no-v2 v3ident={} {} {}\n",
        authority.relay.nickname,
        authority.relay.or_port,
        authority.v3_identity,
        authority.directory_address(),
        authority.relay.fingerprint,
    )
}

/// Measured bandwidths for the authorities. A relay's own measurement starts at 0 and clients choose by weight, so
/// without this file some relays would never be chosen; equal values also give all of them the flag `Fast`.
pub(crate) fn bandwidths<'a>(
    unix_time: u64,
    relays: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut text = format!("{unix_time}\n");
    for (nickname, fingerprint) in relays {
        text.push_str(&format!("node_id=${fingerprint} bw=1000 nick={nickname}\n"));
    }
    text
}

/// State of the shared-random protocol that begins with two values. Without them a client has no second hash ring,
/// and its services don't count as reachable before two runs of the protocol, 48 votes.
pub(crate) fn shared_random_state(
    unix_time: u64,
    interval: VotingInterval,
    previous: &[u8; 32],
    current: &[u8; 32],
) -> String {
    let run = interval.shared_random_run();
    let after = unix_time / run * run;
    let base64 = |value| data_encoding::BASE64.encode(value);
    format!(
        "Version 1
TorVersion Tor 0.4.9.11
ValidAfter {}
ValidUntil {}
SharedRandPreviousValue 3 {}
SharedRandCurrentValue 3 {}
",
        utc(after),
        utc(after + run),
        base64(previous),
        base64(current),
    )
}

/// Seconds left of the run of the shared-random protocol that `unix_time` lies in.
pub(crate) fn run_left(unix_time: u64, interval: VotingInterval) -> u64 {
    let run = interval.shared_random_run();
    run - unix_time % run
}

/// A moment as Tor's directory documents write it: `2026-11-20 14:02:00`.
fn utc(unix_time: u64) -> String {
    let (days, second) = (unix_time / 86_400, unix_time % 86_400);
    // Days are counted from 1 March of year 0, so that the leap day ends its year: 400 years have 146 097 days, a year
    // from March on has months of 153 days in each group of five.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = 400 * era + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::tests::example;

    fn lines(role: Role<'_>, or_port: Option<u16>) -> Vec<String> {
        let network = example(Path::new("/n"));
        let common = Common {
            directory: Path::new("/n/x"),
            nickname: "x",
            or_port,
            control_port: 20_001,
            owner: 77,
            authorities: &network.authorities,
        };
        torrc(&common, role).lines().map(str::to_owned).collect()
    }

    fn has(lines: &[String], line: &str) -> bool {
        lines.iter().any(|there| there == line)
    }

    #[test]
    fn every_process_ends_with_its_owner_and_listens_on_loopback_only() {
        let interval = VotingInterval::default();
        let authority =
            Role::Authority { directory_port: 20_002, interval, bandwidths: Path::new("/n/bw") };
        let roles = [
            (authority, Some(20_000)),
            (Role::Relay { exit: true }, Some(20_000)),
            (Role::Relay { exit: false }, Some(20_000)),
            (Role::Client { socks_port: 20_003 }, None),
        ];
        for (role, or_port) in roles {
            let lines = lines(role, or_port);
            assert!(has(&lines, "__OwningControllerProcess 77"));
            assert!(has(&lines, "KISTSchedRunInterval 1 msec"));
            for line in lines.iter().filter(|line| line.contains("Port ")) {
                assert!(
                    line.contains(" 127.0.0.1:") || line == "SocksPort 0",
                    "listens elsewhere: {line}"
                );
            }
            assert_eq!(lines.iter().filter(|line| line.starts_with("DirAuthority ")).count(), 2);
        }
    }

    #[test]
    fn an_exit_is_bound_to_loopback() {
        let exit = lines(Role::Relay { exit: true }, Some(1));
        assert!(has(&exit, "OutboundBindAddressExit 127.0.0.1"));
        assert!(has(&lines(Role::Relay { exit: false }, Some(1)), "ExitRelay 0"));
    }

    #[test]
    fn a_client_has_no_relay_port_and_learns_no_timeout() {
        let client = lines(Role::Client { socks_port: 20_003 }, None);
        assert!(has(&client, "LearnCircuitBuildTimeout 0"));
        assert!(!client.iter().any(|line| line.starts_with("ORPort")));
    }

    #[test]
    fn an_authority_is_named_by_all_that_tor_wants() {
        let network = example(Path::new("/n"));
        assert_eq!(
            authority_line(&network.authorities[0]),
            format!(
                "DirAuthority auth0 orport=20000 no-v2 v3ident={} 127.0.0.1:20002 {}\n",
                "C3".repeat(20),
                "A1".repeat(20)
            )
        );
    }

    #[test]
    fn moments_are_written_as_tor_writes_them() {
        assert_eq!(utc(0), "1970-01-01 00:00:00");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00:00");
        assert_eq!(utc(951_868_799), "2000-02-29 23:59:59");
        assert_eq!(utc(1_795_183_320), "2026-11-20 14:02:00");
        assert_eq!(utc(1_803_859_199), "2027-02-28 23:59:59");
        assert_eq!(utc(4_107_542_400), "2100-03-01 00:00:00");
    }

    #[test]
    fn shared_random_state_spans_the_run_that_now_is_in() {
        let interval = VotingInterval::default();
        let state = shared_random_state(1_440 * 7 + 5, interval, &[0; 32], &[255; 32]);
        assert!(state.contains("ValidAfter 1970-01-01 02:48:00\nValidUntil 1970-01-01 03:12:00\n"));
        assert!(state.contains(&format!("SharedRandPreviousValue 3 {}=\n", "A".repeat(43))));
        assert_eq!(run_left(1_440 * 7 + 5, interval), 1_435);
    }

    #[test]
    fn bandwidths_are_equal_and_dated() {
        let text = bandwidths(12, [("a", "AA"), ("b", "BB")].into_iter());
        assert_eq!(text, "12\nnode_id=$AA bw=1000 nick=a\nnode_id=$BB bw=1000 nick=b\n");
    }
}
