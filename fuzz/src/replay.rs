//! Any bytes as a file to replay: a packet capture, a recording, or nothing that we know; down to the accesses.
#![no_main]

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use capture::replay::{Options, open};
use capture::source::Source;
use libfuzzer_sys::fuzz_target;
use model::time::Time;
use rustix::fs::{MemfdFlags, memfd_create};
use track::tracker::Tracker;
use track::unknown::Show;

fuzz_target!(|input: &[u8]| {
    let mut file = File::from(memfd_create("input", MemfdFlags::CLOEXEC).expect("memory for a file"));
    file.write_all(input).expect("memory for the input");
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    let Ok(mut source) = open(&path, &Options::default()) else { return };
    let mut tracker = Tracker::new(Show::Hex(64));
    let mut out = Vec::new();
    while let Some(event) = source.next().expect("a file in memory can be read") {
        tracker.follow(event, &mut out);
        out.clear();
    }
    assert!(source.is_finished());
    tracker.finish(Time(u64::MAX), &mut out);
});
