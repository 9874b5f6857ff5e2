//! A library that changes while it is hooked: upgraded as package managers do, and overwritten where it stands.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::dark::{self, Dark};
use crate::support::ground::{Ground, ground};
use crate::support::libraries::copy_to;
use crate::support::process::{Lines, Running, until};
use crate::support::watch::Watch;

/// A client that makes one call for each line that it reads.
const CLIENT: &str = "
import ssl, sys, urllib.request
context = ssl._create_unverified_context()
print('mapped', flush=True)
for line in sys.stdin:
    urllib.request.urlopen(line.strip(), context=context).read()
    print('called', flush=True)
";

#[test]
fn an_upgraded_library_is_seen_in_old_and_new_processes() {
    let Some(ground) = ground("library upgrade", &dark::PROGRAMS) else { return };
    changed(&ground, |library| {
        // The new file takes the name; the old one lives on, without a name, in who has mapped it.
        let new = library.with_extension("new");
        fs::copy(library, &new).unwrap();
        fs::rename(&new, library).unwrap();
    });
}

#[test]
fn a_library_overwritten_in_place_is_seen_in_old_and_new_processes() {
    let Some(ground) = ground("library overwritten", &dark::PROGRAMS) else { return };
    changed(&ground, |library| {
        // The same file with other contents: its code must stay, or who runs it would die of that and not of a hook.
        let mut file = fs::OpenOptions::new().append(true).open(library).unwrap();
        file.write_all(b"changed").unwrap();
    });
}

/// Changes a hooked library, and demands that calls before, after and of a new process are seen, and that all live.
fn changed(ground: &Ground, change: impl Fn(&Path)) {
    let server = Dark::start(ground);
    let folder = ground.folder.path().join("libraries");
    copy_to(&folder);
    let mut old = Client::start(&folder, &server);
    let mut watch = Watch::ports(&[server.port]);
    old.call("before");
    // An answer without a length ends with its connection, and that with the last of its ends: the server's comes later.
    until("the library is hooked from the start", || watch.has_seen("GET /before"));
    libraries(&folder).iter().for_each(|library| change(library));
    old.call("after");
    until("the change leaves the hook to who runs the old library", || watch.has_seen("GET /after"));
    let mut new = Client::start(&folder, &server);
    // The new contents are hooked while it runs.
    until("the new process is seen", || {
        new.call("new");
        watch.has_seen("GET /new")
    });
    until("the old process is seen again", || {
        old.call("again");
        watch.has_seen("GET /again")
    });
    old.running.end_well();
    new.running.end_well();
    let seen = watch.end();
    assert_eq!(seen.statistics["kernel"]["violations"], 0, "{:#}", seen.statistics);
}

fn libraries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// A client that runs.
struct Client {
    running: Running,
    lines: Lines,
    server: u16,
}

impl Client {
    /// Starts it with these libraries.
    fn start(libraries: &Path, server: &Dark) -> Client {
        let mut python = Command::new("/usr/bin/python3");
        let mut running = Running::start(python.args(["-c", CLIENT]).env("LD_LIBRARY_PATH", libraries));
        let lines = Lines::of(running.0.stdout.take().unwrap());
        lines.until("mapped");
        Client { running, lines, server: server.port }
    }

    /// Calls a path, and waits until it has its answer.
    fn call(&mut self, path: &str) {
        let input = self.running.0.stdin.as_mut().unwrap();
        writeln!(input, "https://127.0.0.1:{}/{path}", self.server).unwrap();
        self.lines.until("called");
    }
}
