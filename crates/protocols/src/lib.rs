//! Every wire protocol, each a folder, and the kit that they are built with.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod directory;
pub mod document;
pub mod files;
pub mod keyvalue;
pub mod kit;
pub mod mail;
pub mod names;
pub mod queue;
pub mod sql;
pub mod web;

use kit::protocol::Protocol;

/// Every protocol there is. A new one is a folder, its `mod` line, and its line here.
pub static ALL: &[&dyn Protocol] = &[
    sql::postgres::POSTGRESQL,
    sql::mysql::MYSQL,
    sql::tds::MSSQL,
    sql::cassandra::CASSANDRA,
    sql::clickhouse::CLICKHOUSE,
    sql::drda::DB2,
    keyvalue::redis::REDIS,
    keyvalue::couchbase::COUCHBASE,
    keyvalue::memcached::MEMCACHED,
    keyvalue::zookeeper::ZOOKEEPER,
    &web::http1::Http,
    &web::http2::Http,
    web::mcp_stdio::MCP,
    web::dubbo::DUBBO,
    web::fastcgi::FASTCGI,
    web::thrift::THRIFT,
    document::mongodb::MONGODB,
    document::neo4j::NEO4J,
    names::dns::DNS,
    queue::kafka::KAFKA,
    queue::amqp::AMQP,
    queue::amqp10::AMQP,
    queue::mqtt::MQTT,
    directory::ldap::LDAP,
    mail::smtp::SMTP,
    queue::nats::NATS,
    queue::pulsar::PULSAR,
    queue::rocketmq::ROCKETMQ,
    queue::stomp::STOMP,
    queue::openwire::OPENWIRE,
    mail::imap::IMAP,
    mail::pop3::POP3,
    files::ftp::FTP,
];

/// What is spoken inside of a protocol of these, by its name in records: a folder that has no line among them.
pub const DIALECTS: &[&str] = &[
    "anthropic",
    "chroma",
    "clickhouse",
    "couchbase",
    "elasticsearch",
    "etcd",
    "gemini",
    "graphql",
    "grpc",
    "influxdb",
    "mcp",
    "milvus",
    "openai",
    "pinecone",
    "qdrant",
    "weaviate",
    "websocket",
];
