//! What OpenSSL's functions move in clear, against what the program that calls them says: each byte once, in order.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use capture::kernel::Options;
use capture::libraries::resolve::{Verdict, resolve};
use model::conn::Layer;

use crate::{Talk, balances, hear, kernel, program};

/// What `tls.py` does: every form, looking ahead, writes and reads that fail first, early data; and whether its session is
/// told the descriptor, or has a socket of OpenSSL's below it.
const TALKS: [(&str, &str); 6] = [
    ("forms", "fd"),
    ("forms", "bio"),
    ("peek", "bio"),
    ("retry", "fd"),
    ("partial", "bio"),
    ("early", "bio"),
];

#[test]
fn the_systems_openssl_is_heard() {
    let Some(library) = system() else { return skipped("there is no libssl.so.3 for x86-64") };
    is_heard(&library);
}

#[test]
fn openssl_1_1_is_heard() {
    let Some(library) = wheel("psycopg2") else { return skipped("`.ci/wheels` has not fetched psycopg2") };
    is_heard(&library);
}

#[test]
fn an_openssl_with_flags_is_heard() {
    let Some(library) = wheel("psycopg") else { return skipped("`.ci/wheels` has not fetched psycopg") };
    is_heard(&library);
}

/// Talks with this library at the client and at the server, while the other end has one that nobody can hook: so it is
/// this one that is heard.
fn is_heard(library: &Path) {
    let Some(dark) = system().map(|system| blinded(&system)) else {
        return skipped("there is no libssl.so.3");
    };
    let mut wrong = Vec::new();
    for (kind, how) in TALKS {
        wrong.extend(talk(kind, how, library, [library, &dark]));
        wrong.extend(talk(kind, how, library, [&dark, library]));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What was heard otherwise than said.
fn talk(kind: &str, how: &str, hooked: &Path, ends: [&Path; 2]) -> Vec<String> {
    let Some(mut kernel) = kernel(&Options::default()) else { return Vec::new() };
    let verdict = resolve(&File::open(hooked).expect("a library"), hooked, |_| None).expect("a verdict");
    let plan = if let Verdict::Hook(plan) = verdict { Some(plan) } else { None }.expect("a plan");
    kernel.attach(&plan, hooked).expect("a hook");
    let [client, server] = ends.map(|path| path.to_str().expect("a path"));
    let (talks, said) = hear(&mut kernel, program("tls.py", &[kind, how, client, server]));
    let (client, server) = said.trim_end_matches('\n').split_once('\t').expect("two words");
    let ours = format!("tls.py {kind} {how} ");
    let is_ours = |talk: &&Talk| {
        let process = talk.opened[0].process.as_ref();
        process.is_some_and(|process| process.command.contains(&ours))
    };
    let mut talks: Vec<&Talk> = talks.values().filter(is_ours).filter(|talk| is_clear(talk)).collect();
    talks.sort_by_key(|talk| talk.begun);
    let mut wrong = Vec::new();
    for (end, said) in [("client", client), ("server", server)] {
        let heard: Vec<&[u8]> = talks.iter().map(|talk| said_in_clear(talk, end == "client")).collect();
        let heard = String::from_utf8(heard.join(&b'|')).expect("text");
        if heard != said {
            let (said, heard) = (short(said), short(&heard));
            wrong.push(format!("{kind} {how} {ends:?}: the {end} said {said} and was heard as {heard}"));
        }
    }
    balances(kernel);
    wrong
}

fn is_clear(talk: &Talk) -> bool {
    talk.said.keys().any(|(layer, _)| *layer == Layer::Clear)
}

fn said_in_clear(talk: &Talk, is_client: bool) -> &[u8] {
    talk.said.get(&(Layer::Clear, is_client)).map_or(&[], Vec::as_slice)
}

fn short(words: &str) -> String {
    format!("{:?}, {} bytes", words.chars().take(100).collect::<String>(), words.len())
}

fn system() -> Option<PathBuf> {
    let found = ["/usr/lib/x86_64-linux-gnu/libssl.so.3", "/usr/lib64/libssl.so.3"].map(PathBuf::from);
    found.into_iter().find(|path| path.exists())
}

/// The library of a package that `.ci/wheels` put beside what cargo builds.
fn wheel(name: &str) -> Option<PathBuf> {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("wheels").join(name);
    let folders = fs::read_dir(package).ok()?.filter_map(Result::ok).map(|folder| folder.path());
    let files = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().filter_map(Result::ok);
    files.map(|file| file.path()).find(|path| path.file_name().is_some_and(is_libssl))
}

fn is_libssl(name: &std::ffi::OsStr) -> bool {
    name.to_string_lossy().starts_with("libssl-")
}

/// A copy without the table of its sections, which loaders do not read, and so without any name that can be found.
fn blinded(library: &Path) -> PathBuf {
    let mut bytes = fs::read(library).expect("a library");
    // `e_shoff` of the header, then `e_shnum` and `e_shstrndx` (elf(5)).
    bytes[0x28..0x30].fill(0);
    bytes[0x3c..0x40].fill(0);
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libssl.so.3");
    fs::write(&copy, bytes).expect("a copy");
    copy
}

fn skipped(why: &str) {
    _ = writeln!(std::io::stderr(), "SKIPPED, NOTHING WAS TESTED: {why}");
    assert!(std::env::var_os("CI").is_none(), "{why}");
}
