//! As an ordinary user with capabilities: which are enough, and what each that is missing costs.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::dark::{self, Dark};
use crate::support::ground::{Ground, ground, skip};
use crate::support::libraries::copy_to;
use crate::support::nginx::{self, Nginx};
use crate::support::process::{Running, open_to_all, program, run};
use crate::support::watch::{PLAINSIGHT, Watch};

/// Enough to see what every user's programs say, inside TLS too.
const ENOUGH: [&str; 3] = ["bpf", "perfmon", "sys_ptrace"];
/// With these, nothing is left that only root could see.
const ALL: [&str; 5] = ["bpf", "perfmon", "sys_ptrace", "dac_read_search", "checkpoint_restore"];
/// Without these, nothing is seen.
const NEEDED: [&str; 2] = ["bpf", "perfmon"];

/// Whose TLS library stands where.
const USERS: [&str; 4] = ["system", "private", "container", "deleted"];
/// What is not seen without each of the others.
const COSTS: [(&str, &[&str]); 3] = [
    ("sys_ptrace", &["container", "deleted"]),
    ("dac_read_search", &["private", "deleted"]),
    ("checkpoint_restore", &["deleted"]),
];

/// A client that has mapped its library and waits for the end of its input before it calls.
const CLIENT: &str = "
import ssl, sys, urllib.request
context = ssl._create_unverified_context()
print('mapped', flush=True)
sys.stdin.read()
urllib.request.urlopen(sys.argv[1], context=context).read()
";
/// Runs a client with libraries on a file system that nobody else sees.
const CONTAINER: &str = r#"
set -e
mount -t tmpfs none /mnt
cp "$LIBRARIES"/* /mnt
LD_LIBRARY_PATH=/mnt exec "$@"
"#;

#[test]
fn three_capabilities_are_enough_for_other_users_programs() {
    let programs = [nginx::PROGRAMS.as_slice(), &dark::PROGRAMS, &["setpriv"]].concat();
    let Some(ground) = ground("three capabilities", &programs) else { return };
    if !sets_many_hooks() {
        return skip("three capabilities", "needs uprobe.multi (Linux 6.6)");
    }
    let (server, dark) = (Nginx::start(&ground), Dark::start(&ground));
    let watch = Watch::of(as_nobody_with(&ground, &ENOUGH), &[server.plain, dark.port]);
    let urls =
        [format!("http://127.0.0.1:{}/plain", server.plain), format!("https://127.0.0.1:{}/tls", dark.port)];
    for url in &urls {
        let mut setpriv = program("setpriv");
        setpriv.args(["--reuid=www-data", "--regid=www-data", "--clear-groups", "curl", "-sk", url]);
        run(&mut setpriv);
    }
    let seen = watch.end();
    let statements: Vec<_> = seen.accesses.iter().map(|access| access.statement.as_deref()).collect();
    assert_eq!(statements, [Some("GET /plain"), Some("GET /tls")]);
    for (access, (layer, served)) in seen.accesses.iter().zip([("plain", "nginx"), ("tls", "gnutls-serv")]) {
        assert_eq!(access.layer, layer, "{access:#?}");
        let (client, server) = (access.process.as_ref().unwrap(), access.peer_process.as_ref().unwrap());
        assert_eq!((client.exe.as_str(), client.user.as_deref()), ("/usr/bin/curl", Some("www-data")));
        assert!(server.exe.ends_with(served), "{access:#?}");
    }
}

#[test]
fn a_capability_that_nothing_goes_without_is_named() {
    let Some(ground) = ground("needed capabilities", &["setpriv"]) else { return };
    for needed in NEEDED {
        let others: Vec<&str> = ALL.into_iter().filter(|capability| *capability != needed).collect();
        let output = as_nobody_with(&ground, &others).arg("watch").output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert_eq!(named(told.lines()), BTreeSet::from([needed.to_owned()]), "{told}");
    }
}

#[test]
fn what_each_other_capability_costs_is_said_and_true() {
    let Some(ground) =
        ground("missing capabilities", &[&dark::PROGRAMS[..], &["setpriv", "unshare"]].concat())
    else {
        return;
    };
    if !sets_many_hooks() {
        return skip("missing capabilities", "needs uprobe.multi (Linux 6.6)");
    }
    let server = Dark::start(&ground);
    for (missing, lost) in [("", &[][..])].into_iter().chain(COSTS) {
        let capabilities: Vec<&str> = ALL.into_iter().filter(|capability| *capability != missing).collect();
        let (seen, named) = seen_with(&ground, &server, &capabilities);
        let expected: BTreeSet<&str> = USERS.into_iter().filter(|user| !lost.contains(user)).collect();
        assert_eq!(seen, expected, "without {missing:?}");
        let missing = Some(missing).filter(|missing| !missing.is_empty()).map(str::to_owned);
        assert_eq!(named, missing.into_iter().collect());
    }
}

/// Whose calls are seen with these capabilities, and which ones the watch says that it lacks.
fn seen_with(
    ground: &Ground,
    server: &Dark,
    capabilities: &[&str],
) -> (BTreeSet<&'static str>, BTreeSet<String>) {
    let clients = clients(ground, server);
    let watch = Watch::of(as_nobody_with(ground, capabilities), &[server.port]);
    let named = named(watch.told.iter().map(String::as_str));
    clients.into_iter().for_each(Running::end_well);
    let seen = watch.end();
    let is_of = |user: &&str| {
        let statement = format!("GET /{user}");
        seen.accesses.iter().any(|access| access.statement.as_deref() == Some(&statement))
    };
    (USERS.into_iter().filter(is_of).collect(), named)
}

/// One client for each of [`USERS`], which runs before the watch and calls when its input ends.
fn clients(ground: &Ground, server: &Dark) -> Vec<Running> {
    let libraries = |name: &str| {
        let folder = ground.folder.path().join(name);
        _ = fs::remove_dir_all(&folder);
        copy_to(&folder);
        folder
    };
    let (private, common, deleted) = (libraries("private"), libraries("common"), libraries("deleted"));
    fs::set_permissions(&private, fs::Permissions::from_mode(0o700)).unwrap();
    let words = |user: &str| {
        let url = format!("https://127.0.0.1:{}/{user}", server.port);
        ["/usr/bin/python3", "-c", CLIENT, &url].map(str::to_owned)
    };
    let client = |user: &str, libraries: &Path| {
        let [program, words @ ..] = words(user);
        let mut client = Command::new(program);
        Running::start(client.args(words).env("LD_LIBRARY_PATH", libraries)).after_line()
    };
    let mut container = program("unshare");
    container.args(["--mount", "--propagation", "private", "sh", "-c", CONTAINER, "container"]);
    let container = container.args(words("container")).env("LIBRARIES", common);
    let clients = vec![
        client("system", Path::new("")),
        client("private", &private),
        Running::start(container).after_line(),
        client("deleted", &deleted),
    ];
    fs::remove_dir_all(&deleted).unwrap();
    clients
}

/// The capabilities that a message says are missing, as `setpriv` calls them.
fn named<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let name = |line: &'a str| {
        let (_, rest) = line.split_once("CAP_")?;
        let (name, rest) = rest.split_once([' ', ':'])?;
        (rest == " no" || rest.starts_with("is missing")).then(|| name.to_lowercase())
    };
    lines.filter_map(name).collect()
}

/// The program, run as nobody with these capabilities and no others.
fn as_nobody_with(ground: &Ground, capabilities: &[&str]) -> Command {
    let copy = copy_of_the_program(ground.folder.path());
    let set = format!("-all,+{}", capabilities.join(",+"));
    let mut setpriv = program("setpriv");
    setpriv.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]);
    for which in ["--inh-caps", "--ambient-caps", "--bounding-set"] {
        setpriv.arg(format!("{which}={set}"));
    }
    setpriv.arg("--").arg(copy).current_dir(ground.folder.path());
    setpriv
}

/// Where it was built, others may not read it.
fn copy_of_the_program(folder: &Path) -> PathBuf {
    let copy = folder.join("plainsight");
    if !copy.exists() {
        fs::copy(PLAINSIGHT, &copy).unwrap();
        open_to_all(&copy);
    }
    copy
}

/// Whether this kernel sets hooks without `CAP_SYS_ADMIN`, which would stand for other capabilities too.
fn sets_many_hooks() -> bool {
    let types = fs::read("/sys/kernel/btf/vmlinux").unwrap();
    let name = b"bpf_uprobe_multi_link";
    types.windows(name.len()).any(|window| window == name)
}
