//! Dovecot by IMAP and POP3, and clients.

use super::server::Program;
use super::{Scenario, Service};

pub(super) const IMAP: Service =
    Service { protocol: "imap", fixtures: "crates/protocols/src/mail/imap/fixtures", scenarios: BY_IMAP };
pub(super) const POP3: Service =
    Service { protocol: "pop3", fixtures: "crates/protocols/src/mail/pop3/fixtures", scenarios: BY_POP3 };

const CALLED: [&str; 2] = ["Dovecot", "dovecot --version"];
const CONFIGURATION: &str = include_str!("mailbox/dovecot.conf");
const PREPARE: &str = "chmod 755 .; mkdir -p run mail/ada/new mail/ada/cur mail/ada/tmp; \
    printf 'From: Grace <grace@example.test>\\r\\nSubject: first\\r\\n\\r\\nhello\\r\\n' >mail/ada/new/1.1.test; \
    printf 'From: Bob <bob@example.test>\\r\\nSubject: second\\r\\n\\r\\n.dots\\r\\n..\\r\\n' >mail/ada/new/2.2.test; \
    chown -R nobody mail; \
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem 2>/dev/null";

/// Dovecot, of which this service has the port.
const fn dovecot(start: &'static str) -> Program {
    Program {
        called: CALLED,
        files: &[("dovecot.conf", CONFIGURATION)],
        prepare: PREPARE,
        start,
        stop: "",
        listens: "starting up",
    }
}

const BY: [Program; 2] = [
    dovecot("sed -i -e s/IMAP_P/$PORT/ -e s/[A-Z0-9]*_P/0/ dovecot.conf; exec dovecot -F -c dovecot.conf"),
    dovecot("sed -i -e s/POP3_P/$PORT/ -e s/[A-Z0-9]*_P/0/ dovecot.conf; exec dovecot -F -c dovecot.conf"),
];

const CURL: [&str; 2] = ["curl", "curl --version"];
const IMAPLIB: [&str; 2] = ["imaplib of Python", "\"$PYTHON\" --version"];
const POPLIB: [&str; 2] = ["poplib of Python", "\"$PYTHON\" --version"];
const SOCKET: [&str; 2] = ["a socket of Python", "\"$PYTHON\" --version"];

const fn imap(name: &'static str, client: [&'static str; 2], script: &'static str) -> Scenario {
    Scenario { name, server: &BY[0], client, script }
}

const fn pop3(name: &'static str, client: [&'static str; 2], script: &'static str) -> Scenario {
    Scenario { name, server: &BY[1], client, script }
}

const BY_IMAP: &[Scenario] = &[
    imap(
        "curl",
        CURL,
        "curl -sS -u ada:tulip-cleartext \"imap://127.0.0.1:$PORT/INBOX;MAILINDEX=1\" >/dev/null",
    ),
    imap(
        "start_tls",
        CURL,
        "curl -sS -k --ssl-reqd -u ada:tulip-cleartext \"imap://127.0.0.1:$PORT/INBOX;MAILINDEX=1\" >/dev/null",
    ),
    imap("refused", CURL, "! curl -sS -u ada:hunter2 \"imap://127.0.0.1:$PORT/INBOX\""),
    imap("imaplib", IMAPLIB, concat!("\"$PYTHON\" -c '", include_str!("mailbox/imaplib.py"), "'")),
    imap("lines", SOCKET, concat!("\"$PYTHON\" -c '", include_str!("mailbox/imap_lines.py"), "'")),
    imap("compressed", SOCKET, concat!("\"$PYTHON\" -c '", include_str!("mailbox/compressed.py"), "'")),
];

const BY_POP3: &[Scenario] = &[
    pop3("curl", CURL, "curl -sS -u ada:tulip-cleartext pop3://127.0.0.1:$PORT/1 >/dev/null"),
    pop3(
        "start_tls",
        CURL,
        "curl -sS -k --ssl-reqd -u ada:tulip-cleartext pop3://127.0.0.1:$PORT/1 >/dev/null",
    ),
    pop3("refused", CURL, "! curl -sS -u ada:hunter2 pop3://127.0.0.1:$PORT/"),
    pop3("poplib", POPLIB, concat!("\"$PYTHON\" -c '", include_str!("mailbox/poplib.py"), "'")),
    pop3("lines", SOCKET, concat!("\"$PYTHON\" -c '", include_str!("mailbox/pop3_lines.py"), "'")),
];
