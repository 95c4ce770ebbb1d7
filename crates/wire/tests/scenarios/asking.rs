//! A request and its acceptance on one machine, with somebody who may touch each frame in between.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use undertone_ratchet::handshake::PublicKeys;
use undertone_ratchet::secret::Secret;
use undertone_wire::address::{OnionAddress, OnionSeed};
use undertone_wire::pairing::Exporters;
use undertone_wire::request::{
    AcceptanceStage, Accepter, Asker, Offer, OwnOffer, OwnRequest, Request, request_hash,
};

use crate::support::Fate;

/// Frames of a whole acceptance.
pub(crate) const FRAMES: usize = 6;

/// What an asker says in these scenarios.
pub(crate) const NAME: &str = "Ada";
pub(crate) const GREETING: &str = "We met at the harbour, and you lent me a book. – A.";

/// The owner's public address.
pub(crate) fn public_address() -> OnionAddress {
    OnionSeed(Secret::from_bytes(&[5; 32])).address()
}

/// What each end believes about the two streams.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) hash: [u8; 32],
    pub(crate) network: &'static str,
    pub(crate) exporters: Exporters,
    pub(crate) rng: ChaCha20Rng,
}

/// An accepter and an asker behind their request.
pub(crate) struct Ends {
    pub(crate) own_offer: OwnOffer,
    pub(crate) own_request: OwnRequest,
    /// What each has of the other, and where the accepter dials.
    pub(crate) offer_keys: PublicKeys,
    pub(crate) request_keys: PublicKeys,
    pub(crate) place: OnionAddress,
    pub(crate) accepter: View,
    pub(crate) asker: View,
}

/// The frames of the request that [`ends`] have behind them.
pub(crate) fn asked() -> (OwnOffer, OwnRequest, Vec<u8>, Vec<u8>) {
    let own_offer = OwnOffer::generate(&mut ChaCha20Rng::from_seed([1; 32]));
    let own_request = OwnRequest::generate(&mut ChaCha20Rng::from_seed([2; 32]));
    let offer = own_offer.public().encode();
    let request = own_request.encode(NAME, GREETING).unwrap();
    (own_offer, own_request, offer, request)
}

/// An accepter and an asker who agree about everything.
pub(crate) fn ends() -> Ends {
    let (own_offer, own_request, offer, said) = asked();
    let request = Request::decode(&said).unwrap();
    let accepter = View {
        hash: request_hash("local", &public_address(), &[9; 32], &offer, &said),
        network: "local",
        exporters: Exporters { sid: [6; 32], binding: [7; 32] },
        rng: ChaCha20Rng::from_seed([3; 32]),
    };
    Ends {
        own_offer,
        own_request,
        offer_keys: Offer::decode(&offer).unwrap().keys().clone(),
        request_keys: request.keys,
        place: request.place,
        asker: View { rng: ChaCha20Rng::from_seed([4; 32]), ..accepter.clone() },
        accepter,
    }
}

impl Ends {
    pub(crate) fn accepter(&mut self) -> (Accepter, Vec<u8>) {
        let View { hash, network, exporters, rng } = &mut self.accepter;
        let (offer, peer) = (&self.own_offer, &self.request_keys);
        Accepter::new(offer, peer, hash, network, &self.place, exporters, rng)
    }

    pub(crate) fn asker(&self) -> Asker {
        let View { hash, network, exporters, .. } = &self.asker;
        Asker::new(&self.own_request, &self.offer_keys, hash, network, exporters)
    }
}

/// What became of an acceptance.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) accepter: Fate,
    pub(crate) asker: Fate,
    /// The frames as sent, refusals among them.
    pub(crate) frames: Vec<Vec<u8>>,
    /// The frames after which accepter and asker said that the other side has proved itself.
    pub(crate) confirmed: [Vec<usize>; 2],
}

/// Runs an acceptance. `touch` may change each frame, given its place in the order.
pub(crate) fn run(mut ends: Ends, mut touch: impl FnMut(usize, &mut Vec<u8>)) -> Outcome {
    let (mut accepter, frame) = ends.accepter();
    let mut asker = ends.asker();
    let mut frames = vec![frame];
    let mut fates = [Fate::Cut, Fate::Cut];
    let mut confirmed = [Vec::new(), Vec::new()];
    loop {
        let to_asker = frames.len() % 2 == 1;
        let mut frame = frames.last().unwrap().clone();
        touch(frames.len() - 1, &mut frame);
        let result = if to_asker {
            asker.handle(&frame, &mut ends.asker.rng)
        } else {
            accepter.handle(&frame, &mut ends.accepter.rng)
        };
        let who = usize::from(to_asker);
        let reply = match result {
            Ok(progress) => {
                match progress.stage {
                    AcceptanceStage::Waiting => {}
                    AcceptanceStage::Confirmed => confirmed[who].push(frames.len()),
                    AcceptanceStage::Paired(paired) => fates[who] = Fate::Paired(paired),
                }
                progress.send
            }
            Err(error) => {
                fates[who] = Fate::Failed(error);
                error.refusal().map(|refusal| refusal.encode())
            }
        };
        let Some(reply) = reply else { break };
        frames.push(reply);
    }
    let [accepter, asker] = fates;
    Outcome { accepter, asker, frames, confirmed }
}
