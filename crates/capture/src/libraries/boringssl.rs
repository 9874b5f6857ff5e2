//! BoringSSL without symbols: its functions are known by the errors that they raise.
//!
//! Each error is raised with the path of its source file and a reason, whose number is the same in every version: so a
//! stripped program still says which of its functions can fail how. What is found so is on trial, see
//! `docs/adr/0013-boringssl-without-symbols.md`.

use std::collections::BTreeSet;
use std::ops::Range;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};

use crate::libraries::decode::begins_function;
use crate::libraries::elf::{BadElf, Elf, Machine};
use crate::libraries::given::{Argument, functions_around, given, path_ending};

/// The end of the path of the source file that has them, in whatever folder it was built.
const SOURCE: &[u8] = b"ssl/ssl_lib.cc\0";

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
    let Some(path) = path_ending(elf, SOURCE)? else { return Ok(None) };
    // The path is the fourth argument of the function that keeps an error.
    match functions_around(elf, &given(elf, path, Argument::Fourth)?)? {
        Some(starts) => located_among(elf, &starts, path),
        None => Ok(None),
    }
}

/// Where they stand among the functions that begin here.
fn located_among(elf: &Elf<'_>, starts: &[u64], path: u64) -> Result<Option<Located>, BadElf> {
    let extents = starts.iter().zip(starts.iter().skip(1));
    let shapes = extents.map(|(from, to)| Shape::of(elf, *from..*to, path));
    Ok(choose(&shapes.collect::<Result<Vec<_>, _>>()?))
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
            is_error |= Argument::Fourth.is_set(&instruction, path);
            // A reason, if the fourth one is the path.
            reason = Argument::Third.number(&instruction).or(reason);
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
