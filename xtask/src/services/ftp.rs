//! vsftpd, a server of Python for log-ins, and clients of FTP.

use super::server::Program;
use super::{Scenario, Service};

pub(super) const SERVICE: Service =
    Service { protocol: "ftp", fixtures: "crates/protocols/src/files/ftp/fixtures", scenarios: SCENARIOS };

const VSFTPD: Program = Program {
    called: ["vsftpd", "vsftpd -v 0>&1"],
    files: &[("vsftpd.conf", include_str!("ftp/vsftpd.conf"))],
    prepare: "chmod 755 .; mkdir -p empty files/incoming; echo hello >files/may.txt; chown ftp files/incoming; \
              openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem 2>/dev/null",
    // It says nothing when it listens.
    start: "vsftpd $FOLDER/vsftpd.conf & until ss -Hltn sport = :$PORT | grep -q LISTEN; do :; done; \
            echo listening >&2; wait",
    stop: "",
    listens: "listening",
};

const PYFTPDLIB: Program = Program {
    called: ["pyftpdlib", "\"$PYTHON\" -c 'import pyftpdlib; print(pyftpdlib.__ver__)'"],
    files: &[("server.py", include_str!("ftp/server.py"))],
    prepare: "mkdir -p files/reports; echo hello >files/reports/may.txt; truncate -s 64M files/reports/long.bin",
    start: "exec \"$PYTHON\" server.py",
    stop: "",
    listens: "listening",
};

const CURL: [&str; 2] = ["curl", "curl --version"];
const LFTP: [&str; 2] = ["lftp", "lftp --version"];
const FTPLIB: [&str; 2] = ["ftplib of Python", "\"$PYTHON\" --version"];
const SOCKET: [&str; 2] = ["a socket of Python", "\"$PYTHON\" --version"];

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "curl",
        server: &VSFTPD,
        client: CURL,
        script: "curl -sS ftp://127.0.0.1:$PORT/may.txt >/dev/null",
    },
    Scenario {
        name: "active",
        server: &VSFTPD,
        client: CURL,
        script: "curl -sS -P 127.0.0.1 --disable-eprt ftp://127.0.0.1:$PORT/ >/dev/null",
    },
    Scenario {
        name: "stored",
        server: &VSFTPD,
        client: CURL,
        script: "echo hello | curl -sS -T - ftp://127.0.0.1:$PORT/incoming/new.txt",
    },
    Scenario {
        name: "start_tls",
        server: &VSFTPD,
        client: CURL,
        script: "curl -sS -k --ssl-reqd ftp://127.0.0.1:$PORT/may.txt >/dev/null",
    },
    Scenario {
        name: "refused",
        server: &VSFTPD,
        client: CURL,
        script: "! curl -sS -u ada:hunter2 ftp://127.0.0.1:$PORT/may.txt",
    },
    Scenario {
        name: "lftp",
        server: &PYFTPDLIB,
        client: LFTP,
        script: "lftp -e 'set ftp:ssl-allow no; cd reports; ls; cat may.txt; put /etc/hostname -o copy; rm copy; bye' \
                 -u ada,tulip-cleartext ftp://127.0.0.1:$PORT >/dev/null",
    },
    Scenario {
        name: "ftplib",
        server: &PYFTPDLIB,
        client: FTPLIB,
        script: concat!("\"$PYTHON\" -c '", include_str!("ftp/ftplib.py"), "'"),
    },
    Scenario {
        name: "aborted",
        server: &PYFTPDLIB,
        client: SOCKET,
        script: concat!("\"$PYTHON\" -c '", include_str!("ftp/aborted.py"), "'"),
    },
];
