//! A profile's database answers as the engine's plain storage does, in a file and in memory.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

#[path = "../../engine/tests/conformance/mod.rs"]
mod conformance;

use conformance::{Look, Storage};
use tempfile::TempDir;
use undertone_engine::storage::{
    AskRow, Contact, Counters, EarlyRow, Expiry, MessageRow, OutboxRow, Policy, Profile as Own,
    PublicAddress, RequestRow, View, Write,
};
use undertone_handle::{ConversationId, MessageId};
use undertone_store::key::{Cost, Protection};
use undertone_store::profile::{Profile, Reader};
use zeroize::Zeroizing;

/// A profile, the reader beside it, and its folder if it has one.
struct Kept {
    profile: Option<Profile>,
    reader: Option<Reader>,
    folder: Option<TempDir>,
}

impl Kept {
    fn in_memory() -> Self {
        let profile = Profile::in_memory().unwrap();
        let reader = profile.reader().unwrap();
        Self { profile: Some(profile), reader: Some(reader), folder: None }
    }

    fn in_a_file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("profile.db");
        let profile = Profile::create(&path, &Protection::Nothing, Cost::FLOOR).unwrap();
        let reader = profile.reader().unwrap();
        Self { profile: Some(profile), reader: Some(reader), folder: Some(folder) }
    }

    /// The profile, of which no look-up may have failed.
    fn profile(&self) -> &Profile {
        let profile = self.profile.as_ref().unwrap();
        assert_eq!(profile.fault(), None);
        profile
    }
}

impl View for Kept {
    fn profile(&self) -> Own {
        self.profile().profile()
    }
    fn contacts(&self) -> Vec<ConversationId> {
        self.profile().contacts()
    }
    fn contact(&self, id: ConversationId) -> Option<Contact> {
        self.profile().contact(id)
    }
    fn session(&self, id: ConversationId) -> Option<Zeroizing<Vec<u8>>> {
        self.profile().session(id)
    }
    fn counters(&self, id: ConversationId) -> Option<Counters> {
        self.profile().counters(id)
    }
    fn outbox(&self, id: ConversationId, from: u64, limit: usize) -> Vec<OutboxRow> {
        self.profile().outbox(id, from, limit)
    }
    fn outbox_len(&self, id: ConversationId) -> usize {
        self.profile().outbox_len(id)
    }
    fn message(&self, message: MessageId) -> Option<MessageRow> {
        self.profile().message(message)
    }
    fn numbered(&self, id: ConversationId, own: bool, sequence: u64) -> Option<MessageId> {
        self.profile().numbered(id, own, sequence)
    }
    fn early(&self, id: ConversationId) -> Vec<EarlyRow> {
        self.profile().early(id)
    }
    fn policy(&self, id: ConversationId) -> Option<Policy> {
        self.profile().policy(id)
    }
    fn expiring(&self, until: u64, limit: usize) -> Vec<Expiry> {
        self.profile().expiring(until, limit)
    }
    fn next_expiry(&self) -> Option<u64> {
        self.profile().next_expiry()
    }
    fn unseen(&self, id: ConversationId, last: MessageId, limit: usize) -> Vec<MessageId> {
        self.profile().unseen(id, last, limit)
    }
    fn address(&self) -> Option<PublicAddress> {
        self.profile().address()
    }
    fn requests(&self) -> Vec<RequestRow> {
        self.profile().requests()
    }
    fn asks(&self) -> Vec<AskRow> {
        self.profile().asks()
    }
}

impl Storage for Kept {
    fn apply(&mut self, writes: Vec<Write>) {
        self.profile.as_mut().unwrap().apply(&writes).unwrap();
    }

    fn commit(&mut self) {
        let profile = self.profile.as_mut().unwrap();
        assert_eq!(profile.fault(), None);
        profile.commit().unwrap();
    }

    fn roll_back(&mut self) {
        self.profile.as_mut().unwrap().roll_back();
    }

    fn restart(&mut self) {
        self.profile.as_mut().unwrap().settle().unwrap();
        if let Some(folder) = &self.folder {
            (self.profile, self.reader) = (None, None);
            let path = folder.path().join("profile.db");
            let profile = Profile::open(&path, &Protection::Nothing).unwrap();
            self.reader = Some(profile.reader().unwrap());
            self.profile = Some(profile);
        }
    }

    fn read(&self, look: &mut dyn FnMut(&dyn Look)) {
        look(self.reader.as_ref().unwrap());
    }
}

#[test]
fn its_facts_in_memory() {
    conformance::plain_facts(Kept::in_memory);
}

#[test]
fn its_facts_in_a_file() {
    conformance::plain_facts(Kept::in_a_file);
}

#[test]
fn its_requests_in_memory() {
    conformance::requests(Kept::in_memory);
}

#[test]
fn its_requests_in_a_file() {
    conformance::requests(Kept::in_a_file);
}

#[test]
fn random_writes_in_memory() {
    conformance::random_writes(24, 50, Kept::in_memory);
}

#[test]
fn random_writes_in_a_file() {
    conformance::random_writes(8, 50, Kept::in_a_file);
}
