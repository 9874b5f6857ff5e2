//! What other projects expect of a capture, as lines that ours can be told in too.

mod calls;
mod deepflow;
mod directory;
mod files;
mod mail;
mod names;
mod ndpi;
mod streams;
mod zeek;

use std::path::Path;

use crate::captures;
use crate::replayed::Access;

/// Tells what was heard, in lines.
type Teller = dyn Fn(&[Access]) -> Vec<String>;

/// One file of expectations.
pub(crate) struct Expectation {
    pub(crate) name: String,
    /// A line for each fact.
    pub(crate) lines: Vec<String>,
    told_by: Box<Teller>,
}

impl Expectation {
    /// The same kind of facts, as they were heard.
    pub(crate) fn told_by(&self, heard: &[Access]) -> Vec<String> {
        (self.told_by)(heard)
    }
}

/// Reads a file that lies beside a capture; `None`, if it says nothing of exchanges.
pub(crate) fn read(file: &Path) -> Option<Expectation> {
    let name = captures::file_name(file);
    let text = std::fs::read_to_string(file).ok()?;
    // `..__http.log`, `..__http-limited.log`: one run of Zeek each.
    let log = name.rsplit_once("__").filter(|(_, log)| log.ends_with(".log")).map(|(_, log)| log);
    match log {
        Some(log) if log.starts_with("http") => Some(zeek::http(name, &text)),
        Some("dns.log") => Some(names::zeek(name, &text)),
        // Others of its runs cut users and arguments on purpose.
        Some("ftp.log") if !name.contains("ftp-max-") => Some(files::ftp(name, &text)),
        Some("ldap.log") => Some(directory::ldap(name, &text)),
        Some("ldap_search.log") => Some(directory::ldap_search(name, &text)),
        Some("mysql.log") => Some(zeek::mysql(name, &text)),
        Some("postgresql.log") => Some(zeek::postgresql(name, &text)),
        // `redis-uncapped.filtered.log` holds lengths alone.
        Some(log) if log.starts_with("redis") && !log.contains(".filtered") => Some(zeek::redis(name, &text)),
        Some("smtp.log") => Some(mail::smtp(name, &text)),
        _ if name.ends_with("httpv1.result") => Some(deepflow::http(name, &text)),
        _ if name.ends_with("pgsql-all.result") => Some(deepflow::postgresql(name, &text)),
        _ if name.contains("__mysql__") && name.ends_with(".result") => Some(deepflow::mysql(name, &text)),
        _ if text.contains(" headers_offset: 0 is_dns: ") => Some(names::deepflow(name, &text)),
        _ if text.contains("proto: Http2") || text.contains("proto: Grpc") => {
            Some(streams::deepflow(name, &text))
        }
        _ if text.starts_with("RedisInfo") => Some(deepflow::redis(name, &text)),
        _ if text.starts_with("MemcachedInfo") => Some(deepflow::memcached(name, &text)),
        _ if text.starts_with("MqttInfo") => Some(deepflow::mqtt(name, &text)),
        _ if text.starts_with("AmqpInfo") => Some(deepflow::amqp(name, &text)),
        _ if text.starts_with("KafkaInfo") => Some(deepflow::kafka(name, &text)),
        _ if text.starts_with("NatsInfo") => Some(deepflow::nats(name, &text)),
        _ if text.starts_with("DubboInfo") => Some(calls::dubbo(name, &text)),
        _ if text.starts_with("RocketmqInfo") => Some(deepflow::rocketmq(name, &text)),
        _ if name.contains("__pulsar__") => Some(deepflow::pulsar(name, &text)),
        _ if name.ends_with(".out") => Some(ndpi::connections(name, &text)),
        _ => None,
    }
}

/// A text without line ends and doubled blanks, which the projects fold in their own ways.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Named facts in one line; what is absent is `-`.
fn line(facts: &[(&str, String)]) -> String {
    let named = facts.iter().map(|(name, fact)| match fact.as_str() {
        "" => format!("{name}=-"),
        fact => format!("{name}={fact}"),
    });
    named.collect::<Vec<_>>().join(" ")
}
