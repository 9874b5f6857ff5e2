//! What messages say before their documents; the old ones, of servers before 6.0, in the words of the commands that took
//! their place.

use std::borrow::Cow;

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::commands::Scope;
use super::identity;
use super::saying::{After, Place, Saying, Then};
use super::wire::{CHECKSUM, Code, MORE_TO_COME, NAME};

/// The flag of an `OP_QUERY` whose answers come without being asked for.
const EXHAUST: u32 = 1 << 6;
/// The detail that says so.
pub(super) const EXHAUSTS: &str = "exhaust";
/// So many cursors of an `OP_KILL_CURSORS` are told.
const CURSORS: u32 = 8;

/// What a message says before its documents.
pub(super) struct Start<'a> {
    pub(super) place: Place,
    pub(super) then: Then,
    /// Bytes behind its last section.
    pub(super) tail: u64,
    pub(super) old: Option<Old<'a>>,
}

/// What an old message says before its documents.
pub(super) struct Old<'a> {
    /// The command that took its place, and its own name.
    names: [&'static str; 2],
    namespace: &'a [u8],
    cursors: Vec<i64>,
    /// What else it says; a flag has no number.
    members: Vec<(&'static str, Option<i64>)>,
}

/// Reads what a message of this code says before its documents.
pub(super) fn start<'a>(code: Code, from: &mut Reader<'a>) -> Read<Start<'a>> {
    match code {
        Code::Update => update(from),
        Code::Insert => {
            from.le32()?;
            let namespace = from.until(0, NAME)?;
            Ok(oneway(["insert", "OP_INSERT"], namespace, Place::Inserted, Vec::new()))
        }
        Code::Query => query(from),
        Code::GetMore => get_more(from),
        Code::Delete => {
            from.le32()?;
            let namespace = from.until(0, NAME)?;
            let limit = Some(i64::from(from.le32()? & 1));
            Ok(oneway(["delete", "OP_DELETE"], namespace, Place::Documents(&["q"]), vec![("limit", limit)]))
        }
        Code::KillCursors => kill_cursors(from),
        Code::Message | Code::Reply | Code::Internal | Code::Compressed => {
            let flags = from.le32()?;
            Ok(Start {
                place: Place::Sections,
                then: if flags & MORE_TO_COME == 0 { Then::Answered } else { Then::Oneway },
                tail: if flags & CHECKSUM == 0 { 0 } else { 4 },
                old: None,
            })
        }
    }
}

fn oneway<'a>(
    names: [&'static str; 2],
    namespace: &'a [u8],
    place: Place,
    members: Vec<(&'static str, Option<i64>)>,
) -> Start<'a> {
    let old = Old { names, namespace, cursors: Vec::new(), members };
    Start { place, then: Then::Oneway, tail: 0, old: Some(old) }
}

fn update<'a>(from: &mut Reader<'a>) -> Read<Start<'a>> {
    from.le32()?;
    let namespace = from.until(0, NAME)?;
    let flags = from.le32()?;
    let flag = |bit: u32, name| (flags & bit != 0).then_some((name, None));
    let numbers = flag(1, "upsert").into_iter().chain(flag(2, "multi")).collect();
    Ok(oneway(["update", "OP_UPDATE"], namespace, Place::Documents(&["q", "u"]), numbers))
}

fn query<'a>(from: &mut Reader<'a>) -> Read<Start<'a>> {
    let flags = from.le32()?;
    let namespace = from.until(0, NAME)?;
    let (skip, limit) = (signed(from)?, signed(from)?);
    let mut start =
        oneway(["find", "OP_QUERY"], namespace, Place::Documents(&["filter", "projection"]), Vec::new());
    start.then = Then::Answered;
    if namespace.ends_with(b".$cmd") {
        // Its length is passed over: what follows are its elements.
        from.take(4)?;
        start.place = Place::Command(After::Rest);
    } else if let Some(old) = &mut start.old {
        let numbers = [("skip", skip), ("limit", limit)].into_iter().filter(|(_, number)| *number != 0);
        old.members.extend(numbers.map(|(name, number)| (name, Some(number))));
        old.members.extend((flags & EXHAUST != 0).then_some((EXHAUSTS, None)));
    }
    Ok(start)
}

fn get_more<'a>(from: &mut Reader<'a>) -> Read<Start<'a>> {
    from.le32()?;
    let namespace = from.until(0, NAME)?;
    let (size, cursor) = (signed(from)?, i64::from_le_bytes(from.array()?));
    let members = vec![("batchSize", Some(size))];
    let mut start = oneway(["getMore", "OP_GET_MORE"], namespace, Place::Rest, members);
    start.then = Then::Answered;
    if let Some(old) = &mut start.old {
        old.cursors.push(cursor);
    }
    Ok(start)
}

fn kill_cursors<'a>(from: &mut Reader<'a>) -> Read<Start<'a>> {
    from.le32()?;
    let count = from.le32()?;
    let mut start = oneway(["killCursors", "OP_KILL_CURSORS"], b"", Place::Rest, Vec::new());
    if let Some(old) = &mut start.old {
        for _ in 0..count.min(CURSORS) {
            old.cursors.push(i64::from_le_bytes(from.array()?));
        }
    }
    Ok(start)
}

fn signed(from: &mut Reader<'_>) -> Read<i64> {
    Ok(i32::from_le_bytes(from.array()?).into())
}

impl Old<'_> {
    /// Writes it as the command that took its place; one that holds a command only says of which database.
    pub(super) fn write(self, saying: &mut Saying) {
        let at = memchr::memchr(b'.', self.namespace);
        let (database, collection) =
            at.and_then(|at| self.namespace.split_at_checked(at)).unwrap_or_default();
        let collection = collection.get(1..).unwrap_or_default();
        saying.database = (!database.is_empty()).then(|| identity::text(database));
        if matches!(saying.place, Place::Command(_)) {
            return;
        }
        let [operation, opcode] = self.names;
        saying.scope = if collection.is_empty() { Scope::Nothing } else { Scope::Collection };
        saying.collection.push_str(&lossy(collection));
        let request = &mut saying.exchange.request;
        request.operation = Cow::Borrowed(operation);
        request.details.push(("opcode", opcode.into()));
        match (operation, self.cursors.as_slice()) {
            ("killCursors", cursors) => saying.json.add_numbers(operation, cursors),
            (_, [cursor]) => {
                saying.json.add_number(operation, *cursor);
                saying.json.add_text("collection", collection);
            }
            _ => saying.json.add_text(operation, collection),
        }
        for (name, number) in self.members {
            match number {
                Some(number) => saying.json.add_number(name, number),
                None => saying.json.add_flag(name),
            }
            if name == EXHAUSTS {
                request.details.push((EXHAUSTS, 1.into()));
            }
        }
    }
}
