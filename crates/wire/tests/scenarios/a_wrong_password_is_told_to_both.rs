use undertone_wire::pairing::{GuestStage, PairingError, Refusal};

use crate::support::{ends, password, run};

#[test]
fn the_host_notices_at_the_guests_confirmation_and_the_guest_is_told() {
    let (mut guest, host) = ends();
    guest.password = password("93-xyz1zyquuz");
    let outcome = run((guest, host), |_, _| {});
    // Two shares, the guest's confirmation, the refusal.
    assert_eq!(outcome.frames.len(), 4);
    assert_eq!(outcome.host.error(), PairingError::WrongPassword);
    assert_eq!(outcome.guest.error(), PairingError::Refused(Refusal::WrongPassword));
}

#[test]
fn the_guest_notices_a_host_that_guessed() {
    // A host without the password can only send some confirmation.
    let outcome = run(ends(), |place, frame| {
        if place == 3 {
            frame[1..].fill(0);
        }
    });
    assert_eq!(outcome.guest.error(), PairingError::WrongPassword);
    assert_eq!(outcome.host.error(), PairingError::Refused(Refusal::WrongPassword));
}

#[test]
fn the_guests_guess_is_spent_with_its_confirmation_and_not_before() {
    let (mut guest_end, mut host_end) = ends();
    let (mut guest, share) = guest_end.guest();
    let answer = host_end.host().handle(&share, &mut host_end.rng).unwrap().send.unwrap();
    let progress = guest.handle(&answer, &mut guest_end.rng).unwrap();
    assert_eq!(progress.send.unwrap()[0], 3);
    assert!(matches!(progress.stage, GuestStage::Waiting { guess_spent: true }));
}

#[test]
fn another_network_or_address_is_as_wrong_as_another_password() {
    let (mut guest, host) = ends();
    guest.network = "tor";
    let outcome = run((guest, host), |_, _| {});
    assert_eq!(outcome.host.error(), PairingError::WrongPassword);

    let (mut guest, host) = ends();
    guest.address = undertone_wire::address::OnionSeed::random(&mut guest.rng).address();
    let outcome = run((guest, host), |_, _| {});
    assert_eq!(outcome.host.error(), PairingError::WrongPassword);
}
