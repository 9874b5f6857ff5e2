//! From a file to what it offers: functions to hook, a TLS stack that stays dark, or nothing of interest.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use memchr::memmem;

use crate::libraries::boringssl;
use crate::libraries::decode::{Exports, calls, hook_point, internals};
use crate::libraries::elf::{BadElf, Bytes, Elf, Machine, Symbol};
use crate::libraries::go;
use crate::libraries::named::{NAMED, Named};
use crate::libraries::nss;
use crate::libraries::openssl;
use crate::libraries::plan::{Entry, Fallback, Found, Function, Plan, Purpose, Refusal, Stack};
use crate::libraries::rustls;

/// What one file is to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It carries TLS, and this is where to hook it.
    Hook(Plan),
    /// It carries TLS which stays dark.
    Dark(Stack, Refusal),
    /// It carries no TLS that is known here.
    Plain,
}

/// Looks at one file; `name` is its path for people, and `beside` opens another file of the same directory.
///
/// That other file is the libcrypto which a libssl was built with: the version stands there.
///
/// Nothing is remembered by build id: whoever writes a file chooses its build id, and a hook at the offsets of
/// another file would stop the programs that map it.
///
/// # Errors
/// When it cannot be read, or is not what its headers say.
pub fn resolve(
    file: &File,
    name: &Path,
    beside: impl FnOnce(&str) -> Option<File>,
) -> Result<Verdict, BadElf> {
    let verdict = resolve_bytes(file, name)?;
    let Verdict::Hook(mut plan) = verdict else { return Ok(verdict) };
    if plan.stack.ends_with(')') {
        let crypto = libcrypto(file).and_then(|name| beside(&name));
        plan.stack = crypto.and_then(|file| carried_version(&Elf::open(&file).ok()?)).unwrap_or(plan.stack);
    }
    Ok(Verdict::Hook(plan))
}

/// Looks for the functions of a file whose names are stripped, in all of its code: up to a second of work.
///
/// `None` when they are not found, or not without doubt.
///
/// # Errors
/// When it cannot be read, or is not what its headers say.
pub fn seek(file: &File) -> Result<Option<Plan>, BadElf> {
    let elf = Elf::open(file)?;
    let Some((stack, named, places)) = located(&elf)? else { return Ok(None) };
    match hook(&elf, stack, (named, Found::Located, places)) {
        Verdict::Hook(plan) => Ok(Some(plan)),
        Verdict::Dark(..) | Verdict::Plain => Ok(None),
    }
}

/// The functions that are known by what they do, those of BoringSSL or of OpenSSL.
fn located(elf: &Elf<'_>) -> Result<Option<(Stack, String, Functions)>, BadElf> {
    if let Some(located) = boringssl::locate(elf)? {
        let places = vec![
            (Purpose::Read, located.read),
            (Purpose::Write, located.write),
            (Purpose::Handshake, located.handshake),
        ];
        return Ok(Some((Stack::BoringSsl, Stack::BoringSsl.to_string(), places)));
    }
    let Some(located) = openssl::locate(elf)? else { return Ok(None) };
    let write = if located.takes_flags { Purpose::WriteFlags } else { Purpose::WriteEx };
    let places = vec![
        (Purpose::ReadEx, located.read),
        (write, located.write),
        (Purpose::Handshake, located.handshake),
    ];
    let named = carried_version(elf).unwrap_or_else(|| Stack::OpenSsl.to_string());
    Ok(Some((Stack::OpenSsl, named, places)))
}

/// The build id of a file in hexadecimal; empty when it has none.
#[must_use]
pub fn build_id(file: &File) -> String {
    Elf::open(file).map(|elf| elf.build_id()).unwrap_or_default()
}

fn resolve_bytes(bytes: &dyn Bytes, name: &Path) -> Result<Verdict, BadElf> {
    let elf = match Elf::open(bytes) {
        Ok(elf) => elf,
        Err(BadElf::Foreign) if file_name(name).starts_with("libssl.so") => {
            return Ok(Verdict::Dark(Stack::OpenSsl, Refusal::Machine));
        }
        Err(bad) => return Err(bad),
    };
    let mut symbols = Symbols::default();
    symbols.read(&elf, EXPORTED)?;
    // An executable's full table is large, and needless where every form is exported.
    if !FORMS.iter().all(|name| symbols.find(name).is_some()) {
        symbols.read(&elf, ALL)?;
    }
    if symbols.find("SSL_read").and(symbols.find("SSL_write")).is_some() {
        return Ok(hook(&elf, Stack::OpenSsl, exported_openssl(&elf, &symbols, name)));
    }
    if let Some(named) = NAMED.iter().find(|named| symbols.has(named)) {
        return Ok(hook(&elf, named.code, places(&elf, &symbols, name, named)));
    }
    if symbols.find("SSL_ImportFD").is_some() {
        return Ok(match nss::functions(&elf)? {
            Ok(functions) => hook(&elf, Stack::Nss, (nss_version(&elf, name), Found::Tables, functions)),
            Err(why) => Verdict::Dark(Stack::Nss, why),
        });
    }
    if let Some((stack, why)) = by_names(&symbols) {
        return Ok(Verdict::Dark(stack, why));
    }
    // Go keeps its function names for stack traces, in a stripped program too.
    Ok(match go::look(&elf)? {
        Some(Ok(plan)) => Verdict::Hook(plan),
        Some(Err(why)) => Verdict::Dark(Stack::Go, why),
        None => marked(&elf, name)?,
    })
}

/// What a file is that has no names, or that is known by what its messages say.
fn marked(elf: &Elf<'_>, name: &Path) -> Result<Verdict, BadElf> {
    Ok(match by_marks(elf)?.or_else(|| stack_by_name(name)) {
        Some(Stack::Rustls) => match rustls::functions(elf)? {
            Ok((version, functions)) => hook(elf, Stack::Rustls, (version, Found::Symbols, functions)),
            Err(why) => Verdict::Dark(Stack::Rustls, why),
        },
        Some(stack) => Verdict::Dark(stack, Refusal::Stripped),
        None => Verdict::Plain,
    })
}

/// The table of what a file exports.
const EXPORTED: &str = ".dynsym";
/// The table of everything a file defines, which is often stripped.
const ALL: &str = ".symtab";

/// The exported functions below which the internal ones are looked for.
const FORMS: [&str; 4] = ["SSL_read", "SSL_read_ex", "SSL_write", "SSL_write_ex"];

/// The functions that are looked for, beside those of [`NAMED`].
const WANTED: [&str; 20] = [
    "SSL_read",
    "SSL_read_ex",
    "SSL_write",
    "SSL_write_ex",
    "SSL_write_ex2",
    "SSL_write_early_data",
    "SSL_read_early_data",
    "SSL_do_handshake",
    "SSL_connect",
    "SSL_accept",
    "SSL_set_fd",
    "SSL_set_rfd",
    "SSL_set_wfd",
    "SSL_free",
    "ssl_read_internal",
    "ssl_write_internal",
    "SSL_ImportFD",
    "s2n_send",
    "JNI_CreateJavaVM",
    "SSL_CTX_set_early_data_enabled",
];

/// Names by which a stack is known that is not hooked, and why.
const STACKS: [(&str, Stack, Refusal); 2] =
    [("s2n_send", Stack::S2n, Refusal::NotYet), ("JNI_CreateJavaVM", Stack::Java, Refusal::NoAgent)];

/// Texts among a program's constants that give away a stack whose symbols are stripped: source paths in messages.
const MARKS: [(&[u8], Stack); 3] = [
    (b"ssl/ssl_lib.cc", Stack::BoringSsl),
    (b"ssl/ssl_lib.c\0", Stack::OpenSsl),
    (rustls::PATH, Stack::Rustls),
];

/// What is hooked of OpenSSL beside reading and writing.
const AROUND: [(&str, Purpose); 9] = [
    ("SSL_write_early_data", Purpose::WriteEarly),
    ("SSL_read_early_data", Purpose::ReadEarly),
    ("SSL_do_handshake", Purpose::Handshake),
    ("SSL_connect", Purpose::Handshake),
    ("SSL_accept", Purpose::Handshake),
    ("SSL_set_fd", Purpose::SetFd),
    ("SSL_set_rfd", Purpose::SetFd),
    ("SSL_set_wfd", Purpose::SetFd),
    ("SSL_free", Purpose::Free),
];

/// Which of the wanted functions a file defines.
#[derive(Default)]
struct Symbols(HashMap<&'static str, Symbol>);

impl Symbols {
    /// Adds what a table defines to what is found already.
    fn read(&mut self, elf: &Elf<'_>, table: &str) -> Result<(), BadElf> {
        let named = NAMED.iter().flat_map(|named| named.functions).map(|(name, _)| *name);
        let wanted: Vec<&'static str> = WANTED.into_iter().chain(named).collect();
        elf.each_symbol(table, |name, symbol| {
            if may_be_wanted(name)
                && let Some(wanted) = wanted.iter().find(|wanted| wanted.as_bytes() == name)
            {
                self.0.entry(wanted).or_insert(symbol);
            }
        })
    }

    /// Whether the functions by which a library is known are there.
    fn has(&self, named: &Named) -> bool {
        named.functions.iter().take(2).all(|(name, _)| self.find(name).is_some())
    }

    /// Where those of the functions stand that there are.
    fn those(&self, functions: &[(&str, Purpose)]) -> Vec<(Purpose, u64)> {
        functions.iter().filter_map(|(name, purpose)| Some((*purpose, self.find(name)?.address))).collect()
    }

    fn find(&self, name: &str) -> Option<Symbol> {
        self.0.get(name).copied()
    }
}

/// Spares most of a large program's symbols the comparison with every name.
fn may_be_wanted(name: &[u8]) -> bool {
    matches!(name.first_chunk::<3>(), Some(b"SSL" | b"ssl" | b"gnu" | b"mbe" | b"wol" | b"s2n" | b"JNI"))
}

/// Functions, by the virtual address of each.
type Functions = Vec<(Purpose, u64)>;
/// The functions of one stack: in words for people, how they were found, and where they stand.
type Places = (String, Found, Functions);

fn hook(elf: &Elf<'_>, code: Stack, (stack, found, places): Places) -> Verdict {
    if elf.machine == Machine::Other {
        return Verdict::Dark(code, Refusal::Machine);
    }
    let mut functions = Vec::new();
    for function in places.into_iter().filter_map(|place| function(elf, place)) {
        // Linkers fold functions of equal code into one.
        if !functions.contains(&function) {
            functions.push(function);
        }
    }
    Verdict::Hook(Plan { code, stack, build_id: elf.build_id(), found, functions })
}

fn exported_openssl(elf: &Elf<'_>, symbols: &Symbols, name: &Path) -> Places {
    let (found, mut places) = match decoded(elf, symbols) {
        Ok(places) => (Found::Internals, places),
        Err(why) => (Found::Exports(why), exported(elf, symbols)),
    };
    places.extend(symbols.those(&AROUND));
    (version(elf, symbols, name), found, places)
}

/// The functions of a library that has names of its own, without one that only calls another: its bytes would be seen twice.
fn places(elf: &Elf<'_>, symbols: &Symbols, name: &Path, named: &Named) -> Places {
    let mut places = symbols.those(named.functions);
    if symbols.find("gnutls_record_send2").is_some() {
        let passes_on = symbols.find("gnutls_record_send").map(|symbol| symbol.address);
        places.retain(|(_, address)| Some(*address) != passes_on);
    }
    let version = named.version.and_then(|before| numbered(elf, before, named.code));
    let stack = version.unwrap_or_else(|| format!("{} ({})", named.code, file_name(name)));
    (stack, Found::Exports(Fallback::Single), places)
}

/// The version of NSS, which its library carries as `Version: NSS 3.87.1`.
fn nss_version(elf: &Elf<'_>, name: &Path) -> String {
    let told = numbered(elf, "Version: NSS ", Stack::Nss);
    told.unwrap_or_else(|| format!("{} ({})", Stack::Nss, file_name(name)))
}

/// The name of a stack and the number that stands behind some words of its constants.
fn numbered(elf: &Elf<'_>, before: &str, code: Stack) -> Option<String> {
    let number = elf.search(".rodata", |part| {
        memmem::find_iter(part, before).find_map(|at| {
            let rest = part.get(at + before.len()..)?;
            let end = rest.iter().take(16).position(|byte| !byte.is_ascii_digit() && *byte != b'.')?;
            let number = std::str::from_utf8(rest.get(..end)?).ok()?;
            number.contains('.').then(|| number.to_owned())
        })
    });
    number.ok().flatten().map(|number| format!("{code} {number}"))
}

fn function(elf: &Elf<'_>, (purpose, address): (Purpose, u64)) -> Option<Function> {
    let (address, entry): (u64, Entry) = hook_point(elf, address);
    Some(Function { purpose, offset: elf.offset_of(address)?, entry })
}

/// The internal functions, checked against the symbol table where that names them.
fn decoded(elf: &Elf<'_>, symbols: &Symbols) -> Result<Vec<(Purpose, u64)>, Fallback> {
    let find = |name| symbols.find(name).ok_or(Fallback::OneForm);
    let exports = Exports {
        read: find("SSL_read")?,
        read_ex: find("SSL_read_ex")?,
        write: find("SSL_write")?,
        write_ex: find("SSL_write_ex")?,
    };
    let internals = internals(elf, exports)?;
    let mut all = Symbols::default();
    // A table that cannot be read contradicts nothing.
    let _ = all.read(elf, ALL);
    for (name, address) in [("ssl_read_internal", internals.read), ("ssl_write_internal", internals.write)] {
        if all.find(name).is_some_and(|named| named.address != address) {
            return Err(Fallback::Contradicted);
        }
    }
    // The export that takes flags came with them. A program that was linked without it has them all the same.
    if symbols.find("SSL_write_ex2").is_some() && !internals.takes_flags {
        return Err(Fallback::Contradicted);
    }
    let write = if internals.takes_flags { Purpose::WriteFlags } else { Purpose::WriteEx };
    Ok(vec![(Purpose::ReadEx, internals.read), (write, internals.write)])
}

/// The exported functions, without those that only call another of them: their bytes would be seen twice.
fn exported(elf: &Elf<'_>, symbols: &Symbols) -> Vec<(Purpose, u64)> {
    const PASSING: [(&str, Purpose, &[&str]); 5] = [
        ("SSL_read", Purpose::Read, &[]),
        ("SSL_write", Purpose::Write, &[]),
        ("SSL_read_ex", Purpose::ReadEx, &["SSL_read"]),
        ("SSL_write_ex", Purpose::WriteEx, &["SSL_write", "SSL_write_ex2"]),
        ("SSL_write_ex2", Purpose::WriteFlags, &["SSL_write"]),
    ];
    let passes_on = |from: Symbol, to: &[&str]| {
        to.iter().filter_map(|name| symbols.find(name)).any(|to| calls(elf, from, to))
    };
    PASSING
        .iter()
        .filter_map(|(name, purpose, below)| Some((*purpose, symbols.find(name)?, *below)))
        .filter(|(_, symbol, below)| !passes_on(*symbol, below))
        .map(|(purpose, symbol, _)| (purpose, symbol.address))
        .collect()
}

/// Which library and version it is: by the text it carries, else by its file's name.
fn version(elf: &Elf<'_>, symbols: &Symbols, name: &Path) -> String {
    carried_version(elf).unwrap_or_else(|| match symbols.find("SSL_CTX_set_early_data_enabled") {
        Some(_) => Stack::BoringSsl.to_string(),
        None => format!("{} ({})", Stack::OpenSsl, file_name(name)),
    })
}

fn carried_version(elf: &Elf<'_>) -> Option<String> {
    let look = |part: &[u8]| ["OpenSSL ", "LibreSSL "].into_iter().find_map(|stack| version_in(part, stack));
    elf.search(".rodata", look).ok().flatten()
}

/// The name of the libcrypto that a file is linked with: the last one among its names, for tools that give a library
/// another name (wheels are built so) put the new one behind the old.
fn libcrypto(file: &File) -> Option<String> {
    let name = |part: &[u8]| {
        let rest = part.get(memmem::rfind(part, b"libcrypto")?..)?;
        let name = rest.split(|byte| *byte == 0).next()?;
        std::str::from_utf8(name).ok().filter(|name| !name.contains('/')).map(str::to_owned)
    };
    Elf::open(file).ok()?.search(".dynstr", name).ok().flatten()
}

/// The first `stack` and version among constants: `OpenSSL 3.0.19 27 Jan 2026` gives `OpenSSL 3.0.19`.
fn version_in(part: &[u8], stack: &str) -> Option<String> {
    memmem::find_iter(part, stack).find_map(|at| {
        let rest = part.get(at + stack.len()..)?;
        let end = rest.iter().take(16).position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.')?;
        let number = std::str::from_utf8(rest.get(..end)?).ok()?;
        let dotted =
            number.starts_with(|first: char| first.is_ascii_digit()) && number.matches('.').count() >= 2;
        dotted.then(|| format!("{stack}{number}"))
    })
}

fn by_names(symbols: &Symbols) -> Option<(Stack, Refusal)> {
    let found = STACKS.iter().find(|(name, ..)| symbols.find(name).is_some());
    found.map(|(_, stack, why)| (*stack, *why))
}

fn by_marks(elf: &Elf<'_>) -> Result<Option<Stack>, BadElf> {
    elf.search(".rodata", |part| {
        MARKS.iter().find(|(mark, _)| memmem::find(part, mark).is_some()).map(|(_, stack)| *stack)
    })
}

/// What a library is, by its file's name; for files that cannot be opened, or say nothing.
pub(crate) fn stack_by_name(path: &Path) -> Option<Stack> {
    const NAMES: [(&str, Stack); 6] = [
        ("libssl.", Stack::OpenSsl),
        ("libssl-", Stack::OpenSsl),
        ("libgnutls.", Stack::GnuTls),
        ("libssl3.", Stack::Nss),
        ("libmbedtls.", Stack::MbedTls),
        ("libwolfssl.", Stack::WolfSsl),
    ];
    let name = path.file_name()?.to_str()?;
    NAMES.iter().find(|(start, _)| name.starts_with(start)).map(|(_, stack)| *stack)
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
pub(crate) mod tests;
