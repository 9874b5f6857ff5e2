//! OpenSSL without symbols: a function says its own name, or number, with each error that it raises.
//!
//! Since 3.0 an error is raised with the function's name (`ERR_set_debug(file, line, function)`), before with its number
//! (`ERR_put_error(library, function, reason, file, line)`). What is found so is on trial, as BoringSSL's is.

use std::collections::BTreeSet;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Mnemonic, Register};

use crate::libraries::decode::begins_function;
use crate::libraries::elf::{BadElf, Elf, Machine};
use crate::libraries::given::{Argument, functions_around, given, path_ending, texts_of};

/// The end of the path of the source file that has them.
const SOURCE: &[u8] = b"ssl/ssl_lib.c\0";
/// A function longer than this is none of the three.
const LONGEST: u64 = 4_096;

/// A function by its name, since 3.0, and by its number, in 1.1 (`openssl/sslerr.h`).
struct Wanted {
    name: &'static [u8],
    number: u32,
}

const READ: Wanted = Wanted { name: b"ssl_read_internal\0", number: 523 };
const WRITE: Wanted = Wanted { name: b"ssl_write_internal\0", number: 524 };
const HANDSHAKE: Wanted = Wanted { name: b"SSL_do_handshake\0", number: 180 };

/// The functions that are hooked, by their virtual addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    /// `ssl_read_internal`
    pub(crate) read: u64,
    /// `ssl_write_internal`
    pub(crate) write: u64,
    /// Whether that takes flags before the place for the count, as since OpenSSL 3.3.
    pub(crate) takes_flags: bool,
    /// `SSL_do_handshake`
    pub(crate) handshake: u64,
}

/// Where the functions stand; `None` when they are not there, or cannot be told without doubt.
pub(crate) fn locate(elf: &Elf<'_>) -> Result<Option<Located>, BadElf> {
    if elf.machine != Machine::X86_64 {
        return Ok(None);
    }
    let mut found = [0; 3];
    for (wanted, found) in [READ, WRITE, HANDSHAKE].iter().zip(&mut found) {
        let Some(function) = (match by_name(elf, wanted)? {
            Some(function) => Some(function),
            None => by_number(elf, wanted)?,
        }) else {
            return Ok(None);
        };
        *found = function;
    }
    let [read, write, handshake] = found;
    if read == write || read == handshake || write == handshake {
        return Ok(None);
    }
    Ok(Some(Located { read, write, takes_flags: takes_fifth(elf, write)?, handshake }))
}

/// The only function that gives its name as the third argument.
fn by_name(elf: &Elf<'_>, wanted: &Wanted) -> Result<Option<u64>, BadElf> {
    let mut functions = BTreeSet::new();
    // What binds OpenSSL to another language has the same name among its own texts.
    for name in texts_of(elf, wanted.name)? {
        let places = given(elf, name, Argument::Third)?;
        let starts = functions_around(elf, &places)?.unwrap_or_default();
        functions.extend(places.iter().filter_map(|place| around(&starts, *place)));
    }
    the_only(elf, functions)
}

/// The only function that gives its number as the second argument where the fourth is the source file's path.
fn by_number(elf: &Elf<'_>, wanted: &Wanted) -> Result<Option<u64>, BadElf> {
    let Some(path) = path_ending(elf, SOURCE)? else { return Ok(None) };
    let places = given(elf, path, Argument::Fourth)?;
    let Some(starts) = functions_around(elf, &places)? else { return Ok(None) };
    let mut functions = BTreeSet::new();
    for start in places.iter().filter_map(|place| around(&starts, *place)).collect::<BTreeSet<_>>() {
        let after = starts.partition_point(|other| *other <= start);
        let end = starts.get(after).copied().unwrap_or(start + LONGEST);
        if raises(elf, start, end, (wanted.number, path))? {
            functions.insert(start);
        }
    }
    the_only(elf, functions)
}

/// The function that begins last before a place.
fn around(starts: &[u64], place: u64) -> Option<u64> {
    let after = starts.partition_point(|start| *start <= place);
    starts.get(after.checked_sub(1)?).copied()
}

/// One function, if all of them are the same one and it begins like one: what a compiler puts apart, because it is rarely run, does not.
fn the_only(elf: &Elf<'_>, functions: BTreeSet<u64>) -> Result<Option<u64>, BadElf> {
    let mut only = None;
    for function in functions {
        let code = elf.code(function, 32)?;
        if begins_function(&code, function) && only.replace(function).is_some() {
            return Ok(None);
        }
    }
    Ok(only)
}

/// Whether a function raises an error with this number as its own.
fn raises(elf: &Elf<'_>, start: u64, end: u64, (number, path): (u32, u64)) -> Result<bool, BadElf> {
    let code = elf.code(start, end.saturating_sub(start).min(LONGEST))?;
    let (mut own, mut is_error) = (None, false);
    for instruction in Decoder::with_ip(64, &code, start, DecoderOptions::NONE) {
        is_error |= Argument::Fourth.is_set(&instruction, path);
        own = Argument::Second.number(&instruction).or(own);
        if instruction.flow_control() == FlowControl::Next {
            continue;
        }
        if is_error && own == Some(number) {
            return Ok(true);
        }
        (own, is_error) = (None, false);
    }
    Ok(false)
}

/// Whether a function reads a fifth argument, in `r8`, before it calls another.
fn takes_fifth(elf: &Elf<'_>, function: u64) -> Result<bool, BadElf> {
    let code = elf.code(function, LONGEST)?;
    let before_calls =
        Decoder::with_ip(64, &code, function, DecoderOptions::NONE).into_iter().take_while(|instruction| {
            !matches!(instruction.flow_control(), FlowControl::Call | FlowControl::Return)
        });
    let mut copied =
        before_calls.filter(|one| one.mnemonic() == Mnemonic::Mov && one.op1_register() == Register::R8);
    Ok(copied.next().is_some())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;
    use std::process::Command;

    use super::*;
    use crate::libraries::elf::Symbol;
    use crate::libraries::resolve::tests::file_of_wheel;

    /// What is found in a copy without symbols, and where the symbols of the file itself say that it is.
    fn compare(file: &Path) -> Option<Located> {
        let folder = tempfile::tempdir().unwrap();
        let stripped = folder.path().join("stripped");
        let strip = Command::new("strip").arg("-o").arg(&stripped).arg(file).status();
        if !strip.is_ok_and(|status| status.success()) {
            eprintln!("SKIPPED: needs strip");
            return None;
        }
        let bytes = File::open(&stripped).unwrap();
        let located = locate(&Elf::open(&bytes).unwrap()).unwrap();
        let located = located.unwrap_or_else(|| panic!("nothing is found in {}", file.display()));
        let bytes = File::open(file).unwrap();
        let names = [
            ("ssl_read_internal", located.read),
            ("ssl_write_internal", located.write),
            ("SSL_do_handshake", located.handshake),
        ];
        let mut known = 0;
        for table in [".symtab", ".dynsym"] {
            let each = |name: &[u8], symbol: Symbol| {
                for (wanted, at) in names {
                    if name == wanted.as_bytes() {
                        assert_eq!(symbol.address, at, "{wanted}");
                        known += 1;
                    }
                }
            };
            Elf::open(&bytes).unwrap().each_symbol(table, each).unwrap();
        }
        assert!(known > 0, "{} says nothing itself", file.display());
        Some(located)
    }

    #[test]
    fn a_program_with_the_systems_openssl_inside_is_found_out() {
        let folder = tempfile::tempdir().unwrap();
        let (source, program) = (folder.path().join("program.c"), folder.path().join("program"));
        let code = "#include <openssl/ssl.h>\nint main(void) { SSL *s = SSL_new(SSL_CTX_new(TLS_method()));\
             char b[1]; return SSL_connect(s) + SSL_read(s, b, 1) + SSL_write(s, b, 1); }";
        fs::write(&source, code).unwrap();
        let mut cc = Command::new("cc");
        cc.arg("-O2").arg("-o").arg(&program).arg(&source);
        cc.args(["-Wl,-Bstatic", "-lssl", "-lcrypto", "-Wl,-Bdynamic", "-ldl", "-lpthread"]);
        if !cc.output().is_ok_and(|done| done.status.success()) {
            eprintln!("SKIPPED: needs cc and libssl-dev");
            return;
        }
        compare(&program);
    }

    /// OpenSSL 1.1 raises errors by numbers, and 4 has flags in what writes.
    #[test]
    fn modules_with_another_openssl_inside_are_found_out() {
        for (package, module, takes_flags) in
            [("pyopenssl", "_openssl.abi3", false), ("newest", "_rust.abi3", true)]
        {
            let Some(file) = file_of_wheel(package, module) else { continue };
            if let Some(located) = compare(&file) {
                assert_eq!(located.takes_flags, takes_flags, "{package}");
            }
        }
    }
}
