//! Sub-documents: what is looked up or changed inside of a document, by path (SubDocument.md, "Wire Protocol Format").

use std::borrow::Cow;
use std::fmt::Write as _;

use model::exchange::{Outcome, Response};
use model::row::Row;

use crate::kit::protocol::Read;
use crate::kit::reader::{Ahead, Reader};
use crate::kit::text::lossy;

use super::names::{SUCCESS, status};
use super::opcodes::{Kind, path_word};
use super::wire::Message;

/// So many paths of one command are told; a server takes sixteen.
const PATHS: usize = 16;
/// So many bytes of a path are told.
const PATH: usize = 1 << 10;

/// One of several things that a command does.
struct Spec<'a> {
    code: u8,
    path: &'a [u8],
    value: &'a [u8],
}

impl<'a> Spec<'a> {
    fn read(kind: Kind, wire: &mut Reader<'a>) -> Read<Spec<'a>> {
        let [code, _flags] = wire.array()?;
        let path = usize::from(wire.be16()?);
        let value = if kind == Kind::ChangeMany { wire.be32()? } else { 0 };
        let path = wire.take(path)?;
        // Of a value that is cut its beginning is told.
        let length = usize::try_from(value).unwrap_or(usize::MAX).min(wire.rest().len());
        Ok(Spec { code, path, value: wire.take(length)? })
    }
}

/// Tells the paths of a command, and the values for them: `get(name) exists(phone)`; both are parameters.
pub(super) fn ask(message: &Message<'_>, out: &mut String, parameters: &mut Row) {
    let packet = &message.packet;
    match message.opcode.kind {
        Kind::Look | Kind::Change => {
            let [high, low, ..] = packet.extras else { return };
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let value = packet.value.bytes;
            let (path, value) = value.split_at_checked(length).unwrap_or((value, b""));
            _ = write!(out, " {}", told(path));
            parameters.push(&told(path));
            if message.opcode.kind == Kind::Change && !value.is_empty() {
                parameters.push(&lossy(value));
            }
        }
        kind @ (Kind::LookMany | Kind::ChangeMany) => {
            let mut wire = Reader::new(packet.value.bytes, 0, Ahead::End);
            for _ in 0..PATHS {
                let Ok(spec) = Spec::read(kind, &mut wire) else { break };
                _ = write!(out, " {}({})", path_word(spec.code), told(spec.path));
                parameters.push(&told(spec.path));
                if kind == Kind::ChangeMany {
                    parameters.push(&lossy(spec.value));
                }
            }
        }
        _ => {}
    }
}

fn told(path: &[u8]) -> Cow<'_, str> {
    lossy(path.get(..PATH).unwrap_or(path))
}

/// Tells what was found at each path of `asked`: a row of the path and the value, and what misses as a detail.
pub(super) fn found(value: &[u8], asked: &[Option<String>], answer: &mut Response) {
    let mut wire = Reader::new(value, 0, Ahead::End);
    let (mut rows, mut missing) = (0, String::new());
    for place in 0.. {
        let Ok(code) = wire.be16() else { break };
        let Ok(length) = wire.be32() else { break };
        let path = asked.get(place).and_then(Option::as_deref).unwrap_or_default();
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(wire.rest().len());
        let value = wire.take(length).unwrap_or_default();
        if code != SUCCESS {
            let end = if missing.is_empty() { "" } else { ", " };
            _ = write!(missing, "{end}{path}: {}", status(code));
            continue;
        }
        rows += 1;
        if rows <= PATHS as u64 {
            let row = answer.samples.begin(0);
            row.push(path);
            row.push(&lossy(value));
            answer.samples.end();
        }
    }
    (answer.outcome, answer.rows) = (Outcome::Ok, Some(rows));
    if !missing.is_empty() {
        answer.details.push(("missing", missing.as_str().into()));
    }
}

/// Which of several changes failed, and why: the one result that is told of them.
pub(super) fn failed(value: &[u8]) -> Option<(u8, u16)> {
    let [index, high, low, ..] = value else { return None };
    Some((*index, u16::from_be_bytes([*high, *low])))
}
