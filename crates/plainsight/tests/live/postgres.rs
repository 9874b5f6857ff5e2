//! PostgreSQL's clients: what they asked and got is what is shown, in clear and over TLS.

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{python, python_has, truth_of};
use crate::support::ground::ground;
use crate::support::postgres::{Logged, PROGRAMS, Postgres};
use crate::support::process::{Running, run, text_of};
use crate::support::watch::{Seen, Watch};

/// What a client says of one statement.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    pub(crate) pid: u32,
    pub(crate) fd: u32,
    port: u16,
    server_pid: u32,
    statement: String,
    rows: Option<u64>,
    affected: Option<u64>,
    error: Option<String>,
}

/// How the connection is made, and the layer that is then shown.
const WAYS: [(&str, &str); 2] = [("sslmode=disable", "plain"), ("sslmode=require", "tls")];

/// What runs a statement; the rest prepares, describes, or logs in.
const PREPARING: [&str; 5] = ["login", "PARSE", "BIND", "DESCRIBE", "cancel"];

#[test]
fn psycopg_is_shown_as_it_was() {
    clients_are_shown_as_they_were("psycopg", "psycopg_client.py", "psycopg client");
}

#[test]
fn psycopg2_is_shown_as_it_was() {
    clients_are_shown_as_they_were("psycopg2", "psycopg2_client.py", "");
}

fn clients_are_shown_as_they_were(module: &str, file: &str, application: &str) {
    let Some(ground) = ground(file, &PROGRAMS) else { return };
    assert!(python_has(module), "Debian's Python has no {module}");
    let server = Postgres::start(&ground);
    for (tls, layer) in WAYS {
        let watch = Watch::ports(&[server.port]);
        let before = server.logged().len();
        let asked: Vec<Asked> = truth_of(python(file).arg(server.conninfo(tls, "shop")));
        let logged = server.served(before);
        let seen = watch.end();
        assert!(!asked.is_empty());
        compare(&asked, &logged, &executed(&seen), layer);
        for access in &seen.accesses {
            let session = access.session.as_ref().unwrap();
            assert_eq!(session.user.as_deref(), Some("shop"), "{access:#?}");
            assert_eq!(session.database.as_deref(), Some("shop"), "{access:#?}");
            assert_eq!(session.application.as_deref().unwrap_or_default(), application, "{access:#?}");
        }
        run(server.psql(tls, "shop").args(["-c", "drop table if exists goods"]));
    }
}

#[test]
fn an_answer_is_shown_though_its_server_was_put_aside_while_it_wrote() {
    let Some(ground) = ground("hasty", &PROGRAMS) else { return };
    assert!(python_has("psycopg"), "Debian's Python has no psycopg");
    let server = Postgres::start(&ground);
    for (tls, layer) in WAYS {
        let watch = Watch::ports(&[server.port]);
        let before = server.logged().len();
        let mut client = python("psycopg_hasty.py");
        let statement = text_of(client.arg(server.conninfo(tls, "shop")).arg(server.pid().to_string()));
        server.served(before);
        let seen = watch.end();
        let [access] = *executed(&seen) else { panic!("one statement was asked: {seen:#?}") };
        assert_eq!(access.statement.as_deref(), Some(statement.trim_end()));
        assert_eq!((access.outcome.as_str(), access.rows), ("ok", Some(1)), "{access:#?}");
        assert_eq!(access.layer, layer);
    }
}

/// The accesses that ran a statement.
pub(crate) fn executed(seen: &Seen) -> Vec<&Access> {
    seen.accesses.iter().filter(|access| !PREPARING.contains(&access.operation.as_str())).collect()
}

/// What the client says, what the server says, and what was shown must be one.
pub(crate) fn compare(asked: &[Asked], logged: &[Logged], shown: &[&Access], layer: &str) {
    let texts: Vec<&str> = shown.iter().filter_map(|access| access.statement.as_deref()).collect();
    let wanted: Vec<&str> = asked.iter().map(|asked| asked.statement.as_str()).collect();
    assert_eq!(texts, wanted);
    for ((asked, logged), access) in asked.iter().zip(logged).zip(shown) {
        assert_eq!(logged.statement, asked.statement, "the test's own truths disagree");
        assert_eq!(access.protocol, "postgresql");
        assert_eq!(access.layer, layer, "{access:#?}");
        assert_eq!(access.parameters, logged.parameters, "{access:#?}");
        assert_eq!(access.rows.unwrap_or(0), asked.rows.unwrap_or(0), "{access:#?}");
        assert_eq!(access.affected.unwrap_or(0), asked.affected.unwrap_or(0), "{access:#?}");
        assert_eq!(access.error.as_ref().map(|error| error.code.clone()), asked.error, "{access:#?}");
        assert_eq!(access.outcome, if asked.error.is_some() { "error" } else { "ok" });
        assert!(access.complete.ok, "{access:#?}");
        assert!(access.latency_us.is_some());
        assert_ends(access, asked);
    }
}

fn assert_ends(access: &Access, asked: &Asked) {
    assert_eq!(access.role.as_deref(), Some("both"), "{access:#?}");
    assert_eq!((access.client_pid(), access.server_pid()), (asked.pid, asked.server_pid), "{access:#?}");
    assert_eq!(access.client.port, Some(asked.port), "{access:#?}");
    assert!(access.process.as_ref().unwrap().name.starts_with("python3"), "{access:#?}");
    assert_eq!(access.peer_process.as_ref().unwrap().name, "postgres", "{access:#?}");
    let (pid, fd) = access.socket();
    if pid == asked.pid {
        assert_eq!(fd, asked.fd, "{access:#?}");
    } else {
        assert_eq!(pid, asked.server_pid, "{access:#?}");
    }
}

#[test]
fn psql_is_shown_as_it_was() {
    let Some(ground) = ground("psql", &PROGRAMS) else { return };
    let server = Postgres::start(&ground);
    for (tls, layer) in WAYS {
        let watch = Watch::ports(&[server.port]);
        let before = server.logged().len();
        let mut psql = server.psql(tls, "shop");
        psql.args(["-c", "select n from generate_series(1, 142) n", "-c", "select 1/0", "-c"]);
        psql.args(["select 1; select 2", "-c", "prepare p as select $1::int", "-c", "execute p(3)"]);
        psql.args(["-c", "\\copy (select * from generate_series(1, 10)) to /dev/null"]);
        let client = Running::start(&mut psql);
        let pid = client.pid();
        client.output();
        let logged = server.served(before);
        let seen = watch.end();
        let shown = executed(&seen);
        let texts: Vec<&str> = shown.iter().filter_map(|access| access.statement.as_deref()).collect();
        let wanted: Vec<&str> = logged.iter().map(|logged| logged.statement.as_str()).collect();
        assert_eq!(texts, wanted);
        let rows: Vec<Option<u64>> = shown.iter().map(|access| access.rows).collect();
        assert_eq!(rows, [Some(142), None, Some(2), None, Some(1), Some(10)]);
        assert_eq!(shown[1].error.as_ref().unwrap().code, "22012");
        for access in &seen.accesses {
            assert_eq!((access.client_pid(), access.server_pid()), (pid, logged[0].pid), "{access:#?}");
            assert_eq!(access.process.as_ref().unwrap().name, "psql");
            assert_eq!(access.layer, layer, "{access:#?}");
            assert_eq!(access.role.as_deref(), Some("both"), "{access:#?}");
            assert_eq!(access.session.as_ref().unwrap().application.as_deref(), Some("psql"));
        }
    }
}
