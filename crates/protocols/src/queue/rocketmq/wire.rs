//! Frames: a length, the length of a header and how it is written, the header, a body (`RemotingCommand.encode`).

use crate::kit::chain::{Chain, Proof};
use crate::kit::protocol::{Read, Stop};
use crate::kit::reader::{Reader, Sample};

use super::header::{Header, is_header};

/// Netty takes frames of 16 MiB at most (`com.rocketmq.remoting.frameMaxLength`), unless somebody wanted more.
const LONGEST: u32 = 64 << 20;
/// Longer headers are passed over unread: properties of messages are 32 KiB at most.
const HEADER: u32 = 128 << 10;
/// So many bytes of a body are looked at.
const LOOKED: usize = 64 << 10;
/// The shortest header, binary: its fixed fields.
const SHORTEST: u32 = 21;
/// The lengths.
const BEFORE: usize = 8;

/// So many frames in a row prove a chain: nobody else begins so.
const PROOF: Proof = Proof { whole: 2, open: 1 };

/// How a header is written (`SerializeType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Binary,
}

/// A frame, with its header as far as it could be read.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) header: Option<Header<'a>>,
    pub(super) body: Sample<'a>,
}

/// The lengths of header and body, and how the header is written.
fn lengths(wire: &mut Reader<'_>) -> Read<(Form, u32, u32)> {
    let (total, marked) = (wire.be32()?, wire.be32()?);
    let form = match marked >> 24 {
        0 => Form::Json,
        1 => Form::Binary,
        _ => return Err(wire.broken("a header is written in no known way")),
    };
    let header = marked & 0x00ff_ffff;
    let body = total.checked_sub(4).and_then(|left| left.checked_sub(header));
    match body.filter(|_| total <= LONGEST && header >= SHORTEST) {
        Some(body) => Ok((form, header, body)),
        None => Err(wire.broken("a frame has impossible lengths")),
    }
}

/// The next frame, passed over.
///
/// # Errors
/// [`Stop::Short`] while what is told may still come, [`Stop::Broken`] when it is none.
pub(super) fn frame<'a>(wire: &mut Reader<'a>) -> Read<Frame<'a>> {
    let (form, header, body) = lengths(wire)?;
    let kept = if header > HEADER { 0 } else { header as usize };
    let said = wire.sample(header.into(), kept)?;
    let header = if said.is_cut() {
        None
    } else {
        let read = Header::read(form, said.bytes);
        Some(read.ok_or_else(|| wire.broken("a header is none"))?)
    };
    if header.is_none() && wire.debt() > 0 {
        // Lost bytes hide where the body begins.
        wire.skip(body.into());
        return Ok(Frame { header, body: Sample { bytes: &[], length: body.into() } });
    }
    Ok(Frame { header, body: wire.sample(body.into(), LOOKED)? })
}

/// Whether bytes begin with frames.
pub(super) fn chain(bytes: &[u8]) -> Chain {
    PROOF.chain(bytes, begins)
}

/// One frame, of which the header's beginning is enough.
fn begins(wire: &mut Reader<'_>) -> Read<()> {
    let whole = wire.rest();
    let (form, header, body) = lengths(wire)?;
    let said = wire.rest();
    let said = said.get(..header as usize).unwrap_or(said);
    is_header(form, said, header as usize).map_err(|stop| match stop {
        Stop::Broken(_) => wire.broken("a header does not begin like one"),
        stop => stop,
    })?;
    let length = BEFORE + header as usize + body as usize;
    wire.skip((length.min(whole.len()) - BEFORE) as u64);
    Ok(())
}
