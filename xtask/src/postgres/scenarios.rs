//! What the clients do, each in its own way.

use super::server::Tls;

/// One thing that a client does, and what of it becomes a fixture.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// What is said of the client in the fixture's first line.
    pub(crate) program: &'static str,
    pub(crate) client: Client,
    pub(crate) user: &'static str,
    pub(crate) password: &'static str,
    pub(crate) tls: Tls,
    /// Whether the client asks for TLS though it is not offered.
    pub(crate) asks_for_tls: bool,
    /// Whether the client ends well.
    pub(crate) succeeds: bool,
    /// The fixtures, and which of the client's connections each one shows.
    pub(crate) keep: &'static [(&'static str, usize)],
}

/// A client, with its words or its script.
pub(crate) enum Client {
    Psql(&'static [&'static str]),
    Pgbench(&'static [&'static str]),
    Python(&'static str),
}

const PSQL: &str = "psql 15";
const PSYCOPG: &str = "psycopg 3";

const fn scenario(program: &'static str, client: Client, keep: &'static [(&'static str, usize)]) -> Scenario {
    let name = match keep {
        [(name, _), ..] => name,
        [] => "",
    };
    Scenario {
        name,
        program,
        client,
        user: "app",
        password: "",
        tls: Tls::Refused,
        asks_for_tls: false,
        succeeds: true,
        keep,
    }
}

const fn login(
    user: &'static str,
    password: &'static str,
    succeeds: bool,
    keep: &'static [(&'static str, usize)],
) -> Scenario {
    let client = Client::Psql(&["-c", "SELECT 1"]);
    Scenario { user, password, succeeds, ..scenario(PSQL, client, keep) }
}

/// All of them.
pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario(
        PSQL,
        Client::Psql(&[
            "-c",
            "SELECT id, name, email FROM users ORDER BY id",
            "-c",
            "SELECT nothing FROM nowhere",
            "-c",
            "UPDATE users SET email = 'e@example.com' WHERE email IS NULL RETURNING id",
            "-c",
            "",
            "-c",
            "SET application_name = 'shop front'",
            "-c",
            "/* later */ SELECT count(*) FROM users",
        ]),
        &[("simple_query", 0)],
    ),
    scenario(
        PSQL,
        Client::Psql(&[
            "-c",
            "INSERT INTO users (name) VALUES ('Alan'); SELECT name FROM users; DELETE FROM users WHERE name = 'Alan'",
            "-c",
            "SELECT 1; SELECT 1/0; SELECT 2",
            "-c",
            "BEGIN",
            "-c",
            "SELECT broken",
            "-c",
            "SELECT 'not now'",
            "-c",
            "ROLLBACK",
            "-c",
            "DO $$ BEGIN RAISE NOTICE 'look here'; END $$",
            "-c",
            "CREATE TEMP TABLE copy AS SELECT * FROM users",
            "-c",
            "ALTER ROLE by_md5 PASSWORD 'tulip-new'; ALTER ROLE by_md5 PASSWORD NULL",
            "-c",
            "ALTER ROLE by_md5 PASSWORD 'md5ab7c31c8a4c35b8b1cb0e2a9a6ee1a35'",
        ]),
        &[("several_statements", 0)],
    ),
    scenario(PSQL, Client::Psql(&["-c", "TABLE kinds"]), &[("kinds_as_text", 0)]),
    Scenario {
        asks_for_tls: true,
        ..scenario(PSQL, Client::Psql(&["-c", "SELECT 1"]), &[("tls_refused", 0)])
    },
    Scenario {
        tls: Tls::Offered,
        ..scenario(PSQL, Client::Psql(&["-c", "SELECT 1"]), &[("tls_accepted", 0)])
    },
    login("by_scram", "tulip-scram", true, &[("login_scram", 0)]),
    login("by_scram", "wrong", false, &[("login_scram_failed", 0)]),
    login("by_cleartext", "tulip-cleartext", true, &[("login_cleartext", 0)]),
    login("by_cleartext", "wrong", false, &[("login_cleartext_failed", 0)]),
    login("by_md5", "wrong", false, &[("login_md5_failed", 0)]),
    login("nobody", "", false, &[("login_unknown_role", 0)]),
    scenario(
        PSQL,
        Client::Psql(&[
            "-c",
            "COPY users (name, email) TO STDOUT",
            "-c",
            "\\copy users (name) from program 'printf \"Barbara\\nDonald\\n\"'",
            "-c",
            "\\copy users (born) from program 'echo never'",
            "-c",
            "DELETE FROM users WHERE id > 3",
        ]),
        &[("copy", 0)],
    ),
    scenario(
        "pgbench 15",
        Client::Pgbench(&["-n", "-t", "3", "-M", "simple", "shop"]),
        &[("pgbench_simple", 1)],
    ),
    scenario(
        "pgbench 15",
        Client::Pgbench(&["-n", "-t", "3", "-M", "extended", "shop"]),
        &[("pgbench_extended", 1)],
    ),
    scenario(
        "pgbench 15",
        Client::Pgbench(&["-n", "-t", "3", "-M", "prepared", "shop"]),
        &[("pgbench_prepared", 1)],
    ),
    scenario(PSYCOPG, Client::Python(include_str!("extended.py")), &[("extended", 0)]),
    scenario(PSYCOPG, Client::Python(include_str!("kinds.py")), &[("kinds_as_binary", 0)]),
    scenario(PSYCOPG, Client::Python(include_str!("pipeline.py")), &[("pipeline", 0)]),
    scenario(PSYCOPG, Client::Python(include_str!("cursor.py")), &[("named_cursor", 0)]),
    scenario(PSYCOPG, Client::Python(include_str!("copy.py")), &[("copy_extended", 0)]),
    scenario(PSYCOPG, Client::Python(include_str!("notify.py")), &[("notify", 0)]),
    scenario(PSYCOPG, Client::Python(include_str!("cancel.py")), &[("cancelled", 0), ("cancel", 1)]),
    scenario("asyncpg", Client::Python(include_str!("asyncpg.py")), &[("asyncpg", 0)]),
    scenario("psycopg2", Client::Python(include_str!("large_object.py")), &[("function_call", 0)]),
    scenario("psycopg2", Client::Python(include_str!("replication.py")), &[("replication", 0)]),
    scenario("a script", Client::Python(include_str!("gss.py")), &[("gss_accepted", 0)]),
    scenario("a script", Client::Python(include_str!("raw.py")), &[("by_hand", 0)]),
];
