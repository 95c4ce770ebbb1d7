use undertone_wire::pairing::{Exporters, PairingError};

use crate::support::{End, ends, password, run};

/// Whoever is in the middle has one TLS session with each end, hence other exporter values.
fn with_exporters(exporters: Exporters) -> (End, End) {
    let (mut guest, host) = ends();
    guest.exporters = exporters;
    (guest, host)
}

#[test]
fn frames_passed_on_unchanged_fail_at_the_first_confirmation() {
    for exporters in [
        Exporters { sid: [60; 32], binding: [70; 32] },
        Exporters { sid: [60; 32], binding: [7; 32] },
        Exporters { sid: [6; 32], binding: [70; 32] },
    ] {
        let outcome = run(with_exporters(exporters), |_, _| {});
        assert_eq!(outcome.host.error(), PairingError::WrongPassword);
        assert!(!outcome.guest.is_paired());
    }
}

/// Somebody in the middle who plays the host to the guest and the guest to the host.
fn bridge(guess: &str) -> (bool, bool) {
    let (guest, host) = with_exporters(Exporters { sid: [60; 32], binding: [70; 32] });
    let fake_host = End { password: password(guess), rng: host.rng.clone(), ..guest.clone() };
    let fake_guest = End { password: password(guess), rng: guest.rng.clone(), ..host.clone() };
    let with_guest = run((guest, fake_host), |_, _| {});
    let with_host = run((fake_guest, host), |_, _| {});
    (with_guest.guest.is_paired(), with_host.host.is_paired())
}

#[test]
fn a_bridge_with_a_wrong_guess_fails_on_both_sides() {
    assert_eq!(bridge("93-xyz1zyquuz"), (false, false));
}

/// Shows that the test above can fail: the password is all that keeps a bridge out.
#[test]
fn a_bridge_that_was_given_the_password_succeeds() {
    assert_eq!(bridge("93-xyz1zyquux"), (true, true));
}
