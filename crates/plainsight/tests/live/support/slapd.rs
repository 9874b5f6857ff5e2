//! A directory of the test's own, in clear, with StartTLS and over TLS, that logs what it is asked.

use std::collections::BTreeMap;
use std::fs;

use super::ground::Ground;
use super::process::{Lines, Running, free_port, make_certificate, program, run};

/// What these tests need.
pub(crate) const PROGRAMS: [&str; 5] = ["slapd", "slapadd", "ldapsearch", "openssl", "sh"];

/// The name and the password of who may do everything.
pub(crate) const ADMIN: [&str; 2] = ["cn=admin,dc=example,dc=test", "tulip-cleartext"];

const CONFIGURATION: &str = "include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile FOLDER/cert.pem
TLSCertificateKeyFile FOLDER/key.pem
database mdb
suffix dc=example,dc=test
rootdn cn=admin,dc=example,dc=test
rootpw tulip-cleartext
directory FOLDER/db
";

/// So many people are in it.
pub(crate) const PEOPLE: usize = 300;

/// A running server.
pub(crate) struct Slapd {
    pub(crate) plain: u16,
    pub(crate) tls: u16,
    running: Running,
    log: Lines,
}

/// What the server's log says of one operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Logged {
    pub(crate) port: u16,
    /// Its place on its connection.
    pub(crate) place: u32,
    /// The log's word: `SRCH`, `BIND`.
    pub(crate) word: String,
    /// Its entry.
    pub(crate) entry: String,
    pub(crate) filter: String,
    /// The number of the result; `None` where there is none.
    pub(crate) code: Option<u32>,
    pub(crate) entries: Option<u64>,
}

impl Slapd {
    /// Starts a server in the ground's folder.
    pub(crate) fn start(ground: &Ground) -> Slapd {
        let folder = ground.folder.path();
        make_certificate(folder);
        let at = folder.display().to_string();
        fs::create_dir(folder.join("db")).unwrap();
        fs::write(folder.join("slapd.conf"), CONFIGURATION.replace("FOLDER", &at)).unwrap();
        fs::write(folder.join("content.ldif"), content()).unwrap();
        let configured = |name| {
            let mut command = program(name);
            command.arg("-f").arg(folder.join("slapd.conf"));
            command
        };
        run(configured("slapadd").arg("-q").arg("-l").arg(folder.join("content.ldif")));
        let (plain, tls) = (free_port(), free_port());
        let places = format!("ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{tls}");
        let mut running = Running::start(configured("slapd").args(["-d", "256", "-h", &places]));
        let log = Lines::of(running.0.stderr.take().unwrap());
        log.until("slapd starting");
        Slapd { plain, tls, running, log }
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// Ends it, and gives what it was asked, in the order of connections and of their operations.
    pub(crate) fn end(mut self) -> Vec<Logged> {
        self.running.stop();
        // Who accepts and who answers are threads of their own, and the log is in the order of neither.
        let lines: Vec<String> = std::iter::from_fn(|| self.log.next()).collect();
        let ports: BTreeMap<_, u16> = lines.iter().filter_map(|line| accepted(line)).collect();
        let mut logged = BTreeMap::new();
        for line in &lines {
            let (Some(connection), Some(place)) = (word(line, "conn="), word(line, "op=")) else { continue };
            let (port, place) = (ports[connection], place.parse().unwrap());
            let operation: &mut Logged = logged.entry((port, place)).or_default();
            (operation.port, operation.place) = (port, place);
            tell(line, operation);
        }
        logged.into_values().collect()
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        self.running.stop();
    }
}

/// What stands behind `name` in a line.
fn word<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split(' ').find_map(|word| word.strip_prefix(name))
}

/// `... conn=1000 fd=12 ACCEPT from IP=127.0.0.1:45678 (IP=127.0.0.1:1389)`.
fn accepted(line: &str) -> Option<(&str, u16)> {
    let from = line.split_once("ACCEPT from IP=127.0.0.1:")?.1;
    Some((word(line, "conn=")?, from.split(' ').next()?.parse().ok()?))
}

/// `... op=1 SRCH base="..." scope=2 deref=0 filter="..."`, `... op=1 SEARCH RESULT tag=101 err=0 ... nentries=1 text=`.
fn tell(line: &str, operation: &mut Logged) {
    let quoted =
        |name: &str| line.split_once(name).map(|(_, rest)| rest.split('"').next().unwrap().to_owned());
    let number =
        |name: &str| line.split_once(name).and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    if line.contains(" RESULT ") {
        operation.code = number(" err=").map(|code: u64| u32::try_from(code).unwrap());
        operation.entries = number(" nentries=");
        return;
    }
    let behind = line.split_once(" op=").unwrap().1;
    let word = behind.split(' ').nth(1).unwrap();
    // What it says more of an operation comes in lines of their own: the attributes of a search, the method of a log-in.
    if operation.word.is_empty() || operation.word == "EXT" {
        word.clone_into(&mut operation.word);
        operation.entry = quoted(" dn=\"").or(quoted(" base=\"")).unwrap_or_default();
        operation.filter = quoted(" filter=\"").unwrap_or_default();
    }
}

fn content() -> String {
    let mut text = String::from(
        "dn: dc=example,dc=test\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n\
         dn: ou=people,dc=example,dc=test\nobjectClass: organizationalUnit\nou: people\n",
    );
    for number in 0..PEOPLE {
        text.push_str(&format!(
            "\ndn: uid=p{number},ou=people,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: p{number}\ncn: Person {number}\n\
             sn: Person\nmail: p{number}@example.test\nuserPassword: hunter2\n"
        ));
    }
    text
}
