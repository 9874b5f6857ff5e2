//! What the clients do, each in its own way.

/// One thing that a client does, and what of it becomes a fixture.
pub(crate) struct Scenario {
    /// What is said of the client in the fixture's first line.
    pub(crate) program: &'static str,
    pub(crate) client: Client,
    pub(crate) user: &'static str,
    pub(crate) password: &'static str,
    pub(crate) tls: Tls,
    /// Whether the client ends well.
    pub(crate) succeeds: bool,
    /// The fixture.
    pub(crate) name: &'static str,
}

/// Whether the connection goes on in TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    No,
    Yes,
}

/// A client, with its words or its script.
pub(crate) enum Client {
    Mariadb(&'static [&'static str]),
    Python(&'static str),
}

const MARIADB: &str = "mariadb 15.1";
const PYMYSQL: &str = "PyMySQL 1";
const CONNECTOR: &str = "mysql-connector-python";

const fn scenario(name: &'static str, program: &'static str, client: Client) -> Scenario {
    Scenario { program, client, user: "app", password: "", tls: Tls::No, succeeds: true, name }
}

const fn login(name: &'static str, user: &'static str, password: &'static str, succeeds: bool) -> Scenario {
    let client = Client::Mariadb(&["-e", "SELECT 1"]);
    Scenario { user, password, succeeds, ..scenario(name, MARIADB, client) }
}

/// All of them.
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario {
        succeeds: false,
        ..scenario(
            "simple_query",
            MARIADB,
            Client::Mariadb(&[
                "-e",
                "SELECT id, name, email FROM users ORDER BY id; \
             UPDATE users SET email = 'e@example.com' WHERE email IS NULL; \
             UPDATE users SET email = NULL WHERE name = 'Alan'; DELETE FROM users WHERE id > 90; \
             INSERT INTO users (name) VALUES ('Barbara'); DELETE FROM users WHERE name = 'Barbara'; \
             USE attic; SELECT DATABASE(); USE shop; /* later */ SELECT count(*) FROM users; \
             SELECT CAST('x' AS SIGNED), 1/0; BEGIN; SELECT 1; ROLLBACK; CREATE DATABASE gone; USE gone; \
             DROP DATABASE gone; SELECT 2; SELECT nothing FROM nowhere",
            ]),
        )
    },
    scenario("kinds_as_text", MARIADB, Client::Mariadb(&["-e", "SELECT * FROM kinds"])),
    scenario(
        "passwords",
        MARIADB,
        Client::Mariadb(&[
            "-e",
            "CREATE USER guest@localhost IDENTIFIED BY 'hunter2'; SET PASSWORD FOR guest@localhost = PASSWORD('hunter2'); \
             ALTER USER guest@localhost IDENTIFIED VIA mysql_native_password USING PASSWORD(\"hunter2\"); \
             INSERT INTO secrets (name, password) VALUES ('guest', \"hunter2\"); \
             UPDATE secrets SET `password` = 'hunter2' WHERE name = 'guest'; DROP USER guest@localhost",
        ]),
    ),
    scenario(
        "compressed",
        MARIADB,
        Client::Mariadb(&[
            "-C",
            "-e",
            "SELECT * FROM users; SELECT REPEAT('long ', 200) FROM users; SELECT 1",
        ]),
    ),
    Scenario { tls: Tls::Yes, ..scenario("tls", MARIADB, Client::Mariadb(&["-e", "SELECT 1"])) },
    login("login_native", "by_native", "tulip-native", true),
    login("login_native_failed", "by_native", "wrong", false),
    login("login_ed25519", "by_ed25519", "tulip-ed25519", true),
    login("login_unknown_user", "nobody", "", false),
    scenario("pymysql", PYMYSQL, Client::Python(include_str!("pymysql_client.py"))),
    scenario("local_infile", PYMYSQL, Client::Python(include_str!("infile.py"))),
    scenario("prepared", CONNECTOR, Client::Python(include_str!("prepared.py"))),
    scenario("commands", CONNECTOR, Client::Python(include_str!("commands.py"))),
    scenario("compressed_by_connector", CONNECTOR, Client::Python(include_str!("compressed.py"))),
    scenario("asyncmy", "asyncmy", Client::Python(include_str!("asyncmy_client.py"))),
    scenario("by_hand", "a script", Client::Python(include_str!("raw.py"))),
    scenario("replication", "a script", Client::Python(include_str!("replication.py"))),
];
