//! NATS clients, in clear and over TLS that begins behind the server's first line: what the server's own trace says that
//! they asked is what is shown.

use std::fs;

use crate::support::access::Access;
use crate::support::clients::Wheel;
use crate::support::ground::{Ground, ground};
use crate::support::process::{Lines, Running, free_port, make_certificate, program};
use crate::support::watch::Watch;

/// Requests, and messages to a stream, of the client.
const ROUNDS: usize = 30;
/// What clients ask with these words, the server's trace tells as it came.
const TRACED: [&str; 4] = ["PUB", "HPUB", "SUB", "UNSUB"];

#[test]
fn lines_in_clear_are_shown_as_the_server_traces_them() {
    lines_are_shown("plain");
}

#[test]
fn lines_over_tls_are_shown_as_the_server_traces_them() {
    lines_are_shown("tls");
}

fn lines_are_shown(layer: &str) {
    let Some(ground) = ground("nats", &["nats-server", "openssl"]) else { return };
    let Some(wheel) = Wheel::of("nats", "nats") else { return };
    let server = Nats::start(&ground, layer);
    let watch = Watch::ports(&[server.port]);
    let certificate = if layer == "tls" { ground.folder.path().join("cert.pem") } else { "".into() };
    let mut client = wheel.python("nats_client.py");
    client.arg(format!("nats://localhost:{}", server.port)).arg(certificate).arg(ROUNDS.to_string());
    let client = Running::start(&mut client);
    let pid = client.pid();
    client.end_well();
    let seen = watch.end();
    let server_pid = server.running.pid();
    let mut traced = server.end();
    let asked =
        |access: &&Access| statement(access).split(' ').next().is_some_and(|word| TRACED.contains(&word));
    let mut shown: Vec<String> = seen.accesses.iter().filter(asked).map(statement).collect();
    shown.sort();
    traced.sort();
    assert_eq!(shown, traced);
    for access in &seen.accesses {
        assert_eq!((&*access.protocol, &*access.layer), ("nats", layer), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (pid, server_pid), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        let session = access.session.as_ref().unwrap_or_else(|| panic!("nobody: {access:#?}"));
        assert_eq!(session.user.as_deref(), Some("ada"), "{access:#?}");
        assert!(matches!(session.application.as_deref(), Some("asking" | "serving")), "{access:#?}");
    }
    assert!(!format!("{seen:?}").contains("hunter2"));
    assert_answers(&seen.accesses);
}

/// What each kind of request gives.
fn assert_answers(accesses: &[Access]) {
    let of = |operation: &str, target: &str| -> Vec<&Access> {
        let is = |access: &&Access| {
            access.operation == operation
                && access.targets.first().is_some_and(|first| first.starts_with(target))
        };
        accesses.iter().filter(is).collect()
    };
    for asked in of("PUB", "price.").iter().chain(&of("HPUB", "orders.new")) {
        assert_eq!((&*asked.outcome, asked.rows), ("ok", Some(1)), "{asked:#?}");
        assert!(asked.latency_us.is_some() && asked.parameters[0].as_ref().unwrap().contains("@example.com"));
    }
    assert_eq!((of("PUB", "price.").len(), of("HPUB", "orders.new").len()), (ROUNDS, ROUNDS));
    assert_eq!((of("MSG", "price.").len(), of("ACK", "SHOP").len()), (ROUNDS, ROUNDS));
    let delivered = of("HMSG", "orders.new");
    assert_eq!(delivered.len(), ROUNDS);
    let pulled = of("CONSUMER.MSG.NEXT", "SHOP");
    assert_eq!(pulled.iter().filter_map(|pull| pull.rows).sum::<u64>(), ROUNDS as u64, "{pulled:#?}");
    // Before it makes the consumer, the client asks whether it is there.
    let failed: Vec<_> = accesses
        .iter()
        .filter_map(|access| Some((access.targets.first()?, access.error.as_ref()?)))
        .collect();
    let failed: Vec<_> =
        failed.iter().map(|(target, error)| (target.as_str(), error.code.as_str())).collect();
    assert_eq!(failed, [("nobody", "503"), ("SHOP", "10014"), ("NOTHING", "10059")]);
}

/// What was said, blanks folded.
fn statement(access: &Access) -> String {
    folded(access.statement.as_deref().unwrap_or_default())
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A server of the test's own.
struct Nats {
    port: u16,
    running: Running,
    log: Lines,
}

impl Nats {
    fn start(ground: &Ground, layer: &str) -> Nats {
        let folder = ground.folder.path();
        let port = free_port();
        let tls = if layer == "tls" {
            make_certificate(folder);
            "tls { cert_file: \"cert.pem\", key_file: \"key.pem\", timeout: 30 }\n"
        } else {
            ""
        };
        let settings = format!(
            "listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"streams\" }}\n{tls}\
             accounts {{ SHOP {{ jetstream: enabled, users: [ {{ user: ada, password: hunter2 }} ] }} }}\n"
        );
        fs::write(folder.join("settings"), settings).unwrap();
        let mut server = program("nats-server");
        let mut running = Running::start(server.current_dir(folder).args(["-DV", "-c", "settings"]));
        let log = Lines::of(running.0.stderr.take().unwrap());
        log.until("Server is ready");
        Nats { port, running, log }
    }

    /// Stops it: what its trace says that clients asked.
    fn end(mut self) -> Vec<String> {
        self.running.stop();
        let mut asked = Vec::new();
        while let Some(line) = self.log.next() {
            let said = line
                .split_once(" - <<- [")
                .and_then(|(client, said)| client.contains("cid:").then_some(said));
            let said = said.and_then(|said| said.strip_suffix(']')).map(folded);
            asked.extend(said.filter(|said| TRACED.iter().any(|word| said.split(' ').next() == Some(word))));
        }
        asked
    }
}
