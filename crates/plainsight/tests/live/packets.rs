//! Packet captures in clear: what Wireshark's own dissectors read in them is what the clients did.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::access::Access;
use crate::support::ground::ground;
use crate::support::nginx::{self, Nginx};
use crate::support::postgres::{self, Postgres};
use crate::support::process::{Running, program, run, text_of};
use crate::support::watch::{PLAINSIGHT, Watch};

#[test]
fn tshark_reads_in_clear_what_was_said_inside_tls() {
    let programs = [&postgres::PROGRAMS[..], &nginx::PROGRAMS, &["tshark", "curl"]].concat();
    let Some(ground) = ground("packets", &programs) else { return };
    let (server, web) = (Postgres::start(&ground), Nginx::start(&ground));
    let file = ground.folder.path().join("said.pcapng");
    let ports = [server.port, web.tls];
    let watch = Watch::ports_with(&ports, &["--pcap", file.to_str().unwrap()]);
    let before = server.logged().len();
    run(server.psql("sslmode=require", "shop").args(["-c", "select 'said in clear'"]));
    let mut curl = program("curl");
    curl.args(["-sk", "-o", "/dev/null", &format!("https://127.0.0.1:{}/small.txt?said", web.tls)]);
    let client = Running::start(&mut curl);
    let pid = client.pid();
    client.end_well();
    server.served(before);
    web.served(0, 1);
    let seen = watch.end();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let as_postgres = format!("tcp.port=={},pgsql", server.port);
    let queries =
        tshark(&file, &["-d", &as_postgres, "-Y", "pgsql.query", "-T", "fields", "-e", "pgsql.query"]);
    assert_eq!(queries, "select 'said in clear'\n");
    let called = format!("http && tcp.port == {}", web.tls);
    let calls = tshark(
        &file,
        &["-Y", &format!("{called} && http.request"), "-T", "fields", "-e", "http.request.uri"],
    );
    assert_eq!(calls, "/small.txt?said\n");
    let status = tshark(
        &file,
        &["-Y", &format!("{called} && http.response"), "-T", "fields", "-e", "http.response.code"],
    );
    assert_eq!(status, "200\n");
    let comments = tshark(&file, &["-Y", "frame.comment", "-T", "fields", "-e", "frame.comment"]);
    assert!(comments.contains(&format!("curl[{pid}] → nginx[")), "{comments}");
    assert!(comments.contains("; in clear inside TLS"), "{comments}");
    let wrong =
        tshark(&file, &["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-Y", WRONG]);
    assert_eq!(wrong, "");

    let replayed = text_of(Command::new(PLAINSIGHT).args(["replay", "--json"]).arg(&file));
    let replayed = replayed.lines().map(|line| serde_json::from_str::<Access>(line).unwrap());
    let replayed: Vec<_> =
        replayed.filter(|access| ports.contains(&access.server.port.unwrap_or_default())).collect();
    assert_eq!(facts(&replayed), facts(&seen.accesses));
}

/// What a sound capture has none of.
const WRONG: &str =
    "tcp.checksum.status == 0 || ip.checksum.status == 0 || _ws.malformed || tcp.analysis.lost_segment";

fn tshark(file: &Path, arguments: &[&str]) -> String {
    text_of(program("tshark").arg("-r").arg(file).args(arguments))
}

/// What a capture tells of accesses, in no order.
fn facts(accesses: &[Access]) -> Vec<String> {
    let fact = |access: &Access| {
        let Access { operation, statement, outcome, rows, response_bytes, .. } = access;
        format!("{operation} {statement:?} {outcome} {rows:?} {response_bytes}")
    };
    let mut facts: Vec<_> = accesses.iter().map(fact).collect();
    facts.sort();
    facts
}
