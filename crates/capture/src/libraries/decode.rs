//! Reads the machine code of OpenSSL's exported functions down to the internal one that both forms call.
//!
//! `SSL_write` and `SSL_write_ex` only pass their arguments on to `ssl_write_internal`, which has no exported name.
//! A hook there needs two places and not four, stands on a `push`, and sees callers inside of the library too.

use iced_x86::{Code, Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, Register};

use crate::libraries::elf::{Elf, Machine, Symbol};
use crate::libraries::plan::{Entry, Fallback};

/// An exported function longer than this does more than pass its arguments on (OpenSSL's have 32 to 144 bytes; where
/// the compiler put the internal function into them, 350 and more).
const THIN: u64 = 256;
/// A chain of more jumps than this leads nowhere: OpenSSL's longest has two (`SSL_write_ex` to `SSL_write_ex2`).
const JUMPS: u32 = 3;
/// Bytes enough for the first two instructions: each has at most 15.
const FIRST: u64 = 32;

/// The four exported functions below which the internal ones are looked for.
#[derive(Clone, Copy)]
pub(crate) struct Exports {
    pub(crate) read: Symbol,
    pub(crate) read_ex: Symbol,
    pub(crate) write: Symbol,
    pub(crate) write_ex: Symbol,
}

/// The internal functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Internals {
    /// The virtual address of the one that reads.
    pub(crate) read: u64,
    /// The virtual address of the one that writes.
    pub(crate) write: u64,
    /// Whether the one that writes takes flags before the place for the count, as since OpenSSL 3.3.
    pub(crate) takes_flags: bool,
}

/// The internal functions below the exported ones, or why they cannot be told.
pub(crate) fn internals(elf: &Elf<'_>, exports: Exports) -> Result<Internals, Fallback> {
    if elf.machine != Machine::X86_64 {
        return Err(Fallback::Architecture);
    }
    let read = shared(elf, exports.read, exports.read_ex)?;
    let write = shared(elf, exports.write, exports.write_ex)?;
    if read == write {
        return Err(Fallback::SamePlace);
    }
    for address in [read, write] {
        let code = elf.code(address, FIRST).map_err(|_| Fallback::Implausible)?;
        if !begins_function(&code, address) {
            return Err(Fallback::Implausible);
        }
    }
    Ok(Internals { read, write, takes_flags: passes_fifth(elf, exports.write, write) })
}

/// Whether a function of three arguments passes five on: it sets the fifth's register, `r8`, before it calls.
fn passes_fifth(elf: &Elf<'_>, caller: Symbol, callee: u64) -> bool {
    let Ok(code) = elf.code(caller.address, caller.size) else { return false };
    Decoder::with_ip(64, &code, caller.address, DecoderOptions::NONE)
        .into_iter()
        .take_while(|instruction| instruction.near_branch_target() != callee)
        .filter(|instruction| matches!(instruction.mnemonic(), Mnemonic::Mov | Mnemonic::Lea | Mnemonic::Xor))
        .any(|instruction| instruction.op0_register().full_register() == Register::R8)
}

/// The first function of the library's own code that both forms call.
fn shared(elf: &Elf<'_>, plain: Symbol, extended: Symbol) -> Result<u64, Fallback> {
    if plain.size > THIN || extended.size > THIN {
        return Err(Fallback::Inlined);
    }
    let of_extended = called(elf, extended, JUMPS);
    called(elf, plain, JUMPS)
        .into_iter()
        .find(|target| of_extended.contains(target))
        .ok_or(Fallback::NothingShared)
}

/// Whether a function calls another, directly or by jumping to what does.
pub(crate) fn calls(elf: &Elf<'_>, caller: Symbol, callee: Symbol) -> bool {
    elf.machine == Machine::X86_64 && called(elf, caller, JUMPS).contains(&callee.address)
}

/// The functions inside the library's code that one function calls directly, in the order of its code.
///
/// A function that ends by jumping to another does what that one does: the other and its calls are among them.
fn called(elf: &Elf<'_>, function: Symbol, jumps: u32) -> Vec<u64> {
    let size = if function.size == 0 { THIN } else { function.size };
    let Ok(code) = elf.code(function.address, size) else { return Vec::new() };
    let end = function.address.saturating_add(code.len() as u64);
    let mut targets = Vec::new();
    for instruction in Decoder::with_ip(64, &code, function.address, DecoderOptions::NONE) {
        let target = instruction.near_branch_target();
        match instruction.flow_control() {
            FlowControl::Call if elf.is_text(target) => targets.push(target),
            FlowControl::UnconditionalBranch
                if !(function.address..end).contains(&target) && elf.is_text(target) =>
            {
                targets.push(target);
                if jumps > 0 {
                    targets.extend(called(elf, Symbol { address: target, size: 0 }, jumps - 1));
                }
            }
            _ => {}
        }
        let ends =
            matches!(instruction.flow_control(), FlowControl::Return | FlowControl::UnconditionalBranch);
        if instruction.is_invalid() || (function.size == 0 && ends) {
            break;
        }
    }
    targets
}

/// Whether code can be the beginning of a function: it saves a register, makes room, or reads an argument.
pub(crate) fn begins_function(code: &[u8], address: u64) -> bool {
    let first = after_landing_pad(code, address);
    match first.mnemonic() {
        Mnemonic::Push | Mnemonic::Nop => true,
        Mnemonic::Sub => first.op0_register() == Register::RSP,
        Mnemonic::Mov | Mnemonic::Test | Mnemonic::Cmp | Mnemonic::Xor | Mnemonic::Lea | Mnemonic::Movsxd => {
            !first.is_invalid()
        }
        _ => false,
    }
}

/// Where to hook a function, and what that costs.
///
/// After a landing pad (`endbr64`), which the kernel has to step, the next instruction is as good: nothing has
/// touched the stack or an argument yet.
pub(crate) fn hook_point(elf: &Elf<'_>, address: u64) -> (u64, Entry) {
    if elf.machine != Machine::X86_64 {
        return (address, Entry::Unknown);
    }
    let Ok(code) = elf.code(address, FIRST) else { return (address, Entry::Unknown) };
    let instruction = after_landing_pad(&code, address);
    match entry(&instruction) {
        Entry::Emulated => (instruction.ip(), Entry::Emulated),
        other => (address, other),
    }
}

fn after_landing_pad(code: &[u8], address: u64) -> Instruction {
    let mut decoder = Decoder::with_ip(64, code, address, DecoderOptions::NONE);
    match decoder.decode() {
        first if first.code() == Code::Endbr64 => decoder.decode(),
        first => first,
    }
}

/// Which instructions the kernel emulates (its `arch/x86/kernel/uprobes.c`): pushes of a register, `nop`, and
/// relative jumps and calls.
fn entry(instruction: &Instruction) -> Entry {
    let emulated = match instruction.mnemonic() {
        Mnemonic::Push => instruction.op0_register() != Register::None,
        Mnemonic::Nop => true,
        Mnemonic::Jmp | Mnemonic::Call => instruction.near_branch_target() != 0,
        _ => false,
    };
    if emulated { Entry::Emulated } else { Entry::Stepped }
}
