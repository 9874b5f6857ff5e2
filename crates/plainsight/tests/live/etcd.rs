//! etcd's own client, which is Go's: what the store says that it did is what is shown, plain and inside TLS.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::access::Access;
use crate::support::ground::{Ground, ground};
use crate::support::libraries::changed_bytes;
use crate::support::process::{Running, free_port, make_certificate, program, until};
use crate::support::watch::{Seen, Watch};

/// A store of one member.
struct Store {
    url: String,
    port: u16,
    running: Running,
    certificate: Option<PathBuf>,
}

impl Store {
    fn start(ground: &Ground, scheme: &str) -> Store {
        let (port, peer) = (free_port(), free_port());
        let (url, peer) = (format!("{scheme}://127.0.0.1:{port}"), format!("http://127.0.0.1:{peer}"));
        let folder = ground.folder.path();
        let mut etcd = program("etcd");
        etcd.arg("--data-dir").arg(folder.join(format!("etcd-{scheme}")));
        etcd.args(["--listen-client-urls", &url, "--advertise-client-urls", &url]);
        etcd.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        etcd.args(["--initial-cluster", &format!("default={peer}"), "--logger", "zap"]);
        etcd.args(["--log-outputs", "/dev/null"]);
        let certificate = (scheme == "https").then(|| folder.join("cert.pem"));
        if let Some(certificate) = &certificate {
            etcd.arg("--cert-file").arg(certificate).arg("--key-file").arg(folder.join("key.pem"));
        }
        let running = Running::start(&mut etcd);
        let store = Store { url, port, running, certificate };
        until("etcd answers", || store.call(&["endpoint", "health"]).output.status.success());
        store
    }

    /// Its client, with these words.
    fn client(&self, words: &[&str]) -> Command {
        let mut etcdctl = program("etcdctl");
        etcdctl.env("ETCDCTL_API", "3").args(["--endpoints", &self.url, "--write-out", "fields"]).args(words);
        if let Some(certificate) = &self.certificate {
            etcdctl.arg("--cacert").arg(certificate);
        }
        etcdctl.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        etcdctl
    }

    /// Runs its client once.
    fn call(&self, words: &[&str]) -> Called {
        let client = self.client(words).spawn().unwrap();
        Called { pid: client.id(), output: client.wait_with_output().unwrap() }
    }

    /// Waits until both ends are hooked; the client that is given has the program mapped, so that it stays hooked.
    fn hooked(&self) -> Running {
        // It waits for the value on its input, and has not connected by then.
        let waiting = Running::start(&mut self.client(&["put", "waiting"]));
        for (pid, name) in [(self.running.pid(), "etcd"), (waiting.pid(), "etcdctl")] {
            until("etcd and its client are hooked", || changed_bytes(pid, name) > 0);
        }
        waiting
    }
}

/// A client that has ended.
#[derive(Debug)]
struct Called {
    pid: u32,
    output: Output,
}

impl Called {
    /// What the store answered by this name, as its client has it: each stands in a line of its own.
    fn answered(&self, name: &str) -> Vec<Value> {
        assert!(self.output.status.success(), "{self:?}");
        let named = format!("\"{name}\" : ");
        let lines = str::from_utf8(&self.output.stdout).unwrap().lines();
        lines.filter_map(|line| line.strip_prefix(&named)).map(|said| said.parse().unwrap()).collect()
    }

    /// The keys that it answered, each with its value.
    fn rows(&self) -> Vec<Vec<Option<String>>> {
        let text = |said: &Value| said.as_str().map(str::to_owned);
        let (keys, values) = (self.answered("Key"), self.answered("Value"));
        keys.iter().zip(&values).map(|(key, value)| vec![text(key), text(value)]).collect()
    }
}

/// What is done, as the shell has it, and how it is shown: operation, target, and range.
type Done = (&'static [&'static str], &'static str, &'static str, Option<&'static str>);

const DONE: [Done; 8] = [
    (&["put", "users/1", "ada@example.com"], "Put", "users/1", None),
    (&["put", "users/2", "grace@example.com"], "Put", "users/2", None),
    (&["get", "users/1"], "Range", "users/1", None),
    (&["get", "--prefix", "users/"], "Range", "users/*", Some("prefix")),
    (&["get", "a", "v"], "Range", "a..v", Some("range")),
    (&["get", "--from-key", "users/2"], "Range", "users/2..", Some("from")),
    (&["get", "missing"], "Range", "missing", None),
    (&["del", "--prefix", "users/"], "DeleteRange", "users/*", Some("prefix")),
];

/// What is done then, and how it is shown: operation, and the code of the error.
const MANAGED: [(&[&str], &str, Option<&str>); 5] = [
    (&["compact", "100000"], "Compact", Some("11")),
    (&["user", "add", "root:hunter2"], "UserAdd", None),
    (&["user", "grant-role", "root", "root"], "UserGrantRole", None),
    (&["auth", "enable"], "AuthEnable", None),
    (&["--user", "root:hunter2-wrong", "get", "users/1"], "Authenticate", Some("3")),
];

/// A call by somebody who logs in.
const LOGGED_IN: [&str; 4] = ["--user", "root:hunter2", "get", "users/1"];

#[test]
fn calls_are_shown_as_the_store_tells() {
    let Some(ground) = ground("etcd", &["etcd", "etcdctl"]) else { return };
    are_shown(&ground, "http", "plain");
}

#[test]
fn calls_inside_of_tls_are_shown_as_the_store_tells() {
    let Some(ground) = ground("etcd inside of TLS", &["etcd", "etcdctl", "openssl"]) else { return };
    make_certificate(ground.folder.path());
    are_shown(&ground, "https", "tls");
}

fn are_shown(ground: &Ground, scheme: &str, layer: &str) {
    let store = Store::start(ground, scheme);
    let server = store.running.pid();
    let watch = Watch::ports(&[store.port]);
    let _waiting = (layer == "tls").then(|| store.hooked());
    let done: Vec<Called> = DONE.iter().map(|(words, ..)| store.call(words)).collect();
    let managed: Vec<Called> = MANAGED.iter().map(|(words, ..)| store.call(words)).collect();
    let logged_in = store.call(&LOGGED_IN);
    let mut seen = watch.end();
    seen.accesses.sort_by_key(Access::at);
    for access in &seen.accesses {
        assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("etcd", layer), "{access:#?}");
        assert_eq!(access.server_pid(), server, "{access:#?}");
        assert_eq!(access.peer_process.as_ref().unwrap().name, "etcd", "{access:#?}");
        assert_eq!(access.process.as_ref().unwrap().name, "etcdctl", "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
    }
    assert_eq!(seen.accesses.len(), DONE.len() + MANAGED.len() + 2, "{seen:#?}");
    let (kept, rest) = seen.accesses.split_at(DONE.len());
    let (managing, login) = rest.split_at(MANAGED.len());
    kept.iter().zip(&DONE).zip(&done).for_each(|((access, done), called)| assert_kept(access, done, called));
    for ((access, (_, operation, error)), called) in managing.iter().zip(&MANAGED).zip(&managed) {
        assert_eq!((access.operation.as_str(), access.client_pid()), (*operation, called.pid), "{access:#?}");
        assert_eq!(access.error.as_ref().map(|error| error.code.as_str()), *error, "{access:#?}");
        assert_eq!(called.output.status.success(), error.is_none(), "{called:?}");
    }
    assert_login(login, &logged_in);
    assert_masked(&seen);
}

fn assert_kept(access: &Access, done: &Done, called: &Called) {
    let (_, operation, target, range) = *done;
    assert_eq!((access.operation.as_str(), access.outcome.as_str()), (operation, "ok"), "{access:#?}");
    assert_eq!(access.client_pid(), called.pid, "{access:#?}");
    assert_eq!(access.targets, [target], "{access:#?}");
    let details = &access.details["etcd"];
    assert_eq!(details["range"].as_str(), range, "{access:#?}");
    assert_eq!([details["revision"].clone()], called.answered("Revision")[..], "{access:#?}");
    let rows = called.rows();
    assert_eq!(access.rows, (operation == "Range").then_some(rows.len() as u64), "{access:#?}");
    assert_eq!(access.samples, rows, "{access:#?}");
    let deleted = called.answered("Deleted").first().and_then(Value::as_u64);
    assert_eq!(access.affected, deleted.or((operation == "Put").then_some(1)), "{access:#?}");
}

/// The client logs in on a connection of its own, then asks on another.
fn assert_login(login: &[Access], called: &Called) {
    let [authenticated, asked] = login else { panic!("{login:#?}") };
    assert_eq!((authenticated.operation.as_str(), authenticated.outcome.as_str()), ("Authenticate", "ok"));
    let user = authenticated.session.as_ref().and_then(|session| session.user.as_deref());
    assert_eq!(user, Some("root"), "{authenticated:#?}");
    assert_eq!(authenticated.client_pid(), called.pid, "{authenticated:#?}");
    assert_kept(asked, &(&LOGGED_IN, "Range", "users/1", None), called);
}

fn assert_masked(seen: &Seen) {
    let added = seen.accesses.iter().find(|access| access.operation == "UserAdd").unwrap();
    let statement: Value = serde_json::from_str(added.statement.as_deref().unwrap()).unwrap();
    assert_eq!((&statement["name"], &statement["password"]), (&"root".into(), &"***".into()), "{added:#?}");
    assert!(!format!("{seen:?}").contains("hunter2"), "a credential was shown");
}
