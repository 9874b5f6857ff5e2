//! Plainsight, end to end: real servers, real clients, the real kernel, and the program as its users run it.
//!
//! These tests need root, a kernel with BTF and the programs that they name. Where something is missing they say loudly
//! that they were skipped; under `CI=true` that is a failure. They run one after the other, whatever the harness does:
//! the truth they compare with is a server's own log, and two of them on one small machine would only wait for each other.
#![cfg(test)]
#![forbid(unsafe_code)]

mod support;

mod amqp;
mod amqp10;
mod budget;
mod capabilities;
mod cassandra;
mod choosing;
mod clickhouse;
mod command;
mod darkness;
mod db2;
mod dialects;
mod dns;
mod early;
mod etcd;
mod fastcgi;
mod faults;
mod first;
mod ftp;
mod gnutls;
mod go;
mod http2;
mod java;
mod kafka;
mod ldap;
mod linked;
mod load;
mod losses;
mod mailboxes;
mod memcached;
mod memories;
mod milvus;
mod mongodb;
mod mqtt;
mod mssql;
mod mysql;
mod namespaces;
mod nats;
mod neo4j;
mod openwire;
mod packets;
mod postgres;
mod privilege;
mod pulsar;
mod redis;
mod rings;
mod rustls;
mod smtp;
mod sockets;
mod stacks;
mod stdio;
mod stomp;
mod stripped;
mod thrift;
mod upgrade;
mod web;
mod wheels;
mod zookeeper;
