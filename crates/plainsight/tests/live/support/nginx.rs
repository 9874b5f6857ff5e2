//! An nginx of the test's own, and the log in which it says what it was asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::ground::{Ground, program_path};
use super::process::{Lines, Running, free_port, make_certificate, open_to_all, until};

/// A server on ports of its own, in clear and over TLS.
pub(crate) struct Nginx {
    pub(crate) plain: u16,
    pub(crate) tls: u16,
    /// TLS 1.3 alone, with early data.
    pub(crate) early: u16,
    /// HTTP/2 in clear, of clients that know so.
    pub(crate) http2: u16,
    /// HTTP/2 over TLS, of clients that ask for it.
    pub(crate) http2_tls: u16,
    /// What it serves.
    pub(crate) files: PathBuf,
    folder: PathBuf,
    running: Running,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.running.stop();
    }
}

/// A request that the server says it was asked.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Logged {
    /// The worker that served it.
    pub(crate) pid: u32,
    pub(crate) client_port: u16,
    pub(crate) method: String,
    /// Path and query, as sent.
    pub(crate) target: String,
    pub(crate) status: i64,
}

/// What these tests need for a server.
pub(crate) const PROGRAMS: [&str; 2] = ["nginx", "openssl"];

impl Nginx {
    /// Starts a server in the ground's folder; it has `/small.txt`, and redirects `/moved`.
    pub(crate) fn start(ground: &Ground) -> Nginx {
        Nginx::start_with(ground, None)
    }

    /// The same with libraries of its own.
    pub(crate) fn start_with(ground: &Ground, libraries: Option<&Path>) -> Nginx {
        let folder = ground.folder.path().join("nginx");
        let files = folder.join("files");
        fs::create_dir_all(&files).unwrap();
        open_to_all(&folder);
        open_to_all(&files);
        fs::write(files.join("small.txt"), "small\n").unwrap();
        make_certificate(&folder);
        let ports = [(); 5].map(|()| free_port());
        let [plain, tls, early, http2, http2_tls] = ports;
        let settings = folder.join("nginx.conf");
        fs::write(&settings, configuration(&folder.display().to_string(), ports)).unwrap();
        let mut nginx = Command::new(program_path("nginx").unwrap());
        nginx.envs(libraries.map(|libraries| ("LD_LIBRARY_PATH", libraries)));
        let mut running = Running::start(nginx.arg("-c").arg(settings).args(["-e", "stderr"]));
        Lines::of(running.0.stderr.take().unwrap()).until("start worker process");
        Nginx { plain, tls, early, http2, http2_tls, files, folder, running }
    }

    /// Its first process, which begins its workers.
    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// All requests of which it has finished the answer.
    pub(crate) fn logged(&self) -> Vec<Logged> {
        let text = fs::read_to_string(self.folder.join("access.log")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The requests after the first `before` of its log, when `count` of them are finished.
    pub(crate) fn served(&self, before: usize, count: usize) -> Vec<Logged> {
        until("all requests are finished", || self.logged().len() >= before + count);
        self.logged().split_off(before)
    }
}

fn configuration(folder: &str, [plain, tls, early, http2, http2_tls]: [u16; 5]) -> String {
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {folder}/{name};\n"))
        .concat();
    format!(
        r#"daemon off; user root; worker_processes 2; pid {folder}/pid; error_log stderr notice;
events {{ worker_connections 512; }}
http {{
  log_format truth escape=json '{{"pid":$pid,"client_port":$remote_port,"method":"$request_method","target":"$request_uri","status":$status}}';
  access_log {folder}/access.log truth;
  keepalive_requests 100000;
  client_max_body_size 10m;
  {temporary}
  server {{
    listen 127.0.0.1:{plain} reuseport; listen 127.0.0.1:{tls} ssl reuseport;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    root {folder}/files;
    location = /moved {{ return 302 /small.txt; }}
    location = /post {{ return 201 "made"; }}
    location = /sent/big {{ sendfile on; alias {folder}/files/big; }}
  }}
  server {{
    listen 127.0.0.1:{early} ssl; ssl_protocols TLSv1.3; ssl_early_data on; ssl_session_cache shared:sessions:1m;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    root {folder}/files;
  }}
  server {{
    listen 127.0.0.1:{http2} http2; listen 127.0.0.1:{http2_tls} ssl http2;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    root {folder}/files;
    location = /moved {{ return 302 /small.txt; }}
  }}
}}
"#
    )
}
