//! Where the captures are, and which expectations lie beside each.

use std::io::Write;
use std::path::{Path, PathBuf};

/// One capture.
pub(crate) struct Capture {
    /// Folder and file.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// The files beside it that say what is in it.
    pub(crate) expectations: Vec<PathBuf>,
}

/// Every capture, by name; `None` without a corpus, which is said.
pub(crate) fn all() -> Option<Vec<Capture>> {
    let root = std::env::var_os("PLAINSIGHT_CORPUS").map_or_else(beside_the_project, PathBuf::from);
    if !root.join("index.tsv").is_file() {
        say(&format!(
            "SKIPPED: there is no corpus of captures in {} (PLAINSIGHT_CORPUS says where)",
            root.display()
        ));
        return None;
    }
    let mut captures: Vec<_> = entries(&root).iter().flat_map(|folder| in_folder(folder)).collect();
    captures.sort_by(|one, other| one.name.cmp(&other.name));
    Some(captures)
}

fn beside_the_project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus")
}

fn in_folder(folder: &Path) -> Vec<Capture> {
    let captures = entries(folder).into_iter().filter(|path| path.is_file());
    captures
        .map(|path| Capture {
            name: format!("{}/{}", file_name(folder), file_name(&path)),
            expectations: entries(&folder.join(format!("{}.golden", file_name(&path)))),
            path,
        })
        .collect()
}

/// What a folder holds; nothing, if it is none.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

/// The last part of a path.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Says a line that is read even when a test succeeds, whose `eprintln!` nobody sees.
pub(crate) fn say(line: &str) {
    _ = writeln!(std::io::stderr(), "{line}");
}
