//! An access as a user's program reads it: the JSON line of the contract.

use std::time::SystemTime;

use serde::Deserialize;
use serde_json::Value;

/// One line of `--json`, as far as the tests look at it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Access {
    at: String,
    pub(crate) protocol: String,
    pub(crate) layer: String,
    pub(crate) role: Option<String>,
    pub(crate) connection: String,
    pub(crate) weight: u64,
    pub(crate) client: End,
    pub(crate) server: End,
    pub(crate) process: Option<Process>,
    pub(crate) peer_process: Option<Process>,
    pub(crate) session: Option<Session>,
    pub(crate) operation: String,
    pub(crate) statement: Option<String>,
    pub(crate) parameters: Vec<Option<String>>,
    pub(crate) targets: Vec<String>,
    pub(crate) outcome: String,
    pub(crate) error: Option<Failure>,
    pub(crate) rows: Option<u64>,
    pub(crate) affected: Option<u64>,
    pub(crate) samples: Vec<Vec<Option<String>>>,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    pub(crate) latency_us: Option<u64>,
    pub(crate) complete: Complete,
    pub(crate) paired: Option<String>,
    pub(crate) details: Value,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct End {
    pub(crate) address: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) port: Option<u16>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) name: String,
    pub(crate) exe: String,
    pub(crate) user: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Session {
    pub(crate) user: Option<String>,
    pub(crate) database: Option<String>,
    pub(crate) application: Option<String>,
    pub(crate) version: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Failure {
    pub(crate) code: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Complete {
    pub(crate) ok: bool,
    pub(crate) lost_bytes: u64,
    pub(crate) cause: Option<String>,
}

impl Access {
    /// When its request began.
    pub(crate) fn at(&self) -> SystemTime {
        humantime::parse_rfc3339(&self.at).unwrap()
    }

    /// The process and the descriptor that the connection's name says.
    pub(crate) fn socket(&self) -> (u32, u32) {
        let mut parts = self.connection.split('/').map(|part| part.parse().unwrap());
        (parts.next().unwrap(), parts.next().unwrap())
    }

    /// The asking process's id.
    pub(crate) fn client_pid(&self) -> u32 {
        self.process.as_ref().unwrap_or_else(|| panic!("nobody asked: {self:#?}")).pid
    }

    /// The answering process's id.
    pub(crate) fn server_pid(&self) -> u32 {
        self.peer_process.as_ref().unwrap_or_else(|| panic!("nobody answered: {self:#?}")).pid
    }
}
