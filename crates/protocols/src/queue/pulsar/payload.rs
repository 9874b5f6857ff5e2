//! What stands behind a command: a message, or a batch of them, with what is known of them.

use std::fmt::Write;
use std::io::Read as _;

use model::row::Row;

use crate::kit::protobuf::{Value, fields};
use crate::kit::text::{lossy, shortened};
use crate::kit::{lz4, snappy};

use super::wire::{bytes, numbered};

/// So many messages of one command are kept.
pub(super) const SAMPLES: usize = 5;
/// So many bytes of packed messages are unpacked for them.
const UNPACKED: usize = 16 << 10;
/// The most bytes of window that a zstd frame may ask for.
const WINDOW: u64 = 8 << 20;
/// So many bytes of a cell are kept.
const CELL: usize = 1 << 10;
/// So many properties of a message are told.
const PROPERTIES: usize = 16;
/// What shows that a text goes on.
const MORE: char = '…';

/// Before the checksum of what follows stands this, and before what the broker knows of a message that.
const CHECKED: [u8; 2] = [0x0e, 0x01];
const ENTERED: [u8; 2] = [0x0e, 0x02];

/// `CompressionType`, from 0 on.
const WAYS: [&str; 5] = ["none", "lz4", "zlib", "zstd", "snappy"];

/// What a command carries.
#[derive(Debug)]
pub(super) struct Payload<'a> {
    metadata: &'a [u8],
    body: &'a [u8],
    /// How many messages it says that it holds, one behind the other.
    batched: Option<u64>,
    way: Option<&'static str>,
    is_encrypted: bool,
}

impl<'a> Payload<'a> {
    /// What these bytes carry; `None` where they do not say.
    pub(super) fn of(mut rest: &'a [u8]) -> Option<Payload<'a>> {
        if let Some(behind) = rest.strip_prefix(&ENTERED) {
            rest = sized(behind)?.1;
        }
        if let Some(behind) = rest.strip_prefix(&CHECKED) {
            rest = behind.get(4..)?;
        }
        let (metadata, body) = sized(rest)?;
        let mut payload = Payload { metadata, body, batched: None, way: None, is_encrypted: false };
        for field in fields(metadata) {
            match (field.number, field.value) {
                (8, Value::Varint(way)) => {
                    let name = usize::try_from(way).ok().and_then(|way| WAYS.get(way)).copied();
                    payload.way = Some(name.unwrap_or("unknown")).filter(|way| *way != "none");
                }
                (11, Value::Varint(count)) => payload.batched = Some(count),
                (13, _) => payload.is_encrypted = true,
                _ => {}
            }
        }
        Some(payload)
    }

    /// How many messages it holds.
    pub(super) fn count(&self) -> u64 {
        self.batched.unwrap_or(1)
    }

    /// How they are packed, if they are.
    pub(super) fn way(&self) -> Option<&'static str> {
        self.way
    }

    /// Tells the first of them: key, value and properties.
    pub(super) fn each(&self, mut keep: impl FnMut(&Message<'_>)) {
        let unpacked;
        let body = match self.way {
            // Nobody here can read it.
            _ if self.is_encrypted => &[][..],
            None => self.body,
            Some(way) => {
                unpacked = unpack(way, self.body);
                &unpacked
            }
        };
        if self.batched.is_none() {
            let value = (!self.is_encrypted).then_some((body, body.len()));
            return keep(&Message { metadata: self.metadata, key: 6, properties: 4, value });
        }
        let mut rest = body;
        for _ in 0..SAMPLES {
            let Some((single, behind)) = sized(rest) else { break };
            let size = numbered(single, 3).and_then(|size| usize::try_from(size).ok()).unwrap_or_default();
            let value = behind.get(..size).unwrap_or(behind);
            keep(&Message { metadata: single, key: 2, properties: 1, value: Some((value, size)) });
            rest = behind.get(size..).unwrap_or_default();
        }
    }
}

/// One message.
pub(super) struct Message<'a> {
    metadata: &'a [u8],
    /// The fields of its key and its properties.
    key: u64,
    properties: u64,
    /// Its beginning, and how long it truly is.
    value: Option<(&'a [u8], usize)>,
}

impl Message<'_> {
    /// Adds its key and its value to a row.
    pub(super) fn write(&self, row: &mut Row) {
        match bytes(self.metadata, self.key) {
            Some(key) => row.push(&shortened(key, CELL).0),
            None => row.push_null(),
        }
        let Some((value, length)) = self.value else { return row.push_null() };
        row.push_with(|out| {
            let (text, whole) = shortened(value, CELL);
            out.push_str(&text);
            if !whole || value.len() < length {
                out.push(MORE);
            }
        });
    }

    /// Adds its properties to a row, in one cell: `name=value, name=value`.
    pub(super) fn write_properties(&self, row: &mut Row) {
        let properties = fields(self.metadata).filter(|field| field.number == self.properties);
        let mut properties = properties.take(PROPERTIES).peekable();
        if properties.peek().is_none() {
            return row.push_null();
        }
        row.push_with(|out| {
            let mut comma = "";
            for property in properties {
                let Value::Bytes(property) = property.value else { continue };
                let [name, value] = [1, 2].map(|field| bytes(property, field).unwrap_or_default());
                _ = write!(out, "{comma}{}={}", lossy(name), shortened(value, CELL).0);
                comma = ", ";
            }
        });
    }
}

/// What stands behind a length of four bytes, and what follows it.
fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_be_bytes(*length) as usize)
}

/// The first bytes of what is packed.
fn unpack(way: &str, packed: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    // The end of a sample is cut: what came before it counts.
    let mut read = |from: &mut dyn std::io::Read| _ = from.take(UNPACKED as u64).read_to_end(&mut content);
    match way {
        "lz4" => lz4::read_block(packed, UNPACKED, &mut content),
        "zlib" => read(&mut flate2::read::ZlibDecoder::new(packed)),
        "zstd" => {
            let mut frames = ruzstd::decoding::FrameDecoder::new();
            frames.set_max_window_size(WINDOW);
            if let Ok(mut stream) = ruzstd::decoding::StreamingDecoder::new_with_decoder(packed, frames) {
                read(&mut stream);
            }
        }
        "snappy" => snappy::read(packed, UNPACKED, &mut content),
        _ => {}
    }
    content
}
