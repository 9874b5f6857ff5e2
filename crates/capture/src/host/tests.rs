//! Hosts made of files, and the one that the tests run on.

use super::*;

/// A host made of files, gone with its test.
struct Made(Host);

impl Made {
    fn of(name: &str, files: &[(&str, &str)]) -> Made {
        let root = std::env::temp_dir().join(format!("plainsight-host-{name}-{}", std::process::id()));
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Made(Host { root })
    }

    fn state(&self, name: &str) -> State {
        self.0.features().into_iter().find(|feature| feature.name == name).unwrap().state
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0.root);
    }
}

#[test]
fn a_modern_host_lacks_nothing() {
    let host = Made::of(
        "modern",
        &[
            ("proc/sys/kernel/osrelease", "6.12.1-amd64\n"),
            ("sys/kernel/btf/vmlinux", "BPF_FUNC_get_attach_cookie\0bpf_uprobe_multi_link\0"),
            ("proc/self/status", "Name:\tx\nCapEff:\t000001ffffffffff\n"),
            ("sys/kernel/security/lockdown", "[none] integrity confidentiality\n"),
            ("sys/fs/cgroup/cgroup.controllers", "cpu memory\n"),
        ],
    );
    let lacking: Vec<Feature> =
        host.0.features().into_iter().filter(|feature| feature.state != State::Ok).collect();
    assert_eq!(lacking, []);
}

#[test]
fn an_old_and_closed_host_says_what_is_missing() {
    let host = Made::of(
        "old",
        &[
            ("proc/sys/kernel/osrelease", "5.10.0\n"),
            ("proc/self/status", "CapEff:\t0000000000000000\n"),
            ("proc/self/uid_map", "         0       1000          1\n"),
            ("sys/kernel/security/lockdown", "none integrity [confidentiality]\n"),
        ],
    );
    for name in ["kernel", "BTF", "user namespace", "CAP_BPF", "CAP_PERFMON", "lockdown"] {
        assert!(matches!(host.state(name), State::Missing(_)), "{name}");
    }
    let limits = ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_CHECKPOINT_RESTORE"];
    for name in limits.into_iter().chain(["control groups"]) {
        assert!(matches!(host.state(name), State::Limited(_)), "{name}");
    }
}

#[test]
fn a_kernel_to_which_a_distribution_brought_what_is_needed_will_do() {
    let host = Made::of(
        "brought",
        &[
            ("proc/sys/kernel/osrelease", "5.14.0-70.el9.x86_64\n"),
            ("sys/kernel/btf/vmlinux", "BPF_FUNC_get_attach_cookie\0"),
        ],
    );
    assert_eq!(host.state("kernel"), State::Ok);
}

#[test]
fn the_old_privilege_stands_for_those_cut_out_of_it() {
    let host = Made::of("admin", &[("proc/self/status", "CapEff:\t0000000000200000\n")]);
    for name in ["CAP_BPF", "CAP_PERFMON", "CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"] {
        assert_eq!(host.state(name), State::Ok, "{name}");
    }
    assert!(matches!(host.state("CAP_SYS_PTRACE"), State::Limited(_)));
}

#[test]
fn hooks_set_at_once_want_no_more_than_their_own_privileges() {
    let host = Made::of(
        "many",
        &[
            ("proc/self/status", "CapEff:\t000000c000000000\n"),
            ("sys/kernel/btf/vmlinux", "bpf_uprobe_multi_link\0"),
        ],
    );
    let named: Vec<&str> = host.0.features().iter().map(|feature| feature.name).collect();
    assert!(!named.contains(&"CAP_SYS_ADMIN"), "{named:?}");
    assert_eq!(host.state("CAP_PERFMON"), State::Ok);
}

/// A host whose kernel has these names among its types, and this setting.
fn with_rings(name: &str, types: &str, setting: &str) -> Feature {
    let files = [("sys/kernel/btf/vmlinux", types), ("proc/sys/kernel/io_uring_disabled", setting)];
    let host = Made::of(name, &files);
    host.0.features().into_iter().find(|feature| feature.name == "io_uring").unwrap()
}

#[test]
fn rings_are_read_where_the_kernel_tells_of_them() {
    let (now, before) = ("btf_trace_io_uring_submit_req\0", "btf_trace_io_uring_submit_sqe\0");
    for (name, asked) in [("rings", now), ("rings-before", before)] {
        let told = with_rings(name, &format!("{asked}io_cmd_data\0"), "0\n");
        assert_eq!((&*told.found, &told.state), ("read", &State::Ok));
        let refused = with_rings(name, &format!("{asked}io_cmd_data\0"), "2\n");
        assert!(refused.found.starts_with("refused") && refused.state == State::Ok, "{refused:?}");
        let untold = with_rings(name, asked, "0\n");
        assert!(matches!(untold.state, State::Limited(_)), "{untold:?}");
    }
    assert_eq!(with_rings("no-rings", "io_cmd_data\0", "").found, "not in this kernel");
}

#[test]
fn tls_in_the_kernel_is_a_limit_where_it_is_loaded() {
    let layers = "proc/sys/net/ipv4/tcp_available_ulp";
    let without = Made::of("without-tls", &[(layers, "espintcp mptcp\n")]);
    assert_eq!(without.state("TLS in the kernel"), State::Ok);
    let with = Made::of("with-tls", &[(layers, "espintcp mptcp tls\n")]);
    assert!(matches!(with.state("TLS in the kernel"), State::Limited(_)));
}

#[test]
fn this_host_is_reported_with_its_processes() {
    let mut watch = Watch::start();
    watch.poll();
    let report = report(&watch);
    assert!(!report.kernel.is_empty());
    assert!(report.features.iter().any(|feature| feature.name == "new processes"));
    assert!(report.processes.len() <= watch.census().len());
    assert!(report.processes.iter().all(|one| !one.library.is_empty() && !one.name.is_empty()));
}
