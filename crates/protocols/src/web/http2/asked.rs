//! Header blocks to requests, and the last one: most are followed by their like.

use std::sync::Arc;

use model::conn::Speaker;
use model::details::Named;
use model::exchange::{Exchange, Identity};
use model::statement::Statement;

use crate::kit::protocol::{Heard, Read};
use crate::kit::reader::Reader;
use crate::web::dialect::Candidates;
use crate::web::fields::Fields;
use crate::web::grpc;
use crate::web::grpc::call::Call;
use crate::web::head::{self, Content, Head};
use crate::web::http1::body::Framing;
use crate::web::http1::wire::RequestLine;
use crate::web::http2::blocks::Block;
use crate::web::http2::data::Ends;
use crate::web::http2::hpack::{Effects, Says};
use crate::web::http2::list::{List, UNKNOWN, Word};
use crate::web::http2::session::{Http2, Upgrade, key};
use crate::web::http2::streams::{Question, Stream};
use crate::web::http2::table::{Entry, Table};
use crate::web::identity;
use crate::web::said::Stage;

/// The last request's block, and what it said.
#[derive(Default)]
pub(super) struct Asked {
    pub(super) last: Last,
    asking: head::Asking,
    head: Head,
    details: Arc<[Named]>,
    words: Words,
    question: Question,
    candidates: Candidates,
    /// How many fields the header table hides.
    hidden: u16,
    call: Option<grpc::asked::Asked>,
    /// Whether it is a call, or the header table hides that it may be one.
    certainty: Certainty,
}

/// Whether a request is a call where it seems so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Certainty {
    #[default]
    Certain,
    Hidden,
}

/// The block that was read last.
#[derive(Default)]
pub(super) enum Last {
    #[default]
    None,
    /// It was read, and says who speaks: that was told first.
    Ready,
    /// A block that says the same again.
    Block(Box<[u8]>, Under),
}

/// When a block says the same again.
pub(super) enum Under {
    /// As long as the table has changed so often.
    Table(u64),
    /// Always, and adds these.
    Any(Box<[Arc<Entry>]>),
}

/// Longer blocks are not kept: an idle connection is to be small.
const KEPT: usize = 256;

impl Last {
    /// Whether `block` was read already; what it does to the table is done then.
    pub(super) fn is(&mut self, block: &[u8], table: &mut Table) -> bool {
        match self {
            Last::None => false,
            Last::Ready => {
                *self = Last::None;
                true
            }
            Last::Block(last, _) if **last != *block => false,
            Last::Block(_, Under::Table(changes)) => *changes == table.changes(),
            Last::Block(_, Under::Any(added)) => {
                added.iter().for_each(|entry| table.add_again(entry));
                true
            }
        }
    }

    /// What is kept of a block that had these effects on a table which had changed so often before.
    pub(super) fn of(block: &[u8], effects: Effects, before: u64, table: &Table) -> Self {
        let under = match effects.says {
            _ if block.len() > KEPT => return Last::None,
            Says::Always => Under::Any(effects.added.into_vec().into()),
            Says::UnderThisTable if table.changes() == before => Under::Table(before),
            Says::UnderThisTable => return Last::None,
        };
        Last::Block(block.into(), under)
    }
}

/// Which of the words that make a statement are told, and not hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Words {
    #[default]
    Told,
    NoMethod,
    NoPath,
}

/// What a block of the client's turned out to be.
enum Asking {
    Request,
    /// It tells who speaks now, and is to be read once more.
    Identity(Arc<Identity>),
    /// Trailers of a request whose head was not heard, or that was answered already.
    Trailers,
}

/// What is told of a message whose header block was lost.
pub(super) const LOST: &str = "its header block was lost";

impl Http2 {
    /// Hears a block of the client's, or that one was lost.
    pub(super) fn hear_asking(
        &mut self,
        of: Block,
        block: Option<&[u8]>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        if self.streams.get(of.stream).is_some() {
            return self.hear_request_trailers(of, block, wire);
        }
        let is_new = of.stream > self.newest && of.stream != self.saying;
        let exchange = match block {
            Some(block) => match self.read_asking(Speaker::Client, block, is_new, wire)? {
                Asking::Identity(identity) => return Ok(Heard::Identity(identity)),
                Asking::Trailers => return Ok(Heard::Nothing),
                Asking::Request => {
                    let mut exchange = wire.blank();
                    self.asked.write(&mut exchange);
                    exchange
                }
            },
            None if is_new => unheard(wire),
            None => return Ok(Heard::Nothing),
        };
        self.newest = of.stream;
        self.upgrade = Upgrade::No;
        let stream = self.streams.open(of.stream);
        if block.is_some() {
            self.asked.begin(stream);
        }
        stream.asked.stage = match of.ends {
            Ends::Yes => Stage::Over,
            Ends::No => Stage::Body,
        };
        Ok(Heard::Request(key(of.stream), exchange))
    }

    fn hear_request_trailers(
        &mut self,
        of: Block,
        block: Option<&[u8]>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let list = block.map(|block| self.list(Speaker::Client, block, wire)).transpose()?;
        if let (Some(_), Some((list, _))) = (self.streams.get(of.stream), list) {
            let text = trailers(&list, wire)?;
            if let (Some(text), Some(exchange)) = (text, wire.exchange_as(of.stream.into())) {
                exchange.request.details.push(("http.request_trailers", text.into()));
            }
        }
        Ok(match of.ends {
            Ends::Yes => self.end(of.stream, Speaker::Client, wire),
            Ends::No => Heard::Piece(key(of.stream)),
        })
    }

    /// Hears a request that the server makes in the client's name (RFC 9113, 8.4).
    pub(super) fn hear_promise(
        &mut self,
        promised: u32,
        block: Option<&[u8]>,
        wire: &mut Reader<'_>,
    ) -> Read<Heard> {
        let Some(block) = block else { return Ok(Heard::Nothing) };
        if matches!(self.asked.last, Last::Block(..)) {
            // It is the client's, under the client's table.
            self.asked.last = Last::None;
        }
        if let Asking::Identity(identity) = self.read_asking(Speaker::Server, block, true, wire)? {
            return Ok(Heard::Identity(identity));
        }
        let mut exchange = wire.blank();
        self.asked.write(&mut exchange);
        exchange.request.details.push(("http.pushed", "the server asked".into()));
        self.asked.last = Last::None;
        self.streams.open(promised).asked.stage = Stage::Over;
        Ok(Heard::Request(key(promised), exchange))
    }

    /// Takes in what a request's block says, unless it tells of somebody else: then that is told first.
    ///
    /// Where all that it is about is hidden, it is one if its stream `is_new`.
    fn read_asking(
        &mut self,
        speaker: Speaker,
        block: &[u8],
        is_new: bool,
        wire: &mut Reader<'_>,
    ) -> Read<Asking> {
        let table = match speaker {
            Speaker::Client => &mut self.client.table,
            Speaker::Server => &mut self.server.table,
        };
        let before = table.changes();
        if self.asked.last.is(block, table) {
            return Ok(Asking::Request);
        }
        let (list, effects) = self.list(speaker, block, wire)?;
        let word = list.word(Word::Method).or(list.word(Word::Path));
        if word.is_none() && (list.hidden == 0 || !is_new) {
            return Ok(Asking::Trailers);
        }
        let mut fields = Fields::read(list.lines()).map_err(|_| wire.broken("a field is none"))?;
        fields.host = list.word(Word::Authority).or(fields.host);
        let news = identity::new_client(self.identity.as_deref(), &fields);
        let news = news.map(|identity| identity::shared(identity, wire));
        if let Some(identity) = &news {
            self.identity = Some(Arc::clone(identity));
        }
        self.asked.take_in(&list, &fields, self.identity.as_deref());
        self.asked.last = match news {
            Some(_) => Last::Ready,
            None => Last::of(block, effects, before, &self.side(speaker).table),
        };
        Ok(news.map_or(Asking::Request, Asking::Identity))
    }
}

impl Asked {
    fn take_in(&mut self, list: &List, fields: &Fields<'_>, identity: Option<&Identity>) {
        let method = list.word(Word::Method);
        let is_connect = method == Some(b"CONNECT");
        let target = match list.word(Word::Path) {
            // An extended one has a path too (RFC 8441, 4).
            None if is_connect => list.word(Word::Authority),
            path => path,
        };
        self.words = match (method, target) {
            _ if list.hidden == 0 => Words::Told,
            (_, None) => Words::NoPath,
            (None, Some(_)) => Words::NoMethod,
            (Some(_), Some(_)) => Words::Told,
        };
        self.question = match list.word(Word::Protocol) {
            Some(protocol) if is_connect && protocol.eq_ignore_ascii_case(b"websocket") => {
                Question::Websocket
            }
            _ if is_connect => Question::Connect,
            _ => Question::Other,
        };
        let missing = |hidden| if hidden > 0 { UNKNOWN.as_bytes() } else { b"" };
        let line = RequestLine {
            words: &[],
            method: method.unwrap_or(missing(list.hidden)),
            target: target.unwrap_or(missing(list.hidden)),
            version: "2",
            length: 0,
        };
        self.asking = head::Asking::of(&line, &self.asking);
        self.head = Head::of(fields, Ok(Framing::Empty), &self.head);
        let is_call = fields.media.is_some_and(grpc::is_call);
        let may_be_call = fields.media.is_none() && list.hidden > 0;
        self.certainty = if may_be_call { Certainty::Hidden } else { Certainty::Certain };
        self.call = (is_call || may_be_call).then(|| grpc::asked::Asked::of(list, fields.media));
        let [timeout, encoding] = self.call.as_ref().map(grpc::asked::Asked::details).unwrap_or_default();
        let more = [
            timeout,
            encoding,
            list.word(Word::Protocol).map(|p| ("http.protocol", String::from_utf8_lossy(p).as_ref().into())),
            (list.hidden > 0).then(|| ("http.request_hidden", i64::from(list.hidden).into())),
            list.oddity().map(|what| ("http.request_ambiguity", what.into())),
        ];
        self.details = self.asking.details(&self.head, identity);
        if more.iter().any(Option::is_some) {
            self.details = self.details.iter().cloned().chain(more.into_iter().flatten()).collect();
        }
        self.hidden = list.hidden;
        self.candidates = self.asking.candidates(&self.details);
    }

    fn write(&self, exchange: &mut Exchange) {
        self.asking.write(&mut exchange.request, (&self.head, &self.details), None);
        if self.words != Words::Told {
            exchange.request.statement = Statement::default();
        }
        if self.words == Words::NoPath {
            exchange.request.targets.clear();
        }
        if let (Some(call), Certainty::Certain) = (&self.call, self.certainty) {
            call.write(exchange);
        }
    }

    /// Its body, or its messages, follow.
    fn begin(&self, stream: &mut Stream) {
        let content = self.head.content;
        stream.asked.begin(Content { kind: self.candidates.body(content.kind, self.hidden), ..content });
        stream.candidates = self.candidates;
        stream.question = self.question;
        match (&self.call, self.certainty) {
            (Some(call), Certainty::Certain) => stream.call = Some(Box::new(Call::new(call))),
            (Some(call), Certainty::Hidden) => stream.suspect = Some(Box::new(call.clone())),
            (None, _) => {}
        }
    }
}

/// A request whose header block was lost.
fn unheard(wire: &mut Reader<'_>) -> Box<Exchange> {
    let mut exchange = wire.blank();
    exchange.request.operation = UNKNOWN.into();
    exchange.request.details.push(("http.request_cut", LOST.into()));
    exchange
}

/// The text of a list of trailers.
pub(super) fn trailers(list: &List, wire: &Reader<'_>) -> Read<Option<model::exchange::Text>> {
    let fields = Fields::read(list.lines()).map_err(|_| wire.broken("a field is none"))?;
    Ok(fields.masked().text)
}
