//! Postfix, a server of Python for log-ins, and clients.

use super::server::Program;
use super::{Scenario, Service};

pub(super) const SERVICE: Service =
    Service { protocol: "smtp", fixtures: "crates/protocols/src/mail/smtp/fixtures", scenarios: SCENARIOS };

const POSTFIX: Program = Program {
    called: ["Postfix", "postconf -d -h mail_version"],
    files: &[("main.cf", include_str!("smtp/main.cf")), ("master.cf", include_str!("smtp/master.cf"))],
    prepare: "chmod 755 .; mkdir spool data; chown postfix data; \
              openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem 2>/dev/null",
    start: "exec postfix -c $FOLDER start-fg >&2",
    stop: "postfix -c $FOLDER stop 2>/dev/null",
    listens: "daemon started",
};

const AIOSMTPD: Program = Program {
    called: ["aiosmtpd", "\"$PYTHON\" -c 'import aiosmtpd; print(aiosmtpd.__version__)'"],
    files: &[("server.py", include_str!("smtp/server.py"))],
    prepare: "",
    start: "exec \"$PYTHON\" server.py",
    stop: "",
    listens: "listening",
};

const CURL: [&str; 2] = ["curl", "curl --version"];
const SMTPLIB: [&str; 2] = ["smtplib of Python", "\"$PYTHON\" --version"];
const SOCKET: [&str; 2] = ["a socket of Python", "\"$PYTHON\" --version"];
const SWAKS: [&str; 2] = ["swaks", "swaks --version | sed 's/[^0-9]*\\([0-9]*\\)/\\1.0/;q'"];

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "curl",
        server: &POSTFIX,
        client: CURL,
        script: "printf 'From: Grace <grace@example.test>\\nTo: ada@example.test\\nSubject: hello\\n\\n.\\nbye\\n' | \
                 curl -sS --url smtp://127.0.0.1:$PORT/client.example.test --mail-from grace@example.test \
                 --mail-rcpt ada@example.test -T - --crlf",
    },
    Scenario {
        name: "start_tls",
        server: &POSTFIX,
        client: CURL,
        script: "printf 'Subject: secret\\n\\nhello\\n' | curl -sS -k --ssl-reqd --url smtp://127.0.0.1:$PORT/client.example.test \
                 --mail-from grace@example.test --mail-rcpt ada@example.test -T - --crlf",
    },
    Scenario {
        name: "smtplib",
        server: &POSTFIX,
        client: SMTPLIB,
        script: concat!("\"$PYTHON\" -c '", include_str!("smtp/smtplib.py"), "'"),
    },
    Scenario {
        name: "pipelined",
        server: &POSTFIX,
        client: SOCKET,
        script: concat!("\"$PYTHON\" -c '", include_str!("smtp/pipelined.py"), "'"),
    },
    Scenario {
        name: "chunks",
        server: &POSTFIX,
        client: SOCKET,
        script: concat!("\"$PYTHON\" -c '", include_str!("smtp/chunks.py"), "'"),
    },
    login(
        "auth_plain",
        "swaks --auth PLAIN --auth-user ada --auth-password tulip-cleartext \
         --server 127.0.0.1:$PORT --helo client.example.test --from grace@example.test --to ada@example.test",
    ),
    login(
        "auth_login",
        "swaks --auth LOGIN --auth-user ada --auth-password tulip-cleartext \
         --server 127.0.0.1:$PORT --helo client.example.test --from grace@example.test --to ada@example.test",
    ),
    login(
        "auth_cram",
        "swaks --auth CRAM-MD5 --auth-user ada --auth-password tulip-cleartext \
         --server 127.0.0.1:$PORT --helo client.example.test --from grace@example.test --to ada@example.test",
    ),
    login(
        "auth_refused",
        "! swaks --auth PLAIN --auth-user ada --auth-password hunter2 \
         --server 127.0.0.1:$PORT --helo client.example.test --from grace@example.test --to ada@example.test",
    ),
    Scenario {
        name: "auth_steps",
        server: &AIOSMTPD,
        client: SOCKET,
        script: concat!("\"$PYTHON\" -c '", include_str!("smtp/steps.py"), "'"),
    },
];

const fn login(name: &'static str, script: &'static str) -> Scenario {
    Scenario { name, server: &AIOSMTPD, client: SWAKS, script }
}
