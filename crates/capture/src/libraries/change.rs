//! What the watch tells: what to hook and to let go, and who uses what.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::Arc;

use crate::libraries::mappings::FileId;
use crate::libraries::plan::{Plan, Refusal, Stack};

/// What to do, or to know, about a library.
#[derive(Debug)]
pub enum Change {
    /// Hook this library, for all processes, by the path that the door gives.
    Attach {
        /// Which library.
        library: FileId,
        /// The way to its file, open for as long as this lives.
        door: Door,
        /// Where its functions stand.
        plan: Arc<Plan>,
    },
    /// This process has mapped a library that was given to be hooked.
    Used {
        /// Which library.
        library: FileId,
        /// By which process.
        pid: u32,
    },
    /// No process maps this library any more, or its file was overwritten: take the hooks away.
    Release {
        /// Which library.
        library: FileId,
    },
    /// This process has TLS code that stays dark.
    Dark {
        /// Which process.
        pid: u32,
        /// What its code is.
        stack: Stack,
        /// Why it stays dark.
        why: Refusal,
    },
}

/// An open file, reachable by a path from within this process whatever becomes of its name.
#[derive(Debug)]
pub struct Door(pub(crate) File);

impl Door {
    /// The path that leads to the file for as long as this lives.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()))
    }
}

/// What is known of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is hooked, or was given to be.
    Hooked(Arc<Plan>),
    /// It carries TLS that stays dark.
    Dark(Stack, Refusal),
    /// It carries no TLS that is known.
    Plain,
}

impl Standing {
    /// Whose code the file carries; `None` when it is no known TLS.
    #[must_use]
    pub fn stack(&self) -> Option<Stack> {
        match self {
            Standing::Hooked(plan) => Some(plan.code),
            Standing::Dark(stack, _) => Some(*stack),
            Standing::Plain => None,
        }
    }
}

/// One process with one file that carries TLS.
#[derive(Clone, Debug)]
pub struct Use {
    /// The process.
    pub pid: u32,
    /// The file.
    pub library: FileId,
    /// The file's build id in hexadecimal, empty when it has none.
    pub build_id: String,
    /// The file's path in the mount namespace of whoever mapped it first.
    pub path: PathBuf,
    /// What it is to us.
    pub standing: Standing,
}
