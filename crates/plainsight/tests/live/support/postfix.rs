//! A mail server of the test's own, in clear and with STARTTLS, that takes mail and throws it away.

use std::fs;

use super::ground::Ground;
use super::process::{Lines, Running, free_port, make_certificate, program, run};

/// What these tests need.
pub(crate) const PROGRAMS: [&str; 4] = ["postfix", "postconf", "openssl", "chown"];

const MAIN: &str = "compatibility_level = 3.6
queue_directory = FOLDER/spool
data_directory = FOLDER/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = /dev/stdout
myhostname = mail.example.test
mydestination = example.test
local_recipient_maps = inline:{ ada=x, grace=x }
local_transport = discard:
alias_maps =
alias_database =
smtpd_tls_cert_file = FOLDER/cert.pem
smtpd_tls_key_file = FOLDER/key.pem
smtpd_tls_security_level = may
smtpd_recipient_restrictions = reject_unauth_destination
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
";

const MASTER: &str = "127.0.0.1:PORT inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
discard unix - - n - - discard
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
";

/// A running server.
pub(crate) struct Postfix {
    pub(crate) port: u16,
    folder: String,
    _running: Running,
    log: Lines,
}

impl Postfix {
    /// Starts a server in the ground's folder.
    pub(crate) fn start(ground: &Ground) -> Postfix {
        let path = ground.folder.path();
        make_certificate(path);
        let (port, folder) = (free_port(), path.display().to_string());
        for (name, text) in [("main.cf", MAIN), ("master.cf", MASTER)] {
            let text = text.replace("FOLDER", &folder).replace("PORT", &port.to_string());
            fs::write(path.join(name), text).unwrap();
        }
        fs::create_dir(path.join("spool")).unwrap();
        fs::create_dir(path.join("data")).unwrap();
        run(program("chown").arg("postfix").arg(path.join("data")));
        let mut running = Running::start(program("postfix").args(["-c", &folder, "start-fg"]));
        let log = Lines::of(running.0.stdout.take().unwrap());
        log.until("daemon started");
        Postfix { port, folder, _running: running, log }
    }

    /// Waits until so many connections have ended, and gives the log up to there.
    pub(crate) fn served(&self, connections: usize) -> Vec<String> {
        (0..connections).flat_map(|_| self.log.until("disconnect from")).collect()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // Its master is the child of a script, and not ours.
        _ = program("postfix").args(["-c", &self.folder, "stop"]).output();
    }
}
