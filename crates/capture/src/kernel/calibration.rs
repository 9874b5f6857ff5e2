//! What a hook of ours costs on this host where it stands: measured at ourselves, who are never watched.

use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::libraries::plan::{Entry, Found, Function, Plan, Purpose, Stack};

/// So many calls are timed together: a clock is too coarse for one.
const CALLS: u32 = 500;
/// The fastest of so many rounds counts: what else ran meanwhile slowed the others.
const ROUNDS: u32 = 7;

#[cfg(target_arch = "x86_64")]
std::arch::global_asm!(
    ".globl plainsight_emulated",
    "plainsight_emulated: push rbp",
    "pop rbp",
    "ret",
    ".globl plainsight_stepped",
    "plainsight_stepped: lea rax, [rdi + 1]",
    "ret",
);
#[cfg(target_arch = "aarch64")]
std::arch::global_asm!(
    ".globl plainsight_emulated",
    "plainsight_emulated: nop",
    "ret",
    ".globl plainsight_stepped",
    "plainsight_stepped: add x0, x0, #1",
    "ret",
);

unsafe extern "C" {
    safe fn plainsight_emulated(value: u64) -> u64;
    safe fn plainsight_stepped(value: u64) -> u64;
}

/// The cost of one hit, beside what our programs do there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calibration {
    /// Of each system call, whatever it is: the kernel's way to a hook, and back.
    pub call: Duration,
    /// Of a hooked function's entry.
    pub entry: Duration,
    /// Of its return.
    pub leave: Duration,
    /// Of an entry at an instruction that is run out of line, beyond that.
    pub stepped: Duration,
}

/// Own functions that can be hooked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Own {
    Emulated,
    Stepped,
}

impl Own {
    /// A call of it.
    pub(super) fn time(self) -> Duration {
        let function = match self {
            Own::Emulated => plainsight_emulated as extern "C" fn(u64) -> u64,
            Own::Stepped => plainsight_stepped,
        };
        fastest(|| _ = black_box(function(black_box(1))))
    }

    /// How to hook it; `None` where it is not found in our own file.
    pub(super) fn plan(self) -> Option<Plan> {
        let (address, entry) = match self {
            Own::Emulated => (plainsight_emulated as *const () as u64, Entry::Emulated),
            Own::Stepped => (plainsight_stepped as *const () as u64, Entry::Stepped),
        };
        let functions = vec![Function { purpose: Purpose::Write, offset: offset(address)?, entry }];
        let (stack, build_id) = (String::new(), String::new());
        Some(Plan { code: Stack::OpenSsl, stack, build_id, found: Found::Internals, functions })
    }
}

/// A system call that does next to nothing.
pub(super) fn time_call() -> Duration {
    // SAFETY: a question without arguments.
    fastest(|| _ = black_box(unsafe { libc::syscall(libc::SYS_getppid) }))
}

fn fastest(mut call: impl FnMut()) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        (0..CALLS).for_each(|_| call());
        began.elapsed() / CALLS
    });
    rounds.min().unwrap_or_default()
}

/// Where an address of ours stands in our file: `start-end perms offset device inode path` (proc_pid_maps(5)).
fn offset(address: u64) -> Option<u64> {
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    maps.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        let (start, end) = words.next()?.split_once('-')?;
        let [start, end] = [start, end].map(|word| u64::from_str_radix(word, 16).ok());
        let at = u64::from_str_radix(words.nth(1)?, 16).ok()?;
        (start?..end?).contains(&address).then_some(address - start? + at)
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Own, plainsight_emulated};

    #[test]
    fn our_own_function_is_found_in_our_own_file() {
        let offset = usize::try_from(Own::Emulated.plan().unwrap().functions[0].offset).unwrap();
        let file = fs::read("/proc/self/exe").unwrap();
        #[cfg(target_arch = "x86_64")]
        assert_eq!(file[offset..offset + 3], [0x55, 0x5d, 0xc3]);
        #[cfg(target_arch = "aarch64")]
        assert_eq!(file[offset..offset + 4], 0xd503_201f_u32.to_le_bytes());
        plainsight_emulated(0);
    }
}
