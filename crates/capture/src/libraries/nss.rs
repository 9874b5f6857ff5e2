//! Mozilla's NSS: the functions below its sockets, which have no names, by the table in which a socket that turns to TLS finds them.
//!
//! Programs call NSPR's `PR_Read` and `PR_Write`, for TLS and for everything else; below them, in `libssl3.so`, only TLS
//! passes. That library has two tables (`sslSocketOps`): of a socket in clear, and of one with TLS. They differ in what
//! moves bytes and ends, and have the rest in common, which is how they are found.

use std::collections::HashMap;

use iced_x86::{Decoder, DecoderOptions, FlowControl};

use crate::libraries::elf::{BadElf, Elf, Machine};
use crate::libraries::plan::{Purpose, Refusal};

/// Where compilers put tables of pointers, which loaders fill.
const TABLES: &str = ".data.rel.ro";
/// A pointer in it that the loader moves: its place, its kind, and what it points to (System V ABI, "Relocation").
const RELOCATIONS: &str = ".rela.dyn";
const RELOCATION: usize = 24;
/// Kinds: `R_X86_64_RELATIVE` and `R_AARCH64_RELATIVE`.
const RELATIVE: [u32; 2] = [8, 1027];
/// Bytes of code that pass arguments on.
const PASSING: u64 = 32;

/// The places of a table, by number (`sslimpl.h`).
const CONNECT: usize = 0;
const ACCEPT: usize = 1;
const BIND: usize = 2;
const LISTEN: usize = 3;
const SHUTDOWN: usize = 4;
const CLOSE: usize = 5;
const RECEIVE: usize = 6;
const SEND: usize = 7;
const READ: usize = 8;
const WRITE: usize = 9;
const PEER_NAME: usize = 10;
const OWN_NAME: usize = 11;
const PLACES: usize = 12;

/// The functions to hook, or why there are none.
pub(crate) fn functions(elf: &Elf<'_>) -> Result<Result<Vec<(Purpose, u64)>, Refusal>, BadElf> {
    if elf.machine != Machine::X86_64 {
        return Ok(Err(Refusal::Machine));
    }
    let pointers = pointers(elf)?;
    let mut tables: Vec<[u64; PLACES]> = pointers.keys().filter_map(|at| table(&pointers, *at)).collect();
    tables.sort_unstable();
    let with_tls = |table: &&[u64; PLACES]| {
        let [.., receive, send, read, write, _, _] = **table;
        passes_on(elf, read, receive) && passes_on(elf, write, send)
    };
    let has_twin = |table: &&[u64; PLACES]| tables.iter().any(|other| are_twins(table, other));
    let mut found = tables.iter().filter(has_twin).filter(with_tls);
    let (Some(table), None) = (found.next(), found.next()) else { return Ok(Err(Refusal::Unclear)) };
    let [_, _, _, _, _, close, receive, send, ..] = *table;
    Ok(Ok(vec![(Purpose::ReadFlags, receive), (Purpose::Write, send), (Purpose::Free, close)]))
}

/// The pointers to code in the library's tables, by their places.
fn pointers(elf: &Elf<'_>) -> Result<HashMap<u64, u64>, BadElf> {
    let (Some(tables), Some(begin)) = (elf.section_bytes(TABLES)?, elf.section_address(TABLES)) else {
        return Ok(HashMap::new());
    };
    let within = begin..begin.saturating_add(tables.len() as u64);
    let relocations = elf.section_bytes(RELOCATIONS)?.unwrap_or_default();
    // Newer linkers write where the pointers stand apart, and what they point to in their places.
    let (words, _) = tables.as_chunks::<8>();
    let in_place = words.iter().zip(0_u64..).map(|(word, at)| (begin + at * 8, u64::from_le_bytes(*word)));
    let (records, _) = relocations.as_chunks::<RELOCATION>();
    let moved = records.iter().filter_map(relocation).filter(|(at, _)| within.contains(at));
    Ok(in_place.chain(moved).filter(|(_, to)| elf.is_text(*to)).collect())
}

/// The place of a pointer and what it points to.
fn relocation(record: &[u8; RELOCATION]) -> Option<(u64, u64)> {
    let (words, _) = record.as_chunks::<8>();
    let [at, kind, to] = words else { return None };
    let kind = u32::try_from(u64::from_le_bytes(*kind)).ok()?;
    RELATIVE.contains(&kind).then(|| (u64::from_le_bytes(*at), u64::from_le_bytes(*to)))
}

/// The table that begins at a place: only TLS sockets of old could be accepted by the table, so that place is empty.
fn table(pointers: &HashMap<u64, u64>, at: u64) -> Option<[u64; PLACES]> {
    let mut table = [0; PLACES];
    for (number, slot) in (0_u64..).zip(&mut table) {
        *slot = pointers.get(&at.checked_add(number * 8)?).copied().unwrap_or_default();
    }
    let is_empty = |number: usize| table.get(number) == Some(&0);
    (0..PLACES).all(|number| is_empty(number) == (number == ACCEPT)).then_some(table)
}

fn are_twins(table: &[u64; PLACES], other: &[u64; PLACES]) -> bool {
    const SAME: [usize; 4] = [BIND, LISTEN, PEER_NAME, OWN_NAME];
    const DIFFERENT: [usize; 7] = [CONNECT, SHUTDOWN, CLOSE, RECEIVE, SEND, READ, WRITE];
    let is_same = |number: &usize| table.get(*number) == other.get(*number);
    SAME.iter().all(is_same) && !DIFFERENT.iter().any(is_same)
}

/// Whether a function does no more than to call another with its arguments.
fn passes_on(elf: &Elf<'_>, from: u64, to: u64) -> bool {
    let Ok(code) = elf.code(from, PASSING) else { return false };
    Decoder::with_ip(64, &code, from, DecoderOptions::NONE)
        .into_iter()
        .find(|instruction| !matches!(instruction.flow_control(), FlowControl::Next))
        .is_some_and(|instruction| instruction.near_branch_target() == to)
}
