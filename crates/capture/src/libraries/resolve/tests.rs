//! The libraries of the machine that the tests run on, and files that lie.

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use iced_x86::{Decoder, DecoderOptions, Mnemonic};
use proptest::prelude::{any, prop, proptest};

use super::*;

impl Bytes for Vec<u8> {
    fn length(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        let begin = usize::try_from(offset).unwrap();
        into.copy_from_slice(self.get(begin..begin + into.len()).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// What `command` prints as its only line, or `None`, loudly, where it does not run.
fn told_by(command: &str, arguments: &[&str]) -> Option<PathBuf> {
    let told = Command::new(command).args(arguments).output().ok().filter(|told| told.status.success());
    if told.is_none() {
        _ = writeln!(io::stderr(), "SKIPPED: `{command} {}` does not run here", arguments.join(" "));
    }
    Some(PathBuf::from(String::from_utf8(told?.stdout).unwrap().trim()))
}

fn system_libssl() -> Option<PathBuf> {
    let found = ["/usr/lib/x86_64-linux-gnu/libssl.so.3", "/usr/lib64/libssl.so.3"].map(PathBuf::from);
    let found = found.into_iter().find(|path| path.exists());
    if found.is_none() {
        _ = writeln!(io::stderr(), "SKIPPED: no libssl.so.3 for x86-64 here");
    }
    found
}

/// A file of a package that `.ci/wheels` puts beside what cargo builds, by the beginning of its name.
pub(crate) fn file_of_wheel(package: &str, name: &str) -> Option<PathBuf> {
    let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_path_buf();
    let mut folders = vec![target.join("wheels").join(package)];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if file_name(&path).starts_with(name) {
                return Some(path);
            }
        }
    }
    _ = writeln!(io::stderr(), "SKIPPED: `.ci/wheels` has not fetched {package}");
    assert!(std::env::var_os("CI").is_none(), "{package} is missing");
    None
}

fn looked_at(path: &Path) -> Verdict {
    let beside = |name: &str| File::open(path.with_file_name(name)).ok();
    resolve(&File::open(path).unwrap(), path, beside).unwrap()
}

fn plan_of(path: &Path) -> Plan {
    let started = Instant::now();
    let verdict = looked_at(path);
    eprintln!("MEASURED: {} in {:?}: {verdict:?}", path.display(), started.elapsed());
    match verdict {
        Verdict::Hook(plan) => plan,
        other => panic!("{} is {other:?}", path.display()),
    }
}

fn offset(plan: &Plan, purpose: Purpose) -> Option<u64> {
    plan.functions.iter().find(|function| function.purpose == purpose).map(|function| function.offset)
}

/// The first instruction at a position of a file, by an own way to it.
fn instruction_at(path: &Path, offset: u64) -> Mnemonic {
    let mut code = [0; 16];
    Bytes::read(&File::open(path).unwrap(), &mut code, offset).unwrap();
    Decoder::with_ip(64, &code, 0, DecoderOptions::NONE).decode().mnemonic()
}

#[test]
fn the_systems_libssl_is_hooked_at_its_internals() {
    let Some(path) = system_libssl() else { return };
    let plan = plan_of(&path);
    assert_eq!(plan.found, Found::Internals);
    assert_eq!(plan.build_id.len(), 40);
    assert!(plan.stack.starts_with("OpenSSL 3."), "{}", plan.stack);
    let flags = offset(&plan, Purpose::WriteFlags);
    let write = flags.or(offset(&plan, Purpose::WriteEx)).unwrap();
    let read = offset(&plan, Purpose::ReadEx).unwrap();
    for offset in [write, read] {
        assert_eq!(instruction_at(&path, offset), Mnemonic::Push);
    }
    assert_eq!(offset(&plan, Purpose::Write), None, "the exported form would record everything twice");
    assert!(plan.functions.iter().any(|function| function.purpose == Purpose::SetFd));
    let file = File::open(&path).unwrap();
    let elf = Elf::open(&file).unwrap();
    let text =
        |offset| (0..1 << 24).step_by(16).any(|at| elf.offset_of(at) == Some(offset) && elf.is_text(at));
    assert!(text(write & !15) && text(read & !15));
}

/// Node 20 of Debian has OpenSSL compiled into it with the internal functions inlined: the first call that its two
/// forms share is `ossl_statem_check_finish_init`, which once passed for `ssl_write_internal`.
#[test]
fn an_executable_with_openssl_inside_is_hooked() {
    let Some(path) = told_by("node", &["-p", "process.execPath"]) else { return };
    let plan = plan_of(&path);
    assert!(plan.stack.starts_with("OpenSSL "), "{}", plan.stack);
    if plan.found == Found::Exports(Fallback::Inlined) {
        let purposes = [Purpose::Read, Purpose::Write, Purpose::ReadEx, Purpose::WriteEx];
        assert!(purposes.iter().all(|purpose| offset(&plan, *purpose).is_some()));
    }
}

/// The wheel's OpenSSL is 3.3 or later: `SSL_write_ex` jumps to `SSL_write_ex2`, and the internal function takes
/// flags before the place for the count.
#[test]
fn a_wheels_own_libssl_is_hooked() {
    let Some(path) = file_of_wheel("psycopg", "libssl-") else { return };
    let plan = plan_of(&path);
    assert_eq!(plan.found, Found::Internals);
    assert_eq!(instruction_at(&path, offset(&plan, Purpose::WriteFlags).unwrap()), Mnemonic::Push);
}

/// The newest OpenSSL, inside of a module of Python with its symbols.
#[test]
fn openssl_4_inside_of_a_module_is_hooked() {
    let Some(path) = file_of_wheel("newest", "_rust") else { return };
    let plan = plan_of(&path);
    assert!(plan.stack.starts_with("OpenSSL 4."), "{}", plan.stack);
    assert_eq!(plan.found, Found::Exports(Fallback::Inlined));
    let reads =
        plan.functions.iter().filter(|function| matches!(function.purpose, Purpose::Read | Purpose::ReadEx));
    assert_eq!(reads.count(), 2, "neither form calls the other: {plan:?}");
}

#[test]
fn openssl_1_1_is_hooked_at_its_internals() {
    let Some(path) = file_of_wheel("psycopg2", "libssl-") else { return };
    let plan = plan_of(&path);
    assert!(plan.stack.starts_with("OpenSSL 1.1.1"), "{}", plan.stack);
    assert_eq!(plan.found, Found::Internals);
    for purpose in [Purpose::ReadEx, Purpose::WriteEx, Purpose::WriteEarly, Purpose::ReadEarly] {
        assert_eq!(instruction_at(&path, offset(&plan, purpose).unwrap()), Mnemonic::Push);
    }
}

/// `rustup` has OpenSSL 3.5 inside, linked without the `SSL_write_ex2` by which its internal function's flags were
/// once told: the length written was then looked for where the flags stand.
#[test]
fn flags_are_seen_where_no_name_tells_of_them() {
    let Some(path) = told_by("sh", &["-c", "command -v rustup"]) else { return };
    let Verdict::Hook(plan) = looked_at(&path.canonicalize().unwrap()) else { return };
    if plan.found == Found::Internals && plan.stack.starts_with("OpenSSL 3.5") {
        assert!(offset(&plan, Purpose::WriteFlags).is_some(), "{plan:?}");
    }
}

/// A library of the system, or words about what is not tried.
fn system(name: &str) -> Option<PathBuf> {
    let path = Path::new("/usr/lib/x86_64-linux-gnu").join(name);
    if !path.exists() {
        _ = writeln!(io::stderr(), "SKIPPED: no {} here", path.display());
        return None;
    }
    Some(path)
}

/// `ssl_SecureRead` and `ssl_SecureWrite` jump to what is hooked: hooked at both, each byte would be heard twice.
#[test]
fn nss_is_hooked_below_its_sockets() {
    let Some(path) = system("libssl3.so") else { return };
    let plan = plan_of(&path);
    assert_eq!((plan.code, plan.found), (Stack::Nss, Found::Tables));
    assert!(plan.stack.starts_with("NSS 3."), "{}", plan.stack);
    let purposes: Vec<_> = plan.functions.iter().map(|function| function.purpose).collect();
    assert_eq!(purposes, [Purpose::ReadFlags, Purpose::Write, Purpose::Free]);
}

#[test]
fn mbedtls_and_wolfssl_are_hooked_at_their_exports() {
    for (name, stack) in [("libmbedtls.so.14", Stack::MbedTls), ("libwolfssl.so.35", Stack::WolfSsl)] {
        let Some(path) = system(name) else { continue };
        let plan = plan_of(&path);
        assert_eq!((plan.code, plan.found), (stack, Found::Exports(Fallback::Single)));
        for purpose in [Purpose::Read, Purpose::Write, Purpose::Handshake, Purpose::Free] {
            assert!(offset(&plan, purpose).is_some(), "{plan:?}");
        }
    }
}

/// `gnutls_record_send` jumps to `gnutls_record_send2`: hooked at both, each byte would be heard twice.
#[test]
fn gnutls_is_hooked_once_for_each_way() {
    let path = Path::new("/usr/lib/x86_64-linux-gnu/libgnutls.so.30");
    if !path.exists() {
        _ = writeln!(io::stderr(), "SKIPPED: no {} here", path.display());
        return;
    }
    let plan = plan_of(path);
    assert_eq!((plan.code, plan.found), (Stack::GnuTls, Found::Exports(Fallback::Single)));
    assert_eq!(plan.stack, "GnuTLS (libgnutls.so.30)");
    let writes = plan.functions.iter().filter(|function| function.purpose == Purpose::Write);
    assert_eq!(writes.count(), 1);
    assert!(plan.functions.iter().any(|function| function.purpose == Purpose::Read));
}

/// A library without the table of its sections, which loaders do not read.
#[test]
fn a_library_that_says_nothing_is_dark_by_its_name() {
    let mut file = library(4, 5, PUSH);
    file[0x28..0x30].fill(0);
    file[0x3c..0x40].fill(0);
    let verdict = |name| resolve_bytes(&file, Path::new(name)).unwrap();
    assert_eq!(verdict("/opt/libssl-1a2b3c.so.1.1"), Verdict::Dark(Stack::OpenSsl, Refusal::Stripped));
    assert_eq!(verdict("/opt/other.so"), Verdict::Plain);
}

#[test]
fn a_program_without_tls_is_plain() {
    assert_eq!(looked_at(Path::new("/bin/sh")), Verdict::Plain);
}

#[test]
fn the_version_is_the_one_the_file_carries() {
    let constants = b"OpenSSL default\0OpenSSL 3.0\0OpenSSL 3.0.19 27 Jan 2026\0";
    assert_eq!(version_in(constants, "OpenSSL "), Some("OpenSSL 3.0.19".to_owned()));
    assert_eq!(version_in(b"OpenSSL 3.0.1", "OpenSSL "), None, "it may go on in the next part");
}

/// A library in which the forms of `SSL_read` and `SSL_write` pass on to the places given.
///
/// Eight functions of 16 bytes from 0x1000: read, read_ex, write, write_ex, and four internal ones.
fn library(read_to: u8, write_to: u8, begins: u8) -> Vec<u8> {
    let mut code = Vec::new();
    for (at, target) in [read_to, read_to, write_to, write_to].into_iter().enumerate() {
        let after = i32::try_from(at * 16 + 5).unwrap();
        code.push(0xe8);
        code.extend((i32::from(target) * 16 - after).to_le_bytes());
        code.extend([0xc3; 11]);
    }
    for _ in 4..8 {
        code.push(begins);
        code.extend([0xc3; 15]);
    }
    elf_with(&code, &["SSL_read", "SSL_read_ex", "SSL_write", "SSL_write_ex"])
}

/// An ELF file of one code section at 0x1000, with a function every 16 bytes of it.
fn elf_with(code: &[u8], functions: &[&str]) -> Vec<u8> {
    let names: Vec<u8> = functions.iter().flat_map(|name| name.bytes().chain([0])).collect();
    let mut symbols = Vec::new();
    let mut named = 0_u32;
    for (at, name) in functions.iter().enumerate() {
        symbols.extend(named.to_le_bytes());
        symbols.extend([0x12, 0, 1, 0]);
        symbols.extend((0x1000 + at as u64 * 16).to_le_bytes());
        symbols.extend(16_u64.to_le_bytes());
        named += u32::try_from(name.len() + 1).unwrap();
    }
    let section_names = b"\0.text\0.dynsym\0.dynstr\0.shstrtab\0";
    let mut file = vec![0; 64 + 56];
    let place = |bytes: &[u8], file: &mut Vec<u8>| {
        let at = file.len() as u64;
        file.extend(bytes);
        (at, bytes.len() as u64)
    };
    let places = [code, &symbols, &names, section_names].map(|bytes| place(bytes, &mut file));
    let sections = file.len() as u64;
    file.extend([0; 64]);
    for (at, (name, kind, link)) in
        [(1_u32, 1_u32, 0_u32), (7, 11, 3), (15, 3, 0), (23, 3, 0)].into_iter().enumerate()
    {
        let address = if at == 0 { 0x1000_u64 } else { 0 };
        file.extend([name.to_le_bytes(), kind.to_le_bytes()].concat());
        file.extend([0, address, places[at].0, places[at].1].map(u64::to_le_bytes).concat());
        file.extend([link.to_le_bytes(), 0_u32.to_le_bytes()].concat());
        file.extend([0_u8; 16]);
    }
    let (offset, size) = places[0];
    file[..20].copy_from_slice(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3e\0");
    file[32..40].copy_from_slice(&64_u64.to_le_bytes());
    file[40..48].copy_from_slice(&sections.to_le_bytes());
    file[54..64].copy_from_slice(&[56, 0, 1, 0, 64, 0, 5, 0, 4, 0]);
    file[64..72].copy_from_slice(&[1, 0, 0, 0, 5, 0, 0, 0]);
    file[72..80].copy_from_slice(&offset.to_le_bytes());
    file[80..88].copy_from_slice(&0x1000_u64.to_le_bytes());
    file[96..104].copy_from_slice(&size.to_le_bytes());
    file[104..112].copy_from_slice(&size.to_le_bytes());
    file
}

const PUSH: u8 = 0x55;
const RET: u8 = 0xc3;

fn found_in(file: &Vec<u8>) -> Found {
    match resolve_bytes(file, Path::new("libssl.so")).unwrap() {
        Verdict::Hook(plan) => plan.found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn internals_are_taken_only_when_nothing_speaks_against_them() {
    assert_eq!(found_in(&library(4, 5, PUSH)), Found::Internals);
    assert_eq!(found_in(&library(4, 4, PUSH)), Found::Exports(Fallback::SamePlace));
    assert_eq!(found_in(&library(4, 5, RET)), Found::Exports(Fallback::Implausible));
    assert_eq!(found_in(&library(9, 5, PUSH)), Found::Exports(Fallback::NothingShared), "outside of .text");
}

/// `lea r8, [rsp + 8]` before the call is a fifth argument; without it the fourth is the place for the count.
#[test]
fn the_internal_functions_arguments_are_those_that_are_passed_on() {
    let purposes = |file: &Vec<u8>| match resolve_bytes(file, Path::new("libssl.so")).unwrap() {
        Verdict::Hook(plan) => plan.functions.iter().map(|function| function.purpose).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let four = library(4, 5, PUSH);
    assert_eq!(purposes(&four), [Purpose::ReadEx, Purpose::WriteEx]);
    let mut five = four.clone();
    let write = 64 + 56 + 2 * 16;
    five[write..write + 5].copy_from_slice(&[0x4c, 0x8d, 0x44, 0x24, 0x08]);
    five[write + 5] = 0xe8;
    five[write + 6..write + 10].copy_from_slice(&(5 * 16 - (2 * 16 + 10_i32)).to_le_bytes());
    assert_eq!(purposes(&five), [Purpose::ReadEx, Purpose::WriteFlags]);
}

#[test]
fn a_processor_that_is_not_decoded_is_hooked_at_its_exports() {
    let mut file = library(4, 5, PUSH);
    file[18] = 183;
    assert_eq!(found_in(&file), Found::Exports(Fallback::Architecture));
}

/// Every symbol with a name that never ends: what each costs must not grow with the file.
#[test]
fn endless_names_take_no_time() {
    let half = 2_u32 << 20;
    let endless = "x".repeat(half as usize * 2);
    let mut file = elf_with(&[PUSH; 16], &[&endless]);
    let symbols = 64 + 56 + 16;
    let count = half as usize / 24;
    let mut symbol: [u8; 24] = file[symbols..symbols + 24].try_into().unwrap();
    symbol[..4].copy_from_slice(&half.to_le_bytes());
    let names = symbols + 24;
    for at in 0..count {
        file[names + at * 24..names + at * 24 + 24].copy_from_slice(&symbol);
    }
    let sections = file.len() - 5 * 64;
    file[sections + 2 * 64 + 32..sections + 2 * 64 + 40].copy_from_slice(&(count as u64 * 24).to_le_bytes());
    let started = Instant::now();
    assert_eq!(resolve_bytes(&file, Path::new("x")).unwrap(), Verdict::Plain);
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn any_bytes_are_only_an_error(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = resolve_bytes(&bytes, Path::new("x"));
        let _ = resolve_bytes(&[b"\x7fELF\x02\x01\x01".as_slice(), &bytes].concat(), Path::new("x"));
    }

    #[test]
    fn a_damaged_library_is_survived(at in 0_usize..900, with in any::<[u8; 8]>(), cut in 0_usize..1024) {
        let mut file = library(4, 5, PUSH);
        let at = at.min(file.len() - 8);
        file[at..at + 8].copy_from_slice(&with);
        file.truncate(file.len().saturating_sub(if cut > 512 { 0 } else { cut }));
        let _ = resolve_bytes(&file, Path::new("x"));
    }
}
