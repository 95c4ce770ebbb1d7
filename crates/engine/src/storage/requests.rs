//! Rows of the public address and of requests.

use undertone_handle::ConversationId;
use undertone_handle::command::{Greeting, Name};
use undertone_handle::query::{AskLine, RequestLine, RequestState};
use undertone_ratchet::handshake::PublicKeys;
use undertone_wire::address::{OnionAddress, OnionSeed};
use undertone_wire::request::{Offer, OwnOffer, OwnRequest};

/// The address at which strangers can ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicAddress {
    /// The key behind it.
    pub seed: OnionSeed,
    /// Whether it is to be served.
    pub on: bool,
}

/// A request that came.
#[derive(Clone)]
pub struct RequestRow {
    /// Which; the id of its conversation, once there is one.
    pub id: ConversationId,
    /// When it came first, in seconds since 1970 by this machine's clock.
    pub at: u64,
    /// The name that whoever asks suggests.
    pub name: Name,
    /// What was said with it; emptied when it is let go.
    pub greeting: Greeting,
    /// The one-time address at which whoever asks waits for the answer.
    pub place: OnionAddress,
    /// The keys of whoever asks, for this request alone.
    pub keys: PublicKeys,
    /// 32 bytes by which requests from one public address are alike.
    pub tag: [u8; 32],
    /// What this side offered for this request; erased when it is let go.
    pub offer: Option<OwnOffer>,
    /// The hash of the request and all that it is bound to.
    pub hash: [u8; 32],
    /// What the user has decided.
    pub state: RequestState,
    /// The names for its conversation, our own and the one shown, once it is accepted.
    pub names: Option<(Name, Name)>,
    /// When it was accepted, in seconds since 1970 by this machine's clock.
    pub accepted: Option<u64>,
}

impl std::fmt::Debug for RequestRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestRow")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl RequestRow {
    /// What an interface shows of it.
    #[must_use]
    pub fn line(&self) -> RequestLine {
        RequestLine {
            conversation: self.id,
            name: self.name.clone(),
            greeting: self.greeting.clone(),
            at: self.at,
            state: self.state,
        }
    }
}

/// A request of ours.
#[derive(Clone)]
pub struct AskRow {
    /// Which; the id of its conversation, once there is one.
    pub id: ConversationId,
    /// Whom we ask.
    pub address: OnionAddress,
    /// The name that we send.
    pub nick: Name,
    /// The name that this side shows.
    pub peer: Name,
    /// What is said with it.
    pub greeting: Greeting,
    /// What was made for it: the place at which we wait for the answer, and keys.
    pub own: OwnRequest,
    /// When it was made, in seconds since 1970 by this machine's clock.
    pub at: u64,
    /// How often its address was dialled.
    pub tries: u32,
    /// What was offered to us when it was last sent, if it was.
    pub sent: Option<SentRequest>,
    /// It has arrived: it is not sent any more.
    pub arrived: bool,
}

impl std::fmt::Debug for AskRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AskRow")
            .field("id", &self.id)
            .field("tries", &self.tries)
            .field("arrived", &self.arrived)
            .finish_non_exhaustive()
    }
}

impl AskRow {
    /// What an interface shows of it.
    #[must_use]
    pub fn line(&self) -> AskLine {
        let Self { id, address, peer, at, arrived, .. } = self;
        AskLine {
            conversation: *id,
            address: *address,
            peer: peer.clone(),
            at: *at,
            arrived: *arrived,
        }
    }
}

/// What a request of ours was bound to when it was last sent.
#[derive(Clone, PartialEq, Eq)]
pub struct SentRequest {
    /// The hash of the request and all that it is bound to.
    pub hash: [u8; 32],
    /// What the owner of the address offered for it.
    pub offer: Offer,
}

impl std::fmt::Debug for SentRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SentRequest(…)")
    }
}
