//! `plainsight watch --json`, run as a user runs it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use rustix::process::Signal;
use serde_json::Value;

use super::access::Access;
use super::process::{Lines, Running};

/// The program under test.
pub(crate) const PLAINSIGHT: &str = env!("CARGO_BIN_EXE_plainsight");

/// A running watch.
pub(crate) struct Watch {
    running: Running,
    lines: Lines,
    notes: Lines,
    seen: Vec<Access>,
    fence: Fence,
    /// What it said before it watched.
    pub(crate) told: Vec<String>,
}

/// What a watch had seen when it ended.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Its accesses, in its order.
    pub(crate) accesses: Vec<Access>,
    /// Its last statistics.
    pub(crate) statistics: Value,
}

impl Seen {
    /// What the kernel saw is what was delivered and what was not, to the byte.
    pub(crate) fn assert_account(&self) {
        let kernel = &self.statistics["kernel"];
        let told: u64 = ["delivered", "sealed", "twice"].map(|name| figure(kernel, name)).iter().sum();
        assert_eq!(figure(kernel, "seen_bytes"), told + all_lost(kernel), "{kernel:#}");
    }

    /// Each connection's account holds too, and all together are what the kernel side saw of the whole host.
    pub(crate) fn assert_holds(&self) {
        self.assert_account();
        let (ledger, kernel) = (&self.statistics["ledger"], &self.statistics["kernel"]);
        let total = &ledger["total"];
        let wrong = (ledger["wrong"].as_u64(), total["unaccounted"].as_i64());
        assert_eq!(wrong, (Some(0), Some(0)), "{ledger:#}");
        assert_eq!(figure(total, "produced"), told(total), "{total:#}");
        for connection in ledger["connections"].as_array().unwrap() {
            for account in [&connection["from_client"], &connection["from_server"]] {
                assert_eq!(figure(account, "produced"), told(account), "{connection:#}");
            }
        }
        let unseen = lost(total, "late") + lost(total, "missed");
        let others = figure(kernel, "untold_bytes") + figure(kernel, "left_out_bytes");
        let seen = figure(total, "produced") - unseen + others;
        assert_eq!(seen, figure(kernel, "seen_bytes"), "{ledger:#}\n{kernel:#}");
    }

    /// Bytes that the kernel side lost by this cause.
    pub(crate) fn lost(&self, cause: &str) -> u64 {
        self.statistics["kernel"]["lost"][cause].as_u64().unwrap()
    }
}

/// What an account says became of a speaker's bytes.
fn told(account: &Value) -> u64 {
    let read = ["elsewhere", "ciphertext", "parsed", "waiting"].map(|name| figure(account, name));
    read.iter().sum::<u64>() + all_lost(account)
}

fn all_lost(account: &Value) -> u64 {
    account["lost"].as_object().unwrap().values().map(|bytes| bytes.as_u64().unwrap()).sum()
}

fn figure(of: &Value, name: &str) -> u64 {
    of[name].as_u64().unwrap_or_else(|| panic!("no {name} in {of:#}"))
}

/// Bytes of an account that were lost by this cause.
pub(crate) fn lost(account: &Value, cause: &str) -> u64 {
    account["lost"][cause].as_u64().unwrap_or(0)
}

impl Watch {
    /// Watches these ports, and waits until it does.
    pub(crate) fn ports(ports: &[u16]) -> Watch {
        Watch::of(Command::new(PLAINSIGHT), ports)
    }

    /// Watches these ports with these words more on the command line, and waits until it does.
    pub(crate) fn ports_with(ports: &[u16], arguments: &[&str]) -> Watch {
        let fence = Fence::open();
        let ports = fence.among(ports);
        Watch::begin(Command::new(PLAINSIGHT), &[&["--port", &ports], arguments].concat(), fence)
    }

    /// Watches these ports by `command`, which runs the program in some way of its own, and waits until it does.
    pub(crate) fn of(command: Command, ports: &[u16]) -> Watch {
        let fence = Fence::open();
        let ports = fence.among(ports);
        Watch::begin(command, &["--port", &ports], fence)
    }

    /// Watches everything, with these words more on the command line.
    pub(crate) fn with(arguments: &[&str]) -> Watch {
        Watch::begin(Command::new(PLAINSIGHT), arguments, Fence::open())
    }

    fn begin(mut command: Command, arguments: &[&str], fence: Fence) -> Watch {
        let command = command.args(["watch", "--json"]).args(arguments);
        let mut running = Running::start(command);
        let lines = Lines::of(running.0.stdout.take().unwrap());
        let notes = Lines::of(running.0.stderr.take().unwrap());
        let told = notes.until("watching this host");
        Watch { running, lines, notes, seen: Vec::new(), fence, told }
    }

    /// Waits until it says something with this word on standard error.
    pub(crate) fn until_told(&self, word: &str) -> Vec<String> {
        self.notes.until(word)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// Waits until an access is `wanted`.
    pub(crate) fn until(&mut self, wanted: impl Fn(&Access) -> bool) {
        loop {
            let line = self.lines.next().expect("the watch ended");
            let access: Access = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
            let found = wanted(&access);
            if !self.fence.made(&access) {
                self.seen.push(access);
            }
            if found {
                return;
            }
        }
    }

    /// Waits until everything that happened before this call was told: a call of the test's own is seen after it.
    pub(crate) fn catch_up(&mut self) {
        let path = self.fence.call();
        let statement = format!("GET {path}");
        self.until(|access| access.statement.as_deref() == Some(&statement));
    }

    /// Whether a statement was told by now.
    pub(crate) fn has_seen(&mut self, statement: &str) -> bool {
        self.catch_up();
        self.seen.iter().any(|access| access.statement.as_deref() == Some(statement))
    }

    /// Catches up, ends the watch as Ctrl-C does, and gives what it saw.
    pub(crate) fn end(mut self) -> Seen {
        self.catch_up();
        self.stop()
    }

    /// Ends the watch as Ctrl-C does, whatever is still to be told, and gives what it saw.
    pub(crate) fn stop(mut self) -> Seen {
        self.running.signal(Signal::INT);
        while let Some(line) = self.lines.next() {
            let access: Access = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
            if !self.fence.made(&access) {
                self.seen.push(access);
            }
        }
        let mut statistics = Value::Null;
        while let Some(note) = self.notes.next() {
            match serde_json::from_str(&note) {
                Ok(told) => statistics = told,
                // Shown where a test fails.
                Err(_) => eprintln!("{note}"),
            }
        }
        self.running.end_well();
        Seen { accesses: self.seen, statistics }
    }

    /// Ends it as nothing can be prepared for.
    pub(crate) fn kill(self) {
        self.running.signal(Signal::KILL);
    }
}

/// A small web server of the test's own process, to tell that the watch has come so far.
struct Fence {
    port: u16,
    calls: u32,
}

impl Fence {
    fn open() -> Fence {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                answer(stream);
            }
        });
        Fence { port, calls: 0 }
    }

    /// These ports and its own, as a filter.
    fn among(&self, ports: &[u16]) -> String {
        let ports: Vec<String> = ports.iter().chain([&self.port]).map(u16::to_string).collect();
        ports.join(",")
    }

    /// Makes a call and waits for its answer; its path.
    fn call(&mut self) -> String {
        self.calls += 1;
        let path = format!("/fence/{}", self.calls);
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: fence\r\nConnection: close\r\n\r\n");
        // In one piece, as `answer` reads it.
        stream.write_all(request.as_bytes()).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        path
    }

    /// Whether an access is one of its calls.
    fn made(&self, access: &Access) -> bool {
        access.server.port == Some(self.port)
    }
}

fn answer(mut stream: TcpStream) {
    let mut request = [0; 512];
    _ = stream.read(&mut request).unwrap();
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
}
