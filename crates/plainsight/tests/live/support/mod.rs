//! What the tests stand on: the ground they need, servers of their own, and the watch.

pub(crate) mod access;
pub(crate) mod clients;
pub(crate) mod dark;
pub(crate) mod dovecot;
pub(crate) mod envoy;
pub(crate) mod go;
pub(crate) mod ground;
pub(crate) mod java;
pub(crate) mod libraries;
pub(crate) mod lighttpd;
pub(crate) mod mysql;
pub(crate) mod nginx;
pub(crate) mod postfix;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod rabbitmq;
pub(crate) mod slapd;
pub(crate) mod stores;
pub(crate) mod watch;
