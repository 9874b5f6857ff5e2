//! Other mount and network namespaces: containers, as the kernel sees them.

use std::process::Command;

use crate::support::dark::{self, Dark};
use crate::support::ground::ground;
use crate::support::libraries::of_curl;
use crate::support::process::{Running, program, run, text_of};
use crate::support::watch::Watch;

/// The addresses of the two ends of the wire between the namespaces.
const OUTSIDE: &str = "10.213.77.1";
const INSIDE: &str = "10.213.77.2";

/// A whole world of its own: loopback, a library on a file system that nobody else sees, a server and a client.
///
/// The client makes many calls, because its library is hooked while it runs.
const WORLD: &str = r#"
set -e
ip link set lo up
mount -t tmpfs none /mnt
cp "$@" /mnt
mkfifo /mnt/said
gnutls-serv --http --port 443 --x509keyfile "$KEYS/key.pem" --x509certfile "$KEYS/cert.pem" >/dev/null 2>/mnt/said &
server=$!
exec 3</mnt/said
while read -r line <&3; do case $line in *IPv4*) break ;; esac; done
LD_LIBRARY_PATH=/mnt curl -sk -o /dev/null 'https://127.0.0.1/inside/[1-400]'
kill $server
echo done
"#;

#[test]
fn a_world_of_its_own_is_seen() {
    let Some(ground) = ground("namespaces", &[dark::PROGRAMS.as_slice(), &["unshare", "ip"]].concat()) else {
        return;
    };
    let _keys = Dark::start(&ground);
    let watch = Watch::ports(&[443]);
    let mut world = program("unshare");
    world.args(["--net", "--mount", "--propagation", "private", "sh", "-c", WORLD, "world"]).args(of_curl());
    assert_eq!(text_of(world.env("KEYS", ground.folder.path())), "done\n");
    let seen = watch.end();
    let access = seen.accesses.iter().find(|access| access.statement.as_deref() == Some("GET /inside/400"));
    let access = access.expect("the call was not shown");
    assert_eq!((access.layer.as_str(), access.role.as_deref()), ("tls", Some("both")), "{access:#?}");
    assert_eq!(access.process.as_ref().unwrap().name, "curl");
    assert_eq!(access.peer_process.as_ref().unwrap().name, "gnutls-serv");
}

#[test]
fn a_call_between_network_namespaces_names_both_ends() {
    let Some(ground) = ground("veth", &[dark::PROGRAMS.as_slice(), &["unshare", "nsenter", "ip"]].concat())
    else {
        return;
    };
    let server = Dark::start(&ground);
    // It waits for input that never comes, and the wire goes with its namespace.
    let namespace = Running::start(program("unshare").args(["--net", "sh", "-c", "echo made; exec cat"]));
    let namespace = namespace.after_line();
    let pid = namespace.pid().to_string();
    run(program("ip").args([
        "link",
        "add",
        "plainsight0",
        "type",
        "veth",
        "peer",
        "name",
        "inside0",
        "netns",
        &pid,
    ]));
    connect(&mut program("ip"), "plainsight0", OUTSIDE);
    connect(program("nsenter").args(["-n", "-t", &pid, "ip"]), "inside0", INSIDE);
    let watch = Watch::ports(&[server.port]);
    let url = format!("https://{OUTSIDE}:{}/across", server.port);
    run(program("nsenter").args(["-n", "-t", &pid, "curl", "-sk", "-o", "/dev/null", &url]));
    let seen = watch.end();
    assert_eq!(seen.accesses.len(), 1, "{:#?}", seen.accesses);
    let access = &seen.accesses[0];
    assert_eq!(access.statement.as_deref(), Some("GET /across"));
    assert_eq!(access.client.address.as_deref(), Some(INSIDE));
    assert_eq!(access.server.address.as_deref(), Some(OUTSIDE));
    assert_eq!(access.process.as_ref().unwrap().name, "curl");
    assert_eq!(access.peer_process.as_ref().unwrap().name, "gnutls-serv");
}

/// Gives an end of the wire its address and switches it on.
fn connect(ip: &mut Command, end: &str, address: &str) {
    let words: Vec<_> = ip.get_args().map(ToOwned::to_owned).collect();
    let again = |more: &[&str]| run(Command::new(ip.get_program()).args(&words).args(more));
    again(&["addr", "add", &format!("{address}/30"), "dev", end]);
    again(&["link", "set", end, "up"]);
}
