//! Directories: what OpenLDAP's own clients and Python's ask is what is shown, and what the server says that it was asked.

use std::collections::BTreeSet;

use crate::support::access::Access;
use crate::support::clients::{python, python_has};
use crate::support::ground::{ground, skip};
use crate::support::process::{Running, program, run};
use crate::support::slapd::{ADMIN, Logged, PEOPLE, PROGRAMS, Slapd};
use crate::support::watch::Watch;

/// How the connection is made.
const WAYS: [&str; 3] = ["ldap", "starttls", "ldaps"];

/// The log's words, and ours.
const WORDS: [(&str, &str); 11] = [
    ("BIND", "bind"),
    ("SRCH", "search"),
    ("MOD", "modify"),
    ("ADD", "add"),
    ("DEL", "delete"),
    ("MODRDN", "modifyDN"),
    ("CMP", "compare"),
    ("UNBIND", "unbind"),
    ("STARTTLS", "StartTLS"),
    ("WHOAMI", "WhoAmI"),
    ("PASSMOD", "PasswordModify"),
];

/// The results that the clients get, by their numbers.
const RESULTS: [(u32, &str); 7] = [
    (0, ""),
    (4, "sizeLimitExceeded"),
    (5, "compareFalse"),
    (6, "compareTrue"),
    (32, "noSuchObject"),
    (49, "invalidCredentials"),
    (68, "entryAlreadyExists"),
];

/// What OpenLDAP's clients do: `AT` is the server and who asks it, `HERE` the server alone.
const SCRIPT: &str = r#"
person=uid=ada,ou=people,dc=example,dc=test
entry="dn: $person\nobjectClass: inetOrgPerson\nuid: ada\ncn: Ada\nsn: Lovelace\nuserPassword: hunter2\n"
ldapsearch -LLL AT -b dc=example,dc=test '(&(objectClass=inetOrgPerson)(|(uid=p1)(uid=p2)(!(cn=person*))))' cn mail
ldapsearch -LLL AT -b ou=nowhere,dc=example,dc=test -s one '(cn=*)' && exit 1
ldapsearch -LLL AT -b ou=people,dc=example,dc=test -z 10 '(mail=*@example.test)' mail && exit 1
printf "$entry" | ldapadd AT
printf "$entry" | ldapadd AT && exit 1
printf "dn: $person\nchangetype: modify\nreplace: mail\nmail: ada@example.test\n" | ldapmodify AT
ldapcompare AT $person mail:ada@example.test; test $? = 6
ldapcompare AT $person mail:nobody@example.test; test $? = 5
ldappasswd AT -s hunter2 $person
ldapmodrdn AT -r $person uid=lovelace
ldapdelete AT uid=lovelace,ou=people,dc=example,dc=test
ldapwhoami AT
ldapwhoami HERE -D uid=p1,ou=people,dc=example,dc=test -w hunter2
ldapwhoami HERE -D uid=p1,ou=people,dc=example,dc=test -w hunter2-wrong && exit 1
true
"#;

#[test]
fn openldaps_clients_are_shown_as_the_server_logs_them() {
    for way in WAYS {
        let Some(ground) = ground("ldap-utils", &PROGRAMS) else { return };
        let server = Slapd::start(&ground);
        let here = match way {
            "ldaps" => format!("-x -H ldaps://127.0.0.1:{}", server.tls),
            "starttls" => format!("-x -ZZ -H ldap://127.0.0.1:{}", server.plain),
            _ => format!("-x -H ldap://127.0.0.1:{}", server.plain),
        };
        let [name, password] = ADMIN;
        let script = SCRIPT.replace("AT", &format!("{here} -D {name} -w {password}")).replace("HERE", &here);
        let watch = Watch::ports(&[server.plain, server.tls]);
        run(program("sh").args(["-c", &script]).env("LDAPTLS_REQCERT", "never"));
        let (seen, pid) = (watch.end(), server.pid());
        compare(&seen.accesses, &server.end(), way);
        for access in &seen.accesses {
            assert_made(access, way, pid);
            assert!(access.process.as_ref().unwrap().name.starts_with("ldap"), "{access:#?}");
        }
    }
}

#[test]
fn ldap3_is_shown_as_the_server_logs_it() {
    /// Connections at once, and what each does so many times.
    const CONNECTIONS: usize = 6;
    for way in WAYS {
        let Some(ground) = ground("ldap3", &PROGRAMS) else { return };
        if !python_has("ldap3") {
            return skip("ldap3", "needs python3-ldap3 (`.ci/packages test`)");
        }
        let server = Slapd::start(&ground);
        let port = if way == "ldaps" { server.tls } else { server.plain };
        let rounds = PEOPLE / CONNECTIONS;
        let mut client = python("ldap3_client.py");
        client.args([&port.to_string(), way, &CONNECTIONS.to_string(), &rounds.to_string()]);
        let watch = Watch::ports(&[port]);
        let client = Running::start(&mut client);
        let client_pid = client.pid();
        client.end_well();
        let (seen, pid) = (watch.end(), server.pid());
        compare(&seen.accesses, &server.end(), way);
        assert!(seen.accesses.len() >= PEOPLE * 3, "{} are too few", seen.accesses.len());
        for access in &seen.accesses {
            assert_made(access, way, pid);
            assert_eq!(access.client_pid(), client_pid, "{access:#?}");
        }
    }
}

/// What holds of every access, however it was made.
fn assert_made(access: &Access, way: &str, server: u32) {
    let is_clear = way == "ldap" || access.operation == "StartTLS";
    assert_eq!(access.layer, if is_clear { "plain" } else { "tls" }, "{access:#?}");
    assert_eq!(access.server_pid(), server, "{access:#?}");
    assert!(access.complete.ok, "{access:#?}");
    let told = format!("{access:?}");
    assert!(!told.contains("hunter2") && !told.contains("tulip-cleartext"), "{told}");
    let user = access.session.as_ref().and_then(|session| session.user.as_deref());
    if matches!(&*access.operation, "search" | "modify" | "add" | "delete") {
        assert_eq!(user, Some(ADMIN[0]), "{access:#?}");
    }
}

/// What is shown is what was logged: all of it, and nothing else.
fn compare(shown: &[Access], logged: &[Logged], way: &str) {
    let connections: BTreeSet<_> =
        shown.iter().map(|access| (access.client.port, &access.connection)).collect();
    let ports: BTreeSet<_> = shown.iter().map(|access| access.client.port).collect();
    assert_eq!(connections.len(), ports.len(), "{way}: a connection has one name, in clear and over TLS");
    let mut told: Vec<_> = shown.iter().map(tell).collect();
    let mut wanted: Vec<_> = logged.iter().map(tell_logged).collect();
    told.sort();
    wanted.sort();
    assert_eq!(told, wanted, "{way}");
}

/// Port, operation, entry, filter, result, entries.
type Told = (u16, String, String, String, String, Option<u64>);

fn tell(access: &Access) -> Told {
    let statement = access.statement.as_deref().unwrap();
    let filter = match &*access.operation {
        "search" => {
            let (from, to) = (statement.find('(').unwrap(), statement.rfind(')').unwrap());
            statement.get(from..=to).unwrap().to_owned()
        }
        _ => String::new(),
    };
    let code = access.error.as_ref().map(|error| error.code.clone());
    let result = code.or_else(|| access.details["result"].as_str().map(str::to_owned)).unwrap_or_default();
    // The log does not tell the entry of what is extended.
    let is_extended = matches!(&*access.operation, "StartTLS" | "WhoAmI" | "PasswordModify");
    let entry = access.targets.first().filter(|_| !is_extended).cloned().unwrap_or_default();
    (access.client.port.unwrap(), access.operation.clone(), entry, filter, result, access.rows)
}

fn tell_logged(logged: &Logged) -> Told {
    let (_, word) =
        WORDS.iter().find(|(theirs, _)| *theirs == logged.word).unwrap_or_else(|| panic!("{logged:#?}"));
    let name =
        |code| RESULTS.iter().find(|(number, _)| *number == code).unwrap_or_else(|| panic!("{logged:#?}")).1;
    let result = logged.code.map(name).unwrap_or_default();
    let is_extended = matches!(*word, "StartTLS" | "WhoAmI" | "PasswordModify");
    let entry = if is_extended { String::new() } else { logged.entry.clone() };
    (logged.port, (*word).to_owned(), entry, logged.filter.clone(), result.to_owned(), logged.entries)
}
