//! Why the kernel cannot be watched, and what the reader can do about it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::host::{Feature, State};

/// What to do without privilege.
const ADVICE: &str = "run it as root (`sudo`), or give it privileges with `setcap \
                      cap_bpf,cap_perfmon,cap_sys_ptrace+ep` (before Linux 6.6 with cap_sys_admin too)";

/// Why the kernel cannot be watched.
#[derive(Debug, Error)]
pub enum KernelError {
    /// Something that watching cannot do without is missing.
    #[error("the kernel cannot be watched from here\n{}", told(lacks))]
    Lacking {
        /// What is missing.
        lacks: Vec<Feature>,
    },
    /// The kernel refused a program.
    #[error(
        "the kernel refused the programs ({reason}), though nothing is known to be missing. It said:\n{said}"
    )]
    Refused {
        /// The kernel's answer.
        reason: String,
        /// The end of what the verifier wrote.
        said: String,
    },
    /// A hook could not be set.
    #[error("the kernel refused the hook {hook}: {reason}")]
    Hook {
        /// Which hook.
        hook: &'static str,
        /// The kernel's answer.
        reason: String,
    },
    /// The ring could not be mapped.
    #[error("the ring buffer could not be mapped")]
    Ring(#[source] io::Error),
    /// A library's functions could not be hooked.
    #[error("the functions of {path} could not be hooked: {reason}", path = path.display())]
    Library {
        /// Which file.
        path: PathBuf,
        /// The kernel's answer.
        reason: String,
    },
    /// The kernel side could not be told what is wanted.
    #[error("the kernel could not be told what is wanted: {0}")]
    Choice(String),
    /// A figure could not be read.
    #[error("the ledger could not be read: {0}")]
    Ledger(String),
}

/// Each thing that is missing, a line, and what to do.
fn told(lacks: &[Feature]) -> String {
    let mut text = String::new();
    for feature in lacks {
        let (State::Missing(advice) | State::Limited(advice)) = &feature.state else { continue };
        text += &format!("  {}: {}\n    {advice}\n", feature.name, feature.found);
    }
    if lacks.iter().any(|feature| feature.name.starts_with("CAP_")) {
        text += ADVICE;
    }
    text.trim_end().to_owned()
}
