//! Pipes: what the kernel side must know of them before it hears any.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use libbpf_rs::{MapCore as _, MapFlags};

use super::error::KernelError;
use super::skeleton::{OpenWatchSkel, WatchSkel};

/// Tells the kernel side which pipes the collector was started with, and are not heard: what goes through them is what it
/// tells.
pub(super) fn leave_out_own(skel: &WatchSkel<'_>) -> Result<(), KernelError> {
    let descriptors = fs::read_dir("/proc/self/fd").into_iter().flatten().filter_map(Result::ok);
    let files = descriptors.filter_map(|descriptor| fs::metadata(descriptor.path()).ok());
    for pipe in files.filter(|file| file.file_type().is_fifo()) {
        let key = [pipe.ino(), device(pipe.dev())].map(u64::to_ne_bytes).concat();
        let kept = skel.maps.own_pipes.update(&key, &[1], MapFlags::ANY);
        kept.map_err(|error| KernelError::Choice(format!("{error:#}")))?;
    }
    Ok(())
}

/// Takes next to no memory for pipes that are not heard.
pub(super) fn hold_nothing(open: &mut OpenWatchSkel<'_>) -> libbpf_rs::Result<()> {
    /// The kernel wants some.
    const LEAST: u32 = 64;
    open.maps.uses.set_max_entries(LEAST)?;
    open.maps.joints.set_max_entries(LEAST)
}

/// A device as the kernel numbers it: 12 bits of the major number above 20 of the minor one, which `stat` mixes.
fn device(told: u64) -> u64 {
    let major = (told >> 8) & 0xfff;
    let minor = (told & 0xff) | ((told >> 12) & 0xf_ff00);
    major << 20 | minor
}

#[cfg(test)]
mod tests {
    use super::device;

    #[test]
    fn devices_are_numbered_as_the_kernel_does() {
        assert_eq!(device(0x0e), 0x0e);
        assert_eq!(device(0xfe01), 254 << 20 | 1);
        assert_eq!(device(0x1234_5678), 0x456 << 20 | 0x1_2378);
    }
}
