//! Header blocks to responses, and the last one: most are followed by their like.

use std::sync::Arc;

use model::conn::Speaker;
use model::details::{Detail, Named};
use model::exchange::{Exchange, Failure, Identity, Outcome, Response, Text};

use crate::kit::protocol::{Heard, Read};
use crate::kit::reader::Reader;
use crate::web::events::Events;
use crate::web::fields::Fields;
use crate::web::grpc;
use crate::web::grpc::call::Call;
use crate::web::head::{Content, Head};
use crate::web::http1::body::Framing;
use crate::web::http1::wire::StatusLine;
use crate::web::http2::asked::{LOST, Last, trailers};
use crate::web::http2::blocks::Block;
use crate::web::http2::data::Ends;
use crate::web::http2::list::{List, UNKNOWN, Word};
use crate::web::http2::session::{Http2, Upgrade, key};
use crate::web::http2::streams::Question;
use crate::web::http2::wire::{HEAD, Head as Frame};
use crate::web::identity;
use crate::web::said::Stage;

/// The last response's block, and what it said.
#[derive(Default)]
pub(super) struct Answered {
    last: Last,
    status: Option<u16>,
    head: Head,
    details: Arc<[Named]>,
    /// How many fields the header table hides.
    hidden: u16,
    /// How a call ended that has nothing but a head, if this is a call's.
    call: grpc::answered::Answered,
    is: Is,
    /// The last trailers, where there were some: calls have them, and few others.
    trailers: Option<Box<Trailers>>,
}

/// The last block that ended a response, and what it said.
struct Trailers {
    last: Last,
    text: Option<Text>,
    /// How a call ends that has them, if they are a call's.
    call: grpc::answered::Answered,
    is: Is,
}

/// Whether a response shows to be a call's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Is {
    #[default]
    Other,
    Call,
}

impl Http2 {
    /// Hears a block of the server's, or that one was lost.
    pub(super) fn hear_answering(
        &mut self,
        of: Block,
        block: Option<&[u8]>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        match (self.streams.get(of.stream).map(|stream| stream.answered.stage), block) {
            (None, Some(_)) if self.upgrade == Upgrade::Possible && of.stream == 1 => Ok(self.upgraded(wire)),
            (None, block) => {
                block.map(|block| self.list(Speaker::Server, block, wire)).transpose()?;
                Ok(Heard::Nothing)
            }
            (Some(Stage::Head), Some(block)) => {
                if let Some(identity) = self.read_answering(block, wire)? {
                    return Ok(Heard::Identity(identity));
                }
                Ok(self.answer(of, wire))
            }
            (Some(_), Some(block)) => {
                self.read_trailers(block, wire)?;
                Ok(self.hear_response_trailers(of, wire))
            }
            (Some(_), None) => Ok(self.answer_unheard(of, wire)),
        }
    }

    /// The request that this answers was said in HTTP/1, and answered there by the offer to go on in HTTP/2.
    pub(super) fn upgraded(&mut self, wire: &mut Reader<'_>) -> Heard {
        self.upgrade = Upgrade::No;
        self.newest = 1;
        self.streams.open(1).asked.stage = Stage::Over;
        let mut exchange = wire.blank();
        exchange.request.operation = UNKNOWN.into();
        exchange.request.details.push(("http.upgraded", "it was asked in HTTP/1".into()));
        Heard::Request(key(1), exchange)
    }

    /// Takes in what a response's block says, unless it tells of another server: then that is told first.
    fn read_answering(&mut self, block: &[u8], wire: &mut Reader<'_>) -> Read<Option<Arc<Identity>>> {
        let before = self.server.table.changes();
        if self.answered.last.is(block, &mut self.server.table) {
            return Ok(None);
        }
        let (list, effects) = self.list(Speaker::Server, block, wire)?;
        let fields = Fields::read(list.lines()).map_err(|_| wire.broken("a field is none"))?;
        let news = identity::new_server(self.identity.as_deref(), &fields);
        let news = news.map(|identity| identity::shared(identity, wire));
        if let Some(identity) = &news {
            self.identity = Some(Arc::clone(identity));
        }
        self.answered.take_in(&list, &fields);
        self.answered.last = match news {
            Some(_) => Last::Ready,
            None => Last::of(block, effects, before, &self.server.table),
        };
        Ok(news)
    }

    /// Tells the response that the last block begins.
    fn answer(&mut self, of: Block, wire: &mut Reader<'_>) -> Heard {
        let id = of.stream;
        if matches!(self.answered.status, Some(100..200)) && of.ends == Ends::No {
            return Heard::Piece(key(id));
        }
        if let Some(exchange) = wire.exchange_as(id.into()) {
            self.answered.write(&mut exchange.response);
        }
        let Some(stream) = self.streams.get(id) else { return Heard::Nothing };
        let content = self.answered.head.content;
        let kind = stream.candidates.answer(content.kind, self.answered.hidden);
        stream.answered.begin(Content { kind, ..content });
        stream.answered.listen(stream.candidates);
        if self.answered.is == Is::Call
            && stream.call.is_none()
            && let Some(exchange) = wire.exchange_as(id.into())
        {
            stream.call = Some(Box::new(Call::found(exchange)));
        }
        if let Some(call) = &mut stream.call {
            call.answer(&self.answered.call);
        }
        let question = stream.question;
        let is_tunnel = question != Question::Other && matches!(self.answered.status, Some(200..300));
        if is_tunnel && question == Question::Websocket && of.ends == Ends::No {
            self.open_tunnel(id, wire);
        }
        match of.ends {
            Ends::No if !is_tunnel => Heard::Piece(key(id)),
            Ends::Yes | Ends::No => self.finish(id, None, wire),
        }
    }

    /// What follows on this stream is WebSocket.
    fn open_tunnel(&mut self, id: u32, wire: &mut Reader<'_>) {
        let extensions = self.answered.head.field("sec-websocket-extensions").unwrap_or_default();
        let path = wire.asked_as(id.into()).and_then(|request| request.targets.first().cloned());
        self.tunnels.open(id, path, extensions);
    }

    /// Takes in what a block says that ends a response.
    fn read_trailers(&mut self, block: &[u8], wire: &mut Reader<'_>) -> Read<()> {
        let table = &mut self.server.table;
        let before = table.changes();
        if self.answered.trailers.as_mut().is_some_and(|trailers| trailers.last.is(block, table)) {
            return Ok(());
        }
        let (list, effects) = self.list(Speaker::Server, block, wire)?;
        self.answered.trailers = Some(Box::new(Trailers {
            last: Last::of(block, effects, before, &self.server.table),
            text: trailers(&list, wire)?,
            call: grpc::answered::Answered::of(&list),
            is: if list.word(Word::GrpcStatus).is_some() { Is::Call } else { Is::Other },
        }));
        Ok(())
    }

    /// Tells what the last trailers say.
    fn hear_response_trailers(&mut self, of: Block, wire: &mut Reader<'_>) -> Heard {
        let id = of.stream;
        if let (Some(trailers), Some(stream), Some(exchange)) =
            (&self.answered.trailers, self.streams.get(id), wire.exchange_as(id.into()))
        {
            if let Some(text) = &trailers.text {
                exchange.response.details.push(("http.response_trailers", Arc::clone(text).into()));
            }
            if stream.call.is_some() || trailers.is == Is::Call {
                stream.call.get_or_insert_with(|| Box::new(Call::found(exchange))).answer(&trailers.call);
            }
        }
        match of.ends {
            Ends::Yes => self.finish(id, None, wire),
            Ends::No => Heard::Piece(key(id)),
        }
    }

    /// A block of a response was lost: its head, or its trailers.
    fn answer_unheard(&mut self, of: Block, wire: &mut Reader<'_>) -> Heard {
        let id = of.stream;
        if let (Some(stream), Some(exchange)) = (self.streams.get(id), wire.exchange_as(id.into())) {
            if stream.answered.stage == Stage::Head {
                stream.answered.stage = Stage::Body;
                exchange.response.outcome = Outcome::Unknown;
            }
            if let Some(call) = &mut stream.call {
                call.hide();
            }
            exchange.response.details.push(("http.response_cut", LOST.into()));
        }
        match of.ends {
            Ends::Yes => self.finish(id, None, wire),
            Ends::No => Heard::Piece(key(id)),
        }
    }

    /// A stream is given up by one side (RFC 9113, 6.4).
    pub(super) fn read_reset(
        &mut self,
        speaker: Speaker,
        frame: Frame,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        wire.skip(HEAD as u64);
        let sample = wire.sample(u64::from(frame.length), 4)?;
        let code = sample.bytes.first_chunk().map(|code| u32::from_be_bytes(*code));
        let id = frame.stream;
        self.tunnels.close(id);
        if self.streams.get(id).is_none() {
            return Ok(Heard::Nothing);
        }
        // It ends as the reset says, whatever of a call's end came before.
        if let Some(call) = self.streams.get(id).and_then(|stream| stream.call.as_mut()) {
            call.reset();
        }
        if let Some(exchange) = wire.exchange_as(id.into()) {
            reset(exchange, speaker, code);
        }
        Ok(self.finish(id, None, wire))
    }

    /// The exchange of a stream is over.
    pub(super) fn finish(&mut self, id: u32, cut: Option<&'static str>, wire: &mut Reader<'_>) -> Heard {
        let Some(mut stream) = self.streams.close(id) else { return Heard::Nothing };
        let missed = wire.missed_as(id.into());
        let asked = (stream.asked.stage == Stage::Body)
            .then(|| stream.asked.text(&mut self.request_body, wire))
            .flatten();
        let answered = stream.answered.text(&mut self.response_body, wire);
        let Some(exchange) = wire.exchange_as(id.into()) else { return Heard::Nothing };
        exchange.completeness.cause = exchange.completeness.cause.or(missed);
        if let Some(text) = asked {
            exchange.request.details.push(("http.request_body", text.into()));
        }
        let response = &mut exchange.response;
        if stream.answered.stage == Stage::Head && response.outcome == Outcome::Unanswered {
            // Its head was lost.
            response.outcome = Outcome::Unknown;
        }
        let events = stream.answered.events.as_deref();
        let body = answered.map(|text| ("http.response_body", text.into()));
        let cut_short = cut.map(|cut| ("http.response_cut", cut.into()));
        for detail in [body, cut_short, events.and_then(Events::detail)].into_iter().flatten() {
            response.details.push(detail);
        }
        match &mut stream.call {
            Some(call) => call.end(exchange, cut),
            None => stream.candidates.refine(exchange, events.and_then(Events::answer)),
        }
        Heard::Response(key(id))
    }
}

impl Answered {
    fn take_in(&mut self, list: &List, fields: &Fields<'_>) {
        self.status = list.word(Word::Status).and_then(status);
        self.head = Head::of(fields, Ok(Framing::Empty), &self.head);
        self.hidden = list.hidden;
        let more = [
            (list.hidden > 0).then(|| ("http.response_hidden", i64::from(list.hidden).into())),
            list.oddity().map(|what| ("http.response_ambiguity", what.into())),
        ];
        self.details = self.head.details(self.status.unwrap_or_default());
        if self.status.is_none() || more.iter().any(Option::is_some) {
            let told = self.details.iter().cloned().map(|(name, detail)| match self.status {
                None if name == "http.status" => (name, Detail::from(UNKNOWN)),
                _ => (name, detail),
            });
            self.details = told.chain(more.into_iter().flatten()).collect();
        }
        let is_call = fields.media.is_some_and(grpc::is_call) || list.word(Word::GrpcStatus).is_some();
        self.is = if is_call { Is::Call } else { Is::Other };
        self.call = grpc::answered::Answered::of(list);
    }

    fn write(&self, response: &mut Response) {
        let status = self.status.unwrap_or_default();
        self.head.write(response, &StatusLine { status, reason: b"", length: 0 }, &self.details, None);
        if self.status.is_none() {
            response.outcome = Outcome::Unknown;
        }
    }
}

fn status(digits: &[u8]) -> Option<u16> {
    let [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] = digits else { return None };
    Some([a, b, c].iter().fold(0, |status, digit| status * 10 + u16::from(**digit - b'0')))
}

/// The names of the codes with which a stream is given up (RFC 9113, 7).
const CODES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

fn reset(exchange: &mut Exchange, speaker: Speaker, code: Option<u32>) {
    let name = code.and_then(|code| CODES.get(usize::try_from(code).ok()?));
    let code = match (name, code) {
        (Some(name), _) => (*name).into(),
        (None, Some(code)) => code.to_string().into(),
        (None, None) => UNKNOWN.into(),
    };
    let message = match speaker {
        Speaker::Client => "the client gave the stream up",
        Speaker::Server => "the server gave the stream up",
    };
    exchange.response.outcome = Outcome::Error;
    exchange.response.failure = Some(Box::new(Failure { code, message: message.into() }));
}
