//! How commands are written: what both sides said that they can (`WireFormatInfo`), or what is tried where that was not seen.

use crate::kit::protocol::Read;
use crate::kit::reader::Reader;
use crate::kit::text::lossy;

use super::map::{Value, pairs};

/// What `WireFormatInfo` begins with.
pub(super) const MAGIC: &[u8] = b"ActiveMQ";
/// Higher ones are not known, and no program speaks them.
const NEWEST: u32 = 12;
/// So many bytes of what a program says of itself are kept.
const NAME: usize = 128;

/// How commands are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) version: u32,
    pub(super) encoding: Encoding,
    pub(super) caching: Caching,
    pub(super) traces: Traces,
}

/// Where booleans stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Each in a byte of its own.
    Loose,
    /// All in bits before the rest.
    Tight,
}

/// Whether ids and destinations are said once, and then by a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caching {
    On,
    Off,
}

/// Whether exceptions say where they were thrown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Traces {
    On,
    Off,
}

/// What one side can.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    format: Format,
    pub(super) prefix: Prefix,
    /// The program, as it calls itself.
    pub(super) program: Option<String>,
}

/// Whether a length stands before each command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    Yes,
    No,
}

impl Offer {
    /// Reads it behind the command's type.
    pub(super) fn read(wire: &mut Reader<'_>) -> Read<Offer> {
        if wire.take(MAGIC.len())? != MAGIC {
            return Err(wire.broken("a wire format is not ActiveMQ's"));
        }
        let version = wire.be32()?;
        if version == 0 {
            return Err(wire.broken("a wire format has no version"));
        }
        let mut offer = Offer {
            format: Format {
                version: version.min(NEWEST),
                encoding: Encoding::Loose,
                caching: Caching::Off,
                traces: Traces::Off,
            },
            prefix: Prefix::Yes,
            program: None,
        };
        if wire.u8()? != 0 {
            let length = wire.be32()?;
            let properties = wire.take(usize::try_from(length).unwrap_or(usize::MAX))?;
            offer.note(properties);
        }
        Ok(offer)
    }

    fn note(&mut self, properties: &[u8]) {
        let mut name = [None, None];
        for (property, value) in pairs(properties) {
            match (property, value) {
                (b"TightEncodingEnabled", Value::Boolean(true)) => self.format.encoding = Encoding::Tight,
                (b"CacheEnabled", Value::Boolean(true)) => self.format.caching = Caching::On,
                (b"StackTraceEnabled", Value::Boolean(true)) => self.format.traces = Traces::On,
                (b"SizePrefixDisabled", Value::Boolean(true)) => self.prefix = Prefix::No,
                (b"ProviderName", Value::Text(text)) => name[0] = Some(text),
                (b"ProviderVersion", Value::Text(text)) => name[1] = Some(text),
                _ => {}
            }
        }
        let words: Vec<_> =
            name.into_iter().flatten().map(|text| lossy(text.get(..NAME).unwrap_or(text))).collect();
        self.program = (!words.is_empty()).then(|| words.join(" "));
    }

    /// What both can.
    pub(super) fn with(&self, other: &Offer) -> Format {
        let (one, other) = (self.format, other.format);
        Format {
            version: one.version.min(other.version),
            encoding: if one.encoding == other.encoding { one.encoding } else { Encoding::Loose },
            caching: if one.caching == other.caching { one.caching } else { Caching::Off },
            traces: if one.traces == other.traces { one.traces } else { Traces::Off },
        }
    }
}

/// What programs agree on, the usual first: tried where their talk was not heard. Versions 8, 10 and 11 read as those behind them.
pub(super) fn usual() -> impl Iterator<Item = Format> {
    const VERSIONS: [u32; 9] = [NEWEST, 9, 7, 6, 5, 4, 3, 2, 1];
    const WAYS: [(Encoding, Caching); 4] = [
        (Encoding::Tight, Caching::On),
        (Encoding::Loose, Caching::Off),
        (Encoding::Tight, Caching::Off),
        (Encoding::Loose, Caching::On),
    ];
    let formats = WAYS.into_iter().flat_map(|(encoding, caching)| {
        VERSIONS.into_iter().map(move |version| (version, encoding, caching))
    });
    formats.map(|(version, encoding, caching)| Format { version, encoding, caching, traces: Traces::On })
}
