//! What cannot be read is told: by whom, to whom, and why; and whom a client wants is told of what can be read too.

use crate::support::dark::{self, Dark};
use crate::support::ground::ground;
use crate::support::process::{Running, program};
use crate::support::watch::Watch;

#[test]
fn a_dark_connection_is_told_with_its_program_its_server_and_the_reason() {
    let Some(ground) = ground("darkness", &dark::PROGRAMS) else { return };
    let server = Dark::start(&ground);
    let watch = Watch::ports(&[server.port]);
    let mut curl = program("curl");
    curl.args(["-sk", "-o", "/dev/null", &format!("https://localhost:{}/unread", server.port)]);
    let client = Running::start(curl.env("LD_LIBRARY_PATH", ground.folder.path().join("dark")));
    let pid = client.pid();
    client.end_well();
    let seen = watch.end();
    assert!(seen.accesses.is_empty(), "nobody could read it: {seen:#?}");
    let dark = &seen.statistics["dark"]["curl"];
    assert_eq!((&dark["connections"], &dark["pid"]), (&1.into(), &pid.into()), "{dark}");
    assert_eq!(dark["servers"], serde_json::json!(["localhost"]), "{dark}");
    assert_eq!(dark["why"], "GnuTLS: its function names are stripped", "{dark}");
}

#[test]
fn a_server_has_the_name_that_its_client_calls_it() {
    let Some(ground) = ground("server name", &dark::PROGRAMS) else { return };
    let server = Dark::start(&ground);
    let watch = Watch::ports(&[server.port]);
    let mut curl = program("curl");
    curl.args(["-sk", "-o", "/dev/null", &format!("https://localhost:{}/read", server.port)]);
    Running::start(&mut curl).end_well();
    let seen = watch.end();
    let [access] = seen.accesses.as_slice() else { panic!("one call was made: {seen:#?}") };
    assert_eq!(access.server.name.as_deref(), Some("localhost"), "{access:#?}");
    assert!(seen.statistics["dark"].get("curl").is_none(), "{}", seen.statistics);
}
