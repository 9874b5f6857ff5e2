//! The message behind a method: a header frame with its properties, and body frames (section 4.2.6).

use std::borrow::Cow;

use model::details::Details;
use model::exchange::Request;

use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Ahead, Reader, Sample};
use crate::kit::text::lossy;

use crate::queue::message::{BODY, Headers, tell_body};

use super::wire::{END, Kind, fields, head, long, payload, short};

/// A message, as far as it stands directly behind its method; frames of other channels may come in between.
#[derive(Debug, Default)]
pub(super) struct Content<'a> {
    /// The flags of the properties, and their values.
    properties: Option<(u16, &'a [u8])>,
    /// The beginning of its body.
    pub(super) body: Option<Sample<'a>>,
    /// Bytes of its body that come in further frames.
    pub(super) left: u64,
}

/// The properties (1.8 of the reference), from the highest bit of the flags on.
const PROPERTIES: [(&str, Form); 14] = [
    ("content_type", Form::Short),
    ("content_encoding", Form::Short),
    ("headers", Form::Table),
    ("delivery_mode", Form::Byte),
    ("priority", Form::Byte),
    ("correlation", Form::Short),
    ("reply_to", Form::Short),
    ("expiration_ms", Form::Short),
    ("message_id", Form::Short),
    ("timestamp", Form::Long),
    ("type", Form::Short),
    ("user_id", Form::Short),
    ("app_id", Form::Short),
    ("cluster_id", Form::Short),
];

#[derive(Clone, Copy, Debug)]
enum Form {
    Short,
    Byte,
    Long,
    Table,
}

impl<'a> Content<'a> {
    /// Reads what stands behind a method of this channel.
    ///
    /// # Errors
    /// [`Stop::Short`] while it may still come, [`Stop::Broken`] when it is none.
    pub(super) fn read(channel: u16, wire: &mut Reader<'a>) -> Read<Content<'a>> {
        let mut content = Content::default();
        let Some(size) = content.header(channel, wire)? else { return Ok(content) };
        content.left = size;
        if size == 0 {
            content.body = Some(Sample { bytes: b"", length: 0 });
            return Ok(content);
        }
        let Some(length) = next(Kind::Body, channel, wire)? else { return Ok(content) };
        if u64::from(length) > size {
            return Err(wire.broken("a body is longer than its header says"));
        }
        let sample = wire.sample(u64::from(length) + 1, BODY + 1)?;
        if !sample.is_cut() && sample.bytes.last() != Some(&END) {
            return Err(wire.broken("a frame does not end where it says"));
        }
        let kept = usize::try_from(length).unwrap_or(usize::MAX).min(BODY);
        let bytes = sample.bytes.get(..kept).unwrap_or(sample.bytes);
        content.body = Some(Sample { bytes, length: size });
        content.left = size - u64::from(length);
        Ok(content)
    }

    /// Reads the header frame; the length of the body.
    fn header(&mut self, channel: u16, wire: &mut Reader<'a>) -> Read<Option<u64>> {
        let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
        let Some(length) = next(Kind::Header, channel, &mut ahead)? else { return Ok(None) };
        let head = super::wire::Head { kind: Kind::Header, channel, length };
        let mut read = match payload(head, &mut ahead) {
            Err(Stop::Short) if wire.ahead() != Ahead::Open => return Ok(None),
            read => read?,
        };
        read.take(4)?;
        let (size, flags) = (read.be64()?, read.be16()?);
        self.properties = Some((flags, read.rest()));
        wire.skip(ahead.taken() as u64);
        Ok(Some(size))
    }

    /// Tells the properties.
    pub(super) fn tell_properties(&self, details: &mut Details) {
        let Some((flags, values)) = self.properties else { return };
        let mut wire = Reader::new(values, 0, Ahead::End);
        for (bit, (name, form)) in PROPERTIES.iter().enumerate() {
            if flags & (0x8000 >> bit) != 0 && tell(name, *form, &mut wire, details).is_err() {
                return;
            }
        }
    }

    /// Tells properties and body.
    pub(super) fn tell(&self, request: &mut Request) {
        self.tell_properties(&mut request.details);
        match &self.body {
            Some(body) => tell_body(body, request),
            // Frames of other channels stand in between, or it was lost.
            None => request.details.push(("body", "apart".into())),
        }
    }

    /// The body as text, where it is there.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        self.body.as_ref().map(|body| lossy(body.bytes))
    }
}

fn tell(name: &'static str, form: Form, wire: &mut Reader<'_>, details: &mut Details) -> Read<()> {
    match form {
        Form::Short => details.push((name, super::arguments::text(short(wire)?).into())),
        Form::Byte => details.push((name, i64::from(wire.u8()?).into())),
        Form::Long => details.push((name, wire.be64()?.cast_signed().into())),
        Form::Table => {
            let mut headers = Headers::default();
            fields(long(wire)?, &mut |name, value| headers.add(name, value));
            if let Some(told) = headers.told() {
                details.push((name, told));
            }
        }
    }
    Ok(())
}

/// Passes over what stands before the payload of the next frame, if it is of this kind and channel; the payload's length.
fn next(kind: Kind, channel: u16, wire: &mut Reader<'_>) -> Read<Option<u32>> {
    let mut ahead = Reader::new(wire.rest(), wire.position(), wire.ahead());
    match head(&mut ahead) {
        Ok(head) if head.kind == kind && head.channel == channel => {
            wire.skip(ahead.taken() as u64);
            Ok(Some(head.length))
        }
        Err(Stop::Short) if wire.ahead() == Ahead::Open => Err(Stop::Short),
        Ok(_) | Err(_) => Ok(None),
    }
}
