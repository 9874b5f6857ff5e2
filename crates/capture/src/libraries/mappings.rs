//! Which files a process has mapped as code, and a way to each that holds across mount namespaces and deletions.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;

/// A line of `maps` is no longer than a path (4,096 bytes, each perhaps escaped to four) and what stands before it.
const LINE: u64 = 20_000;
/// The kernel's own default for a process's mappings (`vm.max_map_count`), sixteen times.
const LINES: usize = 16 * 65_530;

/// Names one file as the kernel does: hooks are per inode, however many paths lead to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct FileId {
    /// The file system's device, major part.
    pub major: u32,
    /// The file system's device, minor part.
    pub minor: u32,
    /// The inode's number.
    pub inode: u64,
}

/// One file mapped as code by one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// The process, as this process's `/proc` numbers it.
    pub pid: u32,
    /// Which file.
    pub file: FileId,
    /// Which user of its inode the file is, where the kernel says it.
    pub generation: Option<u64>,
    /// The first address of the mapping.
    pub start: u64,
    /// The address after its last.
    pub end: u64,
    /// The path in the process's own mount namespace; nobody promises that it still leads there.
    pub path: PathBuf,
}

/// The processes that run now.
///
/// # Errors
/// When `/proc` cannot be listed.
pub fn processes() -> io::Result<Vec<u32>> {
    let names = fs::read_dir("/proc")?.filter_map(|entry| Some(entry.ok()?.file_name()));
    Ok(names.filter_map(|name| name.to_str()?.parse().ok()).collect())
}

/// Gives each file that a process has mapped as code to `each`; a file mapped in pieces may come more than once.
///
/// # Errors
/// When the process has ended, or may not be looked at from here (that wants `CAP_SYS_PTRACE`).
pub fn of_process(pid: u32, mut each: impl FnMut(Mapped)) -> io::Result<()> {
    let mut maps = BufReader::new(File::open(format!("/proc/{pid}/maps"))?);
    let mut line = Vec::new();
    for _ in 0..LINES {
        line.clear();
        if maps.by_ref().take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if let Some(mapped) = parse(pid, &line) {
            each(mapped);
        }
    }
    Ok(())
}

/// One line of `/proc/PID/maps` (proc_pid_maps(5)), if it is code from a file.
fn parse(pid: u32, line: &[u8]) -> Option<Mapped> {
    let mut words = line.splitn(6, |byte| *byte == b' ');
    let mut word = || std::str::from_utf8(words.next()?).ok();
    let (start, end) = word()?.split_once('-')?;
    let (permissions, _offset, device, inode) = (word()?, word()?, word()?, word()?);
    let inode = inode.parse().ok().filter(|inode| *inode != 0)?;
    if permissions.as_bytes().get(2) != Some(&b'x') {
        return None;
    }
    let (major, minor) = device.split_once(':')?;
    let hex = |text| u32::from_str_radix(text, 16).ok();
    let file = FileId { major: hex(major)?, minor: hex(minor)?, inode };
    let path = words.next()?.trim_ascii();
    Some(Mapped {
        pid,
        file,
        generation: None,
        start: u64::from_str_radix(start, 16).ok()?,
        end: u64::from_str_radix(end, 16).ok()?,
        path: PathBuf::from(OsStr::from_bytes(path)),
    })
}

/// Opens a mapped file: by the mapping itself, else by the process's own root, else by our own.
///
/// A path that leads to another file by now is not taken. `None` when no way leads there: the process ended, or
/// the privilege is missing (`CAP_SYS_PTRACE` for the root; for the mapping also `CAP_CHECKPOINT_RESTORE`, and
/// `CAP_DAC_READ_SEARCH` for those of other users).
#[must_use]
pub fn open(mapped: &Mapped) -> Option<File> {
    let Mapped { pid, file: id, start, end, path, .. } = mapped;
    let has_inode = |file: &File| file.metadata().is_ok_and(|meta| meta.ino() == id.inode);
    let by_mapping = PathBuf::from(format!("/proc/{pid}/map_files/{start:x}-{end:x}"));
    [by_mapping, in_root(*pid, path)]
        .iter()
        .find_map(|way| open_regular(way).filter(has_inode))
        .or_else(|| open_regular(path).filter(|file| is_the_same(file, *id)))
}

/// What is said of a mapped file by its path: in the process's own root, or in ours when the process has ended.
pub(crate) fn metadata(mapped: &Mapped) -> Option<fs::Metadata> {
    let in_its_root = fs::metadata(in_root(mapped.pid, &mapped.path)).ok();
    let its_own = in_its_root.filter(|meta| meta.ino() == mapped.file.inode);
    its_own.or_else(|| fs::metadata(&mapped.path).ok().filter(|meta| is_of(meta, mapped.file)))
}

/// Opens another file of the directory that a mapped file is in.
pub(crate) fn open_beside(mapped: &Mapped, name: &str) -> Option<File> {
    open_regular(&in_root(mapped.pid, &mapped.path.with_file_name(name)))
}

/// The path of a process's file as it is reached from our own mount namespace.
pub(crate) fn in_root(pid: u32, path: &Path) -> PathBuf {
    let mut rooted = PathBuf::from(format!("/proc/{pid}/root"));
    rooted.push(path.strip_prefix("/").unwrap_or(path));
    rooted
}

/// Opens without ever waiting (a path may have become a pipe) and gives up on what is no plain file.
fn open_regular(path: &Path) -> Option<File> {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    file.metadata().is_ok_and(|meta| meta.is_file()).then_some(file)
}

/// Whether a file found by our own root is the one that was mapped, perhaps below another root.
///
/// By the process's own root inodes suffice, and must: some file systems (btrfs, overlay) show another device in
/// `stat` than in a mapping. Here, without the process, such files are given up.
fn is_the_same(file: &File, id: FileId) -> bool {
    file.metadata().is_ok_and(|meta| is_of(&meta, id))
}

fn is_of(meta: &fs::Metadata, id: FileId) -> bool {
    meta.ino() == id.inode && (libc::major(meta.dev()), libc::minor(meta.dev())) == (id.major, id.minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_from_files_is_found_and_nothing_else() {
        let line =
            b"7f12a000-7f12b000 r-xp 0001f000 fe:01 123456                     /usr/lib/a b.so (deleted)\n";
        let mapped = parse(7, line).unwrap();
        assert_eq!(mapped.file, FileId { major: 0xfe, minor: 1, inode: 123_456 });
        assert_eq!((mapped.start, mapped.end), (0x7f12_a000, 0x7f12_b000));
        assert_eq!(mapped.path, Path::new("/usr/lib/a b.so (deleted)"));
        for other in [
            b"7f12a000-7f12b000 r--p 0001f000 fe:01 123456  /usr/lib/a.so\n".as_slice(),
            b"7f12a000-7f12b000 r-xp 00000000 00:00 0       [vdso]\n",
            b"7f12a000 r-xp\n",
            b"\xff\xfe",
            b"",
        ] {
            assert_eq!(parse(7, other), None, "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn this_process_maps_its_executable() {
        let me = std::process::id();
        let mut mine = Vec::new();
        of_process(me, |mapped| mine.push(mapped)).unwrap();
        let executable = std::env::current_exe().unwrap();
        let found = mine.iter().find(|mapped| mapped.path == executable).unwrap();
        let opened = open(found).unwrap().metadata().unwrap();
        assert_eq!(opened.ino(), fs::metadata(&executable).unwrap().ino());
        assert!(processes().unwrap().contains(&me));
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_not_taken() {
        let file = FileId { major: 0, minor: 0, inode: u64::MAX };
        let path = PathBuf::from("/etc/passwd");
        assert!(
            open(&Mapped { pid: std::process::id(), file, generation: None, start: 0, end: 0, path })
                .is_none()
        );
    }
}
