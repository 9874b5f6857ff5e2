//! The types of columns and parameters, by the server's numbers (`enum_field_types`).

use std::borrow::Cow;

pub(super) const DECIMAL: u8 = 0;
pub(super) const TINY: u8 = 1;
pub(super) const SHORT: u8 = 2;
pub(super) const LONG: u8 = 3;
pub(super) const FLOAT: u8 = 4;
pub(super) const DOUBLE: u8 = 5;
pub(super) const NULL: u8 = 6;
pub(super) const TIMESTAMP: u8 = 7;
pub(super) const LONGLONG: u8 = 8;
pub(super) const INT24: u8 = 9;
pub(super) const DATE: u8 = 10;
pub(super) const TIME: u8 = 11;
pub(super) const DATETIME: u8 = 12;
pub(super) const YEAR: u8 = 13;
const NEWDATE: u8 = 14;
const VARCHAR: u8 = 15;
pub(super) const BIT: u8 = 16;
const TIMESTAMP2: u8 = 17;
const TIME2: u8 = 19;
const VECTOR: u8 = 242;
/// The first of the types whose values are bytes behind their length.
const JSON: u8 = 245;
const NEWDECIMAL: u8 = 246;
const ENUM: u8 = 247;
const SET: u8 = 248;
const TINY_BLOB: u8 = 249;
const MEDIUM_BLOB: u8 = 250;
const LONG_BLOB: u8 = 251;
const BLOB: u8 = 252;
const VAR_STRING: u8 = 253;
const STRING: u8 = 254;
const GEOMETRY: u8 = 255;

/// The character set of what is no text.
const BINARY: u16 = 63;

// What is said of a column besides its type ("Column Definition Flags").
const UNSIGNED: u16 = 1 << 5;
const IS_ENUM: u16 = 1 << 8;
const IS_SET: u16 = 1 << 11;
/// The bit of a parameter's type that says that it has no sign.
const PARAMETER_UNSIGNED: u16 = 1 << 15;

/// The type of a value, as far as its bytes are read by it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) number: u8,
    pub(super) is_unsigned: bool,
    /// Whether it is bytes and no text.
    pub(super) is_binary: bool,
}

impl Kind {
    /// That of a parameter, as its two bytes say.
    pub(super) fn of_parameter(said: u16) -> Kind {
        let [number, _] = said.to_le_bytes();
        Kind { number, is_unsigned: said & PARAMETER_UNSIGNED != 0, is_binary: false }
    }

    /// That of a column.
    pub(super) fn of_column(number: u8, charset: u16, flags: u16) -> Kind {
        let is_bytes = number >= VECTOR && !matches!(number, JSON | NEWDECIMAL | ENUM | SET);
        Kind {
            number: match number {
                STRING if flags & IS_ENUM != 0 => ENUM,
                STRING if flags & IS_SET != 0 => SET,
                number => number,
            },
            is_unsigned: flags & UNSIGNED != 0,
            is_binary: charset == BINARY && is_bytes && flags & (IS_ENUM | IS_SET) == 0,
        }
    }

    /// Whether there is such a type.
    pub(super) fn is_known(self) -> bool {
        matches!(self.number, DECIMAL..=TIME2 | VECTOR | JSON..=GEOMETRY)
    }

    /// Its name in SQL.
    pub(super) fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match (self.number, self.is_unsigned) {
            (TINY, false) => "tinyint",
            (TINY, true) => "tinyint unsigned",
            (SHORT, false) => "smallint",
            (SHORT, true) => "smallint unsigned",
            (INT24, false) => "mediumint",
            (INT24, true) => "mediumint unsigned",
            (LONG, false) => "int",
            (LONG, true) => "int unsigned",
            (LONGLONG, false) => "bigint",
            (LONGLONG, true) => "bigint unsigned",
            (DECIMAL | NEWDECIMAL, false) => "decimal",
            (DECIMAL | NEWDECIMAL, true) => "decimal unsigned",
            (number, _) => return self.other_name(number),
        })
    }

    fn other_name(self, number: u8) -> Cow<'static, str> {
        Cow::Borrowed(match (number, self.is_binary) {
            (FLOAT, _) => "float",
            (DOUBLE, _) => "double",
            (NULL, _) => "null",
            (TIMESTAMP | TIMESTAMP2, _) => "timestamp",
            (DATE | NEWDATE, _) => "date",
            (TIME | TIME2, _) => "time",
            (DATETIME | 18, _) => "datetime",
            (YEAR, _) => "year",
            (BIT, _) => "bit",
            (VECTOR, _) => "vector",
            (JSON, _) => "json",
            (ENUM, _) => "enum",
            (SET, _) => "set",
            (GEOMETRY, _) => "geometry",
            (TINY_BLOB, true) => "tinyblob",
            (TINY_BLOB, false) => "tinytext",
            (MEDIUM_BLOB, true) => "mediumblob",
            (MEDIUM_BLOB, false) => "mediumtext",
            (LONG_BLOB, true) => "longblob",
            (LONG_BLOB, false) => "longtext",
            (BLOB, true) => "blob",
            (BLOB, false) => "text",
            (VARCHAR | VAR_STRING, true) => "varbinary",
            (VARCHAR | VAR_STRING, false) => "varchar",
            (STRING, true) => "binary",
            (STRING, false) => "char",
            _ => return Cow::Owned(format!("type {number}")),
        })
    }
}
