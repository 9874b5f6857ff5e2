//! The file that packets go to, or the ring of files.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::pcapng::block;

/// What is gathered before the disk is asked.
const GATHERED: usize = 256 << 10;

/// A ring of files: the oldest gives way to the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    /// How many files there are.
    pub files: u32,
    /// How many bytes each holds; the packets of one call may go beyond it.
    pub bytes: u64,
}

/// The file that is written, and those before it.
#[derive(Debug)]
pub(super) struct Files {
    path: PathBuf,
    ring: Option<Ring>,
    ordinal: u32,
    file: BufWriter<File>,
    written: u64,
}

impl Files {
    pub(super) fn create(path: &Path, ring: Option<Ring>) -> io::Result<Self> {
        let first = named(path, ring, 0);
        Ok(Files { path: path.to_owned(), ring, ordinal: 0, file: begin(&first)?, written: 0 })
    }

    /// The number of the file that is written, counted on in a ring.
    pub(super) fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// Writes blocks, and leaves `blocks` empty.
    pub(super) fn write(&mut self, blocks: &mut Vec<u8>) -> io::Result<()> {
        if blocks.is_empty() {
            return Ok(());
        }
        self.file.write_all(blocks)?;
        self.written += blocks.len() as u64;
        blocks.clear();
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    /// Goes on in the next file, if this one is full.
    pub(super) fn turn(&mut self) -> io::Result<()> {
        if self.ring.is_none_or(|ring| self.written < ring.bytes) {
            return Ok(());
        }
        self.file.flush()?;
        self.ordinal = self.ordinal.wrapping_add(1);
        self.file = begin(&named(&self.path, self.ring, self.ordinal))?;
        self.written = 0;
        Ok(())
    }
}

/// The name of a ring's file has its place in the ring before its ending: `said.2.pcapng`.
fn named(path: &Path, ring: Option<Ring>, ordinal: u32) -> PathBuf {
    let Some(Ring { files, .. }) = ring else { return path.to_owned() };
    let mut ending = OsString::from((ordinal % files.max(1)).to_string());
    if let Some(of_path) = path.extension() {
        ending.push(".");
        ending.push(of_path);
    }
    path.with_extension(ending)
}

/// A new file that only its owner can read: it holds what programs said.
fn begin(path: &Path) -> io::Result<BufWriter<File>> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // The mode above holds for new files only.
    file.set_permissions(Permissions::from_mode(0o600))?;
    let mut file = BufWriter::with_capacity(GATHERED, file);
    let mut head = Vec::new();
    block::head(&mut head);
    file.write_all(&head)?;
    Ok(file)
}
