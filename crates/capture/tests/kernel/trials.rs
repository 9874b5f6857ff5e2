//! Functions that were found without their names: those that are what they seem to be are heard, any others given up.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use capture::kernel::Options;
use capture::kernel::hooks::Distrusted;
use capture::kernel::trials::Distrust;
use capture::libraries::plan::{Entry, Found, Function, Plan, Purpose};
use capture::libraries::resolve::{Verdict, resolve};
use model::conn::Layer;
use object::{Object as _, ObjectSymbol as _};

use crate::tls::system;
use crate::{Talk, Watched, hear, kernel};

/// Talks one after the other: enough calls for a proof, and for as many doubts as are allowed.
const TALKS: usize = 16;

/// Copies of the system's OpenSSL that nobody else maps: the client's, which is hooked, and the server's.
struct Copies {
    folder: tempfile::TempDir,
}

impl Copies {
    fn make() -> Option<Copies> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, copy) in
            [("libssl.so.3", "libssl.so.3"), ("libcrypto.so.3", "libcrypto.so.3"), ("libssl.so.3", "dark")]
        {
            fs::copy(system(name)?, folder.path().join(copy)).expect("a copy");
        }
        Some(Copies { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Connections one after the other, which move bytes by every form that there is.
    fn talks(&self) -> Child {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/tls.py");
        let mut shell = Command::new("sh");
        shell.args([
            "-c",
            "for talk in $(seq $1); do python3 \"$2\" forms fd \"$3\" \"$4\" || exit 1; done",
            "sh",
        ]);
        shell.arg(TALKS.to_string()).arg(program).args([self.path("libssl.so.3"), self.path("dark")]);
        shell.env("LD_LIBRARY_PATH", self.folder.path()).stdout(Stdio::piped()).spawn().expect("sh")
    }
}

/// What a plan says of the system's libssl, as if its functions had been found without their names.
fn on_trial(library: &Path) -> Plan {
    let verdict = resolve(&File::open(library).expect("a library"), library, |_| None).expect("a verdict");
    let plan = if let Verdict::Hook(plan) = verdict { Some(plan) } else { None }.expect("a plan");
    Plan { found: Found::Located, ..plan }
}

/// A plan that takes two functions of libcrypto, which move ciphertext, for those of TLS.
fn mistaken(library: &Path) -> Plan {
    let bytes = fs::read(library).expect("a library");
    let elf = object::File::parse(bytes.as_slice()).expect("an ELF file");
    let place = |name: &str| {
        let symbol = elf.dynamic_symbols().find(|symbol| symbol.name() == Ok(name)).expect("the function");
        symbol.address()
    };
    let function = |purpose, name| Function { purpose, offset: place(name), entry: Entry::Unknown };
    let functions = vec![function(Purpose::Read, "BIO_read"), function(Purpose::Write, "BIO_write")];
    Plan { functions, ..on_trial(&library.with_file_name("libssl.so.3")) }
}

/// What was heard in clear of each talk on the library, in their order, and what was said in each: lengths.
fn lengths(kernel: &mut Watched, copies: &Copies) -> (Vec<usize>, Vec<usize>) {
    let (talks, said) = hear(kernel, copies.talks());
    let folder = copies.folder.path().to_str().expect("a folder");
    let is_ours = |talk: &&Talk| {
        talk.opened.iter().any(|opened| opened.process.as_ref().is_some_and(|of| of.command.contains(folder)))
    };
    let mut ours: Vec<&Talk> = talks.values().filter(is_ours).collect();
    ours.sort_by_key(|talk| talk.begun);
    let in_clear = |talk: &&Talk| {
        let clear = talk.said.iter().filter(|((layer, _), _)| *layer == Layer::Clear);
        clear.map(|(_, said)| said.len()).sum()
    };
    let heard = ours.iter().map(in_clear).filter(|length| *length > 0).collect();
    (heard, said.lines().map(|line| line.replace('\t', "").len()).collect())
}

/// Some readers have room for seven bytes: what they read of a record is withheld until there is proof.
#[test]
fn what_fits_the_socket_is_heard_from_its_proof_on() {
    let Some(copies) = Copies::make() else { return };
    let Some(mut kernel) = kernel(&Options::default()) else { return };
    kernel.attach(&on_trial(&copies.path("libssl.so.3")), &copies.path("libssl.so.3")).expect("a hook");
    let (heard, said) = lengths(&mut kernel, &copies);
    let trials = kernel.trials();
    assert!(matches!(trials.as_slice(), [trial] if trial.is_proven()), "{trials:?}");
    assert_eq!((heard.len(), said.len()), (TALKS, TALKS), "{heard:?}");
    let missing: usize = said.iter().sum::<usize>() - heard.iter().sum::<usize>();
    assert_eq!(missing as u64, trials[0].withheld, "{heard:?}");
    assert_eq!(heard.last(), said.last());
    assert_eq!(kernel.distrust(), []);
}

/// They move bytes, inside of them TLS records pass on the session's socket, and their answers make sense: only the
/// lengths do not fit.
#[test]
fn what_does_not_fit_the_socket_is_given_up_and_never_told() {
    let Some(copies) = Copies::make() else { return };
    let Some(mut kernel) = kernel(&Options::default()) else { return };
    let library = copies.path("libcrypto.so.3");
    kernel.attach(&mistaken(&library), &library).expect("a hook");
    let (heard, _) = lengths(&mut kernel, &copies);
    assert_eq!(heard, [], "ciphertext was taken for what was said");
    let distrusted = kernel.distrust();
    let reasons: Vec<_> =
        distrusted.iter().map(|Distrusted { path, why, .. }| (path.as_path(), *why)).collect();
    assert_eq!(reasons, [(library.as_path(), Distrust::Misfit)]);
    assert_eq!(kernel.trials(), [], "the hook is gone");
}
