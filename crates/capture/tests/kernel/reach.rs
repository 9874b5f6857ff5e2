//! Whom the hooks reach: who is not asked for has none in its code, until somebody who is asked for begins another.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use capture::kernel::choice::Choice;
use capture::kernel::{Kernel, Options};
use capture::libraries::plan::Plan;
use capture::libraries::resolve::{Verdict, resolve};
use capture::source::Source as _;
use model::conn::Layer;

use crate::tls::{Blinded, system};
use crate::{Talks, Watched, balances, hear};

/// How long a hook may take that is to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A program that has loaded the library and waits.
struct Waiting {
    child: Child,
    input: ChildStdin,
}

impl Waiting {
    fn with(library: &Path) -> Waiting {
        // Another one in the path may be a script that begins others before it becomes Python.
        let mut python = Command::new("/usr/bin/python3");
        python.arg(programs("begins.py")).arg(library);
        let mut child = python
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut told = BufReader::new(child.stderr.take().expect("its words"));
        told.read_line(&mut String::new()).expect("that it has loaded the library");
        let input = child.stdin.take().expect("its input");
        Waiting { child, input }
    }

    fn begin(&mut self, words: &[&str]) {
        writeln!(self.input, "{}", words.join("\t")).expect("its input");
    }

    /// Lets it end, and hears it out.
    fn hear(self, kernel: &mut Kernel) -> (Talks, String) {
        drop(self.input);
        hear(kernel, self.child)
    }

    fn end(mut self) {
        drop(self.input);
        assert!(self.child.wait().expect("its end").success());
    }
}

fn programs(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(name)
}

fn plan_of(library: &Path) -> Plan {
    let verdict = resolve(&File::open(library).expect("a library"), library, |_| None).expect("a verdict");
    if let Verdict::Hook(plan) = verdict { Some(plan) } else { None }.expect("a plan")
}

/// In how many of the plan's functions another instruction stands in a process than in the file.
fn hooks_in(pid: u32, library: &Path, plan: &Plan) -> usize {
    let library = fs::canonicalize(library).expect("a path");
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("its mappings");
    let is_code = |line: &&str| line.contains(" r-xp ") && line.ends_with(library.to_str().expect("a path"));
    let words: Vec<&str> = maps.lines().find(is_code).expect("its code").split_whitespace().collect();
    let number = |hex| u64::from_str_radix(hex, 16).expect("a number");
    let (start, offset) = (number(words[0].split('-').next().expect("a start")), number(words[2]));
    let (memory, file) = (File::open(format!("/proc/{pid}/mem")), File::open(&library));
    let byte = |of: &File, at: u64| {
        let mut byte = [0];
        of.read_exact_at(&mut byte, at).expect("a byte");
        byte
    };
    let (memory, file) = (memory.expect("its memory"), file.expect("the library"));
    let is_hooked = |at: u64| byte(&memory, start + at - offset) != byte(&file, at);
    plan.functions.iter().filter(|function| is_hooked(function.offset)).count()
}

/// A kernel that watches one process and what that begins, with the library hooked.
fn watching(pid: u32, library: &Path, plan: &Plan) -> Option<Watched> {
    let mut kernel = crate::choosing(&Options::default(), &Choice { pids: vec![pid], ..Choice::default() })?;
    kernel.attach(plan, library).expect("a hook");
    Some(kernel)
}

/// What the two ends of a talk over TLS were heard to say is what they say that they said.
fn assert_heard(talks: &Talks, said: &str) {
    let (client, server) = said.trim_end_matches('\n').split_once('\t').expect("two words");
    for (is_client, said) in [(true, client), (false, server)] {
        let words: Vec<_> =
            talks.values().filter_map(|talk| talk.said.get(&(Layer::Clear, is_client))).collect();
        assert_eq!(words.len(), 1, "it is told once: {talks:#?}");
        assert_eq!(String::from_utf8_lossy(words[0]), said);
    }
}

#[test]
fn only_who_is_asked_for_is_hooked_until_it_begins_another() {
    let Some(library) = system("libssl.so.3") else { return };
    // Whoever else watches this host meanwhile finds nothing in them.
    let (plan, copies) = (plan_of(&library), [Blinded::of(&library), Blinded::of(&library)]);
    let [library, dark] = copies.each_ref().map(|copy| copy.path.clone());
    let (mut asked, other) = (Waiting::with(&library), Waiting::with(&library));
    let (pid, beside) = (asked.child.id(), other.child.id());
    let Some(mut kernel) = watching(pid, &library, &plan) else { return };
    assert_eq!(hooks_in(pid, &library, &plan), plan.functions.len());
    assert_eq!(hooks_in(beside, &library, &plan), 0, "nobody asked for it");
    asked.begin(&["-c", "pass"]);
    let end = Instant::now() + PATIENCE;
    while hooks_in(beside, &library, &plan) < plan.functions.len() {
        assert!(Instant::now() < end, "everyone is hooked");
        kernel.next().expect("an event");
    }
    let program = programs("tls.py");
    let paths = [&program, &library, &dark].map(|path| path.to_str().expect("a path"));
    asked.begin(&[paths[0], "forms", "fd", paths[1], paths[2]]);
    let (talks, said) = asked.hear(&mut kernel);
    assert_heard(&talks, &said);
    other.end();
    balances(kernel);
}

#[test]
fn who_is_dark_is_read_at_the_other_end() {
    let Some(library) = system("libssl.so.3") else { return };
    let (plan, copy) = (plan_of(&library), Blinded::of(&library));
    let library = copy.path.clone();
    let (asked, other) = (Waiting::with(&library), Waiting::with(&library));
    let Some(mut kernel) = watching(asked.child.id(), &library, &plan) else { return };
    kernel.darkens(other.child.id()).expect("a look");
    assert_eq!(hooks_in(other.child.id(), &library, &plan), 0, "nobody asked for it");
    kernel.darkens(asked.child.id()).expect("hooks");
    assert_eq!(hooks_in(other.child.id(), &library, &plan), plan.functions.len());
    asked.end();
    other.end();
}
