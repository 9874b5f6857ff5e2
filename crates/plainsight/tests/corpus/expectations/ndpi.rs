//! nDPI's output: a line for each connection, with the protocol that it takes it for.

use crate::expectations::Expectation;
use crate::replayed::Access;

/// The connections that are PostgreSQL, by the client's port.
pub(super) fn connections(name: String, text: &str) -> Expectation {
    let labelled = text.lines().filter(|line| line.contains("/PostgreSQL]"));
    let port = |line: &str| line.split(" <-> ").next()?.rsplit(':').next().map(str::to_owned);
    let lines = labelled.filter_map(port).map(told).collect();
    let told_by = |heard: &[Access]| {
        let postgresql = heard.iter().filter(|access| access.text("/protocol") == "postgresql");
        let mut ports: Vec<_> = postgresql.filter_map(|access| access.number("/client/port")).collect();
        ports.sort_unstable();
        ports.dedup();
        ports.into_iter().map(|port| told(port.to_string())).collect()
    };
    Expectation { name, lines, told_by: Box::new(told_by) }
}

fn told(port: String) -> String {
    format!("PostgreSQL from port {port}")
}
