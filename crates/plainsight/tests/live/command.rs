//! A program that is started to be watched: it and what it starts are shown, and nobody else.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::access::Access;
use crate::support::ground::ground;
use crate::support::postgres::{PROGRAMS, Postgres};
use crate::support::process::{Lines, run};
use crate::support::watch::PLAINSIGHT;

#[test]
fn a_command_is_watched_with_what_it_starts_and_alone() {
    let Some(ground) = ground("command", &PROGRAMS) else { return };
    let server = Postgres::start(&ground);
    let asked = format!("psql -XAtq '{}' -c \"select 'mine'\"", server.conninfo("sslmode=require", "shop"));
    // A shell in a shell: the client is nobody's child that the watch started.
    let script = r#"sh -c "$0"; read line; exit 3"#;
    let mut watch = Command::new(PLAINSIGHT)
        .args(["watch", "--json", "--", "sh", "-c", script, &asked])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let notes = Lines::of(watch.stderr.take().unwrap());
    notes.until("mine");
    run(server.psql("sslmode=require", "shop").args(["-c", "select 'not mine'"]));
    watch.stdin.take().unwrap().write_all(b"\n").unwrap();
    notes.until("sh ended with exit status: 3");
    let output = watch.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    let lines = String::from_utf8(output.stdout).unwrap();
    let accesses: Vec<Access> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let statements: Vec<_> =
        accesses.iter().map(|access| access.statement.as_deref().unwrap_or_default()).collect();
    assert_eq!(statements, ["", "select 'mine'"], "a login, and the statement");
    assert_eq!(accesses[1].process.as_ref().unwrap().name, "psql");
}
