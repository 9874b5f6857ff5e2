//! Mail: what Python and curl send is what is shown, and what Postfix says that it was asked and took.

use std::collections::BTreeSet;
use std::fs;

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{python, truth_of};
use crate::support::ground::ground;
use crate::support::postfix::{PROGRAMS, Postfix};
use crate::support::process::{program, run};
use crate::support::watch::Watch;

/// Connections at once, and the messages of each.
const CONNECTIONS: usize = 5;
const ROUNDS: usize = 12;

/// What the client says of a message.
#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Sent {
    subject: String,
    application: String,
}

#[test]
fn messages_are_shown_as_they_were_sent_and_taken() {
    for way in ["plain", "starttls"] {
        let Some(ground) = ground("smtp", &PROGRAMS) else { return };
        let server = Postfix::start(&ground);
        let watch = Watch::ports(&[server.port]);
        let mut client = python("smtp_client.py");
        client.args([&server.port.to_string(), way, &CONNECTIONS.to_string(), &ROUNDS.to_string()]);
        let mut sent: Vec<Sent> = truth_of(&mut client);
        let log = server.served(CONNECTIONS);
        let seen = watch.end();
        assert_eq!(seen.accesses.len(), asked(&log), "{way}: as many commands as the server counts");
        let messages: Vec<_> = seen.accesses.iter().filter(|access| access.operation == "DATA").collect();
        let mut shown: Vec<_> = messages.iter().map(|access| shown(access)).collect();
        sent.sort();
        shown.sort();
        assert_eq!(shown, sent, "{way}");
        assert_eq!(messages.iter().map(|access| queued(access)).collect::<BTreeSet<_>>(), taken(&log));
        for access in &seen.accesses {
            assert_made(access, way);
        }
    }
}

#[test]
fn curl_is_shown_as_it_was() {
    for (way, arguments) in [("plain", &["-sS"][..]), ("starttls", &["-sS", "-k", "--ssl-reqd"])] {
        let Some(ground) = ground("smtp with curl", &[&PROGRAMS[..], &["curl"]].concat()) else { return };
        let server = Postfix::start(&ground);
        let message = ground.folder.path().join("message");
        fs::write(&message, "Subject: by curl\nTo: ada@example.test\n\nhello\n").unwrap();
        let watch = Watch::ports(&[server.port]);
        let mut curl = program("curl");
        curl.args(arguments).arg("--url").arg(format!("smtp://127.0.0.1:{}/here", server.port));
        curl.args(["--mail-from", "grace@example.test", "--mail-rcpt", "ada@example.test", "--crlf", "-T"]);
        run(curl.arg(&message));
        let log = server.served(1);
        let seen = watch.end();
        assert_eq!(seen.accesses.len(), asked(&log), "{way}");
        let data = seen.accesses.iter().find(|access| access.operation == "DATA").unwrap();
        assert_eq!(data.targets, ["ada@example.test"], "{data:#?}");
        assert_eq!(
            (&data.details["subject"], &data.details["to"]),
            (&"by curl".into(), &"ada@example.test".into())
        );
        assert_eq!(taken(&log), BTreeSet::from([queued(data)]));
        for access in &seen.accesses {
            assert_made(access, way);
            assert_eq!(access.process.as_ref().unwrap().name, "curl", "{access:#?}");
        }
    }
}

/// How many commands the server counts: `disconnect from ... ehlo=2 starttls=1 mail=1 rcpt=1/2 data=1 quit=1 commands=7/8`.
fn asked(log: &[String]) -> usize {
    let counts = log.iter().filter_map(|line| line.rsplit_once(" commands=")?.1.split('/').next_back());
    counts.map(|count| count.parse::<usize>().unwrap()).sum()
}

/// The names under which the server took messages: `... E4E729F01C6: client=localhost[127.0.0.1]`.
fn taken(log: &[String]) -> BTreeSet<String> {
    let lines = log.iter().filter_map(|line| line.split_once(": client="));
    lines.map(|(before, _)| before.rsplit(' ').next().unwrap().to_owned()).collect()
}

/// The name that the server's reply tells.
fn queued(access: &Access) -> String {
    let reply = access.details["reply"].as_str().unwrap_or_else(|| panic!("no reply: {access:#?}"));
    reply.rsplit(' ').next().unwrap().to_owned()
}

fn shown(access: &Access) -> Sent {
    assert_eq!(access.targets, ["ada@example.test", "grace@example.test"], "{access:#?}");
    assert_eq!(access.details["sender"], "grace@example.test", "{access:#?}");
    assert_eq!(access.details["from"], "Grace <grace@example.test>", "{access:#?}");
    let application = access.session.as_ref().and_then(|session| session.application.clone()).unwrap();
    Sent { subject: access.details["subject"].as_str().unwrap().to_owned(), application }
}

/// What holds of every access, however it was made.
fn assert_made(access: &Access, way: &str) {
    assert_eq!(access.protocol, "smtp", "{access:#?}");
    assert!(access.complete.ok && access.latency_us.is_some(), "{access:#?}");
    assert_eq!(access.peer_process.as_ref().unwrap().name, "smtpd", "{access:#?}");
    let is_refused = access.targets.first().is_some_and(|target| target == "nobody@example.test");
    assert_eq!(access.error.as_ref().map(|error| &*error.code), is_refused.then_some("550"), "{access:#?}");
    // The first greeting, and what turns to TLS.
    let may_be_clear = way == "plain" || matches!(&*access.operation, "EHLO" | "STARTTLS");
    assert!(access.layer == "tls" || may_be_clear, "{access:#?}");
    assert!(access.layer == "plain" || way == "starttls", "{access:#?}");
}
