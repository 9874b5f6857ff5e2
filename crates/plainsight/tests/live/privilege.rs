//! Without privilege: what is missing is said, and what needs none still works.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::access::Access;
use crate::support::ground::ground;
use crate::support::process::{open_to_all, program};
use crate::support::watch::PLAINSIGHT;

/// Runs the program as a user who may nothing, who could not read it where it was built.
fn as_nobody(folder: &Path, arguments: &[&str]) -> Output {
    let copy = folder.join("plainsight");
    fs::copy(PLAINSIGHT, &copy).unwrap();
    open_to_all(&copy);
    let mut setpriv = program("setpriv");
    setpriv.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]).arg(copy).args(arguments);
    setpriv.current_dir(folder).output().unwrap()
}

#[test]
fn watch_says_which_privilege_is_missing() {
    let Some(ground) = ground("watch without privilege", &["setpriv"]) else { return };
    let output = as_nobody(ground.folder.path(), &["watch", "--json"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(output.stdout.is_empty(), "standard output is only data");
    for word in ["CAP_BPF", "CAP_PERFMON", "root", "setcap"] {
        assert!(told.contains(word), "{word} is not named: {told}");
    }
}

/// Root in a container without privileges: all capabilities are there, and none of them counts.
#[test]
fn a_user_namespace_is_named_as_what_is_in_the_way() {
    let Some(_ground) = ground("user namespace", &["unshare"]) else { return };
    let mut inside = program("unshare");
    let told = refusal(inside.args(["--user", "--map-root-user", PLAINSIGHT, "watch"]));
    assert!(told.contains("user namespace: one of its own"), "{told}");
    assert!(!told.contains("CAP_"), "{told}");
}

#[test]
fn a_kernel_that_does_not_describe_its_types_is_named() {
    let Some(_ground) = ground("no BTF", &["unshare"]) else { return };
    for command in ["watch", "doctor"] {
        let mut inside = program("unshare");
        let hide = r#"mount -t tmpfs none /sys/kernel/btf && exec "$0" "$1""#;
        inside.args(["--mount", "--propagation", "private", "sh", "-c", hide, PLAINSIGHT, command]);
        let told = refusal(&mut inside);
        assert!(told.contains("BTF: none"), "{told}");
        assert!(told.contains("CONFIG_DEBUG_INFO_BTF"), "{told}");
    }
}

/// Nothing that is known is missing, and the kernel refuses all the same: then its own words are all that can be said.
#[test]
fn a_refusal_for_another_reason_is_told_in_the_kernels_words() {
    let Some(_ground) = ground("refused programs", &["prlimit"]) else { return };
    let told = refusal(program("prlimit").args(["--nofile=16", PLAINSIGHT, "watch"]));
    assert!(told.contains("refused the programs"), "{told}");
    assert!(told.contains("Too many open files"), "{told}");
}

/// All that a command says which fails as one that ran and could not do its work.
fn refusal(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let told = String::from_utf8([stdout, stderr].concat()).unwrap();
    assert_eq!(status.code(), Some(1), "{told}");
    told
}

#[test]
fn replay_needs_no_privilege() {
    let Some(ground) = ground("replay without privilege", &["setpriv"]) else { return };
    let capture = capture_of_a_call(ground.folder.path());
    let output = as_nobody(ground.folder.path(), &["replay", "--json", capture.to_str().unwrap()]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let access: Access = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!(access.statement.as_deref(), Some("GET /replayed"));
    assert_eq!(access.details["http"]["status"], 200);
    assert!(access.process.is_none() && access.role.is_none(), "a capture knows no process: {access:#?}");
}

/// A capture of raw IP packets (link type 101) with one call and its answer.
fn capture_of_a_call(folder: &Path) -> PathBuf {
    let call = b"GET /replayed HTTP/1.1\r\nHost: x\r\n\r\n";
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let mut file = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65535, 101].map(u32::to_le_bytes).concat();
    for (second, packet) in (0_u32..).zip([packet((40_000, 80), call), packet((80, 40_000), answer)]) {
        let length = u32::try_from(packet.len()).unwrap();
        file.extend([second, 0, length, length].map(u32::to_le_bytes).concat());
        file.extend(packet);
    }
    let path = folder.join("call.pcap");
    fs::write(&path, file).unwrap();
    path
}

/// An IPv4 packet with the first bytes that one end says; without checksums, as network cards leave them to be filled in.
fn packet((from, to): (u16, u16), said: &[u8]) -> Vec<u8> {
    let length = u16::try_from(40 + said.len()).unwrap();
    let mut packet = vec![0x45, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 1]);
    packet.extend([from, to].map(u16::to_be_bytes).concat());
    packet.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 255, 255, 0, 0, 0, 0]);
    packet.extend(said);
    packet
}
