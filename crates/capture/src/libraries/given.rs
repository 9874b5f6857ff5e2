//! Constants as evidence: where in the code a text is given as an argument, and in which functions these places are.

use std::collections::BTreeSet;
use std::ops::Range;

use iced_x86::{Code, Instruction, Register};
use memchr::{memchr_iter, memmem};

use crate::libraries::elf::{BadElf, Elf};

/// The longest path of a source file: those of real builds have 60 bytes.
const PATH: usize = 256;
/// `call` of a place whose distance follows.
const CALL: u8 = 0xe8;
/// Functions begin where the processor fetches best.
const ALIGNMENT: u64 = 16;
/// The longest function of BoringSSL's source file has 2,496 bytes in what was looked at, OpenSSL's 2,100.
const LONGEST: u64 = 4_096;
/// How far before the first error and after the last one a function of the same source file is looked for.
const MARGIN: u64 = 16 << 10;
/// A name stands in a program once or twice; for each the whole code is read.
const TEXTS: usize = 4;
/// More places that raise errors than this no source file has: BoringSSL's has 34 to 62, OpenSSL's 180.
const PLACES: usize = 4_096;
/// Errors of one source file stand together, in 33 KiB of Chromium; spread wider than this, it is no one file's code.
const ROOM: u64 = 1 << 20;

/// An argument of a function, by the register that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    Second,
    Third,
    Fourth,
}

impl Argument {
    /// How `lea` of an address near the code, and `mov` of one that the linker knows, begin.
    fn loads(self) -> ([u8; 3], u8) {
        match self {
            Argument::Second => ([0x48, 0x8d, 0x35], 0xbe),
            Argument::Third => ([0x48, 0x8d, 0x15], 0xba),
            Argument::Fourth => ([0x48, 0x8d, 0x0d], 0xb9),
        }
    }

    fn registers(self) -> (Register, Register) {
        match self {
            Argument::Second => (Register::RSI, Register::ESI),
            Argument::Third => (Register::RDX, Register::EDX),
            Argument::Fourth => (Register::RCX, Register::ECX),
        }
    }

    /// Whether an instruction sets it to an address.
    pub(crate) fn is_set(self, instruction: &Instruction, address: u64) -> bool {
        match instruction.code() {
            Code::Lea_r64_m => {
                instruction.op0_register() == self.registers().0
                    && instruction.is_ip_rel_memory_operand()
                    && instruction.ip_rel_memory_address() == address
            }
            Code::Mov_r32_imm32 => self.number(instruction).map(u64::from) == Some(address),
            _ => false,
        }
    }

    /// The number that an instruction sets it to.
    pub(crate) fn number(self, instruction: &Instruction) -> Option<u32> {
        let sets =
            instruction.code() == Code::Mov_r32_imm32 && instruction.op0_register() == self.registers().1;
        sets.then(|| instruction.immediate32())
    }
}

/// The address of the constant that is a source file's path, by its end.
pub(crate) fn path_ending(elf: &Elf<'_>, end: &[u8]) -> Result<Option<u64>, BadElf> {
    elf.scan(".rodata", PATH as u64, |address, part| {
        let at = memmem::find(part, end)?;
        let before = part.get(..at)?;
        let start = before.iter().rposition(|byte| *byte == 0)? + 1;
        Some(address + start as u64)
    })
}

/// The addresses of constants that are this text and no more, between two zeros; the text ends with the second one.
pub(crate) fn texts_of(elf: &Elf<'_>, text: &[u8]) -> Result<BTreeSet<u64>, BadElf> {
    let mut found = BTreeSet::new();
    let too_many = elf.scan(".rodata", text.len() as u64 + 1, |address, part| {
        let is_alone = |at: &usize| at.checked_sub(1).and_then(|before| part.get(before)) == Some(&0);
        found.extend(memmem::find_iter(part, text).filter(is_alone).map(|at| address + at as u64));
        (found.len() > TEXTS).then_some(())
    })?;
    Ok(if too_many.is_some() { BTreeSet::new() } else { found })
}

/// Where in the code a constant is given as an argument, in the order of addresses.
pub(crate) fn given(elf: &Elf<'_>, constant: u64, argument: Argument) -> Result<BTreeSet<u64>, BadElf> {
    let mut places = BTreeSet::new();
    let (lea, mov) = argument.loads();
    let fixed = u32::try_from(constant).ok().map(u32::to_le_bytes);
    let fixed = fixed.map(|[a, b, c, d]| memmem::Finder::new(&[mov, a, b, c, d]).into_owned());
    let relative = memmem::Finder::new(&lea);
    let too_many = elf.scan(".text", lea.len() as u64 + 4, |address, part| {
        for at in relative.find_iter(part) {
            let place = address + at as u64;
            if distance(part, at + lea.len()).is_some_and(|far| aim(place + 7, far) == constant) {
                places.insert(place);
            }
        }
        places.extend(fixed.iter().flat_map(|finder| finder.find_iter(part)).map(|at| address + at as u64));
        (places.len() > PLACES).then_some(())
    })?;
    Ok(if too_many.is_some() { BTreeSet::new() } else { places })
}

/// Where the functions around these places begin, in their order; `None` where the places are not of one source file.
pub(crate) fn functions_around(elf: &Elf<'_>, places: &BTreeSet<u64>) -> Result<Option<Vec<u64>>, BadElf> {
    let Some(room) = room_around(places) else { return Ok(None) };
    let starts = elf.unwound(room.clone())?;
    Ok(Some(if covers(&starts, places) { starts } else { called_in(elf, &room)? }))
}

/// The addresses between which a source file's functions are.
pub(crate) fn room_around(places: &BTreeSet<u64>) -> Option<Range<u64>> {
    let room = places.first()?.saturating_sub(MARGIN)..places.last()?.saturating_add(MARGIN);
    (room.end - room.start <= ROOM).then_some(room)
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
pub(crate) fn called_in(elf: &Elf<'_>, room: &Range<u64>) -> Result<Vec<u64>, BadElf> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_far_from_what_is_raised_say_nothing() {
        let places = BTreeSet::from([0x2000, 0x2800]);
        assert!(covers(&[0x1f00, 0x2700], &places));
        assert!(!covers(&[0x1f00], &BTreeSet::from([0x2f00])), "no function is so long");
        assert!(!covers(&[0x2100], &places), "nothing begins before the first");
        assert!(!covers(&[], &places));
    }
}
