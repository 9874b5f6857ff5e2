//! Filters in a file, which may change while it is watched by them.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use capture::kernel::choice::Choice;
use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use crate::cli::{self, Cli, Share, Wish};
use crate::filter::{Filter, Whom};

/// How often it is looked whether the file changed.
const LOOK: Duration = Duration::from_millis(500);

/// What is asked for: on the command line, or in a file.
#[derive(Debug)]
pub(crate) struct Asked {
    wish: Wish,
    file: Option<Filters>,
    whom: Whom,
}

impl Asked {
    /// What the options say. Ends the program where they say it twice, or the file says what is none.
    pub(crate) fn of(options: &cli::Watch) -> anyhow::Result<Self> {
        let whom = if options.command.is_empty() { Whom::Anybody } else { Whom::Started };
        let wish = Wish { filter: options.filter.clone(), share: options.share };
        let Some(path) = &options.filters else { return Ok(Asked { wish, file: None, whom }) };
        if wish != Wish::default() {
            let told = "filters stand either on the command line or in the file that --filters names";
            Cli::command().error(ErrorKind::ArgumentConflict, told).exit();
        }
        let (file, wish) = Filters::open(path)?;
        Ok(Asked { wish, file: Some(file), whom })
    }

    /// What of it the kernel side can decide.
    pub(crate) fn choice(&self) -> Choice {
        self.wish.share.of(self.wish.filter.ends().choice(self.whom))
    }

    /// Which accesses are to be shown, of this process and what it starts alone if there is one.
    pub(crate) fn filter(&self, root: Option<u32>) -> Filter {
        self.wish.filter.clone().below(root)
    }

    /// Whether something else is asked for since the last call. What the file says wrongly is told, and changes nothing.
    pub(crate) fn changed(&mut self) -> bool {
        match self.file.as_mut().and_then(Filters::changed) {
            Some(wish) => {
                let is_other = wish != self.wish;
                self.wish = wish;
                is_other
            }
            None => false,
        }
    }
}

/// A file of filters.
#[derive(Debug)]
struct Filters {
    path: PathBuf,
    read: Option<Stamp>,
    looked: Instant,
}

/// What tells a file from the one that stood there before, and its text from an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    length: u64,
    changed: (i64, i64),
}

impl Filters {
    /// The file, and what it says.
    fn open(path: &Path) -> anyhow::Result<(Self, Wish)> {
        let mut filters = Filters { path: path.to_owned(), read: None, looked: Instant::now() };
        let wish = filters.read()?;
        Ok((filters, wish))
    }

    /// What the file says, when it was written since it was read.
    fn changed(&mut self) -> Option<Wish> {
        if self.looked.elapsed() < LOOK {
            return None;
        }
        self.looked = Instant::now();
        if fs::metadata(&self.path).ok().as_ref().map(Stamp::of) == self.read {
            return None;
        }
        match self.read() {
            Ok(wish) => Some(wish),
            Err(error) => {
                eprintln!("plainsight: {error:#}; what was asked for before holds on");
                None
            }
        }
    }

    fn read(&mut self) -> anyhow::Result<Wish> {
        let file = self.path.display();
        // Before the text: what is written meanwhile is found by the next look.
        self.read = fs::metadata(&self.path).ok().as_ref().map(Stamp::of);
        let text = fs::read_to_string(&self.path).with_context(|| format!("reading filters from {file}"))?;
        parse(&text).with_context(|| format!("reading filters from {file}"))
    }
}

fn parse(text: &str) -> Result<Wish, clap::Error> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    Wish::try_parse_from(lines.flat_map(str::split_whitespace))
}

impl Stamp {
    fn of(file: &Metadata) -> Stamp {
        Stamp { inode: file.ino(), length: file.len(), changed: (file.mtime(), file.mtime_nsec()) }
    }
}

impl Share {
    /// A choice with so much of what it wants.
    pub(crate) fn of(self, choice: Choice) -> Choice {
        Choice { sample: self.sample.unwrap_or_default(), rate: self.rate.unwrap_or_default(), ..choice }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::parse;
    use crate::cli::Wish;

    #[test]
    fn a_file_says_what_a_command_line_does() {
        let said =
            parse("# the shop\n--name psql,redis-cli --port 5432 # and nothing else\n\n  --sample 1/10\n")
                .unwrap();
        let words = ["--name", "psql,redis-cli", "--port", "5432", "--sample", "1/10"];
        assert_eq!(said, Wish::try_parse_from(words).unwrap());
        assert_eq!(parse("").unwrap(), Wish::default());
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for text in ["psql", "--json", "--sample 10", "--sample 1/0", "--rate 0", "--port 5432 --nonsense"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
