//! Messages to exchanges.

use model::conn::Speaker;
use model::details::Detail;
use model::exchange::{Exchange, Failure, Text};

use crate::kit::text::{lossy, utf8};
use crate::web::mask;
use crate::web::websocket::wire::Kind;

/// A message, of which the beginning is kept.
pub(super) struct Message<'a> {
    pub(super) kind: Kind,
    pub(super) kept: &'a [u8],
    /// Its length; `None` where it is compressed and cannot be read.
    pub(super) length: Option<u64>,
    /// As it was sent, where it is compressed.
    pub(super) compressed: Option<u64>,
    /// In how many frames.
    pub(super) frames: u64,
}

/// Writes a message that `speaker` said, on the connection that was upgraded at `path`.
pub(super) fn tell(message: &Message<'_>, speaker: Speaker, path: Option<&Text>, exchange: &mut Exchange) {
    exchange.protocol = "websocket";
    let request = &mut exchange.request;
    request.operation = message.kind.name().into();
    request.targets.extend(path.cloned());
    let is_told = message.length.is_some();
    match message.kind {
        Kind::Text if is_told => request.statement.write_with(|out| write(message.kept, out)),
        Kind::Close => exchange.response.failure = failure(message.kept),
        Kind::Text | Kind::Binary | Kind::Ping | Kind::Pong | Kind::Continuation => {}
    }
    let from = match speaker {
        Speaker::Client => "client",
        Speaker::Server => "server",
    };
    request.details.push(("websocket.from", from.into()));
    let number = |number: u64| Detail::Number(i64::try_from(number).unwrap_or(i64::MAX));
    request.details.extend(message.length.map(|length| ("websocket.bytes", number(length))));
    request.details.extend(message.compressed.map(|length| ("websocket.compressed_bytes", number(length))));
    if message.frames > 1 {
        request.details.push(("websocket.frames", number(message.frames)));
    }
    if let (Kind::Close, Some(code)) = (message.kind, code(message.kept)) {
        request.details.push(("websocket.code", i64::from(code).into()));
    }
}

/// Writes a text, or its beginning, which may be cut in the middle of a letter.
fn write(kept: &[u8], out: &mut String) {
    let whole = std::str::from_utf8(kept).err().filter(|error| error.error_len().is_none());
    let end = whole.map_or(kept.len(), |error| error.valid_up_to());
    let text = lossy(kept.get(..end).unwrap_or(kept));
    if mask::has_secret_members(text.as_bytes()) {
        mask::json(&text, out);
    } else {
        out.push_str(&text);
    }
}

fn code(kept: &[u8]) -> Option<u16> {
    kept.first_chunk().map(|code| u16::from_be_bytes(*code))
}

/// Why the connection is closed, where that is no good end (RFC 6455, 7.4.1).
fn failure(kept: &[u8]) -> Option<Box<Failure>> {
    let code = code(kept).filter(|code| !matches!(code, 1000 | 1001))?;
    let reason = kept.get(2..).and_then(utf8).unwrap_or_default();
    Some(Box::new(Failure { code: code.to_string().into(), message: reason.into() }))
}
