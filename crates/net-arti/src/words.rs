//! Arti's errors in words that may be shown and logged: kinds, never an error's own text, which can
//! hold relays' and services' addresses.

use arti_client::ErrorKind;
use arti_client::status::BlockageKind;
use tor_hsservice::status::Problem;
use undertone_net::DialError;

/// A kind of error.
pub(crate) fn of(kind: ErrorKind) -> String {
    kind.to_string().trim_end_matches('.').to_owned()
}

/// What keeps the client from the network. `None`: nothing, it merely wasn't started.
pub(crate) fn blockage(kind: &BlockageKind) -> Option<String> {
    let words = match kind {
        BlockageKind::Disabled => return None,
        BlockageKind::Offline => "no connection to the internet",
        BlockageKind::Filtering => "the connection to the internet seems to be filtered",
        BlockageKind::ClockSkewed => "the clock of this machine seems to be wrong",
        BlockageKind::CantBootstrap => "Tor's directory can't be fetched",
        _ => "no relay of the Tor network can be reached",
    };
    Some(words.to_owned())
}

/// A clock that is off by so many seconds, as relays say.
pub(crate) fn skew(seconds: i64) -> String {
    let side = if seconds > 0 { "ahead" } else { "behind" };
    let minutes = seconds.unsigned_abs().saturating_add(30) / 60;
    let (number, unit) = match minutes {
        0..=119 => (minutes, "minutes"),
        _ => (minutes.saturating_add(30) / 60, "hours"),
    };
    format!("relays say that the clock of this machine is {number} {unit} {side}")
}

/// What a service is missing.
pub(crate) fn problem(problem: Option<&Problem>) -> String {
    let words = match problem {
        Some(Problem::DescriptorUpload(_)) => "its descriptor can't be uploaded",
        Some(Problem::Ipt(_)) | None => "no introduction point can be reached",
        Some(Problem::Runtime(_)) => "it stopped because of an error inside the Tor client",
        Some(_) => "the Tor client doesn't say why",
    };
    words.to_owned()
}

/// What became of a dial.
pub(crate) fn dial(kind: ErrorKind) -> DialError {
    use ErrorKind as K;
    match kind {
        K::OnionServiceNotFound => DialError::NotFound,
        // Arti tells a missing key from a wrong one; to whoever dials both mean the same.
        K::OnionServiceMissingClientAuth | K::OnionServiceWrongClientAuth => {
            DialError::MissingClientAuth
        }
        K::OnionServiceNotRunning
        | K::OnionServiceConnectionFailed
        | K::OnionServiceProtocolViolation
        | K::RemoteNetworkTimeout
        | K::RemoteConnectionRefused
        | K::RemoteStreamClosed
        | K::RemoteStreamReset
        | K::RemoteStreamError
        | K::CircuitCollapse
        | K::CircuitRefused => DialError::Refused,
        K::TorNetworkTimeout | K::ExitTimeout => DialError::Timeout,
        K::TorAccessFailed
        | K::LocalNetworkError
        | K::BootstrapRequired
        | K::DirectoryExpired
        | K::TorDirectoryUnusable
        | K::ArtiShuttingDown
        | K::ReactorShuttingDown => DialError::NoNetwork,
        other => DialError::Other(of(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skewed_clock_is_told_with_its_side() {
        assert!(skew(3_600).ends_with("60 minutes ahead"));
        assert!(skew(-7_199).ends_with("2 hours behind"));
    }

    #[test]
    fn a_client_that_was_not_started_is_not_blocked() {
        assert_eq!(blockage(&BlockageKind::Disabled), None);
        assert!(blockage(&BlockageKind::Offline).is_some());
    }

    #[test]
    fn both_key_errors_ask_for_a_key() {
        for kind in
            [ErrorKind::OnionServiceMissingClientAuth, ErrorKind::OnionServiceWrongClientAuth]
        {
            assert_eq!(dial(kind), DialError::MissingClientAuth);
        }
    }

    #[test]
    fn unknown_kinds_keep_their_words() {
        assert_eq!(
            dial(ErrorKind::OnionServiceAddressInvalid),
            DialError::Other(".onion address was invalid".to_owned())
        );
    }
}
