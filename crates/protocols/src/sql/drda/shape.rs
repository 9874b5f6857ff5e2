//! The columns of a result: SQLDARD, the SQL descriptor area (DRDA, "SQLDHGRP", "SQLDAGRP" and the groups inside).

use std::borrow::Cow;
use std::sync::Arc;

use model::exchange::{Column, Text};

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;

use super::card::{Card, NULL, no_diagnostics, text};
use super::manner::Manner;

/// As many columns as a result may have.
const COLUMNS: i64 = 5_000;

/// The types of columns, by their numbers; one more is the same, and may be null.
const TYPES: [(i64, &str); 36] = [
    (384, "date"),
    (388, "time"),
    (392, "timestamp"),
    (396, "datalink"),
    (400, "graphic"),
    (404, "blob"),
    (408, "clob"),
    (412, "dbclob"),
    (448, "varchar"),
    (452, "char"),
    (456, "long varchar"),
    (460, "char"),
    (464, "vargraphic"),
    (468, "graphic"),
    (472, "long vargraphic"),
    (476, "varchar"),
    (480, "double"),
    (484, "decimal"),
    (488, "numeric"),
    (492, "bigint"),
    (496, "integer"),
    (500, "smallint"),
    (504, "numeric"),
    (904, "rowid"),
    (908, "varbinary"),
    (912, "binary"),
    (916, "blob"),
    (920, "clob"),
    (924, "dbclob"),
    (960, "blob"),
    (964, "clob"),
    (968, "dbclob"),
    (972, "result set"),
    (988, "xml"),
    (996, "decfloat"),
    (2436, "boolean"),
];

/// What a description says.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) card: Option<Card>,
    /// The columns; `None` where they are written in a way that we do not know.
    pub(super) columns: Option<Arc<[Column]>>,
}

/// Reads a description.
///
/// # Errors
/// `Short` and `Broken` where not even how it ended can be read.
pub(super) fn read(wire: &mut Reader<'_>, manner: &mut Manner) -> Read<Described> {
    let card = Card::read(wire, manner)?;
    let columns = no_diagnostics(wire, card.as_ref()).and_then(|()| columns(wire, *manner)).ok();
    Ok(Described { card, columns: columns.map(Arc::from) })
}

fn columns(wire: &mut Reader<'_>, manner: Manner) -> Read<Vec<Column>> {
    if wire.u8()? != NULL {
        // How cursors over the rows behave, the database, the schema.
        wire.take(12)?;
        for _ in 0..3 {
            text(wire)?;
        }
    }
    let count = manner.integer(wire.take(2)?);
    if !(0..=COLUMNS).contains(&count) {
        return Err(wire.broken("a result has too many columns"));
    }
    let columns = (0..count).map(|_| column(wire, manner)).collect::<Read<_>>()?;
    match wire.rest() {
        [] => Ok(columns),
        _ => Err(wire.broken("a description is longer than its columns")),
    }
}

fn column(wire: &mut Reader<'_>, manner: Manner) -> Read<Column> {
    let (_digits, _behind_point) = (wire.be16()?, wire.be16()?);
    let length = manner.integer(wire.take(8)?);
    let number = manner.integer(wire.take(2)?);
    let _character_set = wire.take(2)?;
    let mut column = Column { name: Text::default(), kind: kind(number, length), table: None, origin: None };
    if wire.u8()? == NULL {
        return Ok(column);
    }
    let _is_unnamed = wire.be16()?;
    column.name = name(wire, manner)?;
    let (_label, _comment) = (name(wire, manner)?, name(wire, manner)?);
    if wire.u8()? != NULL {
        return Err(wire.broken("a user's own type is written in no way that we know"));
    }
    if wire.u8()? == NULL {
        return Ok(column);
    }
    // Whether it is a key, can be changed, is made by the server, and is a parameter; the database.
    wire.take(8)?;
    text(wire)?;
    let _correlation = name(wire, manner)?;
    column.table = Some(name(wire, manner)?).filter(|table| !table.is_empty());
    let (_schema, _own_name) = (name(wire, manner)?, name(wire, manner)?);
    Ok(column)
}

/// A name, in mixed letters or in those of one byte.
fn name(wire: &mut Reader<'_>, manner: Manner) -> Read<Text> {
    let (mixed, single) = (text(wire)?, text(wire)?);
    Ok(Text::from(match mixed {
        [] => manner.single.text(single),
        mixed => manner.mixed.text(mixed),
    }))
}

fn kind(number: i64, length: i64) -> Cow<'static, str> {
    match TYPES.iter().find(|(known, _)| *known == number & !1) {
        Some((480, _)) if length == 4 => Cow::Borrowed("real"),
        Some((_, name)) => Cow::Borrowed(name),
        None => Cow::Owned(format!("sqltype {number}")),
    }
}
