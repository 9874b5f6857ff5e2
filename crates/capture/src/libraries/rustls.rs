//! rustls: functions of its own, by their symbols, in versions whose arguments are known.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Mnemonic, OpKind, Register};

use crate::libraries::elf::{BadElf, Elf, Machine, Symbol};
use crate::libraries::plan::{Purpose, Refusal};

/// What stands before the version in the paths that messages name.
pub(crate) const PATH: &[u8] = b"/rustls-0.";
/// The version whose functions take these arguments.
const KNOWN: &str = "0.23.";
/// Code of a function that tells how it reads its argument.
const OPENING: u64 = 96;

/// The functions of `CommonState`, as both manglings of names write them.
const WRITE: &str = "16buffer_plaintext";
const RECEIVED: &str = "23take_received_plaintext";
/// At a handshake's end, inside of the reading of its last record: what was read before is below the session.
const HANDSHAKEN: &str = "22start_outgoing_traffic";
const OF: &str = "6rustls12common_state";

/// The version and the functions to hook, or why there are none.
pub(crate) type Found = Result<(String, Vec<(Purpose, u64)>), Refusal>;

/// Looks at a program that carries rustls.
pub(crate) fn functions(elf: &Elf<'_>) -> Result<Found, BadElf> {
    let mut found: [Option<Symbol>; 3] = [None; 3];
    elf.each_symbol(".symtab", |name, symbol| {
        let Ok(name) = std::str::from_utf8(name) else { return };
        let at = [WRITE, RECEIVED, HANDSHAKEN].iter().position(|wanted| is(name, wanted));
        if let Some(slot) = at.and_then(|at| found.get_mut(at)) {
            slot.get_or_insert(symbol);
        }
    })?;
    let [Some(write), Some(received), Some(handshaken)] = found else {
        let is_stripped = found.iter().all(Option::is_none);
        return Ok(Err(if is_stripped { Refusal::Stripped } else { Refusal::Inlined }));
    };
    if elf.machine != Machine::X86_64 {
        return Ok(Err(Refusal::Machine));
    }
    let Some(version) = version(elf)?.filter(|version| version.starts_with(KNOWN)) else {
        return Ok(Err(Refusal::Version));
    };
    if !reads_payload(elf, received) {
        return Ok(Err(Refusal::Unclear));
    }
    let functions = vec![
        (Purpose::RustlsWrite, write.address),
        (Purpose::RustlsReceived, received.address),
        (Purpose::Handshake, handshaken.address),
    ];
    Ok(Ok((format!("rustls {version}"), functions)))
}

/// Whether a symbol is this function: the old mangling puts a hash behind the name, the new one nothing.
fn is(name: &str, wanted: &str) -> bool {
    let Some((before, behind)) = name.split_once(wanted) else { return false };
    let is_old = before.starts_with("_ZN") && behind.starts_with("17h");
    let is_new = before.starts_with("_R") && behind.is_empty();
    before.contains(OF) && before.ends_with("11CommonState") && (is_old || is_new)
}

fn version(elf: &Elf<'_>) -> Result<Option<String>, BadElf> {
    elf.search(".rodata", |part| {
        let begin = memchr::memmem::find(part, PATH)? + PATH.len() - 2;
        let version = part.get(begin..)?.iter().take(16).map(|byte| char::from(*byte));
        Some(version.take_while(|one| one.is_ascii_digit() || *one == '.').collect())
    })
}

/// Whether a function begins by reading its second argument as a `Payload`: three words, the first and the last by themselves.
fn reads_payload(elf: &Elf<'_>, function: Symbol) -> bool {
    let Ok(code) = elf.code(function.address, OPENING.min(function.size)) else { return false };
    let mut holders = vec![Register::RSI];
    let mut read = Vec::new();
    for instruction in Decoder::with_ip(64, &code, function.address, DecoderOptions::NONE) {
        if instruction.mnemonic() == Mnemonic::Mov && instruction.op1_kind() == OpKind::Register {
            let is_copy = holders.contains(&instruction.op1_register());
            holders.extend(is_copy.then(|| instruction.op0_register()));
        }
        if instruction.op1_kind() == OpKind::Memory && holders.contains(&instruction.memory_base()) {
            read.push(instruction.memory_displacement64());
        }
        if instruction.flow_control() == FlowControl::Return {
            break;
        }
    }
    [0, 16].iter().all(|word| read.contains(word)) && read.iter().all(|word| *word <= 16)
}

#[cfg(test)]
mod tests {
    use super::{HANDSHAKEN, RECEIVED, WRITE, is};

    #[test]
    fn functions_are_known_by_both_manglings() {
        let old = "_ZN6rustls12common_state11CommonState23take_received_plaintext17h9cdb5e78c8aa2a2aE";
        let new = "_RNvMNtCs1PVfNTLNy3A_6rustls12common_stateNtB2_11CommonState16buffer_plaintext";
        assert!(is(old, RECEIVED) && is(new, WRITE));
        for other in [
            "_ZN6rustls12common_state11CommonState22start_encryption_tls1217h0E",
            "_ZN6rustls12common_state5State16buffer_plaintext17h0E",
            "_ZN5other12common_state11CommonState16buffer_plaintext17h0E",
            "_RNvMNtCs1PVfNTLNy3A_6rustls12common_stateNtB2_11CommonState16buffer_plaintext0",
            "",
        ] {
            assert!(![WRITE, RECEIVED, HANDSHAKEN].iter().any(|wanted| is(other, wanted)), "{other}");
        }
    }
}
