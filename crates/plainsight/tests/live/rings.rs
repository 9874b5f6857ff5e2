//! Programs that use io_uring instead of system calls, beside programs that do not.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::access::Access;
use crate::support::ground::{Ground, ground, skip};
use crate::support::nginx::{self, Nginx};
use crate::support::process::{Lines, Running, program, text_of};
use crate::support::watch::{PLAINSIGHT, Seen, Watch, lost};

/// Calls of each kind.
const CALLS: usize = 5;

fn grounded(test: &str, programs: &[&str]) -> Option<(Ground, PathBuf)> {
    let ground = ground(test, programs)?;
    let talker = Path::new(PLAINSIGHT).with_file_name("examples").join("uring_talk");
    if !talker.exists() {
        skip(test, "needs `cargo build -p capture --examples`");
        return None;
    }
    Some((ground, talker))
}

/// Each call is shown once and whole, in order, with its client, and its server where there is one alone.
fn compare<'a>(seen: &'a Seen, made: &[(u32, Option<u32>)]) -> Vec<&'a Access> {
    let shown: Vec<&Access> = seen.accesses.iter().collect();
    assert_eq!(shown.len(), made.len(), "{shown:#?}");
    for (number, (access, (client, server))) in shown.iter().zip(made).enumerate() {
        assert_eq!(access.statement, Some(format!("GET /ring/{number}")), "{access:#?}");
        assert_eq!(access.client_pid(), *client, "{access:#?}");
        assert!(server.is_none_or(|server| access.server_pid() == server), "{access:#?}");
        assert_eq!(access.details["http"]["status"], 200, "{access:#?}");
        assert!(access.complete.ok && access.role.as_deref() == Some("both"), "{access:#?}");
    }
    let total = &seen.statistics["ledger"]["total"];
    assert_eq!(lost(total, "missed") + lost(total, "unseen"), 0, "{:#}", seen.statistics["ledger"]);
    seen.assert_holds();
    shown
}

/// A thread of the kernel's looks at the client's ring: the call is the client's, which makes no system call for it.
#[test]
fn a_client_by_io_uring_is_shown_as_it_was() {
    let programs = [nginx::PROGRAMS.as_slice(), &["curl"]].concat();
    let Some((ground, talker)) = grounded("io_uring, client", &programs) else { return };
    let web = Nginx::start(&ground);
    std::fs::create_dir(web.files.join("ring")).unwrap();
    let watch = Watch::ports(&[web.plain]);
    let mut made = Vec::new();
    for number in 0..CALLS {
        let path = format!("/ring/{number}");
        std::fs::write(web.files.join(format!("ring/{number}")), "hello").unwrap();
        let client = Running::start(Command::new(&talker).args(["call", &web.plain.to_string(), &path]));
        let pid = client.pid();
        let said = client.output();
        let fd: u32 =
            said.strip_suffix(" hello\n").unwrap_or_else(|| panic!("it said {said:?}")).parse().unwrap();
        made.push((pid, fd));
    }
    let seen = watch.end();
    let ends: Vec<_> = made.iter().map(|(pid, _)| (*pid, None)).collect();
    for (access, made) in compare(&seen, &ends).into_iter().zip(made) {
        assert_eq!(access.socket(), made, "{access:#?}");
    }
}

/// The server accepts, hears by requests with many answers in buffers that it lends, and answers by its ring.
#[test]
fn a_server_by_io_uring_is_shown_as_it_was() {
    let Some((_ground, talker)) = grounded("io_uring, server", &["curl"]) else { return };
    let mut server = Running::start(Command::new(talker).arg("serve"));
    let port: u16 = Lines::of(server.0.stdout.take().unwrap()).next().unwrap().parse().unwrap();
    let watch = Watch::ports(&[port]);
    let mut made = Vec::new();
    for number in 0..CALLS {
        let client =
            Running::start(program("curl").args(["-s", &format!("http://127.0.0.1:{port}/ring/{number}")]));
        made.push((client.pid(), Some(server.pid())));
        assert_eq!(client.output(), "hello");
    }
    compare(&watch.end(), &made);
}

#[test]
fn the_doctor_says_whether_rings_are_read() {
    let Some(_ground) = ground("io_uring, doctor", &[]) else { return };
    let report: Value =
        serde_json::from_str(&text_of(Command::new(PLAINSIGHT).args(["doctor", "--json"]))).unwrap();
    let features = report["features"].as_array().unwrap();
    let rings = features.iter().find(|feature| feature["name"] == "io_uring").expect("a row");
    assert_eq!((&rings["found"], &rings["state"]), (&"read".into(), &"ok".into()), "{rings:#}");
}
