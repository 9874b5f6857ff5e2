//! Types, as their names say them (<https://clickhouse.com/docs/en/sql-reference/data-types>), and how their values travel.

use crate::kit::text::lossy;

/// Types that hold others deeper than this are an attack.
const DEPTH: usize = 16;
/// A type that holds more others is one too.
const PARTS: usize = 4096;

/// A column's type.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Type {
    /// What it was read from.
    pub(super) said: Box<[u8]>,
    pub(super) manner: Manner,
    /// Itself, and behind each type those that are in it.
    pub(super) nodes: Box<[Node]>,
    /// Whether all of them are read.
    pub(super) is_known: bool,
    /// So many dictionaries are in it: each says its version before the first value.
    pub(super) dictionaries: u64,
}

/// How a column's values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// One behind the other.
    Dense,
    /// Those alone that are not the default.
    Sparse,
}

/// A type among those that are in each other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Where the types end that are in it.
    pub(super) end: usize,
}

/// How values travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text behind its length.
    Text,
    /// A text of so many bytes.
    Fixed(u64),
    /// All that has as many bytes in every row.
    Plain(Plain),
    /// A map of nulls, and the values.
    Nullable,
    /// Where each row's values end, and the values.
    Array,
    /// The same of pairs.
    Map,
    Tuple,
    /// A dictionary, and a place in it for each row.
    LowCardinality,
    /// Only the values that are not the default, behind their places.
    Sparse,
    /// A type that is not read: nobody can say where its values end.
    Unknown,
}

/// A value of a fixed width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    /// A whole number of so many bytes.
    Signed(u8),
    Unsigned(u8),
    Float32,
    Float64,
    /// The upper half of a float of four bytes.
    Float16,
    Bool,
    /// Days since 1970-01-01, in two or four bytes.
    Date(u8),
    /// Seconds since then.
    DateTime,
    /// Parts of a second since then, of which a second has ten to the power of this.
    DateTime64(u32),
    /// The same of a time of day, and of a span.
    Time,
    Time64(u32),
    /// So many bytes, of which so many digits stand behind the point.
    Decimal(u8, u32),
    Uuid,
    Ipv4,
    Ipv6,
    /// Names of numbers of so many bytes.
    Enum(u8, Box<[(i16, Box<str>)]>),
    /// What has no values.
    Nothing,
}

impl Plain {
    /// The bytes of a value.
    pub(super) fn width(&self) -> u8 {
        match self {
            Plain::Signed(width)
            | Plain::Unsigned(width)
            | Plain::Date(width)
            | Plain::Decimal(width, _)
            | Plain::Enum(width, _) => *width,
            Plain::Bool | Plain::Nothing => 1,
            Plain::Float16 => 2,
            Plain::Float32 | Plain::DateTime | Plain::Time | Plain::Ipv4 => 4,
            Plain::Float64 | Plain::DateTime64(_) | Plain::Time64(_) => 8,
            Plain::Uuid | Plain::Ipv6 => 16,
        }
    }
}

impl Type {
    /// Reads a type's name.
    pub(super) fn read(said: &[u8], manner: Manner) -> Type {
        let mut nodes = Vec::new();
        if manner == Manner::Sparse {
            nodes.push(Node { kind: Kind::Sparse, end: 0 });
        }
        add(&lossy(said), DEPTH, &mut nodes);
        let end = nodes.len();
        if let (Manner::Sparse, [first, value, ..]) = (manner, &mut *nodes) {
            first.end = end;
            // How other values are written sparsely is not read.
            if !matches!(value.kind, Kind::Text | Kind::Fixed(_) | Kind::Plain(_)) {
                value.kind = Kind::Unknown;
            }
        }
        let is_known = nodes.iter().all(|node| node.kind != Kind::Unknown);
        let dictionaries = nodes.iter().filter(|node| node.kind == Kind::LowCardinality).count() as u64;
        Type { said: said.into(), manner, nodes: nodes.into(), is_known, dictionaries }
    }

    /// What a type's values are.
    pub(super) fn kind(&self, node: usize) -> &Kind {
        self.nodes.get(node).map_or(&Kind::Unknown, |node| &node.kind)
    }

    /// The types that are directly in one.
    pub(super) fn parts(&self, node: usize) -> impl Iterator<Item = usize> {
        let end = self.nodes.get(node).map_or(0, |node| node.end);
        let mut next = node + 1;
        std::iter::from_fn(move || {
            let part = next;
            next = self.nodes.get(part).filter(|_| part < end)?.end;
            Some(part)
        })
    }
}

/// Adds a type and those that are in it.
fn add(name: &str, depth: usize, nodes: &mut Vec<Node>) {
    let at = nodes.len();
    nodes.push(Node { kind: Kind::Unknown, end: at + 1 });
    let known = depth.checked_sub(1).filter(|_| at < PARTS).and_then(|depth| kind(name.trim(), depth, nodes));
    let end = nodes.len();
    if let Some(node) = nodes.get_mut(at) {
        *node = Node { kind: known.unwrap_or(Kind::Unknown), end };
    }
}

/// What a type's values are, of which those that are in it are added.
fn kind(name: &str, depth: usize, nodes: &mut Vec<Node>) -> Option<Kind> {
    let (word, inside) = match name.split_once('(') {
        Some((word, rest)) => (word.trim_end(), Some(rest.strip_suffix(')')?)),
        None => (name, None),
    };
    if let Some(plain) = plain(word, inside.unwrap_or_default()) {
        return Some(Kind::Plain(plain));
    }
    let mut holds = |kind, parts: &mut dyn Iterator<Item = &str>| {
        parts.for_each(|part| add(part, depth, nodes));
        Some(kind)
    };
    match (word, inside) {
        ("String", None) => Some(Kind::Text),
        ("FixedString", Some(width)) => width.trim().parse().ok().map(Kind::Fixed),
        ("Nullable", Some(inside)) => holds(Kind::Nullable, &mut [inside].into_iter()),
        ("Array", Some(inside)) => holds(Kind::Array, &mut [inside].into_iter()),
        ("LowCardinality", Some(inside)) => holds(Kind::LowCardinality, &mut [inside].into_iter()),
        ("SimpleAggregateFunction", Some(inside)) => {
            kind(arguments(inside).nth(1)?, depth.checked_sub(1)?, nodes)
        }
        ("Map", Some(inside)) => {
            let pair = format!("Tuple({inside})");
            holds(Kind::Map, &mut [&*pair].into_iter())
        }
        ("Tuple", Some(inside)) if !inside.is_empty() => {
            holds(Kind::Tuple, &mut arguments(inside).map(unnamed))
        }
        ("Nested", Some(inside)) => {
            let element = format!("Tuple({inside})");
            holds(Kind::Array, &mut [&*element].into_iter())
        }
        ("Point", None) => holds(Kind::Tuple, &mut ["Float64", "Float64"].into_iter()),
        ("Ring" | "LineString", None) => holds(Kind::Array, &mut ["Point"].into_iter()),
        ("Polygon" | "MultiLineString", None) => holds(Kind::Array, &mut ["Ring"].into_iter()),
        ("MultiPolygon", None) => holds(Kind::Array, &mut ["Polygon"].into_iter()),
        _ => None,
    }
}

/// A type whose values have one width.
fn plain(word: &str, inside: &str) -> Option<Plain> {
    let scale = |at| arguments(inside).nth(at).and_then(|scale: &str| scale.trim().parse().ok());
    Some(match word {
        "Int8" => Plain::Signed(1),
        "Int16" => Plain::Signed(2),
        "Int32" => Plain::Signed(4),
        "Int64" => Plain::Signed(8),
        "Int128" => Plain::Signed(16),
        "Int256" => Plain::Signed(32),
        "UInt8" => Plain::Unsigned(1),
        "UInt16" => Plain::Unsigned(2),
        "UInt32" => Plain::Unsigned(4),
        "UInt64" => Plain::Unsigned(8),
        "UInt128" => Plain::Unsigned(16),
        "UInt256" => Plain::Unsigned(32),
        "Float32" => Plain::Float32,
        "Float64" => Plain::Float64,
        "BFloat16" => Plain::Float16,
        "Bool" => Plain::Bool,
        "Date" => Plain::Date(2),
        "Date32" => Plain::Date(4),
        "DateTime" => Plain::DateTime,
        "DateTime64" => Plain::DateTime64(scale(0)?),
        "Time" => Plain::Time,
        "Time64" => Plain::Time64(scale(0)?),
        "Decimal" => Plain::Decimal(digits(scale(0)?)?, scale(1)?),
        "Decimal32" => Plain::Decimal(4, scale(0)?),
        "Decimal64" => Plain::Decimal(8, scale(0)?),
        "Decimal128" => Plain::Decimal(16, scale(0)?),
        "Decimal256" => Plain::Decimal(32, scale(0)?),
        "UUID" => Plain::Uuid,
        "IPv4" => Plain::Ipv4,
        "IPv6" => Plain::Ipv6,
        "Enum8" => Plain::Enum(1, names(inside)),
        "Enum16" => Plain::Enum(2, names(inside)),
        "Nothing" => Plain::Nothing,
        _ if word.starts_with("Interval") => Plain::Signed(8),
        _ => return None,
    })
}

/// The bytes of a decimal of so many digits.
fn digits(precision: u32) -> Option<u8> {
    match precision {
        1..=9 => Some(4),
        10..=18 => Some(8),
        19..=38 => Some(16),
        39..=76 => Some(32),
        _ => None,
    }
}

/// The parts of a list with commas between, outside of parentheses and quotes.
fn arguments(inside: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(inside);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = end(text);
        rest = text.get(end + 1..);
        text.get(..end).map(str::trim)
    })
}

/// Where the first part of a list ends.
fn end(text: &str) -> usize {
    let (mut deep, mut quote, mut bytes) = (0_usize, None, text.bytes().enumerate());
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (Some(_), b'\\') => _ = bytes.next(),
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'`' | b'"') => quote = Some(byte),
            (None, b'(') => deep += 1,
            (None, b')') => deep = deep.saturating_sub(1),
            (None, b',') if deep == 0 => return at,
            (None, _) => {}
        }
    }
    text.len()
}

/// The type of an element of a tuple, which may have a name before it.
fn unnamed(element: &str) -> &str {
    let element = element.trim();
    if let Some(rest) = element.strip_prefix('`') {
        return rest.split_once("` ").map_or(element, |(_, kind)| kind);
    }
    let name = element.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    match element.get(name..) {
        Some(rest) if rest.starts_with(' ') && name > 0 => rest.trim_start(),
        Some(_) | None => element,
    }
}

/// The names of an enumeration's numbers.
fn names(inside: &str) -> Box<[(i16, Box<str>)]> {
    let name = |part: &str| {
        let (name, number) = part.rsplit_once('=')?;
        let name = name.trim().strip_prefix('\'')?.strip_suffix('\'')?;
        Some((number.trim().parse().ok()?, unescaped(name)))
    };
    arguments(inside).take(PARTS).filter_map(name).collect()
}

/// A text without the backslashes before its signs.
pub(super) fn unescaped(text: &str) -> Box<str> {
    let mut letters = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        plain.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::{Kind, Manner, Plain, Type};

    fn kinds(name: &str) -> Vec<(Kind, usize)> {
        let read = Type::read(name.as_bytes(), Manner::Dense);
        read.nodes.into_iter().map(|node| (node.kind, node.end)).collect()
    }

    #[test]
    fn types_are_read_from_their_names() {
        assert_eq!(kinds("UInt8"), [(Kind::Plain(Plain::Unsigned(1)), 1)]);
        assert_eq!(kinds("Decimal(18, 4)"), [(Kind::Plain(Plain::Decimal(8, 4)), 1)]);
        assert_eq!(kinds("DateTime64(3, 'Europe/Berlin')"), [(Kind::Plain(Plain::DateTime64(3)), 1)]);
        assert_eq!(
            kinds("Array(Nullable(String))"),
            [(Kind::Array, 3), (Kind::Nullable, 3), (Kind::Text, 3)]
        );
        let pair = [(Kind::Tuple, 3), (Kind::Text, 2), (Kind::Plain(Plain::Signed(2)), 3)];
        assert_eq!(kinds("Tuple(a String, `b c` Int16)"), pair);
        assert_eq!(kinds("Map(String, Int16)").len(), 4);
        let names = [(-1, "a, ')".into()), (2, "b".into())];
        assert_eq!(kinds(r"Enum8('a, \')' = -1, 'b' = 2)"), [(Kind::Plain(Plain::Enum(1, names.into())), 1)]);
    }

    #[test]
    fn the_parts_of_a_tuple_are_found() {
        let read = Type::read(b"Tuple(Array(UInt8), String, Tuple(Int8, Int8))", Manner::Dense);
        assert_eq!(read.parts(0).collect::<Vec<_>>(), [1, 3, 4]);
    }

    #[test]
    fn what_is_not_known_is_said_so() {
        let is_known = |name: &str| Type::read(name.as_bytes(), Manner::Dense).is_known;
        for name in
            ["AggregateFunction(sum, UInt8)", "JSON", "Array(Dynamic)", "Tuple()", "Array(", "FixedString(x)"]
        {
            assert!(!is_known(name), "{name}");
        }
        assert!(is_known("SimpleAggregateFunction(sum, UInt64)") && is_known("MultiPolygon"));
        assert!(!is_known(&format!("{}UInt8{}", "Array(".repeat(40), ")".repeat(40))));
        assert!(!Type::read(b"Array(UInt8)", Manner::Sparse).is_known);
    }
}
