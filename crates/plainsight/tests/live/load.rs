//! Ten thousand transactions of eight clients at once, compared with the server's own log to the statement.

use std::collections::HashMap;

use crate::support::access::Access;
use crate::support::ground::ground;
use crate::support::postgres::{Logged, PROGRAMS, Postgres};
use crate::support::process::{program, run};
use crate::support::watch::{Seen, Watch};

/// Transactions of each run.
const TRANSACTIONS: usize = 10_000;
/// Clients at once.
const CLIENTS: usize = 8;
/// Of a thousand logged statements, so many may be missing.
const MISSING_OF_A_THOUSAND: usize = 1;

#[test]
fn pgbench_simple_is_shown_whole() {
    pgbench_is_shown_whole("simple");
}

#[test]
fn pgbench_extended_is_shown_whole() {
    pgbench_is_shown_whole("extended");
}

#[test]
fn pgbench_prepared_is_shown_whole() {
    pgbench_is_shown_whole("prepared");
}

fn pgbench_is_shown_whole(mode: &str) {
    let Some(ground) = ground(mode, &[PROGRAMS.as_slice(), &["pgbench"]].concat()) else { return };
    let server = Postgres::start(&ground);
    run(program("pgbench").args(["-i", "-q", &server.conninfo("sslmode=disable", "shop")]));
    for (tls, layer) in [("sslmode=disable", "plain"), ("sslmode=require", "tls")] {
        let before = server.logged().len();
        let watch = Watch::ports(&[server.port]);
        pgbench(&server, mode, tls);
        let logged = server.served(before);
        let seen = watch.end();
        assert!(logged.len() >= TRANSACTIONS, "the test's own truth is short");
        assert!(seen.accesses.iter().all(|access| access.layer == layer));
        compare(&logged, &seen.accesses);
        assert_account(&seen);
    }
}

fn pgbench(server: &Postgres, mode: &str, tls: &str) {
    let each = (TRANSACTIONS / CLIENTS).to_string();
    let mut pgbench = program("pgbench");
    pgbench.args(["-n", "-M", mode, "-c", &CLIENTS.to_string(), "-j", "2", "-t", &each]);
    run(pgbench.arg(server.conninfo(tls, "shop")));
}

/// A statement with what was bound to it, and who served it.
type Asked<'a> = (u32, &'a str, &'a [Option<String>]);

/// Every logged statement was shown, but for the few that may be missing, and nothing else was.
fn compare(logged: &[Logged], shown: &[Access]) {
    let mut open: HashMap<Asked<'_>, usize> = HashMap::new();
    for logged in logged {
        *open.entry((logged.pid, &logged.statement, &logged.parameters)).or_default() += 1;
    }
    let mut invented = Vec::new();
    for access in shown.iter().filter(|access| !["login", "PARSE"].contains(&access.operation.as_str())) {
        let asked = (access.server_pid(), access.statement.as_deref().unwrap_or(""), &*access.parameters);
        match open.get_mut(&asked).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => invented.push(access),
        }
    }
    let missing: usize = open.values().sum();
    eprintln!("{} of {} statements shown, {} invented", logged.len() - missing, logged.len(), invented.len());
    assert!(invented.is_empty(), "{} invented, such as {:#?}", invented.len(), invented[0]);
    assert!(missing * 1000 <= logged.len() * MISSING_OF_A_THOUSAND, "{missing} of {} missing", logged.len());
}

/// What the kernel saw is what was delivered and what was not, to the byte.
fn assert_account(seen: &Seen) {
    let kernel = &seen.statistics["kernel"];
    let figure =
        |name: &str| kernel[name].as_u64().unwrap_or_else(|| panic!("no {name} in {:#}", seen.statistics));
    seen.assert_account();
    assert!(figure("seen_bytes") > 0);
    assert_eq!(figure("violations"), 0);
    assert_eq!(figure("unreadable"), 0);
}
