//! The guest's whole file system: the program, a server, a client, what they are linked with, and a shell.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is copied into it; the shell serves for everything else.
const PROGRAMS: [&str; 4] = ["/usr/sbin/nginx", "/usr/bin/curl", "/usr/bin/setpriv", "/usr/bin/busybox"];
/// What makes and boots it.
const TOOLS: [&str; 4] =
    ["/usr/bin/qemu-system-x86_64", "/usr/bin/openssl", "/usr/bin/ldd", "/usr/bin/timeout"];
/// Folders that are the same as others of `/usr`, as every distribution has it.
const SAME: [&str; 4] = ["bin", "sbin", "lib", "lib64"];
const FOLDERS: [&str; 8] = ["dev", "proc", "sys", "tmp", "etc", "run", "var/log/nginx", "var/lib/nginx"];
const SERVER: &str = "
daemon off; master_process off; user root; pid /tmp/nginx.pid;
events {}
http {
  access_log off;
  server {
    listen 127.0.0.1:80; listen 127.0.0.1:443 ssl;
    ssl_certificate /etc/cert.pem; ssl_certificate_key /etc/key.pem;
    location / { return 200 'it is seen'; }
  }
}
";

/// Why no guest can be made on this machine.
pub(crate) fn missing() -> Option<String> {
    if cfg!(not(target_arch = "x86_64")) {
        return Some("guests are made of this machine's own programs, for x86-64".to_owned());
    }
    if !rings().is_file() {
        return Some("needs `cargo build -p capture --examples`".to_owned());
    }
    let missing = PROGRAMS.iter().chain(&TOOLS).find(|program| !Path::new(program).is_file())?;
    Some(format!("needs {missing} (`.ci/packages matrix`)"))
}

/// A client that calls by io_uring.
fn rings() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_plainsight")).with_file_name("examples").join("uring_talk")
}

/// A file system in one file, as kernels take it at their start.
pub(crate) struct Image {
    pub(crate) path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Image {
    /// Makes it of this machine's programs.
    pub(crate) fn make() -> Image {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let root = folder.path().join("root");
        for same in SAME {
            fs::create_dir_all(root.join("usr").join(same)).unwrap();
            symlink(Path::new("usr").join(same), root.join(same)).unwrap();
        }
        FOLDERS.iter().for_each(|folder| fs::create_dir_all(root.join(folder)).unwrap());
        PROGRAMS.iter().for_each(|program| copy(Path::new(program), program, &root));
        copy(Path::new(env!("CARGO_BIN_EXE_plainsight")), "/usr/bin/plainsight", &root);
        copy(&rings(), "/usr/bin/uring_talk", &root);
        symlink("busybox", root.join("usr/bin/sh")).unwrap();
        settings(&root);
        let path = folder.path().join("image");
        // Executable, as everything that is copied from a script of the project may not be.
        let pack = r#"chmod 755 init && find . | busybox cpio --quiet -o -H newc >"$0""#;
        run(Command::new("sh").args(["-c", pack]).arg(&path).current_dir(&root));
        Image { path, _folder: folder }
    }
}

fn settings(root: &Path) {
    let etc = root.join("etc");
    fs::write(root.join("init"), include_str!("init.sh")).unwrap();
    fs::write(etc.join("nginx.conf"), SERVER).unwrap();
    fs::write(etc.join("passwd"), "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n").unwrap();
    fs::write(etc.join("group"), "root:x:0:\nnogroup:x:65534:\n").unwrap();
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]);
    run(openssl.arg("-keyout").arg(etc.join("key.pem")).arg("-out").arg(etc.join("cert.pem")));
}

/// Copies a program to `to` in the guest, and what it is linked with to where the loader looks.
fn copy(program: &Path, to: &str, root: &Path) {
    place(program, Path::new(to), root);
    let linked = Command::new("ldd").arg(program).output().unwrap();
    let linked = String::from_utf8(linked.stdout).unwrap();
    let libraries =
        linked.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
    libraries.for_each(|library| place(Path::new(library), Path::new(library), root));
}

fn place(from: &Path, to: &Path, root: &Path) {
    let to = root.join(to.strip_prefix("/").unwrap());
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap();
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
