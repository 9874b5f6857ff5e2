//! Programs whose TLS is GnuTLS: wget, git, and a server; the other end is dark, so that what is shown was read from theirs.

use crate::support::access::Access;
use crate::support::dark::{self, Dark};
use crate::support::ground::{Ground, ground};
use crate::support::libraries::blinded_to;
use crate::support::nginx::{Logged, Nginx, PROGRAMS};
use crate::support::process::{Running, open_to_all, program, run};
use crate::support::watch::{Seen, Watch};

#[test]
fn wget_is_shown_as_it_was() {
    let Some(ground) = ground("wget", &[PROGRAMS.as_slice(), &["wget"]].concat()) else { return };
    let server = dark(&ground);
    let watch = Watch::ports(&[server.tls]);
    let url = |target: &str| format!("https://127.0.0.1:{}{target}", server.tls);
    let mut wget = program("wget");
    wget.args(["-q", "--no-check-certificate", "-O", "/dev/null"]);
    // A redirection, and one connection for all.
    let client = Running::start(wget.args(["/small.txt?wget=1", "/moved", "/small.txt?wget=2"].map(url)));
    let pid = client.pid();
    client.end_well();
    let mut wget = program("wget");
    wget.args(["-q", "--no-check-certificate", "-O", "/dev/null", "--post-data", "what is posted"]);
    let posting = Running::start(wget.arg(url("/post")));
    let posting_pid = posting.pid();
    posting.end_well();
    let seen = watch.end();
    let logged = server.served(0, 5);
    let pids = [pid, pid, pid, pid, posting_pid];
    assert_eq!(logged.len(), pids.len(), "{logged:#?}");
    compare(&seen, &logged, "wget", |number| Some(pids[number]));
    assert_eq!(seen.accesses[4].operation, "POST");
}

#[test]
fn git_is_shown_as_it_was() {
    let Some(ground) = ground("git", &[PROGRAMS.as_slice(), &["git"]].concat()) else { return };
    let server = dark(&ground);
    let repository = server.files.join("repository");
    let git = |words: &[&str]| {
        let mut git = program("git");
        git.args(["-c", "user.name=shop", "-c", "user.email=shop@localhost", "-c", "http.sslVerify=false"]);
        git.current_dir(ground.folder.path()).args(words);
        run(&mut git);
    };
    let at = repository.to_str().unwrap();
    git(&["init", "-q", at]);
    open_to_all(&repository);
    git(&["-C", at, "commit", "-q", "--allow-empty", "-m", "first"]);
    git(&["-C", at, "update-server-info"]);
    let watch = Watch::ports(&[server.tls]);
    git(&["clone", "-q", &format!("https://127.0.0.1:{}/repository/.git", server.tls), "copy"]);
    let seen = watch.end();
    let logged = server.logged();
    assert!(logged.iter().any(|logged| logged.target.contains("/objects/")), "{logged:#?}");
    compare(&seen, &logged, "git-remote-http", |_| None);
}

#[test]
fn a_server_is_shown_as_it_was() {
    let Some(ground) = ground("gnutls-serv", &dark::PROGRAMS) else { return };
    let server = Dark::start_seen(&ground);
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    let watch = Watch::ports(&[server.port]);
    let mut curl = program("curl");
    curl.args(["-sk", "-o", "/dev/null", &format!("https://127.0.0.1:{}/served", server.port)]);
    let client = Running::start(curl.env("LD_LIBRARY_PATH", libraries));
    let pid = client.pid();
    client.end_well();
    let seen = watch.end();
    let [access] = seen.accesses.as_slice() else { panic!("one call was made: {seen:#?}") };
    assert_eq!(access.statement.as_deref(), Some("GET /served"));
    assert_eq!(access.details["http"]["status"], 200, "{access:#?}");
    assert_eq!((access.client_pid(), access.server_pid()), (pid, server.pid()), "{access:#?}");
    assert_tls(access);
}

fn dark(ground: &Ground) -> Nginx {
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    Nginx::start_with(ground, Some(&libraries))
}

/// What the server says and what was shown must be one.
fn compare(seen: &Seen, logged: &[Logged], client: &str, pid: impl Fn(usize) -> Option<u32>) {
    let shown: Vec<_> = seen.accesses.iter().map(|access| access.statement.clone().unwrap()).collect();
    let asked: Vec<_> = logged.iter().map(|logged| format!("{} {}", logged.method, logged.target)).collect();
    assert_eq!(shown, asked);
    for (number, (access, logged)) in seen.accesses.iter().zip(logged).enumerate() {
        assert_eq!(access.details["http"]["status"], logged.status, "{access:#?}");
        assert_eq!(access.client.port, Some(logged.client_port), "{access:#?}");
        assert_eq!(access.server_pid(), logged.pid, "{access:#?}");
        assert_eq!(access.process.as_ref().unwrap().name, client, "{access:#?}");
        assert!(pid(number).is_none_or(|pid| access.client_pid() == pid), "{access:#?}");
        assert_eq!(access.socket().0, access.client_pid(), "it was read at the client: {access:#?}");
        assert_tls(access);
    }
}

fn assert_tls(access: &Access) {
    assert_eq!((access.layer.as_str(), access.role.as_deref()), ("tls", Some("both")), "{access:#?}");
    assert_eq!(access.paired.as_deref(), Some("certain"), "{access:#?}");
    assert!(access.complete.ok, "{access:#?}");
}
