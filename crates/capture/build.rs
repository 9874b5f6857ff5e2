//! Compiles the kernel side with clang and generates its skeleton.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use libbpf_cargo::SkeletonBuilder;

/// Compilers that are known to do, best first; before 14, clang knows too little of CO-RE.
const COMPILERS: [&str; 8] =
    ["clang-19", "clang-21", "clang-20", "clang-18", "clang-17", "clang-16", "clang-15", "clang-14"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=bpf");
    println!("cargo:rerun-if-env-changed=CLANG");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?).join("watch.skel.rs");
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
        .build_and_generate(&out)?;
    Ok(())
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
