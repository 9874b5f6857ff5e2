//! Compiles the kernel side with clang and generates its skeleton.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libbpf_cargo::SkeletonBuilder;

/// Compilers that are known to do, best first; before 14, clang knows too little of CO-RE.
const COMPILERS: [&str; 8] =
    ["clang-19", "clang-21", "clang-20", "clang-18", "clang-17", "clang-16", "clang-15", "clang-14"];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    kernel_side(&out.join("watch.skel.rs"))?;
    agent(&out)
}

fn kernel_side(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=bpf");
    println!("cargo:rerun-if-env-changed=CLANG");
    let machine = match env::var("CARGO_CFG_TARGET_ARCH")?.as_str() {
        "x86_64" => "-D__TARGET_ARCH_x86",
        "aarch64" => "-D__TARGET_ARCH_arm64",
        other => return Err(format!("the kernel side does not know the processor {other}").into()),
    };
    SkeletonBuilder::new()
        .source("bpf/watch.bpf.c")
        .obj(out.with_file_name("watch.bpf.o"))
        .clang(compiler()?)
        .clang_args([machine, "-Wall", "-Werror", "-Wno-missing-declarations"])
        .build_and_generate(out)?;
    Ok(())
}

/// Compiles the agent for Java. A machine without a Java compiler builds all else, and the program says what it lacks.
fn agent(out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=java");
    println!("cargo:rerun-if-env-changed=JAVA_HOME");
    let (jar, lacking) = (out.join("plainsight-agent.jar"), out.join("plainsight-agent.why"));
    let why = match compile_agent(out, &jar) {
        Ok(()) => String::new(),
        Err(why) => {
            println!("cargo:warning=built without the agent for Java: {why}");
            fs::write(&jar, [])?;
            why.to_string()
        }
    };
    fs::write(lacking, why)?;
    Ok(())
}

/// The tap is compiled as a part of Java's own module, whose classes it uses, and lies in the archive as a resource: the
/// agent defines it there. Both are for Java 11 and later.
fn compile_agent(out: &Path, jar: &Path) -> Result<(), Box<dyn Error>> {
    let classes = out.join("agent");
    if classes.exists() {
        fs::remove_dir_all(&classes)?;
    }
    let mut tap = java("javac");
    tap.args(["-nowarn", "-XDignore.symbol.file", "-Xlint:-options", "-source", "11", "-target", "11"]);
    tap.args(["--patch-module", "java.base=java/tap", "-d"]).arg(classes.join("tap"));
    run(tap.args(sources("java/tap/sun/security/ssl")?), "default-jdk-headless")?;
    let mut agent = java("javac");
    agent.args(["--release", "11", "-d"]).arg(&classes);
    run(agent.args(sources("java/agent/plainsight/agent")?), "default-jdk-headless")?;
    let mut archive = java("jar");
    archive
        .args(["--create", "--manifest", "java/MANIFEST.MF", "--file"])
        .arg(jar)
        .arg("-C")
        .arg(&classes)
        .arg(".");
    run(&mut archive, "default-jdk-headless")
}

/// A tool of the Java that is to be used, or of the first one in the path.
fn java(tool: &str) -> Command {
    let home = env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin").join(tool));
    Command::new(home.filter(|tool| tool.exists()).unwrap_or_else(|| tool.into()))
}

fn sources(folder: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files =
        fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    files.sort();
    Ok(files)
}

fn run(command: &mut Command, package: &str) -> Result<(), Box<dyn Error>> {
    let tool = command.get_program().to_string_lossy().into_owned();
    let done =
        command.output().map_err(|error| format!("{tool} (Debian: {package}) cannot be run: {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr).lines().next().unwrap_or_default().to_owned();
    Err(format!("{tool} failed: {said}").into())
}

fn compiler() -> Result<OsString, Box<dyn Error>> {
    if let Some(chosen) = env::var_os("CLANG") {
        return Ok(chosen);
    }
    COMPILERS
        .iter()
        .chain(&["clang"])
        .find(|name| runs(name))
        .map(OsString::from)
        .ok_or_else(|| "no clang found: install clang 14 or later, or name one in CLANG".into())
}

fn runs(name: &str) -> bool {
    Command::new(name)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
