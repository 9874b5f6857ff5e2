//! nginx before PHP's server, over TCP and over a Unix socket: what nginx logs is what is shown of their talk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::ground::{Ground, ground, program_path, skip};
use crate::support::process::{Lines, Running, free_port, program, run, until};
use crate::support::watch::Watch;

/// Requests of each way.
const ROUNDS: usize = 25;

/// What nginx says of one request.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Logged {
    method: String,
    target: String,
    status: i64,
    /// The program that answered, as nginx reached it.
    upstream: String,
    #[serde(rename = "pid")]
    worker: u32,
}

/// What answers: by its path, a page, an order that was made, an error with a word for the log, or nothing.
const PROGRAM: &str = "<?php
$path = $_SERVER['DOCUMENT_URI'];
header('Content-Type: application/json');
if ($path === '/order') { http_response_code(201); }
if ($path === '/broken') { error_log('out of reach'); http_response_code(500); }
if ($path === '/moved') { header('Location: /page'); }
echo json_encode(['path' => $path, 'got' => strlen(file_get_contents('php://input')), 'token' => 'hunter2']);
";

/// A web server, and the program that answers for it.
struct Servers {
    /// The ports of nginx: what asks by TCP, and what by a path.
    ports: [u16; 2],
    log: PathBuf,
    nginx: Running,
    php: Running,
}

impl Servers {
    fn start(ground: &Ground, php: &str) -> Servers {
        let folder = ground.folder.path();
        fs::write(folder.join("program.php"), PROGRAM).unwrap();
        let [behind, one, other] = [(); 3].map(|()| free_port());
        let path = folder.join("php.sock");
        let pool = |name: &str, listen: &str| {
            format!(
                "[{name}]\nlisten = {listen}\npm = static\npm.max_children = 2\nuser = root\ngroup = root\n"
            )
        };
        let pools = [pool("tcp", &format!("127.0.0.1:{behind}")), pool("path", &path.display().to_string())];
        let settings = format!("[global]\nerror_log = /dev/stderr\n{}", pools.concat());
        fs::write(folder.join("php-fpm.conf"), settings).unwrap();
        let mut command = program(php);
        command
            .args(["--nodaemonize", "--allow-to-run-as-root", "--fpm-config"])
            .arg(folder.join("php-fpm.conf"));
        let mut php = Running::start(&mut command);
        Lines::of(php.0.stderr.take().unwrap()).until("ready to handle connections");
        let passes = [format!("127.0.0.1:{behind}"), format!("unix:{}", path.display())];
        fs::write(folder.join("nginx.conf"), configuration(folder, [one, other], &passes)).unwrap();
        let mut nginx = Command::new(program_path("nginx").unwrap());
        let mut nginx = Running::start(nginx.arg("-c").arg(folder.join("nginx.conf")).args(["-e", "stderr"]));
        Lines::of(nginx.0.stderr.take().unwrap()).until("start worker process");
        Servers { ports: [one, other], log: folder.join("access.log"), nginx, php }
    }

    /// All requests that were logged, when there are so many.
    fn logged(&self, count: usize) -> Vec<Logged> {
        let lines = || fs::read_to_string(&self.log).unwrap_or_default();
        until("all requests are logged", || lines().lines().count() >= count);
        lines().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.nginx.stop();
        self.php.stop();
    }
}

fn configuration(folder: &Path, ports: [u16; 2], passes: &[String; 2]) -> String {
    let folder = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {folder}/{name};\n"))
        .concat();
    let server = |port: u16, pass: &str, name: &str, keep: &str| {
        format!(
            "upstream {name} {{ server {pass}; keepalive 1; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME {folder}/program.php;
      fastcgi_pass {name}; fastcgi_keep_conn {keep};
    }}
  }}\n"
        )
    };
    // One keeps its connections, the other makes one for each request.
    let servers = server(ports[0], &passes[0], "tcp", "on") + &server(ports[1], &passes[1], "path", "off");
    format!(
        r#"daemon off; user root; worker_processes 1; pid {folder}/pid; error_log stderr notice;
events {{ worker_connections 64; }}
http {{
  log_format truth escape=json '{{"pid":$pid,"method":"$request_method","target":"$request_uri","status":$status,"upstream":"$upstream_addr"}}';
  access_log {folder}/access.log truth;
  {temporary}{servers}
}}
"#
    )
}

#[test]
fn what_nginx_asks_php_is_what_nginx_logs() {
    let Some(ground) = ground("fastcgi", &["nginx", "curl"]) else { return };
    let Some(php) = php() else { return skip("fastcgi", "needs php-fpm (`.ci/packages test`)") };
    let servers = Servers::start(&ground, &php);
    let watch = Watch::with(&[]);
    for port in servers.ports {
        for round in 0..ROUNDS {
            let path = ["page", "order", "broken", "moved"][round % 4];
            let mut curl = program("curl");
            curl.args(["-s", "-o", "/dev/null", "-u", "ada:tulip-cleartext"]);
            if path == "order" {
                curl.args(["-d", "item=tea&password=hunter2"]);
            }
            run(curl.arg(format!("http://127.0.0.1:{port}/{path}?round={round}&token=hunter2")));
        }
    }
    let logged = servers.logged(2 * ROUNDS);
    let seen = watch.end();
    let shown: Vec<&Access> = seen.accesses.iter().filter(|access| access.protocol == "fastcgi").collect();
    let mut told: Vec<Logged> = shown.iter().map(|access| as_logged(access)).collect();
    let mut logged: Vec<Logged> = logged.into_iter().map(masked).collect();
    told.sort();
    logged.sort();
    assert_eq!(told, logged);
    for access in &shown {
        assert!(
            access.complete.ok && access.layer == "plain" && access.role.as_deref() == Some("both"),
            "{access:#?}"
        );
        assert!(
            access.peer_process.as_ref().is_some_and(|process| process.name.starts_with("php-fpm")),
            "{access:#?}"
        );
        assert_eq!(
            access.session.as_ref().and_then(|session| session.user.as_deref()),
            Some("ada"),
            "{access:#?}"
        );
        let log = access.details["fastcgi"]["stderr"].as_str().unwrap_or_default();
        assert_eq!(access.outcome == "error", log.contains("out of reach"), "{access:#?}");
    }
    let told = format!("{shown:?}");
    assert!(!told.contains("hunter2") && !told.contains("tulip-cleartext"));
}

/// Debian's server of PHP, whatever its version is.
fn php() -> Option<String> {
    let names =
        fs::read_dir("/usr/sbin").ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| name.starts_with("php-fpm")).max()
}

/// What nginx would have logged of what was shown.
fn as_logged(access: &Access) -> Logged {
    let statement = access.statement.clone().unwrap_or_default();
    let (method, target) = statement.split_once(' ').unwrap_or_default();
    let upstream = match (&access.server.path, access.server.port) {
        (Some(path), _) => format!("unix:{path}"),
        (None, port) => format!("127.0.0.1:{}", port.unwrap_or_default()),
    };
    let status = access.details["http"]["status"].as_i64().unwrap_or_default();
    Logged { method: method.into(), target: target.into(), status, upstream, worker: access.client_pid() }
}

/// What nginx logged, with its credentials as they are shown.
fn masked(logged: Logged) -> Logged {
    Logged { target: logged.target.replace("hunter2", "***"), ..logged }
}
