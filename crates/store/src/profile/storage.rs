//! A profile as what the engine's driver writes to.

use undertone_engine::storage::{Storage, Write};
use undertone_handle::event::StorageFault;

use super::Profile;
use crate::fault::Fault;

/// What the engine's driver writes to.
pub type AnyStorage = Box<dyn Storage + Send>;

impl Storage for Profile {
    fn apply(&mut self, writes: Vec<Write>) {
        if writes.is_empty() || self.fault().is_some() {
            return;
        }
        if let Err(fault) = Self::apply(self, &writes) {
            // What can't begin is no look-up's fault, so it isn't noted yet.
            self.fault.set(self.fault().or(Some(fault)));
        }
    }

    fn commit(&mut self) -> Result<(), StorageFault> {
        Self::commit(self).map_err(told)
    }

    fn settle(&mut self) -> bool {
        // It is tried again the next time; a fault that stays is met by the next commit.
        self.settle_some().unwrap_or(false)
    }

    fn is_unsettled(&self) -> bool {
        Self::is_unsettled(self)
    }
}

/// A fault in the words of interfaces.
fn told(fault: Fault) -> StorageFault {
    match fault {
        Fault::Full => StorageFault::Full,
        Fault::ReadOnly => StorageFault::ReadOnly,
        Fault::Denied => StorageFault::Denied,
        Fault::Busy => StorageFault::Busy,
        Fault::Damaged => StorageFault::Damaged,
        Fault::Io(_) => StorageFault::Machine,
    }
}
