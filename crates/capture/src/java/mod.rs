//! Java's own TLS, which no hook finds: the agent that tells of it where a user asked for that (docs/adr/0021).

pub mod attach;

use std::fs;

/// The agent, for `-javaagent:`; empty where this was built without a Java compiler.
const JAR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/plainsight-agent.jar"));
/// What the build said when it could not make it.
const LACKING: &str = include_str!(concat!(env!("OUT_DIR"), "/plainsight-agent.why"));
/// The thread by which a process shows that the agent is in it (`PlainsightTap`).
const THREAD: &str = "plainsight";

/// The agent's file.
///
/// # Errors
/// Why this program was built without it.
pub fn jar() -> Result<&'static [u8], &'static str> {
    if JAR.is_empty() { Err(LACKING) } else { Ok(JAR) }
}

/// Whether the agent is in a process; `false` where it cannot be looked at.
#[must_use]
pub fn is_loaded(pid: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().filter_map(Result::ok);
    let mut names = threads.filter_map(|thread| fs::read_to_string(thread.path().join("comm")).ok());
    names.any(|name| name.trim_end() == THREAD)
}
