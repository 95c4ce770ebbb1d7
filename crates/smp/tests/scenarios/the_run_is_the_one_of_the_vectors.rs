use std::collections::VecDeque;
use std::convert::Infallible;

use data_encoding::HEXLOWER;
use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;
use undertone_smp::{Ed448, Modp1536, Reply, Smp, otr, otr3, otr4};

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

#[test]
fn otr_version_4() {
    let vectors: Value =
        serde_json::from_str(include_str!("../vectors/otr4_smp_run.json")).unwrap();
    let context = otr4::Context {
        initiator_fingerprint: &bytes(&vectors["initiator_fp"]).try_into().unwrap(),
        responder_fingerprint: &bytes(&vectors["responder_fp"]).try_into().unwrap(),
        ssid: &bytes(&vectors["ssid"]).try_into().unwrap(),
    };
    let words = String::from_utf8(bytes(&vectors["answer_utf8"])).unwrap();
    let question = String::from_utf8(bytes(&vectors["question"])).unwrap();
    let secret = otr4::Secret::derive(&context, &words);
    // In the order in which this crate draws them.
    let drawn = [
        "a2", "a3", "A.r2", "A.r3", "b2", "b3", "B.r4", "B.r2", "B.r3", "B.r5", "B.r6", "A.r4",
        "A.r5", "A.r6", "A.r7", "B.r7",
    ];
    let randoms = &vectors["randoms_before_hash_prune"];
    let mut rng = Script(drawn.iter().map(|name| bytes(&randoms[name])).collect());

    let (mut starter, mut answerer) = (Smp::<Ed448>::new(), Smp::<Ed448>::new());
    let first = starter.start(&secret, Some(&question), &mut rng).unwrap();
    assert!(first == message(otr::Kind::First, &vectors["smp1"]));
    let asked = answerer.receive(&first, &mut rng).unwrap();
    assert_eq!(asked, Reply::SecretWanted { question: Some(question) });
    let second = answerer.answer(&secret, &mut rng).unwrap();
    assert!(second == message(otr::Kind::Second, &vectors["smp2"]));
    let third = message(otr::Kind::Third, &vectors["smp3"]);
    assert!(starter.receive(&second, &mut rng) == Ok(Reply::Send(third.clone())));
    let fourth = message(otr::Kind::Fourth, &vectors["smp4"]);
    let end = answerer.receive(&third, &mut rng);
    assert!(end == Ok(Reply::Finished { matched: true, send: Some(fourth.clone()) }));
    let end = starter.receive(&fourth, &mut rng);
    assert!(end == Ok(Reply::Finished { matched: true, send: None }));
    assert!(rng.0.is_empty());
    assert_eq!(vectors["result"], "equal");
}
