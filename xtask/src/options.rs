//! What the command line asks of a recording.

use std::path::PathBuf;

use crate::Outcome;

/// What is asked for, of any protocol.
pub(crate) struct Options {
    /// The one scenario that is recorded, instead of all.
    pub(crate) only: Option<String>,
    /// Where PostgreSQL's programs are.
    pub(crate) programs: PathBuf,
    /// The Python that has the clients' packages.
    pub(crate) python: String,
}

impl Options {
    /// Reads the words behind `record PROTOCOL`.
    pub(crate) fn read(words: &[&str]) -> Outcome<Options> {
        let mut options = Options {
            only: None,
            programs: PathBuf::from("/usr/lib/postgresql/15/bin"),
            python: "python3".to_owned(),
        };
        for pair in words.chunks(2) {
            match pair {
                ["--only", name] => options.only = Some((*name).to_owned()),
                ["--programs", folder] => options.programs = PathBuf::from(folder),
                ["--python", program] => options.python = (*program).to_owned(),
                _ => return Err(crate::USAGE.to_owned()),
            }
        }
        Ok(options)
    }

    /// Whether this scenario is recorded.
    pub(crate) fn wants(&self, scenario: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == scenario)
    }
}
