//! MQTT clients, in clear and over TLS: what Mosquitto's own log says of each message is what is shown.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::access::Access;
use crate::support::clients::{python, python_has};
use crate::support::ground::{Ground, ground, skip};
use crate::support::process::{Lines, Running, free_port, make_certificate, program, run};
use crate::support::watch::{Seen, Watch};

/// What these tests need.
const PROGRAMS: [&str; 5] = ["mosquitto", "mosquitto_passwd", "mosquitto_pub", "mosquitto_sub", "openssl"];
/// Messages of each of the client's two connections.
const ROUNDS: usize = 60;

#[test]
fn messages_in_clear_are_shown_as_mosquitto_logs_them() {
    messages_are_shown("plain");
}

#[test]
fn messages_over_tls_are_shown_as_mosquitto_logs_them() {
    messages_are_shown("tls");
}

fn messages_are_shown(layer: &str) {
    let Some(ground) = ground("mqtt", &PROGRAMS) else { return };
    if !python_has("paho.mqtt.client") {
        return skip("mqtt", "needs python3-paho-mqtt (`.ci/packages test`)");
    }
    let server = Mosquitto::start(&ground, layer);
    let watch = Watch::ports(&[server.port]);
    let mut client = python("mqtt_client.py");
    let client = Running::start(client.args([&server.port.to_string(), layer, &ROUNDS.to_string()]));
    let pid = client.pid();
    client.end_well();
    let words = ["-V", "5", "-i", "shell", "-q", "2", "-r", "-t", "shop/kept", "-m", "call ada@example.com"];
    run(server.tell("mosquitto_pub", layer).args(words));
    run(server.tell("mosquitto_sub", layer).args(["-i", "ear", "-q", "1", "-C", "1", "-t", "shop/kept"]));
    let seen = watch.end();
    let server_pid = server.running.pid();
    let mut logged = server.end();
    let mut shown: Vec<Message> = seen.accesses.iter().filter_map(message).collect();
    shown.sort();
    logged.sort();
    assert_eq!(shown, logged);
    // Each message is sent and comes back; two more are of the shell.
    assert_eq!(shown.len(), 2 * 2 * ROUNDS + 2);
    for access in &seen.accesses {
        assert_eq!((&*access.protocol, &*access.layer), ("mqtt", layer), "{access:#?}");
        assert_eq!(access.server_pid(), server_pid, "{access:#?}");
        assert!(access.complete.ok && access.error.is_none(), "{access:#?}");
        let session = access.session.as_ref().unwrap_or_else(|| panic!("nobody: {access:#?}"));
        assert_eq!(session.user.as_deref(), Some("ada"), "{access:#?}");
        let is_python = matches!(session.application.as_deref(), Some("old" | "new"));
        assert_eq!(access.client_pid() == pid, is_python, "{access:#?}");
        assert_outcome(access);
    }
    assert_log_ins(&seen);
}

/// What each packet of these clients gives.
fn assert_outcome(access: &Access) {
    let quality = access.details["qos"].as_u64().unwrap_or_default();
    let is_oneway = access.operation == "DISCONNECT" || access.operation == "PUBLISH" && quality == 0;
    assert_eq!(access.outcome, if is_oneway { "oneway" } else { "ok" }, "{access:#?}");
    match &*access.operation {
        "PUBLISH" => assert!(access.parameters[0].as_ref().unwrap().contains("@example.com"), "{access:#?}"),
        "SUBSCRIBE" => assert_eq!(access.affected, Some(1), "{access:#?}"),
        _ => {}
    }
}

fn assert_log_ins(seen: &Seen) {
    let log_ins = seen.accesses.iter().filter(|access| access.operation == "CONNECT");
    let mut statements: Vec<_> = log_ins.map(|access| access.statement.as_deref().unwrap()).collect();
    statements.sort_unstable();
    assert_eq!(statements, ["ear", "new", "old", "shell"].map(|name| format!("CONNECT {name} ada ***")));
    assert!(!format!("{seen:?}").contains("hunter2"));
}

/// A message: whether the server sends it, the client, the quality of service, whether it is kept, the topic.
type Message = (bool, String, u64, bool, String);

fn message(access: &Access) -> Option<Message> {
    let client = access.session.as_ref()?.application.clone()?;
    (access.operation == "PUBLISH").then(|| {
        let quality = access.details["qos"].as_u64().unwrap_or_default();
        let is_kept = access.details["retain"] == 1;
        (access.details["from"] == "server", client, quality, is_kept, access.targets[0].clone())
    })
}

/// `1700000000: Sending PUBLISH to ear (d0, q1, r1, m1, 'shop/kept', ... (20 bytes))`
fn logged(line: &str) -> Option<Message> {
    let (_, line) = line.split_once(": ")?;
    let sent = line.strip_prefix("Sending PUBLISH to ");
    let (client, rest) = sent.or(line.strip_prefix("Received PUBLISH from "))?.split_once(" (")?;
    let flag = |name: char| rest.split(", ").find_map(|word| word.strip_prefix(name)?.parse::<u64>().ok());
    let topic = rest.split('\'').nth(1)?;
    Some((sent.is_some(), client.to_owned(), flag('q')?, flag('r') == Some(1), topic.to_owned()))
}

/// A server of the test's own.
struct Mosquitto {
    port: u16,
    folder: PathBuf,
    running: Running,
    log: Lines,
}

impl Mosquitto {
    fn start(ground: &Ground, layer: &str) -> Mosquitto {
        let folder = ground.folder.path();
        let port = free_port();
        let mut settings =
            format!("user root\nlog_type all\npassword_file passwords\nlistener {port} 127.0.0.1\n");
        if layer == "tls" {
            make_certificate(folder);
            settings.push_str("certfile cert.pem\nkeyfile key.pem\n");
        }
        fs::write(folder.join("settings"), settings).unwrap();
        run(program("mosquitto_passwd").current_dir(folder).args([
            "-b",
            "-c",
            "passwords",
            "ada",
            "hunter2",
        ]));
        let mut running =
            Running::start(program("mosquitto").current_dir(folder).args(["-v", "-c", "settings"]));
        let log = Lines::of(running.0.stderr.take().unwrap());
        log.until(" running");
        Mosquitto { port, folder: folder.to_owned(), running, log }
    }

    /// A client of the shell.
    fn tell(&self, name: &str, layer: &str) -> Command {
        let mut client = program(name);
        client.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-u", "ada", "-P", "hunter2"]);
        if layer == "tls" {
            client.arg("--insecure").arg("--cafile").arg(self.folder.join("cert.pem"));
        }
        client
    }

    /// Stops it: the messages of its log.
    fn end(mut self) -> Vec<Message> {
        self.running.stop();
        let mut messages = Vec::new();
        while let Some(line) = self.log.next() {
            messages.extend(logged(&line));
        }
        messages
    }
}
