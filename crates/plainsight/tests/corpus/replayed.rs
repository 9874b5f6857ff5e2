//! What `plainsight replay --json` says of a capture, within bounds of time and memory.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::captures::Capture;

/// The most seconds of CPU for one capture: the slowest takes 0.15.
const SECONDS: u32 = 10;
/// The most KiB of address space: the greediest capture takes 40 MiB of it, the binary and its libraries included.
const KIBIBYTES: u32 = 128 << 10;

/// One line of what was replayed.
pub(crate) struct Access(Value);

impl Access {
    /// The text at `pointer` (`/session/user`), empty where there is none.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The texts of the list at `pointer`.
    pub(crate) fn texts(&self, pointer: &str) -> Vec<&str> {
        let list = self.0.pointer(pointer).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The number at `pointer`.
    pub(crate) fn number(&self, pointer: &str) -> Option<u64> {
        self.0.pointer(pointer).and_then(Value::as_u64)
    }
}

/// Replays a capture; the replay may find nothing, and must not fail in any other way.
pub(crate) fn replay(capture: &Capture) -> Vec<Access> {
    replay_with(capture, &[])
}

/// The same, with more options.
pub(crate) fn replay_with(capture: &Capture, options: &[&OsStr]) -> Vec<Access> {
    let bounded = format!("ulimit -t {SECONDS}; ulimit -v {KIBIBYTES}; exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &bounded, env!("CARGO_BIN_EXE_plainsight"), "replay", "--json"])
        .args(options)
        .arg(&capture.path)
        .stdin(Stdio::null())
        .output()
        .expect("sh runs");
    let name = &capture.name;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{name}: {}: {said}", output.status);
    assert!(!said.contains("panicked"), "{name}: {said}");
    assert!(!said.contains("do not hold"), "each byte has its fate: {name}: {said}");
    let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let lines = text.lines().map(|line| serde_json::from_str(line).map(Access));
    let accesses = lines.collect::<Result<Vec<_>, _>>();
    let accesses = accesses.unwrap_or_else(|error| panic!("{name}: a line is no JSON: {error}"));
    assert_eq!(
        output.status.code() == Some(0),
        !accesses.is_empty(),
        "{name}: the status says otherwise: {said}"
    );
    accesses
}
