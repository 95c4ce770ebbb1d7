//! Two ends of a pairing on one machine, with somebody who may touch each frame in between.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use undertone_ratchet::secret::Secret;
use undertone_wire::address::{OnionAddress, OnionSeed};
use undertone_wire::code::{Code, Password};
use undertone_wire::pairing::{
    Exporters, Guest, GuestStage, Host, HostStage, Paired, PairingError,
};

/// Frames of a whole pairing.
pub(crate) const FRAMES: usize = 8;

/// Everything that an end brings to a pairing.
#[derive(Clone)]
pub(crate) struct End {
    pub(crate) password: Password,
    pub(crate) network: &'static str,
    pub(crate) address: OnionAddress,
    pub(crate) exporters: Exporters,
    pub(crate) rng: ChaCha20Rng,
}

impl End {
    pub(crate) fn guest(&mut self) -> (Guest, Vec<u8>) {
        Guest::new(&self.password, self.network, &self.address, &self.exporters, &mut self.rng)
    }

    pub(crate) fn host(&self) -> Host {
        Host::new(&self.password, self.network, &self.address, &self.exporters)
    }
}

pub(crate) fn password(text: &str) -> Password {
    Code::parse(text).unwrap().password()
}

/// A guest and a host who agree about everything.
pub(crate) fn ends() -> (End, End) {
    let seed = OnionSeed(Secret::from_bytes(&[5; 32]));
    let guest = End {
        password: password("93-xyz1zyquux"),
        network: "local",
        address: seed.address(),
        exporters: Exporters { sid: [6; 32], binding: [7; 32] },
        rng: ChaCha20Rng::from_seed([1; 32]),
    };
    let host = End { rng: ChaCha20Rng::from_seed([2; 32]), ..guest.clone() };
    (guest, host)
}

/// What became of one end.
#[derive(Debug)]
pub(crate) enum Fate {
    Paired(Box<Paired>),
    /// The stream was closed on it.
    Cut,
    Failed(PairingError),
}

impl Fate {
    pub(crate) fn paired(self) -> Paired {
        match self {
            Self::Paired(paired) => *paired,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn error(&self) -> PairingError {
        match self {
            Self::Failed(error) => *error,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn is_paired(&self) -> bool {
        matches!(self, Self::Paired(_))
    }
}

/// What became of a pairing.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) guest: Fate,
    pub(crate) host: Fate,
    /// The frames as sent, refusals among them.
    pub(crate) frames: Vec<Vec<u8>>,
}

/// Runs a pairing. `touch` may change each frame, given its place in the order.
pub(crate) fn run(
    (mut guest_end, mut host_end): (End, End),
    mut touch: impl FnMut(usize, &mut Vec<u8>),
) -> Outcome {
    let (mut guest, frame) = guest_end.guest();
    let mut host = host_end.host();
    let mut frames = vec![frame];
    let mut fates = [Fate::Cut, Fate::Cut];
    loop {
        let to_host = frames.len() % 2 == 1;
        let mut frame = frames.last().unwrap().clone();
        touch(frames.len() - 1, &mut frame);
        let result = if to_host {
            host.handle(&frame, &mut host_end.rng).map(|progress| {
                if let HostStage::Paired(paired) = progress.stage {
                    fates[1] = Fate::Paired(paired);
                }
                progress.send
            })
        } else {
            guest.handle(&frame, &mut guest_end.rng).map(|progress| {
                if let GuestStage::Paired(paired) = progress.stage {
                    fates[0] = Fate::Paired(paired);
                }
                progress.send
            })
        };
        let reply = result.unwrap_or_else(|error| {
            fates[usize::from(to_host)] = Fate::Failed(error);
            error.refusal().map(|refusal| refusal.encode())
        });
        let Some(reply) = reply else { break };
        frames.push(reply);
    }
    let [guest, host] = fates;
    Outcome { guest, host, frames }
}
