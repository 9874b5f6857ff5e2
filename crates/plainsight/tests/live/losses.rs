//! The loss ledger: every byte that the kernel counted is read, or is lost for a cause that is said, in peace and in a flood.

use std::fs;
use std::io::Write as _;

use serde_json::Value;

use crate::support::clients::python;
use crate::support::ground::ground;
use crate::support::nginx::{self, Nginx};
use crate::support::postgres::{self, Postgres};
use crate::support::process::{Lines, Running, make_certificate, program, run};
use crate::support::stores::{REDIS, Redis};
use crate::support::watch::{Seen, Watch, lost};

/// Bytes of the file that is served in the flood: some fit into the ring at once, and by far not all.
const FILE: usize = 20_000;
/// Calls whose server leaves first.
const CALLS: usize = 8;

/// The accounts of what lost something on these ports, by who spoke.
fn accounts<'a>(seen: &'a Seen, ports: &[u16]) -> Vec<&'a Value> {
    let connections = seen.statistics["ledger"]["connections"].as_array().unwrap();
    let is_ours = |connection: &&Value| {
        let server = connection["server"].as_str().unwrap();
        ports.iter().any(|port| server.ends_with(&format!(":{port}")))
    };
    let ours = connections.iter().filter(is_ours);
    ours.flat_map(|connection| [&connection["from_client"], &connection["from_server"]]).collect()
}

#[test]
fn nothing_is_lost_of_what_databases_and_web_servers_say() {
    let programs = [postgres::PROGRAMS.as_slice(), &nginx::PROGRAMS, &["pgbench", "curl"]].concat();
    let Some(ground) = ground("no losses", &programs) else { return };
    let (database, web) = (Postgres::start(&ground), Nginx::start(&ground));
    run(program("pgbench").args(["-i", "-q", &database.conninfo("sslmode=disable", "shop")]));
    let ports = [database.port, web.plain, web.tls];
    let watch = Watch::ports(&ports);
    for tls in ["sslmode=disable", "sslmode=require"] {
        let conninfo = database.conninfo(tls, "shop");
        run(program("pgbench").args(["-n", "-M", "prepared", "-c", "4", "-t", "50", &conninfo]));
    }
    let urls = [format!("http://127.0.0.1:{}", web.plain), format!("https://127.0.0.1:{}", web.tls)];
    for url in urls {
        run(program("curl").args(["-sk", "--parallel", &format!("{url}/small.txt?[1-40]")]));
    }
    let seen = watch.end();
    seen.assert_holds();
    assert!(seen.accesses.iter().all(|access| access.complete.ok));
    let lossy = accounts(&seen, &ports);
    assert!(lossy.is_empty(), "{lossy:#?}");
}

/// A ring of 64 KiB cannot hold what these programs say: what is lost is told, of each connection and to the byte.
#[test]
fn a_flood_is_lost_in_the_open() {
    let programs = [REDIS.as_slice(), &nginx::PROGRAMS, &["redis-benchmark", "wrk"]].concat();
    let Some(ground) = ground("flood", &programs) else { return };
    let (store, web) = (Redis::start(&ground), Nginx::start(&ground));
    fs::write(web.files.join("flood"), vec![b'.'; FILE]).unwrap();
    let watch = Watch::ports_with(&[store.plain, web.plain, web.tls], &["--ring", "64K"]);
    let mut benchmark = program("redis-benchmark");
    benchmark.args(["-p", &store.plain.to_string(), "-n", "100000", "-P", "16", "-d", "512", "-q"]);
    run(benchmark.args(["-t", "set,get", "-c", "8"]));
    for url in [format!("http://127.0.0.1:{}", web.plain), format!("https://127.0.0.1:{}", web.tls)] {
        run(program("wrk").args(["-t", "2", "-c", "16", "-d", "2s", &format!("{url}/flood")]));
    }
    let seen = watch.stop();
    seen.assert_holds();
    let total = &seen.statistics["ledger"]["total"];
    assert!(lost(total, "ring_full") > 0, "{total:#}");
    let lossy = accounts(&seen, &[store.plain, web.plain, web.tls]);
    assert!(!lossy.is_empty(), "{:#}", seen.statistics);
    for account in lossy {
        // From a connection's first byte on, TCP itself counted what was seen of it, at both ends.
        assert_eq!(lost(account, "missed") + lost(account, "late"), 0, "{account:#}");
        assert!(account["socket"].is_u64(), "{account:#}");
    }
    let holed = seen.accesses.iter().filter(|access| !access.complete.ok).count();
    assert!(holed > 0, "no access of {} says that it lost something", seen.accesses.len());
}

/// Who asks may be put aside in the call that asks, until the server has answered, closed, and is gone: the end that is
/// left was once read a second time.
#[test]
fn a_call_is_read_once_though_its_server_left_first() {
    let Some(ground) = ground("hasty server", &["python3", "openssl"]) else { return };
    make_certificate(ground.folder.path());
    for layer in ["plain", "tls"] {
        let mut pair = Running::start(python("hasty_server.py").current_dir(ground.folder.path()));
        let lines = Lines::of(pair.0.stdout.take().unwrap());
        let port: u16 = lines.next().unwrap().parse().unwrap();
        let watch = Watch::ports(&[port]);
        let mut words = pair.0.stdin.take().unwrap();
        let mut made = Vec::new();
        for _ in 0..CALLS {
            writeln!(words, "{layer}").unwrap();
            made.push(lines.next().expect("a call is made"));
        }
        drop(words);
        pair.end_well();
        let seen = watch.end();
        let shown =
            seen.accesses.iter().map(|access| format!("{} {}", access.client_pid(), access.server_pid()));
        assert_eq!(shown.collect::<Vec<_>>(), made, "{seen:#?}");
        assert!(seen.accesses.iter().all(|access| access.layer == layer && access.complete.ok), "{seen:#?}");
        seen.assert_holds();
    }
}
