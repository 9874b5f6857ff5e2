//! What is bound to a statement, and how it is to be run: `<query_parameters>` (native_protocol_v5.spec 4.1.4).

use model::details::Detail;
use model::exchange::{Request, Text};

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;
use crate::kit::text::lossy;
use crate::sql::said::Said;
use crate::sql::secrets::{MASK, holds_password};

use super::asked::consistency;
use super::shape::Shape;
use super::statements::Prepared;
use super::values;
use super::wire::{Header, bytes, string};

/// The flags.
const VALUES: u32 = 1;
const PAGE_SIZE: u32 = 1 << 2;
const PAGING_STATE: u32 = 1 << 3;
const SERIAL: u32 = 1 << 4;
const TIMESTAMP: u32 = 1 << 5;
pub(super) const NAMES: u32 = 1 << 6;
const KEYSPACE: u32 = 1 << 7;

/// What is known of what is bound.
#[derive(Clone, Copy, Debug)]
pub(super) enum Binds<'a> {
    /// All that was told when it was prepared.
    Prepared(&'a Prepared),
    /// No types; which are passwords, where the statement has that word.
    Untyped(Option<&'a Said>),
}

impl Binds<'_> {
    fn hides(self, at: usize, name: Option<&str>) -> bool {
        let said = match self {
            Binds::Prepared(prepared) if prepared.hides(at) => return true,
            Binds::Prepared(prepared) => Some(&*prepared.said),
            Binds::Untyped(said) => said,
        };
        let number = u16::try_from(at + 1).unwrap_or_default();
        let is_secret = |said: &Said| match name {
            None => said.secrets.contains(&number),
            Some(name) => said.names.iter().any(|secret| **secret == *name),
        };
        name.is_some_and(|name| holds_password(name.as_bytes())) || said.is_some_and(is_secret)
    }
}

/// Flags, which version 5 gave more room.
pub(super) fn flags(header: Header, body: &mut Reader<'_>) -> Read<u32> {
    if header.version >= 5 { body.be32() } else { body.u8().map(u32::from) }
}

/// Reads all of them.
pub(super) fn parameters(
    header: Header,
    body: &mut Reader<'_>,
    request: &mut Request,
    binds: Binds<'_>,
) -> Read<()> {
    consistency(body.be16()?, request);
    let flags = flags(header, body)?;
    if flags & VALUES != 0 {
        bound(flags & NAMES != 0, body, request, binds)?;
    }
    if flags & PAGE_SIZE != 0 {
        body.be32()?;
    }
    if flags & PAGING_STATE != 0 {
        bytes(body)?;
        request.details.push(("page", Detail::from("next")));
    }
    if flags & SERIAL != 0 {
        body.be16()?;
    }
    if flags & TIMESTAMP != 0 {
        body.be64()?;
    }
    if flags & KEYSPACE != 0 && header.version >= 5 {
        request.details.push(("keyspace", Text::from(lossy(string(body)?)).into()));
    }
    Ok(())
}

/// Reads so many values as a number says, with names or without.
pub(super) fn bound(
    is_named: bool,
    body: &mut Reader<'_>,
    request: &mut Request,
    binds: Binds<'_>,
) -> Read<()> {
    let count = body.be16()?;
    let begin = request.parameters.len();
    for at in 0..usize::from(count) {
        let read = one(is_named, at, body, request, binds);
        if let Err(stop) = read {
            request.details.push(("parameter_count", i64::from(count).into()));
            // Those that are not kept are there all the same.
            for _ in request.parameters.len()..begin + usize::from(count) {
                request.parameters.push("…");
            }
            return Err(stop);
        }
    }
    Ok(())
}

fn one(
    is_named: bool,
    at: usize,
    body: &mut Reader<'_>,
    request: &mut Request,
    binds: Binds<'_>,
) -> Read<()> {
    let name = if is_named { Some(lossy(string(body)?)) } else { None };
    let length = body.be32()?.cast_signed();
    // -2 leaves a value as it is, and is told like null.
    let Ok(length) = usize::try_from(length) else {
        request.parameters.push_null();
        return Ok(());
    };
    let value = body.take(length)?;
    if binds.hides(at, name.as_deref()) {
        request.parameters.push(MASK);
        return Ok(());
    }
    match binds {
        Binds::Prepared(Prepared { bound: Some(bound), .. }) => {
            let named = |name: &str| bound.columns.iter().position(|column| *column.name == *name);
            let at = name.as_deref().and_then(named).unwrap_or(at);
            Shape::push(Some(bound), at, value, &mut request.parameters);
        }
        Binds::Prepared(_) | Binds::Untyped(_) => {
            request.parameters.push_with(|out| values::untyped(out, value));
        }
    }
    Ok(())
}
