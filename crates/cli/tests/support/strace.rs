//! What a program asks of the kernel that could reach a network or a disk, by `strace`.

use std::path::{Component, Path, PathBuf};

use super::tor::entries;

/// The program that watches.
pub(crate) const STRACE: &str = "strace";

/// Calls that take a path to change something or that reach a network. `io_uring` would do both unseen.
const CALLS: &str = "trace=open,openat,openat2,creat,execve,execveat,rename,renameat,renameat2,mkdir,mkdirat,\
mknod,mknodat,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,truncate,chmod,fchmodat,chown,fchownat,\
mount,chdir,fchdir,socket,socketpair,bind,listen,accept,accept4,connect,io_uring_setup,?open_by_handle_at";

/// The arguments that run a program under `strace`, each of its threads traced into a file of its
/// own below `traces`.
pub(crate) fn arguments<'a>(traces: &'a str, program: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["-ff", "-qq", "-ttt", "--seccomp-bpf", "-y", "-e", CALLS, "-o", traces, program], more]
        .concat()
}

/// What a program may do.
pub(crate) struct Allowed<'a> {
    /// Ports of 127.0.0.1 that it may connect to.
    pub(crate) ports: &'a [u16],
    /// It may make directories here that are called as the program calls its own in memory, and do
    /// what it likes in them.
    pub(crate) home: &'a Path,
    /// What may be executed.
    pub(crate) program: &'a str,
}

/// What the traces below a directory show.
pub(crate) struct Seen {
    /// Every call.
    pub(crate) calls: usize,
    /// Ports of 127.0.0.1 that were connected to, as often as they were.
    pub(crate) ports: Vec<u16>,
    /// Changes below the directory in memory.
    pub(crate) in_memory: usize,
    /// What was not allowed, with why.
    pub(crate) violations: Vec<String>,
}

/// Reads all traces below a directory.
pub(crate) fn read(traces: &Path, allowed: &Allowed<'_>) -> Seen {
    let mut seen = Seen { calls: 0, ports: Vec::new(), in_memory: 0, violations: Vec::new() };
    let read = |trace| String::from_utf8_lossy(&std::fs::read(trace).unwrap()).into_owned();
    let traces: Vec<String> = entries(traces).into_iter().map(read).collect();
    let lines = traces.iter().flat_map(|trace| trace.lines()).map(|line| {
        let (seconds, line) = line.split_once(' ').expect("a time and what happened");
        (seconds.parse::<f64>().expect("a time"), line)
    });
    // All threads of a process have one working directory, so their calls are put in order.
    let mut lines: Vec<(f64, &str)> = lines.collect();
    lines.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut directory = allowed.home.to_owned();
    for (_, line) in lines {
        // Signals and ends of processes.
        if line.starts_with("---") || line.starts_with("+++") {
            continue;
        }
        seen.calls += 1;
        let Some((call, arguments)) = split(line) else {
            seen.violations.push(format!("not understood: {line}"));
            continue;
        };
        let asked = Asked { call, arguments, directory: &directory };
        match asked.judge(allowed, &mut seen.ports, &mut seen.in_memory) {
            Ok(Some(entered)) => directory = entered,
            Ok(None) => {}
            Err(why) => seen.violations.push(format!("{why}: {line}")),
        }
    }
    seen
}

/// A call, and where it was made.
struct Asked<'a> {
    call: &'a str,
    arguments: Vec<String>,
    directory: &'a Path,
}

impl Asked<'_> {
    /// Whether it is allowed, and the working directory that it leads to.
    fn judge(
        &self,
        allowed: &Allowed<'_>,
        ports: &mut Vec<u16>,
        in_memory: &mut usize,
    ) -> Result<Option<PathBuf>, &'static str> {
        let argument = |index: usize| self.arguments.get(index).map_or("", String::as_str);
        let mut changes = |directory: Option<usize>, at: usize| {
            changes(&self.path(directory, at)?, allowed, in_memory)
        };
        match self.call {
            // What may be connected with it is looked at below.
            "socket" if argument(0) == "AF_UNIX" => Ok(()),
            "socket" if !argument(0).starts_with("AF_INET") => Err("not a socket of the internet"),
            "socket" if !argument(1).starts_with("SOCK_STREAM") => {
                Err("not a stream, as DNS would be")
            }
            "socket" => Ok(()),
            // Both ends are the program's own.
            "socketpair" if argument(0) == "AF_UNIX" => Ok(()),
            "connect" if argument(1) == USER_DATABASE => Ok(()),
            "connect" => {
                let port = loopback_port(argument(1)).ok_or("connects to somebody else")?;
                ports.push(port);
                let known = allowed.ports.contains(&port);
                if known { Ok(()) } else { Err("connects to another port") }
            }
            "open" => self.opens(None, 0, changes),
            "openat" | "openat2" => self.opens(Some(0), 1, changes),
            "execve" => {
                let known = [Path::new(allowed.program), Path::new("/proc/self/exe")];
                let path = self.path(None, 0)?;
                if known.contains(&path.as_path()) { Ok(()) } else { Err("runs another program") }
            }
            "chdir" => return self.path(None, 0).map(Some),
            "fchdir" => return open_path(argument(0)).map(Some).ok_or(UNKNOWN),
            "creat" | "mkdir" | "mknod" | "unlink" | "rmdir" | "truncate" | "chmod" | "chown" => {
                changes(None, 0)
            }
            "mkdirat" | "mknodat" | "unlinkat" | "fchmodat" | "fchownat" => changes(Some(0), 1),
            "rename" | "link" => changes(None, 0).and_then(|()| changes(None, 1)),
            "renameat" | "renameat2" | "linkat" => {
                changes(Some(0), 1).and_then(|()| changes(Some(2), 3))
            }
            _ => Err("never needed"),
        }
        .map(|()| None)
    }

    fn opens(
        &self,
        directory: Option<usize>,
        at: usize,
        mut changes: impl FnMut(Option<usize>, usize) -> Result<(), &'static str>,
    ) -> Result<(), &'static str> {
        let path = self.path(directory, at)?;
        if RESOLVER.iter().any(|file| path == Path::new(file)) {
            return Err("looks up names");
        }
        let how = self.arguments.get(at + 1).map_or("", String::as_str);
        let writes = WRITES.iter().any(|flag| how.contains(flag));
        if writes && !is_nothing_or_a_terminal(&path) { changes(directory, at) } else { Ok(()) }
    }

    /// The path in an argument, if need be below the directory that another argument names.
    fn path(&self, directory: Option<usize>, at: usize) -> Result<PathBuf, &'static str> {
        let argument = |at: usize| self.arguments.get(at).ok_or(UNKNOWN);
        let quoted = argument(at)?.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        // An escaped character would be compared with what it isn't.
        let named = quoted.filter(|quoted| !quoted.contains('\\')).ok_or(UNKNOWN)?;
        let below = match directory {
            Some(directory) if !Path::new(named).is_absolute() => {
                open_path(argument(directory)?).ok_or(UNKNOWN)?
            }
            _ => self.directory.to_owned(),
        };
        Ok(below.join(named))
    }
}

/// Arti looks for a group with the user's name whenever it makes its default configuration, and libc
/// asks the machine's cache of user databases first. Nothing but that name is asked for.
const USER_DATABASE: &str = "{sa_family=AF_UNIX, sun_path=\"/var/run/nscd/socket\"}";

/// Why a call is not understood.
const UNKNOWN: &str = "an unknown path";

/// The path in `16</dev/shm/directory>`.
fn open_path(descriptor: &str) -> Option<PathBuf> {
    Some(PathBuf::from(descriptor.split_once('<')?.1.strip_suffix('>')?))
}

/// Flags of an opening after which something may be different.
const WRITES: [&str; 5] = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_TMPFILE"];

/// Files that only who looks up host names reads.
const RESOLVER: [&str; 3] = ["/etc/resolv.conf", "/etc/hosts", "/etc/host.conf"];

fn is_nothing_or_a_terminal(path: &Path) -> bool {
    path == Path::new("/dev/null") || path == Path::new("/dev/tty") || path.starts_with("/dev/pts")
}

/// Whether something may be changed at this path.
fn changes(path: &Path, allowed: &Allowed<'_>, in_memory: &mut usize) -> Result<(), &'static str> {
    const OUTSIDE: &str = "changes something outside of its directory";
    let inside = path.strip_prefix(allowed.home).map_err(|_| OUTSIDE)?;
    let mut parts = inside.components();
    let Some(Component::Normal(own)) = parts.next() else { return Err(OUTSIDE) };
    let digits = own.to_str().and_then(|name| name.strip_prefix("undertone-")).ok_or(OUTSIDE)?;
    let ours = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !ours || parts.any(|part| !matches!(part, Component::Normal(_))) {
        return Err(OUTSIDE);
    }
    *in_memory += 1;
    Ok(())
}

/// The port in `{sa_family=AF_INET, sin_port=htons(5001), sin_addr=inet_addr("127.0.0.1")}`.
fn loopback_port(address: &str) -> Option<u16> {
    let rest = address.strip_prefix("{sa_family=AF_INET, sin_port=htons(")?;
    let (port, rest) = rest.split_once(')')?;
    (rest == ", sin_addr=inet_addr(\"127.0.0.1\")}").then_some(())?;
    port.parse().ok()
}

/// The name of a call and its arguments.
fn split(line: &str) -> Option<(&str, Vec<String>)> {
    let (call, rest) = line.split_once('(')?;
    let mut arguments = vec![String::new()];
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for c in rest.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' | '<' => depth += 1,
            ')' if depth == 0 => return Some((call, arguments)),
            ')' | ']' | '}' | '>' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            ' ' if depth == 0 => continue,
            _ => {}
        }
        arguments.last_mut()?.push(c);
    }
    None
}
