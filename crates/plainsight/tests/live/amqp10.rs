//! AMQP 1.0 clients of RabbitMQ, in clear and over TLS: what they say that they did is what is shown.

use crate::support::access::Access;
use crate::support::clients::python_has;
use crate::support::ground::{ground, skip};
use crate::support::rabbitmq::{Did, PROGRAMS, RabbitMq};
use crate::support::watch::Seen;

/// Messages that the client sends and gets.
const ROUNDS: usize = 40;
/// What the library says of itself whenever it likes, and how it takes leave.
const UNTOLD: [&str; 3] = ["flow", "end", "close"];

#[test]
fn clients_of_rabbitmq_by_amqp_1_are_shown_as_they_were() {
    let Some(ground) = ground("amqp10", &PROGRAMS) else { return };
    if !python_has("proton") {
        return skip("amqp10", "needs python3-qpid-proton (`.ci/packages test`)");
    }
    let server = RabbitMq::start(&ground, "rabbitmq_amqp1_0", "listeners");
    server.ask("amqp10_client.py", ROUNDS, compare);
}

/// What the client says, and what was shown must be one.
fn compare(did: &[Did], seen: &Seen, layer: &str) {
    let told = |access: &&Access| !UNTOLD.contains(&&*access.operation);
    let mut accesses: Vec<Access> = seen.accesses.iter().filter(told).cloned().collect();
    for did in did {
        let found = accesses.iter().position(|access| {
            let body = access.parameters.first().cloned().flatten();
            access.statement.as_ref() == Some(&did.statement)
                && body == did.body
                && access.outcome == did.outcome
        });
        let access = accesses.remove(found.unwrap_or_else(|| panic!("not shown: {did:?} of {accesses:#?}")));
        assert_eq!((&*access.protocol, &*access.layer), ("amqp1", layer), "{access:#?}");
        assert_eq!((access.client_pid(), access.complete.ok), (did.pid, true), "{access:#?}");
        assert_eq!(access.error.as_ref().map(|error| error.code.clone()), did.error, "{access:#?}");
        let user = access.session.as_ref().and_then(|session| session.user.as_deref());
        assert_eq!(user, Some("ada"), "{access:#?}");
    }
    assert!(accesses.is_empty(), "nobody did this: {accesses:#?}");
    assert!(!format!("{seen:?}").contains("hunter2"));
}
