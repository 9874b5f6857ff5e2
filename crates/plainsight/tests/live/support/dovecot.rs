//! A server of mailboxes of the test's own, in clear, with STARTTLS and over TLS.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use super::ground::Ground;
use super::process::{Lines, Running, make_certificate, program, run};

/// What these tests need.
pub(crate) const PROGRAMS: [&str; 3] = ["dovecot", "openssl", "chown"];

const CONFIGURATION: &str = "base_dir = FOLDER/run
state_dir = FOLDER/run
log_path = /dev/stderr
protocols = imap pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <FOLDER/cert.pem
ssl_key = <FOLDER/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:FOLDER/mail/%n
passdb {
  driver = static
  args = password={PLAIN}tulip-cleartext
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=FOLDER/mail/%n
}
service imap-login {
  inet_listener imap {
    port = IMAP
  }
  inet_listener imaps {
    port = SECURE
  }
}
service pop3-login {
  inet_listener pop3 {
    port = POP3
  }
  inet_listener pop3s {
    port = SAFE
  }
}
";

/// Messages in the mailbox.
pub(crate) const MESSAGES: u64 = 3;

/// A running server.
pub(crate) struct Dovecot {
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    pub(crate) pop3: u16,
    pub(crate) pop3s: u16,
    running: Running,
    /// Kept, or it would wait for somebody to read it.
    _log: Lines,
}

impl Dovecot {
    /// Starts a server in the ground's folder.
    pub(crate) fn start(ground: &Ground) -> Dovecot {
        let path = ground.folder.path();
        make_certificate(path);
        let [imap, imaps, pop3, pop3s] = free_ports();
        let mut text = CONFIGURATION.replace("FOLDER", &path.display().to_string());
        for (name, port) in [("IMAP", imap), ("SECURE", imaps), ("POP3", pop3), ("SAFE", pop3s)] {
            text = text.replace(name, &port.to_string());
        }
        fs::write(path.join("dovecot.conf"), text).unwrap();
        let mailbox = path.join("mail/ada");
        for folder in ["new", "cur", "tmp"] {
            fs::create_dir_all(mailbox.join(folder)).unwrap();
        }
        for number in 1..=MESSAGES {
            let message = format!("From: grace@example.test\nSubject: message {number}\n\nhello\n.\n");
            fs::write(mailbox.join(format!("new/{number}.{number}.test")), message).unwrap();
        }
        run(program("chown").args(["-R", "nobody"]).arg(path.join("mail")));
        let mut running =
            Running::start(program("dovecot").arg("-F").arg("-c").arg(path.join("dovecot.conf")));
        let log = Lines::of(running.0.stderr.take().unwrap());
        log.until("starting up");
        Dovecot { imap, imaps, pop3, pop3s, running, _log: log }
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.running.stop();
    }
}

/// Ports that nobody listens on, held until all are found: one that was let go may be given again.
fn free_ports() -> [u16; 4] {
    let held = [(); 4].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    held.each_ref().map(|listener| listener.local_addr().unwrap().port())
}
