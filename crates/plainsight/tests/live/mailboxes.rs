//! Mailboxes: what Python's clients of IMAP and POP3 say that they asked and got is what is shown.

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{python, truth_of};
use crate::support::dovecot::{Dovecot, MESSAGES, PROGRAMS};
use crate::support::ground::{Ground, ground};
use crate::support::watch::Watch;

/// How the connection is made.
const WAYS: [&str; 3] = ["plain", "starttls", "tls"];

/// What a client says of one command.
#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Asked {
    operation: String,
    ok: bool,
    rows: Option<u64>,
}

#[test]
fn imaplib_is_shown_as_it_was() {
    for way in WAYS {
        let Some(ground) = ground("imap", &PROGRAMS) else { return };
        let server = Dovecot::start(&ground);
        let port = if way == "tls" { server.imaps } else { server.imap };
        let seen = compare(&ground, "imap", way, port);
        let selected = seen.iter().find(|access| access.operation == "SEARCH").unwrap();
        let session = selected.session.as_ref().unwrap();
        assert_eq!((session.user.as_deref(), session.database.as_deref()), (Some("ada"), Some("INBOX")));
        let append = seen.iter().find(|access| access.operation == "APPEND").unwrap();
        assert_eq!(
            (&*append.targets, &append.details["subject"]),
            (&["Attic".to_owned()][..], &"kept".into())
        );
    }
}

#[test]
fn poplib_is_shown_as_it_was() {
    for way in WAYS {
        let Some(ground) = ground("pop3", &PROGRAMS) else { return };
        let server = Dovecot::start(&ground);
        let port = if way == "tls" { server.pop3s } else { server.pop3 };
        let seen = compare(&ground, "pop3", way, port);
        let messages: Vec<_> = seen.iter().filter(|access| access.operation == "RETR").collect();
        for (number, access) in (1..=MESSAGES).zip(&messages) {
            assert_eq!(access.details["subject"], format!("message {number}"), "{access:#?}");
            assert_eq!(access.session.as_ref().unwrap().user.as_deref(), Some("ada"), "{access:#?}");
        }
    }
}

/// Runs the client of a protocol, and holds what is shown against what it says.
fn compare(_: &Ground, protocol: &str, way: &str, port: u16) -> Vec<Access> {
    let watch = Watch::ports(&[port]);
    let mut client = python(&format!("{protocol}_client.py"));
    let asked: Vec<Asked> = truth_of(client.args([&port.to_string(), way]));
    let seen = watch.end();
    let shown: Vec<_> = seen.accesses.iter().map(told).collect();
    assert_eq!(shown, asked, "{protocol} {way}");
    let mut is_clear = way != "tls";
    for access in &seen.accesses {
        assert_eq!(
            (&*access.protocol, &*access.layer),
            (protocol, if is_clear { "plain" } else { "tls" }),
            "{access:#?}"
        );
        assert!(access.complete.ok && access.latency_us.is_some(), "{access:#?}");
        let words = format!("{access:?}");
        assert!(!words.contains("hunter2") && !words.contains("tulip-cleartext"), "{words}");
        assert_eq!(access.process.as_ref().unwrap().name, "python3", "{access:#?}");
        is_clear &= !matches!(&*access.operation, "STARTTLS" | "STLS");
    }
    seen.accesses
}

fn told(access: &Access) -> Asked {
    Asked { operation: access.operation.clone(), ok: access.outcome == "ok", rows: access.rows }
}
