//! Where memory could reach a disk: swap and hibernation.
//!
//! Locked memory never reaches swap, but files on a memory file system can, and hibernation
//! writes everything. Encryption is recognised by what the kernel says about the devices beneath;
//! what it doesn't say counts as not encrypted.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The deepest stack of devices (a volume on a volume group on an encrypted partition) looked at.
const MAX_STACK: usize = 8;

/// What swapped memory is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Swap {
    /// There is none.
    None,
    /// Compressed memory only.
    Memory,
    /// Encrypted devices, perhaps beside compressed memory.
    Encrypted,
    /// At least one place that isn't known to be encrypted.
    Unencrypted {
        /// Devices such as `/dev/sda2`, and "a file" for swap files, whose paths name people.
        places: Vec<String>,
    },
    /// The kernel's list can't be read.
    Unknown,
}

impl fmt::Display for Swap {
    /// A phrase without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Memory => f.write_str("compressed memory only"),
            Self::Encrypted => f.write_str("encrypted"),
            Self::Unencrypted { places } => {
                write!(f, "not known to be encrypted: {}", places.join(", "))
            }
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl Swap {
    /// Whether memory that is swapped out could be read on a disk.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        matches!(self, Self::Unencrypted { .. } | Self::Unknown)
    }
}

/// Looks at the machine's swap.
#[must_use]
pub fn swap() -> Swap {
    swap_in(Path::new("/"))
}

/// Whether the machine can hibernate: write all memory to swap, locked or not.
#[must_use]
pub fn can_hibernate() -> bool {
    can_hibernate_in(Path::new("/"))
}

fn can_hibernate_in(root: &Path) -> bool {
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    read("sys/power/state").split_whitespace().any(|state| state == "disk")
        && !read("sys/power/disk").contains("[disabled]")
}

/// [`swap`] of a machine whose files are below `root`.
fn swap_in(root: &Path) -> Swap {
    let Ok(list) = fs::read_to_string(root.join("proc/swaps")) else { return Swap::Unknown };
    let mut found = Vec::new();
    for line in list.lines().skip(1) {
        let mut fields = line.split_whitespace();
        let (Some(path), Some(kind)) = (fields.next(), fields.next()) else { continue };
        let path = unescape(path);
        let path = root.join(path.trim_start_matches('/'));
        found.push(if kind == "partition" {
            let name = device_name(&path);
            (medium(root, &root.join("sys/class/block").join(&name), 0), format!("/dev/{name}"))
        } else {
            let device = fs::metadata(&path).map(|found| found.dev()).unwrap_or_default();
            let number = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
            let below = medium(root, &root.join("sys/dev/block").join(number), 0);
            (below, "a file".to_owned())
        });
    }
    let plain = found.iter().filter(|(medium, _)| *medium == Medium::Plain);
    let places: Vec<String> = plain.map(|(_, place)| place.clone()).collect();
    if !places.is_empty() {
        Swap::Unencrypted { places }
    } else if found.iter().any(|(medium, _)| *medium == Medium::Encrypted) {
        Swap::Encrypted
    } else if found.is_empty() {
        Swap::None
    } else {
        Swap::Memory
    }
}

/// What a block device keeps its data on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Medium {
    Memory,
    Encrypted,
    Plain,
}

/// Looks at a device's directory in `/sys`.
fn medium(root: &Path, device: &Path, depth: usize) -> Medium {
    if depth >= MAX_STACK {
        return Medium::Plain;
    }
    let read = |name: &str| fs::read_to_string(device.join(name)).unwrap_or_default();
    if read("dm/uuid").starts_with("CRYPT-") {
        return Medium::Encrypted;
    }
    // Only a compressed memory device has this file; it may write to a device behind it.
    if device.join("mem_limit").exists() {
        let behind = read("backing_dev");
        return match behind.trim() {
            "" | "none" => Medium::Memory,
            path => {
                let name = device_name(&root.join(path.trim_start_matches('/')));
                medium(root, &root.join("sys/class/block").join(name), depth + 1)
            }
        };
    }
    let Ok(below) = fs::read_dir(device.join("slaves")) else { return Medium::Plain };
    let mut below = below.flatten().map(|entry| medium(root, &entry.path(), depth + 1)).peekable();
    if below.peek().is_some() && below.all(|medium| medium != Medium::Plain) {
        Medium::Encrypted
    } else {
        Medium::Plain
    }
}

/// The kernel's name of a device, behind the link that a device mapper's name is.
fn device_name(path: &Path) -> String {
    let target = fs::read_link(path).unwrap_or_else(|_| PathBuf::from(path));
    target.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Undoes the kernel's `\040` for a space and the like.
fn unescape(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let octal = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if *first == b'\\' => {
                out.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            _ => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine as its files tell of it.
    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new(swaps: &[&str]) -> Self {
            let machine = Self(tempfile::tempdir().unwrap());
            let list = format!("Filename Type Size Used Priority\n{}\n", swaps.join("\n"));
            machine.file("proc/swaps", &list)
        }

        fn file(self, path: &str, text: &str) -> Self {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            self
        }

        fn link(self, path: &str, target: &str) -> Self {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(target, path).unwrap();
            self
        }

        fn swap(&self) -> Swap {
            swap_in(self.0.path())
        }
    }

    fn unencrypted(places: &[&str]) -> Swap {
        Swap::Unencrypted { places: places.iter().map(|place| (*place).to_owned()).collect() }
    }

    #[test]
    fn no_list_and_an_empty_list_differ() {
        let machine = Machine::new(&[]);
        assert_eq!(machine.swap(), Swap::None);
        fs::remove_file(machine.0.path().join("proc/swaps")).unwrap();
        assert_eq!(machine.swap(), Swap::Unknown);
    }

    #[test]
    fn a_partition_is_not_encrypted() {
        let machine = Machine::new(&["/dev/sda2 partition 8388604 0 -2"]);
        assert_eq!(machine.swap(), unencrypted(&["/dev/sda2"]));
    }

    #[test]
    fn compressed_memory_counts_as_memory_unless_it_writes_to_a_device() {
        let machine = Machine::new(&["/dev/zram0 partition 1 0 100"])
            .file("sys/class/block/zram0/mem_limit", "0\n");
        assert_eq!(machine.swap(), Swap::Memory);
        let machine = machine.file("sys/class/block/zram0/backing_dev", "/dev/sda3\n");
        assert_eq!(machine.swap(), unencrypted(&["/dev/zram0"]));
    }

    #[test]
    fn encryption_is_found_behind_names_and_volumes() {
        let machine = Machine::new(&["/dev/mapper/swap partition 1 0 -2"])
            .link("dev/mapper/swap", "../dm-3")
            .file("sys/class/block/dm-3/dm/uuid", "LVM-abc\n")
            .link("sys/class/block/dm-3/slaves/dm-0", "../../dm-0")
            .file("sys/class/block/dm-0/dm/uuid", "CRYPT-LUKS2-abc-name\n");
        assert_eq!(machine.swap(), Swap::Encrypted);
        let machine = machine.file("sys/class/block/dm-3/slaves/sdb1/partition", "1\n");
        assert_eq!(machine.swap(), unencrypted(&["/dev/dm-3"]));
    }

    #[test]
    fn a_swap_file_is_as_encrypted_as_its_file_system_and_is_not_named() {
        let machine =
            Machine::new(&[r"/home/ana/swap\040file file 1 0 -2"]).file("home/ana/swap file", "");
        assert_eq!(machine.swap(), unencrypted(&["a file"]));
        let device = fs::metadata(machine.0.path()).unwrap().dev();
        let number = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
        let machine = machine.file(&format!("sys/dev/block/{number}/dm/uuid"), "CRYPT-PLAIN-x");
        assert_eq!(machine.swap(), Swap::Encrypted);
    }

    #[test]
    fn a_loop_of_devices_ends() {
        let machine = Machine::new(&["/dev/dm-1 partition 1 0 -2"])
            .file("sys/class/block/dm-1/dm/uuid", "LVM-abc")
            .link("sys/class/block/dm-1/slaves/dm-1", "../../dm-1");
        assert_eq!(machine.swap(), unencrypted(&["/dev/dm-1"]));
    }

    #[test]
    fn hibernation_is_possible_only_where_the_kernel_allows_it() {
        let machine = Machine::new(&[]).file("sys/power/state", "freeze mem disk\n");
        assert!(can_hibernate_in(machine.0.path()));
        let machine = machine.file("sys/power/disk", "[disabled]\n");
        assert!(!can_hibernate_in(machine.0.path()));
        assert!(!can_hibernate_in(Machine::new(&[]).0.path()));
    }
}
