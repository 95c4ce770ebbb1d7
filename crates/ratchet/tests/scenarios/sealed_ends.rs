//! Two ends that talk over a carrier that everybody can read, for the scenarios.

use rand_chacha::ChaCha20Rng;
use undertone_ratchet::handshake::Role;
use undertone_ratchet::sealed::{Match, OpenError, SealedSession, TagTable};

use crate::ends::handshake;

/// One end, with a table of its own.
pub(crate) struct End {
    pub(crate) session: SealedSession,
    pub(crate) table: TagTable,
}

/// The number under which each end keeps the conversation.
pub(crate) const CONVERSATION: u64 = 42;

/// Initiator and responder.
pub(crate) fn ends(rng: &mut ChaCha20Rng) -> [End; 2] {
    let pair = handshake(rng);
    let (mut one, mut two) = (TagTable::new(), TagTable::new());
    let initiator = SealedSession::start(
        pair.initiator_root,
        Role::Initiator,
        &pair.initiator,
        &pair.responder.public(),
        &pair.transcript,
        (CONVERSATION, &mut one),
    );
    let responder = SealedSession::start(
        pair.responder_root,
        Role::Responder,
        &pair.responder,
        &pair.initiator.public(),
        &pair.transcript,
        (CONVERSATION, &mut two),
    );
    [End { session: initiator, table: one }, End { session: responder, table: two }]
}

impl End {
    pub(crate) fn seal(&mut self, text: &[u8], rng: &mut ChaCha20Rng) -> Vec<u8> {
        let mut packet = Vec::new();
        self.session.seal(text, &mut packet, rng).unwrap();
        packet
    }

    pub(crate) fn find(&self, packet: &[u8]) -> Option<Match> {
        self.table.find(packet)
    }

    /// Opens what was found, and checks that a refused packet changed nothing and that the table holds what a state that
    /// is read again would hold.
    pub(crate) fn open(&mut self, found: Match, packet: &[u8]) -> Result<Vec<u8>, OpenError> {
        let (before, waiting) = (self.session.to_bytes(), self.table.len());
        let mut text = b"kept".to_vec();
        let done = self.session.open(found, packet, 0, &mut self.table, &mut text);
        self.check_table();
        match done {
            Ok(()) => {
                assert!(self.table.find(packet).is_none(), "a tag that was used is still there");
                Ok(text.split_off(4))
            }
            Err(error) => {
                assert!(*self.session.to_bytes() == *before && self.table.len() == waiting);
                assert_eq!(text, b"kept");
                Err(error)
            }
        }
    }

    /// Finds and opens; none if nothing matches.
    pub(crate) fn take(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let found = self.find(packet)?;
        assert_eq!(found.conversation, CONVERSATION);
        Some(self.open(found, packet).unwrap())
    }

    fn check_table(&self) {
        let mut again = TagTable::new();
        let read = SealedSession::from_bytes(&self.session.to_bytes(), (CONVERSATION, &mut again))
            .unwrap();
        assert!(*read.to_bytes() == *self.session.to_bytes());
        assert_eq!(again.len(), self.table.len());
        // Emptied by what the other says, it is empty: the same tags.
        read.leave(&mut again);
        assert!(again.is_empty());
    }
}

/// One packet from one end to the other, found and opened.
pub(crate) fn pass(from: &mut End, to: &mut End, text: &[u8], rng: &mut ChaCha20Rng) {
    let packet = from.seal(text, rng);
    assert_eq!(to.take(&packet).as_deref(), Some(text));
}
