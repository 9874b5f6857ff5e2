//! BoringSSL without symbols: its functions are known by the errors that they raise.
//!
//! Each error is raised with the path of its source file and a reason, whose number is the same in every version: so a
//! stripped program still says which of its functions can fail how. What is found so is on trial, see
//! `docs/adr/0013-boringssl-without-symbols.md`.

use std::collections::BTreeSet;
use std::ops::Range;

use iced_x86::{Code, Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};
use memchr::{memchr_iter, memmem};

use crate::libraries::decode::begins_function;
use crate::libraries::elf::{BadElf, Elf, Machine};

/// The end of the path of the source file that has them, in whatever folder it was built.
const SOURCE: &[u8] = b"ssl/ssl_lib.cc\0";
/// The longest path of a source file: those of real builds have 60 bytes.
const PATH: usize = 256;
/// `lea rcx, [rip + ...]`: the path is the fourth argument of the function that keeps an error.
const LEA_RCX: [u8; 3] = [0x48, 0x8d, 0x0d];
/// `mov ecx, ...`, where the program stands at an address that the linker knows.
const MOV_ECX: u8 = 0xb9;
/// `call` of a place whose distance follows.
const CALL: u8 = 0xe8;
/// Functions begin where the processor fetches best.
const ALIGNMENT: u64 = 16;
/// The longest function of that source file has 2,496 bytes in what was looked at.
const LONGEST: u64 = 4_096;
/// How far before the first error and after the last one a function of the same source file is looked for.
const MARGIN: u64 = 16 << 10;
/// More places that raise errors than this no source file has: BoringSSL's has 34 to 62.
const PLACES: usize = 4_096;
/// Errors of one source file stand together, in 33 KiB of Chromium; spread wider than this, it is no one file's code.
const ROOM: u64 = 1 << 20;

// Reasons, as `openssl/err.h` and `openssl/ssl.h` of BoringSSL number them.
const NOT_TO_BE_CALLED: u32 = 66;
const BAD_LENGTH: u32 = 111;
const CONNECTION_TYPE_NOT_SET: u32 = 134;
const HANDSHAKE_FAILURE: u32 = 215;
const UNINITIALIZED: u32 = 226;

/// The functions that are hooked, by their virtual addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    /// `SSL_read`
    pub(crate) read: u64,
    /// `SSL_write`
    pub(crate) write: u64,
    /// `SSL_do_handshake`
    pub(crate) handshake: u64,
}

/// Where the functions stand; `None` when they are not there, or cannot be told without doubt.
pub(crate) fn locate(elf: &Elf<'_>) -> Result<Option<Located>, BadElf> {
    if elf.machine != Machine::X86_64 {
        return Ok(None);
    }
    let Some(path) = address_of_path(elf)? else { return Ok(None) };
    let raised = raised_with(elf, path)?;
    let (Some(first), Some(last)) = (raised.first(), raised.last()) else { return Ok(None) };
    let room = first.saturating_sub(MARGIN)..last.saturating_add(MARGIN);
    if room.end - room.start > ROOM {
        return Ok(None);
    }
    let mut starts = elf.unwound(room.clone())?;
    if !covers(&starts, &raised) {
        starts = called_in(elf, &room)?;
    }
    located_among(elf, &starts, path)
}

/// Where they stand among the functions that begin here.
fn located_among(elf: &Elf<'_>, starts: &[u64], path: u64) -> Result<Option<Located>, BadElf> {
    let extents = starts.iter().zip(starts.iter().skip(1));
    let shapes = extents.map(|(from, to)| Shape::of(elf, *from..*to, path));
    Ok(choose(&shapes.collect::<Result<Vec<_>, _>>()?))
}

/// The address of the constant that is the source file's path.
fn address_of_path(elf: &Elf<'_>) -> Result<Option<u64>, BadElf> {
    elf.scan(".rodata", PATH as u64, |address, part| {
        let at = memmem::find(part, SOURCE)?;
        let before = part.get(..at)?;
        let start = before.iter().rposition(|byte| *byte == 0)? + 1;
        Some(address + start as u64)
    })
}

/// Where in the code the path is given as an argument, in the order of addresses.
fn raised_with(elf: &Elf<'_>, path: u64) -> Result<BTreeSet<u64>, BadElf> {
    let mut raised = BTreeSet::new();
    let fixed = u32::try_from(path).ok().map(u32::to_le_bytes);
    let fixed = fixed.map(|[a, b, c, d]| memmem::Finder::new(&[MOV_ECX, a, b, c, d]).into_owned());
    let relative = memmem::Finder::new(&LEA_RCX);
    let too_many = elf.scan(".text", LEA_RCX.len() as u64 + 4, |address, part| {
        for at in relative.find_iter(part) {
            let place = address + at as u64;
            if distance(part, at + LEA_RCX.len()).is_some_and(|far| aim(place + 7, far) == path) {
                raised.insert(place);
            }
        }
        raised.extend(fixed.iter().flat_map(|finder| finder.find_iter(part)).map(|at| address + at as u64));
        (raised.len() > PLACES).then_some(())
    })?;
    Ok(if too_many.is_some() { BTreeSet::new() } else { raised })
}

/// Whether the beginnings of functions are known around all these places: code may be built without what unwinds it.
fn covers(starts: &[u64], places: &BTreeSet<u64>) -> bool {
    places.iter().all(|place| {
        let after = starts.partition_point(|start| start <= place);
        let start = after.checked_sub(1).and_then(|at| starts.get(at));
        start.is_some_and(|start| place - start < LONGEST)
    })
}

/// The places in `room` that are called from anywhere and may be the beginnings of functions, in their order.
fn called_in(elf: &Elf<'_>, room: &Range<u64>) -> Result<Vec<u64>, BadElf> {
    let mut called = BTreeSet::new();
    elf.scan(".text", 5, |address, part| -> Option<()> {
        called.extend(
            memchr_iter(CALL, part)
                .filter_map(|at| Some(aim(address + at as u64 + 5, distance(part, at + 1)?)))
                .filter(|target| target % ALIGNMENT == 0 && room.contains(target)),
        );
        None
    })?;
    Ok(called.into_iter().collect())
}

fn distance(part: &[u8], at: usize) -> Option<i32> {
    part.get(at..)?.first_chunk().map(|bytes| i32::from_le_bytes(*bytes))
}

fn aim(from: u64, far: i32) -> u64 {
    from.wrapping_add_signed(i64::from(far))
}

/// What one function shows of itself.
#[derive(Debug)]
struct Shape {
    at: u64,
    /// The reasons of the errors that it raises.
    reasons: BTreeSet<u32>,
    /// What it calls directly.
    calls: BTreeSet<u64>,
    /// Whether it writes to memory that is not its own.
    stores: bool,
    /// Whether it begins like a function.
    is_plausible: bool,
}

impl Shape {
    fn of(elf: &Elf<'_>, extent: Range<u64>, path: u64) -> Result<Shape, BadElf> {
        let code = elf.code(extent.start, extent.end - extent.start)?;
        let mut shape = Shape {
            at: extent.start,
            reasons: BTreeSet::new(),
            calls: BTreeSet::new(),
            stores: false,
            is_plausible: begins_function(&code, extent.start),
        };
        let (mut reason, mut is_error) = (None, false);
        for instruction in Decoder::with_ip(64, &code, extent.start, DecoderOptions::NONE) {
            is_error |= gives(&instruction, path);
            reason = reason_in(&instruction).or(reason);
            shape.stores |= stores(&instruction);
            match instruction.flow_control() {
                FlowControl::Next => continue,
                FlowControl::Call => _ = shape.calls.insert(instruction.near_branch_target()),
                _ => {}
            }
            if is_error {
                shape.reasons.extend(reason);
            }
            (reason, is_error) = (None, false);
        }
        Ok(shape)
    }

    /// Whether it raises all of these and no other, but that QUIC has a call of its own for what it does.
    fn raises(&self, wanted: &[u32]) -> bool {
        let others = self.reasons.iter().filter(|reason| **reason != NOT_TO_BE_CALLED);
        self.is_plausible && others.eq(wanted)
    }

    fn calls_any(&self, of: &[&Shape]) -> bool {
        of.iter().any(|shape| self.calls.contains(&shape.at))
    }
}

/// Whether an instruction sets the fourth argument to the path.
fn gives(instruction: &Instruction, path: u64) -> bool {
    match instruction.code() {
        Code::Lea_r64_m => {
            instruction.op0_register() == Register::RCX
                && instruction.is_ip_rel_memory_operand()
                && instruction.ip_rel_memory_address() == path
        }
        Code::Mov_r32_imm32 => {
            instruction.op0_register() == Register::ECX && u64::from(instruction.immediate32()) == path
        }
        _ => false,
    }
}

/// What an instruction sets the third argument to: a reason, if the fourth one is the path.
fn reason_in(instruction: &Instruction) -> Option<u32> {
    let sets = instruction.code() == Code::Mov_r32_imm32 && instruction.op0_register() == Register::EDX;
    sets.then(|| instruction.immediate32())
}

/// Whether an instruction writes to memory, but for the function's own on the stack.
fn stores(instruction: &Instruction) -> bool {
    let is_own = match instruction.memory_base() {
        Register::RSP => true,
        // Below the frame's pointer; where that register is none, fields are above it.
        Register::RBP => instruction.memory_displacement64().cast_signed() < 0,
        _ => false,
    };
    let writes = matches!(
        instruction.mnemonic(),
        Mnemonic::Mov | Mnemonic::Add | Mnemonic::Sub | Mnemonic::Movups | Mnemonic::Movdqu | Mnemonic::Movq
    );
    writes && !is_own && instruction.op0_kind() == OpKind::Memory
}

/// The functions among all of the source file's: each must be the only one of its kind.
///
/// ```text
/// SSL_write ────────────▶ SSL_do_handshake
/// SSL_read ─▶ (SSL_peek) ─▶ ssl_read_impl ─▶ SSL_do_handshake
/// ```
///
/// `SSL_peek` and `SSL_read` are alike, but `SSL_read` takes away what it gave: it writes to the session.
fn choose(shapes: &[Shape]) -> Option<Located> {
    let write = only(shapes, |shape| shape.raises(&[BAD_LENGTH, HANDSHAKE_FAILURE, UNINITIALIZED]))?;
    let handshake =
        only(shapes, |shape| shape.raises(&[CONNECTION_TYPE_NOT_SET]) && write.calls.contains(&shape.at))?;
    let inner = only(shapes, |shape| {
        let fails = [HANDSHAKE_FAILURE, UNINITIALIZED].iter().all(|reason| shape.reasons.contains(reason));
        fails && !shape.reasons.contains(&BAD_LENGTH) && shape.calls.contains(&handshake.at)
    })?;
    let thin = || shapes.iter().filter(|shape| shape.raises(&[]));
    let mut below: Vec<&Shape> =
        thin().filter(|shape| !shape.stores && shape.calls.contains(&inner.at)).collect();
    below.push(inner);
    let read = only(shapes, |shape| shape.raises(&[]) && shape.stores && shape.calls_any(&below))?;
    Some(Located { read: read.at, write: write.at, handshake: handshake.at })
}

fn only(shapes: &[Shape], is_it: impl Fn(&Shape) -> bool) -> Option<&Shape> {
    let mut found = shapes.iter().filter(|shape| is_it(shape));
    found.next().filter(|_| found.next().is_none())
}

#[cfg(test)]
mod tests;
