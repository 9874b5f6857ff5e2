//! The ground: what a test needs of the machine, and the right to be alone on it.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held by the one test that runs.
static ALONE: Mutex<()> = Mutex::new(());

/// The right to run, for as long as it is kept.
pub(crate) struct Ground {
    _alone: MutexGuard<'static, ()>,
    /// A folder of the test's own that everybody may read, gone with it.
    pub(crate) folder: tempfile::TempDir,
}

/// Waits for the test's turn; `None` when the machine lacks something, which was then said.
///
/// # Panics
/// When something is missing under `CI=true`.
pub(crate) fn ground(test: &str, programs: &[&str]) -> Option<Ground> {
    // A test that failed while it was alone has let go of everything by unwinding.
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let missing = missing(programs);
    if missing.is_empty() {
        let folder = tempfile::Builder::new().prefix("plainsight-test.").tempdir_in("/tmp").unwrap();
        super::process::open_to_all(folder.path());
        return Some(Ground { _alone: alone, folder });
    }
    skip(test, &missing);
    None
}

/// Says loudly that a test is skipped.
///
/// # Panics
/// Under `CI=true`.
pub(crate) fn skip(test: &str, why: &str) {
    let told = format!("SKIPPED {test}: {why}\n");
    assert!(std::env::var_os("CI").as_deref() != Some(OsStr::new("true")), "{told}");
    // Not `eprintln!`, which the harness keeps to itself when a test passes.
    std::io::stderr().write_all(told.as_bytes()).unwrap();
}

fn missing(programs: &[&str]) -> String {
    let mut missing = String::new();
    if !rustix::process::geteuid().is_root() {
        missing.push_str("needs root; ");
    }
    if !Path::new("/sys/kernel/btf/vmlinux").exists() {
        missing.push_str("needs a kernel with BTF; ");
    }
    for program in programs {
        if program_path(program).is_none() {
            _ = write!(missing, "needs the program {program} (`.ci/packages test`); ");
        }
    }
    missing
}

/// Where a program is; system folders count even where they are not in the path.
pub(crate) fn program_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path);
    let system = ["/usr/sbin", "/sbin", "/usr/bin"].map(PathBuf::from);
    folders.chain(system).chain(postgres_folder()).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Where the newest PostgreSQL keeps its programs.
fn postgres_folder() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(Result::ok);
    let newest = versions.max_by_key(|version| version.file_name().to_string_lossy().parse().unwrap_or(0))?;
    Some(newest.path().join("bin"))
}
