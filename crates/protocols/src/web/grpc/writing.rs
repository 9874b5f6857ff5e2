//! The values of a message as JSON: texts, numbers, and what is told by its length.

use std::fmt::Write as _;

use crate::kit::protobuf::{Start, packed};
use crate::kit::text::lossy;
use crate::web::grpc::schema::{Field, Is, Times};
use crate::web::json;
use crate::web::mask::MASK;

/// Of a text so many bytes are told.
const TEXT: usize = 512;

/// A value of several bytes, as far as they passed.
#[derive(Debug)]
pub(super) struct Leaf {
    /// `None` where the schema does not know it.
    field: Option<&'static Field>,
    number: u64,
    length: u64,
    left: u64,
    /// What is kept of it: texts, and numbers.
    kept: Vec<u8>,
    /// How many packed numbers ended.
    numbers: u64,
}

impl Leaf {
    pub(super) fn new(field: Option<&'static Field>, number: u64, length: u64) -> Self {
        Leaf { field, number, length, left: length, kept: Vec::new(), numbers: 0 }
    }

    pub(super) fn field(&self) -> Option<&'static Field> {
        self.field
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn is_over(&self) -> bool {
        self.left == 0
    }

    /// Hears what of the bytes is its own; how many that were.
    pub(super) fn hear(&mut self, rest: &mut &[u8]) -> u64 {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX);
        let (here, behind) = rest.split_at_checked(wanted).unwrap_or((rest, &[]));
        *rest = behind;
        self.left -= here.len() as u64;
        if self.is_packed() {
            self.numbers += here.iter().filter(|byte| **byte < 0x80).count() as u64;
        }
        if self.is_packed() || matches!(self.field, Some(Field { is: Is::Text, .. })) {
            let room = TEXT.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(here.get(..room).unwrap_or(here));
        }
        here.len() as u64
    }

    /// Whether it is numbers of variable length, one behind the other.
    fn is_packed(&self) -> bool {
        let varint = |is| matches!(is, Is::Number | Is::Unsigned | Is::Bool | Is::Name(_));
        self.field.is_some_and(|field| field.times == Times::Often && varint(field.is))
    }

    /// How many packed numbers it is.
    pub(super) fn numbers(&self) -> Option<u64> {
        self.is_packed().then_some(self.numbers)
    }

    /// How many values it is: numbers of one length stand one behind the other too.
    pub(super) fn values(&self) -> u64 {
        match self.field {
            Some(Field { is: Is::Float, times: Times::Often, .. }) => self.length / 4,
            Some(Field { is: Is::Double, times: Times::Often, .. }) => self.length / 8,
            _ => self.numbers().unwrap_or(1),
        }
    }

    /// Writes the first of them.
    pub(super) fn write_numbers(&self, most: u64, out: &mut String) {
        let Some(field) = self.field else { return };
        let most = usize::try_from(most.min(self.numbers)).unwrap_or(usize::MAX);
        for (at, value) in packed(&self.kept).take(most).enumerate() {
            if at > 0 {
                out.push(',');
            }
            number(Some(field.is), Start::Varint(value), out);
        }
    }

    pub(super) fn write(&self, out: &mut String) {
        let size = match self.field.map(|field| field.is) {
            Some(Is::Text) => {
                text(&self.kept, self.length, out);
                return;
            }
            Some(Is::Secret) => {
                json::string(MASK, out);
                return;
            }
            Some(Is::Floats | Is::Float) => 4,
            Some(Is::Double) => 8,
            _ => {
                _ = write!(out, "\"({} bytes)\"", self.length);
                return;
            }
        };
        let in_list = |field: &Field| field.times == Times::Often && !matches!(field.is, Is::Floats);
        _ = match self.field.is_some_and(in_list) {
            // The brackets are the list's.
            true => write!(out, "{} numbers", self.length / size),
            false => write!(out, "[{} numbers]", self.length / size),
        };
    }
}

fn text(kept: &[u8], length: u64, out: &mut String) {
    let whole = match std::str::from_utf8(kept) {
        // Cut in the middle of a letter.
        Err(error) if error.error_len().is_none() && (kept.len() as u64) < length => error.valid_up_to(),
        _ => kept.len(),
    };
    out.push('"');
    json::escape(&lossy(kept.get(..whole).unwrap_or(kept)), out);
    if (whole as u64) < length {
        out.push('\u{2026}');
    }
    out.push('"');
}

/// Whether a field that holds this may begin so.
pub(super) fn fits(is: Is, start: Start) -> bool {
    match start {
        _ if matches!(is, Is::Noise) => true,
        Start::Varint(_) => matches!(is, Is::Number | Is::Unsigned | Is::Bool | Is::Name(_)),
        Start::Fixed64(_) => matches!(is, Is::Double),
        Start::Fixed32(_) => matches!(is, Is::Float),
        Start::Bytes(_) => true,
    }
}

/// Writes a number as what it is; as it stands, where that is not known.
pub(super) fn number(is: Option<Is>, start: Start, out: &mut String) {
    _ = match (is, start) {
        (Some(Is::Bool), Start::Varint(value)) => write!(out, "{}", value != 0),
        (Some(Is::Number), Start::Varint(value)) => write!(out, "{}", value.cast_signed()),
        (Some(Is::Name(names)), Start::Varint(value)) => {
            match usize::try_from(value).ok().and_then(|at| names.get(at)) {
                Some(name) => write!(out, "\"{name}\""),
                None => write!(out, "{value}"),
            }
        }
        (Some(Is::Double), Start::Fixed64(bits)) => float(f64::from_bits(bits), out),
        (Some(Is::Float), Start::Fixed32(bits)) => match f32::from_bits(bits) {
            value if value.is_finite() => write!(out, "{value}"),
            value => float(value.into(), out),
        },
        (_, Start::Varint(value) | Start::Fixed64(value) | Start::Bytes(value)) => write!(out, "{value}"),
        (_, Start::Fixed32(value)) => write!(out, "{value}"),
    };
}

/// JSON has no words for what is no number.
fn float(value: f64, out: &mut String) -> std::fmt::Result {
    if value.is_finite() { write!(out, "{value}") } else { write!(out, "\"{value}\"") }
}
