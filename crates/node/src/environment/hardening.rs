//! What the process asks of the kernel for itself, before there is anything to protect.
//!
//! - *No core dumps*: the size limit is zero, and the process isn't dumpable. Both are needed: the
//!   kernel runs a crash handler such as systemd's in spite of a limit of zero, but not for a
//!   process that isn't dumpable. That also keeps other processes of the user from reading its
//!   memory or attaching to it.
//! - *Memory locked*, so that it never reaches swap: everything mapped now and later, but each page
//!   only when it is first touched (`MCL_ONFAULT`). A page that was never touched holds nothing;
//!   without the flag each thread's stack and each reserved stretch would be filled at once.
//!
//! # The limit
//! The kernel counts locked memory by addresses, touched or not, and refuses any mapping beyond
//! the limit: then an allocation fails, which ends a Rust program. So memory is locked only where
//! the limit is [`MIN_LOCK_LIMIT`] or more. glibc reserves 64 MiB of addresses for each thread's
//! arena: a dozen threads and one key derivation of 256 MiB together exceed 1 GiB by addresses
//! with a few MiB in use. [`bound_allocator`] takes that away where it matters.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rustix::io::Errno;
use rustix::mm::MlockAllFlags;
use rustix::process::{DumpableBehavior, Resource, Rlimit};

use super::swap::{self, Swap};

/// The limit on locked memory below which nothing is locked: 1 GiB.
pub const MIN_LOCK_LIMIT: u64 = 1 << 30;
/// The variable by which glibc bounds its arenas.
const ARENAS: &str = "MALLOC_ARENA_MAX";
/// The capability that lifts the limit: `CAP_IPC_LOCK` of `linux/capability.h`.
const CAP_IPC_LOCK: u32 = 14;

/// How much memory this process may lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockLimit {
    /// The limit in bytes, `None` where there is none.
    pub bytes: Option<u64>,
    /// Whether the kernel ignores the limit for this process.
    pub privileged: bool,
}

impl LockLimit {
    /// Raises the limit as far as an ordinary process may, and reads it.
    #[must_use]
    pub fn read() -> Self {
        let limit = rustix::process::getrlimit(Resource::Memlock);
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        // Where it can't be raised it stays what it is.
        let _ = rustix::process::setrlimit(Resource::Memlock, raised);
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        Self {
            bytes: rustix::process::getrlimit(Resource::Memlock).current,
            privileged: has_capability(&status, CAP_IPC_LOCK),
        }
    }

    /// Whether it is high enough for memory to be locked.
    #[must_use]
    pub fn suffices(self) -> bool {
        self.bytes.is_none_or(|bytes| bytes >= MIN_LOCK_LIMIT)
    }

    /// Whether allocations will fail when locked memory reaches it.
    fn binds(self) -> bool {
        self.suffices() && self.bytes.is_some() && !self.privileged
    }
}

/// Whether the effective set in a `/proc/<id>/status` has a capability.
fn has_capability(status: &str, capability: u32) -> bool {
    status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|set| u64::from_str_radix(set.trim(), 16).ok())
        .is_some_and(|set| set >> capability & 1 == 1)
}

/// Has the C library's allocator reserve little address space, where memory will be locked under
/// a limit.
///
/// The allocator reads its setting when the process begins: if it has to change, the program is
/// executed once more, in the same process and with the same arguments, and this call doesn't
/// return. So it is the first call in `main`. It does nothing where `MALLOC_ARENA_MAX` is set.
pub fn bound_allocator(limit: LockLimit) {
    if !cfg!(target_env = "gnu") || !limit.binds() || std::env::var_os(ARENAS).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut again = Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    // It returns only when it fails; then the program goes on as it is.
    drop(again.args(arguments).env(ARENAS, "1").exec());
}

/// Whether memory is locked, and why not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryLock {
    /// All of it, now and later.
    Locked,
    /// The limit is below [`MIN_LOCK_LIMIT`].
    LimitTooLow {
        /// The limit in bytes.
        limit: u64,
    },
    /// The limit would do, but the kernel refused.
    Refused {
        /// What it said.
        reason: String,
    },
}

/// What was asked of the kernel, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hardening {
    /// The limit on core dumps is zero.
    pub no_core_files: bool,
    /// The process isn't dumpable.
    pub not_dumpable: bool,
    /// Whether memory is locked.
    pub memory: MemoryLock,
    /// Where memory that isn't locked, and files in memory, can be swapped to.
    pub swap: Swap,
    /// Whether the machine can write all memory to swap when it hibernates.
    pub can_hibernate: bool,
}

/// Hardens this process. Call it before any other thread runs and before any secret is there.
#[must_use]
pub fn harden(limit: LockLimit) -> Hardening {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // What counts is what the kernel says afterwards.
    let _ = rustix::process::setrlimit(Resource::Core, none);
    let _ = rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable);
    Hardening {
        no_core_files: rustix::process::getrlimit(Resource::Core).current == Some(0),
        not_dumpable: rustix::process::dumpable_behavior() == Ok(DumpableBehavior::NotDumpable),
        memory: lock_memory(limit),
        swap: swap::swap(),
        can_hibernate: swap::can_hibernate(),
    }
}

fn lock_memory(limit: LockLimit) -> MemoryLock {
    if let Some(bytes) = limit.bytes.filter(|_| !limit.suffices()) {
        return MemoryLock::LimitTooLow { limit: bytes };
    }
    let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE;
    let result = match rustix::mm::mlockall(all | MlockAllFlags::ONFAULT) {
        // Kernels before 4.4.
        Err(Errno::INVAL) => rustix::mm::mlockall(all),
        other => other,
    };
    match result {
        Ok(()) => MemoryLock::Locked,
        Err(errno) => MemoryLock::Refused { reason: std::io::Error::from(errno).to_string() },
    }
}

impl Hardening {
    /// What is said at the start, most important first: one text for each thing that isn't as it
    /// should be, with what to do about it.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut said = Vec::new();
        if !(self.no_core_files && self.not_dumpable) {
            said.push(
                "Core dumps could not be switched off: after a crash, what was typed could be on \
                 a disk. Run `ulimit -c 0` before the start."
                    .to_owned(),
            );
        }
        let reach = match &self.swap {
            Swap::None => "There is no swap, so it can't reach a disk that way.",
            Swap::Memory => "Swap is in memory, so it can't reach a disk that way.",
            Swap::Encrypted => "What is typed and read could reach swap, which is encrypted.",
            Swap::Unencrypted { .. } | Swap::Unknown => {
                "What is typed and read could reach swap on a disk."
            }
        };
        match &self.memory {
            MemoryLock::Locked => {}
            MemoryLock::LimitTooLow { limit } => said.push(format!(
                "Memory is not locked: the limit is {} and 1 GiB is needed. {reach} Raise it with \
                 `ulimit -l unlimited`, in /etc/security/limits.conf (memlock) or with \
                 LimitMEMLOCK=infinity.",
                size(*limit)
            )),
            MemoryLock::Refused { reason } => {
                said.push(format!("Memory is not locked: the system refused ({reason}). {reach}"));
            }
        }
        match &self.swap {
            Swap::Unencrypted { places } => said.push(format!(
                "Swap is not known to be encrypted ({}): {} could be left on it. Switch it off \
                 with `swapoff -a` or encrypt it.",
                places.join(", "),
                if self.memory == MemoryLock::Locked {
                    "Tor's working files"
                } else {
                    "what is typed and read, and Tor's working files,"
                }
            )),
            Swap::Unknown => said.push(
                "Whether this machine swaps memory to a disk could not be found out.".to_owned(),
            ),
            Swap::None | Swap::Memory | Swap::Encrypted => {}
        }
        said
    }
}

/// A number of bytes in the largest unit that divides it.
pub(super) fn size(bytes: u64) -> String {
    for (shift, unit) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes >> shift > 0 && bytes.trailing_zeros() >= shift {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fine() -> Hardening {
        Hardening {
            no_core_files: true,
            not_dumpable: true,
            memory: MemoryLock::Locked,
            swap: Swap::None,
            can_hibernate: false,
        }
    }

    #[test]
    fn nothing_is_said_when_all_is_well() {
        assert_eq!(fine().warnings(), Vec::<String>::new());
        assert_eq!(Hardening { swap: Swap::Encrypted, ..fine() }.warnings(), Vec::<String>::new());
    }

    #[test]
    fn a_low_limit_is_said_with_its_size_and_what_follows() {
        let memory = MemoryLock::LimitTooLow { limit: 8 << 20 };
        let said = Hardening { memory: memory.clone(), ..fine() }.warnings();
        assert_eq!(
            said,
            ["Memory is not locked: the limit is 8 MiB and 1 GiB is needed. There is no swap, so \
              it can't reach a disk that way. Raise it with `ulimit -l unlimited`, in \
              /etc/security/limits.conf (memlock) or with LimitMEMLOCK=infinity."]
        );
        let swap = Swap::Unencrypted { places: vec!["/dev/sda2".to_owned()] };
        let said = Hardening { memory, swap, ..fine() }.warnings();
        assert_eq!(said.len(), 2);
        assert!(said[0].contains("could reach swap on a disk"), "{said:?}");
        assert!(said[1].contains("(/dev/sda2): what is typed and read"), "{said:?}");
    }

    #[test]
    fn files_in_memory_are_swapped_even_when_memory_is_locked() {
        let swap = Swap::Unencrypted { places: vec!["a file".to_owned()] };
        let said = Hardening { swap, ..fine() }.warnings();
        assert_eq!(said.len(), 1);
        assert!(said[0].contains("(a file): Tor's working files could be left"), "{said:?}");
    }

    #[test]
    fn a_failure_against_core_dumps_is_said_first() {
        let said = Hardening { not_dumpable: false, swap: Swap::Unknown, ..fine() }.warnings();
        assert!(said[0].starts_with("Core dumps"), "{said:?}");
        assert_eq!(said.len(), 2);
    }

    #[test]
    fn one_gibibyte_is_enough_and_less_is_not() {
        let limit = |bytes| LockLimit { bytes, privileged: false };
        assert!(limit(None).suffices());
        assert!(limit(Some(MIN_LOCK_LIMIT)).suffices());
        assert!(!limit(Some(MIN_LOCK_LIMIT - 1)).suffices());
        assert_eq!(
            lock_memory(limit(Some(MIN_LOCK_LIMIT - 1))),
            MemoryLock::LimitTooLow { limit: MIN_LOCK_LIMIT - 1 }
        );
    }

    #[test]
    fn the_allocator_is_bound_only_where_the_limit_can_be_reached() {
        let limit = |bytes, privileged| LockLimit { bytes, privileged };
        assert!(limit(Some(MIN_LOCK_LIMIT), false).binds());
        for other in [limit(Some(8 << 20), false), limit(None, false), limit(Some(1 << 31), true)] {
            assert!(!other.binds(), "{other:?}");
        }
    }

    #[test]
    fn capabilities_are_read_from_the_effective_set() {
        let status = "Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t0000000000004000\n";
        assert!(has_capability(status, CAP_IPC_LOCK));
        assert!(!has_capability(status, 13));
        assert!(!has_capability("CapEff:\tzz\n", CAP_IPC_LOCK));
        assert!(!has_capability("", CAP_IPC_LOCK));
    }

    #[test]
    fn sizes_are_in_the_largest_unit() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(8 << 20), "8 MiB");
        assert_eq!(size(1 << 30), "1 GiB");
        assert_eq!(size(1025), "1025 bytes");
        assert_eq!(size(64 << 10), "64 KiB");
    }
}
