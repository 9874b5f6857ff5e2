//! Java programs of the tests, which say when they are ready and go on when they are told to.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::ground::{Ground, program_path, skip};
use super::process::{Lines, Running, run, text_of};
use super::watch::PLAINSIGHT;

/// A program that waits to be told.
pub(crate) struct Java {
    running: Running,
    lines: Lines,
}

/// The agent, written to the ground's folder; `None` where Plainsight was built without it, which was then said.
pub(crate) fn agent(ground: &Ground, test: &str) -> Option<PathBuf> {
    let file = ground.folder.path().join("agent.jar");
    let written = Command::new(PLAINSIGHT).args(["agent", "java", "--write"]).arg(&file).output().unwrap();
    if !written.status.success() {
        skip(test, &String::from_utf8_lossy(&written.stderr));
        return None;
    }
    Some(file)
}

/// Compiles `file` of `tests/live/clients` into a folder, for a Java without compiler.
pub(crate) fn compiled(ground: &Ground, file: &str) -> PathBuf {
    let folder = ground.folder.path().join("classes");
    run(Command::new("javac").args(["--release", "11", "-d"]).arg(&folder).arg(source(file)));
    folder
}

fn source(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/clients").join(file)
}

impl Java {
    /// Starts `file` of `tests/live/clients`, with `options` for Java before it and `words` behind.
    pub(crate) fn start(options: &[String], file: &str, words: &[String]) -> Java {
        let mut java = Command::new(program_path("java").unwrap());
        Java::of(java.args(options).arg(source(file)).args(words))
    }

    /// Starts what `command` says.
    pub(crate) fn of(command: &mut Command) -> Java {
        let mut running = Running::start(command);
        let lines = Lines::of(running.0.stdout.take().unwrap());
        assert_eq!(lines.next().as_deref(), Some("ready"));
        Java { running, lines }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// Loads the agent into it.
    pub(crate) fn attach(&self) {
        run(Command::new(PLAINSIGHT).args(["agent", "java", &self.pid().to_string()]));
    }

    /// What the doctor says of its TLS: how it is watched, and why not.
    pub(crate) fn doctor(&self) -> (Value, Value) {
        let report: Value =
            serde_json::from_str(&text_of(Command::new(PLAINSIGHT).args(["doctor", "--json"]))).unwrap();
        let pid = self.pid();
        let is_it = |process: &&Value| process["pid"] == pid && process["library"] == "Java";
        let process = report["processes"].as_array().unwrap().iter().find(is_it);
        let process = process.unwrap_or_else(|| panic!("the doctor does not know {pid}: {report:#}"));
        (process["hook"].clone(), process["why"].clone())
    }

    /// What it said on its standard error, when it was told to go on and has ended.
    pub(crate) fn errors(mut self) -> String {
        drop(self.running.0.stdin.take());
        let mut errors = String::new();
        self.running.0.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        errors
    }

    /// Tells it to go on, and gives what it said when it has ended well.
    pub(crate) fn go(self) -> Vec<String> {
        let Java { running, lines } = self;
        running.end_well();
        std::iter::from_fn(|| lines.next()).collect()
    }
}
