//! What the client says in the text protocol.

use std::borrow::Cow;

use model::exchange::Request;

use crate::kit::protocol::{Heard, Key, Read};
use crate::kit::reader::{Reader, Sample};
use crate::kit::text::lossy;

use super::session::{Due, Memcached, Proof, named, target};
use super::wire::{Shape, block, block_length, command, line, split};

/// So many keys of one command are told.
const TARGETS: usize = 64;
/// So many bytes of a line are kept.
const TEXT: usize = 4 << 10;
/// Of the word of an unknown command so much is kept.
const NAME: usize = 32;
/// A line has fewer words than this where they are looked at.
const WORDS: usize = 7;
/// The longest log-in that a server reads (`try_read_command_asciiauth`).
const LOGIN: u64 = 2048;

impl Memcached {
    /// Reads the client's next line, and the data block behind it.
    #[inline]
    pub(super) fn asked(&mut self, key: Key, wire: &mut Reader<'_>) -> Read<Heard> {
        let line = line(wire)?;
        let mut words = split(line);
        let Some(name) = words.next() else { return Err(wire.broken("a line is empty")) };
        let operands = words.clone();
        let known = command(name);
        let shape = known.map_or(Shape::Words, |(_, shape)| shape);
        let data = match shape {
            Shape::Store => block_length(words.nth(3)),
            Shape::MetaStore => block_length(words.nth(1)),
            Shape::Keys(_) | Shape::Key | Shape::Words | Shape::Leave => None,
        };
        let data = data.map(|length| block(length, wire)).transpose()?;
        let mut exchange = wire.blank();
        let request = &mut exchange.request;
        request.operation = match known {
            Some((name, _)) => Cow::Borrowed(name),
            None => Cow::Owned(lossy(name.get(..NAME).unwrap_or(name)).into_owned()),
        };
        write(request, line);
        touch(request, operands, shape);
        match data {
            Some(data) if self.proof == Proof::Due && may_prove(&request.operation, &data) => {
                request.parameters.push("***");
            }
            Some(data) => tell(&data, request),
            None => {}
        }
        if shape == Shape::Leave || is_noreply(line, shape) {
            return Ok(Heard::Oneway(exchange));
        }
        let is_quiet =
            matches!(shape, Shape::Key | Shape::MetaStore) && split(line).skip(2).any(|flag| flag == b"q");
        self.wait(key, if is_quiet { Due::Perhaps } else { Due::Surely });
        Ok(Heard::Request(key, exchange))
    }
}

/// Writes a request.
#[inline]
fn write(request: &mut Request, line: &[u8]) {
    request.statement.write_with(|out| {
        out.push_str(&lossy(line.get(..TEXT).unwrap_or(line)));
        if line.len() > TEXT {
            out.push_str("...");
        }
    });
}

/// Whether a value may be a log-in (`-Y`): a `set` of a user and a password, under any key. Nothing tells it from a value of
/// two words.
fn may_prove(operation: &str, data: &Sample<'_>) -> bool {
    let words = data.bytes.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).take(3).count();
    operation == "set" && data.length <= LOGIN && (words == 2 || data.is_cut())
}

/// Names what a command touches: of what stands behind its word, the keys.
#[inline]
fn touch<'a>(request: &mut Request, operands: impl Iterator<Item = &'a [u8]>, shape: Shape) {
    let (before, most) = match shape {
        Shape::Keys(from) => (from - 1, TARGETS),
        Shape::Store | Shape::Key | Shape::MetaStore => (0, 1),
        Shape::Words | Shape::Leave => return,
    };
    let mut keys = operands.skip(before);
    let Some(first) = keys.next() else { return };
    request.name_target(&named(first));
    if most > 1 {
        request.targets.extend(keys.take(most - 1).map(target));
    }
}

/// Tells a value that the client sent.
pub(super) fn tell(data: &Sample<'_>, request: &mut Request) {
    request.parameters.push(&lossy(data.bytes));
    if data.is_cut() {
        request.details.push(("value_bytes", i64::try_from(data.length).unwrap_or(i64::MAX).into()));
    }
}

/// Whether the client wants no answer.
#[inline]
fn is_noreply(line: &[u8], shape: Shape) -> bool {
    let takes = match shape {
        Shape::Store | Shape::Key | Shape::Words => true,
        Shape::Keys(_) | Shape::MetaStore | Shape::Leave => false,
    };
    takes && line.ends_with(b" noreply") && split(line).count() <= WORDS
}
