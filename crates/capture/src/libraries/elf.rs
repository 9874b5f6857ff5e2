//! One ELF file, read by parts: what its headers say is checked against bounds before a byte is fetched.
//!
//! Files are read and never mapped: whoever owns a mapped file could cut it short under us, and the page that is
//! then missing would end the whole process.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use object::Endianness;
use object::elf::{
    FileHeader64, NT_GNU_BUILD_ID, PF_X, PT_LOAD, ProgramHeader64, SHF_EXECINSTR, SHN_UNDEF, SHT_NOTE,
    STT_FUNC, SectionHeader64, Sym64,
};
use object::read::elf::{FileHeader as _, ProgramHeader as _, SectionHeader as _, Sym as _};
use thiserror::Error;

/// A symbol table, or its names, longer than this is not read: Node's, a large one, has 8 MiB of names.
const TABLE: u64 = 64 << 20;
/// More sections or segments than this no linker writes for a program that runs.
const HEADERS: u64 = 4_096;
/// Code of one function that is looked at.
pub(crate) const FUNCTION: u64 = 4_096;
/// How much constant data is searched for the marks of a library that has no symbols.
const CONSTANTS: u64 = 64 << 20;
/// How much code is searched: Chromium, a large one, has 200 MiB.
const CODE: u64 = 512 << 20;
/// How much of a section is in memory at once.
const CHUNK: u64 = 1 << 20;
/// Longer marks than this are not looked for; chunks overlap by it.
const MARK: u64 = 64;
/// So much of a name is looked at. Without this, millions of symbols that share one endless name would take hours.
const NAME: usize = 128;
/// Notes longer than this carry no build id.
const NOTES: u64 = 64 << 10;

/// Why a file could not be read as a program or library.
#[derive(Debug, Error)]
pub enum BadElf {
    /// The file system failed.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Not an ELF file at all.
    #[error("it is not an ELF file")]
    NotElf,
    /// An ELF file for 32-bit or big-endian programs.
    #[error("it is not for a 64-bit little-endian processor")]
    Foreign,
    /// What its headers say cannot be.
    #[error("its {0} cannot be as its headers say")]
    Broken(&'static str),
}

/// What processor a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    X86_64,
    Arm64,
    Other,
}

/// A function that a file defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Symbol {
    /// Its virtual address as linked.
    pub(crate) address: u64,
    /// Its length in bytes; 0 when not said.
    pub(crate) size: u64,
}

/// What is read from.
pub(crate) trait Bytes {
    fn length(&self) -> io::Result<u64>;
    fn read(&self, into: &mut [u8], offset: u64) -> io::Result<()>;
}

impl Bytes for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(into, offset)
    }
}

/// The headers of one ELF file, and the way to its bytes.
pub(crate) struct Elf<'a> {
    bytes: &'a dyn Bytes,
    length: u64,
    pub(crate) machine: Machine,
    segments: Vec<ProgramHeader64<Endianness>>,
    sections: Vec<Section>,
}

/// A section with its name.
type Section = (Vec<u8>, SectionHeader64<Endianness>);

const LITTLE: Endianness = Endianness::Little;

impl<'a> Elf<'a> {
    pub(crate) fn open(bytes: &'a dyn Bytes) -> Result<Elf<'a>, BadElf> {
        let length = bytes.length()?;
        let mut elf =
            Elf { bytes, length, machine: Machine::Other, segments: Vec::new(), sections: Vec::new() };
        let start = elf.read(0, size::<FileHeader64<Endianness>>().min(length), "header")?;
        if !start.starts_with(b"\x7fELF") {
            return Err(BadElf::NotElf);
        }
        if start.get(4..6) != Some(&[2, 1]) {
            return Err(BadElf::Foreign);
        }
        let (header, _) = object::pod::from_bytes::<FileHeader64<Endianness>>(&start)
            .map_err(|()| BadElf::Broken("header"))?;
        elf.machine = match header.e_machine(LITTLE) {
            object::elf::EM_X86_64 => Machine::X86_64,
            object::elf::EM_AARCH64 => Machine::Arm64,
            _ => Machine::Other,
        };
        let count = u64::from(header.e_phnum(LITTLE));
        elf.segments = elf.table(header.e_phoff(LITTLE), count, "program headers")?;
        elf.sections = elf.named_sections(header)?;
        Ok(elf)
    }

    /// The sections with their names; none where there are none, as in a file stripped of them.
    fn named_sections(&self, header: &FileHeader64<Endianness>) -> Result<Vec<Section>, BadElf> {
        let count = u64::from(header.e_shnum(LITTLE));
        let headers: Vec<SectionHeader64<Endianness>> =
            self.table(header.e_shoff(LITTLE), count, "section headers")?;
        let Some(names) = headers.get(usize::from(header.e_shstrndx(LITTLE).0)) else {
            return Ok(headers.into_iter().map(|section| (Vec::new(), section)).collect());
        };
        let names = self.read(names.sh_offset(LITTLE), names.sh_size(LITTLE), "section names")?;
        let name = |section: &SectionHeader64<Endianness>| text_at(&names, section.sh_name(LITTLE)).to_vec();
        Ok(headers.into_iter().map(|section| (name(&section), section)).collect())
    }

    /// `size` bytes of the file from `offset`, refused when they are not all there or are too many.
    fn read(&self, offset: u64, size: u64, what: &'static str) -> Result<Vec<u8>, BadElf> {
        let end = offset.checked_add(size).ok_or(BadElf::Broken(what))?;
        if end > self.length || size > TABLE {
            return Err(BadElf::Broken(what));
        }
        let mut bytes = vec![0; usize::try_from(size).map_err(|_| BadElf::Broken(what))?];
        self.bytes.read(&mut bytes, offset)?;
        Ok(bytes)
    }

    fn table<T: object::Pod + Copy>(
        &self,
        offset: u64,
        count: u64,
        what: &'static str,
    ) -> Result<Vec<T>, BadElf> {
        if count == 0 {
            return Ok(Vec::new());
        }
        if count > HEADERS {
            return Err(BadElf::Broken(what));
        }
        let bytes = self.read(offset, count * size::<T>(), what)?;
        let length = usize::try_from(count).map_err(|_| BadElf::Broken(what))?;
        let (items, _) = object::pod::slice_from_bytes(&bytes, length).map_err(|()| BadElf::Broken(what))?;
        Ok(items.to_vec())
    }

    fn section(&self, name: &str) -> Option<&SectionHeader64<Endianness>> {
        self.sections.iter().find(|(its, _)| its == name.as_bytes()).map(|(_, section)| section)
    }

    /// Gives every function that one symbol table (`.dynsym`, `.symtab`) defines to `each`.
    pub(crate) fn each_symbol(&self, table: &str, mut each: impl FnMut(&[u8], Symbol)) -> Result<(), BadElf> {
        let Some(table) = self.section(table) else { return Ok(()) };
        let link = usize::try_from(table.sh_link(LITTLE)).unwrap_or(usize::MAX);
        let Some((_, names)) = self.sections.get(link) else { return Ok(()) };
        let names = self.read(names.sh_offset(LITTLE), names.sh_size(LITTLE), "symbol names")?;
        let bytes = self.read(table.sh_offset(LITTLE), table.sh_size(LITTLE), "symbol table")?;
        let count = bytes.len() / size_of::<Sym64<Endianness>>();
        let (symbols, _) = object::pod::slice_from_bytes::<Sym64<Endianness>>(&bytes, count)
            .map_err(|()| BadElf::Broken("symbol table"))?;
        let is_defined = |symbol: &&Sym64<Endianness>| {
            symbol.st_type() == STT_FUNC && symbol.st_shndx(LITTLE) != SHN_UNDEF
        };
        for symbol in symbols.iter().filter(is_defined) {
            let place = Symbol { address: symbol.st_value(LITTLE), size: symbol.st_size(LITTLE) };
            each(text_at(&names, symbol.st_name(LITTLE)), place);
        }
        Ok(())
    }

    /// Where in the file the code at a virtual address stands; `None` outside of executable segments.
    pub(crate) fn offset_of(&self, address: u64) -> Option<u64> {
        self.segments
            .iter()
            .filter(|segment| segment.p_type(LITTLE) == PT_LOAD && segment.p_flags(LITTLE).0 & PF_X.0 != 0)
            .find_map(|segment| {
                let within = address.checked_sub(segment.p_vaddr(LITTLE))?;
                (within < segment.p_filesz(LITTLE)).then(|| segment.p_offset(LITTLE).checked_add(within))?
            })
            .filter(|offset| *offset < self.length)
    }

    /// The virtual address at which a section begins.
    pub(crate) fn section_address(&self, name: &str) -> Option<u64> {
        self.section(name).map(|section| section.sh_addr(LITTLE))
    }

    /// All of a section; `None` where there is none of that name.
    pub(crate) fn section_bytes(&self, name: &'static str) -> Result<Option<Vec<u8>>, BadElf> {
        let Some(section) = self.section(name) else { return Ok(None) };
        self.read(section.sh_offset(LITTLE), section.sh_size(LITTLE), name).map(Some)
    }

    /// Whether a virtual address lies in the section of ordinary code, and not in a stub of the linker.
    pub(crate) fn is_text(&self, address: u64) -> bool {
        self.section(".text").is_some_and(|text| {
            address.checked_sub(text.sh_addr(LITTLE)).is_some_and(|within| within < text.sh_size(LITTLE))
        })
    }

    /// The code at a virtual address: `size` bytes, or fewer where the file or [`FUNCTION`] ends before.
    pub(crate) fn code(&self, address: u64, size: u64) -> Result<Vec<u8>, BadElf> {
        let offset = self.offset_of(address).ok_or(BadElf::Broken("code"))?;
        self.read(offset, size.min(FUNCTION).min(self.length - offset), "code")
    }

    /// The build id in hexadecimal; empty when there is none.
    pub(crate) fn build_id(&self) -> String {
        self.sections
            .iter()
            .filter(|(_, section)| section.sh_type(LITTLE) == SHT_NOTE && section.sh_size(LITTLE) <= NOTES)
            .filter_map(|(_, section)| {
                self.read(section.sh_offset(LITTLE), section.sh_size(LITTLE), "notes").ok()
            })
            .find_map(|notes| build_id_in(&notes))
            .unwrap_or_default()
    }

    /// What `look` first answers when it is shown a section's beginning ([`CONSTANTS`] bytes of it), part by part.
    pub(crate) fn search<T>(
        &self,
        section: &str,
        mut look: impl FnMut(&[u8]) -> Option<T>,
    ) -> Result<Option<T>, BadElf> {
        self.scan(section, MARK, |_, part| look(part))
    }

    /// What `look` first answers when it is shown a section part by part, each with its virtual address.
    ///
    /// Parts overlap by `overlap` bytes. Of code [`CODE`] bytes are shown, of anything else [`CONSTANTS`].
    pub(crate) fn scan<T>(
        &self,
        section: &str,
        overlap: u64,
        mut look: impl FnMut(u64, &[u8]) -> Option<T>,
    ) -> Result<Option<T>, BadElf> {
        let Some(section) = self.section(section) else { return Ok(None) };
        let is_code = section.sh_flags(LITTLE).0 & SHF_EXECINSTR.0 != 0;
        let limit = if is_code { CODE } else { CONSTANTS };
        let begin = section.sh_offset(LITTLE);
        let end = begin.saturating_add(section.sh_size(LITTLE).min(limit)).min(self.length);
        let mut at = begin;
        while at < end {
            let part = self.read(at, (CHUNK + overlap).min(end - at), "a section")?;
            let found = look(section.sh_addr(LITTLE).wrapping_add(at - begin), &part);
            if found.is_some() {
                return Ok(found);
            }
            at += CHUNK;
        }
        Ok(None)
    }

    /// Where functions begin within `room`, in their order, as far as the table says by which stacks are unwound
    /// (Linux Standard Base, ".eh_frame_hdr"); none where it is not there, or not of the kind that linkers write.
    pub(crate) fn unwound(&self, room: Range<u64>) -> Result<Vec<u64>, BadElf> {
        const KIND: [u8; 4] = [1, 0x1b, 0x03, 0x3b];
        let Some(header) = self.section(".eh_frame_hdr") else { return Ok(Vec::new()) };
        let bytes = self.read(header.sh_offset(LITTLE), header.sh_size(LITTLE), "table of functions")?;
        if !bytes.starts_with(&KIND) {
            return Ok(Vec::new());
        }
        let entries = bytes.get(12..).unwrap_or_default().chunks_exact(8).filter_map(<[u8]>::first_chunk);
        let start = |entry: &[u8; 4]| {
            header.sh_addr(LITTLE).wrapping_add_signed(i64::from(i32::from_le_bytes(*entry)))
        };
        let mut starts: Vec<u64> = entries.map(start).filter(|start| room.contains(start)).collect();
        starts.sort_unstable();
        starts.dedup();
        Ok(starts)
    }
}

fn size<T>() -> u64 {
    size_of::<T>() as u64
}

/// The beginning of the name at a position of a table of names.
fn text_at(names: &[u8], at: u32) -> &[u8] {
    let rest = usize::try_from(at).ok().and_then(|at| names.get(at..)).unwrap_or_default();
    let rest = rest.get(..NAME).unwrap_or(rest);
    rest.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The build id among a section's notes (System V ABI, "Note Section"; `NT_GNU_BUILD_ID` of the GNU tools).
fn build_id_in(mut notes: &[u8]) -> Option<String> {
    loop {
        let word =
            |at: usize| notes.get(at..at + 4)?.first_chunk::<4>().map(|word| u32::from_le_bytes(*word));
        let (name, value, kind) = (word(0)?, word(4)?, word(8)?);
        let name_end = 12_usize.checked_add(usize::try_from(name).ok()?)?;
        let begin = name_end.checked_next_multiple_of(4)?;
        let end = begin.checked_add(usize::try_from(value).ok()?)?;
        if kind == NT_GNU_BUILD_ID.0 && notes.get(12..name_end)? == b"GNU\0" {
            return Some(notes.get(begin..end)?.iter().map(|byte| format!("{byte:02x}")).collect());
        }
        notes = notes.get(end.checked_next_multiple_of(4)?..)?;
    }
}
