use undertone_wire::pairing::PairingError;

use crate::support::{FRAMES, Fate, Outcome, ends, run};

fn replace(place: usize, with: impl Fn(&Vec<u8>) -> Vec<u8>) -> Outcome {
    run(ends(), |now, frame| {
        if now == place {
            *frame = with(frame);
        }
    })
}

fn receiver(place: usize, outcome: &Outcome) -> &Fate {
    if place.is_multiple_of(2) { &outcome.host } else { &outcome.guest }
}

#[test]
fn truncated_or_longer_frames_are_malformed() {
    let frames = run(ends(), |_, _| {}).frames;
    for (place, frame) in frames.iter().enumerate() {
        for length in [0, 1, frame.len() / 2, frame.len() - 1] {
            let outcome = replace(place, |frame| frame[..length].to_vec());
            let error = receiver(place, &outcome).error();
            assert_eq!(error, PairingError::Malformed, "frame {place} cut to {length}");
        }
        let outcome = replace(place, |frame| [frame, &[0][..]].concat());
        let error = receiver(place, &outcome).error();
        assert_eq!(error, PairingError::Malformed, "frame {place} longer");
    }
}

#[test]
fn another_frame_of_the_same_pairing_is_out_of_turn() {
    let frames = run(ends(), |_, _| {}).frames;
    for place in 0..FRAMES {
        for other in (0..FRAMES).filter(|other| *other != place) {
            let outcome = replace(place, |_| frames[other].clone());
            let error = receiver(place, &outcome).error();
            assert_eq!(error, PairingError::OutOfTurn, "frame {other} in place of {place}");
        }
    }
}

#[test]
fn a_frame_given_twice_ends_the_pairing() {
    for place in 0..FRAMES {
        let (mut guest_end, mut host_end) = ends();
        let (mut guest, mut frame) = guest_end.guest();
        let mut host = host_end.host();
        for now in 0..=place {
            let reply = if now % 2 == 0 {
                host.handle(&frame, &mut host_end.rng).unwrap().send
            } else {
                guest.handle(&frame, &mut guest_end.rng).unwrap().send
            };
            if now == place {
                let mut again = |frame: &[u8]| {
                    if now % 2 == 0 {
                        host.handle(frame, &mut host_end.rng).err()
                    } else {
                        guest.handle(frame, &mut guest_end.rng).err()
                    }
                };
                // The last two frames end their receivers' part.
                let first = if place < 6 { PairingError::OutOfTurn } else { PairingError::Over };
                assert_eq!(again(&frame), Some(first), "frame {place}");
                assert_eq!(again(&frame), Some(PairingError::Over), "frame {place}");
            } else {
                frame = reply.unwrap();
            }
        }
    }
}

#[test]
fn what_an_end_sent_is_no_answer_to_it() {
    // Its own frames come back, named as the other side's.
    for (place, own, code) in [(1, 0, 2), (3, 2, 4)] {
        let frames = run(ends(), |_, _| {}).frames;
        let outcome = replace(place, |_| {
            let mut frame = frames[own].clone();
            frame[0] = code;
            frame
        });
        assert!(!outcome.guest.is_paired() && !outcome.host.is_paired(), "frame {place}");
    }
    let frames = run(ends(), |_, _| {}).frames;
    let reflected = replace(3, |_| [&[4], &frames[2][1..]].concat());
    assert_eq!(reflected.guest.error(), PairingError::WrongPassword);
}

#[test]
fn a_frame_of_an_earlier_pairing_is_no_use() {
    let earlier = run(ends(), |_, _| {}).frames;
    for (place, old) in earlier.iter().enumerate().skip(2) {
        let (mut guest, mut host) = ends();
        guest.exporters.sid = [61; 32];
        host.exporters.sid = [61; 32];
        let outcome = run((guest, host), |now, frame| {
            if now == place {
                frame.clone_from(old);
            }
        });
        let error = receiver(place, &outcome).error();
        let expected =
            if place < 4 { PairingError::WrongPassword } else { PairingError::BadCiphertext };
        assert_eq!(error, expected, "frame {place}");
    }
}
