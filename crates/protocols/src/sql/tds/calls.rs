//! The procedures by which statements are prepared, run and fetched, and what their arguments are
//! ([MS-TDS] 2.2.6.6, "ProcID", and the procedures' own pages).

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;
use crate::sql::utf16;

use super::statements::Of;
use super::wire::long_text;

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    /// The number of what was prepared or opened.
    Number(Of),
    /// The number that the server gives.
    NewNumber(Of),
    /// The names and types of the statement's parameters.
    Definition,
    Text,
    /// How a cursor is to be.
    Manner,
}

use Argument::{Definition, Manner, NewNumber, Number, Text};
use Of::{Cursor, Statement};

/// A procedure that prepares, runs or fetches.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Procedure {
    pub(super) name: &'static str,
    /// What a call is named in records; without that, by the verb of its statement.
    pub(super) operation: Option<&'static str>,
    /// What its first arguments are; behind them come the statement's parameters.
    pub(super) arguments: &'static [Argument],
}

const fn procedure(
    name: &'static str,
    operation: Option<&'static str>,
    arguments: &'static [Argument],
) -> Procedure {
    Procedure { name, operation, arguments }
}

/// By their numbers, from 1.
const PROCEDURES: [Procedure; 15] = [
    procedure("sp_cursor", Some("CURSOR"), &[Number(Cursor)]),
    procedure("sp_cursoropen", None, &[NewNumber(Cursor), Text, Manner, Manner, Manner, Definition]),
    procedure(
        "sp_cursorprepare",
        Some("PREPARE"),
        &[NewNumber(Statement), Definition, Text, Manner, Manner, Manner],
    ),
    procedure("sp_cursorexecute", None, &[Number(Statement), NewNumber(Cursor), Manner, Manner, Manner]),
    procedure(
        "sp_cursorprepexec",
        None,
        &[NewNumber(Statement), NewNumber(Cursor), Definition, Text, Manner, Manner, Manner],
    ),
    procedure("sp_cursorunprepare", Some("UNPREPARE"), &[Number(Statement)]),
    procedure("sp_cursorfetch", Some("FETCH"), &[Number(Cursor), Manner, Manner, Manner]),
    procedure("sp_cursoroption", Some("CURSOR_OPTION"), &[Number(Cursor)]),
    procedure("sp_cursorclose", Some("CLOSE"), &[Number(Cursor)]),
    procedure("sp_executesql", None, &[Text, Definition]),
    procedure("sp_prepare", Some("PREPARE"), &[NewNumber(Statement), Definition, Text, Manner]),
    procedure("sp_execute", None, &[Number(Statement)]),
    procedure("sp_prepexec", None, &[NewNumber(Statement), Definition, Text]),
    procedure("sp_prepexecrpc", None, &[NewNumber(Statement), Text]),
    procedure("sp_unprepare", Some("UNPREPARE"), &[Number(Statement)]),
];

/// A number stands for the name of a procedure.
const BY_NUMBER: u16 = 0xffff;
/// A procedure's name is no longer: four names of 128 letters, with brackets and points.
const NAME: u16 = 4 * 131;
/// How a call is to be run.
const OPTIONS: u16 = 0x07;

/// Which procedure is called.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Called<'a> {
    Known(&'static Procedure),
    /// By its name, as UTF-16.
    Named(&'a [u8]),
}

/// Reads which procedure is called, up to its first parameter.
///
/// # Errors
/// [`Stop::Short`](crate::kit::protocol::Stop::Short) when that is not whole, `Broken` when it is none.
pub(super) fn called<'a>(wire: &mut Reader<'a>) -> Read<Called<'a>> {
    let first = u16::from_le_bytes(wire.peek(2)?.first_chunk().copied().unwrap_or_default());
    let called = match first {
        BY_NUMBER => {
            wire.take(2)?;
            let number = usize::from(wire.le16()?);
            let known = number.checked_sub(1).and_then(|place| PROCEDURES.get(place));
            Called::Known(known.ok_or(wire.broken("a procedure has an unknown number"))?)
        }
        1..=NAME => {
            let name = long_text(wire)?;
            by_name(name).map_or(Called::Named(name), Called::Known)
        }
        _ => return Err(wire.broken("a procedure has no name")),
    };
    if wire.le16()? & !OPTIONS != 0 {
        return Err(wire.broken("a call has unknown options"));
    }
    Ok(called)
}

/// The procedure that is named as well as numbered; `sys.` and its kin may stand before it.
fn by_name(name: &[u8]) -> Option<&'static Procedure> {
    const LONGEST: usize = 64;
    if name.len() > 2 * LONGEST {
        return None;
    }
    let name = utf16::text(name, LONGEST);
    let last = name.rsplit('.').next()?;
    PROCEDURES.iter().find(|known| known.name.eq_ignore_ascii_case(last))
}

#[cfg(test)]
mod tests {
    use super::{Called, called};
    use crate::kit::reader::{Ahead, Reader};

    fn name(bytes: &[u8]) -> Option<&'static str> {
        match called(&mut Reader::new(bytes, 0, Ahead::End)) {
            Ok(Called::Known(known)) => Some(known.name),
            Ok(Called::Named(_)) => Some("another"),
            Err(_) => None,
        }
    }

    #[test]
    fn procedures_are_known_by_number_and_by_name() {
        assert_eq!(name(b"\xff\xff\x0a\0\0\0"), Some("sp_executesql"));
        assert_eq!(name(b"\xff\xff\x10\0\0\0"), None);
        let named: Vec<u8> = "\u{d}SYS.sp_UNprepare\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let named = [&[16, 0], &named[2..]].concat();
        assert_eq!(name(&named), Some("sp_unprepare"));
        assert_eq!(name(b"\x01\0x\0\0\0"), Some("another"));
    }
}
