//! A lighttpd of the test's own, with the TLS library that the test is about, and its log.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::ground::{Ground, program_path};
use super::process::{Lines, Running, free_port, make_certificate, until};

/// A server over TLS.
pub(crate) struct Lighttpd {
    pub(crate) port: u16,
    log: PathBuf,
    running: Running,
}

/// A request that the server says it was asked.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Logged {
    pub(crate) client_port: u16,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) status: i64,
}

impl Drop for Lighttpd {
    fn drop(&mut self) {
        self.running.stop();
    }
}

impl Lighttpd {
    /// Where its module for a TLS library is; `None` where it is not installed.
    pub(crate) fn module(name: &str) -> Option<PathBuf> {
        Some(Path::new("/usr/lib/lighttpd").join(format!("{name}.so"))).filter(|path| path.exists())
    }

    /// Starts a server with this module in the ground's folder; it has `/small.txt`.
    pub(crate) fn start(ground: &Ground, module: &str) -> Lighttpd {
        let folder = ground.folder.path().join("lighttpd");
        fs::create_dir(&folder).unwrap();
        make_certificate(&folder);
        fs::write(folder.join("small.txt"), "small\n").unwrap();
        let (port, log, settings) = (free_port(), folder.join("access.log"), folder.join("lighttpd.conf"));
        fs::write(&settings, configuration(&folder.display().to_string(), port, module)).unwrap();
        let mut lighttpd = Command::new(program_path("lighttpd").unwrap());
        let mut running = Running::start(lighttpd.arg("-D").arg("-f").arg(settings));
        Lines::of(running.0.stderr.take().unwrap()).until("server started");
        Lighttpd { port, log, running }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// All requests, when `count` of them are in its log.
    pub(crate) fn served(&self, count: usize) -> Vec<Logged> {
        let text = || fs::read_to_string(&self.log).unwrap_or_default();
        until("all requests are logged", || text().lines().count() >= count);
        text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn configuration(folder: &str, port: u16, module: &str) -> String {
    format!(
        r#"server.modules = ("mod_accesslog", "{module}")
server.document-root = "{folder}"
server.bind = "127.0.0.1"
server.port = {port}
server.max-keep-alive-requests = 100000
ssl.engine = "enable"
ssl.pemfile = "{folder}/cert.pem"
ssl.privkey = "{folder}/key.pem"
accesslog.filename = "{folder}/access.log"
accesslog.format = "{{\"client_port\":%{{remote}}p,\"method\":\"%m\",\"target\":\"%U\",\"status\":%s}}"
"#
    )
}
