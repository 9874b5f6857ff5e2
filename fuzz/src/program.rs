//! Any bytes as a program or library: whoever runs a container chooses them, and we look into them as root.
#![no_main]

use std::fs::File;
use std::io::Write;
use std::path::Path;

use capture::libraries::resolve::{resolve, seek};
use libfuzzer_sys::fuzz_target;
use rustix::fs::{MemfdFlags, memfd_create};

fuzz_target!(|input: &[u8]| {
    let mut file = File::from(memfd_create("input", MemfdFlags::CLOEXEC).expect("memory for a file"));
    file.write_all(input).expect("memory for the input");
    let _ = resolve(&file, Path::new("libssl.so.3"), |_| None);
    let _ = seek(&file);
});
