//! The words about sessions that are lost or broken, and about backups.

use crate::event::RepairEvent;

/// What became of a conversation's keys, as a sentence or several about `peer`.
#[must_use]
pub fn repair(event: RepairEvent, peer: &str) -> String {
    match event {
        RepairEvent::Needed => format!(
            "This conversation comes from a backup. Nothing is sent before both sides have agreed \
             on new keys, which takes a moment when {peer} is connected; what you write waits."
        ),
        RepairEvent::Broken => format!(
            "The keys here and at {peer}'s side no longer fit together. Both agree on new ones; what \
             you write waits until then."
        ),
        RepairEvent::Restored => format!(
            "Both sides have new keys, and the conversation goes on. {peer} is told that this side \
             was restored from a backup."
        ),
        RepairEvent::PeerRestored => format!(
            "{peer}'s side was restored from a backup, and both sides have new keys. Ask {peer} \
             whether they did that: whoever has a backup and its passphrase could have done it. \
             /check compares again."
        ),
        RepairEvent::Repaired => format!(
            "Both sides have new keys in place of those that no longer fitted. If neither you nor \
             {peer} can think of a reason, such as a machine put back to an earlier state, /check \
             compares again."
        ),
        RepairEvent::Missing => format!(
            "Some of what you and {peer} said since this copy was made is not here and does not come \
             again. What had not arrived is sent again."
        ),
        RepairEvent::OlderCopy => format!(
            "An older copy of {peer}'s side called and was refused. If {peer} has a newer machine, \
             the older one should be ended there; otherwise pair again."
        ),
        RepairEvent::Refused => format!(
            "{peer}'s side does not accept this copy. Either a newer one of yours has been there: \
             then go on with that, and end this one. Or the backup is older than the last repair: \
             then pair again."
        ),
        RepairEvent::Unreached => format!(
            "{peer} was not reached for a day since the backup was restored. If they are online, they \
             have another address by now than the backup knows: then pair again."
        ),
        RepairEvent::Elsewhere => format!(
            "Somebody else answers at the address that only {peer} should know, most likely the \
             machine from which your backup came. This side stops for {peer}; end the other one and \
             start this one again."
        ),
    }
}
