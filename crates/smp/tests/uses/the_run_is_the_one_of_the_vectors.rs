use std::collections::VecDeque;
use std::convert::Infallible;

use data_encoding::HEXLOWER;
use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;
use undertone_smp::{Modp1536, Reply, Smp, otr, otr3};

/// Gives prepared bytes, and has none left in the end.
struct Script(VecDeque<Vec<u8>>);

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("a scalar is drawn as bytes")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("a scalar is drawn as bytes")
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.copy_from_slice(&self.0.pop_front().unwrap());
        Ok(())
    }
}

impl TryCryptoRng for Script {}

fn bytes(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

fn message(kind: otr::Kind, value: &Value) -> otr::Message {
    otr::Message { kind, payload: bytes(value) }
}

#[test]
fn otr_version_3() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/otr3_smp.json")).unwrap();
    let context = otr3::Context {
        initiator_fingerprint: &bytes(&vectors["smp_secret"]["initiator_fp"]).try_into().unwrap(),
        responder_fingerprint: &bytes(&vectors["smp_secret"]["responder_fp"]).try_into().unwrap(),
        ssid: &bytes(&vectors["smp_secret"]["ssid"]).try_into().unwrap(),
    };
    let vectors: Value =
        serde_json::from_str(include_str!("../vectors/otr3_smp_run.json")).unwrap();
    for run in vectors["runs"].as_array().unwrap() {
        let randoms = vectors["randoms"].as_array().unwrap();
        let mut rng = Script(randoms.iter().map(|named| bytes(&named[1])).collect());
        let secret =
            |side: &str| otr3::Secret::derive(&context, run[side].as_str().unwrap().as_bytes());
        let (mut starter, mut answerer) = (Smp::<Modp1536>::new(), Smp::<Modp1536>::new());
        let first = starter.start(&secret("initiator_words"), None, &mut rng).unwrap();
        assert!(first == message(otr::Kind::First, &run["smp1"]));
        let asked = answerer.receive(&first, &mut rng).unwrap();
        assert_eq!(asked, Reply::SecretWanted { question: None });
        let second = answerer.answer(&secret("responder_words"), &mut rng).unwrap();
        assert!(second == message(otr::Kind::Second, &run["smp2"]));
        let third = starter.receive(&second, &mut rng).unwrap();
        assert!(third == Reply::Send(message(otr::Kind::Third, &run["smp3"])));
        let Reply::Send(third) = third else { panic!() };
        let end = answerer.receive(&third, &mut rng).unwrap();
        let fourth = message(otr::Kind::Fourth, &run["smp4"]);
        let matched = run["equal"].as_bool().unwrap();
        assert!(end == Reply::Finished { matched, send: Some(fourth.clone()) });
        let end = starter.receive(&fourth, &mut rng).unwrap();
        assert!(end == Reply::Finished { matched, send: None });
        assert!(rng.0.is_empty());
    }
}
