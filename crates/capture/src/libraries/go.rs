//! Go's own TLS, found by the table that every Go program carries for its stack traces, stripped or not.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, Register};
use memchr::memmem;

use crate::libraries::elf::{BadElf, Elf, Machine, Symbol};
use crate::libraries::plan::{Entry, Found, Function, Plan, Purpose, Refusal, Stack};

const WRITE: &str = "crypto/tls.(*Conn).Write";
const READ: &str = "crypto/tls.(*Conn).Read";
const CLOSE: &str = "crypto/tls.(*Conn).Close";
const TCP_WRITE: &str = "net.(*TCPConn).Write";

/// Where linkers put the table: the second one in programs that are moved when they are loaded, until Go 1.26.
const TABLES: [&str; 2] = [".gopclntab", ".data.rel.ro.gopclntab"];
/// Go's own code begins so far behind the begin of all code at most: what is before it is C's, and starts a program.
const BEFORE: u64 = 64 << 10;
/// What functions are aligned to, at least.
const ALIGNMENT: usize = 16;
/// A function that returns at more places is not one of these: they have up to nine.
const RETURNS: usize = 64;
/// Bytes enough for a function's look at its stack: three instructions.
const OPENING: u64 = 48;
/// The goroutine's `stackguard0`, with which a function begins that may need more stack.
const GUARD: u64 = 16;
/// How functions began before they took their arguments in registers: the goroutine is fetched from the thread's memory.
const STACK_ABI: &[u8] = b"\x64\x48\x8b\x0c\x25\xf8\xff\xff\xff";
/// Longer words than this are no version.
const VERSION: usize = 64;

/// What to hook, or why not; `None` where the file carries no `crypto/tls`.
pub(crate) fn look(elf: &Elf<'_>) -> Result<Option<Result<Plan, Refusal>>, BadElf> {
    for name in TABLES {
        let Some(bytes) = elf.section_bytes(name)? else { continue };
        if memmem::find(&bytes, WRITE.as_bytes()).is_some() {
            return Ok(Some(plan(elf, &bytes)));
        }
    }
    Ok(None)
}

fn plan(elf: &Elf<'_>, bytes: &[u8]) -> Result<Plan, Refusal> {
    if elf.machine != Machine::X86_64 {
        return Err(Refusal::Machine);
    }
    let table = Table::open(bytes)?;
    let [write, read, close, tcp] = table.find([WRITE, READ, CLOSE, TCP_WRITE]);
    let (Some(write), Some(read), Some(close)) = (write, read, close) else { return Err(Refusal::Unclear) };
    let base = base(elf, table.text, [write, read, close])?;
    let at = |function: Symbol| Symbol { address: base.wrapping_add(function.address), ..function };
    let tcp = tcp.map(|tcp| at(tcp).address);
    let mut places = Vec::new();
    for (function, entry, exit) in [
        (write, Purpose::GoWrite as fn(i32) -> Purpose, Some(Purpose::GoWritten)),
        (read, Purpose::GoRead, Some(Purpose::GoHasRead)),
        (close, |_| Purpose::GoClose, None),
    ] {
        let begin = begin(elf, at(function).address).ok_or(Refusal::Unclear)?;
        let behind = tcp.and_then(|tcp| i32::try_from(tcp.wrapping_sub(begin).cast_signed()).ok());
        places.push((entry(behind.unwrap_or_default()), begin, Entry::Emulated));
        let returns = if exit.is_some() { returns(elf, at(function))? } else { Vec::new() };
        places.extend(
            exit.into_iter()
                .flat_map(|exit| returns.iter().map(move |address| (exit, *address, Entry::Stepped))),
        );
    }
    let place =
        |(purpose, address, entry)| Some(Function { purpose, offset: elf.offset_of(address)?, entry });
    let functions = places.into_iter().map(place).collect::<Option<_>>().ok_or(Refusal::Unclear)?;
    let stack = version(elf).unwrap_or_else(|| Stack::Go.to_string());
    Ok(Plan { code: Stack::Go, stack, build_id: elf.build_id(), found: Found::Returns, functions })
}

/// The table of functions (Go's `debug/gosym`, `pclntab.go`).
struct Table<'a> {
    bytes: &'a [u8],
    /// Where Go's code begins; 0 where the table does not say.
    text: u64,
    /// How many functions it has.
    count: usize,
    /// Where the names begin.
    names: usize,
    /// Where the functions begin.
    functions: usize,
    /// Bytes of a number in it: 4 where functions are counted from the begin of the code, since Go 1.18.
    width: usize,
}

impl<'a> Table<'a> {
    fn open(bytes: &'a [u8]) -> Result<Table<'a>, Refusal> {
        // The kind of the table, two zeros, the least size of an instruction and that of a pointer.
        let (words, width) = match bytes.first_chunk::<8>() {
            Some([0xf0 | 0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8]) => ([0, 3, 7], 4),
            Some([0xfa, 0xff, 0xff, 0xff, 0, 0, 1, 8]) => ([0, 2, 6], 8),
            // Until Go 1.15, long before registers.
            Some([0xfb, 0xff, 0xff, 0xff, 0, 0, 1, 8]) => return Err(Refusal::StackAbi),
            _ => return Err(Refusal::Unclear),
        };
        let word = |at: usize| number(bytes, 8 + at * 8, 8).ok_or(Refusal::Unclear);
        let [count, names, functions] = words.map(|at| word(at).and_then(place));
        let text = if width == 4 { word(2)? } else { 0 };
        Ok(Table { bytes, text, count: count?, names: names?, functions: functions?, width })
    }

    /// Where functions of these names stand; counted from the begin of Go's code where the table does so.
    fn find<const N: usize>(&self, wanted: [&str; N]) -> [Option<Symbol>; N] {
        let names = wanted.map(|name| self.name(name));
        let mut found = [None; N];
        for at in 0..self.count {
            let Some((address, name, next)) = self.function(at) else { break };
            let slot = names.iter().position(|wanted| *wanted == Some(name));
            if let Some(slot) = slot.and_then(|slot| found.get_mut(slot)) {
                slot.get_or_insert(Symbol { address, size: next.saturating_sub(address) });
            }
            if found.iter().all(Option::is_some) {
                break;
            }
        }
        found
    }

    /// Where among the names one stands, as functions refer to it.
    fn name(&self, name: &str) -> Option<u64> {
        let names = self.bytes.get(self.names..)?;
        let ended = [b"\0", name.as_bytes(), b"\0"].concat();
        Some(memmem::find(names, &ended)? as u64 + 1)
    }

    /// A function's place, its name's, and the next one's place.
    fn function(&self, at: usize) -> Option<(u64, u64, u64)> {
        let entry = self.functions.checked_add(at.checked_mul(self.width * 2)?)?;
        let address = number(self.bytes, entry, self.width)?;
        let more = usize::try_from(number(self.bytes, entry + self.width, self.width)?).ok()?;
        let name = self.functions.checked_add(more)?.checked_add(self.width)?;
        let next = number(self.bytes, entry + self.width * 2, self.width)?;
        Some((address, number(self.bytes, name, 4)?, next))
    }
}

fn place(word: u64) -> Result<usize, Refusal> {
    usize::try_from(word).map_err(|_| Refusal::Unclear)
}

/// The little-endian number of `width` bytes at a position.
fn number(bytes: &[u8], at: usize, width: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// Where Go's code begins: where the table says, or the first place from which all functions begin as Go's do.
///
/// Since Go 1.27 the table says nothing, and what was linked by C's linker has C's code before it.
fn base(elf: &Elf<'_>, told: u64, functions: [Symbol; 3]) -> Result<u64, Refusal> {
    let all_begin = |base: &u64| {
        functions.iter().all(|function| begin(elf, base.wrapping_add(function.address)).is_some())
    };
    let [first, ..] = functions;
    if elf.code(told.wrapping_add(first.address), OPENING).is_ok_and(|code| code.starts_with(STACK_ABI)) {
        return Err(Refusal::StackAbi);
    }
    let text = elf.section_address(".text").ok_or(Refusal::Unclear)?;
    let near = (text..text.saturating_add(BEFORE)).step_by(ALIGNMENT);
    [told].into_iter().chain(near).find(all_begin).ok_or(Refusal::Unclear)
}

/// Where to hook the begin of a function: the jump that is taken for more stack, behind the look at what there is. Nothing
/// has touched an argument yet, and the kernel does a jump's work itself. `None` when it does not begin so.
fn begin(elf: &Elf<'_>, address: u64) -> Option<u64> {
    let code = elf.code(address, OPENING).ok()?;
    let mut decoder = Decoder::with_ip(64, &code, address, DecoderOptions::NONE);
    let mut compared = decoder.decode();
    let mut stack = Register::RSP;
    if compared.mnemonic() == Mnemonic::Lea && compared.memory_base() == Register::RSP {
        stack = compared.op0_register();
        compared = decoder.decode();
    }
    let jump = decoder.decode();
    let looks = compared.mnemonic() == Mnemonic::Cmp && compared.op0_register() == stack;
    let is_guard = compared.memory_base() == Register::R14 && compared.memory_displacement64() == GUARD;
    (looks && is_guard && jump.mnemonic() == Mnemonic::Jbe).then(|| jump.ip())
}

/// Where a function returns: at these places its result stands in its register. It must do nothing else at its end.
fn returns(elf: &Elf<'_>, function: Symbol) -> Result<Vec<u64>, Refusal> {
    let code = elf.code(function.address, function.size).map_err(|_| Refusal::Unclear)?;
    if code.len() as u64 != function.size {
        return Err(Refusal::Unclear);
    }
    let within = function.address..function.address.saturating_add(function.size);
    let mut returns = Vec::new();
    for instruction in Decoder::with_ip(64, &code, function.address, DecoderOptions::NONE) {
        match instruction.flow_control() {
            FlowControl::Return => returns.push(instruction.ip()),
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch
                if !leads(&instruction, &within) =>
            {
                return Err(Refusal::Unclear);
            }
            FlowControl::IndirectBranch | FlowControl::Exception if instruction.is_invalid() => {
                return Err(Refusal::Unclear);
            }
            _ => {}
        }
    }
    if returns.is_empty() || returns.len() > RETURNS { Err(Refusal::Unclear) } else { Ok(returns) }
}

fn leads(jump: &Instruction, within: &std::ops::Range<u64>) -> bool {
    within.contains(&jump.near_branch_target())
}

/// The version by which a program says it was built (Go's `debug/buildinfo`): `Go 1.27.3`.
fn version(elf: &Elf<'_>) -> Option<String> {
    const MAGIC: &[u8] = b"\xff Go buildinf:";
    /// Says of the flags that the texts follow, as since Go 1.18.
    const INLINE: u8 = 2;
    let told = elf.search(".go.buildinfo", |part| {
        let rest = part.get(memmem::find(part, MAGIC)?..)?;
        let is_inline = rest.get(15)? & INLINE != 0;
        let length = usize::from(*rest.get(32)?);
        let text = std::str::from_utf8(rest.get(33..33 + length)?).ok()?;
        (is_inline && length <= VERSION).then(|| text.to_owned())
    });
    let told = told.ok().flatten()?;
    let number = told.strip_prefix("go")?.split(' ').next()?;
    number.starts_with(|first: char| first.is_ascii_digit()).then(|| format!("Go {number}"))
}

#[cfg(test)]
mod tests;
