//! The budget under a real load: less is read, step by step and in the open, and all again when the load is over.

use std::collections::HashMap;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::access::Access;
use crate::support::ground::ground;
use crate::support::nginx::{Nginx, PROGRAMS};
use crate::support::process::{Running, program, run};
use crate::support::watch::Watch;

/// Any load costs more than this, in percent of a core, and silence does not.
const LITTLE: &str = "0.01";
/// Longer than the heads that are read of it.
const BODY: usize = 8000;

#[test]
fn less_is_read_of_a_busy_server_over_tls_and_all_again_when_it_rests() {
    steps_both_ways("tls");
}

#[test]
fn less_is_read_of_a_busy_server_in_clear_and_all_again_when_it_rests() {
    steps_both_ways("plain");
}

fn steps_both_ways(layer: &str) {
    let Some(ground) = ground("budget", &[PROGRAMS.as_slice(), &["ab", "curl"]].concat()) else { return };
    let nginx = Nginx::start(&ground);
    fs::write(nginx.files.join("body"), vec![b'x'; BODY]).unwrap();
    let (port, scheme) = if layer == "tls" { (nginx.tls, "https") } else { (nginx.plain, "http") };
    let url = format!("{scheme}://127.0.0.1:{port}/body");
    let mut watch = Watch::ports_with(&[port], &["--budget", LITTLE]);
    let load =
        Running::start(program("ab").args(["-q", "-k", "-c", "16", "-t", "120", "-n", "100000000", &url]));
    // Two workers serve, each with its own budget.
    let mut read = HashMap::new();
    for wanted in ["heads", "a sample", "nothing"] {
        while !read.values().any(|step| step == wanted) {
            follow(&watch, &mut read);
        }
    }
    drop(load);
    while read.values().any(|step| step != "all") {
        follow(&watch, &mut read);
    }
    run(Command::new("curl").args(["-sk", "-o", "/dev/null", &format!("{url}?after")]));
    let is_after = |access: &Access| access.statement.as_deref() == Some("GET /body?after");
    watch.until(is_after);
    let seen = watch.end();
    let after = seen.accesses.iter().rfind(|access| is_after(access)).unwrap();
    assert!(after.complete.ok && after.weight == 1, "{after:#?}");
    assert!(after.response_bytes > BODY as u64, "{after:#?}");
    let is_cut = |access: &&Access| !access.complete.ok;
    let causes: Vec<_> =
        seen.accesses.iter().filter(is_cut).filter_map(|access| access.complete.cause.as_deref()).collect();
    assert!(causes.contains(&"budget"), "{causes:?}");
    // A flood may be more than a collector that was not optimised takes.
    assert!(causes.iter().all(|cause| ["budget", "ring_full"].contains(cause)), "{causes:?}");
    assert!(seen.lost("budget") > 0, "{:#}", seen.statistics);
    assert!(seen.accesses.iter().all(|access| [1, 10].contains(&access.weight)));
    seen.assert_holds();
    let cost = &seen.statistics["cost"];
    assert_eq!(cost["budget_percent"].as_f64(), LITTLE.parse().ok(), "{cost:#}");
    let paid = |process: &Value| process["name"] == "nginx" && process["seconds"].as_f64() > Some(0.0);
    assert!(cost["processes"].as_array().unwrap().iter().any(paid), "{cost:#}");
    let steps = cost["steps"].as_array().unwrap();
    let stepped = |step: &Value| {
        step["name"] == "nginx" && step["from"] == "all" && step["percent"].as_f64() > Some(0.01)
    };
    assert!(steps.iter().any(stepped), "{cost:#}");
}

/// Notes how much is read of one of the server's processes from the next step on that is told.
fn follow(watch: &Watch, read: &mut HashMap<String, String>) {
    let line = watch.until_told("of it is read instead of").pop().unwrap();
    // `plainsight: watching costs nginx[42] 1.3 % of a core, more than 0.01 %: heads of it is read instead of all`
    let process = line.split("watching costs ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    let step = line.rsplit(": ").next().and_then(|rest| rest.split(" of it").next()).unwrap();
    if process.starts_with("nginx") {
        read.insert(process.to_owned(), step.to_owned());
    }
}
