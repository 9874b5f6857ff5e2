//! Programs whose TLS is rustls; the other end is dark, so that what is shown was read from theirs.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::support::access::Access;
use crate::support::clients::truth_of;
use crate::support::ground::{Ground, ground, skip};
use crate::support::libraries::{blind, changed_bytes};
use crate::support::process::{Lines, Running, make_certificate, run, text_of, until};
use crate::support::watch::{PLAINSIGHT, Seen, Watch};

/// What these tests need.
const PROGRAMS: [&str; 2] = ["openssl", "strip"];
/// Connections at once.
const CONNECTIONS: usize = 40;
/// Calls on each.
const CALLS: usize = 5;

/// What a program says of one call.
#[derive(Debug, Deserialize)]
struct Made {
    pid: u32,
    fd: u32,
    port: u16,
    path: String,
    status: i64,
}

/// All connections are in one thread, which goes from one to the next as an event loop does.
#[test]
fn a_client_with_rustls_is_shown_as_it_was() {
    let Some((ground, program)) = grounded("rustls, client") else { return };
    let dark = ground.folder.path().join("dark");
    blind(&program, &dark);
    let server = Served::start(&ground, &dark);
    let watch = Watch::ports(&[server.port]);
    // Somebody who has it mapped, so that it is hooked before the first call.
    let waiting = Served::start(&ground, &program);
    let pid = waiting.running.pid();
    until("the program is hooked", || changed_bytes(pid, "rustls_talk") > 0);
    let process = known(pid);
    assert!(process["library"].as_str().unwrap().starts_with("rustls 0.23."), "{process:#}");
    assert_eq!(process["hook"], "symbols", "{process:#}");
    let made = asked(&program, server.port);
    let shown = watch.end();
    compare(&shown, &made, |access, made| {
        assert_eq!(access.socket(), (made.pid, made.fd), "{access:#?}");
        assert_eq!(access.client_pid(), made.pid, "{access:#?}");
        assert_eq!(access.paired.as_deref(), Some("certain"), "{access:#?}");
    });
}

/// It answers in pieces, which may be gone before they are sent: these are not held until it is certain where they go.
#[test]
fn a_server_with_rustls_is_shown_as_it_was() {
    let Some((ground, program)) = grounded("rustls, server") else { return };
    let dark = ground.folder.path().join("dark");
    blind(&program, &dark);
    let server = Served::start(&ground, &program);
    let watch = Watch::ports(&[server.port]);
    _ = asked(&dark, server.port);
    let shown = watch.end();
    let pid = server.running.pid();
    let made = server.served();
    compare(&shown, &made, |access, _| {
        assert_eq!(access.server_pid(), pid, "{access:#?}");
        assert_eq!(access.paired.as_deref(), Some("likely"), "{access:#?}");
    });
}

#[test]
fn rustls_without_symbols_is_named_dark() {
    let Some((ground, program)) = grounded("rustls, stripped") else { return };
    let stripped = ground.folder.path().join("stripped");
    run(Command::new("strip").arg("-o").arg(&stripped).arg(&program));
    let server = Served::start(&ground, &stripped);
    let process = known(server.running.pid());
    assert_eq!(process["hook"], "dark", "{process:#}");
    assert_eq!(
        (&process["library"], &process["why"]),
        (&"rustls".into(), &"its function names are stripped".into())
    );
}

fn grounded(test: &str) -> Option<(Ground, PathBuf)> {
    let ground = ground(test, &PROGRAMS)?;
    let program = Path::new(PLAINSIGHT).with_file_name("examples").join("rustls_talk");
    if !program.exists() {
        skip(test, "needs `cargo build -p plainsight --examples`");
        return None;
    }
    make_certificate(ground.folder.path());
    Some((ground, program))
}

fn asked(program: &Path, port: u16) -> Vec<Made> {
    let words = ["call".to_owned(), port.to_string(), CONNECTIONS.to_string(), CALLS.to_string()];
    truth_of(Command::new(program).args(words))
}

/// What the doctor says of the code in a process.
fn known(pid: u32) -> Value {
    let report: Value =
        serde_json::from_str(&text_of(Command::new(PLAINSIGHT).args(["doctor", "--json"]))).unwrap();
    let processes = report["processes"].as_array().unwrap();
    let process = processes.iter().find(|process| process["pid"] == pid);
    process.unwrap_or_else(|| panic!("the doctor does not know {pid}: {report:#}")).clone()
}

/// Every call that was made is shown, once and whole, and no other.
fn compare(seen: &Seen, made: &[Made], also: impl Fn(&Access, &Made)) {
    assert_eq!(made.len(), CONNECTIONS * CALLS);
    assert_eq!(seen.accesses.len(), made.len(), "{:#}", seen.statistics);
    for made in made {
        let statement = format!("GET {}", made.path);
        let mut those = seen.accesses.iter().filter(|access| access.statement.as_ref() == Some(&statement));
        let (Some(access), None) = (those.next(), those.next()) else { panic!("not shown once: {made:?}") };
        assert_eq!(access.client.port, Some(made.port), "{access:#?}");
        assert_eq!(access.details["http"]["status"], made.status, "{access:#?}");
        assert_eq!((access.layer.as_str(), access.role.as_deref()), ("tls", Some("both")), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        also(access, made);
    }
    assert_eq!(seen.statistics["kernel"]["violations"], 0, "{:#}", seen.statistics);
}

/// A server of the program, and what it says that it answered.
struct Served {
    port: u16,
    running: Running,
    lines: Lines,
}

impl Served {
    fn start(ground: &Ground, program: &Path) -> Served {
        let files = ["cert.pem", "key.pem"].map(|name| ground.folder.path().join(name));
        let mut running = Running::start(Command::new(program).arg("serve").args(files));
        let lines = Lines::of(running.0.stdout.take().unwrap());
        let port = lines.next().expect("a port").parse().unwrap();
        Served { port, running, lines }
    }

    /// What it answered, when it has ended.
    fn served(self) -> Vec<Made> {
        let Served { running, lines, .. } = self;
        running.end_well();
        std::iter::from_fn(|| lines.next()).map(|line| serde_json::from_str(&line).unwrap()).collect()
    }
}
