//! Clients of the tests, in the languages that people use; each prints the truth about itself as lines of JSON.

use std::path::Path;
use std::process::Command;

use serde::de::DeserializeOwned;

use super::ground::program_path;
use super::process::text_of;

/// Debian's own Python, for which the drivers are packaged.
const PYTHON: &str = "/usr/bin/python3";

/// A Python client, of `tests/live/clients`.
pub(crate) fn python(file: &str) -> Command {
    let mut command = Command::new(PYTHON);
    command.arg("-u").arg(path(file));
    command
}

/// A Node client, of `tests/live/clients`.
pub(crate) fn node(file: &str) -> Command {
    let mut command = Command::new(program_path("node").unwrap());
    command.arg(path(file));
    command
}

/// Whether Debian's Python has a module.
pub(crate) fn python_has(module: &str) -> bool {
    Command::new(PYTHON).args(["-c", &format!("import {module}")]).output().is_ok_and(|o| o.status.success())
}

/// The truth that a client prints.
pub(crate) fn truth_of<T: DeserializeOwned>(client: &mut Command) -> Vec<T> {
    text_of(client).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn path(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/clients").join(file)
}
