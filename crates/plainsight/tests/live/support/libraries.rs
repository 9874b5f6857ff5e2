//! TLS libraries as the programs of the tests map them.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::ground::program_path;
use super::process::text_of;

/// The files of OpenSSL that curl maps on this machine.
pub(crate) fn of_curl() -> Vec<PathBuf> {
    linked("curl", &["libssl", "libcrypto"])
}

/// The files that a program maps on this machine, by a part of their names; none where it is not installed.
fn linked(program: &str, names: &[&str]) -> Vec<PathBuf> {
    let Some(program) = program_path(program) else { return Vec::new() };
    let linked = text_of(std::process::Command::new("ldd").arg(program));
    let path = |line: &str| line.split_whitespace().find(|word| word.starts_with('/')).map(PathBuf::from);
    linked.lines().filter(|line| names.iter().any(|name| line.contains(name))).filter_map(path).collect()
}

/// Copies of them, which nobody ever mapped.
pub(crate) fn copy_to(folder: &Path) {
    fs::create_dir(folder).unwrap();
    for library in of_curl() {
        fs::copy(&library, folder.join(library.file_name().unwrap())).unwrap();
    }
}

/// Copies of OpenSSL and GnuTLS that nobody can look into: without the table of their sections, which loaders do not
/// read. Who uses them is not hooked, as if it stood on another machine.
pub(crate) fn blinded_to(folder: &Path) {
    fs::create_dir(folder).unwrap();
    for library in of_curl().into_iter().chain(linked("gnutls-serv", &["libgnutls"])) {
        blind(&library, &folder.join(library.file_name().unwrap()));
    }
}

/// Copies a library or a program without the table of its sections.
pub(crate) fn blind(file: &Path, to: &Path) {
    fs::copy(file, to).unwrap();
    let copy = fs::OpenOptions::new().write(true).open(to).unwrap();
    // `e_shoff` of the header, then `e_shnum` and `e_shstrndx` (elf(5)).
    copy.write_all_at(&[0; 8], 0x28).unwrap();
    copy.write_all_at(&[0; 4], 0x3c).unwrap();
}

/// How many bytes of the code of a process's file, known by a part of its path, are not as in the file: where hooks stand.
pub(crate) fn changed_bytes(pid: u32, path: &str) -> usize {
    let [memory, file] = code_of(pid, path);
    memory.iter().zip(&file).filter(|(memory, file)| memory != file).count()
}

/// Whether any is; at once, so that it can be asked while a moment is waited for.
pub(crate) fn differs(pid: u32, path: &Path) -> bool {
    let [memory, file] = code_of(pid, path.to_str().unwrap());
    memory != file
}

/// The code of a process's file in its memory, and as it is in the file.
fn code_of(pid: u32, path: &str) -> [Vec<u8>; 2] {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let line = maps.lines().find(|line| line.contains("r-xp") && line.contains(path)).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    let (start, end) = words[0].split_once('-').unwrap();
    let number = |hex| u64::from_str_radix(hex, 16).unwrap();
    let length = usize::try_from(number(end) - number(start)).unwrap();
    let (mut memory, mut file) = (vec![0; length], vec![0; length]);
    fs::File::open(format!("/proc/{pid}/mem")).unwrap().read_exact_at(&mut memory, number(start)).unwrap();
    // The last page of the mapping may be longer than the file.
    let read = fs::File::open(words[5]).unwrap().read_at(&mut file, number(words[2])).unwrap();
    memory.truncate(read);
    file.truncate(read);
    [memory, file]
}
