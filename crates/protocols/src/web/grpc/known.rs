//! The messages of a call whose method is known, each read by its schema while it passes.

use model::conn::Speaker;
use model::details::Detail;
use model::exchange::{Exchange, Text};

use crate::web::calls::{Called, Known};
use crate::web::content::{self, Coding};
use crate::web::grpc::messages::{COMPRESSED, Part};
use crate::web::grpc::reading::{Reading, Said, Shown};
use crate::web::grpc::schema::Message;
use crate::web::mask;

/// So many messages of a side are told: a stream of them has no end.
const TOLD: usize = 4;

/// What a known method was asked, and said.
#[derive(Debug)]
pub(super) struct Messages {
    known: Known,
    asked: Side,
    answered: Side,
}

/// The messages of one side.
#[derive(Debug)]
struct Side {
    schema: &'static Message,
    course: Course,
    said: Vec<Said>,
    /// `None` where some were lost.
    counted: Option<u64>,
}

/// The message that passes.
#[derive(Debug)]
enum Course {
    Between,
    Plain(Reading),
    /// Of a compressed one so much is kept.
    Packed(Vec<u8>),
}

impl Messages {
    pub(super) fn new(known: Known) -> Self {
        let side = |schema| Side { schema, course: Course::Between, said: Vec::new(), counted: Some(0) };
        Messages { known, asked: side(known.method.asks), answered: side(known.method.says) }
    }

    fn side(&mut self, speaker: Speaker) -> &mut Side {
        match speaker {
            Speaker::Client => &mut self.asked,
            Speaker::Server => &mut self.answered,
        }
    }

    /// More of a message passed, or its end.
    pub(super) fn hear(&mut self, speaker: Speaker, part: &Part<'_>, coding: Coding) {
        self.side(speaker).hear(part, coding);
    }

    /// Bytes of a message were lost.
    pub(super) fn lose(&mut self, speaker: Speaker) {
        let side = self.side(speaker);
        side.counted = None;
        match &mut side.course {
            Course::Plain(reading) => reading.stop(),
            Course::Packed(_) => side.course = Course::Between,
            Course::Between => {}
        }
    }

    /// The call is over.
    pub(super) fn write(&mut self, exchange: &mut Exchange) {
        for side in [&mut self.asked, &mut self.answered] {
            // A stream may be cut inside of a message.
            side.end(Coding::default());
        }
        let host = exchange.request.details.iter().find_map(|(name, detail)| match detail {
            Detail::Text(host) if *name == "http.host" => Some(Text::clone(host)),
            Detail::Text(_) | Detail::Number(_) => None,
        });
        let called = Called {
            service: self.known.service(),
            method: self.known.method.name,
            host: host.as_deref().unwrap_or_default(),
            asked: &self.asked.said,
            answered: &self.answered.said,
            given: self.asked.counted,
            found: self.answered.counted,
        };
        self.known.write(&called, exchange);
    }
}

impl Side {
    fn hear(&mut self, part: &Part<'_>, coding: Coding) {
        let bytes = match part {
            Part::Begin { flag } => {
                // The end of one whose last bytes were lost is not heard.
                self.end(coding);
                let shown = if self.said.len() < TOLD { Shown::Yes } else { Shown::No };
                self.course = match flag & COMPRESSED {
                    0 => Course::Plain(Reading::new(self.schema, shown)),
                    _ => Course::Packed(Vec::new()),
                };
                return;
            }
            Part::Bytes(bytes) => bytes,
            Part::End => return self.end(coding),
        };
        match &mut self.course {
            Course::Plain(reading) => reading.hear(bytes),
            Course::Packed(kept) => {
                let room = content::SAMPLE.saturating_sub(kept.len());
                kept.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
            }
            Course::Between => {}
        }
    }

    /// Its message came to its end.
    fn end(&mut self, coding: Coding) {
        let reading = match std::mem::replace(&mut self.course, Course::Between) {
            Course::Between => return,
            Course::Plain(reading) => reading,
            Course::Packed(kept) => self.unpacked(&kept, coding),
        };
        let said = reading.finish();
        self.counted = self.counted.zip(said.counted).map(|(so_far, more)| so_far + more);
        if self.said.len() < TOLD {
            let mut text = String::with_capacity(said.text.len());
            mask::json(&said.text, &mut text);
            self.said.push(Said { text, ..said });
        }
    }

    /// Reads what a compressed message says, as far as it is kept.
    fn unpacked(&self, kept: &[u8], coding: Coding) -> Reading {
        let mut reading = Reading::new(self.schema, Shown::Yes);
        let plain = content::decoded(coding, content::SAMPLE, kept).unwrap_or_default();
        reading.hear(&plain);
        if plain.is_empty() || plain.len() == content::SAMPLE || kept.len() == content::SAMPLE {
            reading.stop();
        }
        reading
    }
}
