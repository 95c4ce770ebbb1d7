//! Every limit and every waiting time of the engine, each with its reason, once.

/// Milliseconds on a clock that never goes back; where it starts does not matter.
pub type Millis = u64;

/// A code lives so long from the moment its service is reachable.
pub const CODE_LIFE: Millis = 10 * 60 * 1000;

/// A machine without a way to the network is told so after this long.
pub const NETWORK_PATIENCE: Millis = 85 * 1000;

/// A service that has not become reachable after this long never will.
pub const PUBLISH_PATIENCE: Millis = 150 * 1000;

/// How long the host looks whether its code is taken; a courtesy, not a defence.
pub const LOOK_TIMEOUT: Millis = 20 * 1000;

/// How often the host looks when the first look failed for an unclear reason.
pub const LOOKS: u32 = 2;

/// How long a guest goes on dialling a meeting place at which nobody answers.
pub const GUEST_PATIENCE: Millis = 50 * 1000;

/// One dial of a guest takes no longer than this.
pub const GUEST_DIAL_TIMEOUT: Millis = 40 * 1000;

/// The pause between two dials of a guest grows from here …
pub const DIAL_PAUSE: Millis = 500;

/// … by doubling, up to here.
pub const DIAL_PAUSE_MAX: Millis = 5_000;

/// Streams that may be in TLS or before their share; the oldest goes when another comes.
pub const STRANGERS: usize = 64;

/// A stream that has not sent its share after this long is closed; it costs no guess.
pub const SHARE_PATIENCE: Millis = 10 * 1000;

/// A guest that has not confirmed so long after the host's share has used up one of the
/// [`UNCONFIRMED`] shares.
pub const CONFIRMATION_PATIENCE: Millis = 30 * 1000;

/// Shares of the host that may stay unconfirmed; the last one burns the code.
pub const UNCONFIRMED: u8 = 3;

/// A guest waits so long for each answer of the host. Longer than a host's exclusive span, so that a
/// guest whose turn comes after a silent stranger is still served.
pub const ANSWER_PATIENCE: Millis = 40 * 1000;

/// A host waits so long for each message after the guest's confirmation.
pub const CARD_PATIENCE: Millis = 30 * 1000;

/// A lost connection is dialled again for so long.
pub const REDIAL_FOR: Millis = 10 * 60 * 1000;

/// One redial takes no longer than this.
pub const REDIAL_TIMEOUT: Millis = 30 * 1000;

/// The longest pause between two redials.
pub const REDIAL_PAUSE_MAX: Millis = 15 * 1000;

/// The longest pause between two dials to a lasting contact that has been away for longer than
/// [`REDIAL_FOR`]: rare enough for Tor, soon enough for whoever waits.
pub const AWAY_PAUSE_MAX: Millis = 5 * 60 * 1000;

/// Streams at a contact's service that have not proved themselves yet.
pub const UNPROVEN_LINKS: usize = 4;

/// A stream at a contact's service proves itself within this time.
pub const LINK_PROOF_PATIENCE: Millis = 15 * 1000;

/// Streams with an unknown certificate that a contact's service lets in within [`REPAIR_HOUR`], for a
/// repair alone; and sessions with a contact that are found broken in that time. An honest partner
/// needs one.
pub const REPAIRS_AN_HOUR: usize = 3;

/// The time in which [`REPAIRS_AN_HOUR`] are counted.
pub const REPAIR_HOUR: Millis = 60 * 60 * 1000;

/// So many requests for a repair in a row go without an answer before the user hears of it: one may
/// meet a connection that breaks.
pub const REFUSALS: u32 = 3;

/// So many proofs of a link in a row are none, from who has the partner's certificate, before the
/// session counts as broken.
pub const STRANGE_LINKS: u32 = 3;

/// So many packets in a row can't be read on a connection on which others were, before the session
/// counts as broken.
pub const BROKEN_PACKETS: u32 = 3;

/// A partner that was not reached for so long since a restore may have another address.
pub const UNREACHED_AFTER: Millis = 24 * 60 * 60 * 1000;

/// A service that somebody else has is published so often …
pub const PUBLISH_TRIES: u32 = 3;

/// … after this pause: an old process of ours may not be gone yet.
pub const PUBLISH_AGAIN: Millis = 5 * 1000;

/// After so many failed checks of a conversation no other one runs before its user has typed a word
/// for it: each gives whoever is there another guess.
pub const CHECK_FAILURES: u32 = 3;

/// A run of the check is begun anew so often, because the epoch that it was bound to is forgotten: that
/// happens when its first message had to wait behind many texts, and then hardly twice.
pub const CHECKS_ANEW: u32 = 3;

/// The time with a connection is counted at least so often; an epoch that is late is pressed for then.
pub const LINK_TIME_COUNT: Millis = 60 * 60 * 1000;

/// A goodbye waits so long for its confirmation; the orderly end must stay within three seconds.
pub const GOODBYE_PATIENCE: Millis = 2_000;

/// Texts that may wait for one contact.
pub const OUTBOX: usize = 1_000;

/// Numbered bodies of every kind that may wait for one contact: texts, and what is done to them.
pub const WAITING: u64 = 4_000;

/// Messages that go, or are dated anew, in one step; the others follow after [`NEXT_BATCH`].
pub const AT_ONCE: usize = 256;

/// The pause between two steps of what is too much for one.
pub const NEXT_BATCH: Millis = 50;

/// While messages have a time at which they go, the clock is looked at so often: it may be set.
pub const CLOCK_LOOK: Millis = 60 * 1000;

/// Messages with a time at which they go that are looked through at the start; those that go later
/// keep the time that is stored with them.
pub const DATED_AT_START: usize = TIMERS_HELD;

/// Timers that run and are held in memory beside the stored time of day, on the clock that never goes
/// back: those that end first. Of further ones the time of day alone decides.
pub const TIMERS_HELD: usize = 1 << 16;

/// Packets of a sending chain that are kept back: when nothing of a chain has arrived, its last word is
/// what the partner must hear to renew it. One is used per life of the program, so a few.
pub const KEPT_BACK: u32 = 4;

/// Messages under way that the receiver's window can tell apart; more wait in the outbox.
pub const IN_FLIGHT: u64 = 64;

/// Requests of strangers that wait for the user's answer; further ones are not kept.
pub const PENDING_REQUESTS: usize = 100;

/// Requests of strangers that are remembered, answered ones among them, so that the same does not come
/// again; the oldest refused one makes room.
pub const REQUESTS_KEPT: usize = 1_000;

/// Requests of ours that are under way.
pub const ASKS: usize = 32;

/// A request is of use for so long, in seconds from when it was made or came.
pub const REQUEST_LIFE: u64 = 30 * 24 * 60 * 60;

/// A request of ours that has not arrived is tried again for so long, in seconds from when it was made.
pub const ASK_FOR: u64 = 14 * 24 * 60 * 60;

/// One dial for a request, of either side.
pub const REQUEST_DIAL_TIMEOUT: Millis = 60 * 1000;

/// The pause after each of the first [`ASK_SOON`] dials to a public address …
pub const ASK_PAUSE: Millis = 60 * 1000;

/// … so many of them …
pub const ASK_SOON: u32 = 3;

/// … and after each later one; both up to a quarter longer.
pub const ASK_PAUSE_LONG: Millis = 60 * 60 * 1000;

/// The pause after each dial to who is accepted, in the first hour …
pub const ACCEPT_PAUSE: Millis = 20 * 60 * 1000;

/// … and later; both up to a quarter longer.
pub const ACCEPT_PAUSE_LONG: Millis = 6 * 60 * 60 * 1000;

/// How long, in seconds since it was accepted, whoever asks is dialled after [`ACCEPT_PAUSE`].
pub const ACCEPT_SOON: u64 = 60 * 60;

/// A stream at the public address has to bring its request within this time, and whoever asks waits as
/// long for each of the two answers.
pub const REQUEST_PATIENCE: Millis = 30 * 1000;

/// So long after a request came is it answered, whatever became of it: no time tells.
pub const REQUEST_ANSWER_AFTER: Millis = 1_000;

/// So often is looked which requests have become too old.
pub const REQUEST_LOOK: Millis = 60 * 60 * 1000;
