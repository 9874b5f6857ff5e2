//! OpenLDAP's server, its own clients, and those of Python.

use super::server::Program;
use super::{Scenario, Service};

pub(super) const SERVICE: Service = Service {
    protocol: "ldap",
    fixtures: "crates/protocols/src/directory/ldap/fixtures",
    scenarios: SCENARIOS,
};

const SLAPD: Program = Program {
    called: ["OpenLDAP", "slapd -VV; true"],
    files: &[
        ("slapd.conf", include_str!("ldap/slapd.conf")),
        ("content.ldif", include_str!("ldap/content.ldif")),
    ],
    prepare: "mkdir db; slapadd -f slapd.conf -l content.ldif 2>slapadd.log; \
              openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem 2>/dev/null",
    start: "exec slapd -d 256 -f slapd.conf -h ldap://127.0.0.1:$PORT",
    stop: "",
    listens: "slapd starting",
};

const TOOLS: [&str; 2] = ["ldap-utils", "ldapsearch -VV; true"];
const PYTHON: [&str; 2] = ["ldap3", "\"$PYTHON\" -c 'import ldap3; print(ldap3.__version__)'"];
const SOCKET: [&str; 2] = ["a socket of Python", "\"$PYTHON\" --version"];

const fn tools(name: &'static str, script: &'static str) -> Scenario {
    Scenario { name, server: &SLAPD, client: TOOLS, script }
}

const fn python(name: &'static str, script: &'static str) -> Scenario {
    Scenario { name, server: &SLAPD, client: PYTHON, script }
}

const SCENARIOS: &[Scenario] = &[
    tools(
        "search",
        "ldapsearch -LLL -x -H ldap://127.0.0.1:$PORT -D cn=admin,dc=example,dc=test -w hunter2 \
         -b ou=people,dc=example,dc=test '(&(|(mail=*)(uid=ada))(!(sn=L*e))(cn:caseExactMatch:=Ada))' cn mail",
    ),
    tools(
        "pages",
        "ldapsearch -LLL -x -H ldap://127.0.0.1:$PORT -b dc=example,dc=test -E pr=2/noprompt '(objectClass=person)'",
    ),
    tools(
        "refused",
        "! ldapwhoami -x -H ldap://127.0.0.1:$PORT -D uid=ada,ou=people,dc=example,dc=test -w tulip-cleartext-wrong",
    ),
    tools(
        "start_tls",
        "LDAPTLS_REQCERT=never ldapwhoami -ZZ -x -H ldap://127.0.0.1:$PORT -D cn=admin,dc=example,dc=test -w hunter2",
    ),
    tools("who_am_i", "ldapwhoami -x -H ldap://127.0.0.1:$PORT -D cn=admin,dc=example,dc=test -w hunter2"),
    tools(
        "password",
        "ldappasswd -x -H ldap://127.0.0.1:$PORT -D cn=admin,dc=example,dc=test -w hunter2 \
         -a tulip-cleartext -s tulip-cleartext-2 uid=ada,ou=people,dc=example,dc=test",
    ),
    tools(
        "proxied",
        "ldapwhoami -x -H ldap://127.0.0.1:$PORT -D cn=admin,dc=example,dc=test -w hunter2 \
         -e '!authzid=dn:uid=ada,ou=people,dc=example,dc=test'",
    ),
    tools("scram", "ldapwhoami -Q -Y SCRAM-SHA-256 -U ada -w tulip-cleartext -H ldap://127.0.0.1:$PORT"),
    tools(
        "signed",
        "ldapsearch -LLL -Q -Y DIGEST-MD5 -O maxssf=1,minssf=1 -U ada -w tulip-cleartext -H ldap://127.0.0.1:$PORT \
         -b dc=example,dc=test '(uid=ada)' cn",
    ),
    tools(
        "sealed",
        "ldapsearch -LLL -Q -Y DIGEST-MD5 -O minssf=128 -U ada -w tulip-cleartext -H ldap://127.0.0.1:$PORT \
         -b dc=example,dc=test '(uid=ada)' cn",
    ),
    python("changes", concat!("\"$PYTHON\" -c '", include_str!("ldap/changes.py"), "'")),
    python("pipelined", concat!("\"$PYTHON\" -c '", include_str!("ldap/pipelined.py"), "'")),
    Scenario {
        name: "notice",
        server: &SLAPD,
        client: SOCKET,
        script: concat!("\"$PYTHON\" -c '", include_str!("ldap/notice.py"), "'"),
    },
];
