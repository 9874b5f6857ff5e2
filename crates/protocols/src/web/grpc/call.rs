//! One call: its messages both ways, and how it ended.

use std::borrow::Cow;

use model::conn::Speaker;
use model::exchange::{Exchange, Failure, Outcome};

use crate::kit::text::lossy;
use crate::web::content::{self, Coding};
use crate::web::grpc::answered::{Answered, Ending, STATUSES};
use crate::web::grpc::asked::Asked;
use crate::web::grpc::known;
use crate::web::grpc::messages::{COMPRESSED, Message, Messages, TRAILERS};
use crate::web::grpc::protobuf;
use crate::web::mask::{self, MASK};
use crate::web::veiled::Veil;

/// One call.
#[derive(Debug, Default)]
pub(in crate::web) struct Call {
    asked: Messages,
    answered: Messages,
    codings: [Coding; 2],
    format: Format,
    veil: Veil,
    ending: Ending,
    /// What is read of them, where the method is known.
    known: Option<Box<known::Messages>>,
}

/// What the messages of a call are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::web) enum Format {
    #[default]
    Protobuf,
    Json,
    Other,
}

impl Format {
    /// The format that this content type names behind a `+`; none is Protocol Buffers.
    pub(super) fn named(media: &[u8]) -> Self {
        let end = memchr::memchr(b';', media).unwrap_or(media.len());
        let media = media.get(..end).unwrap_or_default().trim_ascii();
        match memchr::memchr(b'+', media).and_then(|at| media.get(at + 1..)) {
            None => Format::Protobuf,
            Some(format) if format.eq_ignore_ascii_case(b"proto") => Format::Protobuf,
            Some(format) if format.eq_ignore_ascii_case(b"json") => Format::Json,
            Some(_) => Format::Other,
        }
    }
}

impl Call {
    /// A call that was asked so.
    pub(in crate::web) fn new(asked: &Asked) -> Self {
        let codings = [asked.coding, Coding::default()];
        let known = asked.known().map(|known| Box::new(known::Messages::new(known)));
        Call { codings, format: asked.format, veil: asked.veil, known, ..Call::default() }
    }

    /// A call that shows only now to be one: its method may be hidden, and what it was asked was not read.
    pub(in crate::web) fn found(exchange: &mut Exchange) -> Self {
        exchange.protocol = "grpc";
        let mut call = Call::default();
        call.asked.lose(u64::MAX);
        // Whose fields these are is not known, nor so whether they are credentials.
        call.veil = Veil::On;
        call
    }

    /// More of its messages passed.
    pub(in crate::web) fn hear(&mut self, speaker: Speaker, bytes: &[u8], exchange: &mut Exchange) {
        let [asked, answered] = self.codings;
        if let Some(known) = &mut self.known {
            let (messages, coding) = match speaker {
                Speaker::Client => (&mut self.asked, asked),
                Speaker::Server => (&mut self.answered, answered),
            };
            let ending = &mut self.ending;
            let trailers = |message: &Message<'_>| *ending = Ending::of_lines(message.bytes);
            return messages.pass(bytes, |part| known.hear(speaker, &part, coding), trailers);
        }
        let (format, veil, ending) = (self.format, self.veil, &mut self.ending);
        match speaker {
            Speaker::Client => self.asked.hear(bytes, |message| {
                let parameters = &mut exchange.request.parameters;
                parameters.push_with(|out| tell(message, asked, format, veil, out));
            }),
            Speaker::Server => self.answered.hear(bytes, |message| {
                if message.flag & TRAILERS != 0 {
                    *ending = Ending::of_lines(message.bytes);
                    return;
                }
                let samples = &mut exchange.response.samples;
                samples.add(message.length.min(64), |row| {
                    row.push_with(|out| tell(message, answered, format, veil, out));
                });
            }),
        }
    }

    /// Up to so many bytes of its messages were lost.
    pub(in crate::web) fn lose(&mut self, speaker: Speaker, length: u64) {
        if let Some(known) = &mut self.known {
            known.lose(speaker);
        }
        match speaker {
            Speaker::Client => self.asked.lose(length),
            Speaker::Server => self.answered.lose(length),
        }
    }

    /// A header list of its answer came.
    pub(in crate::web) fn answer(&mut self, answered: &Answered) {
        let [_, coding] = &mut self.codings;
        *coding = answered.coding.unwrap_or(*coding);
        if answered.ending != Ending::Unsaid && self.ending != Ending::Reset {
            self.ending.clone_from(&answered.ending);
        }
    }

    /// A header list of its answer was lost.
    pub(in crate::web) fn hide(&mut self) {
        self.ending = Ending::Hidden;
    }

    /// Its stream was given up.
    pub(in crate::web) fn reset(&mut self) {
        self.ending = Ending::Reset;
    }

    /// It ended; or the connection did.
    pub(in crate::web) fn end(&mut self, exchange: &mut Exchange, cut: Option<&str>) {
        let response = &mut exchange.response;
        if let Some((count, bytes)) = self.asked.heard() {
            exchange.request.details.push(("grpc.request_messages", number(count)));
            exchange.request.details.push(("grpc.request_message_bytes", number(bytes)));
        }
        response.rows = self.answered.heard().map(|(count, _)| count);
        if let Some((count, bytes)) = self.answered.heard() {
            response.details.push(("grpc.response_messages", number(count)));
            response.details.push(("grpc.response_message_bytes", number(bytes)));
        }
        match &self.ending {
            Ending::Said { status, message } => {
                let name = status.parse().ok().and_then(|at: usize| STATUSES.get(at));
                response.details.push(("grpc.status", name.copied().unwrap_or(status).into()));
                let is_ok = &**status == "0";
                response.outcome = if is_ok { Outcome::Ok } else { Outcome::Error };
                let failure = || Failure { code: status.clone(), message: message.clone() };
                response.failure = (!is_ok).then(|| Box::new(failure()));
            }
            Ending::Reset => {}
            Ending::Hidden => response.outcome = Outcome::Unknown,
            Ending::Unsaid if cut.is_some() => response.outcome = Outcome::Unknown,
            Ending::Unsaid if response.outcome == Outcome::Ok => {
                response.outcome = Outcome::Error;
                let failure = Failure { code: "".into(), message: "the call ended without a status".into() };
                response.failure = Some(Box::new(failure));
            }
            Ending::Unsaid => {}
        }
        if let Some(known) = &mut self.known {
            known.write(exchange);
        }
    }
}

fn number(number: u64) -> model::details::Detail {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

/// Writes a message as a text.
fn tell(message: &Message<'_>, coding: Coding, format: Format, veil: Veil, out: &mut String) {
    let decoded = match message.flag & COMPRESSED {
        0 => Some(Cow::Borrowed(message.bytes)),
        _ => content::decoded(coding, content::SAMPLE, message.bytes).map(Cow::Owned),
    };
    match (decoded, format) {
        (Some(bytes), Format::Protobuf) => protobuf::write(&bytes, veil, out),
        (Some(_), Format::Json) if veil == Veil::On => out.push_str(MASK),
        (Some(bytes), Format::Json) => mask::json(&lossy(&bytes), out),
        (Some(_), Format::Other) | (None, _) => out.push_str(&format!("({} bytes)", message.length)),
    }
}
