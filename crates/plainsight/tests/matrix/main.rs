//! Other kernels: each is booted in an emulated machine, and watches a real server and a real client there.
//!
//! `.ci/kernels` fetches the kernels and `.ci/packages matrix` the emulator (`make matrix` does both); no root is needed.
//! What cannot be had is skipped, loudly: what it is had from is in nobody's hands here.
#![cfg(test)]
#![forbid(unsafe_code)]

mod image;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

use crate::image::Image;

/// One machine for all: every guest gets the same.
static IMAGE: LazyLock<Image> = LazyLock::new(Image::make);
/// A guest is done in 20 seconds where nothing else runs; the emulator has one processor for it.
const PATIENCE: &str = "300";
/// A kernel that dies before anything of ours runs does so by the emulator's fault, which happens on a busy machine.
const TRIES: usize = 3;
/// What a guest says when its kernel is up.
const BEGUN: &str = "=== begin";
/// What it says at its end.
const OVER: &str = "=== over";

#[test]
fn linux_5_10_is_refused_by_name() {
    let Some(guest) = Guest::boot("5.10") else { return };
    let doctor = guest.said("doctor");
    assert_eq!(doctor.status, 1, "{doctor:#?}");
    let kernel = doctor.feature("kernel").unwrap();
    assert_eq!(kernel["state"], "missing", "{kernel:#}");
    assert!(kernel["advice"].as_str().unwrap().contains("bpf_get_attach_cookie"), "{kernel:#}");
    let watch = guest.said("root");
    assert_eq!(watch.status, 1, "{watch:#?}");
    assert!(watch.told("bpf_get_attach_cookie") && watch.told("5.15"), "{watch:#?}");
    assert!(!watch.told("libbpf"), "the reason is known, and the verifier's words are noise: {watch:#?}");
}

/// Without `uprobe.multi`: hooks are set one by one, which wants the old privilege for everything.
#[test]
fn linux_6_1_sees_plain_tls_and_rings() {
    let Some(guest) = Guest::boot("6.1") else { return };
    guest.said("doctor").lacks(&[]);
    guest.said("root").sees_all();
    guest.said("pipes").sees_all();
    let three = guest.said("three");
    assert!(three.told("CAP_SYS_ADMIN is missing"), "{three:#?}");
    assert!(three.told("could not be hooked"), "{three:#?}");
    let seen: Vec<Value> = three.accesses().into_iter().map(|access| access["statement"].clone()).collect();
    assert_eq!(seen, ["GET /plain", "GET /ring"], "{three:#?}");
    let old = guest.said("old");
    assert!(!old.told("CAP_SYS_ADMIN"), "{old:#?}");
    old.sees_all();
}

#[test]
fn linux_6_12_sees_plain_tls_and_rings() {
    let Some(guest) = Guest::boot("6.12") else { return };
    guest.said("doctor").lacks(&[]);
    for name in ["root", "pipes", "three", "old"] {
        let watch = guest.said(name);
        assert!(!watch.told("CAP_SYS_ADMIN"), "{watch:#?}");
        watch.sees_all();
    }
}

/// What a guest said on its console.
struct Guest {
    console: String,
}

/// What one command of the guest said.
#[derive(Debug)]
struct Section {
    lines: Vec<String>,
    status: i32,
}

impl Guest {
    /// Boots the newest kernel of this line; `None` when that cannot be done here, which was then said.
    fn boot(line: &str) -> Option<Guest> {
        let kernel = kernels().join(line).join("vmlinuz");
        let missing = image::missing().or_else(|| {
            (!kernel.is_file())
                .then(|| format!("there is no {} (`make matrix` fetches it)", kernel.display()))
        });
        if let Some(why) = missing {
            // Not `eprintln!`, which the harness keeps to itself when a test passes.
            _ = writeln!(std::io::stderr(), "SKIPPED Linux {line}: {why}");
            return None;
        }
        let console = (0..TRIES).map(|_| run(&kernel)).find(|console| console.contains(BEGUN));
        let console = console.unwrap_or_else(|| panic!("Linux {line} does not come up under emulation"));
        assert!(console.contains(OVER), "Linux {line} did not come to an end: {console}");
        Some(Guest { console })
    }

    fn said(&self, name: &str) -> Section {
        let (_, rest) = self.console.split_once(&format!("=== begin {name}\n")).unwrap();
        let (lines, rest) = rest.split_once("=== end ").unwrap();
        let status = rest.lines().next().unwrap().parse().unwrap();
        Section { lines: lines.lines().map(str::to_owned).collect(), status }
    }
}

impl Section {
    fn told(&self, words: &str) -> bool {
        self.lines.iter().any(|line| line.contains(words))
    }

    fn objects(&self) -> impl Iterator<Item = Value> {
        self.lines.iter().filter_map(|line| serde_json::from_str(line).ok())
    }

    /// What the doctor found of one thing.
    fn feature(&self, name: &str) -> Option<Value> {
        let report = self.objects().next().unwrap();
        report["features"].as_array().unwrap().iter().find(|feature| feature["name"] == name).cloned()
    }

    /// Watching works here, and lacks no more than `names`.
    fn lacks(&self, names: &[&str]) {
        assert_eq!(self.status, 0, "{self:#?}");
        let report = self.objects().next().unwrap();
        let is_lacking = |feature: &&Value| feature["state"] != "ok" && feature["name"] != "control groups";
        let lacking: Vec<&Value> = report["features"].as_array().unwrap().iter().filter(is_lacking).collect();
        assert_eq!(lacking.iter().map(|feature| &feature["name"]).collect::<Vec<_>>(), names);
    }

    fn accesses(&self) -> Vec<Value> {
        self.objects().filter(|object| object.get("statement").is_some()).collect()
    }

    /// All calls were seen whole, with their processes and sockets, and nothing was lost.
    fn sees_all(&self) {
        assert_eq!(self.status, 0, "{self:#?}");
        let accesses = self.accesses();
        let called = [
            ("/plain", "plain", 80, Value::Null, "curl"),
            ("/tls", "tls", 443, "certain".into(), "curl"),
            ("/ring", "plain", 80, Value::Null, "uring_talk"),
        ];
        assert_eq!(accesses.len(), called.len(), "{self:#?}");
        for (access, (path, layer, port, paired, client)) in accesses.iter().zip(called) {
            assert_eq!(access["statement"], format!("GET {path}"), "{access:#}");
            assert_eq!((&access["layer"], &access["role"]), (&layer.into(), &"both".into()), "{access:#}");
            assert_eq!(access["server"]["port"], port, "{access:#}");
            assert_eq!(access["paired"], paired, "{access:#}");
            assert_eq!(access["process"]["exe"], format!("/usr/bin/{client}"), "{access:#}");
            assert_eq!(access["peer_process"]["exe"], "/usr/sbin/nginx", "{access:#}");
            assert_eq!(access["details"]["http"]["status"], 200, "{access:#}");
            assert_eq!(access["complete"]["ok"], true, "{access:#}");
        }
        let account = self.objects().find(|object| object.get("kernel").is_some()).unwrap();
        assert_eq!(account["kernel"]["violations"], 0, "{account:#}");
        let lost = account["kernel"]["lost"].as_object().unwrap();
        assert!(lost.values().all(|bytes| *bytes == 0), "{account:#}");
    }
}

/// Boots a kernel; everything that was written on its console.
fn run(kernel: &Path) -> String {
    let mut emulator = Command::new("timeout");
    // One processor: code that a kernel changes while it runs is not always seen by a second one under emulation.
    emulator.args([
        PATIENCE,
        "qemu-system-x86_64",
        "-accel",
        "tcg",
        "-cpu",
        // The flags are wrong after its 16-byte exchanges when an interrupt comes: kernels that had them died of it.
        "max,-cx16",
        "-smp",
        "1",
        "-m",
        "1024",
    ]);
    emulator.args(["-display", "none", "-monitor", "none", "-serial", "stdio", "-nic", "none", "-no-reboot"]);
    // Switching page tables at each call, as mitigations do, is what guests were seen to die of under emulation.
    let words = "console=ttyS0 quiet loglevel=1 mitigations=off oops=panic panic=-1";
    emulator.args(["-append", words]);
    emulator.arg("-kernel").arg(kernel).arg("-initrd").arg(&IMAGE.path);
    let output = emulator.stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).replace('\r', "")
}

/// Where `.ci/kernels` puts them: beside what cargo builds.
fn kernels() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("kernels")
}
