//! Every goal: its name, and the most that ours may take, of the peer's time or at all.

/// What is wanted of one measurement. It is met when the bad end of the 95 % interval of the ratio reaches it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) name: &'static str,
    pub(crate) at_most: f64,
}

/// A packet of 32 bytes beside Olm's: four times as fast, for most of what Olm spends on it is not its cipher.
pub(crate) const PACKET_32: Wanted = Wanted { name: "ratchet-32", at_most: 1.0 / 4.0 };
/// A packet of 1 KiB: three times as fast.
pub(crate) const PACKET_1K: Wanted = Wanted { name: "ratchet-1k", at_most: 1.0 / 3.0 };
/// A packet of 64 KiB: twice as fast. Here both ciphers count most.
pub(crate) const PACKET_64K: Wanted = Wanted { name: "ratchet-64k", at_most: 1.0 / 2.0 };
/// A packet that begins a chain: a fifth faster. Two agreements and a fresh key are the same for both.
pub(crate) const TURN: Wanted = Wanted { name: "ratchet-turn", at_most: 1.0 / 1.2 };
/// A chunk of a stream beside its cipher alone: 0.85 of its speed, at worst.
pub(crate) const CHUNK: Wanted = Wanted { name: "ratchet-stream", at_most: 1.0 / 0.85 };
/// A file beside `age`: one and a half times as fast.
pub(crate) const FILE: Wanted = Wanted { name: "ratchet-file", at_most: 1.0 / 1.5 };
/// A line over two onion services beside bare TLS over the same: at most a tenth more.
pub(crate) const LATENCY: Wanted = Wanted { name: "latency", at_most: 1.10 };

/// Version 3 of OTR beside libotr, a text of 32 bytes, sent and read: as fast.
pub(crate) const OTR_MESSAGE: Wanted = Wanted { name: "otr-3-message", at_most: 1.0 };
/// A text of 1 KiB, sent and read: as fast.
pub(crate) const OTR_MESSAGE_1K: Wanted = Wanted { name: "otr-3-message-1k", at_most: 1.0 };
/// A text that answers one, so that keys change: as fast.
pub(crate) const OTR_TURN: Wanted = Wanted { name: "otr-3-turn", at_most: 1.0 };
/// A session from the query on: half as fast, at worst.
pub(crate) const OTR_SESSION: Wanted = Wanted { name: "otr-3-session", at_most: 2.0 };
/// A check of a secret that both know: half as fast, at worst.
pub(crate) const OTR_CHECK: Wanted = Wanted { name: "otr-3-check", at_most: 2.0 };

/// Version 4 beside otrr, a text of 32 bytes, sent and read: as fast.
pub(crate) const OTR4_MESSAGE: Wanted = Wanted { name: "otr-4-message", at_most: 1.0 };
/// A text of 1 KiB, sent and read: as fast.
pub(crate) const OTR4_MESSAGE_1K: Wanted = Wanted { name: "otr-4-message-1k", at_most: 1.0 };
/// A text that answers one, so that keys change: as fast.
pub(crate) const OTR4_TURN: Wanted = Wanted { name: "otr-4-turn", at_most: 1.0 };
/// A session from the query on: as fast.
pub(crate) const OTR4_SESSION: Wanted = Wanted { name: "otr-4-session", at_most: 1.0 };
/// A check of a secret that both know: as fast.
pub(crate) const OTR4_CHECK: Wanted = Wanted { name: "otr-4-check", at_most: 1.0 };

/// Texts to a profile of a million messages, 64 in a commit, and their receipts, beside SQLite without a key: half as
/// fast, at worst.
pub(crate) const STORE_SENDS: Wanted = Wanted { name: "store-sends", at_most: 2.0 };

/// All of them, of every program that measures.
pub(crate) const ALL: [Wanted; 18] = [
    PACKET_32,
    PACKET_1K,
    PACKET_64K,
    TURN,
    CHUNK,
    FILE,
    OTR_MESSAGE,
    OTR_MESSAGE_1K,
    OTR_TURN,
    OTR_SESSION,
    OTR_CHECK,
    OTR4_MESSAGE,
    OTR4_MESSAGE_1K,
    OTR4_TURN,
    OTR4_SESSION,
    OTR4_CHECK,
    LATENCY,
    STORE_SENDS,
];

/// What is wanted of one measurement that has no peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) name: &'static str,
    pub(crate) at_most: f64,
    pub(crate) unit: &'static str,
    /// Of so many per mille of what was measured.
    pub(crate) per_mille: usize,
}

/// Making a profile of a million messages and two hundred contacts, by what stores them.
#[cfg_attr(not(feature = "store"), expect(dead_code, reason = "measured with the store alone"))]
pub(crate) const STORE_MAKING: Bound =
    Bound { name: "store-making", at_most: 180.0, unit: "s", per_mille: 1_000 };
/// The first screen of it, from the key on.
pub(crate) const STORE_SCREEN: Bound =
    Bound { name: "store-screen", at_most: 100.0, unit: "ms", per_mille: 990 };
/// A page of 50 messages.
pub(crate) const STORE_PAGE: Bound =
    Bound { name: "store-page", at_most: 2.0, unit: "ms", per_mille: 990 };
/// A search for 50 messages.
pub(crate) const STORE_SEARCH: Bound =
    Bound { name: "store-search", at_most: 50.0, unit: "ms", per_mille: 990 };
/// Memory of the program over that with an empty profile.
pub(crate) const STORE_MEMORY: Bound =
    Bound { name: "store-memory", at_most: 40.0, unit: "MB", per_mille: 1_000 };

/// All of them; the making is measured with whichever comes first.
pub(crate) const BOUNDS: [Bound; 4] = [STORE_SCREEN, STORE_PAGE, STORE_SEARCH, STORE_MEMORY];

/// Memory, state and restores of a session: no goal, only reported.
pub(crate) const SESSIONS: &str = "ratchet-sessions";
/// The suite's primitives beside others of the same: no goal, only reported.
pub(crate) const SUITE: &str = "ratchet-suite";
