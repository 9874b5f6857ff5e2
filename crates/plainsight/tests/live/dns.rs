//! DNS: what `dig` and a load of questions ask is what is shown, and what the server says that it was asked.

use std::fs;
use std::process::Command;

use crate::support::access::Access;
use crate::support::clients::python;
use crate::support::ground::{Ground, ground};
use crate::support::process::{Lines, Running, free_port, program, run, text_of};
use crate::support::watch::{PLAINSIGHT, Watch};

/// What these tests need.
const PROGRAMS: [&str; 3] = ["named", "dig", "dnsperf"];

/// The zone of the tests' server.
const ZONE: &str = "$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
@ MX 10 mail
ns A 127.0.0.1
web A 192.0.2.80
web A 192.0.2.81
web AAAA 2001:db8::80
shop CNAME local
local A 127.0.0.77
$GENERATE 1-2000 h$ A 192.0.2.1
";

/// A server of the test's own.
struct Named {
    port: u16,
    running: Running,
    log: Lines,
}

impl Named {
    fn start(ground: &Ground) -> Named {
        let folder = ground.folder.path();
        let port = free_port();
        let configuration = format!(
            "options {{ directory \"{}\"; pid-file none; session-keyfile none; querylog yes; recursion no; \
             listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 port {port} {{ ::1; }}; dnssec-validation no; notify no; \
             allow-transfer {{ any; }}; transfer-message-size 1024; }}; controls {{ }};\n\
             zone \"example.test\" {{ type primary; file \"zone\"; }};\n",
            folder.display()
        );
        fs::write(folder.join("named.conf"), configuration).unwrap();
        fs::write(folder.join("zone"), ZONE).unwrap();
        let mut running = Running::start(program("named").arg("-g").arg("-c").arg(folder.join("named.conf")));
        let log = Lines::of(running.0.stderr.take().unwrap());
        log.until("running");
        Named { port, running, log }
    }

    /// The port of the asker, and the question, of each line of its log up to the question for `last`.
    fn asked(&self, last: &str) -> Vec<(u16, String)> {
        let lines = self.log.until(&format!("query: {last} "));
        lines.iter().filter_map(|line| question(line)).collect()
    }

    fn dig(&self, words: &[&str]) -> String {
        self.dig_at("@127.0.0.1", words)
    }

    fn dig_at(&self, address: &str, words: &[&str]) -> String {
        text_of(program("dig").args([address, "-p", &self.port.to_string()]).args(words))
    }
}

/// `... client @0x7f 127.0.0.1#4242 (web.example.test): query: web.example.test IN A +E(0)K (127.0.0.1)`.
fn question(line: &str) -> Option<(u16, String)> {
    let (client, asked) = line.split_once("): query: ")?;
    let port = client.rsplit_once('#')?.1.split(' ').next()?.parse().ok()?;
    let [name, "IN", kind, ..] = asked.split(' ').collect::<Vec<_>>()[..] else { return None };
    Some((port, format!("{kind} {name}")))
}

/// A program asks for a name and then the server that has it: its calls are told with the name, live and from the packets
/// that were written meanwhile.
#[test]
fn a_server_is_called_as_the_answer_named_it() {
    let Some(ground) = ground("names", &PROGRAMS) else { return };
    let server = Named::start(&ground);
    let file = ground.folder.path().join("names.pcapng");
    let web = Running::start(python("named_calls.py").arg("serve"));
    let mut web = web;
    let port = Lines::of(web.0.stdout.take().unwrap()).next().unwrap();
    let ports = [server.port, port.parse().unwrap()];
    let watch = Watch::ports_with(&ports, &["--pcap", file.to_str().unwrap()]);
    run(python("named_calls.py").args(["call", "shop.example.test", &server.port.to_string(), &port]));
    run(python("named_calls.py").args(["call", "127.0.0.77", &server.port.to_string(), &port]));
    let seen = watch.end();
    let name_of = |statement: &str| {
        let is_it = |access: &&Access| access.statement.as_deref() == Some(statement);
        let access = seen.accesses.iter().find(is_it).unwrap_or_else(|| panic!("no {statement}: {seen:#?}"));
        access.server.name.clone()
    };
    assert_eq!(name_of("GET /shop.example.test").as_deref(), Some("shop.example.test"));
    // Another process's server at the same address of this host may be another one.
    assert_eq!(name_of("GET /127.0.0.77"), None);
    let replayed = text_of(Command::new(PLAINSIGHT).args(["replay", "--json"]).arg(&file));
    let replayed: Vec<Access> = replayed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_it = |access: &&Access| access.statement.as_deref() == Some("GET /shop.example.test");
    let access = replayed.iter().find(is_it).unwrap();
    assert_eq!(access.server.name.as_deref(), Some("shop.example.test"), "{access:#?}");
}

/// What was asked, and from which port.
fn told(shown: &[Access]) -> Vec<(u16, String)> {
    let mut told: Vec<_> =
        shown.iter().map(|access| (access.client.port.unwrap(), access.statement.clone().unwrap())).collect();
    told.sort();
    told
}

#[test]
fn questions_are_shown_as_the_server_logs_them() {
    let Some(ground) = ground("dns", &PROGRAMS) else { return };
    let server = Named::start(&ground);
    let watch = Watch::ports(&[server.port]);
    server.dig(&["web.example.test", "A", "example.test", "MX", "nothing.example.test", "AAAA"]);
    server.dig_at("@::1", &["example.test", "NS"]);
    server.dig(&["+tcp", "+keepopen", "web.example.test", "AAAA", "ns.example.test", "A"]);
    assert!(server.dig(&["example.test", "AXFR"]).contains("h2000.example.test"));
    server.dig(&["last.example.test"]);
    let mut asked = server.asked("last.example.test");
    let seen = watch.end();
    let shown = seen.accesses;
    asked.sort();
    assert_eq!(told(&shown), asked);
    for access in &shown {
        assert_answered(access, server.running.pid());
    }
    let transfer = shown.iter().find(|access| access.operation == "AXFR").unwrap();
    assert_eq!(transfer.rows, Some(2010), "{transfer:#?}");
}

fn assert_answered(access: &Access, server: u32) {
    assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("dns", "plain"), "{access:#?}");
    let rows = match access.statement.as_deref().unwrap() {
        "A web.example.test" => 2,
        "MX example.test" | "NS example.test" | "AAAA web.example.test" | "A ns.example.test" => 1,
        "AXFR example.test" => return,
        _ => {
            assert_eq!(access.error.as_ref().unwrap().code, "NXDOMAIN", "{access:#?}");
            return;
        }
    };
    assert_eq!((access.outcome.as_str(), access.rows), ("ok", Some(rows)), "{access:#?}");
    assert_eq!((access.role.as_deref(), access.server_pid()), (Some("both"), server), "{access:#?}");
    assert_eq!(access.process.as_ref().unwrap().name, "dig", "{access:#?}");
    assert!(access.complete.ok && access.latency_us.is_some(), "{access:#?}");
}

#[test]
fn a_load_of_questions_is_shown_whole() {
    let Some(ground) = ground("dnsperf", &PROGRAMS) else { return };
    let server = Named::start(&ground);
    let questions: String = (1..=2000).map(|n| format!("h{n}.example.test A\n")).collect();
    let file = ground.folder.path().join("questions");
    fs::write(&file, questions).unwrap();
    let watch = Watch::ports(&[server.port]);
    let mut dnsperf = program("dnsperf");
    let said = text_of(
        dnsperf
            .args(["-s", "127.0.0.1", "-p", &server.port.to_string(), "-n", "2", "-c", "4", "-d"])
            .arg(&file),
    );
    let completed = said.lines().find_map(|line| line.trim().strip_prefix("Queries completed:"));
    assert!(completed.is_some_and(|count| count.trim().starts_with("4000 ")), "{said}");
    server.dig(&["last.example.test"]);
    let mut asked = server.asked("last.example.test");
    let seen = watch.end();
    let shown = seen.accesses;
    asked.sort();
    assert_eq!(told(&shown), asked);
    for access in &shown[..4000] {
        assert_ne!(access.outcome, "unanswered", "{access:#?}");
        assert_eq!(access.process.as_ref().unwrap().name, "dnsperf", "{access:#?}");
        assert_eq!(
            (access.role.as_deref(), access.server_pid()),
            (Some("both"), server.running.pid()),
            "{access:#?}"
        );
    }
}
