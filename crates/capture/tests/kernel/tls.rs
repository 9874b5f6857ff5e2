//! What the functions of TLS libraries move in clear, against what the program that calls them says: each byte once, in order.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use capture::kernel::Options;
use capture::libraries::resolve::{Verdict, resolve};
use model::conn::{Layer, Speaker};
use model::event::Cause;

use crate::{Talk, balances, hear, kernel, program};

/// A program, and what it does: every form, looking ahead, writes and reads that fail first, early data, a session that is used
/// again; and whether its
/// session is told the descriptor, or has it in a layer of its own below.
type Talks = (&'static str, &'static [(&'static str, &'static str)]);

const OPENSSL: Talks = (
    "tls.py",
    &[
        ("forms", "fd"),
        ("forms", "bio"),
        ("peek", "bio"),
        ("retry", "fd"),
        ("partial", "bio"),
        ("held", "fd"),
        ("pieces", "bio"),
        ("early", "bio"),
        ("again", "fd"),
        ("again", "bio"),
    ],
);
const GNUTLS: Talks = ("gnutls.py", &[("forms", "int"), ("forms", "ptr"), ("retry", "ptr")]);

#[test]
fn the_systems_openssl_is_heard() {
    let Some(library) = system("libssl.so.3") else { return };
    is_heard(OPENSSL, &library, "libssl.so.3");
}

#[test]
fn openssl_1_1_is_heard() {
    let Some(library) = wheel("psycopg2") else { return };
    is_heard(OPENSSL, &library, "libssl.so.3");
}

#[test]
fn an_openssl_with_flags_is_heard() {
    let Some(library) = wheel("psycopg") else { return };
    is_heard(OPENSSL, &library, "libssl.so.3");
}

#[test]
fn gnutls_is_heard() {
    let Some(library) = system("libgnutls.so.30") else { return };
    is_heard(GNUTLS, &library, "libgnutls.so.30");
}

/// Tried again without its bytes, `gnutls_record_send` sends what it has taken from the call that failed: where that
/// stood may hold anything by now.
#[test]
fn bytes_that_gnutls_has_taken_are_told_as_lost() {
    let Some(library) = system("libgnutls.so.30") else { return };
    let dark = Blinded::of(&library);
    let Some(heard) = heard("gnutls.py", ("taken", "ptr"), &library, [&library, &dark.path]) else { return };
    let [talk] = heard.talks.as_slice() else { panic!("one connection: {:#?}", heard.talks) };
    let is_lost = |(layer, speaker, _, cause): &(Layer, Speaker, u64, Cause)| {
        (*layer, *speaker, *cause) == (Layer::Clear, Speaker::Client, Cause::Fault)
    };
    assert!(!talk.lost.is_empty() && talk.lost.iter().all(is_lost), "{:#?}", talk.lost);
    let said = heard.said[0].len() as u64;
    assert_eq!(talk.ends[&(Layer::Clear, true)], said, "each byte has its place");
    let lost: u64 = talk.lost.iter().map(|(_, _, length, _)| length).sum();
    assert_eq!(in_clear(talk, true).len() as u64 + lost, said);
    assert_eq!(in_clear(talk, false), heard.said[1].as_bytes());
}

/// Talks with this library at the client and at the server, while the other end has one that nobody can hook: so it is
/// this one that is heard.
fn is_heard((program, talks): Talks, library: &Path, other: &str) {
    let Some(other) = system(other) else { return };
    let dark = Blinded::of(&other);
    let mut wrong = Vec::new();
    for talk in talks {
        for ends in [[library, &dark.path], [&dark.path, library]] {
            let Some(heard) = heard(program, *talk, library, ends) else { return };
            for (end, said) in ["client", "server"].into_iter().zip(&heard.said) {
                let heard =
                    heard.talks.iter().map(|talk| in_clear(talk, end == "client")).collect::<Vec<_>>();
                let heard = String::from_utf8(heard.join(&b'|')).expect("text");
                if heard != *said {
                    let (said, heard) = (short(said), short(&heard));
                    wrong.push(format!("{talk:?} {ends:?}: the {end} said {said}, and was heard as {heard}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What was heard of a program.
struct Heard {
    /// Its connections with something in clear, in their order.
    talks: Vec<Talk>,
    /// What it says that its client said, and its server.
    said: [String; 2],
}

fn heard(file: &str, (kind, how): (&str, &str), hooked: &Path, ends: [&Path; 2]) -> Option<Heard> {
    let mut kernel = kernel(&Options::default())?;
    let verdict = resolve(&File::open(hooked).expect("a library"), hooked, |_| None).expect("a verdict");
    let plan = if let Verdict::Hook(plan) = verdict { Some(plan) } else { None }.expect("a plan");
    kernel.attach(&plan, hooked).expect("a hook");
    let [client, server] = ends.map(|path| path.to_str().expect("a path"));
    let (talks, said) = hear(&mut kernel, program(file, &[kind, how, client, server]));
    let (client, server) = said.trim_end_matches('\n').split_once('\t').expect("two words");
    let said = [client.to_owned(), server.to_owned()];
    let ours = format!("{file} {kind} {how} ");
    let is_ours = |talk: &Talk| {
        let process = talk.opened[0].process.as_ref();
        process.is_some_and(|process| process.command.contains(&ours))
    };
    let is_clear = |talk: &Talk| talk.said.keys().any(|(layer, _)| *layer == Layer::Clear);
    let mut talks: Vec<Talk> = talks.into_values().filter(|talk| is_ours(talk) && is_clear(talk)).collect();
    talks.sort_by_key(|talk| talk.begun);
    balances(kernel);
    Some(Heard { talks, said })
}

fn in_clear(talk: &Talk, is_client: bool) -> &[u8] {
    talk.said.get(&(Layer::Clear, is_client)).map_or(&[], Vec::as_slice)
}

fn short(words: &str) -> String {
    format!("{:?}, {} bytes", words.chars().take(100).collect::<String>(), words.len())
}

/// A library of the system; `None`, loudly, where there is none for x86-64.
pub(crate) fn system(name: &str) -> Option<PathBuf> {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64"].map(|folder| Path::new(folder).join(name));
    let found = folders.into_iter().find(|path| path.exists());
    found.or_else(|| skipped(&format!("there is no {name} for x86-64")))
}

/// The library of a package that `.ci/wheels` put beside what cargo builds; `None`, loudly, where it has not.
fn wheel(name: &str) -> Option<PathBuf> {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("wheels").join(name);
    let entries = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let files = entries(package).flat_map(|folder| entries(folder.path())).map(|file| file.path());
    let is_libssl =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libssl-"));
    files.into_iter().find(is_libssl).or_else(|| skipped(&format!("`.ci/wheels` has not fetched {name}")))
}

fn skipped(why: &str) -> Option<PathBuf> {
    _ = writeln!(std::io::stderr(), "SKIPPED, NOTHING WAS TESTED: {why}");
    assert!(std::env::var_os("CI").is_none(), "{why}");
    None
}

/// A copy of a library without the table of its sections, which loaders do not read, and so without any name that can be
/// found.
pub(crate) struct Blinded {
    pub(crate) path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Blinded {
    pub(crate) fn of(library: &Path) -> Blinded {
        let mut bytes = fs::read(library).expect("a library");
        // `e_shoff` of the header, then `e_shnum` and `e_shstrndx` (elf(5)).
        bytes[0x28..0x30].fill(0);
        bytes[0x3c..0x40].fill(0);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(library.file_name().expect("a name"));
        fs::write(&path, bytes).expect("a copy");
        Blinded { path, _folder: folder }
    }
}
