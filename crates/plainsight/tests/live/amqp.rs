//! AMQP clients of RabbitMQ, in clear and over TLS: what they say that they did is what is shown.

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::python_has;
use crate::support::ground::{ground, skip};
use crate::support::process::{program, run};
use crate::support::rabbitmq::{PROGRAMS, RabbitMq};
use crate::support::watch::{Seen, Watch};

/// Messages that the client publishes and gets.
const ROUNDS: usize = 40;

/// What the client says of one thing that it did.
#[derive(Debug, Deserialize)]
struct Did {
    pid: u32,
    statement: String,
    body: Option<String>,
    rows: Option<u64>,
    error: Option<String>,
}

#[test]
fn clients_of_rabbitmq_are_shown_as_they_were() {
    let Some(ground) = ground("amqp", &[&PROGRAMS[..], &["amqp-publish"]].concat()) else { return };
    if !python_has("pika") {
        return skip("amqp", "needs python3-pika (`.ci/packages test`)");
    }
    let server = RabbitMq::start(&ground, "", "listeners");
    server.ask("amqp_client.py", ROUNDS, compare);
    let watch = Watch::ports(&[server.plain]);
    let url = format!("amqp://ada:hunter2@127.0.0.1:{}", server.plain);
    run(program("amqp-publish").args(["-u", &url, "-r", "nobody.there", "-b", "call ada@example.com"]));
    let seen = watch.end();
    let published: Vec<_> =
        seen.accesses.iter().filter(|access| access.operation == "basic.publish").collect();
    let [only] = published.as_slice() else { panic!("{seen:#?}") };
    assert_eq!(
        (&*only.outcome, &only.parameters[..]),
        ("oneway", &[Some("call ada@example.com".to_owned())][..])
    );
    assert!(!format!("{seen:?}").contains("hunter2"));
}

/// What the client says, and what was shown must be one.
fn compare(did: &[Did], seen: &Seen, layer: &str) {
    let statement = |access: &Access| access.statement.clone().unwrap_or_default();
    let mut shown: Vec<String> = seen.accesses.iter().map(statement).collect();
    let mut wanted: Vec<String> = did.iter().map(|did| did.statement.clone()).collect();
    shown.sort();
    wanted.sort();
    assert_eq!(shown, wanted);
    let mut accesses = seen.accesses.clone();
    for did in did {
        let found = accesses.iter().position(|access| {
            statement(access) == did.statement && access.rows == did.rows && body(access) == did.body
        });
        let access = accesses.remove(found.unwrap_or_else(|| panic!("not shown: {did:?}")));
        assert_eq!((&*access.protocol, &*access.layer), ("amqp", layer), "{access:#?}");
        assert_eq!(access.client_pid(), did.pid, "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        assert_eq!(access.error.as_ref().map(|error| error.code.clone()), did.error, "{access:#?}");
        let wanted = match (&*access.operation, &did.error) {
            ("basic.return", _) => "oneway",
            (_, Some(_)) => "error",
            (_, None) => "ok",
        };
        assert_eq!(access.outcome, wanted, "{access:#?}");
        let session = access.session.as_ref().unwrap_or_else(|| panic!("nobody: {access:#?}"));
        assert_eq!((session.user.as_deref(), session.application.as_deref()), (Some("ada"), Some("till")));
        let is_open = access.operation != "connection.start-ok";
        assert_eq!(session.database.as_deref(), is_open.then_some("/"), "{access:#?}");
    }
    assert!(!format!("{seen:?}").contains("hunter2"));
}

/// The body of a message that was published or delivered, or that an answer brought.
fn body(access: &Access) -> Option<String> {
    if access.operation == "basic.get" && access.rows == Some(1) {
        return access.samples.first().and_then(|row| row.first().cloned().flatten());
    }
    access.parameters.first().cloned().flatten()
}
