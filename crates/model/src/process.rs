//! Processes: who runs, as whom, and started by whom.

use std::sync::Arc;

/// A process as it was when it was last seen to start a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// The process (thread group) id in the host's namespace.
    pub pid: u32,
    /// The kernel's short name of the process, at most 15 bytes.
    pub name: Arc<str>,
    /// The executable's path, empty when it could not be read.
    pub exe: Arc<str>,
    /// The command line, words separated by a blank, shortened to a bound.
    pub command: Arc<str>,
    /// The user's numeric id.
    pub uid: u32,
    /// The user's name, where the host knows one.
    pub user: Option<Arc<str>>,
    /// The names of the processes above, nearest first.
    pub parents: Vec<Arc<str>>,
    /// Their ids, as far as they are known; a recording has none.
    pub ancestors: Vec<u32>,
    /// The container's id, where the control group names one.
    pub container: Option<Arc<str>>,
}
