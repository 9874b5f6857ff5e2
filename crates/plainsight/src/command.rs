//! A program that is started to be watched.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context;

/// The program; it outlives this if it is not done when the watch ends.
#[derive(Debug)]
pub(crate) struct Commanded {
    child: Child,
    name: String,
}

impl Commanded {
    /// Starts the program that these words name, if there are any.
    ///
    /// What it prints goes to standard error: standard output holds accesses alone.
    pub(crate) fn start(words: &[OsString]) -> anyhow::Result<Option<Self>> {
        let Some((program, arguments)) = words.split_first() else { return Ok(None) };
        let name = program.to_string_lossy().into_owned();
        let output = io::stderr().as_fd().try_clone_to_owned()?;
        let child = Command::new(program).args(arguments).stdout(Stdio::from(output)).spawn();
        let child = child.with_context(|| format!("starting {name}"))?;
        Ok(Some(Commanded { child, name }))
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs; how it ended is said, unless it ended well.
    pub(crate) fn runs(&mut self) -> anyhow::Result<bool> {
        let ended = self.child.try_wait().with_context(|| format!("waiting for {}", self.name))?;
        if let Some(status) = ended.filter(|status| !status.success()) {
            eprintln!("plainsight: {} ended with {status}", self.name);
        }
        Ok(ended.is_none())
    }
}

/// The file of a program, found as the system finds it when it is started (execvp(3)): in the folders of `PATH`, unless it says
/// itself where it is.
pub(crate) fn file_of(program: &OsStr) -> Option<PathBuf> {
    let itself = Path::new(program);
    if itself.components().count() > 1 || itself.has_root() {
        return Some(itself.to_path_buf());
    }
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(itself)).find(|file| file.is_file())
}
