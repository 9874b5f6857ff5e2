//! What goes wrong, or goes fast: short lives, large answers, a watch that comes late or dies.

use std::fs;
use std::time::{Duration, Instant, SystemTime};

use crate::support::access::Access;
use crate::support::clients::python;
use crate::support::dark::{self, Dark};
use crate::support::ground::{Ground, ground};
use crate::support::libraries::{changed_bytes, copy_to};
use crate::support::nginx::{self, Nginx};
use crate::support::postgres::{self, Postgres};
use crate::support::process::{Lines, Running, program, run, text_of, until};
use crate::support::watch::{Seen, Watch};

/// A life that counts as short.
const SHORT: Duration = Duration::from_millis(50);
/// Short lives that are watched.
const LIVES: usize = 20;
/// Processes that bring a library of their own.
const FIRSTS: usize = 4;
/// Calls of each of them.
const CALLS: usize = 400;
/// A library that is mapped for the first time is hooked in less.
const IN_TIME: Duration = Duration::from_millis(100);
/// The size of a large answer.
const LARGE: usize = 50 << 20;
/// What the watch may grow by while a large answer passes.
const GROWTH: u64 = 8 << 20;

#[test]
fn a_process_of_fifty_milliseconds_is_seen() {
    let Some(ground) = ground("short lives", &dark::PROGRAMS) else { return };
    let server = Dark::start(&ground);
    let watch = Watch::ports(&[server.port]);
    let lives: Vec<Life> = (0..LIVES).map(|number| Life::live(&server, number)).collect();
    let seen = watch.end();
    let fastest = lives.iter().map(|life| life.lasted).min().unwrap();
    assert!(fastest < SHORT, "this machine is too slow for the test: the shortest life lasted {fastest:?}");
    assert_eq!(unseen(&lives, &seen), Vec::<String>::new());
}

/// Libraries of the system are hooked before anybody maps them; one that comes with a container is hooked when it is.
#[test]
fn a_library_that_nobody_mapped_before_is_hooked_in_time() {
    let Some(ground) = ground("first mapping", &dark::PROGRAMS) else { return };
    let server = Dark::start(&ground);
    let watch = Watch::ports(&[server.port]);
    let began: Vec<SystemTime> = (0..FIRSTS).map(|number| call_often(&ground, &server, number)).collect();
    let seen = watch.end();
    let mut delays = Vec::new();
    for (number, began) in began.into_iter().enumerate() {
        let prefix = format!("GET /first/{number}/");
        let call = |access: &Access| access.statement.as_deref()?.strip_prefix(&prefix)?.parse().ok();
        let calls: Vec<usize> = seen.accesses.iter().filter_map(call).collect();
        let first =
            *calls.first().unwrap_or_else(|| panic!("no call of {number} was shown: {:#}", seen.statistics));
        assert_eq!(calls, (first..=CALLS).collect::<Vec<_>>(), "a hole after the first that was shown");
        let access = seen.accesses.iter().find(|access| call(access) == Some(first)).unwrap();
        delays.push(access.at().duration_since(began).unwrap());
    }
    // The least of them is what the watch needs; the others show what else this machine had to do.
    assert!(
        delays.iter().min() < Some(&IN_TIME),
        "the first call that is shown began {delays:?} after its process"
    );
}

/// Makes calls from one process, with libraries of its own; when it was started.
fn call_often(ground: &Ground, server: &Dark, number: usize) -> SystemTime {
    let folder = ground.folder.path().join(number.to_string());
    copy_to(&folder);
    let mut curl = program("curl");
    let url = format!("https://127.0.0.1:{}/first/{number}/[1-{CALLS}]", server.port);
    curl.args(["-sk", "-o", "/dev/null", &url]).env("LD_LIBRARY_PATH", folder);
    let began = SystemTime::now();
    run(&mut curl);
    began
}

/// A process that made one call.
struct Life {
    pid: u32,
    path: String,
    lasted: Duration,
}

impl Life {
    fn live(server: &Dark, number: usize) -> Life {
        let path = format!("/life/{number}");
        let mut curl = program("curl");
        curl.args(["-sk", &format!("https://127.0.0.1:{}{path}", server.port)]);
        let began = Instant::now();
        let running = Running::start(&mut curl);
        let pid = running.pid();
        running.output();
        Life { pid, path, lasted: began.elapsed() }
    }
}

/// What of the lives was not shown, each with how long it lasted.
fn unseen(lives: &[Life], seen: &Seen) -> Vec<String> {
    let is_shown = |life: &&Life| {
        let statement = format!("GET {}", life.path);
        let is_it = |access: &&Access| access.statement.as_deref() == Some(&*statement);
        seen.accesses
            .iter()
            .find(is_it)
            .is_some_and(|access| access.client_pid() == life.pid && access.layer == "tls")
    };
    lives
        .iter()
        .filter(|life| !is_shown(life))
        .map(|life| format!("{}: {:?}", life.path, life.lasted))
        .collect()
}

#[test]
fn a_large_answer_is_one_exchange_and_costs_no_memory() {
    let Some(ground) = ground("large answer", &[nginx::PROGRAMS.as_slice(), &["curl"]].concat()) else {
        return;
    };
    let server = Nginx::start(&ground);
    fs::write(server.files.join("big"), vec![b'.'; LARGE]).unwrap();
    let mut watch = Watch::ports(&[server.plain, server.tls]);
    watch.catch_up();
    let before = memory_of(watch.pid());
    let urls = [
        format!("https://127.0.0.1:{}/big", server.tls),
        format!("http://127.0.0.1:{}/big", server.plain),
        format!("http://127.0.0.1:{}/sent/big", server.plain),
    ];
    let lengths: Vec<u64> = urls.iter().map(|url| download(url)).collect();
    watch.catch_up();
    let after = memory_of(watch.pid());
    let seen = watch.end();
    assert!(after < before + GROWTH, "grew from {before} to {after} bytes");
    let shown: Vec<u64> = seen.accesses.iter().map(|access| access.response_bytes).collect();
    assert_eq!(shown, lengths);
    for access in &seen.accesses {
        assert_eq!(access.complete.ok, access.complete.lost_bytes == 0, "{access:#?}");
        assert_eq!(access.details["http"]["status"], 200);
    }
}

/// Downloads, and gives the bytes of head and body.
fn download(url: &str) -> u64 {
    let sizes = text_of(program("curl").args([
        "-sk",
        "-o",
        "/dev/null",
        "-w",
        "%{size_header} %{size_download}",
        url,
    ]));
    sizes.split_whitespace().map(|size| size.parse::<u64>().unwrap()).sum()
}

/// The memory of a process's own, in bytes; the ring that it shares with the kernel is not in it.
fn memory_of(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn a_busy_connection_is_joined_midway() {
    let Some(ground) = ground("midway", &postgres::PROGRAMS) else { return };
    let server = Postgres::start(&ground);
    for (tls, layer) in [("sslmode=disable", "plain"), ("sslmode=require", "tls")] {
        let client = busy_client(&server, tls);
        let mut watch = Watch::ports(&[server.port]);
        let before = questions(&server);
        for _ in 0..100 {
            watch.until(|_| true);
        }
        client.end_well();
        server.served(0);
        let seen = watch.end();
        assert!(seen.accesses.iter().all(|access| access.layer == layer));
        assert_joined(&seen, before, questions(&server));
        fs::write(server.folder.join("log"), "").unwrap();
    }
}

/// A client that asks one numbered question after the other until its input ends.
fn busy_client(server: &Postgres, tls: &str) -> Running {
    let mut client = Running::start(python("psycopg_loop.py").arg(server.conninfo(tls, "shop")));
    Lines::of(client.0.stdout.take().unwrap()).until("busy");
    client
}

/// The number of the last question that the server was asked.
fn questions(server: &Postgres) -> u32 {
    let logged = server.logged();
    let last = logged.iter().rev().find(|logged| logged.statement.ends_with("thrice"));
    last.unwrap().parameters[0].as_deref().unwrap().parse().unwrap()
}

/// From the first whole exchange on, every question was shown, in order, and none that was not asked.
fn assert_joined(seen: &Seen, before: u32, last: u32) {
    let asked = |access: &&Access| access.statement.as_deref().is_some_and(|text| text.ends_with("thrice"));
    let numbers: Vec<u32> = seen
        .accesses
        .iter()
        .filter(asked)
        .map(|access| access.parameters[0].as_deref().unwrap().parse().unwrap())
        .collect();
    let first = numbers[0];
    // One may have been on its way while the watch said that it watches.
    assert!(first <= before + 2, "{first} is the first that was shown, {before} was the last before");
    assert_eq!(numbers, (first..=last).collect::<Vec<_>>());
    for access in &seen.accesses {
        assert_eq!(
            (access.operation.as_str(), access.rows),
            if asked(&access) { ("SELECT", Some(1)) } else { ("EXECUTE", Some(1)) },
            "{access:#?}"
        );
        if !asked(&access) {
            assert_eq!(access.statement, None, "{access:#?}");
            assert_eq!(access.details["statement"], "unknown (prepared before we came)");
        }
    }
}

#[test]
fn a_killed_watch_leaves_no_hook_and_harms_nobody() {
    let Some(ground) = ground("kill", &[postgres::PROGRAMS.as_slice(), &["pgbench"]].concat()) else {
        return;
    };
    let server = Postgres::start(&ground);
    run(program("pgbench").args(["-i", "-q", &server.conninfo("sslmode=disable", "shop")]));
    let client = busy_client(&server, "sslmode=require");
    let mut bench = program("pgbench");
    let bench =
        Running::start(bench.args(["-n", "-c", "4", "-T", "4", &server.conninfo("sslmode=require", "shop")]));
    let mut watch = Watch::ports(&[server.port]);
    watch.until(|access| access.layer == "tls");
    assert!(changed_bytes(client.pid(), "libssl") > 0, "no hook stands where one should");
    watch.kill();
    until("the hooks are gone", || changed_bytes(client.pid(), "libssl") == 0);
    bench.end_well();
    client.end_well();
}
