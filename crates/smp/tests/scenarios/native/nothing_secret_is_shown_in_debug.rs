//! Debug output goes to logs, and logs to others.

use undertone_smp::{Context, Reply};

use super::run::{Side, run_to, secret};

#[test]
fn nothing_secret_is_shown_in_debug() {
    let context = Context {
        initiator_identity: &[1; 32],
        responder_identity: &[2; 32],
        pairing_transcript: &[3; 32],
        epoch: 4,
        epoch_authenticator: &[5; 32],
    };
    let mut run = run_to(1, 50, "yes", "yes");
    let wanted = run.answerer.receive(&run.messages[0], &mut run.rng).unwrap();
    let shown = [
        format!("{context:?}"),
        format!("{:?}", secret("yes")),
        format!("{:?}", Side::new()),
        format!("{:?}", run.starter),
        format!("{:?}", run.answerer),
        format!("{:?}", run_to(2, 50, "yes", "yes").answerer),
        format!("{:?}", run_to(3, 50, "yes", "yes").starter),
        format!("{wanted:?}"),
        format!("{:?}", Reply::Send(vec![1])),
        format!("{:?}", Reply::<Vec<u8>>::Finished { matched: true, send: None }),
    ];
    insta::assert_snapshot!(shown.join("\n"), @r"
    Context { epoch: 4, .. }
    SmpSecret(…)
    Smp(ristretto255, idle)
    Smp(ristretto255, waiting for message 2)
    Smp(ristretto255, waiting for the user's answer)
    Smp(ristretto255, waiting for message 3)
    Smp(ristretto255, waiting for message 4)
    SecretWanted(…)
    Send(…)
    Finished(…)
    ");
}
