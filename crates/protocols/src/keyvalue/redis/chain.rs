//! Chains: whether bytes read like commands or like replies, for recognition and for finding the thread again.

use model::conn::Speaker;

use crate::kit::chain::{Chain, Proof};
use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};

use super::commands::command;
use super::wire::{LINE, Token, string, token, words};

/// So many tokens or commands in a row prove a chain.
const PROOF: Proof = Proof { whole: 8, open: 2 };
/// The longest name of a command; those of modules have two parts.
const NAME: usize = 48;

/// Whether `bytes` begin with what `speaker` says.
pub(super) fn chain(speaker: Speaker, bytes: &[u8]) -> Chain {
    PROOF.chain(bytes, |wire| match (speaker, wire.rest().first()) {
        (Speaker::Client, Some(b'*')) => framed(wire),
        (Speaker::Client, _) => inline(wire),
        (Speaker::Server, _) => token(wire).map(drop),
    })
}

/// A command in the notation of programs.
fn framed(wire: &mut Reader<'_>) -> Read<()> {
    let count = words(wire)?.unwrap_or(0);
    for at in 0..count {
        let word = string(b'$', wire)?;
        if at == 0 && !is_name(word.bytes) {
            return Err(wire.broken("no command has such a name"));
        }
    }
    Ok(())
}

/// A command as people type it; only those that are known are believed.
fn inline(wire: &mut Reader<'_>) -> Read<()> {
    let line = wire.until(b'\n', LINE)?;
    if line_words(line).is_some_and(|word| command(word).is_some()) {
        return Ok(());
    }
    Err(wire.broken("a line is no command"))
}

/// The first word of a line, if that is one of text.
fn line_words(line: &[u8]) -> Option<&[u8]> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return None;
    }
    line.split(|byte| *byte == b' ').next()
}

/// Whether a word may be the name of a command.
pub(super) fn is_name(word: &[u8]) -> bool {
    let letters = word.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    let rest = |b: &u8| b.is_ascii_alphanumeric() || b"._-:|".contains(b);
    letters && word.len() <= NAME && word.iter().all(rest)
}

/// Whether `bytes` begin with a framed command, of which its name is there.
pub(super) fn begins_command(bytes: &[u8]) -> Chain {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    if !bytes.is_empty() && bytes.first() != Some(&b'*') {
        return Chain::Broken;
    }
    let name = words(&mut wire).and_then(|count| match count {
        Some(_) => string(b'$', &mut wire),
        None => Err(wire.broken("a command without words")),
    });
    judged(name)
}

/// Whether `bytes` begin with a line that is a known command.
pub(super) fn begins_line(bytes: &[u8]) -> Chain {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    let begins = bytes.first().is_none_or(u8::is_ascii_alphabetic);
    match inline(&mut wire) {
        Ok(()) => Chain::Sound,
        Err(Stop::Short) if begins => Chain::Open,
        Err(Stop::Short | Stop::Broken(_) | Stop::Over) => Chain::Broken,
    }
}

/// Whether `bytes` begin with an array, a map, a push or a string that nothing else looks like.
pub(super) fn begins_reply(bytes: &[u8]) -> Chain {
    let mut wire = Reader::new(bytes, 0, Ahead::Open);
    if bytes.first().is_some_and(|kind| !b"*%~>$".contains(kind)) {
        return Chain::Broken;
    }
    loop {
        match token(&mut wire) {
            Ok(Token::Aggregate(..)) => {}
            Ok(Token::Bulk(_)) => return Chain::Sound,
            Ok(_) => return Chain::Open,
            Err(Stop::Short) => return Chain::Open,
            Err(Stop::Broken(_) | Stop::Over) => return Chain::Broken,
        }
    }
}

fn judged(name: Read<Sample<'_>>) -> Chain {
    match name {
        Ok(name) if is_name(name.bytes) => Chain::Sound,
        Ok(_) | Err(Stop::Broken(_) | Stop::Over) => Chain::Broken,
        Err(Stop::Short) => Chain::Open,
    }
}
