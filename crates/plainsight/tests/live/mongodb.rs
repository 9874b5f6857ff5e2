//! MongoDB's clients: what the driver says that it asked and got is what is shown, in clear and over TLS.

use serde::Deserialize;
use serde_json::Value;

use crate::support::access::Access;
use crate::support::clients::{Wheel, truth_of};
use crate::support::ground::{Ground, ground};
use crate::support::process::{Lines, Running, free_port, make_certificate, run};
use crate::support::watch::{Seen, Watch};

/// What the driver says of one command.
#[derive(Debug, Deserialize)]
struct Asked {
    pid: u32,
    operation: String,
    database: String,
    statement: String,
    rows: Option<u64>,
    affected: Option<u64>,
    error: Option<String>,
}

/// What the driver says to greet the server and to log in, of which it hides what it can.
const GREETING: [&str; 5] = ["hello", "ismaster", "isMaster", "saslStart", "saslContinue"];

/// A server of the test's own, in clear or over TLS.
struct Mongodb {
    port: u16,
    running: Running,
    /// Kept, or it would wait for somebody to read it.
    _log: Lines,
}

impl Mongodb {
    fn start(ground: &Ground, wheel: &Wheel, layer: &str) -> Mongodb {
        let port = free_port();
        let mut command = wheel.module("secantus");
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        command.arg("--storage-path").arg(ground.folder.path().join(layer));
        if layer == "tls" {
            make_certificate(ground.folder.path());
            command.arg("--tls-cert-file").arg(ground.folder.path().join("cert.pem"));
            command.arg("--tls-key-file").arg(ground.folder.path().join("key.pem"));
        }
        let mut running = Running::start(&mut command);
        let log = Lines::of(running.0.stderr.take().unwrap());
        log.until("listening");
        Mongodb { port, running, _log: log }
    }

    fn uri(&self, user: &str, layer: &str) -> String {
        let tls = if layer == "tls" { "&tls=true&tlsInsecure=true" } else { "" };
        format!("mongodb://{user}127.0.0.1:{}/?directConnection=true&authSource=shop{tls}", self.port)
    }
}

#[test]
fn pymongo_is_shown_as_it_was() {
    let Some(ground) = ground("pymongo", &["openssl"]) else { return };
    let Some(wheel) = Wheel::of("pymongo", "mongodb") else { return };
    for layer in ["plain", "tls"] {
        let server = Mongodb::start(&ground, &wheel, layer);
        let make = "import pymongo, sys; pymongo.MongoClient(sys.argv[1]).shop.command('createUser', 'ada', \
                    pwd='tulip-cleartext', roles=['readWrite'])";
        run(wheel.words(make).arg(server.uri("", layer)));
        let watch = Watch::ports(&[server.port]);
        let uri = server.uri("ada:tulip-cleartext@", layer);
        let mut asked: Vec<Asked> = truth_of(wheel.python("pymongo_client.py").arg(uri));
        asked.retain(|asked| !GREETING.contains(&asked.operation.as_str()));
        let seen = watch.end();
        assert!(asked.len() > 15, "{asked:#?}");
        compare(&asked, &seen, layer, server.running.pid());
    }
}

/// So many bytes of one call are captured.
const CALL: u64 = 128 << 10;

/// What the driver says, and what was shown must be one.
fn compare(asked: &[Asked], seen: &Seen, layer: &str, server: u32) {
    let is_greeting = |access: &&Access| GREETING.contains(&access.operation.as_str());
    let (greetings, shown): (Vec<_>, Vec<_>) = seen.accesses.iter().partition(is_greeting);
    let told: Vec<_> = shown.iter().map(|access| access.operation.as_str()).collect();
    let wanted: Vec<_> = asked.iter().map(|asked| asked.operation.as_str()).collect();
    assert_eq!(told, wanted);
    for (asked, access) in asked.iter().zip(&shown) {
        assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("mongodb", layer), "{access:#?}");
        assert_same(access.statement.as_deref().unwrap(), &asked.statement);
        // Three million bytes may pass in one call: beyond its limit they are told as lost, and the rows with them.
        let is_long = access.request_bytes.max(access.response_bytes) > CALL;
        assert!(access.complete.ok || is_long, "{access:#?}");
        assert_eq!(access.rows, asked.rows.filter(|_| access.complete.ok), "{access:#?}");
        assert_eq!(access.affected, asked.affected, "{access:#?}");
        assert_eq!(access.error.as_ref().map(|error| error.code.clone()), asked.error, "{access:#?}");
        assert_eq!(access.outcome, if asked.error.is_some() { "error" } else { "ok" }, "{access:#?}");
        let session = access.session.as_ref().unwrap();
        assert_eq!(session.user.as_deref(), Some("ada"), "{access:#?}");
        if access.operation != "endSessions" {
            assert_eq!(session.database.as_deref(), Some(asked.database.as_str()), "{access:#?}");
        }
        assert_eq!(session.application.as_deref(), Some("pymongo client"), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (asked.pid, server), "{access:#?}");
    }
    let said = format!("{greetings:?}");
    assert!(said.contains("saslContinue") && !said.contains("tulip"), "{said}");
}

/// The statements are one JSON, of which the longest parts may be left out.
fn assert_same(shown: &str, asked: &str) {
    let [shown, asked]: [Value; 2] = [shown, asked].map(|text| serde_json::from_str(text).unwrap());
    assert!(agree(&shown, &asked), "shown {shown}\nasked {asked}");
}

fn agree(shown: &Value, asked: &Value) -> bool {
    match (shown, asked) {
        (Value::Object(shown), Value::Object(asked)) => {
            let cut = shown.contains_key("…");
            let mut kept = shown.iter().filter(|(name, _)| *name != "…");
            (cut || shown.len() == asked.len())
                && kept.all(|(name, value)| asked.get(name).is_some_and(|asked| agree(value, asked)))
        }
        (Value::Array(shown), Value::Array(asked)) => {
            let cut = shown.last().is_some_and(|last| last == "…") && shown.len() <= asked.len();
            let kept = if cut { shown.len() - 1 } else { shown.len() };
            (cut || shown.len() == asked.len())
                && shown[..kept].iter().zip(asked).all(|(shown, asked)| agree(shown, asked))
        }
        (Value::Number(shown), Value::Number(asked)) => shown.as_f64() == asked.as_f64(),
        (Value::String(shown), Value::String(asked)) => match shown.strip_suffix('…') {
            Some(begin) => asked.starts_with(begin),
            None => shown == asked,
        },
        (shown, asked) => shown == asked,
    }
}
