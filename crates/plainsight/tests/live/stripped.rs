//! Programs with OpenSSL linked into them and no symbols: its functions are found by the errors that they raise.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::support::ground::{Ground, ground, skip};
use crate::support::libraries::{blinded_to, changed_bytes};
use crate::support::nginx::{self, Nginx};
use crate::support::process::{Lines, Running, run, until};
use crate::support::watch::Watch;

/// Connections at once.
const CONNECTIONS: usize = 40;
/// Calls on each.
const CALLS: usize = 5;

/// What the program says of one call.
#[derive(Debug, Deserialize)]
struct Made {
    fd: u32,
    port: u16,
    path: String,
    status: i64,
}

/// Nothing names its functions, and nothing says which version it is.
#[test]
fn a_stripped_program_with_openssl_inside_is_shown_as_it_was() {
    let needed = [&nginx::PROGRAMS[..], &["cc", "strip", "curl", "gnutls-serv"]].concat();
    let Some(ground) = ground("OpenSSL, stripped", &needed) else { return };
    let Some(program) = linked(&ground) else { return };
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    let server = Nginx::start_with(&ground, Some(&libraries));
    let watch = Watch::ports(&[server.tls]);
    let words = [server.tls.to_string(), CONNECTIONS.to_string(), CALLS.to_string()];
    let mut client = Running::start(Command::new(&program).args(words));
    let pid = client.pid();
    let lines = Lines::of(client.0.stdout.take().unwrap());
    assert_eq!(lines.next().as_deref(), Some("ready"));
    until("the program is hooked", || changed_bytes(pid, "openssl_talk") > 0);
    client.end_well();
    let said = std::iter::from_fn(|| lines.next());
    let made: Vec<Made> = said.map(|line| serde_json::from_str(&line).unwrap()).collect();
    let seen = watch.end();
    assert_eq!(made.len(), CONNECTIONS * CALLS);
    assert_eq!(seen.accesses.len(), made.len(), "{:#}", seen.statistics);
    for made in &made {
        let statement = format!("GET {}", made.path);
        let mut those = seen.accesses.iter().filter(|access| access.statement.as_ref() == Some(&statement));
        let (Some(access), None) = (those.next(), those.next()) else { panic!("not shown once: {made:?}") };
        assert_eq!((access.socket(), access.client.port), ((pid, made.fd), Some(made.port)), "{access:#?}");
        assert_eq!(access.details["http"]["status"], made.status, "{access:#?}");
        assert_eq!(
            (access.layer.as_str(), access.paired.as_deref()),
            ("tls", Some("certain")),
            "{access:#?}"
        );
        assert!(access.complete.ok, "{access:#?}");
    }
    let trials = seen.statistics["hooks"]["trials"].as_array().unwrap();
    let is_it = |path: &str| Path::new(path) == program;
    let trial = trials.iter().find(|trial| trial["path"].as_str().is_some_and(is_it));
    assert_eq!(trial.unwrap()["proven"], true, "{trials:#?}");
    seen.assert_account();
}

/// The program, without symbols; `None` where OpenSSL's archives are not there, which was then said.
fn linked(ground: &Ground) -> Option<PathBuf> {
    let program = ground.folder.path().join("openssl_talk");
    let mut cc = Command::new("cc");
    cc.arg("-O2").arg("-o").arg(&program);
    cc.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/programs/openssl_talk.c"));
    cc.args(["-Wl,-Bstatic", "-lssl", "-lcrypto", "-Wl,-Bdynamic", "-ldl", "-lpthread"]);
    if !cc.output().unwrap().status.success() {
        skip("OpenSSL, stripped", "needs libssl-dev (`.ci/packages test`)");
        return None;
    }
    run(Command::new("strip").arg(&program));
    Some(program)
}
