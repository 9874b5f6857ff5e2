//! The first calls of programs whose files nobody ever mapped: Go's, which carry their TLS with them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::go::Served;
use crate::support::access::Access;
use crate::support::go::Go;
use crate::support::ground::{Ground, ground};
use crate::support::libraries::{blind, differs};
use crate::support::process::{Running, make_certificate, text_of, until};
use crate::support::watch::{PLAINSIGHT, Watch};

/// What these tests need.
const PROGRAMS: [&str; 3] = ["go", "gcc", "openssl"];
/// Files that nobody ever mapped.
const FIRSTS: usize = 16;
/// Of so many, one at least finds a processor that is free for us.
const IN_TIME: Duration = Duration::from_millis(12);

/// A program that carries Go's TLS, and a dark copy of it.
fn programs(ground: &Ground) -> [PathBuf; 2] {
    let seen = Go::of_debian().build(ground, &["-ldflags", "-s -w"]);
    let dark = ground.folder.path().join("dark");
    blind(&seen, &dark);
    make_certificate(ground.folder.path());
    [seen, dark]
}

/// A copy that nobody ever mapped.
fn fresh(program: &Path, number: usize) -> PathBuf {
    let copy = program.with_file_name(format!("fresh-{number}"));
    fs::copy(program, &copy).unwrap();
    copy
}

/// What is to be started is looked into before it is.
#[test]
fn a_program_that_is_started_to_be_watched_is_seen_from_its_first_call() {
    let Some(ground) = ground("first calls of a command", &PROGRAMS) else { return };
    let [seen, dark] = programs(&ground);
    let server = Served::start(&ground, &dark);
    for number in 0..FIRSTS / 4 {
        let mut watch = Command::new(PLAINSIGHT);
        watch.args(["watch", "--json", "--"]).arg(fresh(&seen, number));
        watch.args(["call", &server.port.to_string(), "1", "1"]);
        let told = text_of(&mut watch);
        let accesses: Vec<Access> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [access] = accesses.as_slice() else { panic!("one call: {accesses:#?}") };
        assert_eq!(access.statement.as_deref(), Some("GET /call/0/0"), "{access:#?}");
        assert_eq!(
            (access.layer.as_str(), access.paired.as_deref()),
            ("tls", Some("certain")),
            "{access:#?}"
        );
        assert!(access.complete.ok, "{access:#?}");
    }
}

/// Where everybody is watched, a program is hooked when it maps its file.
#[test]
fn a_program_that_nobody_mapped_before_is_hooked_in_time() {
    let Some(ground) = ground("first mapping of a program", &PROGRAMS) else { return };
    let [seen, _] = programs(&ground);
    let watch = Watch::ports(&[]);
    let delays: Vec<Duration> =
        (0..FIRSTS).map(|number| hooked_after(&ground, &fresh(&seen, number))).collect();
    watch.end();
    assert!(delays.iter().min() < Some(&IN_TIME), "its code had hooks after {delays:?}");
}

/// How long after its start a program's code has hooks.
fn hooked_after(ground: &Ground, program: &Path) -> Duration {
    let files = ["cert.pem", "key.pem"].map(|name| ground.folder.path().join(name));
    let began = Instant::now();
    let running = Running::start(Command::new(program).arg("serve").args(files));
    let pid = running.pid();
    let path = program.to_str().unwrap();
    // Who starts a program goes on before its file is mapped.
    until("it is mapped", || {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
        maps.lines().any(|line| line.contains("r-xp") && line.contains(path))
    });
    until("it is hooked", || differs(pid, program));
    let after = began.elapsed();
    running.end_well();
    after
}
