//! RabbitMQ, started for a test.

use std::fs;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::access::Access;
use super::clients::{python, truth_of};
use super::ground::Ground;
use super::process::{Lines, Running, free_port, make_certificate, program};
use super::watch::{Seen, Watch};

/// What it needs.
pub(crate) const PROGRAMS: [&str; 4] = ["rabbitmqctl", "epmd", "setpriv", "openssl"];

/// What a client says of one thing that it did.
#[derive(Debug, Deserialize)]
pub(crate) struct Did {
    pub(crate) pid: u32,
    pub(crate) statement: String,
    pub(crate) body: Option<String>,
    pub(crate) outcome: String,
    pub(crate) error: Option<String>,
}

/// A server of the test's own.
pub(crate) struct RabbitMq {
    pub(crate) plain: u16,
    tls: u16,
    running: Running,
    /// Kept, or it would wait for somebody to read it.
    _log: Lines,
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.running.stop();
    }
}

impl RabbitMq {
    /// Starts it with this plug-in, or none, to listen where the settings of this name say.
    pub(crate) fn start(ground: &Ground, plugin: &str, listeners: &str) -> RabbitMq {
        let folder = ground.folder.path();
        make_certificate(folder);
        let (plain, tls) = (free_port(), free_port());
        let path = |name: &str| folder.join(name).display().to_string();
        let others = if listeners == "listeners" { "" } else { "listeners.tcp = none\n" };
        let settings = format!(
            "{others}{listeners}.tcp.1 = 127.0.0.1:{plain}\n{listeners}.ssl.1 = 127.0.0.1:{tls}\nlog.file = false\n\
             log.console = true\ndefault_user = ada\ndefault_pass = hunter2\nssl_options.verify = verify_none\n\
             ssl_options.cacertfile = {0}\nssl_options.certfile = {0}\nssl_options.keyfile = {1}\n",
            path("cert.pem"),
            path("key.pem")
        );
        fs::write(folder.join("rabbitmq.conf"), settings).unwrap();
        fs::write(folder.join("enabled_plugins"), format!("[{plugin}].\n")).unwrap();
        let start = include_str!("../../../../../xtask/src/queue/amqp/start.sh");
        let mut running = Running::start(program("sh").current_dir(folder).args(["-c", start]));
        let log = Lines::of(running.0.stdout.take().unwrap());
        log.until("Server startup complete");
        RabbitMq { plain, tls, running, _log: log }
    }

    /// Lets a client send and get so many messages, in clear and over TLS: `compare` is given what it says that it did, what was
    /// seen of it, and on which layer.
    pub(crate) fn ask<T: DeserializeOwned>(
        &self,
        client: &str,
        rounds: usize,
        compare: impl Fn(&[T], &Seen, &str),
    ) {
        for (layer, port) in [("plain", self.plain), ("tls", self.tls)] {
            let watch = Watch::ports(&[port]);
            let did: Vec<T> = truth_of(python(client).args([&port.to_string(), layer, &rounds.to_string()]));
            let seen = watch.end();
            compare(&did, &seen, layer);
            // Over TLS, nobody looks into Erlang, which has a TLS of its own: the client's end tells all.
            let is_served = |access: &Access| access.server_pid() == self.running.pid();
            assert!(layer == "tls" || seen.accesses.iter().all(is_served), "{seen:#?}");
        }
    }
}
