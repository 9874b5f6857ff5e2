//! nDPI's output: a line for each connection, with the protocol that it takes it for.

use crate::expectations::Expectation;
use crate::replayed::Access;

/// Its names of protocols, and ours.
const PROTOCOLS: &[(&str, &str)] = &[
    ("AMQP", "amqp"),
    ("Kafka", "kafka"),
    ("MQTT", "mqtt"),
    ("MsSQL-TDS", "mssql"),
    ("MySQL", "mysql"),
    ("Nats", "nats"),
    ("PostgreSQL", "postgresql"),
];

/// The connections of protocols that we know by the same name, by the client's port.
pub(super) fn connections(name: String, text: &str) -> Expectation {
    let lines = text.lines().filter_map(labelled).collect();
    let told_by = |heard: &[Access]| {
        let connections = heard.iter().filter_map(|access| {
            let (theirs, _) = PROTOCOLS.iter().find(|(_, ours)| *ours == access.text("/protocol"))?;
            Some(told(theirs, &access.number("/client/port")?.to_string()))
        });
        let mut connections: Vec<_> = connections.collect();
        connections.sort_unstable();
        connections.dedup();
        connections
    };
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn labelled(line: &str) -> Option<String> {
    let (theirs, _) = PROTOCOLS.iter().find(|(theirs, _)| line.contains(&format!("/{theirs}]")))?;
    // An arrow with one head, where only one side says anything.
    let port = line.split([' ', '\t']).find(|word| word.contains(':'))?.rsplit(':').next()?;
    Some(told(theirs, port))
}

fn told(protocol: &str, port: &str) -> String {
    format!("{protocol} from port {port}")
}
