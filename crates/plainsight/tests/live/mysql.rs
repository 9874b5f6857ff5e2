//! MariaDB's clients: what they asked and got is what is shown, in clear and over TLS.

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{perl, python, python_has, truth_of};
use crate::support::ground::ground;
use crate::support::mysql::{Logged, Mysql, PROGRAMS};
use crate::support::process::{Running, run};
use crate::support::watch::Watch;

/// What a client says of one statement.
#[derive(Debug, Deserialize)]
struct Asked {
    pid: u32,
    statement: String,
    rows: Option<u64>,
    affected: Option<u64>,
    error: Option<String>,
    #[serde(default)]
    parameters: Vec<Option<String>>,
}

/// How the connection is made, and the layer that is then shown.
const WAYS: [&str; 2] = ["plain", "tls"];

/// What the server's log calls each command that is shown.
const COMMANDS: [(&str, &str); 5] = [
    ("Init DB", "INIT_DB"),
    ("Prepare", "PREPARE"),
    ("Reset stmt", "STMT_RESET"),
    ("Statistics", "STATISTICS"),
    ("Connect", "login"),
];

#[test]
fn pymysql_is_shown_as_it_was() {
    let Some(ground) = ground("pymysql", &PROGRAMS) else { return };
    assert!(python_has("pymysql"), "Debian's Python has no pymysql");
    let server = Mysql::start(&ground);
    for way in WAYS {
        let watch = Watch::ports(&[server.port]);
        let before = server.lines();
        let mut client = python("pymysql_client.py");
        let asked: Vec<Asked> =
            truth_of(client.arg(server.port.to_string()).arg(way).arg(ground.folder.path()));
        let seen = watch.end();
        compare_with_log(&server.logged(before), &seen.accesses);
        let ran = compare(&asked, &seen.accesses, way, server.pid());
        for access in &seen.accesses {
            let session = access.session.as_ref().unwrap();
            assert_eq!(session.user.as_deref(), Some("shop"), "{access:#?}");
            assert_eq!(session.application.as_deref(), Some("pymysql client"), "{access:#?}");
        }
        let databases = |wanted: &str| {
            let of = ran.iter().filter(|access| access.statement.as_deref() == Some(wanted));
            of.map(|access| access.session.as_ref().unwrap().database.clone().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(databases("SELECT DATABASE()"), ["attic"]);
        assert_eq!(databases("DROP TABLE goods"), ["shop"]);
    }
}

#[test]
fn prepared_statements_are_shown_as_they_were() {
    let Some(ground) = ground("DBD::MariaDB", &PROGRAMS) else { return };
    let server = Mysql::start(&ground);
    for way in WAYS {
        let watch = Watch::ports(&[server.port]);
        let before = server.lines();
        let asked: Vec<Asked> = truth_of(
            perl("mariadb_client.pl").arg(server.port.to_string()).arg(way).arg(server.certificate()),
        );
        let seen = watch.end();
        compare_with_log(&server.logged(before), &seen.accesses);
        let ran = compare(&asked, &seen.accesses, way, server.pid());
        for (asked, access) in asked.iter().zip(&ran) {
            assert_eq!(access.parameters, asked.parameters, "{access:#?}");
        }
    }
}

#[test]
fn the_mariadb_client_is_shown_as_it_was() {
    let Some(ground) = ground("mariadb", &PROGRAMS) else { return };
    let server = Mysql::start(&ground);
    // Packed packets too, in clear and inside of TLS.
    for (way, words) in [
        ("plain", &["--skip-ssl"][..]),
        ("tls", &["--ssl"]),
        ("plain", &["--skip-ssl", "-C"]),
        ("tls", &["--ssl", "-C"]),
    ] {
        let watch = Watch::ports(&[server.port]);
        let before = server.lines();
        let statements = "SELECT seq FROM seq_1_to_142; SELECT REPEAT('z', 3000) FROM seq_1_to_40; \
                          CREATE USER guest IDENTIFIED BY 'hunter2'; DROP USER guest; USE attic; SELECT 1 FROM nowhere";
        let client = Running::start(server.client(words).args(["-e", statements]));
        let pid = client.pid();
        client.output();
        let seen = watch.end();
        compare_with_log(&server.logged(before), &seen.accesses);
        let rows: Vec<_> = seen.accesses.iter().filter_map(|access| access.rows).collect();
        assert_eq!(rows[..2], [142, 40]);
        let failed = seen.accesses.iter().find(|access| access.outcome == "error").unwrap();
        assert_eq!(failed.error.as_ref().unwrap().code, "1146", "{failed:#?}");
        assert!(!format!("{:?}", seen.accesses).contains("hunter2"));
        for access in &seen.accesses {
            assert_eq!((access.client_pid(), access.server_pid()), (pid, server.pid()), "{access:#?}");
            assert_eq!((access.layer.as_str(), access.protocol.as_str()), (way, "mysql"), "{access:#?}");
            assert_eq!(access.session.as_ref().unwrap().application.as_deref(), Some("mysql"));
            assert!(access.complete.ok, "{access:#?}");
        }
    }
}

#[test]
fn a_failed_login_is_shown() {
    let Some(ground) = ground("failed login", &PROGRAMS) else { return };
    let server = Mysql::start(&ground);
    let watch = Watch::ports(&[server.port]);
    run(&mut server.client(&["--skip-ssl", "-e", "SELECT 1"]));
    let status =
        server.client(&["--skip-ssl", "-e", "SELECT 1"]).env("MYSQL_PWD", "wrong").output().unwrap().status;
    assert!(!status.success());
    let seen = watch.end();
    let logins: Vec<_> = seen.accesses.iter().filter(|access| access.operation == "login").collect();
    let codes: Vec<_> = logins.iter().map(|access| access.error.as_ref().map(|e| e.code.as_str())).collect();
    assert_eq!(codes, [None, Some("1045")]);
    assert!(!format!("{:?}", seen.accesses).contains("tulip"));
}

/// What the server says it was asked is what was shown: nothing is missing, nothing is more.
fn compare_with_log(logged: &[Logged], shown: &[Access]) {
    let wanted: Vec<String> = logged.iter().filter_map(told).collect();
    let mut prepared = Vec::new();
    let mut told = Vec::new();
    // A ping is not logged.
    for access in shown.iter().filter(|access| access.operation != "PING") {
        let operation = access.operation.as_str();
        let statement = access.statement.as_deref();
        if operation == "PREPARE" {
            prepared.push(statement);
        }
        told.push(if COMMANDS.iter().any(|(_, shown)| *shown == operation) {
            operation.to_owned()
        } else if prepared.contains(&statement) {
            format!("prepared {operation}")
        } else {
            statement.unwrap().to_owned()
        });
    }
    assert_eq!(told, wanted);
}

fn told(logged: &Logged) -> Option<String> {
    if let Some((_, shown)) = COMMANDS.iter().find(|(command, _)| *command == logged.command) {
        return Some((*shown).to_owned());
    }
    match logged.command.as_str() {
        // The log writes the values into the statement.
        "Execute" => Some(format!("prepared {}", logged.argument.split(' ').next().unwrap())),
        // It masks passwords as it likes.
        "Query" if logged.argument.contains("IDENTIFIED BY") => {
            Some("CREATE USER guest IDENTIFIED BY '***'".to_owned())
        }
        "Query" => Some(logged.argument.clone()),
        _ => None,
    }
}

/// What the client says and what was shown must be one; those that it ran come back.
fn compare<'a>(asked: &[Asked], shown: &'a [Access], layer: &str, server: u32) -> Vec<&'a Access> {
    let wanted: Vec<&str> = asked.iter().map(|asked| asked.statement.as_str()).collect();
    let is_own = |access: &&Access| {
        let is_asked = access.statement.as_deref().is_some_and(|statement| wanted.contains(&statement));
        is_asked && !["PREPARE", "STMT_RESET"].contains(&access.operation.as_str())
    };
    let ran: Vec<&Access> = shown.iter().filter(is_own).collect();
    let texts: Vec<&str> = ran.iter().filter_map(|access| access.statement.as_deref()).collect();
    assert_eq!(texts, wanted);
    for (asked, access) in asked.iter().zip(&ran) {
        assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("mysql", layer), "{access:#?}");
        assert_eq!(access.rows.unwrap_or(0), asked.rows.unwrap_or(0), "{access:#?}");
        assert_eq!(access.affected.unwrap_or(0), asked.affected.unwrap_or(0), "{access:#?}");
        assert_eq!(access.error.as_ref().map(|error| error.code.clone()), asked.error, "{access:#?}");
        assert_eq!(access.outcome, if asked.error.is_some() { "error" } else { "ok" });
        assert_eq!((access.client_pid(), access.server_pid()), (asked.pid, server), "{access:#?}");
        assert!(access.complete.ok && access.latency_us.is_some(), "{access:#?}");
    }
    ran
}
