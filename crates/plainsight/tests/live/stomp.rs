//! STOMP clients of RabbitMQ, in clear and over TLS: what they say that they did is what is shown.

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{python, python_has, truth_of};
use crate::support::ground::{ground, skip};
use crate::support::rabbitmq::{PROGRAMS, RabbitMq};
use crate::support::watch::{Seen, Watch};

/// Messages that the client sends and gets.
const ROUNDS: usize = 40;

/// What the client says of one thing that it did.
#[derive(Debug, Deserialize)]
struct Did {
    pid: u32,
    statement: String,
    body: Option<String>,
    outcome: String,
    error: Option<String>,
}

#[test]
fn clients_of_rabbitmq_by_stomp_are_shown_as_they_were() {
    let Some(ground) = ground("stomp", &PROGRAMS) else { return };
    if !python_has("stomp") {
        return skip("stomp", "needs python3-stomp (`.ci/packages test`)");
    }
    let server = RabbitMq::start(&ground, "rabbitmq_stomp", "stomp.listeners");
    for (layer, port) in [("plain", server.plain), ("tls", server.tls)] {
        let watch = Watch::ports(&[port]);
        let mut client = python("stomp_client.py");
        let did: Vec<Did> = truth_of(client.args([&port.to_string(), layer, &ROUNDS.to_string()]));
        let seen = watch.end();
        compare(&did, &seen, layer);
        // Over TLS, nobody looks into Erlang, which has a TLS of its own: the client's end tells all.
        if layer == "plain" {
            let served = |access: &Access| access.server_pid() == server.running.pid();
            assert!(seen.accesses.iter().all(served), "{seen:#?}");
        }
    }
}

/// What the client says, and what was shown must be one.
fn compare(did: &[Did], seen: &Seen, layer: &str) {
    let mut accesses = seen.accesses.clone();
    for did in did {
        let found = accesses.iter().position(|access| {
            let body = access.parameters.first().cloned().flatten();
            access.statement.as_ref() == Some(&did.statement) && body == did.body
        });
        let access = accesses.remove(found.unwrap_or_else(|| panic!("not shown: {did:?} of {accesses:#?}")));
        assert_eq!((&*access.protocol, &*access.layer), ("stomp", layer), "{access:#?}");
        assert_eq!((access.client_pid(), &access.outcome), (did.pid, &did.outcome), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        assert_eq!(access.error.as_ref().map(|error| error.code.clone()), did.error, "{access:#?}");
        let session = access.session.as_ref().unwrap_or_else(|| panic!("nobody: {access:#?}"));
        assert_eq!((session.user.as_deref(), session.database.as_deref()), (Some("ada"), Some("/")));
        assert!(session.version.as_deref().is_some_and(|version| version.starts_with("RabbitMQ/")));
    }
    assert!(accesses.is_empty(), "nobody did this: {accesses:#?}");
    assert!(!format!("{seen:?}").contains("hunter2"));
}
