//! Clients of the tests, in the languages that people use; each prints the truth about itself as lines of JSON.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ground::{program_path, skip};
use super::process::{Running, text_of};

/// Debian's own Python, for which the drivers are packaged.
const PYTHON: &str = "/usr/bin/python3";

/// What a client of a database says of one statement.
#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    pub(crate) pid: u32,
    pub(crate) statement: String,
    pub(crate) rows: Option<u64>,
    pub(crate) error: Option<String>,
    pub(crate) parameters: Vec<String>,
}

/// What a client of the Model Context Protocol says of one message.
#[derive(Debug, Deserialize)]
pub(crate) struct Called {
    pub(crate) pid: u32,
    pub(crate) operation: String,
    pub(crate) target: Option<String>,
    pub(crate) parameters: Vec<Option<String>>,
    pub(crate) text: Option<String>,
    pub(crate) error: Option<String>,
}

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

/// A Perl client, of `tests/live/clients`, in Debian's own Perl.
pub(crate) fn perl(file: &str) -> Command {
    let mut command = Command::new("/usr/bin/perl");
    command.arg(path(file));
    command
}

/// Whether Debian's Python has a module.
pub(crate) fn python_has(module: &str) -> bool {
    Command::new(PYTHON).args(["-c", &format!("import {module}")]).output().is_ok_and(|o| o.status.success())
}

/// A package of Python with TLS code of its own, or a server that Debian has not: `.ci/wheels` has put it beside what
/// cargo builds.
pub(crate) struct Wheel {
    folder: PathBuf,
}

impl Wheel {
    /// The package; `None` when it is not there, which was then said.
    pub(crate) fn of(test: &str, name: &str) -> Option<Wheel> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("wheels").join(name);
        if !folder.join(".fetched").exists() {
            skip(test, &format!("`.ci/wheels` has not fetched {name}"));
            return None;
        }
        Some(Wheel { folder })
    }

    /// A file of the package.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    /// A Python client that has the package.
    pub(crate) fn python(&self, file: &str) -> Command {
        self.give(python(file))
    }

    /// A module of the package that is a program.
    pub(crate) fn module(&self, name: &str) -> Command {
        let mut command = self.give(Command::new(PYTHON));
        command.args(["-u", "-m", name]);
        command
    }

    /// A program of these words.
    pub(crate) fn words(&self, words: &str) -> Command {
        let mut command = self.give(Command::new(PYTHON));
        command.args(["-c", words]);
        command
    }

    /// A process that has loaded a module of the package, and waits.
    pub(crate) fn loaded(&self, module: &str) -> Running {
        let words = format!("import {module}; print({module}.__file__, flush=True); input()");
        Running::start(self.give(Command::new(PYTHON)).args(["-W", "ignore", "-c", &words])).after_line()
    }

    /// A Node program that has the package.
    pub(crate) fn node(&self, file: &str) -> Command {
        let mut command = node(file);
        command.env("NODE_PATH", self.file("node_modules"));
        command
    }

    fn give(&self, mut command: Command) -> Command {
        command.env("PYTHONPATH", &self.folder);
        command
    }
}

/// The truth that a client prints.
pub(crate) fn truth_of<T: DeserializeOwned>(client: &mut Command) -> Vec<T> {
    text_of(client).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A file of `tests/live/clients`.
pub(crate) fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/clients").join(file)
}
