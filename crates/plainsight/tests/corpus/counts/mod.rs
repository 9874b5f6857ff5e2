//! How many exchanges each capture holds, so that none is lost and none is invented.
//!
//! Each was counted by tshark 4.0 too. tshark counts interim answers (`1xx`), answers without a request and what is sent
//! after a reset, takes a body with a hole for no answer, and two networks' (VLANs') connections with the same addresses
//! for one. Where else it differs, the capture has a comment.

mod amqp;
mod cassandra;
mod dns;
mod dubbo;
mod elasticsearch;
mod fastcgi;
mod ftp;
mod grpc;
mod http;
mod http2;
mod imap;
mod kafka;
mod ldap;
mod memcached;
mod mongodb;
mod mqtt;
mod mssql;
mod mysql;
mod nats;
mod neo4j;
mod openwire;
mod pop3;
mod postgresql;
mod pulsar;
mod redis;
mod rocketmq;
mod smtp;
mod thrift;
mod websocket;
mod zookeeper;

use std::collections::BTreeMap;

use crate::captures::Capture;

/// The exchanges of each protocol, by capture.
const PROTOCOLS: &[(&str, &[(&str, usize)])] = &[
    ("amqp", amqp::HELD),
    ("cassandra", cassandra::HELD),
    ("dns", dns::HELD),
    ("dubbo", dubbo::HELD),
    ("elasticsearch", elasticsearch::HELD),
    ("fastcgi", fastcgi::HELD),
    ("ftp", ftp::HELD),
    ("grpc", grpc::HELD),
    ("http", http::HELD),
    ("http2", http2::HELD),
    ("imap", imap::HELD),
    ("kafka", kafka::HELD),
    ("ldap", ldap::HELD),
    ("memcached", memcached::HELD),
    ("mongodb", mongodb::HELD),
    ("mqtt", mqtt::HELD),
    ("mssql", mssql::HELD),
    ("mysql", mysql::HELD),
    ("nats", nats::HELD),
    ("neo4j", neo4j::HELD),
    ("openwire", openwire::HELD),
    ("pop3", pop3::HELD),
    ("postgresql", postgresql::HELD),
    ("pulsar", pulsar::HELD),
    ("redis", redis::HELD),
    ("rocketmq", rocketmq::HELD),
    ("smtp", smtp::HELD),
    ("thrift", thrift::HELD),
    ("websocket", websocket::HELD),
    ("zookeeper", zookeeper::HELD),
];

/// What a capture should give, by protocol: nothing, unless it is counted here.
pub(crate) fn of(capture: &Capture) -> BTreeMap<String, usize> {
    let held = counted().filter(|(_, name, _)| *name == capture.name);
    held.map(|(protocol, _, count)| (protocol.to_owned(), count)).collect()
}

/// Counts of captures that are not there.
pub(crate) fn unused(captures: &[Capture]) -> Vec<String> {
    let missing = counted().filter(|(_, name, _)| captures.iter().all(|capture| capture.name != *name));
    missing.map(|(_, name, _)| format!("{name}: counted, but not there")).collect()
}

/// Protocol, capture, exchanges.
fn counted() -> impl Iterator<Item = (&'static str, &'static str, usize)> {
    let protocols = PROTOCOLS.iter();
    protocols.flat_map(|(protocol, held)| held.iter().map(move |(name, count)| (*protocol, *name, *count)))
}
