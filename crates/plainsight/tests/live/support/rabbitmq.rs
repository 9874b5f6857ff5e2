//! RabbitMQ, started for a test.

use std::fs;

use super::ground::Ground;
use super::process::{Lines, Running, free_port, make_certificate, program};

/// What it needs.
pub(crate) const PROGRAMS: [&str; 4] = ["rabbitmqctl", "epmd", "setpriv", "openssl"];

/// A server of the test's own.
pub(crate) struct RabbitMq {
    pub(crate) plain: u16,
    pub(crate) tls: u16,
    pub(crate) running: Running,
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
}
