//! What stands in a method, written into a request or an answer.

use std::borrow::Cow;

use model::exchange::{Request, Response, Text};

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::methods::{Argument, Method, NOWAIT};
use super::wire::{long, short};

/// Whether anybody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Yes,
    No,
}

/// Writes a method that asks or tells something: its name, what it touches, its flags.
#[inline]
pub(super) fn ask(method: &'static Method, wire: &mut Reader<'_>, request: &mut Request) -> Read<Wait> {
    let mut wait = Wait::Yes;
    for argument in method.arguments {
        match argument {
            Argument::Nothing => drop(wire.be16()?),
            Argument::Target => {
                let name = short(wire)?;
                if !name.is_empty() {
                    request.targets.push(text(name));
                }
            }
            Argument::Text(name) => {
                let value = short(wire)?;
                if !value.is_empty() {
                    request.details.push((name, text(value).into()));
                }
            }
            Argument::Flags(names) => {
                let set = wire.u8()?;
                for (_, name) in (0..8).zip(*names).filter(|(bit, _)| set >> bit & 1 != 0) {
                    if *name == NOWAIT {
                        wait = Wait::No;
                    }
                    request.details.push((name, 1.into()));
                }
            }
            Argument::Two(name) => request.details.push((name, i64::from(wire.be16()?).into())),
            Argument::Four(name) => request.details.push((name, i64::from(wire.be32()?).into())),
            Argument::Eight(name) => request.details.push((name, wire.be64()?.cast_signed().into())),
            Argument::Affected => drop(wire.be32()?),
            Argument::Table | Argument::Secret => drop(long(wire)?),
        }
    }
    write(method.name, request);
    Ok(wait)
}

/// Writes what a request is: its method, and what that touches.
pub(super) fn write(method: &'static str, request: &mut Request) {
    request.operation = Cow::Borrowed(method);
    let targets = &request.targets;
    request.statement.write_with(|out| {
        out.push_str(method);
        for target in targets {
            out.push(' ');
            out.push_str(target);
        }
    });
}

/// Writes a method that answers.
pub(super) fn answer(method: &'static Method, wire: &mut Reader<'_>, response: &mut Response) -> Read<()> {
    for argument in method.arguments {
        match argument {
            Argument::Text(name) => {
                let value = short(wire)?;
                response.details.push((name, text(value).into()));
            }
            Argument::Flags(names) => {
                let set = wire.u8()?;
                for (_, name) in (0..8).zip(*names).filter(|(bit, _)| set >> bit & 1 != 0) {
                    response.details.push((name, 1.into()));
                }
            }
            Argument::Two(name) => response.details.push((name, i64::from(wire.be16()?).into())),
            Argument::Four(name) => response.details.push((name, i64::from(wire.be32()?).into())),
            Argument::Eight(name) => response.details.push((name, wire.be64()?.cast_signed().into())),
            Argument::Affected => response.affected = Some(wire.be32()?.into()),
            Argument::Nothing | Argument::Target | Argument::Table | Argument::Secret => {}
        }
    }
    Ok(())
}

/// A short text as a text.
pub(super) fn text(bytes: &[u8]) -> Text {
    Text::from(&*lossy(bytes))
}
