//! What `DATA` carries: bodies and messages, frame by frame, as far as they are wanted.

use model::conn::Speaker;

use crate::kit::protocol::{Heard, Read, Stop};
use crate::kit::reader::{Ahead, Reader};
use crate::web::grpc::call::Call;
use crate::web::grpc::messages;
use crate::web::http2::session::{Course, Http2, key};
use crate::web::http2::wire::{END_STREAM, HEAD, Head, PADDED};
use crate::web::said::Stage;

/// A frame of data that is being said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Data {
    pub(super) stream: u32,
    /// Bytes of the body to come.
    pub(super) left: u32,
    /// Bytes behind them that say nothing.
    padding: u8,
    ends: Ends,
}

/// Whether a frame is its side's last on the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Yes,
    No,
}

impl Ends {
    pub(super) fn with(head: Head) -> Self {
        if head.has(END_STREAM) { Ends::Yes } else { Ends::No }
    }
}

impl Http2 {
    /// Reads the head of a frame, and what of its data is there.
    pub(super) fn begin_data(&mut self, speaker: Speaker, head: Head, wire: &mut Reader<'_>) -> Read<Heard> {
        let (begin, padding) = match (head.has(PADDED), wire.rest().get(HEAD)) {
            (false, _) => (0, 0),
            (true, Some(padding)) => (1, *padding),
            // How much of it is padding is lost: then what is said cannot be told from it.
            (true, None) if matches!(wire.ahead(), Ahead::Hole(_)) => {
                self.lose(head.stream, speaker, u64::from(head.length));
                (0, 0)
            }
            (true, None) => return Err(Stop::Short),
        };
        let Some(left) = head.length.checked_sub(begin + u32::from(padding)) else {
            return Err(wire.broken("a frame has more padding than bytes"));
        };
        if speaker == Speaker::Client {
            self.saying = head.stream;
        }
        if speaker == Speaker::Client {
            self.unveil(head.stream, HEAD + usize::from(begin > 0), left, wire)?;
        }
        wire.skip(HEAD as u64 + u64::from(begin));
        let data = Data { stream: head.stream, left, padding, ends: Ends::with(head) };
        self.read_data(speaker, data, wire)
    }

    /// Looks whether the first data of a request, `length` bytes behind so many others, is a call's, where its head hides it.
    fn unveil(&mut self, id: u32, before: usize, length: u32, wire: &mut Reader<'_>) -> Read<()> {
        let Some(stream) = self.streams.get(id).filter(|stream| stream.suspect.is_some()) else {
            return Ok(());
        };
        let Some(prefix) = wire.rest().get(before..).and_then(<[u8]>::first_chunk) else {
            let is_whole = wire.rest().len() >= before + usize::try_from(length).unwrap_or(usize::MAX);
            return if is_whole || wire.ahead() != Ahead::Open { Ok(()) } else { Err(Stop::Short) };
        };
        let suspect = stream.suspect.take().filter(|_| messages::is_message(*prefix, length));
        if let (Some(call), Some(exchange)) = (suspect, wire.exchange_as(id.into())) {
            call.write(exchange);
            stream.call = Some(Box::new(Call::new(&call)));
        }
        Ok(())
    }

    pub(super) fn read_data(
        &mut self,
        speaker: Speaker,
        mut data: Data,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        if data.left > 0 && self.tunnels.has(data.stream) {
            return self.read_tunnel(speaker, data, wire);
        }
        if data.left > 0 && self.streams.wants(data.stream, speaker) {
            let here = wire.rest();
            let here = here.get(..usize::try_from(data.left).unwrap_or(usize::MAX)).unwrap_or(here);
            match wire.ahead() {
                Ahead::Open | Ahead::End if here.is_empty() => return Err(Stop::Short),
                Ahead::Open | Ahead::End | Ahead::Hole(_) => {}
            }
            self.hear_data(data.stream, speaker, here, wire);
            wire.skip(here.len() as u64);
            data.left -= u32::try_from(here.len()).unwrap_or(data.left);
            match wire.ahead() {
                _ if data.left == 0 => {}
                Ahead::Hole(_) => self.lose(data.stream, speaker, u64::from(data.left)),
                Ahead::Open | Ahead::End => {
                    self.side(speaker).course = Course::Data(data);
                    return Ok(Heard::Piece(key(data.stream)));
                }
            }
        }
        wire.skip(u64::from(data.left));
        data.left = 0;
        self.pass_padding(speaker, data, wire, Heard::Piece(key(data.stream)))
    }

    /// Ends a frame of data whose bytes were `heard`.
    pub(super) fn pass_padding(
        &mut self,
        speaker: Speaker,
        mut data: Data,
        wire: &mut Reader<'_>,
        heard: Heard,
    ) -> Read<Heard> {
        wire.skip(u64::from(data.padding));
        data.padding = 0;
        if wire.debt() > 0 {
            // It is over when its last byte has come.
            self.side(speaker).course = Course::Data(data);
            return Ok(heard);
        }
        self.side(speaker).course = Course::Frames;
        Ok(match data.ends {
            Ends::No => heard,
            Ends::Yes if self.tunnels.has(data.stream) => {
                if speaker == Speaker::Server {
                    self.tunnels.close(data.stream);
                }
                heard
            }
            Ends::Yes => self.end(data.stream, speaker, wire),
        })
    }

    fn hear_data(&mut self, stream: u32, speaker: Speaker, bytes: &[u8], wire: &mut Reader<'_>) {
        if let Some(call) = self.streams.keep(stream, speaker, bytes)
            && let Some(exchange) = wire.exchange_as(stream.into())
        {
            call.hear(speaker, bytes, exchange);
        }
    }

    /// Up to `length` bytes of a body will not be heard.
    fn lose(&mut self, stream: u32, speaker: Speaker, length: u64) {
        self.streams.lose(stream, speaker);
        if let Some(call) = self.streams.get(stream).and_then(|stream| stream.call.as_mut()) {
            call.lose(speaker, length);
        }
    }

    /// A side has said all of a stream.
    pub(super) fn end(&mut self, id: u32, speaker: Speaker, wire: &mut Reader<'_>) -> Heard {
        match (speaker, self.streams.get(id)) {
            (_, None) => Heard::Nothing,
            (Speaker::Server, Some(_)) => self.finish(id, None, wire),
            (Speaker::Client, Some(stream)) => {
                stream.asked.stage = Stage::Over;
                let text = stream.asked.text(&mut self.request_body, wire);
                if let (Some(exchange), Some(text)) = (wire.exchange_as(id.into()), text) {
                    exchange.request.details.push(("http.request_body", text.into()));
                }
                Heard::Piece(key(id))
            }
        }
    }
}
