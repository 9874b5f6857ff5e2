//! Files that are held so that they are hooked before a program maps them: the installed TLS libraries, and what is asked for.
#![expect(
    unsafe_code,
    reason = "a mapping of our own is what gives a file the name that the kernel knows it by"
)]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::ptr;

/// Where loaders look without being told (ld.so(8)); what `/etc/ld.so.conf.d` names is added.
const FOLDERS: [&str; 6] = ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64"];
/// A mapping's size: one page shows which file it is.
const PAGE: usize = 4096;
/// Folders that configuration may add; more are not looked into.
const CONFIGURED: usize = 256;

/// One page of a file, mapped as code into this process for as long as this lives.
///
/// A process that starts, makes one call and ends within 50 ms is over before its library could be looked into and
/// hooked. Held, it is hooked from the start, and never let go because nobody uses it for a while.
pub(super) struct Held {
    page: *mut libc::c_void,
    path: PathBuf,
}

// SAFETY: the page is never read or written through this pointer, only unmapped once, when the owner drops it.
unsafe impl Send for Held {}

impl Held {
    fn map(path: PathBuf) -> Option<Held> {
        let file = File::open(&path).ok()?;
        let protection = libc::PROT_READ | libc::PROT_EXEC;
        // SAFETY: a new private mapping at an address of the kernel's choice touches no memory of ours; the descriptor
        // is open for the length of the call, and the result is checked.
        let page =
            unsafe { libc::mmap(ptr::null_mut(), PAGE, protection, libc::MAP_PRIVATE, file.as_raw_fd(), 0) };
        (page != libc::MAP_FAILED).then_some(Held { page, path })
    }

    /// Whether this is the file at a path, as the kernel tells of its mapping.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        self.path == path
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: the page was mapped by `map` with this size, and nobody else knows of it.
        unsafe { libc::munmap(self.page, PAGE) };
    }
}

/// Holds every TLS library that is hooked and that the loader would find, and these files.
pub(super) fn hold(also: &[PathBuf]) -> Vec<Held> {
    let folders = FOLDERS.iter().map(PathBuf::from).chain(configured());
    let files = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().filter_map(Result::ok);
    let named = files.filter(|file| is_tls(&file.file_name().to_string_lossy()));
    let paths = named.map(|file| file.path()).chain(also.iter().cloned());
    let distinct: BTreeSet<PathBuf> = paths.filter_map(|path| fs::canonicalize(path).ok()).collect();
    distinct.into_iter().filter_map(Held::map).collect()
}

/// The folders that `/etc/ld.so.conf.d/*.conf` names, one a line.
fn configured() -> Vec<PathBuf> {
    let files = fs::read_dir("/etc/ld.so.conf.d").into_iter().flatten().filter_map(Result::ok);
    let texts = files.filter_map(|file| fs::read_to_string(file.path()).ok());
    let lines = texts.flat_map(|text| text.lines().map(str::trim).map(str::to_owned).collect::<Vec<_>>());
    lines.filter(|line| line.starts_with('/')).take(CONFIGURED).map(PathBuf::from).collect()
}

/// Whether a file's name is that of a TLS library.
fn is_tls(name: &str) -> bool {
    const NAMES: [&str; 5] =
        ["libssl.so.", "libgnutls.so.", "libmbedtls.so.", "libwolfssl.so.", "libssl3.so"];
    NAMES.iter().any(|start| name.starts_with(start)) || (name.starts_with("libssl-") && name.contains(".so"))
}

#[cfg(test)]
mod tests {
    use super::is_tls;

    #[test]
    fn a_tls_library_is_known_by_its_name() {
        for name in [
            "libssl.so.3",
            "libssl.so.1.1",
            "libssl-1a2b3c.so.3",
            "libgnutls.so.30",
            "libmbedtls.so.14",
            "libwolfssl.so.35",
            "libssl3.so",
        ] {
            assert!(is_tls(name), "{name}");
        }
        for name in ["libssl.so", "libgnutlsxx.so.30", "libssl.a", "libcrypto.so.3", "libssh.so.4"] {
            assert!(!is_tls(name), "{name}");
        }
    }
}
