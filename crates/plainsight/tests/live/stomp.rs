//! STOMP clients of RabbitMQ, in clear and over TLS: what they say that they did is what is shown.

use crate::support::clients::python_has;
use crate::support::ground::{ground, skip};
use crate::support::rabbitmq::{Did, PROGRAMS, RabbitMq};
use crate::support::watch::Seen;

/// Messages that the client sends and gets.
const ROUNDS: usize = 40;

#[test]
fn clients_of_rabbitmq_by_stomp_are_shown_as_they_were() {
    let Some(ground) = ground("stomp", &PROGRAMS) else { return };
    if !python_has("stomp") {
        return skip("stomp", "needs python3-stomp (`.ci/packages test`)");
    }
    let server = RabbitMq::start(&ground, "rabbitmq_stomp", "stomp.listeners");
    server.ask("stomp_client.py", ROUNDS, compare);
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
