//! Why the kernel cannot be watched, and what the reader can do about it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// What to do without privilege.
const ADVICE: &str = "run it as root (`sudo`), or give it `setcap cap_bpf,cap_perfmon,cap_sys_ptrace+ep`";

/// Why the kernel cannot be watched.
#[derive(Debug, Error)]
pub enum KernelError {
    /// The kernel describes its own structures nowhere.
    #[error(
        "the kernel has no type description at /sys/kernel/btf/vmlinux: it needs CONFIG_DEBUG_INFO_BTF (every \
         distribution's kernel from 5.8 on has it)"
    )]
    NoTypes,
    /// The process may not load kernel programs.
    #[error("this process may not watch the kernel: it lacks {}; {}", lacks.join(", "), ADVICE)]
    NotAllowed {
        /// The capabilities that are missing.
        lacks: Vec<&'static str>,
    },
    /// The kernel refused a program.
    #[error(
        "the kernel refused the programs ({reason}); `plainsight doctor` tells what it lacks. It said:\n{said}"
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
    /// A figure could not be read.
    #[error("the ledger could not be read: {0}")]
    Ledger(String),
}
